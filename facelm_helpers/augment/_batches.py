"""Augmentation of whole batches inside ``tf.data``: a warp, a change of light, noise, for all faces at once.

The same moves as in `augment`, drawn and applied for a batch at once by TensorFlow, so that the interpreter
is left alone while a network trains. The warp is OpenCV's, called once a batch: TensorFlow's own projective
warp takes six times as long (0.75 against 0.12 ms a face of 128x128 on one core). Everything is drawn from a
seed by stateless operations: the same seed gives the same batch.
"""

import math

import cv2
import numpy as np

from facelm_helpers.landmarks import MIRROR, N_POINTS

ROTATION = 15.0  # degrees, standard deviation of a normal draw cut off at twice that
SCALE = 0.08  # of the logarithm, likewise
SHIFT = 0.04  # of the side, in x and in y, likewise
GAIN, OFFSET, TINT, SLOPE = 0.2, 12.0, 0.06, 0.25  # light, drawn evenly from -this to +this
NOISE = 8.0  # grey values: the largest standard deviation


def augment_batch(images, labels, seed):
    """Turn, scale, shift and mirror faces with their points; change their light; add noise.

    Parameters
    ----------
    images : (B, S, S, 3) uint8 tensor
    labels : (B, 136) float32 tensor
        Points / S, interleaved.
    seed : (2,) int tensor

    Returns
    -------
    images : (B, S, S, 3) float32 tensor
        Values 0 to 1. Where the face was moved away from the border its mirror image continues.
    labels : (B, 136) float32 tensor
        Never clipped.
    """
    import tensorflow as tf

    count, size = tf.shape(images)[0], tf.shape(images)[1]
    side = tf.cast(size, tf.float32)
    moves = tf.clip_by_value(tf.random.stateless_normal((4, count), tf.random.fold_in(seed, 0)), -2.0, 2.0)
    flip = tf.random.stateless_uniform((count,), tf.random.fold_in(seed, 1)) < 0.5
    sign = tf.where(flip, -1.0, 1.0)
    angle, scale = math.radians(ROTATION) * moves[0], tf.exp(SCALE * moves[1])
    shift = SHIFT * side * moves[2:]
    # out = s R(angle) F (in - c) + c + t, with F = diag(sign, 1) the mirror and c the centre of the picture
    a, b = scale * tf.cos(angle) * sign, -scale * tf.sin(angle)
    c, d = scale * tf.sin(angle) * sign, scale * tf.cos(angle)
    matrix = tf.stack([tf.stack([a, b], -1), tf.stack([c, d], -1)], 1)  # (B, 2, 2)
    middle = (side - 1) / 2
    moved = tf.linalg.matmul(tf.reshape(labels, (-1, N_POINTS, 2)) * side - middle, matrix, transpose_b=True)
    points = (moved + middle + tf.transpose(shift)[:, None]) / side
    points = tf.where(flip[:, None, None], tf.gather(points, MIRROR, axis=1), points)

    # the warp asks where each pixel of the result comes from: the inverse
    back = tf.linalg.inv(matrix)
    start = middle - tf.linalg.matvec(back, middle + tf.transpose(shift))
    whence = tf.concat([back, start[..., None]], axis=2)  # (B, 2, 3)
    warped = tf.ensure_shape(tf.numpy_function(_warp_batch, [images, whence], images.dtype), images.shape)
    lit = _light_and_noise(tf.cast(warped, tf.float32), tf.random.fold_in(seed, 2))
    return lit, tf.reshape(points, (-1, 2 * N_POINTS))


def _warp_batch(images, whence):
    warped = np.empty_like(images)
    size = images.shape[2], images.shape[1]
    for image, matrix, result in zip(images, whence, warped, strict=True):
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        cv2.warpAffine(image, matrix, size, dst=result, flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    return warped


def _light_and_noise(images, seed):
    import tensorflow as tf

    shape = tf.shape(images)
    count, size = shape[0], shape[1]
    draw = tf.random.stateless_uniform((7, count, 1, 1, 1), tf.random.fold_in(seed, 0), -1.0, 1.0)
    tint = 1 + TINT * tf.concat(tf.unstack(draw[:3]), axis=-1)  # (B, 1, 1, 3)
    ramp = tf.linspace(-1.0, 1.0, size)
    slope = SLOPE * (
        draw[3] * ramp[None, :, None, None] + draw[4] * ramp[None, None, :, None]
    )  # from one side
    gain = tf.exp(GAIN * draw[5]) * (1 + slope)
    # the noise is one for the three colours: a third of the random numbers, which are the dearest part
    noise = tf.random.stateless_normal((count, size, size, 1), tf.random.fold_in(seed, 1))
    strength = NOISE * tf.random.stateless_uniform((count, 1, 1, 1), tf.random.fold_in(seed, 2))
    change = OFFSET * draw[6] + strength * noise
    return tf.clip_by_value(images * (gain * tint / 255) + change / 255, 0.0, 1.0)
