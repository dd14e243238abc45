"""Head pose from points, and its axes drawn."""

import cv2
import numpy as np

from facelm_helpers import face3d
from facelm_helpers.applications._track import check_face, check_track
from facelm_helpers.images import check_image

AXES = {"right": (230, 60, 60), "down": (60, 200, 60), "ahead": (70, 110, 255)}


def head_pose(points):
    """Pitch, yaw and roll of a head, from the 3D face laid on its points.

    Parameters
    ----------
    points : (T, 68, 2) array
        Pixels; for one face, T = 1.

    Returns
    -------
    (T, 3) float64 array
        Degrees: pitch, positive for a head that looks up; yaw, positive where the nose points to the left of
        the picture; roll, positive clockwise. See `face3d.rotation`.

    Raises
    ------
    ValueError
        For points of another shape, or not all finite.

    Examples
    --------
    >>> from facelm_helpers.landmarks import MEAN_SHAPE
    >>> pose = head_pose(100 * MEAN_SHAPE[None])[0]
    >>> bool(np.abs(pose[1:]).max() < 2)
    True
    """
    return face3d.fit(check_track(points)).degrees


def draw_pose(image, points, length=0.5):
    """The axes of a head, from the tip of the nose: red to the right of the picture, green down,
    blue ahead.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        It is not changed.
    points : (68, 2) array
        Pixels.
    length : float
        Of an axis across the line of sight, in sizes of the face.

    Returns
    -------
    (H, W, 3) uint8 array

    Raises
    ------
    ValueError
        For something that is no image, or points of another shape.

    Examples
    --------
    >>> from facelm_helpers.landmarks import MEAN_SHAPE
    >>> drawn = draw_pose(np.zeros((128, 128, 3), np.uint8), 100 * MEAN_SHAPE + 64)
    >>> bool(drawn.any())
    True
    """
    image, points = check_image(image).copy(), check_face(points)
    fitted = face3d.fit(points)
    R, reach = fitted.R[0], length * fitted.scale[0]
    thick = max(1, round(fitted.scale[0] / 60))
    start = np.rint(points[30]).astype(int)
    for k in np.argsort(R[2]):  # the axis that points to the camera last
        end = np.rint(points[30] + reach * R[:2, k]).astype(int)
        colour = list(AXES.values())[k]
        cv2.arrowedLine(image, start.tolist(), end.tolist(), colour, thick, cv2.LINE_AA, tipLength=0.15)
    return image
