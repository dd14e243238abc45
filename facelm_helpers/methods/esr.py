"""Explicit shape regression: ten stages of ferns that look at pixels tied to the landmarks."""

import numpy as np

from facelm_helpers.methods._cascade import Cascade, _ferns, to_bytes
from facelm_helpers.methods._cascade._features import nearest_landmarks, pixel_rows, random_places

CHOOSING = 4000  # shapes that the correlations of a fern are estimated on


class ESR(Cascade):
    r"""Two-level boosted ferns on shape-indexed pixels (Cao, Wei, Wen and Sun, 2012).

    .. math:: S^{t+1} = S^t + r_t(\phi(I, S^t)), \qquad r_t = \sum_{k=1}^{K} r_t^k

    Each stage draws P pixels, every one tied to its nearest landmark, and keeps them for its K ferns. A fern
    asks F questions "is pixel i brighter than pixel j by more than this?"; the pairs are those whose
    difference correlates best with a random projection of what is still missing. Its 2^F answers are mean
    shape changes, shrunk by 1 / (1 + shrinkage / members). The answer is the median over several starts.

    The defaults train on 500 faces in about ten seconds. The paper has T = 10, K = 500, F = 5, P = 400,
    20 starts in training, 5 in prediction, shrinkage 1000.

    Parameters
    ----------
    n_stages, n_trees, depth, n_pixels : int
        T stages of K ferns with F questions each, on P pixels a stage.
    n_starts, n_restarts : int
        Start shapes for each face in training, and in prediction.
    shrinkage : float
    rank : int
        Shape changes are combinations of this many principal ones: a fern is 32 x rank numbers.
    reach : float
        How far pixels lie beyond the mean shape's bounding box, as a share of it.
    size, margin : int, float
        Of the crop; see `faces.crop`.

    Attributes
    ----------
    anchors_ : (T, P) uint8 array
    offsets_ : (T, P, 2) float16 array
        Pixel p lies at landmark ``anchors_[t, p]`` plus A ``offsets_[t, p]``.
    pairs_ : (T, K, F, 2) int16 array
    thresholds_ : (T, K, F) int16 array
    outputs_, scales_ : (T, K, 2^F, R) int8 array, (T, K) float32 array
        Fern k of stage t adds ``outputs_ * scales_``.

    Examples
    --------
    >>> from facelm_helpers.sources import load
    >>> faces = load("synthetic", n=20, progress=False)
    >>> esr = ESR(n_stages=2, n_trees=5, n_pixels=50).fit(faces, progress=False)
    >>> esr.predict(faces.images, faces.boxes, stages=True).shape
    (3, 20, 68, 2)
    """

    name = "esr"
    title = "Explicit shape regression"
    year = 2012
    paper = "Cao, Wei, Wen and Sun, Face alignment by explicit shape regression, CVPR 2012"
    other_shapes = True
    full = {"n_trees": 250, "n_starts": 8, "shrinkage": 1000.0}

    def __init__(
        self, n_stages=10, n_trees=60, depth=5, n_pixels=400, n_starts=5, n_restarts=5, shrinkage=150.0,
        rank=32, reach=0.15, size=128, margin=1.75,
    ):  # fmt: skip
        self.n_stages, self.n_trees, self.depth, self.n_pixels = n_stages, n_trees, depth, n_pixels
        self.n_starts, self.n_restarts = n_starts, n_restarts
        self.shrinkage, self.rank, self.reach, self.size, self.margin = shrinkage, rank, reach, size, margin

    def _stage_arrays(self):
        return _ferns.arrays(self.n_stages, self.n_trees, self.depth, self.n_pixels, self.rank, self.size)

    def _learn(self, t, crops, index, S, A, Y, B, rng):
        places = random_places(self.mean_, self.n_pixels, self.reach, rng)
        self.anchors_[t], self.offsets_[t] = nearest_landmarks(places, self.mean_)
        rho = self._phi(t, crops, index, S, A)
        some = rng.permutation(len(S))[:CHOOSING]
        choose = _ferns.PairChooser(rho[:, some].astype(np.float32))
        missing = Y.copy()
        for k in range(self.n_trees):
            pairs = choose(missing[some], self.depth, rng)
            difference = rho[pairs[:, 0]] - rho[pairs[:, 1]]
            self.pairs_[t, k] = pairs
            self.thresholds_[t, k] = _ferns.middle_thresholds(difference, rng)
            where = _ferns.bins(difference, self.thresholds_[t, k])
            out = _ferns.outputs(where, missing, 2**self.depth, self.shrinkage)
            self.outputs_[t, k], self.scales_[t, k] = to_bytes(out)
            missing -= (self.outputs_[t, k] * self.scales_[t, k])[where]
        return Y - missing

    def _phi(self, t, crops, index, S, A):
        """The pixels of stage t: (P, M) int16, a row a pixel."""
        return pixel_rows(crops, index, S, A, self.anchors_[t], self.offsets_[t])

    def _regress(self, t, crops, index, S, A):
        rho = self._phi(t, crops, index, S, A)
        where = _ferns.bins(rho[self.pairs_[t, ..., 0]] - rho[self.pairs_[t, ..., 1]], self.thresholds_[t])
        chosen = self.outputs_[t][np.arange(self.n_trees)[:, None], where]  # (K, M, R)
        return np.einsum("kmr,k->mr", chosen, self.scales_[t])
