"""What a person may hand in by mistake: each gives one sentence, and leaves nothing half-written."""

from types import SimpleNamespace

import numpy as np
import pytest
from drawn import drawn_faces

from facelm_helpers import methods
from facelm_helpers.boxes import check_boxes, tight_boxes
from facelm_helpers.faces import FaceSet, check_points, crop, crop_transform, from_vector, to_vector
from facelm_helpers.geometry import invert_transform, procrustes, similarity
from facelm_helpers.images import check_image
from facelm_helpers.landmarks import convert, mirror

GREY = np.full((60, 80, 3), 128, np.uint8)
SHIPPED = [name for name in methods.names() if methods.of(name).has_weights()]
CASCADES = [name for name in SHIPPED if methods.of(name).cascade]


def refuses(message, kind=ValueError):
    """Expect exactly one line that matches."""
    return pytest.raises(kind, match=rf"\A(?=[^\n]*\Z).*{message}")


# --- pictures


@pytest.mark.parametrize(
    "image, message",
    [
        (np.zeros((8, 8, 4), np.uint8), r"four channels \(RGBA\?\): wanted RGB uint8"),
        (np.zeros((8, 8, 3)), "is float64: wanted RGB uint8"),
        (np.full((8, 8, 3), np.nan, np.float32), "is float32 and holds NaN"),
        (np.zeros((8, 8, 3), np.uint16), "is uint16"),
        (np.zeros((8, 8), bool), "is bool"),
        (np.zeros((0, 8, 3), np.uint8), r"is empty \(shape \(0, 8, 3\)\)"),
        (np.zeros((2, 8, 8, 3), np.uint8), r"has shape \(2, 8, 8, 3\)"),
        (np.zeros((8, 8, 2), np.uint8), r"has shape \(8, 8, 2\)"),
        (None, r"has shape \(\)"),
        ("face.jpg", "is a path, not a picture"),
    ],
)
def test_bad_images(image, message):
    with refuses(message):
        check_image(image)
    with refuses(message):
        crop(image, [1, 1, 5, 5])
    with refuses(f"image 1 .*{message}"):
        methods.create("mean_shape").fit(drawn_faces(2)).predict([GREY, image], [[1, 1, 9, 9]] * 2)


# --- points and boxes


def test_bad_points():
    for points in (np.zeros((2, 67, 2)), np.zeros((68, 2)), np.zeros((2, 68, 3)), np.zeros((2, 136))):
        with refuses(r"points have shape .*: wanted \(N, 68, 2\)"):
            check_points(points)
    points = np.zeros((3, 68, 2))
    points[1, 5, 0] = np.nan
    with refuses("a point of face 1 is half NaN"):
        check_points(points)
    points[1, 5, 0] = np.inf
    with refuses("points of face 1 hold infinity"):
        FaceSet([GREY] * 3, points)
    points[1, 5] = -1
    with refuses(r"a point of face 1 is \(-1, -1\), a sign for hidden .* wanted NaN"):
        FaceSet([GREY] * 3, points)
    with refuses("wanted numbers"):
        check_points(np.full((1, 68, 2), "a"))
    with refuses(r"points have shape \(3, 68, 2\): wanted \(2, 68, 2\)"):
        FaceSet([GREY] * 2, np.ones((3, 68, 2)))


@pytest.mark.parametrize(
    "box, message",
    [
        ([10, 10, 10, 20], r"box 0 is \[10, 10, 10, 20\] and has no area"),
        ([10, 10, 5, 20], "has no area: wanted left < right and top < bottom"),
        ([10, np.nan, 20, 20], "box 0 holds NaN"),
        ([10, 10, 20], r"boxes have shape \(1, 3\): wanted"),
    ],
)
def test_bad_boxes(box, message):
    for give in (check_boxes, lambda boxes: FaceSet([GREY], boxes=boxes), lambda boxes: crop(GREY, boxes[0])):
        with refuses(message):
            give([box])


