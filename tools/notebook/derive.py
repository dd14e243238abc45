"""Derives from one source the notebook that a student works in and its solved twin.

A source is `notebooks/source/NN_title.py` in jupytext's percent format. An exercise is a code cell with the
tag `exercise`:

    # %% tags=["exercise"]
    # What comes before the marker stands in both notebooks.
    # SOLUTION
    answer = np.linalg.norm(predicted - truth, axis=-1).mean()
    # END SOLUTION
    # STUB answer = ...

The solved twin keeps the lines between the markers; the exercise gets the STUB lines in their place. Dots in
a stub stand for whatever the learner has to find: every stub line must be a solution line with parts of it
left out. READING_MINUTES and COMPUTING_SECONDS in a text cell are replaced by what was measured when the
notebook was built. Lines of a code cell that begin with ALT describe its picture to a reader who cannot see
it; they become the cell's metadata:

    plots.show(plots.face(image, points))
    # ALT A face from the front, with 68 dots on jaw, brows, nose,
    # ALT eyes and lips.
"""

import copy
import hashlib
import math
import re
from pathlib import Path

import jupytext
import nbformat

from tools.notebook import languages
from tools.setup import addresses

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "notebooks" / "source"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
FOLDED = "hide-output"  # tag of cells whose output answers a question: JupyterLab and the book fold it
UNREAD = re.compile(r"^\[[^\]]+\]: \S+$|\]\([^)]*\)|<[^>]*>", re.MULTILINE)  # addresses and tags
START, END, STUB, ALT = "# SOLUTION", "# END SOLUTION", "# STUB", "# ALT "


def split_exercise(source):
    """The two texts of an exercise cell.

    Returns
    -------
    solution, stub : str

    Raises
    ------
    ValueError
        If a marker is missing or doubled, or a stub line is not a solution line with parts left out.

    Examples
    --------
    >>> split_exercise('''# SOLUTION
    ... error = distance / eyes
    ... # END SOLUTION
    ... # STUB error = ...''')
    ('error = distance / eyes', 'error = ...')
    """
    solution, stub, shared, inside = [], [], [], False
    for line in source.splitlines():
        bare = line.strip()
        if bare in (START, END):
            if inside == (bare == START):
                raise ValueError(f"{bare!r} does not pair up in the exercise:\n{source}")
            inside = not inside
        elif bare.startswith(STUB):
            indent = line[: len(line) - len(line.lstrip())]
            stub.append(indent + bare.removeprefix(STUB).removeprefix(" "))
        elif inside:
            solution.append(line)
            shared.append(line)
        else:
            solution.append(line)
            stub.append(line)
    if inside or not shared:
        raise ValueError(f"An exercise needs {START!r} and {END!r} around its solution:\n{source}")
    _stub_is_part_of(stub, solution, source)
    return "\n".join(solution), "\n".join(stub)


def _stub_is_part_of(stub, solution, source):
    """Every stub line, its dots standing for anything, must be one of the solution's lines."""
    for line in filter(str.strip, stub):
        if line.strip() in ("...", "return ..."):
            continue
        pattern = ".*".join(re.escape(part) for part in line.split("..."))
        if not any(re.fullmatch(pattern, candidate) for candidate in solution):
            raise ValueError(f"The stub line {line!r} is no part of its solution:\n{source}")


def split_alt(source):
    """The text of a code cell without its ALT lines, and what they say.

    Examples
    --------
    >>> split_alt('''plots.show(figure)
    ... # ALT Two lines
    ... # ALT that cross.''')
    ('plots.show(figure)', 'Two lines that cross.')
    """
    lines = source.splitlines()
    told = " ".join(line.removeprefix(ALT).strip() for line in lines if line.startswith(ALT))
    return "\n".join(line for line in lines if not line.startswith(ALT)), told


def read_source(path, lang=languages.ENGLISH):
    """The cells of a source in one language, as a notebook without outputs.

    Raises
    ------
    ValueError
        If the source has no cells, does not begin with a title, or a text cell of it is not translated.
    """
    path = Path(path)
    text = languages.edition(path.read_text(encoding="utf-8"), lang)
    notebook = jupytext.reads(text, fmt="py:percent")
    if lang != languages.ENGLISH:
        for cell in notebook.cells:
            cell.source = languages.unwrapped(cell.source) if cell.cell_type == "markdown" else cell.source
    if not notebook.cells or not notebook.cells[0].source.startswith("# "):
        raise ValueError(f"{path.name} must begin with a text cell '# Title'.")
    return notebook


