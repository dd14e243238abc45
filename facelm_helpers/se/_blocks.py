"""Squeeze-and-excitation: the gate, and the three blocks the course builds from it.

Every function takes and returns Keras tensors, so the same lines build a network on TensorFlow, JAX or
PyTorch. Keras is imported when a block is first built, never when this file is.
"""

from facelm_helpers.layers import convolve


def gate(net, reduction=16, *, l2=0.0, name=None):
    """The squeeze-and-excitation gate: one weight in 0..1 for every channel, from the whole image.

    .. math:: z_c = \\frac{1}{HW} \\sum_{i,j} u_c(i, j), \\qquad s = \\sigma(W_2 \\, \\delta(W_1 z))

    with u the input, z the squeeze (global average pooling), delta the ReLU, sigma the sigmoid, W_1 of shape
    (C / r, C) and W_2 of shape (C, C / r): 2 C^2 / r weights (and C / r + C biases).

    Parameters
    ----------
    net : Keras tensor, (N, H, W, C)
    reduction : int
        r, by how much the bottleneck is narrower than C; 16 in the paper. At least one unit is kept.
    l2 : float
        L2 penalty on W_1 and W_2.
    name : str, optional
        Prefix of the layers' names.

    Returns
    -------
    Keras tensor, (N, 1, 1, C)
        s, ready to be multiplied with ``net``.

    Raises
    ------
    ValueError
        If ``reduction`` is not a positive whole number.

    References
    ----------
    Hu, Shen and Sun, Squeeze-and-Excitation Networks, CVPR 2018.

    Examples
    --------
    >>> import keras
    >>> gate(keras.Input((8, 8, 64))).shape
    (None, 1, 1, 64)
    """
    from keras import layers, regularizers

    if int(reduction) != reduction or reduction < 1:
        raise ValueError(f"reduction must be a whole number of at least 1, got {reduction!r}")
    channels = net.shape[-1]
    penalty = regularizers.L2(l2) if l2 else None
    squeeze = layers.GlobalAveragePooling2D(name=name and f"{name}_squeeze")(net)
    narrow = max(channels // int(reduction), 1)
    hidden = layers.Dense(
        narrow,
        activation="relu",
        kernel_initializer="he_normal",
        kernel_regularizer=penalty,
        name=name and f"{name}_reduce",
    )(squeeze)
    weights = layers.Dense(
        channels, activation="sigmoid", kernel_regularizer=penalty, name=name and f"{name}_gate"
    )(hidden)
    return layers.Reshape((1, 1, channels), name=name and f"{name}_shape")(weights)


def scale(net, reduction=16, *, l2=0.0, name=None):
    """Multiply every channel by its gate: x_c = s_c u_c.

    Parameters and errors are those of :func:`gate`; the shape (N, H, W, C) is kept.

    Examples
    --------
    >>> import keras
    >>> scale(keras.Input((8, 8, 64))).shape
    (None, 8, 8, 64)
    """
    from keras import layers

    weights = gate(net, reduction, l2=l2, name=name)
    return layers.Multiply(name=name and f"{name}_scale")([net, weights])


def senet_blob(
    net,
    in_dim,
    on_dim,
    stride,
    *,
    reduction=16,
    l2=0.0,
    gate_at="branch",
    downsample="pool",
    name=None,
):
    """The block the course's network is made of: a bottleneck, its gate, and the shortcut.

    The input is kept aside; a 1x1 convolution narrows it to a quarter of ``on_dim``, a 3x3 convolution
    looks around, a 1x1 convolution widens it to ``on_dim``; where ``stride`` is over 1 both ways are
    pooled; the gate scales the branch; last, the kept input is added. The gate stands *before* the
    addition, so that the shortcut carries the gradient unscaled to the layers near the input.

    Parameters
    ----------
    net : Keras tensor, (N, H, W, in_dim)
    in_dim, on_dim : int
        Channels in and out. ``on_dim`` must be divisible by 4.
    stride : int
        1, or the factor by which H and W shrink.
    reduction : int or None
        r of :func:`gate`; None leaves the gate out (a plain residual block, for comparison).
    l2 : float
        L2 penalty on every weight matrix of the block.
    gate_at : {"branch", "main"}
        "branch" scales before the addition; "main" scales after it (the experiment of notebook 09).
    downsample : {"pool", "pool_early", "stride"}
        How the branch shrinks where ``stride`` is over 1. "pool": a mean at its end, as described above.
        "pool_early": that mean before the last 1x1 convolution. A mean over pixels and a linear map over
        channels may change places, so the answer of a trained network stays what it was, for 1 / stride^2 of
        that convolution's work. (In training, batch normalisation sees the pooled values.) "stride": the 3x3
        convolution itself moves by ``stride`` pixels, for 1 / stride^2 of its work too; another function,
        to be trained so.
    name : str, optional
        Prefix of the layers' names.

    Returns
    -------
    Keras tensor, (N, H / stride, W / stride, on_dim)

    Raises
    ------
    ValueError
        If ``in_dim`` is not the channels of ``net``, ``on_dim`` is not divisible by 4, or ``gate_at`` or
        ``downsample`` is unknown.

    References
    ----------
    Hu, Shen and Sun, 2018, figure 3; He et al., Deep Residual Learning, 2016 (the bottleneck).

    Examples
    --------
    >>> import keras
    >>> senet_blob(keras.Input((32, 32, 64)), 64, 128, 2).shape
    (None, 16, 16, 128)
    """
    from keras import layers

    if net.shape[-1] != in_dim:
        raise ValueError(f"in_dim is {in_dim}, but the tensor has {net.shape[-1]} channels")
    if on_dim % 4:
        raise ValueError(f"on_dim must be divisible by 4 (the bottleneck is a quarter of it), got {on_dim}")
    if gate_at not in ("branch", "main"):
        raise ValueError(f"gate_at must be 'branch' or 'main', got {gate_at!r}")
    if downsample not in ("pool", "pool_early", "stride"):
        raise ValueError(f"downsample must be 'pool', 'pool_early' or 'stride', got {downsample!r}")
    part = (lambda suffix: f"{name}_{suffix}") if name else (lambda suffix: None)
    settings = {"l2": l2}

    shortcut = net
    net = convolve(net, on_dim // 4, 1, name=part("narrow"), **settings)
    step = stride if downsample == "stride" else 1
    net = convolve(net, on_dim // 4, 3, stride=step, name=part("look"), **settings)
    pool = layers.AveragePooling2D(stride, name=part("pool")) if stride > step else lambda tensor: tensor
    if downsample == "pool_early":
        net = convolve(pool(net), on_dim, 1, activation=None, name=part("widen"), **settings)
    else:
        net = pool(convolve(net, on_dim, 1, activation=None, name=part("widen"), **settings))
    if stride > 1:
        shortcut = layers.AveragePooling2D(stride, name=part("shortcut_pool"))(shortcut)
    if in_dim != on_dim:
        shortcut = convolve(shortcut, on_dim, 1, activation=None, name=part("shortcut"), **settings)
    if reduction and gate_at == "branch":
        net = scale(net, reduction, name=part("se"), **settings)
    net = layers.Add(name=part("add"))([shortcut, net])
    if reduction and gate_at == "main":
        net = scale(net, reduction, name=part("se"), **settings)
    return layers.Activation("relu", name=part("out"))(net)


def se_resnet(net, channels, *, stride=1, reduction=16, l2=0.0, name=None):
    """The SE-ResNet module of the paper: :func:`senet_blob` with ``in_dim`` read off the tensor.

    Examples
    --------
    >>> import keras
    >>> se_resnet(keras.Input((16, 16, 64)), 64).shape
    (None, 16, 16, 64)
    """
    return senet_blob(net, net.shape[-1], channels, stride, reduction=reduction, l2=l2, name=name)


def se_inception(net, channels, *, reduction=16, l2=0.0, name=None):
    """The SE-Inception module: four parallel branches, joined, then scaled as a whole; there is no shortcut.

    The branches are 1x1; 1x1 then 3x3; 1x1 then 5x5; 3x3 maximum then 1x1, a quarter of ``channels`` each.

    Parameters
    ----------
    net : Keras tensor, (N, H, W, C)
    channels : int
        Channels that come out, divisible by 4.
    reduction, l2, name
        As in :func:`senet_blob`.

    Returns
    -------
    Keras tensor, (N, H, W, channels)

    References
    ----------
    Hu, Shen and Sun, 2018, figure 2; Szegedy et al., Going Deeper with Convolutions, 2015.

    Examples
    --------
    >>> import keras
    >>> se_inception(keras.Input((16, 16, 32)), 64).shape
    (None, 16, 16, 64)
    """
    from keras import layers

    if channels % 4:
        raise ValueError(f"channels must be divisible by 4 (there are four branches), got {channels}")
    part = (lambda suffix: f"{name}_{suffix}") if name else (lambda suffix: None)
    quarter, settings = channels // 4, {"l2": l2}
    one = convolve(net, quarter, 1, name=part("one"), **settings)
    three = convolve(net, quarter, 1, name=part("three_in"), **settings)
    three = convolve(three, quarter, 3, name=part("three"), **settings)
    five = convolve(net, quarter, 1, name=part("five_in"), **settings)
    five = convolve(five, quarter, 5, name=part("five"), **settings)
    pooled = layers.MaxPooling2D(3, strides=1, padding="same", name=part("pool"))(net)
    pooled = convolve(pooled, quarter, 1, name=part("pooled"), **settings)
    joined = layers.Concatenate(name=part("join"))([one, three, five, pooled])
    return scale(joined, reduction, name=part("se"), **settings) if reduction else joined