@pytest.mark.parametrize("box", [[80, 0, 90, 10], [0, 60, 10, 90], [-20, 0, 0, 20], [5, -9, 10, -1]])
def test_boxes_that_do_not_meet_the_image(box):
    with refuses(r"does not meet its image of 80 x 60 pixels"):
        crop(GREY, box)
    with refuses(r"box 1 \[.*\] does not meet its image of 80 x 60 pixels"):
        methods.create("mean_shape").fit(drawn_faces(2)).predict([GREY, GREY], [[1, 1, 9, 9], box])


def test_a_box_that_reaches_out_is_welcome():
    assert crop(GREY, [-30, -30, 5, 5])[0].shape == (128, 128, 3)


@pytest.mark.parametrize("box", [[0, 0, 1e7, 1e7], [-6e4, -6e4, 6e4, 6e4], [0, 0, 1e20, 1e20]])
@pytest.mark.parametrize("name", ["mean_shape", "sdm", "dlib"])
def test_a_box_far_larger_than_its_image_is_refused_at_once(name, box):
    with refuses("more than 16 times as large as its image of 80 x 60"):
        methods.load(name).predict([GREY], [box])
    with refuses("more than 16 times"):
        crop(GREY, box)


def test_fractions_in_the_place_of_pixels_are_refused():
    for box in ([0.1, 0.1, 0.9, 0.9], [0, 0, 1e-38, 1e-38]):
        with refuses("is less than a pixel of its image .* wanted left, top, right, bottom in pixels"):
            crop(GREY, box)


def test_dlibs_rectangles_are_boxes():
    import dlib

    rectangles = dlib.rectangles([dlib.rectangle(4, 5, 23, 34), dlib.rectangle(1, 2, 10, 20)])
    np.testing.assert_array_equal(check_boxes(rectangles), [[4, 5, 24, 35], [1, 2, 11, 21]])
    detected = SimpleNamespace(rect=rectangles[0], confidence=1.0)  # as dlib's network gives it
    np.testing.assert_array_equal(check_boxes([detected]), [[4, 5, 24, 35]])
    aligner = methods.create("mean_shape").fit(drawn_faces(2))
    given = aligner.predict([GREY], rectangles[:1])
    np.testing.assert_array_equal(given, aligner.predict([GREY], [[4, 5, 24, 35]]))


@pytest.mark.parametrize("name", CASCADES)
def test_no_face_has_no_points_at_any_stage(name):
    aligner = methods.load(name)
    empty = aligner.predict([], [], stages=True)
    one = aligner.predict([GREY], [[20, 10, 60, 50]], stages=True)
    assert empty.shape == (len(one), 0, 68, 2) and aligner.predict([], []).shape == (0, 68, 2)


def test_bad_persons_sizes_and_vectors():
    with refuses(r"persons have shape \(3,\) for 2 images"):
        FaceSet([GREY] * 2, persons=[1, 2, 3])
    with refuses("size is 0"):
        crop_transform([0, 0, 5, 5], size=0)
    with refuses("size is 8.5"):
        crop_transform([0, 0, 5, 5], size=8.5)
    for margin in (0, -1, 1e9, np.nan):
        with refuses("wanted .* a margin of 10 at most"):
            crop_transform([0, 0, 5, 5], margin=margin)
    with refuses(r"vectors have shape \(2, 134\): wanted \(N, 136\)"):
        from_vector(np.zeros((2, 134)))
    with refuses(r"points have shape \(2, 67, 2\)"):
        to_vector(np.zeros((2, 67, 2)))


# --- geometry


