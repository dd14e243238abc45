"""Tables of what lies outside the course's own methods: detectors, and what a user would pick instead.

Each takes the results (the content of bench.json, and of detectors.json and peers.json under their names) and
strings, as in `tools/measure/tables.py`, which lists them.
"""

from facelm_helpers.landmarks import REGIONS
from tools.measure.cells import percent, places
from tools.measure.store import phases

HARD = "AFLW2000-3D, yaw 30 to 60", "AFLW2000-3D, yaw 60 to 90"


def detectors(results):
    """One row a set: how many faces each detector finds; then false alarms and milliseconds."""
    found = results.get("detectors", {})
    names = list(found.get("without_faces", {}))
    rows = [["pictures", "how many", *names]]
    for title, record in found.get("faces", {}).items():
        cells = [percent(record[name]["found"] / record["faces"]) for name in names]
        rows.append([f"{title}: found", str(record["faces"]), *cells])
    hard = [record for title, record in found.get("faces", {}).items() if title in HARD]
    if hard:
        count = sum(record["faces"] for record in hard)
        cells = [percent(sum(record[name]["found"] for record in hard) / count) for name in names]
        rows.append(["hard faces, AFLW2000-3D, yaw beyond 30: found", str(count), *cells])
    for title, record in found.get("faces", {}).items():
        rows.append(
            [
                f"{title}: boxes elsewhere",
                str(record["faces"]),
                *(str(record[name]["elsewhere"]) for name in names),
            ]
        )
    if names:
        alarms = [found["without_faces"][name] for name in names]
        cells = [str(alarm["alarmed"]) for alarm in alarms]
        rows.append(["without a face: with a false alarm", str(alarms[0]["pictures"]), *cells])
    for side, timed in found.get("ms", {}).items():
        cells = [places(timed[name]["cpu_ms"], 1) for name in names]
        rows.append([f"processor's ms, {side} x {side} pixels", "", *cells])
    return rows


def mtcnn_training(results):
    """What each of MTCNN's networks learnt from how much, in all its phases, and in how many hours."""
    rows, hours = [["network", "phases", "million windows", "hours on two cores"]], 0
    for part in "prol":
        last = results.get("network_training", {}).get(f"mtcnn_{part}")
        if last:
            runs = phases(last)
            seen = sum(run["batches"] * run["batch_size"] for run in runs) / 1e6
            took = sum(run["hours"] for run in runs)
            rows.append([f"{part.upper()}-Net", str(len(runs)), places(seen, 2), places(took, 1)])
            hours += took
    return rows + [["all", "", "", places(hours, 1)]] * (len(rows) > 1)


def small_faces(results):
    """Share of such faces that each detector finds, by the size of the face in its picture."""
    found = results.get("detectors", {}).get("small_faces", {})
    shares = list(next(iter(found.values()), {}))
    rows = [["detector", *(f"{100 * float(share):.0f} % of the side" for share in shares)]]
    return rows + [[name, *(percent(by[share], 0) for share in shares)] for name, by in found.items()]


def detector_places(results, name):
    """Where each detector's box lies on a set's faces, beside the tight box; medians."""
    record = results.get("detectors", {}).get("faces", {}).get(name, {})
    rows = [["detector", "side over the tight box's", "middle, sides to the right", "middle, sides down"]]
    for detector, here in record.items():
        if isinstance(here, dict):
            rows.append([detector, *(places(here[key], 2) for key in ("side", "right", "down"))])
    return rows


def boxes(results, name):
    """Each method's plain NME in the tight box and in each detector's; the best in dlib's first."""
    records = results.get("accuracy", {}).get(name, {}).get("methods", {})
    kinds = {"tight": "tight box", "detector": "dlib's detector's box", "blazeface": "BlazeFace's box"}
    ranked = sorted(
        (item for item in records.items() if "detector" in item[1] and "blazeface" in item[1]),
        key=lambda item: item[1]["detector"]["nme"],
    )
    return [["method", *kinds.values()]] + [
        [method, *(percent(record.get(kind, {}).get("nme")) for kind in kinds)] for method, record in ranked
    ]


def peers(results, name):
    """The peers on a set, each behind its own detector; the least error of the five points first."""
    found = results.get("peers", {})
    about, by_name = found.get("about", {}), found.get("sets", {}).get(name, {})
    rows = [["method", "detector", f"found of {by_name.get('faces', 0)}", "NME, 68 points", "without the jaw",
             "jaw", "NME, five points", "68 points, found by all", "five, found by all",
             "ms with the detector"]]  # fmt: skip
    ranked = sorted(by_name.get("peers", {}).items(), key=lambda item: item[1]["five"])
    for peer, record in ranked:
        errors = [percent(record.get(key)) for key in ("nme", "without_jaw", "jaw", "five", "common_nme",
                                                        "common_five")]  # fmt: skip
        facts = about[peer]
        rows.append(
            [facts["title"], facts["detector"], str(record["found"]), *errors, places(facts["ms"], 1)]
        )
    return rows


def sets_of_peers(results):
    """The bench's names of the sets that peers were measured on."""
    return {by_name.get("set") for by_name in results.get("peers", {}).get("sets", {}).values()} - {None}


def peers_about(results):
    """Who learnt from what: version, date, licence."""
    rows = [["method", "version", "date", "licence", "learnt from"]]
    for facts in results.get("peers", {}).get("about", {}).values():
        rows.append([facts[key] for key in ("title", "version", "date", "licence", "learnt_from")])
    return rows


def leaderboard(results, name):
    """Every method in its own detector's box on a set, the peers among them; the best plain NME first.

    Each method is judged on the faces that its detector finds, nearly the same ones; `peers` has the errors
    on those that all find.
    """
    rows = []
    for method, record in results.get("accuracy", {}).get(name, {}).get("methods", {}).items():
        if "detector" in record:
            here = record["detector"]
            inner = sum(
                here["regions"][region] * len(points) for region, points in REGIONS.items() if region != "jaw"
            )
            rows.append([method, "dlib's", here, inner / 51, here["regions"]["jaw"], record["seen"]])
    found = results.get("peers", {})
    for by_name in found.get("sets", {}).values():
        if by_name.get("set") == name:
            for peer, here in by_name["peers"].items():
                facts = found["about"][peer]
                if "nme" in here and "peer" in facts["title"]:
                    rows.append([facts["title"], facts["detector"], here, here["without_jaw"], here["jaw"],
                                 facts["learnt_from"]])  # fmt: skip
    head = [
        "method",
        "detector",
        "NME [95 %]",
        "failures",
        "without the jaw",
        "jaw",
        "had seen, or learnt from",
    ]
    return [head] + [
        [title, detector, f"{percent(here['nme'])} [{percent(here['low'])}, {percent(here['high'])}]",
         percent(here["failure_rate"]), percent(inner), percent(jaw), seen]
        for title, detector, here, inner, jaw, seen in sorted(rows, key=lambda row: row[2]["nme"])
    ]  # fmt: skip


TABLES = {function.__name__: function for function in (
    detectors, mtcnn_training, small_faces, detector_places, boxes, peers, peers_about, leaderboard,
)}  # fmt: skip
