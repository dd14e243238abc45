"""The default faces: samples of a generative face model, labelled exactly, showing nobody, no download.

A sample takes a row of the model (a blend of people, shape and texture together), mixes in a neighbour of
the same pose, adds Gaussian noise to shape and texture, warps the texture onto the shape, and then disturbs
the picture: a new background, spectacles or another occluder, light, blur, noise. Every step is exact (see
`_exact`), so a seed gives the same bytes on every x86-64 and arm64 Linux; only the turning of a head by its
3D face, where it is asked for, may differ in a last digit.
"""

from functools import lru_cache

import numpy as np
from tqdm.auto import tqdm

from facelm_helpers import face3d
from facelm_helpers.faces import FaceSet
from facelm_helpers.geometry import apply_transform, eye_aspect_ratio, mouth_aspect_ratio
from facelm_helpers.geometry import yaw as geometry_yaw
from facelm_helpers.landmarks import MIRROR, mirror
from facelm_helpers.sources import _disturb
from facelm_helpers.sources._clip import clip
from facelm_helpers.sources._exact import normal, on_grid, uniform
from facelm_helpers.sources._face_model import FaceModel, load_face_model, open_lids_and_lips
from facelm_helpers.sources._turning_head import turning_head
from facelm_helpers.sources._warp import look_up

__all__ = [
    "EXPRESSIONS", "FaceModel", "POSES", "clip", "load", "load_face_model", "sample", "turning_head",
]  # fmt: skip

POSES = {"frontal": (0.0, 0.2), "half": (0.2, 0.5), "profile": (0.5, 1.0)}  # |yaw| from, to
EXPRESSIONS = ("neutral", "open mouth", "closed eyes")
OPEN_MOUTH, CLOSED_EYES = 0.3, 0.17  # aspect ratios above, below which
HIDDEN = 3.0  # canvas pixels: where a point shows a place so far off, a nearer part of the face hides it
# Samples whose textures are computed together; always whole, so that sample i is the same for every n.
BLOCK = 64


def load(
    root=None,
    n=2000,
    seed=0,
    size=128,
    yaw=None,
    turn=None,
    expression=None,
    occlusion=True,
    background=True,
    disturb=True,
    progress=True,
):
    """Draw n labelled faces.

    Parameters
    ----------
    root : None
        Unused: the face model ships with the course.
    n : int
    seed : int
        The same seed gives the same faces; face i does not depend on n.
    size : int
        Side of the pictures in pixels.
    yaw : (low, high), optional
        Only heads turned so far to either side, as `geometry.yaw` measures it: 0 looks ahead, 1 is a profile
        (`POSES` names some ranges). Of the blend that a face starts from; the face differs a little. The
        face model learnt from pictures of heads up to about 60 degrees.
    turn : (low, high), optional
        Turn each head further by so many degrees, drawn evenly, by its 3D fit (`face3d.turned`): to the side
        that it looks to, or to either if that is ahead, and to 90 degrees at most. Its jaw is "mixed" then.
    expression : str, optional
        Only "neutral", "open mouth" or "closed eyes". By default all there are.
    occlusion : bool
        Spectacles and other occluders on some of the faces.
    background : bool
        Made-up backgrounds; otherwise plain grey.
    disturb : bool
        Light, blur and noise.
    progress : bool
        Show a progress bar.

    Returns
    -------
    FaceSet
        Images (n, size, size, 3); `persons` is the row of the face model that the face started from.
        Attributes: "yaw" (float); "open_mouth", "closed_eyes", "spectacles" (drawn ones; bool); "occluded"
        (n, 68) bool, the points behind an occluder, dark glasses or a nearer part of the face.

    Raises
    ------
    ValueError
        For an unknown expression or a number that makes no sense; for a face model that is altered.
    FileNotFoundError
        If the face model is not there.

    Examples
    --------
    >>> faces = load(n=2, seed=0, progress=False)
    >>> faces.images.shape, faces.points.shape
    ((2, 128, 128, 3), (2, 68, 2))
    """
    if not isinstance(n, (int, np.integer)) or n < 1:
        raise ValueError(f"n is {n!r}: wanted the number of faces, a whole number of at least 1")
    if not isinstance(size, (int, np.integer)) or not 32 <= size <= 512:
        raise ValueError(f"size is {size!r}: wanted the side of the pictures, a whole number from 32 to 512")
    candidates, turn = _candidates(_checked(yaw), expression), _checked_turn(turn)
    images, points = np.empty((n, size, size, 3), np.uint8), np.empty((n, 68, 2), np.float32)
    rows, spectacles, occluded = np.empty(n, int), np.zeros(n, bool), np.zeros((n, 68), bool)
    with tqdm(total=int(n), desc="faces", unit="face", disable=not progress) as bar:
        for start in range(0, n, BLOCK):
            stop = min(start + BLOCK, n)
            part = _block(start, stop, seed, size, candidates, turn, occlusion, background, disturb)
            for whole, some in zip((images, points, rows, spectacles, occluded), part, strict=True):
                whole[start:stop] = some
            bar.update(stop - start)
    attributes = {"yaw": geometry_yaw(points).astype(np.float32), "spectacles": spectacles}
    attributes |= {"open_mouth": mouth_aspect_ratio(points) > OPEN_MOUTH}
    attributes |= {"closed_eyes": eye_aspect_ratio(points) < CLOSED_EYES, "occluded": occluded}
    return FaceSet(images, points, persons=rows, attributes=attributes)


