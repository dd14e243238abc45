"""Coarse grids on SENet's trunk: each cell says how likely a point lies in it, and where exactly."""

from facelm_helpers.layers import convolve
from facelm_helpers.networks._senet import trunk


def heatmap_offset(*, stem=16, channels=(64, 128, 256), blobs=(1, 2, 2), head=48, size=128):
    """Heatmaps of 16x16 and offsets in each of their cells, at SENet's cost.

    With the defaults: SENet's first three stages, 32x32x64, 16x16x128, 8x8x256; the last two are brought to
    48 channels (1x1) and added at 16x16; a depthwise 3x3 and a 1x1 convolution give 16x16x204. SENet's last
    stage and dense layers, which this does without, cost as much.

    Parameters
    ----------
    stem, channels, blobs
        Of the trunk, see `senet`.
    head : int
        Channels in which the last two stages meet.
    size : int
        Side of the crop.

    Returns
    -------
    keras.Model
        (N, size, size, 3) -> (N, size / 8, size / 8, 3 * 68): logits of the 68 heatmaps, then x and y of each
        point from the cell's middle, in cells.

    Examples
    --------
    >>> heatmap_offset(stem=8, channels=(16, 32, 64), blobs=(1, 1, 1), head=16, size=64).output_shape
    (None, 8, 8, 204)
    """
    import keras
    from keras import layers

    image = keras.Input((size, size, 3), name="image")
    *_, fine, coarse = trunk(image, stem, channels, blobs)
    coarse = layers.UpSampling2D(2, name="up")(convolve(coarse, head, 1, activation=None, name="coarse"))
    net = layers.Add(name="meet")([convolve(fine, head, 1, activation=None, name="fine"), coarse])
    net = layers.Activation("relu", name="meet_relu")(net)
    net = layers.DepthwiseConv2D(3, padding="same", activation="relu", name="around")(net)
    return keras.Model(image, layers.Conv2D(204, 1, dtype="float32", name="grid")(net), name="heatmap_offset")


def pipnet(
    *, stem=16, channels=(64, 128, 256), blobs=(1, 2, 2), head=64, neighbours=6, body="senet", size=128
):  # fmt: skip
    """Pixel-in-pixel regression with neighbours: all from one 1x1 convolution on the trunk's last grid.

    With the defaults: SENet's first three stages to 8x8x256 (stride 16), 1x1 to 8x8x64, 8x8x1020: for each
    point a score, the place in the cell, and the places of its 6 nearest points, from the cell too.

    Parameters
    ----------
    stem, channels, blobs
        Of the trunk, see `senet`.
    head : int
        Channels before the last convolution.
    neighbours : int
        Points that each point also says the place of; 10 in the paper.
    body : {"senet", "resnet18"}
        The trunk, or in its place the paper's ResNet-18 (stride 32), without the narrow head.
    size : int
        Side of the crop; 256 in the paper.

    Returns
    -------
    keras.Model
        (N, size, size, 3) -> (N, G, G, 68 * (3 + 2 * neighbours)): scores, x and y in the cell, in cells from
        its upper left corner, then x and y of the neighbours, point by point.

    References
    ----------
    Jin, Liao and Shao, Pixel-in-pixel net, IJCV 2021.

    Examples
    --------
    >>> pipnet(stem=8, channels=(16, 32, 64), blobs=(1, 1, 1), head=16, size=64).output_shape
    (None, 4, 4, 1020)
    """
    import keras
    from keras import layers

    image = keras.Input((size, size, 3), name="image")
    if body == "resnet18":
        net = _resnet18(image)
    else:
        net = convolve(trunk(image, stem, channels, blobs)[-1], head, 1, name="narrow")
    net = layers.Conv2D(68 * (3 + 2 * neighbours), 1, dtype="float32", name="grid")(net)
    return keras.Model(image, net, name="pipnet")


def _resnet18(net):
    """ResNet-18 (He et al., 2016) without its last layer: stride 32, 512 channels."""
    from keras import layers

    net = convolve(net, 64, 7, stride=2, name="stem")
    net = layers.MaxPooling2D(3, 2, "same", name="stem_pool")(net)
    for number, channels in enumerate((64, 64, 128, 128, 256, 256, 512, 512)):
        name, stride = f"block{number}", 2 if channels != net.shape[-1] else 1
        inner = convolve(net, channels, 3, stride=stride, name=f"{name}_first")
        inner = convolve(inner, channels, 3, activation=None, name=f"{name}_second")
        if stride == 2:
            net = convolve(net, channels, 1, stride=2, activation=None, name=f"{name}_skip")
        net = layers.Activation("relu", name=f"{name}_out")(layers.Add(name=f"{name}_add")([net, inner]))
    return net
