"""The course's methods beside public implementations of the same methods, on the same faces.

    python -m tools.measure.compare_public

menpofit's AAM, SDM and shape models with local experts, and dlib's trainer of trees, learn from the
same default faces as the course's methods, in configurations as equal as their parameters allow, and fit the
same unseen faces, each on one thread. The figures go to ``data/results/compare_public.json``, a table of them
beside it.

menpofit needs an older NumPy and SciPy than the course: it lives in ``.venv-menpo``, which this tool makes.
What cannot be built or crashes is recorded with its message. ``--only aam sdm`` measures some, keeps others.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from facelm_helpers import metrics, paths, sources
from facelm_helpers.landmarks import mirror
from tools.data import found_boxes, real_faces
from tools.measure import face_sets, store
from tools.measure.compare_public_table import markdown
from tools.setup.environment import python_in

RESULTS = paths.RESULTS / "compare_public.json"
VENV = paths.ROOT / ".venv-menpo"
BUILDERS = ("setuptools==69.5.1", "wheel==0.43.0")  # menpofit comes as source
PINS = (
    "menpo==0.11.1", "menpofit==0.7.1", "numpy==1.26.4", "scipy==1.13.1", "scikit-learn==1.4.2",
    "pandas==2.2.2", "matplotlib==3.8.4", "pillow==10.3.0",
)  # fmt: skip
FACES, UNSEEN, REAL, SECONDS = 200, 150, 60, 1800  # to learn from, to judge by (default, real), limit
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)
# Equal as far as it goes. The side of the course's box in its crop is 128 / 1.75 = 73 pixels; menpofit tells
# sizes by the diagonal of the mean face: 66 pixels are 48 of width (the AAM's fine frame), 100 the crop's.
# SDM: both learn in tight boxes; 40 is the same penalty as our ridge of 4 (800 examples of 68 histograms of
# length 1), about the best for either on other faces; our crop is twice as wide, as its maps hold every other
# pixel: so both see the face in maps of 73.
METHODS = {
    "asm": {
        "ours": {"levels": 3, "iterations": 8, "variance": 0.97},
        "theirs": {"diagonal": 100, "scales": [0.5, 1.0], "patch": [17, 17], "context": [34, 34],
                   "variance": 0.97, "fit": {"max_iters": [12, 12]}},
        "public": "menpofit's mean-shift fitter, correlation filters on IGO",
    },
    "asm_search": {
        "theirs": {"diagonal": 100, "scales": [0.5, 1.0], "patch": [17, 17], "context": [34, 34],
                   "variance": 0.97, "fit": {"max_iters": [12, 12]}, "faces": 60},
        "public": "menpofit's ActiveShapeModel on the same filters, 60 faces: it walks away from the face",
    },
    "aam": {
        "ours": {"algorithm": "simultaneous", "features": "gradient", "widths": [24, 48], "textures": 40,
                 "variance": 0.97, "iterations": 12},
        "theirs": {"diagonal": 66, "scales": [0.5, 1.0], "variance": 0.97, "textures": 40,
                   "fit": {"max_iters": [12, 12]}},
        "public": "menpofit's holistic AAM on IGO features, Wiberg algorithm",
    },
    "sdm": {
        "ours": {"n_stages": 4, "n_starts": 2, "grid": 3, "bins": 8, "cell": [0.12, 0.06], "ridge": 4.0,
                 "detector_boxes": False, "size": 256},
        "theirs": {"diagonal": 100, "scales": [0.5, 1.0], "cell": 4, "grid": 3, "bins": 8, "alpha": 40.0,
                   "starts": 2, "iterations": [2, 2], "detector_boxes": False},
        "public": "menpofit's RegularizedSDM, on the course's gradient histograms",
    },
    "sdm_large": {
        "theirs": {"diagonal": 100, "scales": [0.5, 1.0], "patch": [17, 17], "faces": 50},
        "public": "menpofit's RegularizedSDM on IGO in patches of 17 x 17 pixels, 50 faces",
    },
    "ert": {
        "ours": {"n_stages": 8, "n_trees": 40, "depth": 4, "learning_rate": 0.15, "n_starts": 4,
                 "n_pixels": 300, "candidates": 20, "reach": 0.1},
        "theirs": {"n_stages": 8, "n_trees": 40, "depth": 4, "learning_rate": 0.15, "n_starts": 4,
                   "jitter": 0.1, "n_pixels": 300, "candidates": 20, "reach": 0.1, "detector_boxes": True},
        "public": "dlib's train_shape_predictor",
    },
}  # fmt: skip


def build(venv=VENV, say=print):
    """The Python of menpofit's environment, made where it is missing.

    Raises
    ------
    RuntimeError
        If it cannot be made; the message says why.
    """
    python, stamp = python_in(venv), venv / "ready"
    wanted = hashlib.sha256("\n".join(BUILDERS + PINS).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text().strip() == wanted and python.is_file():
        return python
    if not (3, 9) <= sys.version_info[:2] <= (3, 12):
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise RuntimeError(f"menpofit needs NumPy 1.26, which Python {version} has no build of: 3.9 to 3.12")
    say(f"making {venv.name} for menpofit ...")
    if venv.exists():
        shutil.rmtree(venv)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (
        [sys.executable, "-m", "venv", str(venv)], [*pip, *BUILDERS], [*pip, "--no-build-isolation", *PINS],
    ):  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RuntimeError(f"menpofit's environment was not built: {type(error).__name__}") from None
        if done.returncode:
            words = reason(done.stderr)
            raise RuntimeError(f"menpofit's environment was not built, pip says: {words}")
    stamp.write_text(wanted + "\n")
    return python


def prepare(folder):
    """Write the faces to learn from and to judge by as plain arrays; return what they are, and the truth."""
    train = sources.load("synthetic", n=FACES, seed=0, progress=False)
    tests = {"synthetic": sources.load("synthetic", n=UNSEEN, seed=face_sets.TEST_SEED, progress=False)}
    words = {"synthetic": "unseen default faces, in their tight boxes"}
    boxes = {"synthetic": tests["synthetic"].boxes}
    if real_faces.REAL.is_dir():
        faces = face_sets.in_memory("yt68/val", REAL + 20)
        found = found_boxes.detector_boxes(faces, "yt68/val")
        seen = np.flatnonzero(np.isfinite(found).all(axis=1))[:REAL]
        tests["yt68/val"], boxes["yt68/val"] = faces[seen], found[seen]
        words["yt68/val"] = "real faces, in the boxes of dlib's detector"
    images = np.stack(list(train.images))
    np.savez(folder / "train.npz", images=images, points=train.points)
    both = np.concatenate([images, images[:, :, ::-1]])  # the course's methods mirror their faces themselves
    points = np.concatenate([train.points, mirror(train.points, images.shape[2])])
    np.savez(folder / "train-mirrored-too.npz", images=both, points=points)
    truth = {}
    for name, faces in tests.items():
        key = name.replace("/", "_")
        np.savez(folder / f"test-{key}.npz", images=np.stack(list(faces.images)), boxes=boxes[name])
        truth[name] = real_faces.unbiased(faces.points) if name == "yt68/val" else faces.points
    sets = {name: {"what": words[name], "faces": len(faces)} for name, faces in tests.items()}
    what = "default faces, and their mirror images"
    return {"training": {"what": what, "faces": FACES}, "sets": sets}, truth


def run(python, module, folder, name):
    """Let a side learn and fit; its arrays, or a RuntimeError that says what went wrong."""
    kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    command = [str(python), "-m", f"tools.measure.{module}", str(folder), name]
    try:
        done = subprocess.run(
            command, cwd=paths.ROOT, capture_output=True, text=True, timeout=SECONDS, env=kept | ONE_THREAD
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"it was not done after {SECONDS} seconds") from None
    if done.returncode:
        raise RuntimeError(f"it crashed: {reason(done.stderr)}")
    with np.load(folder / f"{name}.npz", allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def reason(words):
    """The last line that says something, without the machine's paths.

    >>> reason("Traceback ...\\n  File '/home/me/x.py'\\nMemoryError: too much\\n")
    'MemoryError: too much'
    """
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    told = [line for line in lines if "rror" in line] or lines or ["nothing"]
    return " ".join(word for word in told[-1].split() if "/" not in word and "\\" not in word)[:200]


def judge(found, truth):
    """The figures of one side: training seconds, and by set NME, median and milliseconds a face."""
    sets, errors = {}, {}
    for name, points in truth.items():
        key = name.replace("/", "_")
        error = errors[name] = metrics.nme(found[f"points-{key}"], points)
        low, high = metrics.bootstrap(error)
        sets[name] = {
            "nme": error.mean(), "low": low, "high": high, "median": np.median(error),
            "nme_box": metrics.nme(found[f"points-{key}"], points, norm="box").mean(),
            "ms": 1000 * float(found[f"seconds-{key}"]) / len(points),
        }  # fmt: skip
    return {"training_seconds": round(float(found["training_seconds"]), 1), "sets": sets}, errors


def ratios(ours, theirs):
    """By set, our NME over theirs with the interval that drawing other faces of this kind would give."""
    found = {}
    for name, error in ours.items():
        draw = np.random.default_rng(0).integers(len(error), size=(1000, len(error)))
        spread = error[draw].mean(axis=1) / theirs[name][draw].mean(axis=1)
        low, high = np.quantile(spread, [0.025, 0.975])
        found[name] = {"ratio": error.mean() / theirs[name].mean(), "low": low, "high": high}
    return found


def measure(name, folder, truth, say=print):
    """One method: both sides, and what came of them."""
    settings, record, errors = METHODS[name], {"public": METHODS[name]["public"]}, {}
    for side in ("ours", "theirs"):
        if side not in settings:
            continue
        here = {"configuration": settings[side]}
        try:
            if side == "ours" or name == "ert":
                found = run(sys.executable, "compare_public_ours", folder, f"{side}-{name}")
                here["configuration"] = json.loads(str(found["configuration"]))
            else:
                found = run(build(say=say), "compare_public_theirs", folder, f"{side}-{name}")
            figures, errors[side] = judge(found, truth)
            here |= figures
        except RuntimeError as error:
            here["failure"] = str(error)
            say(f"  {side}: {error}")
        record[side] = here
    if len(errors) == 2:
        record["ratios"] = ratios(**errors)
    return record


def main():
    """Read the command line, measure, write."""
    command = argparse.ArgumentParser(description=__doc__)
    command.add_argument("--only", nargs="+", choices=METHODS, default=list(METHODS), metavar="NAME")
    wanted = command.parse_args().only
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        faces, truth = prepare(folder)
        settings = {f"{side}-{name}": METHODS[name][side] for name in METHODS for side in METHODS[name]
                    if side in ("ours", "theirs")}  # fmt: skip
        (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        about = {"machine": store.machine(), "public": list(PINS), "faces": faces}
        for name in wanted:
            print(name, flush=True)
            record = store.rounded(measure(name, folder, truth))
            results = store.read(RESULTS) | about  # another run may have measured another method
            known = results.get("methods", {}) | {name: record}
            results["methods"] = {key: known[key] for key in METHODS if key in known}
            store.write(RESULTS, results)
            store.write(RESULTS.with_suffix(".md"), markdown(results))
    print(markdown(results))


if __name__ == "__main__":
    main()
