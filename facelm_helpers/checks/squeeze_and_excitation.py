"""Checks of the exercises in notebook 09."""

import numpy as np

from facelm_helpers.checks._verdict import Verdict, function, kindly, untried


def _gate(u, w1, w2):
    z = u.mean(axis=(1, 2))
    return 1 / (1 + np.exp(-np.maximum(z @ w1.T, 0) @ w2.T))


@kindly
def gates(answer):
    """Exercise 1: the gates of a batch of tensors, from W_1 and W_2.

    >>> gates(_gate)
    ✔ Right. N images, C gates each: every image gets its own.
    >>> gates(lambda u, w1, w2: u.mean(axis=(1, 2))).state
    'wrong'
    """
    rng = np.random.default_rng(3)
    shapes = [(2, 3, 4, 8), (5, 2, 2, 6), (1, 4, 4, 4)]
    inputs = [
        (rng.normal(size=shape), rng.normal(size=(2, shape[3])), rng.normal(size=(shape[3], 2)))
        for shape in shapes
    ]
    value = answer(*inputs[0])
    if not untried(value) and np.shape(value) == (8,):
        return Verdict("wrong", "Take the mean over axis=(1, 2), rows and columns: axis 0 is the batch.")
    hint = "Squeeze to (N, C); a row z becomes z @ W1.T; ReLU; @ W2.T; sigmoid."
    return function(answer, _gate, inputs, 1e-6, hint, "N images, C gates each: every image gets its own.")


@kindly
def weights_of_gate(answer):
    """Exercise 2: a function of C and r, the weights of both layers.

    >>> weights_of_gate(lambda C, r: 2 * C * C // r)
    ✔ Right. An eighth of the single layer's weights at r = 16.
    >>> weights_of_gate(lambda C, r: C * C // r).state
    'wrong'
    """
    hint = "W1 has C / r rows and C columns, W2 the other way round."
    praise = "An eighth of the single layer's weights at r = 16."
    return function(answer, lambda C, r: 2 * C * C // r, [(64, 4), (256, 16), (512, 2)], 1e-6, hint, praise)
