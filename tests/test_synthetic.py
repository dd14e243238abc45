"""The default faces: alike for a seed, labelled where they say, and faces in the eyes of a detector."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from facelm_helpers import face3d, sources
from facelm_helpers.boxes import tight_boxes
from facelm_helpers.detectors import detect
from facelm_helpers.geometry import eye_aspect_ratio, mouth_aspect_ratio, similarity, yaw
from facelm_helpers.landmarks import MIRROR
from facelm_helpers.sources import _face_model, synthetic
from facelm_helpers.sources._warp import Warp


@pytest.fixture(scope="module")
def model():
    return synthetic.load_face_model()


@pytest.fixture(scope="module")
def faces():
    return sources.load("synthetic", n=150, seed=5, progress=False)


def test_a_face_depends_on_the_seed_and_not_on_how_many_are_drawn(faces):
    few = sources.load("synthetic", n=70, seed=5, progress=False)
    assert np.array_equal(few.images, faces.images[:70])
    assert np.array_equal(few.points, faces.points[:70])
    other = sources.load("synthetic", n=2, seed=6, progress=False)
    assert not np.array_equal(other.images, faces.images[:2])


# of the images and points of a hundred faces
HASH = "d44d79b933417d6be0715aed5cd494ab1d7f8ec2bcb8e1dc3cda21693eba1272"
PRINT_HASH = """
import hashlib
from facelm_helpers.sources import synthetic
faces = synthetic.sample(100, seed=0)
print(hashlib.sha256(faces.images.tobytes() + faces.points.tobytes()).hexdigest())
"""


@pytest.mark.parametrize(
    "kernels",
    [
        {},
        {"OPENBLAS_CORETYPE": "Nehalem", "NPY_DISABLE_CPU_FEATURES": "X86_V4 X86_V3"},
        {"OPENBLAS_CORETYPE": "Haswell", "NPY_DISABLE_CPU_FEATURES": "X86_V4"},
        {"OPENCV_CPU_DISABLE": "AVX512-SKX,AVX2,FMA3,AVX", "OPENCV_IPP": "disabled", "JSIMD_FORCENONE": "1"},
        {"OPENCV_FOR_THREADS_NUM": "1", "OPENBLAS_NUM_THREADS": "1"},
        {"OPENCV_FOR_THREADS_NUM": "2", "OPENBLAS_NUM_THREADS": "2"},
    ],
    ids=lambda kernels: " ".join(kernels.values()) or "this machine's",
)
def test_the_faces_are_the_same_bytes_with_any_kernels(kernels):
    command = [sys.executable, "-c", PRINT_HASH]
    run = subprocess.run(command, env=os.environ | kernels, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == HASH


def test_the_set_is_what_the_course_expects(faces):
    assert faces.images.shape == (150, 128, 128, 3) and faces.images.dtype == np.uint8
    assert faces.points.shape == (150, 68, 2) and faces.points.dtype == np.float32
    assert np.array_equal(faces.boxes, tight_boxes(faces.points))
    train, test = faces.split_by_person(0.8, seed=0)
    assert not set(train.persons) & set(test.persons)


def test_faces_stand_in_the_picture_with_room_for_the_crop(faces):
    sides = (faces.boxes[:, 2:] - faces.boxes[:, :2]).max(axis=1)
    assert faces.boxes.min() > 0 and faces.boxes.max() < 127
    assert 45 < sides.min() and sides.max() < 105
    assert np.abs((faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2 - 63.5).max() < 25


def test_heads_turn_to_both_sides_up_to_profile(faces):
    turned = yaw(faces.points)
    low, high = np.quantile(turned, [0.05, 0.95])
    assert low < -0.5 and high > 0.5 and (np.abs(turned) < 0.2).mean() > 0.2
    for least, most in synthetic.POSES.values():
        drawn = np.abs(yaw(synthetic.sample(40, seed=1, yaw=(least, most)).points))
        assert least - 0.25 < np.median(drawn) < most + 0.25


def test_no_black_corners_and_no_two_backgrounds_alike(faces):
    images = faces.images.astype(float)
    corners = np.stack([images[:, :6, :6], images[:, :6, -6:]]).mean(axis=(2, 3, 4))
    assert (corners > 4).mean() > 0.93 and 60 < np.median(corners) < 190
    assert np.std(corners) > 30


def test_the_warp_puts_each_landmark_where_the_label_says(model):
    """Search the map for the place whose source is the landmark of the mean shape."""
    chosen = np.flatnonzero(np.abs(yaw(model.shape(model.rows_shape))) < 0.5)[::40]
    shapes = _face_model.open_lids_and_lips(model.shape(model.rows_shape[chosen]))
    canvas_to_picture = np.array([[0.9, 0.1, -8.0], [-0.1, 0.9, 5.0]])
    labels = shapes @ canvas_to_picture[:, :2].T + canvas_to_picture[:, 2]
    flows = model.warp.from_canvas(shapes, np.repeat(canvas_to_picture[None], len(shapes), axis=0), 128)
    steps = np.arange(-15, 16) / 10
    steps = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    off = []
    for flow, label in zip(flows, labels, strict=True):
        places = (label[:, None] + steps).astype(np.float32)
        source = cv2.remap(flow, places[..., 0], places[..., 1], cv2.INTER_LINEAR)
        apart = np.maximum(np.linalg.norm(source - model.mean_shape[:, None], axis=2), 0.15)
        best = np.argmin(apart + 1e-4 * np.linalg.norm(steps, axis=1), axis=1)
        off.append(np.linalg.norm(steps[best], axis=1))
    # what is left lies where the warp folds: a far mouth corner or jaw point behind a nearer part
    assert np.quantile(off, 0.97) <= 0.3 and np.mean(off) < 0.08


def test_the_warp_back_and_forth_is_the_identity(model):
    shape = model.shape(model.rows_shape[len(model.rows_shape) // 2])
    identity = np.array([[1.0, 0, 0], [0, 1, 0]])
    out = next(model.warp.from_canvas(shape[None], identity[None], model.size))
    back = cv2.remap(out, *cv2.split(model.warp.to_canvas(shape)), cv2.INTER_LINEAR)
    y, x = np.mgrid[: model.size, : model.size]
    error = np.linalg.norm(back - np.stack([x, y], axis=-1), axis=2)
    assert np.quantile(error, 0.98) < 0.5


def test_the_mean_face_is_symmetrical_and_orthonormal(model):
    mirrored = model.mean_shape[MIRROR] * [-1, 1] + [model.size - 1, 0]
    assert np.allclose(mirrored, model.mean_shape, atol=0.01)
    products = model.shape_components @ model.shape_components.T
    assert np.allclose(products, np.eye(len(products)), atol=1e-4)
    assert np.all(np.diff(model.shape_standard_deviations) <= 0)
    assert isinstance(model.warp, Warp)


def test_shape_texture_and_rendering_of_the_model(model):
    assert np.allclose(model.shape(), model.mean_shape)
    moved = model.shape([0, 2.0]) - model.shape()
    assert np.isclose(np.linalg.norm(moved), 2 * model.shape_standard_deviations[1], rtol=1e-3)
    assert model.shape(np.zeros((3, 4))).shape == (3, 68, 2)
    texture = model.texture([1.0, -1.0])
    assert texture.shape == (model.size, model.size, 4)
    picture = model.render(model.mean_shape, texture, background=(255, 0, 0))
    middle = model.size // 2
    assert np.abs(picture[middle, middle].astype(int) - texture[middle, middle, :3]).max() <= 3
    assert model.render(model.mean_shape, texture, size=64).shape == (64, 64, 3)
    with pytest.raises(ValueError, match=r"wanted \(68, 2\)"):
        model.render(np.zeros((5, 2)), texture)
    with pytest.raises(ValueError, match="wanted at most"):
        model.shape(np.zeros(99))


def test_a_face_goes_to_the_mean_shape_and_back(model):
    faces = synthetic.sample(4, seed=8, yaw=(0, 0.2), occlusion=False)
    for image, points, _ in faces:
        canvas, shape = model.unwarp(image, points)
        assert canvas.shape == (model.size, model.size, 3)
        to_picture = similarity(shape, points)
        again = model.render(shape, canvas, size=128, transform=to_picture)
        left, top, right, bottom = np.rint(tight_boxes(points[None])[0]).astype(int)
        gap = np.abs(again.astype(int) - image)[top:bottom, left:right]
        assert gap.mean() < 6  # two interpolations blur the noise


def test_rows_are_blends_in_the_bulk_of_the_model(model):
    """Of provenance the file shows only this much; tools/data/build_face_model.py asserts the rest."""
    assert len(model.rows_shape) == len(model.rows_texture) >= 3000
    assert np.abs(model.rows_texture).max() < 9
    assert np.linalg.norm(model.rows_texture, axis=1).max() < 2.5 * np.sqrt(len(model.texture_components))


def test_dlib_finds_the_near_frontal_ones():
    frontal = sources.load("synthetic", n=60, seed=2, yaw=(0, 0.2), progress=False)
    found = [len(detect(image)) > 0 for image in frontal.images]
    assert np.mean(found) >= 0.9


@pytest.mark.parametrize("expression", synthetic.EXPRESSIONS)
def test_expressions_are_drawn_when_asked_for(expression):
    points = synthetic.sample(48, seed=4, yaw=(0, 0.4), expression=expression).points
    lips, lids = mouth_aspect_ratio(points), eye_aspect_ratio(points)
    asked = {"neutral": (lips < 0.2) & (lids > 0.2), "open mouth": lips > 0.25, "closed eyes": lids < 0.2}
    assert asked[expression].mean() > 0.8


def test_attributes_say_what_is_in_the_picture(faces):
    names = {"yaw", "open_mouth", "closed_eyes", "spectacles", "occluded"}
    assert set(faces.attributes) == names
    assert np.allclose(faces.attributes["yaw"], yaw(faces.points), atol=1e-6)
    assert 0.04 < faces.attributes["spectacles"].mean() < 0.25
    assert 0.02 < faces.attributes["occluded"].mean() < 0.2
    plain = synthetic.sample(64, seed=5, yaw=(0, 0.2), occlusion=False)
    assert not plain.attributes["spectacles"].any() and plain.attributes["occluded"].mean() < 0.01
    # what is occluded shows nothing of the face: the same face without occluders differs just there
    bare = synthetic.sample(1, seed=5, occlusion=False)
    assert bare.attributes["occluded"].shape == (1, 68)


def test_switches():
    plain = dict(occlusion=False, disturb=False, background=False)
    grey = synthetic.sample(20, seed=0, **plain).images
    corners = grey[:, :3, [0, -1]].reshape(20, -1, 3)
    assert (np.abs(corners.astype(int) - 128).max(axis=2) <= 1).mean() > 0.3
    assert synthetic.sample(1, size=96).images.shape == (1, 96, 96, 3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n": 0}, "n is 0: wanted"),
        ({"n": 2.5}, "n is 2.5: wanted"),
        ({"yaw": (0.5, 0.2)}, r"yaw is \(0.5, 0.2\): wanted"),
        ({"yaw": "frontal"}, "yaw is 'frontal': wanted"),
        ({"expression": "wink"}, "no expression called 'wink': wanted"),
        ({"size": 4}, "size is 4: wanted"),
        ({"colour": 1}, "no option 'colour': there are n, seed"),
    ],
)
def test_bad_options_say_what_is_wanted(options, words):
    with pytest.raises(ValueError, match=words):
        sources.load("synthetic", progress=False, **options)


def test_unknown_source():
    with pytest.raises(ValueError, match="no source is called 'celebs': there are 300w-lp, aflw2000"):
        sources.load("celebs")


def test_the_file_is_small_and_altered_ones_are_refused(tmp_path):
    assert _face_model.FACE_MODEL.stat().st_size <= 6_000_000
    with pytest.raises(FileNotFoundError, match="no face model at"):
        _face_model.read_arrays(tmp_path / "none.npz")
    whole = _face_model.FACE_MODEL.read_bytes()
    torn = tmp_path / "torn.npz"
    torn.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="torn.npz holds no sound face model"):
        _face_model.read_arrays(torn)
    arrays = dict(np.load(_face_model.FACE_MODEL, allow_pickle=False))
    arrays["mean_shape"] = arrays["mean_shape"] + 1
    altered = tmp_path / "altered.npz"
    np.savez(altered, **arrays)
    with pytest.raises(ValueError, match="has been altered"):
        _face_model.read_arrays(altered)
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, mean_shape=np.array([object()], dtype=object))
    del arrays["digest"]
    arrays["triangles"] = arrays["triangles"] + np.uint8(140)
    np.savez(altered, **arrays, digest=_face_model.digest(arrays))
    with pytest.raises(ValueError, match="altered.npz .*triangles"):
        _face_model.read_arrays(altered)
    with pytest.raises(ValueError, match="pickled.npz holds no sound face model"):
        _face_model.read_arrays(pickled)


def test_heads_are_turned_further_by_their_3d_face():
    plain = {"n": 6, "seed": 4, "yaw": (0, 0.2), "occlusion": False, "disturb": False, "progress": False}
    before, after = synthetic.load(**plain), synthetic.load(**plain, turn=(50, 60))
    yaw = [np.abs(face3d.fit(faces.points, "near").degrees[:, 1]) for faces in (before, after)]
    assert (yaw[1] - yaw[0] > 25).all() and (yaw[1] < 85).all()
    hidden = after.attributes["occluded"].sum(axis=1)
    assert (hidden > before.attributes["occluded"].sum(axis=1)).all() and hidden.max() < 45
    same = synthetic.load(**plain, turn=(0, 0))
    np.testing.assert_allclose(same.points[:, 17:], before.points[:, 17:], atol=0.02)
    assert np.abs(same.images.astype(int) - before.images).mean() < 0.5


@pytest.mark.parametrize("turn", [(30, 10), (-5, 10), (0, 100), 30, "far", (0, float("nan"))])
def test_a_turn_that_makes_no_sense_is_refused(turn):
    with pytest.raises(ValueError, match="wanted \\(low, high\\) degrees"):
        synthetic.load(n=1, turn=turn, progress=False)
