"""`python course.py book`: a browsable site of the executed notebooks, and a page that lists them.

    python course.py book                  writes _book/index.html
    python course.py book --output site

Nothing is executed: the pages show the outputs that the notebooks hold. They load nothing from the network:
pictures are inside them, and formulas are MathML, which browsers draw by themselves.
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

NOTEBOOKS = ROOT / "notebooks"
LINK = re.compile(r"\]\(([^)\s]+)\)")
SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)  # MathJax, require.js, mermaid: no page needs them
HEADING = re.compile(r'<h2 id="([^"]*)">(.*?)<a class="anchor-link"', re.DOTALL)
STYLE = f"<style>\n{Path(__file__).with_suffix('.css').read_text(encoding='utf-8')}</style>"
INDEX = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Face alignment, a notebook course</title>
{style}</head><body class="facelm-index"><main><h1>Face alignment, a notebook course</h1>
<p>The executed notebooks, to read. To run them, <code>python course.py lab</code>.</p>
<table><tr><th>No.</th><th>Notebook</th><th>Reading</th><th>Computing</th><th>Answers</th></tr> {rows}
</table></main></body></html>
"""


def link_for_page(target, here):
    """Where a link of a notebook points on the site: other notebooks are pages, other files are copied to it.

    Parameters
    ----------
    target : str
        The link as written in the notebook.
    here : path
        The notebook's folder.

    Returns
    -------
    str
        The link as written on the page.

    Examples
    --------
    >>> link_for_page("01_measuring_error.ipynb", NOTEBOOKS)
    '01_measuring_error.html'
    >>> link_for_page("../../data/README.md", NOTEBOOKS / "solutions")
    '../linked/data/README.md'
    >>> link_for_page("https://doi.org/10.1109/CVPR.2014.241", NOTEBOOKS)
    'https://doi.org/10.1109/CVPR.2014.241'
    """
    if re.match(r"[a-z]+:|#", target):
        return target
    if re.search(r"\.ipynb(#|$)", target):
        return target.replace(".ipynb", ".html")
    up = "../" if Path(here).name == "solutions" else ""
    return f"{up}linked/{Path(os.path.relpath(Path(here) / target, ROOT)).as_posix()}"


def copy_linked(path, site):
    """Copy to the site the files that a notebook links to, other than notebooks."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        for target in LINK.findall(cell.source) if cell.cell_type == "markdown" else ():
            if re.match(r"[a-z]+:|#", target) or ".ipynb" in target:
                continue
            origin = (path.parent / target.partition("#")[0]).resolve()
            if origin.is_file():
                place = site / "linked" / origin.relative_to(ROOT)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(origin, place)


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
    """One notebook as a page of the site."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(lambda link: f"]({link_for_page(link[1], path.parent)})", cell.source)
        picture.as_html(cell)
        if FOLDED in cell.metadata.get("tags", []):
            _fold(cell)
    exporter = HTMLExporter(template_name="lab", filters={"markdown2html": words})
    body, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title(notebook)}})
    body = SCRIPT.sub("", body).replace("</head>", STYLE + "</head>", 1)
    body = body.replace("</body>", _navigation(path, "facelm-nav foot") + "</body>", 1)
    top = _navigation(path, "facelm-nav") + _contents(body)
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
    return f'<details class="facelm-contents"><summary>Contents</summary><ul>{links}</ul></details>'


def _navigation(path, kind):
    solved = path.parent.name == "solutions"
    around = sorted(path.parent.glob("*.ipynb"))
    place = around.index(path)
    links = [("../index.html" if solved else "index.html", "All notebooks")]
    links += [(f"{other.stem}.html", "Previous") for other in around[max(place - 1, 0) : place]]
    links += [(f"{other.stem}.html", "Next") for other in around[place + 1 : place + 2]]
    links.append(
        (f"../{path.stem}.html", "Exercises") if solved else (f"solutions/{path.stem}.html", "Solutions")
    )
    anchors = "".join(f'<a href="{target}">{words}</a>' for target, words in links)
    return f'<nav class="{kind}" aria-label="Notebooks">{anchors}</nav>'


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
    return INDEX.format(style=STYLE, rows="\n".join(rows))


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
    (fresh / "solutions").mkdir(parents=True)
    for path in [*paths, *sorted((NOTEBOOKS / "solutions").glob("*.ipynb"))]:
        place = fresh / path.relative_to(NOTEBOOKS).with_suffix(".html")
        place.write_text(page(path), encoding="utf-8")
        copy_linked(path, fresh)
        print(place.relative_to(fresh), flush=True)
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
