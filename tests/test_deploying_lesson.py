"""Notebook 12: its functions are right; its checks tell right answers from nearly right ones."""

import numpy as np
import pytest

from facelm_helpers.checks import freezing_and_deploying as check


def folded(kernel=None, bias=None):
    """A right answer to exercise 1, or one that goes wrong in one place."""

    def answer(k, gamma, beta, m, v, epsilon):
        s = gamma / np.sqrt(v + epsilon)
        given = {"k": k, "gamma": gamma, "beta": beta, "m": m, "v": v, "epsilon": epsilon, "s": s}
        return [
            part(**given) if part else right
            for part, right in ((kernel, s * k), (bias, beta - s * m))
        ]  # fmt: skip

    return answer


def in_place(k, gamma, beta, m, v, epsilon):
    gamma /= np.sqrt(v + epsilon)
    k *= gamma
    beta -= gamma * m
    return k, beta


@pytest.mark.parametrize("answer", [folded(), in_place])
def test_folding_is_right_in_place_or_not(answer):
    assert check.folded(answer)


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (folded(kernel=lambda k, **_: k), "multiply it by s"),
        (folded(kernel=lambda k, gamma, v, **_: k * gamma / np.sqrt(v)), "epsilon"),
        (folded(kernel=lambda k, v, epsilon, **_: k / np.sqrt(v + epsilon)), "gamma"),
        (folded(kernel=lambda k, s, **_: k.sum(0) * s), "kernel"),
        (folded(bias=lambda beta, m, s, **_: beta + s * m), "bias: subtract"),
        (folded(bias=lambda beta, m, **_: beta - m), "multiplied by s"),
        (folded(bias=lambda beta, m, s, **_: beta - 1.01 * s * m), "largest difference"),
        (lambda *given: None, "return"),
        (lambda k, *given: k, "Two arrays"),
    ],
)
def test_a_wrong_step_of_folding_is_named(answer, named):
    verdict = check.folded(answer)
    assert verdict.state == "wrong" and named in verdict.message


def test_a_stub_is_not_tried_yet_and_the_course_answers_in_its_place():
    for one, ours in check.OURS.items():
        assert one(lambda *given: ...).state == "untried"
        assert check.ready(lambda *given: ..., one) is ours


def frozen(batch=1, training=False, constants=True, traced=True):
    """An answer to exercise 2 that may leave out a step."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    def answer(net):
        spec = tf.TensorSpec((batch, *net.input_shape[1:]), tf.float32, name="image")
        made = tf.function(
            lambda image: {"points": net(image, training=training)}, input_signature=[spec], autograph=False
        )
        made = made.get_concrete_function() if traced else made
        return convert_variables_to_constants_v2(made) if constants else made

    return answer


def test_the_functions_of_the_solved_lesson_are_right():
    assert check.frozen(frozen()) and check.frozen(check.OURS[check.frozen])


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (lambda net: net, "Keras model"),
        (lambda net: None, "return"),
        (lambda net: b"graph", "convert_variables_to_constants_v2"),
        (frozen(constants=False, traced=False), "traced"),
        (frozen(constants=False), "variables still"),
        (frozen(batch=None), "(1, 8, 8, 3)"),
        (frozen(training=True), "training=False"),
    ],
)
def test_a_step_left_out_of_freezing_is_named(answer, named):
    verdict = check.frozen(answer)
    assert verdict.state == "wrong" and named in verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda found, wanted: np.allclose(found, wanted, atol=1e-3),
        lambda found, wanted: np.abs(found - wanted).max(axis=1).max() < 0.002,
        lambda found, wanted: all(np.linalg.norm(f - w) <= 1e-2 for f, w in zip(found, wanted, strict=True)),
        lambda found, wanted: max(abs(128 * (found - wanted)).ravel()) < 0.1 and not np.isnan(found).any(),
    ],
)
def test_any_sound_measure_and_threshold_is_right(answer):
    assert check.sound(answer)


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (lambda found, wanted: True, "zeros"),
        (lambda found, wanted: (found == wanted).all(), "rounding"),
        (lambda found, wanted: np.mean(np.abs(found - wanted)) < 1e-2, "one face"),
        (lambda found, wanted: np.abs(found - wanted).mean(axis=1).max() < 1e-3, "one number"),
        (lambda found, wanted: (found - wanted).max() < 1e-3, ""),
        (lambda found, wanted: not np.abs(found - wanted).max() > 1e-3, "NaN"),
        (lambda found, wanted: np.abs(np.sort(found, 1) - np.sort(wanted, 1)).max() < 1e-3, ""),
        (lambda found, wanted: np.abs(found - wanted) < 1e-3, "shape"),
        (lambda found, wanted: None, "return"),
    ],
)
def test_a_test_that_lets_damage_pass_is_shown_the_damage(answer, named):
    verdict = check.sound(answer)
    assert verdict.state == "wrong" and named in verdict.message
