"""What a gate costs, and what every layer of a built model costs."""

from math import prod


def gate_cost(channels, reduction=16):
    """What one gate costs, 2 C^2 / r weights: as built, with a whole number of units in its bottleneck.

    Parameters
    ----------
    channels : int
        C.
    reduction : int
        r.

    Returns
    -------
    dict
        ``weights``, ``biases``, and ``multiply_adds`` for an image (one a weight: a gate runs once an image).

    Examples
    --------
    >>> gate_cost(512, 16)
    {'weights': 32768, 'biases': 544, 'multiply_adds': 32768}
    """
    units = max(channels // reduction, 1)
    weights = 2 * channels * units
    return {"weights": weights, "biases": units + channels, "multiply_adds": weights}


def count(model):
    """Parameters and multiply-adds of every layer of a built Keras model, for one image.

    Convolutions and dense layers are counted: kernel size times places of the output. Additions, means,
    activations and batch normalisation (folded once frozen) are small beside them and count as none.

    Returns
    -------
    list of dict
        Keys layer, kind, shape (without N), parameters, multiply_adds.

    Examples
    --------
    >>> import keras
    >>> from facelm_helpers.se import convolve
    >>> image = keras.Input((8, 8, 3))
    >>> rows = count(keras.Model(image, convolve(image, 4, 3, stride=2)))
    >>> rows[1]["multiply_adds"]   # 4 x 4 places of 3 x 3 x 3 x 4
    1728
    """
    rows = []
    for layer in model.layers:
        shape = tuple(layer.output.shape[1:])
        kind = type(layer).__name__
        places = prod(shape[:-1]) if kind in ("Conv2D", "Dense") else 0
        products = prod(layer.kernel.shape) * places if kind in ("Conv2D", "Dense") else 0
        rows.append({"layer": layer.name, "kind": kind, "shape": shape, "parameters": layer.count_params(),
                     "multiply_adds": products})  # fmt: skip
    return rows
