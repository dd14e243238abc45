"""The convolutional networks of 2013 to 2016: convolutions and pooling in turn, then dense layers."""

from facelm_helpers.landmarks import MEAN_SHAPE
from facelm_helpers.layers import convolve

MEAN = MEAN_SHAPE / 1.5  # from the middle of a crop with a margin of 1.5, in its sides
STYLES = ("modern", "tanh", "prelu")


def plain(net, convolutions, *, style="modern", name=""):
    """Convolutions, each followed by pooling where it says so.

    Parameters
    ----------
    net : Keras tensor, (N, H, W, C)
    convolutions : sequence of (int, int, int)
        Channels; side of the filter; side of the pooled square, 1 for no pooling (the stride is 2).
    style : {"modern", "tanh", "prelu"}
        "modern": batch normalisation and ReLU, with padding. "tanh": the absolute value of tanh, as Sun, Wu
        and Zhang had it, without padding. "prelu": a slope for each channel, as in MTCNN, without padding; a
        pooled side is rounded up.
    name : str
        Prefix of the layers' names.

    Returns
    -------
    Keras tensor, (N, H', W', C')

    Examples
    --------
    >>> import keras
    >>> plain(keras.Input((39, 39, 1)), [(20, 4, 2), (40, 3, 2), (60, 3, 2), (80, 2, 1)], style="tanh").shape
    (None, 2, 2, 80)
    """
    from keras import initializers, layers, ops

    if style not in STYLES:
        raise ValueError(f"style is {style!r}: wanted one of {', '.join(STYLES)}")
    for number, (channels, kernel, pool) in enumerate(convolutions, start=1):
        here = f"{name}conv{number}"
        if style == "modern":
            net = convolve(net, channels, kernel, name=here)
        else:
            net = layers.Conv2D(channels, kernel, kernel_initializer="he_normal", name=here)(net)
        if style == "tanh":
            net = ops.abs(ops.tanh(net))
        elif style == "prelu":
            slope = initializers.Constant(0.25)
            net = layers.PReLU(slope, shared_axes=(1, 2), name=f"{here}_prelu")(net)
        if pool > 1:
            padding = "same" if pool == 3 and net.shape[1] % 2 == 0 else "valid"
            net = layers.MaxPooling2D(pool, 2, padding, name=f"{here}_pool")(net)
    return net


def dense(net, hidden, *, style="modern", keep_prob=1.0, name=""):
    """Everything flattened, and one dense layer of ``hidden`` units, in a style of `plain`.

    Examples
    --------
    >>> import keras
    >>> dense(keras.Input((2, 2, 80)), 120, style="tanh").shape
    (None, 120)
    """
    from keras import initializers, layers, ops

    net = layers.Flatten(name=f"{name}flat")(net)
    activation = "relu" if style == "modern" else None
    net = layers.Dense(hidden, activation, kernel_initializer="he_normal", name=f"{name}hidden")(net)
    if style == "tanh":
        net = ops.abs(ops.tanh(net))
    elif style == "prelu":
        net = layers.PReLU(initializers.Constant(0.25), name=f"{name}hidden_prelu")(net)
    return layers.Dropout(1 - keep_prob, name=f"{name}dropout")(net) if keep_prob < 1 else net


def entry(size, *, grey=False, side=None):
    """The input of a network, (N, size, size, 3) in 0..1, and what it looks at: grey, and shrunk to ``side``.

    Returns
    -------
    image, net : Keras tensors
    """
    import keras
    from keras import ops

    image = keras.Input((size, size, 3), name="image")
    net = ops.mean(image, axis=-1, keepdims=True) if grey else image
    if side and side != size:
        net = keras.layers.AveragePooling2D(size // side, name="shrunk")(net)
    return image, net
