"""Windows of a photograph at one size."""

from typing import NamedTuple

import cv2
import numpy as np


class Found(NamedTuple):
    """Faces in a photograph: boxes (M, 4), points (M, 68, 2), scores (M,), windows left by stage (T + 1,)."""

    boxes: np.ndarray
    points: np.ndarray
    scores: np.ndarray
    lived: np.ndarray


def scan(grey, side, step, size, margin):
    """Every window of one size: (M, size, size), and the transforms image -> window."""
    scale = size / (margin * side)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.GaussianBlur(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=way), (0, 0), 1.0)
    edge = int(size * (1 - 1 / margin) / 2)  # a face may touch the border of the photograph
    small = np.pad(small, edge, mode="reflect" if min(small.shape) > edge else "edge")
    stride = max(int(step * side * scale), 1)
    if min(small.shape) < size:
        return np.empty((0, size, size), np.uint8), np.empty((0, 2, 3))
    views = np.lib.stride_tricks.sliding_window_view(small, (size, size))[::stride, ::stride]
    y, x = (part.ravel() * stride for part in np.mgrid[: views.shape[0], : views.shape[1]])
    transforms = np.zeros((len(x), 2, 3))
    transforms[:, 0, 0] = transforms[:, 1, 1] = scale
    shift = (scale - 1) / 2  # pixel centres: x -> scale (x + 1/2) - 1/2
    transforms[:, 0, 2], transforms[:, 1, 2] = shift + edge - x, shift + edge - y
    return views.reshape(-1, size, size), transforms
