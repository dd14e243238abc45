"""Checks of the exercises in notebook 12, and the course's own answers, used until a check passes."""

import numpy as np

from facelm_helpers.checks._judged import judged
from facelm_helpers.checks._ready import by_check
from facelm_helpers.checks._verdict import Verdict, itself, kindly, unanswered, untried


def _folded(k, gamma, beta, m, v, epsilon):
    s = gamma / np.sqrt(v + epsilon)
    return s * k, beta - s * m


@kindly
def folded(answer):
    """Exercise 1: a function of k, gamma, beta, m, v, epsilon: kernel and bias of the folded convolution.

    >>> folded(_folded)
    ✔ Right. One layer does the work of two.
    >>> folded(lambda k, gamma, beta, m, v, e: (_folded(k, gamma, beta, m, v, e)[0], beta))
    ✘ Not yet. The kernel is right. The bias lacks - s m.
    """
    rng = np.random.default_rng(0)
    k, (gamma, beta, m) = rng.normal(size=(3, 3, 2, 4)), rng.normal(size=(3, 4))
    v, epsilon = rng.uniform(0.1, 1, 4), 0.01
    given = answer(k, gamma, beta, m, v, epsilon)
    if untried(given):
        return unanswered(given)
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        return Verdict("wrong", "Two arrays are wanted: the kernel, then the bias.")
    s, plain = gamma / np.sqrt(v + epsilon), gamma / np.sqrt(v)
    kernels = {
        "The kernel is still k: multiply it by s.": k,
        "The kernel: epsilon is missing under the root.": plain * k,
        "The kernel: divide by the root of v + epsilon, not by v + epsilon.": gamma / (v + epsilon) * k,
        "The kernel lacks gamma.": k / np.sqrt(v + epsilon),
        "The kernel is divided by s; multiply.": k / s,
        "The kernel: epsilon belongs under the root.": gamma / (np.sqrt(v) + epsilon) * k,
    }
    biases = {
        "The kernel is right. The bias lacks - s m.": beta,
        "The kernel is right. The bias: subtract s m, do not add it.": beta + s * m,
        "The kernel is right. The bias: m, too, is multiplied by s.": beta - m,
        "The kernel is right. The bias: beta itself is not multiplied by s.": s * (beta - m),
        "The kernel is right. The bias lacks beta.": -s * m,
        "The kernel is right. The bias: epsilon is missing under its root.": beta - plain * m,
    }
    kernel = judged(given[0], s * k, kernels, 1e-5, "(That is the kernel.)")
    if not kernel:
        return kernel
    bias = judged(given[1], beta - s * m, biases, 1e-5, "(That is the bias; the kernel is right.)")
    return bias and Verdict("right", "One layer does the work of two.")


def _freeze(net):
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    spec = tf.TensorSpec((1, *net.input_shape[1:]), tf.float32, name="image")
    forward = tf.function(lambda image: net(image, training=False), input_signature=[spec], autograph=False)
    return convert_variables_to_constants_v2(forward.get_concrete_function())


