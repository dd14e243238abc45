"""Freeze `data/weights/senet.npz` for LiteRT, beside it: run it when the weights change (a test tells).

With that file `methods.load("senet")` answers without TensorFlow and without a conversion. Its name ends in
the fingerprint of the weights; files of other weights are removed.
"""

from facelm_helpers import paths
from facelm_helpers.methods import _runtimes
from facelm_helpers.methods.senet import SENet


def main():
    """Freeze the shipped weights."""
    senet = SENet.shipped()
    name = _runtimes.fingerprint(senet._state())
    path = paths.WEIGHTS / _runtimes.file_name("litert", senet.name, name)
    _runtimes.write("litert", senet.build(score=True), path)
    for old in set(paths.WEIGHTS.glob("senet-*.tflite")) - {path}:
        old.unlink()
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, weights {name}")


if __name__ == "__main__":
    main()
