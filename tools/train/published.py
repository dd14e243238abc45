"""Run the published recipe of SENet: `python -m tools.train.published RUN --steps N`, in Keras.

Adam at 0.001, times 0.98 every 1,000 steps, L2, dropout, 150,000 steps, 80 % of the people to learn from and
20 % to test on. It names neither loss nor batch size nor augmentation: L1, 64 and the course's stand in. The
faces are default ones and, where they stand beside the checkout, the authors' photographs.

The same command with more steps goes on. Every 1,000 steps data/results/published_recipe.json gets a row,
which notebook 10 draws. On two cores the whole run takes half a day to a day.
"""

import argparse
from pathlib import Path

import numpy as np

from facelm_helpers import methods, metrics, sources, training
from facelm_helpers.augment import Strength
from facelm_helpers.faces import FaceSet
from facelm_helpers.methods._learning import mean_shape
from facelm_helpers.paths import RESULTS
from tools.data import real_faces
from tools.data.found_boxes import detector_boxes
from tools.measure import store

FILE = RESULTS / "published_recipe.json"
LEARNT = ("lfpw68/train", "helen68/train", "afw68/train", "yt68/train")
JUDGED = ("lfpw68/held-out", "helen68/validation", "yt68/val")
L2 = 5e-6  # TF-slim halves its factor: its 1e-5 times half the sum of squares


class Joined:
    """Sequences of pictures one after the other; each picture is read when it is asked for."""

    def __init__(self, parts):
        self.places = [(part, i) for part in parts for i in range(len(part))]

    def __len__(self):
        return len(self.places)

    def __getitem__(self, index):
        part, i = self.places[index]
        return part[i]


def joined(sets):
    """Sets of faces as one; people of different sets are different people."""
    persons = [f"{name} {person}" for name, faces in sets.items() for person in faces.persons]
    points = np.concatenate([faces.points for faces in sets.values()])
    return FaceSet(Joined([faces.images for faces in sets.values()]), points, persons=persons)


def faces_to_learn_from(default):
    """Default faces and, where they are here, photographs: (80 %, 20 %) by person."""
    sets = {"default": sources.load("synthetic", n=default, seed=7)}
    if real_faces.REAL.is_dir():
        sets |= {name: real_faces.load(name) for name in LEARNT}
    return joined(sets).split_by_person(0.8, seed=0), list(sets)


def judges(test):
    """Name -> box -> crops of faces that are not learnt from."""
    found = {"split by person": {"tight": test.crops()}}
    for name in JUDGED if real_faces.REAL.is_dir() else ():
        faces = real_faces.load(name)
        boxes = detector_boxes(faces, name)
        some = np.flatnonzero(np.isfinite(boxes).all(axis=1))
        chosen = faces[some]
        found[name] = {"dlib": FaceSet(chosen.images, chosen.points, boxes[some], chosen.persons).crops()}
    return found


def errors(model, judged):
    """Name -> box -> inter-ocular NME."""
    return {
        name: {
            box: metrics.nme(_points(model, faces), faces.points, norm="inter_ocular").mean()
            for box, faces in views.items()
        }
        for name, views in judged.items()
    }


def _points(model, crops):
    parts = [
        np.asarray(model(training.scaled(crops.images[i : i + 64]), training=False))
        for i in range(0, len(crops), 64)
    ]
    return np.concatenate(parts).reshape(-1, 68, 2) * model.input_shape[1]


def main(arguments=None):
    """Read the command line and go on to a number of steps."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of the run; the same command goes on with it")
    parser.add_argument("--steps", type=int, default=150_000, help="in all, of 150,000")
    parser.add_argument("--default", type=int, default=3000, help="default faces among the others (3000)")
    parser.add_argument("--every", type=int, default=1000, help="steps between rows (1000)")
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args(arguments)
    senet = methods.create("senet", l2=L2)
    recipe = training.Recipe(steps=options.steps, save_every=options.every)
    (train, test), names = faces_to_learn_from(options.default)
    with training.seeded(0):
        model = senet.build(mean_shape(train, senet.size, senet.margin))
    judged, rows, losses = judges(test), store.read(options.out).get("validation", []), []

    def validate(model):
        step = int(model.optimizer.iterations)
        row = {"batches": step, "crops": step * senet.batch_size, "loss": np.mean(losses[-options.every :])}
        row |= {"rate": training.learning_rate(step - 1, recipe)} | errors(model, judged)
        rows[:] = [old for old in rows if old["batches"] < step] + [store.rounded(row, 7)]
        store.write(options.out, {
            "what": "The published recipe, as far as it has run. Inter-ocular NME: of the people set aside,"
            " in tight boxes; of validation photographs, in the boxes of dlib's detector.",
            "of": senet.steps, "batches": step, "batch_size": senet.batch_size,
            "faces": [len(train), len(test)], "sets": names, "validation": rows,
        })  # fmt: skip
        return row["split by person"]["tight"]

    training.train(
        model, training.face_batches(train, senet.batch_size, strength=Strength(shift=senet.jitter)), recipe,
        folder=options.run, validate=validate, report_every=min(100, options.every),
        on_report=lambda history: losses.__setitem__(slice(None), history.losses),
        about={"l2": L2, "faces": train.fingerprint(), "batch_size": senet.batch_size},
    )  # fmt: skip


if __name__ == "__main__":
    main()
