"""How networks of a 3D face do on AFLW2000-3D, by yaw: writes data/results/faces3d.json.

    python -m tools.measure.faces3d                                 those whose weights are here
    python -m tools.measure.faces3d --costs PDC.npz WPDC.npz VDC.npz   3DDFA by what it was trained on

The pictures of AFLW2000-3D that are at hand are validation data.
"""

import argparse
import sys

import numpy as np

from facelm_helpers import methods, metrics
from facelm_helpers.paths import RESULTS
from facelm_helpers.sources import aflw2000
from tools.data import real_faces
from tools.measure import face_sets
from tools.measure.face3d import by_yaw
from tools.measure.pose import MOST, errors
from tools.measure.store import machine, merge, read, rounded, write

FILE = RESULTS / "faces3d.json"
WHAT = (
    "'points': AFLW2000-3D, validation data, tight boxes, solid jaw: distance of the 68 points over the root"
    " of the box's area, by yaw, and the mean of the three. 'pose': degrees, without faces that have an angle"
    " over 99. 'inter-ocular': mean NME on validation photographs, in the tight box, mixed jaw. 'costs': the"
    " same of networks that learnt from the same crops for as long, each by one cost."
)
SETS = ("lfpw68/held-out", "helen68/validation")
SENET = "senet"  # beside them; its jaw is mixed


def of_aligner(aligner, root=real_faces.REAL):
    """Errors of one method."""
    faces, truth = aflw2000.load(root / "aflw2000"), np.degrees(aflw2000.poses(root / "aflw2000"))
    found = {"inter-ocular": {}}
    for name in SETS:
        some = face_sets.in_memory(name, 300)
        found["inter-ocular"][name] = metrics.nme(
            aligner.predict(some.images, some.boxes), some.points
        ).mean()
    if hasattr(aligner, "jaw"):
        aligner.jaw = "solid"
    points = by_yaw(
        metrics.nme(aligner.predict(faces.images, faces.boxes), faces.points, norm="box"), truth[:, 1]
    )
    found["points"] = points | {"mean": np.mean(list(points.values()))}
    if hasattr(aligner, "predict_3d"):
        usual = (np.abs(truth) <= MOST).all(axis=1)
        found["pose"] = errors(aligner.predict_3d(faces.images, faces.boxes).degrees[usual], truth[usual])
    return found


def main(arguments=None):
    """Measure and write. Returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--costs", nargs="+", default=[], help="weights of 3DDFA, one for each cost")
    options = parser.parse_args(arguments)
    if not (real_faces.REAL / "aflw2000").is_dir():
        print("AFLW2000-3D is not beside this checkout: nothing measured")
        return 1
    results = {"what": WHAT, "machine": machine(), "methods": {}, "costs": {}}
    for name in (SENET, "tddfa", "prnet", "densereg"):
        if not options.costs and methods.of(name).has_weights():
            results["methods"][name] = of_aligner(methods.load(name))
    for path in options.costs:
        aligner = methods.of("tddfa").load(path)
        results["costs"][aligner.cost] = of_aligner(aligner) | {"crops": aligner.steps * aligner.batch_size}
    results = rounded(results, 4)
    write(FILE, merge(read(FILE), results))
    for name, said in (results["methods"] | results["costs"]).items():
        print(f"{name}:", *(f"{key} {100 * value:.2f}" for key, value in said["points"].items()),
              f"pose {said['pose']['mean']:.2f}" if "pose" in said else "")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
