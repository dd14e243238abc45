"""FaceSet, the crop and its way back, reading pictures."""

import cv2
import numpy as np
import pytest
from drawn import centre_of_mass, dot, drawn_faces
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from facelm_helpers import faces as f
from facelm_helpers import images
from facelm_helpers.boxes import tight_boxes

steady = settings(deadline=None, derandomize=True, max_examples=50)
corners = st.floats(-200, 400)
sides = st.floats(1, 500)
boxes = st.tuples(corners, corners, sides, sides).map(np.array).map(lambda b: np.append(b[:2], b[:2] + b[2:]))


class Lazy:
    """A sequence that remembers which of its pictures were asked for."""

    def __init__(self, images):
        self.images, self.asked = images, []

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        self.asked.append(i)
        return self.images[i]


# --- FaceSet


def test_one_face_or_some_faces():
    faces = drawn_faces(6)
    image, points, box = faces[-1]
    assert np.array_equal(image, faces.images[5]) and np.array_equal(points, faces.points[5])
    np.testing.assert_allclose(box, [*points.min(axis=0), *points.max(axis=0)])
    chosen = faces[np.array([4, 1])]
    assert isinstance(chosen, f.FaceSet) and chosen.persons.tolist() == [4, 1]
    assert np.array_equal(chosen.points, faces.points[[4, 1]])
    assert len(faces[1:4]) == 3 and len(faces[faces.persons > 3]) == 2 and len(faces[[]]) == 0
    assert [len(face) for face in faces] == [3] * 6  # it can be gone through
    with pytest.raises(IndexError, match="face 6 of 6"):
        faces[6]


def test_images_may_be_lazy_and_stay_so():
    lazy = Lazy(list(drawn_faces(8).images))
    faces = f.FaceSet(lazy, points=drawn_faces(8).points)
    some = faces[2:][::2][np.array([True, False, True])]
    assert len(some) == 2 and lazy.asked == []
    assert np.array_equal(some[1][0], lazy.images[6])
    assert lazy.asked == [6]


def test_what_is_not_known_is_none():
    faces = f.FaceSet([np.zeros((9, 9, 3), np.uint8)] * 2)
    assert faces.points is None and faces.boxes is None and faces.persons.tolist() == [0, 1]
    assert faces[0][1] is None and faces[:1].boxes is None
    with pytest.raises(ValueError, match="have no boxes to crop by"):
        faces.crops()


def test_crops_of_a_set_have_their_points_with_them():
    faces = drawn_faces(3)
    crops = faces.crops(size=64, margin=2.0)
    assert crops.images.shape == (3, 64, 64, 3) and np.array_equal(crops.persons, faces.persons)
    crop, transform = f.crop(faces.images[1], faces.boxes[1], size=64, margin=2.0)
    assert np.array_equal(crops.images[1], crop)
    np.testing.assert_allclose(f.uncrop(crops.points[1], transform), faces.points[1], atol=1e-3)
    np.testing.assert_allclose(crops.boxes, tight_boxes(crops.points), atol=1e-3)
    side = (crops.boxes[:, 2:] - crops.boxes[:, :2]).max(axis=1)
    np.testing.assert_allclose(side, 32, rtol=1e-5)  # half of the crop, at a margin of two


# --- splits


@steady
@given(st.lists(st.integers(0, 12), min_size=20, max_size=60), st.integers(0, 5))
def test_nobody_stands_on_both_sides(persons, seed):
    faces = f.FaceSet(np.zeros((len(persons), 1, 1, 3), np.uint8), persons=[f"p{i}" for i in persons])
    if max(persons.count(i) for i in set(persons)) > len(persons) / 4:
        return  # where one person has most of the faces there may be no such split
    train, test = faces.split_by_person(0.8, seed=seed)
    assert not set(train.persons) & set(test.persons)
    assert len(train) + len(test) == len(faces) and len(train) and len(test)
    assert abs(len(train) / len(faces) - 0.8) <= 0.25


