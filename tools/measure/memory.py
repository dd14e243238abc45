"""How much memory each notebook takes: what a teacher sizes a server by.

    python -m tools.measure.memory              every notebook, one after the other
    python -m tools.measure.memory --only 04    one

A kernel runs the solved notebook from top to bottom while its memory, with that of the processes that it
started, is read from the system several times a second. *peak*: the most at any time. *at rest*: after the
last cell, while the student reads. *own*: the part of that which no other process shares; the libraries, read
from one environment, are in memory once for all kernels.
"""

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

from facelm_helpers.paths import RESULTS
from tools.measure.store import machine, merge, read, rounded, write
from tools.notebook.build import NOTEBOOKS
from tools.notebook.execute import environment
from tools.ship import figures

PAUSE = 0.1  # seconds between two readings
REST = 5  # seconds after the last cell
STARTING = 180  # seconds for a kernel on a busy machine
TIMEOUT = 1800  # seconds for a cell; the same


class Watch:
    """Memory of a process and of all that it starts, while a ``with`` block runs.

    Parameters
    ----------
    pid : int

    Attributes
    ----------
    peak : int
        Bytes, the largest sum that was read.

    Examples
    --------
    >>> import os
    >>> with Watch(os.getpid()) as watch:
    ...     kept = bytearray(20_000_000)
    ...     time.sleep(0.3)
    >>> watch.peak > 20_000_000
    True
    """

    def __init__(self, pid):
        self.process, self.peak, self._over = psutil.Process(pid), 0, threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _read(self):
        while not self._over.wait(PAUSE):
            try:
                self.peak = max(self.peak, resident(self.process))
            except psutil.Error:  # it has ended
                return


def family(process):
    """A process and all that it started, as far as they still run."""
    return [process, *process.children(recursive=True)]


def resident(process):
    """Bytes of memory that a process and its children hold (RSS)."""
    return _sum(process, lambda one: one.memory_info().rss)


def own(process):
    """Bytes that a process and its children share with no other process (USS)."""
    return _sum(process, lambda one: one.memory_full_info().uss)


def _sum(process, read_one):
    total = 0
    for one in family(process):
        try:
            total += read_one(one)
        except psutil.NoSuchProcess:  # ended between the two lines
            continue
    return total


def of_notebook(path, folder):
    """Run a notebook and watch its kernel.

    Returns
    -------
    dict
        Bytes: ``start``, before the first cell; ``peak``; ``rest`` and ``own``, after the last cell.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=TIMEOUT, startup_timeout=STARTING, kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )  # fmt: skip
    with client.setup_kernel(env=environment()):
        kernel = psutil.Process(client.km.provisioner.process.pid)
        found = {"start": resident(kernel)}
        with Watch(kernel.pid) as watch:
            for number, cell in enumerate(notebook.cells):
                client.execute_cell(cell, number)
            time.sleep(REST)
        return found | {"peak": watch.peak, "rest": resident(kernel), "own": own(kernel)}


def main(arguments=None):
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[""], metavar="NN", help="these notebooks")
    parser.add_argument("--output", type=Path, default=RESULTS / "memory.json", help="file to write")
    options = parser.parse_args(arguments)
    for path in sorted((NOTEBOOKS / "solutions").glob("*.ipynb")):
        if path.name.startswith(tuple(options.only)):
            with tempfile.TemporaryDirectory() as folder:
                found = of_notebook(path, folder)
            peak, rest = (f"{found[key] / 1e6:.0f}" for key in ("peak", "rest"))
            print(f"{path.stem}: {peak} MB at most, {rest} at rest", flush=True)
            new = {"machine": machine(), "notebooks": {path.stem: found}}
            write(options.output, rounded(merge(read(options.output), new)))
    figures.announce(options.output.parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
