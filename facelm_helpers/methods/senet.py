"""SENet: a residual network with squeeze-and-excitation gates that regresses the 68 points from a crop."""

from facelm_helpers import networks
from facelm_helpers.methods._keras import KerasAligner


class SENet(KerasAligner):
    r"""Coordinate regression with an SE-ResNet (Hu, Shen and Sun, 2018).

    .. math:: (x_0, y_0, \dots, x_{67}, y_{67}) / 128 = f(I), \qquad I \in [0, 1]^{128 \times 128 \times 3}

    The defaults are the published recipe of the course's SENet: L2 of 5e-6 (the 1e-5 of TF-slim, which
    halves it), variance-scaling start, ReLU, batch normalisation, dropout before the last layer, Adam with a
    rate of 0.001 that is multiplied by 0.98 every 1,000 steps, 150,000 steps. On two cores that takes
    half a day to a day; the weights that are shipped say themselves how they were trained.

    Parameters
    ----------
    stem, head, hidden, reduction, gate_at, downsample, keep_prob, l2
        Of the network, see `networks.senet`.
    channels, blobs : tuple of int
        Of each stage, its channels and its number of ``senet_blob``.
    steps, batch_size, learning_rate, schedule, decay, decay_steps, warmup, weight_decay, loss, ema, jitter
        Of the training, see `methods._keras.KerasAligner`.

    Examples
    --------
    >>> senet = SENet(channels=(16, 32), blobs=(1, 1), stem=8, hidden=32)
    >>> senet.build().output_shape
    (None, 136)
    """

    name = "senet"
    title = "SENet regression"
    year = 2018
    paper = "Hu, Shen and Sun, Squeeze-and-Excitation Networks, CVPR 2018"
    may_be_none = ("reduction",)
    training_settings = {"loss": "l1"}
    network_settings = {
        "stem": 16, "channels": (32, 128, 256, 256), "blobs": (1, 1, 2, 2), "head": 64, "hidden": 256,
        "reduction": 16, "gate_at": "branch", "downsample": "stride", "keep_prob": 0.8, "l2": 5e-6,
    }  # fmt: skip

    def _network(self, mean_shape):
        return networks.senet(**self.architecture(), mean_shape=mean_shape, size=self.size)
