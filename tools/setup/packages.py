"""Whether .venv holds what requirements.lock says, and whether it works. Standard library only."""

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.setup import environment
from tools.setup.console import Progress
from tools.setup.finding import Finding

REDO = "Delete the folder .venv and run `python course.py lab`: it is made anew."
KEY_MODULES = (
    "numpy",
    "scipy",
    "matplotlib",
    "skimage",
    "cv2",
    "dlib",
    "ipywidgets",
    "jupyterlab",
    "tensorflow",
    "keras",
)
# one process for all: TensorFlow and Keras are loaded once
IMPORTS = """
import importlib, sys
for name in sys.argv[1:]:
    print("importing", name, flush=True)
    try:
        importlib.import_module(name)
    except BaseException as error:
        print("failed", name, type(error).__name__, str(error).replace(chr(10), " "), flush=True)
"""


def check_packages(root: Path) -> list[Finding]:
    """Whether .venv holds what the lock says: each version, and each file as it was installed."""
    venv, lock = root / ".venv", root / "requirements.lock"
    if not lock.is_file():
        return [Finding("bad", "requirements.lock is missing.", "Run `git checkout -- requirements.lock`.")]
    if not venv.exists():
        return [Finding("note", "The packages are not installed yet.", "`python course.py lab` does that.")]
    if environment.site_packages(venv) is None:
        return [Finding("bad", "The Python in .venv does not run.", REDO)]
    if not environment.is_ready(venv, lock):
        return [Finding("note", "The packages are not, or only partly, those of requirements.lock.",
                        "`python course.py lab` goes on installing them.")]  # fmt: skip
    words = {"missing": "{} {} is not installed.", "other": "{} should be {} and is {}.",
             "torn": "{}: its file {} is missing or was changed."}  # fmt: skip
    findings, progress = [], Progress()
    python, script = environment.python_in(venv), Path(__file__).with_name("installed.py")
    with _lines([python, "-I", script, lock]) as (process, lines):
        for line in lines:
            state, *rest = line.split("\t")
            if state == "read":
                progress.show(f"reading the packages, {rest[0]} of {rest[1]}")
            elif state in words:
                findings.append(Finding("bad", words[state].format(*rest), REDO))
    progress.show("packages read", final=True)
    if process.returncode:
        return [Finding("bad", f"The packages could not be read: {_last_line(process.stderr)}", REDO)]
    return findings or [Finding("good", "every package is there, as in requirements.lock")]


def check_imports(python: Path, variables: dict, modules=KEY_MODULES) -> list[Finding]:
    """Really import the packages on which everything stands; one that crashes Python is named, too."""
    findings, left, progress = [], list(modules), Progress()
    while left:
        name = left[0]
        with _lines([python, "-c", IMPORTS, *left], env=variables) as (process, lines):
            for line in lines:
                state, _, rest = line.partition(" ")
                if state == "importing":
                    name = rest
                    progress.show(f"importing {name}")
                elif state == "failed":
                    name, _, why = rest.partition(" ")
                    findings.append(Finding("bad", f"`import {name}` fails: {why}", REDO))
        if not process.returncode:
            break
        findings.append(Finding("bad", f"`import {name}` ends Python: {_last_line(process.stderr)}", REDO))
        left = left[left.index(name) + 1 :]
    progress.show("packages imported", final=True)
    return findings or [Finding("good", "imports work: " + ", ".join(modules))]


@contextlib.contextmanager
def _lines(command, **options):
    """A process and the lines that it prints; what it wrote as errors is in its ``stderr``, a string."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL,
            text=True, encoding="utf-8", errors="replace", **options,
        )  # fmt: skip
        try:
            yield process, (line.rstrip("\n") for line in process.stdout)
        finally:
            if sys.exc_info()[0]:
                process.kill()
            process.wait()
            process.stdout.close()
            errors.seek(0)
            process.stderr = errors.read().decode("utf-8", "replace")


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no word on why"])[-1]
