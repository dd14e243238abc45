"""dlib's shipped 68-point model: the field's best known baseline, ready to use."""

import hashlib
import importlib.util
from pathlib import Path

import numpy as np

from facelm_helpers.arrays import Array
from facelm_helpers.methods._base import Aligner
from facelm_helpers.methods._dlib import _predictor

FILE = "shape_predictor_68_face_landmarks.dat"
BYTES, SHA256 = 99_693_937, "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f"
REMEDY = "pip install face_recognition_models==0.3.0"


def shipped_file():
    """Where dlib's model lies: in the package ``face_recognition_models``, which is found but not imported.

    Its import needs ``pkg_resources``, which new Pythons lack.

    Raises
    ------
    FileNotFoundError
        If the package, or the file in it, is missing.
    """
    spec = importlib.util.find_spec("face_recognition_models")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        path = Path(folder) / "models" / FILE
        if path.is_file():
            return path
    where = f"the package at {folders[0]} lacks it" if folders else "the package is not installed"
    raise FileNotFoundError(f"no {FILE}: {where}; run `{REMEDY}`")


class Dlib(Aligner):
    """Fifteen levels of 500 regression trees each, trained on 300-W by dlib's author.

    It expects the box of dlib's own detector (`facelm_helpers.detect`), which sits about a tenth of a side
    higher than the tight box of the points; in a tight box its error rises by half. Its training photographs
    hold LFPW, HELEN, AFW and IBUG: an error measured on those is no held-out error.

    Examples
    --------
    >>> import skimage.data
    >>> Dlib().predict([skimage.data.astronaut()], [[170, 60, 280, 170]]).shape
    (1, 68, 2)
    """

    name = "dlib"
    kind = "cascade"
    provenance = {"trained_on": "300-W (photographs of LFPW, HELEN, AFW and IBUG), by dlib's author"}
    title = "dlib, 68 points"
    year = 2014
    paper = (
        "Kazemi and Sullivan, One millisecond face alignment with an ensemble of regression trees, CVPR 2014;"
        " King, Dlib-ml, JMLR 2009"
    )

    def __init__(self):
        path = shipped_file()
        content = np.fromfile(path, np.uint8)
        if not _is_shipped(content):
            raise ValueError(f"{path} is damaged: run `{REMEDY} --force-reinstall`")
        self.predictor_ = _predictor.read(path)

    @classmethod
    def has_weights(cls):
        """Whether the package with the model is installed."""
        try:
            return shipped_file().is_file()
        except FileNotFoundError:
            return False

    @classmethod
    def shipped(cls):
        """The model from its package: it has no file of its own in ``data/weights``."""
        return cls()

    def _fit(self, faces, seed, progress):
        raise RuntimeError("dlib's model is trained already: to train one of its kind, create('ert')")

    def _predict(self, images, boxes):
        return _predictor.points_in_boxes(self.predictor_, images, boxes)

    def _arrays(self):
        return {"predictor_": Array("u1", (BYTES,))}

    def _state(self):
        return {"predictor_": _predictor.to_bytes(self.predictor_)}

    def _restore(self, state):
        if not _is_shipped(state["predictor_"]):
            raise ValueError("its trees are not those of dlib's model")
        self.predictor_ = _predictor.from_bytes(state["predictor_"])


def _is_shipped(content):
    """Whether these are the bytes of dlib's model: dlib itself would walk wherever damaged trees point."""
    return len(content) == BYTES and hashlib.sha256(content).hexdigest() == SHA256
