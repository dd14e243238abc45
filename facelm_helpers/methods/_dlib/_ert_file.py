"""dlib's file of regression trees, taken apart into small arrays and put together again.

The file is one long row of whole numbers, each a byte that holds its length and sign and then its bytes; a
fraction is two of them, mantissa and exponent to the base 2. The trees of the course all have one shape, so
that the row folds up into arrays: T levels, K trees a level, 2^depth leaves, P pixels a level, 136 numbers of
a shape.
"""

import numpy as np

from facelm_helpers.methods._dlib import _predictor

RANK = 40  # shape changes that a leaf combines


def unfold(predictor):
    """A predictor as arrays that compress well.

    A leaf is a change of the whole shape, 136 numbers; here a combination of `RANK` principal changes, in
    bytes.

    Returns
    -------
    dict of arrays
        ``start_`` (136,), ``basis_`` (R, 136), ``leaves_`` (T, K, 2^depth, R) int8 with ``scales_`` (T, K),
        ``splits_`` (T, K, nodes, 2) pairs of pixels with ``thresholds_`` (T, K, nodes), and the pixels of
        each level, ``anchors_`` (T, P) with ``deltas_`` (T, P, 2).
    """
    row = _numbers(_predictor.to_bytes(predictor))
    n = -int(row[1])
    start, row = _fractions(row[3 : 3 + 2 * n]), row[3 + 2 * n :]
    T, K, nodes = int(row[0]), int(row[1]), int(row[2])
    tree = 1 + 4 * nodes + 1 + (nodes + 1) * (2 + 2 * n)
    levels = row[1 : 1 + T * (1 + K * tree)].reshape(T, -1)[:, 1:].reshape(T, K, tree)
    row = row[1 + T * (1 + K * tree) :]
    P = int(row[1])
    anchors, row = row[1 : 1 + T * (1 + P)].reshape(T, -1)[:, 1:], row[1 + T * (1 + P) :]
    deltas = row[1:].reshape(T, -1)[:, 1:]
    splits = levels[..., 1 : 1 + 4 * nodes].reshape(T, K, nodes, 4)
    leaves = levels[..., 2 + 4 * nodes :].reshape(T, K, nodes + 1, 2 + 2 * n)[..., 2:]
    leaves = _fractions(leaves.reshape(-1, 2)).reshape(-1, n)
    basis = np.linalg.eigh(leaves.T.astype(np.float64) @ leaves)[1][:, ::-1].T[:RANK].astype(np.float16)
    coefficients = (leaves @ basis.T.astype(np.float32)).reshape(T, K, nodes + 1, -1)
    scales = np.maximum(np.abs(coefficients).max(axis=(2, 3)), 1e-12) / 127
    return {
        "start_": start, "basis_": basis, "scales_": scales.astype(np.float32),
        "leaves_": np.rint(coefficients / scales[..., None, None]).astype(np.int8),
        "splits_": splits[..., :2].astype(np.uint16),
        "thresholds_": _fractions(splits[..., 2:].reshape(-1, 2)).reshape(T, K, nodes).astype(np.float16),
        "anchors_": anchors.astype(np.uint8),
        "deltas_": _fractions(deltas.reshape(-1, 2)).reshape(T, P, 2).astype(np.float16),
    }  # fmt: skip


def fold(parts):
    """The inverse of `unfold`: a predictor from its arrays."""
    T, K, count, _ = parts["leaves_"].shape
    n, P = len(parts["start_"]), parts["anchors_"].shape[1]
    values = parts["leaves_"] * parts["scales_"][..., None, None] @ parts["basis_"].astype(np.float32)
    leaf = np.concatenate([_shape_head((T, K, count), n), _fraction_bytes(values)], axis=-1)
    split = np.concatenate([
        _whole_bytes(parts["splits_"]).reshape(T, K, count - 1, -1),
        _fraction_bytes(parts["thresholds_"][..., None]),
    ], axis=-1)  # fmt: skip
    tree = np.concatenate([
        _whole_bytes(np.full((T, K, 1), count - 1)), split.reshape(T, K, -1),
        _whole_bytes(np.full((T, K, 1), count)), leaf.reshape(T, K, -1),
    ], axis=-1)  # fmt: skip

    def rows(length, content):
        head = _whole_bytes(np.full((T, 1), length))
        return np.concatenate([head, content.reshape(T, -1)], axis=1).ravel()

    levels = _whole_bytes(np.array([T]))
    content = [
        _whole_bytes(np.array([1])), _shape_head((), n), _fraction_bytes(parts["start_"]),
        levels, rows(K, tree), levels, rows(P, _whole_bytes(parts["anchors_"])),
        levels, rows(P, _fraction_bytes(parts["deltas_"].reshape(T, -1))),
    ]  # fmt: skip
    return _predictor.from_bytes(np.concatenate(content))


def _numbers(content):
    """The row of whole numbers (int64) in a file's bytes."""
    lengths = (np.asarray(content) & 0x0F).tolist()
    places, at = [], 0
    while at < len(lengths):
        places.append(at)
        at += 1 + lengths[at]
    places = np.array(places)
    length, negative = content[places] & 0x0F, content[places] & 0x80
    padded = np.concatenate([content, np.zeros(8, np.uint8)])
    values = np.zeros(len(places), np.int64)
    for i in range(int(length.max())):
        values += np.where(i < length, padded[places + 1 + i].astype(np.int64) << (8 * i), 0)
    return np.where(negative > 0, -values, values)


def _fractions(pairs):
    pairs = pairs.reshape(-1, 2)
    return np.ldexp(pairs[:, 0].astype(np.float64), pairs[:, 1].astype(np.int64)).astype(np.float32)


def _whole_bytes(values):
    """Whole numbers from 0 to 65535, two bytes each and the byte before: the last axis grows threefold."""
    values = np.asarray(values, np.int64)
    return np.stack([np.full_like(values, 2), values & 255, values >> 8], axis=-1).astype(np.uint8).reshape(
        *values.shape[:-1], -1
    )  # fmt: skip


def _fraction_bytes(values):
    """Fractions as mantissa of three bytes and exponent of one: the last axis grows sixfold."""
    mantissa, exponent = np.frexp(np.asarray(values, np.float64))
    mantissa, exponent = np.rint(np.abs(mantissa) * 2**23).astype(np.int64), exponent - 23
    exponent = np.where(mantissa == 0, 0, exponent)
    head = np.where(np.asarray(values) < 0, 0x83, 3)
    parts = [head, mantissa & 255, mantissa >> 8 & 255, mantissa >> 16]
    parts += [np.where(exponent < 0, 0x81, 1), np.abs(exponent)]
    return np.stack(parts, axis=-1).astype(np.uint8).reshape(*np.shape(values)[:-1], -1)


def _shape_head(before, n):
    """The size of a column of n numbers, which dlib writes as -n and -1, for each of `before`."""
    one = np.array([0x82, n & 255, n >> 8, 0x81, 1], np.uint8)
    return np.broadcast_to(one, (*before, 5))
