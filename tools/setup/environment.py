"""Make and repair ``.venv`` from ``requirements.lock``. Standard library only: it runs before all else.

What is finished is known by a stamp, ``.venv/ready``, which holds the hash of the lock and is written last.
Without it the installing step runs again, and pip goes on from what is there.
"""

import hashlib
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from tools.setup.console import Progress
from tools.setup.jupyter import SETTINGS
from tools.setup.one_at_a_time import one_at_a_time

BUILD_TOOLS = ("setuptools", "wheel")  # installed first: face_recognition_models exists as source only
FROM_SOURCE = "face-recognition-models"
# what pip says when it is done with fetching one package, and never about a package's metadata alone
FETCHED = re.compile(r"(?:Downloading|Using cached|Processing|Requirement already satisfied:) (\S+)")
PROBE = "import sys, sysconfig; print(*sys.version_info[:2]); print(sysconfig.get_path('purelib'))"
COUNT = r"""
import re, sys
from pip._vendor.packaging.markers import Marker
pins = re.findall(r"^[a-z0-9][^ ]*==[^ ]+(?: ; (.+?))? \\$", open(sys.argv[1]).read(), re.M)
print(sum(not marker or Marker(marker).evaluate() for marker in pins))
"""
CAUSES = {
    "No space left": "The disk is full. Free some space (the course needs about 4 GB).",
    "DO NOT MATCH THE HASHES": "A download differs from what the lock expects. Try `pip cache purge`.",
    "Permission denied": "A file could not be written. Put the course in a folder that belongs to you.",
    "No module named ensurepip": "This Python has no `venv`. On Debian: `sudo apt install python3-venv`.",
    "ensurepip is not": "This Python has no `venv`. On Debian: `sudo apt install python3-venv`.",
    "Temporary failure in name resolution": "There is no way to the package index. Go online, try again.",
    "NewConnectionError": "There is no way to the package index. Go online, try again.",
    "ReadTimeout": "The connection to the package index broke off. Try again: what is fetched is kept.",
    "ProxyError": "The proxy did not let pip through. Set HTTPS_PROXY to your network's proxy.",
    "SSLError": "The package index's certificate was not accepted: a proxy or a wrong clock, as a rule.",
    "No matching distribution": "The package index has no build of a package for this Python and machine.",
    "Errno 2": "A path may be too long (on Windows): move the course to a short folder such as C:\\course.",
}


class SetupError(Exception):
    """What went wrong while ``.venv`` was made, and how to repair it."""


def python_in(venv: Path) -> Path:
    """The path of the interpreter of a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def lock_hash(lock: Path) -> str:
    """The SHA-256 of the lock: what the stamp of a finished environment holds."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def is_ready(venv: Path, lock: Path) -> bool:
    """Whether the last installing into ``venv`` came to its end, with this very lock."""
    stamp = venv / "ready"
    return stamp.is_file() and stamp.read_bytes().strip() == lock_hash(lock).encode()


def site_packages(venv: Path) -> Path | None:
    """The folder of the installed packages, or None without a working Python 3.11 to 3.13."""
    try:
        answer = subprocess.run([python_in(venv), "-c", PROBE], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = answer.stdout.decode("utf-8", "replace").splitlines()
    works = answer.returncode == 0 and len(lines) == 2 and lines[0] in ("3 11", "3 12", "3 13")
    return Path(lines[1]) if works else None


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".tmp")
    draft.write_bytes(text.encode())
    os.replace(draft, path)


def drop_half_installed(folder: Path) -> list[str]:
    """Forget packages whose installing was cut off, so that pip does not take them for installed.

    pip rewrites a package's RECORD last, and that RECORD names the file INSTALLER; before that it does not.
    """
    dropped = []
    for info in folder.glob("*.dist-info"):
        record = info / "RECORD"
        if not record.is_file() or "INSTALLER," not in record.read_text(encoding="utf-8", errors="replace"):
            shutil.rmtree(info)
            dropped.append(info.name.removesuffix(".dist-info"))
    return dropped


