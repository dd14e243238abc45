"""What every cascade shares: starts, stages, and the frame in which the regressors work.

S^{t+1} = S^t + r_t(phi(I, S^t)). A regressor r_t gives coefficients c (M, R); the step of the shape is
A (c B), with B (R, 136) the stage's basis of shape changes and A the turn and scale of S^t against the mean
shape. N crops, M shapes on them (several starts a crop), R components, T stages. Crop pixels throughout.
"""

import numpy as np
from tqdm.auto import tqdm

from facelm_helpers.arrays import Array
from facelm_helpers.boxes import check_boxes
from facelm_helpers.faces import uncrop
from facelm_helpers.geometry import apply_transform
from facelm_helpers.methods._base import Aligner
from facelm_helpers.methods._cascade._features import frames, mean_in_box
from facelm_helpers.methods._grey import box_in_crop, grey_crops, training_crops

BASES = 10  # at most so many bases of shape changes are kept


class Cascade(Aligner):
    """An aligner that walks from a start shape to the face in T stages.

    A subclass writes ``_learn(t, crops, index, S, A, Y, B, rng)``, which learns stage t from the wanted
    coefficients Y (M, R) of the basis B, keeps the regressor, and returns what it gives for these shapes;
    ``_regress(t, crops, index, S, A)``, which gives the same for any shapes; and ``_stage_arrays()``, what
    the stages learn. Before the first stage ``_begin(M)`` is called, after the last ``_finish()``.

    Settings that every subclass takes: ``n_stages`` (T), ``n_starts`` (in training, for each crop), ``rank``,
    ``size``, ``margin``; ``n_restarts`` are the starts in `predict`, whose median is the answer.

    Attributes
    ----------
    mean_ : (68, 2) array
        The mean shape in a box as a detector sets it, crop pixels.
    basis_ : (min(T, 10), R, 136) float16 array
        A long cascade takes each for several stages.
    start_shapes_ : (L, 68, 2) float16 array
        Shapes in their boxes that `predict` starts from, the mean shape first.
    walk_ : (T + 1,) array
        Mean error after each stage in training, as a share of the distance of the outer eye corners.
    """

    kind = "cascade"
    cascade = True
    n_restarts = 1
    shift, growth = 0.04, 0.04  # deviations of a start in the box it got: place (in sides), log of the size
    detector_boxes = True  # whether it learns in boxes as a detector sets them, or in tight ones
    other_shapes = False  # whether training starts from other faces' shapes, or from the mean shape

    def _fit(self, faces, seed, progress):
        rng = np.random.default_rng(seed)
        boxes = rng if self.detector_boxes else None
        crops, truth = training_crops(faces, self.size, self.margin, rng=boxes)
        truth = truth.astype(np.float32)
        self.mean_ = mean_in_box(truth)
        others = truth[rng.choice(len(truth), size=max(4 * self.n_restarts, 8))]
        self.start_shapes_ = self._typical(others).astype(np.float16)
        index = np.repeat(np.arange(len(crops)), self.n_starts)
        S = self._training_starts(truth, index, rng)
        goal = truth[index]
        eyes = np.linalg.norm(goal[:, 36] - goal[:, 45], axis=1)
        eyes = np.maximum(eyes, 0.2 * box_in_crop(self.size, self.margin)[1])  # in profile they meet
        error = [_error(S, goal, eyes)]
        self._begin(len(S))
        bases = []
        for t in tqdm(range(self.n_stages), desc=self.name, unit="stage", disable=not progress):
            A = frames(S, self.mean_)
            wanted = _flat((goal - S) @ np.linalg.inv(A).transpose(0, 2, 1))
            if t * BASES // max(self.n_stages, BASES) == len(bases):
                bases.append(principal(wanted, self.rank))
            B = bases[-1].astype(np.float32)
            step = self._learn(t, crops, index, S, A, wanted @ B.T, B, rng)
            S = S + _shape(step @ B) @ A.transpose(0, 2, 1)
            error.append(_error(S, goal, eyes))
        self.basis_ = np.stack(bases)
        self.walk_ = np.array(error)
        self._finish()

    def _typical(self, others):
        """The mean shape and `n_restarts` - 1 others, the likeliest of a handful (no wild starts)."""
        far = np.linalg.norm(others - self.mean_, axis=(1, 2))
        return np.concatenate([self.mean_[None], others[np.argsort(far)[: self.n_restarts - 1]]])

    def _training_starts(self, truth, index, rng):
        """The mean shape, or other faces' shapes, moved a little more than the boxes already are."""
        middle, side = box_in_crop(self.size, self.margin)
        S = np.broadcast_to(self.mean_, (len(index), 68, 2))
        if self.other_shapes:
            S = truth[rng.integers(len(truth), size=len(index))]
        grow = np.exp(rng.normal(0, self.growth, (len(index), 1, 1)))
        move = rng.normal(0, self.shift * side, (len(index), 1, 2))
        return ((S - middle) * grow + middle + move).astype(np.float32)

    def _begin(self, m):
        """Called before the first stage: makes room for what the stages learn."""
        for key, kind in self._stage_arrays().items():
            setattr(self, key, np.empty(kind.shape, kind.types))

    def _stage_arrays(self):
        """What the stages learn, as a dict of `Array` of known shapes."""
        return {}

    def _arrays(self):
        place = (-self.size, 2 * self.size)
        return self._stage_arrays() | {
            "mean_": Array("f4", (68, 2), *place),
            "basis_": Array("f2", (min(self.n_stages, BASES), self.rank, 136), -1.01, 1.01),
            "start_shapes_": Array("f2", ("L", 68, 2), *place),
            "walk_": Array("f8", (self.n_stages + 1,), 0),
        }

    def _restore(self, state):
        super()._restore(state)
        if np.ptp(self.mean_, axis=0).min() < 1:
            raise ValueError("the mean shape is smaller than a pixel")

    def _finish(self):
        """Called after the last stage: to pack what was learnt."""

    def _predict(self, images, boxes, stages=False):
        crops, transforms = grey_crops(images, boxes, self.size, self.margin)
        L = len(self.start_shapes_)
        S = np.tile(self.start_shapes_.astype(np.float32), (len(crops), 1, 1))
        walk = self._walk(crops, np.repeat(np.arange(len(crops)), L), S, keep=stages)
        walk = np.median(walk.reshape(len(walk), len(crops), L, 68, 2), axis=2)
        return uncrop(walk if stages else walk[-1], transforms)

    def refine(self, images, boxes, starts, stages=False, last=None):
        """The walk from start shapes of your own, one a face.

        Parameters
        ----------
        images, boxes
            As for `predict`; the boxes only say where the crop lies.
        starts : (N, 68, 2) array
            S^0 in the images' pixels.
        stages : bool
        last : int, optional
            Stop after this many stages.

        Returns
        -------
        (N, 68, 2) float32 array; (T + 1, N, 68, 2) with stages
        """
        crops, transforms = grey_crops(images, check_boxes(boxes, len(images)), self.size, self.margin)
        S = apply_transform(transforms, starts).astype(np.float32)
        walk = self._walk(crops, np.arange(len(crops)), S, stages, last)
        return uncrop(walk if stages else walk[-1], transforms)

    def _walk(self, crops, index, S, keep, last=None):
        walk = [S]
        bases = self.basis_.astype(np.float32)
        for t in range(self.n_stages if last is None else last):
            A, B = frames(S, self.mean_), bases[t * BASES // max(self.n_stages, BASES)]
            S = S + _shape(self._regress(t, crops, index, S, A) @ B) @ A.transpose(0, 2, 1)
            walk = [*walk, S] if keep else [S]
        return np.stack(walk)


def principal(changes, rank):
    """An orthonormal basis (rank, 136) of the directions in which rows (M, 136) vary most."""
    values, vectors = np.linalg.eigh(np.asarray(changes.T @ changes, np.float64))
    return np.ascontiguousarray(vectors[:, ::-1].T[:rank], np.float16)


def _flat(shapes):
    return shapes.reshape(len(shapes), -1)


def _shape(vectors):
    return vectors.reshape(len(vectors), 68, 2)


def _error(S, goal, eyes):
    x, y = np.moveaxis(S - goal, 2, 0)  # np.linalg.norm over an axis of two takes ten times as long
    return float((np.sqrt(x**2 + y**2).mean(axis=1) / eyes).mean())


def to_bytes(values, axis=None):
    """Small numbers as int8 with a scale (float32): values ~ int8 * scale.

    axis : the axes that share one scale; all by default.

    >>> whole, scale = to_bytes(np.array([0.0, 0.5, -1.0]))
    >>> (whole * scale).round(2).tolist()
    [0.0, 0.5, -1.0]
    """
    scale = np.maximum(np.abs(values).max(axis=axis, keepdims=axis is not None), 1e-12) / 127
    return np.rint(values / scale).astype(np.int8), np.asarray(scale, np.float32)