def test_bad_shapes():
    one_place = np.ones((68, 2))
    with refuses("no annotation scheme called '70'"):
        convert(one_place, "70")
    with refuses(r"wanted \(..., 68, 2\) or \(..., 98, 2\)"):
        convert(np.zeros((21, 2)), "5")
    with refuses(r"wanted \(..., 68, 2\)"):
        mirror(np.zeros((5, 2)), 100)
    with refuses("single place"):
        similarity(one_place, one_place)
    with refuses("the same K"):
        similarity(np.zeros((5, 2)), np.zeros((68, 2)))
    with refuses("shape 0 is a single place"):
        procrustes(one_place[None])
    with refuses(r"wanted \(N, K, 2\)"):
        procrustes(np.zeros((68, 2)))
    with refuses("has no inverse"):
        invert_transform([[1, 1, 0], [1, 1, 0]])
    with refuses(r"points have shape \(68, 2\): wanted \(N, K, 2\)"):
        tight_boxes(one_place)


# --- methods


def test_what_predict_refuses():
    aligner = methods.create("mean_shape")
    with refuses("mean_shape has learnt nothing yet", RuntimeError):
        aligner.predict([GREY], [[1, 1, 9, 9]])
    with refuses("mean_shape has learnt nothing yet", RuntimeError):
        aligner.save("never.npz")
    aligner.fit(drawn_faces(3))
    with refuses("2 images and 1 boxes: wanted one box an image"):
        aligner.predict([GREY, GREY], [[1, 1, 9, 9]])
    with refuses(r"images is one array of shape \(60, 80, 3\): wanted \(N, H, W, 3\)"):
        aligner.predict(GREY, [[1, 1, 9, 9]])
    with refuses("boxes is None"):
        aligner.predict([GREY], None)
    with refuses("box 1 is .* and has no area"):
        aligner.predict([GREY, GREY], [[1, 1, 9, 9], [5, 5, 5, 9]])
    with refuses("images is a str"):
        aligner.predict("face.jpg", [[1, 1, 9, 9]])


@pytest.mark.parametrize("name", ["mean_shape", "ert"])
def test_what_fit_refuses(name):
    with refuses("got a list to learn from: wanted a FaceSet"):
        methods.create(name).fit([GREY])
    with refuses("faces without points"):
        methods.create(name).fit(FaceSet([GREY], boxes=[[1, 1, 9, 9]]))
    with refuses("no faces to learn from"):
        methods.create(name).fit(drawn_faces(2)[:0])
    faces = drawn_faces(3)
    faces.points[1, 4] = np.nan
    with refuses(r"got 1 faces with hidden points \(NaN\) to learn from, first 1"):
        methods.create(name).fit(faces)


def test_weights_files_that_are_none(tmp_path):
    kind = methods.of("mean_shape")
    with refuses("no weights of mean_shape at", FileNotFoundError):
        kind.load(tmp_path / "nowhere.npz")
    path = kind().fit(drawn_faces(3)).save(tmp_path / "good.npz")
    content = path.read_bytes()
    for name, bad in (("cut", content[: len(content) // 2]), ("text", b"hello"), ("empty", b"")):
        (tmp_path / f"{name}.npz").write_bytes(bad)
        with refuses(f"{name}.npz holds no sound weights of mean_shape"):
            kind.load(tmp_path / f"{name}.npz")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with refuses("other.npz holds no sound weights of mean_shape: array 'format' is missing"):
        kind.load(tmp_path / "other.npz")
    with refuses("holds weights of 'mean_shape': wanted those of 'ert'"):
        methods.of("ert").load(path)
    with np.load(path) as file:
        np.savez(tmp_path / "older.npz", **dict(file) | {"configuration": '{"threads": 2}'})
    with refuses("older.npz was saved by another version of 'mean_shape'"):
        kind.load(tmp_path / "older.npz")


def test_loading_weights_never_unpickles(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (tmp_path.joinpath("exploded").touch, ())

    np.savez(tmp_path / "bomb.npz", mean_=np.array([Bomb()], dtype=object), allow_pickle=True)
    with refuses("bomb.npz holds no sound weights"):
        methods.of("mean_shape").load(tmp_path / "bomb.npz")
    assert not (tmp_path / "exploded").exists()
