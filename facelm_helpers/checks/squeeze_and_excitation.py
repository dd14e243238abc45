"""Checks of the exercises in notebook 09, and the course's own answers, used until a check passes."""

import numpy as np

from facelm_helpers import se
from facelm_helpers.checks._judged import judged
from facelm_helpers.checks._ready import by_check
from facelm_helpers.checks._verdict import Verdict, itself, kindly, unanswered, untried
from facelm_helpers.layers import convolve

BUDGET = 100  # parameters that a gate of one's own may have, for 16 channels; the usual one has 148 at r = 4


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _gate(u, w1, w2):
    return _sigmoid(np.maximum(u.mean(axis=(1, 2)) @ w1.T, 0) @ w2.T)


@kindly
def gates(answer):
    """Exercise 1: the gates of a batch of tensors, from W_1 and W_2.

    >>> gates(_gate)
    ✔ Right. N images, C gates each: every image gets its own.
    >>> gates(lambda u, w1, w2: _sigmoid(u.mean(axis=(1, 2)) @ w1.T @ w2.T))
    ✘ Not yet. The ReLU between the two layers is missing.
    """
    rng = np.random.default_rng(3)
    for shape in ((2, 3, 4, 8), (5, 2, 2, 6), (1, 4, 4, 4)):
        u, w1, w2 = rng.normal(size=shape), rng.normal(size=(2, shape[3])), rng.normal(size=(shape[3], 2))
        z = u.mean(axis=(1, 2))
        hidden = np.maximum(z @ w1.T, 0)
        mistakes = {
            "The ReLU between the two layers is missing.": _sigmoid(z @ w1.T @ w2.T),
            "The sigmoid after the second layer is missing: a gate lies between 0 and 1.": hidden @ w2.T,
            "The squeeze is a mean; yours is a sum.": _gate(u * shape[1] * shape[2], w1, w2),
            "The squeeze is a mean; yours is a maximum.": _gate(u.max(axis=(1, 2), keepdims=True), w1, w2),
            "The mean goes over rows and columns, axis=(1, 2); axis 0 is the batch.": _gate(
                u.mean(axis=0, keepdims=True), w1, w2
            )[0],
            "The ReLU stands after the second layer too; there only the sigmoid does.": _sigmoid(
                np.maximum(hidden @ w2.T, 0)
            ),
            "Those are the scaled channels; the gates alone are wanted.": u * _gate(u, w1, w2)[:, None, None],
        }
        try:
            value = answer(u.copy(), w1.copy(), w2.copy())
        except ValueError:
            told = f"Shapes do not fit: z has a row for each image, {z.shape}; W1.T is {w1.T.shape}, W2.T"
            return Verdict("wrong", f"{told} {w2.T.shape}.")
        if not (verdict := judged(value, _gate(u, w1, w2), mistakes)):
            return verdict
    return Verdict("right", "N images, C gates each: every image gets its own.")


