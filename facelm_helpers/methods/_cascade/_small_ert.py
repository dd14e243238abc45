"""An ensemble of regression trees in plain sight: what dlib's trainer does, small enough to read.

Not a method of the leaderboard (that is `ert`): it is for opening up, and returns its stages.
"""

import numpy as np

from facelm_helpers.arrays import Array
from facelm_helpers.methods._cascade import Cascade
from facelm_helpers.methods._cascade._features import nearest_landmarks, pixel_rows, random_places
from facelm_helpers.methods._cascade._local_forest import grow


class SmallERT(Cascade):
    r"""Gradient boosted trees on shape-indexed pixels (Kazemi and Sullivan, 2014).

    .. math:: S^{t+1} = S^t + r_t(\phi(I, S^t)), \qquad r_t = \nu \sum_{k=1}^{K} g_k

    The parameters carry dlib's names in the comments.

    Parameters
    ----------
    n_stages : int
        T, levels (cascade_depth).
    n_trees : int
        K, trees of a level (num_trees_per_cascade_level).
    depth : int
        Questions from root to leaf (tree_depth).
    learning_rate : float
        Shrinkage: how much of each tree is believed (nu).
    n_starts : int
        Start shapes for each face (oversampling_amount).
    n_pixels : int
        P, pixels of a level (feature_pool_size).
    candidates : int
        Random questions of which a node takes the best (num_test_splits).
    near : float
        A pair of pixels at distance d, in sides of the box, is drawn with probability exp(-d / near)
        (lambda_param): the smaller, the nearer to each other.
    reach : float
        How far beyond the shape pixels lie (feature_pool_region_padding).
    rank, size, margin : int, int, float
        As in the other cascades.

    Examples
    --------
    >>> from facelm_helpers.sources import load
    >>> faces = load("synthetic", n=20, progress=False)
    >>> ert = SmallERT(n_stages=2, n_trees=5).fit(faces, progress=False)
    >>> ert.predict(faces.images, faces.boxes, stages=True).shape
    (3, 20, 68, 2)
    """

    name = "_small_ert"
    title = "A small ensemble of regression trees"
    year = 2014
    paper = (
        "Kazemi and Sullivan, One millisecond face alignment with an ensemble of regression trees, CVPR 2014"
    )
    other_shapes = True

    def __init__(
        self, n_stages=8, n_trees=40, depth=4, learning_rate=0.15, n_starts=4, n_pixels=300, candidates=20,
        near=0.1, reach=0.1, rank=24, size=128, margin=1.75,
    ):  # fmt: skip
        self.n_stages, self.n_trees, self.depth, self.n_pixels = n_stages, n_trees, depth, n_pixels
        self.learning_rate, self.n_starts, self.candidates = learning_rate, n_starts, candidates
        self.near, self.reach, self.rank = near, reach, rank
        self.size, self.margin = size, margin

    def _stage_arrays(self):
        T, K, leaves = self.n_stages, self.n_trees, 2**self.depth
        return {
            "anchors_": Array("u1", (T, self.n_pixels), 0, 67),
            "offsets_": Array("f4", (T, self.n_pixels, 2), -self.size, self.size),
            "pairs_": Array("i2", (T, K, leaves - 1, 2), 0, self.n_pixels - 1),
            "thresholds_": Array("i2", (T, K, leaves - 1)),
            "outputs_": Array("f4", (T, K, leaves, self.rank)),
        }

    def _learn(self, t, crops, index, S, A, Y, B, rng):
        places = random_places(self.mean_, self.n_pixels, self.reach, rng)
        self.anchors_[t], self.offsets_[t] = nearest_landmarks(places, self.mean_)
        rho = self._phi(t, crops, index, S, A)
        likely = self._likely(places)
        missing = Y.copy()
        for k in range(self.n_trees):
            pairs = np.stack(
                np.divmod(rng.choice(self.n_pixels**2, size=2 * self.candidates, p=likely), self.n_pixels),
                axis=1,
            )
            differences = rho[pairs[:, 0]] - rho[pairs[:, 1]]
            chosen, thresholds = grow(differences, missing, self.depth, self.candidates, rng)
            self.pairs_[t, k], self.thresholds_[t, k] = pairs[chosen], thresholds
            leaf = self._leaf(t, k, rho)
            sums = np.zeros((2**self.depth, self.rank), np.float32)
            np.add.at(sums, leaf, missing)
            members = np.bincount(leaf, minlength=2**self.depth)[:, None]
            self.outputs_[t, k] = self.learning_rate * sums / np.maximum(members, 1)
            missing -= self.outputs_[t, k][leaf]
        return Y - missing

    def _likely(self, places):
        """The probability of each of the P^2 pairs: exp(-distance / near), none with itself."""
        side = np.ptp(self.mean_, axis=0).max()
        distance = np.linalg.norm(places[:, None] - places, axis=2) / side
        likely = np.exp(-distance / self.near) * (1 - np.eye(self.n_pixels))
        return (likely / likely.sum()).ravel()

    def _phi(self, t, crops, index, S, A):
        return pixel_rows(crops, index, S, A, self.anchors_[t], self.offsets_[t])

    def _leaf(self, t, k, rho):
        """The leaf (M,) of tree k that each column of pixels (P, M) reaches."""
        pairs, thresholds = self.pairs_[t, k], self.thresholds_[t, k]
        node, every = np.zeros(rho.shape[1], np.int64), np.arange(rho.shape[1])
        for _ in range(self.depth):
            difference = rho[pairs[node, 0], every] - rho[pairs[node, 1], every]
            node = 2 * node + 1 + (difference > thresholds[node])
        return node - (2**self.depth - 1)

    def _regress(self, t, crops, index, S, A):
        rho = self._phi(t, crops, index, S, A)
        return sum(self.outputs_[t, k][self._leaf(t, k, rho)] for k in range(self.n_trees))
