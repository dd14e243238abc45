"""Checks of the exercises in notebook 05."""

import numpy as np

from facelm_helpers import landmarks
from facelm_helpers.checks._verdict import UNTRIED, Verdict, array, function, kindly, number, untried
from facelm_helpers.faces import crop_transform
from facelm_helpers.geometry import apply_transform


@kindly
def to_unit(answer):
    """Exercise 1: a function of points and box that gives crop pixels / 128.

    >>> to_unit(lambda points, box: points / 128)
    ✘ Not yet. 100% of the values differ from what is expected. At the box's centre x' is 63.5.
    """
    rng = np.random.default_rng(0)
    inputs = [
        (rng.uniform(20, 180, (68, 2)), np.array([30.0, 40.0, 130.0, 120.0])),
        (rng.uniform(-10, 90, (5, 2)), np.array([0.0, 5.0, 60.0, 95.0])),
    ]
    given = answer(*inputs[0])
    if not untried(given) and np.shape(given) == (68, 2):
        if np.allclose(given, 128 * _unit(*inputs[0]), atol=1e-3):
            return Verdict("wrong", "These are pixels of the crop, x'. Divide by 128.")
        if np.allclose(given, _unit(*inputs[0]) + 0.5 / 128, atol=1e-6):
            return Verdict("wrong", "Almost: the centre of 128 pixels is at 63.5, since the first one is 0.")
    hint = "At the box's centre x' is 63.5."
    praise = "The same for every picture size; the inverse maps points back."
    return function(answer, _unit, inputs, 1e-5, hint, praise)


def _unit(points, box):
    return apply_transform(crop_transform(box, 128, 1.5), points) / 128


@kindly
def leaked(answer, train_persons, test_persons):
    """Exercise 2: how many test pictures show a person of the training pictures.

    >>> leaked(1, np.array(["a", "b"]), np.array(["b", "b", "c"]))
    ✘ Not yet. That is the number of persons; the number of test pictures is wanted.
    """
    expected = int(np.isin(test_persons, train_persons).sum())
    if np.ndim(answer) == 0:
        if expected != answer == len(set(train_persons) & set(test_persons)):
            return Verdict("wrong", "That is the number of persons; the number of test pictures is wanted.")
        if expected != answer == int(np.isin(train_persons, test_persons).sum()):
            return Verdict(
                "wrong", "That is the number of training pictures; the number of test pictures is wanted."
            )
    hint = "np.isin(test_persons, train_persons) is True for each leaked test picture; count them."
    praise = f"{expected} of {len(test_persons)} test pictures show somebody from the training set."
    return number(answer, expected, 0, hint, praise)


@kindly
def mirror(answer):
    """Exercise 3: a function of points and width that mirrors them.

    >>> mirror(lambda points, width: points * [-1, 1] + [width - 1, 0])
    ✘ Not yet. The positions are right, the numbers are not: reorder them by landmarks.MIRROR.
    """
    rng = np.random.default_rng(0)
    points, width = rng.uniform(0, 100, (68, 2)), 100
    given = answer(points.copy(), width)
    if untried(given):
        return UNTRIED
    given = np.asarray(given, np.float64)
    expected = landmarks.mirror(points, width)
    if given.shape == expected.shape and not np.allclose(given, expected, atol=1e-3):
        if np.allclose(given, points * [-1, 1] + [width - 1, 0], atol=1e-3):
            hint = "The positions are right, the numbers are not: reorder them by landmarks.MIRROR."
            return Verdict("wrong", hint)
        if np.allclose(given, expected + [1, 0], atol=1e-3):
            return Verdict("wrong", "One pixel off: pixel 0 must become width - 1, not width.")
        if np.allclose(given, points[landmarks.MIRROR], atol=1e-3):
            return Verdict("wrong", "The numbers are exchanged, but the points have not moved yet.")
    verdict = array(given, expected, 1e-3, "x becomes width - 1 - x, y stays; then exchange the numbers.")
    if verdict and not np.allclose(answer(given, width), points, atol=1e-3):
        return Verdict(
            "wrong", "Right when applied once, but applied twice it does not give back the points."
        )
    return (
        Verdict("right", "Positions and numbers; and applied twice it is the identity.")
        if verdict
        else verdict
    )
