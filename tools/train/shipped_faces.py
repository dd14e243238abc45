"""The faces that the shipped SENet learns from: real ones with corrected annotations, and default ones.

* ``yt68/train``: the annotations' bias to the right is subtracted; where dlib agrees (once its own bias, the
  median offset of each landmark in the face's frame, is subtracted), the mean of both replaces it. In the
  last run the network's own answers were averaged in as well.
* ``lfpw68/train`` without every fifth photograph: the annotations of 300-W (semi-automatic, corrected by
  hand), as they are.
* ``congress``: annotated by dlib from several jittered boxes and their mirrors; the tenth that varies most is
  left out.
* the default faces.

Boxes are drawn as dlib's detector sets them: a face's own, or the place that another face's box has.

Real faces stand beside the checkout (`real_faces.REAL`), never in it.
"""

from dataclasses import dataclass

import numpy as np
from tqdm.auto import tqdm

from facelm_helpers import augment, landmarks, methods, protocol, sources
from facelm_helpers.boxes import move_boxes
from facelm_helpers.faces import FaceSet
from tools.data import real_faces
from tools.data.found_boxes import box_on, detector_boxes

AGREED = 0.07  # share of the eye distance within which dlib's points improve the annotation of yt68
REFUSED = 0.30  # beyond it one of the two is plainly wrong: the frame is left out
DETECTED, OWN = 0.7, 0.5  # share of boxes as a detector sets them; of these, how many are the face's own
STRENGTHS = (
    augment.Strength(shift=0.04, scale=0.05, rotation=6, occlude=0.1, gain=0.2, gamma=0.2, contrast=0.15),
    augment.Strength(
        shift=0.07, scale=0.10, rotation=18, occlude=0.3, blur=0.3, blur_sigma=2.5, gain=0.3, gamma=0.3
    ),
    augment.Strength(
        shift=0.06, scale=0.09, rotation=30, gain=0.25, gamma=0.25, cast=0.08, blur_sigma=2, noise_sd=16
    ),
)
STRENGTH_ODDS = (0.7, 0.18, 0.12)  # a batch takes one of them


@dataclass
class Share:
    """Some faces, how often a batch draws from them, and how often each of them (rare poses oftener).

    `detected` is where dlib's detector sets the box of each, in the frame of the tight one (see
    `placed`), NaN where it is not known; `places` are all those that are known, of any set.
    """

    share: float
    faces: FaceSet
    odds: np.ndarray
    detected: np.ndarray
    places: np.ndarray


def mixture(synthetic=6000, seed=1234, real=True, network=None):
    """The sets and their shares of a batch; only the default faces if ``real`` is False.

    With ``network``, an aligner, the annotations of YouTube Faces are averaged with its points (`cleaned`).

    Returns
    -------
    list of Share
    """
    sets = [(0.14, sources.load("synthetic", n=synthetic, seed=seed))]
    if real:
        corrected = held_in_memory(real_faces.load("lfpw68/train"))
        sets += [(0.45, cleaned(youtube(), network)), (0.36, corrected), (0.05, congress())]
    total = sum(share for share, _ in sets)
    detected = [placed(detector_boxes(faces), faces.boxes) for _, faces in sets]
    places = np.concatenate(detected)
    places = places[np.isfinite(places).all(axis=1)]
    return [
        Share(share / total, faces, pose_odds(faces.points), own, places)
        for (share, faces), own in zip(sets, detected, strict=True)
    ]


