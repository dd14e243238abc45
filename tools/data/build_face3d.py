"""Build data/face3d.npz, the 3D point model and mesh, from annotated 2D shapes.

    python -m tools.data.build_face3d

Needs the shapes beside the checkout (they are not in it); about three minutes on two cores. The same shapes
give the same file, up to the last digits of the processor's sums. Photographs that judge what the course
trains are left out by name.
"""

import sys

import numpy as np

from facelm_helpers import sources
from facelm_helpers.arrays import write_arrays
from facelm_helpers.face3d import angles, rotation
from facelm_helpers.face3d._model import FACE3D, FORMAT
from facelm_helpers.face3d._pose import pose_of
from facelm_helpers.landmarks import MIRROR
from facelm_helpers.sources import w300lp
from facelm_helpers.sources._photographs import photograph_of_face
from tools.data import face3d_mesh, real_faces
from tools.data.face3d_modes import FLIP, learn

MODES = 28
STEPS = 10
BINS, EACH = 10, 500  # shapes are drawn evenly by how far the nose tip is from the middle of the box
DIGITS = 5
AHEAD = 0.5  # radians of yaw up to which faces say what "ahead" is
JUDGES = ("lfpw68/held-out", "lfpw68/validation", "helen68/validation", "afw68/validation")

# What an expression changes, as differences of weighted points: (points, minus points, coordinate)
EXPRESSION = {
    "mouth open": ([65, 66, 67], [61, 62, 63], 1), "mouth wide": ([54, 64], [48, 60], 0),
    "corners up": ([51, 57, 62, 66], [48, 54], 1), "corners askew": ([48], [54], 1),
    "mouth aside": ([48, 51, 54, 57], [27, 30, 33], 0),
    "left eye open": ([40, 41], [37, 38], 1), "right eye open": ([46, 47], [43, 44], 1),
    "left brow up": ([36, 39], [17, 18, 19, 20, 21], 1), "right brow up": ([42, 45], [22, 23, 24, 25, 26], 1),
    "brows apart": ([22], [21], 0),
}  # fmt: skip
OPENED = {"mouth open": 0.16, "left eye open": 0.05, "right eye open": 0.05}  # for the UV map, in units


def shapes(root=real_faces.REAL):
    """The shapes to learn from, (N, 68, 2), drawn evenly by pose; NaN where hidden."""
    judges = {_photograph(name) for part in JUDGES for name in real_faces.load(part, root).persons}
    names, points, _ = real_faces.shapes("300w", root)
    keep = np.array([_photograph(name) not in judges for name in names])
    points = np.concatenate([points[keep], real_faces.shapes("merl_rav", root)[1]])
    low, high = np.nanmin(points[..., 0], axis=1), np.nanmax(points[..., 0], axis=1)
    turned = np.nan_to_num(np.abs((points[:, 30, 0] - low) / (high - low) - 0.5), nan=0.5)
    group = np.minimum((turned * 2 * BINS).astype(int), BINS - 1)
    rng = np.random.default_rng(0)
    drawn = [rng.permutation(np.flatnonzero(group == k))[:EACH] for k in range(BINS)]
    return points[np.concatenate(drawn)]


def _photograph(name):
    return photograph_of_face(str(name).rpartition("/")[2].partition(".")[0])


def measures():
    """The expression's measures as rows, (10, 204)."""
    rows = np.zeros((len(EXPRESSION), 68, 3))
    for row, (plus, minus, axis) in zip(rows, EXPRESSION.values(), strict=True):
        row[plus, axis] += 1 / len(plus)
        row[minus, axis] -= 1 / len(minus)
    return rows.reshape(len(rows), 204)


def split(V):
    """Identity and expression of modes (68, 3, K): two covariances (204, 204) that sum to the modes'.

    With C the measures, expression is what they tell of the shape, cov C' (C cov C')^-1 C cov; identity is
    the rest, which leaves them as they are.
    """
    flat = V.reshape(204, -1)
    cov = flat @ flat.T
    turned = (cov.reshape(68, 3, 68, 3)[MIRROR][:, :, MIRROR] * FLIP[:, None, None] * FLIP).reshape(204, 204)
    cov = (cov + turned) / 2  # a mirrored face is a face
    C = measures()
    told = cov @ C.T @ np.linalg.solve(C @ cov @ C.T, C @ cov)
    return cov - told, told, cov @ C.T @ np.linalg.inv(C @ cov @ C.T)


