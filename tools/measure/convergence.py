"""How the cascades come to the face: writes data/results/convergence.json, which notebook 03 draws.

    python -m tools.measure.convergence            everything, about six minutes
    python -m tools.measure.convergence sdm lbf    only these; what is not measured again stays

NME on default faces that no cascade has seen, in boxes as a detector sets them (`detector_like`): after each
stage, from starts that lie ever farther off, and by the number of faces learnt from.
"""

import sys

import numpy as np

from facelm_helpers import methods, metrics, sources
from facelm_helpers.boxes import detector_like
from facelm_helpers.paths import RESULTS
from tools.measure.store import machine, merge, read, rounded, write

FILE = RESULTS / "convergence.json"
NAMES = ("cpr", "esr", "sdm", "lbf", "ert")
SEED = 990_003  # of the faces; training uses small seeds
AWAY = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)  # of the box's side
COUNTS = (50, 150, 500, 1500)
SMALL = {  # configurations that are trained here once for each count
    "cpr": {"n_stages": 80},
    "esr": {"n_stages": 8, "n_trees": 40, "n_starts": 3},
    "sdm": {"n_stages": 3, "n_starts": 2},
    "lbf": {"n_stages": 3, "n_trees": 2, "n_starts": 2},
    "ert": {"n_stages": 6, "n_trees": 40, "n_starts": 4, "jitter": 0.1, "detector_boxes": True, "size": 160},
}  # fmt: skip


def faces(n=150):
    """Unseen faces, and boxes as a detector might have set them."""
    test = sources.load("synthetic", n=n, seed=SEED, progress=False)
    return test, detector_like(test.points, np.random.default_rng(SEED))


def by_stage(aligner, test, boxes):
    """Mean NME of S^0 .. S^T; of a long cascade every sixteenth stage."""
    walk = aligner.predict(test.images, boxes, stages=True)
    stages = np.arange(0, len(walk), 16 if len(walk) > 100 else 1)
    return {"stages": stages, "nme": [metrics.nme(walk[t], test.points).mean() for t in stages]}


def by_start(aligner, test, boxes):
    """Mean NME when every box is moved by a share of its side, in a direction of its own."""
    angle = np.random.default_rng(SEED).uniform(0, 2 * np.pi, len(boxes))
    way = np.stack([np.cos(angle), np.sin(angle)] * 2, axis=1) * (boxes[:, 2:3] - boxes[:, :1])
    moved = [aligner.predict(test.images, np.float32(boxes + away * way)) for away in AWAY]
    return [metrics.nme(points, test.points).mean() for points in moved]


def by_count(name, test, boxes):
    """Mean NME of a small configuration that learnt from ever more faces: on them, and on unseen ones."""
    learn = sources.load("synthetic", n=max(COUNTS), seed=0, progress=False)
    own = detector_like(learn.points, np.random.default_rng(1))
    rows = {"learnt": [], "unseen": []}
    for n in COUNTS:
        aligner = methods.create(name, **SMALL[name]).fit(learn[:n], progress=False)
        some = slice(0, min(n, 150))
        seen = aligner.predict(learn.images[some], own[some])
        rows["learnt"].append(metrics.nme(seen, learn.points[some]).mean())
        rows["unseen"].append(metrics.nme(aligner.predict(test.images, boxes), test.points).mean())
    return rows


def measure(names=NAMES, counting=True):
    """All of it, as plain numbers."""
    test, boxes = faces()
    found = {"what": __doc__.split("\n\n")[2].replace("\n", " "), "faces": len(test), "away": AWAY,
             "counts": COUNTS, "machine": machine(), "stage": {}, "start": {}, "count": {}}  # fmt: skip
    for name in names:
        aligner = methods.load(name)
        found["stage"][name] = by_stage(aligner, test, boxes)
        found["start"][name] = by_start(aligner, test, boxes)
        print(f"{name}: {found['stage'][name]['nme'][0]:.3f} -> {found['stage'][name]['nme'][-1]:.3f}")
    for name in (name for name in names if name in SMALL and counting):
        found["count"][name] = by_count(name, test, boxes)
        print(name, *(f"{n}: {e:.3f}" for n, e in zip(COUNTS, found["count"][name]["unseen"], strict=True)))
    return rounded(found)


if __name__ == "__main__":
    if unknown := [name for name in sys.argv[1:] if name not in NAMES]:
        sys.exit(f"no cascade called {unknown[0]!r}: wanted any of {', '.join(NAMES)}")
    measured = measure(sys.argv[1:] or NAMES)
    write(FILE, merge(read(FILE), measured))
