"""Where a network method is computed: in Keras, or in a frozen form that is made once and kept.

A frozen form is found by the method's name and the fingerprint of its weights.
"""

import hashlib
import os

import numpy as np

from facelm_helpers import freezing, paths, sources, training
from facelm_helpers.atomic import write_bytes

CACHE = "runtimes"  # below data/downloads: made on this machine, ignored by git
ENDINGS = {
    "frozen": ".pb", "litert": ".tflite", "litert-int8": "-int8.tflite", "onnx": ".onnx", "opencv": ".onnx",
}  # fmt: skip
RUNTIMES = ("keras", *ENDINGS)
TOGETHER = 64  # crops in one pass
# LiteRT's file ships beside the weights: the first answer needs neither TensorFlow nor a conversion
FASTEST_FIRST = ("litert", "onnx", "opencv", "keras")


def fingerprint(weights):
    """A name for a set of weights: equal for equal numbers.

    Examples
    --------
    >>> fingerprint({"a/b": np.zeros(3)}) == fingerprint({"a/b": np.zeros(3, np.float16)})
    True
    """
    digest = hashlib.sha256()
    for key in sorted(weights):
        digest.update(key.encode())
        digest.update(np.ascontiguousarray(weights[key], np.float32).tobytes())
    return digest.hexdigest()[:16]


def fastest(method, weights):
    """The fastest runtime that is installed and either has its file already or can make it."""
    found = fingerprint(weights)
    able = os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow" and freezing.installed("frozen")
    for name in FASTEST_FIRST:
        if freezing.installed(name) and (name == "keras" or able or known_file(name, method, found)):
            return name
    raise RuntimeError(f"no runtime is installed: wanted one of {', '.join(FASTEST_FIRST)}")


def opened(runtime, method, weights, build):
    """A function (N, size, size, 3), uint8 or float32 in 0..1 -> (N, outputs) in a runtime.

    Of a model with a score it gives a pair: (N, outputs) and (N, 1).

    Parameters
    ----------
    runtime : str
        One of `RUNTIMES`.
    method : str
        Its name.
    weights : dict
        "LAYER/VARIABLE" -> array.
    build : function
        () -> the Keras model with these weights; called only where it is needed.
    """
    if runtime == "keras":
        return keras_function(build())
    path = file_of(runtime, method, weights, build)
    if runtime == "frozen":
        return freezing.open_frozen(path)
    if runtime == "onnx":
        return freezing.open_onnx(path)
    if runtime == "opencv":
        return freezing.open_opencv(path)
    return freezing.open_litert(path)


def known(method, weights):
    """Whether exactly these weights have been frozen: then they need not be tried on the network."""
    name = fingerprint(weights)
    return any(known_file(runtime, method, name) for runtime in ENDINGS)


def keras_function(model):
    """Its forward pass with the weights that it has when asked; of several workers, in this one alone."""
    if training.workers()[1] > 1:
        forward = training.alone(model)
    else:
        model.make_predict_function()  # now, and not by several threads at once
        forward = model.predict_on_batch  # the loop of `keras.Model.predict` is slower than the network

    def run(images):
        found = forward(training.scaled(images) if images.dtype == np.uint8 else images)
        return tuple(map(np.asarray, found)) if isinstance(found, list) else np.asarray(found)

    return run


def in_parts(run, crops):
    """What a runtime's function gives for any number of crops, a batch at a time."""
    parts = [run(crops[i : i + TOGETHER]) for i in range(0, len(crops), TOGETHER)]
    if isinstance(parts[0], tuple):
        return tuple(map(np.concatenate, zip(*parts, strict=True)))
    return np.concatenate(parts)


def file_of(runtime, method, weights, build):
    """The frozen form of these weights: the shipped one, one made before, or one made now."""
    name = fingerprint(weights)
    found = known_file(runtime, method, name)
    if found:
        return found
    path = write(runtime, build(), cached(runtime, method, name))
    write_bytes(_digest_file(path), _digest(path).encode())
    return path


def file_name(runtime, method, name):
    """What the frozen form of a method's weights of this fingerprint is called."""
    return f"{method}-{name}{ENDINGS[runtime]}"


def cached(runtime, method, name):
    """Where it is kept once it was made here, beside its SHA-256."""
    return paths.DOWNLOADS / CACHE / file_name(runtime, method, name)


def known_file(runtime, method, name):
    """The frozen form of weights of this fingerprint, shipped or made before, if there is a sound one.

    A byte changed in it would change answers without a word, so each is compared with its SHA-256: the
    shipped one with that in ``SHA256SUMS``. What differs is passed over, and made again.
    """
    shipped, made = paths.WEIGHTS / file_name(runtime, method, name), cached(runtime, method, name)
    if shipped.is_file() and f"{_digest(shipped)}  weights/{shipped.name}" in _sums():
        return shipped
    note = _digest_file(made)
    sound = made.is_file() and note.is_file() and note.read_bytes() == _digest(made).encode()
    return made if sound else None


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digest_file(path):
    return path.with_name(f"{path.name}.sha256")


def _sums():
    path = paths.DATA / "SHA256SUMS"
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []


def write(runtime, model, path):
    """Freeze a model for a runtime."""
    if runtime == "frozen":
        return freezing.freeze(model, path)
    if runtime in ("onnx", "opencv"):
        return freezing.save_onnx(model, path, half=True)
    if runtime == "litert":
        return freezing.save_litert(model, path)
    faces = sources.load("synthetic", n=100, seed=8, progress=False)  # the range of what will come
    return freezing.save_litert(model, path, training.scaled(faces.crops(model.input_shape[1]).images))
