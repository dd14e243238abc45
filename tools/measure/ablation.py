"""What each step of preparing the real faces is worth: ``python -m tools.measure.ablation RUN``.

The real faces stand outside the checkout.

The same short training once for each variant, from the same weights, with the same batches; one step is left
out each time. Writes data/results/senet_ablation.json. A variant that is done is not trained again; --from
begins with a network that has seen no photograph (`tools/train/shipped.py RUN --synthetic-only`).
"""

import argparse
from dataclasses import replace
from functools import cache

import numpy as np

from facelm_helpers import methods
from facelm_helpers.paths import RESULTS
from tools.data.found_boxes import detector_boxes
from tools.measure import face_sets, store
from tools.measure.accuracy import mean_errors
from tools.train import shipped, shipped_faces

FILE = RESULTS / "senet_ablation.json"
YOUTUBE = 1  # its place among the sets of `shipped_faces.mixture`
JUDGED = ("yt68/val", "lfpw68/held-out")
RULE = [[0.0, -0.10, np.log(1.04)]]  # the one place at which a rule sets a detector's box


def with_corrections(sets, corrections):
    """The annotations of YouTube Faces corrected less."""
    faces = shipped_faces.youtube(corrections)
    where = shipped_faces.placed(detector_boxes(faces, "yt68/train"), faces.boxes)
    other = replace(sets[YOUTUBE], faces=faces, odds=shipped_faces.pose_odds(faces.points), detected=where)
    return [*sets[:YOUTUBE], other, *sets[YOUTUBE + 1 :]]


def by_rule(sets):
    """Boxes where a rule sets them instead of where dlib's detector does."""
    return [replace(one, detected=one.detected * np.nan, places=np.array(RULE)) for one in sets]


def poses_as_they_come(sets):
    """Every face as often as every other of its set."""
    return [replace(one, odds=np.full(len(one.odds), 1 / len(one.odds))) for one in sets]


def photographs_only(sets):
    """No default faces."""
    rest = sets[1:]
    return [replace(one, share=one.share / sum(two.share for two in rest)) for one in rest]


VARIANTS = {
    "all steps": lambda sets: sets,
    "annotations of YouTube Faces as they are": lambda sets: with_corrections(sets, ()),
    "annotations moved left, not averaged with dlib's": lambda sets: with_corrections(sets, ("bias",)),
    "boxes by a rule, not where the detector sets them": by_rule,
    "poses not balanced": poses_as_they_come,
    "no default faces": photographs_only,
}


@cache
def judges(name):
    """Faces and boxes of a set, as `mean_errors` takes them, and dlib's errors there: for every variant."""
    view = face_sets.load(name).views["detector"]
    return view, mean_errors(methods.load("dlib"), *view)


def judge(aligner, name):
    """Plain and corrected NME on a set in the boxes of dlib's detector, and both over dlib's."""
    view, of_dlib = judges(name)
    ours = mean_errors(aligner, *view)
    return ours | {f"{figure}_ratio": ours[figure] / of_dlib[figure] for figure in ours}


def main(arguments=None):
    """Read the command line, train, judge, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shipped.add_options(parser, steps=800, decay=1200)
    parser.add_argument("--only", nargs="+", type=int, help="numbers of variants, from 0; all by default")
    options = parser.parse_args(arguments)
    sets, folder = shipped_faces.mixture(), options.run
    for number, (name, change) in enumerate(VARIANTS.items()):
        if options.only and number not in options.only:
            continue
        options.run = folder / str(number)
        options.run.mkdir(parents=True, exist_ok=True)
        aligner = methods.create("senet", keep_prob=1.0)
        aligner._restore(shipped.learnt(change(sets), options))
        aligner = aligner.with_runtime("keras")
        row = {"variant": name} | {of: judge(aligner, of) for of in JUDGED}
        print(row, flush=True)
        rows = {one["variant"]: one for one in store.read(FILE).get("rows", [])} | {name: row}
        store.write(FILE, store.rounded({
            "what": "NME (inter-ocular) of short trainings that leave out one step each, in the boxes of"
            " dlib's detector; corrected: each method's own median offset per landmark subtracted. Ratios"
            " are to dlib.",
            "batches": options.steps + options.decay, "batch_size": 64,
            "start": "a network that learnt from default faces only" if options.start else "random weights",
            "rows": [rows[key] for key in VARIANTS if key in rows],
        }))  # fmt: skip


if __name__ == "__main__":
    main()
