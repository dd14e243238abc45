"""The mean of the weights of several runs: `python -m tools.train.average OUT.npz 0.5=A.npz 0.5=B.npz`.

Runs that go on from one another end near each other, and the mean of where they end has less of each one's
chance in it (Izmailov et al., Averaging weights leads to wider optima, UAI 2018).
"""

import sys

import numpy as np

from facelm_helpers import methods


def mean(shares):
    """The aligner whose every weight is the mean of those of the others.

    Parameters
    ----------
    shares : list of (float, SENet)
        Shares that sum to 1; configuration and steps are taken from the last.

    Raises
    ------
    ValueError
        If the shares do not sum to 1, or the networks differ in form.
    """
    total = sum(share for share, _ in shares)
    if abs(total - 1) > 1e-6:
        raise ValueError(f"the shares sum to {total:g}: wanted 1")
    first = shares[0][1].weights_
    shapes = {key: value.shape for key, value in first.items()}
    for _, aligner in shares:
        if {key: value.shape for key, value in aligner.weights_.items()} != shapes:
            raise ValueError("the networks differ in form: wanted runs of one network")
    last = shares[-1][1]
    found = methods.create("senet", **last.configuration())
    found.provenance = last.provenance | {
        "recipe": f"the mean of the weights of {len(shares)} runs; {last.provenance.get('recipe', '')}"
    }
    found._restore({
        key: sum(share * aligner.weights_[key].astype(float) for share, aligner in shares).astype(np.float16)
        for key in first
    })  # fmt: skip
    return found


def main(arguments):
    """Read the command line and write the mean."""
    if len(arguments) < 2 or any("=" not in word for word in arguments[1:]):
        sys.exit(__doc__.splitlines()[0])
    pairs = [word.split("=", 1) for word in arguments[1:]]
    print(mean([(float(share), methods.of("senet").load(path)) for share, path in pairs]).save(arguments[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
