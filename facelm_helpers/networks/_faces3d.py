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


def enlarged(net, widths):
    """Maps narrowed to the first width, then doubled in side and convolved to each of the others.

    Parameters
    ----------
    net : Keras tensor, (N, H, W, C)
    widths : sequence of int
        Channels at each side.

    Returns
    -------
    Keras tensor, (N, H 2^(n - 1), W 2^(n - 1), widths[-1]) for n widths
    """
    from keras import layers

    net = convolve(net, widths[0], 1, name="narrow")
    for number, width in enumerate(widths[1:], start=1):
        net = layers.UpSampling2D(2, name=f"up{number}")(net)
        net = convolve(net, width, 3, name=f"wide{number}")
    return net


def prnet(
    *, stem=16, channels=(64, 128, 256, 256), blobs=(1, 2, 2, 2), widths=(128, 64, 32, 16), size=128,
):  # fmt: skip
    """A position map: SENet's trunk, then convolutions between doublings of the side.

    With the defaults: SENet's trunk to 4x4x256, 1x1 to 4x4x128; up and 3x3 to 8x8x64, 16x16x32, 32x32x16,
    64x64x3. The paper has ten residual blocks to 8x8x512 and 17 transposed convolutions to 256x256x3.

    Parameters
    ----------
    stem, channels, blobs
        See `senet`.
    widths : sequence of int
        Channels before each doubling.
    size : int
        Side of the crop.

    Returns
    -------
    keras.Model
        (N, size, size, 3) -> (N, M, M, 3): x, y and depth of each place of the UV map from where the mean
        face has it, in sides of the crop.

    References
    ----------
    Feng et al., Joint 3D face reconstruction and dense alignment with position map regression network, ECCV
    2018.

    Examples
    --------
    >>> prnet(stem=8, channels=(16, 32), blobs=(1, 1), widths=(16, 8), size=64).output_shape
    (None, 32, 32, 3)
    """
    import keras
    from keras import initializers, layers

    image = keras.Input((size, size, 3), name="image")
    net = enlarged(trunk(image, stem, channels, blobs)[-1], widths)
    net = layers.UpSampling2D(2, name=f"up{len(widths)}")(net)
    start = initializers.VarianceScaling(1e-4, "fan_in", "truncated_normal")
    places = layers.Conv2D(3, 3, padding="same", kernel_initializer=start, dtype="float32", name="places")
    return keras.Model(image, places(net), name="prnet")
