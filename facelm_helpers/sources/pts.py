"""Folders of photographs with a ``.pts`` file beside each: 300-W, and its LFPW, HELEN, AFW and IBUG.

Source: Sagonas et al., 300 Faces in-the-Wild Challenge, ICCV workshops 2013. Files count pixels from 1; here
they are counted from 0.
"""

import re

import numpy as np
from tqdm.auto import tqdm

from facelm_helpers.faces import FaceSet
from facelm_helpers.sources._files import PICTURES, PictureFiles, choose, find_root
from facelm_helpers.sources._photographs import photograph_of_face
from facelm_helpers.sources._pts_file import read_pts, write_pts

__all__ = ["load", "read_pts", "write_pts"]

# `party.face2.pts` is the second face of party.jpg: so the source "folder" names them
_FURTHER_FACE = re.compile(r"\.face\d+$")


def load(root=None, n=None, seed=0, progress=True):
    """The faces of every ``.pts`` file below a folder that has its photograph beside it.

    Parameters
    ----------
    root : str or Path, optional
        The folder, searched with all its subfolders; ``data/downloads/pts`` by default.
    n : int, optional
        Take at most this many faces, drawn at random; all by default.
    seed : int
        Of that draw.
    progress : bool
        Show a progress bar where it takes long.

    Returns
    -------
    FaceSet
        Photographs are read when asked for. A person is a photograph: its faces stay on one side of a split.

    Raises
    ------
    FileNotFoundError
        If the folder or a photograph is missing.
    ValueError
        If there is no ``.pts`` file, or one that is not 68 points in good order.
    """
    folder = find_root(root, "pts")
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() == ".pts" and p.name[0] != ".")
    if not files:
        raise ValueError(
            f"{folder} and its subfolders hold no .pts: wanted photographs with .pts beside them"
        )
    files = [files[i] for i in choose(len(files), n, seed)]
    listing = {}  # folder -> its pictures by name: asking the disk once, not four times a face
    pictures, points, persons = [], [], []
    for path in tqdm(files, desc="reading .pts", disable=not progress or len(files) < 1000):
        points.append(read_pts(path))
        picture = _picture_of(path, listing)
        pictures.append(picture)
        where = path.parent.relative_to(folder).as_posix()
        persons.append(f"{where}/{photograph_of_face(picture.stem)}".removeprefix("./"))
    return FaceSet(PictureFiles(pictures), np.stack(points), persons=np.array(persons))


def _picture_of(path, listing):
    if path.parent not in listing:
        files = [file for file in path.parent.iterdir() if file.suffix.lower() in PICTURES]
        files.sort(
            key=lambda file: PICTURES.index(file.suffix.lower()), reverse=True
        )  # a .png wins over a .jpg
        listing[path.parent] = {file.stem: file for file in files}
    pictures = listing[path.parent]
    picture = pictures.get(path.stem) or pictures.get(_FURTHER_FACE.sub("", path.stem))
    if picture is None:
        endings = " or ".join(PICTURES)
        raise FileNotFoundError(f"{path} has no photograph beside it: wanted {path.stem} with {endings}")
    return picture
