"""Train what follows a layer on features that are computed once: `--after LAYER --stored N` of `network`.

Where all layers up to one stay as they are, a crop passes through them once, and the rest learns from what
came out, many times as fast.
"""

import keras
import numpy as np
import torch

from facelm_helpers.atomic import whole_file
from tools.train.torch_graph import Graph

TOGETHER, CHUNK = 64, 1024  # crops in one pass, and in one file


class Rest(torch.nn.Module):
    """The layers of a Keras model after one: features -> what the model gives."""

    def __init__(self, model, name):
        super().__init__()
        self.graph = Graph(keras.Model(model.get_layer(name).output, model.output))

    def forward(self, features):
        """(N, ...) -> what the model gives."""
        return self.graph(features.float())


class Stored:
    """Crops as the first layers of a network see them.

    Parameters
    ----------
    draw : function of the batch's size
        See `batches.Batches.draw`.
    look : function
        Crops (N, 3, 128, 128) -> what the network's first layer sees.
    model : keras.Model
    name : str
        Of the last of the layers that stay as they are.
    truth : function
        Of points (N, 136) as an array: what the loss compares with.
    n : int
        How many crops.
    folder : Path
        Holds what was computed before: the same command goes on.
    """

    def __init__(self, draw, look, model, name, truth, n, folder):
        first = Graph(keras.Model(model.input, model.get_layer(name).output)).eval()
        folder.mkdir(parents=True, exist_ok=True)
        parts = []
        for number in range(-(-n // CHUNK)):
            file = folder / f"features_{number:03}.npz"
            if not file.is_file():
                torch.manual_seed(number)
                many = [self._seen(draw, look, first) for _ in range(CHUNK // TOGETHER)]
                with whole_file(file) as opened:
                    np.savez(opened, **{key: np.concatenate([one[key] for one in many]) for key in many[0]})
            with np.load(file, allow_pickle=False) as opened:
                parts.append(dict(opened))
        kept = {key: np.concatenate([part[key] for part in parts])[:n] for key in parts[0]}
        self.features, self.weights = (torch.from_numpy(kept[key]) for key in ("features", "weights"))
        self.points, self.truth, self.known = kept["points"], truth, None
        if truth(self.points[:1]).ndim == 2:  # few numbers: all of them at once
            self.known = np.concatenate([truth(self.points[i : i + CHUNK]) for i in range(0, n, CHUNK)])

    @torch.no_grad()
    def _seen(self, draw, look, first):
        crops, points, weights = draw(TOGETHER)
        features = first(look(crops)).half().cpu().numpy()
        return {
            "features": features,
            "points": points.flatten(1).cpu().numpy(),
            "weights": weights.cpu().numpy(),
        }

    def draw(self, size):
        """Features, truth and weights of crops drawn at random."""
        index = torch.randint(len(self.points), (size,))
        chosen = index.numpy()
        truth = self.truth(self.points[chosen]) if self.known is None else self.known[chosen]
        return self.features[index], torch.from_numpy(truth), self.weights[index]
