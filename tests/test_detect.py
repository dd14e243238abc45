"""The detectors on scikit-image's photograph (NASA's portrait of Eileen Collins, public domain)."""

import importlib

import cv2
import numpy as np
import pytest
import skimage.data

from facelm_helpers.boxes import overlap
from facelm_helpers.detectors import detect, detect_one
from facelm_helpers.faces import crop

_blazeface = importlib.import_module("facelm_helpers.detectors._blazeface")


@pytest.fixture(scope="module")
def astronaut():
    return skimage.data.astronaut()


@pytest.fixture(scope="module")
def two_faces(astronaut):
    """The portrait, and beside it again at three quarters of its size."""
    face, _ = crop(astronaut, [170, 60, 280, 170], size=240, margin=2.0)
    smaller, _ = crop(astronaut, [170, 60, 280, 170], size=180, margin=2.0)
    picture = np.full((240, 440, 3), 128, np.uint8)
    picture[:180, :180], picture[:, 200:] = smaller, face
    return picture


def test_one_face(astronaut):
    boxes = detect(astronaut, upsample=0)
    assert boxes.shape == (1, 4) and boxes.dtype == np.float32
    left, top, right, bottom = boxes[0]
    assert left < 225 < right and top < 115 < bottom  # the nose lies inside
    assert 60 < right - left < 180
    np.testing.assert_array_equal(detect_one(astronaut, upsample=0), boxes[0])


def test_right_and_bottom_are_exclusive(astronaut):
    import dlib

    found = dlib.get_frontal_face_detector()(astronaut, 0)[0]
    width, height = detect(astronaut, upsample=0)[0][2:] - detect(astronaut, upsample=0)[0][:2]
    assert (width, height) == (found.width(), found.height())


def test_two_faces_come_largest_first(two_faces):
    boxes = detect(two_faces)
    assert len(boxes) == 2
    assert boxes[0, 0] > 200 > boxes[1, 2]


def test_no_face_is_an_empty_array():
    boxes = detect(np.full((100, 100, 3), 128, np.uint8))
    assert boxes.shape == (0, 4) and boxes.dtype == np.float32


def test_a_grey_picture_will_do(astronaut):
    boxes = detect(astronaut[:260, 100:350, 1], upsample=0)
    assert len(boxes) == 1 and np.all(boxes[0, :2] < (125, 115)) and np.all(boxes[0, 2:] > (125, 115))


def test_a_higher_threshold_leaves_the_surer_faces(astronaut):
    assert (
        len(detect(astronaut, threshold=-0.5))
        > len(detect(astronaut))
        > len(detect(astronaut, threshold=1.0))
    )
    left, top, right, bottom = detect_one(astronaut, threshold=1.0)
    assert left < 225 < right and top < 115 < bottom


def test_detect_one_says_how_many_there_were(two_faces):
    with pytest.raises(ValueError, match="2 faces found, wanted one: .*largest=True"):
        detect_one(two_faces)
    np.testing.assert_array_equal(detect_one(two_faces, largest=True), detect(two_faces)[0])
    with pytest.raises(ValueError, match="no face found in an image of 80 x 60 pixels: try upsample=2"):
        detect_one(np.zeros((60, 80, 3), np.uint8))


def test_upsample_is_a_number_of_doublings(astronaut):
    with pytest.raises(ValueError, match="upsample is 0.5"):
        detect(astronaut, upsample=0.5)


def test_a_larger_smallest_face_shrinks_the_picture_first(astronaut, monkeypatch):
    large = cv2.resize(astronaut, None, fx=3, fy=3)
    whole = detect(astronaut, upsample=0)
    np.testing.assert_allclose(detect(large, smallest=240), 3 * whole, atol=40)
    module = importlib.import_module("facelm_helpers.detectors._dlib")
    monkeypatch.setattr(module, "MOST_PIXELS", astronaut[..., 0].size)
    np.testing.assert_allclose(detect(large), 3 * whole, atol=40)  # 4.7 million pixels in the doubled picture
    for smallest in (0, -1, np.nan):
        with pytest.raises(ValueError, match="smallest is"):
            detect(astronaut, smallest=smallest)


