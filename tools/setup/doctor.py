"""Say in words what is wrong with this machine or checkout, and how to mend it. Standard library only.

Every check returns a list of findings; none of them changes anything.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.setup import environment

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
NEEDED_DATA = ("face_model.npz",)
PACKAGES = r"""
import csv, importlib.metadata as metadata, os, re, sys
from pip._vendor.packaging.markers import Marker
pins = re.findall(r"^([a-z0-9][^ ]*)==([^ ]+)(?: ; (.+?))? \\$", open(sys.argv[1]).read(), re.M)
for name, version, marker in pins:
    if marker and not Marker(marker).evaluate():
        continue
    try:
        package = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        print("missing", name, version, sep="\t")
        continue
    if package.version != version:
        print("other", name, version, package.version, sep="\t")
        continue
    # not package.files: from Python 3.12 on it leaves out those that are missing
    for path, _, size in csv.reader((package.read_text("RECORD") or "").splitlines()):
        place = os.fspath(package.locate_file(path))
        if path.endswith(".pyc"):
            continue
        if not os.path.exists(place) or size not in ("", str(os.path.getsize(place))):
            print("torn", name, path, sep="\t")
            break
"""


@dataclass
class Finding:
    """What was looked at: ``state`` is "good", "note" (works, but) or "bad"; ``mend`` is what to do."""

    state: str
    what: str
    mend: str = ""


def check_machine(complaint: str) -> list[Finding]:
    """Python's version and the platform; ``complaint`` is course.py's sentence on them, or ""."""
    if complaint:
        return [Finding("bad", complaint)]
    return [
        Finding("good", f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
    ]


def check_disk(free: int, installed: bool) -> list[Finding]:
    """Free bytes where the course lies: 4 GB before the packages are installed, half of one after."""
    need = 0.5 if installed else 4.0
    gigabytes = free / 1e9
    if gigabytes < need:
        return [
            Finding(
                "bad", f"{gigabytes:.1f} GB of disk are free; {need} GB are needed.", "Free some disk space."
            )
        ]
    return [Finding("good", f"{gigabytes:.0f} GB of disk free")]


def memory() -> int | None:
    """The machine's memory in bytes, or None where the system does not tell."""
    try:
        if os.name == "nt":
            import ctypes

            kilobytes = ctypes.c_ulonglong()
            ctypes.windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes))
            return kilobytes.value * 1024 or None
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def check_memory(total: int | None) -> list[Finding]:
    """Below 3 GB TensorFlow's lessons are ended by the system; below 6 GB they may be, beside a browser."""
    if total is None:
        return [Finding("note", "The memory of this machine could not be read.")]
    gigabytes = total / 1e9
    if gigabytes < 3:
        return [Finding("bad", f"This machine has {gigabytes:.1f} GB of memory; 3 GB are needed.",
                        "Use a larger machine.")]  # fmt: skip
    if gigabytes < 6:
        return [
            Finding("note", f"{gigabytes:.1f} GB of memory: close other programs for the lessons that train.")
        ]
    return [Finding("good", f"{gigabytes:.0f} GB of memory")]


def check_writable(folders) -> list[Finding]:
    """Whether a file can be made in each of the folders that exist."""
    findings = []
    for folder in filter(Path.is_dir, folders):
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            reason = error.strerror or error
            findings.append(Finding("bad", f"Nothing can be written into {folder}: {reason}.",
                                    "Put the course in a folder that belongs to you."))  # fmt: skip
    return findings or [Finding("good", "the course's folders can be written")]


def check_path(root: Path, windows: bool) -> list[Finding]:
    """On Windows a long path breaks installing, and OpenCV and dlib cannot open one beyond ASCII."""
    if windows and len(str(root)) > 80:
        return [
            Finding(
                "note", f"{root} is a long path for Windows.", "Move the course to a short one: C:\\course."
            )
        ]
    if windows and not str(root).isascii():
        return [
            Finding("note", f"OpenCV and dlib may fail to read files in {root}.", "Move it to C:\\course.")
        ]
    return []


