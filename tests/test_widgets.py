"""The live comparison without a browser: scenes, sliders, methods, the controls' wiring, links and files."""

import base64
import datetime
import html
import io
import json
import re
import sys
import zlib

import cv2
import nbformat
import numpy as np
import pytest
import skimage.data
from PIL import Image

from facelm_helpers import landmarks, metrics, paths, widgets
from facelm_helpers.methods import Aligner
from facelm_helpers.plots import picture
from facelm_helpers.widgets import _drawing, _methods, _webcam
from tools.ship import app

FRONTAL = "synthetic, frontal 1"


class Still(Aligner):
    """Answers with fixed points; as a cascade it walks to them in three stages."""

    name, title, year, paper, cascade = "still", "Still", 2000, "None", True

    def __init__(self, points):
        self.points_ = np.asarray(points, np.float32)

    def _fit(self, faces, seed, progress):
        pass

    def _arrays(self):
        return {}

    def _predict(self, images, boxes, stages=False):
        walk = np.stack([self.points_ + step for step in (30, 20, 10, 0)])[:, None]
        walk = walk.repeat(len(images), axis=1)
        return walk if stages else walk[-1]


class Flat(Still):
    name, title, cascade = "flat", "Flat", False


@pytest.fixture
def own():
    truth = widgets.view(widgets.sample(FRONTAL)).truth
    return {"still": Still(truth), "flat": Flat(truth + (3, 4))}


@pytest.fixture
def session(own):
    return widgets.Session(own, "still", "flat", widgets.sample(FRONTAL))


@pytest.fixture
def page(own):
    return widgets.compare_live(own, "still", "flat")


def file_of(image, kind="PNG", **options):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, kind, **options)
    return stream.getvalue()


# --- scenes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", widgets.samples())
def test_a_sample_has_its_face_in_the_middle(name):
    scene = widgets.sample(name)
    assert scene.image.shape == (600, 600, 3) and scene.image.dtype == np.uint8
    assert np.abs(scene.box.reshape(2, 2).mean(axis=0) - 299.5).max() < 1e-3
    if name.startswith("synthetic"):
        middle = scene.truth.mean(axis=0)
        assert (scene.box[:2] < middle).all() and (middle < scene.box[2:]).all()
    else:
        assert scene.truth is None


def test_an_unknown_sample_is_answered_with_the_names():
    with pytest.raises(ValueError, match="no sample called 'nobody': wanted one of astronaut"):
        widgets.sample("nobody")


def test_an_upload_gives_the_face_that_its_picture_shows():
    content = file_of(skimage.data.astronaut(), "JPEG", quality=95)
    scene = widgets.from_upload(content, "me.jpg")
    direct = widgets.sample("astronaut (photograph)")
    np.testing.assert_allclose(scene.box, direct.box, atol=1)
    assert np.abs(scene.image.astype(int) - direct.image).mean() < 8


