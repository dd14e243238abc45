"""Rotation matrices of a head, and its angles in degrees, in 300W-LP's convention."""

import numpy as np


def rotation(degrees):
    r"""The rotation matrix of pitch, yaw and roll.

    With x to the right, y down and z towards the camera, and p, w, r for pitch, yaw, roll:

    .. math:: R = R_x(p)\, R_y(w)\, R_z(r),\quad
        R_x = \begin{pmatrix} 1 & 0 & 0 \\ 0 & \cos p & -\sin p \\ 0 & \sin p & \cos p \end{pmatrix},\
        R_y = \begin{pmatrix} \cos w & 0 & -\sin w \\ 0 & 1 & 0 \\ \sin w & 0 & \cos w \end{pmatrix},\
        R_z = \begin{pmatrix} \cos r & -\sin r & 0 \\ \sin r & \cos r & 0 \\ 0 & 0 & 1 \end{pmatrix}

    This is what 300W-LP and AFLW2000-3D do with ``Pose_Para`` (Zhu et al., CVPR 2016), whose y points up.

    Parameters
    ----------
    degrees : (3,) or (N, 3) array
        Pitch (positive: looks up), yaw (positive: the nose points to the left of the picture; the sign of
        `geometry.yaw` is the opposite), roll (positive: turned clockwise, as seen in the picture).

    Returns
    -------
    (3, 3) or (N, 3, 3) float64 array
        Its third column is the direction of the nose.

    Raises
    ------
    ValueError
        If the last dimension is not 3.

    Examples
    --------
    >>> rotation([0, 90, 0])[:, 2].round(6).tolist()
    [-1.0, 0.0, 0.0]
    """
    degrees = np.asarray(degrees, dtype=np.float64)
    if degrees.ndim == 0 or degrees.shape[-1] != 3:
        raise ValueError(f"degrees have shape {degrees.shape}: wanted (3,) or (N, 3), pitch, yaw and roll")
    (p, w, r), one = np.moveaxis(np.radians(degrees), -1, 0), np.ones(degrees.shape[:-1])
    zero = 0 * one
    cos, sin = np.cos, np.sin
    R_x = [[one, zero, zero], [zero, cos(p), -sin(p)], [zero, sin(p), cos(p)]]
    R_y = [[cos(w), zero, -sin(w)], [zero, one, zero], [sin(w), zero, cos(w)]]
    R_z = [[cos(r), -sin(r), zero], [sin(r), cos(r), zero], [zero, zero, one]]
    R_x, R_y, R_z = (np.moveaxis(np.array(R), (0, 1), (-2, -1)) for R in (R_x, R_y, R_z))
    return R_x @ R_y @ R_z


def angles(R):
    """Pitch, yaw and roll of rotation matrices: the inverse of `rotation`.

    Parameters
    ----------
    R : (3, 3) or (N, 3, 3) array

    Returns
    -------
    (3,) or (N, 3) float64 array
        Degrees. Yaw is between -90 and 90; at exactly 90 degrees pitch and roll turn about the same axis, and
        their difference alone is known; at -90 degrees their sum.

    Raises
    ------
    ValueError
        If R is not of (3, 3) matrices.

    Examples
    --------
    >>> angles(rotation([10, -50, 20])).round(6).tolist()
    [10.0, -50.0, 20.0]
    """
    R = np.asarray(R, dtype=np.float64)
    if R.shape[-2:] != (3, 3):
        raise ValueError(f"R has shape {R.shape}: wanted (3, 3) or (N, 3, 3)")
    pitch = np.arctan2(-R[..., 1, 2], R[..., 2, 2])
    yaw = np.arcsin(np.clip(-R[..., 0, 2], -1, 1))
    roll = np.arctan2(-R[..., 0, 1], R[..., 0, 0])
    return np.degrees(np.stack([pitch, yaw, roll], axis=-1))


def turn(omega):
    """Rotation matrices (N, 3, 3) of rotation vectors (N, 3), radians (Rodrigues' formula)."""
    angle = np.linalg.norm(omega, axis=1)
    x, y, z = (omega / np.maximum(angle, 1e-12)[:, None]).T
    K = np.zeros((len(omega), 3, 3))
    K[:, 0, 1], K[:, 0, 2], K[:, 1, 2] = -z, y, -x
    K[:, 1, 0], K[:, 2, 0], K[:, 2, 1] = z, -y, x
    sin, cos = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    return np.eye(3) + sin * K + (1 - cos) * (K @ K)
