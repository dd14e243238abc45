"""What people build: blinks, pose, make-up, swaps, steady points, heads that turn; and `course.py try`."""

import cv2
import numpy as np
import pytest

from facelm_helpers import applications as app
from facelm_helpers import face3d, methods, sources
from facelm_helpers.boxes import tight_boxes
from facelm_helpers.detectors import detect_one
from facelm_helpers.geometry import eye_aspect_ratio, mouth_aspect_ratio
from facelm_helpers.landmarks import MEAN_SHAPE, MIRROR
from facelm_helpers.sources import synthetic
from tools.ship import film as films
from tools.ship import try_file

FACE = 100 * MEAN_SHAPE + 80
RATE = 25


@pytest.fixture(scope="module")
def clip():
    return synthetic.clip(seconds=8, rate=RATE, size=96)


@pytest.fixture(scope="module")
def two():
    return sources.load("synthetic", n=2, seed=5, yaw=(0, 0.2), size=128, occlusion=False, progress=False)


def track(length=60, move=1.0, seed=0):
    """A face that moves evenly and then swings, without noise."""
    t = np.arange(length)
    shift = np.stack([move * t, 8 * move * np.sin(t / 6)], axis=1)
    return FACE + shift[:, None]


# --- the clip


def test_the_clip_does_what_its_attributes_say(clip):
    eyes, mouth = eye_aspect_ratio(clip.points), mouth_aspect_ratio(clip.points)
    closed, yawning = clip.attributes["closed_eyes"], clip.attributes["yawning"]
    assert eyes[closed].max() < eyes[~closed].min() + 0.02 and mouth[yawning].min() > mouth[~yawning].max()
    assert len(clip) == 8 * RATE and clip.images.shape == (200, 96, 96, 3)
    np.testing.assert_allclose(clip.attributes["time"], np.arange(200) / RATE, atol=1e-5)
    steps = np.linalg.norm(np.diff(clip.points, axis=0), axis=2)
    assert steps.max() < 12  # pixels: nothing jumps


def test_a_seed_gives_the_same_clip_and_another_seed_another_person():
    one, same, other = (synthetic.clip(seconds=8, rate=2, seed=seed, size=64) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.points, same.points)
    assert np.abs(one.images.astype(float) - same.images).max() <= 1
    assert np.abs(one.points[0] - other.points[0]).max() > 0.3


@pytest.mark.parametrize("wrong", [{"seconds": 3}, {"rate": 0}, {"size": 20}, {"size": 64.5}])
def test_impossible_clips_are_refused(wrong):
    with pytest.raises(ValueError, match="wanted"):
        synthetic.clip(**wrong)


# --- eyes and mouth


def test_watching_the_annotated_clip_finds_its_blinks_its_microsleep_and_its_yawn(clip):
    seen = app.watch(clip.points, RATE)
    closures = app.spans(clip.attributes["closed_eyes"], RATE)
    assert len(seen.blinks) + len(seen.microsleeps) == len(closures) >= 2
    assert len(seen.microsleeps) == len(seen.yawns) == 1 and seen.drowsy
    start, end = seen.microsleeps[0]
    assert 0.7 < end - start < 1.5 and app.spans(seen.mouth > 0.5, RATE) == seen.yawns


@pytest.mark.parametrize("share, found", [(0.75, 4), (0.65, 0)])
def test_senets_lids_fall_below_the_threshold_but_not_below_a_lower_one(share, found):
    clip = synthetic.clip(seconds=12, rate=RATE, seed=0)  # of the notebook
    senet, box, points = methods.load("senet", runtime="litert"), detect_one(clip.images[0]), []
    for image in clip.images:
        points.append(senet.predict([image], box[None])[0])
        box = tight_boxes(points[-1][None])[0]
    ratio = eye_aspect_ratio(np.array(points))
    closed = app.spans(ratio < app.personal_threshold(ratio[: 2 * RATE], share=share), RATE)
    assert len(closed) == found and len(app.spans(clip.attributes["closed_eyes"], RATE)) == 4


