"""A face mesh of about 500 vertices round the 68 points: triangles, a UV map, and the lines that jaw points
slide on.

Every vertex is a fixed weighted sum of the 68 points (the weights of a row sum to 1), found by a thin-plate
spline over the UV map. So the mesh follows any shape, turned or not, and needs no photograph: between the
points it is interpolated, and on the forehead it is drawn from brows, chin and ears. Nothing of it was
measured.
"""

import numpy as np
from scipy.spatial import Delaunay

from facelm_helpers.landmarks import MIRROR

BROW = (17, 18, 20, 22, 23, 25, 26)  # the forehead's seven points stand above these (22: above the middle)
RISE = (0.20, 0.33, 0.40, 0.42, 0.40, 0.33, 0.20)  # of the way from chin to bridge of the nose
BACK = (0.16, 0.12, 0.08, 0.07, 0.08, 0.12, 0.16)  # of the way from the bridge back to the ears
SPACING = 0.039  # of the UV map, between the vertices that fill it
MARGIN = 0.02  # of the UV map, left free at its edges
LINE = 10  # places on the line that a jaw point slides on


def forehead():
    """Weights (7, 68) of the forehead's points."""
    rows = np.zeros((7, 68))
    for row, brow, rise, back in zip(rows, BROW, RISE, BACK, strict=True):
        row[[21, 22] if brow == 22 else [brow]] += 0.5 if brow == 22 else 1
        row[27], row[8] = row[27] + rise, row[8] - rise
        row[[0, 16]] += back / 2
        row[27] -= back
    return rows


def layout(opened):
    """Cylindrical coordinates of the 68 and the forehead's points, (75, 2) in 0..1, of a shape (68, 3).

    Parameters
    ----------
    opened : (68, 3) array
        A symmetric shape with open mouth and eyes: what may open needs room between its edges.
    """
    points = np.concatenate([opened, forehead() @ opened])
    axis = points[[0, 16], 2].mean() - 0.25 * np.ptp(points[:17, 0]) / 2
    u = np.arctan2(points[:, 0], points[:, 2] - axis)
    uv = np.column_stack([u / np.abs(u).max(), points[:, 1]])
    low, high = uv.min(axis=0), uv.max(axis=0)
    return MARGIN + (1 - 2 * MARGIN) * (uv - low) / (high - low)


def spline(nodes, places):
    """Weights (P, M) with which a thin-plate spline through M nodes (M, 2) is read at P places (P, 2)."""
    m = len(nodes)
    A = np.zeros((m + 3, m + 3))
    A[:m, :m] = _kernel(nodes, nodes)
    A[:m, m:] = np.column_stack([np.ones(m), nodes])
    A[m:, :m] = A[:m, m:].T
    right = np.column_stack([_kernel(places, nodes), np.ones(len(places)), places])
    return np.linalg.solve(A, right.T).T[:, :m]


def _kernel(a, b):
    square = ((a[:, None] - b[None]) ** 2).sum(axis=2)
    return square * np.log(np.maximum(square, 1e-12))


def weights_at(nodes, places):
    """Weights (P, 68) of surface points at places of the UV map."""
    weights = spline(nodes, places)
    return weights[:, :68] + weights[:, 68:] @ forehead()


def build(opened):
    """The mesh.

    Parameters
    ----------
    opened : (68, 3) array
        See `layout`.

    Returns
    -------
    uv : (V, 2) array
        The first 68 rows are the 68 points.
    triangles : (T, 3) int array
    weights : (V, 68) array
    lines : (17, L, 68) array
        Weights of the places that each jaw point slides on; the first is the point itself.
    """
    nodes = layout(opened)
    half, twin = _left_half(nodes)
    triangles = _triangulate(half, nodes)
    left = half[:, 0] < 0.5 - 1e-9  # a vertex on the middle line has no twin
    fresh = np.arange(len(half))[left][twin[left] < 0]
    uv = np.concatenate([nodes, half[len(nodes) :], half[fresh] * (-1, 1) + (1, 0)])
    other = twin.copy()
    other[~left & (twin < 0)] = np.flatnonzero(~left & (twin < 0))
    other[fresh] = len(half) + np.arange(len(fresh))
    triangles = np.concatenate([triangles, other[triangles][:, ::-1]])
    weights = weights_at(nodes, uv)
    weights[:68] = np.eye(68)
    return uv, triangles, weights, _lines(nodes)


