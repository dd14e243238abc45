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
from facelm_helpers.methods._dlib import _ert_file, _predictor


class Ert(Aligner):
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
    cascade_depth : int
        Levels T.
    num_trees_per_cascade_level : int
    tree_depth : int
        A tree has 2^depth leaves.
    nu : float
        Shrinkage, above 0, at most 1.
    oversampling_amount : int
        Starts for each face.
    oversampling_translation_jitter : float
        How far the box of a start is moved, as a share of its side: makes it robust to a detector's box.
    feature_pool_size : int
        Pixels a level may compare.
    feature_pool_region_padding : float
        How far beyond the shape those pixels reach.
    lambda_param : float
        The smaller, the nearer to each other the two pixels of a difference.
    num_test_splits : int
        Random splits a node tries.
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
    >>> ert = Ert(cascade_depth=1, num_trees_per_cascade_level=2, tree_depth=2).fit(faces, progress=False)
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
    full = {
        "num_trees_per_cascade_level": 90, "tree_depth": 5, "oversampling_amount": 4,
        "oversampling_translation_jitter": 0.1, "detector_boxes": True,
    }  # fmt: skip

    def __init__(
        self, cascade_depth=10, num_trees_per_cascade_level=100, tree_depth=4, nu=0.1, oversampling_amount=10,
        oversampling_translation_jitter=0.2, feature_pool_size=400, feature_pool_region_padding=0.0,
        lambda_param=0.1, num_test_splits=20, detector_boxes=False,
        size=256,
    ):  # fmt: skip
        if not 0 < nu <= 1 or not lambda_param > 0:
            raise ValueError(f"nu is {nu}, lambda_param {lambda_param}: wanted 0 < nu <= 1, lambda_param > 0")
        whole = {
            "cascade_depth": cascade_depth, "num_trees_per_cascade_level": num_trees_per_cascade_level,
            "tree_depth": tree_depth, "oversampling_amount": oversampling_amount, "size": size,
            "feature_pool_size": feature_pool_size, "num_test_splits": num_test_splits,
        }  # fmt: skip
        for key, value in whole.items():
            if int(value) != value or value < 1:
                raise ValueError(f"{key} is {value}: wanted a whole number of at least 1")
            setattr(self, key, int(value))
        self.nu, self.lambda_param = nu, lambda_param
        self.oversampling_translation_jitter = oversampling_translation_jitter
        self.feature_pool_region_padding = feature_pool_region_padding
        self.detector_boxes = detector_boxes

    def _fit(self, faces, seed, progress):
        options = dlib.shape_predictor_training_options()
        for key, value in self.configuration().items():
            if key not in ("size", "detector_boxes"):
                setattr(options, key, value)
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
        walk = [self._start] * stages
        first = 1 if stages else self.cascade_depth
        for t in range(first, self.cascade_depth + 1):
            whole = t == self.cascade_depth
            predictor = self.predictor_ if whole else _ert_file.fold(self._state(), levels=t)
            walk.append(lambda *given, predictor=predictor: [(p.x, p.y) for p in predictor(*given).parts()])
        points = np.empty((len(walk), len(images), 68, 2), np.float32)
        for i, box in enumerate(boxes):
            picture, transform = self._crop(images[i], box)
            box = _predictor.rectangle(apply_transform(transform, box.reshape(2, 2)).ravel())
            points[:, i] = uncrop(np.array([shape(picture, box) for shape in walk]), transform)
        return points if stages else points[0]

    def _start(self, picture, box):
        """S^0: the mean shape in a box, as dlib places it."""
        corner, far = (box.left(), box.top()), (box.right(), box.bottom())
        return corner + self.start_.reshape(68, 2) * np.subtract(far, corner)

    def _crop(self, image, box):
        """The grey crop that the trees look at, large enough for dlib's whole pixels not to matter."""
        picture, transform = crop(image, box, self.size, margin=1.5)
        return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), transform

    def _arrays(self):
        T, K, P = self.cascade_depth, self.num_trees_per_cascade_level, self.feature_pool_size
        leaves, rank = 2**self.tree_depth, _ert_file.RANK
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
