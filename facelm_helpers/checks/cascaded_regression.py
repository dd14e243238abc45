"""Checks of the exercises in notebook 03."""

import numpy as np

from facelm_helpers.checks._verdict import Verdict, function, kindly, untried


def _step(S, phi, W):
    return S + (phi @ W).reshape(S.shape)


@kindly
def one_step(answer):
    """Exercise 1: a function of S (N, 68, 2), phi (N, P), W (P, 136) that gives the next shapes.

    >>> one_step(_step)
    ✔ Right. That is all a stage does: compute features at the shape, and add the predicted update.
    >>> one_step(lambda S, phi, W: (phi @ W).reshape(S.shape)).message
    'That is the update alone: S^{t+1} is S^t plus the update.'
    """
    rng = np.random.default_rng(0)
    sizes = [((n, 68, 2), (n, 9), (9, 136)) for n in (3, 5)]
    inputs = [tuple(rng.normal(size=size) for size in three) for three in sizes]
    S, phi, W = inputs[0]
    first = answer(*inputs[0])
    if not untried(first) and np.shape(first) == S.shape and np.allclose(first, (phi @ W).reshape(S.shape)):
        return Verdict("wrong", "That is the update alone: S^{t+1} is S^t plus the update.")
    hint = "phi @ W is (N, 136): reshape it to S.shape before you add it to S."
    praise = "That is all a stage does: compute features at the shape, and add the predicted update."
    return function(answer, _step, inputs, 1e-6, hint, praise)


def _bin(answers):
    return answers @ 2 ** np.arange(answers.shape[1])


@kindly
def fern_bins(answer):
    """Exercise 2: a function of the answers (N, F) of a fern's questions that gives each face's bin.

    >>> fern_bins(_bin)
    ✔ Right. F questions, 2^F bins: all are asked at once, with no tree to descend.
    >>> fern_bins(lambda answers: answers.sum(axis=1)).message
    'Three questions make eight bins, and yours are fewer: which question was answered yes must count.'
    """
    every = (np.arange(8)[:, None] >> np.arange(3)) & 1
    rng = np.random.default_rng(0)
    inputs = [(every.astype(bool),), (rng.random((20, 5)) < 0.5,)]
    first = answer(*inputs[0])
    if not untried(first) and np.shape(first) == (8,):
        if len(np.unique(first)) < 8:
            return Verdict("wrong", "Three questions make eight bins, and yours are fewer: which question was"
                           " answered yes must count.")  # fmt: skip
        if np.array_equal(first, every @ [4, 2, 1]):
            return Verdict(
                "wrong", "The bins are right but in another order: question 0 counts 1, the next 2."
            )
    hint = "Question f counts 2^f where the answer is yes: answers @ 2 ** np.arange(F)."
    praise = "F questions, 2^F bins: all are asked at once, with no tree to descend."
    return function(answer, _bin, inputs, 1e-9, hint, praise)


@kindly
def of_several_starts(answer):
    """Exercise 3: a function of ends (L, N, 68, 2), of L starts, that gives one shape (N, 68, 2) a face.

    >>> of_several_starts(lambda ends: np.median(ends, axis=0))
    ✔ Right. The median is robust to a start that diverged.
    >>> of_several_starts(lambda ends: np.mean(ends, axis=0)).message
    'That is the mean: a single start that diverges distorts it.'
    """
    rng = np.random.default_rng(0)
    inputs = [(rng.normal(size=(L, N, 68, 2)),) for L, N in ((5, 3), (4, 2))]
    first = answer(*inputs[0])
    if not untried(first) and np.shape(first) == (3, 68, 2) and np.allclose(first, inputs[0][0].mean(axis=0)):
        return Verdict("wrong", "That is the mean: a single start that diverges distorts it.")
    hint = "np.median over the starts, axis 0."
    praise = "The median is robust to a start that diverged."
    return function(answer, lambda ends: np.median(ends, axis=0), inputs, 1e-6, hint, praise)
