"""How wrong the points are: the normalised mean error, and what is made of it.

Errors are fractions of the normaliser (0.05), never percents. N faces, K points.
"""

import warnings

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


def ced(errors, thresholds):
    """Cumulative error distribution: the share of faces whose error is at most each threshold.

    Examples
    --------
    >>> ced([0.02, 0.04, 0.10], [0.01, 0.04, 0.2]).round(2).tolist()
    [0.0, 0.67, 1.0]
    """
    errors = np.sort(_as_errors(errors))
    return np.searchsorted(errors, np.asarray(thresholds, dtype=np.float64), side="right") / len(errors)


def auc(errors, threshold=0.08):
    """Area under the CED up to a threshold t, as a share of the full area.

    Integrating the step function exactly gives mean(clip(1 - e / t, 0, 1)).

    Examples
    --------
    >>> round(auc([0.0, 0.04, 0.5], threshold=0.08), 3)
    0.5
    """
    return float(np.mean(np.clip(1 - _as_errors(errors) / _positive(threshold), 0, 1)))


def failure_rate(errors, threshold=0.08):
    """The share of faces whose error exceeds the threshold.

    Examples
    --------
    >>> failure_rate([0.02, 0.09, 0.03, 0.2])
    0.5
    """
    return float(np.mean(_as_errors(errors) > _positive(threshold)))


def bootstrap(errors, statistic=np.mean, seed=0, n=1000, level=0.95, paired=None, groups=None):
    """A percentile interval for a statistic of the errors: what other draws of faces would have given.

    The N errors are drawn again N times with replacement, n times over (Efron, 1979).

    Parameters
    ----------
    errors : (N,) array
    statistic : callable
        From errors to a number: ``np.mean``, ``np.median``, ``failure_rate``, ...; with `paired`, from both.
    seed, n : int
    level : float
        Share of the draws inside the interval.
    paired : (N,) array, optional
        Errors of another method on the same faces, which get the same draws.
    groups : (N,) array, optional
        Whose face it is. Groups are drawn whole: the faces of one person are no independent evidence.

    Returns
    -------
    (low, high) : floats

    Raises
    ------
    ValueError
        For errors that are none, arrays of other lengths, or an impossible level or n.

    Examples
    --------
    >>> low, high = bootstrap([0.03, 0.04, 0.05, 0.06])
    >>> low < 0.045 < high
    True
    >>> ours, theirs = np.array([0.03, 0.04]), np.array([0.04, 0.06])
    >>> low, high = bootstrap(ours, lambda a, b: np.mean(b - a), paired=theirs)
    >>> round(low, 3), round(high, 3)
    (0.01, 0.02)
    """
    columns = [_as_errors(errors)] + ([] if paired is None else [_as_errors(paired, "paired errors")])
    groups = np.arange(len(columns[0])) if groups is None else np.asarray(groups)
    if any(len(column) != len(groups) for column in columns):
        lengths = f"{len(columns[0])} errors, {len(columns[-1])} paired errors, {len(groups)} groups"
        raise ValueError(f"there are {lengths}: wanted as many of each")
    if not 0 < level < 1 or n < 1:
        raise ValueError(f"level is {level} and n {n}: wanted a level between 0 and 1 and at least one draw")
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    values = []
    for _ in range(n):
        drawn = rng.integers(len(members), size=len(members))
        rows = np.concatenate([members[k] for k in drawn]) if len(members) < len(groups) else drawn
        values.append(statistic(*(column[rows] for column in columns)))
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def leaderboard(errors, threshold=0.08, seed=0):
    """One row a method, the lowest mean error first.

    Parameters
    ----------
    errors : dict of name -> (N,) array
    threshold : float
        For the AUC and the failure rate.

    Returns
    -------
    list of dicts
        Keys method, nme, low, high (95 % interval of the mean), median, auc, failure_rate, faces.

    Examples
    --------
    >>> [row["method"] for row in leaderboard({"worse": [0.09, 0.07], "better": [0.03, 0.04]})]
    ['better', 'worse']
    """
    rows = []
    for name, values in errors.items():
        values = _as_errors(values, f"errors of {name!r}")
        low, high = bootstrap(values, seed=seed)
        rows.append({
            "method": name, "nme": float(values.mean()), "low": low, "high": high,
            "median": float(np.median(values)), "auc": auc(values, threshold),
            "failure_rate": failure_rate(values, threshold), "faces": len(values),
        })  # fmt: skip
    return sorted(rows, key=lambda row: row["nme"])


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


def _as_errors(errors, name="errors"):
    errors = np.asarray(errors, dtype=np.float64)
    if errors.ndim != 1 or len(errors) == 0:
        raise ValueError(f"{name} have shape {errors.shape}: wanted (N,) with at least one face")
    if not (np.isfinite(errors) & (errors >= 0)).all():
        raise ValueError(f"{name} hold a negative number, NaN or infinity: wanted fractions such as 0.05")
    if np.median(errors) > 1:
        said = f"half of the {name} are above {np.median(errors):.3g}, more than the normaliser"
        warnings.warn(f"{said}: are they percent? Wanted fractions such as 0.05", stacklevel=3)
    return errors


def _positive(threshold):
    if not threshold > 0:
        raise ValueError(f"threshold is {threshold}: wanted a positive fraction such as 0.08")
    return threshold
