"""The networks of the methods, a function each: shapes in, a Keras model out. They know no data.

Networks that are built of the same parts share a file, such as the two cascades of 2013. Keras is imported
when a network is first built, never when this folder is.
"""

from facelm_helpers.networks._cascades import dcnn, facepp
from facelm_helpers.networks._cost import cost
from facelm_helpers.networks._dan import dan
from facelm_helpers.networks._dense import densereg
from facelm_helpers.networks._faces3d import PARAMETERS, prnet, tddfa
from facelm_helpers.networks._grids import heatmap_offset, pipnet
from facelm_helpers.networks._hourglass import hourglass
from facelm_helpers.networks._mtcnn import PARTS, mtcnn
from facelm_helpers.networks._regression import TASKS, tcdcn, vanilla_cnn
from facelm_helpers.networks._score import with_score
from facelm_helpers.networks._senet import OUTPUTS, SIZE, senet

__all__ = [
    "OUTPUTS", "PARAMETERS", "PARTS", "SIZE", "TASKS", "cost", "dan", "dcnn",
    "densereg", "facepp", "heatmap_offset", "hourglass", "mtcnn", "pipnet", "prnet", "senet", "tcdcn",
    "tddfa", "vanilla_cnn", "with_score",
]  # fmt: skip
