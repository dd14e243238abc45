"""Right, wrong and nearly right answers to the exercises of notebook 03."""

import numpy as np
import pytest

from facelm_helpers.checks import cascaded_regression as check


def places_in_a_loop(S, A, anchor, offset):
    places = np.empty((len(S), len(anchor), 2))
    for i in range(len(S)):
        for p, (landmark, delta) in enumerate(zip(anchor, offset, strict=True)):
            places[i, p] = S[i, landmark] + A[i] @ delta
    return places


def places_in_place(S, A, anchor, offset):
    S += 0.0
    chosen = S[:, anchor]
    chosen += np.einsum("nij,pj->npi", A, offset)
    S[:] = 0
    return chosen


def fern_in_a_loop(b, dS, count, beta):
    outputs = []
    for k in range(count):
        members = dS[b == k]
        n = len(members)
        outputs.append(members.mean(axis=0) / (1 + beta / n) if n else np.zeros((68, 2)))
    return outputs


def fern_added_up(b, dS, count, beta):
    total = np.zeros((count, 68, 2))
    np.add.at(total, b, dS)
    return total / (np.bincount(b, minlength=count) + beta)[:, None, None]


def best_of_many_random_pairs(rho, dS, F, rng):
    pairs = []
    for _ in range(F):
        y = dS @ rng.normal(size=dS.shape[1])
        drawn = [pair for pair in rng.integers(rho.shape[1], size=(150, 2)) if pair[0] != pair[1]]
        pairs.append(
            max(drawn, key=lambda pair: abs(np.corrcoef(rho[:, pair[0]] - rho[:, pair[1]], y)[0, 1]))
        )
    return pairs


@pytest.mark.parametrize(
    "verdict",
    [
        lambda: check.shape_indexed(places_in_a_loop),
        lambda: check.shape_indexed(places_in_place),
        lambda: check.train_fern(fern_in_a_loop),
        lambda: check.train_fern(fern_added_up),
        lambda: check.choose_pairs(best_of_many_random_pairs),
    ],
)
def test_every_way_to_a_right_answer_is_accepted(verdict):
    assert verdict().state == "right"


def no_shrinkage(b, dS, count, beta):
    return fern_added_up(b, dS, count, 0.0 * beta + 1e-12)


def means(b, dS, count):
    return np.stack([dS[b == k].mean(axis=0) if (b == k).any() else 0 * dS[0] for k in range(count)])


def factor_turned_over(b, dS, count, beta):
    return means(b, dS, count) / (1 + np.bincount(b, minlength=count)[:, None, None] / beta)


def sum_shrunk(b, dS, count, beta):
    n = np.bincount(b, minlength=count)[:, None, None]
    return means(b, dS, count) * n * n / (n + beta)


def one_more_face(b, dS, count, beta):
    return fern_added_up(b, dS, count, beta + 1)


@pytest.mark.parametrize(
    "verdict, step",
    [
        (lambda: check.shape_indexed(lambda S, A, a, o: S[:, a] + o), "as they are"),
        (lambda: check.shape_indexed(lambda S, A, a, o: S[:, a] + o @ A), "wrong way"),
        (lambda: check.shape_indexed(lambda S, A, a, o: S[:, a] + 1.01 * o @ A.mT), "expected"),
        (lambda: check.shape_indexed(lambda S, A, a, o: S), "shape"),
        (lambda: check.shape_indexed(lambda S, A, a, o: None), "return"),
        (lambda: check.train_fern(no_shrinkage), "plain means"),
        (lambda: check.train_fern(one_more_face), "expected"),
        (lambda: check.train_fern(factor_turned_over), "not 1 / (1 + n / beta)"),
        (lambda: check.train_fern(sum_shrunk), "not divided by n"),
        (lambda: check.train_fern(lambda b, dS, count, beta: None), "return"),
        (lambda: check.choose_pairs(lambda rho, dS, F, rng: rng.integers(60, size=(F, 2))), "random ones"),
        (lambda: check.choose_pairs(lambda rho, dS, F, rng: np.zeros((F, 2), int)), "random ones"),
        (lambda: check.choose_pairs(lambda rho, dS, F, rng: rng.random((F, 2))), "whole numbers"),
        (lambda: check.choose_pairs(lambda rho, dS, F, rng: None), "return"),
    ],
)
def test_a_wrong_answer_is_told_which_step_is_wrong(verdict, step):
    told = verdict()
    assert told.state == "wrong" and step in told.message


@pytest.mark.parametrize("exercise", check.OURS, ids=lambda exercise: exercise.__name__)
def test_the_courses_own_answer_stands_in_until_the_check_passes(exercise):
    ours = check.OURS[exercise]

    def stub(*given):
        return ...

    assert exercise(stub).state == "untried"
    assert check.ready(stub, exercise) is ours
    assert check.ready(ours, exercise) is ours and exercise(ours)