def shares(one, other):
    """Intersection over union."""
    return float(overlap(one, [other])[0])


@pytest.mark.parametrize("part", [np.s_[:], np.s_[:320], np.s_[:, 100:350], np.s_[::3, ::3]])
def test_blazeface_finds_the_face_where_dlib_does(astronaut, part):
    """In a square, a wide and a tall picture, and in a small one."""
    picture = np.ascontiguousarray(astronaut[part])
    boxes = detect(picture, "blazeface")
    assert boxes.shape == (1, 4) and boxes.dtype == np.float32
    assert shares(boxes[0], detect_one(picture, threshold=0.5)) > 0.5


def test_blazeface_puts_the_surest_face_first_and_takes_the_largest(two_faces):
    boxes, keypoints, scores = _blazeface.search(two_faces)
    assert len(boxes) == 2 and (np.diff(scores) <= 0).all()
    left_eye, right_eye, _, mouth = keypoints[0, :4]
    assert left_eye[0] < right_eye[0] and mouth[1] > max(left_eye[1], right_eye[1])
    assert detect_one(two_faces, largest=True, detector="blazeface")[0] > 200
    sure = detect(two_faces, "blazeface", threshold=(scores[0] + scores[1]) / 2)
    np.testing.assert_allclose(sure, boxes[:1], atol=5)  # a mean of fewer answers


@pytest.mark.parametrize("picture", ["coffee", "rocket", "brick"])
def test_blazeface_finds_nothing_where_no_face_is(picture):
    boxes = detect(getattr(skimage.data, picture)(), "blazeface")
    assert boxes.shape == (0, 4) and boxes.dtype == np.float32


def test_tiles_find_a_face_that_is_small_in_its_picture(astronaut):
    large = np.full((900, 1400, 3), 90, np.uint8)
    large[300:500, 1000:1200] = cv2.resize(astronaut[:256, 96:352], (200, 200), interpolation=cv2.INTER_AREA)
    assert len(detect(large, "blazeface")) == 0
    (box,) = detect(large, "blazeface", tiles=4)
    assert shares(box, detect_one(large, threshold=0.5)) > 0.5


def test_anchors_are_the_middles_of_two_grids():
    anchors = _blazeface._anchors() * 128
    assert anchors.shape == (896, 2)
    assert anchors[[0, 1, 2, 511, 512, 517, 518]].tolist() == [
        [4, 4], [4, 4], [12, 4], [124, 124], [8, 8], [8, 8], [24, 8],
    ]  # fmt: skip


def test_overlapping_answers_are_one_face_their_weighted_mean():
    boxes = np.float32([[0, 0, 10, 10], [100, 100, 110, 110], [1, 0, 11, 10]])
    points = np.repeat(boxes[:, None, :2], 6, axis=1)
    found, keypoints, scores = _blazeface._merged(boxes, points, np.float32([0.6, 0.9, 0.6]))
    np.testing.assert_allclose(found, [[100, 100, 110, 110], [0.5, 0, 10.5, 10]])
    np.testing.assert_allclose(keypoints[1, 0], [0.5, 0])
    np.testing.assert_allclose(scores, [0.9, 0.6])


def test_a_detector_or_option_that_is_not_there_is_refused(astronaut):
    with pytest.raises(ValueError, match="no detector called 'haar': wanted one of dlib, blazeface"):
        detect(astronaut, "haar")
    with pytest.raises(ValueError, match="blazeface has no option 'upsample'"):
        detect(astronaut, "blazeface", upsample=1)
    for option in ({"threshold": 0}, {"threshold": np.nan}, {"tiles": 0}, {"tiles": 1.5}):
        with pytest.raises(ValueError, match=f"{next(iter(option))} is"):
            detect(astronaut, "blazeface", **option)
    with pytest.raises(ValueError, match="tiles=2"):
        detect_one(np.zeros((60, 80, 3), np.uint8), detector="blazeface")
