"""Checks of the exercises in notebook 04, and the course's own answers, used until a check passes."""

import functools

import numpy as np

from facelm_helpers import methods, metrics
from facelm_helpers.boxes import overlap
from facelm_helpers.checks._judged import judged
from facelm_helpers.checks._ready import by_check
from facelm_helpers.checks._verdict import UNTRIED, Verdict, kindly, unanswered, untried

BUDGET = 2  # times as many evaluated trees as the baseline: what a better setting may cost
GAIN = 0.05  # of the baseline's error that it must save


def _keep_best(boxes, scores, most=0.3):
    order, kept = np.argsort(-scores), []
    while len(order):
        kept.append(order[0])
        order = order[1:][overlap(boxes[order[0]], boxes[order[1:]]) <= most]
    return kept


@kindly
def keep_best(answer):
    """Exercise 1: a function of boxes (M, 4) and scores (M,): the indices of the boxes to keep.

    >>> keep_best(_keep_best)
    ✔ Right. One box a face, the best one.
    >>> keep_best(lambda boxes, scores: np.argsort(-scores)).message
    'You keep 2 boxes that overlap by 0.90; the lower score goes where it is more than 0.3.'
    """
    for boxes, scores in _scenes():
        kept = answer(boxes, scores)
        if untried(kept):
            return unanswered(kept)
        kept = np.asarray(kept)
        if kept.ndim == 2 and kept.shape[1] == 4:
            return Verdict("wrong", "Those are the boxes; their indices are wanted.")
        if kept.dtype == bool:
            return Verdict(
                "wrong", "That is True and False for each box; their indices: np.flatnonzero(...)."
            )
        if len(scores) and kept.size == 0:
            return Verdict("wrong", "You keep no box at all; the one with the highest score always stays.")
        kept = set(kept.astype(int).ravel().tolist())
        wanted = set(map(int, _keep_best(boxes, scores)))
        if kept != wanted:
            return Verdict("wrong", _why(boxes, scores, kept, wanted))
    return Verdict("right", "One box a face, the best one.")


def _scenes():
    """Two faces with several boxes; a chain of three in which the first and the last are apart; nothing."""
    two = np.array(
        [[0, 0, 10, 10], [1, 1, 11, 11], [40, 40, 60, 60], [41, 40, 61, 60], [0, 1, 10, 11]], float
    )
    chain = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], float)
    yield two, np.array([0.9, 0.5, 0.3, 0.6, 0.2])
    yield chain, np.array([0.9, 0.8, 0.7])
    yield np.zeros((0, 4)), np.zeros(0)


def _why(boxes, scores, kept, wanted):
    shares = [(overlap(boxes[i], boxes[j]), i, j) for i in kept for j in kept if i < j]
    worst = max(shares, default=(0, 0, 0))
    if worst[0] > 0.3:
        return (
            f"You keep 2 boxes that overlap by {worst[0]:.2f};"
            " the lower score goes where it is more than 0.3."
        )
    lost = wanted - kept
    for i in sorted(lost):
        better = [j for j in kept if overlap(boxes[i], boxes[j]) > 0.3]
        if not better:
            stronger = overlap(boxes[i], boxes[scores > scores[i]]) > 0.3
            why = "only a box that is *kept* suppresses others" if stronger.any() else "go on with the rest"
            return f"Box {i} overlaps none that you keep, and is dropped: {why}."
        if scores[i] > max(scores[better]):
            return f"Box {i} has score {scores[i]} and gives way to one with less: start with the highest."
    return f"Kept are {sorted(kept)}; {sorted(wanted)} are expected."


def _grow_tree(D, delta, best_split):
    root = best_split(D, delta)
    yes = D[:, root[0]] > root[1]
    no_branch, yes_branch = best_split(D[~yes], delta[~yes]), best_split(D[yes], delta[yes])
    questions = [root, no_branch, yes_branch]
    k = _leaf_of(D, questions)
    return questions, np.stack([delta[k == leaf].mean(axis=0) for leaf in range(4)])


def _leaf_of(D, questions):
    root, no_branch, yes_branch = questions
    yes = D[:, root[0]] > root[1]
    return 2 * yes + np.where(yes, D[:, yes_branch[0]] > yes_branch[1], D[:, no_branch[0]] > no_branch[1])


def _exact_split(D, delta):
    """The best of all questions "is D[:, q] > tau?", tau halfway between two values: no chance in it."""
    best = (-np.inf,)
    for q in range(D.shape[1]):
        values = np.unique(D[:, q])
        for tau in (values[1:] + values[:-1]) / 2:
            yes = D[:, q] > tau
            gain = sum(side.sum() * (delta[side].mean(axis=0) ** 2).sum() for side in (yes, ~yes))
            if gain > best[0]:
                best = gain, q, tau
    return best[1:]


