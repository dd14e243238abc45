"""The faces that the shipped network learns from: as they are packed, placed, taught and left out."""

import argparse

import cv2
import numpy as np
import pytest
from packed import made_up

from facelm_helpers import paths
from facelm_helpers.landmarks import convert
from tools.measure import ablation
from tools.train import faces as training_faces
from tools.train import pack

TIGHT = np.float32([[10, 20, 50, 60], [0, 0, 30, 20], [5, 5, 25, 45]])


def test_a_place_says_where_a_box_is():
    _, side = training_faces.square(TIGHT)
    assert side.tolist() == [40, 30, 40]
    moved = TIGHT + np.float32([4, 0, 4, 0])
    assert training_faces.placed(moved, TIGHT)[:, 0] == pytest.approx(4 / side)
    assert training_faces.placed(TIGHT, TIGHT) == pytest.approx(0)


def test_rare_poses_are_drawn_oftener_and_what_is_not_kept_never():
    faces = made_up()
    faces.keep[2] = False
    odds = faces.odds()
    assert odds[2] == 0 and odds.sum() == pytest.approx(1)
    everyday = np.repeat(faces.points[:1], 9, axis=0)
    turned = everyday[:1].copy()
    turned[:, 30, 0] += 0.4 * np.ptp(turned[:, :, 0])
    assert set(ablation.poses_as_they_come({"a": faces})["a"].odds()) == {0, 0.2}
    odds = training_faces.pose_odds(np.concatenate([everyday, turned]))
    assert odds[-1] == pytest.approx(3 * odds[0])  # nine times as rare, to the power 1/2


def test_a_teacher_is_averaged_with_annotations_and_stands_alone_where_there_are_none():
    sets = {"yt68/train": made_up(), "mtfl": made_up(known=False)}
    truth = sets["yt68/train"].points
    keep = np.array([True] * 5 + [False])
    labels = {f"{name}/{key}": value for name in sets for key, value in
              {"points": truth + 10, "keep": keep}.items()}  # fmt: skip
    taught = training_faces.taught(sets, labels)
    assert taught["yt68/train"].points == pytest.approx(truth + 6)
    assert taught["mtfl"].points == pytest.approx(truth + 10)
    assert taught["mtfl"].known and not sets["mtfl"].known and not taught["mtfl"].keep[5]
    labels["mtfl/points"] = truth[:4]
    with pytest.raises(ValueError, match="wanted 6"):
        training_faces.taught(sets, labels)


def test_faces_that_were_not_packed_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="tools.train.pack"):
        training_faces.load(tmp_path / "none.npz")


@pytest.fixture
def photographs(tmp_path, monkeypatch):
    """A folder like the authors', with two kinds of faces; the detectors find all but dark ones."""
    drawn = made_up(12, 256)
    for name, kept in (("lfpw68/train", slice(0, 10)), ("helen68/train", slice(10, 12))):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        names = [f"{i:04}.jpg" for i in range(len(drawn.images[kept]))]
        np.savez(folder / "landmarks.npz", names=names, points=drawn.points[kept])
        for file, image in zip(names, drawn.images[kept], strict=True):
            cv2.imwrite(str(folder / file), image[..., ::-1])
    mtfl = tmp_path / "mtfl"
    mtfl.mkdir()
    cv2.imwrite(str(mtfl / "face.jpg"), drawn.images[0][..., ::-1])
    five = convert(drawn.points[0], "5") + 1
    row = " ".join(f"{value:.4f}" for value in five.T.ravel())
    (mtfl / "training.txt").write_text(f"face.jpg {row} 1 1 2 3\nnowhere.jpg {row} 1 1 2 3\n", "utf-8")
    monkeypatch.setattr(pack, "box_on", lambda image, tight, name: tight if image.mean() > 1 else None)
    monkeypatch.setattr(pack, "BOXED", 2)
    return tmp_path, drawn


