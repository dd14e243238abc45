"""The convolution that every network of the course is built from."""

BATCH_NORM_MOMENTUM = 0.9  # Keras' own 0.99 needs thousands of steps before inference agrees with training


def convolve(net, channels, kernel, *, stride=1, activation="relu", l2=0.0, name=None):
    """Convolution without bias, then batch normalisation, then an activation.

    Parameters
    ----------
    net : Keras tensor, (N, H, W, C)
        N images, H rows, W columns, C channels.
    channels : int
        Channels that come out.
    kernel : int or (int, int)
        Side(s) of the filter in pixels.
    stride : int
        Step of the filter; 2 halves H and W.
    activation : str or None
        Any Keras activation; None leaves the normalised sum as it is.
    l2 : float
        Penalty that is added to the loss: l2 times the sum of the squared filter weights. (TF-slim halves its
        factor: its 1e-5 is 5e-6 here.) Scale and shift of batch normalisation are never penalised.
    name : str, optional
        Prefix of the three layers' names.

    Returns
    -------
    Keras tensor, (N, H / stride, W / stride, channels)

    References
    ----------
    Ioffe and Szegedy, Batch Normalization, 2015; He et al., variance-scaling start, 2015.

    Examples
    --------
    >>> import keras
    >>> convolve(keras.Input((8, 8, 3)), 16, 3, stride=2).shape
    (None, 4, 4, 16)
    """
    from keras import initializers, layers, regularizers

    net = layers.Conv2D(
        channels,
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer=initializers.VarianceScaling(2.0, "fan_in", "truncated_normal"),
        kernel_regularizer=regularizers.L2(l2) if l2 else None,
        name=name and f"{name}_conv",
    )(net)
    net = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=name and f"{name}_norm")(net)
    return layers.Activation(activation, name=name and f"{name}_{activation}")(net) if activation else net
