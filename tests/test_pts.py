"""`.pts` files and the folders that hold them."""

import os

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facelm_helpers import sources
from facelm_helpers.sources.pts import load, read_pts, write_pts

POINTS = np.random.default_rng(0).uniform(-5, 90, (68, 2)).astype(np.float32)


def picture(path, value=90, size=(100, 80)):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((*size, 3), value, np.uint8))


def test_the_file_counts_from_one(tmp_path):
    rows = "\n".join(f"{k + 1} {2 * k + 1}.5" for k in range(68))
    (tmp_path / "a.pts").write_text(f"version: 1\nn_points:  68\n{{\n{rows}\n}}\n")
    points = read_pts(tmp_path / "a.pts")
    assert points.dtype == np.float32 and points.shape == (68, 2)
    np.testing.assert_array_equal(points, [[k, 2 * k + 0.5] for k in range(68)])


@settings(max_examples=30, deadline=None, derandomize=True)
@given(arrays(np.float32, (68, 2), elements=st.floats(-500, 5000, width=32)))
def test_round_trip(tmp_path_factory, points):
    path = tmp_path_factory.mktemp("pts") / "face.pts"
    write_pts(path, points)
    np.testing.assert_allclose(read_pts(path), points, rtol=0, atol=1e-6)
    assert [p.name for p in path.parent.iterdir()] == ["face.pts"]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    write_pts(tmp_path / "a.pts", POINTS)
    with pytest.raises(ValueError, match="NaN"):
        write_pts(tmp_path / "a.pts", np.full((68, 2), np.nan))
    with pytest.raises(ValueError, match=r"\(3,\)"):
        write_pts(tmp_path / "a.pts", [1, 2, 3])
    np.testing.assert_allclose(read_pts(tmp_path / "a.pts"), POINTS, atol=1e-6)
    assert len(list(tmp_path.iterdir())) == 1


def good(n=68, version="version: 1", count=None):
    return f"{version}\nn_points: {n if count is None else count}\n{{\n" + "1.5 2\n" * n + "}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (good(67), "n_points: 67; wanted 68"),
        (good(67, count=68), "67 points; wanted 68"),
        (good(version="file: 1"), "version: 1"),
        ("", "an empty file"),
        (good().replace("{\n", ""), "cut off or damaged"),
        (good()[:200], "cut off or damaged"),
        (good().replace("n_points: 68\n", ""), "n_points: nothing"),
        (good().replace("1.5 2", "1.5 two", 1), "point 1: got '1.5 two'"),
        (good().replace("1.5 2", "1.5 2 3", 1), "point 1: got '1.5 2 3'"),
        (good().replace("1.5 2", "nan 2", 1), "NaN"),
    ],
)
def test_bad_files_are_refused_by_name(tmp_path, text, said):
    (tmp_path / "bad.pts").write_text(text)
    with pytest.raises(ValueError, match="bad.pts") as error:
        read_pts(tmp_path / "bad.pts")
    assert said in str(error.value) and "\n" not in str(error.value)


def test_not_text_and_not_there(tmp_path):
    (tmp_path / "a.pts").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(ValueError, match="a.pts is not UTF-8"):
        read_pts(tmp_path / "a.pts")
    with pytest.raises(FileNotFoundError, match="no file at .*b.pts"):
        read_pts(tmp_path / "b.pts")


@pytest.mark.parametrize("text", [good(), good().replace("1.5 2", "0 0"), good().replace("1.5 2", "1_5 2")])
def test_points_that_are_no_face_are_refused_by_name(tmp_path, text):
    picture(tmp_path / "bad.png")
    (tmp_path / "bad.pts").write_text(text)
    with pytest.raises(ValueError, match="bad.pts"):
        load(tmp_path)


def test_folders_and_pipes_in_the_place_of_files(tmp_path):
    picture(tmp_path / "a.png")
    write_pts(tmp_path / "a.pts", POINTS)
    (tmp_path / "folder.pts").mkdir()
    assert len(load(tmp_path)) == 1
    with pytest.raises(ValueError, match="is a folder"):
        read_pts(tmp_path / "folder.pts")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.pts")
        with pytest.raises(ValueError, match="pipe.pts is no ordinary file"):
            load(tmp_path)


def test_folder_is_searched_with_subfolders_and_split_by_photograph(tmp_path):
    for name in (
        "LFPW/trainset/image_0001.png",
        "AFW/134212_1.jpg",
        "AFW/134212_2.jpg",
        "IBUG/image_003_1.jpg",
    ):
        picture(tmp_path / name)
        write_pts((tmp_path / name).with_suffix(".pts"), POINTS)
    faces = sources.load("pts", tmp_path)
    assert len(faces) == 4 and len(set(faces.persons)) == 3
    assert sorted(set(faces.persons)) == ["AFW/134212", "IBUG/image_003", "LFPW/trainset/image_0001"]
    np.testing.assert_allclose(faces.points[0], POINTS, atol=1e-6)
    image, points, box = faces[0]
    assert image.shape == (100, 80, 3) and image.dtype == np.uint8
    assert box.shape == (4,)
    train, test = faces.split_by_person(0.6, seed=1)
    assert not set(train.persons) & set(test.persons)


def test_pictures_are_read_only_when_asked_for(tmp_path):
    picture(tmp_path / "a.png", 10)
    picture(tmp_path / "b.png", 20)
    for name in "ab":
        write_pts(tmp_path / f"{name}.pts", POINTS)
    faces = load(tmp_path)
    (tmp_path / "a.png").unlink()
    assert faces[1][0].max() == 20
    with pytest.raises(FileNotFoundError, match="a.png"):
        faces[0]


def test_a_picture_cut_off_is_said_when_it_is_read(tmp_path):
    picture(tmp_path / "a.jpg", 50, (300, 300))
    whole = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(whole[: len(whole) // 2])
    write_pts(tmp_path / "a.pts", POINTS)
    with pytest.raises(ValueError, match="a.jpg"):
        load(tmp_path)[0]


def test_n_draws_the_same_faces_for_the_same_seed(tmp_path):
    for k in range(9):
        picture(tmp_path / f"{k}.png")
        write_pts(tmp_path / f"{k}.pts", POINTS)
    one, same, other = (load(tmp_path, n=4, seed=seed).persons.tolist() for seed in (0, 0, 1))
    assert one == same != other and len(one) == 4 and one == sorted(one)
    assert len(load(tmp_path, n=100)) == 9
    with pytest.raises(ValueError, match="n is 0"):
        load(tmp_path, n=0)


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="course.py data pts"):
        load(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="no .pts"):
        load(tmp_path)
    write_pts(tmp_path / "lonely.pts", POINTS)
    with pytest.raises(FileNotFoundError, match="lonely.pts has no photograph"):
        load(tmp_path)


def test_real_files(shared_data):
    faces = load(shared_data / "raw_samples" / "300w_pts")
    assert len(faces) == 12 == len(set(faces.persons))
    for image, points, _ in faces:
        height, width = image.shape[:2]
        assert (points > -10).all() and (points < [width + 10, height + 10]).all()
        left_eye, right_eye, chin = points[36:42].mean(0), points[42:48].mean(0), points[8]
        assert left_eye[0] < right_eye[0] and chin[1] > left_eye[1]
