"""An ensemble of regression trees, trained with dlib on faces of your own."""

import cv2
import dlib
import numpy as np

from facelm_helpers.arrays import Array
from facelm_helpers.boxes import detector_like, tight_boxes
from facelm_helpers.faces import crop, uncrop
from facelm_helpers.geometry import apply_transform
from facelm_helpers.landmarks import mirror
from facelm_helpers.methods._base import Aligner
from facelm_helpers.methods._dlib import _ert_file, _predictor, _trees

OPTIONS = {  # our settings -> dlib's
    "n_stages": "cascade_depth", "n_trees": "num_trees_per_cascade_level", "depth": "tree_depth",
    "learning_rate": "nu", "n_starts": "oversampling_amount", "jitter": "oversampling_translation_jitter",
    "n_pixels": "feature_pool_size", "reach": "feature_pool_region_padding", "near": "lambda_param",
    "candidates": "num_test_splits",
}  # fmt: skip


class ERT(Aligner):
    r"""A cascade of gradient-boosted trees (Kazemi and Sullivan, 2014).

    .. math:: S^{t+1} = S^t + r_t(I, S^t)

    Each regressor :math:`r_t` is a sum of trees, every one scaled by the shrinkage :math:`\nu`. A tree asks
    whether the difference of two pixels exceeds a threshold; the pixels move with the shape. Its leaves are
    changes of the whole shape. Training starts each face several times from the shapes of other faces.

    The defaults are smaller than dlib's (500 trees a level, 20 starts, no jitter) and train 500
    faces in about ten seconds. One core does it: dlib's threads handle images that belong to Python without
    its lock, and with two of them NumPy reports a reference count gone wrong.

    Parameters
    ----------
    n_stages, n_trees, depth : int
        T stages of as many trees, each with 2^depth leaves.
    learning_rate : float
        Shrinkage :math:`\nu`, above 0, at most 1.
    n_starts : int
        Starts for each face in training.
    jitter : float
        How far the box of a start is moved, as a share of its side: makes it robust to a detector's box.
    n_pixels : int
        Pixels that a stage may compare.
    reach : float
        How far beyond the shape those pixels lie.
    near : float
        The smaller, the nearer to each other the two pixels of a difference.
    candidates : int
        Random splits of which a node takes the best.
    detector_boxes : bool
        Learn from each face, and from its mirror image, in a box as a detector sets it (`detector_like`)
        in place of the tight one.
    size : int
        Faces are cropped to this many pixels, with 1.5 times their box, in grey.

    Attributes
    ----------
    predictor_ : dlib.shape_predictor
    start_, basis_, leaves_, scales_, splits_, thresholds_, anchors_, deltas_ : arrays
        What it is made of, in small types; see `_ert_file.unfold`.

    Examples
    --------
    >>> from facelm_helpers.faces import FaceSet
    >>> rng = np.random.default_rng(0)
    >>> images = rng.integers(0, 255, (4, 64, 64, 3), dtype=np.uint8)
    >>> faces = FaceSet(images, rng.uniform(10, 50, (4, 68, 2)))
    >>> ert = ERT(n_stages=1, n_trees=2, depth=2).fit(faces, progress=False)
    >>> ert.predict(faces.images, faces.boxes).shape
    (4, 68, 2)
    """

    cascade = True
    name = "ert"
    kind = "cascade"
    title = "Ensemble of regression trees"
    year = 2014
    paper = (
        "Kazemi and Sullivan, One millisecond face alignment with an ensemble of regression trees, CVPR 2014"
    )
    full = {"n_trees": 90, "depth": 5, "n_starts": 4, "jitter": 0.1, "detector_boxes": True}

    def __init__(
        self, n_stages=10, n_trees=100, depth=4, learning_rate=0.1, n_starts=10, jitter=0.2, n_pixels=400,
        reach=0.0, near=0.1, candidates=20, detector_boxes=False, size=256,
    ):  # fmt: skip
        if not 0 < learning_rate <= 1 or not near > 0:
            raise ValueError(f"learning_rate is {learning_rate}, near {near}: wanted 0 < rate <= 1, near > 0")
        whole = {
            "n_stages": n_stages, "n_trees": n_trees, "depth": depth, "n_starts": n_starts,
            "n_pixels": n_pixels, "candidates": candidates, "size": size,
        }  # fmt: skip
        for key, value in whole.items():
            if int(value) != value or value < 1:
                raise ValueError(f"{key} is {value}: wanted a whole number of at least 1")
            setattr(self, key, int(value))
        self.learning_rate, self.near = learning_rate, near
        self.jitter, self.reach, self.detector_boxes = jitter, reach, detector_boxes

    def _fit(self, faces, seed, progress):
        options = dlib.shape_predictor_training_options()
        for ours, theirs in OPTIONS.items():
            setattr(options, theirs, getattr(self, ours))
        options.random_seed = str(seed)
        options.be_verbose = progress
        pictures, labels = [], []
        rng = np.random.default_rng(seed)
        for mirrored in (False, True) if self.detector_boxes else (False,):
            shapes = np.asarray(faces.points)
            boxes = detector_like(shapes, rng) if self.detector_boxes else tight_boxes(shapes)
            for i, box in enumerate(boxes):
                picture, transform = self._crop(faces.images[i], box)
                shape = apply_transform(transform, shapes[i])
                box = apply_transform(transform, box.reshape(2, 2)).ravel()
                if mirrored:  # the box lies in the middle of its crop, and stays there
                    picture, shape = np.ascontiguousarray(picture[:, ::-1]), mirror(shape, self.size)
                parts = [dlib.point(int(x), int(y)) for x, y in np.rint(shape)]
                pictures.append(picture)
                labels.append([dlib.full_object_detection(_predictor.rectangle(box), parts)])
        trained = dlib.train_shape_predictor(pictures, labels, options)
        self._restore(_ert_file.unfold(trained))  # what is used is what is saved

    def _predict(self, images, boxes, stages=False):
        points = np.empty((1 + stages * self.n_stages, len(images), 68, 2), np.float32)
        state = self._state()
        for i, box in enumerate(boxes):
            picture, transform = self._crop(images[i], box)
            box = _predictor.rectangle(apply_transform(transform, box.reshape(2, 2)).ravel())
            found = [[(p.x, p.y) for p in self.predictor_(picture, box).parts()]]
            if stages:  # the last is dlib's own, so that it equals what predict says without stages
                ends = (box.left(), box.top()), (box.right(), box.bottom())
                found = [*_trees.walk(state, picture, *ends)[:-1], *found]
            points[:, i] = uncrop(np.array(found), transform)
        return points if stages else points[0]

    def _crop(self, image, box):
        """The grey crop that the trees look at, large enough for dlib's whole pixels not to matter."""
        picture, transform = crop(image, box, self.size, margin=1.5)
        return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), transform

    def _arrays(self):
        T, K, P = self.n_stages, self.n_trees, self.n_pixels
        leaves, rank = 2**self.depth, _ert_file.RANK
        return {
            "start_": Array("f4", (136,), -10, 10),
            "basis_": Array("f2", (rank, 136), -1.01, 1.01),
            "leaves_": Array("i1", (T, K, leaves, rank)),
            "scales_": Array("f4", (T, K), 0, 1000),
            "splits_": Array("u2", (T, K, leaves - 1, 2), 0, P - 1),
            "thresholds_": Array("f2", (T, K, leaves - 1)),
            "anchors_": Array("u1", (T, P), 0, 67),
            "deltas_": Array("f2", (T, P, 2), -10, 10),
        }

    def _state(self):
        return {key: value for key, value in self._learnt().items() if key != "predictor_"}

    def _restore(self, state):
        super()._restore(state)
        self.predictor_ = _ert_file.fold(state)
