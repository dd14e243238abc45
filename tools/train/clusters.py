"""Vanilla CNN's clusters: `python -m tools.train.clusters IN.npz OUT.npz --clusters 16`.

A Gaussian mixture is fitted to the features (the last hidden layer) of crops of the faces to learn from. OUT
is the same network with a last layer for each cluster, all alike at first, and the mixture as its gate. Then
`python -m tools.train.network vanilla_cnn RUN --start OUT.npz --set clusters=16 --freeze conv hidden gate`
lets each last layer learn its own faces.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np  # noqa: E402
from sklearn.mixture import GaussianMixture  # noqa: E402

from facelm_helpers import methods, training  # noqa: E402

FLOOR = 0.1  # of a feature's variance in a cluster, in mean variances: no feature decides alone


def main(arguments=None):
    """Read the command line, fit, save."""
    from tools.train.batches import Batches
    from tools.train.faces import FILE, load
    from tools.train.network import seen

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weights", type=Path, help="of vanilla_cnn without clusters")
    parser.add_argument("out", type=Path)
    parser.add_argument("--faces", type=Path, default=FILE, help="what tools.train.pack wrote")
    parser.add_argument("--default", type=int, default=3000, help="default faces among them (3000)")
    parser.add_argument("--clusters", type=int, default=16)
    parser.add_argument("--crops", type=int, default=20_000)
    options = parser.parse_args(arguments)
    aligner = methods.of("vanilla_cnn").load(options.weights)
    batches = Batches(load(options.faces, options.default))
    look, parts = looking(aligner), []
    for _ in range(-(-options.crops // 500)):
        crops, _, _ = batches.draw(500)
        parts.append(look(seen(crops, aligner.size).contiguous().numpy()))
    print(f"saved {clustered(aligner, np.concatenate(parts), options.clusters).save(options.out)}")


def looking(aligner):
    """A function: crops (N, S, S, 3) in 0..1 -> features (N, F)."""
    import keras

    model = aligner.build()
    return keras.Model(model.input, model.get_layer("hidden").output).predict_on_batch


def clustered(aligner, features, clusters, seed=0):
    """The aligner with a last layer for each cluster of the features (N, F)."""
    features = np.float64(features)
    spread = features.var(axis=0).mean()
    mixture = GaussianMixture(clusters, covariance_type="diag", reg_covar=FLOOR * spread, random_state=seed)
    mixture.fit(features)
    shares = np.bincount(mixture.predict(features), minlength=clusters) / len(features)
    print("shares of the clusters", *(f"{share:.1%}" for share in sorted(shares, reverse=True)))
    weights = {key: np.float32(value) for key, value in aligner.weights_.items()}
    weights["points/kernel"] = np.tile(weights["points/kernel"], (1, clusters))
    weights["points/bias"] = np.tile(weights["points/bias"], clusters)
    weights["gate/kernel"], weights["gate/bias"] = gate(mixture)
    found = methods.create("vanilla_cnn", **aligner.configuration() | {"clusters": clusters})
    found.provenance = aligner.provenance
    found._take(training.weights_of(found._model_of(weights, {})), "keras")
    return found


def gate(mixture):
    r"""Kernel (2 F, C) and bias (C,) that give log p_c of (f, f^2), up to what all clusters share.

    .. math:: \ln p_c = \sum \frac{\mu f}{\sigma^2} - \frac{f^2}{2 \sigma^2}
        + \ln \pi_c - \frac12 \sum \Big( \ln \sigma^2 + \frac{\mu^2}{\sigma^2} \Big)
    """
    mean, variance = mixture.means_, mixture.covariances_
    kernel = np.concatenate([mean / variance, -0.5 / variance], axis=1).T
    bias = np.log(mixture.weights_) - 0.5 * (np.log(variance) + mean**2 / variance).sum(axis=1)
    return np.float32(kernel), np.float32(bias - bias.max())


if __name__ == "__main__":
    main()
