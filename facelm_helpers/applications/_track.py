"""The check that every application begins with."""

import numpy as np


def check_track(points, name="points", fewest=1):
    """Points of one face in T frames as a (T, 68, 2) float64 array, or a ValueError that says what is wrong.

    Parameters
    ----------
    points : (T, 68, 2) array
    name : str
    fewest : int
        Frames.
    """
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 3 or points.shape[1:] != (68, 2):
        raise ValueError(f"{name} have shape {points.shape}: wanted (T, 68, 2), one face in T frames")
    if len(points) < fewest:
        raise ValueError(f"{name} are of {len(points)} frames: wanted at least {fewest}")
    if not np.isfinite(points).all():
        raise ValueError(f"{name} are not all finite numbers: leave out frames in which no face was found")
    return points


def check_face(points, name="points"):
    """Points of one face as a (68, 2) float64 array, or a ValueError."""
    points = np.asarray(points, dtype=np.float64)
    if points.shape != (68, 2):
        raise ValueError(f"{name} have shape {points.shape}: wanted (68, 2), one face")
    return check_track(points[None], name)[0]


def check_between(value, low, high, name):
    """A number that must lie strictly between two others, as a float, or a ValueError."""
    if not np.isscalar(value) or not low < value < high:
        wanted = f"above {low:g}" if high == np.inf else f"between {low:g} and {high:g}"
        raise ValueError(f"{name} is {value!r}: wanted a number {wanted}")
    return float(value)


def sizes(track):
    """Of each frame the longer side of the tight box, (T,): the unit of everything that is relative."""
    return np.maximum(np.ptp(track, axis=1).max(axis=1), 1e-9)
