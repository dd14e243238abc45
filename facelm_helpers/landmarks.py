"""The 68-point annotation scheme: its regions, its mirror order, and related schemes of 5 to 98 points.

N shapes (faces), K points, x then y, in pixels with pixel centres at integers. "Left" always means left in
the picture, not the person's left.
"""

from typing import NamedTuple

import numpy as np

N_POINTS = 68

# The iBUG annotation scheme (Sagonas et al., 300 Faces in-the-Wild, ICCV workshops 2013), counted from 0.
REGIONS = {
    "jaw": np.arange(0, 17),
    "brows": np.arange(17, 27),
    "nose": np.arange(27, 36),
    "eyes": np.arange(36, 48),
    "mouth": np.arange(48, 68),
}
LEFT_EYE = np.arange(36, 42)
RIGHT_EYE = np.arange(42, 48)

# MIRROR[i] is the point that takes the place of point i when the picture is mirrored: its own inverse.
MIRROR = np.array(
    [*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31]
    + [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
    + [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65]
)

# The mean of the default faces, symmetric: hundredths of the longer side of its tight box, from the middle.
_MEAN_X = [
    -48, -48, -46, -43, -39, -32, -23, -13, 0, 13, 23, 32, 39, 43, 46, 48, 48, -38, -32, -24, -17, -10,
    10, 17, 24, 32, 38, 0, 0, 0, 0, -9, -5, 0, 5, 9, -28, -24, -18, -12, -18, -24, 12, 18, 24, 28, 24,
    18, -17, -11, -4, 0, 4, 11, 17, 11, 5, 0, -5, -11, -15, -5, 0, 5, 15, 5, 0, -5,
]  # fmt: skip
_MEAN_Y = [
    -28, -15, -3, 9, 21, 31, 38, 45, 48, 45, 38, 31, 21, 9, -3, -15, -28, -39, -43, -45, -44, -42, -42,
    -44, -45, -43, -39, -30, -21, -13, -6, 0, 1, 3, 1, 0, -29, -32, -32, -29, -27, -27, -29, -32, -32,
    -29, -27, -27, 16, 12, 11, 12, 11, 12, 16, 22, 24, 25, 24, 22, 16, 15, 15, 15, 16, 19, 19, 19,
]  # fmt: skip
MEAN_SHAPE = np.stack([_MEAN_X, _MEAN_Y], axis=1) / 100


class Scheme(NamedTuple):
    """An annotation scheme as a linear map from the 68 points.

    Attributes
    ----------
    matrix : (K, 68) float64 array
        Each of its K points as a weighted sum of the 68; each row sums to 1.
    exact : bool
        True if every point means the same place as its row of ``matrix``; False if some are approximations.
    about : str
        Where the annotation scheme comes from, and which points are approximate.
    """

    matrix: np.ndarray
    exact: bool
    about: str


def _matrix(rows):
    """Weights (K, 68) from K rows, each an index, a list of indices to average, or a dict index -> weight."""
    matrix = np.zeros((len(rows), N_POINTS))
    for k, row in enumerate(rows):
        if isinstance(row, dict):
            for index, weight in row.items():
                matrix[k, index] += weight
        else:
            matrix[k, row] = 1 / np.size(row)
    return matrix


def _between(before, first, second, after):
    """Half-way from `first` to `second` on the smooth curve through four neighbours (Catmull-Rom)."""
    return {before: -1 / 16, first: 9 / 16, second: 9 / 16, after: -1 / 16}


def _below(brow_point, brow, eye, share=0.2):
    """A brow point moved by a share of the way from the brow's middle to the eye's middle."""
    weights = {int(brow_point): 1.0}
    for index in brow:
        weights[int(index)] = weights.get(int(index), 0) - share / len(brow)
    for index in eye:
        weights[int(index)] = share / len(eye)
    return weights


def _rows_98():
    left_brow, right_brow = np.arange(17, 22), np.arange(22, 27)
    jaw = [0, [0, 1]]  # every second jaw point of the 98 is one of the 68; the others lie between two
    for i in range(1, 15):
        jaw += [i, _between(i - 1, i, i + 1, i + 2)]
    jaw += [15, [15, 16], 16]
    left = [*left_brow, *(_below(i, left_brow, LEFT_EYE) for i in (21, 20, 19, 18))]
    right = [*right_brow, *(_below(i, right_brow, RIGHT_EYE) for i in (25, 24, 23, 22))]
    eyes = []
    for a, b, c, d, e, f in (LEFT_EYE, RIGHT_EYE):
        eyes += [a, b, _between(a, b, c, d), c, d, e, _between(d, e, f, a), f]
    return [*jaw, *left, *right, *range(27, 36), *eyes, *range(48, 68), LEFT_EYE, RIGHT_EYE]


_ROWS_21 = [17, 19, 21, 22, 24, 26, 36, LEFT_EYE, 39, 42, RIGHT_EYE, 45]
_ROWS_21 += [1, 31, 30, 35, 15, 48, [62, 66], 54, 8]
_ROWS_29 = [17, 26, 21, 22, 19, _below(19, range(17, 22), LEFT_EYE), 24, _below(24, range(22, 27), RIGHT_EYE)]
_ROWS_29 += [36, 45, 39, 42, [37, 38], [40, 41], [43, 44], [46, 47], LEFT_EYE, RIGHT_EYE]
_ROWS_29 += [31, 35, 30, 33, 48, 54, 51, 62, 66, 57, 8]

SCHEMES = {
    "5": Scheme(
        _matrix([LEFT_EYE, RIGHT_EYE, 30, 48, 54]), False,
        "Eye centres, nose tip, mouth corners (LFW, MTCNN). The eye centres are means of six lid points: the"
        " pupil's place only when the person looks ahead.",
    ),
    "19": Scheme(
        _matrix([row for k, row in enumerate(_ROWS_21) if k not in (12, 16)]), False,
        "AFLW without the two ears. Eye and mouth centres are means.",
    ),
    "21": Scheme(
        _matrix(_ROWS_21), False,
        "AFLW. Eye and mouth centres are means; the ear lobes (12 and 16) are the jaw points nearest them.",
    ),
    "29": Scheme(
        _matrix(_ROWS_29), False,
        "LFPW and COFW. Pupils and lid middles are means; the lower brow edges (5 and 7) lie a fifth of the"
        " way from brow to eye.",
    ),
    "49": Scheme(
        _matrix([i for i in range(17, 68) if i not in (60, 64)]), True,
        "The 68 without the jaw and without the two inner mouth corners.",
    ),
    "51": Scheme(_matrix(list(range(17, 68))), True, "The 68 without the jaw."),
    "68": Scheme(np.eye(N_POINTS), True, "iBUG, 300-W."),
    "98": Scheme(
        _matrix(_rows_98()), False,
        "WFLW. 68 of its points are exact; between them the jaw and the lids are interpolated on a smooth"
        " curve, the lower brow edges lie a fifth of the way from brow to eye, and the pupils are means.",
    ),
}  # fmt: skip

# Each of the 68 is one of the 98, so the way back is a plain choice.
_FROM_98 = np.array(
    [*range(0, 33, 2), *range(33, 38), *range(42, 47), *range(51, 60)]
    + [60, 61, 63, 64, 65, 67, 68, 69, 71, 72, 73, 75, *range(76, 96)]
)


def convert(points, scheme):
    """Points of another annotation scheme, from 68 or from 98 points.

    Parameters
    ----------
    points : (..., 68, 2) or (..., 98, 2) array
        Shapes in the iBUG (68) or the WFLW (98) annotation scheme.
    scheme : str
        A key of `SCHEMES`, whose ``about`` says which points are approximate.

    Returns
    -------
    (..., K, 2) float32 array

    Raises
    ------
    ValueError
        For an unknown annotation scheme, or points of neither 68 nor 98.

    Examples
    --------
    >>> shape = np.stack([np.arange(68.0), np.zeros(68)], axis=1)
    >>> convert(shape, "5")[:, 0].tolist()
    [38.5, 44.5, 30.0, 48.0, 54.0]
    """
    scheme = str(scheme)
    if scheme not in SCHEMES:
        raise ValueError(f"no annotation scheme called {scheme!r}: wanted one of {', '.join(SCHEMES)}")
    points = np.asarray(points)
    if points.ndim < 2 or points.shape[-1] != 2 or points.shape[-2] not in (68, 98):
        raise ValueError(f"points have shape {points.shape}: wanted (..., 68, 2) or (..., 98, 2)")
    if points.shape[-2] == 98:
        if scheme == "98":
            return points.astype(np.float32)
        points = points[..., _FROM_98, :]
    return (SCHEMES[scheme].matrix @ points.astype(np.float64)).astype(np.float32)


def mirror(points, width):
    """Points of the mirrored picture: x' = width - 1 - x, and left and right change their numbers.

    Parameters
    ----------
    points : (..., 68, 2) array
    width : int
        Width of the picture in pixels.

    Returns
    -------
    (..., 68, 2) float32 array
        Mirroring twice gives the points back.

    Examples
    --------
    >>> shape = np.zeros((68, 2)); shape[36] = 10, 20      # the left eye's outer corner
    >>> mirror(shape, width=128)[45].tolist()              # is now the right eye's
    [117.0, 20.0]
    """
    points = np.asarray(points, dtype=np.float32)
    if points.shape[-2:] != (N_POINTS, 2):
        raise ValueError(f"points have shape {points.shape}: wanted (..., 68, 2)")
    mirrored = points[..., MIRROR, :].copy()
    mirrored[..., 0] = width - 1 - mirrored[..., 0]
    return mirrored
