"""dlib's shape predictor (an ensemble of regression trees) as arrays: boxes in, points out, bytes to and fro.

dlib works in whole pixels: its boxes are whole and inclusive, its points whole. On a small face that rounding
alone is an error of a percent, so `points_in_boxes` enlarges small faces before it asks.
"""

import tempfile
from pathlib import Path

import cv2
import dlib
import numpy as np

from facelm_helpers.landmarks import N_POINTS


def rectangle(box):
    """A box with exclusive right and bottom as dlib's inclusive whole-pixel rectangle."""
    left, top, right, bottom = (int(np.rint(value)) for value in box)
    return dlib.rectangle(left, top, max(right - 1, left), max(bottom - 1, top))


def points_in_boxes(predictor, images, boxes, smallest=256):
    """The predictor's points in the images' pixels, float32 (N, 68, 2).

    A face whose box is less than `smallest` pixels long is first enlarged by a whole factor (of 8 at most),
    with half a box of context on each side: the points then come in fractions of a pixel, and the trees see
    the same face.
    """
    points = np.empty((len(images), N_POINTS, 2), np.float32)
    for i, (image, box) in enumerate(zip(images, boxes, strict=True)):
        side = max(box[2] - box[0], box[3] - box[1])
        factor = min(int(np.ceil(smallest / side)), 8)
        corner = np.zeros(2)
        if factor > 1:
            size = image.shape[1::-1]
            corner = np.clip(np.floor(box[:2] - side / 2), 0, np.subtract(size, 1)).astype(int)
            far = np.clip(np.ceil(box[2:] + side / 2), corner + 1, size).astype(int)
            image = cv2.resize(
                image[corner[1] : far[1], corner[0] : far[0]], None, fx=factor, fy=factor,
                interpolation=cv2.INTER_LINEAR,
            )  # fmt: skip
            box = (box - np.tile(corner, 2)) * factor
        found = predictor(np.ascontiguousarray(image), rectangle(box))
        whole = np.array([(part.x, part.y) for part in found.parts()], np.float64)
        if whole.shape != (N_POINTS, 2):
            raise ValueError(f"this predictor finds {len(whole)} points: wanted {N_POINTS}")
        points[i] = (whole + 0.5) / factor - 0.5 + corner  # pixel centres are at integers in both pictures
    return points


def to_bytes(predictor):
    """A predictor as a uint8 array: the content of its ``.dat`` file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "predictor.dat"
        predictor.save(str(path))
        return np.fromfile(path, np.uint8)


def from_bytes(content):
    """The inverse of `to_bytes`; the bytes must be sound, for dlib walks wherever damaged trees point."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "predictor.dat"
        np.asarray(content, np.uint8).tofile(path)
        return read(path)


def read(path):
    """A predictor from a ``.dat`` file."""
    try:
        return dlib.shape_predictor(str(path))
    except RuntimeError as error:
        raise ValueError(f"{path} is no shape predictor of dlib, or it is damaged: {error}") from None
