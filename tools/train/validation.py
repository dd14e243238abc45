"""The errors of a network on the validation faces, during its training."""

import numpy as np

from facelm_helpers import metrics
from tools.train.faces import VALIDATION, square
from tools.train.frames import MARGIN, answers

YAW = ((0, 30), (30, 60), (60, 90.5))  # degrees


def report(network, sets, where="cpu"):
    """NME on every validation set that is there.

    Parameters
    ----------
    network : torch.nn.Module
    sets : dict of Faces
    where : str
        The device.

    Returns
    -------
    dict
        Set -> detector -> inter-ocular NME over the faces that it finds, in its boxes. AFLW2000-3D: range of
        |yaw| -> NME over the root of the tight box's area, in the tight box.
    """
    return {name: _of_set(network, name, sets[name], where) for name in VALIDATION if name in sets}


def _of_set(network, name, faces, where):
    if name == "aflw2000":
        errors, yaw = error(network, faces, faces.tight, where, "box"), np.abs(faces.yaw)
        views = {f"{low}-{high:.0f}": (errors, (yaw >= low) & (yaw < high)) for low, high in YAW}
    else:
        views = {
            detector: (error(network, faces, boxes, where), np.isfinite(boxes).all(axis=1))
            for detector, boxes in faces.found.items()
        }
    return {view: errors[some].mean() for view, (errors, some) in views.items() if some.any()}


def error(network, faces, boxes, where="cpu", norm="inter_ocular"):
    """NME (N,) in given boxes; where one is missing, the tight box stands in."""
    boxes = np.where(np.isfinite(boxes), boxes, faces.tight)
    centre, side = square(boxes)
    points = answers(network, faces, (centre, side * MARGIN, np.zeros(len(faces))), where)
    return metrics.nme(points, faces.points, norm=norm)
