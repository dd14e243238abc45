"""Checks of the exercises in notebook 01, and the course's own answers, used until a check passes."""

import numpy as np

from facelm_helpers.checks._ready import by_name
from facelm_helpers.checks._scalar import scalar
from facelm_helpers.checks._verdict import Verdict, kindly, unanswered, untried
from facelm_helpers.geometry import apply_transform, rotation
from facelm_helpers.sources.synthetic import turning_head

ROOM = 0.05  # by how much a normaliser of exercise 3 may differ from its frontal length


def _nme(x, truth, d):
    return np.linalg.norm(x - truth, axis=-1).mean(axis=-1) / d


@kindly
def nme(answer):
    """Exercise 1: a function of predicted and true points (68, 2) and the normaliser d.

    >>> nme(_nme)
    ✔ Right. One distance a point, their mean, divided by d.
    >>> nme(lambda x, truth, d: np.linalg.norm(x - truth, axis=-1).mean())
    ✘ Not yet. These are pixels: divide by d.
    """
    rng = np.random.default_rng(0)
    inputs = []
    for d in (40.0, 75.0):
        truth = rng.uniform(0, 100, (68, 2))
        inputs.append((truth + rng.normal(0, 2, (68, 2)), truth, d))
    mistakes = {
        "These are pixels: divide by d.": lambda x, y, d: _nme(x, y, 1),
        "That is the sum over the points: divide by L = 68, or take the mean.": lambda x, y, d: (
            68 * _nme(x, y, d)
        ),
        "That is in percent: the course stores errors as fractions.": lambda x, y, d: 100 * _nme(x, y, d),
        "Divide the sum by the 68 points, not by the 136 numbers.": lambda x, y, d: _nme(x, y, d) / 2,
        "Divide by the d that is given: it need not be the inter-ocular distance.": lambda x, y, d: _nme(
            x, y, np.linalg.norm(y[36] - y[45])
        ),
        "Take d from the truth, and as it is given; yours comes from the prediction.": lambda x, y, d: _nme(
            x, y, np.linalg.norm(x[36] - x[45])
        ),
        "You took the mean of |x| and |y| apart; the distance of two points is sqrt(dx^2 + dy^2).": (
            lambda x, y, d: np.abs(x - y).mean() / d
        ),
        "You added |dx| and |dy|; the distance of two points is sqrt(dx^2 + dy^2).": (
            lambda x, y, d: np.abs(x - y).sum(axis=1).mean() / d
        ),
        "That is the mean of the squared distances: take the square root of each first.": (
            lambda x, y, d: ((x - y) ** 2).sum(axis=1).mean() / d
        ),
        "That is the root of the mean square; the formula takes the mean of the distances.": (
            lambda x, y, d: np.sqrt(((x - y) ** 2).sum(axis=1).mean()) / d
        ),
        "Without an axis, np.linalg.norm takes all 136 numbers as one vector: axis=-1 is one per point.": (
            lambda x, y, d: np.linalg.norm(x - y) / d
        ),
        "np.linalg.norm along axis 0 mixes the points: axis=-1 gives one distance a point.": (
            lambda x, y, d: np.linalg.norm(x - y, axis=0).mean() / d
        ),
    }
    hint = "np.linalg.norm(x - truth, axis=-1) gives the 68 distances; take their mean and divide by d."
    return scalar(
        answer, _nme, inputs, mistakes, 1e-6, hint, "One distance a point, their mean, divided by d."
    )


def _auc(e, tau):
    return np.mean(np.clip(1 - e / tau, 0, 1))


