"""Checks of the exercises in notebook 12, and the course's own answers, used until a check passes."""

import functools

import cv2
import numpy as np

from facelm_helpers.checks._judged import judged
from facelm_helpers.checks._verdict import FORGOTTEN, UNTRIED, Verdict, kindly, untried
from facelm_helpers.faces import crop, uncrop

SIZE, MARGIN = 128, 1.5


def ready(answer):
    """The learner's function as soon as it passes the check of its name, until then the course's own.

    >>> def fold(k, gamma, beta, m, v, eps):
    ...     return ...
    >>> ready(fold) is fold
    False
    """
    own, check = {
        "fold": (_fold, fold), "freeze": (_freeze, freeze), "find_points": (_find_points, find_points),
    }[answer.__name__]  # fmt: skip
    return answer if check(answer) else own


def _fold(k, gamma, beta, m, v, eps):
    s = gamma / np.sqrt(v + eps)
    return s * k, beta - s * m


@kindly
def fold(answer):
    """Exercise 1: the kernel and the bias of a convolution with its batch normalisation folded in.

    >>> fold(_fold)
    ✔ Right. One layer does the work of two.
    >>> fold(lambda k, gamma, beta, m, v, eps: (_fold(k, gamma, beta, m, v, eps)[0], beta))
    ✘ Not yet. The bias: the mean is missing; where k * x is 0, batch normalisation gives beta - s m.
    """
    rng = np.random.default_rng(0)
    for ways in (2, 4):
        k = rng.normal(size=(3, 3, ways, 4))
        gamma, beta, m = rng.uniform(0.5, 2, 4), rng.normal(size=4), rng.normal(size=4)
        v, eps = rng.uniform(0.5, 2, 4), 0.1
        given = answer(k, gamma, beta, m, v, eps)
        if given is None:
            return FORGOTTEN
        if untried(given):
            return UNTRIED
        if not isinstance(given, (tuple, list)) or len(given) != 2:
            return Verdict("wrong", "Two arrays are wanted: the kernel, then the bias.")
        s, (kernel, bias) = gamma / np.sqrt(v + eps), _fold(k, gamma, beta, m, v, eps)
        parts = {"kernel": (given[0], kernel), "bias": (given[1], bias)}
        mistakes = {
            "kernel": {
                "divide by the root of v + eps, not by v + eps.": k * gamma / (v + eps),
                "epsilon is missing under the root.": k * gamma / np.sqrt(v),
                "gamma is missing in s.": k / np.sqrt(v + eps),
                "that is k unchanged: multiply it by s.": k,
                "s belongs to the channels that come out, the last axis of k.": k * s[:ways, None],
            },
            "bias": {
                "the mean is missing; where k * x is 0, batch normalisation gives beta - s m.": beta,
                "the mean is subtracted, not added.": beta + s * m,
                "the mean is scaled, too: s times m.": beta - m,
                "beta is added after the scaling: s does not multiply it.": s * (beta - m),
            },
        }
        for name, (value, expected) in parts.items():
            told = {f"The {name}: {words}": wrong for words, wrong in mistakes[name].items()}
            verdict = judged(value, expected, told, 1e-5, f"This is about the {name}.")
            if not verdict:
                return verdict
    return Verdict("right", "One layer does the work of two.")


def _freeze(network):
    from tensorflow import TensorSpec, float32, function
    from tensorflow.python.framework import convert_to_constants

    spec = TensorSpec((1, SIZE, SIZE, 3), float32, name="image")
    forward = function(lambda image: network(image, training=False), input_signature=[spec])
    constant = convert_to_constants.convert_variables_to_constants_v2(forward.get_concrete_function())
    return constant.graph.as_graph_def()


@functools.cache
def _small_network():
    """A network with all that freezing has to remove, and what it answers to a picture."""
    import keras

    rng = np.random.default_rng(0)
    layers = keras.layers
    network = keras.Sequential([
        keras.Input((SIZE, SIZE, 3)), layers.AveragePooling2D(16), layers.Conv2D(4, 1),
        layers.BatchNormalization(), layers.Flatten(), layers.Dropout(0.5), layers.Dense(6),
    ])  # fmt: skip
    network.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in network.get_weights()])
    image = rng.random((1, SIZE, SIZE, 3)).astype(np.float32)
    return network, image, np.asarray(network(image, training=False))


@kindly
def freeze(answer):
    """Exercise 2: a function of a Keras network that gives a graph without variables, for one image.

    The graph is run, whatever its nodes are called.
    """
    network, image, expected = _small_network()
    try:
        graph = answer(network)
    except ValueError as error:
        if "Assign" not in str(error):
            raise
        told = "In training mode a network changes its own state, which no constant can: trace it with"
        return Verdict("wrong", f"{told} training=False.")
    if graph is None:
        return FORGOTTEN
    if untried(graph):
        return UNTRIED
    if not hasattr(graph, "node"):
        told = "A graph is wanted, with .node; of a concrete function that is .graph.as_graph_def()."
        return Verdict("wrong", f"{told} Got {type(graph).__name__}.")
    variables = sum("Variable" in node.op or node.op == "VarHandleOp" for node in graph.node)
    inputs = [node for node in graph.node if node.op == "Placeholder"]
    if variables or len(inputs) > 1:
        told = "convert_variables_to_constants_v2 makes constants of them."
        return Verdict("wrong", f"The graph still has variables ({variables} nodes that read one): {told}")
    if len(inputs) != 1:
        return Verdict("wrong", f"One input is wanted; the graph has {len(inputs)} placeholders.")
    batch = [side.size for side in inputs[0].attr["shape"].shape.dim][:1]
    if batch != [1]:
        return Verdict(
            "wrong", f"The batch should be 1, one picture at a time; yours is {batch}: None is -1."
        )
    found = run_graph(graph)(image)
    if found.shape != expected.shape or np.abs(found - expected).max() > 1e-3:
        told = (
            f"off by {np.abs(found - expected).max():.3g}"
            if found.shape == expected.shape
            else "another shape"
        )
        return Verdict("wrong", f"The graph's answer is not the network's with training=False: {told}.")
    return Verdict("right", "No variable, one picture at a time, and the same answer.")


