"""TCDCN: what else the face shows is learnt beside the points."""

import numpy as np

from facelm_helpers import networks, training
from facelm_helpers.landmarks import SCHEMES, convert
from facelm_helpers.methods._keras import KerasAligner

TURNED = (-0.22, -0.08, 0.08, 0.22)  # between the five classes of pose: the nose's way from the jaw's middle
OPEN = 0.06  # gap of the lips in widths of the jaw, from which the mouth is open
FIVE = np.kron(SCHEMES["5"].matrix.T, np.eye(2)).astype("float32")


class TCDCN(KerasAligner):
    """Points with auxiliary tasks (Zhang et al., 2014): pose, smile, glasses, an open mouth.

    What is not known of a face counts for nothing: of MTFL's five points and attributes are, of others 68
    points, and from them the pose and the mouth.

    Parameters
    ----------
    size, convolutions, hidden, grey, style
        Of the network, see `networks.tcdcn`.
    points : {68, 5}
        Five are the paper's; then there is a network to build, not to predict with.
    units : int
        Of the tasks.
    task_weight : float
        Of each task's cross-entropy in the loss; 0 leaves them out.
    steps, batch_size, learning_rate, schedule, decay, decay_steps, warmup, weight_decay, loss, ema, jitter
        Of the training, see `methods._keras.KerasAligner`.

    Attributes
    ----------
    learning : tuple of bool
        The tasks, in the order of `networks.TASKS`, that are not yet stopped.

    Examples
    --------
    >>> TCDCN(hidden=32).build().output_shape
    (None, 144)
    """

    name = "tcdcn"
    title = "TCDCN (many tasks)"
    year = 2014
    paper = "Zhang et al., Facial landmark detection by deep multi-task learning, ECCV 2014"
    learning = (True,) * len(networks.TASKS)
    network = staticmethod(networks.tcdcn)
    training_settings = {"task_weight": 0.002}
    full = {
        "size": 40, "convolutions": ((16, 5, 2), (48, 3, 2), (64, 3, 2), (64, 2, 1)), "hidden": 100,
        "grey": True, "style": "tanh", "units": 11,
    }  # fmt: skip

    def _points(self, output):
        return super()._points(output[:, :136])

    def _truth(self, points):
        return targets(points)

    def _loss(self, truth, output):
        from keras import ops

        output = ops.cast(output, "float32")
        found, loss = output[:, :136], training.LOSSES[self.loss]
        if truth.shape[-1] == 136:
            return loss(truth, found)
        five = ops.matmul(found, ops.convert_to_tensor(FIVE))
        whole, fifth = (ops.any(ops.isnan(truth[:, k : k + 1]), axis=-1) for k in (0, 136))
        points = ops.where(whole, ops.where(fifth, 0.0, loss(_known(truth[:, 136:146], five), five)),
                           loss(_known(truth[:, :136], found), found))  # fmt: skip
        return points + self.task_weight * self._tasks_loss(truth[:, 146:], output[:, 136:])

    def _tasks_loss(self, truth, logits):
        """The sum of the cross-entropies (N,) of the tasks that are known and not stopped."""
        from keras import ops

        known = ops.cast(ops.logical_not(ops.isnan(truth)), "float32")
        truth = ops.where(ops.isnan(truth), 0.0, truth)
        pose = ops.one_hot(ops.cast(truth[:, 0], "int32"), 5)
        losses = [-ops.sum(pose * ops.log_softmax(logits[:, :5], axis=-1), axis=-1)]
        for k in range(1, len(networks.TASKS)):
            z = logits[:, 4 + k]
            losses.append(ops.softplus(z) - truth[:, k] * z)
        return sum(known[:, k] * losses[k] for k, on in enumerate(self.learning) if on) + 0.0 * logits[:, 0]


def _known(truth, found):
    """The truth where it is known, what was found elsewhere."""
    from keras import ops

    return ops.where(ops.isnan(truth), found, truth)


def targets(points, five=None, attributes=None):
    """What is known of faces: (N, 136 + 10 + 4), NaN for what is not.

    Parameters
    ----------
    points : (N, 136) float32 array
        In 0..1 of the crop; NaN where they are not known.
    five : (N, 10) array, optional
        From the 68 by default.
    attributes : (N, 4) array, optional
        Class of pose (0 to 4, from left to right) and 0 or 1 for smile, glasses, open mouth. By default the
        first and the last are seen from the points, the others not known.

    Examples
    --------
    >>> from facelm_helpers.landmarks import MEAN_SHAPE
    >>> targets(np.float32(MEAN_SHAPE).reshape(1, 136))[0, -4:].tolist()   # frontal, mouth shut
    [2.0, nan, nan, 0.0]
    """
    shapes = np.float32(points).reshape(-1, 68, 2)
    five = convert(shapes, "5").reshape(-1, 10) if five is None else five
    if attributes is None:
        jaw = shapes[:, 16] - shapes[:, 0]
        across = np.linalg.norm(jaw, axis=-1)
        middle = (shapes[:, 0] + shapes[:, 16]) / 2
        turned = ((shapes[:, 30] - middle) * jaw).sum(axis=-1) / across**2
        gap = np.linalg.norm(shapes[:, 66] - shapes[:, 62], axis=-1) / across
        unknown = np.where(np.isnan(gap), np.nan, 1)
        nothing = np.full(len(shapes), np.nan)
        pose = np.digitize(turned, TURNED) * unknown
        attributes = np.stack([pose, nothing, nothing, (gap > OPEN) * unknown], axis=-1)
    return np.float32(np.concatenate([np.float32(points).reshape(-1, 136), five, attributes], axis=1))
