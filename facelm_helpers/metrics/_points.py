"""The error of each face: the mean distance of its points, divided by a normaliser."""

import numpy as np

from facelm_helpers.landmarks import LEFT_EYE, N_POINTS, REGIONS, RIGHT_EYE

NORMALISERS = ("inter_ocular", "inter_pupil", "box", "diagonal")


def normaliser(truth, norm="inter_ocular", visible=None):
    """The length d that each face's error is divided by.

    Parameters
    ----------
    truth : (N, 68, 2) array
    norm : str
        "inter_ocular": between the outer eye corners, |p36 - p45| (300-W). "inter_pupil": between the means
        of the points of each eye. "box": sqrt(w h) of the tight box of the points (300W-LP, 3DDFA).
        "diagonal": sqrt(w^2 + h^2) of that box (Menpo).
    visible : (N, 68) bool array, optional
        The box is taken of these points; never of hidden ones, NaN.

    Returns
    -------
    (N,) float64 array, pixels

    Raises
    ------
    ValueError
        For an unknown normaliser, or a face for which it is zero or NaN.

    Examples
    --------
    >>> face = np.zeros((1, 68, 2)); face[0, 45] = 3, 4
    >>> normaliser(face), normaliser(face, "diagonal")
    (array([5.]), array([5.]))
    """
    truth = _as_points(truth, "truth")
    if norm == "inter_ocular":
        length = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=-1)
    elif norm == "inter_pupil":
        length = np.linalg.norm(truth[:, LEFT_EYE].mean(axis=1) - truth[:, RIGHT_EYE].mean(axis=1), axis=-1)
    elif norm in ("box", "diagonal"):
        seen = ~np.isnan(truth)
        if visible is not None:
            seen = seen & np.asarray(visible, dtype=bool)[..., None]
        low = np.min(truth, axis=1, where=seen, initial=np.inf)
        high = np.max(truth, axis=1, where=seen, initial=-np.inf)
        sides = high - low
        length = np.sqrt(sides.prod(axis=-1)) if norm == "box" else np.linalg.norm(sides, axis=-1)
    else:
        raise ValueError(f"no normaliser called {norm!r}: wanted one of {', '.join(NORMALISERS)}")
    bad = ~(np.isfinite(length) & (length > 0))
    if bad.any():
        i = int(np.argmax(bad))
        raise ValueError(
            f"the {norm} normaliser of face {i} is {length[i]:g}: wanted a positive length"
            + ("; its eye points are hidden, so take norm='box'" if np.isnan(length[i]) else "")
        )
    return length


def nme(predicted, truth, norm="inter_ocular", points=None, visible=None):
    r"""Normalised mean error of each face.

    .. math:: e_i = \frac{1}{K} \sum_{k=1}^{K} \frac{\lVert p_{ik} - g_{ik} \rVert}{d_i}

    with predictions p, truth g, and the normaliser d of `normaliser`.

    Parameters
    ----------
    predicted, truth : (N, 68, 2) arrays, pixels
    norm : {"inter_ocular", "inter_pupil", "box", "diagonal"}
    points : index array or str, optional
        Average over these points only, or over a region by its name (``"mouth"``); the normaliser stays that
        of the whole face.
    visible : (N, 68) bool array, optional
        Leave out a face's points where it is False. Where the truth is NaN, a point is hidden and left out
        anyway.

    Returns
    -------
    (N,) float64 array of fractions

    Raises
    ------
    ValueError
        For shapes that do not fit, NaN, a face without a visible point, or a normaliser of zero.

    Examples
    --------
    >>> truth = np.zeros((1, 68, 2)); truth[0, 45] = 100, 0
    >>> nme(truth + (3, 4), truth)
    array([0.05])
    """
    predicted, truth = _as_points(predicted, "predicted"), _as_points(truth, "truth")
    if predicted.shape != truth.shape:
        raise ValueError(f"predicted has shape {predicted.shape}, truth {truth.shape}: wanted the same")
    seen = np.ones(truth.shape[:2], dtype=bool)
    if visible is not None:
        visible = np.asarray(visible)
        if visible.shape != seen.shape:
            raise ValueError(f"visible has shape {visible.shape}: wanted {seen.shape}")
        seen &= visible.astype(bool)
    seen &= ~np.isnan(truth).all(axis=-1)
    length = normaliser(truth, norm, seen)
    if points is not None:
        seen &= _chosen(points)
    for name, array in (("predicted", predicted), ("truth", truth)):
        bad = (~np.isfinite(array).all(axis=-1) & seen).any(axis=1)
        if bad.any():
            raise ValueError(
                f"{name} points of face {int(np.argmax(bad))} hold NaN or infinity:"
                " wanted pixels" + (", or NaN twice for a hidden point" if name == "truth" else "")
            )
    count = seen.sum(axis=1)
    if (count == 0).any():
        raise ValueError(f"face {int(np.argmin(count))} has no visible point to measure")
    distance = np.linalg.norm(predicted - truth, axis=-1)
    return np.sum(distance, axis=1, where=seen) / count / length


def _as_points(points, name):
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 3 or points.shape[1:] != (N_POINTS, 2):
        raise ValueError(f"{name} has shape {points.shape}: wanted (N, {N_POINTS}, 2)")
    return points


def _chosen(points):
    """(68,) bool of an index array, a mask, or the name of a region."""
    if isinstance(points, str):
        if points not in REGIONS:
            raise ValueError(f"no region is called {points!r}: wanted {', '.join(REGIONS)}, or indices")
        points = REGIONS[points]
    chosen = np.zeros(N_POINTS, dtype=bool)
    try:
        chosen[np.asarray(points)] = True
    except IndexError as error:
        raise ValueError(f"points are no indices of {N_POINTS} points: {error}") from None
    return chosen
