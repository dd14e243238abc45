"""Local binary features: a forest for each landmark, its leaves as bits, one linear map over all bits."""

import numpy as np
from scipy import sparse

from facelm_helpers.arrays import Array
from facelm_helpers.methods._cascade import Cascade, to_bytes
from facelm_helpers.methods._cascade._features import frames, read
from facelm_helpers.methods._cascade._local_forest import grow, leaves
from facelm_helpers.methods._grey import grey_crops


class LBF(Cascade):
    r"""Regression of local binary features (Ren, Cao, Wei and Sun, 2014), "3000 FPS".

    .. math:: S^{t+1} = S^t + W_t \, \phi_t(I, S^t)

    Round each landmark a small random forest, trained to predict that landmark's own step from differences of
    two pixels nearby, sorts the picture into leaves. Which leaf was reached, as a 1 among zeros, for all
    trees of all landmarks, is phi_t: sparse and binary. The leaves' own predictions are thrown away; a ridge
    regression W_t from phi_t to the whole shape takes their place. The radius shrinks from stage to stage.

    The defaults train on 500 faces in about ten seconds.

    Parameters
    ----------
    n_stages : int
        T.
    n_trees, depth : int
        Trees of a landmark, questions from root to leaf.
    candidates : int
        Random questions of which the best is taken at each node.
    radius : (float, float)
        How far pixels lie from the landmark in the first and the last stage, as a share of the box.
    n_starts : int
        Start shapes for each face in training.
    share : float
        Share of the examples that a tree sees.
    ridge : float
        Weight of the penalty, for each example.
    rank : int
        Shape changes are combinations of this many principal ones.
    size, margin : int, float
        Of the crop; see `faces.crop`.

    Attributes
    ----------
    places_ : (T, 68 n_trees, nodes, 2, 2) float16 array
        The two pixels of each question, relative to the landmark, in the mean shape's frame.
    thresholds_ : (T, 68 n_trees, nodes) int16 array
    W_, scales_ : (T, 68 n_trees leaves, R) int8 array, (T, 1, R) float32 array

    Examples
    --------
    >>> from facelm_helpers.sources import load
    >>> faces = load("synthetic", n=20, progress=False)
    >>> lbf = LBF(n_stages=2, n_trees=1, depth=2, n_starts=1).fit(faces, progress=False)
    >>> lbf.predict(faces.images, faces.boxes, stages=True).shape
    (3, 20, 68, 2)
    """

    name = "lbf"
    title = "Local binary features"
    year = 2014
    paper = (
        "Ren, Cao, Wei and Sun, Face alignment at 3000 FPS via regressing local binary features, CVPR 2014"
    )
    full = {"n_stages": 5, "n_trees": 5, "depth": 5, "candidates": 60, "n_starts": 3}

    def __init__(
        self, n_stages=4, n_trees=3, depth=4, candidates=30, radius=(0.3, 0.06), n_starts=3, share=0.6,
        ridge=0.2, rank=32, size=128, margin=1.75,
    ):  # fmt: skip
        self.n_stages, self.n_trees, self.depth, self.candidates = n_stages, n_trees, depth, candidates
        self.radius, self.n_starts, self.share, self.ridge = list(radius), n_starts, share, ridge
        self.rank, self.size, self.margin = rank, size, margin

    def _stage_arrays(self):
        T, count, leaves = self.n_stages, 68 * self.n_trees, 2**self.depth
        return {
            "places_": Array("f2", (T, count, leaves - 1, 2, 2), -self.size, self.size),
            "thresholds_": Array("i2", (T, count, leaves - 1)),
            "W_": Array("i1", (T, count * leaves, self.rank)),
            "scales_": Array("f4", (T, 1, self.rank), 0, 1000),
        }

    def _learn(self, t, crops, index, S, A, Y, B, rng):
        steps = (Y @ B).reshape(len(Y), 68, 2)  # what each landmark still has to go
        for landmark in range(68):
            drawn = self._draw(t, rng)
            phi = self._differences(drawn, landmark, crops, index, S, A)
            for tree in range(landmark * self.n_trees, (landmark + 1) * self.n_trees):
                seen = rng.permutation(len(S))[: max(int(self.share * len(S)), 1)]
                grown = grow(phi[:, seen], steps[seen, landmark], self.depth, self.candidates, rng)
                self.places_[t, tree], self.thresholds_[t, tree] = drawn[grown[0]], grown[1]
        bits = self._phi(t, crops, index, S, A)
        self.W_[t], self.scales_[t] = to_bytes(ridge_map(bits, Y, self.ridge * len(Y)), axis=0)
        return self._map(t, bits)

    def binary_features(self, images, boxes, stage=0):
        """phi_t of faces, as stage t sees them: a 1 for each tree, at the leaf that the face reached.

        Parameters
        ----------
        images, boxes
            As for `predict`.
        stage : int
            t, from 0 to T - 1.

        Returns
        -------
        (N, 68 trees leaves) sparse array
        """
        crops, _ = grey_crops(images, boxes, self.size, self.margin)
        index = np.arange(len(crops))
        S = np.tile(self.start_shapes_[0].astype(np.float32), (len(crops), 1, 1))
        S = self._walk(crops, index, S, keep=False, last=stage)[-1]
        return self._phi(stage, crops, index, S, frames(S, self.mean_))

    def _draw(self, t, rng):
        """Pairs of places round a landmark, (Q, 2, 2): uniform in a disc whose radius shrinks with t."""
        late = t / max(self.n_stages - 1, 1)
        radius = ((1 - late) * self.radius[0] + late * self.radius[1]) * self.size / self.margin
        shape = (4 * self.candidates, 2)
        far, angle = radius * np.sqrt(rng.random(shape)), 2 * np.pi * rng.random(shape)
        return np.stack([far * np.cos(angle), far * np.sin(angle)], axis=2).astype(np.float16)

    def _differences(self, places, landmark, crops, index, S, A):
        offsets = places.reshape(-1, 2).astype(np.float32) @ A.transpose(0, 2, 1)
        pixels = read(crops, index, S[:, landmark, None] + offsets).astype(np.int16)
        return np.ascontiguousarray((pixels[:, ::2] - pixels[:, 1::2]).T)

    def _phi(self, t, crops, index, S, A):
        """The local binary features: (M, 68 trees leaves), sparse, a 1 for each tree."""
        landmarks = np.repeat(np.arange(68), self.n_trees)
        leaf = leaves(self.places_[t], self.thresholds_[t], landmarks, crops, index, S, A)
        count = leaf.shape[1]
        column = leaf + np.arange(count) * 2**self.depth
        ends = np.arange(len(S) + 1) * count
        ones = np.ones(column.size, np.float32)
        return sparse.csr_matrix((ones, column.ravel(), ends), (len(S), count * 2**self.depth))

    def _regress(self, t, crops, index, S, A):
        return self._map(t, self._phi(t, crops, index, S, A))

    def _map(self, t, bits):
        return bits @ self.W_[t].astype(np.float32) * self.scales_[t]


def ridge_map(bits, Y, penalty, iterations=40):
    """W (D, R) that minimises |bits W - Y|^2 + penalty |W|^2, all columns at once (conjugate gradients)."""
    W = np.zeros((bits.shape[1], Y.shape[1]), np.float32)
    back = bits.T.tocsr()
    residual = back @ Y.astype(np.float32)
    direction, size = residual.copy(), (residual**2).sum(axis=0)
    for _ in range(iterations):
        product = back @ (bits @ direction) + penalty * direction
        step = size / np.maximum((direction * product).sum(axis=0), 1e-12)
        W += step * direction
        residual -= step * product
        before, size = size, (residual**2).sum(axis=0)
        direction = residual + size / np.maximum(before, 1e-12) * direction
    return W
