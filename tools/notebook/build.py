"""Builds the notebooks: derives exercise and solution from each source, runs the exercise, writes both.

Solutions are stored without outputs; the tests run them.

    python course.py notebooks              rebuild what changed
    python course.py notebooks --only 01    one notebook
    python course.py notebooks --force      run all of them again
    python course.py notebooks --check      do the notebooks equal their sources? (runs nothing)
    python course.py notebooks --lang zh    the Chinese edition of those that have one (runs nothing)

A notebook is run again when its cells differ from its source, or when something it uses has changed: the
helpers that it imports, and the data files that it names.
"""

import argparse
import ast
import hashlib
import sys
from pathlib import Path

import nbformat

from facelm_helpers.atomic import write_text
from tools.notebook import edition, languages
from tools.notebook.derive import ROOT, SOURCES, derive
from tools.notebook.execute import complaints, execute

NOTEBOOKS = ROOT / "notebooks"
PACKAGE = "facelm_helpers"
FOUND_BY_LISTING = ("methods", "sources")  # their public files are imported by name, at run time
STEP = 5  # seconds: times are rounded up to it, and stay until a measurement clearly contradicts them


def places(source):
    """Where the two notebooks of a source live."""
    name = f"{Path(source).stem}.ipynb"
    return {"exercise": NOTEBOOKS / name, "solution": NOTEBOOKS / "solutions" / name}


def helpers_of(source):
    """The files of the package that a notebook reaches through its imports, however deep."""
    reached, waiting = set(), [Path(source)]
    while waiting:
        for module in _imports(waiting.pop()):
            new = [file for file in _files(module) if file not in reached]
            reached.update(new)
            waiting.extend(new)
    return sorted(reached)


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def _files(module):
    parts = module.split(".")
    if parts[0] != PACKAGE or len(parts) == 1:
        return
    place = ROOT.joinpath(*parts)
    if place.with_suffix(".py").is_file():
        yield place.with_suffix(".py")
    elif place.is_dir():
        pattern = "*.py" if parts[-1] in FOUND_BY_LISTING else "_*.py"
        yield from place.glob(pattern)


def data_of(source):
    """The data files that a notebook names, and the face model if it asks for synthetic faces."""
    text = languages.english(Path(source).read_text(encoding="utf-8"))
    names = {"face_model": "synthetic"}
    shipped = (ROOT / "data").glob("**/*")
    files = [
        file for file in shipped if file.is_file() and "downloads" not in file.parts and file.suffix != ".md"
    ]
    return sorted(file for file in files if names.get(file.stem, file.stem) in text)


def fingerprint(source):
    """A hash of the source's English cells and of all that it uses; the same on every platform."""
    source, digest = Path(source), hashlib.sha256()
    for file in [source, *helpers_of(source), *data_of(source)]:
        digest.update(file.name.encode() + b"\0")
        content = file.read_bytes().replace(b"\r\n", b"\n")
        digest.update(languages.english(content.decode()).encode() if file == source else content)
    return digest.hexdigest()[:16]


def differs(path, derived):
    """How a notebook differs from what its source says: a sentence, empty if it does not."""
    if not path.is_file():
        return "it is missing"
    old = nbformat.read(path, as_version=4)
    if len(old.cells) != len(derived.cells):
        return f"it has {len(old.cells)} cells; the source has {len(derived.cells)}"
    for number, (here, there) in enumerate(zip(old.cells, derived.cells, strict=True)):
        for key in ("cell_type", "id", "source", "metadata"):
            if here[key] != there[key]:
                return f"cell {number} differs in its {key}"
    return ""


def stored_facts(path):
    """What an earlier build measured, or nothing."""
    return dict(nbformat.read(path, as_version=4).metadata.get("facelm", {})) if path.is_file() else {}


def check(source):
    """Where the notebooks of a source differ from it: a list of sentences, empty if nowhere."""
    facts = stored_facts(places(source)["exercise"])
    facts = {"computing_seconds": facts.get("computing_seconds", 0)}
    derived = derive(source, facts)
    return [
        f"{path.relative_to(ROOT)}: {reason}"
        for kind, path in places(source).items()
        if (reason := differs(path, derived[kind]))
    ]


def build(source, force=False):
    """Derive, run and write both notebooks of a source. Returns a sentence that says what was done."""
    source = Path(source)
    where = places(source)
    facts = stored_facts(where["exercise"])
    built_from = fingerprint(source)
    if not force and facts.get("built_from") == built_from and not check(source):
        return "unchanged"
    seconds = execute(done := derive(source)["exercise"], where["exercise"].parent)
    facts = {
        "computing_seconds": _settled(seconds, facts.get("computing_seconds")),
        "built_from": built_from,
    }
    final = derive(source, facts)
    for cell, run in zip(final["exercise"].cells, done.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = run.outputs, run.execution_count
    for kind, path in where.items():
        _write(final[kind], path)
    for complaint in complaints(final["exercise"]):
        print(f"  {where['exercise'].name}: {complaint}")
    return f"run in {seconds:.0f} s"


def _settled(seconds, before):
    """A time rounded up to the step; an earlier one stays unless the new one is far from it."""
    rounded = STEP * max(1, -(-seconds // STEP))
    settled = before if before and 0.7 * before <= rounded <= 1.4 * before else rounded
    return int(settled)


def _write(notebook, path):
    """An interrupted build leaves the old notebook whole."""
    write_text(path, nbformat.writes(notebook) + "\n")


def translate(sources, lang):
    """Write the edition in another language of all sources that have one. Returns the exit status."""
    written = 0
    for source in sources:
        if not edition.translated(source, lang):
            print(f"{source.stem}: not translated yet")
            continue
        try:
            for path in edition.build(source, NOTEBOOKS, lang):
                written += 1
                print(path.relative_to(ROOT).as_posix())
        except ValueError as error:
            print(error)
            return 1
    return 0 if written else 1


def main(arguments=None):
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="course.py notebooks", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only", nargs="+", default=[""], metavar="NN", help="numbers (or beginnings) of notebooks"
    )
    parser.add_argument("--force", action="store_true", help="run again even what has not changed")
    parser.add_argument("--check", action="store_true", help="only say whether notebooks equal their sources")
    parser.add_argument(
        "--lang", choices=languages.LANGUAGES, default=languages.ENGLISH, help="an edition in this language"
    )
    options = parser.parse_args(arguments)
    sources = [path for path in sorted(SOURCES.glob("*.py")) if path.name.startswith(tuple(options.only))]
    if not sources:
        print(f"No source in {SOURCES} begins with {' or '.join(options.only)}.")
        return 1
    if options.lang != languages.ENGLISH:
        return translate(sources, options.lang)
    if options.check:
        problems = [problem for source in sources for problem in check(source)]
        print("\n".join(problems) or f"{len(sources)} sources, and their notebooks equal them.")
        return bool(problems)
    for source in sources:
        print(f"{source.stem} ...", flush=True)
        print(f"  {build(source, options.force)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
