"""Notebook 06: its checks tell right answers from nearly right ones; what it draws is what it is given."""

import json

import numpy as np
import pytest

from facelm_helpers import plots, protocol
from facelm_helpers.boxes import overlap
from facelm_helpers.checks import convolutional_regression as check

# --- exercise 1: a multi-task loss -------------------------------------------------------------------------


def by_hand(points=True, softmax=True, sign=-1, weights=True, squared=False, total=False, swapped=False):
    """The loss written out, with one thing or another wrong."""
    import tensorflow as tf

    def loss(truth, output, w):
        d = output[:, :136] - truth[:, :136]
        d = d * d if squared else tf.abs(d)
        E = (tf.reduce_sum if total else tf.reduce_mean)(d, axis=-1) if points else 0.0
        z = output[:, 136:141]
        log_p = tf.nn.log_softmax(tf.nn.softmax(z) if not softmax else z)
        pose = tf.gather(log_p, tf.cast(truth[:, 136], tf.int32), batch_dims=1)
        p = tf.sigmoid(output[:, 141])
        mouth = truth[:, 137] * tf.math.log(p) + (1 - truth[:, 137]) * tf.math.log(1 - p)
        a, b = (w[1], w[0]) if swapped else (w[0], w[1])
        return E + sign * ((a * pose + b * mouth) if weights else pose + mouth)

    return loss


@pytest.mark.slow
def test_a_multi_task_loss_right_and_nearly_right():
    import tensorflow as tf

    assert check.multi_task_loss(by_hand())
    for told, wrong in {
        "multiply each by its weight": by_hand(weights=False), "changed places": by_hand(swapped=True),
        "sign": by_hand(sign=1), "softmax out": by_hand(softmax=False), "squared": by_hand(squared=True),
        "added up": by_hand(total=True), "points are missing": by_hand(points=False),
        "return": lambda truth, output, weights: None,
        "one number for all": lambda *given: tf.reduce_mean(by_hand()(*given)),
        "not NumPy's": lambda *given: np.asarray(by_hand()(*given).numpy()),
    }.items():  # fmt: skip
        verdict = check.multi_task_loss(wrong)
        assert verdict.state == "wrong" and told in verdict.message, (told, verdict)
    assert check.multi_task_loss(lambda *given: ...).state == "untried"


# --- exercise 2: when a task has taught all it can ---------------------------------------------------------


def of_the_paper(train, held_out, k=5, weight=1.0, most=1.0):
    """Zhang et al., 2014: trend of the training loss times the generalisation error over it."""
    if len(train) <= k:
        return True
    recent = np.array(train[-k:])
    median = k * np.median(recent)
    trend = median / max(recent.sum() - median, 1e-9)
    return abs(trend) * (held_out[-1] - min(train)) / (weight * min(train)) <= 100 * most


def three_worse_than_the_three_before(train, held_out):
    return len(held_out) < 8 or np.mean(held_out[-4:]) < 1.01 * np.mean(held_out[-8:-4])


@pytest.mark.parametrize("rule", [
    three_worse_than_the_three_before,
    lambda train, held_out: len(held_out) < 6 or min(held_out[-5:]) <= min(held_out),
    lambda train, held_out: held_out[-1] < 1.15 * min(held_out),
])  # fmt: skip
def test_many_rules_stop_a_task_in_time(rule):
    assert check.goes_on(rule).state == "right", check.goes_on(rule)


@pytest.mark.parametrize("rule, told", [
    (lambda train, held_out: True, "then worse"),
    (lambda train, held_out: len(train) < 2 or train[-1] < train[-2], "then worse"),
    (lambda train, held_out: len(held_out) < 2 or held_out[-1] < held_out[-2], "no reason"),
    (lambda train, held_out: False, "no reason"),
    (lambda train, held_out: held_out[-1] < 2.0 * min(held_out), "then worse"),
    (lambda train, held_out: None, "return"),
])  # fmt: skip
def test_a_rule_that_stops_too_soon_or_never_is_told(rule, told):
    verdict = check.goes_on(rule)
    assert verdict.state == "wrong" and told in verdict.message, verdict


# --- exercise 3: non-maximum suppression -------------------------------------------------------------------


def one_by_one(boxes, scores, most):
    kept = []
    for i in sorted(range(len(scores)), key=lambda i: -scores[i]):
        if all(overlap(boxes[k], boxes[i]) <= most for k in kept):
            kept.append(i)
    return kept


def with_a_mask(boxes, scores, most):
    left, kept = np.ones(len(boxes), bool), []
    while left.any():
        best = int(np.where(left, scores, -1).argmax())
        kept.append(best)
        left &= overlap(boxes[best], boxes) <= most
    return np.array(kept)


@pytest.mark.parametrize("answer", [one_by_one, with_a_mask])
def test_every_way_to_suppress_is_accepted(answer):
    assert check.nms(answer)


