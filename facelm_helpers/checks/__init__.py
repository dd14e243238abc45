"""Verdicts on a learner's answers: right, wrong with a hint, or not tried yet.

One file per notebook, named after it, holds the checks of its exercises::

    from facelm_helpers.checks import measuring_error as check
    check.nme(answer)

Each is built from the few verdicts below. A check works out the right answer with the course's own functions
and never raises: every answer gets a verdict.
"""

from facelm_helpers.checks._scalar import scalar
from facelm_helpers.checks._verdict import Verdict, array, choice, function, kindly, number

__all__ = ["Verdict", "array", "choice", "function", "kindly", "number", "scalar"]
