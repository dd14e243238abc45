"""What the book holds, in the order of reading, and what stands on each of its pages."""

import functools
import os
from pathlib import Path

import nbformat

from tools.notebook.edition import LINK
from tools.notebook.languages import ENGLISH, LANGUAGES
from tools.ship import api, citations, places, reference
from tools.ship.places import file_of

DOCUMENTS = (
    "data/results/leaderboard.md",
    "notebooks/from_the_lesson.md",
    "data/weights/MODEL_CARD.md",
    "data/README.md",
    "data/results/bench.md",
    "data/results/dlib_or_senet.md",
    "notebooks/project.md",
    "notebooks/teaching/guide.md",  # the last: an edition for a class goes without it
)


def notebooks():
    """The notebooks in their order."""
    return sorted(places.NOTEBOOKS.glob("*.ipynb"))


def solutions():
    """The solved notebooks in their order."""
    return sorted((places.NOTEBOOKS / "solutions").glob("*.ipynb"))


def edition(lang):
    """The notebooks of an edition in another language, as far as they are made."""
    return sorted((places.NOTEBOOKS / lang).glob("*.ipynb")) if lang != ENGLISH else []


def lang(path):
    """The language of a page's text.

    >>> lang(places.NOTEBOOKS / "reference" / "glossary_zh.md"), lang(places.ROOT / "data" / "README.md")
    ('zh', 'en')
    """
    found = path.parent.relative_to(places.NOTEBOOKS).parts[:1] if path.suffix == ".ipynb" else ()
    return next((one for one in LANGUAGES if one in found or path.stem.endswith(f"_{one}")), ENGLISH)


def references():
    """The pages to look things up in; those of the package last."""
    return [*reference.origins(), *api.origins()]


def documents():
    """The documents that the index lists."""
    return [path for path in map(places.ROOT.joinpath, DOCUMENTS) if path.is_file()]


def neighbours(path):
    """What comes before and after a page, None being the index: two paths, each None where nothing does."""
    editions = ([None, *edition(one)] for one in LANGUAGES)
    for order in ([None, *notebooks(), *references(), *documents()], solutions(), *editions):
        if path in order:
            at = order.index(path)
            return order[at - 1] if at else None, order[at + 1] if at + 1 < len(order) else None
    return None, None


def read(path):
    """A notebook, or a document or a reference page as a notebook of one cell."""
    if path.suffix == ".ipynb":
        return nbformat.read(path, as_version=4)
    if path in api.origins():
        text = api.text(path)
    elif path in reference.origins():
        text = reference.text(path, _mentioned(path) if path == citations.page() else None)
    else:
        text = path.read_text(encoding="utf-8")
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])


@functools.cache
def title(path):
    """The first line of a page, without its heading marker.

    >>> title(places.NOTEBOOKS / "reference" / "glossary.md")
    'Glossary'
    """
    return read(path).cells[0].source.splitlines()[0].lstrip("# ").replace("`", "").strip()


def links(path):
    """The files of the repository, other than notebooks, that a page links to."""
    cells = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]
    files = [file_of(target, path) for source in cells for target in LINK.findall(source)]
    return [file for file in files if file is not None and file.is_file() and file.suffix != ".ipynb"]


@functools.cache
def _mentioned(bibliography):
    """Which pages mention a paper: dict of its key -> list of (words, link from the bibliography)."""
    found = {}
    for path in [*notebooks(), *documents(), *api.origins()]:
        if path.suffix == ".ipynb":
            words = path.stem[:2]
        else:
            words = f"`{path.stem}`" if path in api.origins() else title(path)
        target = Path(os.path.relpath(path, bibliography.parent)).as_posix()
        texts = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]
        for key in citations.cited("\n\n".join(texts)):
            found.setdefault(key, []).append((words, target))
    return found
