"""Make-up that follows the points: lips, brows, blush."""

import cv2
import numpy as np

from facelm_helpers.applications._track import check_face, sizes
from facelm_helpers.images import check_image

UPPER_LIP = [48, 49, 50, 51, 52, 53, 54, 64, 63, 62, 61, 60]
LOWER_LIP = [48, 60, 67, 66, 65, 64, 54, 55, 56, 57, 58, 59]
COLOURS = {"lips": (170, 30, 60), "brows": (60, 40, 30), "blush": (230, 110, 110)}
SOFT = {"lips": 0.008, "brows": 0.012, "blush": 0.06}  # of the face's size: standard deviation of the edge
BRIGHT = 0.1  # how far the paint's own lightness counts: else the skin's light and shade stay


def regions(points, shape):
    """Where paint goes: a soft mask for each region.

    Parameters
    ----------
    points : (68, 2) array
        Pixels.
    shape : (height, width)
        Of the picture.

    Returns
    -------
    dict
        "lips", "brows", "blush" -> (H, W) float32 array, 0..1. The open mouth stays free; the blush of a
        cheek that is turned away shrinks with it.

    Examples
    --------
    >>> from facelm_helpers.landmarks import MEAN_SHAPE
    >>> masks = regions(100 * MEAN_SHAPE + 64, (128, 128))
    >>> sorted(masks), masks["lips"].shape
    (['blush', 'brows', 'lips'], (128, 128))
    """
    points = check_face(points)
    size = sizes(points[None])[0]
    masks = {name: np.zeros(shape[:2], np.float32) for name in COLOURS}
    for lip in (UPPER_LIP, LOWER_LIP):
        _fill(masks["lips"], points[lip])
    for brow in (points[17:22], points[22:27]):
        thick = max(1, round(0.035 * size))
        cv2.polylines(masks["brows"], [_fixed(brow)], False, 1.0, thick, cv2.LINE_AA, 4)
    for ear, wing, eye in ((2, 31, 41), (14, 35, 46)):
        middle = 0.45 * points[ear] + 0.35 * points[wing] + 0.2 * points[eye]
        wide = abs(points[wing, 0] - points[ear, 0])
        axes = max(0.26 * wide, 0.5), max(0.09 * size, 0.5)
        box = (tuple(map(float, middle)), (2 * axes[0], 2 * axes[1]), 0.0)
        cv2.ellipse(masks["blush"], box, 1.0, -1, cv2.LINE_AA)
    for name, mask in masks.items():
        masks[name] = cv2.GaussianBlur(mask, (0, 0), max(SOFT[name] * size, 0.3))
    return masks


def make_up(image, points, lips=COLOURS["lips"], brows=None, blush=COLOURS["blush"], strength=0.5):
    r"""Paint on a face.

    .. math:: a' = (1 - \alpha m)\, a + \alpha m\, a_{paint}

    for the two colour axes a and b of CIELAB, and for a tenth of it of the lightness L: the skin's light and
    shade stay, which is what makes paint look worn and not pasted. m is the soft mask of `regions`.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        It is not changed.
    points : (68, 2) array
        Pixels.
    lips, brows, blush : (red, green, blue) in 0..255, or None
        None leaves the region as it is.
    strength : float
        alpha, above 0 and up to 1. The blush takes half of it.

    Returns
    -------
    (H, W, 3) uint8 array

    Raises
    ------
    ValueError
        For something that is no image, points of another shape, a colour or a strength out of its range.

    Examples
    --------
    >>> from facelm_helpers.landmarks import MEAN_SHAPE
    >>> skin = np.full((128, 128, 3), (200, 160, 140), np.uint8)
    >>> painted = make_up(skin, 100 * MEAN_SHAPE + 64)
    >>> bool((painted[85, 64] != skin[85, 64]).any()), bool((painted[0, 0] == skin[0, 0]).all())
    (True, True)
    """
    image = check_image(image)
    if not 0 < strength <= 1:
        raise ValueError(f"strength is {strength!r}: wanted a number above 0, at most 1")
    masks = regions(points, image.shape)
    lab = cv2.cvtColor(np.float32(image) / 255, cv2.COLOR_RGB2LAB)
    total = np.zeros(image.shape[:2], np.float32)
    for name, colour in (("lips", lips), ("brows", brows), ("blush", blush)):
        if colour is None:
            continue
        if np.shape(colour) != (3,) or not all(0 <= value <= 255 for value in colour):
            raise ValueError(f"{name} is {colour!r}: wanted (red, green, blue) in 0..255, or None")
        paint = cv2.cvtColor(np.float32([[colour]]) / 255, cv2.COLOR_RGB2LAB)[0, 0]
        alpha = masks[name][..., None] * strength * (0.5 if name == "blush" else 1) * [BRIGHT, 1, 1]
        if name == "brows":
            alpha[..., 0] *= 0.4 / BRIGHT  # brows are darkened
        lab = np.float32(lab + alpha * (paint - lab))
        total = np.maximum(total, masks[name])
    found = np.rint(255 * np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1)).astype(np.uint8)
    return np.where(total[..., None] > 1e-3, found, image)


def _fixed(points):
    return np.rint(points * 16).astype(np.int32)


def _fill(mask, points):
    cv2.fillPoly(mask, [_fixed(points)], 1.0, cv2.LINE_AA, 4)
