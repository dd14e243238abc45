"""`python course.py app`: the live comparison of notebook 13 as a page of its own.

    python course.py app                    open it in the browser
    python course.py app --no-browser       only print the address
    python course.py app --port 9000

Voila serves it from this machine to this machine only. Ctrl-C ends it.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
NAME, CONFIG = "compare_live.ipynb", "voila.json"
WORDS = """# Compare live

Two methods look for the same 68 points. Move the sliders; choose another picture, or bring your own: it
stays on this machine. White: the face's box; white crosses: the truth, where it is known. Notebook 13 tells
what to look for.
"""
CODE = "from facelm_helpers import widgets\n\nwidgets.compare_live()"
LARGEST_MESSAGE = 256 * 2**20  # bytes: an upload travels in one message, and tornado would stop at 10 MiB


def notebook():
    """The page as a notebook: a few words, and the widget.

    Examples
    --------
    >>> [cell.cell_type for cell in notebook().cells]
    ['markdown', 'code']
    """
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "title": "Compare live"}  # fmt: skip
    cells = [nbformat.v4.new_markdown_cell(WORDS), nbformat.v4.new_code_cell(CODE)]
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def command(page, port, browser):
    """What starts Voila on the page: a list of words.

    Examples
    --------
    >>> "--Voila.ip=127.0.0.1" in command("page.ipynb", 8866, browser=False)
    True
    """
    return [
        sys.executable, "-W", "ignore", "-m", "voila", str(page), f"--port={port}", "--Voila.ip=127.0.0.1",
        "--Voila.log_level=ERROR",
        *([] if browser else ["--no-browser"]),
    ]  # fmt: skip


def write(folder):
    """Put the page and Voila's settings into a folder.

    Returns
    -------
    Path
        Of the page.
    """
    page = Path(folder) / NAME
    nbformat.write(notebook(), page)
    settings = {"Voila": {"tornado_settings": {"websocket_max_message_size": LARGEST_MESSAGE}}}
    page.with_name(CONFIG).write_text(json.dumps(settings), encoding="utf-8")
    return page


def surroundings():
    """The environment of the page's kernel: the package is importable wherever the page lies."""
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(path)}


def free_port(wanted):
    """The first port from `wanted` on that nobody listens on here."""
    for port in range(wanted, min(wanted + 200, 65536)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise SystemExit(f"No free port from {wanted} on. Name one with --port.")


def main(arguments=None):
    """Serve the page until Ctrl-C. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="course.py app", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--port", type=int, help="the port to serve on (default: the first free one from 8866)"
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    options = parser.parse_args(arguments)
    port = options.port or free_port(8866)
    with tempfile.TemporaryDirectory(prefix="compare-live-") as folder:
        words = command(write(folder), port, not options.no_browser)
        process = subprocess.Popen(words, cwd=folder, env=surroundings())  # Voila reads its settings there
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        print("The comparison starts in a moment, and is then served at", flush=True)
        print(f"\n    http://localhost:{port}/\n\nCtrl-C here ends it.", flush=True)
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            print("The page is closed.")
            return 0


if __name__ == "__main__":
    sys.exit(main())
