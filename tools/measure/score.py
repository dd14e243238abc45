"""Whether a network knows when it errs: writes data/results/score.json.

    python -m tools.measure.score             every method whose shipped weights have a score
    python -m tools.measure.score FILE.npz    SENet's weights in a file; printed, not written

On faces for validation (the authors' photographs; without them, default faces), in boxes as detectors set
them: which share of the errors above 8 % the tenth with the lowest scores holds, and which share of pictures
without a face scores below all but 5 % of the faces.
"""

import sys

import numpy as np
from scipy import stats

from facelm_helpers import methods, metrics, sources
from facelm_helpers.boxes import detector_like, tight_boxes
from facelm_helpers.faces import FaceSet
from facelm_helpers.methods._runtimes import fingerprint
from facelm_helpers.paths import RESULTS
from tools.data import no_faces
from tools.measure.store import machine, merge, read, rounded, write
from tools.train.score import photographs

FILE = RESULTS / "score.json"
SEED, DRAWS, NO_FACES = 990_005, 3, 1500
FAILURE = 0.08


def validation():
    """The faces to judge by: a list of FaceSets with images in memory."""
    default = sources.load("synthetic", n=500, seed=SEED, progress=False)
    return list(photographs(("val", "validation", "held-out"))) or [default]


def figures(aligner, sets):
    """What is said of one method's scores.

    Parameters
    ----------
    aligner : Aligner
        With a score.
    sets : list of FaceSet

    Returns
    -------
    dict
        ``faces`` (each seen in `DRAWS` boxes), ``failures``, ``held`` (share of them in the tenth with the
        lowest scores), ``rank`` (correlation of the ranks of error and expected error), ``no_face`` (share of
        pictures without a face below the faces' 5th percentile).
    """
    errors, scores = [], []
    for faces in sets:
        for draw in range(DRAWS):
            boxes = detector_like(faces.points, np.random.default_rng([SEED, draw]))
            points, sure = aligner.predict(faces.images, boxes, scores=True)
            errors.append(metrics.nme(points, faces.points))
            scores.append(sure)
    errors, scores = np.concatenate(errors), np.concatenate(scores)
    failed, low = errors > FAILURE, scores <= np.quantile(scores, 0.1)
    crops = no_faces.crops(together(sets), NO_FACES, SEED, judging=True)
    half = 128 / 1.5 / 2
    boxes = np.tile(np.float32([63.5 - half, 63.5 - half, 63.5 + half, 63.5 + half]), (len(crops), 1))
    _, empty = aligner.predict(crops, boxes, scores=True)
    return {
        "faces": len(errors) // DRAWS, "failures": int(failed.sum()),
        "held": failed[low].sum() / max(1, failed.sum()),
        "rank": stats.spearmanr(errors, -scores).statistic,
        "no_face": np.mean(empty < np.quantile(scores, 0.05)),
    }  # fmt: skip


def together(sets):
    """All faces of some sets as one."""
    images = [image for faces in sets for image in faces.images]
    points = np.concatenate([faces.points for faces in sets])
    return FaceSet(images, points, tight_boxes(points))


def main(words):
    """Measure the shipped weights, or those in a file."""
    if words:
        print(rounded(figures(methods.of("senet").load(words[0]), validation())))
        return
    found = {"what": " ".join(__doc__.split("\n\n")[2].split()), "machine": machine(), "methods": {}}
    for name in methods.names():
        aligner = (
            methods.load(name) if methods.of(name).refinements and methods.of(name).has_weights() else None
        )
        if aligner is not None and aligner.score:
            weights = {"weights": fingerprint(aligner._state())}
            found["methods"][name] = figures(aligner, validation()) | weights
    write(FILE, merge(read(FILE), rounded(found)))
    print(found["methods"])


if __name__ == "__main__":
    main(sys.argv[1:])