def test_the_threshold_is_the_persons_own():
    wide, narrow = np.array([0.4] * 9 + [0.1]), np.array([0.2] * 9 + [0.05])
    assert app.personal_threshold(wide) == pytest.approx(2 * app.personal_threshold(narrow))
    blinking = np.concatenate([FACE[None]] * 100)
    blinking[60:63, [37, 38, 43, 44]] = blinking[60:63, [41, 40, 47, 46]]
    seen = app.watch(blinking * 3 + 50, 20)
    assert seen.blinks == [(3.0, 3.15)] and not seen.microsleeps and not seen.drowsy
    assert seen.closed == pytest.approx(3 / 60)


def test_spans():
    assert app.spans([1, 1, 0, 1], 1) == [(0, 2), (3, 4)]
    assert app.spans([1, 1, 0, 1], 1, shortest=2) == [(0, 2)] and app.spans([], 5) == []


# --- steadying


def test_filters_take_flicker_away_and_come_late():
    truth = track(120)
    shaken = truth + np.random.default_rng(0).normal(0, 1, truth.shape)
    average, euro = app.moving_average(shaken, 7), app.one_euro(shaken, RATE)
    raw = app.flicker(shaken, truth)
    assert app.flicker(average, truth) < 0.4 * raw and app.flicker(euro, truth) < 0.6 * raw
    assert app.lag(average, truth) == pytest.approx(3, abs=0.3)
    assert app.lag(euro, truth) < app.lag(average, truth)
    assert app.lag(shaken, truth) == pytest.approx(0, abs=0.2)


def test_one_euro_is_an_exponential_filter_where_beta_is_0():
    shaken = track(30) + np.random.default_rng(1).normal(0, 1, (30, 68, 2))
    a = 1 / (1 + RATE / (2 * np.pi * 1.5))
    expected = [shaken[0]]
    for now in shaken[1:]:
        expected.append(a * now + (1 - a) * expected[-1])
    np.testing.assert_allclose(app.one_euro(shaken, RATE, min_cutoff=1.5, beta=0), expected, atol=1e-9)


def test_filters_do_not_depend_on_the_size_of_the_face():
    shaken = track(40) + np.random.default_rng(2).normal(0, 1, (40, 68, 2))
    np.testing.assert_allclose(3 * app.one_euro(shaken, RATE), app.one_euro(3 * shaken, RATE), atol=1e-6)
    assert app.flicker(3 * shaken, 3 * track(40)) == pytest.approx(app.flicker(shaken, track(40)))
    still = np.tile(FACE, (9, 1, 1))
    assert app.flicker(still + 5, still) == 0  # an error that stays is no flicker


# --- pose, make-up, swap, average, head


def test_head_pose_of_a_turned_model():
    model = face3d.load_face3d()
    seen = face3d.project(model.mean, face3d.rotation([5, 30, -10]), 100, [100, 100])
    # the jaw slides along the contour in what methods find: here it does not, which costs some degrees
    np.testing.assert_allclose(app.head_pose(seen[None])[0], [5, 30, -10], atol=6)
    mirrored = seen[MIRROR] * [-1, 1] + [200, 0]
    pitch, yaw, roll = app.head_pose(mirrored[None])[0]
    assert yaw < -20 and roll > 5


def test_drawing_changes_a_copy(two):
    image, points = two.images[0], two.points[0]
    before = image.copy()
    for made in (app.draw_pose(image, points), app.make_up(image, points)):
        assert made.shape == image.shape and made.dtype == np.uint8 and (made != image).any()
        np.testing.assert_array_equal(image, before)


def test_paint_stays_in_its_region():
    skin = np.full((160, 160, 3), (200, 165, 145), np.uint8)
    masks = app.regions(FACE, skin.shape)
    painted = app.make_up(skin, FACE, lips=(180, 0, 60), blush=None, strength=1.0)
    changed = (painted != skin).any(axis=2)
    assert changed[masks["lips"] > 0.5].all() and not changed[masks["lips"] < 1e-4].any()
    x, y = FACE[[51, 57]].mean(axis=0)[0], FACE[57, 1] - 3
    assert changed[round(y), round(x)]
    np.testing.assert_array_equal(app.make_up(skin, FACE, lips=None, blush=None), skin)
    wide = FACE.copy()
    wide[[61, 62, 63], 1] -= 6
    wide[[67, 66, 65], 1] += 6
    inside = np.rint(wide[60:68].mean(axis=0)).astype(int)
    assert app.regions(wide, skin.shape)["lips"][inside[1], inside[0]] < 0.05  # teeth are not painted


