"""Optimise any Keras model on any backend (TensorFlow, JAX, PyTorch): resumable, logged, never starved.

A batch is a function of its step, and so is the learning rate; a checkpoint holds all else that changes
(weights, the optimizer, dropout's random state). So a run that was killed resumes as if nothing had happened.
"""

from facelm_helpers.training._input import face_batches, prefetch, scaled
from facelm_helpers.training._log import History
from facelm_helpers.training._losses import LOSSES, distance, l1, l2, learning_rate, smooth_l1, wing
from facelm_helpers.training._state import set_weights, weights_of
from facelm_helpers.training._step import throughput
from facelm_helpers.training._train import Recipe, seeded, train
from facelm_helpers.training._workers import alone, join, leave, workers

__all__ = [
    "History", "LOSSES", "Recipe", "alone", "distance", "face_batches", "join", "l1", "l2", "learning_rate",
    "leave", "prefetch", "scaled", "seeded", "set_weights", "smooth_l1", "throughput", "train",
    "weights_of", "wing", "workers",
]  # fmt: skip
