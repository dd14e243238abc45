"""The runs of notebook 14: one remedy each, from one start, for one budget, with three seeds.

    python -m tools.train.challenges FOLDER [--faces FILE] [--only NAME ...]

It takes PyTorch and Keras. A small SENet on crops of 64 pixels learns from photographs whose boxes are
jittered and that are changed in no other way: the start. Every run goes on from it for `CROPS` crops, with
its remedy. FOLDER/NAME_SEED holds a run: its errors on every judged face, and DONE once it has ended. The
same command goes on with what is missing.
"""

import argparse
import json
import os
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np  # noqa: E402
import torch  # noqa: E402

from facelm_helpers import augment, face3d, metrics, networks, training  # noqa: E402
from facelm_helpers.faces import crop_transforms, cut, uncrop  # noqa: E402
from facelm_helpers.geometry import apply_transform, invert_transform, similarity, yaw  # noqa: E402
from tools.train import hard_faces, loop  # noqa: E402
from tools.train.challenge_runs import (  # noqa: E402
    BATCH,
    CROPS,
    EXTREMES,
    HEADS,
    MARGIN,
    NARROW,
    PLAIN,
    RUNS,
    SEEDS,
    SIZE,
    START_CROPS,
    Remedy,
)  # fmt: skip
from tools.train.faces import FILE  # noqa: E402
from tools.train.torch_graph import Graph  # noqa: E402


def main(arguments=None):
    """Read the command line, and do every run that is not done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--faces", type=Path, default=FILE, help="what tools.train.pack wrote")
    parser.add_argument("--only", nargs="+", choices=RUNS, default=list(RUNS), help="runs; all by default")
    options = parser.parse_args(arguments)
    sets = hard_faces.read(options.faces)
    judged, pool = hard_faces.judged(sets), learnt_from(sets, options.only)
    for seed in SEEDS:
        for name in options.only:
            if not (options.folder / f"{name}_{seed}" / "DONE").is_file():
                print(name, seed, flush=True)
                one_run(options.folder, name, seed, pool, judged)


def learnt_from(sets, names):
    """Set -> FaceSet to learn from; only what the named runs need."""
    photographs = hard_faces.joined([sets[name] for name in hard_faces.PHOTOGRAPHS])
    pool = {"photographs": photographs, "frames": sets[hard_faces.FRAMES], "turned": sets["turned"]}
    wanted = {more for name in names for more in RUNS[name].more}
    if "expression" in wanted:
        pool["expression"] = hard_faces.other_expressions(photographs, seed=14)
    return pool


class Draws:
    """Batches of a remedy: faces of each set by its share, cropped and changed by `augment.random_crops`."""

    def __init__(self, pool, remedy, seed):
        rest = (1 - sum(remedy.more.values())) / 2
        self.shares = {"photographs": rest, "frames": rest} | remedy.more
        self.sets, self.remedy, self.rng = {}, remedy, np.random.default_rng(seed)
        self.strength = replace(PLAIN, **(EXTREMES | remedy.changes))
        for name in self.shares:
            faces = pool[name]
            if remedy.kind == "rectified":
                to_upright = similarity(faces.points, hard_faces.upright())
                faces = hard_faces.rectified(faces, to_upright)
            self.sets[name] = faces
        if remedy.kind == "rectified":  # what the first look leaves to be mended
            self.strength = replace(self.strength, shift=0.04, scale=0.06, rotation=8.0)
        self.dense = {}
        if remedy.kind == "dense":
            self.dense = {name: dense_points(faces.points) for name, faces in self.sets.items()}

    def __call__(self, size):
        """Crops (N, 64, 64, 3) in 0..1, points (N, K, 2) in 0..1, weights (N,)."""
        ends = np.rint(np.cumsum([0, *self.shares.values()]) * size).astype(int)
        crops, points = [], []
        for (name, faces), n in zip(self.sets.items(), np.diff(ends), strict=True):
            index = self.rng.integers(len(faces), size=n)
            some = faces[index]
            cropped, moved = augment.random_crops(some, self.rng, SIZE, MARGIN, self.strength)
            if self.dense:
                there = similarity(some.points, moved)
                moved = np.concatenate([moved, apply_transform(there, self.dense[name][index])], axis=1)
            crops.append(cropped)
            points.append(moved)
        crops, points = np.concatenate(crops), np.concatenate(points)
        truth = torch.from_numpy(np.float32(points / SIZE))
        return torch.from_numpy(crops).float() / 255, truth, torch.ones(len(crops))


def dense_points(points):
    """All vertices (N, V, 2) of the 3D faces that are fitted to annotations."""
    return face3d.vertices(face3d.fit_annotated(points), dense=True)[..., :2]


class Network(torch.nn.Module):
    """A Keras model as `loop.Training` takes it."""

    def __init__(self, model):
        super().__init__()
        self.model, self.graph = model, Graph(model)

    def forward(self, crops):
        """Crops (N, 64, 64, 3) -> (N, outputs)."""
        return self.graph(crops)


class Schedule(loop.Goal):
    """A short warm-up, then as every goal."""

    def rate_at(self, step, share):
        """The learning rate."""
        return self.rate * min(1, (step + 1) / 20) * min(1, max(0, 1 - share) / self.decay)


def built(remedy, start=None):
    """The network of a remedy: with random weights, or with the start's."""
    import keras

    mean = (hard_faces.upright() - (hard_faces.SIDE - 1) / 2) / (hard_faces.SIDE / 2) / MARGIN + 0.5
    keras.utils.set_random_seed(14)
    model = networks.senet(**remedy.form, keep_prob=1.0, l2=0.0, size=SIZE, mean_shape=mean)
    if start is None:
        return model
    weights = dict(np.load(start))
    training.set_weights(model, weights)
    if remedy.kind in ("plain", "rectified"):
        return model
    kernel, bias = weights["points/kernel"], weights["points/bias"]
    if remedy.kind == "heads":
        kernel, bias = np.tile(kernel, 3), np.tile(bias, 3)
    else:  # a vertex of the mesh is a weighted mean of the 68 points: so the dense answer begins
        W = face3d.load_face3d().weights
        lifted = np.einsum("vk,fkc->fvc", W, kernel.reshape(len(kernel), 68, 2)).reshape(len(kernel), -1)
        kernel = np.concatenate([kernel, lifted], axis=1)
        bias = np.concatenate([bias, (W @ bias.reshape(68, 2)).reshape(-1)])
    points = keras.layers.Dense(len(bias), dtype="float32", name="points")
    wide = keras.Model(model.input, points(model.get_layer("points").input))
    points.set_weights([kernel, bias])
    return wide


