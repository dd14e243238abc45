"""Lists of packages for other places than one machine: `.binder/requirements.txt`, `hub/requirements.txt`.

    python -m tools.setup.pinned

The versions are those of requirements.lock. Binder's list leaves out TensorFlow and what only it needs, to
fit into 2 GB of memory. The hub's holds what `pyproject.toml` names as the extra `hub`; only an environment
in which that is installed writes it.
"""

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from facelm_helpers.atomic import write_text

ROOT = Path(__file__).resolve().parents[2]
BINDER, HUB = ROOT / ".binder" / "requirements.txt", ROOT / "hub" / "requirements.txt"
HEAVY = ("tensorflow", "tensorflow-cpu", "keras", "h5py", "tensorboard", "onnx", "onnxruntime", "tf2onnx",
         "voila")  # fmt: skip
HEADER = "# Made by `python -m tools.setup.pinned`; do not edit.\n"


def project():
    """The table ``project`` of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def locked():
    """Name -> version of every package in requirements.lock."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9][a-z0-9.-]*)==(\S+)", text, re.MULTILINE))


def light():
    """What Binder installs, as pyproject.toml asks for it.

    >>> "tensorflow" in {one.name for one in light()}
    False
    """
    asked = map(Requirement, project()["dependencies"])
    return [one for one in asked if one.name not in HEAVY]


def needed(requirements):
    """Name -> installed version of some requirements and of all that they require, however deep.

    Parameters
    ----------
    requirements : iterable of packaging.requirements.Requirement

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        If one is not installed here.
    """
    found, seen, waiting = {}, set(), list(requirements)
    while waiting:
        one = waiting.pop()
        key = canonicalize_name(one.name), frozenset(one.extras)
        if key in seen:
            continue
        seen.add(key)
        package = metadata.distribution(one.name)
        found[key[0]] = package.version
        for line in package.requires or []:
            inner = Requirement(line)
            if inner.marker is None or any(inner.marker.evaluate({"extra": e}) for e in ("", *one.extras)):
                waiting.append(inner)
    return found


def text_of(versions):
    """The lines of a file."""
    return HEADER + "".join(f"{name}=={version}\n" for name, version in sorted(versions.items()))


def main():
    """The command line. Returns the exit status."""
    lock = locked()
    write_text(BINDER, text_of({name: lock[name] for name in needed(light()) if name in lock}))
    extra = [Requirement(line) for line in project()["optional-dependencies"]["hub"]]
    try:
        added = {name: version for name, version in needed(extra).items() if name not in lock}
    except metadata.PackageNotFoundError as error:
        print(f"{HUB.relative_to(ROOT)} stays as it is: {error.name} is not installed here.")
    else:
        write_text(HUB, text_of(added))
    return 0


if __name__ == "__main__":
    sys.exit(main())
