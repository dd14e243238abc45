"""The tables of the leaderboard, from data/results/leaderboard.json, peers.json and data/published.csv.

Each takes the results, as in `tools/measure/tables.py`, which lists them.
"""

import csv
import re
from itertools import groupby
from operator import itemgetter

from facelm_helpers import methods
from facelm_helpers.paths import DATA
from tools.measure.cells import percent, places
from tools.ship import citations

SETS = {  # the sets in the order of the columns, the one that ranks first
    "yt68/val": "YouTube Faces", "lfpw68/held-out": "LFPW", "helen68/validation": "HELEN",
    "synthetic": "default faces",
}  # fmt: skip
FAMILIES = {"shape": "shape model", "cascade": "cascade", "network": "network", "three_d": "3D model"}
PARTS = {
    "full": ("full", "all", "mean of three poses"),
    "common": ("common",),
    "challenging": ("challenging",),
}


def ranked(results):
    """The methods as (name, record), the least error on the first set first; unmeasured ones last.

    A method of the registry that was never measured here has an empty record.
    """
    found = results.get("leaderboard", {}).get("methods", {})
    every = dict.fromkeys([*found, *(name for name in methods.names() if methods.of(name).has_weights())])
    first = next(iter(SETS))

    def order(name):
        error = found.get(name, {}).get("errors", {}).get(first)
        return (error is None, error["nme"] if error else 0, name)

    return [(name, found.get(name, {})) for name in sorted(every, key=order)] if found else []


def ranking(results):
    """Every method: its error on each set, failures, cost, what it learnt from."""
    first = next(iter(SETS.values()))
    rows = [["method", *(f"{title}, NME" for title in SETS.values()), f"{first}, corrected",
             f"{first}, failures", f"{first}, AUC", "ms", "over dlib", "MB", "million multiply-adds",
             "training, hours", "learnt from", "family", "year"]]  # fmt: skip
    for name, record in ranked(results):
        kind, costs = methods.of(name), record.get("cost", {})
        errors = [record.get("errors", {}).get(key, {}) for key in SETS]
        work = costs.get("multiply_adds")
        rows.append([
            record.get("title", kind.title), *(within(one) for one in errors),
            percent(errors[0].get("corrected", {}).get("nme")), percent(errors[0].get("failure_rate")),
            places(errors[0].get("auc")), places(costs.get("ms"), 2), places(costs.get("over_dlib"), 2),
            places(costs.get("bytes") and costs["bytes"] / 1e6, 2), places(work and work / 1e6, 0),
            hours(costs.get("training")), group(record["learnt_from"]) if "learnt_from" in record else "-",
            FAMILIES[kind.kind], str(kind.year),
        ])  # fmt: skip
    return rows


def top(results, most):
    """The first rows of the ranking, dlib among them, with fewer columns."""
    rows = [["method", *(f"{title}, NME" for title in SETS.values()), "ms", "over dlib", "MB", "learnt from"]]
    every = ranked(results)
    baseline = [item for item in every[int(most) :] if item[0] == methods.COMPARED[0]]
    for _, record in [*every[: int(most) - len(baseline)], *baseline]:
        errors, costs = record.get("errors", {}), record.get("cost", {})
        rows.append([
            record.get("title", "-"), *(percent(errors.get(key, {}).get("nme")) for key in SETS),
            places(costs.get("ms"), 1), places(costs.get("over_dlib"), 2),
            places(costs.get("bytes") and costs["bytes"] / 1e6, 1), group(record.get("learnt_from", "")),
        ])  # fmt: skip
    return rows


def teachers(results):
    """Who learnt from what, in full, and with what the set of the first column has to do."""
    rows = [["learnt from", "methods"]]
    told = [(record["learnt_from"], record["title"]) for _, record in ranked(results) if "title" in record]
    for text in dict.fromkeys(text for text, _ in told):
        rows.append([text, ", ".join(title for other, title in told if other == text)])
    return rows


def by_yaw(results):
    """On turned heads: the methods of a 3D face, and SENet, by yaw."""
    found = results.get("faces3d", {}).get("methods", {})
    titles = {name: record.get("title", name) for name, record in ranked(results)}
    yaws = ("0-30", "30-60", "60-90")
    rows = [["method", *(f"{yaw} degrees, NME" for yaw in yaws), "mean of the three"]]
    for name, record in sorted(found.items(), key=lambda item: item[1]["points"]["mean"]):
        errors = [percent(record["points"][key]) for key in (*yaws, "mean")]
        rows.append([titles.get(name, name), *errors])
    return rows