def test_attributes_follow_their_faces():
    """Person i's attributes are i, through indexing, splitting and cropping."""
    n = 12
    faces = f.FaceSet(
        [np.full((9, 9 + i, 3), i, np.uint8) for i in range(n)],
        np.random.default_rng(0).uniform(1, 8, (n, 68, 2)),
        attributes={"number": np.arange(n), "hidden": np.repeat(np.arange(n)[:, None], 68, axis=1)},
    )
    sets = [faces[3:], faces[[5, 1]], faces[faces.persons > 7], *faces.split_by_person(0.5), faces.crops(16)]
    for some in sets:
        assert np.array_equal(some.attributes["number"], some.persons)
        assert np.array_equal(some.attributes["hidden"][:, 67], some.persons)


@pytest.mark.parametrize("values", [[1], [[1, 2]] * 2, 3])
def test_attributes_of_another_length_are_refused(values):
    with pytest.raises(ValueError, match="attribute 'a' has shape"):
        f.FaceSet(np.zeros((2, 8, 8, 3), np.uint8), attributes={"a": values})


def test_a_split_is_deterministic_and_depends_on_the_seed():
    faces = f.FaceSet(np.zeros((50, 1, 1, 3), np.uint8))
    a, b, c = (faces.split_by_person(0.8, seed=s)[0].persons.tolist() for s in (0, 0, 1))
    assert a == b != c and len(a) == 40


def test_a_split_with_an_empty_side_is_refused():
    one = f.FaceSet(np.zeros((9, 1, 1, 3), np.uint8), persons=["x"] * 9)
    with pytest.raises(ValueError, match=r"9 faces of 1 person\(s\) cannot be split 0.8 to 0.2: the second"):
        one.split_by_person(0.8)
    with pytest.raises(ValueError, match="the first side would be empty"):
        f.FaceSet(np.zeros((2, 1, 1, 3), np.uint8)).split_by_person(0.1)
    with pytest.raises(ValueError, match="share is 1.5"):
        one.split_by_person(1.5)


# --- crop


@steady
@given(boxes, st.integers(16, 300), st.floats(0.5, 4), st.integers(0, 5))
def test_crop_then_uncrop_is_the_identity(box, size, margin, seed):
    transform = f.crop_transform(box, size, margin)
    points = np.random.default_rng(seed).uniform(box[:2], box[2:], (68, 2))
    there = (points @ transform[:, :2].T + transform[:, 2]).astype(np.float32)
    np.testing.assert_allclose(f.uncrop(there, transform), points, atol=1e-3)


def test_the_crop_is_a_square_of_margin_times_the_longer_side():
    transform = f.crop_transform([10, 20, 50, 100], size=128, margin=1.5)
    scale = 128 / (1.5 * 80)
    np.testing.assert_allclose(transform, [[scale, 0, 63.5 - 30 * scale], [0, scale, 63.5 - 60 * scale]])


@pytest.mark.parametrize("side", [30, 60, 100, 149])  # enlarged, and shrunk by more and less than two
@pytest.mark.parametrize("x, y", [(80, 70), (83.3, 66.6)])
def test_a_dot_is_where_its_point_says(side, x, y):
    box = [80 - side / 2, 70 - side / 2, 80 + side / 2, 70 + side / 2]
    crop, transform = f.crop(dot(x, y), box, size=64, margin=1.5)
    expected = transform[:, :2] @ [x, y] + transform[:, 2]
    np.testing.assert_allclose(centre_of_mass(crop), expected, atol=0.1)


def test_shrinking_averages_over_areas():
    image = np.zeros((256, 256, 3), np.uint8)
    image[:, ::2] = 200  # stripes finer than the crop can show
    crop, _ = f.crop(image, [32, 32, 224, 224], size=32, margin=1.0)
    assert abs(crop.mean() - 100) < 1 and crop.std() < 3


