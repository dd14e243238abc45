"""Checks of the exercises in notebook 03, and the course's own answers, used until a check passes."""

import numpy as np

from facelm_helpers.checks._judged import judged
from facelm_helpers.checks._ready import by_check
from facelm_helpers.checks._verdict import Verdict, kindly, unanswered, untried


def _judged(answer, reference, inputs, mistakes, hint, praise):
    """The first verdict that is not right, over several inputs.

    mistakes : dict of sentence -> function that makes the mistake
    """
    for given in inputs:
        wrong = {sentence: mistaken(*given) for sentence, mistaken in mistakes.items()}
        verdict = judged(answer(*given), reference(*given), wrong, hint=hint)
        if not verdict:
            return verdict
    return Verdict("right", praise)


def _shape_indexed(S, A, anchor, offset):
    return S[:, anchor] + offset @ A.transpose(0, 2, 1)


@kindly
def shape_indexed(answer):
    """Exercise 1: a function of S (N, 68, 2), A (N, 2, 2), anchor (P,), offset (P, 2): places (N, P, 2).

    >>> shape_indexed(_shape_indexed)
    ✔ Right. Each pixel follows its landmark, and turns and grows with the face.
    >>> shape_indexed(lambda S, A, anchor, offset: S[:, anchor] + offset).message
    'The offsets are added as they are: rotate and scale each with its face, A times the offset.'
    """
    rng = np.random.default_rng(0)
    inputs = []
    for n, p in ((3, 7), (2, 5)):
        angle, scale = rng.uniform(0.3, 1, n), rng.uniform(0.5, 2, n)
        a, b = scale * np.cos(angle), scale * np.sin(angle)
        A = np.stack([a, -b, b, a], axis=1).reshape(n, 2, 2)
        S = rng.uniform(0, 128, (n, 68, 2))
        inputs.append((S, A, rng.integers(68, size=p), rng.normal(0, 5, (p, 2))))
    mistakes = {
        "The offsets are added as they are: rotate and scale each with its face, A times the offset.": (
            lambda S, A, anchor, offset: S[:, anchor] + offset
        ),
        "That rotates the wrong way: offset @ A is the transpose of A times the offset.": (
            lambda S, A, anchor, offset: S[:, anchor] + offset @ A
        ),
        "Only the offset is multiplied by A, not the landmark.": (
            lambda S, A, anchor, offset: (S[:, anchor] + offset) @ A.transpose(0, 2, 1)
        ),
        "Those are the offsets alone: add each pixel's landmark, S[:, anchor].": (
            lambda S, A, anchor, offset: offset @ A.transpose(0, 2, 1)
        ),
    }
    hint = "S[:, anchor] are the landmarks, (N, P, 2); A offset for all faces is offset @ A.mT."
    praise = "Each pixel follows its landmark, and turns and grows with the face."
    return _judged(answer, _shape_indexed, inputs, mistakes, hint, praise)


def _train_fern(b, dS, count, beta):
    return _sums(b, dS, count) / (_members(b, count) + beta)


def _sums(b, dS, count):
    return np.stack([dS[b == k].sum(axis=0) for k in range(count)])


def _members(b, count):
    return np.bincount(b, minlength=count)[:, None, None]


@kindly
def train_fern(answer):
    """Exercise 2: a function of b (N,), dS (N, 68, 2), count and beta that gives a fern's outputs.

    >>> train_fern(_train_fern)
    ✔ Right. The two factors make one division: the sum of the residuals by n + beta.
    >>> train_fern(lambda b, dS, count, beta: _sums(b, dS, count) / np.maximum(_members(b, count), 1)).message
    'Those are the plain means: shrink each by 1 / (1 + beta / n).'
    """
    rng = np.random.default_rng(0)
    inputs = []
    for n, count, beta in ((40, 8, 3.0), (25, 4, 50.0)):
        b = rng.integers(count - 1, size=n)  # the last bin stays empty
        b[b == 0] = 1
        b[:1] = 0  # one face
        inputs.append((b, rng.normal(0, 4, (n, 68, 2)), count, beta))

    def nan_if_empty(b, dS, count, beta):
        return np.where(_members(b, count) > 0, _train_fern(b, dS, count, beta), np.nan)

    def means(b, dS, count, beta=0):
        return _sums(b, dS, count) / np.maximum(_members(b, count), 1)

    mistakes = {
        "Those are the plain means: shrink each by 1 / (1 + beta / n).": means,
        "Those are the sums of the residuals: a bin's output is their mean, shrunk.": (
            lambda b, dS, count, beta: _sums(b, dS, count)
        ),
        "A bin without faces divides 0 by 0 (NaN); its output is zero.": nan_if_empty,
        "The factor is 1 / (1 + beta / n), not 1 / (1 + n / beta): few faces are shrunk most.": (
            lambda b, dS, count, beta: means(b, dS, count) / (1 + _members(b, count) / beta)
        ),
        "The sum is shrunk, but not divided by n: a bin's output is a mean.": (
            lambda b, dS, count, beta: _train_fern(b, dS, count, beta) * _members(b, count)
        ),
        "The shrinkage uses the number of all faces: n is the number in that bin.": (
            lambda b, dS, count, beta: means(b, dS, count) / (1 + beta / len(b))
        ),
    }
    hint = "n is the number of faces in the bin; the product is the sum of their residuals by n + beta."
    praise = "The two factors make one division: the sum of the residuals by n + beta."
    return _judged(answer, _train_fern, inputs, mistakes, hint, praise)


