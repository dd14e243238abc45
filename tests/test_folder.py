"""Your own photographs: labelled once, corrected by hand, read again."""

import cv2
import numpy as np
import pytest
from PIL import Image

from facelm_helpers import sources
from facelm_helpers.sources.folder import load
from facelm_helpers.sources.pts import read_pts, write_pts

SHAPE = np.stack([np.linspace(0.1, 0.9, 68), np.linspace(0.2, 0.8, 68) ** 2], axis=1)


class Aligner:
    """Puts the same shape into every box, and counts its calls."""

    calls = 0

    def predict(self, images, boxes):
        self.calls += 1
        assert len(images) == len(boxes)
        boxes = np.asarray(boxes)
        return boxes[:, None, :2] + SHAPE * (boxes[:, None, 2:] - boxes[:, None, :2])


def detect(image):
    """As many faces as the picture's grey value says, the first the largest."""
    return np.float32([[5, 5, 60 - 10 * k, 60 - 10 * k] for k in range(image[0, 0, 0])]).reshape(-1, 4)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "summer").mkdir()
    for name, faces in {"one.png": 1, "none.png": 0, "summer/three.png": 3}.items():
        cv2.imwrite(str(tmp_path / name), np.full((80, 90, 3), faces, np.uint8))
    return tmp_path


@pytest.mark.filterwarnings("ignore:left out")
def test_every_face_is_an_entry_and_gets_its_file(folder):
    faces = sources.load("folder", folder, aligner=Aligner(), detect=detect, progress=False)
    assert len(faces) == 4
    assert faces.persons.tolist() == ["one", *["summer/three"] * 3]
    written = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.pts"))
    assert written == ["one.pts", "summer/three.face2.pts", "summer/three.face3.pts", "summer/three.pts"]
    np.testing.assert_allclose(faces.points[0], 5 + SHAPE * 55, atol=1e-5)
    np.testing.assert_allclose(read_pts(folder / "summer/three.face3.pts"), 5 + SHAPE * 35, atol=1e-5)
    assert faces[3][0].shape == (80, 90, 3)
    np.testing.assert_allclose(
        np.sort(sources.load("pts", folder).points, 0), np.sort(faces.points, 0), atol=1e-5
    )


def test_photographs_without_a_face_are_named_in_one_warning(folder):
    with pytest.warns(UserWarning, match="left out 1 of 3 photographs.*none.png") as caught:
        load(folder, aligner=Aligner(), detect=detect, progress=False)
    assert len(caught) == 1
    assert not (folder / "none.pts").exists()


@pytest.mark.filterwarnings("ignore:left out")
def test_points_corrected_by_hand_stay_unless_asked(folder):
    options = {"aligner": Aligner(), "detect": detect, "progress": False}
    load(folder, **options)
    by_hand = np.float32(SHAPE * 50)
    write_pts(folder / "one.pts", by_hand)
    np.testing.assert_allclose(load(folder, **options).points[0], by_hand, atol=1e-6)
    np.testing.assert_allclose(read_pts(folder / "one.pts"), by_hand, atol=1e-6)
    assert options["aligner"].calls == 2  # the two photographs with faces, in the first call
    np.testing.assert_allclose(load(folder, **options, overwrite=True).points[0], 5 + SHAPE * 55, atol=1e-5)
    assert read_pts(folder / "one.pts")[0, 0] == pytest.approx(5 + 0.1 * 55, abs=1e-5)


@pytest.mark.filterwarnings("ignore:left out")
def test_labelling_anew_takes_away_the_files_of_faces_that_are_gone(folder):
    options = {"aligner": Aligner(), "detect": detect, "progress": False}
    load(folder, **options)
    assert len(load(folder, **options, overwrite=True, several="largest")) == 2
    assert sorted(path.name for path in folder.rglob("*.pts")) == ["one.pts", "three.pts"]


@pytest.mark.filterwarnings("ignore:left out")
def test_the_largest_face_alone_or_none_of_several(folder):
    options = {"aligner": Aligner(), "detect": detect, "progress": False}
    with pytest.raises(ValueError, match="three.png shows 3 faces; wanted one"):
        load(folder, **options, several="refuse")
    assert not (folder / "summer" / "three.pts").exists()
    assert len(load(folder, **options, several="largest")) == 2
    with pytest.raises(ValueError, match="several is 'some'"):
        load(folder, **options, several="some")


