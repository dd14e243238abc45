"""MTCNN's networks: is this square a face, where is its box, where are five points?"""

from facelm_helpers.networks._plain import dense, plain

PARTS = {  # side of the square; convolutions; units of the dense layer
    "p": (12, ((10, 3, 2), (16, 3, 1), (32, 3, 1)), 0),
    "r": (24, ((28, 3, 3), (48, 3, 3), (64, 2, 1)), 128),
    "o": (48, ((32, 3, 3), (64, 3, 3), (64, 3, 2), (128, 2, 1)), 256),
    "l": (24, ((28, 3, 3), (48, 3, 3), (64, 2, 1)), 128),
}


def mtcnn(part):
    """P-, R-, O- or L-Net.

    P-Net has no dense layer: on a picture of any size it gives an answer for every square of 12x12, two
    pixels apart. R-Net sees 24x24, O-Net 48x48. L-Net is not in the paper, but in the second release of its
    authors' code: it sees a patch of 24x24 round each of the five points, and moves them. Theirs has
    convolutions for each point; here the five patches share them.

    Parameters
    ----------
    part : {"p", "r", "o", "l"}

    Returns
    -------
    keras.Model
        (N, S, S, 3) in 0..1 -> (N, 15), of P-Net (N, H, W, 15): the logit of a face; how far the box's left,
        top, right and bottom lie from the square's; x and y of eyes, nose and mouth's corners from its upper
        left corner. All in sides of the square. Of L-Net, (N, 5, S, S, 3) -> (N, 10): how far the points lie
        from the middles of their patches, in sides of a patch.

    Notes
    -----
    Height x width x channels: R-Net and, on each patch, L-Net go from 24x24x3 over 11x11x28 and 4x4x48 to
    3x3x64 and 128 numbers, O-Net from 48x48x3 over 23x23x32, 10x10x64 and 4x4x64 to 3x3x128 and 256 numbers.

    References
    ----------
    Zhang et al., Joint face detection and alignment using multi-task cascaded convolutional networks, IEEE
    Signal Processing Letters 2016.

    Examples
    --------
    >>> [mtcnn(part).output_shape for part in "prol"]
    [(None, None, None, 15), (None, 15), (None, 15), (None, 10)]
    """
    import keras
    from keras import layers, ops

    size, convolutions, hidden = PARTS[part]
    if part == "l":
        patches = keras.Input((5, size, size, 3), name="patches")
        net = ops.reshape(patches * 2.0 - 1.0, (-1, size, size, 3))
        net = plain(net, convolutions, style="prelu")
        net = ops.reshape(net, (-1, 5, *net.shape[1:]))
        net = layers.Dense(10, dtype="float32", name="answer")(dense(net, hidden, style="prelu"))
        return keras.Model(patches, net, name="mtcnn_l")
    image = keras.Input((size, size, 3) if hidden else (None, None, 3), name="image")
    net = plain(image * 2.0 - 1.0, convolutions, style="prelu")
    if hidden:
        net = layers.Dense(15, dtype="float32", name="answer")(dense(net, hidden, style="prelu"))
    else:
        net = layers.Conv2D(15, 1, dtype="float32", name="answer")(net)
    return keras.Model(image, net, name=f"mtcnn_{part}")
