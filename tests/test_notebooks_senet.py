"""What notebooks 09 and 10 show, held to the package and to their own text."""

import re

import numpy as np
from test_notebooks import ROOT, definitions, output_of, solved

from facelm_helpers import training

GATES = ROOT / "notebooks" / "09_squeeze_and_excitation.ipynb"
TRAINING = ROOT / "notebooks" / "10_training_senet.ipynb"


def test_the_gate_by_hand_is_the_gate_of_the_layer():
    assert "equal to 1e-6: True" in output_of(GATES, "equal to 1e-6")


def test_the_gradient_vanishes_or_explodes_with_the_gate_on_the_main_path():
    pattern = r"(with\w*) batch norm +gate_at='(\w+)' +10\^([+-]\d+)"
    lines = re.findall(pattern, output_of(GATES, "growth = "))
    powers = {(norm, place): int(power) for norm, place, power in lines}
    assert powers["without", "main"] < -3  # "drift apart by seven to eight powers of ten"
    assert powers["with", "main"] > 4  # "explodes"
    assert all(-3 < powers[norm, "branch"] < 4 for norm in ("with", "without"))


def test_frozen_gates_cost_more_in_the_dark():
    judged = re.findall(
        r"NME ([\d.]+)% of the box, in the dark ([\d.]+)%", output_of(GATES, '("as trained", 1')
    )
    (light, dark), (frozen_light, frozen_dark) = np.array(judged[:2], float)
    assert frozen_dark / dark - 1 > 2 * (frozen_light / light - 1)  # "worth far more"


def test_the_learning_rate_that_a_learner_writes_is_the_one_of_the_recipe():
    (rate,) = definitions(solved(TRAINING), "rate")
    recipe = training.Recipe()
    for step in (0, 999, 1000, 75_500, 149_999):
        np.testing.assert_allclose(rate(step), training.learning_rate(step, recipe))


def test_a_resumed_run_has_the_same_losses_and_a_spoilt_batch_stops_one():
    assert "the same losses: True" in output_of(TRAINING, "the same losses")
    assert "step 3" in output_of(TRAINING, "FloatingPointError")
