"""Measure the default faces beside real ones, and write `data/results/face_model.json`.

    python -m tools.data.judge_face_model [--sheet faces.png] [--former old.npz]
    python -m tools.data.judge_face_model --keep old.npz

Three questions: do both look alike in sharpness, light, colour, pose and expression; does dlib find them, and
its points where the annotations are; how fast are they drawn. The real faces (people that the model has not
seen) are the authors' and not in the repository; without them
only the synthetic faces are measured, and nothing is written.

Before the face model is learnt anew, `--keep` writes its faces into a file; afterwards `--former` sets them
beside the new ones. Without `--former`, the results keep what they hold of former faces.
"""

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from facelm_helpers import methods, metrics
from facelm_helpers.arrays import Array, read_arrays, write_arrays
from facelm_helpers.atomic import write_text
from facelm_helpers.detectors import detect
from facelm_helpers.faces import FaceSet
from facelm_helpers.geometry import eye_aspect_ratio, mouth_aspect_ratio, yaw
from facelm_helpers.paths import RESULTS
from facelm_helpers.sources import synthetic
from tools.data import real_faces

FACES = 300
STILLS = ("lfpw68/held-out", "lfpw68/validation", "helen68/validation", "afw68/validation")
LIKE_STILLS = "default faces and real stills (LFPW, HELEN, AFW)"
LIKE_VIDEO = "default faces and real video (YouTube Faces)"
KEPT = {"images": Array("u1", ("N", 128, 128, 3)), "points": Array("f4 f8", ("N", 68, 2), -64, 192)}


def judge(faces, title):
    """dlib's detector and 68 points against the labels; errors are those of the detected faces."""
    dlib = methods.load("dlib")
    found, predicted, truth = 0, [], []
    for i in tqdm(range(len(faces)), desc=title):
        image, points, box = faces[i]
        centre = (box[:2] + box[2:]) / 2
        around = [b for b in detect(image) if (b[:2] < centre).all() and (b[2:] > centre).all()]
        if around:
            found += 1
            predicted.append(dlib.predict([image], around[0][None])[0])
            truth.append(points)
    errors = metrics.nme(np.array(predicted), np.array(truth))
    figures = {"faces": len(faces), "detected": found / len(faces), "nme_mean": float(errors.mean())}
    figures |= {"nme_median": float(np.median(errors)), "failure_rate_008": metrics.failure_rate(errors)}
    print(title, figures)
    return {key: round(value, 4) for key, value in figures.items()}


def small(faces):
    """The faces as the samples show them: 128x128, the landmark box times 1.75."""
    chosen = faces[np.random.default_rng(0).permutation(len(faces))[:FACES]]
    return chosen.crops(size=128, margin=1.75)


def looks(faces):
    """What can be measured inside the outline of the points of each picture: name -> (N,) array."""
    found = {name: [] for name in ("sharpness", "lightness", "contrast", "chroma", "redness", "yellowness")}
    for image, points, _ in (faces[i] for i in range(len(faces))):
        inside = np.zeros(image.shape[:2], np.uint8)
        cv2.fillConvexPoly(inside, cv2.convexHull(np.rint(points).astype(np.int32)), 1)
        inside = cv2.erode(inside, np.ones((5, 5), np.uint8)) > 0
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[inside]
        values = (
            cv2.Laplacian(grey, cv2.CV_64F)[inside].var(), lab[:, 0].mean(), lab[:, 0].std(),
            np.hypot(lab[:, 1], lab[:, 2]).mean(), lab[:, 1].mean(), lab[:, 2].mean(),
        )  # fmt: skip
        for name, value in zip(found, values, strict=True):
            found[name].append(value)
    found |= {"yaw, absolute": np.abs(yaw(faces.points)), "eye aspect ratio": eye_aspect_ratio(faces.points)}
    return found | {"mouth aspect ratio": mouth_aspect_ratio(faces.points)}


def quantiles(values):
    """5, 50 and 95 % of an array, as the results have them."""
    return np.quantile(values, [0.05, 0.5, 0.95]).round(3).tolist()


