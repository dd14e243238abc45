"""DAN: a second network sees the face upright, and what the first one found."""

from facelm_helpers import networks
from facelm_helpers.methods._keras import KerasAligner


class DAN(KerasAligner):
    """The deep alignment network (Kowalski, Naruniec and Trzcinski, 2017), on SENet's trunk.

    The paper trains one stage after the other, and ``tools.train.network`` can do so with ``--freeze``; the
    shipped weights were trained as a whole.

    Parameters
    ----------
    stages, stem, channels, blobs, head, hidden, side, keep_prob, grey, size
        Of the network, see `networks.dan`.
    steps, batch_size, learning_rate, schedule, decay, decay_steps, warmup, weight_decay, loss, ema, jitter
        Of the training, see `methods._keras.KerasAligner`.

    Examples
    --------
    >>> DAN(stem=8, channels=(16, 32), blobs=(1, 1), head=8, hidden=32, size=32, side=8).build().output_shape
    (None, 408)
    """

    name = "dan"
    title = "DAN"
    year = 2017
    paper = "Kowalski, Naruniec and Trzcinski, Deep alignment network, CVPR workshops 2017"
    cascade = True
    network = staticmethod(networks.dan)
    full = {
        "channels": (64, 128, 256, 512), "blobs": (0, 0, 0, 0), "side": 56, "keep_prob": 0.5, "grey": True,
        "size": 112,
    }  # fmt: skip
