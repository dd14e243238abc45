"""The three networks of MTCNN: is this square a face, where is its box, where are five points?"""

from facelm_helpers.networks._plain import dense, plain

PARTS = {  # side of the square; convolutions; units of the dense layer
    "p": (12, ((10, 3, 2), (16, 3, 1), (32, 3, 1)), 0),
    "r": (24, ((28, 3, 3), (48, 3, 3), (64, 2, 1)), 128),
    "o": (48, ((32, 3, 3), (64, 3, 3), (64, 3, 2), (128, 2, 1)), 256),
}


def mtcnn(part):
    """P-, R- or O-Net.

    P-Net has no dense layer: on a picture of any size it gives an answer for every square of 12x12, two
    pixels apart. R-Net sees 24x24, O-Net 48x48.

    Parameters
    ----------
    part : {"p", "r", "o"}

    Returns
    -------
    keras.Model
        (N, S, S, 3) in 0..1 -> (N, 15), of P-Net (N, H, W, 15): the logit of a face; how far the box's left,
        top, right and bottom lie from the square's; x and y of eyes, nose and mouth's corners from its upper
        left corner. All in sides of the square.

    References
    ----------
    Zhang et al., Joint face detection and alignment using multi-task cascaded convolutional networks, IEEE
    Signal Processing Letters 2016.

    Examples
    --------
    >>> [mtcnn(part).output_shape for part in "pro"]
    [(None, None, None, 15), (None, 15), (None, 15)]
    """
    import keras
    from keras import layers

    size, convolutions, hidden = PARTS[part]
    image = keras.Input((size, size, 3) if hidden else (None, None, 3), name="image")
    net = plain(image * 2.0 - 1.0, convolutions, style="prelu")
    if hidden:
        net = layers.Dense(15, dtype="float32", name="answer")(dense(net, hidden, style="prelu"))
    else:
        net = layers.Conv2D(15, 1, dtype="float32", name="answer")(net)
    return keras.Model(image, net, name=f"mtcnn_{part}")
