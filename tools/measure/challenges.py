"""What each remedy of notebook 14 changes: `python -m tools.measure.challenges FOLDER [--faces FILE]`.

FOLDER holds the runs of `tools.train.challenges`; those that have ended are measured. Writes
data/results/challenges.json. Every figure is a mean over seeds and faces; its interval is a bootstrap over
both (95 %, seeds and faces drawn with replacement, the same faces for a remedy and for the control).
"""

import argparse
import json
from pathlib import Path

import numpy as np

from facelm_helpers import methods, metrics, networks
from facelm_helpers.paths import RESULTS
from tools.measure import store
from tools.train import hard_faces
from tools.train.challenge_runs import BATCH, CROPS, RUNS, SEEDS, SIZE, START_CROPS
from tools.train.faces import FILE as PACKED

FILE = RESULTS / "challenges.json"
DRAWS, SEED = 2000, 14
WAYS = {  # name -> run, way of using its network
    "3d_prior": ("control", "3d"), "heads_oracle": ("heads", "oracle"),
    "rectified_thrice": ("rectified", "three times"),
    "mesh_interpolated": ("control", "mesh, interpolated"), "mesh_fitted": ("control", "mesh, fitted"),
    "mesh_direct": ("dense", "mesh"),
}  # fmt: skip
SHIPPED = ("senet", "tddfa")  # other budgets: beside the table, not in it


def main(arguments=None):
    """Read the command line, measure, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="of the runs")
    parser.add_argument("--faces", type=Path, default=PACKED, help="what tools.train.pack wrote")
    options = parser.parse_args(arguments)
    found = {name: of_run(options.folder, name) for name in RUNS}
    found = {name: errors for name, errors in found.items() if errors}
    judged = hard_faces.judged(hard_faces.read(options.faces))
    record = {"what": told(), "budget": budget(options.folder), "sets": {
        name: {"what": hard_faces.JUDGED[name], "faces": len(faces)} for name, faces in judged.items()
    }}  # fmt: skip
    start = np.load(options.folder / "start" / "errors.npz")
    record["start"] = {name: start[name].mean() for name in judged}
    record["remedies"] = {name: rows_of(errors, found["control"], judged) for name, errors in found.items()}
    for name, (run, way) in WAYS.items():
        if run in found:
            record["remedies"][name] = rows_of(found[run], found["control"], judged, way)
    record["shipped"] = {name: shipped(name, judged) for name in SHIPPED}
    store.write(FILE, store.rounded(record))
    for name, row in record["remedies"].items():
        print(f"{name:18}", {key: f"{100 * one['nme']:.2f}" for key, one in row["sets"].items()})


def told():
    """What the file holds, in words."""
    return (
        "NME, inter-ocular (turned, and meshes: over the root of the box's area), in tight boxes, of runs"
        " that go on from one start for one budget. change: the mean NME over the control's, less 1."
        " Intervals: 95 %, bootstrap over seeds and faces."
    )


def budget(folder):
    """What every run had."""
    seconds = [json.loads(path.read_text())["seconds"] for path in sorted(Path(folder).glob("*_[0-9]/DONE"))]
    return {
        "start_crops": START_CROPS, "crops": CROPS, "batch": BATCH, "seeds": len(SEEDS), "size": SIZE,
        "multiply_adds": {name: multiply_adds(RUNS[name].form) for name in ("control", "backbone")}
        | {"shipped senet": multiply_adds(methods.load("senet").architecture(), 128)},
        "runs": len(seconds), "seconds_of_a_run": np.median(seconds),
    }  # fmt: skip


def multiply_adds(form, size=SIZE):
    """Of one crop."""
    return sum(row["multiply_adds"] for row in networks.cost(networks.senet(**form, size=size)))


def of_run(folder, name):
    """Errors of the seeds that have ended: list of dicts, set (and way) -> (N,)."""
    runs = [Path(folder) / f"{name}_{seed}" for seed in SEEDS]
    return [dict(np.load(run / "errors.npz")) for run in runs if (run / "DONE").is_file()]


def rows_of(errors, control, judged, way=""):
    """Set -> NME, its interval, and the change against the control with its interval."""
    rows = {}
    for name in judged:
        key = f"{name}|{way}" if way else name
        if key not in errors[0]:
            continue
        ours = np.stack([one[key] for one in errors])
        plain = f"{name}|mesh, interpolated" if way.startswith("mesh") else name
        rows[name] = compared(ours, np.stack([one[plain] for one in control]))
    return {"seeds": len(errors), "sets": rows}


def compared(ours, control):
    """Means and 95 % intervals of errors (S, N), and of their ratio to the control's (S', N), less 1.

    >>> row = compared(np.full((3, 9), 0.05), np.full((3, 9), 0.1))
    >>> row["nme"], row["change"], row["change_interval"]
    (0.05, -0.5, [-0.5, -0.5])
    """
    rng, n = np.random.default_rng(SEED), ours.shape[1]
    means, changes = np.empty(DRAWS), np.empty(DRAWS)
    for draw in range(DRAWS):
        faces = rng.integers(n, size=n)
        own, other = (
            errors[rng.integers(len(errors), size=len(errors))][:, faces].mean() for errors in (ours, control)
        )
        means[draw], changes[draw] = own, own / other - 1
    edges = [2.5, 97.5]
    return {
        "nme": float(ours.mean()), "interval": np.percentile(means, edges).tolist(),
        "by_seed": ours.mean(axis=1).tolist(), "change": float(ours.mean() / control.mean() - 1),
        "change_interval": np.percentile(changes, edges).tolist(),
    }  # fmt: skip


def shipped(name, judged):
    """Set -> NME of the weights that ship, which had a much larger budget."""
    aligner, found = methods.load(name), {}
    for key, faces in judged.items():
        points = aligner.predict(list(faces.images), faces.boxes)
        norm = "box" if key == "turned" else "inter_ocular"
        found[key] = metrics.nme(points, faces.points, norm=norm).mean()
    return found


if __name__ == "__main__":
    main()
