"""The repository's address, and the links that open a notebook elsewhere: hub, Binder, Codespaces, Colab."""

import re
from urllib.parse import quote, urlencode

from tools.setup.pinned import project

FIRST = "notebooks/00_start_here.ipynb"
LIGHT = ("00", "01", "02", "03", "04", "13")  # what runs without TensorFlow, and so in Binder
ADDRESS = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")
LINE = re.compile(r"\n\n[^\n]*<!-- elsewhere -->(?=\n|$)")  # what `titled` writes
HOME = "course"  # where nbgitpuller puts the course in a student's home
COLAB = "`!git clone -q --depth 1 {address} course` and `%run course/tools/hub/colab.py`"


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
    asked = {"repo": address, "branch": branch, "targetpath": HOME, "urlpath": f"lab/tree/{HOME}/{path}"}
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


def titled(text, path, address):
    """A notebook's first cell with the links to it under its title, once the address is somebody's.

    Examples
    --------
    >>> before = "# Title\\n\\nWords."
    >>> titled(before, "notebooks/09_se.ipynb", "https://github.com/OWNER/course") == before
    True
    >>> titled(before, "notebooks/09_se.ipynb", "https://github.com/ana/course").splitlines()[2][:64]
    '<small>Open in [Codespaces](https://codespaces.new/ana/course) o'
    """
    title, _, rest = LINE.sub("", text, count=1).partition("\n")
    if not is_set(address):
        return f"{title}\n{rest}"
    links = [f"[{place}]({link})" for place, link in elsewhere(address, path).items()]
    places = " or ".join(filter(None, [", ".join(links[:-1]), links[-1]]))
    first = COLAB.format(address=address)
    line = f"<small>Open in {places}. In Colab, run these first, each in a cell of its own: {first}.</small>"
    return f"{title}\n\n{line}<!-- elsewhere -->\n{rest}"
