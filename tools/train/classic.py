"""Train the shipped weights of the methods that need no network: `python -m tools.train.classic [NAME ...]`.

2,000 default faces (seed 0), each method in its full configuration; one method at a time. The weights go to
``data/weights/NAME.npz``. ``--real`` trains on the authors' real faces instead and only measures.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from facelm_helpers import methods, metrics, paths, sources
from facelm_helpers.boxes import detector_like
from facelm_helpers.faces import FaceSet
from tools.data import real_faces

NAMES = ("mean_shape", "asm", "aam", "cpr", "esr", "sdm", "lbf", "ert", "joint_cascade")
LIMIT = 2_000_000  # bytes of a weights file


def training_faces(real):
    """2,000 default faces; or as many real ones, held-out people left out."""
    if not real:
        return sources.load("synthetic", n=2000, seed=0, progress=False)
    parts = [real_faces.load(name) for name in ("yt68/train", "lfpw68/train")]
    rng = np.random.default_rng(0)
    counts = (1421, 579)  # of LFPW, all but the held-out and validation
    parts = [part[np.sort(rng.permutation(len(part))[:n])] for part, n in zip(parts, counts, strict=True)]
    points = [real_faces.unbiased(parts[0].points), parts[1].points]
    images = [part.images[i] for part in parts for i in range(len(part))]
    return FaceSet(images, np.concatenate(points))


def judges():
    """Faces that none learnt from: default ones of another seed, and held-out real ones if they are there."""
    yield "default", sources.load("synthetic", n=400, seed=9, progress=False)
    if real_faces.REAL.is_dir():
        val = real_faces.load("yt68/val")
        yield "yt68/val", FaceSet(val.images, real_faces.unbiased(val.points))
        yield "lfpw68/held-out", real_faces.load("lfpw68/held-out")


def train(name, real=False):
    """Train one method, save it (unless real), and print what it reaches."""
    kind = methods.of(name)
    aligner = kind(**kind.full)
    began, cpu = time.perf_counter(), time.process_time()
    aligner.fit(training_faces(real), seed=0, progress=False)
    aligner.provenance["trained_on"] = "2,000 default faces of the course (seed 0)"
    seconds = f"{time.perf_counter() - began:.0f} s ({time.process_time() - cpu:.0f} s of one core)"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trial.npz" if real else paths.WEIGHTS / f"{name}.npz"
        size = os.path.getsize(aligner.save(path))
        aligner = kind.load(path)  # what is judged is what is shipped
    figures = []
    for title, faces in judges():
        kinds = faces.boxes, detector_like(faces.points, np.random.default_rng(9))
        errors = [metrics.nme(aligner.predict(faces.images, b), faces.points).mean() for b in kinds]
        figures.append(f"{title} {100 * errors[0]:.2f} % in tight, {100 * errors[1]:.2f} % in moved boxes")
    print(f"{name}: {seconds}, {size / 1e6:.2f} MB; NME {', '.join(figures)}", flush=True)
    if size > LIMIT:
        print(f"{name}: {size} bytes are more than the {LIMIT} wanted", flush=True)


def main():
    """Read the command line."""
    command = argparse.ArgumentParser(description=__doc__)
    command.add_argument("names", nargs="*", default=NAMES, metavar="NAME", help=f"of {', '.join(NAMES)}")
    command.add_argument("--real", action="store_true", help="train on real faces, measure, save nothing")
    arguments = command.parse_args()
    if unknown := [name for name in arguments.names if name not in NAMES]:
        sys.exit(f"no classic method called {unknown[0]!r}: wanted any of {', '.join(NAMES)}")
    for name in arguments.names:
        train(name, arguments.real)


if __name__ == "__main__":
    main()
