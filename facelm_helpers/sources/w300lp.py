"""300W-LP, photographs of 300-W turned to profile by a 3D face, and AFLW2000-3D, its usual test set.

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

import numpy as np
from tqdm.auto import tqdm

from facelm_helpers.faces import FaceSet
from facelm_helpers.images import image_size
from facelm_helpers.landmarks import N_POINTS, mirror
from facelm_helpers.sources._files import PictureFiles, choose, find_root
from facelm_helpers.sources._matlab import read_field, read_points
from facelm_helpers.sources._photographs import photograph_of_render

COUNTS = {"AFW": 5207, "HELEN": 37676, "IBUG": 1786, "LFPW": 16556}  # 61,225 renders; as many flips
SUBSETS = tuple(COUNTS)
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
    if which not in LABELS:
        raise ValueError(f"which is {which!r}: wanted one of {', '.join(LABELS)}")
    folder, images = _images(root, flips, subsets, n, seed)
    points = [
        _points(folder, image, which)
        for image in tqdm(images, desc="reading .mat", disable=not progress or len(images) < 1000)
    ]
    persons = np.array([photograph_of_render(image.stem) for image in images])
    return FaceSet(PictureFiles(images), np.stack(points), persons=persons)


def poses(root=None, flips=False, subsets=SUBSETS, n=None, seed=0, progress=True):
    """Pitch, yaw and roll of the faces that `load` gives for the same arguments, in the same order.

    Returns
    -------
    (N, 3) float32 array
        Radians, the first three of ``Pose_Para``.
    """
    _, images = _images(root, flips, subsets, n, seed)
    found = np.empty((len(images), 3), np.float32)
    for i, image in enumerate(tqdm(images, desc="reading poses", disable=not progress or len(images) < 1000)):
        path = image.with_suffix(".mat")
        values = read_field(path, "Pose_Para").ravel()
        if len(values) < 3:
            raise ValueError(f"{path}: field Pose_Para has {len(values)} numbers; wanted pitch, yaw, roll")
        found[i] = values[:3]
    return found


def _images(root, flips, subsets, n, seed):
    """The folder that holds the data set, and the image files to take from it, sorted."""
    unknown = [subset for subset in subsets if subset not in SUBSETS]
    if unknown or isinstance(subsets, str):
        raise ValueError(f"subsets are {subsets!r}: wanted a list of some of {', '.join(SUBSETS)}")
    given = find_root(root, "300w-lp")
    names = [subset + ending for ending in (["", "_Flip"] if flips else [""]) for subset in subsets]
    for folder in (given, given / "300W_LP", given / "AFLW2000"):
        images = [path for name in names for path in sorted((folder / name).glob("*.jpg"))]
        images = images or sorted(folder.glob("image[0-9]*.jpg"))
        if images:
            return folder, [images[i] for i in choose(len(images), n, seed)]
    raise ValueError(
        f"{given} holds neither 300W-LP (wanted a folder {' or '.join(names)} with .jpg and .mat)"
        " nor AFLW2000-3D (wanted image00002.jpg and so on)"
    )


def _points(folder, image, which):
    """The points (68, 2) of one image file."""
    if image.parent == folder:
        return read_points(image.with_suffix(".mat"), "pt3d_68", N_POINTS)
    if which == "pt2d":
        return read_points(image.with_suffix(".mat"), "pt2d", N_POINTS)
    landmarks = folder / "landmarks"
    if not landmarks.is_dir():
        raise FileNotFoundError(
            f"{landmarks} is missing, with the {which} of every render: unpack that folder of 300W-LP too"
            ' (which="pt2d" reads NAME.mat instead, whose points are wrong for every turned face)'
        )
    own = landmarks / image.parent.name / f"{image.stem}_pts.mat"
    if own.is_file() or not image.parent.name.endswith("_Flip"):
        return read_points(own, which, N_POINTS)
    # a flip without a file of its own: mirror the points of the image that it mirrors
    subset = image.parent.name.removesuffix("_Flip")
    straight = read_points(landmarks / subset / f"{image.stem.replace('_Flip', '')}_pts.mat", which, N_POINTS)
    return mirror(straight, image_size(image)[0])
