"""The course's side of `compare_public.py`, in a process of its own so that one thread is one thread.

``python -m tools.measure.compare_public_ours FOLDER SIDE-NAME``: learns from FOLDER/train.npz, fits
FOLDER/test-*.npz, writes FOLDER/SIDE-NAME.npz (points, seconds of the processor). SIDE is ours, or theirs for
dlib, which comes with the course.
"""

import inspect
import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from facelm_helpers import methods
from facelm_helpers.faces import FaceSet
from facelm_helpers.methods._cascade._small_ert import SmallERT


def create(name, configuration):
    """The aligner; ours of ERT is the small one that the course opens up, theirs is dlib's trainer.

    >>> create("ours-ert", {"n_stages": 2}).n_stages, create("theirs-ert", {"n_stages": 2}).n_stages
    (2, 2)
    """
    side, method = name.split("-")
    if (side, method) == ("ours", "ert"):
        return SmallERT(**configuration)
    return methods.create(method, **configuration)


def defaults(aligner):
    """The whole configuration of an aligner as plain JSON values."""
    names = inspect.signature(type(aligner).__init__).parameters
    found = aligner.configuration()
    return {key: found[key] for key in names if key in found}


def main(folder, name):
    """Learn, fit, and write what was found."""
    cv2.setNumThreads(1)
    folder = Path(folder)
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))[name]
    train = np.load(folder / "train.npz", allow_pickle=False)
    aligner = create(name, settings)
    began = time.process_time()
    aligner.fit(FaceSet(train["images"], train["points"]), seed=0, progress=False)
    found = {"training_seconds": time.process_time() - began, "configuration": json.dumps(defaults(aligner))}
    for path in sorted(folder.glob("test-*.npz")):
        test, key = np.load(path, allow_pickle=False), path.stem.removeprefix("test-")
        images, boxes = test["images"], test["boxes"]
        aligner.predict(images[:2], boxes[:2])  # what is made once is not a face's time
        began = time.process_time()
        found[f"points-{key}"] = aligner.predict(images, boxes)
        found[f"seconds-{key}"] = time.process_time() - began
    np.savez(folder / f"{name}.npz", **found)


if __name__ == "__main__":
    main(*sys.argv[1:3])
