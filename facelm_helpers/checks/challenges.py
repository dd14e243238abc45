"""Checks of the exercises in notebook 14, and the course's own answers, used until a check passes."""

import numpy as np

from facelm_helpers.checks._judged import judged
from facelm_helpers.checks._ready import by_check
from facelm_helpers.checks._verdict import Verdict, kindly, unanswered, untried
from facelm_helpers.geometry import yaw

TURNED = 0.2  # of the measure yaw
AREA, ASPECT = (0.05, 0.35), (0.4, 2.5)


def _head_of(points):
    return np.digitize(yaw(points), (-TURNED, TURNED))


def _erased(image, rng):
    H, W = image.shape[:2]
    a, r = rng.uniform(*AREA), rng.uniform(*ASPECT)
    h, w = (min(round(np.sqrt(side)), most) for side, most in ((a * H * W * r, H), (a * H * W / r, W)))
    top, left = rng.integers(0, H - h + 1), rng.integers(0, W - w + 1)
    changed = image.copy()
    changed[top : top + h, left : left + w] = rng.integers(0, 256, size=(h, w, 3))
    return changed


def _change(image, rng):
    left, right = np.exp(rng.normal(0, 0.6, size=2))
    ramp = np.linspace(left, right, image.shape[1])
    return np.clip(image * ramp[:, None], 0, 255).astype(np.uint8)


@kindly
def head_of(answer):
    """Exercise 1: a function of points (N, 68, 2): the number of the head for each face.

    >>> head_of(_head_of)
    ✔ Right. Three classes of poses.
    >>> head_of(lambda points: (yaw(points) > 0.2).astype(int))
    ✘ Not yet. Faces that are turned to the left get the head of those that look ahead.
    """
    turns = np.array([-0.9, -0.3, -0.1, 0.0, 0.15, 0.25, 0.7])
    points = np.zeros((len(turns), 68, 2))
    points[:, 16, 0], points[:, 30, 0] = 100, 50 * (1 + turns)
    value = answer(points)
    if untried(value):
        return unanswered(value)
    y = yaw(points)
    mistakes = {
        "Faces that are turned to the left get the head of those that look ahead.": 1.0 * (y > TURNED),
        "Left and right have changed places: 0 is for a nose that points to the left, where yaw is negative.":
            np.digitize(-y, (-TURNED, TURNED)),
        "The classes begin with 0: 0, 1, 2.": _head_of(points) + 1,
        "A face that is turned to either side gets the same head: three classes are wanted.":
            1.0 * (np.abs(y) > TURNED),
        "That is the sign: count the classes from 0.": _head_of(points) - 1,
    }  # fmt: skip
    verdict = judged(value, _head_of(points), mistakes, 1e-6, "The middle class reaches from -0.2 to 0.2.")
    if verdict and not (isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.integer)):
        told = "The numbers are right, but they will be an index: return an array of whole numbers (int)."
        return Verdict("wrong", told)
    return verdict and Verdict("right", "Three classes of poses.")