@kindly
def frozen(answer):
    """Exercise 2: a function of a Keras model: its forward pass for one image, without variables."""
    import keras

    net = _small_network()
    before, image = net.get_weights(), np.random.default_rng(1).random((1, 8, 8, 3), np.float32)
    wanted = net(image, training=False).numpy()
    try:
        given = itself(answer)(net)
    except ValueError as error:
        if "AssignVariableOp" in str(error):
            return Verdict("wrong", "In training mode it changes variables: trace it with training=False.")
        if "shape" in str(error):
            return Verdict("wrong", "The network takes no image of that shape: (1, *net.input_shape[1:]).")
        raise
    if untried(given):
        return unanswered(given)
    if isinstance(given, keras.Model):
        return Verdict("wrong", "That is a Keras model still: trace it, then turn variables into constants.")
    if not hasattr(given, "graph") and hasattr(given, "get_concrete_function"):
        return Verdict("wrong", "That is not traced yet: call get_concrete_function().")
    if not hasattr(given, "graph") or not callable(given):
        return Verdict("wrong", "Wanted is what convert_variables_to_constants_v2 returns.")
    if given.captured_inputs or given.variables:
        return Verdict("wrong", "Its variables are variables still: convert_variables_to_constants_v2.")
    shape = tuple(given.inputs[0].shape)
    if shape != (1, 8, 8, 3):
        return Verdict("wrong", f"The input should be (1, 8, 8, 3) for this network; yours is {shape}.")
    import tensorflow as tf

    found = given(tf.constant(image))
    found = np.asarray(tf.nest.flatten(found)[0])
    if found.shape != wanted.shape:
        return Verdict("wrong", f"The output should be {wanted.shape}; yours is {found.shape}.")
    off = np.abs(found - wanted).max()
    if not off < 1e-4:
        return Verdict("wrong", f"Its answer is off by {off:.2g}: was it traced with training=False?")
    if any((a != b).any() for a, b in zip(before, net.get_weights(), strict=True)):
        return Verdict("wrong", "The answer is right, but freezing changed the network that it was given.")
    return Verdict("right", "No variable, one image at a time, the same answer.")


def _small_network():
    import keras

    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 3))
    x = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3)(image))
    x = keras.layers.Dropout(0.5)(keras.layers.Flatten()(x))
    net = keras.Model(image, keras.layers.Dense(6)(x))
    net.layers[2].set_weights([np.full(4, value) for value in (2.0, 1.0, 0.5, 3.0)])
    return net


def _sound(found, wanted):
    return found.shape == wanted.shape and bool(np.abs(found - wanted).max() < 1e-4)


@kindly
def sound(answer):
    """Exercise 3: a function of two arrays (N, 136), the export's and Keras's: whether the export is sound.

    >>> sound(_sound)
    ✔ Right. Nothing damaged passed, and rounding is no damage.
    >>> sound(lambda found, wanted: abs(found - wanted).mean() < 1e-2)
    ✘ Not yet. Your test lets this pass: one face of 60 with the points of another.
    """
    for n in (60, 7):
        wanted = np.random.default_rng(n).uniform(-0.1, 1.1, (n, 136)).astype(np.float32)
        for told, found, good in _exports(wanted):
            said = answer(found, wanted)
            if untried(said):
                return unanswered(said)
            if np.ndim(said) != 0:
                return Verdict("wrong", f"One True or False is wanted; got shape {np.shape(said)}.")
            if bool(said) != good:
                does = "lets this pass" if said else "refuses this, which is sound"
                return Verdict("wrong", f"Your test {does}: {told}.")
    return Verdict("right", "Nothing damaged passed, and rounding is no damage.")


def _exports(wanted):
    """What is told of an export, its answers, and whether it is sound."""
    n = len(wanted)
    one_face, one_point, lost = wanted.copy(), wanted.copy(), wanted.copy()
    one_face[n // 2], one_point[1, 7], lost[0, :2] = wanted[0], wanted[1, 7] + 0.05, np.nan
    noise = np.random.default_rng(1).uniform(-1e-6, 1e-6, wanted.shape).astype(np.float32)
    swapped = wanted.reshape(n, 68, 2)[:, :, ::-1].reshape(n, 136)
    yield "the very same numbers", wanted.copy(), True
    yield "differences of 0.000001, from rounding", wanted + noise, True
    yield "all zeros", np.zeros_like(wanted), False
    yield f"one face of {n} with the points of another", one_face, False
    yield f"one number of {wanted.size:,} off by 0.05", one_point, False
    yield "x and y exchanged", swapped, False
    yield "every point shifted by 0.01, more than a pixel", wanted + np.float32(0.01), False
    yield "every point shifted by -0.01, more than a pixel", wanted - np.float32(0.01), False
    yield "two numbers that are not a number (NaN)", lost, False
    yield "the faces in another order", wanted[::-1].copy(), False
    yield "pixels of the crop in place of shares of its side", 128 * wanted, False


OURS = {folded: _folded, frozen: _freeze, sound: _sound}
ready = by_check(OURS)
