"""The course for a class: no solution in what a student gets, and assignments that nbgrader understands."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from tools.notebook.build import NOTEBOOKS
from tools.notebook.derive import SOURCES, read_source, split_exercise
from tools.ship import assignments, export

WRITTEN = sorted(SOURCES.glob("[0-9]*.py"))


@pytest.fixture(scope="module")
def zips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    assert export.main(["--student", "--output", str(folder)]) == 0
    return {path.stem: zipfile.ZipFile(path) for path in folder.glob("*.zip")}


def test_a_student_gets_the_course_and_no_solution(zips):
    names = [name.removeprefix(f"{export.TOP}/") for name in zips["facelm-course"].namelist()]
    for wanted in ("course.py", "requirements.lock", "data/face_model.npz", "data/weights/senet.npz",
                   "facelm_helpers/__init__.py", "tools/setup/doctor.py", "data/SHA256SUMS"):  # fmt: skip
        assert wanted in names
    assert not [
        name for name in names if re.search(r"solution|^notebooks/(source|teaching)|^tests|^\.git/", name)
    ]
    assert len([name for name in names if re.match(r"notebooks/\d\d_\w+\.ipynb", name)]) == len(
        list(NOTEBOOKS.glob("*.ipynb"))
    )


@pytest.mark.parametrize("source", WRITTEN, ids=lambda source: source.stem[:2])
def test_a_students_notebook_has_the_stub_no_dead_link_and_a_cell_for_the_score(source, zips):
    name = f"{export.TOP}/notebooks/{source.stem}.ipynb"
    if name not in zips["facelm-course"].namelist():
        pytest.skip("the notebook is not built yet")
    notebook = nbformat.reads(zips["facelm-course"].read(name).decode(), as_version=4)
    nbformat.validate(notebook)
    text = "\n".join(cell.source for cell in notebook.cells)
    for cell in read_source(source).cells:
        if "exercise" in cell.metadata.get("tags", []):
            solution, stub = split_exercise(cell.source)
            assert stub.split("# ALT")[0].strip() in text and solution.strip() not in text
    assert "](solutions/" not in text and "](teaching/" not in text
    assert notebook.cells[-1].source.endswith('checks.report("")') and not notebook.cells[-1].outputs


def test_the_solutions_fit_over_the_course(zips):
    names = zips["facelm-solutions"].namelist()
    assert len(names) == len(list((NOTEBOOKS / "solutions").glob("*.ipynb"))) > 0
    assert all(re.fullmatch(rf"{export.TOP}/notebooks/solutions/\d\d_\w+\.ipynb", name) for name in names)


def test_the_same_course_gives_the_same_bytes(tmp_path):
    contents = {"a.txt": b"a", "b/c.txt": b"c"}
    for name in ("one.zip", "two.zip"):
        export._pack(tmp_path / name, contents)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.zip", "two.zip"]


def test_nothing_to_export_is_said(capsys):
    with pytest.raises(SystemExit):
        export.main([])
    assert "say what to export" in capsys.readouterr().err


# --- nbgrader ---------------------------------------------------------------------------------------------


def graded(notebook):
    return [cell for cell in notebook.cells if "nbgrader" in cell.metadata]


@pytest.mark.parametrize("source", WRITTEN, ids=lambda source: source.stem[:2])
def test_an_assignment_has_three_exercises_each_with_a_hidden_test(source):
    notebook = assignments.assignment(source)
    nbformat.validate(notebook)
    marks = [cell.metadata["nbgrader"] for cell in graded(notebook)]
    assert [mark["grade_id"] for mark in marks] == [
        f"{kind}_{number}" for number in (1, 2, 3) for kind in ("exercise", "check")
    ]
    assert all(mark.get("points") in (1, 2, 3) for mark in marks[1::2])
    assert all("points" not in mark for mark in marks[::2])
    assert {tuple(sorted(mark)) for mark in marks[::2]} == {
        ("grade", "grade_id", "locked", "schema_version", "solution", "task")
    }
    for exercise, check in zip(graded(notebook)[::2], graded(notebook)[1::2], strict=True):
        assert exercise.metadata["nbgrader"]["solution"] and check.metadata["nbgrader"]["grade"]
        begin, end = assignments.BEGIN_SOLUTION, assignments.END_SOLUTION
        assert exercise.source.count(begin) == exercise.source.count(end) == 1
        compile(exercise.source, source.name, "exec")
        compile(check.source, source.name, "exec")
        hidden = check.source.split(assignments.BEGIN_HIDDEN)[1].split(assignments.END_HIDDEN)[0]
        assert re.search(r"^assert verdict, verdict.message$", hidden, re.MULTILINE)


@pytest.mark.parametrize("source", WRITTEN, ids=lambda source: source.stem[:2])
def test_what_nbgrader_leaves_of_an_exercise_is_the_courses_stub(source):
    region = re.compile(rf"^ *{assignments.BEGIN_SOLUTION}.*?{assignments.END_SOLUTION}\n?", re.S | re.M)
    stubs = [
        split_exercise(cell.source)[1]
        for cell in read_source(source).cells
        if "exercise" in cell.metadata.get("tags", [])
    ]
    left = [region.sub("", cell.source) for cell in graded(assignments.assignment(source))[::2]]
    assert [text.strip() for text in left] == [stub.split("# ALT")[0].strip() for stub in stubs]


def test_an_exercise_without_stars_or_check_is_refused(tmp_path):
    cell = '# %% tags=["exercise"]\n# SOLUTION\nx = 1\n# END SOLUTION\n# STUB x = ...\n'
    path = tmp_path / "00_small.py"
    path.write_text(f"# %% [markdown]\n# # Small\n\n{cell}", encoding="utf-8")
    with pytest.raises(ValueError, match="without a heading"):
        assignments.assignment(path)
    path.write_text(f"# %% [markdown]\n# # Small\n#\n# ### Exercise 1 ★\n\n{cell}", encoding="utf-8")
    with pytest.raises(ValueError, match="no check follows exercise 1"):
        assignments.assignment(path)


SMALL = """# %% [markdown]
# # Small
#
# ### Exercise 1 ★★

