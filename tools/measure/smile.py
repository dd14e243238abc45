"""Learn and judge the smile of `applications.smile`: writes data/smile.npz and data/results/smile.json.

    python -m tools.measure.smile

Learnt from MTFL's training list, on the points that SENet finds in it; judged on its test list, of which
nothing has learnt. The strength of the penalty is chosen by cross-validation within the training list.
"""

import numpy as np
from sklearn.linear_model import LogisticRegressionCV
from tqdm.auto import tqdm

from facelm_helpers import methods, metrics
from facelm_helpers.applications import _smile, smile, smile_features
from facelm_helpers.arrays import write_arrays
from facelm_helpers.paths import RESULTS
from tools.data import real_faces
from tools.measure.store import machine, rounded, write

FILE = RESULTS / "smile.json"
WHAT = (
    "Smile or not, of SENet's points, on the faces of MTFL's test list that are at hand; shares of right"
    " answers, with 95 % intervals. Learnt from those of its training list."
)
TOGETHER = 64


def seen(part, aligner):
    """Points (N, 68, 2) of MTFL's faces, as an aligner finds them, and who smiles, (N,) bool."""
    faces, found = real_faces.mtfl_faces(part=part), []
    for start in tqdm(range(0, len(faces), TOGETHER), desc=part, disable=None):
        some = faces[np.arange(start, min(start + TOGETHER, len(faces)))]
        found.append(aligner.predict(list(some.images), some.boxes))
    smiles = np.array([told[1] == "1" for *_, told in real_faces.mtfl(part=part)])
    return np.concatenate(found).astype(np.float64), smiles


def share_right(probability, smiles):
    """Accuracy, with its 95 % interval."""
    right = ((probability > 0.5) == smiles).astype(np.float64)
    return {"accuracy": right.mean(), "interval": metrics.bootstrap(right)}


def main():
    """Learn, write, judge."""
    aligner = methods.load("senet", runtime="litert")
    (points, smiles), (others, truth) = seen("training", aligner), seen("testing", aligner)
    model = LogisticRegressionCV(Cs=10, cv=5, max_iter=2000, scoring="accuracy")
    model.fit(smile_features(points), smiles)
    write_arrays(
        _smile.FILE, {"weights": np.float32(model.coef_[0]), "bias": np.float32(model.intercept_[0])}
    )
    _smile._learnt.cache_clear()
    # for comparison: the most frequent answer, and a threshold on one ratio, chosen on the training list
    one, of_tests = (mouth_width(some) for some in (points, others))
    best = max(np.unique(one.round(3)), key=lambda level: ((one > level) == smiles).mean())
    record = {
        "what": WHAT,
        "faces": {"learnt": len(smiles), "judged": len(truth), "smiling": float(truth.mean())},
        "always_the_same": share_right(np.full(len(truth), float(smiles.mean() > 0.5)), truth),
        "width_of_the_mouth": share_right((of_tests > best) * 1.0, truth) | {"threshold": float(best)},
        "logistic": share_right(smile(others), truth),
        "machine": machine(),
    }
    write(FILE, rounded(record))
    print(record)


def mouth_width(points):
    """Distance of the mouth's corners over that of the eyes' outer corners, (N,)."""
    return np.linalg.norm(points[:, 48] - points[:, 54], axis=1) / metrics.normaliser(points)


if __name__ == "__main__":
    main()
