"""The verdict on a function that returns one number."""

import numpy as np

from facelm_helpers.checks._verdict import Verdict, kindly, unanswered, untried


@kindly
def scalar(answer, reference, inputs, mistakes=None, tolerance=1e-6, hint="", praise=""):
    """Compare a learner's function that returns one number with a reference, on several inputs.

    Parameters
    ----------
    answer, reference : callable
    inputs : sequence of tuples
        Arguments for each call.
    mistakes : dict of sentence -> callable, optional
        Functions that make a known mistake, and what to say of it.
    tolerance : float
        Of the larger of the expected number and 1. A number rounded to two digits or more is right, too.
    hint, praise : str

    Returns
    -------
    Verdict
        A wrong one tells the input, the answer and how far it is off, in percent or, if far, as a multiple.

    Examples
    --------
    >>> scalar(lambda x: 2 * x, lambda x: x + x, [(1,), (2.5,)])
    ✔ Right.
    >>> scalar(lambda x: x + 2, lambda x: x + x, [(1,)])
    ✘ Not yet. Given 1, your function returns 3 where 2 is expected, 50 % too much.
    """
    if not callable(answer):
        return Verdict("wrong", f"A function is wanted; got {type(answer).__name__}.")
    for given in inputs:
        value, expected = answer(*given), float(reference(*given))
        if untried(value):
            return unanswered(value)
        if np.ndim(value) != 0:
            return Verdict(
                "wrong", f"One number is wanted; yours is an array of shape {np.shape(value)}. {hint}"
            )
        value = float(value)
        if abs(value - expected) <= tolerance * max(1, abs(expected)):
            continue
        for sentence, mistaken in (mistakes or {}).items():
            if np.isclose(value, mistaken(*given), rtol=1e-6, atol=0):
                return Verdict("wrong", sentence)
        if any(value == round(expected, digits) for digits in (2, 3, 4, 5)):
            continue
        told = f"Given {', '.join(_short(item) for item in given)}, your function returns {value:.5g} where"
        return Verdict("wrong", f"{told} {expected:.5g} is expected{_off(value, expected)}. {hint}".strip())
    return Verdict("right", praise)


def _off(value, expected):
    """How far off a number is, as the end of a sentence; of other signs, or where 0 is expected, nothing."""
    ratio = value / expected if expected else 0
    if not (0 < ratio < np.inf):
        return ""
    if np.isclose(ratio, 100):
        return ", 100 times as much: a percentage in place of a fraction?"
    if ratio >= 2:
        return f", {ratio:,.{0 if ratio >= 10 else 1}f} times as much"
    return f", {100 * abs(ratio - 1):.2g} % too {'much' if ratio > 1 else 'little'}"


def _short(item):
    """An input in a few letters."""
    if np.ndim(item) == 0:
        return f"{item:.4g}"
    if np.size(item) <= 4:
        return np.array2string(np.asarray(item), precision=4, separator=", ")
    return f"an array of shape {np.shape(item)}"