def derive(path, facts=None, lang=languages.ENGLISH):
    """The exercise notebook and the solved twin of one source, without outputs.

    Parameters
    ----------
    path : path of the source
    facts : dict, optional
        `reading_minutes` and `computing_seconds`, as measured; reading is estimated where it is missing.
    lang : str
        Of the text cells: "en", or "zh" where the source has them.

    Returns
    -------
    dict
        "exercise" and "solution", each an nbformat notebook.
    """
    path = Path(path)
    source, words = read_source(path, lang), languages.WORDS[lang]
    facts = {"reading_minutes": reading_minutes(source), "computing_seconds": 0, **(facts or {})}
    pair = {}
    for kind in ("exercise", "solution"):
        notebook = nbformat.v4.new_notebook(metadata=copy.deepcopy(METADATA))
        notebook.metadata["facelm"] = dict(facts)
        taken = set()
        for cell in source.cells:
            notebook.cells.append(_derived_cell(cell, kind, facts, path.stem, taken, words))
        first = notebook.cells[0]
        first.source = _title(first.source, kind, path.stem, words)
        if kind == "exercise" and lang == languages.ENGLISH:  # in the others nothing is committed to link to
            name = f"notebooks/{path.stem}.ipynb"
            first.source = addresses.titled(first.source, name, addresses.repository())
        pair[kind] = notebook
    return pair


def _derived_cell(cell, kind, facts, stem, taken, words):
    text = cell.source
    tags = list(cell.metadata.get("tags", []))
    alt = ""
    if cell.cell_type == "code":
        text, alt = split_alt(text)
    identity = _cell_id(text, taken)
    if cell.cell_type == "code":
        if "exercise" in tags:
            text = split_exercise(text)[kind == "exercise"]
        new = nbformat.v4.new_code_cell(text)
    else:
        text = text.replace("READING_MINUTES", str(facts["reading_minutes"]))
        text = text.replace("COMPUTING_SECONDS", str(facts["computing_seconds"]))
        text = text.replace("SOLUTIONS_LINK", f"[{words['answers']}](solutions/{stem}.ipynb)")
        new = nbformat.v4.new_markdown_cell(_one_folder_down(text) if kind == "solution" else text)
    new["id"] = identity
    if tags:
        new.metadata["tags"] = tags
    if alt:
        new.metadata["alt"] = alt
    if FOLDED in tags:
        new.metadata["jupyter"] = {"outputs_hidden": True}
    return new


def _cell_id(text, taken):
    """An id that depends on nothing but the text, so that inserting a cell leaves the others alone."""
    repeat = 0
    while (identity := hashlib.sha256(f"{text}{repeat or ''}".encode()).hexdigest()[:8]) in taken:
        repeat += 1
    taken.add(identity)
    return identity


def _one_folder_down(text):
    """Relative links, seen from `notebooks/solutions`: other notebooks lie beside it, the rest further up."""
    text = re.sub(r"\]\(\.\./", "](../../", text)
    return text.replace("](solutions/", "](")


def _title(text, kind, stem, words):
    """The first cell, with what an edition or a solved twin says of itself under its title."""
    title, _, rest = text.partition("\n")
    notes = [words["edition"]] if "edition" in words else []
    if kind == "solution":
        title = words["solved"].format(title=title)
        notes.append(words["twin"].format(stem=stem))
    return "\n".join([title, *(f"\n{note}" for note in notes), rest])


def reading_minutes(notebook):
    """Minutes of reading: 200 words a minute for text, three seconds a line of code, and ten a picture.

    Counted is what a student sees: stubs without their solutions, links without their addresses.

    >>> cell = nbformat.v4.new_markdown_cell("[word](https://example.org) " * 400)
    >>> reading_minutes(nbformat.v4.new_notebook(cells=[cell]))
    2
    """
    seconds = 0.0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            text, alt = split_alt(cell.source)
            if "exercise" in cell.metadata.get("tags", []):
                text = split_exercise(text)[1]
            seconds += 3 * sum(map(bool, map(str.strip, text.splitlines()))) + 10 * bool(alt)
        else:
            words = UNREAD.sub(" ", cell.source).split()
            seconds += sum(bool(re.search(r"\w", word)) for word in words) * 60 / 200
    return math.ceil(seconds / 60 - 1e-9)
