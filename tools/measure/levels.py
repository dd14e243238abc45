"""The error after each level of the networks that look again: writes data/results/levels.json.

    python -m tools.measure.levels           every cascade of networks whose weights are here
    python -m tools.measure.levels dcnn      only this one; what is not measured again stays

What is measured is said in the file (`WHAT`).
"""

import sys

import numpy as np

from facelm_helpers import methods, metrics
from facelm_helpers.paths import RESULTS
from tools.measure import face_sets
from tools.measure.store import machine, merge, read, rounded, write

FILE = RESULTS / "levels.json"
WHAT = (
    "NME (inter-ocular) of the start and after each level, of all 68 points, of the 51 inner ones and of the"
    " 17 of the contour, on the sets of `face_sets`, in the boxes of dlib's detector; with 95 % intervals of"
    " the first."
)
PARTS = {"inner": slice(17, 68), "contour": slice(0, 17)}


def levels(aligner, faces, boxes):
    """Mean errors (T + 1,) of a cascade on faces, in all and by part."""
    walk = aligner.predict(faces.images, boxes, stages=True)
    distance = metrics.normaliser(faces.points, "inter_ocular")[:, None]
    errors = np.linalg.norm(walk - faces.points, axis=-1) / distance
    found = {"nme": errors.mean(axis=(1, 2)), "interval": [metrics.bootstrap(e.mean(axis=1)) for e in errors]}
    return found | {part: errors[:, :, some].mean(axis=(1, 2)) for part, some in PARTS.items()}


def measure(names):
    """All of it, as plain numbers."""
    aligners = {name: methods.load(name) for name in names}
    found = {"what": WHAT, "machine": machine(), "faces": {}, "levels": {name: {} for name in names}}
    for title in face_sets.present():
        group = face_sets.load(title)
        faces, boxes, *_ = group.view("detector")
        found["faces"][title] = len(faces)
        for name, aligner in aligners.items():
            one = found["levels"][name][title] = levels(aligner, faces, boxes)
            print(f"{name}, {title}:", *(f"{100 * e:.2f}" for e in one["nme"]), flush=True)
    return rounded(found)


def able():
    """The cascades of networks that have weights here."""
    kinds = [methods.of(name) for name in methods.names()]
    return [kind.name for kind in kinds if kind.kind == "network" and kind.cascade and kind.has_weights()]


if __name__ == "__main__":
    if unknown := [name for name in sys.argv[1:] if name not in able()]:
        sys.exit(f"{unknown[0]!r} is no cascade of networks with weights: wanted any of {', '.join(able())}")
    write(FILE, merge(read(FILE), measure(sys.argv[1:] or able())))
