"""`python course.py book`: a browsable site of the executed notebooks, and a page that lists them.

    python course.py book                  writes _book/index.html
    python course.py book --output site
    python course.py book --without-solutions   for a class that is still at work

Nothing is executed: the pages show the outputs that the notebooks hold. They load nothing from the network:
pictures are inside them, and formulas are MathML, which browsers draw by themselves. The files that notebooks
link to come along, Markdown as pages.
"""

import argparse
import html
import re
import shutil
import sys
from pathlib import Path

import nbformat

from tools.ship import places
from tools.ship.pages import FOCUS, STYLE, page, title
from tools.ship.places import links, place, read

DOCUMENTS = (
    "notebooks/from_the_lesson.md",
    "data/weights/MODEL_CARD.md",
    "data/README.md",
    "data/results/bench.md",
    "data/results/dlib_or_senet.md",
)
SOLUTION = re.compile(r'<a href="solutions/[^"]*">(.*?)</a>')
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
            f'<td><a href="solutions/{path.stem}.html">Solutions</a></td></tr>'
        )
    documents = "".join(
        f'<li><a href="{place(path).as_posix()}">{html.escape(title(read(path)))}</a></li>'
        for path in map(places.ROOT.joinpath, DOCUMENTS)
        if path.is_file()
    )
    return INDEX.format(style=STYLE, rows="\n".join(rows), documents=documents, script=FOCUS)


def without_solutions(text):
    """A page whose links to solutions are plain words, those of its navigation and of the index left out.

    >>> without_solutions('Answers: the <a href="solutions/01.html">solutions of 01</a>.')
    'Answers: the solutions of 01.'
    >>> without_solutions('<a href="01.html">Next</a><a href="solutions/01.html">Solutions</a>')
    '<a href="01.html">Next</a>'
    """
    return SOLUTION.sub(lambda link: "" if link[1] == "Solutions" else link[1], text)


def main(arguments=None):
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="course.py book", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--output", type=Path, default=places.ROOT / "_book", help="folder to write, _book by default"
    )
    parser.add_argument("--without-solutions", action="store_true", help="leave out the solved notebooks")
    options = parser.parse_args(arguments)
    kept = without_solutions if options.without_solutions else str
    paths = sorted(places.NOTEBOOKS.glob("*.ipynb"))
    if not paths:
        print(f"No notebooks in {places.NOTEBOOKS}: build them first with python course.py notebooks.")
        return 1
    fresh = options.output.with_name(options.output.name + ".tmp")
    shutil.rmtree(fresh, ignore_errors=True)
    solved = [] if options.without_solutions else sorted((places.NOTEBOOKS / "solutions").glob("*.ipynb"))
    todo = [*paths, *solved]
    todo += [path for path in map(places.ROOT.joinpath, DOCUMENTS) if path.is_file()]
    for path in todo:  # which grows by what they link to
        file = fresh / place(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in (".ipynb", ".md"):
            file.write_text(kept(page(path)), encoding="utf-8")
            todo += [linked for linked in dict.fromkeys(links(path)) if linked not in todo]
        else:
            shutil.copyfile(path, file)
        print(file.relative_to(fresh), flush=True)
    (fresh / "index.html").write_text(kept(index(paths)), encoding="utf-8")
    if options.output.exists() and not (options.output / "index.html").exists():
        print(f"{options.output} exists and is no book; it is left alone, and the new book is in {fresh}.")
        return 1
    shutil.rmtree(options.output, ignore_errors=True)
    fresh.rename(options.output)
    print(f"Open {options.output / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
