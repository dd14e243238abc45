"""What the methods whose networks give maps have in common: places, and a loss with a gradient everywhere."""

import numpy as np

from facelm_helpers import training

SPREAD = 0.02  # of the divergence in the loss: the map becomes a Gaussian, the distance decides where


def to_crop(places, side, size):
    """Places in the pixels of maps of some side, in the pixels of a crop of some size."""
    return (places + 0.5) * (size / side) - 0.5


def likely(logits):
    """Maps (N, S, S, K) of what is likely: each is at least 0 and sums to 1."""
    likely = np.exp(logits - logits.max(axis=(1, 2), keepdims=True))
    return likely / likely.sum(axis=(1, 2), keepdims=True)


def cells(truth, side, size):
    """Points (N, 2 K) in 0..1 of the crop, in the pixels of maps: (N, K, 2), a tensor."""
    from keras import ops

    return (ops.reshape(truth, (-1, truth.shape[-1] // 2, 2)) + 0.5 / size) * side - 0.5


def map_loss(truth, logits, size, loss="distance", offsets=None, sigma=1.0):
    r"""The distance of the mean place, and how far the map is from a Gaussian round the point.

    .. math:: \ell\Big(p, \sum_c q_c (c + o_c)\Big) - \lambda \sum_c g_c \ln q_c

    with q the softmax of the logits over all places c, o the offsets if there are any, g a Gaussian round p
    that sums to 1. With offsets, each place near p must also say where p is: the root of the mean square of
    their distances, weighted by g, is added.

    Parameters
    ----------
    truth : (N, 136) tensor
        In 0..1 of the crop.
    logits : (N, S, S, 68) tensor
    size : int
        Side of the crop in pixels.
    loss : str
        Of `training.LOSSES`.
    offsets : (N, S, S, 68, 2) tensor, optional
        In map pixels.
    sigma : float
        Of g, in map pixels.

    Returns
    -------
    (N,) tensor

    References
    ----------
    Nibali et al., Numerical coordinate regression with convolutional neural networks, 2018.
    """
    from keras import ops

    side, k = logits.shape[1], logits.shape[3]
    place, axis = cells(truth, side, size), np.arange(side, dtype="float32")
    away = ops.transpose(place, (0, 2, 1))[:, :, None] - ops.convert_to_tensor(axis[:, None])
    near = ops.exp(-ops.square(away) / (2 * sigma**2))  # (N, 2, S, K)
    near = near / (ops.sum(near, axis=2, keepdims=True) + 1e-6)  # nothing of a point outside
    g = ops.reshape(near[:, 1, :, None] * near[:, 0, None], (-1, side * side, k))
    log_q = ops.log_softmax(ops.reshape(ops.cast(logits, "float32"), (-1, side * side, k)), axis=1)
    q, divergence = ops.exp(log_q), -ops.mean(ops.sum(g * log_q, axis=1), axis=-1)
    grid = np.stack([np.tile(axis, side), np.repeat(axis, side)], axis=-1)
    if offsets is None:
        mean, extra = ops.matmul(ops.transpose(q, (0, 2, 1)), ops.convert_to_tensor(grid)), 0.0
    else:
        offsets = ops.reshape(ops.cast(offsets, "float32"), (-1, side * side, k, 2))
        voted = offsets + ops.convert_to_tensor(grid[:, None])
        mean = ops.sum(q[..., None] * voted, axis=1)
        squares = ops.sum(g[..., None] * ops.square(voted - place[:, None]), axis=(1, 3))
        extra = ops.mean(ops.sqrt(squares + 1e-4), axis=-1) / side
    found = ops.reshape((mean + 0.5) / side - 0.5 / size, (-1, 2 * k))
    return training.LOSSES[loss](truth, found) + SPREAD * divergence + extra
