"""Learn how sure a network is of its points: `python -m tools.train.score senet IN.npz OUT.npz`.

The network stays as it is. Its last features are computed once for crops of faces, changed a little and a
lot, and for crops without a face (`no_faces`); on them the small head of `networks.with_score` learns

    s = -ln e

with the network's own inter-ocular NME e, and e = 1 where there is no face. Of the authors' photographs those
for training are used; without them, the default faces alone. About five minutes on two cores.
"""

import argparse
import datetime

import numpy as np

from facelm_helpers import augment, methods, metrics, networks, sources, training
from facelm_helpers.boxes import detector_like
from facelm_helpers.faces import FaceSet
from tools.data import no_faces, real_faces

UNITS = 16  # of the head; 64 were no better
NONE = 1.0  # the error that stands for: no face
LOW = 0.01  # an NME below it is as good as can be told
MILD = augment.Strength(shift=0.05, scale=0.08, rotation=10, occlude=0.15)
WILD = augment.Strength(
    shift=0.15, scale=0.2, rotation=40, occlude=0.5, occlude_share=0.7, blur=0.4, blur_sigma=4,
    noise=0.4, noise_sd=25, gain=0.5, gamma=0.4,
)  # fmt: skip


def main(arguments=None):
    """Read the command line, learn, save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("method")
    parser.add_argument("weights", help="a file of its weights")
    parser.add_argument("out", help="the same with a score")
    parser.add_argument("--rounds", type=int, default=6, help="crops of every face (6)")
    parser.add_argument("--epochs", type=int, default=12, help="times that the head sees them all (12)")
    options = parser.parse_args(arguments)
    aligner = methods.of(options.method).load(options.weights)
    sets = [sources.load("synthetic", n=1500, seed=17, progress=False), *photographs(("train",))]
    learn(aligner, sets, options.rounds, options.epochs)
    print(f"saved {aligner.halved().save(options.out)}")


def photographs(parts):
    """The authors' photographs whose part is one of ``parts``, in memory; none where they are not."""
    names = real_faces.NAMES if real_faces.REAL.is_dir() else ()
    for name in (name for name in names if name.partition("/")[2] in parts):
        faces = real_faces.load(name)
        points = real_faces.unbiased(faces.points) if name.startswith("yt68") else faces.points
        yield FaceSet(np.stack([faces.images[i] for i in range(len(faces))]), np.float32(points))


def learn(aligner, sets, rounds=6, epochs=12, seed=0):
    """Give a fitted network method a score, in place.

    Parameters
    ----------
    aligner : KerasAligner
    sets : list of FaceSet
        Images in one array each.
    rounds : int
        Crops of every face; every other one is changed a lot. Half as many again show no face.
    epochs, seed : int
    """
    look = looking(aligner)
    parts = []
    for k, faces in enumerate(sets):
        for turn in range(rounds):
            crops, points = seen(faces, [seed, k, turn], WILD if turn % 2 else MILD, aligner)
            features, found = look(crops)
            parts.append((features, metrics.nme(found, points)))
        features, _ = look(no_faces.crops(faces, rounds * len(faces) // 2, [seed, k, rounds], aligner.size))
        parts.append((features, np.full(len(features), NONE)))
    features, errors = (np.concatenate(column) for column in zip(*parts, strict=True))
    head = fitted(np.float32(features), -np.log(np.clip(errors, LOW, NONE)), epochs, seed)
    aligner._restore(aligner.weights_ | head)
    told = f"score learnt from {len(errors)} crops, {datetime.date.today().isoformat()}"
    recipe = aligner.provenance.get("recipe", "").partition("; score learnt")[0]
    aligner.provenance = aligner.provenance | {"recipe": f"{recipe}; {told}"}


def seen(faces, seed, strength, aligner):
    """One crop of every face and its points, from boxes as detectors set them."""
    rng = np.random.default_rng(seed)
    moved = FaceSet(faces.images, faces.points, detector_like(faces.points, rng))
    return augment.random_crops(moved, rng, aligner.size, aligner.margin, strength)


def looking(aligner):
    """A function: crops -> the features that the head reads (N, F), and points in crop pixels (N, 68, 2)."""
    import keras

    model = aligner.build()
    features = networks.with_score(model, aligner.score_from, UNITS).get_layer("score_hidden").input
    both = keras.Model(model.input, [features, model.output])

    def look(crops):
        parts = [both.predict_on_batch(training.scaled(crops[i : i + 64])) for i in range(0, len(crops), 64)]
        features, found = (np.concatenate(column) for column in zip(*parts, strict=True))
        return np.float16(features), aligner._points(found)

    return look


def fitted(features, scores, epochs, seed):
    """The arrays of the head, "LAYER/VARIABLE" -> float32."""
    import keras
    from keras import initializers, layers

    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.maximum(spread, 0.1 * spread.mean())  # a feature that hardly ever speaks is not shouted out
    with training.seeded(seed):
        model = keras.Sequential([
            keras.Input((features.shape[1],)), layers.Dropout(0.2),
            layers.Dense(UNITS, "relu", name="score_hidden"),
            layers.Dense(1, name="score", bias_initializer=initializers.Constant(float(scores.mean()))),
        ])  # fmt: skip
        rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * -(-len(features) // 256))
        optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-3)
        model.compile(optimizer, keras.losses.Huber(0.3), jit_compile=False)
        model.fit((features - mean) / spread, scores, batch_size=256, epochs=epochs, verbose=0)
    head = training.weights_of(model)
    # the head reads the features as they are: what centred and scaled them goes into its weights
    head["score_hidden/kernel"] = head["score_hidden/kernel"] / spread[:, None]
    head["score_hidden/bias"] = head["score_hidden/bias"] - mean @ head["score_hidden/kernel"]
    return {key: np.float32(value) for key, value in head.items() if key.startswith("score")}


if __name__ == "__main__":
    main()
