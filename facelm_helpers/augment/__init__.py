"""Augmentation: the same face, seen otherwise; on arrays, and on batches inside ``tf.data``.

`random_crops` draws, for every face of a `FaceSet`, a box as a detector might have set it, a rotation and a
mirroring, carries them out in one warp, and changes light and colour, sharpness and noise of the crop; where
it is asked to, it turns heads to larger yaw before. The pieces are plain functions of one picture.
`augment_batch` does the like, without the turning, for a whole batch in TensorFlow.
"""

from facelm_helpers.augment._batches import augment_batch
from facelm_helpers.augment._photometric import blur, grey, jpeg, light, noise, occlude
from facelm_helpers.augment._random import (
    Strength,
    augment_crops,
    mirror,
    photometric,
    random_crops,
    random_transform,
    rotate,
)
from facelm_helpers.augment._turn import turn

__all__ = [
    "Strength", "augment_batch", "augment_crops", "blur", "grey", "jpeg", "light", "mirror", "noise",
    "occlude", "photometric", "random_crops", "random_transform", "rotate", "turn",
]  # fmt: skip
