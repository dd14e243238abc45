"""Heatmaps with offsets on SENet's trunk: the other family, at the same cost."""

import numpy as np

from facelm_helpers import networks
from facelm_helpers.methods._keras import KerasAligner
from facelm_helpers.methods._maps import likely, map_loss, to_crop


class HeatmapOffset(KerasAligner):
    r"""Each cell of a coarse map says how likely a point lies near it, and where from its middle.

    .. math:: p = \sum_c q_c (c + o_c), \qquad q = \mathrm{softmax}(m)

    The trunk is SENet's; what stands in the place of its last stage and dense layers costs as much.

    Parameters
    ----------
    stem, channels, blobs, head, size
        Of the network, see `networks.heatmap_offset`.
    steps, batch_size, learning_rate, schedule, decay, decay_steps, warmup, weight_decay, loss, ema, jitter
        Of the training, see `methods._keras.KerasAligner`.

    Examples
    --------
    >>> HeatmapOffset(stem=8, channels=(16, 32), blobs=(1, 1), head=8, size=64).build().output_shape
    (None, 16, 16, 204)
    """

    name = "heatmap_offset"
    title = "Heatmap with offsets"
    year = 2017
    paper = "Papandreou et al., Towards accurate multi-person pose estimation in the wild, CVPR 2017"
    network = staticmethod(networks.heatmap_offset)

    def _points(self, output):
        n, side = output.shape[:2]
        q, offsets = likely(output[..., :68]), output[..., 68:].reshape(n, side, side, 68, 2)
        grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1)[:, :, None]
        return to_crop((q[..., None] * (grid + offsets)).sum(axis=(1, 2)), side, self.size)

    def _loss(self, truth, output):
        from keras import ops

        offsets = ops.reshape(output[..., 68:], (-1, *output.shape[1:3], 68, 2))
        return map_loss(truth, output[..., :68], self.size, self.loss, offsets)
