"""The 3D point model laid on 2D points, under weak perspective."""

from typing import NamedTuple

import numpy as np

from facelm_helpers.face3d._model import load_face3d
from facelm_helpers.face3d._pose import better_pose, centred, first_pose, shift_of
from facelm_helpers.face3d._rotation import angles
from facelm_helpers.face3d._silhouette import known_jaw, slid_rows

FEWEST = 8  # visible points
CAREFUL = 0.015  # noise of careful annotations, as a share of the face's size
JAWS = ("visible", "solid", "near")
HIDDEN = 45  # degrees of yaw from which the far side of the jaw is left out, with jaw="near"


class Fitted(NamedTuple):
    """N faces: where the camera sees them from, and what they are like. See `fit`.

    Attributes
    ----------
    R : (N, 3, 3) array
        Rotation of the head; `angles` tells degrees.
    scale : (N,) array
        Pixels for each unit of the model: the size of the face if it looked ahead.
    shift : (N, 2) array
        Where the origin of the face's frame is in the picture, pixels.
    identity, expression : (N, I) and (N, E) arrays
        In standard deviations.
    """

    R: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    identity: np.ndarray
    expression: np.ndarray

    @property
    def degrees(self):
        """Pitch, yaw and roll, (N, 3), as `angles` defines them."""
        return angles(self.R)

    @property
    def shape(self):
        """The shapes (N, 68, 3) in the face's own frame."""
        return load_face3d().shape(self.identity, self.expression)


def fit(points, jaw="visible", noise=0.05, steps=4):
    r"""The 3D faces whose 68 points are seen at the given places.

    .. math:: \min \sum_k w_k \lVert s R_2 S_k(a, e) + t - x_k \rVert^2 / s^2 + |a|^2 + |e|^2

    by alternating least squares: the pose (s, R, t) for a given shape by a Gauss-Newton step, then identity a
    and expression e for a given pose by ridge regression. R_2 are the first two rows of R, w_k is one over
    the variance of point k (the given noise and the model's own), 0 where it is hidden. Weak perspective:
    all points are at the same distance from the camera (Blanz and Vetter, IEEE PAMI, 2003, fit such a model
    to pictures; Zhu et al., CVPR 2016, let the jaw slide).

    Parameters
    ----------
    points : (N, 68, 2) or (68, 2) array
        Pixels. NaN, NaN where hidden; at least 8 points must be visible.
    jaw : {"visible", "solid", "near"}
        What the 17 jaw points are: the visible contour, as most data sets and methods have it, which slides
        over the cheek when the head turns; or fixed spots of the head, as in `project`'s answer, AFLW2000-3D
        and the `pts_3d` of 300W-LP; or "near", the contour, of which the far side is left out where the head
        is turned by over 45 degrees: there, data sets disagree on what it is.
    noise : float
        Standard deviation of the given points, as a share of the face's size: 0.05 for a network's points,
        0.01 for careful annotations. The smaller, the closer the shape follows them and the worse its depth.
    steps : int
        How often to alternate.

    Returns
    -------
    Fitted
        Of N faces; one of (68, 2) points is N = 1.

    Raises
    ------
    ValueError
        If the points have another shape, too few are visible, or they lie on one spot, or noise is not
        positive.

    Examples
    --------
    >>> from facelm_helpers.face3d import project, rotation
    >>> seen = project(load_face3d().mean, rotation([5, -30, 10]), 100, [64, 64])
    >>> fitted = fit(seen, jaw="solid")
    >>> fitted.degrees.round(1).tolist(), fitted.scale.round().tolist()
    ([[5.0, -30.0, 10.0]], [100.0])
    """
    model = load_face3d()
    known_jaw(jaw, JAWS)
    if not noise > 0:
        raise ValueError(f"noise is {noise}: wanted a positive share of the face's size")
    x, w = visible(points)
    if jaw == "near":
        yaw = fit(points, "visible", noise, steps).degrees[:, 1]
        w[yaw > HIDDEN, :8] = 0  # the nose points to the left of the picture
        w[yaw < -HIDDEN, 9:17] = 0
    w = w / (model.noise**2 + noise**2)
    n, count = len(x), len(model.modes)
    rows = np.broadcast_to(model.basis, (n, *model.basis.shape))
    b = np.zeros((n, count))
    S = _shapes(rows, b)
    R, s = first_pose(S, x, w)
    for step in range(max(1, steps)):
        if jaw != "solid":
            rows = slid_rows(b, R)
            S = _shapes(rows, b)
        for _ in range(3 if step == 0 else 1):
            R, s = better_pose(S, x, w, R, s)
        b = _coefficients(rows, x, w, R, s, shift_of(S, x, w, R, s))
        S = _shapes(rows, b)
    R, s = better_pose(S, x, w, R, s)
    split = len(model.identity)
    return Fitted(R, s, shift_of(S, x, w, R, s), b[:, :split], b[:, split:])


