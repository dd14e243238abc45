"""What the sources of real faces share: their folder, a choice of faces, pictures read when asked for."""

from pathlib import Path

import numpy as np

from facelm_helpers.images import read_image
from facelm_helpers.paths import DOWNLOADS

PICTURES = (".png", ".jpg", ".jpeg", ".bmp")


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