@kindly
def erased(answer):
    """Exercise 2: a function of (image, rng): the image with a rectangle of noise.

    >>> erased(_erased)
    ✔ Right. Any part may be missing, and the rest must do.
    >>> erased(lambda image, rng: image)
    ✘ Not yet. The picture comes back unchanged.
    """
    rng, shares, ratios, places, covered = np.random.default_rng(0), [], [], [], 0.0
    H, W = 40, 64
    plain = np.full((H, W, 3), 300, np.int32)  # no grey level of noise
    for seed in range(60):
        value = answer(plain.copy(), np.random.default_rng([seed, 5]))
        if untried(value):
            return unanswered(value)
        value = np.asarray(value)
        if value.shape != plain.shape:
            return Verdict("wrong", f"A picture of shape {plain.shape} is wanted; yours has {value.shape}.")
        hidden = (value != 300).any(axis=2)
        if not hidden.any():
            return Verdict("wrong", "The picture comes back unchanged.")
        rows, columns = np.flatnonzero(hidden.any(axis=1)), np.flatnonzero(hidden.any(axis=0))
        h, w = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
        if hidden.sum() != h * w:
            return Verdict("wrong", "What is erased is no rectangle.")
        patch = value[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        if patch.min() < 0 or patch.max() > 255:
            return Verdict("wrong", "The noise leaves 0..255: rng.integers(0, 256, size) ends at 255.")
        if seed == 0 and patch.std() < 30:
            return Verdict("wrong", "Fill the rectangle with noise: a grey level for each of its pixels.")
        if seed == 0 and np.ptp(patch.astype(float), axis=2).max() == 0:
            return Verdict("wrong", "The noise is grey: three numbers a pixel are wanted.")
        shares.append(h * w / (H * W))
        ratios.append(h / w)
        places.append((rows[0], columns[0]))
        covered = covered + hidden
    if (
        answer(plain.copy(), np.random.default_rng(3)) != answer(plain.copy(), np.random.default_rng(3))
    ).any():
        return Verdict("wrong", "The same generator gives another picture: draw everything from rng.")
    if len(set(places)) < 10:
        return Verdict("wrong", "The rectangle is always in the same place: draw it.")
    if np.std(shares) < 0.01:
        return Verdict("wrong", "The rectangle always has the same size: draw its share of the picture.")
    low, high = min(shares), max(shares)
    if high > AREA[1] + 0.04:
        return Verdict(
            "wrong", f"A rectangle covers {100 * high:.0f} % of the picture: at most 35 are wanted."
        )
    if low < AREA[0] - 0.02 or high < 0.25:
        told = f"Yours cover {100 * low:.0f} to {100 * high:.0f} % of the picture: 5 to 35 are wanted."
        return Verdict("wrong", told)
    if not (min(ratios) < 0.75 and max(ratios) > 1.4):
        told = "from 0.4 to 2.5 are wanted: the height is the root of aHWr, the width of aHW / r"
        return Verdict("wrong", f"Heights over widths are {min(ratios):.1f} to {max(ratios):.1f}; {told}.")
    edges = covered[:2].sum(), covered[-2:].sum(), covered[:, :2].sum(), covered[:, -2:].sum()
    if min(edges) == 0:
        return Verdict("wrong", "One edge of the picture is never reached: the last place for it is H - h.")
    image = rng.integers(0, 256, size=(32, 32, 3), dtype=np.uint8)
    value = np.asarray(answer(image.copy(), np.random.default_rng(0)))
    if value.dtype != np.uint8:
        return Verdict("wrong", f"A picture of bytes is wanted (uint8); yours is {value.dtype}.")
    return Verdict("right", "Any part may be missing, and the rest must do.")


@kindly
def change(answer):
    """Exercise 3: a function of (image, rng): the image in other light.

    >>> change(_change)
    ✔ Right. The points stay, the light changes.
    >>> change(lambda image, rng: image[:, ::-1])
    ✘ Not yet. What is in the picture has moved: the points would have to move with it.
    """
    rows, columns = np.mgrid[:32, :32]
    board = np.uint8(60 + 100 * ((rows // 4 + columns // 6) % 3 == 0))[..., None].repeat(3, axis=2)
    found = []
    for seed in range(12):
        value = answer(board.copy(), np.random.default_rng(seed))
        if untried(value):
            return unanswered(value)
        value = np.asarray(value)
        if value.shape != board.shape or value.dtype != np.uint8:
            told = f"{value.dtype} {value.shape}"
            return Verdict(
                "wrong", f"A picture like the first, uint8 {board.shape}, is wanted; yours is {told}."
            )
        found.append(value.astype(float).mean(axis=2))
    again = np.asarray(answer(board.copy(), np.random.default_rng(0))).astype(float).mean(axis=2)
    if (again != found[0]).any():
        return Verdict("wrong", "The same generator gives another picture: draw everything from rng.")
    plain = board.mean(axis=2)
    kept = [np.corrcoef(_edges(one), _edges(plain))[0, 1] if one.std() > 0 else 0 for one in found]
    if np.median(kept) < 0.3:
        moved = max(np.corrcoef(_edges(other), _edges(plain))[0, 1] for other in (
            np.median(found, axis=0)[:, ::-1], np.median(found, axis=0)[::-1]))  # fmt: skip
        if moved > 0.5:
            return Verdict(
                "wrong", "What is in the picture has moved: the points would have to move with it."
            )
        return Verdict("wrong", "Hardly anything of the picture is left, or its parts have moved.")
    if max(np.abs(one - found[0]).max() for one in found) < 4:
        return Verdict("wrong", "Every draw gives the same picture: let rng decide something.")
    return Verdict("right", "The points stay, the light changes.")


def _edges(picture):
    return np.concatenate([np.diff(picture, axis=0).ravel(), np.diff(picture, axis=1).ravel()])


OURS = {head_of: _head_of, erased: _erased, change: _change}
ready = by_check(OURS)