def _blob(net, in_dim, on_dim, stride, shrink="widen", pool="Average", wrong=None):
    """A blob that shrinks at a place of the branch, or with one thing wrong."""
    from keras import layers

    def shrunk(tensor, here):
        return getattr(layers, f"{pool}Pooling2D")(stride)(tensor) if here and stride > 1 else tensor

    kept, hidden = net, None if wrong == "linear" else "relu"
    step = stride if shrink == "stride" else 1
    net = shrunk(convolve(net, on_dim // 4, 1, activation=hidden), shrink == "narrow")
    net = shrunk(convolve(net, on_dim // 4, 3, stride=step, activation=hidden), shrink == "look")
    net = convolve(net, on_dim, 1, activation="relu" if wrong == "relu" else None)
    net, kept = shrunk(net, shrink == "widen"), shrunk(kept, True)
    if in_dim != on_dim:
        kept = convolve(kept, on_dim, 1, activation="relu" if wrong == "relu on kept" else None)
    net = se.scale(net) if wrong not in ("no gate", "after", "on kept") else net
    kept = se.scale(kept) if wrong == "on kept" else kept
    net = net if wrong == "no shortcut" else net + kept
    net = se.scale(net) if wrong == "after" else net
    return net if wrong == "no end" else layers.Activation("relu")(net)


WRONG = {
    "no gate": "The branch is not multiplied by its gate.",
    "after": "The gate scales the sum; it belongs on the branch, before the addition.",
    "on kept": "The gate scales the shortcut, `kept`; it belongs on the branch.",
    "relu on kept": "The 1x1 convolution of the shortcut, `kept`, has a ReLU: activation=None.",
    "no shortcut": "The input is not added: keep it aside first.",
    "relu": "The last 1x1 convolution has a ReLU, so the branch can only add: activation=None.",
    "linear": "The first two convolutions need their ReLU.",
    "no end": "The ReLU after the addition is missing.",
}


@kindly
def senet_blob(answer):
    """Exercise 2: a function of a Keras tensor, in_dim, on_dim and stride that builds the block.

    Its weights are set to those of the course's block, by their shapes; then both must answer alike. Where
    the branch shrinks, and by what pooling, is free.

    >>> senet_blob(se.senet_blob)
    ✔ Right. The same answers as the course's block.
    >>> senet_blob(lambda net, i, o, s: _blob(net, i, o, s, wrong="after"))
    ✘ Not yet. The gate scales the sum; it belongs on the branch, before the addition.
    """
    import keras

    rng = np.random.default_rng(0)
    for in_dim, on_dim, stride in ((64, 64, 1), (24, 64, 2), (48, 32, 1)):
        image = keras.Input((8, 8, in_dim))
        given = f"Given in_dim {in_dim}, on_dim {on_dim} and stride {stride}"
        try:
            out = itself(answer)(image, in_dim, on_dim, stride)
        except ValueError as error:
            if "broadcast" not in str(error):
                raise
            return Verdict("wrong", f"{given}, the branch and `kept` differ in shape: steps 3 and 4.")
        if untried(out):
            return unanswered(out)
        side = 8 // stride
        if tuple(out.shape) != (None, side, side, on_dim):
            return Verdict(
                "wrong", f"{given}, {out.shape} comes out; (None, {side}, {side}, {on_dim}) is wanted."
            )
        model = keras.Model(image, out)
        ours = keras.Model(image, _blob(image, in_dim, on_dim, stride))
        weights = {
            tuple(w.shape): rng.normal(0, (w.shape[-2]) ** -0.5, w.shape) * 2 for w in ours.trainable_weights
            if w.ndim > 1
        }  # fmt: skip
        values = rng.normal(size=(2, 8, 8, in_dim)).astype("float32")
        found = _with(model, weights)(values).numpy()

        def far(other, image=image, weights=weights, values=values, found=found):
            theirs = _with(keras.Model(image, other), weights)(values).numpy()
            return np.abs(found - theirs).max() / np.abs(theirs).max()

        places = [("widen", "Average"), ("look", "Average"), ("narrow", "Average"), ("stride", "Average"),
                  ("widen", "Max"), ("look", "Max"), ("narrow", "Max"), ("stride", "Max")]  # fmt: skip
        places = places if stride > 1 else places[:1]
        forms = [(_blob(image, in_dim, on_dim, stride, *place), place) for place in places]
        if min(far(other) for other, _ in forms) > 0.01:
            for wrong, told in WRONG.items():
                for place in places:
                    if far(_blob(image, in_dim, on_dim, stride, *place, wrong=wrong)) < 0.01:
                        return Verdict("wrong", told)
            return Verdict("wrong", f"{given}: {_lacking(model, ours, far(forms[0][0]))}")
        norms = sum(isinstance(layer, keras.layers.BatchNormalization) for layer in model.layers)
        if norms < 3:
            return Verdict("wrong", f"{norms} convolutions are batch-normalised; all are meant to be.")
    return Verdict("right", "The same answers as the course's block.")


def _with(model, weights):
    """Matrices set by their shapes; what has none of these stays as it starts."""
    for variable in model.trainable_weights:
        if tuple(variable.shape) in weights:
            variable.assign(weights[tuple(variable.shape)])
    return model


def _lacking(model, ours, far):
    """A sentence on the matrices that differ, or on how far the answers are off."""
    has, wanted = ([tuple(w.shape) for w in one.trainable_weights if w.ndim > 1] for one in (model, ours))
    for shape in wanted:
        if has.count(shape) < wanted.count(shape):
            layer = "convolution" if len(shape) == 4 else "dense layer"
            return f"no {layer} with a weight matrix of shape {shape}; yours have {has}."
    return f"the answers differ from the course's by up to {far:.0%}; read the steps again in order."


def _own_gate(net):
    from keras import layers

    z = layers.GlobalAveragePooling2D()(net)
    z = layers.Reshape((-1, 1))(z)  # the channels as a row of "pixels"
    s = layers.Conv1D(1, 5, padding="same", activation="sigmoid")(z)
    return layers.Reshape((1, 1, -1))(s)


@kindly
def own_gate(answer):
    """Exercise 3: a function of a Keras tensor (N, H, W, 16) that gives (N, 1, 1, 16) gates, cheaply.

    >>> own_gate(_own_gate)
    ✔ Right. Gates from the whole image, with 6 parameters.
    >>> own_gate(lambda net: se.gate(net, 4)).message
    'It has 148 parameters; at most 100 are allowed.'
    """
    import keras

    image = keras.Input((6, 6, 16))
    out = itself(answer)(image)
    if untried(out):
        return unanswered(out)
    if tuple(out.shape) != (None, 1, 1, 16):
        return Verdict("wrong", f"{out.shape} comes out; (None, 1, 1, 16) is wanted.")
    model, rng = keras.Model(image, out), np.random.default_rng(0)
    if model.count_params() > BUDGET:
        return Verdict("wrong", f"It has {model.count_params()} parameters; at most {BUDGET} are allowed.")
    values = 3 * rng.normal(size=(8, 6, 6, 16)).astype("float32")
    gates = model(values).numpy()
    if gates.min() < 0 or gates.max() > 1:
        told = f"A gate of {gates.max() if gates.max() > 1 else gates.min():.2g} came out"
        return Verdict("wrong", f"{told}; between 0 and 1 is wanted, as a sigmoid gives.")
    changed = values.copy()
    changed[:, 0, 0] += 30
    if np.abs(model(changed).numpy() - gates).max() < 1e-6:
        return Verdict("wrong", "The gates stay when a corner of the image changes: squeeze the whole image.")
    return Verdict("right", f"Gates from the whole image, with {model.count_params()} parameters.")


OURS = {gates: _gate, senet_blob: se.senet_blob, own_gate: _own_gate}
ready = by_check(OURS)
