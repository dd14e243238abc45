"""Notebooks 09 and 10: their solutions are right; their checks tell right answers from nearly right ones."""

import numpy as np
import pytest

from facelm_helpers import se
from facelm_helpers.checks import squeeze_and_excitation as gating
from facelm_helpers.checks import training_senet as learning


@pytest.mark.parametrize("wrong", gating.WRONG)
def test_the_step_of_a_blob_that_is_wrong_is_named(wrong):
    verdict = gating.senet_blob(lambda *given: gating._blob(*given, wrong=wrong))
    assert verdict.message == gating.WRONG[wrong]


@pytest.mark.parametrize("place", [("stride", "Average"), ("narrow", "Max"), ("look", "Average")])
def test_a_blob_may_shrink_anywhere(place):
    assert gating.senet_blob(lambda *given: gating._blob(*given, *place))


def test_a_blob_of_other_widths_or_without_return_is_told():
    assert "dense layer" in gating.senet_blob(lambda *given: se.senet_blob(*given, reduction=8)).message
    assert "return" in gating.senet_blob(lambda *given: None).message
    assert gating.senet_blob(lambda *given: ...).state == "untried"
    assert gating.ready(lambda *given: ..., gating.senet_blob) is se.senet_blob


def test_gates_right_and_nearly_right():
    assert gating.gates(lambda u, a, b: np.stack([gating._gate(one[None], a, b)[0] for one in u]))
    for told, wrong in {
        "ReLU": lambda u, a, b: gating._sigmoid(u.mean((1, 2)) @ a.T @ b.T),
        "sum": lambda u, a, b: gating._gate(u * u.shape[1] * u.shape[2], a, b),
        "W1.T": lambda u, a, b: u.mean((1, 2)) @ a @ b,
        "return": lambda u, a, b: None,
    }.items():
        assert told in gating.gates(wrong).message


def test_a_gate_of_one_s_own_is_judged_by_what_it_does():
    assert gating.own_gate(gating._own_gate)
    assert "at most" in gating.own_gate(lambda net: se.gate(net, 2)).message
    assert "between 0 and 1" in gating.own_gate(lambda net: net[:, :1, :1]).message
    assert "(None, 1, 1, 16)" in gating.own_gate(lambda net: net).message


def test_a_rate_right_and_nearly_right():
    assert learning.rate(lambda step: 1e-3 * np.power(0.98, int(step / 1000)))
    assert "whole thousands" in learning.rate(lambda step: 0.001 * 0.98 ** (step / 1000)).message
    assert "every step" not in learning.rate(lambda step: 0.001 * 0.98 ** round(step / 1000)).message
    assert "return" in learning.rate(lambda step: None).message


def test_a_training_step_right_and_nearly_right():
    import tensorflow as tf

    def step(training=True, penalty=1, total=tf.reduce_mean, distance=tf.abs, applied=1, given=tf.identity):
        def one(model, optimizer, x, y):
            with tf.GradientTape() as tape:
                loss = total(distance(y - model(x, training=training)))
                loss = loss + penalty * tf.add_n(model.losses) if penalty else loss
            gradients = tape.gradient(loss, model.trainable_weights)
            for _ in range(applied):
                optimizer.apply(gradients, model.trainable_weights)
            return given(loss)

        return one

    assert learning.train_step(step())
    assert "training=True" in learning.train_step(step(training=False)).message
    assert "sum(model.losses)" in learning.train_step(step(penalty=0)).message
    assert "count twice" in learning.train_step(step(penalty=2)).message
    assert "applied twice" in learning.train_step(step(applied=2)).message
    assert "return" in learning.train_step(step(given=lambda loss: None)).message
    assert "tf.function" in learning.train_step(step(given=lambda loss: loss.numpy())).message
    assert "adds them up" in learning.train_step(step(total=tf.reduce_sum)).message
    assert "one number" in learning.train_step(step(total=lambda d: tf.reduce_mean(d, axis=-1))).message
    assert "absolute" in learning.train_step(step(distance=tf.square)).message
    assert "inside the tape" in learning.train_step(step(distance=tf.stop_gradient, penalty=0)).message
    assert "No weight" in learning.train_step(lambda model, optimizer, x, y: 1.0).message


def test_a_training_step_leaves_the_step_to_the_optimizer_and_records_the_answer():
    import tensorflow as tf

    def descent(model, optimizer, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.abs(y - model(x, training=True))) + sum(model.losses)
        for w, g in zip(model.trainable_weights, tape.gradient(loss, model.trainable_weights), strict=True):
            w.assign(w - optimizer.learning_rate * g)
        return loss

    def unrecorded(model, optimizer, x, y):
        predicted = model(x, training=True)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.abs(predicted - y)) + sum(model.losses)
        gradients = tape.gradient(loss, model.trainable_weights)
        pairs = zip(gradients, model.trainable_weights, strict=True)
        optimizer.apply_gradients([pair for pair in pairs if pair[0] is not None])
        return loss

    assert "let the optimizer" in learning.train_step(descent).message
    assert "Only the penalties" in learning.train_step(unrecorded).message


def test_a_loss_of_one_s_own_right_and_nearly_right():
    import tensorflow as tf

    assert learning.my_loss(lambda truth, found: tf.reduce_mean((truth - found) ** 2))
    rooted = learning.my_loss(lambda truth, found: tf.sqrt(tf.reduce_sum((truth - found) ** 2, axis=-1)))
    assert "not a number" in rooted.message
    assert "does not rise" in learning.my_loss(lambda truth, found: tf.reduce_mean(found - truth)).message
    assert "NumPy" in learning.my_loss(lambda truth, found: tf.constant(1.0)).message
    assert "y of point 0" in learning.my_loss(lambda t, p: tf.reduce_mean(tf.abs(t - p)[:, ::2])).message
    assert "x of point 5" in learning.my_loss(lambda t, p: tf.reduce_mean(tf.abs(t - p)[:, :10])).message
    assert learning.my_loss(lambda t, p: tf.reduce_max(tf.abs(t - p), axis=-1))
    by_face = learning.my_loss(
        lambda t, p: tf.stack([tf.reduce_mean((t[i] - p[i]) ** 2) for i in range(t.shape[0])])
    )
    assert "no loop over faces" in by_face.message
