"""The point distribution model: which shapes are faces (Cootes and Taylor, 1992).

S ~ similarity(mean + sum_j b_j P_j): after Procrustes alignment, shapes vary along few principal components.
N shapes, K points, J components.
"""

from typing import NamedTuple

import numpy as np

from facelm_helpers.arrays import Array
from facelm_helpers.geometry import apply_transform, invert_transform, procrustes, similarity, yaw

FEW = 20  # faces that a view needs
ARRAYS = {  # of a model in a file of weights; it may have no components
    "mean_shape_": Array("f4", (68, 2), -1, 1),
    "components_": Array("f4", ("j", 136), -1.01, 1.01),
    "variances_": Array("f4", ("j",), 1e-12, 1),
}


class ShapeModel(NamedTuple):
    """Mean (K, 2), components P (J, 2K) with orthonormal rows, variances lambda (J,) in descending order.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> model = fit(rng.normal(size=(68, 2)) + 0.1 * rng.normal(size=(30, 68, 2)), variance=0.9)
    >>> model.shapes(np.zeros((1, len(model.variances)))).shape
    (1, 68, 2)
    """

    mean: np.ndarray
    components: np.ndarray
    variances: np.ndarray

    def shapes(self, b):
        """Shapes (N, K, 2) in the model's own frame, from parameters b (N, J)."""
        return self.mean + (b @ self.components).reshape(len(b), *self.mean.shape)

    def parameters(self, S, limit=3.0, noise=0.0):
        """The parameters b (N, J) of shapes already aligned to the mean, clipped to +-limit sqrt(lambda).

        If the points are known only up to a noise (its standard deviation, in the model's units), the most
        probable b is lambda / (lambda + noise^2) times the projection.
        """
        b = (S - self.mean).reshape(len(S), -1) @ self.components.T
        return self.clip(b * (self.variances / (self.variances + noise**2)), limit)

    def clip(self, b, limit=3.0):
        """b with every parameter within +-limit standard deviations: a shape that faces do have."""
        bound = limit * np.sqrt(self.variances)
        return np.clip(b, -bound, bound)

    def nearest(self, S, limit=3.0, noise=0.0, iterations=4):
        """The faces nearest to any shapes: alternate the similarity and b.

        Parameters
        ----------
        S : (N, K, 2) array
            In any frame, such as pixels.
        limit : float
            In standard deviations.
        noise : float
            See `parameters`; here in units of S.

        Returns
        -------
        S : (N, K, 2) float64 array
            In the frame of the input.
        b : (N, J) float64 array
        """
        S = np.asarray(S, dtype=np.float64)
        size = np.linalg.norm(S - S.mean(axis=1, keepdims=True), axis=(1, 2))[:, None]  # the model's is 1
        noise = noise / np.maximum(size, 1e-9)
        model = np.broadcast_to(self.mean, S.shape)
        for _ in range(iterations):
            transform = similarity(model, S)  # model frame -> pixels, with the shape known so far
            b = self.parameters(apply_transform(invert_transform(transform), S), limit, noise)
            model = self.shapes(b)
        return apply_transform(similarity(model, S), model), b


def fit(shapes, variance=0.97):
    """The model of N shapes that keeps a share of their variance.

    One shape, or N equal ones, give a model without components: it can only be moved, turned and scaled.

    Parameters
    ----------
    shapes : (N, K, 2) array
    variance : float
        Share to keep, above 0, at most 1.

    Returns
    -------
    ShapeModel
        The mean has the sum of squares 1.
    """
    if not 0 < variance <= 1:
        raise ValueError(f"variance is {variance}: wanted a share above 0 and at most 1, such as 0.97")
    aligned, mean = procrustes(shapes)
    centred = (aligned - mean).reshape(len(aligned), -1)
    covariance = centred.T @ centred / len(centred)  # 2K x 2K, however many shapes there are
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = values[::-1], vectors[:, ::-1].T
    real = values > 1e-10  # of a mean of size 1
    share = np.cumsum(values[real]) / max(values[real].sum(), 1e-300)
    kept = int(np.searchsorted(share, variance) + 1) if real.any() else 0
    kept = min(kept, int(real.sum()))
    return ShapeModel(mean, vectors[:kept], values[:kept])


def principal(centred, count):
    """The first principal components (orthonormal rows) of vectors (N, V), through the smaller side."""
    n, size = centred.shape
    gram = (centred @ centred.T if n < size else centred.T @ centred).astype(np.float64)
    values, vectors = np.linalg.eigh(gram)
    order = np.argsort(values)[::-1][:count]
    order = order[values[order] > 1e-6 * max(values.max(), 1e-12)]
    rows = vectors[:, order].T
    if n < size:
        rows = rows @ centred / np.sqrt(values[order])[:, None]
    return rows.astype(np.float32)


def views(S, count):
    """Which view each shape belongs to: as many shapes in each, from one profile to the other.

    Parameters
    ----------
    S : (N, K, 2) array
    count : int
        Fewer, if a view would have fewer than 20 shapes.

    Returns
    -------
    (N,) int array
        0 to the number of views less 1.

    Examples
    --------
    >>> np.bincount(views(np.random.default_rng(0).normal(size=(90, 68, 2)), 3)).tolist()
    [30, 30, 30]
    """
    count = int(np.clip(len(S) // FEW, 1, count))
    order = np.argsort(yaw(S), kind="stable")
    view = np.empty(len(S), int)
    view[order] = np.arange(len(S)) * count // len(S)
    return view


def starts(S, view, heights=(0.0,)):
    """The mean shape of each view, at several heights (in box sides): (views x heights, K, 2), view by view.

    Shapes as they lie in the crop: so the starts lie as a detector's box says.
    """
    means = np.stack([S[view == v].mean(axis=0) for v in range(view.max() + 1)])
    side = np.ptp(S.mean(axis=0), axis=0).max()
    moved = means[:, None] + np.array([(0.0, height * side) for height in heights])[:, None]
    return moved.reshape(-1, *S.shape[1:]).astype(np.float32)


def bounded(S, start, most=1.5):
    """S, brought back to at most `most` times the size of the start and at least 1 / `most` of it.

    A search whose points all run to one strong edge would otherwise shrink to nothing.
    """
    middle = S.mean(axis=1, keepdims=True)
    sizes = [np.linalg.norm(s - s.mean(axis=1, keepdims=True), axis=(1, 2)) for s in (S, start)]
    ratio = sizes[0] / np.maximum(sizes[1], 1e-9)
    wanted = np.clip(ratio, 1 / most, most) / np.maximum(ratio, 1e-9)
    return middle + (S - middle) * wanted[:, None, None]
