"""Links that open a notebook elsewhere: on a hub, in Binder, Codespaces or Colab.

    python -m tools.hub.links --hub https://hub.example.org           links for a class, a notebook a line
    python -m tools.hub.links --repository https://github.com/YOU/COPY --write
                                          the address of your copy, in pyproject.toml and README

The repository's address is the one in `pyproject.toml`, until another is given.
"""

import argparse
import re
import sys
from urllib.parse import quote, urlencode

from facelm_helpers.atomic import write_text
from tools.setup.pinned import ROOT, project

NOTEBOOKS = ROOT / "notebooks"
FIRST = "notebooks/00_start_here.ipynb"
LIGHT = ("00", "01", "02", "03", "04", "13")  # what runs without TensorFlow, and so in Binder
ADDRESS = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")
BADGES = re.compile(r"(<!-- badges -->\n).*?(<!-- end of badges -->)", re.DOTALL)
BADGE = "[![{words}]({picture})]({link})"


def repository():
    """The address in pyproject.toml.

    >>> repository().startswith("https://")
    True
    """
    return project()["urls"]["Repository"]


def owner_and_name(address):
    """Of a repository on GitHub.

    >>> owner_and_name("https://github.com/ana/course.git")
    ('ana', 'course')

    Raises
    ------
    ValueError
        If it is no address of a repository there.
    """
    found = ADDRESS.fullmatch(address)
    if not found:
        raise ValueError(f"{address!r} is no repository: wanted https://github.com/OWNER/NAME")
    return found.groups()


def is_set(address):
    """Whether it is somebody's repository, and not the example.

    >>> is_set("https://github.com/OWNER/course")
    False
    """
    return owner_and_name(address)[0] != "OWNER"


def on_hub(hub, address, path=FIRST, branch="main"):
    """A link by which nbgitpuller brings the course to a student's home and opens a notebook.

    A second click brings what has changed since, and leaves what the student wrote.

    >>> on_hub("https://hub.example.org/", "https://github.com/ana/course", "a.ipynb")[:58]
    'https://hub.example.org/hub/user-redirect/git-pull?repo=ht'
    """
    name = address.rstrip("/").removesuffix(".git").rpartition("/")[2]
    asked = {"repo": address, "branch": branch, "urlpath": f"lab/tree/{name}/{path}"}
    return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(asked)}"


def in_binder(address, path=FIRST, branch="main"):
    """A link that starts a notebook on mybinder.org.

    >>> in_binder("https://github.com/ana/course", "a.ipynb")
    'https://mybinder.org/v2/gh/ana/course/main?urlpath=lab%2Ftree%2Fa.ipynb'
    """
    owner, name = owner_and_name(address)
    asked = urlencode({"urlpath": f"lab/tree/{path}"})
    return f"https://mybinder.org/v2/gh/{owner}/{name}/{quote(branch, '')}?{asked}"


def in_colab(address, path=FIRST, branch="main"):
    """A link that opens a notebook in Colab.

    >>> in_colab("https://github.com/ana/course", "a.ipynb")
    'https://colab.research.google.com/github/ana/course/blob/main/a.ipynb'
    """
    owner, name = owner_and_name(address)
    return f"https://colab.research.google.com/github/{owner}/{name}/blob/{quote(branch)}/{quote(path)}"


def in_codespaces(address):
    """A link that makes a Codespace.

    >>> in_codespaces("https://github.com/ana/course")
    'https://codespaces.new/ana/course'
    """
    return "https://codespaces.new/{}/{}".format(*owner_and_name(address))


def elsewhere(address, path):
    """Name -> link of the places where a notebook runs."""
    places = {"Codespaces": in_codespaces(address), "Colab": in_colab(address, path)}
    if path.rpartition("/")[2].startswith(LIGHT):
        places = {"Binder": in_binder(address, path)} | places
    return places


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


def main(arguments=None):
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repository", default=repository(), help="https://github.com/OWNER/NAME")
    parser.add_argument("--hub", help="the address of a JupyterHub with nbgitpuller")
    parser.add_argument("--write", action="store_true", help="put the address into pyproject.toml and README")
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
        print(f"pyproject.toml, hub/values.yaml, README.md and README.zh.md name {options.repository}")
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
