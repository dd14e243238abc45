"""Write `data/weights/senet.onnx` from `senet.npz` beside it: run it when the weights change (a test tells).

With it, `methods.load("senet")` answers without TensorFlow and without a conversion; the numbers in it are
the 16-bit floats of the weights, so its answer is Keras'.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from facelm_helpers import paths  # noqa: E402
from facelm_helpers.methods import _senet_runtimes  # noqa: E402
from facelm_helpers.methods.senet import SENet  # noqa: E402


def main():
    """Freeze the shipped weights."""
    senet = SENet.shipped()
    name = _senet_runtimes.fingerprint(senet.weights_)
    path = _senet_runtimes.write("onnx", senet.build(), paths.WEIGHTS / _senet_runtimes.SHIPPED, name)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, weights {name}")


if __name__ == "__main__":
    main()
