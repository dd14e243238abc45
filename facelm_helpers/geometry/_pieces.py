"""The affine map of each triangle of a mesh, and the piecewise affine warp that they make together."""

import cv2
import numpy as np

FINE = 4  # binary digits of a pixel that corners are rounded to


def affine_pieces(source, target, triangles):
    """For each triangle the affine map A (2, 3) that takes its place in `source` to its place in `target`.

    Parameters
    ----------
    source, target : (N, V, 2) arrays
    triangles : (T, 3) int array

    Returns
    -------
    pieces : (N, T, 2, 3) float32 array
    area : (N, T) float64 array
        Twice the signed area of each source triangle; where it is nearly nothing the map is only bounded.

    Examples
    --------
    >>> corners = np.array([[[0, 0], [1, 0], [0, 1]]])
    >>> pieces, area = affine_pieces(corners, 3 * corners + 1, np.array([[0, 1, 2]]))
    >>> pieces[0, 0].tolist(), area[0, 0].item()
    ([[3.0, 0.0, 1.0], [0.0, 3.0, 1.0]], 1)
    """
    a, b, c = (source[:, triangles[:, k]] for k in range(3))
    p, q, r = (target[:, triangles[:, k]] for k in range(3))
    ab, ac, pq, pr = b - a, c - a, q - p, r - p
    area = ab[..., 0] * ac[..., 1] - ab[..., 1] * ac[..., 0]
    safe = np.where(np.abs(area) < 0.05, np.where(area < 0, -0.05, 0.05), area)
    x = (pq * ac[..., 1:] - pr * ab[..., 1:]) / safe[..., None]  # the map's column of x
    y = (pr * ab[..., :1] - pq * ac[..., :1]) / safe[..., None]
    shift = p - x * a[..., :1] - y * a[..., 1:]
    return np.stack([x, y, shift], axis=-1).astype(np.float32), area


def painted(places, triangles, shape):
    """Which triangle each pixel of a picture shows, if they are painted one after the other.

    Parameters
    ----------
    places : (V, 2) array
        The vertices, pixels.
    triangles : (T, 3) int array
        In the order in which they are painted: later ones cover earlier ones.
    shape : (height, width)
        Of the picture.

    Returns
    -------
    (H, W) int32 array
        A row of ``triangles``; -1 where there is none.

    Examples
    --------
    >>> corners = np.array([[0, 0], [4, 0], [0, 4]])
    >>> painted(corners, np.array([[0, 1, 2]]), (5, 5))[[1, 4], [2, 4]].tolist()
    [0, -1]
    """
    owner = np.full(shape, -1, np.int32)
    for t, corners in enumerate(np.rint(np.float64(places)[triangles] * 2**FINE).astype(np.int32)):
        cv2.fillConvexPoly(owner, corners, t, cv2.LINE_8, FINE)
    return owner


def painted_flow(source, target, triangles, shape):
    """Where each pixel of a warped picture comes from, triangle by triangle; later ones cover earlier ones.

    Parameters
    ----------
    source, target : (V, 2) arrays
        The vertices in the picture that is looked up, and in the warped one; pixels.
    triangles : (T, 3) int array
        In the order in which they are painted.
    shape : (height, width)
        Of the warped picture.

    Returns
    -------
    flow : (H, W, 2) float32 array
        Places in the first picture, for OpenCV's ``remap``; the pixel itself where there is no triangle.
    covered : (H, W) bool array
        Where there is one.

    Examples
    --------
    >>> corners = np.array([[0, 0], [4, 0], [0, 4]])
    >>> flow, covered = painted_flow(10 + 2 * corners, corners, np.array([[0, 1, 2]]), (5, 5))
    >>> flow[1, 2].tolist(), flow[4, 4].tolist(), int(covered.sum())
    ([14.0, 12.0], [4.0, 4.0], 15)
    """
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    owner = painted(target, triangles, shape)
    pieces = affine_pieces(target[None], source[None], triangles)[0][0]
    pieces = np.concatenate([pieces, [np.eye(2, 3, dtype=np.float32)]])  # the last, at -1: the pixel itself
    by_x, by_y, start = (np.take(pieces[..., k], owner, axis=0) for k in range(3))
    x, y = (np.arange(n, dtype=np.float32) for n in shape[::-1])
    by_x *= x[:, None]
    by_y *= y[:, None, None]
    by_x += by_y
    by_x += start
    return by_x, owner >= 0
