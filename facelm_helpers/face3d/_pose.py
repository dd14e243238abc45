"""Weak-perspective pose from 2D points and a 3D shape: x = s R_2 S + t, with R_2 the first two rows of R.

Legend: N faces, K points; w are weights, 0 for a hidden point. Shapes S are (N, K, 3) in the face's own
frame, points x (N, K, 2) in pixels.
"""

import numpy as np

from facelm_helpers.face3d._rotation import turn


def centred(values, w):
    """Values (N, K, D) less their weighted mean."""
    return values - ((w[..., None] * values).sum(axis=1) / w.sum(axis=1)[:, None])[:, None]


def first_pose(S, x, w):
    """Rotation and scale from the best affine camera, made orthogonal by a singular value decomposition."""
    S, x = centred(S, w), centred(x, w)
    weighted = np.swapaxes(S * w[..., None], 1, 2)
    second = weighted @ S
    second += 1e-6 * np.trace(second, axis1=1, axis2=2)[:, None, None] * np.eye(3)
    A = np.linalg.solve(second, weighted @ x).transpose(0, 2, 1)  # (N, 2, 3)
    U, D, V = np.linalg.svd(A, full_matrices=False)
    R = U @ V
    return np.concatenate([R, np.cross(R[:, 0], R[:, 1])[:, None]], axis=1), D.mean(axis=1)


def better_pose(S, x, w, R, s):
    """One Gauss-Newton step for rotation and scale, the shift being eliminated.

    A small rotation o moves a turned point p by o x p, so that the columns of the Jacobian are
    s (0, p_z, -p_y) and s (-p_z, 0, p_x), and (p_x, p_y) s for the logarithm of the scale.
    """
    p, x = centred(S, w) @ np.swapaxes(R, 1, 2), centred(x, w)
    scale = s[:, None, None]
    zero = np.zeros_like(p[..., 0])
    J = np.stack([zero, p[..., 2], -p[..., 1], p[..., 0], -p[..., 2], zero, p[..., 0], p[..., 1]], axis=-1)
    J = (J * scale).reshape(len(x), 2 * x.shape[1], 4)
    weighted = np.swapaxes(J * np.repeat(w, 2, axis=1)[..., None], 1, 2)
    H = weighted @ J
    H += 1e-4 * np.trace(H, axis1=1, axis2=2)[:, None, None] * np.eye(4)
    step = np.linalg.solve(H, weighted @ (x - scale * p[..., :2]).reshape(len(x), J.shape[1], 1))[..., 0]
    step = np.clip(step, -0.5, 0.5)
    return turn(step[:, :3]) @ R, s * np.exp(step[:, 3])


def pose_of(S, x, w, steps=5):
    """Rotation and scale: the first guess, made better a few times."""
    R, s = first_pose(S, x, w)
    for _ in range(steps):
        R, s = better_pose(S, x, w, R, s)
    return R, s


def shift_of(S, x, w, R, s):
    """The shift t (N, 2) for a given rotation and scale."""
    rest = x - s[:, None, None] * (S @ np.swapaxes(R[:, :2], 1, 2))
    return (w[..., None] * rest).sum(axis=1) / w.sum(axis=1)[:, None]
