"""Rotation in the plane of the picture, and how far a face is turned out of it."""

import numpy as np


def rotation(degrees, centre):
    r"""The transform that turns the plane clockwise (as seen in a picture, y down) round a centre.

    .. math:: T = [R \mid c - R c], \qquad
        R = \begin{pmatrix} \cos a & -\sin a \\ \sin a & \cos a \end{pmatrix}

    Parameters
    ----------
    degrees : float
        a.
    centre : (2,) array
        c, in pixels.

    Returns
    -------
    (2, 3) float64 array

    Examples
    --------
    >>> from facelm_helpers.geometry import apply_transform
    >>> apply_transform(rotation(90, (5, 5)), [[10, 5]]).round(6).tolist()
    [[5.0, 10.0]]
    """
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    x, y = (float(value) for value in centre)
    return np.array([[c, -s, x - c * x + s * y], [s, c, y - s * x - c * y]])


def yaw(points):
    """How far a face is turned: 0 looks ahead, -1 and 1 are profiles (a measure of the points, not degrees).

    With l and r the distances of the nose tip from the left and the right jaw end along the line between
    them, yaw = (l - r) / (l + r), positive when the nose points to the right of the picture.

    Parameters
    ----------
    points : (N, 68, 2) array

    Returns
    -------
    (N,) float array

    Examples
    --------
    >>> shape = np.zeros((1, 68, 2)); shape[0, 0] = 0, 0; shape[0, 16] = 10, 0; shape[0, 30] = 8, 4
    >>> round(float(yaw(shape)[0]), 3)
    0.6
    """
    points = np.asarray(points, dtype=np.float64)
    across = points[:, 16] - points[:, 0]
    along = ((points[:, 30] - points[:, 0]) * across).sum(axis=1) / np.maximum((across**2).sum(axis=1), 1e-9)
    return np.clip(2 * along - 1, -1, 1)
