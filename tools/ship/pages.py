"""A notebook or a document as a page of the book: its text, its outputs, and the way to the other pages."""

import functools
import html
import re
from pathlib import Path
from urllib.parse import unquote

import nbformat
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from facelm_helpers.plots import picture
from tools.notebook.derive import FOLDED
from tools.notebook.edition import LINK
from tools.ship import citations, printed, quiz, shelf, turned
from tools.ship.places import IN_BROWSER, link_for_page, place

REMARK = re.compile(r"<!--.*?-->", re.DOTALL)  # at the start of a line it would end the paragraph
EMPTY = re.compile(r"<th\b[^>]*>\s*</th>")  # a head that says nothing is none
TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)  # MathJax, require.js, mermaid: no page needs them
QUOTED = re.compile(r'<h\d id="[^"]*"')  # nbconvert writes %25 for a percent sign
HEADING = re.compile(r'<h2 id="([^"]*)">(.*?)<a class="anchor-link"', re.DOTALL)
SEARCH = """<form action="{up}search.html" role="search"><input type="search" name="q" aria-label="Search"
placeholder="Search"><button>Search</button></form>"""
STYLE = f"<style>\n{Path(__file__).with_name('book.css').read_text(encoding='utf-8')}</style>"
FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{name}</title>
{style}</head><body class="facelm-plain">{body}{script}</body></html>
"""
SORT, TURN = (
    f"<script>\n{Path(__file__).with_name(name).read_text(encoding='utf-8')}</script>"
    for name in ("sort.js", "turned.js")
)
# whatever scrolls by itself can be reached and scrolled by keyboard
FOCUS = """<script>
const boxes = () => document.querySelectorAll("pre, math[display=block], .facelm-scroll");
const mark = () => boxes().forEach(box => box.scrollWidth > box.clientWidth ? box.tabIndex = 0
  : box.removeAttribute("tabindex"));
addEventListener("resize", mark);
addEventListener("toggle", mark, true);
mark();
</script>"""


def formula(latex, display):
    """A formula as MathML, the bars of a norm as tall as each other, also where one has an index."""
    return convert(latex, display=display).replace("<mo>&#x02016;", '<mo stretchy="false">&#x02016;')


class Words(IPythonRenderer):
    """The text of a notebook as HTML, its formulas as MathML.

    >>> MarkdownWithMath(Words(escape=False)).render("The mean $\\bar S$")[:48]
    '<p>The mean <math xmlns="http://www.w3.org/1998/'
    """

    def inline_math(self, body):
        """A formula within a line."""
        return formula(body, "inline")

    def block_math(self, body):
        """A formula on a line of its own."""
        return formula(body, "block")


def words(source):
    """Markdown as HTML."""
    return MarkdownWithMath(Words(escape=False)).render(source)


def anchor_of(heading):
    """The place of a heading on its page.

    >>> anchor_of("## `get_one_batch`, 80 %")
    'get_one_batch,-80-%'
    """
    return unquote(html.unescape(re.search(r'id="([^"]*)"', words(heading))[1]))


def frame(name, body):
    """A page that is no notebook: the index, the search."""
    return FRAME.format(name=html.escape(name), style=STYLE, body=body, script=FOCUS)


def outputs(cell):
    """Make the outputs of a cell what a page shows: pictures and tables as HTML, long ones folded."""
    picture.as_html(cell)
    printed.as_html(cell)
    if FOLDED in cell.metadata.get("tags", []):
        fold(cell)


def page(path):
    """A notebook, a document or a reference page as a page of the site."""
    notebook = shelf.read(path)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            source = REMARK.sub("", cell.source)
            source = LINK.sub(lambda link: f"]({link_for_page(link[1], path)})", source)
            cell.source = citations.linked(source, path)
        if turned.has_view(cell):
            cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": turned.view()})]
        else:
            outputs(cell)
    named = {"metadata": {"name": shelf.title(path)}}
    body, _ = _exporter().from_notebook_node(notebook, resources=named)
    body = body.replace('<html lang="en">', f'<html lang="{shelf.lang(path)}">', 1)
    body = QUOTED.sub(lambda tag: unquote(tag[0]), body)  # a browser looks for the plain one
    kind = "facelm-scroll facelm-words" if path.parent.name == "reference" else "facelm-scroll"
    body = TABLE.sub(
        rf'<div class="{kind}">\g<0></div>', citations.with_entries(EMPTY.sub("<td></td>", body), path)
    )
    body = SCRIPT.sub("", body).replace("</head>", STYLE + "</head>", 1)
    scripts = SORT * ('class="facelm-sortable"' in body) + TURN * ('class="facelm-turned"' in body) + FOCUS
    body = body.replace("</body>", foot(path) + scripts + "</body>", 1)
    body = f"{quiz.section(path, words)}</main>".join(body.rsplit("</main>", 1))
    top = head(path) + _contents(body)
    return re.sub(r"(<body[^>]*>)", lambda tag: tag[1] + top, body, count=1)


@functools.cache
def _exporter():
    """One for all pages: its templates are compiled once."""
    return HTMLExporter(template_name="lab", filters={"markdown2html": words})


def fold(cell):
    """Put the outputs of a cell behind a line to click on: its reader is to predict them first."""
    shown = [
        output["data"].get("text/html", "") if "data" in output else f"<pre>{html.escape(output.text)}</pre>"
        for output in cell.outputs
    ]
    page = "".join(f"<div>{output}</div>" for output in shown)
    page = f"<details><summary>Show the output</summary>{page}</details>"
    cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": page})]


def _contents(body):
    links = "".join(f'<li><a href="#{anchor}">{words}</a></li>' for anchor, words in HEADING.findall(body))
    contents = f"<details><summary>Contents</summary><ul>{links}</ul></details>" if links else ""
    return f'<nav class="facelm-contents" aria-label="Contents">{contents}</nav>' if contents else ""


def head(path):
    """The navigation at the top of a page: everything, this notebook's other half, the search.

    Parameters
    ----------
    path : Path or None
        None for the pages that stand for no file: the index and the search.
    """
    up = _up(path)
    links = [(f"{up}index.html", "All pages")]
    links += [(f"{up}{place(page).as_posix()}", shelf.title(page)) for page in shelf.references()[:1]]
    links.append((f"{up}{IN_BROWSER}", "In the browser"))
    if path is not None and path.suffix == ".ipynb":
        solved = path.parent.name == "solutions"
        other = (
            (f"../{path.stem}.html", "Exercises") if solved else (f"solutions/{path.stem}.html", "Solutions")
        )
        links.append(other)
    anchors = "".join(f'<a href="{target}">{words}</a>' for target, words in links)
    return f'<nav class="facelm-nav" aria-label="Pages">{anchors}{SEARCH.format(up=up)}</nav>'


def foot(path):
    """The navigation at the foot of a page: the one before it, the one after it."""
    before, after = shelf.neighbours(path)
    anchors = "".join(
        f'<a rel="{rel}" href="{_up(path)}{place(page).as_posix()}"><small>{words}</small>'
        f"{html.escape(shelf.title(page))}</a>"
        for page, words, rel in [(before, "Previous", "prev"), (after, "Next", "next")]
        if page is not None
    )
    anchors = anchors or f'<a href="{_up(path)}index.html">All pages</a>'
    return f'<nav class="facelm-nav foot" aria-label="Previous and next">{anchors}</nav>'


def _up(path):
    return "" if path is None else "../" * (len(place(path).parts) - 1)
