"""What a network costs: the numbers it stores, and the multiplications with addition that one image takes."""


def cost(model):
    """Parameters and multiply-adds of every layer of a Keras model, counted from its shapes.

    A convolution with k_h x k_w filters takes ``H W k_h k_w C_in C_out`` multiply-adds (H and W of its
    output), a dense layer ``C_in C_out``; the squeeze (global average pooling) and the scaling of a gate take
    one for each value that they read. A layer that sees several patches of an image counts for each. What
    inference folds away or gets for nothing beside these (batch normalisation, activations, shape changes,
    additions, small pooling) counts 0.

    Parameters
    ----------
    model : keras.Model
        Built, with all sides but N known.

    Returns
    -------
    list of dict
        A row for each layer: name, kind, shape (of its output, without N), parameters (learnt or tracked),
        multiply_adds (for one image).

    Raises
    ------
    ValueError
        If a side is not known.

    Examples
    --------
    >>> import keras
    >>> image = keras.Input((8, 8, 3))
    >>> model = keras.Model(image, keras.layers.Conv2D(4, 3, strides=2, padding="same")(image))
    >>> row = cost(model)[-1]
    >>> row["shape"], row["parameters"], row["multiply_adds"]   # 4 * 4 * 3 * 3 * 3 * 4
    ((4, 4, 4), 112, 1728)
    """
    import keras

    if None in model.input_shape[1:]:
        raise ValueError(f"the model takes {model.input_shape}: wanted a model with known sides")
    one = keras.Input(batch_shape=(1, *model.input_shape[1:]))  # then a batch of patches is one image's
    rows = []
    for layer in keras.models.clone_model(model, input_tensors=one).layers:
        patches, *shape = layer.output.shape
        rows.append({
            "name": layer.name, "kind": type(layer).__name__, "shape": tuple(shape),
            "parameters": layer.count_params(), "multiply_adds": patches * _multiply_adds(layer, shape),
        })  # fmt: skip
    return rows


def _multiply_adds(layer, shape):
    import math

    kind = type(layer).__name__
    if kind in ("Conv2D", "DepthwiseConv2D"):
        return shape[0] * shape[1] * math.prod(layer.kernel.shape)
    if kind in ("Dense", "EinsumDense"):
        return math.prod(layer.kernel.shape)
    if kind == "GlobalAveragePooling2D":
        return math.prod(layer.input.shape[1:])
    return math.prod(shape) if kind == "Multiply" else 0
