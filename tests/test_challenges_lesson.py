"""Notebook 14: what its text says is what was measured, and wrong answers are told why they are wrong."""

import json

import numpy as np
import pytest

from facelm_helpers import paths
from facelm_helpers.checks import challenges as check
from facelm_helpers.geometry import yaw

RECORD = json.loads((paths.RESULTS / "challenges.json").read_text(encoding="utf-8"))
HELPS = [
    ("light_1", "dark"), ("light_3", "dark"), ("light_3", "blurred"), ("rectified", "rolled"),
    ("rectified_thrice", "rolled"), ("in_plane", "rolled"), ("heads", "turned"), ("turned_views", "turned"),
    ("erasing", "occluded"), ("backbone", "clean"), ("backbone", "occluded"), ("mesh_direct", "clean"),
    ("all", "rolled"), ("all", "turned"), ("expression", "clean"),
]  # fmt: skip
HARMS = [
    ("light_3", "clean"), ("light_9", "clean"), ("in_plane", "clean"), ("rectified_thrice", "clean"),
    ("turned_views", "clean"), ("3d_prior", "clean"), ("all", "clean"), ("all", "occluded"),
]  # fmt: skip
NO_DIFFERENCE = [
    ("light_half", "clean"), ("light_1", "clean"), ("erasing", "clean"), ("rectified", "clean"),
    ("expression", "expression"), ("heads", "clean"), ("heads_oracle", "turned"), ("3d_prior", "occluded"),
    ("all", "dark"),
]  # fmt: skip


def interval(name, one):
    return RECORD["remedies"][name]["sets"][one]["change_interval"]


@pytest.mark.parametrize("name, one", HELPS)
def test_what_the_text_says_helps_has_an_interval_below_0(name, one):
    assert interval(name, one)[1] < 0


@pytest.mark.parametrize("name, one", HARMS)
def test_what_the_text_says_costs_has_an_interval_above_0(name, one):
    assert interval(name, one)[0] > 0


@pytest.mark.parametrize("name, one", NO_DIFFERENCE)
def test_what_the_text_says_shows_nothing_has_an_interval_that_holds_0(name, one):
    assert interval(name, one)[0] <= 0 <= interval(name, one)[1]


def test_nine_times_is_worse_than_three_times_everywhere():
    nine, three = (RECORD["remedies"][name]["sets"] for name in ("light_9", "light_3"))
    assert all(nine[one]["nme"] > three[one]["nme"] for one in nine)


def test_every_remedy_has_three_seeds_and_the_same_faces():
    assert {row["seeds"] for row in RECORD["remedies"].values()} == {RECORD["budget"]["seeds"]} == {3}
    for row in RECORD["remedies"].values():
        assert row["sets"].keys() <= RECORD["sets"].keys()


@pytest.mark.parametrize("answer, told", [
    (lambda points: np.digitize(-yaw(points), (-0.2, 0.2)), "changed places"),
    (lambda points: (np.abs(yaw(points)) > 0.2).astype(int), "three classes"),
    (lambda points: np.digitize(yaw(points), (-0.2, 0.2)) + 1, "begin with 0"),
    (lambda points: np.digitize(yaw(points), (-0.2, 0.2)) * 1.0, "whole numbers"),
    (lambda points: np.digitize(yaw(points), (-0.2, 0.2)).tolist(), "whole numbers"),
])  # fmt: skip
def test_wrong_heads_are_told_why(answer, told):
    assert told in check.head_of(answer).message


def erasing(height=0.3, width=0.3, middle=None, low=0, high=256, channels=3):
    """A function that erases a rectangle of given shares of the sides."""

    def erased(image, rng):
        h, w = (max(1, round(side)) for side in (height * image.shape[0], width * image.shape[1]))
        top, left = (rng.integers(0, n - k + 1) for n, k in zip(image.shape, (h, w), strict=False))
        top, left = middle or (top, left)
        image[top : top + h, left : left + w] = rng.integers(low, high, size=(h, w, channels))
        return image

    return erased


@pytest.mark.parametrize("answer, told", [
    (erasing(), "always has the same size"), (erasing(middle=(3, 3)), "always in the same place"),
    (erasing(channels=1), "grey"), (erasing(high=1), "noise"), (erasing(high=400), "0..255"),
    (lambda image, rng: image[:20], "shape"), (lambda image, rng: None, "return"),
])  # fmt: skip
def test_wrong_rectangles_are_told_why(answer, told):
    assert told in check.erased(answer).message


@pytest.mark.parametrize("answer, told", [
    (lambda image, rng: image, "same picture"), (lambda image, rng: image / 2.0, "uint8"),
    (lambda image, rng: np.random.default_rng().integers(0, 255, image.shape, dtype=np.uint8), "generator"),
    (lambda image, rng: rng.integers(0, 255, image.shape, dtype=np.uint8), "Hardly anything"),
])  # fmt: skip
def test_wrong_changes_of_light_are_told_why(answer, told):
    assert told in check.change(answer).message
