"""The default faces: samples of a generative face model, labelled exactly, showing nobody, no download.

A sample takes a row of the model (a blend of people, shape and texture together), mixes in a neighbour of
the same pose, adds Gaussian noise to shape and texture, warps the texture onto the shape, and then disturbs
the picture: a new background, spectacles or another occluder, light, blur, noise. Every step is exact (see
`_exact`), so a seed gives the same bytes on every x86-64 and arm64 Linux.
"""

from functools import lru_cache

import numpy as np
from tqdm.auto import tqdm

from facelm_helpers.faces import FaceSet
from facelm_helpers.geometry import apply_transform, yaw
from facelm_helpers.landmarks import mirror
from facelm_helpers.sources import _disturb
from facelm_helpers.sources._exact import normal, on_grid, uniform
from facelm_helpers.sources._face_model import FaceModel, load_face_model, open_lids_and_lips
from facelm_helpers.sources._warp import look_up

__all__ = ["FaceModel", "POSES", "load", "load_face_model", "sample"]

POSES = {
    "all": (0.0, 1.0),
    "frontal": (0.0, 0.2),
    "half": (0.2, 0.5),
    "profile": (0.5, 1.0),
}  # |yaw| from, to
BLOCK = (
    64  # samples whose textures are computed together; always whole, so that sample i is the same for every n
)


def load(
    root=None,
    n=2000,
    seed=0,
    size=128,
    pose="all",
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
    pose : str
        A key of `POSES`: "all", "frontal", "half", "profile".
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

    Raises
    ------
    ValueError
        For an unknown pose or a number that makes no sense; for a face model that is altered.
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
    images, points, rows = (
        np.empty((n, size, size, 3), np.uint8),
        np.empty((n, 68, 2), np.float32),
        np.empty(n, int),
    )
    with tqdm(total=int(n), desc="faces", unit="face", disable=not progress) as bar:
        for start in range(0, n, BLOCK):
            stop = min(start + BLOCK, n)
            part = _block(start, stop, seed, size, pose, occlusion, background, disturb)
            images[start:stop], points[start:stop], rows[start:stop] = part
            bar.update(stop - start)
    return FaceSet(images, points, persons=rows)


def sample(n, seed=0, **options):
    """`load` without the progress bar: for a handful of faces in a lesson.

    Examples
    --------
    >>> len(sample(3, seed=1, pose="profile"))
    3
    """
    return load(n=n, seed=seed, progress=False, **options)


def _block(start, stop, seed, size, pose, occlusion, background, disturb):
    model = load_face_model()
    candidates = _candidates(pose)
    generators = [np.random.default_rng([seed, i]) for i in range(start, start + BLOCK)]
    drawn = [_draw(rng, model, candidates, size) for rng in generators]
    rows, b, c, transforms = (np.array(values) for values in zip(*drawn, strict=True))
    shapes = open_lids_and_lips(model.shape(b))
    textures = model.texture_vectors(c)
    count = stop - start
    flows = model.warp.from_canvas(shapes[:count], transforms[:count], size)
    images = np.empty((count, size, size, 3), np.uint8)
    points = on_grid(apply_transform(transforms[:count], shapes[:count]), 8).astype(np.float32)
    for k, flow in enumerate(flows):
        rng = generators[k]
        picture = look_up(model.layout.read(textures[k]), flow)
        behind = _disturb.background(rng, size) if background else np.full((size, size, 3), 128, np.uint8)
        images[k] = _finish(rng, picture, behind, points[k], occlusion, disturb)
        if rng.random() < 0.5:
            images[k], points[k] = images[k, :, ::-1], mirror(points[k], size)
    return images, points, rows[:count]


@lru_cache
def _candidates(pose):
    if pose not in POSES:
        raise ValueError(f"no pose called {pose!r}: wanted one of {', '.join(POSES)}")
    low, high = POSES[pose]
    model = load_face_model()
    turned = np.abs(yaw(model.shape(model.rows_shape)))
    return np.flatnonzero((turned >= low) & (turned <= high))


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


def _finish(rng, picture, behind, points, occlusion, disturb):
    """The rendering on its background, with what the world adds."""
    picture = _disturb.lay_over(behind, picture[..., :3], picture[..., 3])
    if occlusion:
        if rng.random() < 0.12:
            _disturb.glasses(rng, picture, points)
        if rng.random() < 0.12:
            _disturb.occluder(rng, picture, points)
    if disturb:
        picture = _disturb.camera(rng, _disturb.light(rng, picture))
    return picture
