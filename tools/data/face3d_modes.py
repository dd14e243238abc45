"""A linear model of 68 points in 3D from annotated photographs: non-rigid structure from motion.

Every photograph i shows its face from one side: x = s R_2 (m + V z) + t + noise, with z ~ N(0, I) of K
numbers. Mean m and modes V are the same for all. Expectation maximisation after Torresani, Hertzmann and
Bregler (IEEE PAMI, 2008): poses by Gauss-Newton, z by its posterior, m and V by least squares. First m
alone, from rigid faces; then V with m held, since modes that may be anything would take away the depth of
the mean. A mirrored face is a face, so each is taken twice. Points on the far side of the jaw are left out:
annotators follow the visible contour there, which is another spot of the head in every picture.
"""

import numpy as np

from facelm_helpers.face3d._pose import better_pose, first_pose, shift_of
from facelm_helpers.landmarks import MIRROR

FLIP = np.array([-1.0, 1, 1])
FAR = 8  # degrees of yaw from which the far side of the jaw is left out
TRUST = 0.03  # no point counts as more exact, in the unit of `learn`: else lids and lips decide poses
CHUNK = 2000


def learn(points, modes, rigid=40, steps=12, seed=0, log=print):
    """Mean, modes and noise of shapes with hidden points.

    Parameters
    ----------
    points : (N, 68, 2) array
        NaN where hidden.
    modes : int
        K.
    rigid, steps : int
        Iterations for the mean, and for the modes.
    seed : int

    Returns
    -------
    mean : (68, 3) array
        Symmetric; the mean distance from its centre (root of the mean square) is 1.
    V : (68, 3, K) array
    variance : (68,) array
        Of the noise of each point, in the same unit.
    """
    x, w = _both(points)
    mean = _relief(x, w)
    variance = np.full(68, 0.06**2)
    R, s = first_pose(_each(mean, x), x, w)
    for _ in range(rigid):
        seen = w * near(R)
        for _ in range(2):
            R, s = better_pose(_each(mean, x), x, seen / (variance + TRUST**2), R, s)
        mean, variance, size = _mean_of(mean, x, seen, R, s, seen / (variance + TRUST**2))
        s = s * size
    log(f"rigid: noise {np.sqrt(variance.mean()):.4f}, depth {np.ptp(mean[:, 2]):.3f}")
    V = 0.01 * np.random.default_rng(seed).standard_normal((68, 3, modes))
    z = np.zeros((len(x), modes))
    for step in range(steps):
        V, variance, z, R, s = _step(mean, V, variance, z, x, w, R, s)
        log(f"step {step + 1}: noise {np.sqrt(variance.mean()):.4f}, modes {np.linalg.norm(V):.3f}")
    return mean, V, variance


def near(R):
    """Which points to trust, (N, 68): all but the far side of the jaw of turned heads."""
    yaw = np.degrees(np.arctan2(R[:, 0, 2], R[:, 2, 2]))
    trusted = np.ones((len(R), 68))
    trusted[yaw > FAR, 9:17] = 0
    trusted[yaw < -FAR, :8] = 0
    return trusted


def _both(points):
    """The faces and their mirror images, of unit size and round the origin, and what is visible of each."""
    points = np.asarray(points, dtype=np.float64)
    x = np.concatenate([points, points[:, MIRROR] * FLIP[:2]])
    w = np.isfinite(x).all(axis=2).astype(float)
    x = np.where(w[..., None] > 0, x, 0)
    count = w.sum(axis=1)[:, None]
    x = (x - ((w[..., None] * x).sum(axis=1) / count)[:, None]) * w[..., None]
    return x / np.sqrt((x**2).sum(axis=(1, 2)) / count[:, 0])[:, None, None], w


def _relief(x, w):
    """A first guess: the average of the frontal faces on a cylinder, with a nose."""
    whole = x[w.all(axis=1)]
    jaw = whole[:, 16] - whole[:, 0]
    turned = ((whole[:, 30] - whole[:, 0]) * jaw).sum(axis=1) / (jaw**2).sum(axis=1) - 0.5
    level = np.abs(jaw[:, 1] / jaw[:, 0]) < 0.05
    flat = whole[(np.abs(turned) < 0.05) & level & (jaw[:, 0] > 0)].mean(axis=0)
    half = np.abs(flat[:, 0]).max()
    z = half * np.sqrt(np.clip(1.15 - (flat[:, 0] / half) ** 2, 0, None))
    z[27:36] += half * np.array([0.1, 0.2, 0.3, 0.4, 0.2, 0.2, 0.25, 0.2, 0.2])
    return _standard(np.column_stack([flat, z]))[0]


def _standard(mean):
    """A mean made symmetric, centred and of size 1, and its former size."""
    mean = (mean + mean[MIRROR] * FLIP) / 2
    mean = mean - mean.mean(axis=0)
    size = np.sqrt((mean**2).sum(axis=1).mean())
    return mean / size, size


def _each(mean, x):
    return np.broadcast_to(mean, (*x.shape[:2], 3))


