"""Train the SENet that ships: `python -m tools.train.shipped RUN` (real faces beside the checkout).

In PyTorch if it is installed (see `torch_twin`), else with the course's own training core. A run can be
stopped at any time and started again. It goes at a constant rate for --steps, then down to 0 over --decay
steps; the average of the weights is what ships. RUN/last.pt holds all that is needed to go on; --from begins
with weights that are shipped.
"""

import argparse
import datetime
import queue
import threading
from pathlib import Path

import numpy as np
from tqdm import tqdm

from facelm_helpers import __version__, methods, training
from facelm_helpers.atomic import whole_file
from tools.train import shipped_faces

AVERAGE = 0.999  # momentum of the average of the weights
WEIGHT_DECAY = 0.01  # decoupled
TRAINED_ON = (
    "YouTube Faces, LFPW, portraits of the US Congress and default faces (tools/train/shipped_faces.py)"
)
RECIPE = "as its configuration says; boxes where dlib's detector sets them"
HELD = 1000  # steps between checkpoints
ALONE = 24_000  # default faces, where no photograph is learnt from


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(parser, steps=40_000, decay=8_000)
    parser.add_argument("--synthetic-only", action="store_true", help="learn from no photograph at all")
    parser.add_argument("--clean", action="store_true", help="average annotations with the answers of --from")
    options = parser.parse_args(arguments)
    if options.clean and (options.synthetic_only or not options.start):
        parser.error(
            "--clean averages photographs' annotations with the answers of --from: give it, and photographs"
        )
    options.run.mkdir(parents=True, exist_ok=True)
    real = not options.synthetic_only
    network = methods.of("senet").load(options.start).with_runtime("keras") if options.clean else None
    sets = shipped_faces.mixture(synthetic=6000 if real else ALONE, real=real, network=network)
    weights = learnt(sets, options)
    senet = methods.create("senet", **settings(options))
    senet.provenance = {
        "trained_on": TRAINED_ON if real else f"{ALONE:,} default faces of the course",
        "recipe": RECIPE, "date": datetime.date.today().isoformat(), "course_version": __version__,
    }  # fmt: skip
    senet._restore({key: value.astype(np.float16) for key, value in weights.items()})
    print(f"saved {senet.save(options.run / 'senet.npz')}")


def settings(options):
    """The settings of SENet as it is trained here: no dropout, no penalty, decoupled decay."""
    return {
        "keep_prob": 1.0, "l2": 0.0, "weight_decay": WEIGHT_DECAY, "loss": "distance", "ema": AVERAGE,
        "steps": options.steps + options.decay, "learning_rate": options.rate, "schedule": "linear",
        "decay_steps": max(1, options.decay), "warmup": 500,
    }  # fmt: skip


def add_options(parser, steps, decay):
    """The options of a run, with how long it is by default."""
    parser.add_argument("run", type=Path, help="folder of checkpoints")
    parser.add_argument("--steps", type=int, default=steps, help="batches of 64 at the constant rate")
    parser.add_argument("--decay", type=int, default=decay, help="batches in which the rate falls to 0")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--from", dest="start", type=Path, help="weights to begin with (a senet.npz)")
    parser.add_argument("--seed", type=int, default=7, help="of the batches: another to go on with --from")
    parser.add_argument(
        "--odds", type=float, nargs=3, default=shipped_faces.STRENGTH_ODDS, metavar="SHARE",
        help="of batches that are changed mildly, strongly, and turned far",
    )  # fmt: skip
    parser.add_argument("--backend", choices=["torch", "keras"], help="default: torch where installed")


def learnt(sets, options):
    """The averaged weights after training by whichever backend is wanted or installed."""
    backend = options.backend or ("torch" if has_torch() else "keras")
    return (with_torch if backend == "torch" else with_keras)(sets, options)


def has_torch():
    """Whether PyTorch is installed."""
    from importlib.util import find_spec

    return find_spec("torch") is not None


def with_keras(sets, options):
    """The averaged weights after training by the course's own core."""
    aligner = methods.create("senet", **settings(options))
    model = aligner.build(mean_shape(sets))
    if options.start:
        training.set_weights(model, methods.of("senet").load(options.start).weights_)

    def batches(step):
        crops, points = shipped_faces.batch(sets, step, seed=options.seed, odds=options.odds)
        return np.float32(crops) / 255, points.reshape(len(points), -1)

    training.train(model, batches, aligner.recipe(HELD), folder=options.run, about={"seed": options.seed})
    return training.weights_of(model)


def with_torch(sets, options):
    """The averaged weights after training in PyTorch."""
    import torch

    from tools.train.torch_twin import Network, from_keras, to_keras

    network, recipe = Network(mean_shape(sets)), methods.create("senet", **settings(options)).recipe()
    if options.start:
        start = methods.of("senet").load(options.start).weights_
        network.load_state_dict(from_keras(start, network.state_dict()))
    network = network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), options.rate, weight_decay=WEIGHT_DECAY)
    average, step = {key: value.clone() for key, value in network.state_dict().items()}, 0
    last, total = options.run / "last.pt", options.steps + options.decay
    if last.exists():
        state = torch.load(last, weights_only=True)
        network.load_state_dict(state["net"])
        optimiser.load_state_dict(state["opt"])
        average, step = state["ema"], state["step"]
    compiled, ahead = torch.compile(network), feed(sets, step, total, seed=options.seed, odds=options.odds)
    with tqdm(total=total, initial=step, unit="batch", mininterval=10) as bar:
        while step < total:
            rate = training.learning_rate(step, recipe)
            for group in optimiser.param_groups:
                group["lr"] = rate
            crops, points = (torch.from_numpy(array) for array in ahead.get())
            crops = crops.permute(0, 3, 1, 2).float().div_(255).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                answer = compiled(crops)
            distance = (answer.float().view(-1, 68, 2) - points).square().sum(-1)
            loss = (distance + 4e-6).sqrt().mean()  # smooth at 0.002 of the side, a quarter of a pixel
            if not torch.isfinite(loss):
                raise FloatingPointError(f"the loss is {loss.item()} at step {step}")
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            step += 1
            follow(average, network.state_dict(), min(AVERAGE, (1 + step) / (10 + step)))
            bar.update()
            if step % HELD == 0 or step == total:
                bar.set_postfix(loss=f"{loss.item():.4f}", rate=f"{rate:.1e}")
                state = {"net": network.state_dict(), "opt": optimiser.state_dict()}
                state |= {"ema": average, "step": step}
                with whole_file(last) as file:
                    torch.save(state, file)
    return to_keras(average)


def follow(average, state, momentum):
    """Move the average a little towards the weights, in place."""
    for key, value in state.items():
        if value.dtype.is_floating_point:
            average[key].lerp_(value, 1 - momentum)
        else:
            average[key].copy_(value)


def feed(sets, first, last, depth=12, **how):
    """A queue of batches that a thread keeps filled."""
    ahead = queue.Queue(depth)

    def fill():
        for step in range(first, last):
            ahead.put(shipped_faces.batch(sets, step, **how))

    threading.Thread(target=fill, daemon=True).start()
    return ahead


def mean_shape(sets):
    """Where an untrained network's answer starts: the mean shape in its crop, 0..1."""
    faces = [part.faces for part in sets]
    boxes = np.concatenate([one.boxes for one in faces])
    points = np.concatenate([one.points for one in faces])
    side = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)[:, None, None]
    centre = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2
    return ((points - centre) / side).mean(axis=0) / 1.5 + 0.5


if __name__ == "__main__":
    main()