def run_graph(graph):
    """A function of an image from a graph: its placeholder in, its last operation out."""
    import tensorflow as tf

    held = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(graph, name=""), [])
    (start,) = [node.name for node in graph.node if node.op == "Placeholder"]
    end = [node.name for node in graph.node if node.op != "NoOp"][-1]
    pruned = held.prune(f"{start}:0", f"{end}:0")
    return lambda image: pruned(tf.constant(image)).numpy()


def _find_points(photograph, box, run):
    face, transform = crop(cv2.cvtColor(photograph, cv2.COLOR_BGR2RGB), box, SIZE, MARGIN)
    return uncrop(SIZE * run(np.float32(face)[None] / 255).reshape(68, 2), transform)


class _Told(Exception):
    """What is wrong with the picture that a network is given."""


def _eye_for_dots(apart):
    """A stand-in for the network: it sees a red and a green dot, so many sides of the crop apart."""

    def run(images):
        images = np.asarray(images)
        if images.shape != (1, SIZE, SIZE, 3):
            raise _Told(f"The network wants the shape (1, {SIZE}, {SIZE}, 3); it got {images.shape}.")
        if images.dtype != np.float32:
            raise _Told(f"The network wants float32; it got {images.dtype}.")
        if images.max() > 2:
            raise _Told(f"The network learnt values from 0 to 1; it got {images.max():.0f}: divide by 255.")
        if images.max() < 0.1:
            raise _Told("The picture is nearly black: divide by 255 once.")
        blue, red, green = (
            np.clip(images[0, ..., c] - np.delete(images[0], c, axis=-1).max(axis=-1), 0, 1)
            for c in (2, 0, 1)
        )
        if blue.sum() > red.sum():
            raise _Told("The network learnt red, green, blue; cv2.imread gives blue, green, red.")
        y, x = np.mgrid[:SIZE, :SIZE]
        if min(red.sum(), green.sum()) < 1:
            raise _Told("The face is not in the crop: is the square centred on the box?")
        dots = np.array([[(part * x).sum(), (part * y).sum()] / part.sum() for part in (red, green)])
        ratio = np.abs(dots[1] - dots[0]) / (SIZE * apart)
        if abs(ratio[0] / ratio[1] - 1) > 0.06:
            raise _Told("The face is stretched: crop a square.")
        if abs(ratio.mean() - 1) > 0.06:
            told = f"{ratio.mean():.2f} times as large as in training: crop a square of"
            raise _Told(f"The face is {told} {MARGIN} times the longer side of the box.")
        return np.repeat(dots / SIZE, 34, axis=0).reshape(1, 136).astype(np.float32)

    return run


@kindly
def find_points(answer):
    """Exercise 3: a function of a photograph as OpenCV reads it, a box and a network: 68 points on it.

    >>> find_points(_find_points)
    ✔ Right. From a file to points on it, with nothing of Keras.
    >>> find_points(lambda photograph, box, run: _find_points(photograph[..., ::-1], box, run))
    ✘ Not yet. The network learnt red, green, blue; cv2.imread gives blue, green, red.
    """
    cases = (((70, 60, 170, 180), [[100, 90], [150, 160]]), ((8, 70, 128, 150), [[60, 90], [100, 130]]))
    for box, dots in cases:
        photograph = np.full((240, 320, 3), 90, np.uint8)
        for (x, y), colour in zip(dots, ((0, 0, 255), (0, 255, 0)), strict=True):
            cv2.circle(photograph, (x, y), 6, colour, -1)
        side, box = MARGIN * max(box[2] - box[0], box[3] - box[1]), np.array(box, np.float32)
        run = _eye_for_dots(np.abs(np.subtract(*dots)) / side)
        try:
            value = answer(photograph, box, run)
        except _Told as told:
            leaves = " (Here the square leaves the picture on the left.)" if box[0] < 20 else ""
            return Verdict("wrong", f"{told}{leaves}")
        expected = np.repeat(np.array(dots, float), 34, axis=0)
        corner = (box[:2] + box[2:]) / 2 - side / 2
        mistakes = {
            "These are pixels of the crop: take them back to the photograph.": (expected - corner)
            * SIZE
            / side,
            "These are shares of the crop: multiply by its side and add its corner.": (expected - corner)
            / side,
            "The corner of the square is missing: add it.": expected - corner,
            "x comes before y.": expected[:, ::-1],
            "transform maps the photograph to the crop; its inverse is wanted.": (
                (expected - corner) * SIZE / side - corner
            )
            * SIZE
            / side,
        }
        verdict = judged(value, expected, mistakes, 0.012, "The points should be pixels of the photograph.")
        if not verdict:
            return verdict
    return Verdict("right", "From a file to points on it, with nothing of Keras.")
