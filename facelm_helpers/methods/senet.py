"""SENet: a residual network with squeeze-and-excitation gates that regresses the 68 points from a crop."""

import copy
import threading

import numpy as np

from facelm_helpers import freezing, networks, training
from facelm_helpers.arrays import Array
from facelm_helpers.augment import Strength
from facelm_helpers.faces import crop_transform, uncrop
from facelm_helpers.geometry import apply_transform
from facelm_helpers.methods import _senet_runtimes
from facelm_helpers.methods._base import Aligner, crop_all

MARGIN = 1.5
TOGETHER = 64  # crops in one pass
WEIGHTS = {"*/moving_variance": Array("f2 f4", None, 0), "*/*": Array("f2 f4")}
_opening = threading.Lock()  # a runtime is opened, and its file made, by one thread at a time


class SENet(Aligner):
    r"""Coordinate regression with an SE-ResNet (Hu, Shen and Sun, 2018).

    .. math:: (x_0, y_0, \dots, x_{67}, y_{67}) / 128 = f(I), \qquad I \in [0, 1]^{128 \times 128 \times 3}

    The defaults are the published recipe of the course's SENet: L2 of 1e-5, variance-scaling start, ReLU,
    batch normalisation, dropout before the last layer, Adam with a rate of 0.001 that is multiplied by 0.98
    every 1,000 steps, 150,000 steps. On two cores that takes about half a day; the weights that are shipped
    say in their configuration how they were trained.

    Parameters
    ----------
    stem, head, hidden, reduction, gate_at, downsample, keep_prob, weight_decay
        Of the network, see `networks.senet`.
    channels, blobs : tuple of int
        Of each stage, its channels and its number of ``senet_blob``.
    steps, learning_rate, schedule, decay, decay_steps, warmup, loss, ema
        Of the training, see `training.Recipe`.
    batch_size : int
    jitter : float
        How far the box is moved in training, as a share of its side; the rest is as in `augment.Strength`.

    Attributes
    ----------
    weights_ : dict
        "LAYER/VARIABLE" -> array.
    history_ : training.History
        Of the last `fit`; it is not saved.

    Examples
    --------
    >>> senet = SENet(channels=(16, 32), blobs=(1, 1), stem=8, hidden=32)
    >>> senet.build().output_shape
    (None, 136)
    """

    name = "senet"
    title = "SENet regression"
    year = 2018
    paper = "Hu, Shen and Sun, Squeeze-and-Excitation Networks, CVPR 2018"
    may_be_none = ("reduction",)
    _run = None  # the open runtime: a function that any thread may call

    def __init__(
        self, stem=16, channels=(32, 128, 256, 256), blobs=(1, 1, 2, 2), head=64, hidden=256, reduction=16,
        gate_at="branch", downsample="stride", keep_prob=0.8, weight_decay=1e-5,
        steps=150_000, batch_size=64, learning_rate=0.001, schedule="exponential", decay=0.98,
        decay_steps=1000, warmup=0, loss="l1", ema=0.0, jitter=0.06,
    ):  # fmt: skip
        self.stem, self.channels, self.blobs = stem, tuple(channels), tuple(blobs)
        self.head, self.hidden = head, hidden
        self.reduction, self.gate_at, self.downsample = reduction, gate_at, downsample
        self.keep_prob, self.weight_decay = keep_prob, weight_decay
        self.steps, self.batch_size = steps, batch_size
        self.learning_rate, self.schedule = learning_rate, schedule
        self.decay, self.decay_steps, self.warmup = decay, decay_steps, warmup
        self.loss, self.ema, self.jitter = loss, ema, jitter
        self.runtime = None
        self.recipe()  # refuses an impossible one now, not when training begins

    def recipe(self, save_every=1000):
        """How it is optimised, as a `training.Recipe`."""
        return training.Recipe(
            steps=self.steps, learning_rate=self.learning_rate, schedule=self.schedule, decay=self.decay,
            decay_steps=self.decay_steps, warmup=self.warmup, loss=self.loss, ema=self.ema,
            save_every=save_every)  # fmt: skip

    def architecture(self):
        """What `networks.senet` takes."""
        names = ("stem", "channels", "blobs", "head", "hidden", "reduction", "gate_at", "downsample",
                 "keep_prob", "weight_decay")  # fmt: skip
        return {name: getattr(self, name) for name in names}

    def build(self, mean_shape=None, seed=0):
        """The Keras model: with the learnt weights if there are any, as it starts otherwise.

        Parameters
        ----------
        mean_shape : (68, 2) array, optional
            In 0..1 of the crop: where an untrained network's answer starts.

        Returns
        -------
        keras.Model
        """
        if self.fitted:
            return _senet_runtimes.model_of(self.weights_, self.architecture())
        with training.seeded(seed):
            return networks.senet(**self.architecture(), mean_shape=mean_shape)

    def fit(self, faces, seed=0, progress=True, **options):
        """Train, from the start or, with ``folder``, from its last checkpoint.

        Parameters
        ----------
        faces : FaceSet
            With points.
        seed : int
            The same faces and seed give the same loss curve.
        progress : bool
            Show loss, rate and time left.
        **options
            ``folder``, ``resume``, ``on_report``, ``report_every`` of `training.train`; ``save_every`` of
            its recipe; ``validation``, a FaceSet whose mean error (a share of the crop's side) is logged
            and picks the best.

        Returns
        -------
        self
        """
        self._options = options
        try:
            return super().fit(faces, seed, progress)
        finally:
            del self._options

    def _fit(self, faces, seed, progress):
        options = dict(self._options)
        validation, save_every = options.pop("validation", None), options.pop("save_every", 1000)
        size = networks.SIZE
        with training.seeded(seed):
            model = networks.senet(**self.architecture(), mean_shape=_mean_shape(faces, size))
        strength = Strength(shift=self.jitter)
        batches = training.face_batches(faces, self.batch_size, seed, size, MARGIN, strength)
        validate = None if validation is None else _validation(validation, size)
        recipe, options = self.recipe(save_every), options | {"validate": validate, "progress": progress}
        self.history_ = training.train(model, batches, recipe, **options)
        self._take(training.weights_of(model), "keras", _senet_runtimes.keras_function(model))

    def with_runtime(self, runtime):
        """The same aligner computed elsewhere.

        Parameters
        ----------
        runtime : {"keras", "frozen", "litert", "litert-int8", "onnx", "opencv"} or None
            None takes the fastest that is installed. The first use of one may convert the weights, which
            takes some seconds and TensorFlow; the result is kept in ``data/downloads/runtimes``.

        Returns
        -------
        SENet

        Raises
        ------
        ValueError
            If there is no such runtime, or its package is not installed.
        """
        runtime = runtime or (_senet_runtimes.fastest(self.weights_) if self.fitted else "keras")
        if runtime not in _senet_runtimes.RUNTIMES:
            known = ", ".join(_senet_runtimes.RUNTIMES)
            raise ValueError(f"{self.name} offers no runtime called {runtime!r}: wanted one of {known}")
        if not freezing.installed(runtime):
            raise ValueError(f"runtime {runtime!r} is not installed here")
        other = copy.copy(self)
        other.runtime, other._run = runtime, None
        return other

    def halved(self):
        """The same aligner with its weights rounded to 16-bit floats, as they are shipped."""
        other = copy.copy(self)
        other._take({key: value.astype(np.float16) for key, value in self.weights_.items()}, "keras")
        return other

    @classmethod
    def load(cls, path):
        """As every method's `load`; it runs in the fastest runtime that is installed."""
        return super().load(path).with_runtime(None)

    def _predict(self, images, boxes):
        with _opening:
            if self._run is None:
                self._run = _senet_runtimes.opened(self.runtime, self.weights_, self.architecture())
        crops, transforms = crop_all(images, boxes, networks.SIZE, MARGIN)
        parts = [self._run(training.scaled(crops[i : i + TOGETHER])) for i in range(0, len(crops), TOGETHER)]
        vectors = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return uncrop(vectors.reshape(-1, 68, 2) * networks.SIZE, transforms)

    def _arrays(self):
        return WEIGHTS  # names and shapes are the network's: `_restore` compares them

    def _take(self, weights, runtime, run=None):
        self.weights_, self.runtime, self._run = weights, runtime, run

    def _learnt(self):
        return {"weights_": self.weights_} if hasattr(self, "weights_") else {}

    def _state(self):
        return dict(self.weights_)

    def _restore(self, state):
        if not _senet_runtimes.known(state):  # else they are the very numbers that were frozen
            _senet_runtimes.model_of(state, self.architecture())
        self._take(state, "keras")


def _mean_shape(faces, size):
    """The mean of the points in 0..1 of the crop, (68, 2); no image is read for it."""
    shapes = [apply_transform(crop_transform(box, size, MARGIN), points)
              for points, box in zip(faces.points, faces.boxes, strict=True)]  # fmt: skip
    return np.mean(shapes, axis=0) / size


def _validation(faces, size):
    """model -> mean distance of a point, as a share of the crop's side."""
    crops = faces.crops(size, MARGIN)
    images, points = training.scaled(crops.images), np.asarray(crops.points) / size

    def validate(model):
        found = np.asarray(model.predict(images, batch_size=64, verbose=0)).reshape(-1, 68, 2)
        return float(np.linalg.norm(found - points, axis=-1).mean())

    return validate
