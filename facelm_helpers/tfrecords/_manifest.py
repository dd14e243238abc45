"""What a folder of record files should hold: ``manifest.json``, with the SHA-256 of each of them."""

import hashlib
import json
from pathlib import Path

from facelm_helpers.atomic import write_text

MANIFEST = "manifest.json"
AGAIN = "run `course.py data prepare` again, which makes anew what is damaged"
_sound = set()  # states of files (path, size, time of change) that were compared


def file_hash(path):
    """The SHA-256 of a file, in hexadecimal.

    Examples
    --------
    >>> file_hash(Path(__file__).with_name("__init__.py")) == file_hash(__file__)
    False
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder):
    """The manifest of a folder, or None where there is none.

    Returns
    -------
    dict or None
        ``settings``, of what made the files; ``shards``: file name -> ``sha256``, ``bytes``, ``faces``.

    Raises
    ------
    ValueError
        If the file is damaged.
    """
    path = Path(folder) / MANIFEST
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_bytes())
        whole = bool(found["settings"]) and all("sha256" in shard for shard in found["shards"].values())
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise ValueError(f"{path} is damaged: remove it and {AGAIN}")
    return found


def write_manifest(folder, settings, shards):
    """Write it, whole or not at all; the same content gives the same bytes."""
    content = {"settings": settings, "shards": dict(sorted(shards.items()))}
    write_text(Path(folder) / MANIFEST, json.dumps(content, indent=1) + "\n")


def compare(paths):
    """Whether a manifest lists all these files of one folder, which then have been compared with it.

    Raises
    ------
    ValueError
        At the first file that differs from its hash.
    """
    known = (read_manifest(paths[0].parent) or {"shards": {}})["shards"]
    if not all(path.name in known for path in paths):
        return False
    for path in paths:
        wanted = known[path.name]["sha256"]
        state = (str(path), path.stat().st_size, path.stat().st_mtime_ns, wanted)
        if state not in _sound:
            if file_hash(path) != wanted:
                raise ValueError(f"{path} is damaged, its SHA-256 is not that of {MANIFEST}: {AGAIN}")
            _sound.add(state)
    return True