def pose_class(points):
    """0, 1, 2: the head looks to the left of the picture, ahead, to the right."""
    return np.digitize(yaw(points), HEADS)


def loss_of(remedy):
    """The mean distance of the points (N,) of what the network gives."""

    def plain(answer, points):
        squares = (answer.float().view(len(answer), -1, 2) - points).square().sum(-1)
        return (squares + loop.SMOOTH).sqrt().mean(1)

    def of_heads(answer, points):
        head = torch.from_numpy(pose_class(points.numpy()))
        return plain(answer.view(len(answer), 3, -1)[torch.arange(len(answer)), head], points)

    def with_mesh(answer, points):  # the 68 points weigh as much as all vertices
        two = answer.float().view(len(answer), -1, 2)
        return plain(two[:, :68].flatten(1), points[:, :68]) + plain(two[:, 68:].flatten(1), points[:, 68:])

    return {"heads": of_heads, "dense": with_mesh}.get(remedy.kind, plain)


def trained(folder, remedy, crops, seed, pool, start=None, rate=1e-3):
    """The averaged network after so many crops, and the processor's seconds."""
    torch.manual_seed(seed)
    models = [built(remedy, start) for _ in range(2)]
    training.set_weights(models[1], training.weights_of(models[0]))
    network, average = (Network(model) for model in models)
    goal = Schedule(crops, None, rate, 0.5, 0.03, BATCH)
    run, began = (
        loop.Training(network, goal, folder, "cpu", {}, average, loss_of(remedy)),
        time.process_time(),
    )
    run.run(Draws(pool, remedy, [seed, run.step]), every=10_000)
    np.savez(folder / "weights.npz", **training.weights_of(models[1]))
    return average, time.process_time() - began


