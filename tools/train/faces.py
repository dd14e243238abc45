"""The faces that the shipped network learns from, in memory: crops of 192 pixels, what is known of each.

`load` reads what `pack` wrote, and draws default faces beside. Real faces stand beside the checkout, never in
it. No label is another aligner's, but for those that a teacher of one's own gives (`taught`).
"""

import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from facelm_helpers import sources
from facelm_helpers.boxes import tight_boxes
from facelm_helpers.paths import RUNS

FILE = RUNS / "training_faces.npz"  # ignored by git
SIDE = 192  # pixels of a crop, of twice the longer side of the tight box
ALONE = 24_000  # default faces, where no photograph is learnt from
SEED, TOGETHER = 90, 400  # of the default faces; how many are drawn with one seed
DETECTORS = ("dlib", "blazeface")
VALIDATION = (
    "lfpw68/held-out",
    "lfpw68/validation",
    "helen68/validation",
    "afw68/validation",
    "yt68/val",
    "aflw2000",
)
# Of the answer of a teacher in the mean with the annotation: more where a machine annotated.
TEACHER = {"yt68/train": 0.6, "turned": 0.4, "lfpw68/train": 0.4, "helen68/train": 0.4, "afw68/train": 0.4}


@dataclass
class Faces:
    """Some faces of one kind.

    Attributes
    ----------
    images : (N, S, S, 3) uint8 array
    points : (N, 68, 2) float32 array
        In pixels of the crops; NaN where they are not known.
    tight : (N, 4) array
    found : dict
        Detector -> (N, 4) array of its boxes, NaN where it finds no face.
    five : (N, 5, 2) array
        Middles of the eyes, tip of the nose, corners of the mouth; NaN where they are not known.
    yaw : (N,) array
        In degrees; NaN where it is not known.
    keep : (N,) bool array
        The faces to learn from.
    balanced : bool
        Whether rare poses are drawn oftener.
    """

    images: np.ndarray
    points: np.ndarray
    tight: np.ndarray
    found: dict
    five: np.ndarray
    yaw: np.ndarray
    keep: np.ndarray
    balanced: bool = True

    def __len__(self):
        return len(self.images)

    @property
    def known(self):
        """Whether there are faces to learn from, and all of them have their 68 points."""
        return bool(self.keep.any() and np.isfinite(self.points[self.keep]).all())

    def places(self):
        """Where each detector sets its boxes, in the frame of the tight ones: detector -> (N, 3) array."""
        return {name: placed(boxes, self.tight) for name, boxes in self.found.items()}

    def odds(self):
        """How often each face is drawn, (N,): those not kept never."""
        odds = pose_odds(self.points) if self.known and self.balanced else np.ones(len(self))
        return odds * self.keep / (odds * self.keep).sum()