def fit_annotated(points):
    """The 3D faces of carefully annotated points, whatever the far side of their jaw is.

    Parameters
    ----------
    points
        As for `fit`.

    Returns
    -------
    Fitted

    Examples
    --------
    >>> round(float(fit_annotated(40 * load_face3d().mean[:, :2] + 50).scale[0]))
    40
    """
    return fit(points, "near", CAREFUL)


def fit_3d(points, noise=0.05, steps=2):
    r"""The 3D faces whose 68 points lie at given places with a depth, as a position map tells them.

    .. math:: \min \sum_k w_k \lVert s R S_k(a, e) + t - x_k \rVert^2 / s^2 + |a|^2 + |e|^2

    The pose for a given shape is the orthogonal Procrustes solution (Umeyama, IEEE PAMI, 1991).

    Parameters
    ----------
    points : (N, 68, 3) array
        Pixels; the jaw's are fixed spots of the head. z is towards the camera, from anywhere.
    noise, steps
        As for `fit`.

    Returns
    -------
    Fitted

    Raises
    ------
    ValueError
        If the points have another shape, or are no numbers.

    Examples
    --------
    >>> from facelm_helpers.face3d import rotation
    >>> placed = 50 * load_face3d().mean @ rotation([0, 80, 0]).T
    >>> (fit_3d(placed[None]).degrees.round(3) + 0.0).tolist()
    [[0.0, 80.0, 0.0]]
    """
    x = np.asarray(points, dtype=np.float64)
    if x.ndim != 3 or x.shape[1:] != (68, 3) or not np.isfinite(x).all():
        raise ValueError(f"points have shape {x.shape}: wanted (N, 68, 3), numbers")
    model, n = load_face3d(), len(x)
    w = 1 / (model.noise**2 + noise**2)
    C = model.modes.transpose(1, 2, 0).reshape(204, -1)
    weighted = (C * np.repeat(w, 3)[:, None]).T
    solve = np.linalg.solve(weighted @ C + np.eye(C.shape[1]), weighted)
    S, y = np.broadcast_to(model.mean, x.shape), centred(x, np.broadcast_to(w, x.shape[:2]))
    for _ in range(max(1, steps)):
        T = centred(S, np.broadcast_to(w, x.shape[:2]))
        U, D, V = np.linalg.svd(np.swapaxes(y * w[:, None], 1, 2) @ T)
        flip = np.ones((n, 3))
        flip[:, 2] = np.sign(np.linalg.det(U) * np.linalg.det(V))
        R = (U * flip[:, None]) @ V
        s = (D * flip).sum(axis=1) / (w[:, None] * T**2).sum(axis=(1, 2))
        t = (w @ (x - s[:, None, None] * (S @ np.swapaxes(R, 1, 2)))) / w.sum()
        ahead = (x - t[:, None]) @ R / s[:, None, None] - model.mean
        b = ahead.reshape(n, 204) @ solve.T
        S = model.mean + (b @ C.T).reshape(n, 68, 3)
    split = len(model.identity)
    return Fitted(R, s, t[:, :2], b[:, :split], b[:, split:])


def visible(points):
    """Points (N, 68, 2) with 0 for hidden ones, and which are visible, (N, 68); checked."""
    points = np.asarray(points, dtype=np.float64)
    x = points[None] if points.ndim == 2 else points
    if x.ndim != 3 or x.shape[1:] != (68, 2):
        raise ValueError(f"points have shape {points.shape}: wanted (N, 68, 2) or (68, 2), in pixels")
    if np.isinf(x).any():
        raise ValueError("points hold infinity: wanted pixels, or NaN for a hidden point")
    seen = np.isfinite(x).all(axis=2)
    if len(x) and seen.sum(axis=1).min() < FEWEST:
        i = int(seen.sum(axis=1).argmin())
        raise ValueError(f"face {i} has {seen[i].sum()} visible points: wanted at least {FEWEST}")
    x = np.where(seen[..., None], x, 0)
    for i, (face, known) in enumerate(zip(x, seen, strict=True)):
        if not np.ptp(face[known], axis=0).max() > 0:
            raise ValueError(f"face {i} has all its points on one spot: wanted a face")
    return x, seen.astype(float)


def _shapes(rows, b):
    """Shapes (N, 68, 3) of rows (N, 68, 3 (1 + M)) and coefficients (N, M)."""
    n = len(b)
    one = np.concatenate([np.ones((n, 1)), b], axis=1)
    return (rows.reshape(n, 204, one.shape[1]) @ one[..., None]).reshape(n, 68, 3)


def _coefficients(rows, x, w, R, s, t):
    """Identity and expression together, (N, M), for a given pose: ridge regression."""
    n = len(x)
    count = rows.shape[2] // 3
    seen = (R[:, None, :2] @ rows.reshape(n, 68, 3, count)).reshape(n, 136, count)
    rest = ((x - t[:, None]) / s[:, None, None]).reshape(n, 136) - seen[..., 0]
    C = seen[..., 1:]
    weighted = np.swapaxes(C * np.repeat(w, 2, axis=1)[..., None], 1, 2)
    return np.linalg.solve(weighted @ C + np.eye(C.shape[2]), weighted @ rest[..., None])[..., 0]
