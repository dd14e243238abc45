"""How many exercises are solved: remembered while a notebook runs, and written to a file for the class."""

import datetime
import html
import inspect
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import facelm_helpers
from facelm_helpers.atomic import write_text

_states = {}  # title of a notebook -> name of a check -> state of its last verdict


def remember(check, state):
    """Keep the state of a verdict, if the check is that of an exercise.

    Parameters
    ----------
    check : function
        Of a notebook's file in this room; those of the room itself, such as `number`, are left out.
    state : str
        "right", "wrong" or "untried".
    """
    title = check.__module__.rpartition(".")[2]
    if check.__module__.startswith(f"{__package__}.") and not title.startswith("_"):
        _states.setdefault(title, {})[check.__name__] = state


def exercises(title):
    """The names of a notebook's exercises, that is, of the checks in its file, in their order.

    >>> import facelm_helpers.checks.measuring_error
    >>> exercises("measuring_error")
    ['nme', 'auc', 'normaliser']
    """
    module = sys.modules[f"{__package__}.{title}"]
    return [
        name
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and hasattr(value, "__wrapped__")
    ]


@dataclass(frozen=True)
class Score:
    """What a learner has solved in one notebook.

    Parameters
    ----------
    notebook : str
        Its title, as in its file's name.
    name : str
        The learner's.
    exercises : dict of name -> str
        "right", "wrong" or "untried".
    file : Path
        Where it was written.
    """

    notebook: str
    name: str
    exercises: dict
    file: Path

    @property
    def right(self):
        """How many are right."""
        return sum(state == "right" for state in self.exercises.values())

    def __repr__(self):
        states = ", ".join(f"{name}: {state}" for name, state in self.exercises.items())
        return f"{self.notebook}: {self.right} of {len(self.exercises)} right ({states}). Saved: {self.file}"

    def _repr_html_(self):
        return f"<div>{html.escape(repr(self))}</div>"


def report(name="", folder="."):
    """Write what is solved so far as a JSON file, for a teacher to collect.

    One file for each notebook whose checks were run in this session: ``score_TITLE.json``, or
    ``score_TITLE_NAME.json``. `python course.py scores FOLDER` makes a table of the files of a class. It says
    what the checks said on the learner's machine: enough to see where a class stands, no proof.

    Parameters
    ----------
    name : str
        The learner's, or a number that stands for it.
    folder : path
        Where the files go.

    Returns
    -------
    Score, or list of Score
        A list where several notebooks were checked in one session.

    Raises
    ------
    ValueError
        If no exercise was checked yet, or the name is no text.

    Examples
    --------
    >>> import tempfile
    >>> from facelm_helpers.checks import measuring_error as check
    >>> verdict = check.auc(...)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     score = report("Ada", folder)
    >>> score.notebook, score.right, score.file.name
    ('measuring_error', 0, 'score_measuring_error_Ada.json')
    """
    if not isinstance(name, str):
        raise ValueError(f"the name is {name!r}: wanted a text, such as report('Ada Lovelace')")
    if not _states:
        raise ValueError("no exercise was checked yet: run the cells that begin with `check.` first")
    scores = [_written(title, name.strip(), Path(folder)) for title in _states]
    return scores[0] if len(scores) == 1 else scores


def _written(title, name, folder):
    states = {one: _states[title].get(one, "untried") for one in exercises(title)}
    ending = "_" + re.sub(r"[^\w-]+", "-", name).strip("-") if name else ""
    score = Score(title, name, states, folder / f"score_{title}{ending}.json")
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "notebook": title, "name": name, "right": score.right, "of": len(states), "exercises": states,
        "date": datetime.date.today().isoformat(), "course_version": facelm_helpers.__version__,
    }  # fmt: skip
    write_text(score.file, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return score
