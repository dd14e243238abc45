"""What a person moves: two methods on one photograph, live.

The logic stands in plain functions that know no widget: `sample` and `from_upload` give a `Scene`, `view`
turns it and a `State` of the sliders into what the methods are given, `answer` asks one of them,
`discrepancy` compares two, `draw` draws. `Session` holds them together, and `compare_live` puts controls
round it. Beside it, `DraggableBox` is a box that follows the pointer, and `walks` moves through the stages of
a cascade.

>>> given = view(sample("synthetic, frontal 1"), State(rotation=30))
>>> answer(get("dlib"), given).points.shape
(68, 2)
"""

from facelm_helpers.widgets._drag_box import DraggableBox
from facelm_helpers.widgets._drawing import draw, encode
from facelm_helpers.widgets._methods import Answer, answer, available, choices, discrepancy, get, title
from facelm_helpers.widgets._panel import Comparison, compare_live
from facelm_helpers.widgets._scene import Scene, from_image, from_upload, sample, samples, scene
from facelm_helpers.widgets._session import Redrawn, Session, still
from facelm_helpers.widgets._sliders import Sliders
from facelm_helpers.widgets._stages import Walks, frames, walks
from facelm_helpers.widgets._timing import measure_redraw
from facelm_helpers.widgets._view import LIMITS, State, View, view

__all__ = [
    "Answer", "Comparison", "DraggableBox", "LIMITS", "Redrawn", "Scene", "Session", "Sliders", "State",
    "View", "Walks", "answer", "available", "choices", "compare_live", "discrepancy", "draw", "encode",
    "frames", "from_image", "from_upload", "get", "measure_redraw", "sample", "samples", "scene", "still",
    "title", "view", "walks",
]  # fmt: skip
