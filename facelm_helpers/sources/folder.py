"""Your own photographs, labelled by the method you hand over, with a ``.pts`` beside each to correct."""

import warnings

import numpy as np
from tqdm.auto import tqdm

from facelm_helpers.faces import FaceSet
from facelm_helpers.images import read_image
from facelm_helpers.sources._files import PICTURES, PictureFiles, choose, find_root
from facelm_helpers.sources._pts_file import read_pts, write_pts


def load(root=None, aligner=None, detect=None, several="all", overwrite=False, n=None, seed=0, progress=True):
    """The faces of the photographs in a folder and its subfolders.

    A photograph that has a ``.pts`` file is taken with the points of that file: they may have been corrected
    by hand. In every other one the faces are detected and aligned, and the points are written beside it:
    ``party.pts`` for the largest face of ``party.jpg``, ``party.face2.pts`` for the second. So the next call
    reads what this one wrote, and the source ``"pts"`` reads it too.

    Parameters
    ----------
    root : str or Path, optional
        ``data/downloads/folder`` by default.
    aligner : Aligner
        Has ``predict(images, boxes) -> (N, 68, 2)``, as every method of the course; ``methods.load("dlib")``
        as a rule. Needed unless every photograph has its ``.pts``.
    detect : callable, optional
        ``detect(image) -> (M, 4)`` boxes, largest first. By default dlib's frontal detector.
    several : {"all", "largest", "refuse"}
        What to do with more than one face in a photograph.
    overwrite : bool
        Label anew, in place of the ``.pts`` files that are there.
    n, seed
        Take at most ``n`` photographs, drawn at random with ``seed``; all by default.
    progress : bool
        Show a progress bar.

    Returns
    -------
    FaceSet
        One entry a face; photographs are read when asked for. A person is a photograph. Photographs without a
        face are left out, with one warning that names them.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If it holds no photograph, none shows a face, one cannot be read, or one shows several faces and
        ``several="refuse"``.
    """
    if several not in ("all", "largest", "refuse"):
        raise ValueError(f"several is {several!r}: wanted all, largest or refuse")
    folder = find_root(root, "folder")
    photographs = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES and p.name[0] != ".")
    if not photographs:
        raise ValueError(f"{folder} holds no photograph: wanted {', '.join(PICTURES)}")
    photographs = [photographs[i] for i in choose(len(photographs), n, seed)]
    detect = detect or _dlib_detector()
    pictures, points, persons, without = [], [], [], []
    for path in tqdm(photographs, desc="labelling", disable=not progress):
        marks = [] if overwrite else _marks_beside(path)
        faces = [read_pts(mark) for mark in marks] or _label(path, aligner, detect, several)
        if several == "largest":
            faces = faces[:1]
        if not faces:
            without.append(path.relative_to(folder).as_posix())
        pictures += [path] * len(faces)
        points += faces
        persons += [path.relative_to(folder).as_posix()] * len(faces)
    if not points:
        raise ValueError(f"no face found in any of the {len(photographs)} photographs of {folder}")
    if without:
        listed = ", ".join(without[:5]) + (f" and {len(without) - 5} more" if len(without) > 5 else "")
        found = f"no face found in {len(without)} of {len(photographs)} photographs"
        warnings.warn(f"{found}, left out: {listed}", stacklevel=3)
    return FaceSet(PictureFiles(pictures), np.stack(points), persons=np.array(persons))


def _marks_beside(path):
    """The ``.pts`` files of a photograph, first face first."""
    further = [p for p in path.parent.glob("*.pts") if p.name.startswith(f"{path.stem}.face")]
    further.sort(key=lambda p: (len(p.name), p.name))  # face10 after face9
    first = path.with_suffix(".pts")
    return [first] * first.is_file() + further


def _label(path, aligner, detect, several):
    """Find and align the faces of a photograph, write their ``.pts``; a list of (68, 2), largest first."""
    if aligner is None:
        raise ValueError(
            f'{path} has no .pts yet: hand over an aligner to label it, such as methods.load("dlib")'
        )
    image = read_image(path)
    boxes = np.asarray(detect(image), dtype=np.float32).reshape(-1, 4)
    if len(boxes) > 1 and several == "refuse":
        raise ValueError(f'{path} shows {len(boxes)} faces; wanted one (or several="all" or "largest")')
    if several == "largest":
        boxes = boxes[:1]
    if not len(boxes):
        return []
    faces = list(np.asarray(aligner.predict([image] * len(boxes), boxes), dtype=np.float32))
    for stale in _marks_beside(path)[len(faces) :]:
        stale.unlink()  # only reached when labelling anew: more faces were marked before than are found now
    for k, face in enumerate(faces, start=1):
        write_pts(path.with_suffix(".pts" if k == 1 else f".face{k}.pts"), face)
    return faces


def _dlib_detector():
    """dlib's frontal detector as a function image -> (M, 4), largest first."""
    found = []  # loaded at the first photograph that needs it

    def detect(image):
        if not found:
            import dlib

            found.append(dlib.get_frontal_face_detector())
        image = np.ascontiguousarray(image)
        # doubled only where nothing is found: that is slow, and finds more faces that are none
        rectangles = found[0](image, 0) or found[0](image, 1)  # right and bottom inclusive
        boxes = [[r.left(), r.top(), r.right() + 1, r.bottom() + 1] for r in rectangles]
        return sorted(boxes, key=lambda box: (box[0] - box[2]) * (box[3] - box[1]))

    return detect
