"""Which of a detector's boxes is that of a face whose place is known."""

import hashlib

import numpy as np
from tqdm.auto import tqdm

from facelm_helpers.atomic import whole_file
from facelm_helpers.boxes import overlap
from facelm_helpers.detectors import detect
from facelm_helpers.paths import ROOT

CACHE = ROOT / "runs" / "bench"  # ignored by git; nothing is lost if it is deleted
SAME = 0.3  # intersection over union from which a box is that of the face; dlib's own have 0.4 to 0.8
# options to try in turn until the face is found; the other detectors are called once
TRIES = {"dlib": ({"upsample": 0}, {"upsample": 1})}


def detector_boxes(faces, title="", detector="dlib"):
    """The boxes of a detector that lie on the faces, see `box_on`.

    Returns
    -------
    (N, 4) float32 array
        NaN where no face was found.
    """
    digest = hashlib.sha256(np.ascontiguousarray(faces.points).tobytes() + str(SAME).encode())
    digest.update(b"" if detector == "dlib" else detector.encode())  # boxes of dlib were cached before
    for image in faces.images:
        digest.update(np.ascontiguousarray(image).tobytes())
    cached = CACHE / f"boxes-{digest.hexdigest()[:20]}.npy"
    if cached.is_file():
        return np.load(cached, allow_pickle=False)
    boxes = np.full((len(faces), 4), np.nan, np.float32)
    for i in tqdm(range(len(faces)), desc=f"finding faces: {title}", leave=False, disable=None):
        image, _, tight = faces[i]
        box = box_on(image, tight, detector)
        boxes[i] = np.nan if box is None else box
    with whole_file(cached) as file:
        np.save(file, boxes)
    return boxes


def box_on(image, tight, detector="dlib"):
    """The box of a detector that lies on a face, or None: it has found none, or something else.

    dlib's searches the picture enlarged where nothing is found as it is.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    tight : (4,) array
        The face's tight box.
    detector : str

    Returns
    -------
    (4,) array or None
    """
    for options in TRIES.get(detector, ({},)):
        found = detect(image, detector, **options)
        if (k := number_on(found, tight)) is not None:
            return found[k]
    return None


def number_on(boxes, tight):
    """The number of the box that lies on a face whose tight box is given, or None."""
    shared = overlap(tight, boxes)
    return int(np.argmax(shared)) if shared.size and shared.max() >= SAME else None
