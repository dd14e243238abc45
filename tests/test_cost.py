"""What a network costs, against counts made by hand."""

import keras
import pytest

from facelm_helpers import networks, se
from facelm_helpers.layers import convolve


def test_all_parameters_are_counted():
    image = keras.Input((16, 16, 8))
    model = keras.Model(image, se.se_resnet(image, 32, stride=2))
    assert sum(row["parameters"] for row in networks.cost(model)) == model.count_params()


def test_the_gate_takes_two_small_layers_and_two_passes_over_the_tensor():
    image = keras.Input((6, 5, 32))
    rows = networks.cost(keras.Model(image, se.scale(image, reduction=8)))
    assert sum(row["multiply_adds"] for row in rows) == 2 * 32 * 32 // 8 + 2 * 6 * 5 * 32
    assert sum(row["parameters"] for row in rows) == 2 * 32 * 32 // 8 + 32 // 8 + 32


def test_a_model_of_unknown_size_is_refused():
    image = keras.Input((None, None, 3))
    with pytest.raises(ValueError, match="wanted a model with known sides"):
        networks.cost(keras.Model(image, convolve(image, 8, 3)))
