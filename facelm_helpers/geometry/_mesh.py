"""The piecewise affine warp of a triangle mesh, with the coordinates of every pixel worked out once.

The mesh is Delaunay's on a reference shape; a pixel inside lies at fixed shares of its triangle's corners.
N shapes, K points, P pixels inside the mesh, L triangles.
"""

import numpy as np


class Mesh:
    """Pixels of a reference frame, and where they are on any shape.

    Parameters
    ----------
    shape : (K, 2) array
        The reference shape, at any place and size.
    width : int
        The frame is this many pixels wide.

    Attributes
    ----------
    points : (K, 2) array
        The reference shape in the frame.
    height, width : int
    inside : (height, width) bool array
        The P pixels.

    Raises
    ------
    ValueError
        If all points lie on one line that is upright or level.

    Examples
    --------
    >>> mesh = Mesh(np.array([[0, 0], [1, 0], [1, 1], [0, 1]]), width=11)
    >>> moved = mesh.warp(mesh.points[None] + 5)
    >>> bool(np.allclose(moved[0], mesh.pixels + 5)), int(mesh.inside.sum()) == len(mesh.pixels)
    (True, True)
    """

    def __init__(self, shape, width):
        from scipy.spatial import Delaunay  # late: takes a tenth of a second

        shape = np.asarray(shape, dtype=np.float64)
        size = np.ptp(shape, axis=0)
        if not size.min() > 0:
            raise ValueError(f"the shape is {size[0]:g} x {size[1]:g} pixels: wanted an area to triangulate")
        self.points = (shape - shape.min(axis=0)) * ((width - 1) / size[0])
        self.width, self.height = width, int(np.ceil(self.points[:, 1].max())) + 1
        delaunay = Delaunay(self.points)
        self.triangles = delaunay.simplices
        y, x = np.mgrid[: self.height, : self.width]
        grid = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float64)
        triangle = delaunay.find_simplex(grid, tol=1e-9)
        self.inside = (triangle >= 0).reshape(self.height, self.width)
        self.pixels, self.of = grid[triangle >= 0], triangle[triangle >= 0]
        T = delaunay.transform[self.of]
        two = np.einsum("pij,pj->pi", T[:, :2], self.pixels - T[:, 2])
        self.shares = np.column_stack([two, 1 - two.sum(axis=1)])  # of the triangle's corners
        corners = self.points[self.triangles]
        edges = (corners[:, 1:] - corners[:, :1]).transpose(0, 2, 1)
        self._edges = np.linalg.inv(edges)  # (L, 2, 2)
        member = np.zeros((len(self.points), len(self.triangles)))
        for corner in range(3):
            member[self.triangles[:, corner], np.arange(len(self.triangles))] = 1
        self._round = member / np.maximum(member.sum(axis=1, keepdims=True), 1)

    def warp(self, S):
        """Where the pixels are on shapes S (N, K, 2), or on columns of shape changes: (N, P, 2)."""
        corners = S[:, self.triangles[self.of]]  # (N, P, 3, 2)
        return np.einsum("pc,npcd->npd", self.shares, corners)

    def step_back(self, S, change):
        """Inverse composition: the points of S after the warp that moves the reference by -change.

        A reference point that moves by -d moves on S by -J d, where J is the mean of the linear parts of the
        triangles round it (Matthews and Baker, 2004).

        S, change : (N, K, 2) arrays
        """
        corners = S[:, self.triangles]
        J = (corners[:, :, 1:] - corners[:, :, :1]).transpose(0, 1, 3, 2) @ self._edges  # (N, L, 2, 2)
        J = np.einsum("kl,nlij->nkij", self._round, J)
        return S - (J @ change[..., None])[..., 0]

    def picture(self, values, outside=np.nan):
        """Values (P,) of the pixels as a picture (height, width)."""
        picture = np.full((self.height, self.width), outside, dtype=np.float64)
        picture[self.inside] = values
        return picture

    def gradient(self, values):
        """d values / dx, dy at the pixels: (M, P, 2) from (M, P). Zero at the edge of the mesh."""
        found = np.zeros((*values.shape, 2), np.float32)
        for i, row in enumerate(values):
            dy, dx = np.gradient(self.picture(row))
            found[i] = np.stack([dx[self.inside], dy[self.inside]], axis=1)
        whole = np.isfinite(found).all(axis=-1, keepdims=True)
        return np.where(whole, found, 0)
