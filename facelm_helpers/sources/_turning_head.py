"""The average head of the face model, turned: its picture, its annotated points, and the same points in 3D.

The rows of the face model show many heads at many angles. Their weighted mean at one angle is a picture with
annotated (2D) points. How x changes with the angle gives away the depth z, as x' = x cos a + z sin a:
structure from motion, for one axis (Tomasi and Kanade, IJCV, 1992). Of the jaw only the side that is turned
towards us serves, because the other side's points follow the visible contour.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from facelm_helpers.geometry import yaw
from facelm_helpers.landmarks import MIRROR
from facelm_helpers.sources._face_model import load_face_model

SIZE = 320  # pixels; side of a picture
HEIGHT = 0.46 * SIZE  # from the bridge of the nose (27) to the chin (8)
BRIDGE_Y = 0.39 * SIZE  # of the bridge of the nose in the picture
TURNS = np.linspace(0, 0.95, 20)  # of `geometry.yaw`; few rows are turned further
WIDTH = 0.05  # standard deviation of the weights, in the same unit


class View(NamedTuple):
    """The head at one angle. Points are (68, 2), pixels of the picture.

    Attributes
    ----------
    image : (320, 320, 3) uint8 array, or None beyond the largest angle that the face model knows
    visible : array, or None where image is
        The 2D points, as an annotator would set them: the jaw follows the visible contour.
    solid : array
        The 3D points: always the same spots of the head.
    """

    image: np.ndarray | None
    visible: np.ndarray | None
    solid: np.ndarray


class TurningHead:
    """Made by `turning_head`.

    Attributes
    ----------
    points : (68, 3) array
        x to the right, y down, z towards the camera; pixels, at 0 degrees. x = z = 0 is the axis of the turn,
        half-way between the ears' ends of the jaw and the bridge of the nose, which has y = 0.
    limit : float
        The largest angle with a picture, in degrees.
    """

    def __init__(self, model):
        self._model = model
        rows = model.shape(model.rows_shape).astype(np.float64)
        both = np.concatenate([rows, rows[:, MIRROR] * (-1, 1)])  # each head also mirrored: the mean is even
        self._turned = yaw(rows)
        turned = np.concatenate([self._turned, -self._turned])
        shapes = np.array([np.tensordot(_weights(turned, turn), both, 1) for turn in TURNS])
        shapes -= shapes[:, 27:28]
        shapes *= (HEIGHT / shapes[:, 8, 1])[:, None, None]
        angles, self.points = _depth(shapes)
        self._angles = np.maximum.accumulate(angles)
        self.limit = float(np.degrees(self._angles[-1]))

    def __call__(self, degrees):
        """The head turned towards the right of the picture.

        Parameters
        ----------
        degrees : float
            0 looks ahead, 90 is a profile.

        Returns
        -------
        View
        """
        a, solid = np.radians(degrees), self.solid(degrees)
        if degrees > self.limit:
            return View(None, None, solid)
        weights = _weights(self._turned, np.interp(a, self._angles, TURNS))
        shape = self._model.shape(weights @ self._model.rows_shape).astype(np.float64)
        scale = HEIGHT / (shape[8, 1] - shape[27, 1])
        shift = solid[27] - scale * shape[27]
        texture = self._model.texture(weights @ self._model.rows_texture)
        transform = np.column_stack([scale * np.eye(2), shift])
        image = self._model.render(shape, texture, SIZE, transform, background=200)
        return View(image, scale * shape + shift, solid)

    def solid(self, degrees):
        """The 3D points alone, as the picture shows them: (68, 2)."""
        if not 0 <= degrees <= 90:
            raise ValueError(f"the head is to turn by {degrees} degrees: wanted 0 to 90")
        a = np.radians(degrees)
        x, y, z = self.points.T
        return np.stack([x * np.cos(a) + z * np.sin(a), y], axis=1) + (SIZE / 2, BRIDGE_Y)


@lru_cache(maxsize=1)
def turning_head():
    """The average head of the face model, to be turned: ``turning_head()(degrees)`` is a `View`.

    Returns
    -------
    TurningHead

    Examples
    --------
    >>> head = turning_head()
    >>> view = head(30)
    >>> view.image.shape, view.solid.shape
    ((320, 320, 3), (68, 2))
    """
    return TurningHead(load_face_model())


def _weights(turned, turn):
    weights = np.exp(-((turned - turn) ** 2) / (2 * WIDTH**2))
    return weights / weights.sum()


def _depth(shapes):
    """Angles (T,) and points (68, 3) of mean shapes (T, 68, 2) that turn from 0 to the right.

    Turned by a, a point has x' = x cos a + z sin a, and its mirror point -x cos a + z sin a. So half the
    difference of the two is x cos a, half the sum z sin a.
    """
    seen = shapes[..., 0]
    odd, even = (seen - seen[:, MIRROR]) / 2, (seen + seen[:, MIRROR]) / 2
    inner = np.arange(17, 68)  # these are where they seem to be
    x = odd[0]
    cos = odd[:, inner] @ x[inner] / (x[inner] @ x[inner])
    angles = np.arccos(np.clip(cos, -1, 1))
    for _ in range(5):  # the cosine says little about small angles, the sine all
        sin = np.sin(angles)
        z = sin @ even / (sin @ sin)
        angles = np.arctan2(even[:, inner] @ z[inner] / (z[inner] @ z[inner]), cos)
    near = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    (x[:9], z[:9]), *_ = np.linalg.lstsq(near, seen[:, :9], rcond=None)
    x[8], x[9:17], z[9:17] = 0, -x[7::-1], z[7::-1]
    y = shapes[..., 1].mean(axis=0)
    return angles, np.stack([x, (y + y[MIRROR]) / 2, z - (z[0] + z[27]) / 2], axis=1)
