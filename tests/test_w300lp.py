"""300W-LP and AFLW2000-3D, in small files of their own format, and in real ones where a machine has them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat
from scipy.sparse import coo_array

from facelm_helpers import sources
from facelm_helpers.landmarks import mirror
from facelm_helpers.sources import aflw2000
from facelm_helpers.sources.w300lp import load, poses

SHAPE = np.random.default_rng(0).uniform(100, 300, (68, 2))


def render(root, subset, name, shift=0.0, flip_file=True):
    """One face of 300W-LP: picture, parameters and landmarks, as the real files have them."""
    for folder in (root / subset, root / "landmarks" / subset):
        folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(root / subset / f"{name}.jpg"), np.full((450, 450, 3), 80, np.uint8))
    pose = np.array([[0.1, 0.2 + shift / 100, 0.3, 1, 2, 3, 4]], np.float32)
    savemat(
        root / subset / f"{name}.mat", {"pt2d": SHAPE.T, "Pose_Para": pose, "roi": np.zeros((1, 4), np.int16)}
    )
    if flip_file:
        points = {"pts_2d": SHAPE + shift, "pts_3d": SHAPE - shift}
        savemat(root / "landmarks" / subset / f"{name}_pts.mat", points)


@pytest.fixture
def folder(tmp_path):
    for k in range(3):
        render(tmp_path, "AFW", f"AFW_134212_1_{k}", shift=10 * k)
    render(tmp_path, "AFW", "AFW_134212_2_0")
    render(tmp_path, "LFPW", "LFPW_image_train_0737_13", shift=200)
    render(tmp_path, "AFW_Flip", "AFW_134212_1_2", flip_file=False)
    return tmp_path


def test_points_of_both_kinds(folder):
    faces = sources.load("300w-lp", folder)
    assert len(faces) == 5 and faces.points.dtype == np.float32
    np.testing.assert_allclose(faces.points[2], SHAPE + 20, rtol=1e-6)
    np.testing.assert_allclose(load(folder, which="pts_3d").points[2], SHAPE - 20, rtol=1e-6)
    np.testing.assert_allclose(load(folder, which="pt2d").points[2], SHAPE, rtol=1e-6)
    assert faces[0][0].shape == (450, 450, 3)


def test_points_outside_the_frame_are_kept(folder):
    points = load(folder, subsets=["LFPW"]).points[0]
    assert points.max() > 450
    np.testing.assert_allclose(points, SHAPE + 200, rtol=1e-6)


def test_a_person_is_a_source_photograph(folder):
    faces = load(folder, flips=True)
    assert len(faces) == 6
    assert sorted(set(faces.persons)) == ["AFW_134212", "LFPW_image_train_0737"]
    assert (faces.persons == "AFW_134212").sum() == 5
    train, test = faces.split_by_person(0.8)
    assert not set(train.persons) & set(test.persons)


def test_a_flip_without_landmarks_of_its_own_is_mirrored(folder):
    straight = load(folder, subsets=["AFW"]).points[2]
    flipped = load(folder, subsets=["AFW"], flips=True).points[-1]
    np.testing.assert_allclose(flipped, mirror(straight, 450), atol=1e-4)
    savemat(folder / "landmarks" / "own.mat", {})
    (folder / "landmarks" / "AFW_Flip").mkdir(exist_ok=True)
    savemat(
        folder / "landmarks" / "AFW_Flip" / "AFW_134212_1_2_pts.mat", {"pts_2d": SHAPE + 1, "pts_3d": SHAPE}
    )
    np.testing.assert_allclose(load(folder, subsets=["AFW"], flips=True).points[-1], SHAPE + 1, rtol=1e-6)


def test_poses_stand_in_the_order_of_the_faces(folder):
    found = poses(folder)
    assert found.shape == (5, 3) and found.dtype == np.float32
    np.testing.assert_allclose(found[:3, 1], [0.2, 0.3, 0.4], rtol=1e-5)
    np.testing.assert_allclose(poses(folder, n=2, seed=3), found[[int(i) for i in _chosen(folder)]])


def _chosen(folder):
    """Which faces n=2, seed=3 takes, told apart by their points."""
    every = load(folder).points
    return [np.abs(every - one).sum((1, 2)).argmin() for one in load(folder, n=2, seed=3).points]


def test_the_folder_above_will_do(folder, tmp_path_factory):
    above = tmp_path_factory.mktemp("above")
    folder.rename(above / "300W_LP")
    assert len(load(above)) == 5


def test_aflw2000(tmp_path):
    for k in (2, 4):
        cv2.imwrite(str(tmp_path / f"image0000{k}.jpg"), np.zeros((450, 450, 3), np.uint8))
        solid = np.vstack([SHAPE.T + k, np.zeros((1, 68))]).astype(np.float32)
        pose = np.zeros((1, 7), np.float32)
        savemat(
            tmp_path / f"image0000{k}.mat", {"pt3d_68": solid, "pt2d": np.zeros((2, 21)), "Pose_Para": pose}
        )
    faces = load(tmp_path)
    np.testing.assert_allclose(faces.points[1], SHAPE + 4, rtol=1e-6)
    assert faces.persons.tolist() == ["image00002", "image00004"]
    assert poses(tmp_path).shape == (2, 3)


def said_by(call, kind=ValueError):
    with pytest.raises(kind) as error:
        call()
    assert "\n" not in str(error.value)
    return str(error.value)


def test_missing_landmarks_are_said(folder, tmp_path_factory):
    (folder / "landmarks" / "AFW" / "AFW_134212_1_0_pts.mat").unlink()
    assert "AFW_134212_1_0_pts.mat" in said_by(lambda: load(folder), FileNotFoundError)
    (folder / "landmarks").rename(tmp_path_factory.mktemp("away") / "landmarks")
    text = said_by(lambda: load(folder), FileNotFoundError)
    assert "landmarks is missing" in text and "pt2d" in text
    assert len(load(folder, which="pt2d")) == 5


@pytest.mark.parametrize(
    ("write", "wanted"),
    [
        (lambda path: savemat(path, {"other": np.zeros(3)}), "no field pts_2d: it holds other"),
        (lambda path: savemat(path, {"pts_2d": np.zeros((67, 2))}), "shape (67, 2)"),
        (lambda path: savemat(path, {"pts_2d": np.full((68, 2), np.nan)}), "NaN"),
        (lambda path: savemat(path, {"pts_2d": "text"}), "of another kind"),
        (lambda path: savemat(path, {"pts_2d": coo_array(np.eye(68))}), "of another kind"),
        (lambda path: savemat(path, {"pts_2d": np.ones((68, 2))}), "no area"),
        (lambda path: savemat(path, {"pts_2d": np.arange(136.0).reshape(68, 2) * 1e39}), "wanted pixels"),
        (lambda path: path.write_bytes(path.read_bytes()[:150]), "damaged or cut off"),
        (lambda path: path.write_bytes(b"not a matlab file" * 20), "not a MATLAB file"),
        (lambda path: path.write_bytes(b""), "not a MATLAB file"),
        (
            lambda path: path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(512)),
            "7.3",
        ),
    ],
)
def test_bad_mat_files_are_refused_by_name(folder, write, wanted):
    path = folder / "landmarks" / "AFW" / "AFW_134212_1_1_pts.mat"
    write(path)
    text = said_by(lambda: load(folder))
    assert path.name in text and wanted in text


def test_bad_arguments(folder, tmp_path_factory):
    assert "pts_3d" in said_by(lambda: load(folder, which="pts_4d"))
    assert "AFW" in said_by(lambda: load(folder, subsets=["XM2VTS"]))
    assert "AFW" in said_by(lambda: load(folder, subsets="AFW"))
    assert "AFLW2000" in said_by(lambda: load(tmp_path_factory.mktemp("empty")))
    assert "course.py data 300w-lp" in said_by(lambda: load(folder / "nowhere"), FileNotFoundError)


def test_real_300w_lp(shared_data):
    folder = shared_data / "raw_samples" / "300w_lp"
    faces = load(folder, which="pt2d")
    assert len(faces) == 1 and faces.persons.tolist() == ["IBUG_image_008"]
    assert faces[0][0].shape == (450, 450, 3)
    assert (faces.points > 0).all() and (faces.points < 450).all()
    np.testing.assert_allclose(poses(folder), [[-0.132, -0.768, 0.056]], atol=1e-3)
    assert "landmarks is missing" in said_by(lambda: load(folder), FileNotFoundError)


def test_aflw2000_gives_points_poses_and_depths(tmp_path):
    for k in range(3):
        cv2.imwrite(str(tmp_path / f"image0000{k}.jpg"), np.full((450, 450, 3), 80, np.uint8))
        solid = np.concatenate([SHAPE.T + k, np.full((1, 68), 5.0 + k)])
        pose = np.array([[0.1 * k, 0.2, 0.3, 1, 2, 3, 4]], np.float32)
        savemat(tmp_path / f"image0000{k}.mat", {"pt3d_68": solid, "Pose_Para": pose})
    faces = sources.load("aflw2000", tmp_path)
    np.testing.assert_allclose(faces.points, np.float32([SHAPE, SHAPE + 1, SHAPE + 2]))
    assert len(set(faces.persons)) == 3 and faces[0][0].shape == (450, 450, 3)
    np.testing.assert_allclose(aflw2000.poses(tmp_path)[:, 0], [0, 0.1, 0.2], rtol=1e-6)
    assert aflw2000.depths(tmp_path)[:, 4].tolist() == [5, 6, 7]
    np.testing.assert_array_equal(load(tmp_path).points, faces.points)  # the older road to them
    chosen = aflw2000.depths(tmp_path, n=1, seed=1)[0, 0] - 5
    np.testing.assert_allclose(
        sources.load("aflw2000", tmp_path, n=1, seed=1).points[0], SHAPE + chosen, rtol=1e-6
    )
    savemat(tmp_path / "image00001.mat", {"pt3d_68": SHAPE.T, "Pose_Para": pose})
    assert "image00001.mat" in said_by(lambda: aflw2000.depths(tmp_path))
    assert "AFLW2000-3D" in said_by(lambda: aflw2000.load(tmp_path / ".." / tmp_path.name / "..", n=1))
    assert "course.py data aflw2000" in said_by(lambda: aflw2000.load(tmp_path / "none"), FileNotFoundError)


def test_all_of_300w_lp_that_is_here_is_read_and_split_by_photograph(shared_data):
    faces = load(shared_data / "300w_lp_afw", subsets=["AFW"], progress=False)
    train, test = faces.split_by_person(0.8, seed=0)
    assert len(faces) > 2000 and len(train) + len(test) == len(faces)
    stems = [{Path(path).stem.rsplit("_", 2)[0] for path in part.images.paths} for part in (train, test)]
    assert not stems[0] & stems[1]


def test_real_aflw2000(shared_data):
    faces = load(shared_data / "raw_samples" / "aflw2000")
    assert len(faces) == 4 and faces[0][0].shape == (450, 450, 3)
    assert (faces.points[:, 36, 0] < faces.points[:, 45, 0]).all()  # outer eye corners, left and right
    assert (faces.points[:, 8, 1] > faces.points[:, 30, 1]).all()  # chin below nose
