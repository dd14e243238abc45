"""The results as tables in Markdown: what the bench prints, and what stands in README and model card.

Each public function takes the results (the content of bench.json) and strings; `table` calls it by name.
"""

import json
import re

import numpy as np

from facelm_helpers.methods import COMPARED
from facelm_helpers.paths import WEIGHTS
from tools.measure import (
    chinese,
    tables_faces,
    tables_full_size,
    tables_hub,
    tables_leaderboard,
    tables_outside,
    tables_teaching,
)
from tools.measure.cells import percent, places
from tools.measure.changes import TITLES


def table(results, name, *words):
    """A table by its name, or a line that says what is not measured yet; in Chinese if the last word is "zh".

    >>> table({}, "notebooks")
    '*Not measured yet: notebooks.*'
    """
    if name not in TABLES:
        raise ValueError(f"no table called {name!r}: wanted one of {', '.join(TABLES)}")
    chinese_page = words[-1:] == ("zh",)
    words = words[:-1] if chinese_page else words
    rows = TABLES[name](results, *words)
    rows = chinese.translated(rows) if chinese_page else rows
    return markdown(rows) if len(rows) > 1 else f"*Not measured yet: {' '.join([name, *words])}.*"


def markdown(rows):
    """Rows of strings as a Markdown table; the first row is its head. Columns of numbers are set right.

    >>> print(markdown([["method", "NME"], ["dlib", "6.8 %"]]))
    | method | NME |
    |---|---:|
    | dlib | 6.8 % |
    """
    lines = [f"| {' | '.join(row)} |" for row in rows]
    columns = list(zip(*rows[1:], strict=True))[1:]
    numbers = [all(re.match(r"\W*\d|-|$", cell) for cell in cells) for cells in columns]
    rule = "|---" + "".join("|---:" if number else "|---" for number in numbers) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def accuracy(results, name, box="detector", most=None):
    """One row a method on a set, in one kind of box; the best plain NME first, so many of them with dlib."""
    rows = [["method", "NME [95 %]", "over dlib", "AUC", "failures", "NME corrected", "over dlib", "failures",
             "had seen"]]  # fmt: skip
    ranked = _ranked(results, name, box)
    if most:
        baseline = [item for item in ranked[int(most) :] if item[0] == COMPARED[0]]
        ranked = ranked[: int(most) - len(baseline)] + baseline
    for method, record in ranked:
        here, fair = record[box], record[box]["corrected"]
        rows.append([
            method, f"{percent(here['nme'])} [{percent(here['low'])}, {percent(here['high'])}]",
            places(here["ratio"], 2), places(here["auc"]), percent(here["failure_rate"]),
            percent(fair["nme"]), places(fair["ratio"], 2), percent(fair["failure_rate"]), record["seen"],
        ])  # fmt: skip
    return rows


def robustness(results, name):
    """How much the plain NME rises as the same faces are made harder."""
    rows = [["method", "NME", *TITLES.values()]]
    for method, record in _ranked(results, name, "detector"):
        here = record["detector"]
        rises = (here.get("changes", {}).get(change, {}).get("rise") for change in TITLES)
        rows.append(
            [method, percent(here["nme"]), *("-" if r is None else f"{100 * r:+.0f} %" for r in rises)]
        )
    return rows


def regions(results, name, box="detector"):
    """Plain NME by region of the face."""
    ranked = _ranked(results, name, box)
    names = list(ranked[0][1][box]["regions"]) if ranked else []
    return [["method", *names]] + [
        [method, *(percent(record[box]["regions"][region]) for region in names)] for method, record in ranked
    ]


def groups(results, name, box="detector", *methods):
    """Corrected NME by pose and by light, with the faces in each group and those that the detector missed."""
    counts = results.get("accuracy", {}).get(name, {}).get("groups", {})
    ranked = [(m, r) for m, r in _ranked(results, name, box) if not methods or m in methods]
    if not ranked:
        return [[]]
    rows = [["group", "faces", "missed by dlib's detector", *(method for method, _ in ranked)]]
    for group, count in counts.items():
        cells = [percent(r[box]["groups"].get(group, {}).get("corrected")) for _, r in ranked]
        rows.append([group, str(count["faces"]), str(count["missed"]), *cells])
    return rows


def duel(results, first, second):
    """Two methods by set and pose, plain and corrected, in the detector's boxes and in the tight ones."""
    boxes = ("detector", "tight")
    rows = [["faces", "how many"]]
    rows[0] += [f"{name}, {box}" for box in boxes for name in (first, second)]
    for name, found in results.get("accuracy", {}).items():
        records = [found["methods"].get(method, {}) for method in (first, second)]
        if not all(box in record for record in records for box in boxes):
            continue
        whole = [_both(record[box]) for box in boxes for record in records]
        rows.append([f"**{name}**", str(found["faces"]), *whole])
        for group, count in found["groups"].items():
            if group.startswith("pose: "):
                cells = [_both(record[box]["groups"][group]) for box in boxes for record in records]
                rows.append([group.removeprefix("pose: "), str(count["faces"]), *cells])
    return rows