@pytest.mark.parametrize("wrong, told", [
    (lambda boxes, scores, most: one_by_one(boxes, -scores, most), "least sure"),
    (lambda boxes, scores, most: one_by_one(boxes, scores, most)[::-1], "not last"),
    (lambda boxes, scores, most: sorted(one_by_one(boxes, scores, most)), "another order"),
    (lambda boxes, scores, most: one_by_one(boxes, scores, most)[:1], "Only one"),
    (lambda boxes, scores, most: boxes[one_by_one(boxes, scores, most)], "indices"),
    (lambda boxes, scores, most: np.ones(len(boxes), bool), "yes or no"),
    (lambda boxes, scores, most: one_by_one(boxes, scores, most) or [0], "empty list"),
    (check._by_every_surer, "still suppress"),
    (lambda boxes, scores, most: None, "return"),
])  # fmt: skip
def test_a_wrong_suppression_is_told_what_is_wrong(wrong, told):
    verdict = check.nms(wrong)
    assert verdict.state == "wrong" and told in verdict.message, verdict


# --- over random starts ------------------------------------------------------------------------------------


def runs(*errors):
    return {str(seed): {"nme": {"LFPW": error, "HELEN": error + 0.001}} for seed, error in enumerate(errors)}


def test_a_gain_over_seeds_has_its_interval():
    record = {"tasks": runs(0.050, 0.051, 0.052), "plain": runs(0.053, 0.055, 0.054)}
    found = protocol.over_seeds("tasks", "plain", record)
    assert list(found) == ["LFPW", "HELEN"]
    middle, low, high, single = found["LFPW"]
    half = 2.776 * 0.001 * (2 / 3) ** 0.5  # Student's t with 4 degrees of freedom
    np.testing.assert_allclose([middle, low, high], [-0.003, -0.003 - half, -0.003 + half], atol=1e-6)
    assert len(single) == 9 and single.mean() == pytest.approx(middle)
    assert plots.differences(found, "difference").axes


@pytest.mark.parametrize(
    "record", [{}, {"tasks": runs(0.05, 0.06)}, {"tasks": runs(0.05), "plain": runs(0.06)}]
)
def test_what_was_not_run_twice_has_no_interval(record):
    assert protocol.over_seeds("tasks", "plain", record) == {}


def test_the_record_is_read_if_it_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(protocol, "RESULTS", tmp_path)
    assert protocol.over_seeds("tasks", "plain") == {}
    record = {"tasks": runs(0.05, 0.06), "plain": runs(0.07, 0.08)}
    (tmp_path / "seeds.json").write_text(json.dumps(record), encoding="utf-8")
    assert set(protocol.over_seeds("tasks", "plain")) == {"LFPW", "HELEN"}


# --- pictures ----------------------------------------------------------------------------------------------


def test_views_frame_a_picture_in_the_colour_of_its_square():
    squares = [[[1, 1], [5, 1], [5, 5], [1, 5]]] * 3
    figure = plots.views(np.zeros((9, 9, 3), np.uint8), squares, np.zeros((3, 4, 4, 3)), "abc", columns=2)
    lines, pictures = figure.axes[0].lines, figure.axes[1:]
    assert [ax.get_title() for ax in pictures] == list("abc")
    for line, ax in zip(lines, pictures, strict=True):
        assert line.get_color().lower() == _hex(ax.spines["left"].get_edgecolor())


def _hex(colour):
    from matplotlib.colors import to_hex

    return to_hex(colour)


def test_the_worst_level_is_in_the_picture():
    figure = plots.levels({"inner": {"a": [0.3, 0.06, 0.05]}, "contour": {"a": [0.3, 0.13, 0.08]}})
    assert all(ax.get_ylim()[0] == 0 and ax.get_ylim()[1] > 13 for ax in figure.axes)


def test_panels_of_different_measures_have_their_own_scales_and_one_legend():
    runs = {"NME": {"dcnn": ([1, 2], [5, 4])}, "found": {"P-Net": ([1, 2], [60, 90])}}
    figure = plots.run_curves(runs, ylabel="", sharey=False)
    assert figure.axes[0].get_ylim()[1] < 10 < 60 < figure.axes[1].get_ylim()[1]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["dcnn", "P-Net"]


def test_differences_that_are_not_measured_are_said_so():
    assert plots.differences({}, "difference").axes[0].texts[0].get_text() == "not measured yet"


def test_what_is_mined_is_shaded_from_the_share_on():
    figure = plots.mining({"faces": np.arange(1, 5), "no faces": np.arange(1, 7)}, 0.7)
    assert figure.axes[0].patches[0].get_x() == pytest.approx(7)
    assert sum(len(line.get_xdata()) for line in figure.axes[0].lines) == 10


def test_the_surest_box_is_drawn_last_and_brightest():
    boxes, scores = np.array([[0, 0, 5, 5], [2, 2, 9, 9.0]]), [0.9, 0.2]
    figure = plots.found({"P-Net": (np.zeros((20, 20, 3), np.uint8), boxes, scores)})
    assert figure.axes[0].lines[-1].get_xdata()[0] == -0.5
