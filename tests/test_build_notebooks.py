"""From a source to two notebooks: what the derivation does, refuses, and leaves alone."""

import json
import subprocess
import sys

import nbformat
import pytest

from tools.notebook import build
from tools.notebook.derive import derive, read_source, split_exercise
from tools.notebook.execute import complaints, environment, execute, tidy

SOURCE = """# %% [markdown]
# # A small notebook
#
# READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute. [Data](../data/README.md),
# [next](01_next.ipynb), SOLUTIONS_LINK.

# %%
x = 6

# %% tags=["exercise"]
# Double it.
# SOLUTION
answer = x * 2
# END SOLUTION
# STUB answer = ...

# %%
print(answer)
# ALT A number,
# ALT not drawn.
"""


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A source of its own, in folders of its own."""
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "NOTEBOOKS", tmp_path / "notebooks")
    path = tmp_path / "notebooks" / "source" / "00_small.py"
    path.parent.mkdir(parents=True)
    path.write_text(SOURCE)
    return path


def test_the_exercise_gets_the_stub_and_the_twin_the_solution(source):
    pair = derive(source)
    assert pair["exercise"].cells[2].source == "# Double it.\nanswer = ..."
    assert pair["solution"].cells[2].source == "# Double it.\nanswer = x * 2"
    for notebook in pair.values():
        nbformat.validate(notebook)
        assert "STUB" not in json.dumps(notebook) and "END SOLUTION" not in json.dumps(notebook)


def test_alternative_text_goes_from_the_code_to_the_metadata(source):
    for notebook in derive(source).values():
        assert notebook.cells[3].source == "print(answer)"
        assert notebook.cells[3].metadata["alt"] == "A number, not drawn."


def test_links_of_the_twin_are_seen_from_its_folder(source):
    pair = derive(source, {"computing_seconds": 5})
    assert "[Data](../data/README.md)" in pair["exercise"].cells[0].source
    assert "[Data](../../data/README.md)" in pair["solution"].cells[0].source
    assert "[next](01_next.ipynb)" in pair["solution"].cells[0].source
    assert "(solutions/00_small.ipynb)" in pair["exercise"].cells[0].source
    assert "(00_small.ipynb)" in pair["solution"].cells[0].source
    assert "5 seconds to compute" in pair["exercise"].cells[0].source


def test_cell_ids_are_unique_and_outlive_an_inserted_cell(source):
    before = [cell.id for cell in derive(source)["exercise"].cells]
    source.write_text(SOURCE.replace("# %%\nprint", "# %%\nx = 6\n\n# %%\nprint"))
    after = [cell.id for cell in derive(source)["exercise"].cells]
    assert set(before) < set(after)
    assert len(set(after)) == len(after)


@pytest.mark.parametrize(
    "text",
    [
        "answer = 1",
        "# SOLUTION\nanswer = 1",
        "# END SOLUTION\nanswer = 1\n# SOLUTION",
        "# SOLUTION\nanswer = 1\n# SOLUTION\n# END SOLUTION",
        "# SOLUTION\nanswer = 1\n# END SOLUTION\n# STUB reply = ...",
        "# SOLUTION\nanswer = f(1)\n# END SOLUTION\n# STUB answer = g(...)",
    ],
)
def test_an_exercise_whose_markers_or_stub_are_wrong_is_refused(text):
    with pytest.raises(ValueError):
        split_exercise(text)


def test_the_stub_of_a_function_keeps_its_indent():
    text = """# SOLUTION
def area(w, h):
    return w * h
# END SOLUTION
# STUB def area(w, h):
    # STUB return ..."""
    assert split_exercise(text)[1] == "def area(w, h):\n    return ..."


def test_a_source_without_a_title_is_refused(tmp_path):
    path = tmp_path / "00_no_title.py"
    path.write_text("# %%\nx = 1\n")
    with pytest.raises(ValueError, match="Title"):
        read_source(path)


def test_build_runs_writes_and_leaves_alone_what_has_not_changed(source):
    assert "run in" in build.build(source)
    exercise, solution = build.places(source).values()
    assert not nbformat.read(solution, 4).cells[3].outputs
    assert nbformat.read(exercise, 4).cells[3].outputs[0].text == "Ellipsis\n"
    first = exercise.read_bytes()
    assert build.check(source) == []
    assert build.build(source) == "unchanged"
    build.build(source, force=True)
    assert exercise.read_bytes() == first
    assert not list(exercise.parent.glob(".*"))


