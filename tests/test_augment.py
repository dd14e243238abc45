"""Augmentation: points move with the picture, and the same seed gives the same crops."""

import numpy as np
import pytest
from drawn import centre_of_mass, dot, drawn_faces
from hypothesis import given, settings
from hypothesis import strategies as st

from facelm_helpers import augment
from facelm_helpers.augment import Strength
from facelm_helpers.faces import FaceSet, crop
from facelm_helpers.geometry import apply_transform

steady = settings(deadline=None, derandomize=True, max_examples=30)
picture = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)


def test_no_strength_is_the_plain_crop():
    faces = drawn_faces(4)
    crops, points = augment.random_crops(faces, seed=3, strength=Strength.none())
    plain = faces.crops()
    assert np.array_equal(crops, plain.images)
    np.testing.assert_allclose(points, plain.points, atol=1e-4)


def test_the_same_seed_gives_the_same_crops_and_another_others():
    faces = drawn_faces(5)
    (a, pa), (b, pb), (c, pc) = (augment.random_crops(faces, seed=s) for s in (1, 1, 2))
    assert np.array_equal(a, b) and np.array_equal(pa, pb)
    assert not np.array_equal(a, c) and not np.allclose(pa, pc)


def test_a_face_is_changed_the_same_whatever_its_neighbours():
    faces = drawn_faces(5)
    crops, points = augment.random_crops(faces, seed=1)
    first, first_points = augment.random_crops(faces[:2], seed=1)
    assert np.array_equal(crops[:2], first) and np.array_equal(points[:2], first_points)


@pytest.mark.parametrize("mirror", [0, 1])
@pytest.mark.parametrize("seed", range(6))
def test_a_dot_moves_with_its_point(seed, mirror):
    x, y = 90.0, 70.0
    points = np.random.default_rng(seed).uniform((40, 30), (140, 120), (1, 68, 2))
    points[0, 30] = x, y  # the nose tip keeps its number in the mirror
    faces = FaceSet(dot(x, y)[None], points)
    geometry = dict(shift=0.06, scale=0.08, rotation=12.0, mirror=mirror)
    crops, moved = augment.random_crops(faces, seed, strength=Strength.none(), **geometry)
    assert np.linalg.norm(centre_of_mass(crops[0]) - moved[0, 30]) < 0.3


def test_mirrored_faces_have_left_and_right_exchanged():
    faces = drawn_faces(1)
    _, plain = augment.random_crops(faces, 0, strength=Strength.none())
    crops, mirrored = augment.random_crops(faces, 0, strength=Strength.none(), mirror=1)
    np.testing.assert_allclose(mirrored[0, 36], (127, 0) + plain[0, 45] * (-1, 1), atol=1e-3)
    expected = crop(faces.images[0], faces.boxes[0])[0][:, ::-1].astype(int)
    assert np.abs(crops[0] - expected).max() <= 12 and np.abs(crops[0] - expected).mean() < 0.5


def test_augmenting_ready_crops_moves_them_from_where_they_are():
    ready = drawn_faces(3).crops()
    crops, points = augment.augment_crops(ready.images, ready.points, 0, strength=Strength.none())
    np.testing.assert_allclose(crops.astype(int), ready.images, atol=1)
    np.testing.assert_allclose(points, ready.points, atol=1e-3)


def test_jitter_has_the_strength_it_says():
    rng = np.random.default_rng(0)
    strength = Strength(rotation=0, mirror=0, shift=0.1, scale=0.2)
    box = [0, 0, 80, 80]
    transforms = np.array([augment.random_transform(box, rng, strength=strength)[0] for _ in range(2000)])
    assert np.log(transforms[:, 0, 0]).std() == pytest.approx(0.2, rel=0.1)
    middles = np.array([apply_transform(t, [40.0, 40.0]) for t in transforms]) - 63.5
    shift = (middles / transforms[:, :1, 0]).std() / 80
    assert shift == pytest.approx(0.1, rel=0.1)


@steady
@given(st.floats(-180, 180), st.floats(60, 140), st.floats(50, 100))
def test_rotate_moves_points_with_the_picture(degrees, x, y):
    image, points = augment.rotate(dot(x, y, 200, 150), np.array([[x, y]]), degrees)
    if np.all((points > 10) & (points < (190, 140))):
        assert np.linalg.norm(centre_of_mass(image) - points[0]) < 1
    _, back = augment.rotate(image, points, -degrees)
    np.testing.assert_allclose(back, [[x, y]], atol=1e-3)


def test_mirroring_a_picture_twice_is_the_identity():
    points = np.random.default_rng(1).random((68, 2), dtype=np.float32) * 40
    image, same = augment.mirror(*augment.mirror(picture, points))
    assert np.array_equal(image, picture)
    np.testing.assert_allclose(same, points, atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: augment.light(image, 1.2, 0.9, 0.8, (1.1, 1, 0.9)),
        augment.grey,
        lambda image: augment.blur(image, 1.5),
        lambda image: augment.noise(image, 9, np.random.default_rng(0)),
        lambda image: augment.jpeg(image, 40),
        lambda image: augment.occlude(image, [5, 5, 20, 20], (1, 2, 3)),
        lambda image: augment.photometric(image, np.random.default_rng(0)),
    ],
)
def test_the_pieces_return_a_new_picture_and_keep_the_old(change):
    before = picture.copy()
    changed = change(picture)
    assert changed.shape == picture.shape and changed.dtype == np.uint8
    assert np.array_equal(picture, before) and not np.array_equal(changed, before)


def test_light_by_hand():
    image = np.array([[[0, 51, 255]]], np.uint8)
    assert augment.light(image).tolist() == image.tolist()
    assert augment.light(image, gain=2).tolist() == [[[0, 102, 255]]]
    assert augment.light(image, gamma=2).tolist() == [[[0, 10, 255]]]  # 255 (51 / 255)^2 = 10.2
    assert augment.light(image, contrast=0.5).tolist() == [[[64, 89, 191]]]
    assert augment.light(image, cast=(1, 3, 1)).tolist() == [[[0, 153, 255]]]


def test_noise_and_blur_have_the_strength_they_say():
    flat = np.full((200, 200, 3), 120, np.uint8)
    assert augment.noise(flat, 8, np.random.default_rng(0)).std() == pytest.approx(8, rel=0.05)
    spot = augment.blur(dot(50, 50, 101, 101, sd=3), 4)[50, :, 0].astype(float)
    spread = np.sqrt((spot * (np.arange(101) - 50) ** 2).sum() / spot.sum())
    assert spread == pytest.approx(5, rel=0.06)  # 3 and 4 make 5


def test_an_occluder_reaching_out_is_cut_off():
    occluded = augment.occlude(picture, [-10, -10, 5, 5], (7, 7, 7))
    assert (occluded[:5, :5] == 7).all() and np.array_equal(occluded[5:], picture[5:])


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(rotattion=3), "no strength called 'rotattion'"),
        (dict(mirror=1.5), "mirror is 1.5: wanted a probability"),
        (dict(shift=-1), "shift is -1: wanted 0 or more"),
    ],
)
def test_an_impossible_strength_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        augment.random_crops(drawn_faces(1), 0, **change)


def test_faces_without_points_cannot_be_augmented():
    with pytest.raises(ValueError, match="have no points to augment with"):
        augment.random_crops(FaceSet(picture[None], boxes=[[5, 5, 20, 20]]), 0)
