"""Train MTCNN's networks: `python -m tools.train.mtcnn p RUN`, then r, then o. It takes PyTorch and Keras.

Squares round packed faces are positive, partly off or negative, by how much of the face's box they share;
squares of pictures without a face are negative. R- and O-Net get those that the networks before them let
pass: what they must learn to tell apart. The loss mines hard examples: of faces and no faces, the 70 % with
the largest loss count. RUN/mtcnn_PART.npz holds the weights; the same command goes on.
"""

import argparse
import functools
import os
import time
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch.nn import functional  # noqa: E402

from facelm_helpers import networks, training  # noqa: E402
from facelm_helpers.arrays import Array, read_arrays, write_arrays  # noqa: E402
from facelm_helpers.boxes import overlap, tight_boxes  # noqa: E402
from facelm_helpers.detectors import mtcnn as steps  # noqa: E402
from facelm_helpers.landmarks import convert  # noqa: E402
from tools.data import no_faces, real_faces  # noqa: E402
from tools.train import loop  # noqa: E402
from tools.train.batches import SHARES, Batches, Placement, Strength  # noqa: E402
from tools.train.faces import load  # noqa: E402
from tools.train.frames import MARGIN, MIDDLE, SIZE  # noqa: E402
from tools.train.photometric import photometric  # noqa: E402
from tools.train.tasks import as_five  # noqa: E402
from tools.train.torch_graph import Graph  # noqa: E402

POSITIVE, PART, NEGATIVE = 0.65, 0.4, 0.3  # intersection over union with the face's box
NEAR = Placement(0, 0, 0, shift=0.09, scale=0.14, far=0.4, farther=3.0, turn=8.0, wide=0.2)
HARD = 0.7  # share of faces and no faces that count
NOT_FACES = 1 / 3  # of a batch: squares of pictures without a face
WEIGHTS = {"p": (1.0, 0.5, 0.5), "r": (1.0, 0.5, 0.5), "o": (1.0, 0.5, 1.0)}  # face, box, points
POOL = 30_000  # squares without a face in memory
SIDE = 88  # pixels of a square without a face: as large as the square within a face's crop, in JPEG's blocks
LENIENT = 0.3  # probability from which a network's squares are looked at by the next, to learn


def main(arguments=None):
    """Read the command line, train, save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=tuple("pro"))
    loop.add_options(parser, batch_size=384, rate=1e-3)
    parser.add_argument("--start", type=Path, help="weights of the part to begin with")
    parser.add_argument("--before", type=Path, nargs="*", default=[], help="the weights of the parts before")
    parser.add_argument("--points", type=float, help=f"the points' factor in the loss ({WEIGHTS})")
    parser.add_argument("--turned", type=float, default=SHARES["turned"], help="share of turned views drawn")
    options = parser.parse_args(arguments)
    torch.manual_seed(7)
    sets = load(options.faces, options.default)
    before = {path.stem[-1]: opened(path) for path in options.before}
    trained(options, Squares(options.part, sets, not_faces(options.part, before), options.turned))


def trained(options, squares):
    """Train on drawn squares, save the weights."""
    part, where = options.part, loop.device()
    models = [networks.mtcnn(part) for _ in range(2)]
    if options.start:
        fill(models[0], options.start)
    training.set_weights(models[1], training.weights_of(models[0]))
    network, average = (Answers(model) for model in models)
    weights = WEIGHTS[part] if options.points is None else (*WEIGHTS[part][:2], options.points)
    about = {"part": part, "without_a_face": len(squares.pool), "face_box_points": weights,
             "turned": options.turned}  # fmt: skip
    goal = loop.goal(options, 5e-4)
    run = loop.Training(network, goal, options.run, where, about, average, Loss(weights))
    piece = options.piece and 60 * options.piece
    run.run(squares.draw, squares.report, options.every, piece)
    save(models[1], options.run / f"mtcnn_{part}.npz")


class Answers(torch.nn.Module):
    """A part's Keras model on squares (N, 3, S, S): (N, 15)."""

    def __init__(self, model):
        super().__init__()
        self.graph = Graph(model)

    def forward(self, squares):
        """The logit of a face, four offsets, ten coordinates."""
        return self.graph(squares.permute(0, 2, 3, 1)).reshape(len(squares), 15)


