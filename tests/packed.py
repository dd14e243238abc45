"""Default faces as the training of the shipped network takes them."""

import numpy as np

from facelm_helpers import sources
from facelm_helpers.boxes import tight_boxes
from tools.train.faces import Faces


def made_up(n=6, size=192, seed=3, known=True):
    """Default faces as `Faces`, with dlib's boxes moved a little and none of BlazeFace's for the first."""
    drawn = sources.load("synthetic", n=n, seed=seed, size=size, progress=False)
    tight = tight_boxes(drawn.points)
    other = tight.copy()
    other[0] = np.nan
    points = drawn.points if known else np.full_like(drawn.points, np.nan)
    return Faces(
        drawn.images, points, tight, {"dlib": tight + np.float32([4, 0, 4, 0]), "blazeface": other},
        np.full((n, 5, 2), np.nan), np.full(n, np.nan), np.ones(n, bool),
    )  # fmt: skip
