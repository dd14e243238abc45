"""An array against the right one: a known mistake is named, any other is told with its size."""

import numpy as np

from facelm_helpers.checks._verdict import Verdict, unanswered, untried


def judged(value, expected, mistakes, tolerance=1e-6, hint=""):
    """A verdict on an array: shape, then known mistakes, then how far it is off.

    Parameters
    ----------
    value : array
        The learner's; None says that a return was forgotten.
    expected : array
    mistakes : dict of message -> array
        What comes out where a step is wrong.
    tolerance : float
        Largest difference that still counts as right: times the largest expected value, or absolute where
        that is below 1.
    hint : str
        Said after a wrong shape or value that no mistake explains.

    Examples
    --------
    >>> judged([1.0, 2.0], np.array([1.0, 4.0]), {"Square them.": np.array([1.0, 2.0])})
    ✘ Not yet. Square them.
    >>> judged([1.0, 3.0], np.array([1.0, 4.0]), {})
    ✘ Not yet. At [1] 4 is expected and yours is 3; the largest difference is 1.
    """
    if untried(value):
        return unanswered(value)
    value = np.asarray(value, dtype=float)
    if value.shape == expected.shape:
        off = np.nan_to_num(np.abs(value - expected), nan=np.inf)
        if off.max() <= tolerance * max(np.abs(expected).max(), 1):
            return Verdict("right")
    for message, wrong in mistakes.items():
        if value.shape == wrong.shape and np.allclose(value, wrong, tolerance, tolerance, equal_nan=True):
            return Verdict("wrong", message)
    if value.shape != expected.shape:
        told = f"The shape should be {expected.shape}; yours is {value.shape}."
        return Verdict("wrong", f"{told} {hint}".strip())
    worst = np.unravel_index(off.argmax(), off.shape)
    at = ", ".join(map(str, worst))
    told = (
        f"At [{at}] {expected[worst]:.4g} is expected and yours is {value[worst]:.4g};"
        f" the largest difference is {off.max():.3g}."
    )
    return Verdict("wrong", f"{told} {hint}".strip())
