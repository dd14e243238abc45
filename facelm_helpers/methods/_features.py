"""What the shape models and cascades look at: grey crops, and pixels that move with a shape.

N crops of one size, M shapes; `index` (M,) says which crop each shape lies on, so that several starts share
one crop. Coordinates are crop pixels, x then y, pixel centres at integers. A point outside the crop reads the
nearest pixel of its edge.
"""

import cv2
import numpy as np

from facelm_helpers.faces import crop
from facelm_helpers.landmarks import apply_transform, mirror, tight_boxes


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


def detector_like(points, rng, shift=0.04, growth=0.08):
    """Boxes as a detector might have set them round known points.

    dlib's detector centres its box on the inner points (brows, eyes, nose, mouth), wherever the jaw is: in a
    frontal face that is a tenth of a side above the middle of the tight box, in a profile also a sixth of a
    side towards the nose. Every box is drawn about one of the two middles, so that what learns in these boxes
    does not depend on either habit.

    Parameters
    ----------
    points : (N, 68, 2) array
    rng : numpy.random.Generator
    shift, growth : float
        Standard deviations of the place, in sides of the tight box, and of the logarithm of the size.

    Returns
    -------
    (N, 4) float32 array

    Examples
    --------
    >>> shape = np.random.default_rng(0).uniform(10, 50, (1, 68, 2))
    >>> detector_like(shape, np.random.default_rng(0)).shape
    (1, 4)
    """
    points = np.asarray(points, np.float64)
    tight = tight_boxes(points).astype(np.float64)
    n, side = len(points), (tight[:, 2:] - tight[:, :2]).max(axis=1, keepdims=True)
    inner, whole = points[:, 17:].mean(axis=1), (tight[:, :2] + tight[:, 2:]) / 2
    middle = np.where(rng.random((n, 1)) < 0.5, inner, whole)
    middle = middle + rng.normal(0, shift, (n, 2)) * side
    half = side * np.exp(rng.normal(0.02, growth, (n, 1))) / 2
    return np.concatenate([middle - half, middle + half], axis=1).astype(np.float32)


def box_in_crop(size=128, margin=1.75):
    """Where the box lies on every crop: centre (both coordinates) and longer side, in crop pixels."""
    return (size - 1) / 2, size / margin


def mean_in_box(points, size=128, margin=1.75):
    """The mean shape in crop pixels, from shapes on crops round their tight boxes.

    Returns
    -------
    (68, 2) float32 array
    """
    return np.asarray(points).mean(axis=0).astype(np.float32)


def frames(S, mean):
    """How each shape is turned and scaled: the linear part A (M, 2, 2) of the similarity mean -> shape.

    A vector v of the mean shape's frame is A v in the picture. As complex numbers z and m of the centred
    shapes it is one product, sum(conj(m) z) / sum(|m|^2).
    """
    m = np.asarray(mean - mean.mean(axis=0), np.float32)
    m = np.stack([m, np.stack([-m[:, 1], m[:, 0]], axis=1)]).reshape(2, -1) / (m**2).sum()
    a, b = m @ np.asarray(S, np.float32).reshape(-1, m.shape[1]).T
    return np.stack([a, -b, b, a], axis=1).reshape(-1, 2, 2)


def read(crops, index, positions):
    """The nearest pixels to positions (M, P, 2) on crops[index]: (M, P) uint8."""
    height, width = crops.shape[1:]
    x = np.clip(np.rint(positions[..., 0]), 0, width - 1).astype(np.int32)
    y = np.clip(np.rint(positions[..., 1]), 0, height - 1).astype(np.int32)
    flat = np.asarray(index, np.int64)[:, None] * (height * width) + (y * width + x)
    return crops.reshape(-1)[flat]


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


def shape_indexed(crops, index, S, A, anchors, offsets):
    """Pixels tied to landmarks (Cao et al., 2012): landmark `anchors` (P,) plus A times `offsets` (P, 2).

    Returns
    -------
    (M, P) uint8 array
    """
    return read(crops, index, S[:, anchors].astype(np.float32) + offsets @ A.transpose(0, 2, 1))


def pixel_rows(crops, index, S, A, anchors, offsets):
    """The pixels of `shape_indexed`, a row a pixel, wide enough for differences: (P, M) int16."""
    pixels = shape_indexed(crops, index, S, A, anchors, np.asarray(offsets, np.float32))
    return np.ascontiguousarray(pixels.T).astype(np.int16)


def pose_indexed(crops, index, S, A, places, mean):
    """Pixels tied to the whole shape's pose (Dollar et al., 2010): `places` (P, 2) of the mean's frame."""
    # the same sum as S.mean(axis=1), in a quarter of the time
    middle = (np.einsum("mkc->mc", S)[:, None] / S.shape[1]).astype(np.float32)
    return read(crops, index, middle + (places - mean.mean(axis=0)) @ A.transpose(0, 2, 1))


def random_places(mean, n, reach, rng):
    """Places (n, 2) drawn evenly over the mean shape's box, ``reach`` of its sides wider on each side."""
    low, high = mean.min(axis=0), mean.max(axis=0)
    spread = reach * (high - low)
    return rng.uniform(low - spread, high + spread, (n, 2))


def nearest_landmarks(places, mean):
    """Each place (P, 2) as its nearest landmark (P,) and the offset from it (P, 2) float32."""
    distance = np.linalg.norm(places[:, None] - mean, axis=2)
    anchors = distance.argmin(axis=1)
    return anchors, (places - mean[anchors]).astype(np.float32)
