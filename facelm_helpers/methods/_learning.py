"""What `fit` of a network method needs beside the network: settings, a start, and what judges it."""

import numpy as np

from facelm_helpers import training
from facelm_helpers.faces import crop_transform
from facelm_helpers.geometry import apply_transform
from facelm_helpers.methods._runtimes import in_parts

TRAINING = {
    "steps": 150_000, "batch_size": 64, "learning_rate": 0.001, "schedule": "exponential", "decay": 0.98,
    "decay_steps": 1000, "warmup": 0, "weight_decay": 0.0, "loss": "distance", "ema": 0.0, "jitter": 0.06,
}  # fmt: skip

APART = 1_000_003  # between the seeds of two workers: each changes its crops in its own way


def fixed(value):
    """Lists, as a file gives them, and lists in them as tuples."""
    return tuple(map(fixed, value)) if isinstance(value, list | tuple) else value


def mean_shape(faces, size, margin):
    """The mean of the points in 0..1 of the crop, (68, 2); no image is read for it."""
    shapes = [apply_transform(crop_transform(box, size, margin), points)
              for points, box in zip(faces.points, faces.boxes, strict=True)]  # fmt: skip
    return np.mean(shapes, axis=0) / size


def share(faces, seed, part):
    """The faces that this worker draws its batches from, and the seed that it draws them with."""
    return faces if part is None else faces[part], seed + training.workers()[0] * APART


def told(batch, truth):
    """A function step -> (crops, truth of the points), of one step -> (crops, points)."""

    def batch_with_truth(step):
        crops, points = batch(step)
        return crops, truth(points)

    return batch_with_truth


def validation_of(aligner, faces, run):
    """A function: model -> mean distance of a point of these faces, as a share of the crop's side.

    ``run`` is the model's forward pass, which is so compiled once and not at every validation.
    """
    crops = faces.crops(aligner.size, aligner.margin)

    def validate(_model):
        found = aligner._points(in_parts(run, crops.images))
        return float(np.linalg.norm(found - crops.points, axis=-1).mean() / aligner.size)

    return validate
