"""Cascaded pose regression: many small stages, each one fern on pixels tied to the pose."""

import numpy as np

from facelm_helpers.arrays import Array
from facelm_helpers.methods._cascade import Cascade, _ferns, to_bytes
from facelm_helpers.methods._cascade._features import pose_indexed

JUDGING = 1500  # shapes that the candidates of a stage are judged on


class CPR(Cascade):
    r"""A long cascade of random ferns on pose-indexed pixel differences (Dollar, Welinder and Perona, 2010).

    .. math:: S^{t+1} = S^t + r_t(\phi(I, S^t))

    Each stage is one fern: F differences of two pixels, whose places move, turn and scale with the whole
    shape (its pose), against thresholds. Several random ferns are tried at each stage, and the
    one that leaves the least error is kept. Training starts each face from several shapes; prediction
    restarts from several and takes their median.

    The defaults train on 500 faces in about ten seconds. The paper has T = 512 and estimates a pose of a few
    numbers; here, as in its successor RCPR (Burgos-Artizzu et al., 2013), the pose is the whole shape.

    Parameters
    ----------
    n_stages : int
        T.
    depth : int
        F, the questions of a fern.
    candidates : int
        Random ferns tried at each stage.
    n_starts, n_restarts : int
        Start shapes for each face in training, and in prediction.
    shrinkage : float
        A fern's bin of n members gives n / (n + shrinkage) of their mean.
    rank : int
        Shape changes are combinations of this many principal ones.
    reach : float
        How far pixels lie beyond the mean shape's bounding box, as a share of it.
    near : float
        Standard deviation of the way from the first pixel of a pair to the second, in sides of the box.
    size, margin : int, float
        Of the crop; see `faces.crop`.

    Attributes
    ----------
    places_ : (T, F, 2, 2) float16 array
        The two pixels of each question, in the mean shape's frame.
    thresholds_ : (T, F) int16 array
    outputs_, scales_ : (T, 2^F, R) int8 array, (T,) float32 array

    Examples
    --------
    >>> from facelm_helpers.sources import load
    >>> faces = load("synthetic", n=20, progress=False)
    >>> cpr = CPR(n_stages=5).fit(faces, progress=False)
    >>> cpr.predict(faces.images, faces.boxes, stages=True).shape
    (6, 20, 68, 2)
    """

    name = "cpr"
    title = "Cascaded pose regression"
    year = 2010
    paper = "Dollar, Welinder and Perona, Cascaded pose regression, CVPR 2010"
    other_shapes = True
    full = {"n_stages": 512, "n_starts": 8, "candidates": 40}

    def __init__(
        self, n_stages=100, depth=5, candidates=20, n_starts=3, n_restarts=5, shrinkage=20.0, rank=32,
        reach=0.15, near=0.2, size=128, margin=1.75,
    ):  # fmt: skip
        self.n_stages, self.depth, self.candidates = n_stages, depth, candidates
        self.n_starts, self.n_restarts = n_starts, n_restarts
        self.shrinkage, self.rank, self.reach, self.near = shrinkage, rank, reach, near
        self.size, self.margin = size, margin

    def _stage_arrays(self):
        T, F = self.n_stages, self.depth
        return {
            "places_": Array("f2", (T, F, 2, 2), -self.size, 2 * self.size),
            "thresholds_": Array("i2", (T, F)),
            "outputs_": Array("i1", (T, 2**F, self.rank)),
            "scales_": Array("f4", (T,), 0, 1000),
        }

    def _learn(self, t, crops, index, S, A, Y, B, rng):
        some = rng.permutation(len(S))[:JUDGING]
        places = self._draw(rng)  # (candidates, F, 2, 2)
        phi = self._phi(places, crops, index[some], S[some], A[some]).reshape(self.candidates, self.depth, -1)
        best, least = None, np.inf
        for c in range(self.candidates):
            thresholds = _ferns.middle_thresholds(phi[c], rng).astype(np.int16)
            where = _ferns.bins(phi[c], thresholds)
            left = Y[some] - _ferns.outputs(where, Y[some], 2**self.depth, self.shrinkage)[where]
            if (left**2).sum() < least:
                best, least = (places[c], thresholds), (left**2).sum()
        self.places_[t], self.thresholds_[t] = best
        where = self._where(t, crops, index, S, A)
        self.outputs_[t], self.scales_[t] = to_bytes(_ferns.outputs(where, Y, 2**self.depth, self.shrinkage))
        return (self.outputs_[t] * self.scales_[t])[where]

    def _draw(self, rng):
        low, high = self.mean_.min(axis=0), self.mean_.max(axis=0)
        spread = self.reach * (high - low)
        first = rng.uniform(low - spread, high + spread, (self.candidates, self.depth, 2))
        second = first + rng.normal(0, self.near * (high - low).max(), first.shape)
        second = np.clip(second, low - spread, high + spread)
        return np.stack([first, second], axis=2).astype(np.float16)  # as it will be saved

    def _phi(self, places, crops, index, S, A):
        """Differences of pairs of pixels (Q, 2, 2) for M shapes: (Q, M) int16."""
        pixels = pose_indexed(crops, index, S, A, places.reshape(-1, 2).astype(np.float32), self.mean_)
        pixels = pixels.astype(np.int16).T.reshape(-1, 2, len(S))
        return pixels[:, 0] - pixels[:, 1]

    def _where(self, t, crops, index, S, A):
        return _ferns.bins(self._phi(self.places_[t], crops, index, S, A), self.thresholds_[t])

    def _regress(self, t, crops, index, S, A):
        return (self.outputs_[t] * self.scales_[t])[self._where(t, crops, index, S, A)]
