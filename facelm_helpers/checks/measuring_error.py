"""Checks of the exercises in notebook 01."""

import numpy as np

from facelm_helpers import metrics
from facelm_helpers.checks._verdict import Verdict, choice, function, kindly, number


@kindly
def box_length(answer, truth):
    """Exercise 1: the box normaliser of one face.

    >>> face = np.zeros((68, 2)); face[0] = 90, 40
    >>> box_length(60.0, face)
    ✔ Right. It is the side of a square with the area of the box.
    >>> box_length(3600.0, face)
    ✘ Not yet. This is an area: take its square root.
    """
    truth = np.asarray(truth)[None]
    expected = metrics.normaliser(truth, "box")[0]
    if np.ndim(answer) == 0:
        if abs(float(answer) - expected**2) < 1e-3 * expected**2:
            return Verdict("wrong", "This is an area: take its square root.")
        if abs(float(answer) - metrics.normaliser(truth, "diagonal")[0]) < 1e-3:
            return Verdict("wrong", "This is the diagonal; the box normaliser multiplies w and h.")
    hint = "Multiply the width and the height that np.ptp gives, and take the square root."
    return number(answer, expected, 1e-3, hint, "It is the side of a square with the area of the box.")


@kindly
def normaliser(answer):
    """Exercise 2: a normaliser for faces up to profile.

    >>> normaliser("inter_ocular").state
    'wrong'
    """
    hint = "At 90 degrees both eyes fall on one line of sight: what is their distance in the picture then?"
    praise = "The box stays large however the head turns, so no face gets an extreme weight."
    praise += " Errors on AFLW2000-3D are normalised by it."
    return choice(answer, "box", ["inter_ocular", "inter_pupil", "box"], hint, praise)


@kindly
def auc(answer):
    """Exercise 3: a function of errors and a threshold.

    >>> auc(lambda e, t: np.mean(np.clip(1 - e / t, 0, 1)))
    ✔ Right. Exact, and no integration needed.
    >>> auc(lambda e, t: np.mean(1 - e / t)).state
    'wrong'
    """
    rng = np.random.default_rng(1)
    inputs = [(rng.uniform(0, 0.2, 50), 0.08), (rng.uniform(0, 0.05, 20), 0.07), (np.array([0.5, 0.0]), 0.1)]
    hint = "One value for all faces: the mean of 1 - e / t, cut off below 0."
    return function(answer, metrics.auc, inputs, 1e-9, hint, "Exact, and no integration needed.")
