"""Compare the installed packages with a lock: ``python -I installed.py LOCK``, by the Python that has them.

Standard library and pip's own copy of ``packaging``. Prints a line for each package that is looked at
("read", count, of how many) and for each fault: missing, another version, or a file unlike its RECORD.
"""

import base64
import csv
import hashlib
import importlib.metadata as metadata
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor

from pip._vendor.packaging.markers import Marker

PIN = re.compile(r"^([a-z0-9][^ ]*)==([^ ]+)(?: ; (.+?))? \\$", re.M)


def tell(*words):
    print(*words, sep="\t", flush=True)


def differs(recorded):
    """Whether a file is missing, or its hash or, without one, its size is not the recorded one."""
    place, digest, size = recorded
    try:
        if not digest:
            return not os.path.exists(place) or size not in ("", str(os.path.getsize(place)))
        kind, _, wanted = digest.partition("=")
        with open(place, "rb") as file:
            found = hashlib.file_digest(file, kind).digest()
    except (OSError, ValueError):
        return True
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode() != wanted.rstrip("=")


def main(lock):
    with open(lock, encoding="utf-8") as file:
        pins = PIN.findall(file.read())
    pins = [(name, version) for name, version, marker in pins if not marker or Marker(marker).evaluate()]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for count, (name, version) in enumerate(pins, 1):
            tell("read", count, len(pins))
            try:
                package = metadata.distribution(name)
            except metadata.PackageNotFoundError:
                tell("missing", name, version)
                continue
            if package.version != version:
                tell("other", name, version, package.version)
                continue
            # not package.files: from Python 3.12 on it leaves out those that are missing
            rows = list(csv.reader((package.read_text("RECORD") or "").splitlines()))
            rows = [row for row in rows if len(row) == 3 and not row[0].endswith(".pyc")]
            places = [(os.fspath(package.locate_file(path)), digest, size) for path, digest, size in rows]
            wrong = [row[0] for row, bad in zip(rows, pool.map(differs, places), strict=True) if bad]
            if wrong or not rows:
                tell("torn", name, wrong[0] if wrong else "RECORD")


if __name__ == "__main__":
    main(sys.argv[1])