def test_a_swap_shows_the_other_face_and_leaves_the_rest(two):
    (image, other), (points, other_points) = two.images, two.points
    swapped = app.swap(image, points, other, other_points)
    hull = np.zeros(image.shape[:2], np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.rint(points).astype(np.int32)), 1)
    hull = cv2.dilate(hull, np.ones((3, 3), np.uint8))
    outside = np.abs(swapped.astype(int) - image)[hull == 0]
    assert outside.max() < 12 and outside.mean() < 0.2  # the blend's solver rounds a little beside its edge
    assert np.abs(swapped.astype(int) - image)[hull > 0].mean() > 3
    same = app.swap(image, points, image, points)
    assert np.abs(same.astype(int) - image).mean() < 1.5  # a face in its own place changes nothing


def test_a_face_that_reaches_out_of_the_picture_can_be_swapped(two):
    (image, other), (points, other_points) = two.images, two.points
    cut = image[:, 60:].copy()
    assert app.swap(cut, points - [60, 0], other, other_points).shape == cut.shape


def test_the_average_of_one_face_is_that_face_and_weights_make_a_morph(two):
    alone, shape = app.average_face(two.images[:1], two.points[:1], size=96)
    first, same = app.average_face(two.images, two.points, size=96, weights=[1, 0])
    np.testing.assert_allclose(shape, same)
    assert np.abs(alone.astype(int) - first).max() <= 1
    half = app.average_face(two.images, two.points, size=96)[1]
    second = app.average_face(two.images, two.points, size=96, weights=[0, 1])[1]
    np.testing.assert_allclose(half, (shape + second) / 2, atol=1e-9)


def test_a_head_seen_from_the_front_looks_like_its_picture_and_turns(two):
    head = app.reconstruct(two.images[0], two.points[0])
    front, points = head.view(size=128)
    aside, turned = head.view(yaw=40, size=128)
    assert front.shape == (128, 128, 3) and head.seen.max() <= 1
    assert turned[30, 0] < points[30, 0] - 5  # the nose goes to the left of the picture
    middle = np.rint(points[30]).astype(int)
    there = np.rint(two.points[0][30]).astype(int)
    patch, truth = (
        picture[y - 4 : y + 5, x - 4 : x + 5].mean(axis=(0, 1))
        for picture, (x, y) in ((front, middle), (two.images[0], there))
    )
    assert np.abs(patch - truth).max() < 25


ONE, MANY, IMAGE = np.zeros((68, 2)), np.zeros((9, 68, 2)), np.zeros((50, 50, 3), np.uint8)


@pytest.mark.parametrize("call, words", [
    (lambda: app.watch(ONE, 25), r"\(68, 2\): wanted \(T, 68, 2\)"),
    (lambda: app.watch(MANY, 0), "rate is 0: wanted a number above 0"),
    (lambda: app.watch(MANY, 25), "lasts 0.36 s: wanted more than the calibration"),
    (lambda: app.watch(MANY * np.nan, 25), "not all finite"),
    (lambda: app.personal_threshold([]), "wanted"),
    (lambda: app.personal_threshold([0.3], share=2), "share is 2: wanted a number between 0 and 1"),
    (lambda: app.moving_average(MANY, 0), "window is 0: wanted a number of frames"),
    (lambda: app.one_euro(MANY, 25, beta=-1), "beta is -1"),
    (lambda: app.flicker(MANY[:2]), "2 frames: wanted at least 3"),
    (lambda: app.flicker(MANY, MANY[:5]), "5 frames: wanted 9"),
    (lambda: app.lag(MANY, MANY), "9 frames: wanted at least 15"),
    (lambda: app.head_pose(ONE), "wanted"),
    (lambda: app.make_up(IMAGE, MANY), r"\(9, 68, 2\): wanted \(68, 2\)"),
    (lambda: app.make_up(IMAGE, FACE, lips=(300, 0, 0)), "lips is"),
    (lambda: app.make_up(IMAGE, FACE, strength=0), "strength is 0"),
    (lambda: app.swap(IMAGE, FACE + 900, IMAGE, FACE), "outside the picture of 50 x 50"),
    (lambda: app.average_face([IMAGE], MANY), "1 images and points of 9 faces"),
    (lambda: app.average_face([IMAGE], FACE[None], size=5), "size is 5"),
    (lambda: app.average_face([IMAGE], FACE[None], weights=[0]), "weights are"),
    (lambda: app.reconstruct(IMAGE[..., 0].astype(float), FACE), "wanted"),
])  # fmt: skip
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# --- course.py try


