"""Named arrays in one `.npz` file: written whole, and read only as they were declared.

A file may be damaged, or come from anyone. So what it claims to hold (names, types, shapes, sizes) is looked
at before any array is read, and the values before anyone uses them. Nothing in it is executed.
"""

import fnmatch
import math
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from facelm_helpers.atomic import whole_file

MOST = 2**31  # bytes that a file may unfold to


class Array(NamedTuple):
    """What an array in a file has to be.

    Attributes
    ----------
    types : str
        One NumPy type or several, such as "f4" or "f2 f4"; "U" is text; empty for any numbers or text.
    shape : tuple, optional
        Of lengths. A letter is any length, the same wherever it stands in the file; a capital is not 0.
    low, high : float
        The range of its values.
    """

    types: str = ""
    shape: tuple | None = None
    low: float = -math.inf
    high: float = math.inf


TEXT = Array("U", ())


def write_arrays(path, arrays, compressed=False):
    """Write a dict of arrays to an ``.npz`` file, all of it or nothing.

    Returns
    -------
    Path
    """
    with whole_file(path) as file:
        (np.savez_compressed if compressed else np.savez)(file, **arrays)
    return Path(path)


def read_arrays(path, wanted=None, what="arrays", beside=()):
    """The arrays of a file, if it holds what it should.

    Parameters
    ----------
    path : path
    wanted : dict of Array, optional
        By name. A name with ``*`` stands for any number of arrays, any other for one that must be there. By
        default any arrays of finite numbers or text.
    what : str
        What the file should be, for the message.
    beside : sequence of str
        Names, or patterns, of what may be there too; it is not read.

    Returns
    -------
    dict of arrays

    Raises
    ------
    FileNotFoundError
    ValueError
        If the file is damaged or something else, lacks an array, or has one too many, or one that is not as
        declared. One sentence that names the file.
    """
    path, wanted = Path(path), {"*": Array()} if wanted is None else wanted
    if not path.is_file():
        raise FileNotFoundError(f"no {what} at {path}")
    try:
        with zipfile.ZipFile(path) as file:
            return _read(file, wanted, beside)
    except Exception as error:  # zip, deflate, headers, texts: each has errors of its own
        words = " ".join(str(error).split())[:200] or type(error).__name__
        raise ValueError(f"{path} holds no sound {what}: {words}") from None


def _read(file, wanted, beside):
    chosen, lengths, total = {}, {}, 0
    for member in file.infolist():
        name = member.filename.removesuffix(".npy")
        if name in chosen:
            raise ValueError(f"array {name!r} is there twice")
        kind = _declared(name, wanted)
        if kind is not None:
            with file.open(member) as stream:
                total += _check_header(name, kind, stream, member.file_size, lengths)
            chosen[name] = member
        elif not any(fnmatch.fnmatchcase(name, pattern) for pattern in beside):
            raise ValueError(f"array {name!r} does not belong there")
    missing = [name for name in wanted if "*" not in name and name not in chosen]
    if missing:
        raise ValueError(f"array {missing[0]!r} is missing")
    if total > MOST:
        raise ValueError(f"its arrays take {total / 1e9:.1f} GB: wanted {MOST / 1e9:.1f} at most")
    found = {}
    for name, member in chosen.items():
        with file.open(member) as stream:
            found[name] = np.lib.format.read_array(stream, allow_pickle=False)
        _check_values(name, _declared(name, wanted), found[name])
    return found


def _declared(name, wanted):
    if name in wanted:
        return wanted[name]
    return next((wanted[key] for key in wanted if "*" in key and fnmatch.fnmatchcase(name, key)), None)


def _check_header(name, kind, stream, size, lengths):
    """The bytes of an array, if type and shape are as declared and the archive holds as many."""
    version = np.lib.format.read_magic(stream)
    header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    shape, _, dtype = header[version](stream)
    if not (_typed(dtype, kind.types) and _fits(shape, kind.shape, lengths)):
        types = kind.types.replace(" ", " or ") or "numbers"
        wanted = f"{types} of {_words(kind, lengths)}"
        raise ValueError(f"array {name!r} is {dtype} of shape {shape}: wanted {wanted}")
    inside = math.prod(shape) * dtype.itemsize
    if inside != size - stream.tell():
        raise ValueError(f"array {name!r} declares {inside} bytes and has {size - stream.tell()}")
    return inside


def _typed(dtype, types):
    if dtype.hasobject or dtype.fields or dtype.kind not in "biufU":
        return False
    if types == "U":
        return dtype.kind == "U"
    return not types or any(dtype == np.dtype(one) for one in types.split())


def _fits(shape, wanted, lengths):
    if wanted is None:
        return True
    if len(shape) != len(wanted):
        return False
    for length, want in zip(shape, wanted, strict=True):
        if isinstance(want, str):
            if want.isupper() and not length:
                return False
            want = lengths.setdefault(want, length)
        if length != want:
            return False
    return True


def _words(kind, lengths):
    if kind.shape is None:
        return "any shape"
    return f"({', '.join(str(lengths.get(want, want)) for want in kind.shape)})"


def _check_values(name, kind, array):
    if array.dtype.kind not in "iuf" or not array.size:
        return
    low, high = float(array.min()), float(array.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"array {name!r} holds NaN or infinity")
    if low < kind.low or high > kind.high:
        raise ValueError(
            f"array {name!r} has values from {low:g} to {high:g}: wanted {kind.low:g} to {kind.high:g}"
        )
