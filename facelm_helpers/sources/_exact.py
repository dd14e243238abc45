"""Arithmetic that comes out alike on every machine: draws, resizing and blur for the default faces.

A single +, -, *, / or square root is rounded alike everywhere, so NumPy's elementwise operations are safe.
Sums of products are not: kernels add in different orders, and some round once where others round twice. They
are made exact instead: every term is a multiple of 2**-k and every partial sum fits the type (24 bits in
float32, 53 in float64), so that no order and no fused operation can round at all. Exponentials and the like
differ in the last bit; they only fill small tables, rounded to a grid far coarser than that bit.
"""

from functools import lru_cache

import cv2
import numpy as np


def on_grid(values, bits):
    """Values rounded to multiples of 2**-bits.

    Examples
    --------
    >>> on_grid(np.array([0.3, 0.9]), bits=1).tolist()
    [0.5, 1.0]
    """
    return np.rint(values * 2.0**bits) * 2.0**-bits


def normal(rng, size=None):
    """Standard normal numbers, multiples of 1/4096.

    NumPy draws one in 4,000 of them through a logarithm; the grid hides its last bit.
    """
    return on_grid(rng.standard_normal(size), 12)


def uniform(rng, low, high, size=None):
    """As `rng.uniform`, which some compilers round once and others twice."""
    return low + (high - low) * rng.random(size)


@lru_cache(maxsize=256)
def stretch(n, size, bits=6, cubic=False):
    """The matrix that resizes a line of n pixels to another size; its entries are multiples of 2**-bits.

    Linear interpolation, over a wider triangle where it shrinks; or cubic (Keys, 1981, with a = -0.75).

    Returns
    -------
    (size, n) float64 array
        Each row sums to 1.

    Examples
    --------
    >>> stretch(2, 4).tolist()
    [[1.0, 0.0], [0.75, 0.25], [0.25, 0.75], [0.0, 1.0]]
    """
    places = ((2 * np.arange(size) + 1) * n / size - 1) / 2
    x = np.abs(places[:, None] - np.arange(n)) / max(1, n / size)
    if cubic:
        near, far = (1.25 * x - 2.25) * x * x + 1, ((-0.75 * x + 3.75) * x - 6) * x + 3
        weights = np.where(x <= 1, near, np.where(x < 2, far, 0))
    else:
        weights = np.maximum(1 - x, 0)
    return _sum_to_one(weights, bits)


def _sum_to_one(weights, bits):
    """Rows in proportion to the weights, multiples of 2**-bits, that sum to 1: the largest takes the rest."""
    weights = on_grid(weights, 20)  # from here on the sums are exact
    weights = on_grid(weights / weights.sum(axis=1, keepdims=True), bits)
    weights[np.arange(len(weights)), weights.argmax(axis=1)] += 1 - weights.sum(axis=1)
    return weights


def resize(plane, size):
    """A square float32 plane (or several) at another size; 12 bits, say multiples of 1/8 below 512.

    Examples
    --------
    >>> resize(np.float32([[0, 4], [0, 4]]), 4)[0].tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    matrix = _stretch32(plane.shape[-1], size)
    return matrix @ plane @ matrix.T


@lru_cache(maxsize=256)
def _stretch32(n, size):
    return stretch(n, size).astype(np.float32)


def field(cells, size, cubic=False):
    """A few cells (n, n, C), float64, as a smooth picture (size, size, C) float32."""
    n, _, channels = cells.shape
    across = _spread(n, size, channels, cubic)
    rows = stretch(n, size, 12, cubic) @ on_grid(cells, 12).reshape(n, n * channels)
    return (rows @ across).reshape(size, size, channels).astype(np.float32)


@lru_cache(maxsize=256)
def _spread(n, size, channels, cubic):
    return np.kron(stretch(n, size, 12, cubic).T, np.eye(channels))


@lru_cache(maxsize=64)
def _bell(sigma):
    x = np.arange(-int(np.ceil(3 * sigma)), int(np.ceil(3 * sigma)) + 1)
    return _sum_to_one(np.exp(-(x**2) / (2 * sigma**2))[None], 7)[0].astype(np.float32)


def blur(picture, sigma):
    """A Gaussian blur of whole grey levels, as float32; sigma is one of a few values, each with its table.

    Examples
    --------
    >>> blur(np.full((5, 5), 9, np.uint8), 1.5)[2, 2].item()
    9.0
    """
    bell = _bell(sigma)
    return cv2.sepFilter2D(np.asarray(picture, np.float32), cv2.CV_32F, bell, bell)


def to_bytes(picture):
    """Rounded and cut off to 0..255."""
    rounded = np.rint(picture)
    return np.clip(rounded, 0, 255, out=rounded).astype(np.uint8)
