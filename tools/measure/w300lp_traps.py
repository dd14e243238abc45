"""How wrong one gets with 300W-LP's files: measured on the authors' part, which is not in the repository.

    python -m tools.measure.w300lp_traps

Writes data/results/w300lp_traps.json, which notebook 05 shows.
"""

import sys
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from facelm_helpers import metrics
from facelm_helpers.paths import RESULTS
from facelm_helpers.sources import w300lp
from tools.data import real_faces
from tools.measure.store import rounded, write

FILE = RESULTS / "w300lp_traps.json"
YAWS = (0, 15, 30, 45, 60, 75, 90)
JAW, INNER = np.arange(17), np.arange(17, 68)


def away(points, others, index, box):
    """Mean distance of some points, (N,), as a share of the box normaliser (N,)."""
    return np.linalg.norm(points[:, index] - others[:, index], axis=-1).mean(axis=1) / box


def by_yaw(points, yaw):
    """What the other fields of the files say, compared with ``pts_2d``, for each range of |yaw|."""
    box = metrics.normaliser(points["pts_2d"], "box")
    wrong = {
        "pt2d": away(points["pt2d"], points["pts_2d"], np.arange(68), box),
        "pts_3d, jaw": away(points["pts_3d"], points["pts_2d"], JAW, box),
        "pts_3d, other points": away(points["pts_3d"], points["pts_2d"], INNER, box),
    }
    group = np.minimum(np.digitize(yaw, YAWS) - 1, len(YAWS) - 2)
    groups = range(len(YAWS) - 1)
    found = {name: [error[group == k].mean() for k in groups] for name, error in wrong.items()}
    return {"yaw": YAWS, "renders": [(group == k).sum() for k in groups]} | found


def offsets(files, points, folder):
    """Mean offset in pixels, right and down, of unturned pictures' points from the 300-W annotations."""
    with np.load(folder / "landmarks.npz") as known:
        annotated = dict(zip(known["names"], zip(known["points"], known["crop_x0_y0_side"], strict=True),
                             strict=True))  # fmt: skip
    found = {name: [] for name in ("pt2d", "pts_2d")}
    for i, file in enumerate(map(Path, files)):
        if not file.stem.endswith("_0"):
            continue
        crop, (x0, y0, side) = annotated[f"{file.stem.removeprefix('AFW_').removesuffix('_0')}.jpg"]
        p = (crop + 0.5) * side / 256 + 0.5 + (x0, y0)  # counted from 1, in the photograph
        left, top, right, _ = loadmat(file.with_suffix(".mat"))["roi"].ravel().astype(float)
        scale = 450 / (right - left + 1)
        truth = (p - (left, top) + 0.5) * scale - 0.5
        for name, offset in found.items():
            offset.append((points[name][i] - truth)[INNER].mean(axis=0))
    return {name: np.mean(offset, axis=0) for name, offset in found.items()}


def copied(faces, train, test):
    """NME of copying the points of the most similar training crop, at 16 x 16 pixels."""
    seen = faces.images.reshape(len(faces), -1).astype(np.float32)
    distance = (seen[train] ** 2).sum(axis=1) - 2 * seen[test] @ seen[train].T
    return metrics.nme(faces.points[train][distance.argmin(axis=1)], faces.points[test], norm="box").mean()


def splits(faces, share=0.8, seed=0):
    """The error of copying, where renders are shuffled and where source photographs are."""
    crops = faces.crops(size=16)
    order = np.random.default_rng(seed).permutation(len(crops))
    cut = round(share * len(crops))
    inside = np.isin(crops.persons, faces.split_by_person(share, seed)[0].persons)
    return {
        "by render": copied(crops, order[:cut], order[cut:]),
        "by photograph": copied(crops, np.flatnonzero(inside), np.flatnonzero(~inside)),
    }


def main():
    """Measure and write. Returns the exit status."""
    root = real_faces.REAL / "300w_lp_afw"
    if not root.is_dir():
        print("300W-LP's folder AFW is not here: nothing measured")
        return 1
    given = {"root": root, "subsets": ["AFW"], "progress": False}
    sets = {name: w300lp.load(which=name, **given) for name in w300lp.LABELS}
    points = {name: faces.points for name, faces in sets.items()}
    faces = sets["pts_2d"]
    yaw = np.abs(np.degrees(w300lp.poses(**given)[:, 1]))
    results = {
        "about": "300W-LP, folder AFW, without flips; pictures of 450 x 450",
        "renders": len(faces), "photographs": len(set(faces.persons)),
        "away": by_yaw(points, yaw),
        "offset": offsets(faces.images.paths, points, real_faces.REAL / "afw68"),
        "copying": splits(faces),
    }  # fmt: skip
    write(FILE, rounded(results, 4))
    return 0


if __name__ == "__main__":
    sys.exit(main())