def compare(faces, real, former):
    """Quantiles of former, default and real faces; the share of real ones within the middle 98 % of the
    default ones, give or take 5 % of its width. Of the former ones (name -> quantiles) there may be none."""
    compared = {}
    for (name, ours), theirs in zip(looks(faces).items(), looks(real).values(), strict=True):
        low, high = np.quantile(ours, [0.01, 0.99])
        room = 0.05 * (high - low)  # lips half a pixel apart count as closed
        compared[name] = {"former": former[name]} if name in former else {}
        compared[name] |= {
            "default": quantiles(ours),
            "real": quantiles(theirs),
            "covered": round(float(np.mean((theirs >= low - room) & (theirs <= high + room))), 3),
        }
    return compared


def compared_faces():
    """The default faces that are compared; nothing before the face, since it would count as its looks."""
    return synthetic.sample(2 * FACES, seed=14, occlusion=False)


def keep(path):
    """Write the default faces that are compared into an .npz file, for `--former` of another commit."""
    faces = compared_faces()
    return write_arrays(path, {"images": faces.images, "points": faces.points}, compressed=True)


def former_looks(path=None, results=RESULTS / "face_model.json"):
    """Quantiles of former default faces, name -> (3,): of a file that `keep` wrote, or as measured before."""
    if path is not None:
        kept = read_arrays(path, KEPT, "faces to compare with")
        return {name: quantiles(values) for name, values in looks(FaceSet(**kept)).items()}
    before = json.loads(results.read_text(encoding="utf-8")) if results.is_file() else {}
    return {name: found["former"] for name, found in before.get(LIKE_STILLS, {}).items() if "former" in found}


def sheet(path, *sets, columns=12, rows=3):
    """A picture of the first faces of each set, one above the other."""
    tiles = [faces.images[i] for faces in sets for i in range(columns * rows)]
    lines = [np.concatenate(tiles[k : k + columns], axis=1) for k in range(0, len(tiles), columns)]
    cv2.imwrite(str(path), cv2.cvtColor(np.concatenate(lines), cv2.COLOR_RGB2BGR))


def rate(n=512):
    """Faces a second on one core, in processor time."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    with threadpool_limits(1):
        synthetic.sample(64)
        start = time.process_time()
        synthetic.sample(n, seed=1)
        spent = time.process_time() - start
    cv2.setNumThreads(threads)
    return n / spent


def main(sheet_path, former):
    results = {"faces_per_second_one_core": round(rate(), -1)}
    for pose, turned in synthetic.POSES.items():
        results[f"synthetic, {pose}"] = judge(
            synthetic.sample(FACES, seed=11, yaw=turned), f"synthetic, {pose}"
        )
    plain = synthetic.sample(FACES, seed=12, yaw=synthetic.POSES["frontal"], occlusion=False)
    results["synthetic, frontal, nothing before the face"] = judge(plain, "synthetic, frontal, plain")
    results["synthetic, all"] = judge(synthetic.sample(FACES, seed=13), "synthetic, all")
    if not real_faces.REAL.exists():
        return
    video, stills = small(real_faces.load("yt68/val")), [small(real_faces.load(name)) for name in STILLS]
    results["yt68, unseen people"] = judge(video, "yt68, unseen people")
    results["lfpw, held out (dlib was trained on it)"] = judge(stills[0], "lfpw, held out")
    images, points = (
        np.concatenate([getattr(some, name) for some in stills]) for name in ("images", "points")
    )
    stills = FaceSet(images, points)[np.random.default_rng(0).permutation(len(images))]
    default = compared_faces()
    text = {
        "dlib on the default faces and on real ones": results,
        LIKE_STILLS: compare(default, stills, former),
        LIKE_VIDEO: compare(default, video, former),
    }
    write_text(RESULTS / "face_model.json", json.dumps(text, indent=2) + "\n")
    if sheet_path:
        sheet(sheet_path, default, stills)


def command(arguments=None):
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sheet", type=Path, help="where to put a picture of both (not into the project)")
    parser.add_argument("--former", type=Path, help="faces of a former model, which `--keep` wrote")
    parser.add_argument("--keep", type=Path, help="only write the default faces that are compared to a file")
    options = parser.parse_args(arguments)
    if options.keep:
        keep(options.keep)
        return
    try:
        former = former_looks(options.former)
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))
    main(options.sheet, former)


if __name__ == "__main__":
    command()
