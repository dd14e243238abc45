"""A second output for any network of points: how sure it is, from what it has seen anyway."""

MOST = 1024  # units: what a damaged file may ask for


def with_score(model, features, units):
    """The same model with a second output, ``score``, learnt after the points while all else stays.

    .. math:: s = w^\\top \\max(0, V f + a) + b

    with the features f that the network has computed already: it costs next to nothing.

    Parameters
    ----------
    model : keras.Model
        Its outputs are named before "score" in the alphabet: that is their order once frozen.
    features : str
        The layer that gives f, (N, F), or maps whose mean over all places f is, (N, H, W, F).
    units : int
        Rows of V, at most 1,024.

    Returns
    -------
    keras.Model
        (N, H, W, 3) -> its output, and scores (N, 1) float32, of new layers ``score_hidden`` and
        ``score``.

    Examples
    --------
    >>> from facelm_helpers.networks import senet
    >>> with_score(senet(channels=(16, 32), blobs=(1, 1), stem=8, hidden=32), "flat", 16).output_shape
    [(None, 136), (None, 1)]
    """
    import keras
    from keras import layers

    if not 1 <= units <= MOST:
        raise ValueError(f"{units} units for the score: wanted 1 to {MOST}")
    net = model.get_layer(features).output
    if len(net.shape) == 4:
        net = layers.GlobalAveragePooling2D(name="score_pool")(net)
    net = layers.Dense(units, "relu", name="score_hidden")(net)
    score = layers.Dense(1, dtype="float32", name="score")(net)
    return keras.Model(model.input, [*model.outputs, score], name=model.name)
