"""How far eyes and mouth are open, as ratios that depend neither on size nor on rotation in the plane."""

import numpy as np

EYE_LIDS = [(37, 41), (38, 40), (43, 47), (44, 46)]
EYE_CORNERS = [(36, 39), (42, 45)]
INNER_LIPS = [(61, 67), (62, 66), (63, 65)]
INNER_MOUTH_CORNERS = [(60, 64)]


def eye_aspect_ratio(points):
    """Mean opening of the lids over mean width of the eyes: about 0.3 when open, below 0.2 when closed.

    The eye aspect ratio of Soukupova and Cech (Computer Vision Winter Workshop, 2016), both eyes together.

    Parameters
    ----------
    points : (N, 68, 2) array

    Returns
    -------
    (N,) float array

    Examples
    --------
    >>> shape = np.zeros((1, 68, 2)); shape[0, [39, 45], 0] = 10; shape[0, [41, 40, 47, 46], 1] = 3
    >>> float(eye_aspect_ratio(shape)[0])
    0.3
    """
    return _mean_length(points, EYE_LIDS) / np.maximum(_mean_length(points, EYE_CORNERS), 1e-9)


def mouth_aspect_ratio(points):
    """Mean distance of the inner lips over the width between the inner corners: 0 when closed.

    Parameters
    ----------
    points : (N, 68, 2) array

    Returns
    -------
    (N,) float array

    Examples
    --------
    >>> shape = np.zeros((1, 68, 2)); shape[0, 64, 0] = 10; shape[0, [65, 66, 67], 1] = 5
    >>> float(mouth_aspect_ratio(shape)[0])
    0.5
    """
    return _mean_length(points, INNER_LIPS) / np.maximum(_mean_length(points, INNER_MOUTH_CORNERS), 1e-9)


def _mean_length(points, pairs):
    first, second = np.transpose(pairs)
    points = np.asarray(points, dtype=np.float64)
    return np.linalg.norm(points[:, first] - points[:, second], axis=2).mean(axis=1)
