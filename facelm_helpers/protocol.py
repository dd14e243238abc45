"""Comparing methods fairly: annotation bias removed, boxes moved, faces turned.

Two methods trained on differently annotated faces differ by a bias (where the jaw begins, how high a brow
sits) before either has made a mistake. N faces, K points; "eye distance" is between the outer eye corners.
"""

import json

import numpy as np

from facelm_helpers.geometry import apply_transform, rotation
from facelm_helpers.images import check_image, warp
from facelm_helpers.metrics import nme, normaliser
from facelm_helpers.paths import RESULTS


def offsets(predicted, truth):
    r"""A method's annotation bias: the median offset of each landmark, in the frame of the face.

    .. math:: o_k = \operatorname{median}_i \; R_i^\top (p_{ik} - g_{ik}) / d_i

    with predictions p, truth g, the eye distance d, and R the rotation of the eye axis (x along the line from
    corner 36 to corner 45). Estimate it on other faces than those it is then subtracted from.

    Parameters
    ----------
    predicted, truth : (N, 68, 2) arrays, pixels

    Returns
    -------
    (68, 2) float64 array
        In eye distances: x along the eye axis, y across it.

    Examples
    --------
    >>> truth = np.zeros((3, 68, 2)); truth[:, 45] = 100, 0
    >>> offsets(truth + (2, -1), truth)[0]
    array([ 0.02, -0.01])
    """
    residual = np.asarray(predicted, dtype=np.float64) - np.asarray(truth, dtype=np.float64)
    return np.median(residual @ _frames(truth) / normaliser(truth)[:, None, None], axis=0)


def remove_offsets(predicted, truth, bias):
    """Predictions with a method's annotation bias subtracted; the frame of each face is that of its truth.

    Parameters
    ----------
    predicted, truth : (N, 68, 2) arrays, pixels
    bias : (68, 2) array
        From `offsets`.

    Returns
    -------
    (N, 68, 2) float64 array, pixels

    Examples
    --------
    >>> truth = np.zeros((1, 68, 2)); truth[:, 45] = 0, 50                # eyes one above the other
    >>> bias = offsets(truth + (0, 1), truth)
    >>> bool(np.allclose(remove_offsets(truth + (0, 1), truth, bias), truth))
    True
    """
    bias = np.asarray(bias, dtype=np.float64)
    if bias.shape != np.shape(truth)[1:]:
        raise ValueError(f"the offsets have shape {bias.shape}: wanted {np.shape(truth)[1:]}")
    return predicted - bias @ np.swapaxes(_frames(truth), 1, 2) * normaliser(truth)[:, None, None]


def corrected_nme(predicted, truth, bias, **options):
    """`metrics.nme` after `remove_offsets`.

    Parameters
    ----------
    predicted, truth : (N, 68, 2) arrays, pixels
    bias : (68, 2) array
    **options
        Of `metrics.nme`.

    Returns
    -------
    (N,) float64 array of fractions
    """
    return nme(remove_offsets(predicted, truth, bias), truth, **options)


def _frames(truth):
    """(N, 2, 2): the columns are the eye axis of each face and the direction across it."""
    axis = np.asarray(truth, dtype=np.float64)[:, 45] - np.asarray(truth, dtype=np.float64)[:, 36]
    x, y = (axis / np.linalg.norm(axis, axis=1, keepdims=True)).T
    return np.stack([np.stack([x, -y], axis=1), np.stack([y, x], axis=1)], axis=1)


def turn(image, points, box, degrees):
    """A picture and its points, turned clockwise round the centre of a box, which stays upright where it was.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    points : (K, 2) array
    box : (4,) array
    degrees : float

    Returns
    -------
    image : (H, W, 3) uint8 array
        Of the same size; its mirror image continues where it is turned in from outside.
    points : (K, 2) float32 array

    Examples
    --------
    >>> turned, points = turn(np.zeros((9, 9, 3), np.uint8), [[6, 4]], [2, 2, 6, 6], 90)
    >>> points.round(3).tolist()
    [[4.0, 6.0]]
    """
    image = check_image(image)
    transform = rotation(degrees, ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
    height, width = image.shape[:2]
    return warp(image, transform, (width, height)), apply_transform(transform, points).astype(np.float32)


def over_seeds(changed, plain, record=None, level=0.95):
    r"""What a change of the training brings: mean differences of errors over random starts, with intervals.

    .. math:: \bar a - \bar b \;\pm\; t \sqrt{s_a^2 / n_a + s_b^2 / n_b}

    is Welch's interval: with n runs of each, means and standard deviations s over the runs, and the quantile
    t of Student's distribution. It says how far chance in the training reaches, not the choice of faces.

    Parameters
    ----------
    changed, plain : str
        Two ways of training in the record.
    record : dict, optional
        Way -> seed -> {"nme": set -> error}; what ``data/results/seeds.json`` holds by default.
    level : float

    Returns
    -------
    dict of set -> (difference, low, high, single)
        As fractions, below 0 where the change helps; ``single`` are the differences of all pairs of runs.
        Empty while either has not been run at least twice.

    Examples
    --------
    >>> record = {"new": {"1": {"nme": {"a": 0.04}}, "2": {"nme": {"a": 0.042}}},
    ...           "old": {"1": {"nme": {"a": 0.05}}, "2": {"nme": {"a": 0.052}}}}
    >>> [round(float(part), 4) for part in over_seeds("new", "old", record)["a"][:3]]
    [-0.01, -0.0161, -0.0039]
    """
    from scipy import stats

    if record is None:
        path = RESULTS / "seeds.json"
        record = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    runs = [[run["nme"] for run in record.get(way, {}).values()] for way in (changed, plain)]
    if min(map(len, runs)) < 2:
        return {}
    found = {}
    for title in [title for title in runs[0][0] if all(title in run for way in runs for run in way)]:
        a, b = (np.array([run[title] for run in way]) for way in runs)
        low, high = stats.ttest_ind(a, b, equal_var=False).confidence_interval(level)
        found[title] = a.mean() - b.mean(), low, high, np.subtract.outer(a, b).ravel()
    return found
