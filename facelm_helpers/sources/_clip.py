"""A short clip of a made-up face that looks about, blinks, yawns and nods off, annotated exactly."""

import cv2
import numpy as np

from facelm_helpers.faces import FaceSet
from facelm_helpers.geometry import apply_transform, eye_aspect_ratio, mouth_aspect_ratio, yaw
from facelm_helpers.sources import _disturb
from facelm_helpers.sources._face_model import load_face_model, open_lids_and_lips

FRONTAL = 0.6  # |yaw| of the rows of the face model that are learnt from
OPEN, SHUT, CLOSED, YAWN = 0.29, 0.1, 0.04, 0.75  # aspect ratios of the eyes, of the mouth
TURN = 0.45  # of `geometry.yaw`, to each side
BLINK, NOD, GAPE = 0.2, 1.0, 2.0  # seconds: of a blink, a microsleep, a yawn
EASE = 0.08  # seconds in which lids fall or rise; lips take four times as long
SWAY = 0.01  # of the picture's side
ZOOM = 1.1


def clip(seconds=12.0, rate=25, seed=0, size=192, noise=3.0):
    """A clip of a face of the face model: nobody, and no download.

    The head turns slowly to both sides; the eyes blink every few seconds; a yawn comes in the middle, a
    microsleep near the end. Shape and texture follow pose and expression linearly, as least squares over the
    model's rows have it: a closed lid is not just an eye pressed flat.

    Parameters
    ----------
    seconds : float
        At least 8, so that everything has its place.
    rate : float
        Frames a second.
    seed : int
        Of when the eyes blink, and of the noise.
    size : int
        Side of the pictures, pixels.
    noise : float
        Standard deviation of the camera's noise, grey levels.

    Returns
    -------
    FaceSet
        T frames of one person. Attributes: "time" (seconds), "closed_eyes" and "yawning" (bool).

    Raises
    ------
    ValueError
        For a number that makes no sense.

    Examples
    --------
    >>> film = clip(seconds=8, rate=5, size=64)
    >>> film.images.shape, bool(film.attributes["yawning"].any())
    ((40, 64, 64, 3), True)
    """
    if not 8 <= seconds <= 120 or not 2 <= rate <= 120:
        raise ValueError(f"a clip of {seconds} s at {rate} frames a second: wanted 8 to 120 s at 2 to 120")
    if not isinstance(size, (int, np.integer)) or not 32 <= size <= 512:
        raise ValueError(f"size is {size!r}: wanted the side of the pictures, a whole number from 32 to 512")
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    shut, gape = _script(time, seconds, rng)
    turned = TURN * np.sin(2 * np.pi * time / 6) * np.clip(time / 2 - 0.5, 0, 1)  # looks ahead at first
    states = np.stack([turned, OPEN + shut * (SHUT - OPEN), CLOSED + gape * (YAWN - CLOSED)], axis=1)
    shapes, textures = _person(states, rng)
    ground = _disturb.background(np.random.default_rng([seed, 1]), size)
    images = np.empty((len(time), size, size, 3), np.uint8)
    points = np.empty((len(time), 68, 2), np.float32)
    for t in range(len(time)):
        sway = SWAY * size * np.sin(2 * np.pi * time[t] / 5 + np.array([0, 1.0]))
        zoom = ZOOM * size / load_face_model().size
        transform = np.column_stack([zoom * np.eye(2), (size - 1) / 2 * (1 - ZOOM) + sway])
        picture = load_face_model().render(shapes[t], textures(t), size, transform, ground)
        grain = rng.normal(0, noise, picture.shape) if noise else 0.0
        images[t] = np.clip(np.rint(picture + grain), 0, 255)
        points[t] = apply_transform(transform, shapes[t])
    closed, open_mouth = shut > 0.5, gape > 0.5
    attributes = {"time": time.astype(np.float32), "closed_eyes": closed, "yawning": open_mouth}
    return FaceSet(images, points, persons=np.zeros(len(time), int), attributes=attributes)


