"""Checks of notebook 13: right, wrong and nearly right answers."""

import numpy as np
import pytest

from facelm_helpers.checks import compare_live as check


def by_loop(values, errors):
    rest = float(errors[list(values).index(0)])
    fine = [v for v, e in zip(values, errors, strict=True) if e <= 1.5 * rest]
    return [min(fine), max(fine)]


def outwards(values, errors):
    low = high = int(np.abs(values).argmin())
    most = 1.5 * errors[low]
    while low > 0 and errors[low - 1] <= most:
        low -= 1
    while high < len(values) - 1 and errors[high + 1] <= most:
        high += 1
    return np.array([values[low], values[high]])


def tolerated_by(rest):
    def answer(values, errors):
        fine = values[errors <= 1.5 * rest(values, errors)]
        return fine.min(), fine.max()

    return answer


at_zero = tolerated_by(lambda values, errors: errors[values == 0])


@pytest.mark.parametrize("answer", [at_zero, by_loop, outwards])
def test_every_right_way_to_the_tolerated_range_is_right(answer):
    assert check.tolerated(answer) and check.ready(_named(answer, "tolerated")) is not check._tolerated


@pytest.mark.parametrize(("answer", "said"), [
    (lambda v, e: at_zero(v, e)[::-1], "first"),
    (lambda v, e: np.ptp(at_zero(v, e)), "width"),
    (lambda v, e: v[e <= 1.5 * e[v == 0]], "only"),
    (tolerated_by(lambda v, e: e[5]), "where `values` is 0"),
    (tolerated_by(lambda v, e: e.min()), "at 0"),
    (lambda v, e: (v.min(), v.max()), "is expected"),
    (lambda v, e: None, "return"),
    (3, "TypeError"),
])  # fmt: skip
def test_a_wrong_range_is_told_why(answer, said):
    verdict = check.tolerated(answer)
    assert verdict.state == "wrong" and said in verdict.message


@pytest.mark.parametrize(("answer", "state"), [
    (lambda e, a: (abs(e - a), e + a), "right"),
    (lambda e, a: [np.maximum(e - a, a - e), a + e], "right"),
    (lambda e, a: (e + a, abs(e - a)), "wrong"),
    (lambda e, a: (e - a, e + a), "wrong"),
    (lambda e, a: (np.maximum(e - a, 0), e + a), "wrong"),
    (lambda e, a: (100 * abs(e - a), 100 * (e + a)), "wrong"),
    (lambda e, a: None, "wrong"),
    (lambda e, a: ..., "untried"),
])  # fmt: skip
def test_the_bounds_of_an_error(answer, state):
    assert check.bounds(answer).state == state
    assert check.ready(_named(answer, "bounds"))(0.03, 0.05) is not None


def _named(answer, name):
    def other(*given):
        return answer(*given)

    other.__name__ = name
    return other


CORNERS = np.array([[126.0, 138], [301, 145], [147, 242], [270, 247]])


def answers(**offsets):
    shape = np.full((68, 2), 200.0)
    shape[check.CORNERS] = CORNERS
    return {name: shape + offset for name, offset in offsets.items()}


def test_a_reader_judges_two_methods():
    rounds = np.stack([CORNERS, CORNERS + 1])
    apart, near = answers(dlib=6, senet=2), answers(dlib=2, senet=2.2)
    assert check.own_picture([rounds, "senet"], apart) and check.own_picture(
        [rounds.tolist(), "senet"], apart
    )
    assert check.own_picture([rounds, "neither"], near)
    assert not check.own_picture([rounds, "dlib"], apart) and not check.own_picture([rounds, "dlib"], near)
    assert check.own_picture([..., ...], apart).state == "untried"


@pytest.mark.parametrize(("rounds", "said"), [
    (CORNERS, "(2, 4, 2)"),
    (np.stack([CORNERS, CORNERS + 1])[..., ::-1], "x, to the right"),
    (np.stack([CORNERS, CORNERS + 1])[:, [1, 0, 3, 2]], "left one"),
    (np.stack([CORNERS, CORNERS]), "same"),
    (np.stack([CORNERS + 2, CORNERS + 1]), "own answer"),
])  # fmt: skip
def test_a_slip_in_the_readers_points_is_named(rounds, said):
    verdict = check.own_picture([rounds, "senet"], answers(dlib=6, senet=2))
    assert verdict.state == "wrong" and said in verdict.message
