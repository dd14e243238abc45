"""The mean shape in the box: the start of every cascade, and the floor that any method must beat."""

import numpy as np

from facelm_helpers.arrays import Array
from facelm_helpers.boxes import tight_boxes
from facelm_helpers.methods._base import Aligner


class MeanShape(Aligner):
    r"""The average face, put into the box without a look at the picture.

    With box centre c and longer side s, the mean over the training faces of :math:`(p - c) / s` is learnt,
    and :math:`c + s \bar{p}` is predicted.

    Attributes
    ----------
    mean_ : (68, 2) float32 array
        In units of the box's longer side, from its centre.

    Examples
    --------
    >>> from facelm_helpers.faces import FaceSet
    >>> points = np.random.default_rng(0).uniform(20, 80, (5, 68, 2))
    >>> faces = FaceSet(np.zeros((5, 99, 99, 3), np.uint8), points)
    >>> MeanShape().fit(faces).predict(faces.images, faces.boxes).shape
    (5, 68, 2)
    """

    name = "mean_shape"
    kind = "shape"
    title = "Mean shape"
    year = 1992
    paper = "Cootes and Taylor, Active shape models - smart snakes, BMVC 1992 (its point of departure)"

    def __init__(self):
        pass

    def _fit(self, faces, seed, progress):
        centres, sides = _frames(tight_boxes(faces.points))
        self.mean_ = ((faces.points - centres) / sides).mean(axis=0).astype(np.float32)

    def _arrays(self):
        return {"mean_": Array("f4", (68, 2), -2, 2)}

    def _predict(self, images, boxes):
        centres, sides = _frames(boxes)
        return centres + sides * self.mean_


def _frames(boxes):
    """Centres (N, 1, 2) and longer sides (N, 1, 1) of boxes."""
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    return (low + high) / 2, (high - low).max(axis=2, keepdims=True)
