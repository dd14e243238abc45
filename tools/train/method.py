"""`python course.py train METHOD`: train any method of the course from the command line and save its weights.

A method that has two sizes, a small one for lessons and the full one, is trained in full; `--set` changes any
part of it. A network's run goes on where it was stopped: give the same command again. On an NVIDIA card: see
"On a GPU" in the README. With --workers several processes train one network, each on a part of the faces: on
this machine, or, with --rank and --coordinator, on many that share --folder.
"""

import argparse
import ast
import importlib.util
import json
import sys
import time
from pathlib import Path

import numpy as np

from facelm_helpers import methods, metrics, paths, sources, tfrecords, training
from tools.train import together


def parser():
    """The command's options."""
    command = argparse.ArgumentParser(
        prog="course.py train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  python course.py train senet --steps 2000 --n 4000\n"
        "  python course.py train senet --faces 300w-lp --root ~/300W-LP --set loss=wing\n"
        "  python course.py train ert --n 500 --out my-ert.npz")  # fmt: skip
    command.add_argument("method", help=f"one of {', '.join(methods.names())}")
    command.add_argument(
        "--faces",
        default="synthetic",
        help=f"one of {', '.join(sources.names())}, or records: what tfrecords.write left in --root",
    )
    command.add_argument("--root", help="where those faces lie; data/downloads/NAME by default")
    command.add_argument("--n", type=int, help="how many default faces to draw (2500, a fifth to test on)")
    command.add_argument(
        "--seed", type=int, default=0, help="of the faces' split, the start and the order (0)"
    )
    command.add_argument("--steps", type=int, help="batches to learn from; by default what the method says")
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings",
                         help="another setting of the method, repeatable")  # fmt: skip
    command.add_argument(
        "--folder", help="of a network: checkpoints and TensorBoard logs; runs/METHOD by default"
    )
    command.add_argument("--fresh", action="store_true", help="begin anew, whatever the folder holds")
    command.add_argument(
        "--save-every", type=int, default=1000, help="of a network: steps between checkpoints (1000)"
    )
    command.add_argument("--workers", type=int, default=1, help="processes that train one network; a batch is"
                         " for each, and so is a graphics card where there are several (1)")  # fmt: skip
    command.add_argument("--rank", type=int, help="which worker this is, from 0; without, all are here")
    command.add_argument("--coordinator", metavar="HOST:PORT", help="where worker 0 listens, with --rank")
    command.add_argument("--out", help="the weights' file; runs/METHOD/METHOD.npz by default")
    return command


def settings_of(arguments):
    """The settings that the command gives, from ``--steps`` and every ``--set``.

    >>> settings_of(parser().parse_args(["senet", "--steps", "9", "--set", "loss=wing", "--set", "ema=0.99"]))
    {'loss': 'wing', 'ema': 0.99, 'steps': 9}
    """
    found = {}
    for setting in arguments.settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ValueError(f"--set got {setting!r}: wanted KEY=VALUE")
        try:
            found[key.strip()] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            found[key.strip()] = value
    return found if arguments.steps is None else found | {"steps": arguments.steps}


def load_faces(arguments):
    """The faces to learn from and those of other people to test on."""
    if arguments.faces == "records":
        return [tfrecords.read(arguments.root or tfrecords.FOLDER, split) for split in tfrecords.SPLITS]
    options = {} if arguments.n is None else {"n": arguments.n}
    if arguments.faces == "synthetic":
        options = {"n": 2500, "seed": arguments.seed} | options
    faces = sources.load(arguments.faces, arguments.root, **options)
    return faces.split_by_person(0.8, seed=arguments.seed)


def check_workers(arguments):
    """Raise a ValueError where the options of several workers do not fit together."""
    placed = arguments.rank is not None, arguments.coordinator is not None
    if arguments.workers < 1:
        raise ValueError(f"--workers is {arguments.workers}: wanted at least 1")
    if any(placed) and not (all(placed) and arguments.workers > 1):
        raise ValueError(
            "--rank, --coordinator and --workers (above 1) go together: wanted all of them or none"
        )


def part_of(arguments, n):
    """Which of n faces this worker learns from: of records, those in every so many-th file."""
    rank, count = training.workers()
    if arguments.faces != "records":
        return np.arange(rank, n, count)
    file = tfrecords.FaceRecords(arguments.root or tfrecords.FOLDER, "train").file
    if file.max() + 1 < count:
        raise ValueError(f"{file.max() + 1} files of records for {count} workers: wanted one for each")
    return np.flatnonzero(file % count == rank)


def train(arguments):
    """Train, save, and say how good it is on people it has not seen.

    Returns
    -------
    Path
        Of the weights.
    """
    aligner = methods.create(arguments.method, **methods.of(arguments.method).full | settings_of(arguments))
    folder = Path(arguments.folder or paths.RUNS / arguments.method)
    out = Path(arguments.out or folder / f"{arguments.method}.npz")
    learn, test = load_faces(arguments)
    is_network, first = aligner.kind == "network", training.workers()[0] == 0
    if first:
        told = f"{len(learn)} faces to learn from, {len(test)} of other people to test on"
        print(f"{aligner.title}: {told}", flush=True)
    options = {
        "folder": folder,
        "resume": not arguments.fresh,
        "save_every": arguments.save_every,
        "validation": test if first else None,  # the first worker alone validates
        "part": part_of(arguments, len(learn)) if arguments.workers > 1 else None,
    }
    began = time.perf_counter()
    aligner.fit(learn, seed=arguments.seed, **(options if is_network else {}))
    if arguments.workers > 1:
        training.leave()
    if not first:
        return out
    seconds = time.perf_counter() - began
    aligner.provenance["trained_on"] = f"{arguments.faces}: {aligner.provenance['trained_on']}"
    aligner.save(out)
    error = metrics.nme(aligner.predict(test.images, test.boxes), test.points).mean()
    print(
        f"{seconds:.0f} s; mean error {100 * error:.2f} % of the eye distance, in the tight box; saved {out}"
    )
    if is_network:
        curve = {name: values.tolist() for name, values in aligner.history_.arrays().items()}
        (folder / "history.json").write_text(json.dumps(curve), encoding="utf-8")
        speed = aligner.history_.images_per_second
        print(f"{speed:.0f} images/s; curves: tensorboard --logdir {folder / 'logs'}")
    return out


def main(words=None):
    """Run it; what is wrong is said in one sentence."""
    try:
        arguments = parser().parse_args(words)
        check_workers(arguments)
        if arguments.workers > 1:
            if methods.of(arguments.method).kind != "network":
                raise ValueError(f"{arguments.method} is no network: it learns with one worker")
            if importlib.util.find_spec("jax") is None:
                command = f'"{sys.executable}" -m pip install -e ".[workers]"'
                raise RuntimeError(f"several workers need JAX: {command}")
            if arguments.rank is None:
                given = sys.argv[1:] if words is None else list(words)
                together.run(["-m", "tools.train.method", *given], arguments.workers)
                return
            together.end_with_parent()
            training.join(arguments.coordinator, arguments.workers, arguments.rank)
        train(arguments)
    except (ValueError, FileNotFoundError, FloatingPointError, RuntimeError) as error:
        sys.exit(f"course.py train: {error}")
    except KeyboardInterrupt:
        sys.exit("stopped; the same command goes on from the last checkpoint")


if __name__ == "__main__":
    main()