def test_packed_faces_are_read_back_where_they_were(photographs, tmp_path):
    root, drawn = photographs
    pack.main(tmp_path / "packed.npz", root)
    sets = training_faces.load(tmp_path / "packed.npz", default=3)
    assert {name: len(faces) for name, faces in sets.items()} == {
        "lfpw68/train": 7, "lfpw68/validation": 1, "lfpw68/held-out": 2, "helen68/train": 1,
        "helen68/validation": 1, "mtfl": 1, "default": 3,
    }  # fmt: skip
    held = sets["lfpw68/held-out"]
    scale = training_faces.SIDE / 256
    assert held.points == pytest.approx((drawn.points[[0, 5]] + 0.5) * scale - 0.5, abs=1e-3)
    small = [cv2.resize(image, (192, 192), interpolation=cv2.INTER_AREA) for image in drawn.images[[0, 5]]]
    assert np.abs(held.images.astype(int) - small).mean() < 6
    assert held.places()["dlib"] == pytest.approx(0, abs=0.01)
    assert not sets["mtfl"].known and np.isfinite(sets["mtfl"].five).all()
    five, tight = sets["mtfl"].five[0], sets["mtfl"].tight[0]
    assert (five > tight[:2]).all() and (five < tight[2:]).all()
    assert np.isfinite(sets["default"].found["dlib"][:, 0]).tolist() == [True, True, False]
    assert list(training_faces.load(tmp_path / "packed.npz", 0, ["mtfl"])) == ["mtfl"]


def test_other_default_faces_than_those_packed_are_refused(photographs, tmp_path, monkeypatch):
    pack.main(tmp_path / "packed.npz", tmp_path / "nowhere")
    monkeypatch.setattr(training_faces, "SEED", 91)
    with pytest.raises(ValueError, match="other default faces"):
        training_faces.load(tmp_path / "packed.npz", default=2)


def test_a_face_is_cut_in_the_middle_of_twice_its_box():
    drawn = made_up(1, 256)
    entry = pack.cut(drawn.images[0], drawn.points[0])
    low, high = entry["points"].min(0), entry["points"].max(0)
    assert (low + high) / 2 == pytest.approx(127.5, abs=0.01)
    assert (high - low).max() == pytest.approx(128, abs=0.01)
    assert entry["tight"] == pytest.approx([*low, *high], abs=0.01)


def test_the_rule_sets_every_box_at_one_place():
    sets = {"lfpw68/train": made_up()}
    for places in ablation.by_rule(sets)["lfpw68/train"].places().values():
        assert places == pytest.approx(np.tile(ablation.RULE, (6, 1)), abs=1e-3)
    assert np.isnan(sets["lfpw68/train"].found["blazeface"][0]).all()  # what was given stays as it was


def test_a_variant_leaves_sets_out():
    sets = dict.fromkeys(("lfpw68/train", "turned", "default"))
    assert list(ablation.VARIANTS["no turned views"][0](sets)) == ["lfpw68/train", "default"]


def test_the_ablation_keeps_the_mean_of_a_variants_seeds_and_nothing_of_another_training():
    def noted(record, name, nme, seed, **others):
        options = argparse.Namespace(seed=seed, hours=None, crops=9, batch=4, start=None)
        vars(options).update(others)
        return ablation.noted(record, name, {"yt68/val": {"plain": nme}}, options)

    record = noted({"rows": [{"variant": "all steps", "yt68/val": {}}]}, "no teacher", 0.05, 1)
    record = noted(noted(record, "all steps", 0.03, 1), "no teacher", 0.07, 2)
    assert [row["variant"] for row in record["rows"]] == ["all steps", "no teacher"]
    assert record["rows"][1]["yt68/val"]["plain"] == pytest.approx(0.06)
    assert list(record["rows"][1]["runs"]) == ["1", "2"]
    longer = noted(record, "no teacher", 0.04, 1, crops=10)
    assert [row["yt68/val"]["plain"] for row in longer["rows"]] == [0.04]
    begun = noted(record, "no teacher", 0.04, 1, start=paths.WEIGHTS / "senet.npz")
    assert len(begun["rows"]) == 1 and "default faces" in begun["start"] != record["start"]
