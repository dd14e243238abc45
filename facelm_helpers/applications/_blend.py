"""One face on another's place, and the mean of several: piecewise affine warps, with no seam to see."""

import cv2
import numpy as np

from facelm_helpers import geometry
from facelm_helpers.applications._track import check_face, check_track, sizes
from facelm_helpers.images import check_image
from facelm_helpers.landmarks import MEAN_SHAPE

ROUND = 0.3  # how far the warp reaches round the points, in sizes of the face
SIDE = 3  # points on each side of the frame round the face


def swap(image, points, other, other_points):
    """Another face in the place of a face: its inner part, with its expression, warped onto the points.

    Warped triangle by triangle (`geometry.Mesh`), then blended by solving Poisson's equation, which keeps the
    gradients of the new face and the colours round the old one (Perez, Gangnet and Blake, Poisson Image
    Editing, 2003; OpenCV's ``seamlessClone``).

    Parameters
    ----------
    image, other : (H, W, 3) and (H', W', 3) uint8 arrays
        The picture that is changed (a copy of it), and the one the face comes from.
    points, other_points : (68, 2) arrays
        Pixels of the two.

    Returns
    -------
    (H, W, 3) uint8 array

    Raises
    ------
    ValueError
        For something that is no image, points of another shape, or a face outside the picture.

    Examples
    --------
    >>> from facelm_helpers import sources
    >>> two = sources.load("synthetic", n=2, seed=1, progress=False)
    >>> swapped = swap(two.images[0], two.points[0], two.images[1], two.points[1])
    >>> swapped.shape == two.images[0].shape and bool((swapped != two.images[0]).any())
    True
    """
    image, other = check_image(image), check_image(other, "other")
    points, other_points = check_face(points), check_face(other_points, "other_points")
    height, width = image.shape[:2]
    if (points.max(axis=0) < 0).any() or (points.min(axis=0) >= [width, height]).any():
        raise ValueError(f"the face lies outside the picture of {width} x {height} pixels")
    patch, corner = _onto(points, other, other_points)
    edge = max(patch.shape[:2])  # room, so that the patch lies within even where the face does not
    whole = cv2.copyMakeBorder(image, edge, edge, edge, edge, cv2.BORDER_REFLECT_101)
    mask = np.zeros(patch.shape[:2], np.uint8)
    hull = cv2.convexHull(np.rint(points - corner).astype(np.int32))
    cv2.fillConvexPoly(mask, hull, 255)
    shrink = max(3, round(0.03 * sizes(points[None])[0]) | 1)
    mask = cv2.erode(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (shrink, shrink)))
    left, top, wide, high = cv2.boundingRect(mask)
    place = corner + [left + wide // 2, top + high // 2] + edge
    mixed = cv2.seamlessClone(patch, whole, mask, place.astype(int).tolist(), cv2.NORMAL_CLONE)
    return mixed[edge : edge + height, edge : edge + width].copy()


def average_face(images, points, size=256, weights=None):
    """The mean of faces: their mean shape, and on it the mean of their warped pictures.

    Parameters
    ----------
    images : list of N (H, W, 3) uint8 arrays
    points : (N, 68, 2) array
        Pixels of each.
    size : int
        Side of the result.
    weights : (N,) array, optional
        How much each counts; not negative, not all 0. All alike by default: with two faces, (1 - a, a) makes
        a morph from one to the other.

    Returns
    -------
    picture : (size, size, 3) uint8 array
    shape : (68, 2) float64 array
        Its points.

    Raises
    ------
    ValueError
        For no face, something that is no image, points of another shape, or weights that make no sense.

    Examples
    --------
    >>> from facelm_helpers import sources
    >>> faces = sources.load("synthetic", n=4, seed=1, progress=False)
    >>> picture, shape = average_face(faces.images, faces.points, size=96)
    >>> picture.shape, shape.shape
    ((96, 96, 3), (68, 2))
    """
    points = check_track(points)
    images = [check_image(image, f"image {i}") for i, image in enumerate(images)]
    if len(images) != len(points):
        raise ValueError(f"there are {len(images)} images and points of {len(points)} faces: wanted as many")
    if not isinstance(size, (int, np.integer)) or not 32 <= size <= 2048:
        raise ValueError(f"size is {size!r}: wanted the side of the result, a whole number from 32 to 2048")
    weights = np.ones(len(points)) if weights is None else np.asarray(weights, dtype=np.float64)
    if weights.shape != (len(points),) or not (weights >= 0).all() or not 0 < weights.sum() < np.inf:
        raise ValueError(
            f"weights are {weights.tolist()}: wanted {len(points)} numbers of at least 0, not all 0"
        )
    weights = weights / weights.sum()
    frame = MEAN_SHAPE * (size / (1 + 2 * ROUND)) + (size - 1) / 2
    placed = np.stack([
        geometry.apply_transform(geometry.similarity(shape, frame), shape) for shape in points
    ])  # fmt: skip
    shape = np.tensordot(weights, placed, 1)
    mesh, ring = _mesh(shape, size, size)
    total = np.zeros((size, size, 3))
    for image, face, weight in zip(images, points, weights, strict=True):
        if weight:
            total += weight * _warped(mesh, image, face, shape, ring)
    return np.rint(total).astype(np.uint8), shape


def _onto(points, other, other_points):
    """The other face warped onto points, in the rectangle round them, and its upper left corner (x, y)."""
    reach = ROUND * sizes(points[None])[0]
    corner = np.floor(points.min(axis=0) - reach)
    width, height = (np.ceil(points.max(axis=0) + reach) - corner + 1).astype(int)
    mesh, ring = _mesh(points - corner, width, height)
    return _warped(mesh, other, other_points, points - corner, ring), corner


def _mesh(shape, width, height):
    """A mesh over a whole rectangle: the 68 points and some round its edge, which are given too."""
    share = np.linspace(0, 1, SIDE + 1)[:-1]
    zero, one = np.zeros(SIDE), np.ones(SIDE)
    ring = np.concatenate([
        np.stack(side, axis=1) for side in ((share, zero), (one, share), (1 - share, one), (zero, 1 - share))
    ])  # fmt: skip
    ring = ring * [width - 1, height - 1]
    return geometry.Mesh(np.concatenate([shape, ring]), width), ring


def _warped(mesh, image, face, shape, ring):
    """An image whose face is warped onto the mesh; the ring moves as the whole face does."""
    moved = geometry.apply_transform(geometry.similarity(shape, face), ring)
    places = np.float32(mesh.warp(np.concatenate([face, moved])[None])[0])
    flow = np.zeros((mesh.height, mesh.width, 2), np.float32)
    flow[mesh.inside] = places
    return cv2.remap(image, flow, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
