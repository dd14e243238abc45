"""Heatmaps: one map for each point, and four ways to read the point's place from it.

Maps are (N, S, S, K): N images, S x S places, K points; a place is (x, y) in map pixels with centres at
integers. They hold how likely each place is, or any number that is larger where the point is likelier.
"""

import cv2
import numpy as np

TINY = 1e-10


def gaussian(places, side, sigma=1.0):
    r"""Maps with a peak of 1 at each place, :math:`\exp(-\lVert p - c \rVert^2 / 2 \sigma^2)`.

    Parameters
    ----------
    places : (N, K, 2) array
    side : int
        S.
    sigma : float
        In map pixels.

    Returns
    -------
    (N, S, S, K) float32 array

    Examples
    --------
    >>> int(gaussian(np.array([[[1, 2]]]), side=4)[0, :, :, 0].argmax())   # row 2, column 1
    9
    """
    d = np.arange(side) - np.asarray(places, float)[..., None]  # (N, K, 2, S)
    x, y = np.moveaxis(np.exp(-(d**2) / (2 * sigma**2)), 2, 0)
    return np.einsum("nky,nkx->nyxk", y, x).astype(np.float32)


def argmax(maps):
    """The largest value's place: whole pixels, so wrong by 0.38 of a pixel on average even on a perfect map.

    Returns
    -------
    (N, K, 2) float32 array

    Examples
    --------
    >>> argmax(gaussian(np.array([[[1.4, 2.6]]]), side=6)).tolist()
    [[[1.0, 3.0]]]
    """
    n, side, _, k = maps.shape
    place = maps.reshape(n, -1, k).argmax(axis=1)
    return np.stack([place % side, place // side], axis=-1).astype(np.float32)


def quarter(maps):
    """`argmax`, moved a quarter of a pixel towards the higher neighbour, in x and in y.

    References
    ----------
    Newell, Yang and Deng, Stacked hourglass networks, ECCV 2016.

    Examples
    --------
    >>> quarter(gaussian(np.array([[[1.4, 2.6]]]), side=6)).tolist()
    [[[1.25, 2.75]]]
    """
    peak = argmax(maps)
    at = _round(maps, peak)
    return peak + 0.25 * np.sign(np.stack([at(1, 0) - at(-1, 0), at(0, 1) - at(0, -1)], axis=-1))


def dark(maps, sigma=1.0):
    r"""One Newton step from `argmax` to the top of the map's logarithm, a parabola if the map is a Gaussian.

    .. math:: p = c - H^{-1} g

    with g and H the derivatives of the logarithm of the map at c, after a blur that evens out the map (its
    peak is kept). First derivatives are taken over one pixel each way, second ones over two; a peak within
    two pixels of the border stays where it is.

    Parameters
    ----------
    sigma : float
        Of the blur, in map pixels; 0 for none.

    References
    ----------
    Zhang et al., Distribution-aware coordinate representation for human pose estimation, CVPR 2020.

    Examples
    --------
    >>> place = np.array([[[3.4, 4.6]]])
    >>> bool(np.abs(dark(gaussian(place, side=9)) - place).max() < 0.02)
    True
    """
    peak, side = argmax(maps), maps.shape[1]
    if sigma:
        blurred = np.stack([cv2.GaussianBlur(one, (0, 0), sigma).reshape(one.shape) for one in maps])
        maps = blurred * (maps.max(axis=(1, 2)) / np.maximum(blurred.max(axis=(1, 2)), TINY))[:, None, None]
    at = _round(np.log(np.maximum(maps, TINY)), peak)
    x, y = (at(1, 0) - at(-1, 0)) / 2, (at(0, 1) - at(0, -1)) / 2
    xx, yy = (at(2, 0) - 2 * at(0, 0) + at(-2, 0)) / 4, (at(0, 2) - 2 * at(0, 0) + at(0, -2)) / 4
    xy = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / 4
    det = xx * yy - xy * xy
    sound = (det > TINY) & (xx < 0) & ((peak > 1) & (peak < side - 2)).all(axis=-1)
    step = np.stack([xy * y - yy * x, xy * x - xx * y], axis=-1) / np.where(sound, det, 1)[..., None]
    return peak + np.where(sound[..., None], np.clip(step, -1, 1), 0)


def soft_argmax(maps, beta=None):
    r"""The mean place, :math:`\sum_c c \, w_c / \sum_c w_c`: it has a gradient everywhere.

    Parameters
    ----------
    beta : float, optional
        :math:`w = e^{\beta m}` of maps of any kind; by default w is the map itself, which must be at least 0.

    References
    ----------
    Nibali et al., Numerical coordinate regression with convolutional neural networks, 2018.

    Examples
    --------
    >>> place = np.array([[[3.4, 4.6]]])
    >>> bool(np.abs(soft_argmax(gaussian(place, side=9)) - place).max() < 0.01)
    True
    """
    if beta is not None:
        maps = np.exp(beta * (maps - maps.max(axis=(1, 2), keepdims=True)))
    places = np.arange(maps.shape[1], dtype=np.float32)
    moments = [np.einsum("nyxk,x->nk", maps, places), np.einsum("nyxk,y->nk", maps, places)]
    return np.stack(moments, axis=-1) / np.maximum(maps.sum(axis=(1, 2)), TINY)[..., None]


DECODERS = {"argmax": argmax, "quarter": quarter, "dark": dark, "soft-argmax": soft_argmax}


def _round(maps, places):
    """A function (dx, dy) -> the values (N, K) beside whole places; the border goes on beyond itself."""
    n, side, _, k = maps.shape
    first, last = np.arange(n)[:, None], np.arange(k)
    x, y = np.moveaxis(places.astype(int), -1, 0)
    return lambda dx, dy: maps[first, np.clip(y + dy, 0, side - 1), np.clip(x + dx, 0, side - 1), last]
