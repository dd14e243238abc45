"""Checks of the exercises in notebook 15, and the course's own answers, used until a check passes."""

import numpy as np

from facelm_helpers.checks._judged import judged
from facelm_helpers.checks._ready import by_check
from facelm_helpers.checks._scalar import scalar
from facelm_helpers.checks._verdict import Verdict, kindly

EYE = np.array([[0.0, 0], [2, -2], [5, -3], [8, 0.5], [5, 2], [2, 1]])


def _eye_ratio(p):
    lids = np.linalg.norm(p[1] - p[5]) + np.linalg.norm(p[2] - p[4])
    return lids / (2 * np.linalg.norm(p[0] - p[3]))


def _filter_share(cutoff, rate):
    return 1 / (1 + rate / (2 * np.pi * cutoff))


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
def filter_share(answer):
    """Exercise 2: a function of cut-off and rate in Hz: the share of the new value in an exponential filter.

    >>> filter_share(_filter_share)
    ✔ Right. The lower the cut-off, the less a new value counts.
    >>> filter_share(lambda cutoff, rate: 1 - _filter_share(cutoff, rate))
    ✘ Not yet. That is the share of the old value.
    """
    mistakes = {
        "That is the share of the old value.": lambda c, r: 1 - _filter_share(c, r),
        "The cut-off is in turns a second: 2 pi is missing.": lambda c, r: 1 / (1 + r / c),
        "Rate and cut-off have changed places.": lambda c, r: 1 / (1 + c / (2 * np.pi * r)),
        "The rate is divided by 2 pi times the cut-off.": lambda c, r: 1 / (1 + 2 * np.pi * c / r),
    }
    return scalar(
        answer, _filter_share, [(1.0, 25.0), (3.0, 60.0)], mistakes,
        praise="The lower the cut-off, the less a new value counts.",
    )  # fmt: skip


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


ready = by_check({eye_ratio: _eye_ratio, filter_share: _filter_share, mixed: _mixed})