def outsiders(results):
    """What a user would pick instead, each behind its own detector, and two of ours on the same faces."""
    found = results.get("peers", {})
    by_set = {one["set"]: one for one in found.get("sets", {}).values() if one.get("set")}
    shown = {key: title for key, title in SETS.items() if key in by_set}
    errors = [f"{title}, {what}" for what in ("NME", "five points") for title in shown.values()]
    rows = [["method", "detector", *errors, "ms with the detector", "learnt from"]]
    for name, facts in found.get("about", {}).items():
        here = [by_set[key]["peers"].get(name, {}) for key in shown]
        errors = [percent(record.get(key)) for key in ("nme", "five") for record in here]
        rows.append(
            [facts["title"], facts["detector"], *errors, places(facts["ms"], 1), facts["learnt_from"]]
        )
    return rows


def published_rows():
    """The rows of data/published.csv: list of dict."""
    with (DATA / "published.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def published(results):
    """The literature's figures, as published, with their normaliser."""
    rows = [["method", "paper", "set", "normaliser", *(f"{part}, NME" for part in PARTS), "read in"]]
    same = itemgetter("method", "paper", "set", "normaliser", "read")
    for (name, key, title, normaliser, read), parts in groupby(published_rows(), key=same):
        values = {row["part"]: f"{row['nme']} %" for row in parts}
        if "mean of three poses" in values:
            title = f"{title}, mean of three poses"
        cells = [next((values[word] for word in words if word in values), "-") for words in PARTS.values()]
        rows.append([name, paper(key), title, normaliser, *cells, read])
    return rows


def paper(key):
    """A paper of the bibliography as a link: authors and year."""
    entry = citations.papers()[key]
    names = [author.split(" ", 1)[1] for author in entry.authors]
    who = " and ".join(names) if len(names) < 3 else f"{names[0]} and others"
    return f"[{who}, {entry.year}]({entry.address})"


def within(error):
    """An error and its interval, "-" where it was not measured.

    >>> within({"nme": 0.0538, "low": 0.051, "high": 0.0566}), within({})
    ('5.4 % [5.1, 5.7]', '-')
    """
    if not error:
        return "-"
    return f"{percent(error['nme'])} [{100 * error['low']:.1f}, {100 * error['high']:.1f}]"


def group(text):
    """Two or three words for what a method learnt from.

    >>> group("2,000 default faces of the course (seed 0)"), group("LFPW, 3,000 default faces of the course")
    ('default faces', 'photographs')
    >>> group("LFPW, HELEN; a teacher's points, too")
    'photographs, teacher'
    """
    drawn = re.match(r"[\d,]+ default faces", text)
    return "default faces" if drawn else "photographs" + (", teacher" if "teacher's points" in text else "")


def hours(training):
    """Hours of training, as they are printed.

    >>> hours({"hours": 1.386, "begun_with": "senet"}), hours({"hours": 0.7, "at_least": True}), hours(None)
    ('1.4 after senet', '0.7 or more', '-')
    """
    if not training:
        return "-"
    value = training["hours"]
    text = f"{value:.1f}" if value >= 0.095 else f"{value:.3f}" if value >= 0.0005 else "0.000"
    text += " or more" if training.get("at_least") else ""
    return text + (f" after {training['begun_with']}" if "begun_with" in training else "")


def refine(results, name):
    """Plain NME with each `refine` on validation photographs, and the time relative to a single pass."""
    measured, ways = results.get("refine", {}), ("none", *methods.of(name).refinements)
    rows = [["photographs", "single pass", *(f'`"{how}"`' for how in ways[1:])]]
    for key, title in SETS.items():
        if key != "synthetic":
            for change, errors in measured.get("nme", {}).get(name, {}).get(key, {}).items():
                rows.append([f"{title}, {change}", *(percent(errors[how], 2) for how in ways)])
    if times := measured.get("time", {}).get(name):
        rows.append(["time", *(places(times[how]["cpu_ratio"], 1) for how in ways)])
    return rows


TABLES = {function.__name__: function for function in (
    ranking, top, teachers, by_yaw, outsiders, published, refine,
)}  # fmt: skip
