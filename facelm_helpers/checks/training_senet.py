"""Checks of the exercises in notebook 10."""

import numpy as np

from facelm_helpers.checks._verdict import Verdict, function, kindly


@kindly
def rate(answer):
    """Exercise 2: the learning rate of a step.

    >>> rate(lambda step: 0.001 * 0.98 ** (step // 1000))
    ✔ Right. A staircase: it falls once every 1,000 steps.
    >>> rate(lambda step: 0.001 * 0.98**step).state
    'wrong'
    """
    smooth = [answer(step) for step in (500, 999)]
    if all(np.ndim(value) == 0 and isinstance(value, (int, float)) for value in smooth):
        if abs(smooth[0] - 0.001 * 0.98**0.5) < 1e-9:
            hint = "Yours falls a little with every step: count whole thousands, step // 1000."
            return Verdict("wrong", hint)
    inputs = [(0,), (999,), (1000,), (75_000,), (149_999,)]
    hint = "Start at 0.001, and multiply by 0.98 once for every thousand steps done."
    praise = "A staircase: it falls once every 1,000 steps."
    return function(answer, lambda step: 0.001 * 0.98 ** (step // 1000), inputs, 1e-9, hint, praise)


@kindly
def keep_prob(answer):
    """Exercise 1: the share of hidden units that is kept once the network is frozen.

    >>> keep_prob(1)
    ✔ Right. All of them: dropout is for training; predictions must be deterministic.
    >>> keep_prob(0.8)
    ✘ Not yet. With 0.8 a fifth of the units would still be dropped, and each run would give other points.
    """
    if np.ndim(answer) == 0 and float(answer) == 1:
        return Verdict("right", "All of them: dropout is for training; predictions must be deterministic.")
    lost = "With 0.8 a fifth of the units would still be dropped, and each run would give other points."
    hint = lost if np.ndim(answer) == 0 and float(answer) == 0.8 else "It is a share, and nothing is dropped."
    return Verdict("wrong", hint)
