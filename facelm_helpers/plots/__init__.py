"""Figures: faces with their points, and errors as curves and bars.

Every function returns a matplotlib ``Figure`` and shows nothing; `show` puts a figure into the notebook
(`picture` knows how). One colour per face region everywhere, safe for colour-blind readers.
"""

from facelm_helpers.plots._architecture import architecture, architectures
from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, REGION_COLOURS, SQUARE, canvas, setup
from facelm_helpers.plots._cascaded_regression import bits, cells, convergence, fern, numbered
from facelm_helpers.plots._challenges import by_strength, changes
from facelm_helpers.plots._convolutional_regression import differences, levels, task_curves, views
from facelm_helpers.plots._dlib_68_points import boxes, detectors, gradients, joint_cascade, pixels
from facelm_helpers.plots._faces import compare, face, faces_grid
from facelm_helpers.plots._finding_faces import found, mining, pyramid
from facelm_helpers.plots._heatmaps import decoded, decoding, heatmaps, votes
from facelm_helpers.plots._measuring_error import bands, ced, ced_area, curves, leaderboard, regions
from facelm_helpers.plots._normalisers import head_turn, normalisers
from facelm_helpers.plots._se_modules import se_modules
from facelm_helpers.plots._shape_models import (
    on_faces,
    outlines,
    profile_search,
    rebuilding,
    textures,
)
from facelm_helpers.plots._squeeze_and_excitation import (
    channel_maps,
    gate_cost,
    gate_spread,
    gradient_by_depth,
    rule_maps,
)
from facelm_helpers.plots._start_here import jaws, markup
from facelm_helpers.plots._the_comparison import error_map, speed_and_error
from facelm_helpers.plots._three_dimensions import contours, head_and_camera, parameter_weights
from facelm_helpers.plots._training_senet import live_loss, loss_curves, network_bars, overfitting, run_curves
from facelm_helpers.plots._what_people_build import flicker_and_lag, over_time
from facelm_helpers.plots.picture import show

__all__ = [
    "FULL", "METHOD_COLOURS", "REGION_COLOURS", "SQUARE", "architecture", "architectures", "bands", "bits",
    "boxes", "by_strength", "canvas", "ced", "ced_area", "cells", "changes", "channel_maps", "compare",
    "contours", "convergence", "curves", "decoded", "decoding", "detectors", "differences", "error_map",
    "face", "faces_grid", "fern", "flicker_and_lag", "found", "gate_cost", "gate_spread", "gradient_by_depth",
    "gradients", "head_and_camera", "head_turn", "heatmaps", "jaws", "joint_cascade", "leaderboard", "levels",
    "live_loss", "loss_curves", "markup", "mining", "network_bars", "normalisers", "numbered", "on_faces",
    "outlines", "over_time", "overfitting", "parameter_weights", "pixels", "profile_search", "pyramid",
    "rebuilding", "regions", "rule_maps", "run_curves", "se_modules", "setup", "show", "speed_and_error",
    "task_curves", "textures", "views", "votes",
]  # fmt: skip
