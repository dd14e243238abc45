"""The piecewise affine warp between a face and the mean shape, fast enough to sample by the thousand.

The canvas is the square picture in which the mean shape stands. A mesh of V vertices spans it: the 68
points, an arc of forehead points, and a ring at the canvas edge that stays put. Each of the T triangles is
moved affinely; the map is kept backwards (place in the result -> place on the canvas), so the result has no
holes. The course explains this warp with the active appearance model (Cootes, Edwards and Taylor, 2001).
"""

import cv2
import numpy as np

from facelm_helpers.geometry import affine_pieces, apply_transform, invert_transform
from facelm_helpers.sources._exact import on_grid

N_FOREHEAD = 6
RING_PER_SIDE = 6


def mesh_vertices(shapes, size):
    """The mesh of each shape: its 68 points, the forehead and the ring.

    The 68 points do not include the forehead: it is extrapolated from the brows by a share of the vector
    from the chin to the bridge of the nose.

    Parameters
    ----------
    shapes : (N, 68, 2) array
        On the canvas.
    size : int
        Side of the canvas in pixels.

    Returns
    -------
    (N, V, 2) float64 array
    """
    shapes = np.asarray(shapes, dtype=np.float64)
    up = (shapes[:, 27] - shapes[:, 8])[:, None]
    reach = np.array([0.30, 0.42, 0.48, 0.48, 0.42, 0.30])[:, None]
    forehead = shapes[:, [17, 19, 21, 22, 24, 26]] + reach * up
    forehead = np.clip(forehead, 2, size - 3)  # a very high forehead must not reach through the ring
    side = np.linspace(0, size - 1, RING_PER_SIDE + 1)[:-1]
    low, high = np.zeros_like(side), np.full_like(side, size - 1)
    ring = np.concatenate(
        [
            np.stack(edge, axis=1)
            for edge in ((side, low), (high, side), (high - side, high), (low, high - side))
        ]
    )
    return np.concatenate([shapes, forehead, np.broadcast_to(ring, (len(shapes), *ring.shape))], axis=1)


def look_up(picture, flow):
    """The picture at the places of a flow, to 1/32 pixel; its mirror image continues it.

    Parameters
    ----------
    picture : (H, W, C) uint8 array
    flow : (h, w, 2) array

    Returns
    -------
    (h, w, C) uint8 array
    """
    flow = on_grid(flow, 5).astype(np.float32)
    return cv2.remap(picture, flow, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


class Warp:
    """Warps between the canvas and faces of any shape.

    Parameters
    ----------
    mean_shape : (68, 2) array
    triangles : (T, 3) int array
    size : int
        Side of the canvas.
    """

    def __init__(self, mean_shape, triangles, size):
        self.size = size
        self.triangles = np.asarray(triangles, dtype=np.int64)
        self.vertices = mesh_vertices(np.asarray(mean_shape)[None], size)[0]
        # Where the warp folds (a turned head hides its far cheek), nearer parts paint over farther ones.
        nearness = np.full(len(self.vertices), 3)
        nearness[[*range(17), *range(68, 68 + N_FOREHEAD)]] = 2
        nearness[68 + N_FOREHEAD :] = 1
        nose = np.isin(self.triangles, np.arange(28, 36)).any(axis=1)
        self._nearness = nearness[self.triangles].min(axis=1) * 2 + nose
        x, y = np.meshgrid(np.arange(size), np.arange(size))
        self._pixels = np.stack([x, y], axis=-1).astype(np.float32)
        self._canvas_index = self._rasterise(self.vertices, np.arange(len(self.triangles)), size)

    def _rasterise(self, vertices, order, size):
        """Which triangle owns each pixel, painted in the given order; T where there is none."""
        corners = np.rint(vertices[self.triangles] * 16).astype(np.int32)
        index = np.full((size, size), len(self.triangles), np.uint8)
        for t in order:
            cv2.fillConvexPoly(index, corners[t], int(t), cv2.LINE_8, 4)
        return index

    def to_canvas(self, shape):
        """The map from canvas pixels to a picture with the given shape in canvas coordinates.

        Parameters
        ----------
        shape : (68, 2) array

        Returns
        -------
        (size, size, 2) float32 array
        """
        vertices = mesh_vertices(np.asarray(shape)[None], self.size)
        pieces, _ = affine_pieces(self.vertices[None], vertices, self.triangles)
        x, y, shift = np.moveaxis(pieces[0][self._canvas_index], 3, 0)
        return x * self._pixels[..., :1] + y * self._pixels[..., 1:] + shift

    def from_canvas(self, shapes, transforms, size):
        """The maps from the pixels of faces to the canvas.

        Parameters
        ----------
        shapes : (N, 68, 2) array
            In canvas coordinates.
        transforms : (N, 2, 3) array
            Canvas -> picture.
        size : int
            Side of the pictures.

        Yields
        ------
        (size, size, 2) float32 array
        """
        vertices = mesh_vertices(shapes, self.size)
        placed = apply_transform(transforms, vertices)
        canvas = np.broadcast_to(self.vertices, placed.shape)
        pieces, area = affine_pieces(placed, canvas, self.triangles)
        outside = invert_transform(transforms).astype(np.float32)
        pieces = np.concatenate([pieces, outside[:, None]], axis=1)
        # Folded and sliver triangles first, so that sound neighbours paint over them; the face last.
        edges = placed[:, self.triangles] - placed[:, np.roll(self.triangles, 1, axis=1)]
        height = area / np.sqrt((edges**2).sum(axis=3).max(axis=2) + 1e-9)
        rank = np.where(height < 0.25, 0, self._nearness)
        order = np.argsort(rank * 1e6 + np.clip(area, -1e5, 1e5), axis=1, kind="stable")  # ties: alike too
        tables = np.zeros((len(shapes), 6, 256, 1), np.float32)
        tables[:, :, : pieces.shape[1], 0] = pieces.reshape(len(shapes), -1, 6).swapaxes(1, 2)
        line = np.arange(size, dtype=np.float32)
        for n in range(len(shapes)):
            index = self._rasterise(placed[n], order[n], size)
            xx, xy, x0, yx, yy, y0 = (cv2.LUT(index, table) for table in tables[n])
            for by_x, by_y, start in ((xx, xy, x0), (yx, yy, y0)):
                by_x *= line
                by_y *= line[:, None]
                start += by_x
                start += by_y
            yield cv2.merge([x0, y0])
