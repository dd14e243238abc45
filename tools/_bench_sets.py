"""The faces that `tools/bench.py` measures on: each set, the other split that habits are measured on, boxes.

The synthetic faces are always there. The authors' real ones (`tools/real_faces.py`) are
not in the repository.
"""

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from tqdm.auto import tqdm

from facelm_helpers import sources
from facelm_helpers.detect import detect
from facelm_helpers.faces import FaceSet
from facelm_helpers.paths import ROOT
from facelm_helpers.sources.synthetic import POSES, yaw
from tools import real_faces

CACHE = ROOT / "runs" / "bench"  # ignored by git; nothing is lost if it is deleted
NAMES = {
    "synthetic": "default faces, drawn anew",
    "yt68/val": "YouTube frames of unseen people, marked by a machine",
    "lfpw68/held-out": "LFPW photographs, marked by hand",
}
OTHER_SPLIT = {"yt68/val": "yt68/train", "lfpw68/held-out": "lfpw68/train"}
SEEN = {  # what a method's training had to do with a set, where it is not "none of them"
    ("dlib", "lfpw68/held-out"): "these photographs",
    ("senet", "yt68/val"): "other people of this set",
    ("senet", "lfpw68/held-out"): "other photographs of this set",
}
TEST_SEED, OTHER_SEED = 990_001, 990_002  # of the synthetic faces; training uses small seeds


def seen(method, name):
    """In words, which faces of a set a method was trained on."""
    own = "none of them" if method.split(",")[0] == "dlib" else "other faces of this kind"
    return SEEN.get((method, name), own if name == "synthetic" else "none of them")


@dataclass
class Set:
    """Faces to measure on, and faces of another split whose habits are taken out.

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
        """Boxes of dlib's detector for `faces`, NaN where it finds none."""
        return detector_boxes(self.faces, self.name)

    @cached_property
    def other_detected(self):
        """The same for `other`."""
        return detector_boxes(self.other, f"{self.name}, other split")

    @cached_property
    def groups(self):
        """Name of a group -> (N,) bool: by pose (a measure of the points) and by light on the face."""
        turned, bright = np.abs(yaw(self.faces.points)), brightness(self.faces)
        groups = {}
        for pose, (low, high) in POSES.items():
            if pose != "all":
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


def detector_boxes(faces, title=""):
    """dlib's detector on every face: upsampled once where the plain picture gives nothing.

    Of several boxes it is the one that overlaps the tight box most, and by half of itself at least.

    Returns
    -------
    (N, 4) float32 array
        NaN where no face was found.
    """
    digest = hashlib.sha256(np.ascontiguousarray(faces.points).tobytes())
    for image in faces.images:
        digest.update(np.ascontiguousarray(image).tobytes())
    cached = CACHE / f"boxes-{digest.hexdigest()[:20]}.npy"
    if cached.is_file():
        return np.load(cached, allow_pickle=False)
    boxes = np.full((len(faces), 4), np.nan, np.float32)
    for i in tqdm(range(len(faces)), desc=f"finding faces: {title}", leave=False, disable=None):
        image, _, tight = faces[i]
        for upsample in (0, 1):
            found = detect(image, upsample)
            share = [overlap(box, tight) for box in found]
            if share and max(share) >= 0.5:
                boxes[i] = found[int(np.argmax(share))]
                break
    CACHE.mkdir(parents=True, exist_ok=True)
    draft = cached.with_name(f".{cached.name}.{os.getpid()}.npy")
    np.save(draft, boxes)
    os.replace(draft, cached)
    return boxes


def overlap(box, other):
    """The share of a box that lies in another.

    >>> overlap([0, 0, 10, 10], [5, 0, 15, 10])
    0.5
    """
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    return float(max(width, 0) * max(height, 0) / ((box[2] - box[0]) * (box[3] - box[1])))


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
