"""Slides follow from the notebooks: a heading a slide, no solution, no network."""

import re

import nbformat
import pytest

from tools.notebook.derive import SOURCES, read_source, split_exercise
from tools.ship import condense, shelf, slides

TEXT = """# Title

One sentence about $x. Y$ and more words that make it long enough to stand by itself. Another one.

- an item with `code. Here`. And more.
- **a bold one.** Then more.

## Second

| a | b |
|---|---|
| 1 | 2 |

$$x = 1$$

See [the data](../data/README.md), and [a page](https://example.org/a).

<details><summary>Answers</summary>

The secret.

</details>

## Go further

A paper."""


def kinds(deck):
    return [cell.metadata["slideshow"]["slide_type"] for cell in deck.cells]


def test_a_heading_begins_a_slide_and_notes_hold_the_whole_text():
    code = nbformat.v4.new_code_cell("x = 1")
    long = nbformat.v4.new_code_cell("\n".join("x = 1" for _ in range(slides.LONGEST_CODE + 1)))
    checked = nbformat.v4.new_code_cell("check.nme(nme)")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(TEXT), code, long, checked])
    deck = slides.deck(notebook)
    assert kinds(deck) == [
        "slide",
        "notes",
        "slide",
        "notes",
    ]  # "Go further" and the code below it are left out
    first, notes, second, _ = (cell.source for cell in deck.cells)
    assert "Another one" not in first and "Another one" in notes and "code. Here`." in first
    assert "**a bold one.** Then more." in first  # the first sentence is short, so it takes the next along
    assert "$$x = 1$$" in second and "| 1 | 2 |" in second
    assert "See the data" in second and "(https://example.org/a)" in second and "secret" not in second
    nbformat.validate(deck)


def test_a_full_slide_goes_on_on_the_next_with_its_section_above():
    cells = [nbformat.v4.new_markdown_cell("## A section\n\nText.")]
    cells += [nbformat.v4.new_code_cell("\n".join(["y = 2"] * 12)) for _ in range(3)]
    deck = slides.deck(nbformat.v4.new_notebook(cells=cells))
    assert kinds(deck)[0] == "slide" and kinds(deck).count("subslide") == 2
    named = deck.cells[kinds(deck).index("subslide")]
    assert named.source == '<p class="facelm-part">A section</p>'


@pytest.mark.parametrize("text, wanted", [
    ("**It is cheaper.** One has more. Third.", "**It is cheaper.** One has more."),
    ("A thing, e.g. This one, that is long enough to be a sentence of its own for a slide. No.",
     "A thing, e.g. This one, that is long enough to be a sentence of its own for a slide."),
])  # fmt: skip
def test_the_first_sentence_is_whole(text, wanted):
    assert condense.first(text) == wanted


@pytest.mark.parametrize("path", shelf.notebooks(), ids=lambda path: path.stem[:2])
def test_no_slide_of_a_notebook_is_overfull_or_tells_a_solution(path):
    deck = slides.deck(shelf.read(path))
    text = "\n".join(cell.source for cell in deck.cells)
    assert "<details>" not in re.sub(r"`[^`]*`", "", "".join(
        cell.source for cell in deck.cells if cell.metadata["slideshow"]["slide_type"] != "notes"
    ))  # fmt: skip
    for cell in read_source(SOURCES / f"{path.stem}.py").cells:
        if "exercise" in cell.metadata.get("tags", []):
            assert split_exercise(cell.source)[0].strip() not in text
    headings = re.findall(r"^## (?!Go further|Questions|The way ahead)(.+)$", text, re.MULTILINE)
    assert len(set(headings)) > 5 and kinds(deck).count("slide") >= len(set(headings))


def test_a_page_needs_no_network(tmp_path):
    assert slides.main(["--only", "01", "--output", str(tmp_path / "new")]) == 0
    (page,) = (tmp_path / "new").glob("01_*.html")
    text = page.read_text(encoding="utf-8")
    plain = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert not re.findall(r'<(?:script|link|img)\b[^>]*\b(?:src|href)="(?!data:)[^"]*"|@import', plain)
    assert text.count("<section") > 20 and "Reveal.initialize" in text and "<math" in text
    assert len(re.findall(r'<img alt="[^"]', plain)) == plain.count("<img ") > 3
    assert f'href="{page.name}"' in (tmp_path / "new" / "index.html").read_text(encoding="utf-8")
    other = tmp_path / "thesis"
    other.mkdir()
    assert slides.main(["--output", str(other)]) == 1 and slides.main(["--only", "99"]) == 1


def test_the_licence_of_reveal_lies_beside_it():
    assert "MIT licensed" in (slides.REVEAL / "reveal.js").read_text(encoding="utf-8")
    assert "Hakim El Hattab" in (slides.REVEAL / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg"])
def test_a_picture_of_either_kind_stands_beside_its_code(kind):
    long = nbformat.v4.new_code_cell("\n".join("x = 1" for _ in range(slides.LONGEST_CODE + 1)))
    long.outputs = [nbformat.v4.new_output("display_data", {kind: ""})]
    heading = nbformat.v4.new_markdown_cell("## Title\n\nA sentence that is long enough to stand by itself.")
    deck = slides.deck(nbformat.v4.new_notebook(cells=[heading, long]))
    assert [cell.source for cell in deck.cells if cell.cell_type == "code"] == [long.source]