def test_a_crop_that_leaves_the_image_goes_on_with_its_mirror_image():
    image = np.arange(40, dtype=np.uint8)[None, :, None].repeat(40, axis=0).repeat(3, axis=2)
    # pixel x of the crop is pixel x - 10 of the image
    crop, transform = f.crop(image, [-10.5 + 0.5, 0, 30, 40], size=40, margin=1.0)
    np.testing.assert_allclose(transform[:, 2], [9.5, -0.5])
    assert crop[20, :9, 0].tolist() == sorted(crop[20, :9, 0].tolist(), reverse=True)
    assert crop.min() == 0 and not (crop[20, :8, 0] == 0).any()  # no black border


def test_a_plain_cut_is_exact():
    image = np.random.default_rng(0).integers(0, 255, (50, 60, 3), dtype=np.uint8)
    crop, transform = f.crop(image, [15.5, 9.5, 35.5, 29.5], size=20, margin=1.0)
    np.testing.assert_allclose(transform, [[1, 0, -16], [0, 1, -10]])
    assert np.array_equal(crop, image[10:30, 16:36])


# --- normalised points and vectors


@steady
@given(st.integers(1, 1000), st.integers(0, 5))
def test_normalise_then_denormalise_is_the_identity(size, seed):
    points = np.random.default_rng(seed).uniform(-50, 200, (2, 68, 2)).astype(np.float32)
    np.testing.assert_allclose(f.denormalise(f.normalise(points, size), size), points, rtol=1e-6)
    if size == 128:  # a power of two: bit for bit
        assert np.array_equal(f.denormalise(f.normalise(points)), points)


def test_normalised_points_are_crop_pixels_over_size_and_not_clipped():
    points = np.full((1, 68, 2), [64, 256], np.float32)
    assert f.normalise(points).shape == (1, 68, 2)
    assert f.normalise(points)[0, 0].tolist() == [0.5, 2.0]


def test_vectors_are_interleaved_and_come_back():
    points = np.random.default_rng(0).random((3, 68, 2))
    vector = f.to_vector(points)
    assert vector.shape == (3, 136) and vector[1, 2] == points[1, 1, 0] and vector[1, 3] == points[1, 1, 1]
    assert np.array_equal(f.from_vector(vector), points)
    assert f.from_vector(vector[0]).shape == (68, 2)


# --- pictures


def test_grey_is_repeated_and_rgb_passes():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    for image in (grey, grey[..., None]):
        rgb = images.check_image(image)
        assert rgb.shape == (3, 4, 3) and (rgb == grey[..., None]).all()
    colour = np.random.default_rng(0).integers(0, 255, (3, 4, 3), dtype=np.uint8)
    assert np.array_equal(images.check_image(colour), colour)


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_a_written_picture_is_read_in_rgb(tmp_path, ending):
    image = np.zeros((32, 40, 3), np.uint8)
    image[:, :, 0] = 200  # red
    cv2.imwrite(str(tmp_path / f"a.{ending}"), image[:, :, ::-1])
    read = images.read_image(tmp_path / f"a.{ending}")
    assert read.shape == (32, 40, 3) and read.dtype == np.uint8
    np.testing.assert_allclose(read.astype(int), image, atol=3)


def test_exif_turns_a_picture_upright(tmp_path):
    image = np.zeros((20, 30, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    Image.fromarray(image).save(tmp_path / "a.jpg", exif=exif)
    assert images.read_image(tmp_path / "a.jpg").shape == (30, 20, 3)


def test_transparency_is_laid_on_white(tmp_path):
    image = np.zeros((4, 4, 4), np.uint8)
    image[:2, :, 3] = 255
    Image.fromarray(image).save(tmp_path / "a.png")
    assert images.read_image(tmp_path / "a.png")[:, 0, 0].tolist() == [0, 0, 255, 255]
