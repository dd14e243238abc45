"""Measure the default faces with dlib beside real ones, and write `data/results/face_model.json`.

    python -m tools.data.judge_face_model

The real faces (people that the model has not seen) are the authors' and not in the repository; without them
only the synthetic faces are measured, and nothing is written.
"""

import json
import time

import cv2
import numpy as np
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from facelm_helpers import methods, metrics
from facelm_helpers.atomic import write_text
from facelm_helpers.detectors import detect
from facelm_helpers.paths import RESULTS
from facelm_helpers.sources import synthetic
from tools.data import real_faces

FACES = 300


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


def main():
    results = {"faces_per_second_one_core": round(rate(), -1)}
    for pose in ("frontal", "half", "profile"):
        results[f"synthetic, {pose}"] = judge(
            synthetic.sample(FACES, seed=11, pose=pose), f"synthetic, {pose}"
        )
    plain = synthetic.sample(FACES, seed=12, pose="frontal", occlusion=False)
    results["synthetic, frontal, nothing before the face"] = judge(plain, "synthetic, frontal, plain")
    results["synthetic, all"] = judge(synthetic.sample(FACES, seed=13), "synthetic, all")
    if not real_faces.REAL.exists():
        return
    youtube, lfpw = real_faces.load("yt68/val"), real_faces.load("lfpw68/held-out")
    results["yt68, unseen people"] = judge(small(youtube), "yt68, unseen people")
    results["lfpw, held out (dlib was trained on it)"] = judge(small(lfpw), "lfpw, held out")
    text = json.dumps({"dlib on the default faces and on real ones": results}, indent=2) + "\n"
    write_text(RESULTS / "face_model.json", text)


if __name__ == "__main__":
    main()
