"""Measures the methods and the pipeline on this machine; writes data/results/bench.json and bench.md.

    python course.py bench                          everything that can be measured here
    python course.py bench --only accuracy speed    parts: accuracy, speed, notebooks, detectors, peers
    python course.py bench --peers                  what a user would pick instead, fetched for this once
    python course.py bench --methods senet          one method, beside dlib
    python course.py bench --quick                  a sample, for a look; the shipped results stay as they are

What is not measured again stays in the files. Errors of real faces need the authors' photographs, which are
not in the repository; without them only the default faces are measured. README and model card quote these
results: they are brought up to date at the end (`tools/ship/figures.py`).
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before anything imports TensorFlow
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np

from facelm_helpers import methods
from facelm_helpers.paths import DATA, RESULTS, ROOT
from tools.data.found_boxes import CACHE
from tools.measure import accuracy as errors
from tools.measure import detectors, peers, tables_outside
from tools.measure import speed as timing
from tools.measure.face_sets import BOXES, NAMES, present
from tools.measure.store import machine, merge, read, rounded, write
from tools.measure.tables import table
from tools.setup.checksums import shipped
from tools.ship import figures

PARTS = ("accuracy", "speed", "notebooks")
ALONE = {"detectors": detectors.main, "peers": peers.main}  # parts that write a file of their own


def accuracy(options):
    """Errors of every shipped method, and of those in `options.also`, on every set that is present."""
    aligners = errors.shipped(options.methods)
    aligners |= dict(extra(text) for text in options.also)
    for measured in errors.measure(aligners, options.quick, options.sets, options.boxes):
        yield {"accuracy": measured}


def extra(text):
    """A name and an aligner from NAME=FILE, a file of weights that `Aligner.save` wrote."""
    name, _, path = text.partition("=")
    if not path or not Path(path).is_file():
        raise ValueError(f"--also got {text!r}: wanted NAME=FILE with a file of weights that is there")
    with np.load(path, allow_pickle=False) as file:
        if "name" not in file.files:
            raise ValueError(f"{path} does not say which method it belongs to: wanted a file of Aligner.save")
        kind = str(file["name"])
    return name, methods.of(kind).load(path)


def speed(options):
    """Milliseconds a face and images a second."""
    for measured in timing.measure(options.quick, options.methods):
        yield {"speed": measured}


def notebooks(options):
    """What the build of the notebooks measured, and how large the shipped files are."""
    from tools.notebook.build import NOTEBOOKS, stored_facts
    from tools.notebook.derive import read_source, reading_minutes

    found = {}
    for source in sorted((NOTEBOOKS / "source").glob("[0-9]*.py")):
        facts = stored_facts(NOTEBOOKS / f"{source.stem}.ipynb")
        if "computing_seconds" in facts:
            minutes = facts.get("reading_minutes") or reading_minutes(read_source(source))
            found[source.stem] = {
                "reading_minutes": minutes, "computing_seconds": facts["computing_seconds"]
            }  # fmt: skip
    yield {
        "notebooks": found,
        "sizes": {file.relative_to(DATA).as_posix(): file.stat().st_size for file in shipped(DATA)},
    }


def report(results):
    """All results as one page of Markdown.

    Parameters
    ----------
    results : dict
        The content of bench.json, and of the other files beside it under their names.

    Returns
    -------
    str
    """
    lines = ["# What was measured", "", "Written by `python course.py bench`; do not edit.", ""]
    for part, where in results.get("measured_on", {}).items():
        lines.append(f"- {part}: {where['processor']}, {where['cores']} cores, {where['system']},"
                     f" Python {where['python']}")  # fmt: skip
    sections = []
    for name in (name for name in NAMES if name in results.get("accuracy", {})):
        one = results["accuracy"][name]
        missed = one.get("missed_by_blazeface")
        found = "some" if missed is None else one["faces"] - missed
        beside = "Beside what a user would pick instead, each behind its own detector", ("leaderboard", name)
        sections += [
            (f"{name}: {one['about']}", None),
            (f"In the boxes of dlib's detector, which finds {one['faces'] - one['missed']} of {one['faces']}"
             " faces; the others are left out for all", ("accuracy", name, "detector")),
            ("In the tight boxes of the true points, all faces", ("accuracy", name, "tight")),
            (f"In the boxes of BlazeFace, which finds {found} faces; the others are left out for all",
             ("accuracy", name, "blazeface")),
            ("Plain NME by whose the box is", ("boxes", name)),
            *([beside] if name in tables_outside.sets_of_peers(results) else []),
            ("Rise of the plain NME on harder versions of the same faces", ("robustness", name)),
            ("By region, plain NME", ("regions", name)),
            ("By pose and by light, corrected NME, detector's boxes", ("groups", name, "detector")),
            ("By pose and by light, corrected NME, tight boxes", ("groups", name, "tight")),
        ]  # fmt: skip
    sections += [
        ("Detectors", None),
        ("What each finds, takes for a face, and costs", ("detectors",)),
        ("Faces found by their size, on a large picture", ("small_faces",)),
        ("Where the box lies, LFPW", ("detector_places", "LFPW")),
        ("Peers: what a user would pick instead", None),
        ("Who learnt from what", ("peers_about",)),
        *((f"{title}; errors over the {'box' if title.startswith('AFLW') else 'eyes'}", ("peers", title))
          for title in results.get("peers", {}).get("sets", {})),
        ("Times and sizes", None),
        ("Time from a photograph in memory, and a box, to 68 points", ("speed",)),
        ("Images a second", ("rates",)), ("Notebooks", ("notebooks",)), ("Files that ship", ("sizes",)),
    ]  # fmt: skip
    for title, wanted in sections:
        lines += ["", f"## {title}"] if wanted is None else ["", f"**{title}**", "", table(results, *wanted)]
    return "\n".join(lines) + "\n"


def main(arguments=None):
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="course.py bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", nargs="+", choices=(*PARTS, *ALONE), default=(*PARTS, "detectors"), metavar="PART"
    )
    parser.add_argument("--peers", action="store_const", dest="only", const=["peers"], help="--only peers")
    parser.add_argument("--methods", nargs="+", choices=methods.names(), metavar="NAME")
    parser.add_argument("--sets", nargs="+", choices=present(), metavar="SET", help=", ".join(present()))
    parser.add_argument("--boxes", nargs="+", choices=("tight", *BOXES), metavar="BOX", help="kinds of box")
    parser.add_argument("--also", nargs="+", default=[], metavar="NAME=FILE", help="further weights, by name")
    parser.add_argument("--quick", action="store_true", help="a sample; written to runs/bench")
    parser.add_argument("--output", type=Path, help="folder of bench.json (default: data/results)")
    options = parser.parse_args(arguments)
    folder = options.output or (CACHE if options.quick else RESULTS)
    try:
        results = read(folder / "bench.json")
        for part in (part for part in PARTS if part in options.only):
            if part == "notebooks":  # a notebook or file that is gone is gone from the results
                results = {key: value for key, value in results.items() if key not in ("notebooks", "sizes")}
            for measured in globals()[part](options):
                results = merge(results, rounded(measured) | {"measured_on": {part: machine()}})
                write(folder / "bench.json", results)  # at once: an interruption costs one measurement
        if folder == RESULTS and any(ALONE[part]() for part in ALONE if part in options.only):
            return 1
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    page = report(figures.load(folder))
    write(folder / "bench.md", page)
    print(page)
    shown = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
    print(f"Written to {shown}: bench.json and bench.md.")
    figures.announce(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
