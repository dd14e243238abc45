"""Which files show the same photograph: the unit by which real data sets must be split.

Two faces of one photograph, or sixteen renders of one face, share pixels. With one of them in the training
set and another in the test set, the test does not measure generalisation. Names tell them apart: 300-W
writes ``PHOTOGRAPH_FACE`` in AFW, HELEN and IBUG (``134212_2`` is the second face of photograph 134212),
300W-LP adds the subset before and the render after, and mirrored copies have ``mirror`` or ``flip`` in their
names.
"""

import re

_MIRRORED = re.compile(r"(?:^|[_-])(?:mirror|mirrored|flip|flipped)(?=[_.-]|$)", re.IGNORECASE)
_SUBSET = re.compile(r"(?:AFW|HELEN|IBUG|LFPW)_")
_FACE = re.compile(r"(\d{4,}|image_\d+)_\d{1,2}")
_RENDER = re.compile(r"_\d{1,2}$")


def photograph_of(path):
    """The photograph that a picture file shows, whatever face, render or mirrored copy of it the file is.

    Parameters
    ----------
    path : PurePath
        Relative to the folder of the data set: photographs of one name in two folders are two.

    Examples
    --------
    >>> from pathlib import PurePath
    >>> photograph_of(PurePath("trip/IMG_1_mirror.jpg")), photograph_of(PurePath("trip/IMG_1.jpg"))
    ('trip/IMG_1', 'trip/IMG_1')
    >>> photograph_of(PurePath("afw/134212_2.jpg")), photograph_of(PurePath("AFW_Flip/AFW_134212_1_2.jpg"))
    ('afw/134212', 'AFW/AFW_134212')
    """
    stem = _straight(path.stem)
    stem = photograph_of_render(stem) if _SUBSET.match(stem) else photograph_of_face(stem)
    return "/".join([*map(_straight, path.parent.parts), stem])


def _straight(name):
    """A name without what says that it is mirrored."""
    return _MIRRORED.sub("", name).lstrip("_-") or name


def photograph_of_face(stem):
    """The photograph of a 300-W file name, without its ending.

    Examples
    --------
    >>> photograph_of_face("134212_2"), photograph_of_face("image_003_1"), photograph_of_face("image_0032")
    ('134212', 'image_003', 'image_0032')
    """
    match = _FACE.fullmatch(stem)
    return match.group(1) if match else stem


def photograph_of_render(stem):
    """The photograph of a 300W-LP file name, without its ending; a flip has the name of what it mirrors.

    Examples
    --------
    >>> photograph_of_render("AFW_134212_2_15"), photograph_of_render("IBUG_image_003_1_0")
    ('AFW_134212', 'IBUG_image_003')
    >>> photograph_of_render("LFPW_image_train_0737_13"), photograph_of_render("image00050")
    ('LFPW_image_train_0737', 'image00050')
    """
    stem = _RENDER.sub("", _straight(stem))
    subset, separator, rest = stem.partition("_")
    return subset + separator + photograph_of_face(rest)