@kindly
def grow_tree(answer):
    """Exercise 2: a function of D (N, Q), delta (N, 136) and best_split: three questions and four leaves.

    Any questions will do with which the tree leaves no more error than the course's.

    >>> grow_tree(_grow_tree)
    ✔ Right. Three questions, four answers; the second question depends on the first answer.
    >>> def same_for_both(D, delta, best_split):
    ...     root, second = best_split(D, delta), best_split(D, delta)
    ...     return [root, second, second], np.zeros((4, 136))
    >>> grow_tree(same_for_both).state
    'wrong'
    """
    rng = np.random.default_rng(0)
    D = rng.normal(size=(60, 5))
    wanted = (
        np.where(D[:, :1] > 0, np.sign(D[:, 1:2]) * [2, 0.5], np.sign(D[:, 2:3]) * [-1, 3]) + 5 * D[:, :1]
    )
    delta = np.repeat(wanted, 68, axis=1) + 0.1 * rng.normal(size=(60, 136))
    grown = answer(D, delta, _exact_split)
    if untried(grown):
        return unanswered(grown)
    if not isinstance(grown, (tuple, list)) or len(grown) != 2:
        return Verdict("wrong", "Two things are wanted: return questions, leaves.")
    questions, leaves = grown
    if len(questions) != 3 or any(np.shape(question) != (2,) for question in questions):
        return Verdict(
            "wrong", "Three questions (q, tau) are wanted: the root's, then those after no and yes."
        )
    k = _leaf_of(D, questions)
    if len(np.unique(k)) < 4:
        return Verdict("wrong", "A leaf is empty: grow each branch from the faces that reach it.")
    means = np.stack([delta[k == leaf].mean(axis=0) for leaf in range(4)])
    sums = np.stack([delta[k == leaf].sum(axis=0) for leaf in range(4)])
    mistakes = {
        "The leaves are in another order: no-no, no-yes, yes-no, yes-yes.": means[[0, 2, 1, 3]],
        "Those are the leaves' sums; a leaf is the mean of its faces.": sums,
        "The leaves are reversed: no comes before yes.": means[::-1],
    }
    verdict = judged(leaves, means, mistakes)
    if not verdict:
        return verdict
    left, ours = (((delta - part) ** 2).sum() for part in (means[k], _ours(D, delta)))
    if left > 1.001 * ours:
        return Verdict(
            "wrong",
            f"Leaves and questions fit, but the tree leaves {left / ours:.1f} times the squared error of the"
            " course's: is each branch's question chosen on the faces of that branch alone?",
        )
    return Verdict("right", "Three questions, four answers; the second question depends on the first answer.")


def _ours(D, delta):
    questions, leaves = _grow_tree(D, delta, _exact_split)
    return leaves[_leaf_of(D, questions)]


def cost(settings):
    """How many trees of what depth a face passes, the measure of `settings`: stages x trees x depth.

    >>> cost({"n_stages": 6, "n_trees": 40, "depth": 4})
    960
    """
    return settings["n_stages"] * settings["n_trees"] * settings["depth"]


@kindly
def settings(answer, base, train, validation):
    """Exercise 3: settings that lower the validation error by `GAIN` for at most `BUDGET` times the cost.

    Parameters
    ----------
    answer : dict
        Of `methods.create("ert", ...)`; what it leaves out is as in `base`.
    base : dict
    train, validation : FaceSet
    """
    if not isinstance(answer, dict):
        return Verdict("wrong", f"A dict of settings is wanted; got a {type(answer).__name__}.")
    if any(untried(value) for value in answer.values()):
        return UNTRIED
    chosen = base | answer
    if cost(chosen) > BUDGET * cost(base):
        return Verdict(
            "wrong",
            f"stages x trees x depth is {cost(chosen)}; at most {BUDGET * cost(base)} are allowed.",
        )
    before, after = (_trained(tuple(sorted(some.items())), (train, validation)) for some in (base, chosen))
    told = f"Validation error {after:.2%}, the baseline's {before:.2%}"
    if after > (1 - GAIN) * before:
        return Verdict("wrong", f"{told}: wanted at least {GAIN:.0%} less. Which rows of the table helped?")
    return Verdict("right", f"{told}. The test set has not been used for the choice.")


@functools.lru_cache(maxsize=16)
def _trained(some, sets):
    train, validation = sets
    aligner = methods.create("ert", **dict(some)).fit(train, progress=False)
    return metrics.nme(aligner.predict(validation.images, validation.boxes), validation.points, "box").mean()


OURS = {
    keep_best: _keep_best,
    grow_tree: _grow_tree,
    settings: {"n_stages": 8, "n_trees": 48, "n_starts": 8},
}
ready = by_check(OURS)
