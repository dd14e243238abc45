"""Notebook 08: its checks tell right answers from nearly right ones; its view is redrawn at once."""

import json
import time

import numpy as np
import pytest

from facelm_helpers import face3d, paths, plots, widgets
from facelm_helpers.checks import three_dimensions as check

# --- exercise 1: the pose of a known shape -----------------------------------------------------------------


def by_solving(S, x, centre=True, third=np.cross, scale=np.mean, keep=False, shift=1.0, flip=False):
    S_0, x_0 = (v - centre * v.mean(axis=0) for v in (S, x))
    A = x_0.T @ S_0 @ np.linalg.inv(S_0.T @ S_0)
    U, D, V = np.linalg.svd(A, full_matrices=False)
    R, s = U @ V, scale(D)
    t = x.mean(axis=0) - shift * s * R @ S.mean(axis=0)
    R = np.vstack([R, third(*R)]) * (s if keep else 1)
    return s, R.T if flip else R, t


def by_gauss_newton(S, x):
    s, R, t = by_solving(S, x)
    seen = face3d.fit(x, jaw="solid")
    return s, R, t + 0 * seen.shift[0]


@pytest.mark.parametrize("answer", [by_solving, by_gauss_newton])
def test_a_pose_in_any_way(answer):
    assert check.pose(answer)


@pytest.mark.parametrize("options, step", [
    ({"centre": False}, "Subtract the means"), ({"third": lambda a, b: np.cross(b, a)}, "mirrors"),
    ({"scale": np.sum}, "twice the scale"), ({"keep": True}, "still scaled"), ({"shift": -1.0}, "other one"),
    ({"shift": 0.0}, "mean of x"), ({"flip": True}, "transposed"),
    ({"scale": lambda D: 1 / D.mean()}, "1 / s"), ({"scale": np.max}, "their mean"),
    ({"third": lambda a, b: a}, "no rotation"), ({"scale": lambda D: 1.2 * D.mean()}, "s: At"),
])  # fmt: skip
def test_a_pose_nearly_right(options, step):
    told = check.pose(lambda S, x: by_solving(S, x, **options))
    assert told.state == "wrong" and step in told.message, told


@pytest.mark.parametrize("answer, step", [
    (lambda S, x: by_solving(S, x)[1], "Three things"), (lambda S, x: None, "return"),
    (lambda S, x: (by_solving(S, x)[0], by_solving(S, x)[1][:2], by_solving(S, x)[2]), "append the third"),
])  # fmt: skip
def test_something_else_than_a_pose(answer, step):
    told = check.pose(answer)
    assert told.state == "wrong" and step in told.message, told


# --- exercise 2: the weights of WPDC -----------------------------------------------------------------------


def all_at_once(V, truth, found):
    n, count = truth.shape
    mixed = np.repeat(truth[:, None], count, axis=1)
    index = np.arange(count)
    mixed[:, index, index] = found
    moved = V(mixed.reshape(-1, count)).reshape(n, count, -1) - V(truth).reshape(n, 1, -1)
    w = np.sqrt((moved**2).sum(axis=2))
    return w / w.max(axis=1)[:, None]


def test_weights_in_any_way():
    assert check.wpdc_weights(all_at_once)


def test_every_known_mistake_of_the_weights_is_told_by_its_name():
    given = np.random.default_rng(0).normal(size=(2, 2, 11))
    for message in check._wrong_weights(*given):
        told = check.wpdc_weights(
            lambda V, truth, found, message=message: check._wrong_weights(truth, found)[message]
        )
        assert message in told.message, told


# --- exercise 3: bins and residuals ------------------------------------------------------------------------


def in_a_loop(scores, residuals, first=1, wide=None, none=np.nan):
    K = scores.shape[1] - 1
    u = []
    for score, residual in zip(scores, residuals, strict=True):
        k = int(np.argmax(score))
        u.append((k - first + residual[k]) / (wide or K) if k else none)
    return np.array(u)


def test_an_answer_of_densereg_in_any_way():
    assert check.decode(in_a_loop)


@pytest.mark.parametrize("options, step", [
    ({"first": 0}, "subtract 1"), ({"wide": 1}, "divide by K"), ({"none": -0.1}, "give NaN"),
])  # fmt: skip
def test_an_answer_of_densereg_nearly_right(options, step):
    told = check.decode(lambda scores, residuals: in_a_loop(scores, residuals, **options))
    assert told.state == "wrong" and step in told.message, told


# --- pictures ----------------------------------------------------------------------------------------------


def test_the_two_jaws_are_joined_point_by_point():
    solid, visible = np.full((1, 68, 2), 20.0), np.full((1, 68, 2), 20.0)
    visible[0, 3] = [30, 40]
    figure = plots.contours(np.zeros((1, 64, 64, 3), np.uint8), solid, visible, ["a head"])
    lines = [line.get_xydata().tolist() for line in figure.axes[0].lines]
    assert [[30, 40], [20, 20]] in lines


def test_a_head_before_a_camera_turns_and_comes_nearer():
    views = [plots.head_and_camera(*at) for at in (([0, 0, 0], 4), ([0, 50, 0], 4), ([0, 0, 0], 1.6))]
    assert {view.shape for view in views} == {(640, 1400, 3)}
    assert all((views[0] != other).any() for other in views[1:])
    with pytest.raises(ValueError, match="1.5 or more"):
        plots.head_and_camera([0, 0, 0], 1)


def test_the_view_is_redrawn_within_a_tenth_of_a_second():
    moved = widgets.Sliders(lambda yaw: plots.head_and_camera([0, yaw, 0]), {"yaw": (-90, 90, 0)})
    taken, before = [], moved.picture.value
    for yaw in (-80, -30, 10, 45, 85):
        start = time.process_time()
        moved.sliders[0].value = yaw
        taken.append(time.process_time() - start)
        assert moved.picture.value != before
        before = moved.picture.value
    assert np.median(taken) < 0.1


def test_near_ninety_degrees_of_yaw_pitch_and_roll_are_one():
    assert np.allclose(face3d.rotation([20, 90, 0]), face3d.rotation([0, 90, -20]))
    assert np.allclose(face3d.rotation([20, -90, 0]), face3d.rotation([0, -90, 20]))


def test_turned_photographs_gain_on_profiles_and_cost_ahead():
    found = json.loads((paths.RESULTS / "turning.json").read_text(encoding="utf-8"))["inner"]
    assert found["60-90"]["interval"][0] > 0.01 and found["HELEN"]["gain"] < 0 > found["0-30"]["gain"]
