"""Pixels that move with a shape: what the regressors of a cascade look at.

N crops of one size, M shapes; `index` (M,) says which crop each shape lies on, so that several starts share
one crop. Coordinates are crop pixels, x then y, pixel centres at integers. A point outside the crop reads the
nearest pixel of its edge.
"""

import numpy as np


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
