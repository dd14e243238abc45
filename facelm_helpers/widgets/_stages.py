"""A cascade's stages, from S^0 to the result, under a slider."""

import cv2
import ipywidgets
import numpy as np

from facelm_helpers import metrics
from facelm_helpers.plots.picture import COLUMN, beside
from facelm_helpers.widgets._drawing import draw, encode, write
from facelm_helpers.widgets._picture import Picture

SIDE = 288  # pixels of a drawn face
LIMIT = 9  # pictures of a walk; a long cascade shows some of its stages


def frames(image, walk, truth=None):
    """A picture for each shape of a walk; a long walk is thinned.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    walk : (T + 1, 68, 2) array
        From ``predict(..., stages=True)``, one face.
    truth : (68, 2) array, optional
        Drawn as white crosses, and the error with it.

    Returns
    -------
    pictures : list of (288, 288, 3) uint8 arrays
    stages : list of int

    Examples
    --------
    >>> pictures, stages = frames(np.zeros((64, 64, 3), np.uint8), np.full((101, 68, 2), 30.0))
    >>> len(pictures), stages[0], stages[-1], pictures[0].shape
    (9, 0, 100, (288, 288, 3))
    """
    walk = np.asarray(walk, np.float64)
    stages = np.unique(np.rint(np.linspace(0, len(walk) - 1, min(len(walk), LIMIT))).astype(int)).tolist()
    zoom = SIDE / max(image.shape[:2])
    large = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    grow = lambda points: (np.asarray(points) + 0.5) * zoom - 0.5  # noqa: E731
    pictures = []
    for t in stages:
        picture = draw(large, grow(walk[t]), truth=None if truth is None else grow(truth))
        words = f"S^{t}"
        if truth is not None:
            words += f"  {metrics.nme(walk[t][None], np.asarray(truth)[None])[0]:.1%}"
        pictures.append(write(picture, words))
    return pictures, stages


class Walks(ipywidgets.VBox):
    """A menu of cascades, a menu of faces, a slider of stages: where S^t stands. Made by `walks`."""

    def __init__(self, aligners, faces, boxes):
        self.aligners, self.faces, self.boxes, self._known = dict(aligners), faces, boxes, {}
        self.cascade = ipywidgets.Dropdown(options=list(self.aligners), description="cascade")
        self.face = ipywidgets.Dropdown(options=range(len(faces)), description="face")
        self.stage = ipywidgets.IntSlider(description="stage t", min=0, max=1)
        self.picture = Picture(format="jpeg", width=SIDE)
        super().__init__([ipywidgets.HBox([self.cascade, self.face]), self.stage, self.picture])
        for control in (self.cascade, self.face):
            control.observe(self._chosen, "value")
        self.stage.observe(self._moved, "value")
        self._chosen()

    def walk(self):
        """The chosen face's shapes under the chosen cascade: (T + 1, 68, 2)."""
        key = self.cascade.value, self.face.value
        if key not in self._known:
            image, box = self.faces.images[key[1]], self.boxes[key[1]]
            self._known[key] = self.aligners[key[0]].predict([image], [box], stages=True)[:, 0]
        return self._known[key]

    def _chosen(self, change=None):
        self._pictures, self._stages = frames(self.faces.images[self.face.value], self.walk(), self._truth())
        self.stage.max = len(self._pictures) - 1
        self._moved()

    def _moved(self, change=None):
        shown = min(self.stage.value, len(self._pictures) - 1)
        self.picture.value = encode(self._pictures[shown])
        self.picture.tooltip = f"The shape of {self.cascade.value} after stage {self._stages[shown]}"

    def _truth(self):
        return None if self.faces.points is None else self.faces.points[self.face.value]

    def _repr_mimebundle_(self, **given):
        """The widget, and for pages where no widget can run a strip of some stages."""
        some = np.unique(np.linspace(0, len(self._pictures) - 1, 4).astype(int))
        shown = ", ".join(str(self._stages[i]) for i in some)
        alt = f"One face under {self.cascade.value} at stages {shown}: the dots approach it."
        content = encode(np.concatenate([self._pictures[i] for i in some], axis=1), quality=85)
        return beside(super()._repr_mimebundle_(**given), content, "image/jpeg", COLUMN, alt)


def walks(aligners, faces, boxes=None):
    """A widget that shows any cascade's stages on a few faces.

    Parameters
    ----------
    aligners : dict of name -> Aligner
        With ``cascade`` true.
    faces : FaceSet
    boxes : (N, 4) array, optional
        By default those of the faces.

    Returns
    -------
    Walks

    Raises
    ------
    ValueError
        If an aligner has no stages.
    """
    for name, aligner in aligners.items():
        if not aligner.cascade:
            raise ValueError(f"{name} has no stages to walk through: wanted cascades")
    return Walks(aligners, faces, faces.boxes if boxes is None else boxes)
