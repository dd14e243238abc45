"""DCNN: three levels of small networks, nearer to each point each time."""

from facelm_helpers import networks
from facelm_helpers.methods._keras import KerasAligner


class DCNN(KerasAligner):
    """The deep convolutional network cascade (Sun, Wang and Tang, 2013).

    The paper has 23 networks for five points (``full``); here all 68, and the networks that look at patches
    share their convolutions. ``full`` has ordinary convolutions, where the paper's share their weights only
    within regions of the map, and the course's ``spans``.

    Parameters
    ----------
    size, side, convolutions, hidden, part_hidden, patch, patch_convolutions, patch_hidden, grey, style
        Of the network, see `networks.dcnn`.
    shared : bool
        Of the network, see `networks.dcnn`.
    points : {68, 5}
        Five are the paper's; then there is a network to build, not to predict with.
    steps, batch_size, learning_rate, schedule, decay, decay_steps, warmup, weight_decay, loss, ema, jitter
        Of the training, see `methods._keras.KerasAligner`.

    Examples
    --------
    >>> DCNN().build().output_shape
    (None, 544)
    """

    name = "dcnn"
    title = "DCNN, three levels"
    year = 2013
    paper = "Sun, Wang and Tang, Deep convolutional network cascade for facial point detection, CVPR 2013"
    cascade = True
    network = staticmethod(networks.dcnn)
    full = {
        "size": 156, "side": 39, "convolutions": ((20, 4, 2), (40, 3, 2), (60, 3, 2), (80, 2, 1)),
        "hidden": 120, "part_hidden": 100, "patch": 15, "patch_convolutions": ((20, 4, 2), (40, 3, 2)),
        "patch_hidden": 60, "grey": True, "style": "tanh", "shared": False,
    }  # fmt: skip
