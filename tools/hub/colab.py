"""Prepares Google Colab for the notebooks: installs only what it lacks, and finds the course.

As a first cell, with the address of your copy:

    !git clone -q --depth 1 https://github.com/OWNER/facelm-lab course
    %run course/tools/hub/colab.py

Colab's own TensorFlow, which may use a GPU, stays, and so does every other package that is there, whatever
its version: the last digits of a notebook's numbers may differ from the printed ones. Untried on Colab.
"""

import contextlib
import importlib.util
import os
import re
import site
import subprocess
import sys
import tomllib
from pathlib import Path

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


def main():
    """Install what is missing and make the course importable."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    missing = lacking(project["dependencies"])
    if missing:
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", *missing], check=True)
    site.addsitedir(str(ROOT))
    os.chdir(ROOT / "notebooks")
    with contextlib.suppress(ImportError):  # Colab's pages show widgets only when asked to
        from google.colab import output

        output.enable_custom_widget_manager()
    print("installed:", ", ".join(missing) or "nothing")


if __name__ == "__main__":
    main()
