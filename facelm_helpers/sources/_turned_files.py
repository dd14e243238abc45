"""The files of 300W-LP and of AFLW2000-3D: which pictures there are, their poses and their points."""

import numpy as np
from tqdm.auto import tqdm

from facelm_helpers.images import image_size
from facelm_helpers.landmarks import N_POINTS, mirror
from facelm_helpers.sources._files import choose, find_root
from facelm_helpers.sources._matlab import read_field, read_points

SUBSETS = ("AFW", "HELEN", "IBUG", "LFPW")
HALVES = "image[0-9]*.jpg"  # of AFLW2000-3D


def of_300w_lp(root, flips, subsets, n, seed):
    """The folder that holds either data set, and the image files to take from it, sorted."""
    unknown = [subset for subset in subsets if subset not in SUBSETS]
    if unknown or isinstance(subsets, str):
        raise ValueError(f"subsets are {subsets!r}: wanted a list of some of {', '.join(SUBSETS)}")
    given = find_root(root, "300w-lp")
    names = [subset + ending for ending in (["", "_Flip"] if flips else [""]) for subset in subsets]
    for folder in (given, given / "300W_LP", given / "AFLW2000"):
        images = [path for name in names for path in sorted((folder / name).glob("*.jpg"))]
        images = images or sorted(folder.glob(HALVES))
        if images:
            return folder, [images[i] for i in choose(len(images), n, seed)]
    raise ValueError(
        f"{given} holds neither 300W-LP (wanted a folder {' or '.join(names)} with .jpg and .mat)"
        " nor AFLW2000-3D (wanted image00002.jpg and so on)"
    )


def of_aflw2000(root, n, seed):
    """The image files of AFLW2000-3D, sorted."""
    given = find_root(root, "aflw2000")
    for folder in (given, given / "AFLW2000", given / "AFLW2000-3D" / "AFLW2000"):
        if images := sorted(folder.glob(HALVES)):
            return [images[i] for i in choose(len(images), n, seed)]
    raise ValueError(f"{given} does not hold AFLW2000-3D: wanted image00002.jpg, image00002.mat and so on")


def read_poses(images, progress):
    """Pitch, yaw and roll of image files, (N, 3), radians."""
    found = np.empty((len(images), 3), np.float32)
    for i, image in enumerate(tqdm(images, desc="reading poses", disable=not progress or len(images) < 1000)):
        path = image.with_suffix(".mat")
        values = read_field(path, "Pose_Para").ravel()
        if len(values) < 3:
            raise ValueError(f"{path}: field Pose_Para has {len(values)} numbers; wanted pitch, yaw, roll")
        found[i] = values[:3]
    return found


def read_points_of(image, which):
    """The points (68, 2) of one image file of either data set; ``which`` is 300W-LP's choice."""
    of_render = image.parent.name.removesuffix("_Flip") in SUBSETS
    return read_render(image.parent.parent, image, which) if of_render else read_solid(image)


def read_solid(image):
    """The points (68, 2) of one image file of AFLW2000-3D."""
    return read_points(image.with_suffix(".mat"), "pt3d_68", N_POINTS)


def read_render(folder, image, which):
    """The points (68, 2) of one image file of 300W-LP."""
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
