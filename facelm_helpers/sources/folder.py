"""Your own photographs, annotated by a given method, with a ``.pts`` beside each to correct."""

import warnings
from collections import Counter

import numpy as np
from tqdm.auto import tqdm

from facelm_helpers import detectors
from facelm_helpers.faces import FaceSet
from facelm_helpers.images import ENDINGS, read_image
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
        Annotate anew, and replace the ``.pts`` files that are there.
    n, seed
        Take at most ``n`` photographs, drawn at random with ``seed``; all by default.
    progress : bool
        Show a progress bar.

    Returns
    -------
    FaceSet
        One entry a face; photographs are read when asked for. A person is a photograph, with its mirrored
        copies (``NAME_mirror``, ``NAME_flip``).

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If it holds no photograph, none shows a face, two differ in nothing but their endings, a ``.pts`` is
        not valid, or one shows several faces and ``several="refuse"``.

    Warns
    -----
    UserWarning
        On photographs that were left out because they cannot be read or show no face, and on files that
        `images.read_image` cannot open.
    """
    if several not in ("all", "largest", "refuse"):
        raise ValueError(f"several is {several!r}: wanted all, largest or refuse")
    folder = find_root(root, "folder")
    photographs, others = list_pictures(folder)
    if not photographs:
        raise ValueError(f"{folder} holds no photograph: wanted {', '.join(ENDINGS)}{_others(others)}")
    refuse_shared_names(photographs)
    annotations = [path for path in others if path.suffix.lower() == ".pts"]
    refuse_shared_names(annotations)
    chosen = [photographs[i] for i in choose(len(photographs), n, seed)]
    detect = detect or _detect
    pictures, points, left_out = [], [], {}
    for path in tqdm(chosen, desc="annotating", disable=not progress):
        beside = _beside(path, annotations)
        try:
            faces = [] if overwrite else [check_face(read_pts(file), file) for file in beside]
            faces = faces or _label(path, aligner, detect, several, beside)
        except _Unreadable as error:
            left_out[path] = str(error)
            continue
        if several == "largest":
            faces = faces[:1]
        if not faces:
            left_out[path] = f"no face found in {path.relative_to(folder).as_posix()}"
        pictures += [path] * len(faces)
        points += faces
    if not points:
        first = next(iter(left_out.values()))
        raise ValueError(f"no face found in any of the {len(chosen)} photographs of {folder}: {first}")
    if left_out:
        said = "; ".join(list(left_out.values())[:5]) + ("; ..." if len(left_out) > 5 else "")
        warnings.warn(f"left out {len(left_out)} of {len(chosen)} photographs: {said}", stacklevel=3)
    if not_read := _others(others):
        warnings.warn(f"{folder}{not_read}", stacklevel=3)
    persons = [photograph_of(picture.relative_to(folder)) for picture in pictures]
    return FaceSet(PictureFiles(pictures), np.stack(points), persons=np.array(persons))


def _others(paths):
    """The part of a sentence on files that are neither photographs nor points; empty without any."""
    counts = Counter(p.suffix.lower() or p.name for p in paths if p.suffix.lower() != ".pts")
    listed = ", ".join(f"{ending} ({count})" for ending, count in sorted(counts.items())[:8])
    heic = "; save HEIC as JPEG" if counts.keys() & {".heic", ".heif"} else ""
    return f"; files of other kinds were left out: {listed}{heic}" if counts else ""


def _beside(path, annotations):
    """The ``.pts`` files of a photograph, first face first."""
    stem = path.stem.casefold()
    own = [p for p in annotations if p.parent == path.parent]
    own = [p for p in own if FURTHER_FACE.sub("", p.stem).casefold() == stem or p.stem.casefold() == stem]
    return sorted(own, key=lambda p: (len(p.stem), p.name))  # face10 after face9


class _Unreadable(Exception):
    pass


def _label(path, aligner, detect, several, beside):
    """Find and align the faces of a photograph, write their ``.pts``; a list of (68, 2), largest first."""
    if aligner is None:
        raise ValueError(
            f'{path} has no .pts yet: hand over an aligner to annotate it, such as methods.load("dlib")'
        )
    try:
        image = read_image(path)
    except (ValueError, FileNotFoundError) as error:
        raise _Unreadable(str(error)) from None
    boxes = np.asarray(detect(image), dtype=np.float32).reshape(-1, 4)
    if len(boxes) > 1 and several == "refuse":
        raise ValueError(f'{path} shows {len(boxes)} faces; wanted one (or several="all" or "largest")')
    if several == "largest":
        boxes = boxes[:1]
    if not len(boxes):
        return []
    faces = list(np.asarray(aligner.predict([image] * len(boxes), boxes), dtype=np.float32))
    files = [path.with_suffix(".pts" if k == 0 else f".face{k + 1}.pts") for k in range(len(faces))]
    for stale in set(beside) - set(files):
        stale.unlink()  # only reached when annotating anew: more faces were known before than are found now
    for file, face in zip(files, faces, strict=True):
        write_pts(file, face)
    return faces


def _detect(image):
    """dlib's boxes; doubled only where nothing is found: that is slow, and gives more false positives."""
    boxes = detectors.detect(image, upsample=0)
    return boxes if len(boxes) else detectors.detect(image, upsample=1)
