"""What every method with a network has in common: settings, training, weights, runtimes.

An heir adds its network and, where they differ from the usual, its crop and how output becomes points.
"""

import copy
import dataclasses
import inspect
import threading

import numpy as np

from facelm_helpers import freezing, networks, training
from facelm_helpers.arrays import Array
from facelm_helpers.augment import Strength
from facelm_helpers.faces import crop_transforms, cut, uncrop
from facelm_helpers.methods import _runtimes
from facelm_helpers.methods._base import Aligner
from facelm_helpers.methods._learning import TRAINING, fixed, mean_shape, share, told, validation_of
from facelm_helpers.methods._refine import REFINEMENTS, refined

WEIGHTS = {"*/moving_variance": Array("f2 f4", None, 0), "*/*": Array("f2 f4")}
HEAD = ("score_hidden", "score")  # the layers of `networks.with_score`
_opening = threading.Lock()  # a runtime is opened, and its file made, by one thread at a time


class KerasAligner(Aligner):
    """An aligner that is a Keras network on a square crop round the box.

    An heir names its ``network``, a function whose keyword arguments are its settings, and any other defaults
    of the training's settings, `TRAINING`, in ``training_settings``. By default the network gives the numbers
    x0, y0, x1, ..., in 0..1 of the crop; a cascade gives the 136 of its start and of each stage. One that
    gives something else writes ``_points`` and ``_loss``.

    Parameters
    ----------
    steps, learning_rate, schedule, decay, decay_steps, warmup, weight_decay, loss, ema
        Of the training, see `training.Recipe`.
    batch_size : int
    jitter : float
        How far the box is moved in training, as a share of its side; the rest is as in `augment.Strength`.

    Attributes
    ----------
    weights_ : dict
        "LAYER/VARIABLE" -> array.
    head_ : dict
        The same of the two layers that give the score, which are learnt after the points on the network's own
        errors (`tools.train.score`); empty for weights without a score.
    history_ : training.History
        Of the last `fit`; it is not saved.
    runtime : str
        What computes it.
    """

    kind = "network"
    size, margin = 128, 1.5  # of the crop
    network = None
    network_settings = {}  # with their defaults; those of ``network``
    training_settings = {}
    refinements = REFINEMENTS
    score_from = "flat"  # the layer whose output the score is computed from
    head_ = {}
    _run = None  # the open runtime: a function that any thread may call

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if cls.network:
            known = inspect.signature(cls.network).parameters.items()
            cls.network_settings = {name: one.default for name, one in known if name != "mean_shape"}
        settings = cls.network_settings | TRAINING | cls.training_settings
        kind = inspect.Parameter.KEYWORD_ONLY
        cls.__signature__ = inspect.Signature(
            [inspect.Parameter(name, kind, default=default) for name, default in settings.items()]
        )

    def __init__(self, **settings):
        bound = self.__signature__.bind(**settings)
        bound.apply_defaults()
        for name, value in bound.arguments.items():
            setattr(self, name, fixed(value))
        self.runtime = None
        self.recipe()  # refuses an impossible one now, not when training begins

    def _network(self, mean_shape):
        """The untrained Keras model; mean_shape (68, 2), in 0..1 of the crop, or None."""
        takes = "mean_shape" in inspect.signature(self.network).parameters
        return self.network(**self.architecture(), **({"mean_shape": mean_shape} if takes else {}))

    def _points(self, output):
        """(N, 68, 2) in crop pixels from what the network gives."""
        return self._shapes(output)[-1]

    def _shapes(self, output):
        """(T + 1, N, 68, 2) in crop pixels: the shapes of a cascade's stages."""
        return np.moveaxis(output.reshape(len(output), -1, 68, 2), 1, 0) * self.size

    def _loss(self, truth, output):
        """(N,) from points (N, 136) in 0..1 and what the network gives: of a cascade, the stages' mean."""
        stages = range(136 if self.cascade else 0, output.shape[-1], 136)
        loss = training.LOSSES[self.loss]
        return sum(loss(truth, output[:, k : k + 136]) for k in stages) / len(stages)

    def _truth(self, points):
        """What `_loss` compares with, as an array, of points (N, 136) in 0..1: mostly they themselves."""
        return points

    def _batches(self, faces, seed):
        """A function step -> (x, y), the same for the same step."""
        faces = faces, self.batch_size, seed, self.size, self.margin
        return told(training.face_batches(*faces, Strength(shift=self.jitter)), self._truth)

    def architecture(self):
        """The settings of the network, as a dict."""
        return {name: getattr(self, name) for name in self.network_settings}

    def recipe(self, save_every=1000):
        """How it is optimised, as a `training.Recipe`."""
        names = [name for name in TRAINING if name not in ("batch_size", "jitter")]
        return training.Recipe(**{name: getattr(self, name) for name in names}, save_every=save_every)

    def build(self, mean_shape=None, seed=0, score=False):
        """The Keras model: with the learnt weights if there are any, as it starts otherwise.

        Parameters
        ----------
        mean_shape : (68, 2) array, optional
            In 0..1 of the crop: where an untrained network's answer starts.
        score : bool
            With the score as a second output, if the weights have one.

        Returns
        -------
        keras.Model
        """
        if self.fitted:
            return self._model_of(self.weights_, self.head_ if score else {})
        with training.seeded(seed):
            return self._network(mean_shape)

    def fit(
        self, faces, seed=0, progress=True, *, folder=None, resume=True, validation=None, save_every=1000,
        on_report=None, report_every=20, part=None):  # fmt: skip
        """Train, from the start or, with ``folder``, from its last checkpoint.

        Parameters
        ----------
        faces : FaceSet
            With points.
        seed : int
            The same faces and seed give the same loss curve.
        progress : bool
            Show loss, rate and time left.
        folder, resume, on_report, report_every
            As in `training.train`.
        validation : FaceSet, optional
            Its mean error (a share of the crop's side) is logged and picks the best.
        save_every : int
            Steps between checkpoints, and between validations.
        part : array of int, optional
            Of several workers (`training.join`), who get the same faces and seed: which this one learns from.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If ``folder`` holds the checkpoint of another run.
        """
        options = {"folder": folder, "resume": resume, "on_report": on_report, "report_every": report_every}
        self._options = options | {"validation": validation, "save_every": save_every, "part": part}
        try:
            return super().fit(faces, seed, progress)
        finally:
            del self._options

    def _fit(self, faces, seed, progress):
        options = dict(self._options)
        validation, recipe = options.pop("validation"), self.recipe(options.pop("save_every"))
        if self.cascade or type(self)._loss is not KerasAligner._loss:
            recipe = dataclasses.replace(recipe, loss=self._loss)
        with training.seeded(seed):
            model = self._network(mean_shape(faces, self.size, self.margin))
        about = self.architecture() | {"batch_size": self.batch_size, "jitter": self.jitter, "seed": seed}
        about["faces"] = faces.fingerprint()
        run = _runtimes.keras_function(model)
        validate = None if validation is None else validation_of(self, validation, run)
        batches = self._batches(*share(faces, seed, options.pop("part")))
        options |= {"validate": validate, "progress": progress, "about": about}
        self.history_ = training.train(model, batches, recipe, **options)
        self._take(training.weights_of(model), "keras", run)

    def with_runtime(self, runtime):
        """The same aligner computed elsewhere.

        Parameters
        ----------
        runtime : {"keras", "frozen", "litert", "litert-int8", "onnx", "opencv"} or None
            None takes the fastest that is installed. The first use of one may convert the weights, which
            takes some seconds and TensorFlow; the result is kept in ``data/downloads/runtimes``.

        Raises
        ------
        ValueError
            If there is no such runtime, or its package is not installed.
        """
        runtime = runtime or (_runtimes.fastest(self.name, self._state()) if self.fitted else "keras")
        if runtime not in _runtimes.RUNTIMES:
            known = ", ".join(_runtimes.RUNTIMES)
            raise ValueError(f"{self.name} offers no runtime called {runtime!r}: wanted one of {known}")
        if not freezing.installed(runtime):
            raise ValueError(f"runtime {runtime!r} is not installed here")
        other = copy.copy(self)
        other.runtime, other._run = runtime, None
        return other

    def halved(self):
        """The same aligner with its weights rounded to 16-bit floats, as they are shipped."""
        other = copy.copy(self)
        other._restore({key: value.astype(np.float16) for key, value in self._state().items()})
        return other

    @classmethod
    def load(cls, path):
        """As every method's `load`; it runs in the fastest runtime that is installed."""
        return super().load(path).with_runtime(None)

    def _predict(self, images, boxes, stages=False, scores=False, refine=None):
        self._open()
        if stages:
            transforms = crop_transforms(boxes, self.size, self.margin)
            shapes = self._shapes(self._outputs(cut(images, transforms, self.size))[0])
            return np.stack([uncrop(shape, transforms) for shape in shapes])
        points, sure = refined(self, images, boxes, refine)
        return (points, sure) if scores else points

    def _open(self):
        """Open the runtime, unless it is open."""
        with _opening:
            build = lambda: self.build(score=True)  # noqa: E731
            self._run = self._run or _runtimes.opened(self.runtime, self.name, self._state(), build)

    def _answer(self, crops):
        """Points (N, 68, 2) in crop pixels and scores (N,), 0 without a head, of uint8 crops."""
        output, sure = self._outputs(crops)
        return self._points(output), sure[:, 0]

    def _outputs(self, crops):
        """What the network gives, and scores (N, 1)."""
        found = _runtimes.in_parts(self._run, crops)
        return found if self.head_ else (found, np.zeros((len(crops), 1), np.float32))

    def _model_of(self, weights, head):
        model = self._network(None)
        if head:
            model = networks.with_score(model, self.score_from, head["score_hidden/kernel"].shape[-1])
        training.set_weights(model, weights | head)
        return model

    def _take(self, weights, runtime, run=None, head=None):
        self.weights_, self.runtime, self._run, self.head_ = weights, runtime, run, head or {}
        self.score = bool(self.head_)

    def _arrays(self):
        return WEIGHTS  # names and shapes are the network's: `_restore` compares them

    def _learnt(self):
        return {"weights_": self.weights_} if hasattr(self, "weights_") else {}

    def _state(self):
        return self.weights_ | self.head_

    def _restore(self, state):
        head = {key: value for key, value in state.items() if key.partition("/")[0] in HEAD}
        weights = {key: value for key, value in state.items() if key not in head}
        if not _runtimes.known(self.name, state):  # else they are the very numbers that were frozen
            self._model_of(weights, head)
        self._take(weights, "keras", head=head)
