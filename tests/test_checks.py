"""Every kind of answer gets a verdict, and none stops the notebook."""

import importlib
import pkgutil

import numpy as np
import pytest

from facelm_helpers import checks
from facelm_helpers.checks import Verdict

NONSENSE = [
    np.nan,
    "text",
    [],
    {},
    object(),
    np.zeros((3, 3)),
    lambda: 1 / 0,
    [1, "a"],
    b"",
    1j,
    np.array(["x"]),
]


@pytest.mark.parametrize("answer", NONSENSE, ids=lambda answer: type(answer).__name__)
def test_a_check_never_raises_and_never_calls_nonsense_right(answer):
    for verdict in (
        checks.number(answer, 1.0),
        checks.array(answer, [1.0, 2.0]),
        checks.choice(answer, "a", options=["a", "b"]),
        checks.function(answer, abs, [(-1,)]),
        checks.scalar(answer, abs, [(-1,)]),
    ):
        assert verdict.state == "wrong"
        assert verdict.message


@pytest.mark.parametrize("stub", [..., None, [...], (1, ...), np.array([..., 1], dtype=object)])
def test_a_stub_is_not_tried_yet(stub):
    assert checks.number(stub, 1.0).state == "untried"
    assert checks.array(stub, [1.0]).state == "untried"
    assert checks.choice(stub, "a", options=["a"]).state == "untried"


def test_a_function_that_returns_dots_is_not_tried_yet_and_one_without_return_is_told_so():
    def stub(x):
        return ...

    assert checks.function(stub, abs, [(-1,)]).state == "untried"
    assert checks.scalar(stub, abs, [(-1,)]).state == "untried"
    for check in (checks.function, checks.scalar):
        verdict = check(lambda x: None, abs, [(-1,)])
        assert verdict.state == "wrong" and "return" in verdict.message


def test_number_takes_numpy_scalars_and_tolerance():
    assert checks.number(np.float32(0.1), 0.1, tolerance=1e-6)
    assert not checks.number(0.11, 0.1, tolerance=1e-3)
    assert "too large" in checks.number(0.11, 0.1, tolerance=1e-3).message
    assert "too small" in checks.number(0.09, 0.1, tolerance=1e-3).message


def test_a_percent_is_told_apart_from_a_wrong_number():
    assert "fraction" in checks.number(5.0, 0.05).message


def test_a_nan_among_values_is_wrong():
    verdict = checks.array([1.0, np.nan], [1.0, 2.0])
    assert verdict.state == "wrong"
    assert "50%" in verdict.message


def test_the_hint_is_given_only_when_wrong_and_praise_only_when_right():
    assert checks.array([1], [1], hint="hint", praise="praise").message == "praise"
    assert checks.array([2], [1], hint="hint", praise="praise").message.endswith("hint")


def test_the_page_shows_state_and_escapes_what_the_learner_wrote():
    page = Verdict("wrong", "<script>")._repr_html_()
    assert "&lt;script&gt;" in page and "<script>" not in page
    assert "Not yet" in page


def test_an_error_while_checking_is_told_in_words():
    verdict = checks.function(lambda x: [][0], abs, [(-1,)])
    assert verdict.state == "wrong"
    assert "IndexError" in verdict.message


def test_an_answer_that_writes_into_its_arguments_is_judged_on_what_they_were():
    def zeroes(x):
        x[:] = 0
        return x

    given = np.ones(3)
    assert checks.function(zeroes, lambda x: 2 * x, [(given,)]).state == "wrong"
    assert given.tolist() == [1, 1, 1]

    def right_but_rude(x):
        answer = 2 * x
        x[:] = 0
        return answer

    assert checks.function(right_but_rude, lambda x: 2 * x, [(given,), (given,)])


def test_an_answer_that_ends_the_program_is_only_wrong():
    def ends(x):
        raise SystemExit(1)

    assert checks.function(ends, abs, [(-1,)]).state == "wrong"


def test_an_error_whose_message_cannot_be_had_is_named():
    class Silent(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    def fails(x):
        raise Silent

    assert "Silent" in checks.function(fails, abs, [(-1,)]).message


def test_whoever_stops_a_check_by_hand_stops_it():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        checks.function(interrupted, abs, [(-1,)])


def test_a_wrong_number_is_told_with_its_input_and_how_far_it_is_off():
    said = checks.scalar(lambda x: 1.1 * x, lambda x: x, [(0.0,), (2.5,)]).message
    assert "2.5" in said and "2.75" in said and "10 %" in said
    assert checks.scalar(lambda x: round(x / 3, 2), lambda x: x / 3, [(1.0,)])
    assert not checks.scalar(lambda x: round(x / 3, 1), lambda x: x / 3, [(1.0,)])


def exercises():
    """The exercises whose answer is a function, with the notebook's checks and the course's own answer.

    Those of notebook 05 are handed over as arguments of a batch, and have a test of their own.
    """
    names = [one.name for one in pkgutil.iter_modules(checks.__path__) if not one.name.startswith("_")]
    for name in sorted(set(names) - {"preparing_data"}):
        check = importlib.import_module(f"facelm_helpers.checks.{name}")
        for exercise, ours in getattr(check, "OURS", {}).items():
            if callable(ours):
                yield pytest.param(check, exercise, ours, id=f"{name}-{exercise.__name__}")


@pytest.mark.parametrize("check, exercise, ours", exercises())
def test_the_courses_own_answer_stands_in_until_the_check_passes(check, exercise, ours):
    def stub(*given):
        return ...

    assert exercise(stub).state == "untried"
    assert check.ready(stub, exercise) is ours and check.ready(ours, exercise) is ours and exercise(ours)
