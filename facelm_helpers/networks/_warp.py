"""Squares cut out of images inside a network: anywhere, of any size, turned; with a gradient.

A pose is (a, b, x, y): the square stands round (x, y), its side is (a, b) as a vector along its upper edge.
Places are in 0..1 of the image, pixel / side, as networks give points; of a square they are measured from the
middle. So with complex numbers a place u of the square is x + iy + (a + ib) u in the image.
"""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("facelm")
class Warp(keras.layers.Layer):
    """Cut squares out of images, bilinearly; beyond the border the image's last pixel goes on.

    Parameters
    ----------
    side : int
        S, pixels of what comes out.

    Examples
    --------
    >>> image = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
    >>> pose = np.array([[[0.5, 0, 0.375, 0.375]]], "float32")   # half the side, round the middle
    >>> np.asarray(Warp(2)(image, pose))[0, :, :, 0].tolist()
    [[5.0, 6.0], [9.0, 10.0]]
    """

    def __init__(self, side, **options):
        super().__init__(**options)
        self.side = side

    def call(self, image, pose):
        """(N, H, H, C) and (N, K, 4) -> (N K, S, S, C): K squares of each image, one image's together."""
        n, size, channels = ops.shape(image)[0], image.shape[1], image.shape[3]
        u = (np.arange(self.side, dtype="float32") - (self.side - 1) / 2) / self.side
        across, down = (ops.convert_to_tensor(v) for v in (np.tile(u, self.side), np.repeat(u, self.side)))
        a, b, x, y = (pose[:, :, i, None] for i in range(4))
        x = ops.clip((x + a * across - b * down) * size, 0.0, size - 1.0)
        y = ops.clip((y + b * across + a * down) * size, 0.0, size - 1.0)
        left, top = (ops.minimum(ops.floor(z), size - 2.0) for z in (x, y))
        right, below = (x - left)[..., None], (y - top)[..., None]
        flat = ops.reshape(image, (-1, channels))
        first = ops.reshape(ops.arange(n, dtype="int32") * (size * size), (-1, 1, 1))
        corner = first + ops.cast(top, "int32") * size + ops.cast(left, "int32")
        upper = ops.take(flat, corner, axis=0) * (1 - right) + ops.take(flat, corner + 1, axis=0) * right
        lower = ops.take(flat, corner + size, axis=0) * (1 - right)
        lower = lower + ops.take(flat, corner + size + 1, axis=0) * right
        squares = upper * (1 - below) + lower * below
        return ops.reshape(squares, (-1, self.side, self.side, channels))

    def compute_output_shape(self, image_shape, pose_shape):
        """(N K, S, S, C)."""
        n = None if image_shape[0] is None else image_shape[0] * pose_shape[1]
        return (n, self.side, self.side, image_shape[3])

    def get_config(self):
        """What it is made from."""
        return super().get_config() | {"side": self.side}


def upright(points, side):
    """Poses (N, K, 4) of upright squares round points (N, K, 2), of a given side in 0..1."""
    nothing = ops.zeros_like(points)
    return ops.concatenate([nothing[..., :1] + side, nothing[..., 1:], points], axis=-1)


def similarity(mean, points):
    """The pose (N, 1, 4) that lays a mean shape (K, 2), from the middle of its square, nearest to points.

    With centred shapes u and p, a + ib = sum(conj(u) p) / sum(|u|^2).
    """
    mean = np.asarray(mean, "float32")
    u = mean - mean.mean(axis=0)
    u = u / (u**2).sum()
    centre = ops.mean(points, axis=1)
    a = ops.sum(points * u, axis=(1, 2))
    b = ops.sum(points[..., 1] * u[:, 0] - points[..., 0] * u[:, 1], axis=1)
    (mx, my), x, y = mean.mean(axis=0).tolist(), centre[:, 0], centre[:, 1]
    return ops.stack([a, b, x - a * mx + b * my, y - b * mx - a * my], axis=-1)[:, None]


def placed(pose, points):
    """Places of a square, from its middle, (N, K, 2) -> of the image."""
    a, b, place = pose[..., :1], pose[..., 1:2], pose[..., 2:]
    turned = ops.concatenate([-points[..., 1:], points[..., :1]], axis=-1)
    return place + a * points + b * turned


def seen(pose, points):
    """The reverse of `placed`."""
    a, b, points = pose[..., :1], pose[..., 1:2], points - pose[..., 2:]
    turned = ops.concatenate([points[..., 1:], -points[..., :1]], axis=-1)
    return (a * points + b * turned) / (a * a + b * b)


def landmark_image(points, side):
    """Images (N, S, S, 1) that are bright near points (N, K, 2) in 0..1: max 1 / (1 + d), d in pixels."""
    pixels = (np.arange(side, dtype="float32") / side)[:, None]
    x, y = ops.square(points[:, None, :, 0] - pixels), ops.square(points[:, None, :, 1] - pixels)
    nearest = ops.min(y[:, :, None] + x[:, None], axis=-1, keepdims=True)
    return 1 / (1 + side * ops.sqrt(nearest + 1e-12))
