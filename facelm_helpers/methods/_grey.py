"""Grey crops of one brightness and contrast: what the shape models and the cascades look at."""

import cv2
import numpy as np

from facelm_helpers.boxes import detector_like, tight_boxes
from facelm_helpers.faces import crop
from facelm_helpers.geometry import apply_transform
from facelm_helpers.landmarks import mirror


def grey_crops(images, boxes, size=128, margin=1.75, sigma=1.0):
    """Grey crops of one brightness and contrast, slightly blurred, and the transforms image -> crop.

    The mean over the middle of the crop becomes 128, the standard deviation 48: a difference of two pixels
    then means the same in every light. The blur keeps single noisy pixels from deciding.

    Returns
    -------
    crops : (N, size, size) uint8 array
    transforms : (N, 2, 3) float64 array
    """
    crops = np.empty((len(images), size, size), np.uint8)
    transforms = np.empty((len(images), 2, 3))
    for i, box in enumerate(boxes):
        picture, transforms[i] = crop(images[i], box, size, margin)
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        crops[i] = cv2.GaussianBlur(grey, (0, 0), sigma) if sigma > 0 else grey
    return even_light(crops, margin), transforms


def even_light(crops, margin=1.75):
    """Grey pictures (N, H, W) brought to mean 128 and standard deviation 48 over the middle (side / margin).

    >>> out = even_light(np.random.default_rng(0).integers(0, 60, (1, 32, 32)), margin=1)
    >>> abs(float(out.mean()) - 128) < 2, abs(float(out.std()) - 48) < 2
    (True, True)
    """
    size = crops.shape[1]
    edge = int(round((size - size / margin) / 2))
    middle = crops[:, edge : size - edge, edge : size - edge].astype(np.float32)
    mean, deviation = middle.mean(axis=(1, 2)), middle.std(axis=(1, 2))
    gain = 48 / np.maximum(deviation, 4)  # at most 12: an almost constant picture stays so
    table = (np.arange(256) - mean[:, None]) * gain[:, None] + 128
    table = np.clip(np.rint(table), 0, 255).astype(np.uint8)
    return table[np.arange(len(crops))[:, None, None], crops]


def training_crops(faces, size=128, margin=1.75, sigma=1.0, rng=None):
    """Grey crops of labelled faces, then of their mirror images.

    Parameters
    ----------
    faces : FaceSet
    size, margin, sigma
        See `grey_crops`.
    rng : numpy.random.Generator, optional
        Crop round boxes as `detector_like` draws them, another for the mirror image; without it, round the
        tight boxes.

    Returns
    -------
    crops : (2N, size, size) uint8 array
    points : (2N, 68, 2) float64 array
        In crop pixels.
    """
    parts = []
    for mirrored in (False, True):
        boxes = tight_boxes(faces.points) if rng is None else detector_like(faces.points, rng)
        crops, transforms = grey_crops(faces.images, boxes, size, margin, sigma)
        points = apply_transform(transforms, faces.points)
        parts.append((crops[:, :, ::-1], mirror(points, size)) if mirrored else (crops, points))
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def box_in_crop(size=128, margin=1.75):
    """Where the box lies on every crop: centre (both coordinates) and longer side, in crop pixels."""
    return (size - 1) / 2, size / margin


def read_smooth(crops, positions):
    """Pixels between pixels (bilinear) at positions (N, ..., 2), shape i on crop i: float32 (N, ...)."""
    n, height, width = crops.shape
    shape, positions = positions.shape[:-1], positions.reshape(n, -1, 2)
    x, y = np.clip(positions[..., 0], 0, width - 1.001), np.clip(positions[..., 1], 0, height - 1.001)
    left, top = x.astype(np.int32), y.astype(np.int32)
    u, v = (x - left).astype(np.float32), (y - top).astype(np.float32)
    corner = np.arange(n)[:, None] * (height * width) + top * width + left
    flat = crops.reshape(-1)
    above = flat[corner] * (1 - u) + flat[corner + 1] * u
    below = flat[corner + width] * (1 - u) + flat[corner + width + 1] * u
    return (above * (1 - v) + below * v).reshape(shape)
