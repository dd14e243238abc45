"""The geometry of shapes: transforms of the plane, Procrustes alignment, piecewise affine warps, measures.

A shape is K points in the plane; N shapes, D = 2 coordinates (x, then y), in pixels with pixel centres at
integers. A transform is a (2, 3) array T: it takes a point p to T[:, :2] p + T[:, 2].
"""

from facelm_helpers.geometry._expression import eye_aspect_ratio, mouth_aspect_ratio
from facelm_helpers.geometry._mesh import Mesh
from facelm_helpers.geometry._pieces import affine_pieces, painted, painted_flow
from facelm_helpers.geometry._rotation import rotation, yaw
from facelm_helpers.geometry._similarity import (
    apply_transform,
    compose,
    invert_transform,
    procrustes,
    similarity,
)

__all__ = [
    "Mesh", "affine_pieces", "apply_transform", "compose", "eye_aspect_ratio", "invert_transform",
    "mouth_aspect_ratio", "painted", "painted_flow", "procrustes", "rotation", "similarity", "yaw",
]  # fmt: skip