def test_a_large_photograph_is_searched_small_and_cut_from_the_whole():
    large = np.zeros((2000, 2600, 3), np.uint8)
    large[:1536, :1536] = np.kron(skimage.data.astronaut(), np.ones((3, 3, 1), np.uint8))
    scene = widgets.from_image(large)
    small = cv2.resize(large, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    assert not scene.note
    assert _sharpness(scene.image) > 1.1 * _sharpness(widgets.from_image(small).image)


def test_of_several_faces_the_largest_is_taken_and_said():
    astronaut = skimage.data.astronaut()
    both = np.zeros((768, 1280, 3), np.uint8)
    both[:, :768], both[:512, 768:] = cv2.resize(astronaut, (768, 768)), astronaut
    scene = widgets.from_image(both, "both")
    assert scene.note == "2 faces were found; this is the largest. The menu of pictures offers the others."
    assert [other.name for other in scene.others] == ["both, face 2"]
    assert np.abs(scene.others[0].image.astype(int) - widgets.from_image(astronaut).image).mean() < 12
    alone = widgets.from_image(both[:, :768])
    assert np.abs(scene.image[200:400, 200:400].astype(int) - alone.image[200:400, 200:400]).mean() < 12


def _sharpness(image):
    return np.abs(np.diff(image[200:400, 200:400].astype(int), axis=1)).mean()


def _png_that_claims(width, height):
    """A PNG whose header says it is that large: refused before a pixel is unpacked."""
    small = bytearray(file_of(np.zeros((8, 8, 3), np.uint8)))
    small[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    small[29:33] = zlib.crc32(bytes(small[12:29])).to_bytes(4, "big")
    return bytes(small)


@pytest.mark.parametrize(("content", "said"), [
    (b"just some words", "notes.png is not a picture that can be read"),
    (b"", "notes.png is not a picture that can be read"),
    (file_of(skimage.data.astronaut(), "JPEG")[:9000], "notes.png is damaged or cut off"),
    (file_of(np.full((300, 300, 3), 200, np.uint8)), "notes.png shows no face"),
    (_png_that_claims(10_000, 5_000), "10000 x 5000 pixels, 50.0 million: wanted fewer than 50 million"),
    (_png_that_claims(60_000, 60_000), "wanted fewer than 50 million pixels"),
])  # fmt: skip
def test_a_bad_upload_is_told_in_one_sentence(content, said):
    with pytest.raises(ValueError) as refused:
        widgets.from_upload(content, "notes.png")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 200 and "0x" not in str(refused.value)


# --- what the sliders do ----------------------------------------------------------------------------------


def test_nothing_moved_nothing_changed():
    scene = widgets.sample(FRONTAL)
    given = widgets.view(scene)
    assert (given.image == scene.image[90:510, 90:510]).all()
    np.testing.assert_allclose(given.truth, scene.truth - 90, atol=1e-3)


@pytest.mark.parametrize("name", widgets.LIMITS)
def test_each_slider_changes_what_it_should_and_is_deterministic(name):
    scene = widgets.sample(FRONTAL)
    low, high, _ = widgets.LIMITS[name]
    before = widgets.view(scene)
    after, again = (widgets.view(scene, widgets.State(**{name: high})) for _ in range(2))
    assert (after.image == again.image).all()
    moves_box = name.startswith("box")
    assert (after.image == before.image).all() == moves_box
    assert (after.box == before.box).all() != moves_box
    assert np.allclose(after.truth, before.truth, atol=1e-3) == (name != "rotation")
    with pytest.raises(ValueError, match=f"{name} is .*: wanted a number from"):
        widgets.State(**{name: high + 1})


def test_rotation_carries_the_truth_along_with_the_picture():
    """A white dot drawn at a true point is still there after both have turned."""
    scene = widgets.sample(FRONTAL)
    marked = widgets.Scene("dot", np.zeros_like(scene.image), scene.box, scene.truth)
    x, y = np.rint(scene.truth[30]).astype(int)
    marked.image[y - 2 : y + 3, x - 2 : x + 3] = 255
    given = widgets.view(marked, widgets.State(rotation=60))
    weight = given.image[..., 0].astype(float)
    rows, columns = np.mgrid[: len(weight), : len(weight)]
    found = np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()
    np.testing.assert_allclose(found, given.truth[30], atol=1.0)  # it was drawn at whole pixels
    np.testing.assert_allclose(given.box, widgets.view(scene).box)


def test_the_cover_hides_its_share_of_the_box_from_below():
    scene = widgets.sample(FRONTAL)
    given = widgets.view(scene, widgets.State(occlusion=0.5))
    left, top, right, bottom = given.box.astype(int)
    covered = (given.image[top:bottom, left:right] == (70, 70, 78)).all(axis=2).mean(axis=1)
    assert (covered[-100:] == 1).all() and covered[: (bottom - top) // 2 - 2].max() < 0.1


# --- methods ----------------------------------------------------------------------------------------------


def test_the_error_is_the_packages_and_unknown_without_truth():
    given = widgets.view(widgets.sample(FRONTAL))
    said = widgets.answer(widgets.get("dlib"), given)
    assert said.nme == pytest.approx(metrics.nme(said.points[None], given.truth[None])[0])
    assert said.nme < 0.1
    assert widgets.answer(widgets.get("dlib"), widgets.view(widgets.sample(widgets.samples()[0]))).nme is None


def test_the_discrepancy_is_symmetric_and_bounds_the_errors():
    rng = np.random.default_rng(0)
    truth = widgets.view(widgets.sample(FRONTAL)).truth
    p, q = truth + rng.normal(0, 5, truth.shape), truth + rng.normal(0, 5, truth.shape)
    apart = widgets.discrepancy(p, q, truth)
    assert apart == widgets.discrepancy(q, p, truth) > 0 == widgets.discrepancy(p, p)
    one, other = metrics.nme(np.stack([p, q]), np.stack([truth, truth]))
    assert abs(one - other) <= apart <= one + other
    assert widgets.discrepancy(p, q) == pytest.approx(apart, rel=0.2)


def test_stages_of_a_cascade_and_none_of_others(own):
    given = widgets.view(widgets.sample(FRONTAL))
    stages = [widgets.answer(own["still"], given, stage=t) for t in range(4)]
    assert [said.stage for said in stages] == [0, 1, 2, 3] and stages[0].stages == 3
    assert stages[0].nme > stages[1].nme > stages[2].nme > stages[3].nme == 0
    assert widgets.answer(own["still"], given, stage=99).stage == 3
    assert widgets.answer(own["flat"], given, stage=1).stages == 0


def test_the_menus_begin_with_dlib_and_senet_as_soon_as_it_has_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "WEIGHTS", tmp_path)
    names, first, second = widgets.choices()
    assert (names, first, second) == (["dlib", _methods.QUICK], "dlib", _methods.QUICK)
    (tmp_path / "mean_shape.npz").touch()
    assert widgets.choices()[1:] == ("dlib", "mean_shape")
    (tmp_path / "ert.npz").touch()
    assert widgets.choices()[1:] == ("dlib", "ert")
    (tmp_path / "senet.npz").touch()
    assert widgets.choices()[1:] == ("dlib", "senet")
    assert widgets.choices(["mine"])[1:] == ("dlib", "mine")


def test_an_unknown_method_is_answered_with_the_names(own):
    with pytest.raises(ValueError, match="'nothing' cannot be compared here: wanted one of still, flat"):
        widgets.Session(own, first="nothing")


# --- drawing ----------------------------------------------------------------------------------------------


def test_dots_lie_on_their_points_in_the_colour_of_their_region():
    points = np.stack(np.meshgrid(np.linspace(20, 400, 17), np.linspace(20, 400, 4)), -1).reshape(-1, 2)
    picture = widgets.draw(np.full((420, 420, 3), 90, np.uint8), points=points)
    for region, index in landmarks.REGIONS.items():
        for x, y in np.rint(points[index]).astype(int):
            colour = tuple(int(255 * v) for v in _colour(region))
            assert np.abs(picture[y, x].astype(int) - colour).max() <= 3


def _colour(region):
    from matplotlib.colors import to_rgb

    from facelm_helpers.plots import REGION_COLOURS

    return to_rgb(REGION_COLOURS[region])


def test_points_far_outside_are_drawn_nowhere_and_raise_nothing():
    image = np.full((60, 60, 3), 90, np.uint8)
    assert (widgets.draw(image, points=np.full((68, 2), 1e9)) == image).all()


def test_written_words_have_a_dark_edge_all_along():
    picture = _drawing.write(np.full((400, 400, 3), 128, np.uint8), "words 11.7%")[..., 0]
    words, edge = (np.flatnonzero(found.any(axis=0)) for found in (picture > 200, picture < 60))
    assert len(words) and np.abs(edge[[0, -1]] - words[[0, -1]]).max() <= 5


def test_the_picture_arrives_in_the_browser_as_it_was_drawn():
    picture = widgets.Session(first="dlib", second="dlib").redraw().pictures[0]
    arrived = np.asarray(Image.open(io.BytesIO(widgets.encode(picture))))
    assert np.abs(arrived.astype(int) - picture).mean() < 3


# --- the controls -----------------------------------------------------------------------------------------


def test_a_sliders_move_changes_both_pictures(page):
    before = [image.value for image in page.images]
    page.sliders["rotation"].value = 30
    assert page.session.state.rotation == 30
    assert all(image.value != old for image, old in zip(page.images, before, strict=True))
    page.reset.click()
    assert page.session.state == widgets.State() and page.sliders["rotation"].value == 0
    assert [image.value for image in page.images] == before


def test_captions_show_the_error_where_the_truth_is_known(page):
    assert "truth not known" in page.captions[0].value and "may be wrong" in page.status.value
    page.photograph.value = FRONTAL
    assert "NME 0.0 %" in page.captions[0].value and "Nearer to the truth: <b>still</b>" in page.status.value


def upload(page, content, name):
    page.upload.value = ({"name": name, "type": "", "size": len(content), "content": memoryview(content),
                          "last_modified": datetime.datetime(2020, 1, 1)},)  # fmt: skip


def test_an_upload_becomes_the_picture_and_a_choice(page):
    before = page.images[0].value
    upload(page, file_of(skimage.data.astronaut()[:400, 100:420]), "me.png")
    assert page.photograph.value == "me.png" and page.images[0].value != before
    assert page.upload.value == ()
    page.photograph.value = FRONTAL
    page.photograph.value = "me.png"
    assert page.session.scene.name == "me.png"


def test_a_bad_upload_is_said_and_changes_nothing(page):
    before, scene = [image.value for image in page.images], page.session.scene
    for content in (b"<script>alert(1)</script>", b"", file_of(np.zeros((200, 200, 3), np.uint8))):
        upload(page, content, "<b>bad.png")
        assert "&lt;b&gt;bad.png" in page.status.value and "<script" not in page.status.value
        assert [image.value for image in page.images] == before and page.session.scene is scene


def test_nothing_leaves_the_page_waiting(page, monkeypatch):
    monkeypatch.setattr(page.session, "upload", lambda *_: {}["no such key"])
    upload(page, b"anything", "a.jpg")
    assert "did not work (KeyError)" in page.status.value


def test_the_webcams_picture_takes_the_same_way(page):
    jpeg = file_of(skimage.data.astronaut(), "JPEG")
    page.camera_field.value = _webcam.PREFIX + base64.b64encode(jpeg).decode()
    assert page.session.scene.name == "your webcam's picture" and page.camera_field.value == ""
    page.camera_field.value = "data:text/html,nonsense"
    assert "arrived damaged" in page.status.value


def test_the_stages_appear_with_a_cascade_and_move_it(page):
    assert page.stages.layout.display is None and page.stage.max == 3
    page.photograph.value = FRONTAL
    page.stage.value = 0
    assert "stage 0 of 3" in page.captions[0].value and "stage" not in page.captions[1].value
    page.pair[0].value = "flat"
    assert page.stages.layout.display == "none"


def test_a_method_that_cannot_be_loaded_is_said_and_not_chosen(page, monkeypatch):
    def broken(name):
        raise ValueError(f"{name}.npz is not a weights file, or it is damaged")

    monkeypatch.setattr(_methods, "get", broken)
    page.pair[1].value = "dlib"
    assert "damaged" in page.status.value
    assert page.pair[1].value == "flat" and page.session.pair == ["still", "flat"]


def test_where_no_widget_can_run_a_described_picture_stands_in(page):
    data, metadata = page._repr_mimebundle_()
    assert picture.WIDGET in data and len(data["image/jpeg"]) < 140_000
    assert metadata["image/jpeg"]["alt"].startswith("The same face twice")


def test_the_hidden_field_and_the_cameras_page_find_each_other(page):
    identity = f"facelm-camera-{page.stage.model_id}"
    assert identity in page.camera._dom_classes
    assert f'.{identity} textarea"' in page.camera_page.outputs[0]["data"]["text/html"]


def test_every_face_of_a_photograph_is_a_choice(page):
    upload(page, file_of(np.hstack([skimage.data.astronaut()] * 2)), "two.png")
    assert page.photograph.value == "two.png" and page.photograph.options[-1] == "two.png, face 2"
    page.photograph.value = "two.png, face 2"
    assert page.session.scene.name == "two.png, face 2"


def test_what_was_saved_opens_again(page, own):
    page.photograph.value, page.sliders["blur"].value, page.stage.value = FRONTAL, 2.5, 1
    page.save.click()
    link = html.unescape(re.search(r"link=&quot;(.*?)&quot;", page.saved.value)[1])
    again = widgets.compare_live(own, link=link)
    assert again.session.pair == ["still", "flat"] and again.session.scene.name == FRONTAL
    assert again.session.state == page.session.state and again.session.stage == again.stage.value == 1
    assert [image.value for image in again.images] == [image.value for image in page.images]
    page.sliders["blur"].value = 3
    assert page.saved.value == ""  # the links were to another state


def test_the_files_hold_the_picture_and_the_points(page):
    page.photograph.value = FRONTAL
    page.save.click()
    files = dict(re.findall(r'download="(\S+)" href="data:\S+;base64,(\S+)"', page.saved.value))
    picture, points = (base64.b64decode(files[name]) for name in ("compare.png", "points.csv"))
    assert Image.open(io.BytesIO(picture)).size == (852, 420)
    head, *rows = points.decode().splitlines()
    assert head == "point,left_x,left_y,right_x,right_y,true_x,true_y"
    values = np.array([row.split(",") for row in rows], float)
    np.testing.assert_allclose(values[:, 1:3], values[:, 5:], atol=0.01)  # this method answers with the truth
    np.testing.assert_allclose(values[:, 3:5] - values[:, 5:], np.tile([3, 4], (68, 1)), atol=0.02)


@pytest.mark.parametrize("link", ["rotation=400", "blur=much", "left=nobody", "picture=<b>", "stage=nan"])
def test_a_bad_link_is_said_and_the_page_opens_without_it(own, link):
    page = widgets.compare_live(own, "still", "flat", link=f"?token=1&{link}")
    assert "&#9888;" in page.status.value and "<b>" not in page.status.value
    assert page.session.state == widgets.State() and page.session.pair == ["still", "flat"]


def test_the_first_answer_is_not_the_methods_first(own):
    asked = []

    class Counted(Flat):
        def _predict(self, images, boxes):
            asked.append(len(images))
            return super()._predict(images, boxes)

    session = widgets.Session({"counted": Counted(own["flat"].points_)}, "counted", "counted")
    session.aligner("counted")
    before = len(asked)
    session.redraw()
    assert before >= 1 and len(asked) == before + 2  # warm, and warmed once


def test_a_redraw_is_measured(session):
    measured = widgets.measure_redraw(rounds=9, session=session)
    assert measured["rounds"] == 9 and measured["methods"] == ["still", "flat"]
    assert 0 < measured["median_ms"] <= measured["worst_ms"] and measured["cpu_ms"] > 0


# --- the app ----------------------------------------------------------------------------------------------


def test_the_app_serves_the_widget_to_this_machine_only(tmp_path):
    settings = app.write(tmp_path)
    assert "compare_live(link=" in nbformat.read(tmp_path / app.NAME, as_version=4).cells[1].source
    words = app.command(settings, 9000, opens=False)
    assert words[0] == sys.executable and "--ip=127.0.0.1" in words and "--no-browser" in words
    assert "--port=9000" in words and "--no-browser" not in app.command(settings, 9000, opens=True)
    given = json.loads(settings.read_text())["ServerApp"]["tornado_settings"]
    assert given["websocket_max_message_size"] > 100e6
    assert given["ws_ping_interval"] == 0  # Jupyter cuts off a page whose answer to a ping is a bit late
