"""Faces: a set of them, and the crop that every method starts from, with its exact way back.

Points are float32 pixels (N, 68, 2), pixel centres at integers. Boxes are float32 (N, 4): left, top, right,
bottom; right and bottom are continuous edges, exclusive.
"""

from facelm_helpers.faces._crops import (
    crop,
    crop_transform,
    crop_transforms,
    cut,
    denormalise,
    from_vector,
    normalise,
    to_vector,
    uncrop,
)
from facelm_helpers.faces._face_set import FaceSet, check_annotated, check_points

__all__ = [
    "FaceSet", "check_annotated", "check_points", "crop", "crop_transform", "crop_transforms", "cut",
    "denormalise", "from_vector", "normalise", "to_vector", "uncrop",
]  # fmt: skip
