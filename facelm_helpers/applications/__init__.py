"""What people build on 68 points: blinks and drowsiness, head pose, make-up, swaps, averages, steady video.

Each takes pictures and points, whoever found them. A track is the points of one face in T frames, (T, 68, 2)
in pixels.
"""

from facelm_helpers.applications._blend import average_face, swap
from facelm_helpers.applications._eyes_and_mouth import Watched, personal_threshold, spans, watch
from facelm_helpers.applications._make_up import make_up, regions
from facelm_helpers.applications._pose import draw_pose, head_pose
from facelm_helpers.applications._smile import smile, smile_features
from facelm_helpers.applications._steady import flicker, lag, moving_average, one_euro
from facelm_helpers.applications._turn import Head, reconstruct

__all__ = [
    "Head", "Watched", "average_face", "draw_pose", "flicker", "head_pose", "lag", "make_up",
    "moving_average", "one_euro", "personal_threshold", "reconstruct", "regions", "smile", "smile_features",
    "spans", "swap", "watch",
]  # fmt: skip
