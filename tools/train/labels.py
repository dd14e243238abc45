"""What a trained network says of the faces to learn from: labels that another network can be taught with."""

import numpy as np

from facelm_helpers.boxes import tight_boxes
from facelm_helpers.landmarks import convert
from tools.train.faces import square
from tools.train.frames import MARGIN, answers

SHIFT, SCALE, TURN = 0.04, 0.06, 8.0  # of the views: in sides of the box, logarithm, degrees
LEAVE = 0.9  # quantile of the spread beyond which a face without annotation is left out
OFF = 0.12  # largest distance from the five points of MTFL, in sides of the tight box


def labelled(network, sets, where="cpu", views=6, seed=0):
    """The network's points of every face: the mean over jittered views and their mirror images.

    A face without annotation is kept if its views agree, and if the label fits its five points where those
    are known.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode.
    sets : dict of Faces
    where : str
        The device.
    views : int
        Half of what is averaged; the other half are mirrored.
    seed : int

    Returns
    -------
    dict
        "SET/points" (N, 68, 2) float32, in pixels of the crops, "SET/spread" (N,) float32, mean distance of
        the views from their mean in sides of the tight box, and "SET/keep" (N,) bool.
    """
    found = {}
    for name, faces in sets.items():
        tight = faces.tight if faces.known else _looked_for(network, faces, where)
        points, spread = _views(
            network, faces, tight, where, views, np.random.default_rng([seed, len(found)])
        )
        keep = np.ones(len(faces), bool)
        side = square(tight)[1]
        if faces.known:
            off = np.linalg.norm(points - faces.points, axis=-1).mean(axis=1) / side
        else:
            off = np.linalg.norm(convert(points, "5") - faces.five, axis=-1).max(axis=1) / side
            keep = (spread <= np.quantile(spread, LEAVE)) & ~(off > OFF)  # NaN where there are no five
        told = f", {np.nanmedian(off):.2%} off what is known" if np.isfinite(off).any() else ""
        print(f"{name}: views spread {spread.mean():.2%} of the side{told}; kept {keep.sum()} of {len(keep)}")
        found |= {f"{name}/points": np.float32(points), f"{name}/spread": np.float32(spread)}
        found[f"{name}/keep"] = keep
    return found


def _looked_for(network, faces, where, looks=2):
    """Tight boxes of faces without known points: of the network's points, from dlib's or a rough box."""
    boxes = faces.found.get("dlib", faces.tight)
    boxes = np.where(np.isfinite(boxes), boxes, faces.tight)
    for _ in range(looks):
        centre, side = square(boxes)
        boxes = tight_boxes(answers(network, faces, (centre, side * MARGIN, np.zeros(len(faces))), where))
    return boxes


def _views(network, faces, tight, where, views, rng):
    """The mean of the views' points, and the mean distance from it in sides of the box."""
    (centre, side), n, seen = square(tight), len(faces), []
    for view in range(2 * views):
        moved = centre + rng.normal(0, SHIFT, (n, 2)) * side[:, None]
        scaled = side * MARGIN * np.exp(rng.normal(0, SCALE, n))
        frames = moved, scaled, np.radians(rng.normal(0, TURN, n))
        seen.append(answers(network, faces, frames, where, flip=view % 2 == 1))
    points = np.mean(seen, axis=0)
    return points, np.linalg.norm(seen - points, axis=-1).mean(axis=(0, 2)) / side
