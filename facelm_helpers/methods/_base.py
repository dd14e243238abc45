"""What every alignment method has in common: its interface, the checks of its input, saving and loading.

A method is one file in this folder with one public subclass of `Aligner`. It writes ``__init__`` (keyword
arguments with defaults, kept under their own names), ``_fit``, ``_predict`` and ``_arrays``; attributes that
were learnt end in ``_`` and are saved by themselves if they are arrays or numbers.
"""

import abc
import datetime
import inspect
from pathlib import Path

import numpy as np

import facelm_helpers
from facelm_helpers import paths
from facelm_helpers.boxes import check_boxes, check_meets
from facelm_helpers.faces import check_annotated
from facelm_helpers.images import check_image
from facelm_helpers.methods import _weights_file

CHUNK = 256  # images held in memory at a time while a lazy sequence is gone through


class Aligner(abc.ABC):
    """A method that finds the 68 points of a face, given the image and the face's box.

    Attributes
    ----------
    name : str
        Its file's name without ``.py``.
    title, paper : str
        As a reader sees them.
    year : int
    kind : {"shape", "cascade", "network", "three_d"}
        The family that it belongs to.
    full : dict
        The settings of the full size, where the defaults suit a lesson.
    cascade : bool
        True if `predict` can return the shape after every stage.
    provenance : dict
        How the weights came about: ``trained_on``, ``recipe``, ``date``, ``course_version``. Saved with them.
    score : bool
        True if ``predict(..., scores=True)`` can also return how sure it is: s = -ln e of the inter-ocular
        NME e that it expects of its points.
    refinements : tuple of str
        What `predict` takes as ``refine``.
    bounds : dict
        Setting -> lowest and highest value that a file of weights may give it; whole numbers are at least 0
        anyway. It keeps a damaged file from asking for crops of a terabyte.
    may_be_none : tuple of str
        The settings that a file of weights may leave empty.
    """

    name: str
    title: str
    year: int
    paper: str
    kind: str
    full = {}
    cascade = score = False
    refinements = ()
    provenance = {}
    bounds = {"size": (8, 4096), "margin": (0.5, 10)}
    may_be_none = ()

    def fit(self, faces, seed=0, progress=True):
        """Learn from labelled faces.

        Parameters
        ----------
        faces : FaceSet
            With points.
        seed : int
            The same faces and seed give the same result.
        progress : bool
            Show how far it is.

        Returns
        -------
        self
        """
        check_annotated(faces)
        self._fit(faces, seed, progress)
        self.provenance = {
            "trained_on": faces.fingerprint(), "recipe": f"as its configuration says, seed {seed}",
            "date": datetime.date.today().isoformat(), "course_version": facelm_helpers.__version__,
        }  # fmt: skip
        return self

    def predict(self, images, boxes, stages=False, scores=False, refine=None):
        """The points of each face.

        Parameters
        ----------
        images : sequence of (H, W, 3) uint8 arrays of any size, or one (N, H, W, 3) array
        boxes : (N, 4) array
            Left, top, right, bottom; from any detector.
        stages : bool
            Of a cascade: the shape at the start and after each of T stages.
        scores : bool
            Where the method has a `score`: also how sure it is of each face.
        refine : {None, "mirror", "rebox", "upright", "all"}
            Of a network: look again, for more passes. "mirror" is the mean with the mirrored picture (2
            passes); "rebox" looks again in the tight box of the first points (2), "upright" in the picture
            turned until the first points' eyes are level (2); "all" does all three (3). The score is that of
            the last look.

        Returns
        -------
        (N, 68, 2) float32 array; (T + 1, N, 68, 2) with stages
            In the images' own pixels, never clipped. With scores, a pair: these and (N,) float32, higher is
            surer: s = -ln of the NME that it expects, 3 for 5 %; 0 and less for no face at all.

        Raises
        ------
        ValueError
            If images and boxes do not fit, or a box is empty or does not meet its image; if the weights
            are such that a point is no number.
        RuntimeError
            If it has learnt nothing yet.
        """
        if not self.fitted:
            raise RuntimeError(f"{self.name} has learnt nothing yet: fit it, or methods.load({self.name!r})")
        if stages and not self.cascade:
            raise ValueError(f"{self.name} has no stages to return: leave out stages=True")
        if scores and not self.score:
            these = " with these weights" if self.kind == "network" else ""
            raise ValueError(f"{self.name} does not say how sure it is{these}: leave out scores=True")
        if refine is not None and refine not in self.refinements:
            known = ", ".join(map(repr, self.refinements))
            raise ValueError(f"{self.name} knows no refine={refine!r}: wanted None{known and f', {known}'}")
        boxes = check_inputs(images, boxes)
        options = {"stages": stages, "scores": scores, "refine": refine}
        options = {name: value for name, value in options.items() if value}
        sure = [np.zeros(0, np.float32)]
        parts = []
        for start in range(0, len(boxes), CHUNK):
            some = boxes[start : start + CHUNK]
            pictures = [check_image(images[start + i], f"image {start + i}") for i in range(len(some))]
            for i, picture in enumerate(pictures):
                check_meets(picture, some[i], f"box {start + i}")
            found = self._predict(pictures, some, **options)
            if scores:
                found, how_sure = found
                sure.append(np.asarray(how_sure, np.float32))
            parts.append(np.asarray(found, dtype=np.float32))
        parts = parts or [np.zeros((*self._stages(stages), 0, 68, 2), np.float32)]
        points = np.concatenate(parts, axis=-3)
        if not np.isfinite(points).all():
            raise ValueError(f"{self.name} finds points that are no numbers: its weights are of no use")
        return (points, np.concatenate(sure)) if scores else points

    def _stages(self, stages):
        """(T + 1,) of a cascade that is asked for its stages, seen on a grey picture; () otherwise."""
        grey, box = np.full((64, 64, 3), 128, np.uint8), np.array([[16, 16, 48, 48]], np.float32)
        return (len(self._predict([grey], box, stages=True)),) if stages else ()

    @abc.abstractmethod
    def _fit(self, faces, seed, progress):
        """Learn from a FaceSet that has points; set attributes that end in ``_``."""

    @abc.abstractmethod
    def _predict(self, images, boxes):
        """(N, 68, 2) from N checked images (a list) and (N, 4) checked boxes.

        A cascade also takes stages; a method with a score takes scores, and then gives (N,) scores too; one
        with refinements takes refine.
        """

    @abc.abstractmethod
    def _arrays(self):
        """What a file of its weights holds, as a dict of `Array`; the settings are known by then."""

    @property
    def fitted(self):
        """Whether it has learnt anything."""
        return bool(self._learnt())

    def configuration(self):
        """The keyword arguments it was made with, as a dict."""
        names = [name for name in inspect.signature(type(self)).parameters]
        return {name: getattr(self, name) for name in names if hasattr(self, name)}

    def __repr__(self):
        given = ", ".join(f"{name}={value!r}" for name, value in self.configuration().items())
        return f"{type(self).__name__}({given})"

    def with_runtime(self, runtime):
        """The same aligner computed by another runtime, where a method offers one."""
        raise ValueError(f"{self.name} runs only as it is: it offers no runtime called {runtime!r}")

    def __getstate__(self):
        """What is pickled and copied: settings and what was learnt, not what ``_`` names (open runtimes)."""
        return {key: value for key, value in vars(self).items() if not key.startswith("_")}

    def _learnt(self):
        public = {key: value for key, value in vars(self).items() if not key.startswith("_")}
        return {key: value for key, value in public.items() if key.endswith("_")}

    def _state(self):
        """What was learnt, as a dict of arrays. Override it for anything that is no array or number."""
        state = {key: np.asarray(value) for key, value in self._learnt().items()}
        odd = [key for key, value in state.items() if value.dtype == object]
        if odd:
            raise TypeError(f"{self.name} cannot save {odd}, no arrays or numbers: override _state, _restore")
        return state

    def _restore(self, state):
        """Take back what `_state` gave."""
        for key, value in state.items():
            setattr(self, key, value if value.ndim else value.item())

    def save(self, path):
        """Write configuration and weights to one ``.npz`` file, all of it or nothing.

        Returns
        -------
        Path
        """
        if not self.fitted:
            raise RuntimeError(f"{self.name} has learnt nothing yet: fit it before saving")
        return _weights_file.write(self, path)

    @classmethod
    def load(cls, path):
        """An aligner of this class from a file that `save` wrote. Nothing in the file is executed.

        Raises
        ------
        FileNotFoundError
        ValueError
            If the file is damaged, is something else, holds another method's weights, or settings or arrays
            that this method cannot have.
        """
        return _weights_file.read(cls, path)

    @classmethod
    def has_weights(cls):
        """Whether `shipped` finds weights here."""
        return (paths.WEIGHTS / f"{cls.name}.npz").is_file()

    @classmethod
    def shipped(cls):
        """The aligner with the weights that the course ships, ``data/weights/NAME.npz``."""
        path = paths.WEIGHTS / f"{cls.name}.npz"
        if not path.is_file():
            raise FileNotFoundError(
                f"no weights of {cls.name} are shipped at {path}:"
                f" train it with methods.create({cls.name!r}).fit(faces),"
                f" or with `python course.py train {cls.name}`"
            )
        return cls.load(path)


def check_inputs(images, boxes):
    """Boxes as float32 (N, 4), or a ValueError if they and the images do not fit."""
    if isinstance(images, (str, bytes, Path)) or not hasattr(images, "__len__"):
        raise ValueError(f"images is a {type(images).__name__}: wanted a list of pictures, or (N, H, W, 3)")
    if isinstance(images, np.ndarray) and images.ndim not in (1, 4):
        raise ValueError(f"images is one array of shape {images.shape}: wanted (N, H, W, 3), or a list")
    if boxes is None:
        raise ValueError("boxes is None: wanted (N, 4), one box an image; detectors.detect finds faces")
    boxes = check_boxes(boxes)
    if len(images) != len(boxes):
        raise ValueError(f"{len(images)} images and {len(boxes)} boxes: wanted one box an image")
    return boxes
