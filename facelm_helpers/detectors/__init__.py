"""Where the faces are: the boxes that alignment starts from.

>>> names()
['dlib', 'blazeface', 'mtcnn']
"""

import inspect

import numpy as np

from facelm_helpers.detectors._blazeface import detect as _blazeface
from facelm_helpers.detectors._dlib import detect as _dlib
from facelm_helpers.detectors.mtcnn import FILES as _MTCNN
from facelm_helpers.detectors.mtcnn import detect as _detect_mtcnn

__all__ = ["detect", "detect_one", "names"]

_DETECTORS = {"dlib": _dlib, "blazeface": _blazeface}
if all(path.is_file() for path in _MTCNN.values()):
    _DETECTORS["mtcnn"] = _detect_mtcnn


def names():
    """The names of the detectors, as `detect` takes them."""
    return list(_DETECTORS)


def detect(image, detector="dlib", **options):
    """The faces of a picture: dlib's the largest first, BlazeFace's and MTCNN's the surest first.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    detector : str
        One of `names`. "dlib" is dlib's frontal detector: a window slides over a pyramid of histograms of
        oriented gradients (Dalal and Triggs, 2005; King, Max-margin object detection, 2015). "blazeface" is
        MediaPipe's for faces near the camera: a small network (Bazarevsky et al., BlazeFace, 2019) that also
        finds turned faces, needs about a tenth of the time, and misses faces that are small in their picture.
        "mtcnn" is the course's own, after Zhang et al. (Joint face detection and alignment using multi-task
        cascaded convolutional networks, 2016): three small networks over an image pyramid. It finds small
        and turned faces, takes the longest, and returns the most boxes that lie on none of the annotated
        faces.
    **options
        Of the detector. BlazeFace takes ``threshold`` (0.5; the score that a face must reach, between 0 and
        1) and ``tiles`` (1; with 2 or more it also looks at overlapping squares, so many along the longer
        side: smaller faces are found, in proportionally more time).
        dlib takes ``upsample`` (1; how often the image is first doubled: each doubling finds
        faces half as large and takes four times as long), ``threshold`` (0.0; the score that a window must
        exceed: about 1 is a clear frontal face, below 0 come guesses) and ``smallest`` (the side in pixels of
        the smallest face wanted: a larger one is faster. By default the image is shrunk so that at most 16
        million pixels are searched, in about 5 s; of 48 megapixels, faces of 140 pixels or more are found).
        MTCNN takes ``thresholds`` (the probabilities, each between 0 and 1, that a window must reach to pass
        its first, second and third network; 0.6, 0.3 and 0.9) and ``smallest`` (24; the side in pixels of
        the smallest face that is looked for, at least 12: a larger one is faster). Its five points come from
        `mtcnn.search`.

    Returns
    -------
    (M, 4) float32 array
        Left, top, right, bottom; right and bottom exclusive. A box may reach out of the image. Shape (0, 4)
        when there is no face.

    Raises
    ------
    ValueError
        For an unknown detector or option, something that is no image, or an option out of its range.

    Examples
    --------
    >>> import skimage.data
    >>> detect(skimage.data.astronaut(), upsample=0).shape
    (1, 4)
    """
    if detector not in _DETECTORS:
        raise ValueError(f"no detector called {detector!r}: wanted one of {', '.join(names())}")
    run = _DETECTORS[detector]
    known = inspect.signature(run).parameters.keys() - {"image"}
    unknown = [name for name in options if name not in known]
    if unknown:
        raise ValueError(f"{detector} has no option {unknown[0]!r}: wanted any of {', '.join(sorted(known))}")
    return run(image, **options)


def detect_one(image, largest=False, detector="dlib", **options):
    """The box of the one face in a picture.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    largest : bool
        Where there are several faces, take the largest instead of raising.
    detector, **options
        As in `detect`.

    Returns
    -------
    (4,) float32 array

    Raises
    ------
    ValueError
        If there is no face, or more than one.

    Examples
    --------
    >>> import numpy as np
    >>> detect_one(np.zeros((99, 99, 3), np.uint8))
    Traceback (most recent call last):
    ValueError: no face found in an image of 99 x 99 pixels: try upsample=2, a more frontal or a larger face
    """
    boxes = detect(image, detector, **options)
    if len(boxes) == 0:
        height, width = image.shape[:2]
        option = "upsample" if detector == "dlib" else "tiles"
        raise ValueError(
            f"no face found in an image of {width} x {height} pixels:"
            f" try {option}={options.get(option, 1) + 1}, a more frontal or a larger face"
        )
    if len(boxes) > 1 and not largest:
        raise ValueError(
            f"{len(boxes)} faces found, wanted one: crop the picture to one of them, or take the largest"
            " with largest=True"
        )
    return boxes[np.argmax((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))]
