"""Vanilla CNN, and the tweaked one with a last layer for each cluster of its features."""

from facelm_helpers import networks
from facelm_helpers.methods._keras import KerasAligner


class VanillaCNN(KerasAligner):
    """Four convolutions and two dense layers (Wu et al., 2015).

    ``full`` is the paper's network for five points, in |tanh|; the course's has batch normalisation.

    Parameters
    ----------
    size, convolutions, hidden, clusters, grey, style
        Of the network, see `networks.vanilla_cnn`.
    points : {68, 5}
        Five are the paper's; then there is a network to build, not to predict with.
    steps, batch_size, learning_rate, schedule, decay, decay_steps, warmup, weight_decay, loss, ema, jitter
        Of the training, see `methods._keras.KerasAligner`.

    Examples
    --------
    >>> VanillaCNN(hidden=32).build().output_shape
    (None, 136)
    """

    name = "vanilla_cnn"
    title = "Vanilla CNN"
    year = 2015
    paper = "Wu et al., Facial landmark detection with tweaked convolutional neural networks, TPAMI 2018"
    network = staticmethod(networks.vanilla_cnn)
    full = {
        "size": 40, "convolutions": ((16, 5, 2), (48, 3, 2), (64, 3, 2), (64, 2, 1)), "hidden": 100,
        "style": "tanh",
    }  # fmt: skip
