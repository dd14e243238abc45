"""FAN: a heatmap for each point, from hourglasses."""

from facelm_helpers import heatmaps, networks
from facelm_helpers.methods._keras import KerasAligner
from facelm_helpers.methods._maps import likely, map_loss, to_crop


class FAN(KerasAligner):
    """The face alignment network (Bulat and Tzimiropoulos, 2017): stacked hourglasses.

    Each stack gives 68 maps of a quarter of the crop's side, and all are trained: on the distance of the mean
    place, and to be Gaussians round the points. (The paper has the mean squared difference of the maps from
    Gaussians of sigma 1 instead; that needs more steps than a course has.)

    Parameters
    ----------
    size, widths, features, depth, stacks
        Of the network, see `networks.hourglass`.
    steps, batch_size, learning_rate, schedule, decay, decay_steps, warmup, weight_decay, loss, ema, jitter
        Of the training, see `methods._keras.KerasAligner`.

    Attributes
    ----------
    decode : {"dark", "quarter", "argmax", "soft-argmax"}
        How a point is read from its map, see `heatmaps`.

    Examples
    --------
    >>> FAN(size=64, widths=(8, 8, 8), features=16, depth=2, stacks=2).build().output_shape
    (None, 16, 16, 136)
    """

    name = "fan"
    title = "FAN (hourglass)"
    year = 2017
    paper = "Bulat and Tzimiropoulos, How far are we from solving the 2D & 3D face alignment problem? 2017"
    decode = "dark"
    network = staticmethod(networks.hourglass)
    full = {"size": 256, "widths": (64, 128, 128), "features": 256, "depth": 4, "stacks": 4}

    def _points(self, output):
        places = heatmaps.DECODERS[self.decode](likely(output[..., -68:]))
        return to_crop(places, output.shape[1], self.size)

    def _loss(self, truth, output):
        stacks = [output[..., 68 * k : 68 * k + 68] for k in range(self.stacks)]
        return sum(map_loss(truth, maps, self.size, self.loss) for maps in stacks) / self.stacks