def _choose_pairs(rho, dS, F, rng):
    c = rho - rho.mean(axis=0)
    cov = c.T @ c
    var = np.diag(cov)
    spread = np.sqrt(np.maximum(var[:, None] + var - 2 * cov, 1)) + 1e9 * np.eye(len(var))
    with_y = c.T @ (dS @ rng.normal(size=(dS.shape[1], F)))
    scores = [np.abs(one[:, None] - one) / spread for one in with_y.T]
    return np.array([np.unravel_index(score.argmax(), score.shape) for score in scores])


def _random_pairs(rho, dS, F, rng):
    return rng.integers(rho.shape[1], size=(F, 2))


FERNS, QUESTIONS = 8, 4  # that a way of choosing pairs is judged by


def _left(choose, rho, dS):
    """The share of the squared residuals of the second half that ferns trained on the first half leave."""
    half = len(rho) // 2
    left = dS.copy()
    for k in range(FERNS):
        given = rho[:half].copy(), left[:half].copy(), QUESTIONS, np.random.default_rng(k)
        pairs = np.asarray(choose(*given))
        if pairs.shape != (QUESTIONS, 2) or not np.issubdtype(pairs.dtype, np.integer):
            got = f"{pairs.dtype} of shape {pairs.shape}"
            raise ValueError(f"whole numbers of shape ({QUESTIONS}, 2) are wanted; got {got}")
        D = rho[:, pairs[:, 0]] - rho[:, pairs[:, 1]]
        b = (D > np.median(D[:half], axis=0)) @ 2 ** np.arange(QUESTIONS)
        out = _train_fern(b[:half], left[:half].reshape(half, 68, 2), 2**QUESTIONS, 10.0)
        left -= out[b].reshape(left.shape)
    return float((left[half:] ** 2).sum() / (dS[half:] ** 2).sum())


@kindly
def choose_pairs(answer):
    """Exercise 3: a function of rho (N, P), dS (N, 136), F and rng that gives F pairs of pixels, (F, 2).

    Any rule is right whose ferns leave clearly less than those of random pairs do.

    >>> choose_pairs(_choose_pairs).state, choose_pairs(_random_pairs).state
    ('right', 'wrong')
    """
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(600, 5))  # what pixels and residuals have in common
    some = rng.normal(size=(5, 60)) * (rng.random(60) < 0.2)  # most pixels know nothing of it
    rho = 128 + 20 * hidden @ some + rng.normal(0, 15, (600, 60))
    dS = hidden @ rng.normal(size=(5, 136)) + rng.normal(0, 0.5, (600, 136))
    first = answer(rho, dS, QUESTIONS, np.random.default_rng(0))
    if untried(first):
        return unanswered(first)
    yours, ours, chance = (_left(choose, rho, dS) for choose in (answer, _choose_pairs, _random_pairs))
    told = (
        f"On other examples {FERNS} ferns leave {yours:.0%} of the squared residual with your pairs, "
        f"{ours:.0%} with ESR's, {chance:.0%} with random ones."
    )
    if yours < chance - 0.4 * (chance - ours):
        return Verdict("right", told)
    return Verdict("wrong", f"{told} Do the differences of your pairs go with the residual, or vary at all?")


OURS = {shape_indexed: _shape_indexed, train_fern: _train_fern, choose_pairs: _choose_pairs}
ready = by_check(OURS)
