"""Frames of YouTube Faces with 68 points, in the layout of Udacity's facial keypoints project.

Source: Wolf, Hassner, Maoz, Face Recognition in Unconstrained Videos with Matched Background Similarity, CVPR
2011; the points are automatic annotations, in whole pixels. On disk::

    training/NAME.jpg, training_frames_keypoints.csv    3,462 rows
    test/NAME.jpg, test_frames_keypoints.csv            770 rows

The table has a header row; its first column is the file name, then 136 numbers x0, y0, x1, y1, ... Many of
the ``.jpg`` are PNG files in truth, with a transparency channel that the reader takes out. Its two parts
share persons: use ``split_by_person`` on all of it if the test set must hold only new persons.
"""

import csv
import os
import re
import shutil
from pathlib import Path

import numpy as np

from facelm_helpers.faces import FaceSet
from facelm_helpers.images import ENDINGS
from facelm_helpers.landmarks import N_POINTS
from facelm_helpers.paths import DOWNLOADS
from facelm_helpers.sources._download import download, unpack
from facelm_helpers.sources._files import (
    PictureFiles,
    check_face,
    choose,
    find_root,
    number,
    read_text,
)

ADDRESS = "https://s3.amazonaws.com/video.udacity-data.com/topher/2018/May/5aea1b91_train-test-data/train-test-data.zip"
ROWS = {"train": 3462, "test": 770}
_PARTS = {
    "train": ("training", "training_frames_keypoints.csv"),
    "test": ("test", "test_frames_keypoints.csv"),
}


def load(root=None, split="train", n=None, seed=0):
    """The faces of one part, or of both.

    Parameters
    ----------
    root : str or Path, optional
        The folder with ``training/`` and its table; ``data/downloads/youtube`` by default (see `fetch`).
    split : {"train", "test", "all"}
    n : int, optional
        Take at most this many faces, drawn at random; all by default.
    seed : int
        Of that draw.

    Returns
    -------
    FaceSet
        Frames are read when asked for. Persons are names: ``Luis_Fonsi_21.jpg`` shows Luis_Fonsi.

    Raises
    ------
    FileNotFoundError
        If the folder, a table or a frame is missing.
    ValueError
        If a table does not have a file name and 136 numbers in each row.
    """
    if split not in (*_PARTS, "all"):
        raise ValueError(f"split is {split!r}: wanted train, test or all")
    folder = find_root(root, "youtube")
    frames, points = [], []
    for part in _PARTS if split == "all" else [split]:
        part_frames, part_points = _read_part(folder, part)
        frames += part_frames
        points.append(part_points)
    points = np.concatenate(points)
    chosen = choose(len(frames), n, seed)
    frames = [frames[i] for i in chosen]
    persons = np.array([_person(frame.name) for frame in frames])
    return FaceSet(PictureFiles(frames), points[chosen], persons=persons)


def fetch(root=None, address=ADDRESS, rows=ROWS, progress=True):
    """Download the data set, check it, and put it in place; after a break, it goes on where it stopped.

    No published hash is known, so it is checked by its content: the rows of both tables, 137 columns, and a
    frame for each row.

    Parameters
    ----------
    root : str or Path, optional
        ``data/downloads/youtube`` by default.
    address : str
        Of the zip file.
    rows : dict
        How many rows each part must have.
    progress : bool

    Returns
    -------
    Path
        The folder, ready for `load`. If it was complete already, nothing is downloaded.

    Raises
    ------
    ConnectionError
        If it cannot be fetched now; what has come is kept for the next try.
    ValueError
        If what came is not the data set; it is thrown away.
    """
    folder = DOWNLOADS / "youtube" if root is None else Path(root)
    if all((folder / table).is_file() for _, table in _PARTS.values()):
        check(folder, rows)
        return folder
    archive = download(address, folder / "train-test-data.zip", progress)
    unpacked = folder / ".unpacking"
    shutil.rmtree(unpacked, ignore_errors=True)
    try:
        unpack(archive, unpacked)
        check(unpacked, rows)
        for frames, table in _PARTS.values():  # a table last: where it stands, all its frames do
            shutil.rmtree(folder / frames, ignore_errors=True)
            os.replace(unpacked / frames, folder / frames)
            os.replace(unpacked / table, folder / table)
    except (ValueError, FileNotFoundError) as error:
        archive.unlink(missing_ok=True)
        raise ValueError(f"what {address} gave is not the data set, and was thrown away: {error}") from None
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    archive.unlink()
    return folder


def check(folder, rows=ROWS):
    """Look whether both parts are there with all their rows, columns and frames; a sentence if not.

    Raises
    ------
    FileNotFoundError
        If a table or a frame is missing.
    ValueError
        If a table has another shape.
    """
    for part, wanted in rows.items():
        frames, _ = _read_part(Path(folder), part)
        if len(frames) != wanted:
            raise ValueError(f"{Path(folder) / _PARTS[part][1]} has {len(frames)} rows; wanted {wanted}")


def _read_part(folder, part):
    """The frame files and the points (N, 68, 2) of one part."""
    frames_folder, table_name = _PARTS[part]
    table = folder / table_name
    if not table.is_file():
        raise FileNotFoundError(f"no table at {table}: `python course.py data youtube` fetches it")
    names, points = [], []
    try:
        rows = list(csv.reader(read_text(table, "a table of file names and points").splitlines()))
    except csv.Error as error:
        raise ValueError(f"{table} is no table: {error}") from None
    for line, row in enumerate(rows, start=1):
        if not row or line == 1 and Path(row[0]).suffix.lower() not in ENDINGS:  # the header row
            continue
        where = f"{table}, line {line}"
        if len(row) != 1 + 2 * N_POINTS:
            raise ValueError(f"{where}: {len(row)} columns; wanted a name and {2 * N_POINTS} numbers")
        try:
            values = [number(text) for text in row[1:]]
        except ValueError as error:
            raise ValueError(f"{where}: {error}; wanted a name and {2 * N_POINTS} numbers") from None
        if not np.isfinite(values).all():
            raise ValueError(f"{where}: NaN or infinity; wanted pixels")
        points.append(check_face(np.reshape(values, (N_POINTS, 2)), where))
        names.append(row[0])
    if not names:
        raise ValueError(f"{table} holds no face: wanted a header row and a row a face")
    there = {path.name for path in (folder / frames_folder).glob("*")}
    missing = [name for name in names if name not in there]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} of {len(names)} frames of {table} are missing in {folder / frames_folder},"
            f" the first is {missing[0]}"
        )
    return [folder / frames_folder / name for name in names], np.stack(points)


def _person(name):
    """Who is on a frame: its name without the number of the frame.

    >>> _person("Luis_Fonsi_21.jpg")
    'Luis_Fonsi'
    """
    return re.sub(r"_\d+$", "", Path(name).stem)
