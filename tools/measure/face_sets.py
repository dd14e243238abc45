"""The faces that the bench measures on: each set, the split that annotation biases are measured on, boxes.

The synthetic faces are always there. The authors' real ones (`tools/data/real_faces.py`) are
not in the repository.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from facelm_helpers import methods, sources
from facelm_helpers.faces import FaceSet
from facelm_helpers.geometry import yaw
from facelm_helpers.sources.synthetic import POSES
from tools.data import real_faces
from tools.data.found_boxes import detector_boxes

NAMES = {
    "synthetic": "default faces, drawn anew",
    "yt68/val": "YouTube frames of unseen people, annotated by a machine",
    "lfpw68/held-out": "LFPW photographs, annotated semi-automatically, corrected by hand",
    "helen68/validation": "HELEN photographs, annotated like LFPW's",
}
BOXES = {"detector": "dlib", "blazeface": "blazeface"}  # kind of box -> whose it is
OTHER_SPLIT = {
    "yt68/val": "yt68/train", "lfpw68/held-out": "lfpw68/train", "helen68/validation": "helen68/train",
    "afw68/validation": "afw68/train",
}  # fmt: skip
SEEN = {  # what the training of a method, or of a kind, had to do with a set, where it is not "none of them"
    ("dlib", "lfpw68/held-out"): "these photographs",
    ("dlib", "helen68/validation"): "these photographs",
    ("network", "yt68/val"): "other people of this set",
    ("senet", "lfpw68/held-out"): "other photographs of this set, and some of these",  # under other names
    ("network", "lfpw68/held-out"): "other photographs of this set",
    ("network", "helen68/validation"): "other photographs of this set",
    (None, "lfpw68/held-out"): "faces drawn by a model that learnt from some of these",
    (None, "helen68/validation"): "faces drawn by a model that learnt from most of these",
}
TEST_SEED, OTHER_SEED = 990_001, 990_002  # of the synthetic faces; training uses small seeds


def seen(method, name):
    """Which faces of a set a method was trained on, as a phrase."""
    own = "none of them" if method.split(",")[0] == "dlib" else "other faces of this kind"
    default = own if name == "synthetic" else "none of them"
    kind = methods.of(method).kind if method in methods.names() else None
    return next((SEEN[key, name] for key in (method, kind, None) if (key, name) in SEEN), default)


class _Lazily(dict):
    """A dict whose values are made when they are first asked for."""

    def __init__(self, make):
        super().__init__()
        self.make = make

    def __missing__(self, key):
        self[key] = self.make(key)
        return self[key]


@dataclass
class Set:
    """Faces to measure on, and faces of another split to measure annotation biases on.

    Parameters
    ----------
    name : str
    faces, other : FaceSet
        Images in memory.
    """

    name: str
    faces: FaceSet
    other: FaceSet

    @cached_property
    def detected(self):
        """Kind of box -> that detector's boxes for `faces`, NaN where it finds none."""
        return _Lazily(lambda box: detector_boxes(self.faces, self.name, BOXES[box]))

    @cached_property
    def other_detected(self):
        """The same for `other`."""
        return _Lazily(lambda box: detector_boxes(self.other, f"{self.name}, other split", BOXES[box]))

    def found(self, box):
        """Which of `faces` have a box of a kind: (N,) bool."""
        return np.isfinite(self.detected[box]).all(axis=1) if box in BOXES else np.ones(len(self.faces), bool)

    def view(self, box):
        """Faces, their boxes of a kind, faces of the other split, their boxes.

        In a detector's box the faces that it misses are left out.
        """
        if box not in BOXES:
            return self.faces, self.faces.boxes, self.other, self.other.boxes
        boxes, found = self.other_detected[box], self.found(box)
        other = np.isfinite(boxes).all(axis=1)
        return self.faces[found], self.detected[box][found], self.other[other], boxes[other]

    @property
    def views(self):
        """Kind of box -> `view`."""
        return {box: self.view(box) for box in ("tight", *BOXES)}

    @cached_property
    def groups(self):
        """Name of a group -> (N,) bool: by pose (a measure of the points) and by light on the face."""
        turned, bright = np.abs(yaw(self.faces.points)), brightness(self.faces)
        groups = {}
        for pose, (low, high) in POSES.items():
            groups[f"pose: {pose}"] = (turned >= low) & ((turned < high) | (high == 1))
        low, high = np.quantile(bright, [1 / 3, 2 / 3])
        dark, light = bright < low, bright > high
        return groups | {"face: darkest third": dark, "face: lightest third": light}


def present():
    """The names of the sets that can be measured here."""
    return [name for name in NAMES if name == "synthetic" or real_faces.REAL.is_dir()]


def load(name, quick=False):
    """A set; quick takes a sample of it.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    quick : bool

    Returns
    -------
    Set
    """
    most = 60 if quick else 500
    if name == "synthetic":
        faces, other = (
            sources.load("synthetic", n=most, seed=seed, progress=False) for seed in (TEST_SEED, OTHER_SEED)
        )
        return Set(name, faces, other)
    return Set(name, in_memory(name, most), in_memory(OTHER_SPLIT[name], most))


def in_memory(name, most):
    """At most so many real faces, always the same ones, their photographs decoded."""
    faces = real_faces.load(name)
    chosen = np.sort(np.random.default_rng(0).permutation(len(faces))[:most])
    images = np.stack([faces.images[int(i)] for i in chosen])
    return FaceSet(images, faces.points[chosen], persons=faces.persons[chosen])


def brightness(faces):
    """(N,): the mean grey level in the middle half of each tight box."""
    means = np.empty(len(faces))
    for i in range(len(faces)):
        image, _, (left, top, right, bottom) = faces[i]
        w, h = right - left, bottom - top
        height, width = image.shape[:2]
        x = np.clip([left + w / 4, right - w / 4], 0, width - 1).astype(int)
        y = np.clip([top + h / 4, bottom - h / 4], 0, height - 1).astype(int)
        means[i] = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[y[0] : y[1] + 1, x[0] : x[1] + 1].mean()
    return means
