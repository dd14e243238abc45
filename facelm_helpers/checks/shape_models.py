"""Checks of the exercises in notebook 02."""

import numpy as np

from facelm_helpers.checks._verdict import UNTRIED, Verdict, array, function, kindly, untried


@kindly
def turn_and_scale(answer):
    """Exercise 1: the complex number a that best aligns a shape z with m, both centred.

    >>> turn_and_scale(lambda z, m: np.vdot(z, m) / np.vdot(z, z))
    ✔ Right. |a| is the scale and arg(a) the rotation: least squares in one division.
    >>> turn_and_scale(lambda z, m: np.vdot(m, z) / np.vdot(z, z))
    ✘ Not yet. That rotates the wrong way: np.vdot(z, m) conjugates its first argument.
    """
    rng = np.random.default_rng(0)
    inputs = [tuple(rng.normal(size=(2, n)) + 1j * rng.normal(size=(2, n))) for n in (5, 68)]
    inputs = [(z - z.mean(), m - m.mean()) for z, m in inputs]
    for z, m in inputs:
        a = answer(z, m)
        if untried(a):
            return UNTRIED
        if np.ndim(a) != 0:
            return Verdict("wrong", f"One complex number is wanted; got an array of shape {np.shape(a)}.")
        expected = np.vdot(z, m) / np.vdot(z, z)
        if np.isclose(a, np.conj(expected)):
            return Verdict(
                "wrong", "That rotates the wrong way: np.vdot(z, m) conjugates its first argument."
            )
        if not np.isclose(a, expected):
            return Verdict("wrong", "Divide np.vdot(z, m) by the sum of |z|^2, which is np.vdot(z, z).")
    return Verdict("right", "|a| is the scale and arg(a) the rotation: least squares in one division.")


@kindly
def clipped(answer):
    """Exercise 2: parameters b clipped to three standard deviations.

    >>> clipped(lambda b, variances: np.clip(b, -3 * np.sqrt(variances), 3 * np.sqrt(variances)))
    ✔ Right. Whatever the search finds, the result is a plausible face.
    >>> clipped(lambda b, variances: np.clip(b, -3 * variances, 3 * variances))
    ✘ Not yet. The variance is the square of the standard deviation: take its square root.
    """
    rng = np.random.default_rng(0)
    variances = np.array([4.0, 1.0, 0.25])
    inputs = [(8 * rng.normal(size=3), variances), (8 * rng.normal(size=(5, 3)), variances)]
    b, _ = inputs[0]
    first = answer(b.copy(), variances)
    mistaken = np.clip(b, -3 * variances, 3 * variances)
    if not untried(first) and np.shape(first) == (3,) and np.allclose(first, mistaken):
        return Verdict("wrong", "The variance is the square of the standard deviation: take its square root.")

    def reference(b, variances):
        return np.clip(b, -3 * np.sqrt(variances), 3 * np.sqrt(variances))

    hint = "np.clip(b, low, high) with low and high at three times the square root of the variances."
    return function(
        answer, reference, inputs, 1e-9, hint, "Whatever the search finds, the result is a plausible face."
    )


@kindly
def mahalanobis(answer):
    """Exercise 3: how far profiles are from their mean, squared, in units of their own spread.

    >>> mahalanobis(lambda g, mean, precision: (g - mean) @ precision @ (g - mean))
    ✔ Right. Where training profiles vary much, a difference costs little.
    >>> mahalanobis(lambda g, mean, precision: ((g - mean) ** 2).sum())
    ✘ Not yet. That is the squared Euclidean distance: all values have equal weight. Put C^-1 in between.
    """
    rng = np.random.default_rng(0)
    inputs = []
    for n in (4, 9):
        root = rng.normal(size=(n, n))
        inputs.append((rng.normal(size=n), rng.normal(size=n), root @ root.T + np.eye(n)))
    g, mean, precision = inputs[0]
    first = answer(g, mean, precision)
    if untried(first):
        return UNTRIED
    away = g - mean
    if np.ndim(first) == 0 and np.isclose(first, away @ away):
        return Verdict(
            "wrong",
            "That is the squared Euclidean distance: all values have equal weight. Put C^-1 in between.",
        )
    if np.ndim(first) == 0 and np.isclose(first, np.sqrt(away @ precision @ away)):
        return Verdict("wrong", "That is the distance; its square is wanted.")
    for given in inputs:
        away = given[0] - given[1]
        hint = "With away = g - mean it is away @ precision @ away."
        verdict = array(answer(*given), away @ given[2] @ away, 1e-6, hint)
        if not verdict:
            return verdict
    return Verdict("right", "Where training profiles vary much, a difference costs little.")
