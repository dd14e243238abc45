"""Checks of the exercises in notebook 00."""

import numpy as np

from facelm_helpers.checks._verdict import Verdict, kindly, number
from facelm_helpers.landmarks import LEFT_EYE, RIGHT_EYE


@kindly
def outer_corners(answer):
    """Exercise 1: the numbers of the outer corners of the eyes.

    >>> outer_corners([39, 42])
    ✘ Not yet. These are the inner corners, next to the nose.
    """
    # The six points of an eye begin at its left corner; the right corner is the fourth
    outer = {int(LEFT_EYE[0]), int(RIGHT_EYE[3])}
    inner = {int(LEFT_EYE[3]), int(RIGHT_EYE[0])}
    given = set(int(number) for number in np.ravel(answer))
    if given == outer:
        return Verdict("right", "The distance between these two is called the inter-ocular distance.")
    if given == inner:
        return Verdict("wrong", "These are the inner corners, next to the nose.")
    if given == {number + 1 for number in outer}:
        return Verdict("wrong", "That is how MATLAB would count; here the numbers start at 0.")
    return Verdict("wrong", "Look at the pink points: one number is the leftmost of them, one the rightmost.")


@kindly
def mouth_ratio(answer, points):
    """Exercise 2: the width of the mouth in outer eye distances.

    >>> face = np.zeros((68, 2)); face[45, 0] = 100; face[54, 0] = 60
    >>> mouth_ratio(0.6, face)
    ✔ Right. The wider the smile, the larger, in a picture of any size.
    """
    points = np.asarray(points, np.float64)
    mouth = np.linalg.norm(points[48] - points[54])
    eyes = np.linalg.norm(points[LEFT_EYE[0]] - points[RIGHT_EYE[3]])
    if isinstance(answer, (float, np.floating)) and abs(answer - eyes / mouth) < 1e-4:
        return Verdict(
            "wrong", "You divided the eye distance by the mouth's width; it should be the other way round."
        )
    hint = "Divide the distance between points 48 and 54 by the distance between points 36 and 45."
    return number(
        answer, mouth / eyes, 1e-4, hint, "The wider the smile, the larger, in a picture of any size."
    )
