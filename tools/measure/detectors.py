"""What each detector finds, misses, takes for a face, and costs, on the same photographs.

    python -m tools.measure.detectors       or: python course.py bench --only detectors

Writes data/results/detectors.json; a page shows it by ``table: detectors`` and ``table: small_faces``. The
validation faces are the authors', which are not in the repository; without them only scikit-image's pictures
and the times are measured. `python course.py bench --peers` measures the package `mtcnn` too.
"""

import importlib.util
import sys

import cv2
import numpy as np
import skimage.data
from tqdm.auto import tqdm

from facelm_helpers.boxes import overlap
from facelm_helpers.detectors import detect, names
from facelm_helpers.paths import RESULTS
from facelm_helpers.sources import w300lp
from tools.data import no_faces, real_faces
from tools.data.found_boxes import SAME, number_on
from tools.measure import packages
from tools.measure.speed import time_in_turns
from tools.measure.store import machine, merge, read, rounded, write

FILE = RESULTS / "detectors.json"
CALLS = {
    "dlib": ("dlib", {"upsample": 0}),
    "dlib, doubled": ("dlib", {"upsample": 1}),
    "blazeface": ("blazeface", {}),
    "blazeface, 3 tiles, 0.7": ("blazeface", {"tiles": 3, "threshold": 0.7}),
    "mtcnn": ("mtcnn", {}),
}
PEER = "mtcnn package"
PARTS = (1, 2, 4, 8)  # a side, into which a picture without a face is cut
YAWS = (0, 30, 60, 90)  # degrees; the groups of AFLW2000-3D
SHARES = (0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05)  # longer side of the face in that of the picture
LARGE, PASTED = 768, 40  # side of the picture in pixels, and how many faces are pasted into it, each size


def called():
    """The names of what can be measured here: of `CALLS`, the course's own MTCNN, and the package."""
    own = [name for name, (detector, _) in CALLS.items() if detector in names()]
    return own + [PEER] * (importlib.util.find_spec("mtcnn") is not None)


def find(name, image):
    """The boxes of one of `called`."""
    if name == PEER:
        return packages.mtcnn_faces(image)[0]
    detector, options = CALLS[name]
    return detect(image, detector, **options)


SETS = {"YouTube Faces": "yt68/val", "LFPW": "lfpw68/held-out", "HELEN": "helen68/validation",
        "AFW": "afw68/validation"}  # fmt: skip


def face_sets():
    """Title -> FaceSet: the validation faces."""
    if not real_faces.REAL.is_dir():
        return {}
    found = {title: real_faces.load(name) for title, name in SETS.items()}
    folder = real_faces.REAL / "aflw2000"
    turned = w300lp.load(folder, progress=False)
    yaw = np.abs(np.degrees(w300lp.poses(folder, progress=False)[:, 1]))
    for low, high in zip(YAWS[:-1], YAWS[1:], strict=True):
        found[f"AFLW2000-3D, yaw {low} to {high}"] = turned[(yaw >= low) & (yaw < high)]
    return found


def on_faces(name, faces):
    """What one detector does with pictures of known faces.

    Returns
    -------
    dict
        ``found``: how many of the faces. ``elsewhere``: boxes on none of them; many are faces of other people
        in the picture, since only one is annotated. Of the boxes found, medians: ``side`` over the tight
        box's longer side, and the ``right`` and ``down`` of their middle from its middle, in that side.
    """
    found, elsewhere, places = 0, 0, []
    for i in tqdm(range(len(faces)), desc=name, leave=False, disable=None):
        image, _, tight = faces[i]
        boxes = find(name, image)
        elsewhere += int((overlap(tight, boxes) < SAME).sum())
        if (k := number_on(boxes, tight)) is not None:
            found, box = found + 1, boxes[k]
            side = (tight[2:] - tight[:2]).max()
            middle = (box[:2] + box[2:] - tight[:2] - tight[2:]) / 2 / side
            places.append([(box[2:] - box[:2]).max() / side, *middle])
    side, right, down = np.median(places, axis=0) if places else [np.nan] * 3
    return {"found": found, "elsewhere": elsewhere, "side": side, "right": right, "down": down}


def without_faces():
    """Pictures without a person, of which nothing has learnt: whole, and cut into `PARTS` times as many."""
    for image in no_faces.scenes(judging=True):
        for parts in PARTS:
            for rows in np.array_split(image, parts, axis=0):
                yield from (np.ascontiguousarray(part) for part in np.array_split(rows, parts, axis=1))


def false_alarms(name):
    """``pictures`` without a face, ``alarmed``: those with a box, ``boxes`` in all."""
    counts = [len(find(name, image)) for image in without_faces()]
    return {"pictures": len(counts), "alarmed": int(np.count_nonzero(counts)), "boxes": sum(counts)}


def in_a_large_picture(faces, share, seed=0):
    """Faces shrunk to a share of a picture without one, each at a place of its own.

    Yields
    ------
    image : (LARGE, LARGE, 3) uint8 array
    tight : (4,) array
    """
    rng = np.random.default_rng(seed)
    ground = cv2.resize(skimage.data.coffee(), (LARGE, LARGE), interpolation=cv2.INTER_AREA)
    for i in range(min(len(faces), PASTED)):
        image, _, tight = faces[i]
        scale = share * LARGE / (tight[2:] - tight[:2]).max()
        side = round(image.shape[0] * scale)
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small = cv2.resize(image, (side, side), interpolation=method)
        left, top = rng.integers(0, LARGE - side + 1, 2)
        picture = ground.copy()
        picture[top : top + side, left : left + side] = small
        yield picture, tight * scale + np.tile([left, top], 2)


def small_faces(name, faces):
    """Share of the picture's side -> the share of such faces that a detector finds."""
    found = {}
    for share in SHARES:
        pictures = list(in_a_large_picture(faces, share))
        hits = [number_on(find(name, image), tight) is not None for image, tight in pictures]
        found[str(share)] = sum(hits) / len(hits)
    return found


def times():
    """Milliseconds a picture, one thread, by the picture's size."""
    cv2.setNumThreads(1)
    whole, found = skimage.data.astronaut(), {}
    for side in (256, 512, 1024):
        image = cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA)
        tasks = {name: lambda i, name=name, image=image: find(name, image) for name in called()}
        timed = time_in_turns(tasks, 1, rounds=30, seconds=5.0)
        found[str(side)] = {
            name: {key: record[key] for key in ("ms", "cpu_ms")} for name, record in timed.items()
        }
    return found


def measure():
    """Everything; see the module."""
    sets = face_sets()
    result = {"machine": machine(), "faces": {}, "without_faces": {}, "small_faces": {}}
    result["ms"] = times()
    for name in called():
        result["without_faces"][name] = false_alarms(name)
        if sets:
            result["small_faces"][name] = small_faces(name, sets["LFPW"])
    if sets:
        sets["MTFL, testing"] = real_faces.mtfl_faces()
    for title, faces in sets.items():
        record = result["faces"][title] = {"faces": len(faces)}
        for name in called():
            record[name] = on_faces(name, faces)
    return rounded(result)


def main():
    """Measure and write."""
    write(FILE, merge(read(FILE), measure()))
    print(f"Written: {FILE.name}. `python -m tools.ship.figures` brings the pages up to date.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
