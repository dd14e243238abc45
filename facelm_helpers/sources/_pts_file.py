"""The ``.pts`` text file: the points of one face, as 300-W hands them out.

The file counts pixels from 1, as MATLAB does; everything here counts from 0. ::

    version: 1
    n_points: 68
    {
    246.844026 171.455496
    ...
    }
"""

from pathlib import Path

import numpy as np

from facelm_helpers.atomic import write_text
from facelm_helpers.landmarks import N_POINTS
from facelm_helpers.sources._files import FURTHEST, number, read_text


def read_pts(path, n_points=N_POINTS):
    """The points of a ``.pts`` file, counted from 0.

    Parameters
    ----------
    path : str or Path
    n_points : int
        How many there must be.

    Returns
    -------
    (n_points, 2) float32 array
        Pixels, x then y: the numbers of the file minus 1.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the header or a line is not as it should be, or the points are not ``n_points``.
    """
    path = Path(path)
    text = read_text(path, "a .pts file")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    header, braces = _header(path, lines)
    opening, closing = braces
    if header.get("n_points") != str(n_points):
        raise ValueError(f"{path} says n_points: {header.get('n_points', 'nothing')}; wanted {n_points}")
    rows = lines[opening + 1 : closing]
    if len(rows) != n_points:
        raise ValueError(f"{path} holds {len(rows)} points; wanted {n_points}")
    points = np.empty((n_points, 2))
    for k, row in enumerate(rows):
        try:
            x, y = row.split()
            points[k] = number(x), number(y)
        except ValueError:
            raise ValueError(f"{path}, point {k + 1}: got {row[:60]!r}; wanted x and y") from None
    if not (np.abs(points) <= FURTHEST).all():
        raise ValueError(f"{path} holds NaN, infinity or a number beyond {FURTHEST:g}; wanted pixels")
    return (points - 1).astype(np.float32)


def _header(path, lines):
    """The ``key: value`` lines before the brace, and where the braces stand."""
    if not lines or not lines[0].replace(" ", "").startswith("version:"):
        got = repr(lines[0][:60]) if lines else "an empty file"
        raise ValueError(f"{path} begins with {got}; wanted a .pts file, whose first line is 'version: 1'")
    if lines.count("{") != 1 or lines.count("}") != 1 or lines[-1] != "}":
        raise ValueError(f"{path} is cut off or damaged: wanted a line '{{' before the points and '}}' last")
    opening = lines.index("{")
    pairs = (line.partition(":") for line in lines[:opening])
    return {key.strip(): value.strip() for key, _, value in pairs}, (opening, len(lines) - 1)


def write_pts(path, points):
    """Write the points of one face as a ``.pts`` file: all of it, or nothing.

    Parameters
    ----------
    path : str or Path
        An existing file is replaced.
    points : (K, 2) array
        Pixels counted from 0; the file gets them plus 1.

    Raises
    ------
    ValueError
        If the points are of another shape, or hold NaN or infinity.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_pts(f"{folder}/face.pts", np.zeros((68, 2)))
    ...     read_pts(f"{folder}/face.pts").shape
    (68, 2)
    """
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points) or not np.isfinite(points).all():
        raise ValueError(f"points have shape {points.shape}, or NaN or infinity: wanted (K, 2) finite pixels")
    # nine decimals: a float32 of a hundredth of a pixel or more comes back bit for bit
    rows = "\n".join(f"{x:.9f} {y:.9f}" for x, y in points + 1)
    write_text(path, f"version: 1\nn_points: {len(points)}\n{{\n{rows}\n}}\n")