def _pip(python: Path, arguments: list, log: Path, watch) -> None:
    """Run pip, its words into ``log``; ``watch(line or None)`` is called for each and every half second."""
    command = [python, "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-compile", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", *arguments]
    lines: queue.Queue = queue.Queue()
    with open(log, "a", encoding="utf-8") as file:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip

        def read():
            for line in process.stdout:
                lines.put(line)
            lines.put("")

        threading.Thread(target=read, daemon=True).start()
        try:
            while True:
                try:
                    line = lines.get(timeout=0.5)
                except queue.Empty:
                    watch(None)
                    continue
                if not line:
                    break
                file.write(line)
                watch(line)
            code = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if code:
        raise SetupError(explain(log.read_text(encoding="utf-8", errors="replace"), log))


def explain(text: str, log: Path) -> str:
    """Say why pip failed, from what it wrote."""
    for sign, words in CAUSES.items():
        if sign in text:
            return f"{words} (pip's own words are in {log})"
    tail = "\n".join("    " + line for line in text.strip().splitlines()[-6:])
    return f"pip could not install the packages. Its last words:\n{tail}\n  All of them are in {log}"


def _install(venv: Path, folder: Path, lock: Path, say) -> None:
    """Two calls of pip: the tools that build a source package, pinned like the rest, then the lock."""
    python, log = python_in(venv), venv / "install.log"
    log.unlink(missing_ok=True)
    for name in drop_half_installed(folder):
        say(f"  {name} was only half there: it is installed again")
    counted = subprocess.run([python, "-c", COUNT, lock], capture_output=True, text=True)
    total = int(counted.stdout) if counted.returncode == 0 else 0
    progress, fetched, unpacking = Progress(), set(), []

    def watch(line):
        if line and line.startswith("Installing collected packages"):
            unpacking.append(line)
        match = FETCHED.search(line or "")
        if match and ".metadata" not in match[1]:
            fetched.add(re.split(r"[-=<>]", Path(match[1]).name)[0].lower())
        there = sum(1 for _ in folder.glob("*.dist-info"))
        doing, count = ("installing", there) if unpacking else ("fetching", len(fetched))
        progress.show(f"{doing} {min(count, total)} of {total}")

    pins = lock.read_text(encoding="utf-8")
    tools = [
        match[0]
        for name in BUILD_TOOLS
        if (match := re.search(rf"^{name}==.*\n(?:    --hash.*\n)+", pins, re.M))
    ]
    if tools:
        write(venv / "build-tools.txt", "".join(tools))
        _pip(python, ["--only-binary", ":all:", "-r", venv / "build-tools.txt"], log, watch)
    binary = ["--only-binary", ":all:", "--no-binary", FROM_SOURCE]  # nothing else is ever compiled here
    unpacking.clear()
    _pip(python, [*binary, "--no-build-isolation", "-r", lock], log, watch)
    progress.show(f"{total} packages installed", final=True)


def ensure(root: Path, say=print) -> Path:
    """Make ``root/.venv`` what ``root/requirements.lock`` says, doing what is missing; return its Python.

    A finished one is only read. Of two starts at once, one installs and the other waits.

    Raises
    ------
    SetupError
        When it cannot be made; the message says why and what to do.
    """
    venv, lock = root / ".venv", root / "requirements.lock"
    if not lock.is_file():
        raise SetupError(f"{lock} is missing. Bring it back with `git checkout -- requirements.lock`.")
    if _is_finished(root):
        return python_in(venv)
    try:
        with one_at_a_time(
            root / ".venv.lock", lambda: say("Another start is installing: waiting until it is done ...")
        ):
            return _make(root, say)
    except OSError as error:
        where, why = error.filename or root, error.strerror or error
        raise SetupError(
            f"{where} cannot be written: {why}. Put the course in a folder that belongs to you."
        ) from error


def _own_files(root: Path, folder: Path) -> dict[Path, str]:
    """What the course adds to the packages: how to find its own, and Jupyter's settings."""
    # the notebooks import the package from here; a moved checkout is noticed
    return {folder / "facelm-lab.pth": f"{root}\n"} | {
        root / ".venv" / path: json.dumps(content) for path, content in SETTINGS.items()
    }


def _is_there(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def _is_finished(root: Path) -> bool:
    venv = root / ".venv"
    folder = site_packages(venv) if is_ready(venv, root / "requirements.lock") else None
    return folder is not None and all(_is_there(*file) for file in _own_files(root, folder).items())


def _make(root: Path, say) -> Path:
    venv, lock = root / ".venv", root / "requirements.lock"
    folder = site_packages(venv) if venv.exists() else None
    if folder is None or not is_ready(venv, lock):
        if folder is None or not (folder / "pip").is_dir():
            if venv.exists():
                say("The environment in .venv has no working Python: it is made anew.")
                shutil.rmtree(venv)
            say(f"Making .venv with Python {sys.version_info[0]}.{sys.version_info[1]} ...")
            made = subprocess.run([sys.executable, "-m", "venv", venv], capture_output=True, text=True)
            if made.returncode:
                raise SetupError(explain(made.stdout + made.stderr, venv))
            folder = site_packages(venv)
            if folder is None:
                raise SetupError(
                    f"The Python that was put into {venv} does not run. Install Python 3.11 to 3.13."
                )
        (venv / "ready").unlink(missing_ok=True)
        say("Installing the packages of requirements.lock. Cut off, it goes on where it was.")
        _install(venv, folder, lock, say)
    for path, text in _own_files(root, folder).items():
        if not _is_there(path, text):
            write(path, text)
    if not is_ready(venv, lock):
        write(venv / "ready", lock_hash(lock) + "\n")
    return python_in(venv)