class Loss:
    """(N,) from answers (N, 15) and truth (N, 15), NaN where nothing is known or wanted.

    weights : factors of face, box and points.
    """

    def __init__(self, weights):
        self.weights = weights

    def __call__(self, answer, truth):
        answer, known = answer.float(), truth.isfinite()
        truth = torch.where(known, truth, answer.detach())
        face = functional.binary_cross_entropy_with_logits(
            answer[:, 0], truth[:, 0].clamp(0, 1), reduction="none"
        )
        face = face * known[:, 0]
        least = face.detach()[known[:, 0]].quantile(1 - HARD)
        face = torch.where(face >= least, face, 0.0) / HARD
        squares = (answer - truth).square()
        box, points = squares[:, 1:5].sum(1), squares[:, 5:].sum(1)
        return self.weights[0] * face + self.weights[1] * box + self.weights[2] * points


class Squares:
    """Draws squares and what is true of them.

    Parameters
    ----------
    part : str
    sets : dict of Faces
    pool : (M, SIDE, SIDE, 3) uint8 array
        Squares without a face; every tenth is kept to judge by. They go through the same changes of light and
        sharpness as the faces, or a network would tell the two by those.
    turned : float
        Share of turned views among the faces, before the shares are brought to a sum of 1.
    """

    def __init__(self, part, sets, pool, turned=SHARES["turned"]):
        self.size, self.pool = networks.PARTS[part][0], pool
        # MTFL has its five points only: they stand in their places among the 68
        mtfl = {"mtfl": as_five(sets["mtfl"])} if "mtfl" in sets else {}
        self.faces = Batches(sets | mtfl, strength=Strength(NEAR), shares=SHARES | {"turned": turned})
        self.tight = {name: sets[name].tight for name in self.faces.shares}

    def draw(self, size):
        """Squares (size, 3, S, S) in 0..1, truth (size, 15), weights (size,)."""
        few = round(NOT_FACES * size)
        pictures, truth = self.without(few, np.random.default_rng(int(torch.randint(2**31, ()))), True)
        crops, points, _ = self.faces.draw(size - few)
        edge = round(SIZE * (1 - 1 / MARGIN) / 2)
        middle = crops[:, :, edge : SIZE - edge, edge : SIZE - edge]
        points = (points - MIDDLE) * (SIZE / middle.shape[2]) + 0.5
        truth = torch.cat([truth_of(points, self.known()), truth])
        return torch.cat([self.small(middle), self.small(pictures)]), truth, torch.ones(size)

    def small(self, pictures):
        """Squares at the size that the part sees."""
        return functional.interpolate(pictures, size=(self.size, self.size), mode="area")

    def known(self):
        """Of the last batch, whether a face has all its 68 points."""
        counts = [(name != "mtfl", len(index)) for name, index in self.faces.drawn.items()]
        return np.concatenate([np.full(count, known) for known, count in counts])

    def without(self, count, rng, learning):
        """Squares without a face, mirrored now and then and changed to learn from, and their truth."""
        some = np.arange(len(self.pool)) % 10 > 0 if learning else np.arange(len(self.pool)) % 10 == 0
        pictures = self.pool[rng.choice(np.flatnonzero(some), count)]
        pictures = np.where(rng.random((count, 1, 1, 1)) < 0.5, pictures[:, :, ::-1], pictures)
        truth = torch.full((count, 15), torch.nan)
        truth[:, 0] = 0
        pictures = torch.from_numpy(np.float32(pictures)).permute(0, 3, 1, 2)
        return photometric(pictures, self.faces.strength.changes) if learning else pictures / 255, truth

    @torch.no_grad()
    def report(self, network):
        """Shares of faces found, and of squares without one let pass, at probability 0.7."""
        pictures, _ = self.without(2000, np.random.default_rng(0), False)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            crops, truth, _ = self.draw(1000)
        found = network(crops)[:, 0].sigmoid() > 0.7
        passed = network(self.small(pictures))[:, 0].sigmoid() > 0.7
        faces = found[truth[:, 0] == 1]
        answer = network(crops)[:, 5:].reshape(-1, 5, 2) - truth[:, 5:].reshape(-1, 5, 2)
        away = answer[answer.isfinite().all(dim=2).all(dim=1)].norm(dim=2)  # in sides of the square
        return {"found": float(faces.float().mean()), "passed": float(passed.float().mean()),
                "points": float(away.mean())}  # fmt: skip


