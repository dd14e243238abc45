"""The constraints of Dense Face Alignment on the numbers that 3DDFA gives, as losses, at teaching size.

Liu, Jourabloo, Ren and Liu, Dense Face Alignment, ICCV Workshops 2017. Two of them stand for what the paper
takes from the picture alone: the contour is the annotated line of the jaw, not an edge; and spots are not
matched by SIFT, but two renders of one photograph must have one 3D shape.
"""

import numpy as np
import torch
from torch.nn import functional

from facelm_helpers import face3d, training
from facelm_helpers.face3d._silhouette import outermost
from facelm_helpers.methods import _three_d

NUMBERS, JAW = 38, 17
FINE = 8  # pieces of a segment of the annotated line
SMOOTH = 4e-6  # squared, of distances: 0.002 of the crop's side
TURNED = 45  # degrees of yaw from which the far side of the jaw is left out
SIZE = 0.56  # of a face in a crop, in sides of the crop
WEIGHTS = {"parameters": 0.01, "landmarks": 1.0, "contour": 0.5, "matching": 0.5}


def rows(points, paired):
    """What the losses compare with: p*, the jaw's line, which of its points count, and whether in a pair.

    Parameters
    ----------
    points : (N, 68, 2) array
        In 0..1 of the crop.
    paired : bool
        Rows 0 and 1, 2 and 3, ... are two views of one photograph.

    Returns
    -------
    (N, 38 + 34 + 17 + 1) float32 array
    """
    faces = face3d.fit_annotated(points)
    yaw, seen = faces.degrees[:, 1], np.ones((len(points), JAW))
    seen[yaw > TURNED, :8] = 0
    seen[yaw < -TURNED, 9:] = 0
    line, pair = points[:, :JAW].reshape(len(points), -1), np.full((len(points), 1), float(paired))
    return np.float32(np.concatenate([_three_d.parameters(faces), line, seen, pair], axis=1))


def loss(names):
    """The weighted sum of some of `WEIGHTS`, as `loop.Training` takes it: of answers (N, 38) and `rows`."""

    def total(found, truth):
        found = found.float()
        known, line, seen, pair = truth.split([NUMBERS, 2 * JAW, JAW, 1], dim=1)
        parts = {
            "parameters": lambda: _three_d.pdc(known, found),
            "landmarks": lambda: landmarks(known, found),
            "contour": lambda: contour(found, line.reshape(-1, JAW, 2), seen),
            "matching": lambda: matching(found, pair[:, 0] > 0),
        }
        return sum(WEIGHTS[name] * parts[name]() for name in names)

    return total


def landmarks(known, found):
    """Distance of the 68 points, (N,)."""
    return training.LOSSES["distance"](_three_d.points_of(known), _three_d.points_of(found))


def contour(found, line, seen):
    """How far the mesh's contour is from the annotated line of the jaw, wherever along it: (N,)."""
    ends = line[:, :-1, None] + (line[:, 1:] - line[:, :-1])[:, :, None] * (
        torch.arange(FINE)[:, None] / FINE
    )
    spots = torch.cat([ends.flatten(1, 2), line[:, -1:]], dim=1)
    squares = (_contour(found)[:, :, None] - spots[:, None]).square().sum(-1).amin(-1)
    return ((squares + SMOOTH).sqrt() * seen).sum(1) / seen.sum(1)


def matching(found, paired):
    """How far the 3D shapes of two views of one photograph are apart, in sides of the crop; else 0: (N,)."""
    S = _three_d._shape(found[paired]).reshape(-1, 2, 68, 3)
    apart = ((S[:, 0] - S[:, 1]).square().sum(-1) + SMOOTH).sqrt().mean(1) * SIZE
    share = paired.float().mean().clamp(min=1e-6)  # so that the mean of a batch is that of its pairs
    return functional.pad(apart.repeat_interleave(2), (0, int((~paired).sum()))) / share


def _contour(found):
    """Where the contour of the jaw is seen, (N, 17, 2): the outermost place of each line across the cheek."""
    model, (A, t) = face3d.load_face3d(), _three_d._pose(found)
    lines = torch.from_numpy(np.float32(model.lines))
    places = torch.einsum("jlk,nkc->njlc", lines, _three_d._shape(found))
    R = _three_d.faces_of(found.detach().numpy(), 1).R
    index = torch.from_numpy(outermost(places.detach().numpy(), R))
    chosen = places.take_along_dim(index[..., None, None], dim=2)[:, :, 0]
    return chosen @ A.transpose(1, 2) + t[:, None]
