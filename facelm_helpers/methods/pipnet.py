"""PIPNet: pixel-in-pixel regression, with the neighbours' votes."""

import numpy as np

from facelm_helpers import networks
from facelm_helpers.landmarks import MEAN_SHAPE
from facelm_helpers.methods._keras import KerasAligner
from facelm_helpers.methods._maps import cells, to_crop


class PIPNet(KerasAligner):
    r"""Pixel-in-pixel net (Jin, Liao and Shao, 2021), on SENet's trunk at SENet's cost.

    The cell with the highest score of a point says where in it the point lies, and where the point's nearest
    neighbours lie. The answer is the mean of a point's own word and of all neighbours' words about it. The
    loss is the paper's: 10 times the squared difference of the scores from 1 in the point's cell and 0
    elsewhere, and the absolute differences of x and y, and of the neighbours', in that cell.

    Parameters
    ----------
    stem, channels, blobs, head, neighbours, body, size
        Of the network, see `networks.pipnet`.
    steps, batch_size, learning_rate, schedule, decay, decay_steps, warmup, weight_decay, loss, ema, jitter
        Of the training, see `methods._keras.KerasAligner`; the loss is the paper's, whatever ``loss`` says.

    Examples
    --------
    >>> PIPNet(stem=8, channels=(16, 32), blobs=(1, 1), head=8, size=64).build().output_shape
    (None, 8, 8, 1020)
    """

    name = "pipnet"
    title = "PIPNet"
    year = 2021
    paper = "Jin, Liao and Shao, Pixel-in-pixel net, IJCV 2021"
    network = staticmethod(networks.pipnet)
    full = {"body": "resnet18", "neighbours": 10, "size": 256}

    def _points(self, output):
        _, own, votes = words(output)
        return to_crop(together(own, votes) - 0.5, output.shape[1], self.size)

    def _loss(self, truth, output):
        from keras import ops

        side = output.shape[1]
        place = cells(truth, side, self.size) + 0.5  # in cells, from the corner of the map
        cell = ops.clip(ops.floor(place), 0, side - 1)
        axis = ops.arange(side, dtype="float32")
        hot = ops.cast(ops.equal(cell[..., None], axis), "float32")  # (N, 68, 2, S)
        hot = ops.transpose(hot[:, :, 1, :, None] * hot[:, :, 0, None, :], (0, 2, 3, 1))
        output = ops.cast(output, "float32")
        scores = ops.mean(ops.square(output[..., :68] - hot), axis=(1, 2, 3))
        own = ops.reshape(output[..., 68:204], (-1, side, side, 68, 2))
        votes = ops.reshape(output[..., 204:], (-1, side, side, 68, self.neighbours, 2))
        there = ops.sum(own * hot[..., None], axis=(1, 2))
        others = ops.sum(votes * hot[..., None, None], axis=(1, 2))
        wanted = ops.take(place, neighbours(self.neighbours).ravel(), axis=1)
        wanted = ops.reshape(wanted, (-1, 68, self.neighbours, 2)) - cell[:, :, None]
        off = ops.mean(ops.abs(there - (place - cell)), axis=(1, 2))
        return 10 * scores + 2 * off + 2 * ops.mean(ops.abs(others - wanted), axis=(1, 2, 3))


def neighbours(n):
    """The n points nearest to each in the mean shape, (68, n).

    >>> neighbours(2)[8].tolist()
    [7, 9]
    """
    shape = np.rint(100 * MEAN_SHAPE).astype(int)  # whole numbers: the same order on every machine
    distances = np.square(shape[:, None] - shape).sum(axis=-1)
    return np.argsort(distances, axis=1, kind="stable")[:, 1 : n + 1]


def words(output):
    """What the cell with each point's highest score says, in cells from the upper left corner of the map.

    Parameters
    ----------
    output : (N, G, G, 68 (3 + 2 n)) array
        What `networks.pipnet` gives.

    Returns
    -------
    cell : (N, 68, 2) array of int
        Column and row of each point's cell.
    own : (N, 68, 2) array
        Where it says that the point is.
    votes : (N, 68, n, 2) array
        Where it says that the point's n `neighbours` are.

    Examples
    --------
    >>> cell, own, votes = words(np.zeros((2, 8, 8, 1020), np.float32))
    >>> cell.shape, own.shape, votes.shape
    ((2, 68, 2), (2, 68, 2), (2, 68, 6, 2))
    """
    count, side = output.shape[:2]
    output = output.reshape(count, side * side, -1)
    best = output[..., :68].argmax(axis=1)  # (N, 68)
    said = output[np.arange(count)[:, None], best]  # all that each point's cell says
    k, cell = np.arange(68), np.stack([best % side, best // side], axis=-1)
    own = said[:, k, 68:204].reshape(count, 68, 68, 2)[:, k, k] + cell
    votes = said[..., 204:].reshape(count, 68, 68, -1, 2)[:, k, k] + cell[:, :, None]
    return cell, own, votes


def together(own, votes):
    """The mean of each point's own word and of all votes for it, (N, 68, 2); both as `words` gives them.

    >>> together(np.zeros((1, 68, 2)), np.ones((1, 68, 6, 2))).shape
    (1, 68, 2)
    """
    table, total, count = neighbours(votes.shape[2]), own.copy(), np.ones((68, 1))
    np.add.at(total, (slice(None), table), votes)
    np.add.at(count, table, 1)
    return total / count