def _left_half(nodes):
    """Nodes and filling, of which those with u <= 0.5 are triangulated; and each one's mirror twin, or -1."""
    twin = np.concatenate([MIRROR, 68 + np.arange(7)[::-1]])
    outline = np.concatenate([nodes[:9], nodes[68:72][::-1]])
    middle = [_between(nodes, a, b) for a, b in ((71, 27), (33, 51), (57, 8))]
    rim = [_between(nodes, 0, 68), *(_between(nodes, k, k + 1) for k in (68, 69, 70))]
    lines = np.concatenate([*middle, *rim])
    step = SPACING * np.array([1, np.sqrt(3) / 2])
    rows = np.arange(0.5, 1 / step[1]) * step[1]
    across = np.arange(1, int(0.5 / step[0]) + 2)
    grid = np.concatenate([
        np.column_stack([0.5 - (across - 0.5 * (i % 2)) * step[0], np.full(len(across), y)])
        for i, y in enumerate(rows)
    ])  # fmt: skip
    grid = grid[_inside(grid, outline) & (grid[:, 0] < 0.5 - 0.4 * SPACING)]
    lips = nodes[60:68]
    grid = grid[~_inside(grid, lips)]
    taken = np.concatenate([nodes, lines, *(_between(nodes, k, k + 1, SPACING / 3) for k in range(8))])
    far = np.sqrt(((grid[:, None] - taken) ** 2).sum(axis=2).min(axis=1))
    grid = grid[far > 0.62 * SPACING]
    half = np.concatenate([nodes, lines, grid])
    return half, np.concatenate([twin, np.full(len(half) - len(nodes), -1)])


def _between(nodes, a, b, spacing=SPACING):
    """Places on the way from one node to another, without its ends."""
    count = int(np.linalg.norm(nodes[b] - nodes[a]) / spacing)
    share = np.arange(1, count + 1)[:, None] / (count + 1)
    return nodes[a] + share * (nodes[b] - nodes[a])


def _triangulate(half, nodes):
    """Delaunay's triangles of the left half, without the open mouth and what lies outside."""
    index = np.flatnonzero(half[:, 0] < 0.5 + 1e-9)
    found = index[Delaunay(half[index]).simplices]
    outline = np.concatenate([nodes[:9], nodes[68:72][::-1]])
    centre = half[found].mean(axis=1)
    lips = nodes[[60, 61, 62, 66, 67]]
    found = found[_inside(centre, outline) & ~_inside(centre, lips)]
    a, b, c = half[found].transpose(1, 0, 2)
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    found = found[np.abs(area) > 1e-7]
    turned = area[np.abs(area) > 1e-7] < 0
    found[turned] = found[turned][:, ::-1]
    return found


def _inside(places, polygon):
    """Which places lie in a polygon (even-odd rule)."""
    x, y = places.T
    inside = np.zeros(len(places), bool)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        crosses = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def _lines(nodes):
    """Weights (17, L, 68) of places from each jaw point towards the middle of the face, for the far side."""
    places = []
    for k in range(17):
        start, near_ear = nodes[k], np.abs(k - 8) / 8  # 0 at the chin, 1 at the ears
        height = start[1] + (nodes[33, 1] - start[1]) * (near_ear < 7 / 8) * (1 - near_ear)
        reach = 0.75 * np.sin(near_ear * np.pi / 2) + 0.1
        places.append(start + np.linspace(0, reach, LINE)[:, None] * ((0.5, height) - start))
    weights = np.stack([weights_at(nodes, place) for place in places])
    weights[np.arange(17), 0] = np.eye(68)[:17]
    return weights
