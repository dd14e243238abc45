"""The cascade of Face++: boxes, points in the boxes, parts."""

from facelm_helpers import networks
from facelm_helpers.methods._keras import KerasAligner


class FacePP(KerasAligner):
    """Coarse to fine with inner points and contour apart (Zhou et al., 2013), at teaching size.

    Parameters
    ----------
    size, side, convolutions, hidden, region, region_convolutions, patch, patch_convolutions, patch_hidden
        Of the network, see `networks.facepp`.
    steps, batch_size, learning_rate, schedule, decay, decay_steps, warmup, weight_decay, loss, ema, jitter
        Of the training, see `methods._keras.KerasAligner`.

    Examples
    --------
    >>> FacePP().build().output_shape
    (None, 544)
    """

    name = "facepp"
    title = "Face++ cascade"
    year = 2013
    paper = (
        "Zhou et al., Extensive facial landmark localization with coarse-to-fine convolutional network"
        " cascade, ICCV workshops 2013"
    )
    cascade = True
    network = staticmethod(networks.facepp)
