"""Checks of the exercises in notebook 05, and the course's own answers, used until a check passes."""

import cv2
import numpy as np

from facelm_helpers import augment, landmarks, sources
from facelm_helpers.boxes import move_boxes
from facelm_helpers.checks._judged import judged
from facelm_helpers.checks._verdict import Verdict, kindly, unanswered, untried
from facelm_helpers.faces import crop
from facelm_helpers.geometry import apply_transform

SIZE, MARGIN = 128, 1.5
HITS = 0.7  # of the points must still lie on what they marked, on average


def ready(answer, check):
    """The learner's function where its check says Right, else the course's own; what it returns as arrays.

    >>> ready(lambda image, points: (image, points), mirror) is _mirror
    True
    """
    if not check(answer):
        return OURS[check]
    return lambda *given: tuple(np.ascontiguousarray(part) for part in answer(*given))


def _pair(given):
    """What is wrong with what should be a picture and points, or None."""
    if untried(given):
        return unanswered(given)
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        return Verdict("wrong", "Two things are wanted: the picture, and the points.")
    return None


def _picture_like(picture, shape):
    picture = np.asarray(picture)
    if picture.shape != shape or picture.dtype != np.uint8:
        return Verdict(
            "wrong",
            f"The picture should have shape {shape} and type uint8; yours has {picture.shape} and"
            f" {picture.dtype}.",
        )
    return None


def _smooth_picture(height, width, seed=0):
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 4), None, 0, 255, cv2.NORM_MINMAX)


def _to_crop(image, points, box):
    face, transform = crop(image, box, SIZE, MARGIN)
    return face, apply_transform(transform, points) / SIZE


@kindly
def to_crop(answer):
    """Exercise 1: a function of image, points and box: the crop, and the points as shares of its side.

    >>> to_crop(_to_crop)
    ✔ Right. The same frame for every face and every size of picture.
    >>> to_crop(lambda image, points, box: (_to_crop(image, points, box)[0], points / 128)).state
    'wrong'
    """
    image, rng = _smooth_picture(180, 240), np.random.default_rng(0)
    for box in (np.array([70.0, 50, 150, 110]), np.array([90.0, 40, 150, 125])):
        points = rng.uniform(30, 140, (68, 2))
        given = answer(image, points, box)
        if (wrong := _pair(given)) is not None:
            return wrong
        face, x_hat = given
        expected_face, expected = _to_crop(image, points, box)
        hint = "The picture comes first, then the points." if np.ndim(x_hat) == 3 else ""
        if verdict := judged(x_hat, expected, _mistaken(points, box, expected), 1e-4, hint):
            wrong = _picture_like(face, expected_face.shape)
            if wrong is None and np.abs(face.astype(int) - expected_face).mean() > 6:
                wrong = Verdict(
                    "wrong",
                    "The points are right, the crop shows something else: does M map x to x', with"
                    " 128 / s on its diagonal and the shift in its last column?",
                )
            verdict = verdict if wrong is None else wrong
        if not verdict:
            return verdict
    return Verdict("right", "The same frame for every face and every size of picture.")


def _mistaken(points, box, expected):
    """Message -> the normalised points that this mistake leads to."""
    low, high = box[:2], box[2:]
    side, centre = high - low, (low + high) / 2

    def unit(c, s, middle=(SIZE - 1) / 2):
        return ((points - c) * SIZE / s + middle) / SIZE

    s = MARGIN * side.max()
    return {
        "These are pixels of the crop, x'. Divide by 128.": SIZE * expected,
        "Divide the pixels of the crop by 128, not by 127.": expected * SIZE / (SIZE - 1),
        "Points outside the crop stay outside: do not clip them.": np.clip(expected, 0, 1),
        "Almost: the centre of 128 pixels is at 63.5, since the first one is 0.": unit(centre, s, 64),
        "The scale is 128 / s, not s / 128.": unit(centre, SIZE**2 / s),
        "c is half the width and height; wanted is the centre, (left + right) / 2 ...": unit(side / 2, s),
        "s lacks the margin: 1.5 times the longer side.": unit(centre, side.max()),
        "s takes the shorter side; wanted is the longer one.": unit(centre, MARGIN * side.min()),
        "c is the box's left upper corner; wanted is its centre.": unit(low, s),
        "The box's centre lands at 0: add 63.5 before you divide.": unit(centre, s, 0),
        "That stretches the face: take one s for both x and y.": unit(centre, MARGIN * side),
    }


def _mirror(image, points):
    return augment.mirror(image, points)


@kindly
def mirror(answer):
    """Exercise 2: a function of image and points that mirrors both, and renumbers the points.

    >>> mirror(_mirror)
    ✔ Right. Picture, positions and numbers; and applied twice it is the identity.
    >>> mirror(lambda image, points: (image[:, ::-1], points * [-1, 1] + [image.shape[1] - 1, 0])).message
    'The positions are right, the numbers are not: reorder them by landmarks.MIRROR.'
    """
    image = _smooth_picture(90, 120)
    points, width = np.random.default_rng(0).uniform(0, 90, (68, 2)), 120
    given = answer(image, points)
    if (wrong := _pair(given)) is not None:
        return wrong
    flipped = points * [-1, 1] + [width - 1, 0]
    expected = flipped[landmarks.MIRROR]
    verdict = judged(given[1], expected, {
        "The positions are right, the numbers are not: reorder them by landmarks.MIRROR.": flipped,
        "Pixel 0 must become width - 1, and the numbers are still the old ones.": flipped + [1, 0],
        "[::-1] reverses the order of all 68; wanted is the one of landmarks.MIRROR.": flipped[::-1],
        "One pixel off: pixel 0 must become width - 1, not width.": expected + [1, 0],
        "The numbers are exchanged, but the points have not moved yet.": points[landmarks.MIRROR],
        "That mirrors up and down as well: y stays.": points[landmarks.MIRROR] * -1 + [width - 1, 90 - 1],
        "Use the width, image.shape[1]; image.shape[0] is the height.": expected + [90 - width, 0],
    }, 1e-5)  # fmt: skip
    if not verdict:
        return verdict
    if (wrong := _picture_like(given[0], image.shape)) is not None:
        return wrong
    if np.array_equal(given[0], image):
        return Verdict("wrong", "The points are right; the picture has not been mirrored.")
    if not np.array_equal(given[0], image[:, ::-1]):
        return Verdict("wrong", "The points are right; the picture is not image[:, ::-1].")
    return Verdict("right", "Picture, positions and numbers; and applied twice it is the identity.")


