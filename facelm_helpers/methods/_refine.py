"""A second look: the points of a network, better, for two or three passes instead of one."""

import numpy as np

from facelm_helpers.boxes import overlap, tight_boxes
from facelm_helpers.faces import crop_transforms, cut, uncrop
from facelm_helpers.geometry import apply_transform, compose, rotation
from facelm_helpers.landmarks import LEFT_EYE, RIGHT_EYE, mirror

REFINEMENTS = ("mirror", "rebox", "upright", "all")
LIKELY = 0.3  # intersection over union of the box of the first points and the given one; below it they erred
STRAIGHT = [[1, 0, 0], [0, 1, 0]]
FRONTAL = 0.15  # eye distance in sides of the box; nearer to each other, eyes do not say where up is


def refined(aligner, images, boxes, how):
    """The points and scores of a method's last look.

    Parameters
    ----------
    aligner : KerasAligner
    images : list of N (H, W, 3) uint8 arrays
    boxes : (N, 4) float32 array
    how : {None, "mirror", "rebox", "upright", "all"}

    Returns
    -------
    (N, 68, 2) float32 array in image pixels, (N,) array
    """
    first = crop_transforms(boxes, aligner.size, aligner.margin)
    if how in (None, "mirror"):
        return _look(aligner, images, first, how is not None)
    points, _ = _look(aligner, images, first, False)
    turns = upright(points, boxes) if how in ("upright", "all") else np.tile(STRAIGHT, (len(boxes), 1, 1))
    if how in ("rebox", "all"):
        boxes = rebox(apply_transform(turns, points), boxes)
    second = compose(crop_transforms(boxes, aligner.size, aligner.margin), turns)
    return _look(aligner, images, second, how == "all")


def _look(aligner, images, transforms, mirrored):
    """Points and scores from the crops of some transforms; the mean with those of the mirrored crops."""
    crops = cut(images, transforms, aligner.size)
    points, sure = aligner._answer(crops)
    if mirrored:
        other, other_sure = aligner._answer(crops[:, :, ::-1])
        points, sure = (points + mirror(other, aligner.size)) / 2, (sure + other_sure) / 2
    return uncrop(points, transforms), sure


def upright(points, boxes):
    """Transforms (N, 2, 3) that turn each picture round the middle of its box until the eyes are level."""
    left, right = points[:, LEFT_EYE].mean(axis=1), points[:, RIGHT_EYE].mean(axis=1)
    x, y = (right - left).T.astype(np.float64)
    side = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    degrees = np.where(np.hypot(x, y) >= FRONTAL * side, np.degrees(np.arctan2(y, x)), 0)
    middles = (boxes[:, :2].astype(np.float64) + boxes[:, 2:]) / 2
    return np.array([rotation(-angle, middle) for angle, middle in zip(degrees, middles, strict=True)])


def rebox(points, boxes):
    """The tight boxes of points, (N, 4); the given box where these lie elsewhere."""
    tight = tight_boxes(points)
    likely = [overlap(box, other) >= LIKELY for box, other in zip(boxes, tight, strict=True)]
    return np.where(np.array(likely)[:, None], tight, boxes)
