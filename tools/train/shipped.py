"""Train the SENet that ships: `python -m tools.train.shipped RUN`. It takes PyTorch, which the course lacks.

`python -m tools.train.pack` comes first, beside the authors' photographs, and packs the faces once. A run can
be stopped at any time and goes on with the same command. It writes RUN/senet.npz and RUN/training.json: the
latter becomes data/results/senet_training.json.

On a graphics card: --hours 0.2 --batch 768 --rate 2e-3 --default 12800 --labels TEACHER/labels.npz. Then on a
processor, in pieces, with more channels: --start CARD/senet.npz --strength mild --channels 64 128 256 256.
Once more on a card, with a new teacher's labels: --start SENET.npz --mild-after 0.5 --decay 0.7 --rate 1.7e-3
"""

import argparse
import datetime

import numpy as np
import torch

from facelm_helpers import __version__, methods
from tools.train import loop, validation
from tools.train.batches import STRENGTHS, Batches
from tools.train.faces import ALONE, VALIDATION, load, square, taught
from tools.train.frames import MARGIN, MIDDLE
from tools.train.torch_twin import Network, to_keras
from tools.train.widen import read, start_from

WEIGHT_DECAY = 0.03
NAMES = {
    "lfpw68/train": "LFPW", "helen68/train": "HELEN", "afw68/train": "AFW", "turned": "turned views of AFW",
    "yt68/train": "YouTube Faces", "mtfl": "MTFL", "congress": "portraits of the US Congress",
}  # fmt: skip


def main(arguments=None):
    """Read the command line, train, save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(parser)
    parser.add_argument("--synthetic-only", action="store_true", help="learn from no photograph at all")
    options = parser.parse_args(arguments)
    if options.synthetic_only and (options.labels or options.start):
        parser.error("--synthetic-only starts from nothing: leave out --labels and --start")
    default = ALONE if options.synthetic_only else options.default
    sets = load(options.faces, default, VALIDATION if options.synthetic_only else None)
    if options.labels:
        with np.load(options.labels, allow_pickle=False) as labels:
            sets = taught(sets, dict(labels))
    senet = trained(sets, options)
    print(f"saved {senet.save(options.run / 'senet.npz')}")


def add_options(parser):
    """The options of a run."""
    loop.add_options(parser, batch_size=128, rate=1e-3)
    parser.add_argument("--labels", help="of a teacher: RUN/labels.npz of tools.train.teacher")
    parser.add_argument("--start", help="weights to begin with: a senet.npz, which may be smaller")
    parser.add_argument(
        "--mild-after", type=float, default=1.0, help="share of the run after which the changes are mild (1)"
    )
    parser.add_argument("--seed", type=int, default=7, help="of weights and draws (7)")
    defaults = methods.create("senet")
    parser.add_argument("--stem", type=int, default=defaults.stem, help="channels of the first convolution")
    for name in ("channels", "blobs"):
        parser.add_argument(
            f"--{name}", type=int, nargs="+", default=getattr(defaults, name), help="of each stage"
        )


def trained(sets, options):
    """The network after training on given sets, as an aligner in half precision.

    Parameters
    ----------
    sets : dict of Faces
    options : argparse.Namespace
        See `add_options`.

    Returns
    -------
    SENet
        Its provenance says how far it is.
    """
    where = loop.device()
    torch.manual_seed(options.seed)
    batches = Batches(sets, where, STRENGTHS[options.strength])
    form = {"stem": options.stem, "channels": tuple(options.channels), "blobs": tuple(options.blobs)}
    network, start = Network(mean_shape(sets[name] for name in batches.shares), **form), None
    if options.start:
        start = read(options.start)
        start_from(network, start)
    about = {
        "network": form, "weights": sum(one.numel() for one in network.parameters()),
        "share_of_batch": batches.shares, "strength": options.strength + late(options),
        "taught": bool(options.labels), "start": start["provenance"] if start else "random weights",
        "seed": options.seed,
    }  # fmt: skip
    goal = loop.goal(options, WEIGHT_DECAY)
    training = loop.Training(network, goal, options.run, where, about, seed=options.seed)
    piece = options.piece and 60 * options.piece

    def draw(size):
        if training.done >= options.mild_after:
            batches.strength = STRENGTHS["mild"]
        return batches.draw(size)

    training.run(draw, lambda net: validation.report(net, sets, where), options.every, piece)
    if training.done < 1:
        print(f"{training.done:.0%} done: the same command goes on")
    return as_senet(training, batches, options, start)


def late(options):
    """When the changes become mild, in words.

    >>> late(argparse.Namespace(mild_after=0.5))
    ', mild after 50 %'
    """
    return f", mild after {100 * options.mild_after:.0f} %" if options.mild_after < 1 else ""


def as_senet(training, batches, options, start=None):
    """The averaged weights as the course's aligner; settings and provenance say what was done."""
    goal, steps = training.goal, max(1, training.step)
    senet = methods.create(
        "senet", **training.network.form,
        keep_prob=1.0, l2=0.0, weight_decay=goal.weight_decay, loss="distance", ema=loop.AVERAGE, steps=steps,
        batch_size=goal.batch_size, learning_rate=goal.rate, schedule="linear", warmup=loop.WARMUP,
        decay_steps=max(1, round(steps * goal.decay)),
    )  # fmt: skip
    photographs = [NAMES[name] for name in batches.shares if name in NAMES]
    n = len(batches.sets["default"].points) if "default" in batches.sets else 0
    how = f"{options.strength} changes{late(options)}"
    recipe = [f"as its configuration says, {how} (tools/train/batches.py)"]
    if training.done < 1:
        recipe.append(f"stopped at {training.done:.0%}")
    if options.labels:
        recipe.append("annotations averaged with, or given by, a teacher that learnt from the same faces")
    if start is not None:
        told, form = start["provenance"], start["configuration"]
        recipe.append(f"from weights of {told.get('date', 'unknown date')} ({form['steps']} batches)")
    senet.provenance = {
        "trained_on": ", ".join(photographs + [f"{n:,} default faces of the course"] * bool(n)),
        "recipe": "; ".join(recipe), "date": datetime.date.today().isoformat(),
        "course_version": __version__,
    }  # fmt: skip
    weights = to_keras(training.average.state_dict())
    senet._take({key: value.astype(np.float16) for key, value in weights.items()}, "keras")
    return senet


def mean_shape(sets):
    """Where an untrained network's answer starts: the mean shape in its crop, (68, 2) in 0..1."""
    shapes = []
    for faces in sets:
        centre, side = square(faces.tight[faces.keep])
        points = faces.points[faces.keep] - centre[:, None]
        shapes.append((points / side[:, None, None]).mean(axis=0))
    return np.mean(shapes, axis=0) / MARGIN + MIDDLE


if __name__ == "__main__":
    main()
