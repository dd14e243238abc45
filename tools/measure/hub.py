"""A class on a hub, tried: four students at once, a server that is killed, an assignment with its marks.

    python -m tools.measure.hub                     all of it, a quarter of an hour on two idle cores
    python -m tools.measure.hub --only reopened

It needs JupyterHub and its proxy, see hub/README.md, and writes data/results/hub.json.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from facelm_helpers.paths import RESULTS
from tools.hub import assignments, lesson, local
from tools.hub.student import Student, errors, printed
from tools.measure.store import machine, merge, read, rounded, write
from tools.ship import figures

CLASS = {"ana": "04", "ben": "10", "chen": "04", "dana": "10"}  # who runs which notebook
ASSIGNMENT = "00_start_here"
CHECK = """from facelm_helpers import checks
from facelm_helpers.checks import start_here
for answer in ([36, 45], [39, 42], ...):  # the outer corners of the eyes, the inner ones, and no answer
    print(start_here.outer_corners(answer).state)
print(checks.report("Ana"))"""
VERDICTS = ["right", "wrong", "untried"]


def lesson_of_four(hub):
    """Four students run two notebooks at once; before that, one student runs each of the two alone."""
    for name in CLASS:
        hub.start(name)
        lesson.bring(Student(hub, name))
    first = {number: name for name, number in reversed(CLASS.items())}
    alone = [lesson.together(hub, {name: number}) for number, name in first.items()]
    found = lesson.together(hub, CLASS)
    found["errors"] = [words for run in (*alone, found) for words in run["errors"]]
    seconds = {number: waited for run in alone for number, waited in run["seconds"].items()}
    return found | {"alone": seconds, "students": len(CLASS)}


def reopened(hub):
    """A killed server: every notebook reopens as it was saved, is exported, and its checks answer."""
    name = next(iter(CLASS))
    hub.start(name)
    student = Student(hub, name)
    paths = lesson.bring(student)
    wrong = lesson.killed_and_reopened(hub, name, paths)
    wrong += [f"{path} is not exported" for path in paths if "<h1" not in student.exported(path)]
    with student.kernel(paths[0]) as kernel:
        outputs = kernel.run(CHECK)
    wrong += errors(outputs)
    if (told := printed(outputs).splitlines()[: len(VERDICTS)]) != VERDICTS:
        wrong.append(f"the check's verdicts are {told}, not {VERDICTS}")
    if not any(name.startswith("score_") for name in student.listed(lesson.FOLDER)):
        wrong.append(f"the score was not written: {printed(outputs)}")
    return {"notebooks": len(paths), "wrong": wrong}


def marks(hub):
    """One assignment's round; the scores of a solved and of an empty notebook."""
    for name in ("teacher", "solved", "empty"):
        hub.start(name)
    return {"assignment": ASSIGNMENT, "scores": assignments.graded(hub, ASSIGNMENT)}


TRIALS = {"lesson": lesson_of_four, "reopened": reopened, "marks": marks}


def main(arguments=None):
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=list(TRIALS), choices=TRIALS, help="these trials")
    parser.add_argument("--output", type=Path, default=RESULTS / "hub.json", help="file to write")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the hub is ended on the way out
    for name in options.only:
        with tempfile.TemporaryDirectory() as folder, local.running(folder) as hub:
            found = TRIALS[name](hub)
        print(f"{name}: {found}", flush=True)
        new = {"machine": machine(), name: found}
        write(options.output, rounded(merge(read(options.output), new)))
    figures.announce(options.output.parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
