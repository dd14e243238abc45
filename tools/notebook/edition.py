"""An edition of the notebooks in another language: the twins' text, the English notebooks' code and outputs.

Nothing is executed, and nothing of it is committed: `python course.py notebooks --lang zh` writes
`notebooks/zh` anew in a few seconds.
"""

import os
import re
from pathlib import Path

import nbformat

from facelm_helpers.atomic import write_text
from tools.notebook import languages
from tools.notebook.derive import derive

LINK = re.compile(r"\]\(([^)\s]+)\)")


def translated(source, lang):
    """Whether a source has an edition in a language."""
    return languages.has(Path(source).read_text(encoding="utf-8"), lang)


def places(source, lang):
    """Where the two notebooks of an edition live, from the folder of the notebooks."""
    name = f"{Path(source).stem}.ipynb"
    return {"exercise": Path(lang, name), "solution": Path(lang, "solutions", name)}


def build(source, notebooks, lang, output=None):
    """Write both notebooks of a source in another language.

    Parameters
    ----------
    source : path
    notebooks : path
        The folder of the executed notebooks, in which the edition gets a folder of its own.
    lang : str
        "zh".
    output : path, optional
        Where that folder is to be made instead.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    ValueError
        If a text cell has no twin, or the executed notebook is missing or older than its source.
    """
    source, notebooks = Path(source), Path(notebooks)
    executed = _executed(source, notebooks)
    try:
        pair = derive(source, dict(executed.metadata["facelm"]), lang)
    except ValueError as error:
        raise ValueError(f"{source.name}: {error}") from None
    ready = {path.stem for path in source.parent.glob("*.py") if translated(path, lang)}
    _take_outputs(executed, pair["exercise"])
    written = []
    for kind, place in places(source, lang).items():
        folder = notebooks if kind == "exercise" else notebooks / "solutions"
        for cell in pair[kind].cells:
            if cell.cell_type == "markdown":
                cell.source = _moved(cell.source, folder, notebooks, lang, ready)
        pair[kind].metadata["facelm"] = {"lang": lang} | {
            key: value for key, value in executed.metadata["facelm"].items() if key != "built_from"
        }
        written.append(Path(output or notebooks) / place)
        written[-1].parent.mkdir(parents=True, exist_ok=True)
        write_text(written[-1], nbformat.writes(pair[kind]) + "\n")
    return written


def _executed(source, notebooks):
    """The English notebook with its outputs, if its code is the source's."""
    path = notebooks / f"{source.stem}.ipynb"
    if path.is_file():
        executed = nbformat.read(path, as_version=4)
        if _code(executed) == _code(derive(source)["exercise"]):
            return executed
    raise ValueError(
        f"{path.name} is missing or older than its source: build it first, with "
        f"`python course.py notebooks --only {source.stem[:2]}`"
    )


def _code(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def _take_outputs(executed, notebook):
    pairs = zip(
        *([cell for cell in one.cells if cell.cell_type == "code"] for one in (executed, notebook)),
        strict=True,
    )
    for run, cell in pairs:
        cell.outputs, cell.execution_count = run.outputs, run.execution_count


def _moved(text, folder, notebooks, lang, ready):
    """Links of a text in `folder`, as seen from the edition's folder; to its notebooks where it has them."""
    here = notebooks / lang / folder.relative_to(notebooks)

    def link(match):
        target, hash_, anchor = match[1].partition("#")
        if not target or re.match(r"[a-z]+:", target):
            return match[0]
        path = Path(os.path.normpath(folder / target))
        if path.suffix == ".ipynb" and path.stem in ready and not anchor:  # headings have other names here
            path = notebooks / lang / path.relative_to(notebooks)
        return f"]({Path(os.path.relpath(path, here)).as_posix()}{hash_}{anchor})"

    return LINK.sub(link, text)
