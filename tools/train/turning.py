"""What turned photographs bring at large yaw: `python -m tools.train.turning FOLDER`. It takes PyTorch.

A small SENet, which sees 64x64 pixels, is trained from random weights on crops of LFPW's and HELEN's
photographs, and from the same weights on as many crops of which half are of the same photographs turned by up
to 60 degrees (`augment.turn`). 300W-LP's own turned views are in neither. From several seeds.
FOLDER/ARM_SEED.npz holds the errors of each face of AFLW2000-3D and of HELEN's validation photographs, in
tight boxes; `python -m tools.measure.turning FOLDER` makes a result of them. The same command goes on.
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np  # noqa: E402
import torch  # noqa: E402

from facelm_helpers import face3d, methods, metrics, training  # noqa: E402
from facelm_helpers.atomic import whole_file  # noqa: E402
from facelm_helpers.augment import turn  # noqa: E402
from facelm_helpers.boxes import tight_boxes  # noqa: E402
from tools.train import loop, network  # noqa: E402
from tools.train.batches import STRENGTHS, Batches  # noqa: E402
from tools.train.faces import FILE, load, square  # noqa: E402
from tools.train.frames import MARGIN, answers  # noqa: E402
from tools.train.shipped import mean_shape  # noqa: E402

OWN = {"lfpw68/train": 0.42, "helen68/train": 0.58}  # shares of a batch
JUDGES = ("aflw2000", "helen68/validation")
ARMS = {"photographs": OWN, "turned": OWN | {"turned": 1.0}}
VIEWS, MOST = 2, 60.0  # turned views of each photograph, and the most degrees
SIZE = 64  # pixels that the network sees
SETTINGS = {"stem": 16, "channels": (16, 32, 64, 128), "blobs": (1, 1, 1, 1), "hidden": 128,
            "keep_prob": 1.0, "l2": 0.0, "loss": "distance"}  # fmt: skip


def main(arguments=None):
    """Train every arm from every seed, and note the errors."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--faces", type=Path, default=FILE, help="what tools.train.pack wrote")
    parser.add_argument("--stored", type=int, default=8000, help="different crops of an arm (8000)")
    parser.add_argument("--crops", type=float, default=32_000, help="to learn from, each run (32000)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    sets = load(options.faces, 0, (*OWN, *JUDGES))
    sets["turned"] = turned(*(sets[name] for name in OWN))
    start = mean_shape(sets[name] for name in OWN)
    crops = {arm: stored(sets, shares, options.stored) for arm, shares in ARMS.items()}
    for seed in options.seeds:
        for arm in ARMS:
            file = options.folder / f"{arm}_{seed}.npz"
            if not file.is_file():
                found = errors(trained(crops[arm], start, options, seed, file.with_suffix("")), sets)
                with whole_file(file) as opened:
                    np.savez(opened, crops=options.crops, stored=options.stored, **found)


def turned(*parts, seed=0):
    """Photographs of some `Faces`, each turned to larger yaw a few times, by amounts drawn evenly."""
    rng, rows = np.random.default_rng(seed), []
    for faces in parts:
        fitted = face3d.fit_annotated(faces.points)
        for image, points, (_, yaw, _) in zip(faces.images, faces.points, fitted.degrees, strict=True):
            for side in rng.permutation([-1, 1])[np.arange(VIEWS) % 2]:
                side = np.sign(yaw) if abs(yaw) > face3d.AHEAD else side
                new = float(np.clip(yaw + side * rng.uniform(0, MOST), -90, 90))
                rows.append((*turn(image, points, new), new))
    images, points, yaw = (np.array(column) for column in zip(*rows, strict=True))
    n = len(images)
    unknown = {name: np.full((n, 4), np.nan) for name in parts[0].found}
    every = {"five": np.full((n, 5, 2), np.nan), "keep": np.ones(n, bool), "found": unknown}
    return replace(parts[0], images=images, points=points, tight=tight_boxes(points), yaw=yaw, **every)


def stored(sets, shares, n, seed=0):
    """Crops (n, SIZE, SIZE, 3), as uint8, and their points: drawn as for the shipped network, mildly."""
    torch.manual_seed(seed)
    some = {name: sets[name] for name in shares}
    batches = Batches(some, strength=STRENGTHS["mild"], shares=shares, weights={})
    parts = []
    for first in range(0, n, 200):
        crops, points, _ = batches.draw(min(200, n - first))
        parts.append(((255 * network.seen(crops, SIZE)).round().byte(), points))
    return [torch.cat(column) for column in zip(*parts, strict=True)]


def trained(crops, start, options, seed, folder):
    """The averaged network after one run."""
    torch.manual_seed(seed)
    aligner = methods.create("senet", **SETTINGS)
    aligner.size = SIZE
    models = [aligner.build(start, seed=seed) for _ in range(2)]
    training.set_weights(models[1], training.weights_of(models[0]))
    networks = [network.Network(model, aligner) for model in models]
    images, points = crops

    def draw(size):
        index = torch.randint(len(images), (size,))
        return images[index].permute(0, 3, 1, 2) / 255, points[index], torch.ones(size)

    goal = loop.Goal(crops=options.crops, rate=3e-3, batch_size=32)
    loss = lambda answer, truth: aligner._loss(truth.flatten(1), answer.float())  # noqa: E731
    run = loop.Training(networks[0], goal, folder, average=networks[1], loss=loss)
    run.run(draw)
    print(folder.name, "loss", *(row["loss"] for row in run.reports[-1:]), flush=True)
    return networks[1].eval()


def errors(judged, sets):
    """Of a network: errors over the box, of all points and of those without the jaw; AFLW2000-3D's yaw."""
    found = {"yaw": sets["aflw2000"].yaw}
    for name in JUDGES:
        faces, key = sets[name], name.partition("/")[0]
        centre, side = square(faces.tight)
        points = answers(judged, faces, (centre, side * MARGIN, np.zeros(len(faces))))
        for kind, some in {"all": None, "inner": range(17, 68)}.items():
            found[f"{key}/{kind}"] = metrics.nme(points, faces.points, norm="box", points=some)
    return found


if __name__ == "__main__":
    main()
