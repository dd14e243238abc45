"""What separates a clean rendering from a photograph: backgrounds, occluders, light, camera.

Every function draws from the generator it is handed, works on one RGB picture, and gives the same bytes on
every machine (see `_exact`); drawing with OpenCV is done in whole sixteenths of a pixel.
"""

from math import sqrt

import cv2
import numpy as np

from facelm_helpers.sources._exact import blur, field, normal, on_grid, resize, to_bytes, uniform

_NOISE_SIDE = 320
_TURNS = np.radians(np.arange(0, 360, 15))
_CIRCLE = on_grid(np.stack([np.cos(_TURNS), np.sin(_TURNS)], axis=1), 12)
_SQUARE = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
_GAMMAS = [on_grid(255 * (np.arange(256) / 255) ** (2 ** (k / 8)), 8) for k in range(-8, 9)]  # 1/2 to 2


def _make_noise():
    noise = on_grid(np.random.default_rng(68).standard_normal((_NOISE_SIDE, _NOISE_SIDE, 3)), 5)
    # cameras and JPEG leave noise that is not quite white; the blurred part gets its standard deviation back
    return on_grid(noise * 0.5 + blur(noise, 1.0) * 2.5, 6).astype(np.float32)


_NOISE = _make_noise()


def _noise_patch(rng, size):
    if size > _NOISE_SIDE:
        return np.tile(_NOISE, (2, 2, 1))[:size, :size]
    y, x = rng.integers(0, _NOISE_SIDE - size + 1, 2)
    return _NOISE[y : y + size, x : x + size]


def random_colour(rng, low=10, high=245):
    """A colour as (3,) float64: of any brightness, seldom of strong hue."""
    grey = uniform(rng, low, high)
    return np.clip(np.rint(grey + normal(rng, 3) * rng.choice([5, 12, 35])), 0, 255)


def lay_over(behind, picture, opacity):
    """A picture on a background, by its opacity (H, W) uint8, which is softened.

    Returns
    -------
    (H, W, 3) uint8 array
    """
    soft = cv2.sepFilter2D(opacity, cv2.CV_32F, _SOFT, _SOFT) * np.float32(1 / 255)
    return to_bytes(behind + (picture.astype(np.float32) - behind) * cv2.merge([soft, soft, soft]))


_SOFT = np.float32([0.25, 0.5, 0.25])


