"""What each step of preparing the faces is worth: ``python -m tools.measure.ablation RUN`` (with PyTorch).

The same short training for each variant and seed, from the same weights, with the same shares of a batch; one
step is left out each time. Writes data/results/senet_ablation.json after each. What is done, RUN/NUMBER_SEED
holds, and is not trained again: so it may be trained elsewhere (--judge-later) and judged where photographs
are. --start begins with given weights, --labels are a teacher's. Real faces stand outside the checkout.
"""

import argparse
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np

from facelm_helpers import methods
from facelm_helpers.paths import RESULTS
from tools.measure import face_sets, store
from tools.measure.accuracy import mean_errors
from tools.train.faces import load, square, taught

FILE = RESULTS / "senet_ablation.json"
JUDGED = ("yt68/val", "lfpw68/held-out", "helen68/validation")
RULE = [0.0, -0.10, np.log(1.04)]  # the one place at which a rule sets a detector's box


def by_rule(sets):
    """Boxes where a rule sets them instead of where the detectors do."""
    changed = {}
    for name, faces in sets.items():
        centre, side = square(faces.tight)
        centre, half = centre + side[:, None] * RULE[:2], side[:, None] * np.exp(RULE[2]) / 2
        boxes = np.concatenate([centre - half, centre + half], axis=1)
        changed[name] = replace(faces, found=dict.fromkeys(faces.found, boxes))
    return changed


def without(*names):
    """A variant that leaves some sets out; the others fill the batch."""
    return lambda sets: {name: faces for name, faces in sets.items() if name not in names}


def poses_as_they_come(sets):
    """Every face as often as every other of its set."""
    return {name: replace(faces, balanced=False) for name, faces in sets.items()}


VARIANTS = {  # name -> change of the sets, and whether a teacher's labels are used
    "all steps": (lambda sets: sets, True),
    "no teacher": (lambda sets: sets, False),
    "boxes by a rule, not where the detectors set them": (by_rule, True),
    "poses not balanced": (poses_as_they_come, True),
    "no turned views": (without("turned"), True),
    "no default faces": (without("default"), True),
    "no faces labelled by the teacher alone": (without("mtfl", "congress"), True),
}


@cache
def judges(name):
    """Faces and boxes of a set, as `mean_errors` takes them, and dlib's errors there: for every variant."""
    view = face_sets.load(name).view("detector")
    return view, mean_errors(methods.load("dlib"), *view)


def judge(aligner, name):
    """Plain and corrected NME on a set in the boxes of dlib's detector, and both over dlib's."""
    view, of_dlib = judges(name)
    ours = mean_errors(aligner, *view)
    return ours | {f"{figure}_ratio": ours[figure] / of_dlib[figure] for figure in ours}


def main(arguments=None):
    """Read the command line, train, judge, write."""
    from tools.train import shipped

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shipped.add_options(parser)
    parser.add_argument("--only", nargs="+", type=int, help="numbers of variants, from 0; all by default")
    parser.add_argument("--seeds", nargs="+", type=int, default=[7], help="a training for each (7)")
    parser.add_argument("--judge-later", action="store_true", help="only train")
    options = parser.parse_args(arguments)
    sets, folder, file = load(options.faces, options.default), Path(options.run), options.labels
    labels = dict(np.load(file, allow_pickle=False)) if file else {}
    chosen = [(number, *variant) for number, variant in enumerate(VARIANTS.items())
              if not options.only or number in options.only]  # fmt: skip
    for seed, (number, name, (change, with_teacher)) in product(options.seeds, chosen):
        options.seed, options.run = seed, folder / f"{number}_{seed}"
        options.labels = file if with_teacher else None
        options.run.mkdir(parents=True, exist_ok=True)
        kept = options.run / "senet.npz"
        if not kept.is_file():
            aligner = shipped.trained(change(taught(sets, labels) if with_teacher else sets), options)
            if "stopped at" in aligner.provenance["recipe"]:
                continue
            aligner.save(kept)
        if options.judge_later:
            continue
        aligner = methods.of("senet").load(kept)
        found = {of: judge(aligner.with_runtime("keras"), of) for of in JUDGED}
        print(name, seed, found, flush=True)
        store.write(FILE, store.rounded(noted(store.read(FILE), name, found, options)))


def noted(record, name, found, options):
    """The record with one more training of a variant in it; each row holds the means over its seeds.

    What was trained otherwise (start, length, batch) leaves it: such errors are not to be compared.

    Parameters
    ----------
    record : dict
        What `FILE` holds.
    name : str
        Of `VARIANTS`.
    found : dict
        Set -> figure -> value.
    options : argparse.Namespace
    """
    about = {
        "what": "NME (inter-ocular) of short trainings that leave out one step each, in the boxes of"
        " dlib's detector; corrected: each method's own median offset per landmark subtracted. Ratios"
        " are to dlib. Means over the runs, which differ in their seed.",
        "crops": None if options.hours else options.crops, "hours": options.hours,
        "batch_size": options.batch, "start": beginning(options.start),
    }  # fmt: skip
    same = all(record.get(key) == value for key, value in about.items())
    runs = {row["variant"]: row["runs"] for row in record["rows"]} if same else {}
    runs[name] = runs.get(name, {}) | {str(options.seed): found}
    return about | {"rows": [{"variant": key} | mean(runs[key]) | {"runs": runs[key]}
                             for key in VARIANTS if key in runs]}  # fmt: skip


def beginning(file):
    """What the trainings begin with, in words."""
    if not file:
        return "random weights"
    weights = methods.of("senet").load(file)
    crops = weights.steps * weights.batch_size
    return f"weights that learnt from {crops:,} crops: {weights.provenance['trained_on']}"


def mean(runs):
    """Set -> figure -> mean over the seeds.

    >>> mean({"1": {"a": {"plain": 0.04}}, "2": {"a": {"plain": 0.06}}})
    {'a': {'plain': 0.05}}
    """
    first, *_ = runs.values()
    return {
        of: {figure: float(np.mean([run[of][figure] for run in runs.values()])) for figure in first[of]}
        for of in first
    }


if __name__ == "__main__":
    main()
