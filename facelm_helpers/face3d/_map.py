"""The UV map of the mesh: a picture whose pixels are places of the face.

Feng, Wu, Shao, Wang and Zhou, ECCV 2018, regress such a picture.
"""

from functools import lru_cache

import cv2
import numpy as np

from facelm_helpers.face3d._model import load_face3d


def position_map(places, size=64):
    """Where each place of the UV map lies: the vertices' coordinates, spread over their triangles.

    Parameters
    ----------
    places : (N, V, 3) or (V, 3) array
        Of all vertices, in the picture or in the face's own frame: see `vertices`, with ``dense=True``. Or
        any D numbers of each vertex, (..., V, D).
    size : int
        Side of the map.

    Returns
    -------
    (N, size, size, 3) or (size, size, 3) float64 array
        Beyond the edge of the mesh, where `map_mask` is 0, its nearest triangle goes on evenly.

    Raises
    ------
    ValueError
        If there are not as many vertices as the mesh has.

    Examples
    --------
    >>> model = load_face3d()
    >>> position_map(model.weights @ model.mean, size=32).shape
    (32, 32, 3)
    """
    places = np.asarray(places, dtype=np.float64)
    if places.ndim not in (2, 3) or places.shape[-2] != len(load_face3d().uv):
        raise ValueError(
            f"places have shape {places.shape}: wanted (N, V, D) or (V, D) with V = {len(load_face3d().uv)}"
        )
    corners, shares = _corners(size)[:2]
    found = (places[..., corners, :] * shares[..., None]).sum(axis=-2)
    return found.reshape(*places.shape[:-2], size, size, places.shape[-1])


@lru_cache(maxsize=4)
def map_weights(size=64):
    """Weights (size, size, 68) of the 68 points in every pixel of the map.

    The position map of a face without its mesh: ``map_weights() @ S`` is ``position_map(weights @ S)``.

    Parameters
    ----------
    size : int
        Side of the map.

    Returns
    -------
    (size, size, 68) float64 array
        Those of a pixel sum to 1.

    Examples
    --------
    >>> bool(np.allclose(map_weights(32).sum(axis=-1), 1, atol=1e-3))
    True
    """
    return position_map(load_face3d().weights, size)


def map_mask(size=64):
    """Which pixels of the UV map the mesh covers: (size, size) bool.

    Examples
    --------
    >>> map_mask(32)[16, 16], map_mask(32)[31, 0]
    (np.True_, np.False_)
    """
    return _corners(size)[2].reshape(size, size)


def points_of_map(positions):
    """The 68 points, read off position maps between the four nearest pixels.

    Parameters
    ----------
    positions : (N, size, size, D) or (size, size, D) array

    Returns
    -------
    (N, 68, D) or (68, D) array

    Examples
    --------
    >>> model = load_face3d()
    >>> found = points_of_map(position_map(model.weights @ model.mean))
    >>> bool(np.abs(found - model.mean).max() < 0.02)
    True
    """
    positions = np.asarray(positions)
    size = positions.shape[-2]
    if positions.ndim not in (3, 4) or positions.shape[-3] != size or size < 2:
        raise ValueError(f"maps have shape {positions.shape}: wanted (N, size, size, D) or (size, size, D)")
    x, y = np.clip(load_face3d().uv[:68] * size - 0.5, 0, size - 1).T
    left, top = np.minimum(x.astype(int), size - 2), np.minimum(y.astype(int), size - 2)
    x, y = (x - left)[:, None], (y - top)[:, None]
    above = (1 - x) * positions[..., top, left, :] + x * positions[..., top, left + 1, :]
    below = (1 - x) * positions[..., top + 1, left, :] + x * positions[..., top + 1, left + 1, :]
    return (1 - y) * above + y * below


def unwrapped(image, places, size=128):
    """The colours of a face, laid out on the UV map: its texture.

    What is hidden in the picture gets the colour of what hides it.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    places : (V, 3) or (V, 2) array
        Of all vertices, in pixels.
    size : int
        Side of the map.

    Returns
    -------
    (size, size, 3) uint8 array
        Black beyond the mesh.

    Examples
    --------
    >>> from facelm_helpers.face3d import fit, vertices
    >>> image = np.full((100, 100, 3), 80, np.uint8)
    >>> places = vertices(fit(40 * load_face3d().mean[:, :2] + 50), dense=True)[0]
    >>> int(unwrapped(image, places).max())
    80
    """
    positions = np.float32(position_map(places, size))
    found = cv2.remap(
        image, positions[..., 0], positions[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return found * map_mask(size)[..., None]


@lru_cache(maxsize=4)
def _corners(size):
    """For each pixel the corners of its triangle (P, 3), their shares (P, 3), and whether it lies inside
    (P,).

    Outside the mesh it is the triangle whose nearest point is nearest, and the shares may be negative.
    """
    model = load_face3d()
    x, y = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
    pixels = np.stack([x, y], axis=-1).reshape(-1, 2) / size
    a, b, c = model.uv[model.triangles].transpose(1, 0, 2)
    area = _cross(b - a, c - a)
    best, found = np.full(len(pixels), -np.inf), np.zeros(len(pixels), int)
    height = np.sqrt(np.abs(area))
    for k in range(len(area)):
        inside = np.minimum.reduce([
            _cross(b[k] - a[k], pixels - a[k]), _cross(c[k] - b[k], pixels - b[k]), _cross(a[k] - c[k],
            pixels - c[k])
        ]) / area[k] * height[k]  # fmt: skip
        better = inside > best + 1e-12
        best[better], found[better] = inside[better], k
    p = pixels - a[found]
    u, v = (b - a)[found], (c - a)[found]
    second, third = _cross(p, v) / area[found], _cross(u, p) / area[found]
    shares = np.stack([1 - second - third, second, third], axis=1)
    return model.triangles[found], shares, best >= -1e-9


def _cross(a, b):
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
