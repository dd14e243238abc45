"""What stands between a clean rendering and a photograph: backgrounds, things before the face, light, camera.

Every function draws from the generator it is handed, and works on one RGB uint8 picture.
"""

import cv2
import numpy as np

_NOISE_SIDE = 320


def _make_noise():
    noise = np.random.default_rng(68).standard_normal((_NOISE_SIDE, _NOISE_SIDE, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 1.0)  # cameras and JPEG leave noise that is not quite white
    return noise * 0.5 + soft / soft.std() * 0.7


_NOISE = _make_noise()


def _noise_patch(rng, size):
    if size > _NOISE_SIDE:
        return cv2.resize(_NOISE, (size, size))
    y, x = rng.integers(0, _NOISE_SIDE - size + 1, 2)
    return _NOISE[y : y + size, x : x + size]


def random_colour(rng, low=10, high=245):
    """A colour as (3,) float32: of any brightness, seldom of strong hue."""
    grey = rng.uniform(low, high)
    return np.clip(grey + rng.normal(0, rng.choice([5, 12, 35]), 3), 0, 255).astype(np.float32)


def background(rng, size):
    """A made-up background: soft fields of colour, shapes of a room or a street out of focus, a plain wall.

    Returns
    -------
    (size, size, 3) uint8 array
    """
    kind = rng.random()
    first, second = random_colour(rng), random_colour(rng)
    if kind < 0.25:  # a plain wall, lit from somewhere
        picture = _field(rng, size, 2, (first, np.clip(first + rng.normal(0, 14, 3), 0, 255)))
    elif kind < 0.6:  # soft fields
        picture = _field(rng, size, int(rng.integers(3, 9)), (first, second))
    else:  # straight things out of focus
        picture = _field(rng, size, 2, (first, second))
        for _ in range(int(rng.integers(3, 12))):
            _straight_thing(rng, picture, random_colour(rng) * 0.5 + first * 0.5)
        sigma = rng.choice([0.0, 1.5, 4.0])
        if sigma:
            picture = cv2.GaussianBlur(picture, (0, 0), sigma)
    if rng.random() < 0.4:  # foliage, cloth, plaster
        grain = np.zeros((size, size), np.float32)
        for cells in (size // 16, size // 8, size // 3):
            layer = _noise_patch(rng, max(4, cells))[..., 0]
            grain += cv2.resize(np.ascontiguousarray(layer), (size, size), interpolation=cv2.INTER_LINEAR)
        picture = picture + grain[..., None] * rng.normal(8, 2, 3).astype(np.float32) * rng.uniform(0.4, 2.2)
    return cv2.convertScaleAbs(cv2.max(picture, 0.0))


def _field(rng, size, cells, colours):
    mix = rng.random((cells, cells, 1)).astype(np.float32)
    grid = colours[0] * mix + colours[1] * (1 - mix) + rng.normal(0, 6, (cells, cells, 3))
    picture = cv2.resize(grid.astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(picture)


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
    """
    left, right = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    between = right - left
    span = float(np.linalg.norm(between))
    if span < 6:
        return
    angle = float(np.degrees(np.arctan2(between[1], between[0])))
    widths = [np.linalg.norm(points[39] - points[36]), np.linalg.norm(points[45] - points[42])]
    height = rng.uniform(0.24, 0.36) * np.linalg.norm(points[27] - points[33]) * 1.6
    round_lens = rng.random() < 0.6
    colour = (random_colour(rng, 5, 60) if rng.random() < 0.8 else np.array([150, 120, 70.0])).tolist()
    thick = int(rng.choice([1, 1, 2])) * max(1, round(len(picture) / 128))
    dark = rng.random() < 0.3
    layer = picture.copy()
    rims = []
    for centre, width in ((left, widths[0]), (right, widths[1])):
        centre = centre + (points[33] - points[27]) * 0.05
        axes = (max(width * rng.uniform(0.78, 0.9), 2.0), max(height * rng.uniform(0.75, 0.95), 3.0))
        box = (tuple(map(float, centre)), (2 * axes[0], 2 * axes[1]), angle)
        outline = cv2.ellipse2Poly(
            tuple(int(v) for v in np.rint(centre)), (round(axes[0]), round(axes[1])), round(angle), 0, 360, 15
        )
        rims.append(outline if round_lens else np.rint(cv2.boxPoints(box)).astype(np.int32))
    if dark:
        cv2.fillPoly(layer, rims, random_colour(rng, 0, 50).tolist(), cv2.LINE_AA)
        cv2.addWeighted(layer, rng.uniform(0.75, 0.97), picture, rng.uniform(0.03, 0.1), 0, dst=picture)
    cv2.polylines(picture, rims, True, colour, thick, cv2.LINE_AA)
    bridge = np.rint([left + between * 0.34, left + between * 0.66]).astype(np.int32)
    temples = [np.rint([left - between * 0.42, points[0]]), np.rint([right + between * 0.42, points[16]])]
    for line in (bridge, *temples):
        cv2.polylines(picture, [np.asarray(line, dtype=np.int32)], False, colour, thick, cv2.LINE_AA)


def occluder(rng, picture, points):
    """Put something before the face, in place: a hand-like blob, a scarf, a microphone, the edge of a thing.

    Parameters
    ----------
    picture : (H, W, 3) uint8 array
    points : (68, 2) array
    """
    size = len(picture)
    low, high = points.min(axis=0), points.max(axis=0)
    side = float(max(high - low))
    mask = np.zeros((size, size), np.uint8)
    kind = rng.random()
    colour = random_colour(rng)
    if kind < 0.3:  # fingers
        cheek = points[[2, 4, 6, 8, 10, 12, 14]][rng.integers(7)]
        skin = picture[tuple(np.clip(np.rint(points[30][::-1]), 0, size - 1).astype(int))].astype(np.float32)
        colour = np.clip(skin * rng.uniform(0.75, 1.1), 0, 255)
        angle = rng.uniform(-70, 70)
        across = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        for k in range(int(rng.integers(1, 5))):
            centre = cheek + across * side * 0.115 * k
            axes = (round(side * 0.065), round(side * rng.uniform(0.25, 0.38)))
            cv2.ellipse(mask, tuple(int(v) for v in centre), axes, angle, 0, 360, 255, -1, cv2.LINE_AA)
    elif kind < 0.5:  # a scarf or a mask from below
        top = points[[3, 33, 13]] + [[0, 0], [0, rng.uniform(0.05, 0.35) * side], [0, 0]]
        if rng.random() < 0.5:
            top = top + [0, rng.uniform(0.15, 0.4) * side]
        corners = np.concatenate([top, [[high[0] + 5, size + 9], [low[0] - 5, size + 9]]])
        cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 255, cv2.LINE_AA)
    elif kind < 0.65:  # a microphone
        head = points[8] + rng.normal(0, 0.12 * side, 2)
        radius = max(3, round(side * rng.uniform(0.06, 0.12)))
        colour = random_colour(rng, 10, 70)
        cv2.circle(mask, tuple(int(v) for v in head), radius, 255, -1, cv2.LINE_AA)
        foot = (int(head[0] + rng.normal(0, 20)), size)
        cv2.line(mask, tuple(int(v) for v in head), foot, 255, max(2, radius), cv2.LINE_AA)
    else:  # the edge of something, or a patch
        centre = rng.uniform(low, high)
        extent = rng.uniform(0.2, 0.65, 2) * side
        turned = (tuple(map(float, centre)), tuple(map(float, extent)), float(rng.uniform(0, 90)))
        cv2.fillPoly(mask, [np.rint(cv2.boxPoints(turned)).astype(np.int32)], 255, cv2.LINE_AA)
    texture = colour + _noise_patch(rng, size) * rng.uniform(1, 12)
    shade = cv2.resize(rng.uniform(0.7, 1.2, (3, 3)).astype(np.float32), (size, size))[..., None]
    opacity = cv2.GaussianBlur(mask, (3, 3), 0)[..., None].astype(np.float32) / 255
    picture[:] = np.clip(picture + (texture * shade - picture) * opacity, 0, 255).astype(np.uint8)


def light(rng, picture):
    """Uneven light, a colour cast, and gamma."""
    size = len(picture)
    strength = rng.choice([0.05, 0.2, 0.45], p=[0.45, 0.4, 0.15])
    gain = 1 + strength * rng.uniform(-1, 1, (2, 2, 1)) + rng.normal(0, 0.05, 3) * rng.choice([0.4, 1.6])
    gain = cv2.resize(np.clip(gain, 0.25, 1.8).astype(np.float32), (size, size))
    picture = cv2.multiply(picture, gain, dtype=cv2.CV_8U)
    gamma = np.exp(rng.normal(0, 0.22))
    table = 255 * (np.arange(256) / 255) ** gamma
    contrast, middle = rng.uniform(0.8, 1.15), rng.uniform(100, 150)
    return cv2.LUT(picture, np.clip((table - middle) * contrast + middle, 0, 255).astype(np.uint8))


def camera(rng, picture):
    """Blur or sharpening, too few pixels, noise, JPEG."""
    size = len(picture)
    kind = rng.random()
    if kind < 0.2:
        picture = cv2.GaussianBlur(picture, (7, 7), rng.uniform(0.4, 1.3))
    elif kind < 0.3:
        small = round(size * rng.uniform(0.4, 0.8))
        picture = cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_LINEAR)
    elif kind < 0.85:
        soft = cv2.GaussianBlur(picture, (5, 5), 1.2)
        more = rng.uniform(0.2, 0.8)
        picture = cv2.addWeighted(picture, 1 + more, soft, -more, 0)
    sigma = rng.choice([0.8, 2.5, 6.0], p=[0.45, 0.43, 0.12])
    picture = cv2.add(picture, cv2.multiply(_noise_patch(rng, size), float(sigma)), dtype=cv2.CV_8U)
    if rng.random() < 0.15:
        quality = int(rng.integers(25, 75))
        _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        picture = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    if rng.random() < 0.04:
        picture = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return picture
