"""What the shape models and cascades look at: grey crops, and pixels that move with a shape.

N crops of one size, M shapes; `index` (M,) says which crop each shape lies on, so that several starts share
one crop. Coordinates are crop pixels, x then y, pixel centres at integers. A point outside the crop reads the
nearest pixel of its edge.
"""

import cv2
import numpy as np

from facelm_helpers.faces import crop
from facelm_helpers.landmarks import apply_transform, mirror, similarity, tight_boxes


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


def training_crops(faces, size=128, margin=1.75, sigma=1.0, mirrored=True):
    """Grey crops round the tight boxes of labelled faces, then (if wanted) their mirror images.

    Returns
    -------
    crops : (N or 2N, size, size) uint8 array
    points : (N or 2N, 68, 2) float64 array
        In crop pixels.
    """
    crops, transforms = grey_crops(faces.images, tight_boxes(faces.points), size, margin, sigma)
    points = apply_transform(transforms, faces.points)
    if not mirrored:
        return crops, points
    return np.concatenate([crops, crops[:, :, ::-1]]), np.concatenate([points, mirror(points, size)])


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

    A vector v of the mean shape's frame is A v in the picture.
    """
    return similarity(mean, S)[:, :, :2].astype(np.float32)


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


def pose_indexed(crops, index, S, A, places, mean):
    """Pixels tied to the whole shape's pose (Dollar et al., 2010): `places` (P, 2) of the mean's frame."""
    middle = S.mean(axis=1, keepdims=True).astype(np.float32)
    return read(crops, index, middle + (places - mean.mean(axis=0)) @ A.transpose(0, 2, 1))


def nearest_landmarks(places, mean):
    """Each place (P, 2) as its nearest landmark (P,) and the offset from it (P, 2) float32."""
    distance = np.linalg.norm(places[:, None] - mean, axis=2)
    anchors = distance.argmin(axis=1)
    return anchors, (places - mean[anchors]).astype(np.float32)
