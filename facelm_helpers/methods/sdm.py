"""The supervised descent method: gradient histograms at the landmarks, and a linear map for each stage."""

import cv2
import numpy as np
from scipy import linalg

from facelm_helpers.arrays import Array
from facelm_helpers.methods._cascade import Cascade, to_bytes

CHUNK = 256  # crops whose gradient maps are held at a time


class SDM(Cascade):
    r"""Supervised descent (Xiong and De la Torre, 2013) on histograms of oriented gradients.

    .. math:: S^{t+1} = S^t + W_t \, \phi(I, S^t)

    phi holds, for every landmark, the gradient histograms of grid x grid cells round it, turned and scaled
    with the shape and divided by their length (as in SIFT); W_t is a ridge regression. What a Newton step
    would need second derivatives for is learnt from examples.

    The defaults train on 500 faces in about ten seconds.

    Parameters
    ----------
    n_stages : int
        T.
    n_starts : int
        Start shapes for each face in training.
    ridge : float
        Weight of the penalty, as a share of the mean square of a feature times the number of examples: the
        fewer faces, the more.
    grid, bins : int
        Cells a side, and directions of a histogram.
    cell : float
        Side of a cell in the first stage and in the last, as a share of the box.
    rank : int
        Shape changes are combinations of this many principal ones.
    detector_boxes : bool
        Learn in boxes as a detector sets them, or in tight ones.
    size, margin : int, float
        Of the crop; see `faces.crop`.

    Attributes
    ----------
    W_, scales_ : (T, D, R) int8 array, (T, 1, R) float32 array
        The maps are ``W_ * scales_``; D = 68 grid^2 bins + 1, the last row the constant.

    Examples
    --------
    >>> from facelm_helpers.sources import load
    >>> faces = load("synthetic", n=20, progress=False)
    >>> sdm = SDM(n_stages=2, n_starts=1).fit(faces, progress=False)
    >>> sdm.predict(faces.images, faces.boxes, stages=True).shape
    (3, 20, 68, 2)
    """

    name = "sdm"
    title = "Supervised descent method"
    year = 2013
    paper = (
        "Xiong and De la Torre, Supervised descent method and its applications to face alignment, CVPR 2013"
    )
    full = {"n_stages": 5, "n_starts": 3, "ridge": 0.2}

    def __init__(
        self, n_stages=4, n_starts=2, ridge=0.5, grid=3, bins=8, cell=(0.12, 0.06), rank=32,
        detector_boxes=True, size=128, margin=1.75,
    ):  # fmt: skip
        self.n_stages, self.n_starts, self.ridge = n_stages, n_starts, ridge
        self.grid, self.bins, self.cell = grid, bins, list(cell)
        self.rank, self.detector_boxes, self.size, self.margin = rank, detector_boxes, size, margin

    bounds = Cascade.bounds | {"cell": (0.001, 1)}

    def _stage_arrays(self):
        return {
            "W_": Array("i1", (self.n_stages, 68 * self.grid**2 * self.bins + 1, self.rank)),
            "scales_": Array("f4", (self.n_stages, 1, self.rank), 0, 1000),
        }

    def _learn(self, t, crops, index, S, A, Y, B, rng):
        phi = self._phi(t, crops, index, S, A)
        W = ridge_map(phi, Y, self.ridge)
        self.W_[t], self.scales_[t] = to_bytes(W, axis=0)
        return self._map(t, phi)

    def _regress(self, t, crops, index, S, A):
        return self._map(t, self._phi(t, crops, index, S, A))

    def _map(self, t, phi):
        return phi @ self.W_[t].astype(np.float32) * self.scales_[t]

    def _phi(self, t, crops, index, S, A):
        """The histograms of M shapes: (M, D) float32; `index` ascends."""
        late = t / max(self.n_stages - 1, 1)
        side = ((1 - late) * self.cell[0] + late * self.cell[1]) * self.size / self.margin
        phi = np.ones((len(S), 68 * self.grid**2 * self.bins + 1), np.float32)
        for start in range(0, len(crops), CHUNK):
            rows = slice(*np.searchsorted(index, [start, start + CHUNK]))
            maps = gradient_maps(crops[start : start + CHUNK], self.bins, side)
            phi[rows, :-1] = histograms(maps, index[rows] - start, S[rows], A[rows], self.grid, side)
        return phi


def gradient_maps(crops, bins, side):
    """For every second pixel, the gradient histogram of the cell round it: (N, H/2, W/2, bins) float32.

    A gradient counts in direction theta with the part of it that points there (if any): no angle is computed.
    Cells are Gaussian, with a standard deviation of half a side.
    """
    n, height, width = crops.shape
    grey = crops.astype(np.float32)
    dx, dy = np.zeros_like(grey), np.zeros_like(grey)
    dx[:, :, 1:-1] = grey[:, :, 2:] - grey[:, :, :-2]
    dy[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    theta = np.arange(bins) * (2 * np.pi / bins)
    cos, sin = np.float32(np.cos(theta)), np.float32(np.sin(theta))
    maps = np.empty((n, height // 2, width // 2, bins), np.float32)
    for i in range(n):  # the blur takes one picture at a time
        parts = np.maximum(dx[i, ..., None] * cos + dy[i, ..., None] * sin, 0)
        small = cv2.resize(parts, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        maps[i] = cv2.GaussianBlur(small, (0, 0), side / 4)
    return maps


def histograms(maps, index, S, A, grid, side):
    """The maps on a grid round each landmark, each landmark's divided by its length: (M, 68 grid^2 bins)."""
    n, height, width, bins = maps.shape
    line = (np.arange(grid) - (grid - 1) / 2) * side
    cells = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2).astype(np.float32)
    places = S[:, :, None] + (cells @ A.transpose(0, 2, 1))[:, None]  # (M, 68, grid^2, 2)
    x = np.clip(np.rint((places[..., 0] - 0.5) / 2), 0, width - 1).astype(np.int32)
    y = np.clip(np.rint((places[..., 1] - 0.5) / 2), 0, height - 1).astype(np.int32)
    flat = np.asarray(index, np.int64)[:, None, None] * (height * width) + (y * width + x)
    phi = maps.reshape(-1, bins)[flat].reshape(len(S), 68, -1)
    phi /= np.linalg.norm(phi, axis=2, keepdims=True) + 1.0  # 1 grey level: flat skin stays near zero
    return phi.reshape(len(S), -1)


def ridge_map(phi, Y, ridge):
    """W (D, R) that minimises |phi W - Y|^2 + penalty |W|^2, through the smaller of two systems."""
    penalty = ridge * len(phi) * float((phi**2).mean())
    many = len(phi) >= phi.shape[1]
    gram = (phi.T @ phi if many else phi @ phi.T).astype(np.float64)
    gram[np.diag_indices(len(gram))] += penalty
    factor = linalg.cho_factor(gram, overwrite_a=True)
    W = linalg.cho_solve(factor, phi.T @ Y) if many else phi.T @ linalg.cho_solve(factor, Y)
    return W.astype(np.float32)
