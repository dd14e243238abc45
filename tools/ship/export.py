"""`python course.py export`: the course for a class.

    python course.py export --student      without solutions: writes _export/facelm-course.zip, which a
                                           student unpacks and starts as usual, and
                                           _export/facelm-solutions.zip, to be unpacked over it later
    python course.py export --nbgrader     writes _export/nbgrader, a course folder of nbgrader
    python course.py export --student --output FOLDER

The student's notebooks end with a cell that writes a score (`checks.report`); `python course.py scores`
collects these. Left out are solutions, sources, the teacher's pages and the tests. The package itself
computes the right answers, so a student who reads its code finds them: for marks that count, use nbgrader on
your own machine.
"""

import argparse
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat

from facelm_helpers.atomic import whole_file
from tools.notebook.build import NOTEBOOKS
from tools.notebook.derive import ROOT
from tools.ship import assignments

TOP = "face-alignment-course"
DATE = (2026, 1, 1, 0, 0, 0)  # of every file in the zip: the same course gives the same bytes
TEACHERS = (  # what a student does not get
    "notebooks/solutions/", "notebooks/source/", "notebooks/teaching/", "tests/", "data/runs/", ".ci/",
    ".github/",
)  # fmt: skip
LINK = re.compile(r"\[([^\]]*)\]\(((?:\.\./)?(?:notebooks/)?(?:solutions|teaching)/[^)]*)\)")
SCORE = """# your score: write your name between the quotes, and hand in the file that this makes
from facelm_helpers import checks

checks.report("")"""


def files():
    """Every file of the course that is under version control, or, in a copy without git, that is not made."""
    asked = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        made = re.compile(r"(^|/)(\.|_book|_export|_slides|runs/|__pycache__|data/downloads/|build/|dist/)")
        found = (path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file())
        listed = [name for name in found if not made.search(name)]
    return sorted(name for name in listed if name and (ROOT / name).is_file())


def for_students(name):
    """A file as a student gets it: its bytes, or None for one that is left out."""
    path = ROOT / name
    if name.startswith(TEACHERS):
        return None
    if path.suffix == ".ipynb":
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = LINK.sub(r"\1", cell.source)
        notebook.cells.append(nbformat.v4.new_code_cell(SCORE, id="score"))
        return (nbformat.writes(notebook) + "\n").encode()
    if path.suffix == ".md":
        return LINK.sub(r"\1", path.read_text(encoding="utf-8")).encode()
    return path.read_bytes()


def student(folder):
    """Write the two zips. Returns their paths."""
    course, solutions = folder / "facelm-course.zip", folder / "facelm-solutions.zip"
    names = files()
    _pack(course, {name: content for name in names if (content := for_students(name)) is not None})
    solved = sorted((NOTEBOOKS / "solutions").glob("*.ipynb"))
    _pack(solutions, {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in solved})
    return [course, solutions]


def _pack(path, contents):
    """A zip of name -> bytes under one top folder, written whole or not at all."""
    with whole_file(path) as opened, zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(f"{TOP}/{name}", DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            file.writestr(entry, content)


def main(arguments=None):
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="course.py export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--student", action="store_true", help="the course and its solutions, a zip each")
    parser.add_argument("--nbgrader", action="store_true", help="a folder for nbgrader")
    parser.add_argument("--only", nargs="+", default=[""], metavar="NN", help="of nbgrader: these notebooks")
    parser.add_argument("--output", type=Path, default=ROOT / "_export", help="folder, _export by default")
    options = parser.parse_args(arguments)
    if not (options.student or options.nbgrader):
        parser.error("say what to export: --student, --nbgrader, or both")
    if not any(NOTEBOOKS.glob("*.ipynb")):
        print(
            f"No notebooks in {NOTEBOOKS}: build them first with python course.py notebooks.", file=sys.stderr
        )
        return 1
    options.output.mkdir(parents=True, exist_ok=True)
    if options.student:
        for path in student(options.output):
            print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    if options.nbgrader:
        written = assignments.write(options.output / "nbgrader", tuple(options.only))
        print(f"{options.output / 'nbgrader'}: {len(written)} assignments, nbgrader_config.py, README.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
