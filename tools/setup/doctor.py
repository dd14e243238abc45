"""Say what is wrong with this machine or checkout, and how to repair it. Standard library only.

Every check returns a list of findings; none of them changes anything.
"""

import hashlib
import os
import platform
import re
import shutil
import tempfile
from pathlib import Path

from tools.setup import environment, jupyter
from tools.setup.finding import Finding
from tools.setup.packages import check_imports, check_packages

NEEDED_DATA = ("face_model.npz",)
SUM = re.compile(r"([0-9a-f]{64}) [ *](.+)")


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


def check_data(data: Path) -> list[Finding]:
    """Whether the face model and the weights are there and are those that were shipped."""
    remedy = "Run `git checkout -- data`, or clone the course again."
    sums = data / "SHA256SUMS"
    if not sums.is_file():
        return [Finding("bad", f"{sums} is missing: the shipped files cannot be checked.", remedy)]
    lines = [line for line in sums.read_bytes().decode("utf-8", "replace").splitlines() if line.strip()]
    found = [SUM.fullmatch(line) for line in lines]
    if not lines or not all(found):
        return [Finding("bad", f"{sums} is damaged: the shipped files cannot be checked.", remedy)]
    listed = {match[2]: match[1] for match in found}
    findings = []
    for name in sorted({*listed, *NEEDED_DATA}):
        file = data / name
        try:
            as_shipped = name in listed and hashlib.sha256(file.read_bytes()).hexdigest() == listed[name]
        except FileNotFoundError:
            findings.append(Finding("bad", f"data/{name} is missing.", remedy))
        except OSError as error:
            findings.append(Finding("bad", f"data/{name} cannot be read: {error.strerror}.", remedy))
        else:
            if not as_shipped:
                findings.append(Finding("bad", f"data/{name} is not the file that was shipped.", remedy))
    return findings or [
        Finding("good", f"the face model and the weights are as shipped ({len(listed)} files)")
    ]


def check_variables(variables) -> list[Finding]:
    """Variables that bend Python's own search for packages; course.py drops them, other ways in do not."""
    bent = [name for name in ("PYTHONPATH", "PYTHONHOME") if variables.get(name)]
    remedy = "Nothing to do with course.py, which sets them aside; unset them to start Jupyter yourself."
    return [Finding("note", f"{' and '.join(bent)} is set.", remedy)] if bent else []


def main(root: Path, complaint: str) -> int:
    """Print every finding as it is made; 0 when nothing is bad, else 1."""
    venv, lock = root / ".venv", root / "requirements.lock"
    installed = lock.is_file() and environment.is_ready(venv, lock)
    bad = 0

    def tell(findings):
        nonlocal bad
        for finding in findings:
            print({"good": "  ok    ", "note": "  note  ", "bad": "  BAD   "}[finding.state] + finding.what)
            if finding.remedy:
                print("          -> " + finding.remedy, flush=True)
        bad += sum(finding.state == "bad" for finding in findings)
        return all(finding.state == "good" for finding in findings)

    tell(check_machine(complaint) + check_path(root, os.name == "nt"))
    tell(check_disk(shutil.disk_usage(root).free, installed) + check_memory(memory()))
    tell(check_writable([root, venv, root / "data", root / "notebooks"]) + check_variables(os.environ))
    tell(check_data(root / "data"))
    if tell(check_packages(root)):
        tell(check_imports(environment.python_in(venv), jupyter.variables(root)))
    print(f"\n{bad} to repair." if bad else "\nNothing to repair.")
    return 1 if bad else 0
