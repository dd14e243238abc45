"""Notebook 11: its functions are right; its checks tell right answers from nearly right ones."""

import numpy as np
import pytest
from scipy import stats
from test_lessons_04_05 import functions_of

from facelm_helpers import metrics, plots, protocol
from facelm_helpers.checks import the_comparison as comparing


@pytest.fixture(scope="module")
def lesson_11():
    return functions_of("11_the_comparison", metrics=metrics, stats=stats)


# --- the paired bootstrap ---


def in_a_loop(a, b, rng, draws):
    found = []
    for _ in range(draws):
        i = rng.choice(len(a), len(a))
        found.append(b[i].mean() - a[i].mean())
    return found


def by_weights(a, b, rng, draws):
    return rng.multinomial(len(a), np.full(len(a), 1 / len(a)), size=draws) @ (b - a) / len(a)


def unpaired(a, b, rng, draws):
    i, j = rng.integers(len(a), size=(2, draws, len(a)))
    return b[j].mean(axis=1) - a[i].mean(axis=1)


def without_replacement(a, b, rng, draws):
    return rng.permuted(np.tile(b - a, (draws, 1)), axis=1).mean(axis=1)


def half_as_many(a, b, rng, draws):
    return (b - a)[rng.integers(len(a), size=(draws, len(a) // 2))].mean(axis=1)


def test_a_paired_bootstrap_right_and_nearly_right(lesson_11):
    for right in (lesson_11["gaps"], in_a_loop, by_weights):
        assert comparing.gaps(right)
    own = np.random.default_rng()
    for words, wrong in {
        "different faces": unpaired,
        "with replacement, N of N": without_replacement,
        "N of the N faces": half_as_many,
        "b less a": lambda a, b, rng, draws: in_a_loop(b, a, rng, draws),
        "Keep the sign": lambda *given: np.abs(in_a_loop(*given)),
        "Another rng": lambda a, b, rng, draws: by_weights(a, b, np.random.default_rng(0), draws),
        "from rng": lambda a, b, rng, draws: by_weights(a, b, own, draws),
        "the shape (4000,)": lambda a, b, rng, draws: (b - a).mean(),
        "returns None": lambda *given: None,
    }.items():
        assert words in comparing.gaps(wrong).message
    assert comparing.gaps(lambda *given: ...).state == "untried"


def test_the_p_value_of_the_lesson_is_small_only_where_draws_leave_zero_behind(lesson_11):
    drawn = np.random.default_rng(0).normal(size=9999)
    assert lesson_11["p_value"](drawn) > 0.9 and lesson_11["p_value"](drawn - 9) == pytest.approx(2e-4)
    assert lesson_11["p_value"](np.zeros(5)) == 1
    expected = 2 * stats.norm.sf(2)
    assert lesson_11["p_value"](drawn + 2) == pytest.approx(expected, rel=0.2)


# --- Holm ---


def by_adjusted_values(p, alpha):
    order, m = np.argsort(p), len(p)
    adjusted = np.empty(m)
    adjusted[order] = np.maximum.accumulate((m - np.arange(m)) * p[order])
    return (adjusted <= alpha).tolist()


def in_place(p, alpha):
    rejected = np.zeros(len(p), int)
    for k in range(len(p)):
        i = np.argmin(p)
        if p[i] > alpha / (len(p) - k):
            break
        rejected[i], p[i] = 1, 2
    return rejected


def test_holm_right_and_nearly_right(lesson_11):
    for right in (lesson_11["holm"], by_adjusted_values, in_place):
        assert comparing.holm(right)
    for words, wrong in {
        "nothing is corrected": lambda p, alpha: p <= alpha,
        "Bonferroni": lambda p, alpha: p <= alpha / len(p),
        "Stop at the first": comparing._without_stop,
        "put each back": lambda p, alpha: comparing._holm(np.sort(p), alpha),
        "Benjamini": lambda p, alpha: stats.false_discovery_control(p) <= alpha,
        "True means rejected": lambda p, alpha: ~comparing._holm(p, alpha),
        "True or False": lambda p, alpha: np.argsort(p),
        "yours rejects": lambda p, alpha: p < 0.002,
        "the shape": lambda p, alpha: p[comparing._holm(p, alpha)],
        "returns None": lambda p, alpha: None,
    }.items():
        assert words in comparing.holm(wrong).message
    assert comparing.ready(lesson_11["holm"])([0.01, 0.9]).tolist() == [True, False]


# --- the annotation bias ---


def shares(x, truth):
    return (x - truth) / metrics.normaliser(truth, "box")[:, None, None]


def less(x, truth, offset):
    return metrics.nme(x - offset * metrics.normaliser(truth, "box")[:, None, None], truth, "box")


def trimmed(x, truth, x_other, truth_other):
    return less(x, truth, stats.trim_mean(shares(x_other, truth_other), 0.15, axis=0))


def in_the_frame_of_the_eyes(x, truth, x_other, truth_other):
    return protocol.corrected_nme(x, truth, protocol.offsets(x_other, truth_other), norm="box")


def of_half(x, truth, x_other, truth_other):
    return less(x, truth, 0.5 * np.median(shares(x_other, truth_other), axis=0))


def test_a_bias_may_be_removed_in_any_robust_way(lesson_11):
    for right in (lesson_11["corrected"], trimmed, in_the_frame_of_the_eyes):
        assert comparing.corrected(right)
    for words, wrong in {
        "ones that judge": lambda x, g, xo, go: in_the_frame_of_the_eyes(x, g, x, g),
        "pull the mean": lambda x, g, xo, go: less(x, g, shares(xo, go).mean(axis=0)),
        "subtract it": lambda x, g, xo, go: less(x, g, -np.median(shares(xo, go), axis=0)),
        "Nothing is removed": lambda x, g, xo, go: metrics.nme(x, g, "box"),
        "in pixels": lambda x, g, xo, go: metrics.nme(x - np.median(xo - go, axis=0), g, "box"),
        "norm='box'": lambda x, g, xo, go: protocol.corrected_nme(x, g, protocol.offsets(xo, go)),
        "percent": lambda *given: 100 * in_the_frame_of_the_eyes(*given),
        "each landmark's": of_half,
        "shares of the box": lambda x, g, xo, go: metrics.nme(
            x - np.median(shares(xo, go), axis=0) * metrics.normaliser(go, "box")[: len(x), None, None],
            g,
            "box",
        ),
        "the shape (40,)": lambda *given: trimmed(*given).mean(),
        "returns None": lambda *given: None,
    }.items():
        assert words in comparing.corrected(wrong).message


# --- what it prints and draws ---


@pytest.mark.parametrize("given, text", [
    ((2.98, 2.88, 3.09), "3.0 [2.9, 3.1]"), ((0.95, 0.94, 0.96), "0.95 [0.94, 0.96]"),
    ((17, 15, 19), "17 [15, 19]"),
])  # fmt: skip
def test_a_value_is_told_to_the_place_that_its_interval_carries(lesson_11, given, text):
    assert lesson_11["told"](*given) == text


def test_a_share_of_failures_has_an_interval_even_where_nobody_failed(lesson_11):
    assert lesson_11["share"](0, 100) == "0 [0, 4]"


def test_a_map_of_errors_says_how_far_its_means_are_certain():
    e = np.random.default_rng(0).normal(0.05, 0.01, 400)
    figure = plots.error_map({"a": {"jaw": e}, "b": {"jaw": 2 * e}})
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["5.0\n±0.1", "9.9\n±0.2"]


def test_until_an_answer_is_right_the_course_uses_its_own():
    for name in ("gaps", "holm", "corrected"):
        right, stub = getattr(comparing, f"_{name}"), lambda *given: ...
        stub.__name__ = right.__name__ = name
        assert comparing.ready(right) is right and comparing.ready(stub) is right
