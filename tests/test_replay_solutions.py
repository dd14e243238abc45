"""Every solved notebook, which is stored without outputs, runs, and each of its answers is right."""

import pytest
from _replay import each, rerun


@pytest.mark.slow
@each("solution")
def test_every_answer_is_right(path):
    _, cells = rerun(path)
    exercises = [i for i, cell in enumerate(cells) if "exercise" in cell.metadata.get("tags", [])]
    verdicts = [cells[i + 1].outputs[0].data["text/plain"] for i in exercises]
    assert verdicts and all("Right" in verdict for verdict in verdicts), verdicts
