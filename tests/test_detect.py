"""dlib's detector on scikit-image's photograph (NASA's portrait of Eileen Collins, public domain)."""

import importlib

import cv2
import numpy as np
import pytest
import skimage.data

from facelm_helpers.detectors import detect, detect_one
from facelm_helpers.faces import crop


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
