"""Write requirements.lock from pyproject.toml: exact versions, hashes, markers, no address.

    python -m tools.setup.lock            # keep the versions that are locked wherever they still fit
    python -m tools.setup.lock --upgrade  # take the newest of everything

One lock serves Python 3.11 to 3.13 on Linux, Windows and Apple silicon, with the same version of a package on
each, so that a notebook's numbers are the same everywhere. It needs ``uv`` (``pip install uv``).
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from facelm_helpers.atomic import write_text

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements.lock"
HEADER = """\
# Made by `python -m tools.setup.lock` from pyproject.toml; do not edit.
# Python 3.11 to 3.13 on Linux (x86_64, aarch64), Windows (AMD64) and macOS 14 or later (arm64).
"""
PIN = re.compile(r"[a-z0-9][a-z0-9.-]*==\S+( ; .+)? \\$|    --hash=sha256:[0-9a-f]{64}( \\)?$")


def solve(upgrade: bool) -> str:
    """Ask uv for the pins, starting from those that are locked already."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "lock.txt"
        if LOCK.exists():
            draft.write_text(LOCK.read_text())
        command = [
            "uv",
            "pip",
            "compile",
            "pyproject.toml",
            "--extra",
            "dev",
            "--output-file",
            str(draft),
            "--quiet",
        ]
        command += [
            "--universal",
            "--python-version",
            "3.11",
            "--fork-strategy",
            "fewest",
            "--generate-hashes",
        ]
        command += ["--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links"]
        # the machine's own links may hold other builds, whose hashes nobody else could match
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))
        }
        subprocess.run(command + ["--upgrade"] * upgrade, cwd=ROOT, env=environment, check=True)
        return draft.read_text()


def only_pins(text: str) -> str:
    """Keep pins and hashes; anything else (an address, a path) has no business in the lock.

    >>> only_pins("--some-option /somewhere\\n# via x\\n")
    ''
    """
    lines = [line.rstrip() for line in text.splitlines()]
    return "".join(f"{line}\n" for line in lines if PIN.match(line))


def main() -> int:
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    pins = only_pins(solve("--upgrade" in sys.argv[1:]))
    write_text(LOCK, HEADER + pins)
    packages = len(re.findall("(?m)^[a-z0-9]", pins))
    print(f"{LOCK.name}: {packages} packages, {pins.count('--hash=')} hashes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
