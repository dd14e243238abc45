"""Run notebooks again and compare what they print; in two test files, so that two workers share the work."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.notebook.build import places
from tools.notebook.derive import ROOT, SOURCES
from tools.notebook.execute import environment


def each(kind):
    """A mark that runs a test once for every notebook of a kind, "exercise" or "solution"."""
    paths = [places(source)[kind] for source in sorted(SOURCES.glob("*.py"))]
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def replay(path):
    """Run a notebook with nbval, with the network off, and compare all outputs.

    Left out are the bytes of pictures and the cells tagged `nbval-ignore-output` (training, timing, widgets).
    """
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "--nbval-cell-timeout=300"]
    command += ["--nbval-sanitize-with", str(Path(__file__).with_name("nbval_sanitize.cfg"))]
    command += ["-p", "no:cacheprovider", "--tb=short", "-q", str(path)]
    done = subprocess.run(command, env=environment(), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
