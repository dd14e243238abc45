"""The hourglass of FAN: from a crop to a heatmap for each point, once or several times over."""

from facelm_helpers.layers import BATCH_NORM_MOMENTUM, convolve


def hourglass(*, size=128, widths=(24, 32, 48), features=64, depth=3, stacks=1, points=68):
    """Stacked hourglasses with the hierarchical block.

    With the defaults: 128x128x3, 64x64x24 (7x7 at stride 2), 64x64x32, 32x32x32 (pooled), 32x32x48,
    32x32x64; an hourglass goes down to 4x4 and up again, a block and two 1x1 convolutions give 32x32x68. The
    next stack gets features and maps of the one before, added.

    Parameters
    ----------
    size : int
        Side of the crop; maps have a quarter of it.
    widths : (int, int, int)
        Channels of the first convolution and of the two blocks before the features.
    features : int
        Channels of the hourglass.
    depth : int
        How often it halves the side.
    stacks, points : int

    Returns
    -------
    keras.Model
        (N, size, size, 3) -> (N, size / 4, size / 4, stacks * points), the last stack's maps last; they are
        logits: `heatmaps` of the softmax over all places.

    References
    ----------
    Bulat and Tzimiropoulos, How far are we from solving the 2D & 3D face alignment problem?, ICCV 2017;
    Newell, Yang and Deng, Stacked hourglass networks, ECCV 2016.

    Examples
    --------
    >>> hourglass(size=64, widths=(8, 8, 8), features=16, depth=2, stacks=2).output_shape
    (None, 16, 16, 136)
    """
    import keras
    from keras import layers

    image = keras.Input((size, size, 3), name="image")
    net = convolve(image, widths[0], 7, stride=2, name="stem")
    net = hierarchical(net, widths[1], name="first")
    net = layers.AveragePooling2D(2, name="pool")(net)
    net = hierarchical(net, widths[2], name="second")
    net = hierarchical(net, features, name="third")
    maps = []
    for number in range(1, stacks + 1):
        here, before = f"stack{number}", net
        net = _hourglass(net, features, depth, here)
        net = convolve(hierarchical(net, features, name=f"{here}_last"), features, 1, name=f"{here}_join")
        found = layers.Conv2D(points, 1, dtype="float32", name=f"{here}_maps")(net)
        maps.append(found)
        if number < stacks:
            net = layers.Conv2D(features, 1, name=f"{here}_back")(net)
            back = layers.Conv2D(features, 1, name=f"{here}_maps_back")(found)
            net = layers.Add(name=f"{here}_add")([before, net, back])
    output = maps[0] if stacks == 1 else layers.Concatenate(name="maps")(maps)
    return keras.Model(image, output, name="fan")


def hierarchical(net, channels, name):
    """The hierarchical, parallel and multi-scale block: half the channels see 3x3, a quarter 5x5, a quarter
    7x7 pixels.

    Three 3x3 convolutions (batch normalisation and ReLU *before* each) of 1/2, 1/4 and 1/4 of the channels
    follow one another; what they give is concatenated, and the input is added.

    Examples
    --------
    >>> import keras
    >>> hierarchical(keras.Input((8, 8, 16)), 32, "block").shape
    (None, 8, 8, 32)
    """
    from keras import layers

    parts, part = [], net
    for number, share in enumerate((2, 4, 4), start=1):
        part = _before(part, channels // share, 3, f"{name}_{number}")
        parts.append(part)
    joined = layers.Concatenate(name=f"{name}_concat")(parts)
    skip = net if net.shape[-1] == channels else _before(net, channels, 1, f"{name}_skip")
    return layers.Add(name=f"{name}_add")([joined, skip])


def _before(net, channels, kernel, name):
    """Batch normalisation, ReLU, then a convolution without bias."""
    from keras import layers

    net = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=f"{name}_norm")(net)
    net = layers.Activation("relu", name=f"{name}_relu")(net)
    options = {"padding": "same", "use_bias": False, "kernel_initializer": "he_normal"}
    return layers.Conv2D(channels, kernel, name=f"{name}_conv", **options)(net)


def _hourglass(net, features, depth, name):
    """Half the side, the same again inside, back to the full side, and what was there before is added."""
    from keras import layers

    name = f"{name}_{depth}"
    upper = hierarchical(net, features, f"{name}_upper")
    lower = layers.AveragePooling2D(2, name=f"{name}_down")(net)
    lower = hierarchical(lower, features, f"{name}_lower1")
    if depth > 1:
        lower = _hourglass(lower, features, depth - 1, name)
    else:
        lower = hierarchical(lower, features, f"{name}_lower2")
    lower = hierarchical(lower, features, f"{name}_lower3")
    lower = layers.UpSampling2D(2, name=f"{name}_up")(lower)
    return layers.Add(name=f"{name}_sum")([upper, lower])
