"""Damaged files and odd calls, the same each time; `python -m tools.measure.fuzz` runs ten thousand."""

import pytest

from tools.measure.fuzz import READERS, campaign

SLOW = {"tfrecords": [pytest.mark.slow]}  # it loads TensorFlow


@pytest.mark.parametrize("name", [pytest.param(n, marks=SLOW.get(n, [])) for n in [*READERS, "predict"]])
def test_a_sound_answer_or_one_sentence(name):
    campaign(name, 60 if name == "predict" else 25, derandomize=True)
