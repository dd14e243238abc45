"""An assignment's way through a hub: released, fetched, solved or not, submitted, collected and graded.

Teacher and students work in their own servers; what they do are nbgrader's commands, the same that its pages
in JupyterLab call.
"""

import json

from tools.hub.student import Student, errors, printed
from tools.notebook.derive import SOURCES, read_source, split_exercise
from tools.ship import assignments

COMMAND = """import subprocess, sys
command = [sys.executable, "-m", "nbgrader", *{words!r}]
done = subprocess.run(command, capture_output=True, text=True)
print(done.returncode, done.stdout + done.stderr)"""
SCORES = """import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    found = book.assignment_submissions({name!r})
    print(json.dumps({{one.student.id: [one.score, one.max_score] for one in found}}))"""
COURSE = "face_alignment"  # the teacher's folder, and the course's name in nbgrader


def nbgrader(student, folder, *words):
    """Run a command of nbgrader in a student's server, in a folder below the home.

    Raises
    ------
    RuntimeError
        If it fails; with its last words.
    """
    with student.kernel(f"{folder}/none.ipynb".lstrip("/")) as kernel:  # its folder is where the kernel works
        outputs = kernel.run(COMMAND.format(words=words))
    status, _, told = printed(outputs).partition(" ")
    if status != "0":
        raise RuntimeError(f"nbgrader {' '.join(words)}, {student.name}: {told[-800:]}{errors(outputs)}")


def solve(notebook, source):
    """Put the solutions of a notebook's source in the place of its stubs."""
    solved = {
        cell.id: split_exercise(cell.source)[0]
        for cell in read_source(source).cells
        if "exercise" in cell.metadata.get("tags", [])
    }
    waiting = list(solved.values())
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = waiting.pop(0)
    return notebook


def graded(hub, title):
    """One whole round with one assignment.

    Parameters
    ----------
    hub : Hub
        Whose servers run for "teacher" and for "solved" and "empty", the two students.
    title : str
        Of a notebook, such as "00_start_here".

    Returns
    -------
    dict
        Student -> [score, most possible].
    """
    teacher, students = Student(hub, "teacher"), [Student(hub, name) for name in ("solved", "empty")]
    assignments.write(hub.folder / "home" / teacher.name / COURSE, (title,))
    nbgrader(teacher, COURSE, "generate_assignment", title, "--create")
    nbgrader(teacher, COURSE, "release_assignment", title)
    for student in students:
        nbgrader(student, "", "fetch_assignment", title)
        path = f"{title}/{title}.ipynb"
        if student.name == "solved":
            student.save(path, solve(student.open(path), SOURCES / f"{title}.py"))
        # made-up students share one account, so that each says its name; on a server the account says it
        nbgrader(student, "", "submit", title, f"--CourseDirectory.student_id={student.name}")
    nbgrader(teacher, COURSE, "collect", title, "--ExchangeCollect.check_owner=False")
    nbgrader(teacher, COURSE, "autograde", title)
    with teacher.kernel(f"{COURSE}/none.ipynb") as kernel:
        return json.loads(printed(kernel.run(SCORES.format(name=title))))