def sample(n, seed=0, **options):
    """`load` without the progress bar: for a handful of faces in a lesson.

    Examples
    --------
    >>> len(sample(3, seed=1, yaw=POSES["profile"]))
    3
    """
    return load(n=n, seed=seed, progress=False, **options)


def _block(start, stop, seed, size, candidates, turn, occlusion, background, disturb):
    model = load_face_model()
    generators = [np.random.default_rng([seed, i]) for i in range(start, start + BLOCK)]
    drawn = [_draw(rng, model, candidates, size) for rng in generators]
    rows, b, c, transforms = (np.array(values) for values in zip(*drawn, strict=True))
    shapes = open_lids_and_lips(model.shape(b))
    textures = model.texture_vectors(c)
    count = stop - start
    flows = model.warp.from_canvas(shapes[:count], transforms[:count], size)
    images = np.empty((count, size, size, 3), np.uint8)
    points = on_grid(apply_transform(transforms[:count], shapes[:count]), 8).astype(np.float32)
    spectacles, occluded = np.zeros(count, bool), np.zeros((count, 68), bool)
    for k, flow in enumerate(flows):
        rng = generators[k]
        picture = look_up(model.layout.read(textures[k]), flow)
        x, y = np.clip(np.rint(points[k]).astype(int), 0, size - 1).T
        occluded[k] = (np.abs(flow[y, x] - model.mean_shape) > HIDDEN).any(axis=1)
        if turn:
            more = np.random.default_rng([seed, start + k, 1])
            picture, points[k], gone = _turn(picture, points[k], more, turn)
            occluded[k] |= gone
            x, y = np.clip(np.rint(points[k]).astype(int), 0, size - 1).T
        behind = _disturb.background(rng, size) if background else np.full((size, size, 3), 128, np.uint8)
        picture = _disturb.lay_over(behind, picture[..., :3], picture[..., 3])
        if occlusion:
            spectacles[k], cover = _occlude(rng, picture, points[k])
            occluded[k] |= cover[y, x] > 127
        images[k] = _disturb.camera(rng, _disturb.light(rng, picture)) if disturb else picture
        if rng.random() < 0.5:
            images[k], points[k] = images[k, :, ::-1], mirror(points[k], size)
            occluded[k] = occluded[k, MIRROR]
    return images, points, rows[:count], spectacles, occluded


def _checked(yaw):
    """A range of |yaw| as two floats, or a ValueError."""
    try:
        low, high = (float(value) for value in ((0, 1) if yaw is None else yaw))
    except (TypeError, ValueError):
        low, high = 1, 0
    if not 0 <= low < high <= 1:
        raise ValueError(f"yaw is {yaw!r}: wanted (low, high) with 0 <= low < high <= 1, or None")
    return low, high


