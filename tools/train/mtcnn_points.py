"""Train MTCNN's L-Net: `python -m tools.train.mtcnn_points RUN`. It takes PyTorch and Keras.

The five points of annotated faces are moved at random, all together and each by itself, as far as O-Net errs;
the network sees a patch round each and learns the way back. RUN/mtcnn_l.npz holds the weights; the same
command goes on. It is judged behind the shipped P-, R- and O-Net, on the faces that they find.
"""

import argparse
import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch.nn import functional  # noqa: E402
from tqdm.auto import tqdm  # noqa: E402

from facelm_helpers import metrics, networks, training  # noqa: E402
from facelm_helpers.detectors import mtcnn as steps  # noqa: E402
from facelm_helpers.landmarks import convert  # noqa: E402
from tools.data.found_boxes import number_on  # noqa: E402
from tools.train import loop  # noqa: E402
from tools.train.batches import STRENGTHS, Batches  # noqa: E402
from tools.train.faces import load  # noqa: E402
from tools.train.mtcnn import save  # noqa: E402
from tools.train.torch_graph import Graph  # noqa: E402

LEAST, MOST = 0.006, 0.07  # of the box: how far the points are moved, on a logarithmic scale
OFTEN = 4  # how often each crop is looked at, with other moves: it costs more to draw than to look at
COMMON = 0.7  # of that, for all points together; as much again for each by itself
LARGER = 0.06  # standard deviation of the logarithm of the box's size
ANNOTATED = ("lfpw68/train", "helen68/train", "afw68/train", "yt68/train", "turned", "default")
JUDGED = ("lfpw68/validation", "helen68/validation", "afw68/validation", "yt68/val")


def main(arguments=None):
    """Read the command line, train, save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    loop.add_options(parser, batch_size=256, rate=2e-3)
    options = parser.parse_args(arguments)
    torch.manual_seed(8)
    sets = load(options.faces, options.default)
    models = [networks.mtcnn("l") for _ in range(2)]
    training.set_weights(models[1], training.weights_of(models[0]))
    network, average = map(Graph, models)
    annotated = {name: sets[name] for name in ANNOTATED if name in sets}
    patches = Patches(Batches(annotated, strength=STRENGTHS[options.strength]))
    judge = Judge({name: sets[name] for name in JUDGED if name in sets})
    about = {"part": "l", "patch": steps.PATCH, "moved": [LEAST, MOST], "without": judge.errors()}
    goal, piece = loop.goal(options, 1e-3), options.piece and 60 * options.piece
    run = loop.Training(network, goal, options.run, loop.device(), about, average, away)
    run.run(patches.draw, judge.report, options.every, piece)
    save(models[1], options.run / "mtcnn_l.npz")


def away(answer, truth):
    """(N,): mean distance of answers (N, 10) from points (N, 5, 2), smooth at 0.02 of a patch's side."""
    return ((answer.float().view(-1, 5, 2) - truth).square().sum(-1) + 4e-4).sqrt().mean(1)


class Patches:
    """Draws patches round moved points, and the way back."""

    def __init__(self, batches):
        self.batches = batches
        self.size = networks.PARTS["l"][0]

    def draw(self, size):
        """Patches (size, 5, S, S, 3) in 0..1, truth (size, 5, 2), weights (size,)."""
        drawn = [part.repeat_interleave(OFTEN, 0)[:size] for part in self.batches.draw(-(-size // OFTEN))]
        crops, points, weights = drawn
        five = torch.from_numpy(np.float32(convert(points.numpy(), "5")))
        longer = (points.amax(1) - points.amin(1)).amax(1) * (LARGER * torch.randn(size)).exp()
        far = LEAST * (MOST / LEAST) ** torch.rand(size)
        move = COMMON * (torch.randn(size, 1, 2) + torch.randn(size, 5, 2)) * (far * longer)[:, None, None]
        side = steps.PATCH * longer
        patches = cut(crops, five + move, side, self.size)
        return patches, -move / side[:, None, None], weights


def cut(crops, middles, sides, size):
    """Squares round points (N, K, 2), in 0..1 of crops (N, 3, H, H): (N, K, size, size, 3)."""
    count = middles.shape[1]
    step = (torch.arange(size) - (size - 1) / 2) / size
    down, across = torch.meshgrid(step, step, indexing="ij")
    offsets = torch.stack([across, down], -1) * sides[:, None, None, None, None]
    # points are counted from the middle of the first pixel, and a grid from its edge
    grid = 2 * (middles[:, :, None, None] + offsets + 0.5 / crops.shape[2]) - 1
    grid = grid.reshape(len(crops), count * size, size, 2)
    found = functional.grid_sample(crops, grid, "bilinear", "zeros", align_corners=False)
    return found.reshape(len(crops), 3, count, size, size).permute(0, 2, 3, 4, 1)


class Judge:
    """Validation faces, with the boxes and points that the shipped P-, R- and O-Net find."""

    def __init__(self, sets):
        self.faces, shipped = {}, steps.shipped("pro")
        for name, faces in sets.items():
            found = []
            for i in tqdm(range(len(faces)), desc=name, leave=False, disable=None):
                boxes, points, _ = steps.search(faces.images[i], networks=shipped)
                if (k := number_on(boxes, faces.tight[i])) is not None:
                    found.append((faces.images[i], boxes[[k]], points[[k]], faces.points[[i]]))
            self.faces[name] = found

    def errors(self, network=None):
        """Set -> NME of five points over the distance of the eyes' outer corners."""
        told = {}
        for name, found in self.faces.items():
            errors = []
            for image, box, points, truth in found:
                if network is not None:
                    points = steps.refined(image, box, points, network)
                distance = np.linalg.norm(points - convert(truth, "5"), axis=2).mean()
                errors.append(distance / metrics.normaliser(truth, "inter_ocular"))
            told[name] = float(np.mean(errors))
        return told

    @torch.no_grad()
    def report(self, network):
        """The errors behind an averaged network."""
        return {"five": self.errors(lambda patches: network(torch.from_numpy(patches)).numpy())}


if __name__ == "__main__":
    main()
