"""Run notebooks again with nbval, which compares what they show."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tools.notebook.build import places
from tools.notebook.derive import ROOT, SOURCES
from tools.notebook.execute import TIMEOUT, environment

LONGEST = 400  # characters of a message


def each(kind):
    """A mark that runs a test once for every notebook of a kind, "exercise" or "solution"."""
    paths = [places(source)[kind] for source in sorted(SOURCES.glob("*.py"))]
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def replay(path):
    """Run a notebook as it was built, and tell which cells fail or show something else, in a few words each.

    nbval compares every text, and no bytes of pictures, which fonts and libraries draw a little differently.
    It ignores the outputs of cells tagged `nbval-ignore-output`.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "--color=no", path]
        command += ["--nbval", "--nbval-current-env", f"--nbval-cell-timeout={TIMEOUT}"]
        command += ["--nbval-kernel-startup-timeout=180", f"--junit-xml={report}"]
        done = subprocess.run(command, env=environment(), cwd=ROOT, capture_output=True, text=True)
        cells = list(ElementTree.parse(report).iter("testcase")) if report.is_file() else []
    found = [
        f"{cell.get('name')}: {_short(fault.text)}"
        for cell in cells
        for fault in cell
        if fault.tag in ("failure", "error")
    ]
    if not found and done.returncode:
        found = [_short(done.stdout + done.stderr)]
    return found


def _short(message):
    """Without the cell's code and what no reader can read, and of the rest the beginning and the end."""
    text = message.rpartition("Traceback:\n")[2].strip()
    text = re.sub(r"[A-Za-z0-9+/=]{100,}", "...", re.sub(r"#x1B\[[\d;]*m", "", text))
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"