def _checked_turn(turn):
    """A range of degrees as two floats, None for no turning, or a ValueError."""
    if turn is None:
        return None
    try:
        low, high = (float(value) for value in turn)
    except (TypeError, ValueError):
        low, high = 1, 0
    if not 0 <= low <= high <= 90:
        raise ValueError(f"turn is {turn!r}: wanted (low, high) degrees with 0 <= low <= high <= 90, or None")
    return low, high


def _turn(picture, points, rng, turn):
    """A picture turned with its points, and which of them are hidden by a nearer part then, (68,)."""
    fitted, (more, side) = face3d.fit_annotated(points), rng.random(2)
    new = face3d.further(fitted.degrees[0, 1], turn[0] + more * (turn[1] - turn[0]), side)
    found = face3d.turned(points, new, picture.shape[:2], "mixed", fitted)
    x, y = np.clip(np.rint(found.points).astype(int), 0, len(picture) - 1).T
    gone = (np.abs(found.flow[y, x] - found.before) > HIDDEN).any(axis=1)
    return look_up(picture, found.flow), on_grid(found.points, 8), gone


@lru_cache
def _candidates(yaw, expression):
    """The rows of the model to draw from."""
    model = load_face_model()
    shapes = open_lids_and_lips(model.shape(model.rows_shape))
    turned, lips, lids = np.abs(geometry_yaw(shapes)), mouth_aspect_ratio(shapes), eye_aspect_ratio(shapes)
    expressions = {
        None: lips >= 0,
        "neutral": (lips < 0.15) & (lids > 0.22),
        "open mouth": lips > OPEN_MOUTH,
        "closed eyes": lids < CLOSED_EYES,
    }
    if expression not in expressions:
        raise ValueError(
            f"no expression called {expression!r}: wanted None or one of {', '.join(EXPRESSIONS)}"
        )
    found = np.flatnonzero((turned >= yaw[0]) & (turned <= yaw[1]) & expressions[expression])
    if len(found) == 0:
        raise ValueError(f"no faces of yaw {yaw} with expression {expression!r}: wanted a wider range")
    return found


def _draw(rng, model, candidates, size):
    """Row, shape and texture coefficients, and the transform canvas -> picture of one face."""
    row = int(rng.choice(candidates))
    other = int(np.clip(row + rng.integers(-6, 7), 0, len(model.rows_shape) - 1))  # rows are sorted by pose
    share = rng.choice([0.0, uniform(rng, 0.1, 0.4)])
    restore = 1 / np.sqrt(np.sqrt((1 - share) ** 2 + share**2))
    b = (1 - share) * model.rows_shape[row] + share * model.rows_shape[other]
    c = ((1 - share) * model.rows_texture[row] + share * model.rows_texture[other]) * restore
    b = b + normal(rng, len(b)) * np.where(np.arange(len(b)) < 3, 0.12, 0.35)
    c = c + normal(rng, len(c)) * 0.15
    t = 0.061 * normal(rng)  # the tangent of half the angle, which has a standard deviation of 7 degrees
    cos, sin = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    scale = size / model.size * uniform(rng, 1.02, 1.26)
    turn = scale * np.array([[cos, -sin], [sin, cos]])
    middle = (turn[:, 0] + turn[:, 1]) * ((model.size - 1) / 2)  # of the canvas, turned
    shift = (size - 1) / 2 - middle + normal(rng, 2) * (0.02 * size)
    return row, b, c, np.column_stack([turn, shift])


def _occlude(rng, picture, points):
    """Spectacles and other things, in place: whether there are spectacles, and what is covered, (H, W)."""
    spectacles, cover = False, np.zeros(picture.shape[:2], np.uint8)
    if rng.random() < 0.12:
        dark = _disturb.glasses(rng, picture, points)
        if dark is not None:
            spectacles, cover = True, dark
    if rng.random() < 0.12:
        cover = np.maximum(cover, _disturb.occluder(rng, picture, points))
    return spectacles, cover
