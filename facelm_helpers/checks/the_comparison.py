"""Checks of the exercises in notebook 11, and the course's own answers, used until a check passes."""

import numpy as np

from facelm_helpers import metrics, protocol
from facelm_helpers.checks._ready import by_name
from facelm_helpers.checks._verdict import Verdict, kindly, unanswered, untried

DRAWS = 4000


def _array(value, shape, what):
    """The verdict on a value that is no array of this shape, or None."""
    if untried(value):
        return unanswered(value)
    if np.shape(value) != shape:
        return Verdict("wrong", f"{what}: wanted the shape {shape}, yours is {np.shape(value)}.")
    return None


def _gaps(a, b, rng, draws=10_000):
    picks = rng.integers(len(a), size=(draws, len(a)))
    return (b - a)[picks].mean(axis=1)


@kindly
def gaps(answer):
    """Exercise 1: many draws of mean(b) - mean(a), the same faces for both.

    >>> gaps(_gaps)
    ✔ Right. What is hard for both cancels in every draw.
    >>> gaps(lambda a, b, rng, draws: _gaps(b, a, rng, draws))
    ✘ Not yet. The sign: b less a is wanted.
    """
    hard = np.random.default_rng(0).gamma(4, 0.01, 90)
    noise = np.random.default_rng(1).normal(0, 0.002, (2, 90))
    a, b = hard + 0.01 + noise[0], hard + 0.0105 + noise[1]
    one, two, other = (answer(a, b, np.random.default_rng(seed), DRAWS) for seed in (5, 5, 6))
    if (wrong := _array(one, (DRAWS,), "One number a draw")) is not None:
        return wrong
    one, right = np.asarray(one, float), (b - a).mean()
    if not np.array_equal(one, two):
        return Verdict("wrong", "With the same rng it should give the same draws: take them from rng.")
    mean, spread, expected = one.mean(), one.std(), (b - a).std() / len(a) ** 0.5
    if abs(mean + right) < 0.1 * right:
        return Verdict("wrong", "The sign: b less a is wanted.")
    if abs(mean - len(a) * right) < 0.1 * len(a) * right:
        return Verdict("wrong", "These are differences of sums: take the mean over the faces.")
    if spread < 0.05 * expected:
        return Verdict("wrong", "Every draw gives the same: draw the faces with replacement, N of N.")
    if np.all(one >= 0):
        return Verdict("wrong", "Keep the sign: in some draws the mean of b is the smaller one.")
    if abs(spread - np.hypot(a.std(), b.std()) / len(a) ** 0.5) < 0.1 * spread:
        told = f"Their spread is {spread / expected:.0f} times too large: a and b got different faces."
        return Verdict("wrong", f"{told} Draw once, and take both errors of each face drawn.")
    if abs(mean - right) > 0.05 * right or abs(spread / expected - 1) > 0.1:
        told = (
            f"Mean {mean:.3g} and spread {spread:.3g} of your draws; expected {right:.3g} and {expected:.3g}."
        )
        return Verdict("wrong", f"{told} Each draw takes N of the N faces, with replacement.")
    if np.array_equal(one, other):
        return Verdict("wrong", "Another rng gives the same draws: take them from the rng that is given.")
    return Verdict("right", "What is hard for both cancels in every draw.")


def _holm(p, alpha=0.05):
    order, rejected = np.argsort(p), np.zeros(len(p), bool)
    for k, i in enumerate(order):
        if p[i] > alpha / (len(p) - k):
            break
        rejected[i] = True
    return rejected


def _step_up(limits):
    """A procedure that looks for the largest p below its limit, and takes all smaller ones."""

    def rejected(p, alpha):
        order = np.argsort(p)
        below = np.flatnonzero(p[order] <= alpha * limits(len(p)))
        return np.isin(np.arange(len(p)), order[: below.max() + 1 if len(below) else 0])

    return rejected


def _without_stop(p, alpha):
    return p <= alpha / (len(p) - np.argsort(np.argsort(p)))


@kindly
def holm(answer):
    """Exercise 2: which of many hypotheses are rejected, from their p-values and alpha.

    >>> holm(_holm)
    ✔ Right. Of all these claims together, one or more is false with a chance of at most alpha.
    >>> holm(lambda p, alpha: p <= alpha / len(p))
    ✘ Not yet. That is Bonferroni's limit for all; Holm's grows to alpha / (m - k) after k rejections.
    """
    mistakes = {
        "That is every test at alpha by itself: nothing is corrected.": lambda p, alpha: p <= alpha,
        "That is Bonferroni's limit for all; Holm's grows to alpha / (m - k) after k rejections.": (
            lambda p, alpha: p <= alpha / len(p)
        ),
        "Stop at the first p-value that is above its limit: no later one is rejected.": _without_stop,
        "These are the answers in the order of the sorted p-values: put each back to its place.": (
            lambda p, alpha: _holm(np.sort(p), alpha)
        ),
        "That is Benjamini and Hochberg's procedure, which bounds another rate.": _step_up(
            lambda m: np.arange(1, m + 1) / m
        ),
        "Start at the smallest p-value; from the largest it is Hochberg's procedure.": _step_up(
            lambda m: 1 / (m - np.arange(m))
        ),
        "The limit falls: after k rejections m - k hypotheses are left, so alpha / (m - k).": (
            lambda p, alpha: p <= alpha / (1 + np.argsort(np.argsort(p)))
        ),
        "True means rejected: the two methods differ.": lambda p, alpha: ~_holm(p, alpha),
    }
    cases = [
        ([0.2, 0.001, 0.015, 0.02, 0.9], 0.05), ([0.03, 0.04, 0.045], 0.05), ([0.5, 0.045, 0.6], 0.05),
        ([0.012, 0.04, 0.024, 0.011], 0.05), ([0.02, 0.001, 0.026, 0.0249], 0.05),
        ([0.001, 0.004, 0.3, 0.0051], 0.01),
    ]  # fmt: skip
    inputs = [(np.array(p), alpha) for p, alpha in cases]
    found = []
    for p, alpha in inputs:
        value = answer(p, alpha)
        if (wrong := _array(value, p.shape, "One answer a p-value")) is not None:
            return wrong
        if not np.isin(value, (0, 1)).all():
            return Verdict("wrong", "One True or False a p-value is wanted, in the order of p.")
        found.append(np.asarray(value).astype(bool))
    expected = [_holm(*given) for given in inputs]
    for sentence, mistaken in mistakes.items():
        if all(np.array_equal(value, mistaken(*given)) for value, given in zip(found, inputs, strict=True)):
            return Verdict("wrong", sentence)
    for (p, alpha), value, right in zip(inputs, found, expected, strict=True):
        if not np.array_equal(value, right):
            told = f"Of p = {p.tolist()} at alpha = {alpha} it rejects {p[right].tolist()}"
            return Verdict("wrong", f"{told}; yours rejects {p[value].tolist()}.")
    return Verdict(
        "right", "Of all these claims together, one or more is false with a chance of at most alpha."
    )


