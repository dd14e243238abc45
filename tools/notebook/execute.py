"""Runs a notebook from top to bottom, network off, and keeps of its outputs what does not change."""

import os
import re
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from facelm_helpers.plots import picture

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 300  # seconds for one cell; a notebook has 60 in all on two idle cores
LARGEST = 300_000  # bytes of a picture
VARIES = "nbval-ignore-output"  # tag of cells that show other things each time: training, timing, widgets


def environment():
    """The environment of a kernel that builds or tests a notebook.

    The repository is importable, the network refuses, progress bars (whose text changes with every run) stay
    away (`tools/notebook/kernel/sitecustomize.py`), and TensorFlow's start-up messages too.
    """
    given = os.environ.get("PYTHONPATH")
    path = [str(ROOT / "tools" / "notebook" / "kernel"), str(ROOT), *([given] if given else [])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONHASHSEED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def execute(notebook, folder):
    """Run every cell and store its tidied outputs in the notebook.

    Parameters
    ----------
    notebook : nbformat notebook, changed in place
    folder : path
        The working directory of its kernel.

    Returns
    -------
    float
        Seconds from the first cell to the last, as on an idle machine: by the clock, or of processor time if
        that is less.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises; the message shows the cell.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    client = NotebookClient(
        notebook, timeout=TIMEOUT, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    with client.setup_kernel(env=environment()):
        start = time.perf_counter()
        code = [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
        for count, (i, cell) in enumerate(code, 1):
            client.execute_cell(cell, i, execution_count=count)
        seconds = time.perf_counter() - start
        # on a machine that is busy with something else, the clock runs on while the kernel waits
        clock = nbformat.v4.new_code_cell("import time; print(time.process_time())")
        notebook.cells.append(clock)
        client.execute_cell(clock, len(notebook.cells) - 1)
        seconds = min(seconds, float(notebook.cells.pop().outputs[0].text))
    tidy(notebook)
    return seconds


def tidy(notebook):
    """Drop what changes from run to run or cannot be shown without a kernel; join streams cut in pieces."""
    notebook.metadata.pop("widgets", None)
    for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), 1):
        cell.metadata.pop("execution", None)
        cell.execution_count = number
        kept = []
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
            if picture.WIDGET in output.get("data", {}):
                kept += _instead_of_widget(output)
            elif kept and output.output_type == "stream" and kept[-1].get("name") == output.name:
                kept[-1].text += output.text
            else:
                kept.append(output)
        cell.outputs = kept
        picture.describe(cell)


def _instead_of_widget(output):
    """What stands in a widget's place: the picture that it brought, if any, and how to get the controls."""
    words = "Run this cell to see the controls."
    data = {"text/plain": words, "text/html": f"<em>{words}</em>"}
    outputs = [nbformat.v4.new_output("display_data", data)]
    still = {kind: value for kind, value in output["data"].items() if kind in picture.IMAGES}
    if still:
        data = {**still, "text/plain": picture.WORD}
        outputs.insert(0, nbformat.v4.new_output("display_data", data, metadata=output["metadata"]))
    return outputs


def complaints(notebook):
    """What is wrong with the outputs: things a student should not see, one sentence each.

    Warnings and errors on the error stream, addresses of objects, folders of the machine that built it,
    pictures without alternative text, and a notebook of more than 1.6 MB.
    """
    found = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and cell.outputs:
            where = f"cell {number} ({(cell.source.splitlines() or [''])[0][:50]!r})"
            found += [f"{where} {what}" for what in _complaints_of(cell)]
    size = len(nbformat.writes(notebook))
    if size > 1_600_000:
        found.append(f"the notebook has {size / 1e6:.1f} MB; 1.6 are allowed")
    return found


def _complaints_of(cell):
    shown = picture.pictures(cell)
    if shown and len(cell.metadata.get("alt", "")) < 20 and not all(picture.alt(*one) for one in shown):
        yield "shows a picture without alternative text: describe it in ALT lines of the source"
    if len(shown) > 1 and "alt" in cell.metadata:
        yield f"shows {len(shown)} pictures, and has one alternative text"
    if any(picture.alt(*one) != cell.metadata.get("alt", picture.alt(*one)) for one in shown):
        yield "shows a picture with another alternative text than the cell's"
    if "alt" in cell.metadata and not shown:
        yield "has an alternative text, and shows no picture"
    for output, kind in shown:
        size = len(output["data"][kind]) * 3 // 4
        if size > LARGEST:
            yield f"shows a picture of {size // 1000} KB; {LARGEST // 1000} are allowed"
    for output in cell.outputs:
        text = str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))
        page = str(output.get("data", {}).get("text/html", ""))
        if output.get("name") == "stderr":
            yield f"writes to the error stream: {output.text.strip()[-200:]!r}"
        if output.output_type == "error":
            yield f"ends in {output.ename}"
        if re.search(r"\b0x[0-9a-f]{8,}", text):
            yield "shows the address of an object"
        if str(ROOT) in text + page or str(Path.home()) + os.sep in text:
            yield "shows a folder of the machine that built it"
        if "<img" in page or "image/svg+xml" in output.get("data", {}):
            yield "shows a picture that not every viewer shows: use plots.show(figure)"
