"""300W-LP, photographs of 300-W turned to profile by a 3D face; for its usual test set see `aflw2000`.

Source: Zhu et al., Face Alignment Across Large Poses: a 3D Solution, CVPR 2016. Research use, after you have
agreed to the terms of its authors; `python course.py data 300w-lp` says how. On disk::

    300W_LP/AFW/NAME.jpg, NAME.mat        and HELEN, IBUG, LFPW; AFW_Flip and so on hold mirror images
    300W_LP/landmarks/AFW/NAME_pts.mat    pts_2d, pts_3d: the points to train on
    AFLW2000/image00002.jpg, .mat         pt3d_68

The trap is ``pt2d`` in ``NAME.mat``: all renders of a photograph carry that of the photograph itself, so that
it is wrong for every face that was turned. ``pts_2d`` follows the visible contour, ``pts_3d`` is the 3D jaw
projected. Points can leave the frame; they are kept as they are. Leak: 300W-LP holds the public test
photographs of 300-W.
"""

from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from facelm_helpers.faces import FaceSet
from facelm_helpers.sources._files import PictureFiles
from facelm_helpers.sources._photographs import photograph_of_render
from facelm_helpers.sources._turned_files import SUBSETS, of_300w_lp, read_points_of, read_poses

COUNTS = {"AFW": 5207, "HELEN": 37676, "IBUG": 1786, "LFPW": 16556}  # 61,225 renders; as many flips
LABELS = ("pts_2d", "pts_3d", "pt2d")


def load(root=None, which="pts_2d", flips=False, subsets=SUBSETS, n=None, seed=0, progress=True):
    """The faces of 300W-LP, or of AFLW2000-3D if that is what the folder holds.

    Parameters
    ----------
    root : str or Path, optional
        The folder with AFW, HELEN, IBUG and LFPW, or with AFLW2000's images, or the folder that holds that
        folder; ``data/downloads/300w-lp`` by default.
    which : {"pts_2d", "pts_3d", "pt2d"}
        The points: the visible contour, the projection of the 3D points, or those of the unturned photograph
        (wrong for turned faces; only for showing that). AFLW2000-3D has one kind, ``pt3d_68``, and ignores
        this.
    flips : bool
        Take the mirror images of 300W-LP too.
    subsets : sequence of str
        Of AFW, HELEN, IBUG, LFPW.
    n : int, optional
        Take at most this many faces, drawn at random; all by default.
    seed : int
        Of that draw.
    progress : bool
        Show a progress bar where it takes long.

    Returns
    -------
    FaceSet
        Images are read when asked for. A person is a source photograph, with all its renders, flips and
        faces.

    Raises
    ------
    FileNotFoundError
        If the folder, ``landmarks/`` or one of its files is missing.
    ValueError
        If the folder holds neither data set, or a ``.mat`` is not what it should be.
    """
    return annotated(pictures(root, flips, subsets, n, seed), which, progress)


def pictures(root=None, flips=False, subsets=SUBSETS, n=None, seed=0):
    """The faces that `load` gives for the same arguments, without their points: no file is opened.

    Returns
    -------
    FaceSet
        Pictures, which are read when asked for, and persons.
    """
    paths = of_300w_lp(root, flips, subsets, n, seed)[1]
    return FaceSet(PictureFiles(paths), persons=np.array([photograph_of_render(path.stem) for path in paths]))


def annotated(faces, which="pts_2d", progress=True):
    """Faces of `pictures`, all or some, with their points.

    Parameters
    ----------
    faces : FaceSet
        Whose images are `PictureFiles`.
    which, progress
        As in `load`.
    """
    if which not in LABELS:
        raise ValueError(f"which is {which!r}: wanted one of {', '.join(LABELS)}")
    paths = [Path(path) for path in faces.images.paths]
    points = [
        read_points_of(path, which)
        for path in tqdm(paths, desc="reading .mat", disable=not progress or len(paths) < 1000)
    ]
    return FaceSet(faces.images, np.stack(points), persons=faces.persons)


def poses(root=None, flips=False, subsets=SUBSETS, n=None, seed=0, progress=True):
    """Pitch, yaw and roll of the faces that `load` gives for the same arguments, in the same order.

    Returns
    -------
    (N, 3) float32 array
        Radians, the first three of ``Pose_Para``.
    """
    return read_poses(of_300w_lp(root, flips, subsets, n, seed)[1], progress)
