"""Checks of the exercises in notebook 10, and the course's own answers, used until a check passes."""

import numpy as np

from facelm_helpers.checks._judged import judged
from facelm_helpers.checks._ready import by_check
from facelm_helpers.checks._verdict import FORGOTTEN, UNTRIED, Verdict, itself, kindly, unanswered, untried


def _rate(step):
    return 0.001 * 0.98 ** (step // 1000)


@kindly
def rate(answer):
    """Exercise 1: the learning rate of a step.

    >>> rate(_rate)
    ✔ Right. A staircase: it falls once every 1,000 steps.
    >>> rate(lambda step: 0.001 * 0.98 ** (step / 1000))
    ✘ Not yet. Yours falls a little with every step: count whole thousands, step // 1000.
    """
    mistakes = {
        "Yours falls a little with every step: count whole thousands, step // 1000.": (
            lambda step: 0.001 * 0.98 ** (step / 1000)
        ),
        "That multiplies by 0.98 in every step: count whole thousands, step // 1000.": (
            lambda step: 0.001 * 0.98**step
        ),
        "The first thousand steps have the full rate.": lambda step: 0.001 * 0.98 ** (step // 1000 + 1),
        "The rate starts at 0.001.": lambda step: 0.98 ** (step // 1000),
    }
    inputs = [(500,), (999,), (1000,), (75_000,), (149_999,), (0,)]
    hint = "Start at 0.001, and multiply by 0.98 once for every thousand steps done."
    praise = "A staircase: it falls once every 1,000 steps."
    for (step,) in inputs:
        value = answer(step)
        if untried(value):
            return unanswered(value)
        if not np.isclose(value, _rate(step), rtol=1e-4, atol=0):
            for told, mistaken in mistakes.items():
                if all(np.isclose(answer(*one), mistaken(*one), rtol=1e-4, atol=0) for one in inputs):
                    return Verdict("wrong", told)
            off = f"Given {step}, your function returns {value:.4g} where {_rate(step):.4g} is expected."
            return Verdict("wrong", f"{off} {hint}")
    return Verdict("right", praise)


def _train_step(model, optimizer, x, y):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        predicted = model(x, training=True)
        loss = tf.reduce_mean(tf.abs(predicted - y)) + sum(model.losses)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return loss


def _tried(step, in_graph=False):
    """What a step does to a small network: weights afterwards, the loss, the optimizer's count of steps."""
    import keras
    import tensorflow as tf
    from keras import layers, regularizers

    keras_model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(6, "tanh", kernel_regularizer=regularizers.L2(0.1)),
            layers.BatchNormalization(momentum=0.5),
            layers.Dense(4),
        ]
    )
    rng = np.random.default_rng(0)
    keras_model.set_weights([rng.uniform(0.1, 0.9, w.shape) for w in keras_model.get_weights()])
    optimizer = keras.optimizers.SGD(0.5)
    optimizer.build(keras_model.trainable_variables)
    if in_graph:
        step = tf.function(step)
    x, y = rng.normal(size=(8, 5)).astype("float32"), rng.normal(size=(8, 4)).astype("float32")
    loss = step(keras_model, optimizer, x, y)
    return np.concatenate([w.ravel() for w in keras_model.get_weights()]), loss, int(optimizer.iterations)


@kindly
def train_step(answer):
    """Exercise 2: a function of (model, optimizer, x, y) that does one step and returns the loss.

    >>> train_step(_train_step)
    ✔ Right. Forward, loss, backward, step.
    >>> train_step(lambda model, optimizer, x, y: abs(model(x, training=True) - y)).state
    'wrong'
    """
    import tensorflow as tf

    def without(training=True, penalty=1, apply=1, distance=tf.abs, total=tf.reduce_mean):
        def step(model, optimizer, x, y):
            with tf.GradientTape() as tape:
                d = distance(model(x, training=training) - y)
                loss = total(d) + penalty * sum(model.losses)
            gradients = tape.gradient(loss, model.trainable_variables)
            for _ in range(apply):
                optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            return loss

        return _tried(step)[0]

    expected, loss, _ = _tried(_train_step)
    try:
        found, told, moved = _tried(itself(answer))
    except ValueError as error:
        if "gradient" not in str(error):
            raise
        return Verdict("wrong", "There is no gradient: are predicted and loss computed inside the tape?")
    mistakes = {
        "training=True is missing: batch normalisation and dropout act as in use.": without(training=False),
        "The penalties, sum(model.losses), are not part of the loss.": without(penalty=0),
        "The penalties are missing, and training=True.": without(penalty=0, training=False),
        "No weight has changed: let the optimizer apply the gradients.": without(apply=0),
        "No weight has changed, and the network was not even asked.": _tried(lambda *given: 0.0)[0],
        "The gradients are applied twice: one step is wanted.": without(apply=2),
        "The penalties count twice.": without(penalty=2),
        "Only the penalties move the weights: let the tape record predicted, too.": without(
            total=lambda d: 0 * tf.reduce_mean(d)
        ),
        "You took squared differences; wanted are the absolute ones.": without(distance=tf.square),
        "The differences count without their signs: take absolute values.": without(distance=tf.identity),
        "The loss is the mean over all numbers; yours adds them up.": without(total=tf.reduce_sum),
        "The loss is one number, the mean over the batch too.": without(
            total=lambda d: tf.reduce_mean(d, axis=-1)
        ),
    }
    if untried(told) and told is not None:
        return UNTRIED
    if not (verdict := judged(found, expected, mistakes, 1e-4)):
        return verdict if "At [" not in verdict.message else Verdict(
            "wrong", "The weights after the step are others than expected. " + verdict.message
        )  # fmt: skip
    if told is None:
        return FORGOTTEN
    if np.ndim(told) != 0 or abs(float(told) - float(loss)) > 1e-4:
        return Verdict("wrong", f"The step is right; it returns {told} where the loss {loss:.4g} is wanted.")
    if moved != 1:
        return Verdict("wrong", "That is plain gradient descent: let the optimizer apply the gradients.")
    try:
        _tried(itself(answer), in_graph=True)
    except Exception:
        told = "return the loss itself, without .numpy()"
        return Verdict("wrong", f"The step is right, but tf.function cannot make a graph of it: {told}.")
    return Verdict("right", "Forward, loss, backward, step.")


def _my_loss(truth, predicted):
    import tensorflow as tf

    d = tf.reshape(predicted - truth, (-1, 68, 2))
    return tf.reduce_mean(tf.sqrt(tf.reduce_sum(d * d, axis=-1) + 0.002**2), axis=-1)


@kindly
def my_loss(answer):
    """Exercise 3: a loss of one's own: a function of truth and predicted, (N, 136) tensors.

    >>> my_loss(_my_loss)
    ✔ Right. Lowest at the truth, rising with the error, a slope that steps can follow.
    >>> my_loss(lambda truth, predicted: predicted - truth).state
    'wrong'
    """
    import tensorflow as tf

    answer, rng = itself(answer), np.random.default_rng(0)
    truth = tf.constant(rng.uniform(0.2, 0.8, (6, 136)), tf.float32)
    way = tf.constant(rng.normal(0, 1, (6, 136)), tf.float32)
    sizes, values, slopes = (0.0, 0.003, 0.01, 0.03, 0.1), [], []
    for size in sizes:
        for sign in (1, -1):
            predicted = tf.Variable(truth + sign * size * way)
            with tf.GradientTape() as tape:
                value = answer(truth, predicted)
                if untried(value):
                    return unanswered(value)
                total = tf.reduce_sum(value)
            if np.shape(value) not in ((), (6,)):
                return Verdict("wrong", f"One number, or one a face, is wanted; yours has {np.shape(value)}.")
            slope = tape.gradient(total, predicted)
            if slope is None:
                told = "use predicted, and TensorFlow's functions, not NumPy's"
                return Verdict("wrong", f"No gradient comes through: {told}.")
            if not np.isfinite(slope).all():
                told = "at an error of 0: a root needs something small under it" if size == 0 else ""
                return Verdict("wrong", f"The gradient is not a number {told}.")
            values.append(float(total))
            slopes.append(float(tf.reduce_sum(slope * sign * way)))
    for k, size in enumerate(sizes[1:], 1):
        for s, name in ((0, "positive"), (1, "negative")):
            if values[2 * k + s] <= values[2 * (k - 1) + s] or slopes[2 * k + s] <= 0:
                return Verdict("wrong", f"It does not rise with the error at {name} differences of {size}.")
    for k in range(136):
        off = np.zeros((1, 136), "float32")
        off[0, k] = 0.05
        if not float(tf.reduce_sum(answer(truth[:1], truth[:1] + off) - answer(truth[:1], truth[:1]))) > 0:
            return Verdict("wrong", f"It does not rise where only {'xy'[k % 2]} of point {k // 2} is off.")
    try:  # as fit calls it
        faces = tf.TensorSpec((None, 136), tf.float32)
        tf.function(answer, input_signature=[faces, faces], autograph=False)(truth, truth)
    except Exception:
        told = "no loop over faces, no if on a tensor (use tf.where), no float()"
        return Verdict("wrong", f"Right here, but fit cannot make a graph of it: {told}.")
    return Verdict("right", "Lowest at the truth, rising with the error, a slope that steps can follow.")


OURS = {rate: _rate, train_step: _train_step, my_loss: _my_loss}
ready = by_check(OURS)
