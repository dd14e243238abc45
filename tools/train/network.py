"""Train a network of any method: `python -m tools.train.network NAME RUN`. It takes PyTorch and Keras.

`python -m tools.train.pack` comes first. The Keras model itself is trained, computed by PyTorch's own layers
(`torch_graph`), on the faces, boxes and changes that SENet is trained on. The same command goes on with a
run. RUN/NAME.npz holds the method's weights, RUN/training.json how it went.

--start FILE begins with the weights of another method where layers have the same names and shapes: SENet's
begin heatmap_offset, pipnet, and both stages of dan. --take PREFIX takes only such layers, --freeze PREFIX
leaves layers as they are. --after LAYER trains the layers behind one, on --stored N crops that pass through
the others once.
"""

import argparse
import datetime
import os
import re
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch.nn import functional  # noqa: E402

from facelm_helpers import __version__, methods, training  # noqa: E402
from tools.train import loop, tasks, validation  # noqa: E402
from tools.train.batches import STRENGTHS, Batches  # noqa: E402
from tools.train.faces import load, taught
from tools.train.features import Rest, Stored  # noqa: E402
from tools.train.frames import SIZE  # noqa: E402
from tools.train.method import settings_of  # noqa: E402
from tools.train.shipped import NAMES, mean_shape  # noqa: E402
from tools.train.torch_graph import Graph  # noqa: E402
from tools.train.widen import read  # noqa: E402

WEIGHT_DECAY = 0.03
TAUGHT = "annotations averaged with, or given by, a teacher"


class Network(torch.nn.Module):
    """A method's Keras model on crops (N, 3, 128, 128), as the loop of `loop` trains it.

    Parameters
    ----------
    model : keras.Model
    aligner : KerasAligner
    """

    def __init__(self, model, aligner):
        super().__init__()
        self.graph, self.aligner = Graph(model), aligner

    def output(self, crops):
        """What the model gives."""
        return self.graph(seen(crops, self.aligner.size))

    def forward(self, crops):
        """What the model gives; once it is only to be looked at (`eval`), points (N, 136) in 0..1."""
        found = self.output(crops)
        if self.training:
            return found
        points = self.aligner._points(found.float().cpu().numpy()) / self.aligner.size
        return torch.from_numpy(np.float32(points)).reshape(-1, 136).to(crops.device)