@kindly
def auc(answer):
    """Exercise 2: a function of the errors (N,) and a threshold.

    >>> auc(_auc)
    ✔ Right. Exact, and no integration needed.
    >>> auc(lambda e, tau: np.mean(1 - e / tau)).message
    'A face beyond the threshold adds nothing; yours adds a negative amount: cut off at 0.'
    """
    rng = np.random.default_rng(1)
    inputs = [
        (np.array([0.02, 0.06, 0.07, 0.5]), 0.08),
        (rng.uniform(0, 0.2, 50), 0.08),
        (rng.uniform(0, 0.05, 20), 0.07),
    ]
    mistakes = {
        "A face beyond the threshold adds nothing; yours adds a negative amount: cut off at 0.": (
            lambda e, tau: np.mean(1 - e / tau)
        ),
        "You left out the faces beyond the threshold: they count as 0, so divide by all N.": (
            lambda e, tau: np.mean(1 - e[e < tau] / tau)
        ),
        "That is the sum over the faces: divide by N.": lambda e, tau: len(e) * _auc(e, tau),
        "That is the area itself: divide it by the threshold.": lambda e, tau: tau * _auc(e, tau),
        "That is the share of faces below the threshold, a height of the curve, not the area under it.": (
            lambda e, tau: np.mean(e <= tau)
        ),
        "That is the failure rate, a height above the curve.": lambda e, tau: np.mean(e > tau),
        "That is the area above the curve: 1 minus it is wanted.": lambda e, tau: 1 - _auc(e, tau),
        "Limit the value of each face, then take the mean; you limited the mean.": lambda e, tau: np.clip(
            np.mean(1 - e / tau), 0, 1
        ),
    }
    hint = "One value for all faces: the mean of 1 - e / tau, cut off below 0."
    verdict = scalar(answer, _auc, inputs, mistakes, 1e-9, hint, "Exact, and no integration needed.")
    if verdict.state == "wrong" and "is expected" in verdict.message:
        if np.allclose([answer(*given) for given in inputs], [_auc(*given) for given in inputs], rtol=0.02):
            return Verdict("wrong", f"{verdict.message} Near: a sum over a grid of thresholds is not exact.")
    return verdict


def _normaliser(truth):
    return np.linalg.norm(truth[27] - truth[8])


@kindly
def normaliser(answer):
    """Exercise 3: a normaliser of one's own, from points (68, 2) to a length that a turn does not shrink.

    >>> normaliser(_normaliser).state
    'right'
    >>> normaliser(lambda truth: np.linalg.norm(truth[36] - truth[45])).message
    'At 85 degrees it has 9 % of its frontal length; 95 to 105 % are wanted at every angle.'
    """
    if not callable(answer):
        return Verdict("wrong", f"A function is wanted; got {type(answer).__name__}.")
    head = turning_head()
    front = head.solid(0)
    d = answer(front)
    if untried(d):
        return unanswered(d)
    if np.ndim(d) != 0 or not np.isfinite(d) or d <= 0:
        return Verdict("wrong", f"One positive length in pixels is wanted; got {d}.")
    if not np.isclose(answer(2 * front), 2 * d, rtol=1e-3):
        ratio = answer(2 * front) / d
        return Verdict(
            "wrong", f"In a picture twice as large it should double; yours is {ratio:.3g} times as long."
        )
    if not np.isclose(answer(front + (50, -20)), d, rtol=1e-3):
        return Verdict("wrong", "It changes when the face moves in the picture: take differences of points.")
    angles = np.arange(0, 90, 5)
    kept = np.array([answer(head.solid(angle)) for angle in angles]) / d
    worst = np.abs(kept - 1).argmax()
    if abs(kept[worst] - 1) > ROOM:
        told = f"At {angles[worst]} degrees it has {100 * kept[worst]:.0f} % of its frontal length"
        wanted = f"{100 * (1 - ROOM):.0f} to {100 * (1 + ROOM):.0f} %"
        return Verdict("wrong", f"{told}; {wanted} are wanted at every angle.")
    tilted = answer(apply_transform(rotation(20, (160, 160)), front)) / d - 1
    said = front.copy()
    said[[*range(5, 12), *range(55, 60), 65, 66, 67], 1] += 0.12 * (front[8, 1] - front[27, 1])
    spoken = answer(said) / d - 1
    tilt, mouth = (f"{round(100 * change):+d} %" for change in (tilted, spoken))
    return Verdict(
        "right",
        f"Up to 85 degrees it keeps {100 * kept.min():.0f} to {100 * kept.max():.0f} % of its frontal length."
        f" A tilt of the head by 20 degrees changes it by {tilt}, an open mouth by {mouth}.",
    )


ready = by_name({nme: _nme, auc: _auc, normaliser: _normaliser})
