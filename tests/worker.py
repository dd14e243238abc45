"""One of several workers that train a small network on fixed crops, without dropout: run by test_workers.

With ``--workers 1`` it learns from the batches of both workers at once: the same training on one. The numbers
have 64 bits: with 32, rounding alone changes some gradients of so small a network by some percent.
"""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

os.environ["JAX_ENABLE_X64"] = "1"

import keras  # noqa: E402

from facelm_helpers import networks, training  # noqa: E402

WORKERS, STEPS = 2, 8


def batch(step, rank):
    rng = np.random.default_rng([step, rank])
    images = rng.random((4, 32, 32, 3), np.float32)
    return images, np.tile(images.mean((1, 2)), (1, 46))[:, :136]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--rank", type=int, default=0)
    parser.add_argument("--coordinator")
    parser.add_argument("--dies-at", type=int, default=-1, help="the step at which worker 1 kills itself")
    given = parser.parse_args()
    keras.config.set_floatx("float64")
    if given.workers > 1:
        training.join(given.coordinator, given.workers, given.rank)
    with training.seeded(0):
        model = networks.senet(
            channels=(8,), blobs=(1,), stem=4, head=4, hidden=8, reduction=4, keep_prob=1.0, size=32
        )

    def batches(step):
        if step == given.dies_at and given.rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if given.workers > 1:
            return batch(step, given.rank)
        return tuple(map(np.concatenate, zip(batch(step, 0), batch(step, 1), strict=True)))

    recipe = training.Recipe(steps=STEPS, save_every=2, learning_rate=0.01, ema=0.9)
    history = training.train(model, batches, recipe, folder=given.folder, progress=False)
    (given.folder / f"losses_{given.rank}.json").write_text(json.dumps(history.losses))
    np.savez(given.folder / f"weights_{given.rank}.npz", **training.weights_of(model))


if __name__ == "__main__":
    main()
