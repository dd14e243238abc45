"""Checks of the exercises in notebook 04."""

import numpy as np

from facelm_helpers.checks._verdict import Verdict, array, function, kindly


@kindly
def course_box(answer, rectangle):
    """Exercise 1: dlib's rectangle as a box with exclusive right and bottom.

    >>> import dlib
    >>> course_box([10, 20, 30, 40], dlib.rectangle(10, 20, 30, 40))
    ✘ Not yet. Right and bottom are dlib's last pixels inside: where is the edge behind them?
    """
    inside = np.array([rectangle.left(), rectangle.top(), rectangle.right(), rectangle.bottom()])
    expected = inside + [0, 0, 1, 1]
    if np.shape(answer) == (4,):
        given = np.asarray(answer, np.float64)
        if np.array_equal(given, inside):
            return Verdict(
                "wrong", "Right and bottom are dlib's last pixels inside: where is the edge behind them?"
            )
        if np.array_equal(given, [inside[0], inside[1], rectangle.width(), rectangle.height()]):
            return Verdict("wrong", "These are width and height; the right and the bottom edge are wanted.")
    hint = "Wanted: left, top, right, bottom, in this order. Only the last two differ from dlib's."
    return array(answer, expected, 1e-6, hint, "Now right - left is the width.")


@kindly
def two_leaves(answer):
    """Exercise 2: a function of residuals and answers that gives the two leaves.

    >>> two_leaves(lambda delta, right: np.stack([delta[~right].mean(axis=0), delta[right].mean(axis=0)]))
    ✔ Right. A leaf is a mean shape change: it lowers the squared error of its faces most.
    """
    rng = np.random.default_rng(0)
    inputs = [(rng.normal(size=(n, 68, 2)), np.arange(n) % 3 == 0) for n in (12, 30)]
    delta, right = inputs[0]
    first = answer(*inputs[0])
    if isinstance(first, np.ndarray) and first.shape == (2, 68, 2):
        if np.allclose(first, _leaves(delta, right)[::-1]):
            return Verdict("wrong", "The leaf of those who answer no comes first.")
    hint = "delta[~right] are the faces that answer no; take the mean over them, axis 0, and np.stack both."
    praise = "A leaf is a mean shape change: it lowers the squared error of its faces most."
    return function(answer, _leaves, inputs, 1e-6, hint, praise)


def _leaves(delta, right):
    return np.stack([delta[~right].mean(axis=0), delta[right].mean(axis=0)])
