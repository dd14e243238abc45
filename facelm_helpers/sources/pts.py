"""Folders of photographs with a ``.pts`` file beside each: 300-W (LFPW, HELEN, AFW, IBUG; annotated
semi-automatically, corrected by hand).

Source: Sagonas et al., 300 Faces in-the-Wild Challenge, ICCV workshops 2013. Files count pixels from 1; here
they are counted from 0.
"""

import numpy as np
from tqdm.auto import tqdm

from facelm_helpers.faces import FaceSet
from facelm_helpers.images import ENDINGS
from facelm_helpers.sources._files import (
    FURTHER_FACE,
    PictureFiles,
    check_face,
    choose,
    find_root,
    list_pictures,
    refuse_shared_names,
)
from facelm_helpers.sources._photographs import photograph_of
from facelm_helpers.sources._pts_file import read_pts, write_pts

__all__ = ["load", "read_pts", "write_pts"]


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
        Photographs are read when asked for. A person is a photograph: its faces and its mirrored copies
        (``NAME_mirror``, ``NAME_flip``) stay in one part of a split.

    Raises
    ------
    FileNotFoundError
        If the folder or a photograph is missing.
    ValueError
        If there is no ``.pts`` file, one does not hold 68 valid points, or two photographs in a folder
        differ in nothing but their endings.
    """
    folder = find_root(root, "pts")
    pictures, others = list_pictures(folder)
    files = [path for path in others if path.suffix.lower() == ".pts"]
    if not files:
        raise ValueError(
            f"{folder} and its subfolders hold no .pts: wanted photographs with .pts beside them"
        )
    stems = {(path.parent, FURTHER_FACE.sub("", path.stem).casefold()) for path in files}
    pictures = [p for p in pictures if (p.parent, FURTHER_FACE.sub("", p.stem).casefold()) in stems]
    refuse_shared_names(pictures)
    refuse_shared_names(files)
    by_name = {(path.parent, path.stem): path for path in pictures}
    files = [files[i] for i in choose(len(files), n, seed)]
    found, points = [], []
    for path in tqdm(files, desc="reading .pts", disable=not progress or len(files) < 1000):
        points.append(check_face(read_pts(path), path))
        found.append(_picture_of(path, by_name))
    persons = [photograph_of(picture.relative_to(folder)) for picture in found]
    return FaceSet(PictureFiles(found), np.stack(points), persons=np.array(persons))


def _picture_of(path, by_name):
    for stem in (path.stem, FURTHER_FACE.sub("", path.stem)):
        if (path.parent, stem) in by_name:
            return by_name[path.parent, stem]
    raise FileNotFoundError(
        f"{path} has no photograph beside it: wanted {path.stem} with {' or '.join(ENDINGS)}"
    )
