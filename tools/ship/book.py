"""`python course.py book`: a browsable site of the executed notebooks, and a page that lists them.

    python course.py book                  writes _book/index.html
    python course.py book --output site
    python course.py book --without-solutions   for a class that is still at work
    python course.py book --lang zh         with the Chinese edition of the notebooks that have one

Nothing is executed: the pages show the outputs that the notebooks hold. They load nothing from the network:
pictures are inside them, and formulas are MathML, which browsers draw by themselves. The files that notebooks
link to come along, Markdown as pages. Glossary, notation, bibliography, the key to TensorFlow 1.12 and the
pages of the package are made from `notebooks/reference` and the docstrings; a search finds all of it. One
page runs SENet on a photograph or the webcam in the browser (npm fetches ONNX Runtime Web for it, once).
"""

import argparse
import html
import re
import shutil
import sys
from pathlib import Path

from tools.notebook import build
from tools.notebook.languages import ENGLISH, LANGUAGES, WORDS
from tools.ship import in_browser, places, search, shelf
from tools.ship.pages import foot, frame, head, page
from tools.ship.places import IN_BROWSER, place

NAME = "Face alignment, a notebook course"
SOLUTION = re.compile(r'<a href="solutions/[^"]*">(.*?)</a>')
GUIDE = re.compile(
    r'<li><a href="[^"]*teaching/[^"]*">.*?</a></li>|<a rel="next" href="[^"]*teaching/.*?</a>'
)
LIVE = re.compile(rf'<li><a href="[^"]*{IN_BROWSER}">.*?</li>|<a href="[^"]*{IN_BROWSER}">.*?</a>')
INDEX = """<main><h1>Face alignment, a notebook course</h1>
<p>The executed notebooks, to read. To run them, <code>python course.py lab</code>.</p>
<div class="facelm-scroll"><table>
<tr><th>No.</th><th>Notebook</th><th>Reading</th><th>Computing</th><th>Answers</th></tr> {rows}
</table></div> {edition}
<h2>Reference</h2><ul>{references}</ul>
<h2>Beside the notebooks</h2><ul>
<li><a href="{live}">Find 68 points in the browser</a>, without Python</li>{documents}</ul></main>"""


EDITION = '<h2 lang="{lang}">{title}</h2><ul lang="{lang}">{notebooks}</ul>'


def index(lang=ENGLISH):
    """The page that lists all others, among them the edition in another language."""
    rows = []
    for path in shelf.notebooks():
        facts = shelf.read(path).metadata.get("facelm", {})
        link = f'<a href="{path.stem}.html">{html.escape(shelf.title(path))}</a>'
        rows.append(
            f"<tr><td>{path.stem[:2]}</td><td>{link}</td>"
            f'<td class="minutes">{facts.get("reading_minutes", "?")} min</td>'
            f'<td class="minutes">{facts.get("computing_seconds", "?")} s</td>'
            f'<td><a href="solutions/{path.stem}.html">Solutions</a></td></tr>'
        )
    references = [path for path in shelf.references() if path.parent.name == "reference"]
    translated = _list(shelf.edition(lang))
    title = WORDS[lang].get("book")
    body = INDEX.format(
        rows="\n".join(rows),
        live=IN_BROWSER,
        references=_list(references),
        documents=_list(shelf.documents()),
        edition=EDITION.format(lang=lang, title=title, notebooks=translated) if translated else "",
    )
    return frame(NAME, head(None) + body + foot(None))


def _list(paths):
    links = ((place(path).as_posix(), html.escape(shelf.title(path))) for path in paths)
    return "".join(f'<li><a href="{target}">{words}</a></li>' for target, words in links)


def without_solutions(text):
    """A page whose links to solutions are plain words, those of its navigation and to the guide left out.

    >>> without_solutions('Answers: the <a href="solutions/01.html">solutions of 01</a>.')
    'Answers: the solutions of 01.'
    >>> without_solutions('<a href="01.html">Next</a><a href="solutions/01.html">Solutions</a>')
    '<a href="01.html">Next</a>'
    """
    return SOLUTION.sub(lambda link: "" if link[1] == "Solutions" else link[1], GUIDE.sub("", text))


def write(paths, folder, kept=str, lang=ENGLISH):
    """Write pages, the files that they link to, the index and the search into a folder.

    Parameters
    ----------
    paths : list of Path
        Notebooks, documents and reference pages.
    folder : Path
    kept : function
        From a page to what is kept of it.
    lang : str
        Of the edition that the index lists beside the notebooks.

    Returns
    -------
    int
        How many files were written.
    """
    todo, found = list(paths), []
    for path in todo:  # which grows by what they link to
        file = folder / place(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in (".ipynb", ".md"):
            file.write_text(kept(page(path)), encoding="utf-8")
            todo += [linked for linked in dict.fromkeys(shelf.links(path)) if linked not in todo]
            found += [path] if path.parent.name != "solutions" else []
        else:
            shutil.copyfile(path, file)
        print(file.relative_to(folder), flush=True)
    (folder / "index.html").write_text(kept(index(lang)), encoding="utf-8")
    (folder / search.NAME).write_text(kept(search.page(found)), encoding="utf-8")
    return len(todo) + 2


def main(arguments=None):
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="course.py book", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--output", type=Path, default=places.ROOT / "_book", help="folder to write, _book by default"
    )
    parser.add_argument("--without-solutions", action="store_true", help="leave out the solved notebooks")
    parser.add_argument("--lang", choices=LANGUAGES, default=ENGLISH, help="add the edition in this language")
    options = parser.parse_args(arguments)
    if not shelf.notebooks():
        print(f"No notebooks in {places.NOTEBOOKS}: build them first with python course.py notebooks.")
        return 1
    fresh = options.output.with_name(options.output.name + ".tmp")
    shutil.rmtree(fresh, ignore_errors=True)
    if options.lang != ENGLISH and build.translate(sorted(build.SOURCES.glob("*.py")), options.lang):
        return 1
    translated = shelf.edition(options.lang)
    solved, documents = shelf.solutions(), shelf.documents()
    solved += [path.parent / "solutions" / path.name for path in translated]
    if options.without_solutions:
        solved, documents = [], [path for path in documents if path.parent.name != "teaching"]
    lacking = in_browser.write(fresh)

    def kept(page):
        page = without_solutions(page) if options.without_solutions else page
        return LIVE.sub("", page) if lacking else page

    paths = [*shelf.notebooks(), *translated, *solved, *shelf.references(), *documents]
    written = write(paths, fresh, kept, options.lang)
    print(f"{written} pages and files" + (f"\n{lacking}" if lacking else ""))
    if options.output.exists() and not (options.output / "index.html").exists():
        print(f"{options.output} exists and is no book; it is left alone, and the new book is in {fresh}.")
        return 1
    shutil.rmtree(options.output, ignore_errors=True)
    fresh.rename(options.output)
    print(f"Open {options.output / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