def _corrected(x, truth, x_other, truth_other):
    return protocol.corrected_nme(x, truth, protocol.offsets(x_other, truth_other), norm="box")


def _moved(x, truth, offset):
    return x - offset * metrics.normaliser(truth, "box")[:, None, None]


def _faces(n, bias, rng):
    """Upright faces of several sizes, and predictions with a bias and noise in shares of the box."""
    shape = np.zeros((68, 2))
    shape[:] = rng.uniform(-0.5, 0.5, (68, 2))
    shape[[36, 45, 8, 19]] = (-0.3, -0.2), (0.3, -0.2), (0, 0.5), (-0.2, -0.5)
    truth = 80 * rng.uniform(0.5, 2, (n, 1, 1)) * shape + 100
    d = metrics.normaliser(truth, "box")[:, None, None]
    return truth + d * (bias + rng.normal(0, 0.01, (n, 68, 2))), truth


@kindly
def corrected(answer):
    """Exercise 3: errors over the box, less the annotation bias measured on other faces.

    >>> corrected(_corrected)
    ✔ Right. Estimated on some faces, removed on others: 4.9 % becomes 1.9 %.
    >>> corrected(lambda x, truth, x_other, truth_other: _corrected(x, truth, x, truth))
    ✘ Not yet. Estimate the bias on the other faces: these are the ones that judge.
    """
    bias = np.random.default_rng(0).normal(0, 0.04, (68, 2))
    x, truth = _faces(40, bias + np.random.default_rng(3).normal(0, 0.01, (68, 2)), np.random.default_rng(1))
    x_other, truth_other = _faces(60, bias, np.random.default_rng(2))
    x_other[:6] += 90.0  # a tenth are failures
    given = x, truth, x_other, truth_other
    value = answer(*given)
    if (wrong := _array(value, (40,), "One error a face")) is not None:
        return wrong
    value, right, plain = np.asarray(value, float), _corrected(*given), metrics.nme(x, truth, "box")
    share = (x_other - truth_other) / metrics.normaliser(truth_other, "box")[:, None, None]
    median = np.median(share, axis=0)
    mistakes = {
        "Nothing is removed: these are the plain errors.": plain,
        "Estimate the bias on the other faces: these are the ones that judge.": _corrected(
            x, truth, x, truth
        ),
        "A tenth of the other faces are failures, which pull the mean: take a median, or leave the extremes"
        " out.": metrics.nme(_moved(x, truth, share.mean(axis=0)), truth, "box"),
        "The bias is added: subtract it.": metrics.nme(_moved(x, truth, -median), truth, "box"),
        "One offset for all points is too little: each landmark has its own.": metrics.nme(
            _moved(x, truth, np.median(share, axis=(0, 1))), truth, "box"
        ),
        "That is over the inter-ocular distance: norm='box'.": protocol.corrected_nme(
            x, truth, protocol.offsets(x_other, truth_other)
        ),
        "The offset is a share of the box: multiply it by the box of the face it is subtracted from.": (
            metrics.nme(x - median, truth, "box")
        ),
        "These offsets are in pixels: measure them in shares of the box, for faces differ in size.": (
            metrics.nme(x - np.median(x_other - truth_other, axis=0), truth, "box")
        ),
        "That is in percent: the course stores errors as fractions.": 100 * right,
    }
    for sentence, wrong in mistakes.items():
        if np.allclose(value, wrong, rtol=0.01):
            return Verdict("wrong", sentence)
    if np.median(np.abs(value / right - 1)) > 0.12:
        told = f"The mean error should fall from {plain.mean():.1%} to about {right.mean():.1%}"
        told = f"{told}; yours is {value.mean():.1%}.".replace("%", " %")
        return Verdict("wrong", f"{told} Subtract each landmark's typical offset, in shares of the box.")
    told = f"Estimated on some faces, removed on others: {plain.mean():.1%} becomes {value.mean():.1%}."
    return Verdict("right", told.replace("%", " %"))


ready = by_name({gaps: _gaps, holm: _holm, corrected: _corrected})
