"""What the sources of real faces share: folders, text files, a choice of faces, pictures read on demand."""

import os
import re
from pathlib import Path

import numpy as np

from facelm_helpers.images import ENDINGS, read_image
from facelm_helpers.paths import DOWNLOADS

LARGEST_TEXT = 200_000_000  # bytes; a table of 100,000 faces has half as many
FURTHER_FACE = re.compile(r"\.face\d+$", re.IGNORECASE)  # `party.face2.pts` is the second face of party.jpg
FURTHEST = 1e6  # pixels; no picture is larger


class PictureFiles:
    """A sequence of pictures that stay on disk until they are asked for.

    ``files[3]`` reads one picture, RGB uint8 (H, W, 3); a slice, an index array or a mask gives another lazy
    sequence. Nothing is kept in memory, so 122,450 photographs cost no more than their names.

    Parameters
    ----------
    paths : sequence of Path
    """

    def __init__(self, paths):
        self.paths = np.array([str(path) for path in paths], dtype=object)

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        chosen = self.paths[index]
        return read_image(chosen) if isinstance(chosen, str) else PictureFiles(chosen)

    def __iter__(self):
        return (read_image(path) for path in self.paths)

    def __repr__(self):
        return f"PictureFiles({len(self)} pictures)"


def find_root(root, name):
    """The folder of a data set: the one given, or ``data/downloads/NAME``.

    Raises
    ------
    FileNotFoundError
        If it is not there, with the command that says how to get it.
    """
    folder = DOWNLOADS / name if root is None else Path(root)
    if not folder.is_dir():
        what = f"{folder} is a file, not a folder" if folder.exists() else f"there is no folder {folder}"
        raise FileNotFoundError(
            f"{what}: put the data set {name} there or give its folder as root; "
            f"`python course.py data {name}` says how to get it"
        )
    return folder


def list_pictures(folder):
    """The picture files in a folder and its subfolders, and all others but hidden ones; both sorted."""
    files = sorted(p for p in folder.rglob("*") if p.name[0] != "." and not p.is_dir())
    pictures = [path for path in files if path.suffix.lower() in ENDINGS]
    return pictures, [path for path in files if path.suffix.lower() not in ENDINGS]


def refuse_shared_names(paths):
    """Raise a ValueError where two files of a folder stand for one ``.pts``.

    Such are a.jpg and a.png; a.jpg and A.jpg, on a disk that does not tell them apart; a.face2.jpg, whose
    points would lie where those of the second face of a.jpg do.
    """
    named = {}
    for path in paths:
        first = named.setdefault((path.parent, path.stem.casefold()), path)
        if first is not path:
            raise ValueError(
                f"{path} and {first.name} differ only in ending or case and would share one .pts: rename one"
            )
    for (parent, stem), path in named.items():
        first = named.get((parent, FURTHER_FACE.sub("", stem)), path)
        if first is not path and path.suffix.lower() in ENDINGS:
            raise ValueError(f"{path} is named like a further face of {first.name}: rename one")


def read_text(path, what):
    """The text of a file, UTF-8 with or without a byte order mark.

    Raises
    ------
    FileNotFoundError
    ValueError
        If it is a folder or a pipe, cannot be opened, is too large to be `what`, or is not UTF-8.
    """
    path = Path(path)
    if not os.path.exists(path):
        raise FileNotFoundError(f"no file at {path}: wanted {what}")
    if not os.path.isfile(path):  # to open a pipe would wait for ever
        raise ValueError(f"{path} is {'a folder' if path.is_dir() else 'no ordinary file'}: wanted {what}")
    try:
        if path.stat().st_size > LARGEST_TEXT:
            raise ValueError(f"{path} has more than {LARGEST_TEXT} bytes: wanted {what}")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ValueError(f"{path} cannot be opened: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text (byte {error.start}): wanted {what}") from None


def number(text):
    """A number as tables write it; ``float`` alone would take ``1_0`` for ten.

    Raises
    ------
    ValueError
    """
    try:
        return float(text.replace("_", "x"))
    except ValueError:
        raise ValueError(f"{text[:60]!r} is not a number") from None


def check_face(points, where):
    """The points of one face as float32, or a ValueError that begins with `where` they were found.

    NaN stands for a hidden point. The points must be pixels, and not all on one line or in one place.

    Examples
    --------
    >>> check_face([[1, 1], [1, 2]], "a.pts")
    Traceback (most recent call last):
    ValueError: a.pts: the points have no area (x from 1 to 1, y from 1 to 2): wanted those of a face
    """
    points = np.asarray(points, dtype=np.float64)
    if np.isinf(points).any() or (np.abs(points) > FURTHEST).any():
        raise ValueError(f"{where}: a coordinate is infinite or beyond {FURTHEST:g} pixels: wanted pixels")
    if np.isnan(points).all():
        raise ValueError(f"{where}: no point is known: wanted pixels")
    if (points == -1).all(axis=-1).any():
        raise ValueError(f"{where}: a point is (-1, -1), a sign for hidden: wanted NaN for a hidden point")
    points = points.astype(np.float32)
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    if not (high > low).all():
        x, y = (f"{name} from {a:g} to {b:g}" for name, a, b in zip("xy", low, high, strict=True))
        raise ValueError(f"{where}: the points have no area ({x}, {y}): wanted those of a face")
    return points


def choose(count, n, seed):
    """Indices of at most ``n`` of ``count`` faces, drawn without repeats and in their own order.

    Parameters
    ----------
    count : int
    n : int or None
        None, or more than there are, means all.
    seed : int

    Examples
    --------
    >>> choose(3, None, seed=0)
    array([0, 1, 2])
    >>> len(choose(10, 4, seed=0))
    4
    """
    if n is not None and n < 1:
        raise ValueError(f"n is {n}: wanted at least 1 face, or None for all")
    if n is None or n >= count:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, n, replace=False))
