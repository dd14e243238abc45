"""Every notebook: equal to its source, readable, described. Two other files run them again (`_replay`)."""

import ast
import re
import statistics
import warnings

import nbformat
import numpy as np
import pytest

from facelm_helpers import metrics
from facelm_helpers.plots import picture
from tools.notebook.build import check, places
from tools.notebook.derive import ROOT, SOURCES
from tools.notebook.execute import VARIES, complaints

ALL_SOURCES = sorted(SOURCES.glob("*.py"))
ALL_NOTEBOOKS = [path for source in ALL_SOURCES for path in places(source).values()]

each_source = pytest.mark.parametrize("source", ALL_SOURCES, ids=lambda path: path.stem)
each_notebook = pytest.mark.parametrize(
    "path", ALL_NOTEBOOKS, ids=lambda path: path.relative_to(ROOT / "notebooks").with_suffix("").as_posix()
)


def read(path):
    return nbformat.read(path, as_version=4)


def code_of(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text_of(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def definitions(path, *names):
    """Functions lifted out of a notebook, so that the code that is read is the code that is tested."""
    code = "\n".join(cell.source for cell in code_of(read(path)))
    chosen = [node for node in ast.parse(code).body if getattr(node, "name", None) in names]
    assert len(chosen) == len(names), f"{path.name} does not define all of {names}"
    space = {"np": np}
    exec(compile(ast.Module(chosen, []), path.name, "exec"), space)
    return [space[name] for name in names]


def test_there_are_notebooks_and_no_strays():
    assert len(ALL_SOURCES) >= 2
    lying_there = {*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "notebooks/solutions").glob("*.ipynb")}
    assert lying_there == set(ALL_NOTEBOOKS)


@each_source
def test_notebooks_equal_their_source(source):
    assert check(source) == [], "build them again: python course.py notebooks"


@each_notebook
def test_nothing_is_shown_that_a_student_should_not_see(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert path.parent.name != "solutions" or not any(cell.outputs for cell in code_of(notebook))
    assert complaints(notebook) == []
    assert "widgets" not in notebook.metadata
    assert all("execution" not in cell.metadata for cell in notebook.cells)


@each_source
def test_every_cell_was_run_in_order(source):
    counts = [cell.execution_count for cell in code_of(read(places(source)["exercise"]))]
    assert counts == list(range(1, len(counts) + 1))


@each_source
def test_the_house_rules_of_a_notebook(source):
    notebook = read(places(source)["exercise"])
    code, text = code_of(notebook), text_of(notebook)
    assert max(len(line) for cell in code for line in cell.source.splitlines()) <= 110
    header = notebook.cells[0].source
    assert "**After this notebook you can**" in header and "**Needs:**" in header
    assert re.search(r"\*\*Time:\*\* \d+ minutes to read, \d+ seconds to compute\.", header)
    for heading in ("## Key points", "## Go further"):
        assert heading in text
    assert sum(len(picture.pictures(cell)) for cell in code) >= 3
    median = statistics.median(len(cell.source.splitlines()) for cell in code)
    for words, value, low, high in (
        ("cells", len(notebook.cells), 20, 40),
        ("lines of code in the median cell", median, 1, 7),
        ("minutes to read", notebook.metadata["facelm"]["reading_minutes"], 5, 15),
    ):
        if not low <= value <= high:
            warnings.warn(f"{source.stem}: {value} {words}; {low} to {high} are meant", stacklevel=1)


@each_source
def test_exercises_are_checked(source):
    exercise, solution = (code_of(read(path)) for path in places(source).values())
    numbers = [i for i, cell in enumerate(exercise) if "exercise" in cell.metadata.get("tags", [])]
    assert 2 <= len(numbers) <= 3
    for i in numbers:
        assert exercise[i].source != solution[i].source
        assert "..." in exercise[i].source and "# SOLUTION" not in solution[i].source
        assert "Not tried yet" in str(exercise[i + 1].outputs[0].data["text/plain"])


def test_notebooks_are_small():
    assert statistics.mean(places(source)["exercise"].stat().st_size for source in ALL_SOURCES) < 900_000


def heading_anchors(path):
    """The anchors that a page's headings make, as GitHub and JupyterLab write them (dashes for spaces)."""
    text = text_of(read(path)) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")
    titles = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    titles = [title.replace("`", "") for title in titles]
    return {form for title in titles for form in (title.replace(" ", "-"), _github_anchor(title))}


def _github_anchor(title):
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


PAGES = [
    *ALL_NOTEBOOKS,
    ROOT / "notebooks" / "from_the_lesson.md",
    *sorted(ROOT.glob("README*.md")),
    *sorted((ROOT / "data").glob("**/*.md")),
]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_inside_the_repository_resolve(path):
    text = text_of(read(path)) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")
    text = re.sub(r"```.*?```|`[^`]*`|\$[^$]*\$", "", text, flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)", text) + re.findall(r'(?:src|href)="([^"]+)"', text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        place = (path.parent / name).resolve() if name else path
        assert place.exists(), f"{path.name} links to {target}, which is not there"
        assert place.is_relative_to(ROOT)
        if anchor and place.suffix in (".md", ".ipynb"):
            assert anchor in heading_anchors(place), f"{path.name} links to {target}: no such heading"


@each_notebook
def test_few_outputs_are_left_uncompared(path):
    ignoring = [cell for cell in code_of(read(path)) if VARIES in cell.metadata.get("tags", [])]
    assert len(ignoring) <= 6


# --- what single notebooks claim ---------------------------------------------------------------------------

MEASURING = ROOT / "notebooks" / "01_measuring_error.ipynb"


def solved(path):
    """The solved twin of a notebook."""
    return path.parent / "solutions" / path.name


def output_of(path, words):
    """The printed text of the first code cell that holds these words."""
    cell = next(cell for cell in code_of(read(path)) if words in cell.source)
    return "".join(output.get("text", "") for output in cell.outputs)


def test_the_nme_that_a_learner_writes_is_the_one_of_the_package():
    (nme,) = definitions(solved(MEASURING), "nme")
    rng = np.random.default_rng(0)
    truth = rng.uniform(0, 100, (5, 68, 2))
    predicted = truth + rng.normal(size=truth.shape)
    for norm in metrics.NORMALISERS:
        expected = metrics.nme(predicted, truth, norm=norm)
        np.testing.assert_allclose(nme(predicted, truth, metrics.normaliser(truth, norm)), expected)


def test_the_auc_that_a_learner_writes_is_the_one_of_the_package():
    (auc,) = definitions(solved(MEASURING), "auc")
    errors = np.random.default_rng(0).uniform(0, 0.2, 99)
    np.testing.assert_allclose(auc(errors, 0.08), metrics.auc(errors, 0.08))


def test_notebook_01_shows_four_errors_of_one_method_and_a_ranking_reversed_beyond_doubt():
    nmes = dict(re.findall(r"(\w+) +([\d.]+)%", output_of(MEASURING, 'zip(predicted["ert"]')))
    assert len(set(nmes.values())) == 4
    assert float(nmes["inter_pupil"]) > 3 * float(nmes["diagonal"])  # "more than three times the smallest"
    gap = re.search(r"^gap .*\[([-\d.]+), ([-\d.]+)\]", output_of(MEASURING, "tie = "), flags=re.MULTILINE)
    assert float(gap[1]) > 0.01
    best = dict(re.findall(r"^(\w+).*best: (\w+)$", output_of(MEASURING, "best = "), flags=re.MULTILINE))
    assert best == {"inter_ocular": "sideways", "box": "frontal"}


def test_notebook_01_shows_that_dlib_wants_its_own_box_and_has_a_bias():
    boxes = re.findall(r"([\d.]+)%", output_of(MEASURING, "own_boxes = "))
    assert float(boxes[0]) > 1.2 * float(boxes[1])
    biased = re.findall(r"([\d.]+)%", output_of(MEASURING, "offset removed"))
    assert float(biased[0]) > float(biased[1])
