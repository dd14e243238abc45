"""Drawings with exact points, for tests that need no data: faces that can be aligned, and a dot to follow."""

import cv2
import numpy as np

from facelm_helpers.faces import FaceSet

_turn = np.linspace(np.pi, 0, 17)
_eye = np.array([[-1, 0], [-0.4, -0.5], [0.4, -0.5], [1, 0], [0.4, 0.5], [-0.4, 0.5]]) * 0.16
_lips = np.linspace(np.pi, -np.pi, 13)[:-1]
_inner = np.linspace(np.pi, -np.pi, 9)[:-1]
_brow = np.stack([np.linspace(-0.25, 0.25, 5), -0.08 * np.cos(np.linspace(-1.5, 1.5, 5))], axis=1)
FRONTAL = np.concatenate([
    np.stack([np.cos(_turn), np.sin(_turn) * 1.2 - 0.2], axis=1),
    _brow + (-0.5, -0.5), _brow + (0.5, -0.5),
    np.stack([np.zeros(4), np.linspace(-0.3, 0.15, 4)], axis=1),
    np.stack([np.linspace(-0.2, 0.2, 5), [0.25, 0.28, 0.3, 0.28, 0.25]], axis=1),
    _eye + (-0.45, -0.28), _eye + (0.45, -0.28),
    np.stack([0.4 * np.cos(_lips), 0.6 - 0.15 * np.sin(_lips)], axis=1),
    np.stack([0.3 * np.cos(_inner), 0.6 - 0.06 * np.sin(_inner)], axis=1),
])  # fmt: skip


def drawn_faces(n, seed=0, size=120):
    """A FaceSet of n drawings of size x size pixels; they differ in place, tilt, size and proportions."""
    rng = np.random.default_rng(seed)
    images, points = np.empty((n, size, size, 3), np.uint8), np.empty((n, 68, 2))
    for i in range(n):
        angle, scale = rng.normal() * 0.2, size * 0.25 * np.exp(rng.normal() * 0.1)
        turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        longer = FRONTAL * (1, np.exp(rng.normal() * 0.1))
        points[i] = longer @ turn.T + size / 2 + rng.normal(size=2) * size * 0.03
        images[i] = draw(points[i], size, rng)
    return FaceSet(images, points)


def draw(shape, size, rng):
    image = np.full((size, size, 3), rng.integers(120, 200), np.uint8)
    whole = np.rint(shape * 16).astype(np.int32)  # four bits of a pixel's fraction
    skin, ink = [int(v) for v in rng.integers(200, 255, 3)], [int(v) for v in rng.integers(0, 60, 3)]
    cv2.fillPoly(image, [np.concatenate([whole[:17], whole[26:16:-1]])], skin, cv2.LINE_AA, 4)
    for part in (slice(36, 42), slice(42, 48), slice(48, 60)):
        cv2.fillPoly(image, [whole[part]], ink, cv2.LINE_AA, 4)
    for part in (slice(17, 22), slice(22, 27), slice(27, 31), slice(31, 36)):
        cv2.polylines(image, [whole[part]], False, ink, 2, cv2.LINE_AA, 4)
    return image


def dot(x, y, width=200, height=150, sd=2.0):
    """A soft white dot on black."""
    grid_y, grid_x = np.mgrid[:height, :width]
    value = 255 * np.exp(-((grid_x - x) ** 2 + (grid_y - y) ** 2) / (2 * sd**2))
    return np.repeat(value.round().astype(np.uint8)[..., None], 3, axis=2)


def centre_of_mass(image):
    weights = image[..., 0].astype(float)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    return np.array([(x * weights).sum(), (y * weights).sum()]) / weights.sum()
