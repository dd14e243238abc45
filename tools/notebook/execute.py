"""Runs a notebook from top to bottom, network off, and keeps of its outputs what does not change."""

import os
import re
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 300  # seconds for one cell; a notebook has 60 in all on two idle cores
WIDGET = "application/vnd.jupyter.widget-view+json"


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
            if WIDGET in output.get("data", {}):
                output = _instead_of_widget(output["data"].get("text/html"), output["data"].get("text/plain"))
            if kept and output.output_type == "stream" and kept[-1].get("name") == output.name:
                kept[-1].text += output.text
            else:
                kept.append(output)
        cell.outputs = kept


def _instead_of_widget(page=None, text=None):
    """Words in a widget's place; below the picture that stands in for it, if it brought one."""
    words = "Run this cell to see the controls."
    page = f"{page}<br>" if page else ""
    data = {"text/plain": text if page else words, "text/html": f"{page}<em>{words}</em>"}
    return nbformat.v4.new_output("display_data", data)


def complaints(notebook):
    """What is wrong with the outputs: things a student should not see, one sentence each.

    Warnings and errors on the error stream, addresses of objects, folders of the machine that built it,
    pictures without alternative text, and a notebook of more than 1.5 MB.
    """
    found = []
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            text = str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))
            page = str(output.get("data", {}).get("text/html", ""))
            where = f"cell {number} ({cell.source.splitlines()[0][:50]!r})"
            if output.get("name") == "stderr":
                found.append(f"{where} writes to the error stream: {output.text.strip()[-200:]!r}")
            if output.output_type == "error":
                found.append(f"{where} ends in {output.ename}")
            if re.search(r"\b0x[0-9a-f]{8,}", text):
                found.append(f"{where} shows the address of an object")
            if str(ROOT) in text + page or str(Path.home()) + os.sep in text:
                found.append(f"{where} shows a folder of the machine that built it")
            if {"image/png", "image/jpeg", "image/svg+xml"} & set(output.get("data", {})):
                found.append(
                    f"{where} shows a picture without alternative text: use plots.show(figure, alt=...)"
                )
            for element in re.findall(r"<img[^>]*>", page):
                alt = re.search(r'alt="([^"]*)"', element)
                if alt is None or len(alt[1]) < 20:
                    found.append(f"{where} shows a picture without alternative text")
                if len(element) > 140_000:
                    found.append(f"{where} shows a picture of {len(element) * 3 // 4000} KB; 100 are allowed")
    size = len(nbformat.writes(notebook))
    if size > 1_500_000:
        found.append(f"the notebook has {size / 1e6:.1f} MB; 1.5 are allowed")
    return found
