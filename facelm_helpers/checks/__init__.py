"""Verdicts on a learner's answers: right, wrong with a hint, or not tried yet.

One file per notebook, named after it, holds the checks of its exercises::

    from facelm_helpers.checks import measuring_error as check
    check.nme(answer)

Each is built from the few verdicts below. A check works out the right answer with the course's own functions
and never raises: every answer gets a verdict. `report` writes what is solved to a file.
"""

from facelm_helpers.checks._report import Score, report
from facelm_helpers.checks._scalar import scalar
from facelm_helpers.checks._verdict import Verdict, array, choice, function, kindly, number

__all__ = [
    "Score", "Verdict", "array", "choice", "function", "kindly", "number", "report", "scalar",
]  # fmt: skip