def _augmented(image, points, rng):
    if rng.random() < 0.5:
        image, points = augment.mirror(image, points)
    image, points = augment.rotate(image, points, rng.normal(0, 10))
    middle, half = (SIZE - 1) / 2, SIZE / MARGIN / 2
    box = middle + half * np.array([-1, -1, 1, 1])
    image, transform = crop(image, move_boxes(box, rng.normal(0, 0.05, 2), np.exp(rng.normal(0, 0.08))))
    return augment.light(image, gain=rng.uniform(0.7, 1.3)), apply_transform(transform, points)


@kindly
def augmented(answer):
    """Exercise 3: a function of image, points and a generator: another version of the same face.

    The check paints a dot on every point and looks where the dots are afterwards.

    >>> augmented(_augmented).state
    'right'
    >>> augmented(lambda image, points, rng: (augment.light(image, rng.uniform(0.7, 1.3)), points)).message
    'The points never move: change the geometry too (rotate, mirror, shift).'
    """
    shape = sources.load("synthetic", n=1, yaw=(0, 0.2), progress=False).crops().points[0].astype(float)
    image = np.full((SIZE, SIZE, 3), (90, 70, 50), np.uint8)  # not grey, so that becoming grey is seen
    for x, y in np.rint(shape).astype(int):
        cv2.circle(image, (int(x), int(y)), 2, (200, 200, 200), cv2.FILLED)
    answers = []
    for seed in range(12):
        given = answer(image, shape, np.random.default_rng(seed))
        wrong = _pair(given)
        if wrong is None:
            wrong = _picture_like(given[0], image.shape)
        if wrong is None and np.shape(given[1]) != (68, 2):
            wrong = Verdict("wrong", f"The points should have shape (68, 2); yours {np.shape(given[1])}.")
        if wrong is not None:
            return wrong
        answers.append((np.asarray(given[0]), np.asarray(given[1], float)))
    again = answer(image, shape, np.random.default_rng(0))
    if not (np.array_equal(again[0], answers[0][0]) and np.allclose(again[1], answers[0][1])):
        return Verdict("wrong", "Two runs with the same generator differ: draw every number from rng.")
    return _versions(answers, image, shape)


def _versions(answers, image, shape):
    pictures, points = (np.array(part) for part in zip(*answers, strict=True))
    if np.array_equal(pictures[0], pictures[1]) and (pictures == pictures[0]).all():
        return Verdict("wrong", "All versions are the same: draw the strength of the changes from rng.")
    if np.ptp([*points, shape], axis=0).max() < 2:
        return Verdict("wrong", "The points never move: change the geometry too (rotate, mirror, shift).")
    right, down = points[:, 45] - points[:, 36], points[:, 8] - points[:, 36]
    if (down[:, 1] < 0).any():
        return Verdict("wrong", "Some faces stand on their heads: mirror left and right, rotate by less.")
    if (right[:, 0] * down[:, 1] < right[:, 1] * down[:, 0]).any():
        return Verdict("wrong", "Mirrored faces keep their old numbers: exchange them (landmarks.MIRROR).")
    hits = np.mean([_hits(picture, shape) for picture, shape in zip(pictures, points, strict=True)])
    if hits < HITS:
        return Verdict(
            "wrong",
            f"After your changes only {hits:.0%} of the points lie on what they marked: the points must make"
            " every move that the picture makes.",
        )
    if np.ptp([_look(picture) for picture in (*pictures, image)], axis=0).max() < 5:
        return Verdict("wrong", "The light never changes: add a photometric change (light, grey, blur ...).")
    return Verdict(
        "right", f"{hits:.0%} of the points lie on what they marked; the rest is occluded or outside."
    )


def _look(picture):
    """What moving a picture leaves alone: its colour, its noise, how bright its dots are (blur dims them)."""
    colour = np.median(picture, axis=(0, 1))
    return [*colour, np.median(np.abs(picture - colour)), np.sort(picture.max(axis=-1), axis=None)[-20]]


def _hits(picture, shape):
    """The share of the points in the frame that lie on something brighter than the rest."""
    grey = picture.mean(axis=-1)
    x, y = np.rint(shape).astype(int).T
    inside = (x >= 1) & (y >= 1) & (x < SIZE - 1) & (y < SIZE - 1)
    if inside.sum() < 10:
        return 0.0
    rest = np.median(grey)
    return float(np.mean(grey[y[inside], x[inside]] - rest > 0.25 * (grey.max() - rest)))


OURS = {to_crop: _to_crop, mirror: _mirror, augmented: _augmented}
