"""Squeeze-and-excitation: the gate by hand, the blob's shapes and order, counts from the built model."""

import keras
import numpy as np
import pytest

from facelm_helpers import networks, se
from facelm_helpers.layers import convolve


def built(function, shape, *arguments, **options):
    image = keras.Input(shape)
    model = keras.Model(image, function(image, *arguments, **options))
    rng = np.random.default_rng(0)
    model.set_weights([rng.uniform(0.1, 0.9, w.shape) * rng.choice([-1, 1] if w.ndim > 1 else [1], w.shape)
                       for w in model.get_weights()])  # fmt: skip
    return model


def random(*shape):
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def test_the_gate_is_its_formula():
    model = built(se.gate, (5, 4, 32), 8)
    x = random(2, 5, 4, 32)
    first, first_bias, second, second_bias = (w.astype(np.float64) for w in model.get_weights())
    squeeze = x.mean(axis=(1, 2))
    wanted = 1 / (1 + np.exp(-(np.maximum(squeeze @ first + first_bias, 0) @ second + second_bias)))
    np.testing.assert_allclose(model.predict(x, verbose=0)[:, 0, 0], wanted, rtol=1e-4)
    assert first.shape == (32, 4) and wanted.min() > 0 and wanted.max() < 1


def test_scale_multiplies_every_channel():
    model = built(se.scale, (5, 4, 32), name="se")
    gates = keras.Model(model.input, model.get_layer("se_shape").output)
    x = random(2, 5, 4, 32)
    np.testing.assert_allclose(model.predict(x, verbose=0), x * gates.predict(x, verbose=0), rtol=1e-5)


@pytest.mark.parametrize("downsample", ["pool", "pool_early", "stride"])
@pytest.mark.parametrize(("in_dim", "on_dim", "stride"), [(32, 32, 1), (16, 32, 1), (32, 64, 2)])
def test_blob_shapes(in_dim, on_dim, stride, downsample):
    blob = se.senet_blob(keras.Input((16, 12, in_dim)), in_dim, on_dim, stride, downsample=downsample)
    assert blob.shape == (None, 16 // stride, 12 // stride, on_dim)


def test_pooling_early_changes_nothing_once_trained():
    late, early = (
        built(se.senet_blob, (8, 8, 16), 16, 32, 2, downsample=way, name="b")
        for way in ("pool", "pool_early")
    )
    early.set_weights(late.get_weights()) if _names(late) == _names(early) else _by_name(late, early)
    x = random(3, 8, 8, 16)
    np.testing.assert_allclose(early.predict(x, verbose=0), late.predict(x, verbose=0), atol=1e-4)


def test_shrinking_earlier_takes_a_quarter_of_the_work_of_what_follows():
    work = {
        way: {row["name"]: row["multiply_adds"] for row in networks.cost(
            built(se.senet_blob, (8, 8, 16), 16, 32, 2, downsample=way, name="b"))}
        for way in ("pool", "pool_early", "stride")
    }  # fmt: skip
    look, widen = 8 * 8 * 9 * 8 * 8, 8 * 8 * 8 * 32
    counted = {way: (rows["b_look_conv"], rows["b_widen_conv"]) for way, rows in work.items()}
    assert counted == {
        "pool": (look, widen),
        "pool_early": (look, widen // 4),
        "stride": (look // 4, widen // 4),
    }


def test_an_unknown_way_of_shrinking_is_refused():
    with pytest.raises(ValueError, match="downsample must be 'pool', 'pool_early' or 'stride', got 'max'"):
        se.senet_blob(keras.Input((8, 8, 16)), 16, 32, 2, downsample="max")


def _names(model):
    return [variable.path for variable in model.weights]


def _by_name(source, target):
    for layer in target.layers:
        layer.set_weights(source.get_layer(layer.name).get_weights())


def test_the_shortcut_is_added_after_the_gate():
    """A gate that is shut (sigmoid of a large negative number) leaves the shortcut, or nothing at all."""
    x = random(2, 6, 6, 16)
    for where, wanted in (("branch", np.maximum(x, 0)), ("main", np.zeros_like(x))):
        model = built(se.senet_blob, (6, 6, 16), 16, 16, 1, gate_at=where, name="b")
        kernel, bias = model.get_layer("b_se_gate").get_weights()
        model.get_layer("b_se_gate").set_weights([0 * kernel, 0 * bias - 50])
        np.testing.assert_allclose(model.predict(x, verbose=0), wanted, atol=1e-5)


def test_no_gate_without_reduction():
    names = [
        layer.name for layer in built(se.senet_blob, (8, 8, 16), 16, 16, 1, reduction=None, name="b").layers
    ]
    assert not [name for name in names if "se_" in name]


def test_inception_joins_four_quarters_and_has_no_shortcut():
    model = built(se.se_inception, (8, 8, 16), 32, name="i")
    assert model.output_shape == (None, 8, 8, 32)
    assert [tensor.shape[-1] for tensor in model.get_layer("i_join").input] == [8, 8, 8, 8]
    assert model.layers[-1].name == "i_se_scale"
    assert se.se_resnet(keras.Input((8, 8, 16)), 32, stride=2).shape == (None, 4, 4, 32)


@pytest.mark.parametrize(("call", "words"), [
    (lambda x: se.gate(x, 0), "reduction must be"), (lambda x: se.gate(x, 2.5), "reduction must be"),
    (lambda x: se.senet_blob(x, 8, 16, 1), "in_dim is 8"),
    (lambda x: se.senet_blob(x, 16, 18, 1), "divisible by 4"),
    (lambda x: se.senet_blob(x, 16, 16, 1, gate_at="side"), "gate_at"),
    (lambda x: se.se_inception(x, 18), "four branches"),
])  # fmt: skip
def test_bad_arguments_get_a_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call(keras.Input((8, 8, 16)))


def test_gate_cost_is_that_of_the_built_gate():
    for channels, reduction in ((64, 16), (64, 2), (512, 32), (8, 16)):
        image = keras.Input((4, 4, channels))
        model = keras.Model(image, se.gate(image, reduction))
        cost = se.gate_cost(channels, reduction)
        assert cost["weights"] + cost["biases"] == model.count_params()
        assert cost["multiply_adds"] == cost["weights"]
    assert se.gate_cost(512, 16)["weights"] == 2 * 512**2 // 16


def test_counts_by_hand():
    image = keras.Input((10, 8, 3))
    net = convolve(image, 6, 3, stride=2, name="stem")
    net = keras.layers.Dense(5, name="out")(keras.layers.Flatten()(net))
    rows = {row["name"]: row for row in networks.cost(keras.Model(image, net))}
    assert rows["stem_conv"] == {
        "name": "stem_conv",
        "kind": "Conv2D",
        "shape": (5, 4, 6),
        "parameters": 162,
        "multiply_adds": 162 * 20,
    }
    assert rows["out"]["multiply_adds"] == 120 * 5 and rows["out"]["parameters"] == 605
    assert rows["stem_norm"]["parameters"] == 24
    assert sum(row["parameters"] for row in rows.values()) == 162 + 24 + 605
