"""A method's weights as a file: settings and arrays, read only if the method can have them."""

import inspect
import json
import math

import numpy as np

from facelm_helpers.arrays import TEXT, read_arrays, write_arrays

FORMAT = "facelm_helpers aligner 1"
HEAD = dict.fromkeys(("format", "name", "configuration", "provenance*"), TEXT)  # the last may be missing


def write(aligner, path):
    """The file of a fitted aligner; its Path is returned."""
    head = {"format": FORMAT, "name": aligner.name, "configuration": json.dumps(aligner.configuration())}
    head["provenance"] = json.dumps(aligner.provenance)
    content = {key: np.array(value) for key, value in head.items()} | aligner._state()
    return write_arrays(path, content, compressed=True)


def read(kind, path):
    """An aligner of a class from a file; what is raised, see `Aligner.load`."""
    what = f"weights of {kind.name}"
    head = {key: str(text) for key, text in read_arrays(path, HEAD, what, beside=["*"]).items()}
    if head["format"] != FORMAT:
        raise ValueError(f"{path} says its format is {head['format']!r}: wanted {FORMAT!r}")
    if head["name"] != kind.name:
        raise ValueError(f"{path} holds weights of {head['name']!r}: wanted those of {kind.name!r}")
    try:
        aligner = kind(**_settings(kind, head["configuration"]))
        aligner.provenance = _told(head.get("provenance", "{}"))
        wanted = aligner._arrays()
    except Exception as error:  # of a constructor that never saw such settings
        words = f"{path} was saved by another version of {kind.name!r}, or altered: {_line(error)}"
        raise ValueError(words) from None
    state = read_arrays(path, wanted, what, beside=HEAD)
    try:
        aligner._restore(state)
    except Exception as error:  # each array is as it should be, but they do not go together
        raise ValueError(f"{path} holds no sound {what}: {_line(error)}") from error
    return aligner


def _settings(kind, text):
    """The keyword arguments in a configuration's JSON text, if each looks like its default."""
    given, known = json.loads(text), inspect.signature(kind).parameters
    if not isinstance(given, dict):
        raise ValueError(f"its configuration is {text[:40]!r}: wanted a table of settings")
    for key, value in given.items():
        if key not in known:
            raise ValueError(f"it has a setting {key!r}, which is unknown here; train it again")
        if not (value is None and key in kind.may_be_none or _alike(value, known[key].default)):
            raise ValueError(f"its {key} is {value!r}: wanted something like {known[key].default!r}")
        low, high = kind.bounds.get(key, (-math.inf, math.inf))
        numbers = value if isinstance(value, list) else [value]
        if key in kind.bounds and not all(low <= number <= high for number in numbers):
            raise ValueError(f"its {key} is {value!r}: wanted {low:g} to {high:g}")
    return given


def _told(text):
    """The provenance in a file: a table of texts."""
    told = json.loads(text)
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise ValueError(f"its provenance is {text[:40]!r}: wanted a table of texts")
    return told


def _line(error):
    return " ".join(str(error).split())[:200]


def _alike(value, default):
    """Whether a value from JSON is of a default's kind, and no absurd number."""
    if isinstance(default, list | tuple):
        fits = isinstance(value, list) and 0 < len(value) <= 100
        return fits and all(_alike(one, default[0]) for one in value)
    if isinstance(default, bool) or not isinstance(default, int | float):
        return type(value) is type(default)
    if isinstance(default, int):
        return type(value) is int and 0 <= value <= 10_000_000
    return type(value) in (int, float) and math.isfinite(value)
