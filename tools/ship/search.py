"""The search over the book: an index of its sections, inside the one page that searches it.

No server and no library: the page works from a file, without a network.
"""

import html
import json
import re
from pathlib import Path

from tools.ship import shelf
from tools.ship.pages import anchor_of, foot, frame, head
from tools.ship.places import place

NAME = "search.html"
SCRIPT = Path(__file__).with_name("search.js")
HEADING = re.compile(r"^#{1,4} +(.+?)\s*$", re.MULTILINE)
TERM = re.compile(
    r'^- <span id="([^"]+)"></span>', re.MULTILINE
)  # an entry of a list, with a place of its own
PAGE = """<h1>Search</h1>
<form role="search"><input type="search" name="q" aria-label="Search the book" autofocus></form>
<p role="status"></p><ol class="facelm-found"></ol>
<noscript><p>The search needs JavaScript; nothing leaves this machine.</p></noscript>
<script type="application/json" id="index">{index}</script>
<script>{script}</script>"""


def sections(path):
    """The sections of a page.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of [title of the page, title of the section, its address, its text]
    """
    title, target = shelf.title(path), place(path).as_posix()
    found = [[title, title, target, ""]]
    for cell in shelf.read(path).cells:
        if cell.cell_type == "code":
            found[-1][3] += "\n" + cell.source
            continue
        at, marks = 0, [*HEADING.finditer(cell.source), *TERM.finditer(cell.source)]
        for mark in sorted(marks, key=re.Match.start):
            found[-1][3] += "\n" + cell.source[at : mark.start()]
            at = mark.end()
            if mark.re is TERM:
                words = re.match(r"(?:\*\*(.+?)\*\*)?(.{0,60})", cell.source[at:])
                found.append([title, words[1] or words[2], f"{target}#{html.unescape(mark[1])}", ""])
            elif not mark[0].startswith("# "):
                found.append([title, mark[1], f"{target}#{anchor_of(mark[0])}", ""])
        found[-1][3] += "\n" + cell.source[at:]
    found = [[page, plain(name), address, plain(text)] for page, name, address, text in found]
    return [[title, title, *found[0][2:]], *found[1:]]


def plain(source):
    """Markdown without its marks and its longer formulas.

    >>> plain("## A *face*, see [notebook 01](01.ipynb) and `crop`<br>")
    'A face, see notebook 01 and crop'
    """
    source = re.sub(r"\$\$.*?\$\$|\$[^$]*[\\\\{][^$]*\$", " ", source, flags=re.DOTALL)
    source = re.sub(r"```\w*|<[^>]+>|^\[[^\]]+\]: .*$|^\|[-:|]+\|$", " ", source, flags=re.MULTILINE)
    source = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", source)
    source = re.sub(r"^#+ |^ *- |[`*|$]|\\(?=[_*|])", "", source, flags=re.MULTILINE)
    return " ".join(html.unescape(source).split())


def page(paths):
    """The page that searches these pages."""
    index = json.dumps([one for path in paths for one in sections(path)], ensure_ascii=False)
    body = PAGE.format(index=index.replace("</", "<\\/"), script=SCRIPT.read_text(encoding="utf-8"))
    return frame("Search", head(None) + f"<main>{body}</main>" + foot(None))
