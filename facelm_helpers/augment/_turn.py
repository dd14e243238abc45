"""A photograph's head turned to larger yaw, with its points: how 300W-LP was made."""

import cv2
import numpy as np

from facelm_helpers import face3d
from facelm_helpers.boxes import tight_boxes
from facelm_helpers.faces import crop, crop_transform
from facelm_helpers.geometry import apply_transform
from facelm_helpers.images import check_image

ROUND = 2  # sides of the final crop that are cut out to turn a face in


def turn(image, points, yaw, jaw="mixed"):
    """A photograph's head turned to a larger yaw, and its points.

    A 3D face is laid on the points; with the anchors round it that carry hair, neck and background, it is
    turned, and each triangle warped (Zhu et al., Face Alignment Across Large Poses, CVPR 2016, made 300W-LP
    so; `face3d.turned` tells how). What comes to light was seen at a slant before, and is stretched: nothing
    is made up, so a head can only turn further to the side that it looks to; one within 10 degrees of the
    front, to either side. The mesh between the 68 points and what lies round it were never measured. About
    10 ms for 256x256 pixels.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    points : (68, 2) array
        Pixels; NaN where hidden.
    yaw : float
        Of the turned head, degrees from -90 to 90; positive: the nose points to the left of the picture, see
        `face3d.rotation`. ``face3d.fit(points).degrees[0, 1]`` tells the present one.
    jaw : {"mixed", "visible", "solid"}
        Where the jaw's new points are: its visible contour up to 30 degrees, fixed spots of the head from 75,
        evenly between the two in between, as in the faces that the course's networks learn from; the contour;
        or the fixed spots, as in AFLW2000-3D.

    Returns
    -------
    image : (H, W, 3) uint8 array
    points : (68, 2) float32 array
        They may lie outside.

    Raises
    ------
    ValueError
        For something that is no image, malformed points, a yaw beyond 90 degrees, or one for which the head
        would show a side that the photograph hides.

    Examples
    --------
    >>> from facelm_helpers import sources
    >>> face = sources.load("synthetic", n=1, yaw=(0, 0.1), progress=False)
    >>> picture, moved = turn(face.images[0], face.points[0], yaw=60, jaw="solid")
    >>> picture.shape, bool(abs(face3d.fit(moved, "solid").degrees[0, 1] - 60) < 6)
    ((128, 128, 3), True)
    """
    image = check_image(image)
    found = face3d.turned(points, yaw, image.shape[:2], jaw)
    return look_up(image, found.flow), np.float32(found.points)


def look_up(image, flow):
    """The image at the places of a flow; its mirror image continues it."""
    return cv2.remap(image, flow, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def turn_at_random(image, points, box, rng, size, margin, strength):
    """A face turned further, or as it is: the crop round it, its points there, and its box.

    The box keeps its place by the tight one. See `Strength` for what is drawn.
    """
    chance, more, side = rng.random(3)
    if not chance < strength.turn:
        return image, points, box
    transform = crop_transform(box, ROUND * size, ROUND * margin)
    image = crop(check_image(image), box, ROUND * size, ROUND * margin)[0]
    points, corners = (apply_transform(transform, values) for values in (points, np.reshape(box, (2, 2))))
    fitted = face3d.fit_annotated(points)
    new = face3d.further(fitted.degrees[0, 1], more * strength.turn_degrees, side)
    if new == fitted.degrees[0, 1]:
        return image, points, corners.ravel()
    found = face3d.turned(points, new, image.shape[:2], "mixed", fitted)
    old, tight = tight_boxes(np.stack([points, found.points])).reshape(2, 2, 2)
    scale = np.ptp(tight, axis=0).max() / np.ptp(old, axis=0).max()
    corners = tight.mean(axis=0) + scale * (corners - old.mean(axis=0))
    return look_up(image, found.flow), found.points, corners.ravel()
