"""A photograph's head turned to larger yaw by its 3D face, with what surrounds it."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from facelm_helpers.face3d._camera import project
from facelm_helpers.face3d._draw import nearest_last
from facelm_helpers.face3d._fit import fit_annotated
from facelm_helpers.face3d._model import load_face3d
from facelm_helpers.face3d._rotation import rotation
from facelm_helpers.face3d._silhouette import CONTOUR, jaw_at, known_jaw, slid
from facelm_helpers.geometry import painted_flow

AHEAD = 10  # degrees; a head that looks ahead so nearly may be turned to either side
RAYS = 48  # from the outline of the face outwards
RINGS = (0.0, 0.06, 0.16, 0.32, 0.6, 1.0)  # of anchors, on each ray: shares of the way
REACH = 1.0  # how far round the face things move, in sizes of the face
NEAR = 0.12  # the same, at least, where the picture ends earlier
BACK = -0.55  # depth behind the face, model units
FALL, UP = 0.25, 0.6  # the way in which most of the fall to it is done; that much more over the forehead
THIN = 0.2  # square pixels: twice the area of triangles that are seen edge-on
MOUTH = [(60, 61, 67), (61, 66, 67), (61, 62, 66), (62, 65, 66), (62, 63, 65), (63, 64, 65)]


class Turned(NamedTuple):
    """How a head and its picture turn. Made by `turned`.

    Attributes
    ----------
    flow : (H, W, 2) float32 array
        Where each pixel of the turned picture is found in the picture, for OpenCV's ``remap``.
    points : (68, 2) float64 array
        Of the turned head, pixels.
    before : (68, 2) float64 array
        Where the same spots of the head are in the picture.
    """

    flow: np.ndarray
    points: np.ndarray
    before: np.ndarray


def turned(points, yaw, shape, jaw="solid", fitted=None):
    r"""How the picture of a head changes when the head turns to a larger yaw.

    The face's mesh is laid on the points, and passes through them; anchors round it, on rings from its
    outline to the end of what moves, get a depth: that of the outline, falling to that of the back of the
    head. Mesh and anchors are turned about the head's origin, from the fitted rotation R to R', which has the
    same pitch and roll and the given yaw:

    .. math:: p' = p + w\,(T (p - c) + c - p), \qquad T = R' R^{\mathsf T}

    with w = 1 on the face, and falling from 1 at its outline to 0 at the outermost anchors, which stay in
    place. Each triangle is warped affinely, those nearer to the camera cover those behind them. So Zhu et
    al. (CVPR 2016) made 300W-LP. As a head turns further to its side, what comes to light is what was seen
    at a slant already: it is stretched, nothing is made up.

    Parameters
    ----------
    points : (68, 2) array
        Pixels; NaN where hidden. The far side of the jaw may be the contour or solid.
    yaw : float
        Of the turned head, degrees, as `rotation` has it: from -90 to 90.
    shape : (height, width)
        Of the picture.
    jaw : {"solid", "visible", "mixed"}
        Where the 17 jaw points of the turned head are: fixed spots of the head, as in AFLW2000-3D; its
        visible contour; or between the two by yaw, see `vertices`.
    fitted : Fitted, optional
        The fit of this face alone, if it is known.

    Returns
    -------
    Turned

    Raises
    ------
    ValueError
        If the yaw is beyond 90 degrees, or the head would have to show a side that the picture hides; for
        malformed points or an unknown jaw.

    Examples
    --------
    >>> seen = project(load_face3d().mean, rotation([0, 10, 0]), 100, [100, 100])
    >>> found = turned(seen, yaw=50, shape=(200, 200))
    >>> found.flow.shape, found.points.shape
    ((200, 200, 2), (68, 2))
    """
    known_jaw(jaw)
    points = np.asarray(points, np.float64)
    if points.shape != (68, 2):
        raise ValueError(f"points have shape {points.shape}: wanted (68, 2), one face, in pixels")
    if fitted is None:
        fitted = fit_annotated(points)
    R, S, scale, shift = fitted.R[0], _through(points, fitted), fitted.scale[0], fitted.shift[0]
    pitch, now, roll = fitted.degrees[0]
    _allowed(now, yaw)
    new = rotation([pitch, yaw, roll])
    spots = jaw_at(S[None], new[None], jaw)[0]
    before, after = (project(spots, rotated, scale, shift) for rotated in (R, new))
    model, c = load_face3d(), np.append(shift, 0)
    P = model.weights @ S @ R.T * scale + c
    turn = lambda p: (p - c) @ (new @ R.T).T + c  # noqa: E731
    source, weights, around = _anchors(P, scale, c, R[:2, 1], shape)
    target = source + weights[:, None] * (turn(source) - source)
    places = turn(P)
    source, target = np.concatenate([P, source]), np.concatenate([places, target])
    face = np.concatenate([MOUTH, model.triangles[nearest_last(places)]])
    around = around + len(P)
    folded = _areas(around, target) < THIN
    depth = target[around, 2].sum(axis=1) + np.where(folded, -np.inf, 0)  # what is turned over lies below
    around = around[np.argsort(depth, kind="stable")]
    triangles = np.concatenate([around, face[_areas(face, target) >= THIN]])
    return Turned(painted_flow(source[:, :2], target[:, :2], triangles, shape)[0], after, before)


def further(yaw, degrees, chance):
    """The yaw of a head that turns further to the side that it looks to.

    Parameters
    ----------
    yaw : float
        Of the head, degrees.
    degrees : float
        By how many it is to turn; it ends at -90 or 90, and a head beyond that stays.
    chance : float
        0..1: decides the side of a head that looks ahead, within `AHEAD`; negative yaw below one half.

    Returns
    -------
    float

    Examples
    --------
    >>> further(-20, 30, 0.9), further(70, 30, 0.1), further(2, 30, 0.1)
    (-50.0, 90.0, -28.0)
    """
    side = np.sign(yaw) if abs(yaw) > AHEAD else np.sign(chance - 0.5)
    most = max(90, abs(yaw))
    return float(np.clip(yaw + side * degrees, -most, most))


def _allowed(now, yaw):
    """Raise ValueError unless a head that looks so may turn to that yaw."""
    if not -90 <= yaw <= 90:
        raise ValueError(f"yaw is {yaw}: wanted degrees from -90 to 90")
    if abs(now) > AHEAD and yaw * np.sign(now) < abs(now) - 1e-6:
        side = "left" if now > 0 else "right"
        raise ValueError(
            f"yaw is {yaw:g}, and the head looks {abs(now):.0f} degrees to the {side} already: wanted a yaw"
            f" {'of at least' if now > 0 else 'of at most'} {now:.0f}, as the picture hides its other side"
        )


def _through(points, fitted):
    """The fitted shape (68, 3) in the face's own frame, moved in the picture's plane onto the points."""
    S, R = fitted.shape[0], fitted.R[0]
    seen = project(slid(S[None], fitted.R)[0], R, fitted.scale[0], fitted.shift[0])
    rest = np.where(np.isfinite(points), points - seen, 0)
    yaw = fitted.degrees[0, 1]
    if abs(yaw) > CONTOUR:  # of the far side of the jaw it is not known what was annotated
        rest[: 8 if yaw > 0 else 0] = 0
        rest[17 if yaw > 0 else 9 : 17] = 0
    return S + rest / fitted.scale[0] @ R[:2]


def _anchors(P, scale, c, down, shape):
    """Places (A, 3) round a face's mesh P (V, 3), their weights (A,), and triangles (T, 3).

    The first anchors are the outline itself; the last one is its middle, behind the face. ``c`` is the origin
    of the face's frame, ``down`` (2,) the direction of its chin in the picture.
    """
    low, high = P[:, :2].min(axis=0), P[:, :2].max(axis=0)
    end = np.array(shape[::-1], float) - 1
    first = np.maximum(low - REACH * scale, np.minimum(0, low - NEAR * scale))
    last = np.minimum(high + REACH * scale, np.maximum(end, high + NEAR * scale))
    middle, angle = (low + high) / 2, 2 * np.pi * np.arange(RAYS) / RAYS
    way = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    inner = _on_rays(P, middle, way)
    room = np.where(way > 0, last - middle, middle - first) / np.maximum(np.abs(way), 1e-9)
    outer = middle + room.min(axis=1, keepdims=True) * way
    f = np.array(RINGS)[:, None]
    places = inner[:, :2] + f[..., None] * (outer - inner[:, :2])
    far = f * np.linalg.norm(outer - inner[:, :2], axis=1) / scale
    back = c[2] + BACK * scale
    depth = back + (inner[:, 2] - back) * np.exp(-far / (FALL * (1 - UP * way @ down)))
    weights = np.broadcast_to(1 - f * f * (3 - 2 * f), depth.shape)
    places = np.concatenate([places, depth[..., None]], axis=2).reshape(-1, 3)
    places = np.concatenate([places, [[*middle, inner[:, 2].mean()]]])
    return places, np.append(weights, 1.0), _grid()


def _on_rays(P, middle, way):
    """Where rays from the middle, along unit vectors (RAYS, 2), leave a mesh P (V, 3): (RAYS, 3)."""
    p, q = P[_edges()].transpose(1, 0, 2)
    u, v = (_cross(way[:, None], end[:, :2] - middle) for end in (p, q))  # (RAYS, E): sides of the ray
    ray, edge = np.nonzero((u > 0) != (v > 0))  # the line through the ray passes through the edge
    share = u[ray, edge] / (u - v)[ray, edge]
    crossed = p[edge] + share[:, None] * (q - p)[edge]
    far = ((crossed[:, :2] - middle) * way[ray]).sum(axis=1)
    order = np.argsort(far, kind="stable")
    found = np.zeros((len(way), 3))
    found[ray[order]] = crossed[order]  # of those of a ray the farthest is written last
    return found


@lru_cache(maxsize=1)
def _edges():
    """The edges of the mesh, (E, 2)."""
    triangles = load_face3d().triangles
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    return np.unique(np.sort(edges, axis=1), axis=0)


@lru_cache(maxsize=1)
def _grid():
    """The triangles of the anchors: those of the middle, then from ring to ring."""
    i = np.arange(RAYS)
    j = (i + 1) % RAYS
    parts = [np.stack([np.full(RAYS, len(RINGS) * RAYS), i, j], axis=1)]
    for ring in range(len(RINGS) - 1):
        a, b = ring * RAYS, (ring + 1) * RAYS
        parts += [np.stack([a + i, b + i, b + j], axis=1), np.stack([a + i, b + j, a + j], axis=1)]
    return np.concatenate(parts)


def _areas(triangles, places):
    """Twice the signed areas (T,) in the picture: above 0 where a triangle shows its front."""
    a, b, c = places[triangles, :2].transpose(1, 0, 2)
    return _cross(b - a, c - a)


def _cross(a, b):
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