def test_no_face_at_all(tmp_path):
    cv2.imwrite(str(tmp_path / "wall.png"), np.zeros((40, 40, 3), np.uint8))
    with pytest.raises(ValueError, match="no face found in any of the 1 photographs"):
        load(tmp_path, aligner=Aligner(), detect=detect, progress=False)
    with pytest.raises(ValueError, match="no face found"):
        load(tmp_path, aligner=Aligner(), progress=False)  # dlib's detector agrees
    assert [path.name for path in tmp_path.iterdir()] == ["wall.png"]


def test_bad_input_is_said(folder, tmp_path_factory):
    with pytest.raises(ValueError, match="hand over an aligner"):
        load(folder, detect=detect, progress=False)
    with pytest.raises(ValueError, match="no photograph"):
        load(tmp_path_factory.mktemp("empty"), aligner=Aligner())
    with pytest.raises(FileNotFoundError, match="no folder"):
        load(folder / "nowhere", aligner=Aligner())


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(folder):
    (folder / "text.jpg").write_text("not a picture")
    (folder / "telephone.heic").write_bytes(b"?")
    with pytest.warns(UserWarning) as caught:
        faces = load(folder, aligner=Aligner(), detect=detect, progress=False)
    assert len(faces) == 4
    said = " ".join(str(warning.message) for warning in caught)
    assert all(part in said for part in ("none.png", "text.jpg", ".heic (1)", "HEIC"))
    for name in ("one.png", "none.png"):
        (folder / name).unlink()
    (folder / "summer" / "three.png").unlink()
    with pytest.raises(ValueError, match="text.jpg"):
        load(folder, aligner=Aligner(), detect=detect, progress=False)


@pytest.mark.parametrize("ending", ["webp", "tif", "bmp", "JPEG"])
def test_every_kind_that_is_read_is_labelled(tmp_path, ending):
    Image.fromarray(np.full((80, 90, 3), 1, np.uint8)).save(tmp_path / f"a.{ending}", quality=100)
    faces = load(tmp_path, aligner=Aligner(), detect=lambda image: [[5, 5, 60, 60]], progress=False)
    np.testing.assert_allclose(faces.points[0], 5 + SHAPE * 55, atol=1e-5)


@pytest.mark.parametrize("other", ["one.jpg", "ONE.png", "one.face2.png", "one.PTS"])
def test_two_files_for_one_set_of_points_are_refused(folder, other):
    write_pts(folder / "one.pts", SHAPE)
    (folder / other).write_bytes((folder / ("one.pts" if "PTS" in other else "one.png")).read_bytes())
    for source in ("folder", "pts"):
        with pytest.raises(ValueError, match="one.*(rename one|further face)"):
            sources.load(source, folder, progress=False)


@pytest.mark.parametrize("source", ["folder", "pts"])
def test_mirrored_copies_and_renders_stay_with_their_photograph(tmp_path, source):
    for k in range(6):
        for name in (f"IMG_{k}", f"IMG_{k}_mirror", f"flipped_IMG_{k}"):
            cv2.imwrite(str(tmp_path / f"{name}.jpg"), np.zeros((9, 9, 3), np.uint8))
            write_pts(tmp_path / f"{name}.pts", SHAPE)
    for folder, name in (("HELEN", "HELEN_123_1_0"), ("HELEN_Flip", "HELEN_123_1_4")):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / f"{name}.png"), np.zeros((9, 9, 3), np.uint8))
        write_pts(tmp_path / folder / f"{name}.pts", SHAPE)
    faces = sources.load(source, tmp_path, progress=False)
    assert len(faces) == 20 and len(set(faces.persons)) == 7
    train, test = faces.split_by_person(0.8)
    assert not set(train.persons) & set(test.persons)


@pytest.mark.filterwarnings("ignore:left out")
def test_dlib_finds_the_astronaut(tmp_path):
    from skimage.data import astronaut

    cv2.imwrite(str(tmp_path / "astronaut.png"), astronaut()[..., ::-1])
    faces = load(tmp_path, aligner=Aligner(), progress=False)
    assert len(faces) == 1
    left, top, right, bottom = faces.boxes[0]
    assert 150 < left < right < 300 and 50 < top < bottom < 200
