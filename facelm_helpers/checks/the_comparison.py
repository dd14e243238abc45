"""Checks of the exercises in notebook 11."""

import numpy as np

from facelm_helpers import protocol
from facelm_helpers.checks._verdict import Verdict, array, choice, kindly, number


@kindly
def share_better(answer, a, b):
    """Exercise 1: the share of faces on which errors a are below errors b.

    >>> share_better(2 / 3, np.array([0.1, 0.2, 0.5]), np.array([0.2, 0.3, 0.4]))
    ✔ Right. A lower mean is no victory on every face.
    >>> share_better(2, np.array([0.1, 0.2, 0.5]), np.array([0.2, 0.3, 0.4]))
    ✘ Not yet. That is how many faces; as a share of all, take the mean of a < b.
    """
    better = np.asarray(a) < np.asarray(b)
    if np.ndim(answer) == 0 and better.sum() > 1 and float(answer) == better.sum():
        return Verdict("wrong", "That is how many faces; as a share of all, take the mean of a < b.")
    hint = "a < b is True where the leader is better; np.mean counts True as 1."
    return number(answer, better.mean(), 1e-9, hint, "A lower mean is no victory on every face.")


@kindly
def steadiest(answer, before, after):
    """Exercise 2: the name whose error grows by the smallest factor.

    >>> steadiest("b", {"a": 0.02, "b": 0.04}, {"a": 0.06, "b": 0.05})
    ✔ Right. Robust is not the same as accurate: look at the error itself, too.
    >>> steadiest("a", {"a": 0.03, "b": 0.06}, {"a": 0.05, "b": 0.07})
    ✘ Not yet. Compare after[name] / before[name]: how many times larger did the error become?
    """
    growth = {name: after[name] / before[name] for name in before}
    hint = "Compare after[name] / before[name]: how many times larger did the error become?"
    praise = "Robust is not the same as accurate: look at the error itself, too."
    return choice(answer, min(growth, key=growth.get), list(growth), hint, praise)


@kindly
def fair_errors(answer, predicted, truth):
    """Exercise 3: errors of the second half, less the annotation bias measured on the first.

    >>> rng = np.random.default_rng(0)
    >>> g = rng.uniform(0, 99, (8, 68, 2)); p = g + (2, 1)
    >>> bias = protocol.offsets(p[:4], g[:4])
    >>> fair_errors(protocol.corrected_nme(p[4:], g[4:], bias, norm="box"), p, g)
    ✔ Right. Estimated on some faces, removed on others.
    """
    half = len(truth) // 2
    p, g = np.asarray(predicted), np.asarray(truth)
    if np.shape(answer) == (len(truth) - half,):
        cheat = protocol.corrected_nme(p[half:], g[half:], protocol.offsets(p[half:], g[half:]), norm="box")
        if np.allclose(answer, cheat, atol=1e-9, rtol=0):
            return Verdict("wrong", "Estimate the bias on the first half: these faces are the test set.")
    expected = protocol.corrected_nme(p[half:], g[half:], protocol.offsets(p[:half], g[:half]), norm="box")
    hint = "bias = protocol.offsets(p[:half], g[:half]), then corrected_nme of the rest, with norm='box'."
    return array(answer, expected, 1e-6, hint, "Estimated on some faces, removed on others.")