class Known:
    """An aligner that knows the points of the made-up clip."""

    def __init__(self, points):
        self.points, self.at = points, 0

    def predict(self, images, boxes):
        self.at += 1
        return self.points[self.at - 1 : self.at]


@pytest.fixture
def known(clip, monkeypatch):
    monkeypatch.setattr(try_file.methods, "load", lambda name: Known(clip.points))
    monkeypatch.setattr(try_file, "read", lambda *_: films.Film(list(clip.images), RATE))
    monkeypatch.setattr("tools.ship.tries._largest", lambda image: np.float32([20, 20, 80, 80]))


@pytest.mark.parametrize("what", ["points", "eyes", "pose", "steady", "make-up", "turn"])
def test_try_writes_a_film(known, tmp_path, capsys, what):
    path = tmp_path / "made" / ("film.mp4" if what == "points" else "film.webm")
    assert try_file.main(["clip", "--with", what, "--output", str(path)]) == 0
    read = films.read(str(path))
    assert len(read.images) == (100 if what == "turn" else 200) and read.rate == pytest.approx(25)
    assert read.images[0].shape[0] >= 96 and "Written" in capsys.readouterr().out


class Camera:
    """OpenCV's view of a webcam: `frames` pictures, and a rate that it does not keep."""

    def __init__(self, frames):
        self.left = frames

    def isOpened(self):
        return self.left > 0

    def get(self, _):
        return 30.0

    def read(self):
        self.left -= 1
        return (True, np.full((48, 64, 3), (9, 99, 200), np.uint8)) if self.left >= 0 else (False, None)

    def release(self):
        pass


def test_the_webcam_is_filmed_at_the_rate_it_has(monkeypatch):
    monkeypatch.setattr(films.cv2, "VideoCapture", lambda number: Camera(20 if number == 0 else 0))
    clock = iter(np.arange(0, 99, 0.1))
    monkeypatch.setattr(films.time, "monotonic", lambda: next(clock))
    film = films.read("webcam", seconds=1.05)
    assert len(film.images) == 10 and film.rate == pytest.approx(10 / 1.2)  # the clock's ticks, not 30
    np.testing.assert_array_equal(film.images[0][0, 0], [200, 99, 9])  # red, green, blue
    monkeypatch.setattr(films.cv2, "VideoCapture", lambda number: Camera(0))
    with pytest.raises(ValueError, match="no webcam answers"):
        films.read("webcam")


def test_frames_without_a_face_stay_in_the_film(known, clip, tmp_path, capsys, monkeypatch):
    points = np.array(clip.points)
    points[50:60] = np.nan
    monkeypatch.setattr(try_file, "follow", lambda images, aligner: points)
    path = tmp_path / "film.webm"
    assert try_file.main(["clip", "--with", "pose", "--output", str(path)]) == 0
    assert len(films.read(str(path)).images) == len(points)
    assert f"10 of {len(points)} frames show no face" in capsys.readouterr().out


def test_try_says_in_one_sentence_what_is_wrong(tmp_path, capsys):
    text = tmp_path / "notes.mp4"
    text.write_text("no film")
    plain = tmp_path / "plain.png"
    cv2.imwrite(str(plain), np.full((80, 80, 3), 90, np.uint8))
    for arguments, words in (
        ([str(tmp_path / "none.jpg")], "none.jpg"), ([str(tmp_path / "none.mp4")], "there is no file"),
        ([str(text)], "cannot be read"), ([str(plain)], "no face found"),
        (["clip", "--seconds", "1", "--output", str(tmp_path / "film.gif")], "ends in .webm or .mp4"),
    ):  # fmt: skip
        assert try_file.main([*arguments, "--method", "mean_shape"]) == 1
        said = capsys.readouterr().err
        assert words in said and "Traceback" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.mp4", "plain.png"]
