"""Every solved notebook, which is stored without outputs, runs, and each of its answers is right."""

import nbformat
import pytest
from _replay import each

from tools.notebook.execute import execute


@pytest.mark.slow
@each("solution")
def test_every_answer_is_right(path):
    notebook = nbformat.read(path, as_version=4)
    execute(notebook, path.parent)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    exercises = [i for i, cell in enumerate(cells) if "exercise" in cell.metadata.get("tags", [])]
    verdicts = [cells[i + 1].outputs[0].data["text/plain"] for i in exercises]
    assert verdicts and all("Right" in verdict for verdict in verdicts), verdicts
