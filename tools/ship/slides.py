"""`python course.py slides`: slides of the notebooks, for a lecture; each a page that needs no network.

    python course.py slides                writes _slides/index.html and a page for each notebook
    python course.py slides --only 03 09
    python course.py slides --output FOLDER

Nothing is executed, and no notebook changes: what goes on a slide follows from the notebook. A heading
begins a slide; paragraphs are cut to their first sentences, and stand in full in the speaker's notes (key S,
or N to show them beside the slide); solutions and the answers to questions are left out. Arrows and space
move, Esc or O shows all slides, F fills the screen, ? lists the rest. To print or make a PDF, open the page
with `?print-pdf`.
"""

import argparse
import functools
import html
import re
import shutil
import sys
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter

from facelm_helpers.plots import picture
from tools.setup import addresses
from tools.ship import condense, pages, places, shelf

REVEAL = Path(__file__).with_name("reveal")
SKIPPED = ("Go further", "Questions", "The way ahead")  # sections that no slide shows
LONGEST_CODE = 22  # lines that a slide holds
WIDTH, HEIGHT = 1280, 720
LINKS = re.compile(r'<link\b[^>]*rel="stylesheet"[^>]*>')
START = """<script>{reveal}</script><script>{notes}</script>
<script>
Reveal.initialize({{hash: true, width: {width}, height: {height}, margin: 0.03, center: false,
  slideNumber: "c/t", transition: "none", plugins: [RevealNotes]}});
Reveal.addKeyBinding({{keyCode: 78, key: "N", description: "Show the notes beside the slide"}},
  () => Reveal.configure({{showNotes: !Reveal.getConfig().showNotes}}));
const fit = () => {{  // what is a little too tall for its slide is drawn smaller
  const slide = Reveal.getCurrentSlide();
  if (!slide || slide.style.zoom) return;
  if (slide.scrollHeight > {height}) slide.style.zoom = Math.max(0.6, {height} / slide.scrollHeight);
}};
Reveal.on("ready", fit);
Reveal.on("slidechanged", fit);
</script>"""
INDEX = """<main><h1>Slides</h1><p>One page for each notebook; they need no network. Arrows and space
move, Esc shows all slides, S opens the speaker's notes, F fills the screen.</p><ul>{links}</ul></main>"""


class Deck:
    """Puts pieces of text and cells on slides, a new one wherever the last is full.

    Attributes
    ----------
    cells : list
        With ``slideshow.slide_type`` in their metadata: "slide", "subslide", "-" (on the slide before) or
        "notes".
    """

    def __init__(self):
        self.cells, self.section, self.room = [], "", 0

    def add(self, cell, lines, kind="-"):
        """Put a cell on the slide that is begun, or on the next; `lines` is how much of a slide it takes."""
        if kind == "-" and (lines > self.room or not self.cells):
            kind = "subslide"
        if kind != "-":
            self.room = condense.FULL
        if kind == "subslide" and self.section and condense.heading(cell.source)[0] == 0:
            name = nbformat.v4.new_markdown_cell(f'<p class="facelm-part">{self.section}</p>')
            self._keep(name, kind)
            self.room, kind = self.room - 1, "-"
        self._keep(cell, kind)
        self.room -= lines

    def _keep(self, cell, kind):
        cell = nbformat.from_dict(cell)
        cell.metadata["slideshow"] = {"slide_type": kind}
        self.cells.append(cell)

    def text(self, part):
        """A part of a text cell: its slides, and the whole of it as notes."""
        level, title = condense.heading(part)
        self.section = title if level in (1, 2) else self.section
        for k, (source, lines) in enumerate(condense.slides(part)):
            kind = "-" if level == 0 and not k else "slide" if level in (1, 2) and not k else "subslide"
            self.add(nbformat.v4.new_markdown_cell(source), lines, kind)
        if notes := condense.without_heading(part):
            self._keep(nbformat.v4.new_markdown_cell(condense.RELATIVE.sub(r"\1", notes)), "notes")

    def code(self, cell):
        """A cell of code with its output."""
        source = 0.65 * len(cell.source.strip().splitlines()) + 0.7
        shown = [_height(output) for output in cell.get("outputs", [])]
        beside = _pictured(cell)  # the picture stands beside the code
        self.add(cell, max(source, sum(shown)) if beside else source + sum(shown))


