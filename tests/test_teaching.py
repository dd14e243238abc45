"""The teacher's guide and the project sheet fit the course, and a class's edition goes without the guide."""

import re

import pytest

from tools.measure import tables_teaching
from tools.notebook.derive import SOURCES, read_source
from tools.ship import book, figures, places, shelf

GUIDE = places.NOTEBOOKS / "teaching" / "guide.md"
PROJECT = places.NOTEBOOKS / "project.md"
LATER = ("08",)  # notebooks of which the guide need not speak yet
WRITTEN = [path for path in sorted(SOURCES.glob("[0-9]*.py")) if path.stem[:2] not in LATER]


def section(source):
    """What the guide says of a notebook."""
    title = read_source(source).cells[0].source.splitlines()[0].removeprefix("# ")
    text = GUIDE.read_text(encoding="utf-8")
    found = re.search(rf"^### {source.stem[:2]} (.+?)\n(.*?)(?=^### |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"the guide says nothing of {source.stem}"
    assert found[1].split()[0].lower() in title.lower()
    return found[2]


@pytest.mark.parametrize("source", WRITTEN, ids=lambda source: source.stem[:2])
def test_the_guide_has_exercises_mistakes_and_the_answers_that_a_notebook_leaves_open(source):
    told = section(source)
    text = "\n".join(cell.source for cell in read_source(source).cells if cell.cell_type == "markdown")
    stars = re.findall(r"^### Exercise \d (★+)", text, re.MULTILINE)
    assert re.findall("★+", told.split("**Mistakes.**")[0]) == stars and len(stars) == 3
    assert "open" in told.lower() and "**Mistakes.**" in told
    asked = re.search(r"^## Questions\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if asked and "<details>" not in asked[1]:
        numbers = re.findall(r"^(\d)\. ", asked[1], re.MULTILINE)
        assert re.findall(r"\*\*Question (\d)\.\*\*", told) == numbers


@pytest.mark.parametrize("source", sorted(SOURCES.glob("[0-9]*.py")), ids=lambda source: source.stem[:2])
def test_a_notebook_says_how_long_its_exercises_and_its_discussion_take(source):
    exercises, questions = tables_teaching.minutes(source)
    assert 10 <= exercises <= 60 and 5 <= questions <= 20


def test_a_notebook_without_times_is_refused(tmp_path):
    path = tmp_path / "00_small.py"
    path.write_text("# %% [markdown]\n# # Small\n", encoding="utf-8")
    with pytest.raises(ValueError, match="does not say how long it takes"):
        tables_teaching.minutes(path)


def test_the_timetables_add_up():
    text = GUIDE.read_text(encoding="utf-8")
    tables = re.findall(r"^\| minutes \|.*?\n\|.*?\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert [sum(int(row.split("|")[1]) for row in table.splitlines()) for table in tables] == [90, 90]
    weeks = re.search(r"^\| week \|.*?\n\|.*?\n((?:\|.*\n)+)", text, re.MULTILINE)[1]
    assert [int(row.split("|")[1]) for row in weeks.splitlines()] == list(range(1, 15))


def test_the_points_of_the_rubric_add_up():
    text = PROJECT.read_text(encoding="utf-8")
    weights = [int(weight) for weight in re.findall(r"\(×(\d)\)", text)]
    assert f"{3 * sum(weights)} points in all" in text and len(weights) == 7


def test_links_of_guide_and_project_lead_somewhere():
    for page in (GUIDE, PROJECT):
        links = re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text(encoding="utf-8"))
        assert links and [link for link in links if not (page.parent / link).exists()] == []
    assert GUIDE in figures.pages() and shelf.documents()[-1] == GUIDE


def test_a_book_for_a_class_goes_without_the_guide():
    kept, guide = '<li><a href="linked/a.html">A</a></li>', "linked/notebooks/teaching/guide.html"
    assert book.without_solutions(f'{kept}<li><a href="{guide}">G</a></li>') == kept
    before = '<a rel="prev" href="a.html">A</a>'
    after = f'<a rel="next" href="../{guide}"><small>Next</small>G</a>'
    assert book.without_solutions(before + after) == before
