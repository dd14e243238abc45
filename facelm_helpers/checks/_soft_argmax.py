"""Soft-argmax with its gradient, and what comes out where one step is wrong: notebook 07."""

import numpy as np

from facelm_helpers import heatmaps


def _softmax(m, axis=(1, 2)):
    e = np.exp(m - m.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _means(q):
    c = np.arange(q.shape[1], dtype=q.dtype)
    return np.stack([np.einsum("nyxk,x->nk", q, c), np.einsum("nyxk,y->nk", q, c)], axis=-1)


def soft_argmax(m):
    """Places p (N, K, 2), and a function from dL/dp to dL/dm (N, S, S, K)."""
    q = _softmax(m)
    p, c = _means(q), np.arange(m.shape[1])[:, None]  # (S, 1)

    def gradient(g):
        along_x = (c - p[:, None, :, 0]) * g[:, None, :, 0]  # (N, S, K)
        along_y = (c - p[:, None, :, 1]) * g[:, None, :, 1]
        return q * (along_x[:, None] + along_y[:, :, None])

    return p, gradient


def wrong_places(m):
    """What comes out where one thing is wrong, by what to say of it."""
    plain, q = np.exp(m), _softmax(m)
    return {
        "Those are y before x: columns, the third axis of m, give x.": _means(q)[..., ::-1],
        "The softmax goes over the two axes of places, axis=(1, 2); the last axis counts the points.": (
            _means(_softmax(m, -1))
        ),
        "The softmax goes over rows and columns, axis=(1, 2), not over rows alone.": _means(_softmax(m, 1)),
        "The softmax goes over rows and columns, axis=(1, 2), not over columns alone.": _means(
            _softmax(m, 2)
        ),
        "The weights do not sum to 1: divide by their sum over all places of each map.": _means(plain),
        "m are logits: take the exponential first.": _means(m / m.sum(axis=(1, 2), keepdims=True)),
        "That is the softmax q; p is the mean place under it.": q,
        "That is the place of the largest value; p is the mean of all places, weighted by q.": (
            heatmaps.argmax(m)
        ),
    }


def wrong_gradients(m, g):
    """The same of the gradient dL/dm, given dL/dp."""
    q = _softmax(m)
    p, c = _means(q), np.arange(m.shape[1])[:, None]
    x, y = ((c - p[:, None, :, i]) * g[:, None, :, i] for i in (0, 1))
    far_x, far_y = c * g[:, None, :, 0], c * g[:, None, :, 1]
    swapped_x, swapped_y = ((c - p[:, None, :, i]) * g[:, None, :, 1 - i] for i in (0, 1))
    return {
        "p is missing: a place counts by how far it is from p, c - p.": (
            q * (far_x[:, None] + far_y[:, :, None])
        ),
        "The factor q is missing: a place that is unlikely hardly moves p.": x[:, None] + y[:, :, None],
        "The sign is the other one: more weight on c pulls p towards c.": -q * (x[:, None] + y[:, :, None]),
        "Only x has its way into the gradient.": q * x[:, None],
        "Only y has its way into the gradient.": q * y[:, :, None],
        "x and y are exchanged: columns of m go with g[..., 0].": q * (y[:, None] + x[:, :, None]),
        "g[..., 0] belongs to x, which runs along the columns.": (
            q * (swapped_x[:, None] + swapped_y[:, :, None])
        ),
        "The chain rule is not finished: multiply by g, the gradient with respect to p.": (
            q * ((c - p[:, None, :, 0])[:, None] + (c - p[:, None, :, 1])[:, :, None])
        ),
    }  # fmt: skip
