"""What a person looks at: faces with their points, and errors as curves and bars.

Every function returns a matplotlib ``Figure`` and shows nothing; `show` puts a figure into the notebook
together with the text that describes it to someone who cannot see it. One colour per face region everywhere,
safe for colour-blind readers.
"""

from facelm_helpers.plots._canvas import FULL, HALF, METHOD_COLOURS, REGION_COLOURS, canvas, setup, show
from facelm_helpers.plots._comparison import error_map, speed_and_error
from facelm_helpers.plots._errors import ced, curves, leaderboard, normalisers, regions
from facelm_helpers.plots._faces import compare, face, faces_grid, markup

__all__ = [
    "FULL",
    "HALF",
    "METHOD_COLOURS",
    "REGION_COLOURS",
    "canvas",
    "ced",
    "compare",
    "curves",
    "error_map",
    "face",
    "faces_grid",
    "leaderboard",
    "markup",
    "normalisers",
    "regions",
    "setup",
    "show",
    "speed_and_error",
]
