"""Batch normalisation, folded into the convolution before it."""

import numpy as np


def fold(model, batch=None):
    r"""The same function with fewer layers: batch normalisation folded into the convolutions, dropout left
    out.

    A convolution k * x followed by batch normalisation with scale gamma, shift beta, moving mean m and
    variance v is one convolution with a bias:

    .. math:: s = \frac{\gamma}{\sqrt{v + \epsilon}}, \qquad k' = s k, \qquad b' = \beta - s m

    Parameters
    ----------
    model : keras.Model
        A functional model.
    batch : int, optional
        Fixes how many images go in at once; None leaves it open.

    Returns
    -------
    keras.Model

    Examples
    --------
    >>> import keras
    >>> image = keras.Input((8, 8, 3))
    >>> net = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3, use_bias=False)(image))
    >>> small = fold(keras.Model(image, keras.layers.Dropout(0.5)(net)), batch=1)
    >>> [type(layer).__name__ for layer in small.layers], small.output_shape
    (['InputLayer', 'Conv2D'], (1, 6, 6, 4))
    """
    import keras
    from keras import layers

    norms = norms_of(model)
    dropped = {norm.name for norm in norms.values()}

    def clone(layer):
        settings = layer.get_config()
        if layer.name in norms:
            settings["use_bias"] = True
        return type(layer).from_config(settings)

    def call(layer, *inputs, **options):
        leave_out = layer.name in dropped or isinstance(layer, layers.Dropout)
        return inputs[0] if leave_out else layer(*inputs, **options)

    image = keras.Input(batch_shape=(batch, *model.input_shape[1:]), dtype=model.input.dtype, name="image")
    small = keras.models.clone_model(model, input_tensors=image, clone_function=clone, call_function=call)
    small.trainable = False
    for layer in small.layers:
        if layer.name in norms:
            old, norm = model.get_layer(layer.name), norms[layer.name]
            scale = scale_of(norm)
            kernel, bias = _array(old.kernel), _array(old.bias) if old.use_bias else 0
            shift = _array(norm.beta) if norm.center else 0
            layer.set_weights([kernel * scale, shift + (bias - _array(norm.moving_mean)) * scale])
        elif layer.weights:
            layer.set_weights(model.get_layer(layer.name).get_weights())
    return small


def norms_of(model):
    """Name of each convolution -> the batch normalisation that alone follows it."""
    from keras import layers

    found = {}
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            source = layer.input._keras_history.operation
            if type(source) is layers.Conv2D and len(source._outbound_nodes) == 1:
                if source.get_config()["activation"] == "linear":
                    found[source.name] = layer
    return found


def scale_of(norm):
    """gamma / sqrt(v + epsilon), in double precision."""
    gamma = _array(norm.gamma) if norm.scale else 1.0
    return gamma / np.sqrt(_array(norm.moving_variance) + norm.epsilon)


def _array(variable):
    from keras import ops

    return ops.convert_to_numpy(variable).astype(np.float64)
