"""Ship networks, and freeze them for LiteRT: `python -m tools.ship.freeze [NAME ...]`, senet by default.

NAME=FOLDER first takes the weights and the record of their training that `tools.train.network` left in a
folder; of a training in phases, NAME=FIRST,SECOND takes the weights of the last and the records of all.
With the frozen file, beside the weights, `methods.load(NAME)` answers without TensorFlow and without a
conversion. Its name ends in the fingerprint of the weights, so run it when they change (a test tells); files
of other weights are removed. `mtcnn=FOLDER`, or several, writes the course's detector from what
`tools.train.mtcnn` and `mtcnn_points` left there. `python -m tools.setup.checksums` comes after.
"""

import json
import sys
from pathlib import Path

from facelm_helpers import freezing, methods, networks, paths, training
from facelm_helpers.arrays import Array, read_arrays
from facelm_helpers.atomic import write_text
from facelm_helpers.methods import _runtimes

LARGEST = 3e6  # bytes of a frozen file


def main(names):
    """Freeze the shipped weights of some methods."""
    for name in names or ["senet"]:
        name, _, folder = name.partition("=")
        if name == "mtcnn":
            detector([Path(phase) for phase in folder.split(",")])
            continue
        if folder:
            take(name, [Path(phase) for phase in folder.split(",")])
        aligner = methods.of(name).shipped()
        weights = _runtimes.fingerprint(aligner._state())
        path = paths.WEIGHTS / _runtimes.file_name("litert", name, weights)
        model = aligner.build(score=True)
        for bits in (32, 16, 8):  # the finest weights that fit
            if freezing.save_litert(model, path, bits=bits).stat().st_size < LARGEST:
                break
        for old in set(paths.WEIGHTS.glob(f"{name}-*.tflite")) - {path}:
            old.unlink()
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, weights {weights}")


def take(name, phases):
    """Ship the weights in the last folder of a training, with the record of it and of the phases before."""
    methods.of(name).load(phases[-1] / f"{name}.npz").save(paths.WEIGHTS / f"{name}.npz")
    note(name, phases)


def note(name, phases):
    """Put the record of a training in phases into data/results/network_training.json."""
    *before, last = (_record(folder) for folder in phases)
    new = {name: last | {"before": before} if before else last}
    file = paths.RESULTS / "network_training.json"
    records = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    write_text(file, json.dumps(records | new, indent=1, sort_keys=True) + "\n")


def _record(folder):
    return json.loads((folder / "training.json").read_text(encoding="utf-8"))


def detector(phases, into=paths.DATA / "detectors"):
    """Write the LiteRT files of MTCNN's networks that folders hold, and note how they were trained.

    Each may have been trained in some of the phases; the last weights are taken.
    """
    found = {part: [file for folder in phases for file in sorted(folder.rglob(f"mtcnn_{part}.npz"))]
             for part in networks.PARTS}  # fmt: skip
    if not any(found.values()):
        raise SystemExit(f"{phases[-1]} holds no mtcnn_PART.npz: wanted what tools.train.mtcnn left")
    for part, files in found.items():
        if files:
            model = networks.mtcnn(part)
            training.set_weights(model, read_arrays(files[-1], {"*/*": Array("f2 f4")}, "weights of MTCNN"))
            path = freezing.save_litert(model, into / f"mtcnn_{part}.tflite", bits=16)
            note(f"mtcnn_{part}", [file.parent for file in files])
            print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
