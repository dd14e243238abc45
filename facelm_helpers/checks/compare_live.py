"""Checks of the exercises in notebook 13."""

import numpy as np

from facelm_helpers.checks._verdict import Verdict, array, kindly, number


@kindly
def tolerated(answer, shifts, errors):
    """Exercise 1: how wide the range of shifts is at which the error is at most 1.5 times the one at rest.

    >>> shifts = np.array([-0.2, -0.1, 0.0, 0.1, 0.2])
    >>> tolerated(0.2, shifts, [0.2, 0.04, 0.03, 0.045, 0.3])
    ✔ Right. Check this before you give a method the boxes of another detector.
    >>> tolerated(3, shifts, [0.2, 0.04, 0.03, 0.045, 0.3])
    ✘ Not yet. That is how many shifts are tolerated: the width is the largest of them less the smallest.
    """
    shifts, errors = np.asarray(shifts, np.float64), np.asarray(errors, np.float64)
    rest = errors[np.argmin(np.abs(shifts))]
    fine = shifts[errors <= 1.5 * rest]
    if np.ndim(answer) == 0:
        if float(answer) == len(fine) and len(fine) > 1:
            return Verdict(
                "wrong",
                "That is how many shifts are tolerated: the width is the largest of them less the smallest.",
            )
        if abs(float(answer) - np.abs(fine).max()) < 1e-6 < np.ptp(fine) - np.abs(fine).max():
            return Verdict("wrong", "That is the largest shift: the range extends to both sides.")
    hint = "Choose the shifts where the error is at most 1.5 times the error at shift 0, and take np.ptp."
    praise = "Check this before you give a method the boxes of another detector."
    return number(answer, np.ptp(fine), 1e-6, hint, praise)


@kindly
def mouth_shift(answer, whole_shift):
    """Exercise 2: how far the mouth alone must be moved for the NME of moving all 68 points.

    >>> mouth_shift(0.034 * 68 / 20, 0.034)
    ✔ Right. 48 points are perfect, the mouth is far off, and the NME is the same.
    >>> mouth_shift(0.01, 0.034)
    ✘ Not yet. The other way round: fewer points share the error, so each has more of it.
    """
    expected = whole_shift * 68 / 20
    if np.ndim(answer) == 0 and abs(float(answer) - whole_shift * 20 / 68) < 1e-6:
        return Verdict("wrong", "The other way round: fewer points share the error, so each has more of it.")
    if np.ndim(answer) == 0 and 0 < float(answer) < whole_shift:
        return Verdict("wrong", "The other way round: fewer points share the error, so each has more of it.")
    hint = "The mean over 68 points must stay the same, and only 20 of them move."
    praise = "48 points are perfect, the mouth is far off, and the NME is the same."
    return number(answer, expected, 1e-6, hint, praise)


@kindly
def bounds(answer, nme, discrepancy):
    """Exercise 3: the least and the largest error that a second method can have.

    >>> bounds([0.02, 0.08], 0.03, 0.05)
    ✔ Right. The triangle inequality, point by point. Agreement bounds the error only if one error is known.
    >>> bounds([0.08, 0.02], 0.03, 0.05)
    ✘ Not yet. The smaller one comes first.
    >>> bounds([-0.02, 0.08], 0.03, 0.05)
    ✘ Not yet. An error cannot be negative: take the absolute value.
    """
    expected = np.array([abs(nme - discrepancy), nme + discrepancy])
    if np.shape(answer) == (2,):
        given = np.asarray(answer, np.float64)
        if np.allclose(given, expected[::-1]):
            return Verdict("wrong", "The smaller one comes first.")
        if given[0] < 0:
            return Verdict("wrong", "An error cannot be negative: take the absolute value.")
    hint = "At each point the truth and the two answers are the corners of a triangle: how long can its"
    hint += " third side be?"
    praise = "The triangle inequality, point by point. Agreement bounds the error only if one error is known."
    return array(answer, expected, 1e-6, hint, praise)
