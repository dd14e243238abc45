"""Two small networks that give coordinates at once: Vanilla CNN with a head a cluster, and TCDCN."""

import numpy as np

from facelm_helpers.networks._plain import dense, entry, plain
from facelm_helpers.networks._senet import to_points

CONVOLUTIONS = ((16, 5, 2), (48, 3, 2), (96, 3, 2), (128, 3, 2))
TASKS = ("pose", "smile", "glasses", "open mouth")  # the first has five classes, from left to right


def vanilla_cnn(
    *, size=64, convolutions=CONVOLUTIONS, hidden=256, clusters=1, keep_prob=1.0, grey=False, style="modern",
    points=68, mean_shape=None,
):  # fmt: skip
    r"""Four convolutions and two dense layers; with clusters, a last layer for each kind of face.

    With the defaults: 64x64x3, 32x32x16, 16x16x48, 8x8x96, 4x4x128, 256, 136. With C clusters the features f
    (the 256) belong to cluster c with the probability

    .. math:: p_c \propto \exp(w_c \cdot (f, f^2) + b_c),

    which is that of a Gaussian mixture with diagonal covariances, and the answer is the mean of the C heads'.

    Parameters
    ----------
    size : int
        Side of the crop.
    convolutions, style
        See `plain`.
    hidden : int
    clusters : int
        1 is Vanilla CNN, more are the tweaked network. The mixture is no matter of the gradient:
        ``tools.train.clusters`` sets the gate's weights.
    keep_prob : float
    grey : bool
    points : int
    mean_shape : (points, 2) array, optional
        In 0..1.

    Returns
    -------
    keras.Model
        (N, size, size, 3) -> (N, 2 * points).

    References
    ----------
    Wu et al., Facial landmark detection with tweaked convolutional neural networks, TPAMI 2018 (online 2015).

    Examples
    --------
    >>> vanilla_cnn(size=32, convolutions=((8, 3, 2), (8, 3, 2)), hidden=16, clusters=3).output_shape
    (None, 136)
    """
    import keras
    from keras import layers, ops

    image, net = entry(size, grey=grey)
    features = dense(plain(net, convolutions, style=style), hidden, style=style, keep_prob=keep_prob)
    start = np.full(2 * points, 0.5) if mean_shape is None else np.ravel(mean_shape)
    if clusters == 1:
        return keras.Model(image, to_points(features, start), name="vanilla_cnn")
    both = layers.Concatenate(name="moments")([features, ops.square(features)])
    gate = layers.Dense(clusters, "softmax", dtype="float32", name="gate", trainable=False)(both)
    heads = ops.reshape(to_points(features, np.tile(start, clusters)), (-1, clusters, 2 * points))
    return keras.Model(image, ops.sum(gate[..., None] * heads, axis=1), name="vanilla_cnn")


def tcdcn(
    *, size=64, convolutions=CONVOLUTIONS, hidden=256, keep_prob=1.0, grey=False, style="modern", points=68,
    units=8, mean_shape=None,
):  # fmt: skip
    """One network for the points and for what helps to find them: pose, smile, glasses, an open mouth.

    As `vanilla_cnn`, with ``units`` more outputs from the same features.

    Parameters
    ----------
    size, convolutions, hidden, keep_prob, grey, style, points, mean_shape
        As in `vanilla_cnn`.
    units : int
        Of the auxiliary tasks: five classes of pose and a logit for each other of `TASKS`.

    Returns
    -------
    keras.Model
        (N, size, size, 3) -> (N, 2 * points + units).

    References
    ----------
    Zhang et al., Facial landmark detection by deep multi-task learning, ECCV 2014.

    Examples
    --------
    >>> tcdcn(size=32, convolutions=((8, 3, 2), (8, 3, 2)), hidden=16).output_shape
    (None, 144)
    """
    import keras
    from keras import layers

    image, net = entry(size, grey=grey)
    features = dense(plain(net, convolutions, style=style), hidden, style=style, keep_prob=keep_prob)
    start = np.full(2 * points, 0.5) if mean_shape is None else np.ravel(mean_shape)
    tasks = layers.Dense(units, dtype="float32", name="tasks")(features)
    both = layers.Concatenate(name="all")([to_points(features, start), tasks])
    return keras.Model(image, both, name="tcdcn")