def _pictured(cell):
    return bool(picture.pictures(cell))


def _height(output):
    """How many lines of a slide an output takes."""
    if _pictured({"outputs": [output]}):
        return 10.5
    return 0.65 * (1 + output.get("text", output.get("data", {}).get("text/plain", "")).count("\n"))


def deck(notebook):
    """The cells of a notebook as those of a deck.

    Parameters
    ----------
    notebook : nbformat notebook

    Returns
    -------
    nbformat notebook
        New.
    """
    made, skipping = Deck(), False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for part in condense.parts(pages.REMARK.sub("", addresses.LINE.sub("", cell.source))):
                level, title = condense.heading(part)
                skipping = title in SKIPPED if level in (1, 2) else skipping
                if not skipping:
                    made.text(part)
        elif not skipping and _shown(cell):
            made.code(cell)
    return nbformat.v4.new_notebook(cells=made.cells, metadata={"language_info": {"name": "python"}})


def _shown(cell):
    """Whether a cell of code is worth a slide: no imports, no checks, nothing too long without a picture."""
    source = cell.source.strip()
    if not source or source.startswith(("import ", "from ")) or re.match(r"check\.\w+\(", source):
        return False
    return _pictured(cell) or len(source.splitlines()) <= LONGEST_CODE


def page(path):
    """The deck of one notebook as a page."""
    notebook = deck(shelf.read(path))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            pages.outputs(cell)
    title = shelf.title(path)
    body, _ = _exporter().from_notebook_node(notebook, resources={"metadata": {"name": title}})
    body = LINKS.sub("", pages.SCRIPT.sub("", body))
    style = "".join(
        f"<style>\n{file.read_text(encoding='utf-8')}</style>"
        for file in (REVEAL / "reveal.css", Path(__file__).with_name("slides.css"))
    )
    start = START.format(
        reveal=(REVEAL / "reveal.js").read_text(encoding="utf-8"),
        notes=(REVEAL / "notes.js").read_text(encoding="utf-8"), width=WIDTH, height=HEIGHT,
    )  # fmt: skip
    head, _, rest = body.partition("</head>")
    return f"{head}{style}</head>{rest.replace('</body>', '')}".replace("</html>", f"{start}</body></html>")


@functools.cache
def _exporter():
    """One for all decks: its templates are compiled once."""
    return SlidesExporter(filters={"markdown2html": pages.words})


def main(arguments=None):
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="course.py slides", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", default=[""], metavar="NN", help="these notebooks")
    parser.add_argument(
        "--output", type=Path, default=places.ROOT / "_slides", help="folder to write, _slides by default"
    )
    options = parser.parse_args(arguments)
    chosen = [path for path in shelf.notebooks() if path.name.startswith(tuple(options.only))]
    if not chosen:
        print(f"No notebook in {places.NOTEBOOKS} begins with {' or '.join(options.only)}.", file=sys.stderr)
        return 1
    if options.output.exists() and not (options.output / "index.html").exists():
        print(f"{options.output} exists and holds no slides; it is left alone.", file=sys.stderr)
        return 1
    if options.only == [""]:
        shutil.rmtree(options.output, ignore_errors=True)
    options.output.mkdir(parents=True, exist_ok=True)
    for path in chosen:
        file = options.output / f"{path.stem}.html"
        file.write_text(page(path), encoding="utf-8")
        print(file.name, flush=True)
    listed = sorted(options.output.glob("[0-9]*.html"))
    titles = {path.stem: shelf.title(path) for path in shelf.notebooks()}
    links = "".join(
        f'<li><a href="{file.name}">{file.stem[:2]} {html.escape(titles.get(file.stem, file.stem))}</a></li>'
        for file in listed
    )
    (options.output / "index.html").write_text(
        pages.frame("Slides", INDEX.format(links=links)), encoding="utf-8"
    )
    print(f"Open {options.output / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
