"""How good the 3D point model is where depth and turned views are known: writes data/results/face3d.json.

    python -m tools.measure.face3d

AFLW2000-3D and 300W-LP are no part of the repository. The pictures of AFLW2000-3D that are at hand are
validation data: the model's settings were chosen by them.
"""

import sys
import time
from pathlib import Path

import numpy as np

from facelm_helpers import face3d, metrics, plots, sources, widgets
from facelm_helpers.face3d._pose import pose_of, shift_of
from facelm_helpers.paths import RESULTS
from facelm_helpers.sources import aflw2000, w300lp
from tools.data import real_faces
from tools.measure.store import machine, rounded, write

FILE = RESULTS / "face3d.json"
WHAT = {
    "depth": "AFLW2000-3D, validation data: the model fitted to the points of pt3d_68; its depth compared"
    " with the third row. Correlation over the 68 points; mean absolute difference (means subtracted)"
    " over the root of the box's area. 'mean face': only the pose is fitted.",
    "projection": "300W-LP, AFW: the model fitted to the visible contour and the other points (pts_2d);"
    " distance of its 68 solid points from pts_3d, over the root of the box's area. 'another view': the"
    " shape is that of the unturned picture, only the pose is fitted.",
    "milliseconds": "of processor time for a fit, one face at a time, and in batches of 100; redraw: of the"
    " view of head and camera, when a slider moves.",
}
YAWS = {"0-30": (0, 30), "30-60": (30, 60), "60-90": (60, 91)}
EXACT = 0.01  # noise of annotated points


def by_yaw(values, yaw, of=np.mean):
    """Means, or another number, of the values in each range of |yaw|, degrees."""
    size = np.abs(yaw)
    return {name: of(values[(size >= low) & (size < high)]) for name, (low, high) in YAWS.items()}


def depth(root=real_faces.REAL, most=None):
    """Correlation and error of the depth on AFLW2000-3D, by yaw."""
    root = root / "aflw2000"
    faces, yaw = aflw2000.load(root, n=most), np.degrees(aflw2000.poses(root, n=most)[:, 1])
    true = _centred(aflw2000.depths(root, n=most).astype(float))
    box = metrics.normaliser(faces.points, "box")
    found = {}
    for name, noise in (("", EXACT), ("mean face: ", 1e3)):
        fitted = face3d.fit(faces.points, jaw="solid", noise=noise)
        z = _centred(face3d.vertices(fitted)[..., 2])
        same = (z * true).sum(axis=1) / np.sqrt((z**2).sum(axis=1) * (true**2).sum(axis=1))
        found[f"{name}correlation"] = by_yaw(same, yaw)
        found[f"{name}error"] = by_yaw(np.abs(z - true).mean(axis=1) / box, yaw)
    return {"faces": by_yaw(yaw, yaw, of=len)} | found


def projection(root=real_faces.REAL):
    """Distance from 300W-LP's projected points, by yaw."""
    options = {"root": root / "300w_lp_afw", "subsets": ("AFW",), "progress": False}
    contour, solid = (sources.load("300w-lp", which=which, **options) for which in ("pts_2d", "pts_3d"))
    yaw = np.degrees(w300lp.poses(**options)[:, 1])
    box = metrics.normaliser(solid.points, "box")
    fitted = face3d.fit(contour.points, noise=EXACT)
    found = {"own view": by_yaw(_off(face3d.vertices(fitted)[..., :2], solid.points, box), yaw)}
    stems = [Path(path).stem.rpartition("_") for path in contour.images.paths]
    first = {stem: i for i, (stem, _, view) in enumerate(stems) if view == "0"}
    index = np.array([i for i, (stem, _, view) in enumerate(stems) if view != "0" and stem in first])
    S = fitted.shape[[first[stems[i][0]] for i in index]]
    x = solid.points[index].astype(float)
    w = np.ones(x.shape[:2])
    R, s = pose_of(S, x, w)
    seen = face3d.project(S, R, s, shift_of(S, x, w, R, s))
    return found | {"another view": by_yaw(_off(seen, x, box[index]), yaw[index])}


def milliseconds():
    """Of a fit."""
    model = face3d.load_face3d()
    seen = face3d.project(model.mean, face3d.rotation([5, 30, 5]), 100, [200, 200])
    found = {}
    for name, points, many in (("one", seen[None], 1), ("batch", np.repeat(seen[None], 100, axis=0), 100)):
        times = []
        for _ in range(30):
            began = time.process_time()
            for _ in range(100 // many):
                face3d.fit(points)
            times.append((time.process_time() - began) * 10)
        found[name] = np.median(times)
    return found | {"redraw": redraw()}


def redraw():
    """Of notebook 08's view of head and camera: the median over moves of a slider."""
    view = widgets.Sliders(lambda yaw: plots.head_and_camera([0, yaw, 0]), {"yaw": (-90, 90, 0)})
    times = []
    for yaw in np.linspace(-80, 80, 21):
        began = time.process_time()
        view.sliders[0].value = yaw
        times.append(1000 * (time.process_time() - began))
    return np.median(times)


def _centred(z):
    return z - z.mean(axis=1, keepdims=True)


def _off(found, true, box):
    return np.linalg.norm(found - true, axis=-1).mean(axis=1) / box


def main():
    """Measure and write. Returns the exit status."""
    if not (real_faces.REAL / "aflw2000").is_dir():
        print("AFLW2000-3D is not beside this checkout: nothing measured")
        return 1
    results = {"what": WHAT, "machine": machine(), "depth": depth(), "projection": projection(),
               "milliseconds": milliseconds()}  # fmt: skip
    write(FILE, rounded(results, 4))
    return 0


if __name__ == "__main__":
    sys.exit(main())
