"""Ship networks, and freeze them for LiteRT: `python -m tools.ship.freeze [NAME ...]`, senet by default.

NAME=FOLDER first takes the weights and the record of their training that `tools.train.network` left in a
folder; of a training in phases, NAME=FIRST,SECOND takes the weights of the last and the records of all.
With the frozen file, beside the weights, `methods.load(NAME)` answers without TensorFlow and without a
conversion. Its name ends in the fingerprint of the weights, so run it when they change (a test tells); files
of other weights are removed. `mtcnn=FOLDER` writes the course's detector from what `tools.train.mtcnn` left
in a folder. `python -m tools.setup.checksums` comes after.
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
            detector(Path(folder))
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
    *before, last = (_record(folder) for folder in phases)
    note({name: last | {"before": before} if before else last})


def note(new):
    """Put records of trainings into data/results/network_training.json."""
    file = paths.RESULTS / "network_training.json"
    records = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    write_text(file, json.dumps(records | new, indent=1, sort_keys=True) + "\n")


def _record(folder):
    return json.loads((folder / "training.json").read_text(encoding="utf-8"))


def detector(folder, into=paths.DATA / "detectors"):
    """Write the LiteRT files of MTCNN's networks that a folder holds, and note how they were trained."""
    found = {part: next(folder.rglob(f"mtcnn_{part}.npz"), None) for part in networks.PARTS}
    if not any(found.values()):
        raise SystemExit(f"{folder} holds no mtcnn_PART.npz: wanted what tools.train.mtcnn left")
    for part, file in found.items():
        if file is None:
            continue
        model = networks.mtcnn(part)
        training.set_weights(model, read_arrays(file, {"*/*": Array("f2 f4")}, "weights of MTCNN"))
        path = freezing.save_litert(model, into / f"mtcnn_{part}.tflite", bits=16)
        note({f"mtcnn_{part}": _record(file.parent)})
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
