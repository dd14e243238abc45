"""Faces to learn from and to judge by in notebook 14: photographs as they are, and made or chosen hard.

All are read from what `pack` wrote, 96 pixels wide, twice the longer side of the tight box. What is made
hard is made of the clean faces, so that each of them can be compared with itself.
"""

import cv2
import numpy as np

from facelm_helpers import augment, face3d, sources
from facelm_helpers.boxes import tight_boxes
from facelm_helpers.faces import FaceSet
from facelm_helpers.geometry import apply_transform, eye_aspect_ratio, mouth_aspect_ratio
from facelm_helpers.images import warp
from facelm_helpers.landmarks import MEAN_SHAPE
from facelm_helpers.sources import _disturb, synthetic
from tools.data.real_faces import unbiased
from tools.train.faces import load

SIDE = 96  # pixels of the pictures
CLEAN = ("lfpw68/held-out", "lfpw68/validation", "helen68/validation")
PHOTOGRAPHS, FRAMES = ("lfpw68/train", "helen68/train", "afw68/train"), "yt68/train"
JUDGED = {  # set of judged faces -> what it is
    "clean": "LFPW and HELEN photographs as they are",
    "dark": "the clean faces at a quarter of their light, with a sensor's noise",
    "blurred": "the clean faces out of focus",
    "tinted": "the clean faces in the light of a coloured lamp",
    "rolled": "the clean faces, turned in the plane by 20 to 45 degrees",
    "turned": "AFLW2000-3D from 30 degrees of yaw; NME over the root of the box's area",
    "expression": "validation faces with an open mouth or closed eyes",
    "occluded": "the clean faces behind a hand, a scarf, a microphone or a thing",
}
CHANGED = 1.8  # standard deviations of each expression mode that is added


def read(path):
    """The packed sets that are needed, as FaceSets with pictures of `SIDE` pixels."""
    names = (*PHOTOGRAPHS, FRAMES, *CLEAN, "afw68/validation", "yt68/val", "aflw2000", "turned")
    return {name: _small(faces) for name, faces in load(path, 0, names).items()}


def _small(faces):
    scale = SIDE / faces.images.shape[1]
    images = [cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for image in faces.images]
    degrees = {"degrees": np.asarray(faces.yaw, np.float64)}
    return FaceSet(np.stack(images), (faces.points + 0.5) * scale - 0.5, attributes=degrees)


def joined(parts):
    """Some sets as one."""
    images, points = (
        np.concatenate(column) for column in zip(*((p.images, p.points) for p in parts), strict=True)
    )
    return FaceSet(images, points)


def judged(sets):
    """Name of `JUDGED` -> FaceSet."""
    clean = joined([sets[name] for name in CLEAN])
    rng = np.random.default_rng(14)
    found = {"clean": clean}
    pictures = {
        "dark": lambda image: augment.noise(augment.light(image, gain=0.25), 6, rng),
        "blurred": lambda image: augment.blur(image, 2.0),
        "tinted": lambda image: augment.light(image, contrast=0.7, cast=(1.4, 0.9, 0.35)),
    }
    for name, change in pictures.items():
        found[name] = FaceSet(np.stack([change(image) for image in clean.images]), clean.points)
    found["rolled"] = _rolled(clean, rng)
    found["turned"] = sets["aflw2000"][np.abs(sets["aflw2000"].attributes["degrees"]) >= 30]
    frames = FaceSet(sets["yt68/val"].images, unbiased(sets["yt68/val"].points))
    every = joined([clean, sets["afw68/validation"], frames])
    open_mouth = mouth_aspect_ratio(every.points) > synthetic.OPEN_MOUTH
    found["expression"] = every[open_mouth | (eye_aspect_ratio(every.points) < synthetic.CLOSED_EYES)]
    occluded = clean.images.copy()
    for image, points in zip(occluded, clean.points, strict=True):
        _disturb.occluder(rng, image, points)
    found["occluded"] = FaceSet(occluded, clean.points)
    return found


def _rolled(faces, rng):
    """The faces turned in the plane, either way; the boxes are those of the turned points."""
    images, points = [], []
    for image, shape in zip(faces.images, faces.points, strict=True):
        degrees = rng.uniform(20, 45) * rng.choice([-1, 1])
        image, shape = augment.rotate(image, shape, degrees)
        images.append(image)
        points.append(shape)
    return FaceSet(np.stack(images), np.stack(points))


def other_expressions(faces, seed):
    """The faces with another expression: the 3D model's modes move their points, and the mesh the picture.

    Each point moves by what the modes move it in the fitted 3D face, so that identity and pose stay.
    """
    model, rng = sources.synthetic.load_face_model(), np.random.default_rng(seed)
    fitted = face3d.fit(faces.points, noise=0.015)
    more = CHANGED * rng.standard_normal(fitted.expression.shape)
    changed = fitted._replace(expression=fitted.expression + more)
    before, after = (face3d.vertices(found)[..., :2] for found in (fitted, changed))
    images, points = [], []
    for image, shape, move in zip(faces.images, faces.points, after - before, strict=True):
        texture, canvas = model.unwarp(image, shape)
        scale = np.ptp(canvas, axis=0).max() / np.ptp(shape, axis=0).max()
        target = synthetic.open_lids_and_lips((canvas + scale * move)[None])[0]
        images.append(model.render(target, texture, SIDE))
        points.append((target + 0.5) * SIDE / model.size - 0.5)
    return FaceSet(np.stack(images), np.stack(points))


def upright():
    """The mean shape in the middle of a picture of `SIDE` pixels, half as wide as it: (68, 2)."""
    left, top, right, bottom = tight_boxes(MEAN_SHAPE[None])[0]
    scale = SIDE / 2 / max(right - left, bottom - top)
    return (MEAN_SHAPE - [(left + right) / 2, (top + bottom) / 2]) * scale + (SIDE - 1) / 2


def rectified(faces, transforms):
    """Pictures and points after a transform each; the boxes are those of the upright mean shape."""
    images = np.stack([warp(image, T, SIDE) for image, T in zip(faces.images, transforms, strict=True)])
    boxes = np.tile(tight_boxes(upright()[None]), (len(faces), 1))
    return FaceSet(images, apply_transform(transforms, faces.points), boxes)
