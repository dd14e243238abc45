"""The page from the lesson to the course: every line has an answer, and every link a section."""

import re

import pytest

from tools.notebook import lesson
from tools.notebook.derive import read_source


@pytest.mark.parametrize("key", lesson.table())
def test_every_section_that_the_page_links_to_exists(key):
    source, heading = lesson.table()[key]
    text = "\n".join(cell.source for cell in read_source(source).cells if cell.cell_type == "markdown")
    assert heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE), (
        f"mend the row {key} of {lesson.TABLE.name}"
    )
    assert f"[[{key}]]" in lesson.TEXT.read_text(encoding="utf-8")


def test_the_page_is_what_its_source_says():
    assert lesson.PAGE.read_text(encoding="utf-8") == lesson.page(), "python -m tools.notebook.lesson"


def test_what_is_planned_is_not_there_yet_and_the_rest_is_linked():
    rows = [line.split("|")[1:-1] for line in lesson.page().splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row[0].strip() != "the lesson"]
    assert len(rows) > 50
    for _, answer, status in rows:
        planned = re.findall(r"notebooks? (\d\d)(?: and (\d\d))?", answer)
        assert (status.strip() == "planned") == bool(planned) and (planned or ".ipynb#" in answer)
        for number in filter(None, sum(planned, ())):
            assert not list(lesson.SOURCES.glob(f"{number}_*.py")), f"notebook {number} is there: link to it"
