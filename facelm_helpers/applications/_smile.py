"""Expression from points alone: is this a smile?"""

from functools import lru_cache

import numpy as np

from facelm_helpers.applications._track import check_track
from facelm_helpers.arrays import Array, read_arrays
from facelm_helpers.geometry import apply_transform, similarity
from facelm_helpers.landmarks import MEAN_SHAPE
from facelm_helpers.paths import DATA

FILE = DATA / "smile.npz"
ARRAYS = {"weights": Array("f4", (102,), -1000, 1000), "bias": Array("f4", (), -1000, 1000)}
INNER = slice(17, 68)  # the jaw's points tell more of the pose than of the expression


def smile_features(points):
    """The 51 inner points of each face, moved, turned and scaled onto the mean shape, less the mean shape.

    Parameters
    ----------
    points : (N, 68, 2) array
        Pixels.

    Returns
    -------
    (N, 102) float64 array
        x0, y0, x1, ... in sizes of the face. What is left is expression, identity and rotation in depth.

    Raises
    ------
    ValueError
        For points of another shape, or not all finite.

    Examples
    --------
    >>> found = smile_features(90 * MEAN_SHAPE[None] + 7)
    >>> found.shape, bool(np.abs(found).max() < 1e-12)
    ((1, 102), True)
    """
    inner, mean = check_track(points)[:, INNER], MEAN_SHAPE[INNER]
    return (apply_transform(similarity(inner, mean), inner) - mean).reshape(len(inner), -1)


def smile(points):
    r"""How likely each face smiles, by logistic regression on its points.

    .. math:: p = 1 / (1 + e^{-(w \cdot f + b)})

    with f of `smile_features`. w and b were learnt from the smiles and other faces of MTFL's training list,
    on the points that SENet finds; ``data/results/smile.json`` has how often it is right on its test list.
    MTFL calls smiling what one annotator called smiling; nothing is said about joy.

    Parameters
    ----------
    points : (N, 68, 2) array
        Pixels.

    Returns
    -------
    (N,) float64 array
        Between 0 and 1.

    Raises
    ------
    ValueError
        For points of another shape, or not all finite.
    FileNotFoundError
        If the weights are not there.

    Examples
    --------
    >>> wide = MEAN_SHAPE.copy(); wide[[48, 54]] += [[-0.05, -0.05], [0.05, -0.05]]
    >>> neutral, smiling = smile(100 * np.stack([MEAN_SHAPE, wide]))
    >>> bool(smiling > neutral)
    True
    """
    w, b = _learnt()
    return 1 / (1 + np.exp(-np.clip(smile_features(points) @ w + b, -60, 60)))


@lru_cache(maxsize=1)
def _learnt():
    arrays = read_arrays(FILE, ARRAYS, "weights of the smile")
    return arrays["weights"].astype(np.float64), float(arrays["bias"])
