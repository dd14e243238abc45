"""A second look: the points of a network, better, for two or three passes instead of one."""

import numpy as np

from facelm_helpers.boxes import overlap, tight_boxes
from facelm_helpers.faces import crop_transforms
from facelm_helpers.geometry import apply_transform, compose, rotation
from facelm_helpers.landmarks import LEFT_EYE, RIGHT_EYE

REFINEMENTS = ("mirror", "rebox", "upright", "all")
LIKELY = 0.3  # intersection over union of the box of the first points and the given one; below it they erred
STRAIGHT = [[1, 0, 0], [0, 1, 0]]
FRONTAL = 0.15  # eye distance in sides of the box; nearer to each other, eyes do not say where up is


def refined(look, boxes, how, size, margin):
    """The points and scores of a method's last look.

    Parameters
    ----------
    look : function
        transforms (N, 2, 3) from image to crop pixels, and whether to take the mean with the mirrored crop ->
        points (N, 68, 2) in image pixels, scores (N,).
    boxes : (N, 4) array
    how : {None, "mirror", "rebox", "upright", "all"}
    size, margin
        Of the crop.

    Returns
    -------
    (N, 68, 2) array, (N,) array
    """
    first = crop_transforms(boxes, size, margin)
    if how in (None, "mirror"):
        return look(first, how is not None)
    points, _ = look(first, False)
    turns = upright(points, boxes) if how in ("upright", "all") else np.tile(STRAIGHT, (len(boxes), 1, 1))
    if how in ("rebox", "all"):
        boxes = rebox(apply_transform(turns, points), boxes)
    return look(compose(crop_transforms(boxes, size, margin), turns), how == "all")


def upright(points, boxes):
    """Transforms (N, 2, 3) that turn each picture round the middle of its box until the eyes are level."""
    left, right = points[:, LEFT_EYE].mean(axis=1), points[:, RIGHT_EYE].mean(axis=1)
    x, y = (right - left).T.astype(np.float64)
    side = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    degrees = np.where(np.hypot(x, y) < FRONTAL * side, 0, np.degrees(np.arctan2(y, x)))
    middles = (boxes[:, :2].astype(np.float64) + boxes[:, 2:]) / 2
    return np.array([rotation(-angle, middle) for angle, middle in zip(degrees, middles, strict=True)])


def rebox(points, boxes):
    """The tight boxes of points, (N, 4); the given box where these lie elsewhere."""
    tight = tight_boxes(points)
    likely = [overlap(box, other) >= LIKELY for box, other in zip(boxes, tight, strict=True)]
    return np.where(np.array(likely)[:, None], tight, boxes)