def load(path, default=3000, names=None):
    """The packed sets by name, and ``default`` default faces as the set "default".

    Parameters
    ----------
    path : Path
        See `pack`.
    default : int
    names : sequence of str, optional
        Packed sets; all of them by default.

    Raises
    ------
    FileNotFoundError
    ValueError
        If the file's default faces are not those that the face model gives today.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f"no packed faces at {path}: python -m tools.train.pack writes them")
    with np.load(path, allow_pickle=False) as file:
        there = sorted({key.rpartition("/")[0] for key in file.files} - {"default"})
        sets = {name: _unpacked(file, name) for name in there if names is None or name in names}
        boxed = {key: file[f"default/{key}"] for key in ("points", *_detectors(file, "default"))}
    if default:
        sets["default"] = faces = default_faces(default)
        n = min(default, len(boxed["points"]))
        if not np.allclose(faces.points[:n], boxed.pop("points")[:n], atol=0.05):
            raise ValueError(
                f"{path} was packed with other default faces: run python -m tools.train.pack again"
            )
        for name, boxes in boxed.items():
            faces.found[name] = np.full((default, 4), np.nan, np.float32)
            faces.found[name][:n] = boxes[:n]
    return sets


def _detectors(file, name):
    return [detector for detector in DETECTORS if f"{name}/{detector}" in file.files]


def _unpacked(file, name):
    """One set, its pictures decoded and brought to one size."""
    ends = np.cumsum(file[f"{name}/sizes"])
    data, sides = file[f"{name}/images"], np.zeros(len(ends))

    def picture(i):
        image = cv2.imdecode(data[ends[i - 1] if i else 0 : ends[i]], cv2.IMREAD_COLOR)
        sides[i] = len(image)
        if len(image) != SIDE:
            image = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)

    with ThreadPoolExecutor() as pool:
        images = np.stack(list(pool.map(picture, range(len(ends)))))
    scale = SIDE / sides[:, None]
    points, five = ((file[f"{name}/{key}"] + 0.5) * scale[..., None] - 0.5 for key in ("points", "five"))
    found = {detector: file[f"{name}/{detector}"] * scale for detector in _detectors(file, name)}
    every = np.ones(len(images), bool)
    return Faces(
        images, np.float32(points), file[f"{name}/tight"] * scale, found, five, file[f"{name}/yaw"], every
    )


def default_faces(n):
    """The first n default faces; the same ones on every machine, whatever its number of processors."""
    parts = [(SEED + i, min(TOGETHER, n - start)) for i, start in enumerate(range(0, n, TOGETHER))]
    if len(parts) > 1:
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
            drawn = list(pool.map(_drawn, parts))
    else:
        drawn = [_drawn(parts[0])]
    images, points = (np.concatenate(column) for column in zip(*drawn, strict=True))
    return Faces(
        images,
        points,
        tight_boxes(points),
        {},
        np.full((n, 5, 2), np.nan),
        np.full(n, np.nan),
        np.ones(n, bool),
    )


def _drawn(part):
    seed, n = part
    with threadpool_limits(1):  # else as many threads as cores in as many processes: minutes, not seconds
        faces = sources.load("synthetic", n=n, seed=seed, size=SIDE, progress=False)
    return faces.images, faces.points


def placed(boxes, tight):
    """A box in the frame of another: the shift of its centre in sides of the other, log of its side's ratio.

    >>> placed([[10, 0, 30, 20]], [[0, 0, 20, 20]]).tolist()
    [[0.5, 0.0, 0.0]]
    """
    (middle, side), (centre, length) = square(boxes), square(tight)
    return np.concatenate([(middle - centre) / length[:, None], np.log(side / length)[:, None]], axis=1)


def square(boxes):
    """Centres (N, 2) and longer sides (N,) of boxes."""
    boxes = np.asarray(boxes, float)
    return (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).max(axis=1)


def pose_odds(points, bins=24, most=5.0):
    """How often each face is drawn: its pose's frequency to the power -1/2, at most ``most`` times."""
    middle = (points[:, 0, 0] + points[:, 16, 0]) / 2
    turn = np.clip((points[:, 30, 0] - middle) / np.ptp(points[:, :, 0], axis=1), -0.6, 0.6)
    counts, edges = np.histogram(turn, bins, (-0.6, 0.6))
    frequency = counts[np.clip(np.digitize(turn, edges) - 1, 0, bins - 1)]
    odds = np.clip((frequency / frequency.max()) ** -0.5, 1, most)
    return odds / odds.sum()


def taught(sets, labels, shares=TEACHER):
    """The sets with a teacher's labels (`labels.labelled`): averaged with annotations, or in their place.

    Parameters
    ----------
    sets : dict of Faces
    labels : dict
        "SET/points" and "SET/keep".
    shares : dict
        Set -> share of the teacher's points in the mean with the annotation.
    """
    sets = dict(sets)
    for name in {key.rpartition("/")[0] for key in labels} & sets.keys():
        faces, points = sets[name], np.float32(labels[f"{name}/points"])
        if len(points) != len(faces):
            raise ValueError(f"the labels hold {len(points)} faces of {name}: wanted {len(faces)}")
        share = np.float32(shares.get(name, 0.5) if faces.known else 1.0)
        mean = points if share == 1 else (1 - share) * faces.points + share * points
        keep = np.asarray(labels[f"{name}/keep"], bool)
        sets[name] = replace(faces, points=mean, tight=tight_boxes(mean), keep=keep)
    return sets
