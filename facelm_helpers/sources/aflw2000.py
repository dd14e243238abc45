"""AFLW2000-3D: 2,000 photographs of AFLW, turned up to 90 degrees, with the 68 points of a fitted 3D face.

Source: Zhu et al., Face Alignment Across Large Poses: a 3D Solution, CVPR 2016. Research use, after you have
agreed to the terms of its authors; `python course.py data aflw2000` says how. On disk::

    AFLW2000/image00002.jpg, image00002.mat        pt3d_68 (3, 68): x, y and depth; Pose_Para

It is what the field tests on: nothing may learn from it. The jaw is a fixed part of the 3D face, not the
visible contour. The first 21 points, ``pt2d``, are AFLW's own and are not read. The usual ranges of yaw,
0-30, 30-60 and 60-90 degrees, go by ``Pose_Para``.
"""

import numpy as np

from facelm_helpers.faces import FaceSet
from facelm_helpers.landmarks import N_POINTS
from facelm_helpers.sources._files import PictureFiles
from facelm_helpers.sources._matlab import read_field
from facelm_helpers.sources._turned_files import of_aflw2000, read_poses, read_solid

COUNT = 2000


def load(root=None, n=None, seed=0):
    """The faces of AFLW2000-3D, with the first two rows of ``pt3d_68`` as points.

    Parameters
    ----------
    root : str or Path, optional
        The folder with the images, or one that holds it; ``data/downloads/aflw2000`` by default.
    n : int, optional
        Take at most this many faces, drawn at random; all by default.
    seed : int
        Of that draw.

    Returns
    -------
    FaceSet
        Images are read when asked for. Each photograph counts as a person.

    Raises
    ------
    FileNotFoundError
        If the folder or a ``.mat`` is missing.
    ValueError
        If the folder holds something else, or a ``.mat`` is not what it should be.
    """
    images = of_aflw2000(root, n, seed)
    return FaceSet(PictureFiles(images), np.stack([read_solid(image) for image in images]))


def poses(root=None, n=None, seed=0):
    """Pitch, yaw and roll of the faces that `load` gives for the same arguments: (N, 3) float32, radians."""
    return read_poses(of_aflw2000(root, n, seed), progress=False)


def depths(root=None, n=None, seed=0):
    """The third row of ``pt3d_68`` of the same faces: (N, 68) float32, pixels, larger towards the camera.

    Raises
    ------
    ValueError
        Also if ``pt3d_68`` has another shape.
    """
    found = []
    for image in of_aflw2000(root, n, seed):
        values = read_field(image.with_suffix(".mat"), "pt3d_68")
        if values.shape != (3, N_POINTS):
            raise ValueError(
                f"{image.with_suffix('.mat')}: field pt3d_68 has shape {values.shape}; wanted (3, 68)"
            )
        found.append(values[2])
    return np.float32(found)
