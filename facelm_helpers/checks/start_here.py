"""Checks of the exercises in notebook 00, and the course's own answers, used until a check passes."""

import numpy as np
from skimage.draw import polygon2mask

from facelm_helpers.checks._ready import by_name
from facelm_helpers.checks._scalar import scalar
from facelm_helpers.checks._verdict import Verdict, kindly, unanswered, untried
from facelm_helpers.landmarks import LEFT_EYE, RIGHT_EYE
from facelm_helpers.sources.synthetic import turning_head


@kindly
def outer_corners(answer):
    """Exercise 1: the numbers of the outer corners of the eyes.

    >>> outer_corners([39, 42])
    ✘ Not yet. These are the inner corners, next to the nose.
    """
    # The six points of an eye begin at its left corner; the right corner is the fourth
    outer = {int(LEFT_EYE[0]), int(RIGHT_EYE[3])}
    inner = {int(LEFT_EYE[3]), int(RIGHT_EYE[0])}
    numbers = [float(number) for number in (answer if isinstance(answer, set) else np.ravel(answer))]
    if len(numbers) != 2:
        return Verdict("wrong", f"Two numbers are wanted, as [left, right]; got {len(numbers)}.")
    if set(numbers) == outer:
        return Verdict("right", "The distance between these two is called the inter-ocular distance.")
    if set(numbers) == inner:
        return Verdict("wrong", "These are the inner corners, next to the nose.")
    if set(numbers) == {number + 1 for number in outer}:
        return Verdict("wrong", "That is how MATLAB would count; here the numbers start at 0.")
    return Verdict("wrong", "Look at the pink points: one number is the leftmost of them, one the rightmost.")


def _distance(p, a, b):
    return float(np.linalg.norm(p[a] - p[b]))


def _mouth_ratio(p):
    return _distance(p, 48, 54) / _distance(p, 36, 45)


@kindly
def mouth_ratio(answer):
    """Exercise 2: a function of points (68, 2), the width of the mouth in outer eye distances.

    >>> mouth_ratio(_mouth_ratio)
    ✔ Right. The wider the smile, the larger, in a picture of any size.
    >>> mouth_ratio(lambda p: _distance(p, 48, 54))
    ✘ Not yet. That is the width in pixels: divide it by the distance between points 36 and 45.
    """
    rng = np.random.default_rng(0)  # faces a little crooked, so that each wrong answer differs
    inputs = [(turning_head().solid(angle) + rng.normal(0, 8, (68, 2)),) for angle in (0, 25, 40)]
    mistakes = {
        "That is the width in pixels: divide it by the distance between points 36 and 45.": lambda p: (
            _distance(p, 48, 54)
        ),
        "You divided the eye distance by the mouth's width; it should be the other way round.": lambda p: (
            1 / _mouth_ratio(p)
        ),
        "You divided by the distance of the inner eye corners; the outer ones are 36 and 45.": lambda p: (
            _distance(p, 48, 54) / _distance(p, 39, 42)
        ),
        "Those are the inner corners of the lips, 60 and 64; the mouth's are 48 and 54.": lambda p: (
            _distance(p, 60, 64) / _distance(p, 36, 45)
        ),
        "That is how MATLAB would count; here the numbers start at 0.": lambda p: (
            _distance(p, 49, 55) / _distance(p, 37, 46)
        ),
        "That is the square of it: a distance has a square root.": lambda p: _mouth_ratio(p) ** 2,
        "You took x alone; a mouth may be crooked, so take the distance in the plane.": lambda p: (
            (p[48, 0] - p[54, 0]) / (p[36, 0] - p[45, 0])
        ),
    }
    hint = "Divide the distance between points 48 and 54 by the distance between points 36 and 45."
    praise = "The wider the smile, the larger, in a picture of any size."
    return scalar(answer, _mouth_ratio, inputs, mistakes, 1e-6, hint, praise)


def _paint(image, p):
    painted = image.copy()
    for brow in (p[17:22], p[22:27]):
        thick = np.concatenate([brow, brow[::-1] + (0, 0.04 * np.ptp(p[:, 0]))])
        inside = polygon2mask(image.shape[:2], thick[:, ::-1])
        painted[inside] = 0.3 * image[inside] + 0.7 * np.array([40, 20, 10])
    return painted


@kindly
def paint(answer):
    """Exercise 3: a function of an image and its points (68, 2) that returns a painted image.

    >>> paint(_paint)
    ✔ Right. It changes 0.7 % of the picture, and moves with the face.
    >>> paint(lambda image, p: image).message
    'Nothing has changed: the picture that comes back is the one that went in.'
    """
    if not callable(answer):
        return Verdict("wrong", f"A function is wanted; got {type(answer).__name__}.")
    p = turning_head().solid(0)
    image = np.random.default_rng(0).integers(60, 200, (320, 380, 3), dtype=np.uint8)
    centres = []
    for shift in ((0, 0), (40, 0)):
        result = answer(image, p + shift)
        if untried(result):
            return unanswered(result)
        result = np.asarray(result)
        if result.shape != image.shape or result.dtype != np.uint8:
            told = f"shape {result.shape} of {result.dtype}"
            return Verdict("wrong", f"An image of shape {image.shape} of uint8 went in; {told} came back.")
        changed = (result != image).any(axis=2)
        if not changed.any():
            return Verdict(
                "wrong", "Nothing has changed: the picture that comes back is the one that went in."
            )
        if changed.mean() > 0.6:
            return Verdict("wrong", f"{changed.mean():.0%} of the picture has changed: paint the face only.")
        centres.append(np.argwhere(changed).mean(axis=0))
    down, right = centres[1] - centres[0]
    if abs(right - 40) > 12:
        told = f"The face was moved 40 pixels to the right, what you paint moved by {right:.0f}"
        if abs(down - 40) <= 12:
            return Verdict("wrong", f"{told} and {down:.0f} down: rows come first, image[y, x].")
        return Verdict("wrong", f"{told}: work out every position from p.")
    share = f"{100 * changed.mean():.1f} %"
    return Verdict("right", f"It changes {share} of the picture, and moves with the face.")


ready = by_name({mouth_ratio: _mouth_ratio, paint: _paint})
