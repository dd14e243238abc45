"""Train the teacher, and write its labels: `python -m tools.train.teacher RUN`.

A network of 12 million weights that gives a heatmap of 32x32 for each point and takes the mean place of it
(soft-argmax). It is trained on the annotated sets as the shipped network is. Its labels, RUN/labels.npz, are
the mean of what it sees in jittered views and their mirror images: of the annotated faces, and of those that
have no 68 points. `python -m tools.train.shipped RUN --labels FILE` learns from them.

On a graphics card: --hours 0.05 --batch 192 --default 12800. On a processor, days.
"""

import argparse

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from facelm_helpers.atomic import whole_file
from tools.train import loop, validation
from tools.train.batches import STRENGTHS, Batches
from tools.train.faces import VALIDATION, load
from tools.train.frames import MIDDLE
from tools.train.labels import labelled
from tools.train.torch_twin import Convolve

STRETCH = 1.1  # of the heatmap's places beyond the crop: a point at its border has a whole heatmap


class SoftArgmax(nn.Module):
    """Maps (N, 68, S, S) -> the mean place of each in 0..1 of the crop, (N, 136)."""

    def __init__(self, side):
        super().__init__()
        places = (torch.arange(side) - (side - 1) / 2) / side * STRETCH + MIDDLE
        down, across = torch.meshgrid(places, places, indexing="ij")
        self.register_buffer("places", torch.stack([across.ravel(), down.ravel()], -1), persistent=False)

    def forward(self, maps):
        return (maps.flatten(2).float().softmax(-1) @ self.places).flatten(1)


class Block(nn.Module):
    """A residual block of two 3x3 convolutions with a squeeze-and-excitation gate."""

    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.stride = stride
        self.first = Convolve(channels_in, channels, 3, stride)
        self.second = Convolve(channels, channels, 3, activation=False)
        same = channels_in == channels
        self.shortcut = nn.Identity() if same else Convolve(channels_in, channels, 1, activation=False)
        self.gate = nn.Sequential(
            nn.Linear(channels, max(1, channels // 16)), nn.ReLU(),
            nn.Linear(max(1, channels // 16), channels), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, net):
        branch = self.second(self.first(net))
        if self.stride > 1:
            net = functional.avg_pool2d(net, self.stride)
        gate = self.gate(branch.mean((2, 3)))[:, :, None, None]
        return functional.relu(self.shortcut(net) + branch * gate)


class Teacher(nn.Module):
    """(N, 3, 128, 128) in 0..1 -> (N, 136): four stages down to 4x4, and up again to heatmaps of 32x32.

    Parameters
    ----------
    width : float
        Factor of all channels; 1 has 12 million weights.
    depth : sequence of int
        Blocks of each stage.
    """

    def __init__(self, width=1.0, depth=(3, 4, 4, 2)):
        super().__init__()
        stem, join, *stages = (max(16, int(n * width) // 16 * 16) for n in (48, 192, 64, 128, 256, 384))
        self.stem, before, self.stages = Convolve(3, stem, 3, stride=2), stem, nn.ModuleList()
        for channels, count in zip(stages, depth, strict=True):
            blocks = [
                Block(before if k == 0 else channels, channels, 2 if k == 0 else 1) for k in range(count)
            ]
            self.stages.append(nn.Sequential(*blocks))
            before = channels
        self.lateral = nn.ModuleList(Convolve(channels, join, 1, activation=False) for channels in stages)
        self.merge = nn.ModuleList(Convolve(join, join, 3) for _ in stages[1:])
        self.maps, self.points = nn.Conv2d(join, 68, 1), SoftArgmax(32)

    def forward(self, net):
        net, levels = self.stem(net), []
        for stage in self.stages:
            net = stage(net)
            levels.append(net)
        net = functional.relu(self.lateral[3](levels[3]))
        for k in (2, 1, 0):
            up = functional.interpolate(net, scale_factor=2, mode="nearest")
            net = self.merge[k](functional.relu(up + self.lateral[k](levels[k])))
        return self.points(self.maps(net))


def main(arguments=None):
    """Read the command line, train, write the labels once it is done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    loop.add_options(parser, batch_size=192, rate=1e-3)
    parser.add_argument("--width", type=float, default=1.0, help="factor of all channels (1)")
    parser.add_argument(
        "--views", type=int, default=6, help="jittered views of a label, and as many mirrored (6)"
    )
    options = parser.parse_args(arguments)
    where, sets = loop.device(), load(options.faces, options.default)
    torch.manual_seed(5)
    batches = Batches(sets, where, STRENGTHS[options.strength])
    network = Teacher(options.width)
    about = {"weights": sum(one.numel() for one in network.parameters()), "share_of_batch": batches.shares}
    training = loop.Training(network, loop.goal(options, 0.05), options.run, where, about)
    piece = options.piece and 60 * options.piece
    training.run(batches.draw, lambda net: validation.report(net, sets, where), options.every, piece)
    if training.done < 1:
        print(f"{training.done:.0%} done: the same command goes on")
        return
    learnt = {name: faces for name, faces in sets.items() if name not in (*VALIDATION, "default")}
    arrays = labelled(training.average, learnt, where, options.views)
    with whole_file(options.run / "labels.npz") as file:
        np.savez_compressed(file, **arrays)
    print(f"saved {options.run / 'labels.npz'}")


if __name__ == "__main__":
    main()
