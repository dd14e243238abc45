"""What a person looks at: faces with their points, and errors as curves and bars.

Every function returns a matplotlib ``Figure`` and shows nothing; `show` puts a figure into the notebook
together with the text that describes it to someone who cannot see it. One colour per face region everywhere,
safe for colour-blind readers.
"""

from facelm_helpers.plots._canvas import FULL, HALF, METHOD_COLOURS, REGION_COLOURS, canvas, setup, show
from facelm_helpers.plots._cascades import bits, by_year, cells, convergence
from facelm_helpers.plots._comparison import error_map, speed_and_error
from facelm_helpers.plots._diagrams import joint_cascade
from facelm_helpers.plots._errors import ced, curves, leaderboard, normalisers, regions
from facelm_helpers.plots._faces import compare, face, faces_grid, markup
from facelm_helpers.plots._gates import (
    channel_maps,
    gate_cost,
    gate_spread,
    gate_table,
    gradient_by_depth,
    rule_maps,
)
from facelm_helpers.plots._learning import learnt_by_heart, live_loss, loss_curves, network_bars
from facelm_helpers.plots._modules import se_modules
from facelm_helpers.plots._pixels import gradients, pixels
from facelm_helpers.plots._shape_models import outlines, profile_search, rebuilding

__all__ = [
    "FULL",
    "HALF",
    "METHOD_COLOURS",
    "REGION_COLOURS",
    "bits",
    "by_year",
    "canvas",
    "ced",
    "cells",
    "channel_maps",
    "compare",
    "convergence",
    "curves",
    "error_map",
    "face",
    "faces_grid",
    "gate_cost",
    "gate_spread",
    "gate_table",
    "gradient_by_depth",
    "gradients",
    "joint_cascade",
    "leaderboard",
    "learnt_by_heart",
    "live_loss",
    "loss_curves",
    "markup",
    "network_bars",
    "normalisers",
    "outlines",
    "pixels",
    "profile_search",
    "rebuilding",
    "regions",
    "rule_maps",
    "se_modules",
    "setup",
    "show",
    "speed_and_error",
]
