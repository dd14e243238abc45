"""`python course.py book`: a browsable site of the executed notebooks, and a page that lists them.

    python course.py book                  writes _book/index.html
    python course.py book --output site

Nothing is executed: the pages show the outputs that the notebooks hold. They load nothing from the network:
pictures are inside them, and formulas are MathML, which browsers draw by themselves. The files that notebooks
link to come along, Markdown as pages.
"""

import argparse
import html
import os
import re
import shutil
import sys
from pathlib import Path

import nbformat
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from facelm_helpers.plots import picture
from tools.notebook.derive import FOLDED, ROOT
from tools.ship import printed

NOTEBOOKS = ROOT / "notebooks"
DOCUMENTS = (
    "data/weights/MODEL_CARD.md",
    "data/README.md",
    "data/results/bench.md",
    "data/results/dlib_or_senet.md",
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)  # MathJax, require.js, mermaid: no page needs them
HEADING = re.compile(r'<h2 id="([^"]*)">(.*?)<a class="anchor-link"', re.DOTALL)
STYLE = f"<style>\n{Path(__file__).with_suffix('.css').read_text(encoding='utf-8')}</style>"
INDEX = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Face alignment, a notebook course</title>
{style}</head><body class="facelm-index"><main><h1>Face alignment, a notebook course</h1>
<p>The executed notebooks, to read. To run them, <code>python course.py lab</code>.</p>
<div class="facelm-scroll"><table>
<tr><th>No.</th><th>Notebook</th><th>Reading</th><th>Computing</th><th>Answers</th></tr> {rows}
</table></div>
<h2>Beside the notebooks</h2><ul>{documents}</ul></main>{script}</body></html>
"""
# whatever scrolls by itself can be reached and scrolled by keyboard
FOCUS = """<script>
const boxes = () => document.querySelectorAll("pre, table, math[display=block], .facelm-scroll");
const mark = () => boxes().forEach(box => box.scrollWidth > box.clientWidth ? box.tabIndex = 0
  : box.removeAttribute("tabindex"));
addEventListener("resize", mark);
addEventListener("toggle", mark, true);
mark();
</script>"""


def place(origin):
    """Where a file of the repository lies on the site.

    Parameters
    ----------
    origin : path

    Returns
    -------
    Path
        Relative to the site.

    Examples
    --------
    >>> place(NOTEBOOKS / "solutions" / "01_measuring_error.ipynb").as_posix()
    'solutions/01_measuring_error.html'
    >>> place(ROOT / "data" / "weights" / "MODEL_CARD.md").as_posix()
    'linked/data/weights/MODEL_CARD.html'
    """
    origin = Path(origin)
    if origin.suffix == ".ipynb":
        return origin.relative_to(NOTEBOOKS).with_suffix(".html")
    inside = Path("linked") / origin.relative_to(ROOT)
    return inside.with_suffix(".html") if origin.suffix == ".md" else inside


def link_for_page(target, origin):
    """Where a link of a notebook or document points on the site.

    Parameters
    ----------
    target : str
        The link as written.
    origin : path
        The file that holds it.

    Returns
    -------
    str
        The link as written on the page.

    Examples
    --------
    >>> link_for_page("01_measuring_error.ipynb#ced", NOTEBOOKS / "00_start_here.ipynb")
    '01_measuring_error.html#ced'
    >>> link_for_page("../../data/README.md", NOTEBOOKS / "solutions" / "05_preparing_data.ipynb")
    '../linked/data/README.html'
    >>> link_for_page("https://doi.org/10.1109/CVPR.2014.241", NOTEBOOKS / "00_start_here.ipynb")
    'https://doi.org/10.1109/CVPR.2014.241'
    """
    linked = _linked(target, origin)
    if linked is None:
        return target
    anchor = "".join(target.partition("#")[1:])
    return Path(os.path.relpath(place(linked), place(origin).parent)).as_posix() + anchor


def _linked(target, origin):
    """The file of the repository that a link means; None for an address or a place on the same page."""
    if re.match(r"[a-z]+:|#", target):
        return None
    file = Path(os.path.normpath(Path(origin).parent / target.partition("#")[0]))
    return file if file.is_relative_to(ROOT) else None


def read(path):
    """A notebook, or a document as a notebook of one cell."""
    if path.suffix == ".ipynb":
        return nbformat.read(path, as_version=4)
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(path.read_text(encoding="utf-8"))])


def links(path):
    """The files of the repository, other than notebooks, that a notebook or a document links to."""
    cells = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]
    files = [_linked(target, path) for source in cells for target in LINK.findall(source)]
    return [file for file in files if file is not None and file.is_file() and file.suffix != ".ipynb"]


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
    page = f"<details><summary>Show the output</summary>{''.join(shown)}</details>"
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


def title(notebook):
    """The first line of a notebook, without its heading marker.

    >>> title(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Start here")]))
    'Start here'
    """
    return notebook.cells[0].source.splitlines()[0].lstrip("# ").strip()


def index(paths):
    """The page that lists the notebooks."""
    rows = []
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        facts = notebook.metadata.get("facelm", {})
        link = f'<a href="{path.stem}.html">{html.escape(title(notebook))}</a>'
        rows.append(
            f"<tr><td>{path.stem[:2]}</td><td>{link}</td>"
            f'<td class="minutes">{facts.get("reading_minutes", "?")} min</td>'
            f'<td class="minutes">{facts.get("computing_seconds", "?")} s</td>'
            f'<td><a href="solutions/{path.stem}.html">solutions</a></td></tr>'
        )
    documents = "".join(
        f'<li><a href="{place(path).as_posix()}">{html.escape(title(read(path)))}</a></li>'
        for path in map(ROOT.joinpath, DOCUMENTS)
        if path.is_file()
    )
    return INDEX.format(style=STYLE, rows="\n".join(rows), documents=documents, script=FOCUS)


def main(arguments=None):
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="course.py book", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--output", type=Path, default=ROOT / "_book", help="folder to write, _book by default"
    )
    options = parser.parse_args(arguments)
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    if not paths:
        print(f"No notebooks in {NOTEBOOKS}: build them first with python course.py notebooks.")
        return 1
    fresh = options.output.with_name(options.output.name + ".tmp")
    shutil.rmtree(fresh, ignore_errors=True)
    todo = [*paths, *sorted((NOTEBOOKS / "solutions").glob("*.ipynb"))]
    todo += [path for path in map(ROOT.joinpath, DOCUMENTS) if path.is_file()]
    for path in todo:  # which grows by what they link to
        file = fresh / place(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in (".ipynb", ".md"):
            file.write_text(page(path), encoding="utf-8")
            todo += [linked for linked in dict.fromkeys(links(path)) if linked not in todo]
        else:
            shutil.copyfile(path, file)
        print(file.relative_to(fresh), flush=True)
    (fresh / "index.html").write_text(index(paths), encoding="utf-8")
    if options.output.exists() and not (options.output / "index.html").exists():
        print(f"{options.output} exists and is no book; it is left alone, and the new book is in {fresh}.")
        return 1
    shutil.rmtree(options.output, ignore_errors=True)
    fresh.rename(options.output)
    print(f"Open {options.output / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