def seen(crops, size):
    """Drawn crops (N, 3, 128, 128), or smaller ones, as a network sees them, (N, size, size, 3)."""
    if size < crops.shape[-1]:
        crops = functional.avg_pool2d(crops, crops.shape[-1] // size)
    return crops.permute(0, 2, 3, 1)


def main(arguments=None):
    """Read the command line, train, save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(parser)
    options = parser.parse_args(arguments)
    sets = load(options.faces, options.default)
    if options.labels:
        with np.load(options.labels, allow_pickle=False) as labels:
            sets = taught(sets, dict(labels))
    trained(sets, options)


def add_options(parser):
    """The options of a run."""
    parser.add_argument("method", help="its name: fan, pipnet, dan, ...")
    loop.add_options(parser, batch_size=64, rate=1e-3)
    parser.add_argument("--labels", help="of a teacher: RUN/labels.npz of tools.train.teacher")
    parser.add_argument("--start", help="weights to begin with, of this or of another method")
    parser.add_argument("--take", nargs="+", default=[""], help="beginnings of the names of those layers")
    parser.add_argument("--freeze", nargs="+", default=[], help="beginnings of the names of layers to leave")
    parser.add_argument("--after", help="the layer up to which all stay as they are")
    parser.add_argument("--features", type=Path, help="with --after: where those crops are kept (RUN)")
    parser.add_argument(
        "--stored", type=int, default=30_000, help="with --after: crops to learn from (30000)"
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings",
                        help="a setting of the method, repeatable")  # fmt: skip
    parser.set_defaults(steps=None)
    parser.add_argument("--seed", type=int, default=7, help="of weights and draws (7)")


def trained(sets, options):
    """Train on given sets, save, and return the fitted aligner in half precision.

    Parameters
    ----------
    sets : dict of Faces
    options : argparse.Namespace
        See `add_options`.
    """
    where = loop.device()
    torch.manual_seed(options.seed)
    aligner = methods.create(options.method, **settings_of(options))
    if SIZE % aligner.size:
        raise ValueError(f"{aligner.name}'s crop has {aligner.size} pixels: wanted a divisor of {SIZE}")
    batches = Batches(sets, where, STRENGTHS[options.strength])
    start = mean_shape(sets[name] for name in batches.shares)
    models = [aligner.build(start, seed=options.seed) for _ in range(2)]
    other = read(options.start) if options.start else None
    told = begin(models[0], other, options.take) if other else "random weights"
    training.set_weights(models[1], training.weights_of(models[0]))
    for layer in models[0].layers:
        if layer.name.startswith(tuple(options.freeze)):
            layer.trainable = False
    kind, what = (Rest, options.after) if options.after else (Network, aligner)
    network, average = (kind(model, what) for model in models)
    learnt = {id(variable.value) for variable in models[0].trainable_variables}
    for weights in network.parameters():
        weights.requires_grad_(id(weights) in learnt)
    about = {
        "method": aligner.name, "settings": aligner.architecture(), "share_of_batch": batches.shares,
        "strength": options.strength, "taught": bool(options.labels), "start": told, "frozen": options.freeze,
        "seed": options.seed, "stored": options.stored if options.after else 0,
    }  # fmt: skip
    draw = with_truth(batches.draw, aligner)
    look = lambda net: validation.report(net, sets, where)  # noqa: E731
    more = aligner.name == "tcdcn" and tasks.Tasks(aligner, batches, sets["mtfl"], tasks.attributes())
    goal = loop.goal(options, WEIGHT_DECAY)
    loss = lambda answer, truth: aligner._loss(truth.flatten(1), answer.float())  # noqa: E731
    run = loop.Training(network, goal, options.run, where, about, average, loss, options.seed)
    if more:
        draw, plain = more.draw, look
        look = lambda net: plain(net) | {"tasks": more.report(net, run.reports)}  # noqa: E731
        aligner.learning = tasks.learning([row["tasks"] for row in run.reports])
    if options.after:
        kept = options.features or options.run
        model, eye = models[1], lambda crops: seen(crops, aligner.size)
        few = Stored(batches.draw, eye, model, options.after, aligner._truth, options.stored, kept)
        draw, look = few.draw, lambda _: validation.report(Network(model, aligner).eval(), sets, where)
    piece = options.piece and 60 * options.piece
    run.run(draw, look, options.every, piece)
    if run.done < 1:
        print(f"{run.done:.0%} done: the same command goes on")
    return saved(aligner, models[1], run, batches, options, told, other)


def with_truth(draw, aligner):
    """A function that draws crops, what the method's loss compares with, and weights."""

    def drawn(size):
        crops, points, weights = draw(size)
        truth = aligner._truth(points.cpu().flatten(1).numpy())
        return crops, torch.from_numpy(truth).to(points.device), weights

    return drawn


def begin(model, other, take=("",)):
    """Put another network's weights into a model where names and shapes agree; what was done, in words.

    Only layers whose names begin with one of ``take`` are. A layer of a later stage, ``stage2_NAME``, begins
    as NAME does, but for the points that it gives; where it sees more channels, the new ones count for
    nothing at first.
    """
    weights = {key: value for key, value in other["weights"].items() if key.startswith(tuple(take))}
    new, taken = training.weights_of(model), 0
    for key, value in new.items():
        short = re.sub(r"^stage\d+_(?!points)", "", key)
        old = weights.get(key, weights.get(short))
        if old is not None and old.shape == value.shape:
            new[key] = np.float32(old)
        elif (
            old is not None
            and old.ndim == 4
            and np.delete(old.shape, 2).tolist() == np.delete(value.shape, 2).tolist()
        ):
            new[key] = np.zeros_like(value)
            new[key][:, :, : old.shape[2]] = old[:, :, : value.shape[2]]
        else:
            continue
        taken += 1
    training.set_weights(model, new)
    told = other["provenance"]
    recipe, word, before = told.get("recipe", "").partition("begun with ")
    words = f"{taken} of {len(new)} arrays from {other['name']} of {told.get('date', 'unknown date')}"
    return words + (TAUGHT in recipe) * f" ({TAUGHT})" + bool(word) * f", {word}{before}"


def learnt_from(names, n, before=""):
    """The photographs and the ``n`` default faces of a training, and the photographs of the one before it.

    >>> learnt_from(["LFPW", "AFW"], 3000, "LFPW, MTFL, 9 default faces of the course")
    'LFPW, AFW, MTFL, 3,000 default faces of the course'
    """
    earlier = [name for name in before.split(", ") if name and "default faces" not in name]
    names = [*dict.fromkeys([*names, *earlier])]
    return ", ".join(names + [f"{n:,} default faces of the course"] * bool(n))


def saved(aligner, model, run, batches, options, told, other=None):
    """The averaged weights, with settings and a provenance that say what was done, here and in ``other``."""
    goal, steps = run.goal, max(1, run.step)
    settings = aligner.configuration() | {
        "weight_decay": goal.weight_decay, "ema": loop.AVERAGE, "steps": steps, "batch_size": goal.batch_size,
        "learning_rate": goal.rate, "schedule": "linear", "warmup": loop.WARMUP,
        "decay_steps": max(1, round(steps * goal.decay)),
    }  # fmt: skip
    fitted = methods.create(aligner.name, **settings)
    n = len(batches.sets["default"].points) if "default" in batches.sets else 0
    faces = [NAMES[name] for name in batches.shares if name in NAMES]
    recipe = [f"as its configuration says, {options.strength} changes (tools/train/batches.py)"]
    recipe += [f"stopped at {run.done:.0%}"] * (run.done < 1)
    recipe += [TAUGHT] * bool(options.labels)
    if options.after:
        recipe += [f"only the layers after {options.after}, on {options.stored:,} stored crops"]
    recipe += [f"begun with {told}", f"layers {', '.join(options.freeze)} frozen"][: 1 + bool(options.freeze)]
    fitted.provenance = {
        "trained_on": learnt_from(faces, n, other["provenance"].get("trained_on", "") if other else ""),
        "recipe": "; ".join(recipe), "date": datetime.date.today().isoformat(),
        "course_version": __version__,
    }  # fmt: skip
    weights = training.weights_of(model)
    fitted._take({key: np.float16(value) for key, value in weights.items()}, "keras")
    print(f"saved {fitted.save(options.run / f'{aligner.name}.npz')}")
    return fitted


if __name__ == "__main__":
    main()
