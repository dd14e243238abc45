"""DenseReg: for each place of the crop, which spot of the face is there."""

import numpy as np

from facelm_helpers import face3d, networks
from facelm_helpers.methods import _three_d
from facelm_helpers.methods._maps import to_crop
from facelm_helpers.methods._three_d import ThreeD

LOSSES = ("distance", "l2")
SMOOTH = 0.02  # of the distance, in bins
NEAR = 0.02  # how far on the UV map a place may be from a point to tell where it is: sigma of a Gaussian
RIDGE = 2e-4  # of the slopes
SEEN, FEWEST = 0.5, 12  # a point counts as seen from so many places on; fewer points than these are no face
NOISE = 0.03  # of read points, as a share of the face's size


class DenseReg(ThreeD):
    r"""Quantised dense regression (Güler et al., 2017), on SENet's trunk.

    For each of M by M places of the crop the network tells the spot (u, v) of the course's mesh that is seen
    there. Each of u and v is cut into K bins: K + 1 scores, the first for "no face", and for each class a
    residual. The coordinate is

    .. math:: u = (k + q_k - 1) / K

    with k the class of the highest score and q_k its residual. The loss is the mean over the places of the
    cross-entropies of both and, where there is a face, of the distance of the right class's residual.

    Each of the 68 points is where the places say that its spot is: a linear regression of the places on their
    (u, v), near the point's own. What is hidden is seen nowhere: a 3D face is fitted to the points that are.
    All spots between the points are interpolated in the mesh: they were never annotated.

    Parameters
    ----------
    stem, channels, blobs, widths, bins, size
        Of the network, see `networks.densereg`.
    residual_weight : float
        Of the residuals in the loss.
    steps, batch_size, learning_rate, schedule, decay, decay_steps, warmup, weight_decay, loss, ema, jitter
        Of the training, see `methods._keras.KerasAligner`; the loss is "distance" or "l2", of the residuals.

    Attributes
    ----------
    jaw : {"mixed", "visible", "solid"}
        What the jaw points of `predict` are, see `methods._three_d.ThreeD`.

    Examples
    --------
    >>> DenseReg(stem=8, channels=(16, 32), blobs=(1, 1), widths=(16, 8), size=64).build().output_shape
    (None, 16, 16, 44)
    """

    name = "densereg"
    title = "DenseReg"
    year = 2017
    paper = "Güler et al., DenseReg: fully convolutional dense shape regression in-the-wild, CVPR 2017"
    network = staticmethod(networks.densereg)
    training_settings = {"residual_weight": 1.0}

    def __init__(self, **settings):
        super().__init__(**settings)
        if self.loss not in LOSSES:
            raise ValueError(f"loss is {self.loss!r}: of residuals, wanted one of {', '.join(LOSSES)}")

    @property
    def side(self):
        """M, of the answer."""
        return self.size * 2 ** (len(self.widths) - 1) // 2 ** (len(self.channels) + 1)

    def correspondence(self, output):
        """What the network says of each place: (u, v), (N, M, M, 2), and how likely a face, (N, M, M)."""
        uv, face = [], 1.0
        scores_u, scores_v, *residuals = np.split(np.asarray(output), 4, axis=-1)
        for scores, q in zip((scores_u, scores_v), residuals, strict=True):
            k = 1 + scores[..., 1:].argmax(axis=-1, keepdims=True)
            uv.append((k + np.take_along_axis(q, k, axis=-1) - 1)[..., 0] / self.bins)
            e = np.exp(scores - scores.max(axis=-1, keepdims=True))
            face = face * (1 - e[..., 0] / e.sum(axis=-1))
        return np.stack(uv, axis=-1), face

    def _faces(self, output):
        points, seen = read(*self.correspondence(output))
        points = np.where(seen[..., None], to_crop(points, self.side, self.size), np.nan)
        mean = _three_d.faces_of(np.zeros((1, networks.PARAMETERS)), self.size)
        points[seen.sum(axis=1) < FEWEST] = face3d.vertices(mean)[0, :, :2]  # no face: the mean one
        return face3d.fit(points, jaw="solid", noise=NOISE)

    def _truth(self, points):
        places = face3d.vertices(face3d.fit_annotated(points.reshape(-1, 68, 2)), dense=True)
        places = places * self.side - (0.5, 0.5, 0)  # pixel centres are at integers
        seen = [face3d.seen_uv(face, (self.side, self.side)) for face in places]
        return np.nan_to_num(np.float32(seen), nan=-1).reshape(len(places), -1)

    def _loss(self, truth, output):
        from keras import ops

        truth = ops.reshape(truth, (-1, self.side**2, 2))
        answers = ops.reshape(output, (-1, self.side**2, 4, self.bins + 1))
        seen, total = ops.cast(truth[..., 0] >= 0, "float32"), 0
        for axis in (0, 1):
            value = ops.clip(truth[..., axis], 0, 0.9999) * self.bins
            scores, q = answers[:, :, axis], answers[:, :, axis + 2]
            right = ops.one_hot(ops.cast((ops.floor(value) + 1) * seen, "int32"), self.bins + 1)
            entropy = ops.logsumexp(scores, axis=-1) - ops.sum(right * scores, axis=-1)
            squares = ops.square(ops.sum(right * q, axis=-1) - (value - ops.floor(value)))
            off = ops.sqrt(squares + SMOOTH**2) if self.loss == "distance" else squares
            total = total + entropy + self.residual_weight * seen * off
        return ops.mean(total, axis=-1)


def read(uv, face):
    """Where the 68 points are, in places, as a picture of (u, v) tells: weighted linear regression.

    Parameters
    ----------
    uv : (N, M, M, 2) array
        The spot that each place shows.
    face : (N, M, M) array
        How likely it is a face, 0..1.

    Returns
    -------
    points : (N, 68, 2) array
        x and y, pixel centres at integers.
    seen : (N, 68) bool array
        Whether enough places show its surroundings.

    Examples
    --------
    >>> x, y = np.meshgrid(np.arange(32), np.arange(32))
    >>> uv = np.stack([x, y], axis=-1)[None] / 31
    >>> points, seen = read(uv, np.ones((1, 32, 32)))
    >>> bool(np.abs(points[0] - 31 * face3d.load_face3d().uv[:68]).max() < 0.1), bool(seen.all())
    (True, True)
    """
    n, side = uv.shape[:2]
    spots, uv = face3d.load_face3d().uv[:68], np.asarray(uv, np.float64).reshape(n, -1, 2)
    apart = ((spots[:, None] - uv[:, None]) ** 2).sum(axis=-1)  # (N, 68, M M)
    w = np.exp(-apart / (2 * NEAR**2)) * face.reshape(n, 1, -1)
    line = np.concatenate([np.ones((n, side**2, 1)), uv - 0.5], axis=2)  # x = b_0 + b_1 u + b_2 v
    at = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(1, -1, 2)
    squares = (line[..., :, None] * line[..., None, :]).reshape(n, -1, 9)
    left = (w @ squares).reshape(n, 68, 3, 3) + np.diag([1e-9, RIDGE, RIDGE])
    middle = (side - 1) / 2  # where a point is of which nothing is known
    right = (w @ (line[..., :, None] * (at - middle)[:, :, None]).reshape(n, -1, 6)).reshape(n, 68, 3, 2)
    b = np.linalg.solve(left, right)
    to = np.concatenate([np.ones((68, 1)), spots - 0.5], axis=1)
    return (to[:, None] @ b)[:, :, 0] + middle, w.sum(axis=-1) > SEEN
