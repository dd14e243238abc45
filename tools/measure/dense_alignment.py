"""What the constraints of Dense Face Alignment bring: writes data/results/dense_alignment.json.

    python -m tools.measure.dense_alignment RUN --faces PACK --features FOLDER

3DDFA's last layers, from the same weights, on the same stored crops (`tools.train.network tddfa ... --after
flat`), for as long: each row adds one of `tools.train.constraints`. It takes PyTorch; real faces stand beside
the checkout.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np  # noqa: E402

from facelm_helpers import face3d, methods, metrics, sources, training  # noqa: E402
from facelm_helpers.methods import _three_d  # noqa: E402
from facelm_helpers.paths import RESULTS, WEIGHTS  # noqa: E402
from facelm_helpers.sources import aflw2000  # noqa: E402
from tools.data import real_faces  # noqa: E402
from tools.measure.face3d import by_yaw  # noqa: E402
from tools.measure.pose import MOST, errors  # noqa: E402
from tools.measure.store import machine, rounded, write  # noqa: E402

FILE = RESULTS / "dense_alignment.json"
WHAT = (
    "3DDFA's last layers, each row with one more constraint in the loss; means over the seeds, 'sd' their"
    " standard deviation. 'points': AFLW2000-3D, validation data, tight boxes, solid jaw: distance of the 68"
    " points over the root of the box's area, by yaw, and the mean of the three; 'pose': degrees there."
    " 'contour' and 'apart' are of 300W-LP's renders of AFW photographs that nothing was learnt from: the"
    " distance of the jaw's contour from the annotated line, and how far the 3D shapes found in the renders"
    " of one photograph are from their mean, both in sizes of the face."
)
STEPS = ("parameters", "landmarks", "contour", "matching")
PAIRS, ALONE, POOL = 32, 192, 2048  # in a batch: pairs of views, other crops; views stored


def renders(root, held_out):
    """300W-LP's renders of AFW as a FaceSet, and the face of a photograph that each shows.

    Those of the photographs that validate if ``held_out``, all others if not.
    """
    options = {"root": root / "300w_lp_afw", "subsets": ("AFW",), "progress": False}
    faces = sources.load("300w-lp", **options)
    validation = {f"AFW_{one}" for one in set(real_faces.load("afw68/validation", root).persons)}
    some = np.flatnonzero([(person in validation) == held_out for person in faces.persons])
    return faces[some], np.array([Path(faces.images.paths[i]).stem.rpartition("_")[0] for i in some])


class Judge:
    """The pictures that all runs are judged on, as the first layers see them."""

    def __init__(self, look, root=real_faces.REAL):
        faces, truth = aflw2000.load(root / "aflw2000"), np.degrees(aflw2000.poses(root / "aflw2000"))
        crops, self.degrees = faces.crops(128), truth
        self.truth, self.features = crops.points, look(crops.images)
        views, self.source = renders(root, held_out=True)
        crops = views.crops(128)
        self.points, self.views = (crops.points - 1) / 128, look(crops.images)  # MATLAB counts from 1

    def of(self, network):
        """The figures of one network: features -> the numbers of a 3D face."""
        import torch

        from tools.train import constraints

        found = _three_d.faces_of(network(self.features).numpy(), 128)
        off = metrics.nme(face3d.vertices(found)[..., :2], self.truth, norm="box")
        points = by_yaw(off, self.degrees[:, 1])
        usual = (np.abs(self.degrees) <= MOST).all(axis=1)
        p = network(self.views)
        known = torch.from_numpy(constraints.rows(self.points, False))
        _, line, seen, _ = known.split([38, 34, 17, 1], dim=1)
        far = constraints.contour(p, line.reshape(-1, 17, 2), seen) / constraints.SIZE
        shapes = _three_d.faces_of(p.numpy(), 1).shape
        same = [shapes[self.source == one] for one in np.unique(self.source)]
        apart = [np.linalg.norm(some - some.mean(axis=0), axis=-1).mean() for some in same if len(some) > 1]
        return {
            "points": points | {"mean": np.mean(list(points.values()))},
            "pose": errors(found.degrees[usual], self.degrees[usual])["mean"],
            "contour": far.mean().item(), "apart": np.mean(apart),
        }  # fmt: skip


def main(arguments=None):
    """Train each row with each seed, judge, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of the runs; the same command goes on with them")
    parser.add_argument("--faces", type=Path, required=True, help="what tools.train.pack wrote")
    parser.add_argument("--features", type=Path, required=True, help="a run of tddfa --after flat")
    parser.add_argument("--stored", type=int, default=24_576, help="crops in it (24576)")
    parser.add_argument("--crops", type=float, default=5e5, help="of each run (5e5)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options = parser.parse_args(arguments)
    results = {"what": WHAT, "machine": machine(), "crops": options.crops}
    for seeds, rows in enumerate(measure(options), start=1):
        write(FILE, rounded(results | {"seeds": seeds, "rows": rows}))
    for name, row in rows.items():
        print(f"{name:12}", *(f"{yaw} {100 * value:.2f}" for yaw, value in row["points"].items()),
              f"sd {100 * row['sd']:.2f}, pose {row['pose']:.2f} contour {100 * row['contour']:.2f}"
              f" apart {100 * row['apart']:.2f}")  # fmt: skip
    return 0


def measure(options):
    """Yield, after each seed, the name of the constraint that is added -> figures."""
    import keras
    import torch

    from tools.train import constraints, loop
    from tools.train.batches import STRENGTHS, Batches
    from tools.train.faces import load
    from tools.train.features import Rest, Stored
    from tools.train.network import begin, seen
    from tools.train.shipped import mean_shape
    from tools.train.torch_graph import Graph
    from tools.train.widen import read

    sets = load(options.faces, 0, ("turned",))  # the others are stored
    batches = Batches(sets, "cpu", STRENGTHS["mild"])
    aligner = methods.create("tddfa", keep_prob=0.9)
    start, senet = mean_shape(sets[name] for name in batches.shares), read(WEIGHTS / "senet.npz")
    whole = aligner.build(start, seed=1)
    begin(whole, senet)
    first = Graph(keras.Model(whole.input, whole.get_layer("flat").output)).eval()

    @torch.no_grad()
    def look(images):
        parts = [images[i : i + 64] for i in range(0, len(images), 64)]
        return torch.cat([first(torch.from_numpy(training.scaled(part))) for part in parts])

    def alone(points):
        return constraints.rows(points.reshape(-1, 68, 2), False)

    crops = Stored(batches.draw, lambda some: seen(some, 128), whole, "flat", alone, options.stored,
                   options.features)  # fmt: skip
    views = _Views(sets, look, options.run)
    judge = Judge(look)
    found = {name: [] for name in STEPS}
    for seed in options.seeds:
        for count, name in enumerate(STEPS, start=1):
            models = [aligner.build(start, seed=seed) for _ in range(2)]
            begin(models[0], senet)
            training.set_weights(models[1], training.weights_of(models[0]))
            network, average = (Rest(model, "flat") for model in models)
            goal = loop.Goal(options.crops, None, 2e-3, 0.7, 0.03, ALONE + 2 * PAIRS)
            run = loop.Training(network, goal, options.run / f"{name}_{seed}", "cpu", {}, average,
                                constraints.loss(STEPS[:count]), seed)  # fmt: skip
            run.folder.mkdir(parents=True, exist_ok=True)
            run.run(lambda size: _joined(crops.draw(ALONE), views.draw(PAIRS)), every=1e9)
            with torch.no_grad():
                found[name].append(judge.of(average.eval()))
            print(name, seed, found[name][-1], flush=True)
        yield {name: _mean(some) for name, some in found.items()}


def _joined(crops, views):
    """A batch of both; the pairs first."""
    import torch

    return [torch.cat([there, here.to(there.dtype)]) for here, there in zip(crops, views, strict=True)]


def _mean(some):
    """Figures of several seeds as one."""
    mean = {key: np.mean([one[key] for one in some]) for key in ("pose", "contour", "apart")}
    points = {yaw: np.mean([one["points"][yaw] for one in some]) for yaw in some[0]["points"]}
    spread = np.std([one["points"]["mean"] for one in some], ddof=1) if len(some) > 1 else np.nan
    return {"points": points, "sd": spread} | mean


class _Views:
    """Pairs of views of one photograph to learn from: 300W-LP's renders, changed as all crops are."""

    def __init__(self, sets, look, folder):
        from facelm_helpers.atomic import whole_file
        from tools.train.batches import STRENGTHS, Batches

        source = renders_to_learn(len(sets["turned"]))
        file = folder / "views.npz"
        if not file.is_file():
            import torch

            torch.manual_seed(1)
            batches, parts = Batches({"turned": sets["turned"]}, "cpu", STRENGTHS["mild"]), []
            for _ in range(POOL // 64):
                images, points, weights = batches.draw(64)
                own = source[batches.drawn["turned"].numpy()] + len(sets["turned"]) * batches.flipped.numpy()
                parts.append([look_at(look, images), points.numpy(), weights.numpy(), own])
            folder.mkdir(parents=True, exist_ok=True)
            with whole_file(file) as opened:
                np.savez(opened, *(np.concatenate(column) for column in zip(*parts, strict=True)))
        with np.load(file, allow_pickle=False) as opened:
            self.features, points, self.weights, source = (opened[f"arr_{i}"] for i in range(4))
        from tools.train import constraints

        self.truth = constraints.rows(points, True)
        self.others = {one: np.flatnonzero(source == one) for one in np.unique(source)}
        self.source = source

    def draw(self, n):
        """Features, truth and weights of n pairs."""
        import torch

        one = torch.randint(len(self.source), (n,)).tolist()
        same = [self.others[self.source[i]] for i in one]
        two = [int(some[torch.randint(len(some), (1,))]) for some in same]
        index = np.stack([one, two], axis=1).ravel()
        return [torch.from_numpy(array[index]) for array in (self.features, self.truth, self.weights)]


def look_at(look, crops):
    """What `look` sees of drawn crops (N, 3, 128, 128) in 0..1."""
    return look(np.uint8(np.rint(255 * crops.permute(0, 2, 3, 1).numpy()).clip(0, 255))).numpy()


def renders_to_learn(count):
    """A number for the face of a photograph that each of the packed turned views shows."""
    faces, source = renders(real_faces.REAL, held_out=False)
    turned = [not Path(path).stem.endswith("_0") for path in faces.images.paths]
    if sum(turned) != count:
        raise ValueError(f"{sum(turned)} turned views stand beside the checkout, {count} are packed")
    return np.unique(source[turned], return_inverse=True)[1]


if __name__ == "__main__":
    sys.exit(main())