def principal(cov, share=1.0, most=None):
    """Orthonormal modes (M, 68, 3) of a covariance, the largest first, and their variances.

    As many as explain the share, at most `most`; the sign is such that the largest entry is positive.
    """
    values, vectors = np.linalg.eigh((cov + cov.T) / 2)
    values, vectors = values[::-1], vectors.T[::-1]
    count = int(np.searchsorted(np.cumsum(values) / values.sum(), share) + 1) if share < 1 else len(values)
    count = min(count, most or count)
    vectors = vectors[:count]
    sign = np.sign(vectors[np.arange(count), np.abs(np.round(vectors, 6)).argmax(axis=1)])
    return (vectors * sign[:, None]).reshape(count, 68, 3), values[:count]


def level(mean, root):
    """The rotation (3, 3) after which the mean looks ahead where 300W-LP says that a head does.

    Points alone do not tell what "ahead" is: it is agreed. The median pitch of AFW's faces decides.
    """
    options = {"root": root / "300w_lp_afw", "subsets": ("AFW",), "progress": False}
    faces, told = sources.load("300w-lp", which="pts_3d", **options), w300lp.poses(**options)
    judges = {f"AFW_{name}" for name in real_faces.load("afw68/validation", root).persons}
    keep = np.array([person not in judges for person in faces.persons]) & (np.abs(told[:, 1]) < AHEAD)
    x, S = faces.points[keep].astype(float), np.broadcast_to(mean, (keep.sum(), 68, 3))
    w = np.ones(x.shape[:2])
    R, _ = pose_of(S, x, w)
    off = np.median(np.degrees(told[keep, 0]) - angles(R)[:, 0])
    return rotation([off, 0, 0])


def build(root=real_faces.REAL, log=print):
    """The arrays of the file."""
    points = shapes(root)
    log(f"{len(points)} shapes")
    mean, V, variance = learn(points, MODES, steps=STEPS, log=log)
    unit = np.sqrt(np.prod(np.ptp(mean[:, :2], axis=0)))
    turned = level(mean, root) / unit
    mean, V, variance = mean @ turned, np.einsum("kdm,de->kem", V, turned), variance / unit**2
    identity, expression, tells = split(V)
    named = list(EXPRESSION)
    opened = np.zeros(len(named))
    opened[[named.index(name) for name in OPENED]] = list(OPENED.values())
    uv, triangles, weights, lines = face3d_mesh.build(mean + (tells @ opened).reshape(68, 3))
    A, v = principal(identity, share=0.98)
    E, u = principal(expression, most=len(named))
    log(f"identity {len(A)} modes, {np.sqrt(v.sum()):.3f}; expression {len(E)}, {np.sqrt(u.sum()):.3f}")
    log(f"{len(uv)} vertices, {len(triangles)} triangles")
    numbers = {
        "mean": mean, "identity": A, "expression": E, "noise": np.sqrt(variance), "uv": uv,
        "weights": weights, "lines": lines,
    }  # fmt: skip
    arrays = {name: np.round(value, DIGITS).astype(np.float32) + 0 for name, value in numbers.items()}
    arrays["identity_variances"], arrays["expression_variances"] = np.float32(v), np.float32(u)
    return arrays | {"triangles": triangles.astype(np.int16), "format": np.int64(FORMAT)}


def main():
    """Build and write. Returns the exit status."""
    if not (real_faces.REAL / "shapes").is_dir():
        print("the shapes are not beside this checkout: nothing built")
        return 1
    write_arrays(FACE3D, build(), compressed=True)
    print(f"{FACE3D.name}: {FACE3D.stat().st_size / 1e6:.2f} MB; now python -m tools.setup.checksums")
    return 0


if __name__ == "__main__":
    sys.exit(main())
