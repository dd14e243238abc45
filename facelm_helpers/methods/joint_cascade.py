"""A joint cascade of detection and alignment: is this window a face, and where are its points?"""

import cv2
import numpy as np

from facelm_helpers.arrays import Array
from facelm_helpers.boxes import suppress
from facelm_helpers.geometry import apply_transform, invert_transform
from facelm_helpers.images import check_image
from facelm_helpers.methods._cascade import Cascade, _background, _features, _ferns, to_bytes
from facelm_helpers.methods._cascade._features import frames, nearest_landmarks, pixel_rows
from facelm_helpers.methods._cascade._windows import Found, scan
from facelm_helpers.methods._grey import box_in_crop, even_light

CHOOSING = 3000  # windows that pairs of pixels are chosen on
HIGHER, LARGER = 0.10, 1.04  # dlib's box beside the tight one, in sides
NINE = np.array([(x, y) for x in (-0.07, 0, 0.07) for y in (-0.03, 0.03, 0.10)])  # places of a start, sides


class JointCascade(Cascade):
    r"""Joint cascade face detection and alignment (Chen, Ren, Wei, Cao and Sun, 2014), much reduced.

    .. math:: S^{t+1} = S^t + r_t(\phi(I, S^t)), \qquad f^{t+1} = f^t + c_t(\phi(I, S^t))

    Each stage is a row of ferns on pixels tied to the landmarks. Every fern gives two answers from one set of
    questions: a change of the shape, learnt from faces, and a change of the score f, learnt from faces and
    background by the rule of RealBoost, half the logarithm of the odds. A window whose score falls below the
    threshold of a fern is given up at once (a soft cascade), so most windows cost a few ferns. Aligned
    windows are easier to judge: features that follow the points see an eye where an eye should be. After
    every stage the background that survives is topped up with hard negatives: windows that the cascade still
    takes for faces.

    In a box from elsewhere `predict` starts from nine places and takes the median: the window that a cascade
    finds by itself fits it better than any other detector's.

    Of the paper's fern-like trees that choose at random to classify or to regress, here the ferns of a stage
    take turns, the share of those that choose their pixels for classification falling from stage to stage.

    Parameters
    ----------
    n_stages, n_trees, depth, n_pixels : int
        T stages of K ferns with F questions each, on P pixels a stage.
    n_starts : int
        Start shapes for each face in training.
    negatives : int
        Background windows in training.
    keep : float
        Share of the faces that must survive all ferns of a stage.
    shrinkage, rank, reach : float, int, float
        As in `esr`.
    size, margin : int, float
        Of the window; see `faces.crop`.
    detected : float
        Share of the starts in training that lie where dlib's detector would have set the box.

    Attributes
    ----------
    anchors_, offsets_, pairs_, thresholds_, outputs_, scales_ : arrays
        As in `esr`.
    votes_ : (T, K, 2^F) float16 array
        What each bin adds to the score.
    limits_ : (T, K) float32 array
        A window whose score is lower after fern k is given up.
    threshold_ : float
        The final score that two of three starts in training exceed: what `detect_and_align` takes for a face.

    Examples
    --------
    >>> from facelm_helpers.sources import load
    >>> faces = load("synthetic", n=20, progress=False)
    >>> joint = JointCascade(n_stages=2, n_trees=6, n_pixels=60, negatives=60).fit(faces, progress=False)
    >>> joint.predict(faces.images, faces.boxes, stages=True).shape
    (3, 20, 68, 2)
    """

    name = "joint_cascade"
    title = "Joint cascade"
    year = 2014
    paper = "Chen, Ren, Wei, Cao and Sun, Joint cascade face detection and alignment, ECCV 2014"
    detector_boxes, shift, growth = False, 0.08, 0.08  # its windows come from its own search
    n_restarts = len(NINE)
    full = {"n_stages": 6, "n_trees": 160, "n_starts": 6, "negatives": 8000, "shrinkage": 300.0}

    def __init__(
        self, n_stages=5, n_trees=50, depth=5, n_pixels=300, n_starts=4, negatives=3000, keep=0.99,
        shrinkage=60.0, rank=24, reach=0.15, size=64, margin=1.75, detected=0.25,
    ):  # fmt: skip
        self.n_stages, self.n_trees, self.depth, self.n_pixels = n_stages, n_trees, depth, n_pixels
        self.n_starts, self.negatives = n_starts, negatives
        self.keep, self.shrinkage, self.rank, self.reach = keep, shrinkage, rank, reach
        self.size, self.margin, self.detected = size, margin, detected

    def _fit(self, faces, seed, progress):
        self._pictures = _background.pictures(faces)
        try:
            super()._fit(faces, seed, progress)
        finally:
            del self._pictures

    def _training_starts(self, truth, index, rng):
        """As in every cascade, but a share of the boxes is moved as dlib's detector would have set them."""
        S = super()._training_starts(truth, index, rng)
        middle, side = box_in_crop(self.size, self.margin)
        moved = (S - middle) * LARGER + middle - [0, HIGHER * side]
        return np.where(rng.random((len(S), 1, 1)) < self.detected, moved, S).astype(np.float32)

    def _typical(self, others):
        """The mean shape at nine places round the middle: who knows whose box it is."""
        return self.mean_ + NINE[:, None] * box_in_crop(self.size, self.margin)[1]

    def _stage_arrays(self):
        T, K, F = self.n_stages, self.n_trees, self.depth
        votes = {"votes_": Array("f2", (T, K, 2**F)), "limits_": Array("f4", (T, K))}
        return _ferns.arrays(T, K, F, self.n_pixels, self.rank, self.size) | votes

    def _arrays(self):
        return super()._arrays() | {"threshold_": Array("f8", ())}

    def _begin(self, m):
        super()._begin(m)
        self.basis_ = np.empty((0, self.rank, 136), np.float16)
        self._score = np.zeros(m, np.float32)  # of the faces
        shape = (0, self.size, self.size)
        self._windows, self._shapes = np.empty(shape, np.uint8), np.empty((0, 68, 2), np.float32)
        self._scores = np.empty(0, np.float32)

    def _finish(self):
        self.threshold_ = float(np.quantile(self._score, 1 / 3))
        del self._score, self._windows, self._shapes, self._scores

    def _learn(self, t, crops, index, S, A, Y, B, rng):
        self._mine(t, rng)
        places = _features.random_places(self.mean_, self.n_pixels, self.reach, rng)
        self.anchors_[t], self.offsets_[t] = nearest_landmarks(places, self.mean_)
        m = len(S)
        A_windows = frames(self._shapes, self.mean_)
        rho = np.concatenate([
            self._phi(t, crops, index, S, A),
            self._phi(t, self._windows, np.arange(len(self._windows)), self._shapes, A_windows),
        ], axis=1)  # fmt: skip
        face = np.arange(rho.shape[1]) < m
        score = np.concatenate([self._score, self._scores])
        alive = np.ones(len(score), bool)
        missing, step = Y.copy(), np.zeros((len(self._shapes), self.rank), np.float32)
        some, mixed = rng.permutation(m)[:CHOOSING], rng.permutation(len(score))[:CHOOSING]
        regress = _ferns.PairChooser(rho[:, some].astype(np.float32))
        classify = _ferns.PairChooser(rho[:, mixed].astype(np.float32))
        share = 0.7 * (1 - t / self.n_stages)  # of ferns whose pixels are chosen for classification
        for k in range(self.n_trees):
            weight = _ferns.weights(score, face, alive)
            if int((k + 1) * share) > int(k * share):
                goal = (np.where(face, 1, -1) * weight)[mixed, None].astype(np.float32)
                pairs = classify(goal, self.depth, rng)
            else:
                pairs = regress(missing[some], self.depth, rng)
            difference = rho[pairs[:, 0]] - rho[pairs[:, 1]]
            self.pairs_[t, k] = pairs
            self.thresholds_[t, k] = _ferns.middle_thresholds(difference[:, mixed], rng)
            where = _ferns.bins(difference, self.thresholds_[t, k])
            self.outputs_[t, k], self.scales_[t, k] = to_bytes(
                _ferns.outputs(where[:m], missing, 2**self.depth, self.shrinkage)
            )
            change = self.outputs_[t, k] * self.scales_[t, k]
            missing -= change[where[:m]]
            step += change[where[m:]]
            odds = [np.bincount(where, weight * part, minlength=2**self.depth) for part in (face, ~face)]
            self.votes_[t, k] = 0.5 * np.log((odds[0] + 1e-3) / (odds[1] + 1e-3))
            score = score + self.votes_[t, k].astype(np.float32)[where]
            lost = 1 - self.keep ** ((k + 1) / self.n_trees)
            self.limits_[t, k] = np.quantile(score[:m], lost) - 1e-3
            alive &= score >= self.limits_[t, k]
        self._score = score[:m]
        kept = alive[m:]
        moved = self._shapes + (step @ B).reshape(-1, 68, 2) @ A_windows.transpose(0, 2, 1)
        self._windows, self._shapes, self._scores = self._windows[kept], moved[kept], score[m:][kept]
        self.basis_ = np.concatenate([self.basis_, B[None].astype(np.float16)])
        return Y - missing

    def _mine(self, t, rng):
        """Fill up the background with windows that the t stages so far take for faces."""
        wanted = self.negatives - len(self._windows)
        for _ in range(12):  # the better the cascade, the fewer it finds
            if wanted <= 0:
                break
            count = max(4 * wanted if t else wanted, 500)
            windows = _background.windows(self._pictures, count, self.size, self.margin, rng)
            windows = even_light(windows, self.margin)
            S, score, alive = self._run(windows, t)
            chosen = np.flatnonzero(alive)[:wanted]
            self._windows = np.concatenate([self._windows, windows[chosen]])
            self._shapes = np.concatenate([self._shapes, S[chosen]])
            self._scores = np.concatenate([self._scores, score[chosen]])
            wanted -= len(chosen)

    def _phi(self, t, crops, index, S, A):
        return pixel_rows(crops, index, S, A, self.anchors_[t], self.offsets_[t])

    def _regress(self, t, crops, index, S, A):
        return self._stage(t, self._phi(t, crops, index, S, A))[0]

    def _stage(self, t, rho, score=None):
        """The step (M, R), and with a score also the score and who is still alive, after the K ferns."""
        step = np.zeros((rho.shape[1], self.rank), np.float32)
        alive = np.ones(rho.shape[1], bool)
        for k, pairs in enumerate(self.pairs_[t]):
            where = _ferns.bins(rho[pairs[:, 0]] - rho[pairs[:, 1]], self.thresholds_[t, k])
            step += (self.outputs_[t, k] * self.scales_[t, k])[where]
            if score is not None:
                score = score + self.votes_[t, k].astype(np.float32)[where]
                alive &= score >= self.limits_[t, k]
        return step, score, alive

    def _run(self, windows, T, lived=None):
        """Shapes, scores and survival of windows after T stages; the given up are not looked at again.

        lived : (T + 1,) array, to which the windows that are left after each stage are added.
        """
        S = np.tile(self.mean_, (len(windows), 1, 1))
        score, left = np.zeros(len(windows), np.float32), np.arange(len(windows))
        lived = np.zeros(T + 1, int) if lived is None else lived
        lived[0] += len(windows)
        for t in range(T):
            A = frames(S[left], self.mean_)
            step, score[left], alive = self._stage(t, self._phi(t, windows, left, S[left], A), score[left])
            S[left] += (step @ self.basis_[t].astype(np.float32)).reshape(-1, 68, 2) @ A.transpose(0, 2, 1)
            left = left[alive]
            lived[t + 1] += len(left)
        survived = np.zeros(len(windows), bool)
        survived[left] = True
        return S, score, survived

    def detect_and_align(self, image, smallest=40, grow=1.2, step=0.1, overlap=0.3, threshold=None):
        """Find the faces of a photograph and their points.

        Windows of all places and sizes go through the cascade; of those that overlap, the best stays.

        Parameters
        ----------
        image : (H, W, 3) uint8 array
        smallest, grow, step : float
            Side of the smallest face's box in pixels; growth from one size to the next; way from one window
            to the next in sides of the box.
        overlap : float
            Boxes that share more of their union are one face.
        threshold : float, optional
            Lowest score of a face; `threshold_` by default. Lower finds more faces, and more that are none.

        Returns
        -------
        Found
            Boxes (M, 4), points (M, 68, 2), scores (M,), the best first, M may be 0; lived (T + 1,), the
            windows that were left before the first stage and after each.

        Raises
        ------
        ValueError
            For no image, or steps that lead nowhere.
        """
        if not (grow > 1 and step > 0 and smallest > 0):
            raise ValueError(f"grow is {grow}, step {step}, smallest {smallest}: wanted > 1, > 0 and > 0")
        grey = cv2.cvtColor(check_image(image), cv2.COLOR_RGB2GRAY)
        threshold = self.threshold_ if threshold is None else threshold
        boxes, points, scores = [np.zeros((0, 4))], [np.zeros((0, 68, 2))], [np.zeros(0)]
        side, lived = smallest, np.zeros(self.n_stages + 1, int)
        while side <= min(grey.shape):
            windows, transforms = scan(grey, side, step, self.size, self.margin)
            for start in range(0, len(windows), 2048):
                some = even_light(windows[start : start + 2048], self.margin)
                S, score, alive = self._run(some, self.n_stages, lived)
                alive &= score >= threshold
                back = invert_transform(transforms[start : start + 2048][alive])
                points.append(apply_transform(back, S[alive]))
                boxes.append(np.concatenate([points[-1].min(axis=1), points[-1].max(axis=1)], axis=1))
                scores.append(score[alive])
            side *= grow
        boxes, points, scores = np.concatenate(boxes), np.concatenate(points), np.concatenate(scores)
        kept = suppress(boxes, scores, overlap)
        return Found(boxes[kept].astype(np.float32), points[kept].astype(np.float32), scores[kept], lived)
