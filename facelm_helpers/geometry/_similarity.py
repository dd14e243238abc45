"""Transforms of the plane, and Procrustes alignment."""

import numpy as np


def similarity(source, target):
    r"""The similarity (scale, rotation, shift; no reflection) that brings `source` nearest to `target`.

    It minimises :math:`\sum_k \lVert s R x_k + t - y_k \rVert^2`. With centred points x, y,
    :math:`a = \sum x \cdot y / \sum |x|^2` and :math:`b = \sum x \times y / \sum |x|^2`, the linear part is
    [[a, -b], [b, a]]: the plane's closed form of the singular value solution (Umeyama, 1991).

    Parameters
    ----------
    source, target : (K, 2) or (N, K, 2) arrays
        Either may be a single shape and serve for all N.

    Returns
    -------
    (2, 3) or (N, 2, 3) float64 array

    Raises
    ------
    ValueError
        If the shapes do not fit each other, or a source is a single place.

    Examples
    --------
    >>> square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    >>> np.allclose(similarity(square, 2 * square + 5), [[2, 0, 5], [0, 2, 5]])
    True
    """
    x, y = np.asarray(source, dtype=np.float64), np.asarray(target, dtype=np.float64)
    if x.ndim < 2 or y.ndim < 2 or x.shape[-2:] != y.shape[-2:] or x.shape[-1] != 2:
        raise ValueError(f"shapes {x.shape} and {y.shape}: wanted two of (K, 2) or (N, K, 2) with the same K")
    x_mean, y_mean = x.mean(axis=-2), y.mean(axis=-2)
    x, y = x - x_mean[..., None, :], y - y_mean[..., None, :]
    size = (x**2).sum(axis=(-2, -1))
    if np.any(size == 0):
        raise ValueError("a source shape is a single place: no scale or rotation can be found for it")
    a = (x * y).sum(axis=(-2, -1)) / size
    b = (x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0]).sum(axis=-1) / size
    linear = np.stack([np.stack([a, -b], axis=-1), np.stack([b, a], axis=-1)], axis=-2)
    shift = y_mean - (linear[..., 0] * x_mean[..., :1] + linear[..., 1] * x_mean[..., 1:])
    return np.concatenate([linear, shift[..., None]], axis=-1)


def apply_transform(transform, points):
    """Points after a transform: T[:, :2] p + T[:, 2].

    Parameters
    ----------
    transform : (2, 3) or (N, 2, 3) array
    points : (..., 2) array; (N, K, 2) with N transforms

    Returns
    -------
    float64 array of the points' shape

    Examples
    --------
    >>> apply_transform([[2, 0, 1], [0, 2, 0]], [[3, 4]]).tolist()
    [[7.0, 8.0]]
    """
    transform, points = np.asarray(transform, dtype=np.float64), np.asarray(points, dtype=np.float64)
    if transform.ndim > 2:
        transform = transform[..., None, :, :]
    # not a matrix product, whose last bit depends on the processor
    return points[..., :1] * transform[..., 0] + points[..., 1:] * transform[..., 1] + transform[..., 2]


def compose(second, first):
    """The transform that does `first`, then `second`.

    Parameters
    ----------
    second, first : (2, 3) or (N, 2, 3) arrays

    Returns
    -------
    (2, 3) or (N, 2, 3) float64 array

    Examples
    --------
    >>> shift, double = [[1, 0, 5], [0, 1, 0]], [[2, 0, 0], [0, 2, 0]]
    >>> compose(double, shift).tolist()
    [[2.0, 0.0, 10.0], [0.0, 2.0, 0.0]]
    """
    second, first = np.asarray(second, dtype=np.float64), np.asarray(first, dtype=np.float64)
    composed = second[..., :1] * first[..., :1, :] + second[..., 1:2] * first[..., 1:, :]
    composed[..., 2] += second[..., 2]
    return composed


def invert_transform(transform):
    """The transform that undoes another.

    Parameters
    ----------
    transform : (2, 3) or (N, 2, 3) array

    Returns
    -------
    (2, 3) or (N, 2, 3) float64 array

    Raises
    ------
    ValueError
        If it squeezes the plane to a line or a point.

    Examples
    --------
    >>> invert_transform([[2, 0, 6], [0, 2, 0]]).tolist()
    [[0.5, 0.0, -3.0], [0.0, 0.5, 0.0]]
    """
    transform = np.asarray(transform, dtype=np.float64)
    a, b, x, c, d, y = transform.reshape(*transform.shape[:-2], 6).T  # of N, each with N numbers
    determinant = a * d - b * c
    if not np.all(determinant):
        raise ValueError("the transform squeezes the plane to a line or a point: it has no inverse")
    inverse = np.array([d, -b, b * y - d * x, -c, a, c * x - a * y]) / determinant
    return inverse.T.reshape(transform.shape) + 0.0  # no minus zeros


def procrustes(shapes, tolerance=1e-8, iterations=100):
    """Generalised Procrustes analysis: every shape moved, turned and scaled onto the common mean.

    Each shape is brought to the mean by `similarity`, the mean is taken anew (centred at the origin, sum of
    squares 1), until it stands still (Gower, 1975). Last, the mean is turned to the average upright of the
    shapes as they were given.

    Parameters
    ----------
    shapes : (N, K, 2) array

    Returns
    -------
    aligned : (N, K, 2) float64 array
    mean : (K, 2) float64 array

    Examples
    --------
    >>> triangle = np.array([[0, 0], [4, 0], [2, 3]])
    >>> aligned, mean = procrustes([triangle, 3 * triangle + 7])
    >>> bool(np.allclose(aligned[0], aligned[1])), round(float((mean**2).sum()), 6)
    (True, 1.0)
    """
    shapes = np.asarray(shapes, dtype=np.float64)
    if shapes.ndim != 3 or len(shapes) == 0 or shapes.shape[2] != 2:
        raise ValueError(f"shapes have shape {shapes.shape}: wanted (N, K, 2) with at least one shape")
    centred = shapes - shapes.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(centred, axis=(1, 2), keepdims=True)
    if np.any(norms == 0):
        raise ValueError(f"shape {int(np.argmin(norms))} is a single place: it has no size to align by")
    centred /= norms
    mean = centred[0]
    for _ in range(iterations):
        before = mean
        mean = apply_transform(similarity(centred, mean), centred).mean(axis=0)
        mean /= np.linalg.norm(mean)
        if np.abs(mean - before).max() < tolerance:
            break
    upright = similarity(mean, centred.mean(axis=0))[:, :2]
    size = np.sqrt(max(np.linalg.det(upright), 0))
    if size > 1e-9:  # shapes turned every way have no common upright: then the first shape's stays
        mean = mean @ (upright / size).T
    return apply_transform(similarity(shapes, mean), shapes), mean
