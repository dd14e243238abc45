"""Checks of the exercises in notebook 15, and the course's own answers, used until a check passes."""

import numpy as np

from facelm_helpers import applications
from facelm_helpers.checks._judged import judged
from facelm_helpers.checks._ready import by_check
from facelm_helpers.checks._scalar import scalar
from facelm_helpers.checks._verdict import Verdict, kindly, unanswered, untried
from facelm_helpers.landmarks import MEAN_SHAPE

RATE, LATEST, CALM = 25, 1.0, 0.25  # frames a second, frames, share of the flicker
EYE = np.array([[0.0, 0], [2, -2], [5, -3], [8, 0.5], [5, 2], [2, 1]])


def _eye_ratio(p):
    lids = np.linalg.norm(p[1] - p[5]) + np.linalg.norm(p[2] - p[4])
    return lids / (2 * np.linalg.norm(p[0] - p[3]))


def _steadied(track, rate):
    found, speed = track.copy(), np.zeros(track.shape[1:])
    for t in range(1, len(track)):
        guess = found[t - 1] + speed
        off = track[t] - guess
        found[t], speed = guess + 0.35 * off, speed + 0.06 * off
    return found


def _mixed(image, paint, mask, strength):
    alpha = strength * mask[..., None]
    return (1 - alpha) * image + alpha * paint


@kindly
def eye_ratio(answer):
    """Exercise 1: a function of the six points of an eye, (6, 2): its aspect ratio.

    >>> eye_ratio(_eye_ratio)
    ✔ Right. It depends neither on size nor on rotation in the plane.
    >>> eye_ratio(lambda p: 2 * _eye_ratio(p))
    ✘ Not yet. Two openings, one width: divide by twice the width.
    """
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    inputs = [(EYE,), (3 * EYE @ turn.T + 50,)]

    def heights(p):
        return (abs(p[1, 1] - p[5, 1]) + abs(p[2, 1] - p[4, 1])) / (2 * abs(p[3, 0] - p[0, 0]))

    def crossed(p):
        lids = np.linalg.norm(p[1] - p[4]) + np.linalg.norm(p[2] - p[5])
        return lids / (2 * np.linalg.norm(p[0] - p[3]))

    mistakes = {
        "Two openings, one width: divide by twice the width.": lambda p: 2 * _eye_ratio(p),
        "That is the width over the opening: turn it over.": lambda p: 1 / _eye_ratio(p),
        "Lengths are distances between points: heights alone change when the head tilts.": heights,
        "Point 1 is above point 5, and point 2 above point 4.": crossed,
        "Both openings count: add the second.": lambda p: (
            np.linalg.norm(p[1] - p[5]) / (2 * np.linalg.norm(p[0] - p[3]))
        ),
    }
    return scalar(
        answer,
        _eye_ratio,
        inputs,
        mistakes,
        praise="It depends neither on size nor on rotation in the plane.",
    )


@kindly
def steadied(answer):
    """Exercise 2: a function of a track and its rate: the track, calm and in time, without the future.

    >>> steadied(_steadied)
    ✔ Right. 0.7 frames late, with 23 % of the flicker.
    >>> steadied(lambda track, rate: track)
    ✘ Not yet. It is in time, and has 100 % of the flicker: at most 25 % are wanted.
    """
    truth, shaken = _swinging(np.random.default_rng(0))
    value = answer(shaken.copy(), RATE)
    if untried(value):
        return unanswered(value)
    value = np.asarray(value, dtype=float)
    if value.shape != shaken.shape:
        return Verdict("wrong", f"The shape should be {shaken.shape}; yours is {value.shape}.")
    if not np.isfinite(value).all():
        return Verdict("wrong", "Some points are not numbers (NaN).")
    half = len(shaken) // 2
    if np.abs(np.asarray(answer(shaken[:half].copy(), RATE)) - value[:half]).max() > 1e-6:
        return Verdict("wrong", "The first half changes when the second is not there yet: it looks ahead.")
    late = applications.lag(value, truth)
    left = applications.flicker(value, truth) / applications.flicker(shaken, truth)
    if late > LATEST:
        return Verdict("wrong", f"It is {late:.2f} frames late: at most {LATEST:.2f} are wanted.")
    if left > CALM:
        told = f"{100 * left:.0f} % of the flicker: at most {100 * CALM:.0f} % are wanted."
        return Verdict("wrong", f"It is in time, and has {told}")
    return Verdict("right", f"{late:.1f} frames late, with {100 * left:.0f} % of the flicker.")


def _swinging(rng):
    """A head that stands still and then swings, (T, 68, 2): the truth, and as a poor camera shows it."""
    t = np.arange(150)
    swing = 12 * np.sin(np.maximum(t - 40, 0) / 9)
    truth = 100 * MEAN_SHAPE + 90 + np.stack([swing, 0 * swing], axis=1)[:, None]
    return truth, truth + rng.normal(0, 0.8, truth.shape)


@kindly
def mixed(answer):
    """Exercise 3: a function of image, paint, mask and strength: the painted image.

    >>> mixed(_mixed)
    ✔ Right. Where the mask is 0 the picture stays.
    >>> mixed(lambda image, paint, mask, strength: image + strength * mask[..., None] * paint)
    ✘ Not yet. Paint covers: what is there fades by as much as the paint comes.
    """
    rng = np.random.default_rng(0)
    image, paint, mask = rng.uniform(0, 100, (5, 4, 3)), np.array([50.0, 20.0, -30.0]), rng.random((5, 4))
    value = answer(image.copy(), paint.copy(), mask.copy(), 0.7)
    alpha = 0.7 * mask[..., None]
    mistakes = {
        "Paint covers: what is there fades by as much as the paint comes.": image + alpha * paint,
        "The two have changed places: where the mask is 0, the image must stay.": alpha * image
        + (1 - alpha) * paint,
        "The strength is missing.": _mixed(image, paint, mask, 1.0),
        "The mask is missing: only its region is painted.": (1 - 0.7) * image + 0.7 * paint,
    }
    verdict = judged(
        value, _mixed(image, paint, mask, 0.7), mistakes, 1e-6, "(mask[..., None] fits 3 colours.)"
    )
    return verdict and Verdict("right", "Where the mask is 0 the picture stays.")


OURS = {eye_ratio: _eye_ratio, steadied: _steadied, mixed: _mixed}
ready = by_check(OURS)
