"""Links that open a notebook elsewhere: on a hub, in Binder, Codespaces or Colab.

    python -m tools.hub.links --hub https://hub.example.org           links for a class, a notebook a line
    python -m tools.hub.links --repository https://github.com/YOU/COPY --write
                                          the address of your copy, in pyproject.toml, README and notebooks

The repository's address is the one in `pyproject.toml`, until another is given.
"""

import argparse
import re
import sys

import nbformat

from facelm_helpers.atomic import write_text
from tools.setup.addresses import FIRST, elsewhere, on_hub, owner_and_name, repository, titled
from tools.setup.pinned import ROOT

NOTEBOOKS = ROOT / "notebooks"
BADGES = re.compile(r"(<!-- badges -->\n).*?(<!-- end of badges -->)", re.DOTALL)
BADGE = "[![{words}]({picture})]({link})"


def badges(address):
    """The line of badges in README."""
    pictures = {
        "Codespaces": "https://github.com/codespaces/badge.svg",
        "Binder": "https://mybinder.org/badge_logo.svg",
        "Colab": "https://colab.research.google.com/assets/colab-badge.svg",
    }
    return "\n".join(
        BADGE.format(words=f"Open in {place}", picture=pictures[place], link=link)
        for place, link in elsewhere(address, FIRST).items()
    )


def retitle(address):
    """Put the links to each notebook under its title; its outputs stay."""
    for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        first = notebook.cells[0]
        before, first.source = first.source, titled(first.source, f"notebooks/{path.name}", address)
        if first.source != before:
            write_text(path, nbformat.writes(notebook) + "\n")


def main(arguments=None):
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repository", default=repository(), help="https://github.com/OWNER/NAME")
    parser.add_argument("--hub", help="the address of a JupyterHub with nbgitpuller")
    parser.add_argument("--write", action="store_true", help="put the address into the files")
    options = parser.parse_args(arguments)
    try:
        owner_and_name(options.repository)
    except ValueError as error:
        parser.error(str(error))
    if options.write:
        before = repository()
        for name in ("hub/values.yaml", "pyproject.toml"):
            text = (ROOT / name).read_text(encoding="utf-8")
            write_text(ROOT / name, text.replace(before, options.repository))
        lines = badges(options.repository)
        for page in sorted(ROOT.glob("README*.md")):
            text = page.read_text(encoding="utf-8")
            write_text(page, BADGES.sub(lambda mark: f"{mark[1]}{lines}\n{mark[2]}", text))
        retitle(options.repository)
        print(f"pyproject.toml, hub/values.yaml, README and the notebooks name {options.repository}")
    for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        name = path.relative_to(ROOT).as_posix()
        found = elsewhere(options.repository, name)
        if options.hub:
            found = {"hub": on_hub(options.hub, options.repository, name)}
        for place, link in found.items():
            print(f"{path.stem}, {place}: {link}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
