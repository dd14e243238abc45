"""`python course.py app`: the live comparison of notebook 13 as a page of its own.

    python course.py app                    open it in the browser
    python course.py app --no-browser       only print the address
    python course.py app --port 9000
    python course.py app "left=sdm&rotation=30"   a state that "Save or share" has made a link of

Jupyter's server renders it with Voila, from this machine to this machine only: it wants the token of the
printed address, answers to no other host's name, and the page asks no other machine for anything. Ctrl-C ends
it.
"""

import argparse
import json
import os
import secrets
import sys
import tempfile
from pathlib import Path

import nbformat

from tools.setup import jupyter, serve

ROOT = Path(__file__).resolve().parents[2]
NAME = "compare_live.ipynb"
PAGE = f"/voila/render/{NAME}"
WORDS = """# Compare live

Two methods look for the same 68 points. Move the sliders; choose another picture, or bring your own: it
stays on this machine. White: the face's box; white crosses: the true points, where they are known. What to
look for: notebook 13, `python course.py lab notebooks/13_compare_live.ipynb`.
"""
CODE = """import os

from facelm_helpers import widgets

widgets.compare_live(link=os.environ.get("QUERY_STRING", ""))"""
POLICY = "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'self'"
SETTINGS = {
    "ServerApp": {
        # Voila alone: no JupyterLab, no terminals
        "jpserver_extensions": {
            "voila.server_extension": True, "jupyterlab": False, "notebook_shim": False, "jupyter_lsp": False,
            "jupyter_server_terminals": False,
        },
        "tornado_settings": {
            "websocket_max_message_size": jupyter.LARGEST_MESSAGE,
            "headers": {"Content-Security-Policy": POLICY},  # no other machine is asked
            # the page has no formulas; Voila fetches MathJax from another machine otherwise
            "mathjax_url": "data:text/javascript,//",
            # a page on this machine needs no pings; with them Jupyter cuts a page off when one is a bit late
            "ws_ping_interval": 0,
        },
    },
    # extensions made for JupyterLab, which do not start in Voila and complain
    "VoilaConfiguration": {
        "template": "facelm", "allow_template_override": "NO", "allow_theme_override": "NO",
        "extension_denylist": ["jupyterlab-jupytext", "jupyterlab_pygments"],
    },
    "KernelManager": {"transport_encryption": "auto"},
    # the kernel of a page that was closed is ended; Voila's own request for it is refused
    "MappingKernelManager": {"cull_idle_timeout": 30, "cull_interval": 10, "cull_connected": False},
}  # fmt: skip


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


def write(folder):
    """Put the page and the server's settings into a folder; the settings' path is returned."""
    nbformat.write(notebook(), Path(folder) / NAME)
    settings = Path(folder) / "server.json"
    settings.write_text(json.dumps(SETTINGS), encoding="utf-8")
    return settings


def command(settings, port, opens, page=PAGE):
    """What starts the server on the page that `write` put beside the settings: a list of words.

    Examples
    --------
    >>> "--ip=127.0.0.1" in command(Path("server.json"), 8866, opens=False)
    True
    """
    own = [f"--config={settings}", f"--ServerApp.root_dir={Path(settings).parent}"]
    return serve.server("jupyter_server", sys.executable, port, page, opens) + own


def variables():
    """The environment of the server and its kernels: they find the package and the template anywhere."""
    added = {"PYTHONPATH": ROOT, "JUPYTER_PATH": Path(__file__).parent}  # the latter: the page's template
    paths = {name: [str(path), *filter(None, [os.environ.get(name)])] for name, path in added.items()}
    return os.environ | {name: os.pathsep.join(path) for name, path in paths.items()}


def main(arguments=None):
    """Serve the page until Ctrl-C. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="course.py app", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--port", type=int, help="the port to serve on (default: the first free one from 8866)"
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("state", nargs="?", default="", help="a link that the page has made, or its end")
    options = parser.parse_args(arguments)
    page = f"{PAGE}?{options.state.rpartition('?')[2]}" if options.state else PAGE
    port, token = options.port or serve.free_port(8866), secrets.token_hex(16)
    if port is None:
        raise SystemExit("No port from 8866 on is free. Name one with --port.")
    opens = not options.no_browser and serve.can_open_browser()
    with tempfile.TemporaryDirectory(prefix="compare-live-") as folder:
        words = command(write(folder), port, opens, page)
        given = variables() | {"JUPYTER_TOKEN": token}
        return serve.serve(words, port, page, token, opens, cwd=folder, env=given)


if __name__ == "__main__":
    sys.exit(main())
