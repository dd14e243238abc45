"""Prepares Google Colab for the notebooks: installs only what it lacks, and finds the course.

As a first cell, with the address of your copy:

    !git clone -q --depth 1 https://github.com/OWNER/facelm-lab course
    %run course/tools/hub/colab.py

Colab's own TensorFlow, which may use a GPU, stays, and so does every other package that is there, whatever
its version: the last digits of a notebook's numbers may differ from the printed ones. Packages that are older
than the course asks for are listed; with one of them a cell may fail. Untried on Colab.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import re
import site
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
# packages whose module has another name; any distribution that brings the module will do
MODULES = {
    "tensorflow-cpu": "tensorflow", "opencv-python-headless": "cv2", "dlib-bin": "dlib", "pillow": "PIL",
    "scikit-image": "skimage", "scikit-learn": "sklearn", "ai-edge-litert": "ai_edge_litert",
    "protobuf": "google.protobuf",
}  # fmt: skip
SERVERS = ("jupyterlab", "voila")  # Colab brings its own page


def module_of(requirement):
    """The module that a requirement brings.

    >>> module_of("opencv-python-headless==5.0.0.93"), module_of("numpy>=2,<3")
    ('cv2', 'numpy')
    """
    name = re.match(r"[\w.-]+", requirement)[0]
    return MODULES.get(name, name.replace("-", "_"))


def lacking(requirements, there=lambda module: importlib.util.find_spec(module) is not None):
    """Of some requirements those whose module is not there, without markers; servers are left out.

    >>> lacking(["numpy>=2", "dlib-bin>=20", "voila"], there={"numpy"}.__contains__)
    ['dlib-bin>=20']
    """
    plain = [line.partition(";")[0].strip() for line in requirements]
    missing = {module_of(line): line for line in plain if not line.startswith(SERVERS)}
    return [line for module, line in missing.items() if not there(module)]


def there():
    """Distribution -> version of all that is installed."""
    found = ((one.metadata["Name"], one.version) for one in importlib.metadata.distributions())
    return {name: version for name, version in found if name}


def refused(requirements, versions):
    """Of some requirements those that an installed version does not meet: sentences.

    Any distribution that brings the module counts, since `tensorflow` stands for `tensorflow-cpu`.

    Parameters
    ----------
    requirements : list of str
    versions : dict
        Module -> version of what brings it.

    Examples
    --------
    >>> refused(["numpy>=2", "dlib-bin>=20"], {"numpy": "1.26", "dlib": "20.0"})
    ['numpy 1.26 (wanted >=2)']
    """
    wanted = [one for one in map(Requirement, requirements) if one.marker is None or one.marker.evaluate()]
    found = [(one, versions.get(module_of(one.name))) for one in wanted]
    return [
        f"{one.name} {version} (wanted {one.specifier})"
        for one, version in found
        if version and not one.specifier.contains(version, prereleases=True)
    ]


def install(missing):
    """Install some packages, and change none that is there."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept.txt"
        kept.write_text("\n".join(f"{name}=={version}" for name, version in there().items()))
        command = [sys.executable, "-m", "pip", "install", "-q", "--constraint", str(kept), *missing]
        subprocess.run(command, check=True)


def main():
    """Install what is missing and make the course importable."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    missing = lacking(project["dependencies"])
    if missing:
        install(missing)
    site.addsitedir(str(ROOT))
    os.chdir(ROOT / "notebooks")
    with contextlib.suppress(ImportError):  # Colab's pages show widgets only when asked to
        from google.colab import output

        output.enable_custom_widget_manager()
    print("installed:", ", ".join(missing) or "nothing")
    modules, installed = importlib.metadata.packages_distributions(), there()
    versions = {module: installed.get(names[0]) for module, names in modules.items()}
    if old := refused(project["dependencies"], versions):
        print("left unchanged, though the course asks for other versions:", ", ".join(old))


if __name__ == "__main__":
    main()
