"""The course's SENet once more, in PyTorch: the same layers and weights, faster to train.

PyTorch computes in bfloat16 on processors that can. Nothing in the course needs this file: what ships is
trained with it (`tools/train/shipped.py`), and a test holds the two networks to the same answer.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

EPSILON, MOMENTUM = 1e-3, 0.02  # Keras' epsilon; PyTorch's momentum is the share of the new


class Convolve(nn.Module):
    """As `se.convolve`: convolution, batch normalisation, ReLU."""

    def __init__(self, channels_in, channels, kernel, stride=1, activation=True):
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels, kernel, stride, bias=False)
        self.norm = nn.BatchNorm2d(channels, EPSILON, MOMENTUM)
        self.activation = activation
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_in", nonlinearity="relu")

    def forward(self, net):
        if self.conv.kernel_size == (3, 3):  # "same" as Keras pads: with stride 2 only right and below
            before = 2 - self.conv.stride[0]
            net = functional.pad(net, (before, 1, before, 1))
        net = self.norm(self.conv(net))
        return functional.relu(net) if self.activation else net


class Blob(nn.Module):
    """As `se.senet_blob`, downsampled by a stride."""

    def __init__(self, in_dim, on_dim, stride, reduction=16):
        super().__init__()
        self.stride = stride
        self.narrow = Convolve(in_dim, on_dim // 4, 1)
        self.look = Convolve(on_dim // 4, on_dim // 4, 3, stride)
        self.widen = Convolve(on_dim // 4, on_dim, 1, activation=False)
        self.se_reduce = nn.Linear(on_dim, on_dim // reduction)
        self.se_gate = nn.Linear(on_dim // reduction, on_dim)
        self.shortcut = Convolve(in_dim, on_dim, 1, activation=False) if in_dim != on_dim else None

    def forward(self, net):
        branch = self.look(self.narrow(net))
        if self.stride > 1:
            net = functional.avg_pool2d(net, self.stride)
        branch = self.widen(branch)
        if self.shortcut is not None:
            net = self.shortcut(net)
        gate = torch.sigmoid(self.se_gate(functional.relu(self.se_reduce(branch.mean((2, 3))))))
        return functional.relu(net + branch * gate[:, :, None, None])


class Network(nn.Module):
    """As `networks.senet`: (N, 3, 128, 128) in 0..1 -> (N, 136)."""

    def __init__(
        self, mean_shape, stem=16, channels=(32, 128, 256, 256), blobs=(1, 1, 2, 2), head=64, hidden=256
    ):
        super().__init__()
        self.form = {"stem": stem, "channels": channels, "blobs": blobs, "head": head, "hidden": hidden}
        self.stem, before, blocks = Convolve(3, stem, 3, stride=2), stem, []
        for after, count in zip(channels, blobs, strict=True):
            for first in range(count):
                blocks.append(Blob(before, after, 1 if first else 2))
                before = after
        self.blobs, self.head = nn.ModuleList(blocks), Convolve(before, head, 1)
        side = 64 // 2 ** len(channels)
        self.hidden, self.points = nn.Linear(head * side**2, hidden), nn.Linear(hidden, 136)
        nn.init.normal_(self.points.weight, std=0.01 / hidden**0.5)
        self.points.bias.data[:] = torch.as_tensor(np.asarray(mean_shape, np.float32).reshape(-1))

    def forward(self, net):
        net = self.stem(net)
        for blob in self.blobs:
            net = blob(net)
        net = self.head(net).permute(0, 2, 3, 1).flatten(1)  # rows, columns, channels: as Keras flattens
        return self.points(functional.relu(self.hidden(net)))


def to_keras(state):
    """A state dict as the arrays of `SENet.weights_`: "LAYER/VARIABLE" -> float32."""
    arrays = {}
    for name, tensor in state.items():
        if not name.endswith("num_batches_tracked"):
            key, axes = _key(name, tensor.ndim)
            arrays[key] = np.ascontiguousarray(tensor.detach().float().cpu().numpy().transpose(axes))
    return arrays


def from_keras(arrays, state):
    """The inverse of `to_keras`, in the shape of a state dict."""
    taken = dict(state)
    for name, tensor in state.items():
        if not name.endswith("num_batches_tracked"):
            key, axes = _key(name, tensor.ndim)
            taken[name] = torch.from_numpy(np.float32(arrays[key]).transpose(np.argsort(axes)).copy())
    return taken


VARIABLES = {
    "conv.weight": "_conv/kernel", "norm.weight": "_norm/gamma", "norm.bias": "_norm/beta",
    "norm.running_mean": "_norm/moving_mean", "norm.running_var": "_norm/moving_variance",
}  # fmt: skip


def _key(name, dimensions):
    """Keras' name of a variable, and the axes that turn PyTorch's array into Keras'."""
    layer, _, rest = name.partition(".")
    if layer == "blobs":
        number, part, rest = rest.split(".", 2)
        layer = f"blob{int(number) + 1}_{part}"
    axes = {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}[dimensions]
    return layer + VARIABLES.get(rest, "/kernel" if rest == "weight" else "/bias"), axes