def background(rng, size):
    """A made-up background: soft fields of colour, shapes of a room or a street out of focus, a plain wall.

    Returns
    -------
    (size, size, 3) uint8 array
    """
    kind = rng.random()
    first, second = random_colour(rng), random_colour(rng)
    if kind < 0.25:  # a plain wall, lit from somewhere
        picture = _field(rng, size, 2, first, np.clip(first + normal(rng, 3) * 14, 0, 255))
    elif kind < 0.6:  # soft fields
        picture = _field(rng, size, int(rng.integers(3, 9)), first, second)
    else:  # straight things out of focus
        picture = np.rint(_field(rng, size, 2, first, second))
        for _ in range(int(rng.integers(3, 12))):
            _straight_thing(rng, picture, np.rint(random_colour(rng) * 0.5 + first * 0.5))
        sigma = rng.choice([0.0, 1.5, 4.0])
        if sigma:
            picture = blur(picture, float(sigma))
    if rng.random() < 0.4:  # foliage, cloth, plaster
        grain = np.zeros((size, size), np.float32)
        for cells in (size // 16, size // 8, size // 3):
            grain += resize(np.ascontiguousarray(_noise_patch(rng, max(4, cells))[..., 0]), size)
        tint = (8 + 2 * normal(rng, 3)) * uniform(rng, 0.4, 2.2)
        picture += cv2.merge([grain * np.float32(strength) for strength in tint])
    return to_bytes(picture)


def _field(rng, size, cells, first, second):
    mix = rng.random((cells, cells, 1))
    return field(first * mix + second * (1 - mix) + 6 * normal(rng, (cells, cells, 3)), size, cubic=True)


def _straight_thing(rng, picture, colour):
    size = len(picture)
    x, y = rng.integers(-size // 4, size, 2)
    wide, high = rng.integers(2, size // 2, 2)
    if rng.random() < 0.5:
        wide, high = (max(2, wide // 8), size) if rng.random() < 0.5 else (size, max(2, high // 8))
    cv2.rectangle(picture, (int(x), int(y)), (int(x + wide), int(y + high)), colour.tolist(), -1)


def glasses(rng, picture, points):
    """Draw spectacles or sunglasses over the eyes, in place.

    Parameters
    ----------
    picture : (H, W, 3) uint8 array
    points : (68, 2) array

    Returns
    -------
    (H, W) uint8 array or None
        Not 0 behind dark glasses; None for eyes too near each other to wear any.
    """
    points = points.astype(np.float64)
    covered = np.zeros(picture.shape[:2], np.uint8)
    left, right = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    between = right - left
    span = _length(between)
    if span < 6:
        return None
    widths = [_length(points[39] - points[36]), _length(points[45] - points[42])]
    height = uniform(rng, 0.24, 0.36) * _length(points[27] - points[33]) * 1.6
    form = _CIRCLE if rng.random() < 0.6 else _SQUARE
    colour = (random_colour(rng, 5, 60) if rng.random() < 0.8 else np.array([150, 120, 70.0])).tolist()
    thick = int(rng.choice([1, 1, 2])) * max(1, round(len(picture) / 128))
    dark = rng.random() < 0.3
    rims = []
    for centre, width in ((left, widths[0]), (right, widths[1])):
        centre = centre + (points[33] - points[27]) * 0.05
        axes = max(width * uniform(rng, 0.78, 0.9), 2.0), max(height * uniform(rng, 0.75, 0.95), 3.0)
        rims.append(_sixteenths(_turned(form * axes, between / span) + centre))
    if dark:
        layer = picture.copy()
        cv2.fillPoly(layer, rims, random_colour(rng, 0, 50).tolist(), cv2.LINE_AA, 4)
        glass, through = np.float32(uniform(rng, 0.75, 0.97)), np.float32(uniform(rng, 0.03, 0.1))
        picture[:] = to_bytes(layer * glass + picture * through)
        cv2.fillPoly(covered, rims, 255, cv2.LINE_8, 4)
    cv2.polylines(picture, rims, True, colour, thick, cv2.LINE_AA, 4)
    bridge = [left + between * 0.34, left + between * 0.66]
    temples = [left - between * 0.42, points[0]], [right + between * 0.42, points[16]]
    for line in (bridge, *temples):
        cv2.polylines(picture, [_sixteenths(line)], False, colour, thick, cv2.LINE_AA, 4)
    return covered


def _length(vector):
    return sqrt(vector[0] * vector[0] + vector[1] * vector[1])


def _turned(outline, direction):
    """An outline (K, 2) turned so that its x axis points along a unit vector."""
    cos, sin = direction
    return outline[:, :1] * (cos, sin) + outline[:, 1:] * (-sin, cos)


def _direction(t):
    """The unit vector whose angle has half the tangent t, without a cosine."""
    return (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)


def _sixteenths(outline):
    return np.rint(np.asarray(outline) * 16).astype(np.int32)


def occluder(rng, picture, points):
    """Occlude part of the face, in place: fingers, a scarf, a microphone, the edge of an object.

    Parameters
    ----------
    picture : (H, W, 3) uint8 array
    points : (68, 2) array

    Returns
    -------
    (H, W) uint8 array
        Its opacity.
    """
    points = points.astype(np.float64)
    size = len(picture)
    low, high = points.min(axis=0), points.max(axis=0)
    side = float(max(high - low))
    mask = np.zeros((size, size), np.uint8)
    kind = rng.random()
    colour = random_colour(rng)
    if kind < 0.3:  # fingers
        cheek = points[[2, 4, 6, 8, 10, 12, 14]][rng.integers(7)]
        skin = picture[tuple(np.clip(np.rint(points[30][::-1]), 0, size - 1).astype(int))].astype(np.float64)
        colour = np.clip(skin * uniform(rng, 0.75, 1.1), 0, 255)
        along = np.array(_direction(uniform(rng, -0.7, 0.7)))
        for k in range(int(rng.integers(1, 5))):
            finger = _turned(_CIRCLE * (side * 0.065, side * uniform(rng, 0.25, 0.38)), along)
            _fill(mask, finger + cheek + along * (side * 0.115 * k))
    elif kind < 0.5:  # a scarf or a mask from below
        top = points[[3, 33, 13]] + [[0, 0], [0, uniform(rng, 0.05, 0.35) * side], [0, 0]]
        if rng.random() < 0.5:
            top = top + [0, uniform(rng, 0.15, 0.4) * side]
        _fill(mask, np.concatenate([top, [[high[0] + 5, size + 9], [low[0] - 5, size + 9]]]))
    elif kind < 0.65:  # a microphone
        head = points[8] + normal(rng, 2) * (0.12 * side)
        radius = max(3, round(side * uniform(rng, 0.06, 0.12)))
        colour = random_colour(rng, 10, 70)
        _fill(mask, head + _CIRCLE * radius)
        stick = _sixteenths([head, (head[0] + normal(rng) * 20, size)])
        cv2.polylines(mask, [stick], False, 255, max(2, radius), cv2.LINE_AA, 4)
    else:  # the edge of something, or a patch
        centre = uniform(rng, low, high, 2)
        extent = uniform(rng, 0.2, 0.65, 2) * (side / 2)
        _fill(mask, _turned(_SQUARE * extent, _direction(rng.random())) + centre)
    thing = colour.astype(np.float32) + _noise_patch(rng, size) * np.float32(uniform(rng, 1, 12))
    shade = field(uniform(rng, 0.7, 1.2, (3, 3, 1)), size)
    picture[:] = lay_over(picture, to_bytes(thing * shade), mask)
    return mask


def _fill(mask, outline):
    cv2.fillPoly(mask, [_sixteenths(outline)], 255, cv2.LINE_AA, 4)


def light(rng, picture):
    """Uneven light, a colour cast, and gamma."""
    size = len(picture)
    strength = rng.choice([0.05, 0.2, 0.45], p=[0.45, 0.4, 0.15])
    gain = 1 + strength * uniform(rng, -1, 1, (2, 2, 1)) + normal(rng, 3) * (0.05 * rng.choice([0.4, 1.2]))
    picture = to_bytes(picture * field(np.clip(gain, 0.25, 1.8), size))
    place = min(max(7.3 + 2.5 * float(normal(rng)), 0), 15.999)  # gamma = 2 ** (place / 8 - 1)
    low, share = int(place), place % 1
    table = _GAMMAS[low] * (1 - share) + _GAMMAS[low + 1] * share
    contrast, middle = uniform(rng, 0.9, 1.4), uniform(rng, 80, 130)
    return cv2.LUT(picture, to_bytes((table - middle) * contrast + middle))


def camera(rng, picture):
    """Blur or sharpening, too few pixels, noise, JPEG."""
    size = len(picture)
    kind = rng.random()
    if kind < 0.15:
        picture = blur(picture, int(rng.integers(4, 14)) / 10)
    elif kind < 0.25:
        planes = np.ascontiguousarray(np.moveaxis(picture, 2, 0), dtype=np.float32)
        small = np.rint(resize(planes, round(size * uniform(rng, 0.4, 0.8))))
        picture = cv2.merge([*resize(small, size)])
    elif kind < 0.55:
        more = np.float32(uniform(rng, 0.1, 0.6))
        picture = picture * (1 + more) - blur(picture, 1.2) * more
    sigma = rng.choice([0.8, 2.5, 6.0], p=[0.45, 0.43, 0.12])
    picture = to_bytes(picture + _noise_patch(rng, size) * np.float32(sigma))
    if rng.random() < 0.15:
        quality = int(rng.integers(25, 75))
        _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        picture = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    if rng.random() < 0.04:
        red, green, blue = cv2.split(picture.astype(np.uint16))
        grey = ((77 * red + 150 * green + 29 * blue + 128) >> 8).astype(np.uint8)
        picture = cv2.merge([grey, grey, grey])
    return picture
