"""A face in three dimensions: a point model, its fit to 68 points, head pose, a mesh and its UV position map,
and the turning of a photograph's head.

The model was learnt from 2D annotations alone (see ``data/face3d.md``); only its 68 points were ever compared
with depths. The mesh between them is interpolated.

Frames. A face's own frame has x to the right of the picture, y down and z towards the camera when it looks
ahead; a picture has x and y in pixels, pixel centres at integers, and z in pixels towards the camera. Angles
are pitch, yaw and roll in degrees, as 300W-LP's ``Pose_Para`` has them: see `rotation`.
"""

from facelm_helpers.face3d._camera import pnp, project, vertices
from facelm_helpers.face3d._draw import code_colours, draw, nearest_last, owners, seen_uv
from facelm_helpers.face3d._fit import CAREFUL, Fitted, fit, fit_3d, fit_annotated
from facelm_helpers.face3d._map import map_mask, map_weights, points_of_map, position_map, unwrapped
from facelm_helpers.face3d._model import Face3D, load_face3d
from facelm_helpers.face3d._rotation import angles, rotation
from facelm_helpers.face3d._silhouette import slid, solid_share
from facelm_helpers.face3d._turned import AHEAD, Turned, further, turned

__all__ = [
    "AHEAD", "CAREFUL", "Face3D", "Fitted", "Turned", "angles", "code_colours", "draw", "fit", "fit_3d",
    "fit_annotated", "further", "load_face3d", "map_mask", "map_weights", "nearest_last", "owners", "pnp",
    "points_of_map", "position_map", "project", "rotation", "seen_uv", "slid", "solid_share", "turned",
    "unwrapped", "vertices",
]  # fmt: skip
