"""The boxes that the shipped SENet is trained in lie where dlib's detector sets them."""

import numpy as np
import pytest

from tools.train import shipped_faces

TIGHT = np.float32([[10, 20, 50, 60], [0, 0, 30, 20], [5, 5, 25, 45]])


def test_a_place_says_where_a_box_is():
    moved = TIGHT + np.float32([4, 0, 4, 0])
    centre, side = shipped_faces.square(TIGHT)
    assert side[:, 0].tolist() == [40, 30, 40]
    assert shipped_faces.placed(moved, TIGHT)[:, 0] == pytest.approx(4 / side[:, 0])
    assert shipped_faces.placed(TIGHT, TIGHT) == pytest.approx(0)


def test_boxes_are_drawn_at_known_places_or_stay_tight():
    rng, n = np.random.default_rng(0), 3000
    tight = np.repeat(TIGHT[:1], n, axis=0)
    own = np.tile([0.0, 0.5, 0.0], (n, 1))
    own[: n // 2] = np.nan  # not known
    places = np.array([[0.25, -0.25, np.log(2)]])
    boxes = shipped_faces.like_a_detector(tight, own, places, rng)
    found = shipped_faces.placed(boxes, tight).round(4)
    kinds, counts = np.unique(found, axis=0, return_counts=True)
    wanted = [[-0.25, -0.25, np.log(2)], [0, 0, 0], [0, 0.5, 0], [0.25, -0.25, np.log(2)]]
    assert kinds == pytest.approx(np.array(wanted), abs=1e-3)  # mirrored, tight, its own, as it is
    detected = shipped_faces.DETECTED
    own_share = detected * shipped_faces.OWN / 2
    drawn = (detected - own_share) / 2
    assert counts / n == pytest.approx([drawn, 1 - detected, own_share, drawn], abs=0.04)