def _mean_of(mean, x, seen, R, s, w):
    """The mean that fits rigid faces best, the noise about it, and its size before it was made 1."""
    t = shift_of(_each(mean, x), x, w, R, s)
    y, G = (x - t[:, None]) / s[:, None, None], R[:, :2]
    H = (seen.T @ (np.swapaxes(G, 1, 2) @ G).reshape(len(x), 9)).reshape(68, 3, 3)
    g = np.einsum("nk,nkd->kd", seen, y @ G)
    mean = np.linalg.solve(H, g[..., None])[..., 0]
    off = ((y - mean @ np.swapaxes(G, 1, 2)) ** 2).sum(axis=2)
    variance = (seen * off).sum(axis=0) / (2 * seen.sum(axis=0))
    mean, size = _standard(mean)
    return mean, (variance + variance[MIRROR]) / 2 / size**2, size


def _step(mean, V, variance, z, x, w, R, s):
    """One round of expectation maximisation: poses, then z, then V and the noise."""
    K = V.shape[2]
    H, g = np.zeros((68, 9, (K + 1) ** 2)), np.zeros((68, 3, K + 1))
    square, count = np.zeros(68), np.zeros(68)
    z, R, s = z.copy(), R.copy(), s.copy()
    for start in range(0, len(x), CHUNK):
        part = slice(start, start + CHUNK)
        seen = w[part] * near(R[part])
        S = mean + (z[part] @ V.reshape(-1, K).T).reshape(-1, 68, 3)
        for _ in range(2):
            R[part], s[part] = better_pose(S, x[part], seen / (variance + TRUST**2), R[part], s[part])
        y = x[part] - shift_of(S, x[part], seen / (variance + TRUST**2), R[part], s[part])[:, None]
        y /= s[part][:, None, None]
        G = R[part][:, :2]
        z[part], second = _posterior(y - mean @ np.swapaxes(G, 1, 2), G, V, seen / (variance + TRUST**2))
        pairs = (np.swapaxes(G, 1, 2) @ G).reshape(-1, 9)
        back, first = y @ G, np.column_stack([np.ones(len(y)), z[part]])
        second = second.reshape(len(y), -1)
        for k in range(68):
            H[k] += (pairs * seen[:, k : k + 1]).T @ second
            g[k] += (back[:, k] * seen[:, k : k + 1]).T @ first
        square += (seen * (y**2).sum(axis=2)).sum(axis=0)
        count += seen.sum(axis=0)
    V, variance = _modes(mean, H, g, square, count, K)
    return _without_pose(V, mean), variance, z, R, s


def _posterior(rest, G, V, w):
    """Mean (N, K) and second moments, with a leading 1, (N, K + 1, K + 1), of z given what is seen."""
    n, K = len(rest), V.shape[2]
    C = np.einsum("nad,kdm->nkam", G, V, optimize=True).reshape(n, 136, K)
    weighted = np.swapaxes(C * np.repeat(w, 2, axis=1)[..., None], 1, 2)
    spread = np.linalg.inv(weighted @ C + np.eye(K))
    z = (spread @ (weighted @ rest.reshape(n, 136, 1)))[..., 0]
    one = np.column_stack([np.ones(n), z])
    second = one[:, :, None] * one[:, None]
    second[:, 1:, 1:] += spread
    return z, second


def _modes(mean, H, g, square, count, K):
    """V and the noise, point by point, from the summed moments; the mean is held."""
    index = np.arange(3 * (K + 1)).reshape(3, K + 1)
    fixed, free = index[:, 0], index[:, 1:].ravel()
    V, variance = np.zeros((68, 3, K)), np.zeros(68)
    for k in range(68):
        A = H[k].reshape(3, 3, K + 1, K + 1).transpose(0, 2, 1, 3).reshape(3 * (K + 1), -1)
        b, v = g[k].ravel(), np.zeros(3 * (K + 1))
        v[fixed] = mean[k]
        right = b[free] - A[np.ix_(free, fixed)] @ mean[k]
        v[free] = np.linalg.solve(A[np.ix_(free, free)] + 1e-3 * np.eye(len(free)), right)
        variance[k] = max((square[k] - 2 * v @ b + v @ A @ v) / (2 * count[k]), 1e-5)
        V[k] = v.reshape(3, K + 1)[:, 1:]
    return V, (variance + variance[MIRROR]) / 2


def tangent(mean):
    """An orthonormal basis (204, 7) of how the mean changes when it is moved, turned or scaled."""
    turned = [np.cross(axis, mean).ravel() for axis in np.eye(3)]
    moved = [np.tile(axis, 68) for axis in np.eye(3)]
    return np.linalg.qr(np.column_stack([*turned, *moved, mean.ravel()]))[0]


def _without_pose(V, mean):
    """Modes without what a pose would do as well."""
    Q, flat = tangent(mean), V.reshape(204, -1)
    return (flat - Q @ (Q.T @ flat)).reshape(V.shape)
