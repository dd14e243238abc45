"""Networks whose answer is a 3D face: its parameters, or a map of its places."""

import numpy as np

from facelm_helpers.layers import convolve
from facelm_helpers.networks._senet import to_points, trunk

PARAMETERS = 38


def tddfa(
    *, stem=16, channels=(64, 128, 256, 256), blobs=(1, 2, 2, 2), head=64, hidden=256, keep_prob=1.0,
    parameters=PARAMETERS, size=128,
):  # fmt: skip
    """The parameters of a 3D face: SENet with another last layer.

    With the defaults: SENet's trunk to 4x4x256, 1x1 to 4x4x64, 256, 38. All layers but the last have SENet's
    names and sizes, and can begin with its weights.

    Parameters
    ----------
    stem, channels, blobs, head, hidden, keep_prob
        See `senet`.
    parameters : int
        How many numbers: 8 of the pose and one for each mode of the 3D model.
    size : int
        Side of the crop.

    Returns
    -------
    keras.Model
        (N, size, size, 3) -> (N, parameters), whitened: 0 is the mean face that looks ahead.

    References
    ----------
    Zhu et al., Face alignment across large poses: a 3D solution, CVPR 2016.

    Examples
    --------
    >>> tddfa(stem=8, channels=(16, 32), blobs=(1, 1), head=8, hidden=16, size=64).output_shape
    (None, 38)
    """
    import keras
    from keras import layers

    image = keras.Input((size, size, 3), name="image")
    net = convolve(trunk(image, stem, channels, blobs)[-1], head, 1, name="head")
    net = layers.Flatten(name="flat")(net)
    net = layers.Dense(hidden, "relu", kernel_initializer="he_normal", name="hidden")(net)
    net = layers.Dropout(1 - keep_prob, name="dropout")(net)
    return keras.Model(image, to_points(net, np.zeros(parameters), name="parameters"), name="tddfa")
