"""Head pose on AFLW2000-3D in three ways, in degrees: writes data/results/pose.json.

    python -m tools.measure.pose

PnP and the fit of the 3D model look at points; networks of a 3D face give a pose themselves. The pictures of
AFLW2000-3D that are at hand are validation data.
"""

import sys

import numpy as np

from facelm_helpers import face3d, methods
from facelm_helpers.paths import RESULTS
from facelm_helpers.sources import aflw2000
from tools.data import real_faces
from tools.measure.face3d import by_yaw
from tools.measure.store import machine, merge, read, rounded, write

FILE = RESULTS / "pose.json"
WHAT = (
    "AFLW2000-3D, validation data, without the faces that have an angle over 99 degrees, as usual: mean"
    " absolute difference from Pose_Para, degrees; pitch, yaw, roll, their mean, and the mean by yaw."
    " Tight boxes. The published figures are of all 1,969 such faces, with other boxes."
)
PUBLISHED = {  # mean of the three angles
    "PnP on landmarks": 8.65, "FAN-12": 9.12, "HopeNet": 6.16, "FSA-Net": 5.07, "3DDFA_V2": 4.27,
    "6DRepNet": 3.97, "SynergyNet": 3.35,
}  # fmt: skip
MOST = 99  # degrees
LOOKING = ("senet", "tddfa", "prnet", "densereg")  # whose points are looked at; if they have weights


def roads(points, size, solid):
    """Name -> angles (N, 3) from points (N, 68, 2), whose jaw is solid or the contour."""
    jaw = "solid" if solid else "near"
    found = {"fit": face3d.fit(points, jaw=jaw).degrees}
    for title, which in (("PnP", "solid" if solid else "visible"), ("PnP with the jaw", "solid")):
        if title == "PnP" or not solid:
            found[title] = face3d.angles(face3d.pnp(points, size, jaw=which)[0])
    return found


def errors(degrees, truth):
    """What is said of the angles (N, 3) that one road finds."""
    off = np.abs(degrees - truth)
    angles = dict(zip(("pitch", "yaw", "roll"), off.mean(axis=0), strict=True))
    return angles | {"mean": off.mean()} | by_yaw(off, truth[:, 1])


def measure(root=real_faces.REAL):
    """All of it, as plain numbers."""
    faces, truth = aflw2000.load(root / "aflw2000"), np.degrees(aflw2000.poses(root / "aflw2000"))
    keep = np.flatnonzero((np.abs(truth) <= MOST).all(axis=1))
    faces, truth = faces[keep], truth[keep]
    size = [picture.shape[1::-1] for picture in faces.images]
    found = {"annotation": roads(faces.points, size, solid=True)}
    for name in LOOKING:
        if not methods.of(name).has_weights():
            continue
        aligner = methods.load(name)
        regresses = hasattr(aligner, "predict_3d")
        if regresses:
            aligner.jaw = "solid"
        found[name] = roads(aligner.predict(faces.images, faces.boxes), size, solid=regresses)
        if regresses:
            found[name]["regression"] = aligner.predict_3d(faces.images, faces.boxes).degrees
    said = {
        name: {road: errors(degrees, truth) for road, degrees in some.items()} for name, some in found.items()
    }
    return {"what": WHAT, "machine": machine(), "faces": len(faces), "degrees": said, "published": PUBLISHED}


def main():
    """Measure and write. Returns the exit status."""
    if not (real_faces.REAL / "aflw2000").is_dir():
        print("AFLW2000-3D is not beside this checkout: nothing measured")
        return 1
    results = rounded(measure(), 2)
    write(FILE, merge(read(FILE), results))
    for name, some in results["degrees"].items():
        print(f"{name}:", *(f"{road} {said['mean']:.2f}" for road, said in some.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
