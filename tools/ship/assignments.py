"""The exercises as assignments of nbgrader: the same sources, marked up for it.

nbgrader takes the solution out of a cell between its own marks and the hidden test out of the check's cell;
what a student gets is the exercise as it stands in the course. Points are the stars of an exercise's heading.
"""

import re

import nbformat

from facelm_helpers.atomic import write_text
from tools.notebook.derive import END, SOURCES, START, STUB, derive, read_source, split_alt

SCHEMA = 3  # of nbgrader's metadata
BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
CHECK = re.compile(r"^check\.\w+\(.*\)$", re.MULTILINE)
HEADING = re.compile(r"^#+ Exercise (\d+) (★+)", re.MULTILINE)
CONFIG = """# The course's folder for nbgrader; see README.md
c = get_config()
c.CourseDirectory.course_id = "face_alignment"
c.ClearSolutions.code_stub = {"python": "# your answer, in place of the dots"}
c.ClearSolutions.enforce_metadata = True
c.ExecutePreprocessor.timeout = 600  # seconds for one cell: some train a network
"""
README = """# The course's exercises for nbgrader

Written by `python course.py export --nbgrader`. Install nbgrader beside the course, that is, into the
environment in which `facelm_helpers` is importable, and activate it; or register that environment's Python as
the kernel `python3`. Then, in this folder:

    nbgrader generate_assignment 00_start_here
    # collect the students' notebooks as submitted/NAME/00_start_here/00_start_here.ipynb
    nbgrader autograde 00_start_here
    nbgrader generate_feedback 00_start_here

An exercise counts as many points as it has stars. Autograding runs the whole notebook, which takes as long as
its first lines say. What students hand in is code: run it in a container, or on a machine that holds nothing
else.
"""


def assignment(path):
    """One source as the notebook that nbgrader makes a release of.

    Parameters
    ----------
    path : Path
        Of a source.

    Returns
    -------
    nbformat notebook
        The cells of the exercise, those of exercises and checks marked up.

    Raises
    ------
    ValueError
        If an exercise has no heading with stars, or no check follows it.
    """
    notebook = derive(path)["exercise"]
    number = points = None
    waiting = False  # for the check of the exercise above
    for cell, origin in zip(notebook.cells, read_source(path).cells, strict=True):
        if cell.cell_type == "markdown":
            if headings := HEADING.findall(cell.source):
                number, points = headings[-1][0], len(headings[-1][1])
        elif "exercise" in cell.metadata.get("tags", []):
            if points is None or waiting:
                raise ValueError(f"{path.name}: an exercise without a heading `### Exercise N ★`, or a check")
            cell.source = marked(split_alt(origin.source)[0])
            cell.metadata["nbgrader"] = _metadata(f"exercise_{number}", solution=True)
            waiting = True
        elif waiting and (found := CHECK.findall(cell.source)):
            call = found[-1]
            hidden = f"verdict = {call}\nassert verdict, verdict.message"
            cell.source += f"\n{BEGIN_HIDDEN}\n{hidden}\n{END_HIDDEN}"
            cell.metadata["nbgrader"] = _metadata(f"check_{number}", points=points)
            waiting, points = False, None
    if waiting:
        raise ValueError(f"{path.name}: no check follows exercise {number}")
    notebook.metadata.pop("facelm", None)
    return notebook


def _metadata(name, solution=False, points=None):
    graded = {} if points is None else {"points": points}
    return graded | {
        "grade": points is not None, "grade_id": name, "locked": not solution, "schema_version": SCHEMA,
        "solution": solution, "task": False,
    }  # fmt: skip


def marked(source):
    """An exercise with nbgrader's marks round its solution, and its stub outside them.

    The stub stands after a solution that returns, and before any other: whichever comes last counts, and that
    is the solution as long as it is there.

    >>> print(marked('''def two():
    ...     # SOLUTION
    ...     return 2
    ...     # END SOLUTION
    ...     # STUB return ...'''))
    def two():
        ### BEGIN SOLUTION
        return 2
        ### END SOLUTION
        return ...
    """
    marks = {START: BEGIN_SOLUTION, END: END_SOLUTION}
    lines, stub, begins = [], [], None
    for line in source.splitlines():
        bare = line.strip()
        indent = line[: len(line) - len(line.lstrip())]
        if bare.startswith(STUB):
            stub.append(indent + bare.removeprefix(STUB).removeprefix(" "))
            continue
        begins = len(lines) if bare == START else begins
        lines.append(indent + marks[bare] if bare in marks else line)
    ends = lines.index(next(line for line in lines if line.strip() == END_SOLUTION))
    returns = any(re.match(r"\s*return\b", line) for line in lines[begins:ends])
    at = ends + 1 if returns else begins
    return "\n".join([*lines[:at], *stub, *lines[at:]])


def write(folder, only=("",)):
    """Write a course folder of nbgrader. Returns the paths of its notebooks."""
    written = []
    for source in sorted(SOURCES.glob("[0-9]*.py")):
        if source.name.startswith(only):
            path = folder / "source" / source.stem / source.with_suffix(".ipynb").name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, nbformat.writes(assignment(source)) + "\n")
            written.append(path)
    write_text(folder / "nbgrader_config.py", CONFIG)
    write_text(folder / "README.md", README)
    return written
