"""Checks of the exercises in notebook 13, and the course's own answers, used until a check passes."""

import numpy as np

from facelm_helpers.checks._judged import judged
from facelm_helpers.checks._ready import by_name
from facelm_helpers.checks._verdict import Verdict, kindly

CORNERS = [36, 45, 48, 54]  # outer eye corners, mouth corners; of each pair the left one of the picture first


def _tolerated(values, errors, rest=None):
    fine = values[errors <= 1.5 * (errors[values == 0][0] if rest is None else rest)]
    return fine.min(), fine.max()


@kindly
def tolerated(answer):
    """Exercise 1: the range of a slider in which the error is at most 1.5 times the one at 0.

    >>> tolerated(_tolerated)
    ✔ Right. Check this before you give a method the boxes of another detector.
    >>> tolerated(lambda values, errors: _tolerated(values, errors, rest=errors.min()))
    ✘ Not yet. Compare with the error at 0, which need not be the lowest one.
    """
    shifts, degrees = np.linspace(-0.25, 0.25, 11), np.arange(0.0, 91, 15)
    for values, errors in ((shifts, 0.03 + (shifts - 0.08) ** 2), (degrees, 0.04 + degrees**2 / 5e4)):
        value, (low, high) = answer(values, errors), _tolerated(values, errors)
        places = np.flatnonzero((values >= low) & (values <= high))
        mistakes = {
            "The smallest value comes first.": np.array([high, low]),
            "That is the width: return the smallest and the largest value, as two numbers.": high - low,
            "That is how many values are tolerated: return the smallest and the largest.": len(places),
            "Return the smallest and the largest of the tolerated values only.": values[places],
            "These are places in the array: take `values` there.": places[[0, -1]],
            "Compare with the error at 0, which need not be the lowest one.": _tolerated(
                values, errors, errors.min()
            ),
            "Compare with the error where `values` is 0: its place differs from sweep to sweep.": _tolerated(
                values, errors, errors[min(5, len(errors) - 1)]
            ),
        }
        mistakes = {words: np.asarray(wrong, float) for words, wrong in mistakes.items()}
        hint = "The tolerated values are values[errors <= 1.5 * the error at 0]."
        verdict = judged(value, np.array([low, high]), mistakes, hint=hint)
        if not verdict:
            return verdict
    return Verdict("right", "Check this before you give a method the boxes of another detector.")


def _bounds(e, a):
    return np.abs(e - a), e + a


@kindly
def bounds(answer):
    """Exercise 2: the least and the largest error of a second method, from the first's and the discrepancy.

    >>> bounds(_bounds)
    ✔ Right. The triangle inequality, point by point. It bounds an error only where the other is known.
    >>> bounds(lambda e, a: (e - a, e + a))
    ✘ Not yet. An error cannot be negative: take the absolute value.
    """
    for e, a in ((0.03, 0.05), (0.05, 0.02), (np.array([0.03, 0.05]), np.array([0.05, 0.02]))):
        value, (low, high) = answer(e, a), _bounds(e, a)
        mistakes = {
            "The smaller one comes first.": (high, low),
            "An error cannot be negative: take the absolute value.": (e - a, high),
            "It may be smaller than that: think of an answer on the other side of the truth.": (a - e, high),
            "That is in percent: the course stores errors as fractions.": (100 * low, 100 * high),
        }
        mistakes = {words: np.array(pair) for words, pair in mistakes.items()}
        hint = "The truth and the two answers are the corners of a triangle: how long can its third side be?"
        verdict = judged(value, np.array([low, high]), mistakes, hint=hint)
        if not verdict:
            return verdict
    told = "The triangle inequality, point by point. It bounds an error only where the other is known."
    return Verdict("right", told)


@kindly
def own_picture(answer, answers):
    """Exercise 3: two rounds of a reader's own annotation, (2, 4, 2), and which method is nearer to them.

    Parameters
    ----------
    answer : [rounds, str]
        The name of a method, or "neither".
    answers : dict of name -> (68, 2) array

    Examples
    --------
    >>> face = np.zeros((68, 2)); face[CORNERS] = (50, 50), (150, 50), (70, 130), (130, 130)
    >>> own_picture([[face[CORNERS], face[CORNERS] + 1], "a"], {"a": face + 2, "b": face + (30, 0)})
    ✔ Right. Your rounds are 1.4 % of the eye distance apart; from their mean: a 2.1 %, b 29.5 %.
    """
    rounds, claim = np.asarray(answer[0], float), answer[1]
    if rounds.shape != (2, 4, 2):
        return Verdict("wrong", f"Two rounds of four points are wanted, (2, 4, 2); got {rounds.shape}.")
    known = np.stack([np.asarray(x, float)[CORNERS] for x in answers.values()])
    flipped, order = np.abs(rounds[..., ::-1] - known.mean(axis=0)).sum(), [1, 0, 3, 2]
    if flipped < 0.5 * np.abs(rounds - known.mean(axis=0)).sum():
        return Verdict("wrong", "x, to the right, comes before y, down.")
    if (rounds[:, [0, 2], 0] > rounds[:, [1, 3], 0]).any():
        return Verdict("wrong", f"Of each pair the left one of the picture comes first: reorder by {order}.")
    if (rounds[0] == rounds[1]).all():
        return Verdict("wrong", "Both rounds are the same: read the corners anew, to half a pixel.")
    if np.isclose(rounds[:, None], known[None], atol=1e-3).all(axis=(2, 3)).any():
        return Verdict("wrong", "A round is a method's own answer: read the picture.")
    d = np.linalg.norm(rounds[:, 1] - rounds[:, 0], axis=-1).mean()
    own = np.linalg.norm(rounds[0] - rounds[1], axis=-1).mean() / d
    errors = np.linalg.norm(known - rounds.mean(axis=0), axis=-1).mean(axis=-1) / d
    named = ", ".join(f"{name} {e:.1%}" for name, e in zip(answers, errors, strict=True))
    if errors.min() > 0.5:
        told = f"The nearest method is {errors.min():.1f} eye distances away"
        return Verdict("wrong", f"{told}: read x and y off the axes of the four windows.")
    told = f"Your rounds are {own:.1%} of the eye distance apart; from their mean: {named}."
    told = told.replace("%", " %")
    right = list(answers)[errors.argmin()] if np.ptp(errors) > own else "neither"
    if claim not in (*answers, "neither"):
        return Verdict("wrong", f"Name one of {', '.join(map(repr, (*answers, 'neither')))}.")
    if claim != right:
        return Verdict("wrong", f"{told} Is the one difference larger than the other?")
    return Verdict("right", told)


ready = by_name({tolerated: _tolerated, bounds: _bounds})
