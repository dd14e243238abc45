"""Every notebook, run again by nbval, shows what it showed when it was built."""

import base64

import nbformat
import pytest
from _replay import each, replay

from tools.notebook.execute import execute


@pytest.mark.slow
@each("exercise")
def test_running_it_again_gives_the_same_outputs(path):
    assert replay(path) == []


def test_other_bytes_of_a_picture_are_the_same_and_another_text_is_told_in_short(tmp_path):
    draw = "from facelm_helpers import plots\nplots.show(plots.canvas()[0])"
    ignored = nbformat.v4.new_code_cell("print(id(plots))", metadata={"tags": ["nbval-ignore-output"]})
    cells = [nbformat.v4.new_code_cell(draw), nbformat.v4.new_code_cell("print('words ' * 999)"), ignored]
    notebook = nbformat.v4.new_notebook(cells=cells)
    execute(notebook, tmp_path)
    cells[0].outputs[0].data["image/png"] = base64.b64encode(b"other bytes " * 999).decode()
    path = tmp_path / "drawn.ipynb"
    nbformat.write(notebook, path)
    assert replay(path) == []
    cells[1].outputs[0].text = cells[0].outputs[0].data["image/png"]
    nbformat.write(notebook, path)
    (told,) = replay(path)
    assert told.startswith("Cell 1: mismatch 'stdout'") and len(told) < 500
