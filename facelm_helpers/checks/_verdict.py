"""The verdict on an answer, and the ways of comparing one with what was expected."""

import copy
import functools
import html
from dataclasses import dataclass

import numpy as np

from facelm_helpers.checks._report import remember

SIGNS = {"right": "✔ Right", "wrong": "✘ Not yet", "untried": "… Not tried yet"}
COLOURS = {"right": "#1a7f37", "wrong": "#b35900", "untried": "#666666"}


@dataclass(frozen=True)
class Verdict:
    """What the learner is told.

    Parameters
    ----------
    state : str
        "right", "wrong" or "untried".
    message : str
        One or two sentences: confirmation or a hint.

    Examples
    --------
    >>> Verdict("right", "The unit is pixels.")
    ✔ Right. The unit is pixels.
    >>> bool(Verdict("wrong", "Divide by the eye distance."))
    False
    """

    state: str
    message: str = ""

    def __bool__(self):
        return self.state == "right"

    def __repr__(self):
        return f"{SIGNS[self.state]}. {self.message}".strip()

    def _repr_html_(self):
        colour = COLOURS[self.state]
        return (
            f'<div style="border-left: 5px solid {colour}; padding: 0.3em 0.8em;">'
            f'<b style="color: {colour};">{SIGNS[self.state]}.</b> {html.escape(self.message)}</div>'
        )


UNTRIED = Verdict("untried", "Replace the dots in the cell above, run it, then run this one again.")
FORGOTTEN = Verdict("wrong", "Your function returns None: is there a return in front of the result?")


def untried(answer):
    """Whether an answer is still the stub: the dots, None, or an object array that holds dots.

    >>> untried(...), untried(None), untried(0.0)
    (True, True, False)
    """
    if answer is None or answer is Ellipsis:
        return True
    if isinstance(answer, (list, tuple)):
        return any(untried(item) for item in answer)
    return (
        isinstance(answer, np.ndarray)
        and answer.dtype == object
        and any(untried(item) for item in answer.flat)
    )


def unanswered(value):
    """What to say where a function returns nothing (`untried`): a return is missing, or it is the stub.

    >>> unanswered(None).state, unanswered(...).state
    ('wrong', 'untried')
    """
    return FORGOTTEN if value is None else UNTRIED


def kindly(check):
    """Decorate a check so that it never raises: an error becomes a "not yet" that names it.

    An answer that is a function is given copies: what it writes into its arguments reaches neither the
    reference nor a later call.

    >>> @kindly
    ... def twice(answer):
    ...     return number(answer["two"], 2)
    >>> twice({})
    ✘ Not yet. Checking your answer stopped with KeyError: 'two'
    >>> twice(...)
    … Not tried yet. Replace the dots in the cell above, run it, then run this one again.
    """

    @functools.wraps(check)
    def wrapped(answer, *given, **named):
        try:
            verdict = UNTRIED if untried(answer) else check(_on_copies(answer), *given, **named)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a learner's mistake, be it sys.exit, must not stop the notebook
            verdict = Verdict("wrong", f"Checking your answer stopped with {_told(error)}")
        remember(check, verdict.state)
        return verdict

    return wrapped


def _on_copies(answer):
    if not callable(answer) or isinstance(answer, type):
        return answer
    return functools.wraps(answer, updated=())(lambda *given: answer(*copy.deepcopy(given)))


def itself(answer):
    """The learner's function without the copies: a copy of a tensor of Keras belongs to no network."""
    return getattr(answer, "__wrapped__", answer)


def _told(error):
    """An exception as its type and, where it has one, its message."""
    try:
        return f"{type(error).__name__}: {error}"
    except BaseException:
        return type(error).__name__


@kindly
def number(answer, expected, tolerance=1e-6, hint="", praise=""):
    """Compare a number.

    Parameters
    ----------
    answer : float
    expected : float
    tolerance : float
        Largest absolute difference that still counts as right.
    hint, praise : str
        Said when the answer is wrong, and when it is right.

    Returns
    -------
    Verdict

    Examples
    --------
    >>> number(0.5, 0.5, praise="Half of them.")
    ✔ Right. Half of them.
    >>> number(50, 0.5, hint="A percentage?")
    ✘ Not yet. That is 100 times too large: the course stores errors as fractions. A percentage?
    """
    if np.ndim(answer) != 0:
        return Verdict(
            "wrong", f"One number is wanted; got an array of shape {np.shape(answer)}. {hint}".strip()
        )
    answer, expected = float(answer), float(expected)
    if np.isnan(answer):
        return Verdict("wrong", f"Your number is not a number (NaN). {hint}".strip())
    if abs(answer - expected) <= tolerance:
        return Verdict("right", praise)
    if expected and abs(answer / expected - 100) < 1e-3:
        hint = f"That is 100 times too large: the course stores errors as fractions. {hint}"
    elif expected:
        hint = f"Your number is too {'large' if answer > expected else 'small'}. {hint}"
    return Verdict("wrong", hint.strip())


@kindly
def array(answer, expected, tolerance=1e-5, hint="", praise=""):
    """Compare an array: its shape first, then its values.

    Parameters
    ----------
    answer, expected : array
    tolerance : float
        Largest absolute difference of any element that still counts as right.
    hint, praise : str

    Returns
    -------
    Verdict

    Examples
    --------
    >>> array([1, 2], [1, 2])
    ✔ Right.
    >>> array([1, 2, 3], [1, 2])
    ✘ Not yet. The shape should be (2,); yours is (3,).
    """
    answer, expected = np.asarray(answer), np.asarray(expected)
    if answer.shape != expected.shape:
        return Verdict(
            "wrong", f"The shape should be {expected.shape}; yours is {answer.shape}. {hint}".strip()
        )
    wrong = ~(np.abs(answer.astype(float) - expected) <= tolerance)
    if not wrong.any():
        return Verdict("right", praise)
    return Verdict("wrong", f"{wrong.mean():.0%} of the values differ from what is expected. {hint}".strip())


@kindly
def choice(answer, expected, options, hint="", praise=""):
    """Compare one word among several.

    Parameters
    ----------
    answer, expected : str
    options : sequence of str
    hint, praise : str

    Returns
    -------
    Verdict

    Examples
    --------
    >>> choice("box", "box", options=["box", "diagonal"])
    ✔ Right.
    >>> choice("eye", "box", options=["box", "diagonal"])
    ✘ Not yet. Choose one of 'box', 'diagonal'.
    """
    if answer not in options:
        return Verdict("wrong", f"Choose one of {', '.join(repr(option) for option in options)}.")
    return Verdict("right", praise) if answer == expected else Verdict("wrong", hint)


@kindly
def function(answer, reference, inputs, tolerance=1e-5, hint="", praise=""):
    """Compare a learner's function with a reference, on several inputs.

    Parameters
    ----------
    answer, reference : callable
    inputs : sequence of tuples
        Arguments for each call.
    tolerance : float
    hint, praise : str

    Returns
    -------
    Verdict
        "untried" while the function still returns the dots.

    Examples
    --------
    >>> function(lambda x: x * 2, lambda x: x + x, [(1,), (2.5,)])
    ✔ Right.
    >>> function(lambda x: ..., lambda x: x + x, [(1,)]).state
    'untried'
    """
    if not callable(answer):
        return Verdict("wrong", f"A function is wanted; got {type(answer).__name__}.")
    for given in inputs:
        value = answer(*given)
        if untried(value):
            return unanswered(value)
        verdict = array(value, reference(*given), tolerance, hint)
        if not verdict:
            return verdict
    return Verdict("right", praise)
