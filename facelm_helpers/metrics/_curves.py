"""What is made of the errors of many faces: curves, rates, intervals, a leaderboard."""

import warnings

import numpy as np


def ced(errors, thresholds):
    r"""Cumulative error distribution: the share of faces whose error is at most each threshold.

    .. math:: \mathrm{CED}(t) = \frac{1}{N} \, |\{i : e_i \le t\}|

    Parameters
    ----------
    errors : (N,) array of fractions
    thresholds : (T,) array or float
        t, fractions of the normaliser.

    Returns
    -------
    (T,) float64 array, or one float: shares of the N faces

    Raises
    ------
    ValueError
        For errors that are none, negative, NaN or infinite.

    Examples
    --------
    >>> ced([0.02, 0.04, 0.10], [0.01, 0.04, 0.2]).round(2).tolist()
    [0.0, 0.67, 1.0]
    """
    errors = np.sort(_as_errors(errors))
    return np.searchsorted(errors, np.asarray(thresholds, dtype=np.float64), side="right") / len(errors)


def auc(errors, threshold=0.08):
    r"""Area under the CED up to a threshold t, as a share of the full area.

    .. math:: \mathrm{AUC}_t = \frac{1}{t} \int_0^t \mathrm{CED}(x) \, dx
              = \frac{1}{N} \sum_{i=1}^{N} \max(0, 1 - e_i / t)

    The integral of the step function is exact; no grid of thresholds is needed.

    Parameters
    ----------
    errors : (N,) array of fractions
    threshold : float
        t, a fraction of the normaliser; 0.08 is usual for 300-W, 0.07 with the box, 0.10 for WFLW.

    Returns
    -------
    float in 0..1

    Raises
    ------
    ValueError
        For errors that are none, negative, NaN or infinite, or a threshold that is not positive.

    Examples
    --------
    >>> round(auc([0.0, 0.04, 0.5], threshold=0.08), 3)
    0.5
    """
    return float(np.mean(np.clip(1 - _as_errors(errors) / _positive(threshold), 0, 1)))


def failure_rate(errors, threshold=0.08):
    """The share of faces whose error exceeds the threshold.

    Parameters
    ----------
    errors : (N,) array of fractions
    threshold : float
        A fraction of the normaliser.

    Returns
    -------
    float in 0..1

    Raises
    ------
    ValueError
        As for `auc`.

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
