"""The parts of the real data sets, on made-up folders: nobody stands in two of them."""

import cv2
import numpy as np
import pytest

from tools.data import real_faces


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("real")
    rng = np.random.default_rng(0)
    kinds = {
        "lfpw68/train": [f"image_{i:04}.jpg" for i in range(100)],
        "helen68/train": [f"{min(i, 40):04}_{max(i - 39, 1)}.jpg" for i in range(60)],
        "afw68": [f"{i // 3:03}_{i % 3 + 1}.jpg" for i in range(60)],
        "yt68/train": [f"A_Name_{i}.jpg" for i in range(4)],
        "yt68/val": ["B_Name_1.jpg"],
    }
    for folder, names in kinds.items():
        (root / folder).mkdir(parents=True)
        names = rng.permutation(names)
        arrays = {"names": names, "points": rng.uniform(60, 190, (len(names), 68, 2)).astype(np.float32)}
        if folder.startswith(("afw68", "yt68")):
            arrays["person"] = np.array([name.rpartition("_")[0] for name in names])
        np.savez(root / folder / "landmarks.npz", **arrays)
        for name in names:
            cv2.imwrite(str(root / folder / name), np.full((8, 8, 3), len(name), np.uint8))
    return root


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        ("lfpw68", {"train": 71, "validation": 8, "held-out": 20}),
        ("helen68", {"train": 56, "validation": 4}),
        ("afw68", {"train": 54, "validation": 6}),
        ("yt68", {"train": 4, "val": 1}),
    ],
)
def test_the_parts_share_no_person(root, kind, sizes):
    parts = {part: real_faces.load(f"{kind}/{part}", root) for part in sizes}
    assert {part: len(faces) for part, faces in parts.items()} == sizes
    people = [set(faces.persons) for faces in parts.values()]
    assert sum(len(some) for some in people) == len(set().union(*people))


def test_the_parts_are_drawn_by_name(root):
    held_out = real_faces.load("lfpw68/held-out", root)
    assert sorted(held_out.persons) == [f"image_{i:04}.jpg" for i in range(0, 100, 5)]
    lone = {f"{i:04}" for i in (0, 10, 20, 30)}  # of 0040 there are 20 faces
    assert set(real_faces.load("helen68/validation", root).persons) == lone
    assert set(real_faces.load("afw68/validation", root).persons) == {"000", "010"}
    assert held_out.images[0].shape == (8, 8, 3)
    assert "image_0003.jpg" not in real_faces.load("lfpw68/train", root).persons  # 0052, held out, again


def test_unknown_sets_are_refused(root):
    with pytest.raises(ValueError, match="no real faces called 'lfpw68/test'"):
        real_faces.load("lfpw68/test", root)


def test_the_bias_of_the_youtube_annotations_is_subtracted():
    points = np.zeros((1, 68, 2))
    points[0, 45] = 100, 0
    moved = real_faces.unbiased(points) - points
    assert np.allclose(moved[..., 0], -1.8) and not moved[..., 1].any() and not points[0, 0].any()


def test_covered_points_of_merl_rav_are_where_they_are_and_hidden_ones_nowhere(tmp_path):
    (tmp_path / "shapes").mkdir()
    points = np.full((1, 68, 2), 50, np.float32)
    points[0, 3], points[0, 4], points[0, 5] = (-30, -40), (-1, -1), (-0.5, 7)  # covered, hidden, outside
    np.savez(tmp_path / "shapes" / "shapes_merl_rav.npz", points=points, names=np.array(["left/a_1"]))
    names, found, covered = real_faces.shapes("merl_rav", tmp_path)
    assert names.tolist() == ["left/a_1"] and found[0, 3].tolist() == [30, 40]
    assert np.isnan(found[0, 4]).all() and found[0, 5].tolist() == [-0.5, 7]
    assert np.flatnonzero(covered[0]).tolist() == [3] and np.isfinite(found[0, [0, 67]]).all()
    np.savez(tmp_path / "shapes" / "shapes_300w_train.npz", points=abs(points), names=np.array(["b"]))
    assert not real_faces.shapes("300w", tmp_path)[2].any()
    with pytest.raises(ValueError, match="wanted 300w or merl_rav"):
        real_faces.shapes("afw", tmp_path)


def test_the_real_shapes_of_merl_rav(shared_data):
    points, covered = real_faces.shapes("merl_rav", shared_data)[1:]
    assert 0.1 < covered.mean() < 0.12 and 0.12 < np.isnan(points[..., 0]).mean() < 0.14
