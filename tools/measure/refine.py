"""What a second look brings and costs: writes data/results/refine.json.

    python -m tools.measure.refine            every network method whose weights are here, about five minutes
    python -m tools.measure.refine senet      only this one; what is not measured again stays

Mean plain NME of `predict(..., refine=)` on default faces and, where the authors' photographs are, on those
for validation: in the boxes of dlib's detector (the tight one where it finds nothing), in boxes moved and
scaled at random, and with the picture turned. Milliseconds are of one picture at a time, in turns.
"""

import sys

import numpy as np

from facelm_helpers import methods, metrics, protocol, sources
from facelm_helpers.boxes import jitter_boxes
from facelm_helpers.methods._runtimes import fingerprint
from facelm_helpers.paths import RESULTS
from tools.data import real_faces
from tools.data.found_boxes import detector_boxes
from tools.measure import face_sets
from tools.measure.speed import time_in_turns
from tools.measure.store import machine, merge, read, rounded, write

FILE = RESULTS / "refine.json"
SEED, MOST = 990_004, 300  # of the faces of a set; training uses small seeds
JITTER, DEGREES = 0.2, 40.0
CHOOSING = ("val", "validation", "held-out")  # what a name ends in


def sets():
    """Name -> faces with images in memory, one set at a time."""
    yield "synthetic", sources.load("synthetic", n=MOST, seed=SEED, progress=False)
    for name in real_faces.NAMES if real_faces.REAL.is_dir() else ():
        if name.endswith(CHOOSING):
            yield name, face_sets.in_memory(name, MOST)


def changes(faces, boxes):
    """Name -> images, points, boxes."""
    degrees = DEGREES * np.where(np.arange(len(faces)) % 2, -1, 1)
    turned = [protocol.turn(*faces[i][:2], boxes[i], degrees[i]) for i in range(len(faces))]
    return {
        "as found": (faces.images, faces.points, boxes),
        "jittered": (faces.images, faces.points, jitter_boxes(boxes, SEED, JITTER)),
        "turned": ([image for image, _ in turned], np.array([points for _, points in turned]), boxes),
    }


def errors(aligner, faces):
    """Change -> how it is refined -> mean NME."""
    found = detector_boxes(faces)
    boxes = np.where(np.isfinite(found), found, faces.boxes)
    return {
        change: {how or "none": metrics.nme(aligner.predict(images, moved, refine=how), points).mean()
                 for how in (None, *aligner.refinements)}
        for change, (images, points, moved) in changes(faces, boxes).items()
    }  # fmt: skip


def milliseconds(aligner):
    """How it is refined -> milliseconds a face, and their ratio to a single look."""
    faces = sources.load("synthetic", n=10, size=256, seed=SEED, progress=False)

    def task(how):
        return lambda i: aligner.predict(faces.images[i : i + 1], faces.boxes[i : i + 1], refine=how)

    tasks = {how or "none": task(how) for how in (None, *aligner.refinements)}
    return time_in_turns(tasks, len(faces), baseline="none")


def measure(names):
    """All of it, as plain numbers."""
    found = {"what": " ".join(__doc__.split("\n\n")[2].split()), "jitter": JITTER, "degrees": DEGREES,
             "machine": machine(), "weights": {}, "faces": {}, "nme": {}, "time": {}}  # fmt: skip
    aligners = {name: methods.load(name) for name in names}
    found["weights"] = {name: fingerprint(aligner._state()) for name, aligner in aligners.items()}
    for title, faces in sets():
        found["faces"][title] = len(faces)
        for name, aligner in aligners.items():
            found["nme"].setdefault(name, {})[title] = errors(aligner, faces)
            for change, row in found["nme"][name][title].items():
                print(
                    f"{name}, {title}, {change}:",
                    *(f"{how} {100 * e:.2f}" for how, e in row.items()),
                    flush=True,
                )
    found["time"] = {name: milliseconds(aligner) for name, aligner in aligners.items()}
    return rounded(found)


if __name__ == "__main__":
    able = [
        name for name in methods.names() if methods.of(name).refinements and methods.of(name).has_weights()
    ]
    if unknown := [name for name in sys.argv[1:] if name not in able]:
        sys.exit(f"{unknown[0]!r} has no refinements or no weights: wanted any of {', '.join(able)}")
    write(FILE, merge(read(FILE), measure(sys.argv[1:] or able)))