def speed(results):
    """Milliseconds a face for the points, of each method and runtime."""
    timed = results.get("speed", {})
    one, all_threads = timed.get("one thread", {}), timed.get("all threads", {})
    rows = [["points by", "ms, one thread", "over dlib", "processor's ms, one thread", "over dlib",
             "ms, all threads", "over dlib"]]  # fmt: skip
    for name in sorted(one, key=lambda name: one[name]["cpu_ms"]):
        cells = []
        for records, time, ratio in (
            (one, "ms", "ratio"), (one, "cpu_ms", "cpu_ratio"), (all_threads, "ms", "ratio"),
        ):  # fmt: skip
            record = records.get(name, {})
            cells += [places(record.get(time), 2), places(record.get(ratio), 2)]
        rows.append([name, *cells])
    return rows


def rates(results):
    """Images a second: sampler, augmentation, pipeline, training."""
    found = results.get("speed", {}).get("rates", {})
    rows = [["what", "images a second", "ratio"]]
    for name, title in (
        ("sampler", "default faces drawn, one core"), ("augmentation", "crops augmented, one core"),
    ):  # fmt: skip
        if name in found:
            rows.append([title, str(found[name]), ""])
    if "pipeline" in found:
        pipe, plain = found["pipeline"], "a plain generator"
        rows.append([plain, str(pipe["generator"]), ""])
        rows.append(["the tf.data pipeline", str(pipe["tf_data"]), f"{pipe['ratio']:.1f} of {plain}"])
    if "training" in found:
        train = found["training"]
        rows.append(["SENet on one batch held in memory", f"{train['network']:.0f}", ""])
        share = f"{train['share']:.2f} of the network alone"
        rows.append(["SENet with its input", f"{train['training']:.0f}", share])
    return rows


def notebooks(results):
    """Minutes to read and seconds to compute of every notebook."""
    rows = [["notebook", "minutes to read", "seconds to compute"]]
    for name, facts in results.get("notebooks", {}).items():
        rows.append([name, str(facts["reading_minutes"]), str(facts["computing_seconds"])])
    return rows


def ablation(results):
    """Short trainings that leave out one step of preparing the faces each (`tools/measure/ablation.py`)."""
    rows = [["trained with", "YouTube, NME", "over dlib", "corrected", "over dlib", "LFPW, NME", "corrected"]]
    for one in results.get("senet_ablation", {}).get("rows", []):
        first, second = one["yt68/val"], one["lfpw68/held-out"]
        rows.append([
            one["variant"],
            percent(first["plain"], 2), places(first["plain_ratio"], 2),
            percent(first["corrected"], 2), places(first["corrected_ratio"], 2),
            percent(second["plain"], 2), percent(second["corrected"], 2),
        ])  # fmt: skip
    return rows


def training(results):
    """The runs that made the networks' weights, and the errors with which each ended."""
    judged = {"lfpw68/held-out": "LFPW", "helen68/validation": "HELEN", "yt68/val": "YouTube"}
    rows = [["run", "on", "million crops", "hours", *(f"{title}, NME" for title in judged.values())]]
    networks = results.get("network_training", {})
    runs = results.get("senet_training", {}).get("phases", []) + [
        run | {"name": f"`{name}`{told}", "crops": run["batches"] * run["batch_size"]}
        for name, last in networks.items()
        for told, run in [*((", before", one) for one in last.get("before", [])), ("", last)]
    ]
    for run in runs:
        last = run["validation"][-1]
        ends = [percent(last.get(name, {}).get("dlib"), 2) for name in judged]
        size = places(run["crops"] / 1e6, 2), places(run["hours"], 2)
        rows.append([run["name"], run["device"], *size, *ends])
    return rows


def sizes(results):
    """What ships, in megabytes."""
    return [["file", "MB"]] + [[name, f"{size / 1e6:.2f}"] for name, size in results.get("sizes", {}).items()]


def provenance(results):
    """How each shipped weights file came about, as the file itself says."""
    rows = [["weights", "trained on", "recipe", "date", "course version"]]
    for path in sorted(WEIGHTS.glob("*.npz")):
        with np.load(path, allow_pickle=False) as file:
            told = json.loads(str(file["provenance"]))
        rows.append(
            [f"`{path.stem}`", *(told[key] for key in ("trained_on", "recipe", "date", "course_version"))]
        )
    return rows


def _both(record):
    """Plain and corrected NME; of a group of faces, the corrected one is a number itself."""
    fair = record["corrected"]
    return f"{percent(record['nme'])} ({percent(fair['nme'] if isinstance(fair, dict) else fair)})"


def _ranked(results, name, box):
    records = results.get("accuracy", {}).get(name, {}).get("methods", {})
    return sorted(
        ((method, record) for method, record in records.items() if box in record),
        key=lambda item: item[1][box]["nme"],
    )


TABLES = {function.__name__: function for function in (
    accuracy, robustness, regions, groups, duel, speed, rates, notebooks, ablation, training, sizes,
    provenance,
)}  # fmt: skip
for _others in (
    tables_faces, tables_full_size, tables_hub, tables_leaderboard, tables_outside, tables_teaching,
):  # fmt: skip
    TABLES |= _others.TABLES
