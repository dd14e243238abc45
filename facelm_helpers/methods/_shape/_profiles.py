"""Profiles: what the picture looks like along the normal of each point, in a pyramid of pictures."""

import numpy as np

from facelm_helpers.methods._grey import read_smooth

# The lines that the points run along; True: closed.
_CURVES = [
    (range(0, 17), False), (range(17, 22), False), (range(22, 27), False), (range(27, 31), False),
    (range(31, 36), False), (range(36, 42), True), (range(42, 48), True), (range(48, 60), True),
    (range(60, 68), True),
]  # fmt: skip


def normals(S):
    """Unit normals (N, 68, 2) of shapes; at the end of an open line, those of its last piece."""
    along = S[:, _AFTER] - S[:, _BEFORE]
    along = along / np.maximum(np.linalg.norm(along, axis=2, keepdims=True), 1e-9)
    return np.stack([-along[..., 1], along[..., 0]], axis=2)


def profiles(pictures, S, reach, level=0, normalised=True):
    """Derivatives of the picture along the normals: (N, 68, 2 reach + 1), each divided by its sum of sizes.

    S is in pixels of level 0, `pictures` are of `level`; neighbours are one pixel of the level apart.
    """
    steps = (np.arange(2 * reach + 2) - reach - 0.5) * 2.0**level
    places = S[:, :, None] + steps[:, None] * normals(S)[:, :, None]
    values = read_smooth(pictures, (places + 0.5) / 2.0**level - 0.5)
    g = np.diff(values, axis=2)
    return g / (np.abs(g).sum(axis=2, keepdims=True) + 1e-3) if normalised else g


def pyramid(crops, levels):
    """The crops (N, H, W) float32, and `levels` - 1 times halved by the mean of four pixels."""
    pictures = [crops.astype(np.float32)]
    for _ in range(levels - 1):
        last = pictures[-1]
        height, width = last.shape[1] // 2 * 2, last.shape[2] // 2 * 2
        quarters = last[:, :height, :width].reshape(len(last), height // 2, 2, width // 2, 2)
        pictures.append(quarters.mean(axis=(2, 4)))
    return pictures


def _neighbours():
    before, after = np.arange(68), np.arange(68)
    for curve, closed in _CURVES:
        line = np.array(curve)
        before[line], after[line] = np.roll(line, 1), np.roll(line, -1)
        if not closed:
            before[line[0]], after[line[-1]] = line[0], line[-1]
    return before, after


_BEFORE, _AFTER = _neighbours()
