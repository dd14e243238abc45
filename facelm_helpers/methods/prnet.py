"""PRNet: a position map of the face, regressed from the crop."""

from functools import lru_cache

import numpy as np

from facelm_helpers import face3d, networks
from facelm_helpers.methods import _three_d
from facelm_helpers.methods._three_d import ThreeD

MASKS = {  # weights of the 68 points, of eyes, nose and mouth, of the rest of the face, of what is no face
    "paper": (16, 4, 3, 0), "file": (16, 4, 3, 3), "even": (1, 1, 1, 0),
}  # fmt: skip
INNER = slice(17, 68)
LOSSES = ("distance", "l2")
SMOOTH = 0.002  # of the distance, in sides of the crop


class PRNet(ThreeD):
    r"""Regression of a UV position map (Feng, Wu, Shao, Wang and Zhou, 2018), on SENet's trunk.

    The network gives, for every place u of the map of the course's mesh, how far x, y and depth are from
    those of the mean face that looks ahead. The loss is a weighted mean over the map,

    .. math:: \sum_u w_u \lVert P(u) - P^*(u) \rVert \,/ \sum_u w_u

    where the true map P* is that of the 3D face fitted to the annotated points. The 68 points are read off
    the map. All other places are interpolated in the mesh: they were never annotated.

    Parameters
    ----------
    stem, channels, blobs, widths, size
        Of the network, see `networks.prnet`.
    mask : {"paper", "file", "even"}
        The weights w: as the paper has them, 16 on the 68 points, 4 on eyes, nose and mouth, 3 on the rest of
        the face, 0 elsewhere; nearly as the file that its authors released, where nothing has no weight; or
        the same on all of the face.
    steps, batch_size, learning_rate, schedule, decay, decay_steps, warmup, weight_decay, loss, ema, jitter
        Of the training, see `methods._keras.KerasAligner`; the loss is "distance", or "l2" as in the paper.

    Attributes
    ----------
    jaw : {"mixed", "visible", "solid"}
        What the jaw points of `predict` are, see `methods._three_d.ThreeD`.

    Examples
    --------
    >>> PRNet(stem=8, channels=(16, 32), blobs=(1, 1), widths=(16, 8), size=64).build().output_shape
    (None, 32, 32, 3)
    """

    name = "prnet"
    title = "PRNet"
    year = 2018
    paper = (
        "Feng et al., Joint 3D face reconstruction and dense alignment with position map regression network,"
        " ECCV 2018"
    )
    network = staticmethod(networks.prnet)
    training_settings = {"mask": "paper"}

    def __init__(self, **settings):
        super().__init__(**settings)
        if self.mask not in MASKS:
            raise ValueError(f"mask is {self.mask!r}: wanted one of {', '.join(MASKS)}")
        if self.loss not in LOSSES:
            raise ValueError(f"loss is {self.loss!r}: of a position map, wanted one of {', '.join(LOSSES)}")

    def positions(self, output):
        """The position maps (N, M, M, 3), in crop pixels, of what the network gives."""
        return (np.asarray(output, np.float64) + mean_map(output.shape[1])) * self.size

    def _faces(self, output):
        return face3d.fit_3d(face3d.points_of_map(self.positions(output)))

    def _solid(self, output, faces):
        return face3d.points_of_map(self.positions(output))[..., :2]

    def _truth(self, points):
        side = self.size * 2 ** len(self.widths) // 2 ** (len(self.channels) + 1)
        places = np.float32(face3d.vertices(face3d.fit_annotated(points.reshape(-1, 68, 2))))
        maps = np.tensordot(places, np.float32(face3d.map_weights(side)), (1, 2))  # (N, 3, side, side)
        return np.ascontiguousarray(np.moveaxis(maps, 1, 3)) - np.float32(mean_map(side))

    def _loss(self, truth, output):
        from keras import ops

        side = output.shape[1]
        squares = ops.sum(ops.square(ops.reshape(truth, (-1, side, side, 3)) - output), axis=-1)
        if self.loss == "distance":
            squares = ops.sqrt(squares + SMOOTH**2)
        weights = ops.convert_to_tensor(np.float32(weight_map(side, self.mask)))
        return ops.sum(squares * weights, axis=(1, 2))


@lru_cache(maxsize=4)
def mean_map(side):
    """The position map (side, side, 3) of the mean face that looks ahead, in sides of the crop."""
    pose = np.array(_three_d.MEAN)
    scale, shift = (pose[0] + pose[4]) / 2, np.append(pose[6:], 0)
    return face3d.map_weights(side) @ (scale * face3d.load_face3d().mean) + shift


@lru_cache(maxsize=8)
def weight_map(side, mask):
    """The weights of the loss, (side, side); they sum to 1.

    Examples
    --------
    >>> found = weight_map(64, "paper")
    >>> round(float(found.sum()), 6), float(found[-1, 0])
    (1.0, 0.0)
    """
    points, inner, face, outside = MASKS[mask]
    weights = np.where(face3d.map_mask(side), float(face), float(outside))
    uv = face3d.load_face3d().uv
    low, high = uv[INNER].min(axis=0), uv[INNER].max(axis=0)
    pixels = (np.arange(side) + 0.5) / side
    down, across = ((pixels > low[k]) & (pixels < high[k]) for k in (1, 0))
    weights[np.outer(down, across) & face3d.map_mask(side)] = inner
    corner = np.clip(np.floor(uv[:68] * side - 0.5).astype(int), 0, side - 2)
    for right in (0, 1):
        for below in (0, 1):
            weights[corner[:, 1] + below, corner[:, 0] + right] = points
    return weights / weights.sum()
