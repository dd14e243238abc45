"""The faces that the shipped network learns from: as they are packed, placed, taught and left out."""

import numpy as np
import pytest
from packed import made_up

from tools.measure import ablation
from tools.train import faces as training_faces

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


def test_the_rule_sets_every_box_at_one_place():
    sets = {"lfpw68/train": made_up()}
    for places in ablation.by_rule(sets)["lfpw68/train"].places().values():
        assert places == pytest.approx(np.tile(ablation.RULE, (6, 1)), abs=1e-3)
    assert np.isnan(sets["lfpw68/train"].found["blazeface"][0]).all()  # what was given stays as it was


def test_a_variant_leaves_sets_out():
    sets = dict.fromkeys(("lfpw68/train", "turned", "default"))
    assert list(ablation.VARIANTS["no turned views"][0](sets)) == ["lfpw68/train", "default"]
