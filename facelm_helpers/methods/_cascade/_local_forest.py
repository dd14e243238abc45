"""Small regression trees on differences of pixels: how the nodes are chosen, and which leaf is reached.

A tree of a depth has 2^depth - 1 nodes in heap order (the children of n are 2n + 1 and 2n + 2) and 2^depth
leaves. M shapes, Q questions on offer.
"""

import numpy as np


def grow(phi, steps, depth, candidates, rng):
    """A tree that splits the examples so that their steps become alike.

    Level by level; every node takes, of `candidates` random questions, the one that reduces the variance of
    the steps in its two children most.

    Parameters
    ----------
    phi : (Q, m) int16 array
        Differences of pixels.
    steps : (m, R) array
        What is to be predicted: R = 2 for a landmark's step.

    Returns
    -------
    chosen : (nodes,) int array
        The question of each node, a row of phi.
    thresholds : (nodes,) int16 array
    """
    m = len(steps)
    chosen, thresholds = np.zeros(2**depth - 1, np.int64), np.zeros(2**depth - 1, np.int16)
    node = np.zeros(m, np.int64)  # of the level
    values = np.column_stack([np.ones(m), steps]).astype(np.float32)  # count, sums of steps
    for level in range(depth):
        width = 2**level
        asked = rng.integers(len(phi), size=candidates)
        rows = phi[asked]
        limits = rows[np.arange(candidates), rng.integers(m, size=candidates)]
        above = (rows > limits[:, None]).astype(np.float32)
        spread = np.zeros((m, width, values.shape[1]), np.float32)
        spread[np.arange(m), node] = values
        right = (above @ spread.reshape(m, -1)).reshape(candidates, width, -1)
        left = spread.sum(axis=0) - right
        gain = _explained(left) + _explained(right)  # (candidates, width)
        best = gain.argmax(axis=0)
        first = width - 1
        chosen[first : first + width], thresholds[first : first + width] = asked[best], limits[best]
        node = 2 * node + (above[best[node], np.arange(m)] > 0)
    return chosen, thresholds


def _explained(sums):
    """|sum of steps|^2 / count: the larger over both children, the smaller the variance within."""
    return (sums[..., 1:] ** 2).sum(axis=-1) / np.maximum(sums[..., 0], 1)


def leaves(places, thresholds, landmarks, crops, index, S, A):
    """The leaf (M, trees) that each of M shapes reaches in each tree, all trees at once, a level at a time.

    places : (trees, nodes, 2, 2) float array, from landmark ``landmarks`` (trees,) in the mean's frame.
    """
    trees, nodes = thresholds.shape
    height, width = crops.shape[1:]
    flat, picture = crops.reshape(-1), (np.asarray(index, np.int64) * (height * width))[:, None]
    x0, y0 = S[:, landmarks, 0], S[:, landmarks, 1]
    a, b, c, d = (A[:, i, j, None] for i in (0, 1) for j in (0, 1))
    places = places.astype(np.float32).reshape(trees * nodes, 4)
    thresholds = thresholds.reshape(-1)
    base = np.arange(trees) * nodes
    node = np.zeros((len(S), trees), np.int64)
    for _ in range(int(np.log2(nodes + 1))):
        here = base + node
        pair = places[here]
        values = []
        for u, v in ((pair[..., 0], pair[..., 1]), (pair[..., 2], pair[..., 3])):
            x = np.clip(np.rint(x0 + a * u + b * v), 0, width - 1).astype(np.int32)
            y = np.clip(np.rint(y0 + c * u + d * v), 0, height - 1).astype(np.int32)
            values.append(flat[picture + (y * width + x)].astype(np.int16))
        node = 2 * node + 1 + (values[0] - values[1] > thresholds[here])
    return node - nodes
