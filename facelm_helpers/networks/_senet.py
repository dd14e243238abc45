"""The network of the SENet method: from a crop of 128x128x3 to 136 numbers, block by block."""

from facelm_helpers import se
from facelm_helpers.layers import convolve

SIZE = 128
OUTPUTS = 136


def senet(
    *,
    stem=16,
    channels=(32, 128, 256, 256),
    blobs=(1, 1, 2, 2),
    head=64,
    hidden=256,
    reduction=16,
    gate_at="branch",
    downsample="stride",
    keep_prob=0.8,
    l2=5e-6,
    mean_shape=None,
    size=SIZE,
):
    """The SE-ResNet that regresses the 68 points, as a Keras model.

    With the defaults: 128x128x3, stem 64x64x16, stages of 32x32x32, 16x16x128, 8x8x256 and 4x4x256 (the first
    ``senet_blob`` of each stage halves the side), 1x1 to 4x4x64, 256, 136. Each convolution is followed by
    batch normalisation and starts from variance scaling; the activation is ReLU.

    Parameters
    ----------
    stem : int
        Channels of the first convolution, 3x3 at stride 2.
    channels, blobs : sequence of int
        Of each stage, its channels and how many blocks it has.
    head, hidden : int
        Channels of the last 1x1 convolution; units of the dense layer.
    reduction : int or None
        r of the gates; None builds the network without gates.
    gate_at : {"branch", "main"}
        See `se.senet_blob`.
    downsample : {"pool", "pool_early", "stride"}
        See `se.senet_blob`.
    keep_prob : float
        Share of the hidden units that dropout keeps while training; 1 switches dropout off.
    l2 : float
        Factor of the squared weights of every matrix in the loss, as in `layers.convolve`.
    mean_shape : (68, 2) or (136,) array, optional
        In 0..1: where the answer starts before anything is learnt. The middle of the crop by default.
    size : int
        Side of the crop in pixels.

    Returns
    -------
    keras.Model
        (N, size, size, 3) float32 in 0..1 -> (N, 136) float32: x0, y0, x1, y1, ... in 0..1, not clipped.

    References
    ----------
    Hu, Shen and Sun, Squeeze-and-Excitation Networks, CVPR 2018.

    Examples
    --------
    >>> senet(channels=(16, 32), blobs=(1, 1), stem=8, hidden=32).output_shape
    (None, 136)
    """
    import keras
    import numpy as np
    from keras import layers, regularizers

    if not 0 < keep_prob <= 1:
        raise ValueError(f"keep_prob is {keep_prob!r}: wanted a share over 0, at most 1")
    if len(channels) != len(blobs) or not len(channels):
        raise ValueError(
            f"{len(channels)} channels and {len(blobs)} blobs: wanted one of each for every stage"
        )
    mean_shape = np.full(OUTPUTS, 0.5) if mean_shape is None else np.asarray(mean_shape, float).reshape(-1)
    if mean_shape.shape != (OUTPUTS,):
        raise ValueError(f"mean_shape has {mean_shape.size} numbers: wanted {OUTPUTS}, x and y of 68 points")
    penalty = regularizers.L2(l2) if l2 else None

    image = keras.Input((size, size, 3), name="image")
    net = trunk(
        image, stem, channels, blobs, reduction=reduction, gate_at=gate_at, downsample=downsample, l2=l2
    )[-1]
    net = convolve(net, head, 1, l2=l2, name="head")
    net = layers.Flatten(name="flat")(net)
    net = layers.Dense(
        hidden, "relu", kernel_initializer="he_normal", kernel_regularizer=penalty, name="hidden"
    )(net)
    net = layers.Dropout(1 - keep_prob, name="dropout")(net)
    return keras.Model(image, to_points(net, mean_shape, l2=l2), name="senet")


def trunk(
    image, stem=16, channels=(64, 128, 256), blobs=(1, 2, 2), *, prefix="",
    reduction=16, gate_at="branch", downsample="stride", l2=0.0,
):  # fmt: skip
    """SENet without its head: a convolution at stride 2, then stages of ``senet_blob``, each half the side.

    Other networks begin with it too, under the same layer names, and so with its trained weights.

    Parameters
    ----------
    image : Keras tensor, (N, H, W, C)
    stem, channels, blobs, reduction, gate_at, downsample, l2
        As in `senet`.
    prefix : str
        Before every layer's name.

    Returns
    -------
    list of Keras tensors
        After each stage: (N, H / 4, W / 4, channels[0]), (N, H / 8, W / 8, channels[1]), ...

    Examples
    --------
    >>> import keras
    >>> [tuple(net.shape[1:]) for net in trunk(keras.Input((64, 64, 3)), 8, (16, 32), (1, 1))]
    [(16, 16, 16), (8, 8, 32)]
    """
    net = convolve(image, stem, 3, stride=2, l2=l2, name=f"{prefix}stem")
    stages, number = [], 0
    for on_dim, repeats in zip(channels, blobs, strict=True):
        for repeat in range(repeats):
            number += 1
            net = se.senet_blob(
                net, net.shape[-1], on_dim, 2 if repeat == 0 else 1, reduction=reduction, gate_at=gate_at,
                l2=l2, downsample=downsample, name=f"{prefix}blob{number}")  # fmt: skip
        stages.append(net)
    return stages


def to_points(net, start, *, l2=0.0, name="points"):
    """The last layer of a regression: (N, F) -> (N, len(start)), which begins at ``start``.

    The kernel starts with a hundredth of the usual spread: learning begins at the mean shape, not at noise.

    Examples
    --------
    >>> import keras
    >>> to_points(keras.Input((8,)), [0.5] * 136).shape
    (None, 136)
    """
    import numpy as np
    from keras import initializers, layers, regularizers

    return layers.Dense(
        len(start), dtype="float32", kernel_regularizer=regularizers.L2(l2) if l2 else None, name=name,
        kernel_initializer=initializers.VarianceScaling(1e-4, "fan_in", "truncated_normal"),
        bias_initializer=initializers.Constant(np.asarray(start, 'float32')))(net)  # fmt: skip
