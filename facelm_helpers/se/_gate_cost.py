"""What one gate costs, by its formula; `_cost` counts a whole built model."""


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
