"""How the shipped SENet came about: the ablation changes one thing at a time, the mean of weights is one."""

import numpy as np
import pytest

from facelm_helpers import methods, sources
from tools.measure import ablation, tables
from tools.train import average, shipped_faces


@pytest.fixture
def sets():
    faces = sources.load("synthetic", n=6, seed=3, progress=False)
    odds, places = np.array([0.5, 0.1, 0.1, 0.1, 0.1, 0.1]), np.array([[0.1, 0.2, 0.0]])
    return [
        shipped_faces.Share(share, faces, odds, np.tile([0.3, 0.0, 0.1], (6, 1)), places)
        for share in (0.2, 0.5, 0.3)
    ]


def test_the_rule_sets_every_box_that_is_not_tight_at_one_place(sets):
    changed = ablation.by_rule(sets)
    assert all(np.isnan(one.detected).all() for one in changed)
    rng = np.random.default_rng(0)
    for one in changed:
        boxes = shipped_faces.like_a_detector(one.faces.boxes, one.detected, one.places, rng)
        found = shipped_faces.placed(boxes, one.faces.boxes)
        at_rule = np.abs(found - ablation.RULE).max(axis=1) < 1e-3
        assert (at_rule | (np.abs(found).max(axis=1) < 1e-3)).all()
    assert not np.isnan(sets[0].detected).any()  # what was given stays as it was


def test_poses_as_they_come_draws_every_face_alike(sets):
    assert all((one.odds == 1 / 6).all() for one in ablation.poses_as_they_come(sets))
    assert sets[0].odds[0] == 0.5


def test_photographs_only_leaves_out_the_default_faces_and_fills_the_batch(sets):
    rest = ablation.photographs_only(sets)
    assert [one.share for one in rest] == pytest.approx([0.625, 0.375])
    assert len(sets) == 3 and sets[1].share == 0.5


def test_the_table_of_the_ablation():
    figures = {"plain": 0.0612, "corrected": 0.0551, "plain_ratio": 0.9, "corrected_ratio": 1.02}
    rows = [{"variant": "all steps", "yt68/val": figures, "lfpw68/held-out": figures}]
    lines = tables.table({"senet_ablation": {"rows": rows}}, "ablation").splitlines()
    assert lines[-1] == "| all steps | 6.12 % | 0.90 | 5.51 % | 1.02 | 6.12 % | 5.51 % |"
    assert tables.table({}, "ablation") == "*Not measured yet: ablation.*"


def test_the_mean_of_weights():
    one = methods.load("senet")
    other = methods.create("senet", **one.configuration())
    other._restore({key: (2 * value).astype(np.float32) for key, value in one.weights_.items()})
    between = average.mean([(0.5, one), (0.5, other)])
    key = "points/bias"
    assert between.weights_[key] == pytest.approx(1.5 * one.weights_[key].astype(float), rel=1e-3)
    with pytest.raises(ValueError, match="sum to 0.9"):
        average.mean([(0.4, one), (0.5, other)])
