"""How many augmented faces a second reach the training: ``tf.data`` against a plain Python generator.

Called by `tools/measure/bench.py`; ``python -m tools.measure.pipeline`` prints the figures alone.
"""

import os
import tempfile
import time

import cv2
import numpy as np

from facelm_helpers import tfrecords
from facelm_helpers.faces import FaceSet
from facelm_helpers.landmarks import MIRROR
from facelm_helpers.tfrecords._face_records import FaceRecords


def measure_pipeline(n=2000, seconds=5.0, batch_size=64, rounds=2, faces=None):
    """Images a second of both pipelines, from the same files, run in turns; the best round counts.

    Parameters
    ----------
    n : int
        Faces in the files.
    seconds : float
        How long each round runs, after a first batch that is not counted.
    batch_size, rounds : int
    faces : FaceSet, optional
        By default smooth random pictures, whose JPEG are about as large as those of faces.

    Returns
    -------
    dict
        ``tf_data`` and ``generator``, images a second; ``ratio``; ``cpu_tf_data`` and ``cpu_generator``,
        milliseconds of processor a face, which other programs disturb less; ``cores`` that may be used; and
        ``load``, the load average of the last minute: well above ``cores``, something else was running.
    """
    faces = _random_faces(n) if faces is None else faces
    best = {"tf_data": 0.0, "generator": 0.0}
    cpu = {"tf_data": np.inf, "generator": np.inf}
    with tempfile.TemporaryDirectory() as folder:
        tfrecords.write(faces, folder, "train", progress=False)
        for _ in range(rounds):
            for name, stream in {"tf_data": _tf_data, "generator": _generator}.items():
                rate, milliseconds = _rate(stream(folder, batch_size), seconds)
                best[name], cpu[name] = max(best[name], rate), min(cpu[name], milliseconds)
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "tf_data": round(best["tf_data"]),
        "generator": round(best["generator"]),
        "ratio": round(best["tf_data"] / best["generator"], 2),
        "cpu_tf_data": round(cpu["tf_data"], 2),
        "cpu_generator": round(cpu["generator"], 2),
        "cores": len(affinity(0)) if affinity else os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def _tf_data(folder, batch_size):
    return iter(tfrecords.dataset(folder, "train", batch_size, repeat=True))


def _generator(folder, batch_size):
    """What one writes first: a Python loop that reads, decodes and augments one face at a time."""
    import tensorflow as tf

    records = FaceRecords(folder, "train")
    rng = np.random.default_rng(0)

    def faces():
        while True:
            for i in rng.permutation(len(records)):
                record = records[i]
                yield _augment_one(record.decode(), record.label.reshape(-1, 2), rng)

    signature = (tf.TensorSpec((None, None, 3), tf.float32), tf.TensorSpec((136,), tf.float32))
    return iter(
        tf.data.Dataset.from_generator(faces, output_signature=signature).batch(batch_size).prefetch(2)
    )


def _augment_one(image, points, rng):
    """The moves of the fast pipeline for one face, in NumPy and OpenCV."""
    size = len(image)
    middle = (size - 1) / 2
    angle, scale = rng.normal(0, 15), np.exp(rng.normal(0, 0.08))
    matrix = cv2.getRotationMatrix2D((middle, middle), angle, scale)
    matrix[:, 2] += rng.normal(0, 0.04 * size, 2)
    points = points * size @ matrix[:, :2].T + matrix[:, 2]
    if rng.random() < 0.5:
        matrix[0] = [0, 0, size - 1] - matrix[0]
        points = (points * [-1, 1] + [size - 1, 0])[MIRROR]
    image = cv2.warpAffine(image, matrix, (size, size), borderMode=cv2.BORDER_REFLECT_101).astype(np.float32)
    ramp = np.linspace(-1, 1, size, dtype=np.float32)
    slope = rng.uniform(-0.25, 0.25, 2).astype(np.float32)
    gain = np.float32(np.exp(rng.uniform(-0.2, 0.2))) * (1 + slope[0] * ramp[:, None] + slope[1] * ramp)
    tint = 1 + rng.uniform(-0.06, 0.06, 3).astype(np.float32)
    noise = rng.standard_normal((size, size, 1), np.float32) * np.float32(rng.uniform(0, 8))
    image = image * (gain[..., None] * tint) + (noise + np.float32(rng.uniform(-12, 12)))
    return np.clip(image / np.float32(255), 0, 1), (points / size).astype(np.float32).ravel()


def _rate(stream, seconds):
    for _ in range(3):
        next(stream)  # the graph is built and the buffers fill
    count, start, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        images, _ = next(stream)
        count += len(images)
    return count / (time.perf_counter() - start), (time.process_time() - cpu) / count * 1000


def _random_faces(n):
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (n, 16, 16, 3), np.uint8)
    images = np.stack([cv2.resize(picture, (128, 128), interpolation=cv2.INTER_CUBIC) for picture in coarse])
    points = rng.uniform(22, 106, (n, 68, 2))
    return FaceSet(images, points, boxes=np.tile([21.5, 21.5, 106.5, 106.5], (n, 1)))


if __name__ == "__main__":
    for name, value in measure_pipeline().items():
        print(f"{name:14} {value}")