def _person(states, rng):
    """Shapes (T, 68, 2) of one person at yaw and aspect ratios (T, 3), and a function t -> texture."""
    model = load_face_model()
    rows = open_lids_and_lips(model.shape(model.rows_shape))
    known = np.stack([yaw(rows), eye_aspect_ratio(rows), mouth_aspect_ratio(rows)], axis=1)
    frontal = np.abs(known[:, 0]) < FRONTAL
    both = np.concatenate([model.rows_shape, model.rows_texture], axis=1)
    linear, *_ = np.linalg.lstsq(_with_one(known[frontal]), both[frontal], rcond=None)
    split = model.rows_shape.shape[1]
    own = rng.normal(0, 0.3, both.shape[1]) * (np.arange(both.shape[1]) % split >= 3)  # not the pose
    found = _with_one(states) @ linear + own
    shapes = _opened(open_lids_and_lips(model.shape(found[:, :split])), *states[:, 1:].T)
    # textures are slow to make and linear in the state: one at rest, and one at each end
    rest = np.array([0, OPEN, CLOSED])
    ends = np.array([[TURN, OPEN, CLOSED], [0, SHUT, CLOSED], [0, OPEN, YAWN]])
    made = _with_one(np.concatenate([rest[None], ends])) @ linear + own
    first, *others = (np.float32(model.texture(c[split:])) for c in made)
    steps = [other - first for other in others]
    for step, (mask, rim) in zip(steps[1:], _masks(model), strict=True):
        step -= step[rim].mean(axis=0)
        step *= mask[..., None]
    shares = (states - rest) / np.diag(ends - rest)

    def texture(t):
        mixed = first + sum(share * step for share, step in zip(shares[t], steps, strict=True))
        return np.uint8(np.clip(np.rint(mixed), 0, 255))

    return shapes, texture


def _masks(model):
    """Where lids, and lips, may change the texture, (size, size) in 0..1, and the skin round them.

    Rows with closed eyes differ in other ways too, such as the colour of the skin: a blink must not.
    """
    place, size, found = model.mean_shape, model.size, []
    for groups, grow in (((place[36:42], place[42:48]), 0.07), ((place[48:60],), 0.06)):
        inner = np.zeros((size, size), np.float32)
        for points in groups:
            cv2.fillConvexPoly(inner, cv2.convexHull(np.rint(points).astype(np.int32)), 1.0)
        wide = 2 * round(grow * size) + 1
        outer = cv2.dilate(inner, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wide, wide)))
        found.append((cv2.GaussianBlur(outer, (0, 0), 0.02 * size), (outer > 0) & (inner == 0)))
    return found


def _with_one(states):
    return np.column_stack([np.ones(len(states)), states])


def _script(time, seconds, rng):
    """How far the eyes are shut and the mouth gapes, (T,) each, 0..1."""
    middle, last = 0.5 * seconds, 0.82 * seconds
    shut = _bump(time, last, last + NOD, EASE)
    gape = _bump(time, middle - GAPE / 2, middle + GAPE / 2, 4 * EASE)
    start = rng.uniform(0.8, 1.4)
    while start < seconds - 1:
        if abs(start - middle) > GAPE / 2 + 0.3 and not last - 0.5 < start < last + NOD + 0.3:
            shut = np.maximum(shut, _bump(time, start, start + BLINK, EASE))
        start += rng.uniform(1.6, 2.8)
    return shut, gape


def _bump(time, start, end, ease):
    """1 from start to end, 0 elsewhere, with soft steps between."""
    rise = np.clip((time - start) / ease + 0.5, 0, 1)
    fall = np.clip((end - time) / ease + 0.5, 0, 1)
    both = np.minimum(rise, fall)
    return both * both * (3 - 2 * both)


def _opened(shapes, eyes, mouth):
    """Shapes whose lids and inner lips have the wanted aspect ratios."""
    shapes = shapes.copy()
    pairs = (
        (eyes / np.maximum(eye_aspect_ratio(shapes), 1e-3), (37, 38, 43, 44), (41, 40, 47, 46)),
        (mouth / np.maximum(mouth_aspect_ratio(shapes), 1e-3), (61, 62, 63), (67, 66, 65)),
    )
    for factor, upper, lower in pairs:
        factor = np.clip(factor, 0.2, 2.0)[:, None, None]
        middle = (shapes[:, upper] + shapes[:, lower]) / 2
        half = (shapes[:, lower] - shapes[:, upper]) / 2 * factor
        shapes[:, upper], shapes[:, lower] = middle - half, middle + half
    return shapes