def placed(boxes, tight):
    """A box in the frame of another: the shift of its centre in sides of the other, log of its side's ratio.

    >>> placed([[10, 0, 30, 20]], [[0, 0, 20, 20]]).tolist()
    [[0.5, 0.0, 0.0]]
    """
    boxes, (centre, side) = np.asarray(boxes, float), square(tight)
    shift = ((boxes[:, :2] + boxes[:, 2:]) / 2 - centre) / side
    return np.concatenate([shift, np.log((boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / side)], 1)


def square(boxes):
    """Centres (N, 2) and longer sides (N, 1) of boxes."""
    boxes = np.asarray(boxes, float)
    return (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True)


def held_in_memory(faces, points=None, keep=None):
    """The same faces with their photographs in one array, other points, and fewer of them."""
    keep = np.arange(len(faces)) if keep is None else np.flatnonzero(keep)
    images = np.stack([faces.images[i] for i in keep])
    return FaceSet(images, (faces.points if points is None else points)[keep], persons=faces.persons[keep])


def youtube(corrections=("bias", "noise")):
    """Frames of YouTube Faces with corrected annotations.

    Parameters
    ----------
    corrections : sequence of str
        "bias": the annotations are moved left. "noise": they are averaged with dlib's, and frames on which
        the two disagree are left out.
    """
    faces = real_faces.load("yt68/train")
    points = real_faces.unbiased(faces.points) if "bias" in corrections else faces.points
    points = np.array(points, np.float32)
    if "noise" not in corrections:
        return held_in_memory(faces, points)
    found, _, of_dlib = annotated_by(methods.load("dlib"), faces)
    bias = protocol.offsets(of_dlib[found], points[found])
    of_dlib[found] = protocol.remove_offsets(of_dlib[found], points[found], bias)
    gap = np.linalg.norm(of_dlib - points, axis=-1).mean(axis=1) / eye_distance(points)
    agreed = found & (gap < AGREED)
    points[agreed] = (points[agreed] + of_dlib[agreed]) / 2
    return held_in_memory(faces, points, ~(found & (gap > REFUSED)))


def cleaned(faces, network=None):
    """The same faces, annotations averaged with the unbiased answers of a network that learnt from them.

    A network learns what many annotations have in common sooner than the noise of each.
    """
    if network is None:
        return faces
    found, _, points = annotated_by(network, faces)
    bias = protocol.offsets(points[found], faces.points[found])
    points[found] = protocol.remove_offsets(points[found], faces.points[found], bias)
    points = np.where(found[:, None, None], (points + faces.points) / 2, faces.points)
    return held_in_memory(faces, points.astype(np.float32))


def congress():
    """Portraits, annotated by dlib; those on which its jittered answers differ most are left out."""
    faces = real_faces.load("congress")
    found, spread, points = annotated_by(methods.load("dlib"), faces)
    return held_in_memory(faces, points, found & (spread < np.quantile(spread[found], 0.9)))


def annotated_by(aligner, faces, views=5, seed=0):
    """An aligner's points: the median over jittered boxes of dlib's detector and their mirrors.

    Returns
    -------
    found : (N,) bool array
    spread : (N,) array
        Mean distance of the views from their median, pixels.
    points : (N, 68, 2) float32 array
        0 where no face was found.
    """
    rng = np.random.default_rng(seed)
    found, spread = np.zeros(len(faces), bool), np.zeros(len(faces))
    points = np.zeros((len(faces), 68, 2), np.float32)
    for i in tqdm(range(len(faces)), desc=f"annotated by {aligner.name}", unit="face"):
        image = faces.images[i]
        box = box_on(image, faces.boxes[i])
        if box is None:
            continue
        width, mirrored = image.shape[1], np.ascontiguousarray(image[:, ::-1])
        pictures, boxes = [], []
        for view in range(views):
            shift, scale = 0.03 * rng.normal(size=2), np.exp(0.04 * rng.normal())
            moved = move_boxes(box, shift, scale) if view else np.asarray(box)
            pictures += [image, mirrored]
            boxes += [moved, [width - moved[2], moved[1], width - moved[0], moved[3]]]
        answers = aligner.predict(pictures, np.float32(boxes))
        answers[1::2] = [landmarks.mirror(answer, width) for answer in answers[1::2]]
        points[i] = np.median(answers, axis=0)
        found[i], spread[i] = True, np.linalg.norm(answers - points[i], axis=-1).mean()
    return found, spread, points


def pose_odds(points, bins=24, most=5.0):
    """How often each face is drawn: its pose's frequency to the power -1/2, at most ``most`` times."""
    middle = (points[:, 0, 0] + points[:, 16, 0]) / 2
    width = np.ptp(points[:, :, 0], axis=1)
    turn = np.clip((points[:, 30, 0] - middle) / width, -0.6, 0.6)
    counts, edges = np.histogram(turn, bins, (-0.6, 0.6))
    frequency = counts[np.clip(np.digitize(turn, edges) - 1, 0, bins - 1)]
    odds = np.clip((frequency / frequency.max()) ** -0.5, 1, most)
    return odds / odds.sum()


def eye_distance(points):
    """Distance of the outer eye corners, (N,)."""
    return np.linalg.norm(points[:, 45] - points[:, 36], axis=-1)


def batch(sets, step, size=64, seed=7, odds=STRENGTH_ODDS):
    """Crops (B, 128, 128, 3) uint8 and points (B, 68, 2) in 0..1 of a step; the same for the same step."""
    rng = np.random.default_rng((seed, step))
    strength = STRENGTHS[rng.choice(len(STRENGTHS), p=odds)]
    crops, points = [], []
    for part, count in zip(sets, rng.multinomial(size, [part.share for part in sets]), strict=True):
        if count == 0:
            continue
        chosen = rng.choice(len(part.faces), count, p=part.odds)
        faces = part.faces[chosen]
        boxes = like_a_detector(faces.boxes, part.detected[chosen], part.places, rng)
        moved = FaceSet(faces.images, faces.points, boxes)
        some, where = augment.random_crops(moved, int(rng.integers(2**31)), strength=strength)
        crops.append(some)
        points.append(where / np.float32(128))
    return np.concatenate(crops), np.concatenate(points)


def like_a_detector(tight, own, places, rng):
    """Square boxes: `DETECTED` of them where a detector sets them, the others round the tight ones."""
    drawn = places[rng.integers(len(places), size=len(tight))]
    drawn[:, 0] *= rng.choice([-1, 1], len(tight))  # a face that looks the other way
    use_own = (rng.random(len(tight)) < OWN) & np.isfinite(own).all(axis=1)
    place = np.where(use_own[:, None], own, drawn) * (rng.random((len(tight), 1)) < DETECTED)
    centre, side = square(tight)
    centre, half = centre + place[:, :2] * side, side * np.exp(place[:, 2:]) / 2
    return np.float32(np.concatenate([centre - half, centre + half], axis=1))
