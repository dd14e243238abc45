"""Run notebooks again and compare what they show; in two test files, so that two workers share the work."""

import nbformat
import pytest

from facelm_helpers.plots import picture
from tools.notebook.build import places
from tools.notebook.derive import SOURCES
from tools.notebook.execute import VARIES, execute

LONGEST = 300  # characters of an output in a message


def each(kind):
    """A mark that runs a test once for every notebook of a kind, "exercise" or "solution"."""
    paths = [places(source)[kind] for source in sorted(SOURCES.glob("*.py"))]
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def rerun(path):
    """The code cells of a notebook as stored, and as they are after another run with the network off."""
    stored, again = nbformat.read(path, as_version=4), nbformat.read(path, as_version=4)
    execute(again, path.parent)
    return [[cell for cell in notebook.cells if cell.cell_type == "code"] for notebook in (stored, again)]


def differences(stored, again):
    """Where cells show something else than before, in a few words each; of pictures, the alternative text."""
    found = []
    for number, (old, new) in enumerate(zip(stored, again, strict=True), 1):
        if VARIES in old.metadata.get("tags", []):
            continue
        before, after = ([picture.comparable(output) for output in cell.outputs] for cell in (old, new))
        if before != after:
            found.append(f"[{number}] showed {_short(before)}, now {_short(after)}")
    return found


def _short(outputs):
    text = " | ".join(str(value) for output in outputs for value in output.values())
    return repr(text if len(text) <= LONGEST else text[:LONGEST] + " ...")
