"""`python course.py leaderboard`: every shipped method on the same faces, with what it costs.

    python course.py leaderboard                    all of it; about a quarter of an hour on two cores
    python course.py leaderboard --methods senet    one method, beside dlib; the others stay as recorded
    python course.py leaderboard --quick            a sample, for a look; the shipped results stay as they are
    python course.py leaderboard --fit sdm          also time the training of classic methods again

Errors are measured in the boxes of dlib's detector, on the default faces and on each real set whose
photographs are on disk; columns of absent sets are shown as recorded. A method takes part as soon as its file
is in facelm_helpers/methods and its weights are shipped. Written to data/results: leaderboard.json, .csv and
.md (the page that the book makes sortable), and the picture of the curves.
"""

import argparse
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before anything imports TensorFlow
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
from tqdm.auto import tqdm

from facelm_helpers import methods, metrics, protocol
from facelm_helpers.paths import RESULTS, ROOT
from tools.data.found_boxes import CACHE
from tools.measure import accuracy, face_sets, leaderboard_cost, speed
from tools.measure.store import machine, merge, read, rounded, write
from tools.ship import figures
from tools.ship import leaderboard as page

FILE = "leaderboard.json"
THRESHOLDS = np.arange(65) / 400  # of the curves: 0 to 16 %
WHAT = (
    "Every method with shipped weights, in the boxes of dlib's detector; faces that it misses are left out"
    " for all. Errors are fractions of the distance between the outer eye corners, with 95 % intervals over"
    " people; corrected: the annotation bias, measured on other faces, is subtracted; ced: the share of faces"
    " whose error is at most each of the thresholds. Failures are above 8 %, and the AUC reaches to there."
    " Milliseconds: from a photograph in memory, and a box, to 68 points, in one thread, in turns. bytes: the"
    " file that is run. training: hours of a network's runs, or of one core for the classic methods."
)


def errors(aligner, view):
    """What is said of one method's errors in one view of a set.

    Parameters
    ----------
    aligner : Aligner
    view : (faces, boxes, other, other_boxes)
        As `face_sets.Set.view` gives it; the annotation bias is measured on the other faces.

    Returns
    -------
    dict
        ``nme``, ``low``, ``high``, ``median``, ``auc``, ``failure_rate``, ``ced``, and ``corrected`` with
        ``nme``, ``low`` and ``high``.
    """
    faces, boxes, other, other_boxes = view
    bias = protocol.offsets(aligner.predict(other.images, other_boxes), other.points)
    predicted = aligner.predict(faces.images, boxes)
    plain = metrics.nme(predicted, faces.points)
    fair = accuracy.summary(protocol.corrected_nme(predicted, faces.points, bias), faces.persons)
    return accuracy.summary(plain, faces.persons) | {
        "ced": np.round(metrics.ced(plain, THRESHOLDS), 4),
        "corrected": {key: fair[key] for key in ("nme", "low", "high")},
    }


def measure(aligners, quick=False, names=None):
    """Yield what is found, a piece at a time: facts and costs, each set's errors, milliseconds.

    Parameters
    ----------
    aligners : dict of name -> Aligner
    quick : bool
        A sample of each set.
    names : list of str, optional
        Sets; all that are present by default.
    """
    for name, aligner in tqdm(aligners.items(), desc="costs", disable=None):
        facts = {"title": aligner.title, "year": aligner.year, "kind": aligner.kind}
        facts["learnt_from"] = leaderboard_cost.learnt_from(aligner)
        yield {"methods": {name: facts | {"cost": leaderboard_cost.cost(aligner)}}}
    for title in names or face_sets.present():
        group = face_sets.load(title, quick)
        view = group.view("detector")
        about = {"about": face_sets.NAMES[title], "faces": len(group.faces), "found": len(view[0])}
        found = {}
        for name, aligner in tqdm(aligners.items(), desc=title, disable=None):
            found[name] = {"errors": {title: errors(aligner, view) | {"seen": face_sets.seen(name, title)}}}
        yield {"sets": {title: about}, "methods": found}
    print("timing, in one thread ...", flush=True)
    timed = speed.in_a_process("as_shipped", quick=quick, chosen=list(aligners))
    times = {name: {"cost": {"ms": timed[name]["cpu_ms"], "over_dlib": timed[name]["cpu_ratio"]}}
             for name in aligners if name in timed}  # fmt: skip
    yield {"methods": times, "timed_on": machine()}


def main(arguments=None):
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="course.py leaderboard",
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--methods", nargs="+", choices=methods.names(), metavar="NAME")
    parser.add_argument("--sets", nargs="+", choices=face_sets.present(), metavar="SET")
    parser.add_argument("--quick", action="store_true", help="a sample; written to runs/bench")
    parser.add_argument("--fit", nargs="+", default=[], choices=methods.names(), metavar="NAME")
    parser.add_argument("--only-write", action="store_true", help="measure nothing; write the pages again")
    options = parser.parse_args(arguments)
    folder = CACHE if options.quick else RESULTS
    results = read(folder / FILE)
    try:
        if not options.only_write:
            start = {"what": WHAT, "thresholds": THRESHOLDS, "measured_on": machine()}
            results = merge(results, rounded(start))
            for part in measure(accuracy.shipped(options.methods), options.quick, options.sets):
                results = merge(results, rounded(part))
                write(folder / FILE, results)  # at once: an interruption costs one piece
        for name in options.fit:
            print(f"training {name} ...", flush=True)
            trained = {"methods": {name: {"cost": {"training": leaderboard_cost.fitted(name)}}}}
            results = merge(results, rounded(trained, 4))
            write(folder / FILE, results)
    except (ValueError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    for path in page.write_all(folder):
        shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        print(f"Written: {shown}")
    figures.announce(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