def check_packages(root: Path) -> list[Finding]:
    """Whether .venv holds what the lock says: each version, each file and its size."""
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
    python = environment.python_in(venv)
    asked = subprocess.run([python, "-c", PACKAGES, lock], capture_output=True, text=True)
    if asked.returncode:
        return [Finding("bad", f"The packages could not be read: {_last_line(asked.stderr)}", REDO)]
    findings = []
    for line in asked.stdout.splitlines():
        state, name, *rest = line.split("\t")
        words = {"missing": "{} {} is not installed.", "torn": "{}: its file {} is missing or cut short.",
                 "other": "{} should be {} and is {}."}  # fmt: skip
        findings.append(Finding("bad", words[state].format(name, *rest), REDO))
    return findings or [Finding("good", "every package is there, as in requirements.lock")]


def check_imports(python: Path, surroundings: dict, modules=KEY_MODULES) -> list[Finding]:
    """Really import the packages on which everything stands, each in a process of its own."""
    findings = []
    for module in modules:
        asked = subprocess.run(
            [python, "-c", f"import {module}"], capture_output=True, text=True, env=surroundings
        )
        if asked.returncode:
            findings.append(Finding("bad", f"`import {module}` fails: {_last_line(asked.stderr)}", REDO))
    return findings or [Finding("good", "imports work: " + ", ".join(modules))]


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no word on why"])[-1]


def check_data(data: Path) -> list[Finding]:
    """Whether the face model and the weights are there and are those that were shipped."""
    mend = "Run `git checkout -- data`, or clone the course again."
    sums = data / "SHA256SUMS"
    if not sums.is_file():
        return [Finding("bad", f"{sums} is missing: the shipped files cannot be checked.", mend)]
    listed = dict(reversed(line.split(maxsplit=1)) for line in sums.read_text(encoding="utf-8").splitlines())
    findings = []
    for name in sorted({*listed, *NEEDED_DATA}):
        file = data / name
        if not file.is_file():
            findings.append(Finding("bad", f"data/{name} is missing.", mend))
        elif name in listed and hashlib.sha256(file.read_bytes()).hexdigest() != listed[name]:
            findings.append(Finding("bad", f"data/{name} is not the file that was shipped.", mend))
    return findings or [
        Finding("good", f"the face model and the weights are as shipped ({len(listed)} files)")
    ]


def check_variables(variables) -> list[Finding]:
    """Variables that bend Python's own search for packages; course.py drops them, other ways in do not."""
    bent = [name for name in ("PYTHONPATH", "PYTHONHOME") if variables.get(name)]
    mend = "Nothing to do with course.py, which sets them aside; unset them to start Jupyter yourself."
    return [Finding("note", f"{' and '.join(bent)} is set.", mend)] if bent else []


def main(root: Path, complaint: str) -> int:
    """Print every finding; 0 when nothing is bad, else 1."""
    installed = environment.is_ready(root / ".venv", root / "requirements.lock")
    findings = check_machine(complaint) + check_path(root, os.name == "nt")
    findings += check_disk(shutil.disk_usage(root).free, installed) + check_memory(memory())
    findings += check_writable([root, root / ".venv", root / "data", root / "notebooks"])
    findings += check_variables(os.environ) + check_data(root / "data")
    packages = check_packages(root)
    findings += packages
    if packages[0].state == "good":
        print("Importing the packages ...", flush=True)
        findings += check_imports(environment.python_in(root / ".venv"), environment.surroundings(root))
    for finding in findings:
        print({"good": "  ok    ", "note": "  note  ", "bad": "  BAD   "}[finding.state] + finding.what)
        if finding.mend:
            print("          -> " + finding.mend)
    bad = sum(finding.state == "bad" for finding in findings)
    print(f"\n{bad} to mend." if bad else "\nNothing to mend.")
    return 1 if bad else 0