def one_run(folder, name, seed, pool, judged):
    """Train a run from the start, which is trained first where it is missing, and judge it."""
    remedy, run = RUNS[name], folder / f"{name}_{seed}"
    begin = folder / ("start" if remedy.form is NARROW else "start_wide")
    run.mkdir(parents=True, exist_ok=True)
    if not (begin / "DONE").is_file():
        begin.mkdir(parents=True, exist_ok=True)
        network, seconds = trained(begin, Remedy(form=remedy.form), START_CROPS, 14, pool, rate=2e-3)
        finish(begin, judge(network, Remedy(form=remedy.form), judged, None), seconds, START_CROPS)
    first = Network(built(Remedy(form=remedy.form), begin / "weights.npz")).eval()
    network, seconds = trained(run, remedy, CROPS, seed, pool, begin / "weights.npz", rate=5e-4)
    finish(run, judge(network.eval(), remedy, judged, first), seconds, CROPS)
    (run / "last.pt").unlink()


def finish(run, errors, seconds, crops):
    """Write the errors, and that it is done."""
    np.savez(run / "errors.npz", **{key: np.float32(values) for key, values in errors.items()})
    means = {key: round(float(values.mean()), 4) for key, values in errors.items()}
    print(run.name, f"{seconds:.0f} s", means, flush=True)
    (run / "DONE").write_text(json.dumps({"seconds": round(seconds), "crops": crops}))


@torch.no_grad()
def answers(network, faces):
    """What the network gives in the crops round the boxes, (N, K, 2) in pixels of the pictures."""
    transforms = crop_transforms(faces.boxes, SIZE, MARGIN)
    crops = torch.from_numpy(cut(list(faces.images), transforms, SIZE)).float() / 255
    found = network(crops).float().numpy().reshape(len(faces), -1, 2) * SIZE
    return uncrop(found, transforms)


def judge(network, remedy, judged, first):
    """SET -> NME of each face; SET|WAY for other ways to use the same network."""
    network.eval()
    errors = {}
    for name, faces in judged.items():
        norm = "box" if name == "turned" else "inter_ocular"
        for way, points in ways(network, remedy, faces, first).items():
            truth, key = faces.points, f"{name}|{way}" if way else name
            if way.startswith("mesh"):
                if name not in ("clean", "turned"):
                    continue
                truth = dense_points(faces.points)
                errors[key] = mesh_error(points, truth, faces.boxes)
            else:
                errors[key] = metrics.nme(points, truth, norm=norm)
    return errors


def mesh_error(points, truth, boxes):
    """Mean distance of the vertices over the root of the box's area, (N,)."""
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return np.linalg.norm(points - truth, axis=2).mean(axis=1) / np.sqrt(area)


def ways(network, remedy, faces, first):
    """Way of using the network -> points; "" is the remedy itself."""
    if remedy.kind == "rectified":
        points, found = answers(first, faces), {}
        for way in ("", "twice", "three times"):
            to_upright = similarity(points, hard_faces.upright())
            upright = answers(network, hard_faces.rectified(faces, to_upright))
            points = np.float32(apply_transform(invert_transform(to_upright), upright))
            found[way] = points
        return found
    found = answers(network, faces)
    if remedy.kind == "heads":
        by_head = found.reshape(len(faces), 3, 68, 2)
        classes = {"": pose_class(answers(first, faces)), "oracle": pose_class(faces.points)}
        return {way: by_head[np.arange(len(faces)), head] for way, head in classes.items()}
    if remedy.kind == "dense":
        return {"": found[:, :68], "mesh": found[:, 68:]}
    if remedy != RUNS["control"]:
        return {"": found}
    fitted = face3d.fit(found)
    mesh = {"mesh, interpolated": np.float32(face3d.load_face3d().weights @ found),
            "mesh, fitted": face3d.vertices(fitted, dense=True)[..., :2]}  # fmt: skip
    return {"": found, "3d": np.float32(face3d.vertices(fitted, jaw="visible")[..., :2])} | mesh


if __name__ == "__main__":
    main()
