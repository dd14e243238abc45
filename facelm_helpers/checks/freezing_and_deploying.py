"""Checks of the exercises in notebook 12."""

import numpy as np

from facelm_helpers.checks._verdict import Verdict, array, kindly, number
from facelm_helpers.geometry import apply_transform, invert_transform


@kindly
def folded(answer, k, s, beta, m):
    """Exercise 1: the kernel and the bias of a convolution with its batch normalisation folded in.

    >>> k, s = np.ones((1, 1, 2, 3)), np.array([1.0, 2.0, 3.0])
    >>> folded([k * s, 1 - s * 5], k, s, np.ones(3), np.full(3, 5.0))
    ✔ Right. One layer does the work of two.
    >>> folded([k * s, np.ones(3)], k, s, np.ones(3), np.full(3, 5.0))
    ✘ Not yet. The kernel is right. The bias: what does the layer output where its input is 0?
    """
    if len(answer) != 2:
        return Verdict("wrong", "Two arrays are wanted: the kernel, then the bias.")
    kernel, bias = (np.asarray(part, np.float64) for part in answer)
    right = array(
        kernel, k * s, 1e-5, "The kernel is k, each of its output channels (the last axis) times s."
    )
    if not right:
        return right
    if not array(bias, beta - s * m, 1e-5):
        hint = "The kernel is right. The bias: what does the layer output where its input is 0?"
        return Verdict("wrong", hint)
    return Verdict("right", "One layer does the work of two.")


@kindly
def saved(answer, side=64, narrow=16, wide=64):
    """Exercise 2: multiply-adds saved when a mean over 2 x 2 pixels comes before a 1x1 convolution.

    >>> saved(64 * 64 * 16 * 64)
    ✘ Not yet. That is its cost before the change; a quarter of it remains.
    >>> saved(3 * 32 * 32 * 16 * 64)
    ✔ Right. Three quarters of this convolution's MACs, for the same output.
    """
    full = side * side * narrow * wide
    if np.ndim(answer) == 0 and float(answer) == full:
        return Verdict("wrong", "That is its cost before the change; a quarter of it remains.")
    hint = "At each pixel a 1x1 convolution multiplies once for each pair of channels, in and out."
    praise = "Three quarters of this convolution's MACs, for the same output."
    return number(answer, full * 3 / 4, 0.5, hint, praise)


@kindly
def in_photograph(answer, vector, transform, size=128):
    """Exercise 3: the network's 136 numbers as 68 points in pixels of the photograph.

    >>> transform = np.array([[0.5, 0, -10], [0, 0.5, -20]])
    >>> in_photograph(np.full((68, 2), 64.0), np.full((1, 136), 0.5), transform)
    ✘ Not yet. These are pixels of the crop: take them back through the inverse of the transform.
    """
    in_crop = np.reshape(vector, (68, 2)).astype(np.float64) * size
    expected = apply_transform(invert_transform(transform), in_crop)
    if np.shape(answer) == (68, 2):
        if np.allclose(answer, in_crop, atol=1e-3):
            back = "take them back through the inverse of the transform."
            return Verdict("wrong", f"These are pixels of the crop: {back}")
        if np.allclose(answer, apply_transform(transform, in_crop), atol=1e-3):
            return Verdict("wrong", "transform maps the photograph to the crop; its inverse is wanted.")
    hint = "Reshape to (68, 2), times 128, then apply the inverse transform."
    return array(answer, expected, 0.01, hint, "From 136 numbers to pixels that can be drawn.")
