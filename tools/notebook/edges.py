"""Which printed numbers of a notebook would be others on another processor.

    python -m tools.notebook.edges [NUMBER ...]      python -m tools.notebook.edges 03 11

Runs each notebook (with its solutions) twice: as this machine does, and with the kernels of NumPy, OpenBLAS,
OpenCV and oneDNN that a processor without AVX2 would choose. What differs lies near a rounding edge: round it
more coarsely, print a verdict instead of a number, or tag the cell `nbval-ignore-output`.
"""

import argparse
import difflib
import os
from unittest import mock

from tools.notebook.build import places
from tools.notebook.derive import SOURCES, derive
from tools.notebook.execute import VARIES, execute

OTHER = {
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 X86_V3",
    "OPENCV_CPU_DISABLE": "AVX512-SKX,AVX2,FMA3,AVX",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}


def outputs(source, changes):
    """What the cells of a notebook show, a list of lines each, in an environment with some changes."""
    notebook = derive(source, {})["solution"]
    with mock.patch.dict(os.environ, changes):
        execute(notebook, places(source)["solution"].parent)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [[] if VARIES in cell.metadata.get("tags", []) else _lines(cell) for cell in cells]


def _lines(cell):
    texts = [output.text if "text" in output else output.data["text/plain"] for output in cell.outputs]
    return [line for text in texts for line in text.splitlines()]


def main(arguments=None):
    about = __doc__.split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m tools.notebook.edges", description=about)
    parser.add_argument("numbers", nargs="*", help="the first letters of notebooks' names; all by default")
    wanted = tuple(parser.parse_args(arguments).numbers) or ("",)
    found = 0
    for source in sorted(path for path in SOURCES.glob("*.py") if path.name.startswith(wanted)):
        here, there = outputs(source, {}), outputs(source, OTHER)
        print(f"{source.stem}:")
        for number, (before, after) in enumerate(zip(here, there, strict=True), 1):
            if before != after:
                found += 1
                different = [line for line in difflib.ndiff(before, after) if line[0] in "-+"]
                print(f"  cell {number}", *(f"    {line[:150]}" for line in different), sep="\n", flush=True)
    print(f"{found} cells differ")
    return 0 if not found else 1


if __name__ == "__main__":
    raise SystemExit(main())
