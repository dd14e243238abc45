"""From 3D to the picture, and the pose by a pinhole camera."""

import cv2
import numpy as np

from facelm_helpers.face3d._fit import visible
from facelm_helpers.face3d._model import load_face3d
from facelm_helpers.face3d._silhouette import jaw_at, known_jaw


def project(S, R, scale, shift):
    """Where a shape is seen under weak perspective: x = s R_2 S + t.

    Parameters
    ----------
    S : (K, 3) or (N, K, 3) array
        In the face's own frame.
    R : (3, 3) or (N, 3, 3) array
    scale : float or (N,) array
        s, pixels for each unit.
    shift : (2,) or (N, 2) array
        t, pixels.

    Returns
    -------
    (K, 2) or (N, K, 2) float64 array
        Pixels.

    Examples
    --------
    >>> project([[0, 0, 5], [1, 0, 0]], np.eye(3), 10, [3, 4]).tolist()
    [[3.0, 4.0], [13.0, 4.0]]
    """
    return _turned(S, R, scale, shift)[..., :2]


def vertices(fitted, dense=False, jaw="solid"):
    """The points of fitted faces in the picture, with depth.

    Parameters
    ----------
    fitted : Fitted
        N faces.
    dense : bool
        All vertices of the mesh instead of the 68 points. Those between the points are interpolated and were
        never measured.
    jaw : {"solid", "visible", "mixed"}
        Where the 17 jaw points are: fixed spots of the head; where its contour is seen, see `fit`; or between
        the two by yaw, see `solid_share`. The mesh is always solid.

    Returns
    -------
    (N, 68, 3) or (N, V, 3) float64 array
        x and y in pixels of the picture; z in pixels too, towards the camera, 0 at the origin of the face's
        own frame.

    Raises
    ------
    ValueError
        If jaw is none of these.

    Examples
    --------
    >>> from facelm_helpers.face3d import fit
    >>> vertices(fit(100 * load_face3d().mean[:, :2]), dense=True).shape[2]
    3
    """
    known_jaw(jaw)
    S = fitted.shape
    S = load_face3d().weights @ S if dense else jaw_at(S, fitted.R, jaw)
    return _turned(S, fitted.R, fitted.scale, fitted.shift)


def pnp(points, size, focal=1.0, jaw="visible"):
    """The pose of the mean face by perspective-n-point, with a camera that one has to guess.

    Iterative least squares of the projection error (OpenCV's ``solvePnP``), started from EPnP (Lepetit et
    al., IJCV, 2009). The shape is the mean of all people: what differs in a face goes into the pose.

    Parameters
    ----------
    points : (N, 68, 2) or (68, 2) array
        Pixels; NaN where hidden.
    size : (2,) or (N, 2) array
        Width and height of the picture, pixels. The axis of the camera goes through its middle.
    focal : float
        Focal length, in widths of the picture.
    jaw : {"visible", "solid"}
        As for `fit`; "visible" leaves the jaw out, whose contour is no fixed spot.

    Returns
    -------
    R : (N, 3, 3) float64 array
        As in `rotation`.
    place : (N, 3) float64 array
        Of the face's origin: x to the right, y down, z away from the camera, in units of the model.

    Raises
    ------
    ValueError
        If points are malformed, or focal is not positive.

    Examples
    --------
    >>> from facelm_helpers.face3d import angles, rotation
    >>> seen = project(load_face3d().mean, rotation([0, 20, 0]), 20, [256, 256])
    >>> R, place = pnp(seen, size=(512, 512), focal=10)
    >>> np.abs(angles(R[0]) - [0, 20, 0]).max() < 1
    np.True_
    """
    if not focal > 0:
        raise ValueError(f"focal is {focal}: wanted a positive number of picture widths")
    known_jaw(jaw, ("visible", "solid"))
    model, (x, seen) = load_face3d(), visible(points)
    size = np.broadcast_to(np.asarray(size, dtype=np.float64), (len(x), 2))
    seen = seen > 0
    if jaw == "visible":
        seen[:, :17] = False
    away = np.array([1.0, 1.0, -1.0])  # OpenCV's z points away from the camera
    R, place = np.zeros((len(x), 3, 3)), np.zeros((len(x), 3))
    for i, (face, known, (width, height)) in enumerate(zip(x, seen, size, strict=True)):
        camera = np.array([
            [focal * width, 0, (width - 1) / 2], [0, focal * width, (height - 1) / 2], [0, 0, 1]
        ])  # fmt: skip
        spots, found = model.mean[known] * away, face[known]
        _, turn, move = cv2.solvePnP(spots, found, camera, None, flags=cv2.SOLVEPNP_EPNP)
        turn, move = cv2.solvePnPRefineLM(spots, found, camera, None, turn, move)
        R[i] = cv2.Rodrigues(turn)[0] * away[:, None] * away
        place[i] = move[:, 0]
    return R, place


def _turned(S, R, scale, shift):
    """Shapes turned, scaled and moved, with their depth."""
    S, R = np.asarray(S, dtype=np.float64), np.asarray(R, dtype=np.float64)
    if S.shape[-1:] != (3,) or R.shape[-2:] != (3, 3):
        raise ValueError(f"S and R have shapes {S.shape} and {R.shape}: wanted (..., K, 3) and (..., 3, 3)")
    placed = np.asarray(scale, dtype=np.float64)[..., None, None] * (S @ np.swapaxes(R, -1, -2))
    placed[..., :2] += np.asarray(shift, dtype=np.float64)[..., None, :]
    return placed
