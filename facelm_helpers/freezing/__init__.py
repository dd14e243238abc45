"""Freeze a trained Keras model for use without Keras: one `.pb`, SavedModel, LiteRT (float, int8), ONNX.

Freezing means inference for good: dropout is gone (keep_prob is 1), batch normalisation is folded into the
convolution before it, and every variable is a constant. The functions know no method; they take any
functional Keras model on the TensorFlow backend. What they write is run by `open_frozen`, `open_litert` and
the others.
"""

from facelm_helpers.freezing._fold import fold
from facelm_helpers.freezing._photograph import draw_points, run_opencv
from facelm_helpers.freezing._run import (
    installed,
    open_frozen,
    open_litert,
    open_onnx,
    open_opencv,
    open_saved_model,
    opencv_reads,
)
from facelm_helpers.freezing._write import difference, freeze, save_litert, save_onnx, save_saved_model

__all__ = [
    "difference", "draw_points", "fold", "freeze", "installed", "open_frozen", "open_litert", "open_onnx",
    "open_opencv", "open_saved_model", "opencv_reads", "run_opencv", "save_litert", "save_onnx",
    "save_saved_model",
]  # fmt: skip
