"""The reference pages: glossary, notation, TensorFlow 1.12, bibliography, and 300W-LP at full size.

`notebooks/reference/NAME.md` is the text; the rows of `NAME.csv` beside it take the place of its `[[table]]`.
The last has no such rows: what it says of sizes and times is filled in by `tools.ship.figures`.
The Chinese glossary, `glossary_zh.md`, has the rows of the English one.
A row that names a notebook becomes a link as soon as that notebook exists; until then it says "planned".
"""

import csv
import html
from itertools import groupby
from operator import itemgetter

from tools.notebook import lesson
from tools.ship import citations, places

NAMES = ("glossary", "glossary_zh", "notation", "tensorflow_1", "bibliography", "full_size")
TABLE = "[[table]]"


def origins():
    """Where the texts lie, in the order of the book."""
    paths = [places.NOTEBOOKS / "reference" / f"{name}.md" for name in NAMES]
    return [path for path in paths if path.is_file()]


def rows(path):
    """The rows of the table that belongs to a text, of whatever language: list of dict."""
    with path.with_name(f"{path.stem.removesuffix('_zh')}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def text(path, mentioned=None):
    """A reference page as Markdown.

    Parameters
    ----------
    path : Path
        One of `origins`.
    mentioned : dict, optional
        For the bibliography: key of a paper -> list of (words, path) of the pages that mention it.
    """
    page = path.read_text(encoding="utf-8")
    if path == citations.page():
        return page.replace(TABLE, _bibliography(mentioned or {}))
    if TABLE not in page:
        return page
    write = {
        "glossary": _glossary, "glossary_zh": _glossary_zh, "notation": _notation, "tensorflow_1": _key,
    }  # fmt: skip
    return page.replace(TABLE, write[path.stem](rows(path)))


def notebook_link(number, heading=""):
    """A link to a section of a notebook, as from a text in `notebooks/reference`.

    >>> notebook_link("05", "`get_one_batch`")
    '[05: get_one_batch](../05_preparing_data.ipynb#get_one_batch)'
    >>> notebook_link("99")
    'notebook 99 (planned)'
    """
    found = _notebook(number)
    if not found:
        return f"notebook {number} (planned)"
    words = heading.replace("`", "") or found.stem[3:].replace("_", " ")
    return f"[{number}: {words}](../{found.name}{anchor(heading)})"


def anchor(heading):
    """The place of a heading on its page, as JupyterLab and the book name it.

    >>> anchor("Step 2: excite")
    '#Step-2:-excite'
    """
    return "#" + lesson.anchor(heading) if heading else ""


def _glossary(table):
    parts = []
    for letter, terms in groupby(table, key=lambda row: row["term"][0].upper()):
        parts.append(f"## {letter}\n")
        for row in terms:
            chinese = f' <span lang="zh">{row["chinese"]}</span>' if row["chinese"] else ""
            where = notebook_link(row["notebook"], row["heading"])
            start = f'- <span id="{html.escape(lesson.anchor(row["term"]))}"></span>**{row["term"]}**'
            parts.append(f"{start}{chinese}<br>{row['meaning']} {where}\n")
    return "\n".join(parts)


def _glossary_zh(table):
    parts = []
    for letter, terms in groupby(table, key=lambda row: row["term"][0].upper()):
        parts.append(f"## {letter}\n")
        for row in terms:
            found = _notebook(row["notebook"])
            link = f"[{row['notebook']}](../{found.name}{anchor(row['heading'])})" if found else ""
            where = f"见 {link}。" if found else f"见 {row['notebook']}（计划中）。"
            start = f'- <span id="{html.escape(lesson.anchor(row["term"]))}"></span>**{row["chinese"]}**'
            parts.append(f'{start} <span lang="en">{row["term"]}</span><br>{row["chinese_meaning"]}{where}\n')
    return "\n".join(parts)


def _notation(table):
    parts = []
    for part, group in groupby(table, key=itemgetter("part")):
        parts.append(f"## {part}\n\n| symbol | what it is | in code | notebooks |\n|---|---|---|---|")
        for row in group:
            notebooks = " ".join(map(_short, row["notebooks"].split()))
            parts.append(f"| {row['symbol']} | {row['meaning']} | {row['code']} | {notebooks} |")
        parts.append("")
    return "\n".join(parts)


def _key(table):
    parts = []
    for part, group in groupby(table, key=itemgetter("part")):
        parts.append(
            f"## {part}\n\n| TensorFlow 1.12 | what it was for | in the course | where |\n|---|---|---|---|"
        )
        for row in group:
            where = notebook_link(row["notebook"], row["heading"])
            parts.append(f"| {row['then']} | {row['meaning']} | {row['today']} | {where} |")
        parts.append("")
    return "\n".join(parts)


def _short(number):
    found = _notebook(number)
    return f"[{number}](../{found.name})" if found else number


def _notebook(number):
    """The notebook with a number, or None while it is not written."""
    return next(places.NOTEBOOKS.glob(f"{number}_*.ipynb"), None)


def _bibliography(mentioned):
    parts = []
    for key, paper in citations.papers().items():
        words = paper.address.removeprefix("https://doi.org/")
        words = f"doi:{words}" if words != paper.address else words.removeprefix("https://")
        address = paper.address.replace("(", "%28").replace(")", "%29")
        pages = ", ".join(f"[{words}]({target})" for words, target in mentioned.get(key, []))
        start = f'- <span id="{key}"></span>{", ".join(paper.authors)}, {paper.year}. *{paper.title}*.'
        parts.append(f"{start} {paper.venue}. [{words}]({address}).{f' In {pages}.' if pages else ''}\n")
    return "\n".join(parts)