def test_a_changed_source_is_noticed(source):
    assert "missing" in build.check(source)[0]
    build.build(source)
    source.write_text(SOURCE.replace("x = 6", "x = 7"))
    assert any("cell 1" in problem for problem in build.check(source))
    assert "run in" in build.build(source)


def test_a_failing_cell_leaves_the_old_notebook_whole(source):
    build.build(source)
    exercise = build.places(source)["exercise"]
    before = exercise.read_bytes()
    source.write_text(SOURCE.replace("x = 6", "x = 1 / 0"))
    with pytest.raises(Exception, match="ZeroDivisionError"):
        build.build(source)
    assert exercise.read_bytes() == before


def test_a_notebook_is_stale_when_a_helper_it_reaches_changes(source, tmp_path):
    package = tmp_path / "facelm_helpers"
    package.mkdir()
    (package / "metrics.py").write_text("from facelm_helpers.landmarks import X\n")
    (package / "landmarks.py").write_text("X = 1\n")
    (package / "training.py").write_text("")
    source.write_text(SOURCE + "\n# %%\nfrom facelm_helpers import metrics\n")
    names = [file.name for file in build.helpers_of(source)]
    assert names == ["landmarks.py", "metrics.py"]
    before = build.fingerprint(source)
    (package / "training.py").write_text("x = 2\n")
    assert build.fingerprint(source) == before
    (package / "landmarks.py").write_text("X = 2\n")
    assert build.fingerprint(source) != before


def test_times_are_rounded_up_and_do_not_flicker():
    assert build._settled(0.4, None) == 5
    assert build._settled(11, None) == 15
    assert build._settled(18, 15) == 15
    assert build._settled(50, 15) == 50
    assert build._settled(27, 60) == 30


def test_a_notebook_that_reaches_for_the_network_fails(tmp_path):
    cells = [
        nbformat.v4.new_code_cell("import urllib.request as u; u.urlopen('http://example.org', timeout=5)")
    ]
    with pytest.raises(Exception, match="network is off"):
        execute(nbformat.v4.new_notebook(cells=cells), tmp_path)


def test_the_guard_lets_the_machine_talk_to_itself():
    program = (
        "import socket; server = socket.create_server(('127.0.0.1', 0));"
        "socket.create_connection(server.getsockname(), timeout=5); print('met')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "met"


def test_tidy_drops_what_changes_from_run_to_run():
    stream = nbformat.v4.new_output("stream", name="stdout", text="a\n")
    data = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "IntSlider()"}
    widget = nbformat.v4.new_output("display_data", data | {"image/png": ""})
    cell = nbformat.v4.new_code_cell("x", outputs=[stream, stream.copy(), widget], metadata={"execution": {}})
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {"state": 1}})
    tidy(notebook)
    assert cell.outputs[0].text == "a\na\n"
    assert set(cell.outputs[1].data) == {"text/plain", "image/png"}
    assert set(cell.outputs[2].data) == {"text/plain", "text/html"}
    assert "execution" not in cell.metadata and "widgets" not in notebook.metadata


@pytest.mark.parametrize(
    "output, word",
    [
        (nbformat.v4.new_output("stream", name="stderr", text="warning"), "error stream"),
        (nbformat.v4.new_output("stream", name="stdout", text="<X at 0x7f00aa11bb22>"), "address"),
        (nbformat.v4.new_output("display_data", {"image/png": "aaaa"}), "alternative"),
        (nbformat.v4.new_output("display_data", {"text/html": '<img src="data:x">'}), "viewer"),
        (nbformat.v4.new_output("error", ename="KeyError", evalue="", traceback=[]), "KeyError"),
    ],
)
def test_what_a_student_should_not_see_is_complained_about(output, word):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=[output])])
    (complaint,) = complaints(notebook)
    assert word in complaint


def test_a_picture_whose_alternative_text_is_not_its_cells_is_complained_about():
    told, other = "A line that rises from left to right.", {"image/png": {"alt": "A line that falls."}}
    output = nbformat.v4.new_output("display_data", {"image/png": "aaaa"}, metadata=other)
    cell = nbformat.v4.new_code_cell("x", outputs=[output], metadata={"alt": told})
    (complaint,) = complaints(nbformat.v4.new_notebook(cells=[cell]))
    assert "another alternative text" in complaint
    other["image/png"]["alt"] = told
    cell.outputs = [nbformat.v4.new_output("display_data", {"image/png": "aaaa"}, metadata=other)]
    assert complaints(nbformat.v4.new_notebook(cells=[cell])) == []
