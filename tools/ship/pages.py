"""A notebook or a document as a page of the book: its text, its outputs, and the way to the other pages."""

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
from tools.ship import printed
from tools.ship.places import LINK, link_for_page, place, read

SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)  # MathJax, require.js, mermaid: no page needs them
QUOTED = re.compile(r'<h\d id="[^"]*"')  # nbconvert writes %25 for a percent sign
HEADING = re.compile(r'<h2 id="([^"]*)">(.*?)<a class="anchor-link"', re.DOTALL)
STYLE = f"<style>\n{Path(__file__).with_name('book.css').read_text(encoding='utf-8')}</style>"
# whatever scrolls by itself can be reached and scrolled by keyboard
FOCUS = """<script>
const boxes = () => document.querySelectorAll("pre, table, math[display=block], .facelm-scroll");
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


def title(notebook):
    """The first line of a notebook, without its heading marker.

    >>> title(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Start here")]))
    'Start here'
    """
    return notebook.cells[0].source.splitlines()[0].lstrip("# ").strip()


def page(path):
    """One notebook or document as a page of the site."""
    notebook = read(path)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(lambda link: f"]({link_for_page(link[1], path)})", cell.source)
        picture.as_html(cell)
        printed.as_html(cell)
        if FOLDED in cell.metadata.get("tags", []):
            _fold(cell)
    exporter = HTMLExporter(template_name="lab", filters={"markdown2html": words})
    body, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title(notebook)}})
    body = QUOTED.sub(lambda tag: unquote(tag[0]), body)  # a browser looks for the plain one
    body = SCRIPT.sub("", body).replace("</head>", STYLE + "</head>", 1)
    foot = _navigation(path, "facelm-nav foot", "Previous and next")
    body = body.replace("</body>", foot + FOCUS + "</body>", 1)
    top = _navigation(path, "facelm-nav", "Notebooks") + _contents(body)
    return re.sub(r"(<body[^>]*>)", lambda tag: tag[1] + top, body, count=1)


def _fold(cell):
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


def _navigation(path, kind, label):
    up = "../" * (len(place(path).parts) - 1)
    links = [(f"{up}index.html", "All notebooks")]
    if path.suffix == ".ipynb":
        around = sorted(path.parent.glob("*.ipynb"))
        at = around.index(path)
        links += [(f"{other.stem}.html", "Previous") for other in around[max(at - 1, 0) : at]]
        links += [(f"{other.stem}.html", "Next") for other in around[at + 1 : at + 2]]
        links.append(
            (f"{up}{path.stem}.html", "Exercises") if up else (f"solutions/{path.stem}.html", "Solutions")
        )
    anchors = "".join(f'<a href="{target}">{words}</a>' for target, words in links)
    return f'<nav class="{kind}" aria-label="{label}">{anchors}</nav>'