# %% tags=["exercise"]
def two():
    # SOLUTION
    return 2
    # END SOLUTION
    # STUB return ...

# %%
class check:
    def two(answer):
        class Verdict:
            message = "It is two."
            __bool__ = lambda self: answer() == 2
        return Verdict()

check.two(two)
"""


@pytest.mark.slow
def test_nbgrader_grades_a_right_and_an_empty_answer(tmp_path, monkeypatch):
    """With nbgrader itself, where it is installed; it is no dependency of the course."""
    pytest.importorskip("nbgrader", reason="nbgrader is not installed here")
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "00_small.py").write_text(SMALL, encoding="utf-8")
    monkeypatch.setattr(assignments, "SOURCES", sources)
    folder = tmp_path / "class"
    assignments.write(folder)

    def nbgrader(*words):
        command = [sys.executable, "-m", "nbgrader", *words]
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # it calls alembic
        env = os.environ | {"PATH": programs}
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=env)
        assert done.returncode == 0, done.stderr

    nbgrader("generate_assignment", "00_small")
    released = json.loads((folder / "release/00_small/00_small.ipynb").read_text(encoding="utf-8"))
    text = "".join("".join(cell["source"]) for cell in released["cells"])
    assert "return 2" not in text and "assert" not in text and "return ..." in text
    for name, kind in {"right": "source", "empty": "release"}.items():
        place = folder / "submitted" / name / "00_small"
        place.mkdir(parents=True)
        (place / "00_small.ipynb").write_bytes((folder / kind / "00_small/00_small.ipynb").read_bytes())
    nbgrader("autograde", "00_small")
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        found = {
            one.student.id: (one.score, one.max_score) for one in book.assignment_submissions("00_small")
        }
    assert found == {"right": (2.0, 2.0), "empty": (0.0, 2.0)}
