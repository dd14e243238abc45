"""A Keras model computed by PyTorch's own layers, for training: the same variables, about twice as fast.

Keras on PyTorch (KERAS_BACKEND=torch) computes batch normalisation in many steps, and leaves the memory
layout that a processor is fast with. Here the model's graph is walked, and the costly layers are PyTorch's.
All other layers are Keras' own. Tensors are (N, H, W, C), as everywhere in Keras.
"""

import torch
from keras import layers
from torch.nn import functional


class Graph(torch.nn.Module):
    """A functional Keras model as a PyTorch module that shares its variables.

    Parameters
    ----------
    model : keras.Model
        Functional, with one input.
    """

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, images):
        """Images (N, H, W, 3) -> what the model gives, with batch normalisation and dropout by `training`."""
        return self.model._run_through_graph(images, operation_fn=self._operation)

    def _operation(self, operation):
        training = self.training and getattr(operation, "trainable", True)
        for kind, compute in FAST.items():
            if type(operation) is kind:
                return lambda net, **_: compute(operation, net, training)
        return operation.call  # not __call__, which would widen what autocast has narrowed


def _conv(layer, net, training):
    kernel = layer.kernel.value.permute(3, 2, 0, 1)
    bias = layer.bias.value if layer.use_bias else None
    net = _padded(net.permute(0, 3, 1, 2), layer.kernel_size, layer.strides, layer.padding)
    net = functional.conv2d(net, kernel, bias, layer.strides, groups=layer.groups)
    return layer.activation(net.permute(0, 2, 3, 1))


def _padded(net, size, strides, padding, value=0.0):
    """ "same" as TensorFlow pads: an odd pixel goes right and below."""
    if padding == "valid" or set(size) == {1}:
        return net
    lack = [max(k - (n % s or s), 0) for n, k, s in zip(net.shape[2:], size, strides, strict=True)]
    (down, right) = lack
    return functional.pad(net, (right // 2, right - right // 2, down // 2, down - down // 2), value=value)


def _norm(layer, net, training):
    mean, variance = layer.moving_mean.value, layer.moving_variance.value
    gamma, beta = layer.gamma.value, layer.beta.value
    net = net.permute(0, 3, 1, 2)
    rest = training, 1 - layer.momentum, layer.epsilon
    return functional.batch_norm(net, mean, variance, gamma, beta, *rest).permute(0, 2, 3, 1)


def _mean(layer, net, training):
    net = functional.avg_pool2d(net.permute(0, 3, 1, 2), layer.pool_size, layer.strides)
    return net.permute(0, 2, 3, 1)


def _most(layer, net, training):
    net = _padded(net.permute(0, 3, 1, 2), layer.pool_size, layer.strides, layer.padding, -torch.inf)
    return functional.max_pool2d(net, layer.pool_size, layer.strides).permute(0, 2, 3, 1)


def _dense(layer, net, training):
    bias = layer.bias.value if layer.use_bias else None
    return layer.activation(functional.linear(net, layer.kernel.value.T, bias))


def _larger(layer, net, training):
    net = functional.interpolate(net.permute(0, 3, 1, 2), scale_factor=layer.size, mode="nearest")
    return net.permute(0, 2, 3, 1)


def _dropout(layer, net, training):
    return functional.dropout(net, layer.rate, training)


def _slope(layer, net, training):
    slope = layer.alpha.value.flatten()
    if net.ndim == 4:  # a slope for each channel
        return functional.prelu(net.permute(0, 3, 1, 2), slope.to(net.dtype)).permute(0, 2, 3, 1)
    return functional.prelu(net, slope.to(net.dtype))


FAST = {
    layers.Conv2D: _conv, layers.BatchNormalization: _norm, layers.Dense: _dense,
    layers.Dropout: _dropout, layers.PReLU: _slope,
    layers.UpSampling2D: _larger, layers.AveragePooling2D: _mean, layers.MaxPooling2D: _most,
}  # fmt: skip
