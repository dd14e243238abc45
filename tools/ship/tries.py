"""What `tools.ship.try_file` can do with the face in a film.

Each takes the film, the points of its frames (T, 68, 2) and the options, and gives pictures and words.
"""

import cv2
import numpy as np
from tqdm.auto import tqdm

from facelm_helpers import applications
from facelm_helpers.boxes import tight_boxes
from facelm_helpers.detectors import detect
from tools.ship.film import read

AGAIN = 12  # frames after which a detector looks anew
LOST = 0.5  # of the box's side: a face that moved further in a frame is looked for anew


def follow(images, method):
    """The points of the largest face in each picture, (T, 68, 2); NaN where none is found.

    A detector looks at first, every few frames, and whenever the face jumped; between, the face's box is that
    of the points before.
    """
    found, box, age = np.full((len(images), 68, 2), np.nan), None, 0
    for t, image in enumerate(tqdm(images, desc="aligning", unit="frame", disable=None)):
        if box is None or age >= AGAIN:
            box, age = _largest(image), 0
        if box is None:
            continue
        points = method.predict([image], box[None])[0]
        new, side = tight_boxes(points[None])[0], (box[2:] - box[:2]).max()
        jump = np.abs(new[:2] + new[2:] - box[:2] - box[2:]).max() / 2
        lost = jump > LOST * side or not (points >= 0).any() or not (points < image.shape[1::-1]).any()
        if not lost:
            found[t] = points
        box, age = (None, 0) if lost else (new, age + 1)
    return found


def _largest(image):
    for name in ("blazeface", "dlib"):
        boxes = detect(image, name)
        if len(boxes):
            return boxes[np.argmax((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))]
    return None


def drawn(image, points):
    """Dots on a copy of a picture."""
    image = image.copy()
    radius = max(1, round(np.ptp(points[:, 0]) / 90))
    for x, y in np.rint(points * 16).astype(int).tolist():
        cv2.circle(image, (x, y), radius * 16, (70, 255, 90), -1, cv2.LINE_AA, 4)
    return image


def _each(change):
    return lambda film, points, options: (
        [change(*pair) for pair in zip(film.images, points, strict=True)],
        "",
    )


def _pose(film, points, options):
    degrees = applications.head_pose(points)
    pitch, yaw, roll = np.median(degrees, axis=0)
    pictures = [applications.draw_pose(*pair) for pair in zip(film.images, points, strict=True)]
    return pictures, f"Pitch {pitch:.0f}, yaw {yaw:.0f}, roll {roll:.0f} degrees: the median of all frames."


def _eyes(film, points, options):
    if film.rate is None:
        raise ValueError("eyes and yawns are seen over time: wanted a clip, not one picture")
    seen = applications.watch(points, film.rate)
    pictures = []
    for image, eye, mouth in zip(film.images, seen.eyes, seen.mouth, strict=True):
        image, size = image.copy(), image.shape[0] / 400
        told = f"eyes {eye:.2f} {'CLOSED' if eye < seen.threshold else ''}  mouth {mouth:.2f}"
        place, thick = (round(10 * size), round(24 * size)), max(1, round(2 * size))
        cv2.putText(
            image, told, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6 * size, (255, 240, 60), thick, cv2.LINE_AA
        )
        pictures.append(image)
    words = (
        f"{len(seen.blinks)} blinks, {len(seen.microsleeps)} microsleeps, {len(seen.yawns)} yawns; eyes "
        f"closed {seen.closed:.0%} of the time (threshold {seen.threshold:.2f}): "
        f"{'seems drowsy' if seen.drowsy else 'seems awake'}. A demonstration, not a safety device."
    )
    return pictures, words


def _steady(film, points, options):
    if film.rate is None:
        raise ValueError("points are steadied over time: wanted a clip, not one picture")
    calm = applications.one_euro(points, film.rate)
    pictures = [
        np.concatenate([drawn(image, raw), drawn(image, still)], axis=1)
        for image, raw, still in zip(film.images, points, calm, strict=True)
    ]
    raw, still = (10_000 * applications.flicker(track) for track in (points, calm))
    words = f"Left as found, right steadied; flicker {raw:.0f} and {still:.0f} ten-thousandths of the face."
    return pictures, words


def _swap(film, points, options):
    if not options.other:
        raise ValueError("a swap needs another face: add --other FILE")
    other = read(options.other)
    theirs = follow(other.images[:1], options.aligner)
    if np.isnan(theirs).any():
        raise ValueError(f"no face found in {options.other}")
    both = zip(tqdm(film.images, desc="swapping", unit="frame", disable=None), points, strict=True)
    pictures = [applications.swap(image, face, other.images[0], theirs[0]) for image, face in both]
    return pictures, ""


def _turn(film, points, options):
    head = applications.reconstruct(film.images[0], points[0])
    angles = 45 * np.sin(np.linspace(0, 2 * np.pi, 100))
    return [head.view(yaw=angle, size=384)[0] for angle in angles], "The first frame's head, turned."


TRIES = {
    "points": _each(drawn), "make-up": _each(applications.make_up), "pose": _pose, "eyes": _eyes,
    "steady": _steady, "swap": _swap, "turn": _turn,
}  # fmt: skip
