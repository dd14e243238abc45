"""Results as files: merged into what was measured before, rounded, written whole or not at all."""

import importlib.metadata
import json
import os
import platform
from pathlib import Path

import numpy as np

from facelm_helpers.atomic import write_text

PACKAGES = ("numpy", "opencv-python-headless", "dlib-bin", "tensorflow", "tensorflow-cpu", "keras",
            "ai-edge-litert", "onnxruntime")  # fmt: skip
DIGITS = 5


def read(path):
    """Earlier results, or an empty dict.

    Raises
    ------
    ValueError
        If the file is there and is not what `write` writes.
    """
    path = Path(path)
    if not path.is_file():
        return {}
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} holds no results of the bench ({error}): delete it") from None
    if not isinstance(results, dict):
        raise ValueError(f"{path} holds a {type(results).__name__}: wanted an object; delete it")
    return results


def phases(record):
    """The runs of one training, in order: those before, and the last, which holds them.

    >>> phases({"hours": 2, "before": [{"hours": 1}]})[0]
    {'hours': 1}
    """
    return [*record.get("before", []), record]


def merge(old, new):
    """Old results with the new ones in their place; what was not measured again stays.

    >>> merge({"a": {"x": 1, "y": 2}, "b": 3}, {"a": {"y": 5}})
    {'a': {'x': 1, 'y': 5}, 'b': 3}
    """
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return old | {key: merge(old.get(key), value) for key, value in new.items()}


def rounded(value, digits=DIGITS):
    """Plain Python numbers, so that the same measurement gives the same file.

    >>> rounded({"nme": np.float32(0.0712345678), "faces": np.int64(3)})
    {'nme': 0.07123, 'faces': 3}
    """
    if isinstance(value, dict):
        return {str(key): rounded(inner, digits) for key, inner in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [rounded(inner, digits) for inner in value]
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return round(float(value), digits) if np.isfinite(value) else None
    return value


def write(path, content):
    """Write a dict as JSON, or a text as it is, all of it or nothing."""
    text = content if isinstance(content, str) else json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    write_text(path, text)


def machine():
    """What the figures were measured on: no names of hosts, users or folders."""
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "processor": processor(),
        "cores": len(affinity(0)) if affinity else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
    }


def processor():
    """The name of the processor's model, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    except OSError:
        named = []
    return named[0] if named else platform.processor() or platform.machine()


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