def truth_of(points, whole):
    """Truth (N, 15) of squares, from the faces' points (N, 68, 2) in 0..1 of the square.

    Where only five points are known, the box is that of the mean face laid on them.
    """
    points = points.numpy()
    five = convert(points, "5")
    boxes = tight_boxes(points)
    if not whole.all():
        boxes[~whole] = tight_boxes(real_faces.mean_face_on(five[~whole]))
    share = overlap([0, 0, 1, 1], boxes)
    truth = np.concatenate([np.full((len(points), 1), np.nan), boxes - [0, 0, 1, 1], five.reshape(-1, 10)], 1)
    truth[share >= POSITIVE, 0], truth[share < NEGATIVE, 0] = 1, 0
    truth[share < PART, 1:5] = np.nan
    truth[share < POSITIVE, 5:] = np.nan
    return torch.from_numpy(np.float32(truth))


def fill(model, path):
    """Give a part's model the weights of a file."""
    training.set_weights(model, read_arrays(path, {"*/*": Array("f2 f4")}, "weights of MTCNN"))


def save(model, path):
    """Write a part's weights as float16."""
    arrays = {key: np.float16(value) for key, value in training.weights_of(model).items()}
    print(f"saved {write_arrays(path, arrays, compressed=True)}")


def opened(path):
    """A part's network from its weights, as a function of pictures (N, S, S, 3)."""
    model = networks.mtcnn(path.stem[-1])
    fill(model, path)
    graph = Graph(model).eval()

    def run(pictures):
        with torch.no_grad():
            return graph(torch.from_numpy(np.ascontiguousarray(pictures, np.float32))).numpy()

    return run


def not_faces(part, before, limit=POOL, seconds=600):
    """Squares without a face (M, SIDE, SIDE, 3): of scenes, and of MTFL's pictures beside its faces.

    Of P-Net they lie anywhere; of the others, where the networks before (``before``) see a face.
    """
    rng = np.random.default_rng(3)
    found, began, count = [], time.monotonic(), 0
    while count < limit and time.monotonic() - began < seconds:
        image, faces = picture(rng)
        if part == "p":
            height, width = image.shape[:2]
            side = np.exp(rng.uniform(np.log(12), np.log(min(height, width)), 60))
            corner = rng.random((60, 2)) * (np.array([width, height]) - side[:, None])
            squares = np.concatenate([corner, corner + side[:, None]], axis=1)
        else:
            squares, _ = steps.proposals(image, before["p"], LENIENT, 16)
            if part == "o" and len(squares):
                answer = before["r"](steps.cut(image, squares, 24))
                kept = steps.probability(answer[:, 0]) >= LENIENT
                squares = steps.squared(steps.corrected(squares[kept], answer[kept, 1:5]))
        free = [max((overlap(square, face) for face in faces), default=0) < NEGATIVE for square in squares]
        squares = squares[np.array(free, bool)][:60]
        found.append(np.uint8(np.rint(255 * steps.cut(image, squares, SIDE))))
        count += len(squares)
    return np.concatenate(found)[:limit]


@functools.cache
def pictures(root=real_faces.REAL):
    """Scenes without a face, and MTFL's files with the boxes (M, 4) of the faces in its list."""
    files = real_faces.mtfl(root) if (root / "mtfl").is_dir() else ()
    faces = [(path, tight_boxes(real_faces.mean_face_on(five[None]))) for path, five, _ in files]
    return [(scene, np.zeros((0, 4))) for scene in no_faces.scenes()] + faces


def picture(rng):
    """A picture and the boxes of all faces in it that any list or detector knows, for `not_faces`."""
    image, boxes = pictures()[int(rng.integers(len(pictures())))]
    if isinstance(image, Path):
        image = real_faces.Photographs([image])[0]
        boxes = np.concatenate([boxes, *(detected(image, name) for name in ("dlib", "blazeface"))])
    if rng.random() < 0.5:
        return image, boxes
    # half the time a piece, turned upside down: a part of the world that looks like a face in no way
    return image[::-1].copy(), boxes[:, [0, 3, 2, 1]] * [1, -1, 1, -1] + [0, len(image), 0, len(image)]


def detected(image, name):
    """The boxes of a detector, (M, 4)."""
    from facelm_helpers.detectors import detect

    return detect(image, name, **({"upsample": 0} if name == "dlib" else {}))


if __name__ == "__main__":
    main()
