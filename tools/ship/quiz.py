"""The quiz at the end of a notebook's page: five questions, and why each answer is right or wrong.

The questions of notebook NN are in `notebooks/quiz/NN.toml`:

    [[question]]
    ask = "Markdown, with $formulas$."
    right = ["The answer.", "Why it is right."]
    wrong = [["Another answer.", "Why it is wrong."], ["A third.", "Why."]]

Without JavaScript each explanation unfolds by a click; with it an answer is chosen, and its explanation
follows.
"""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tools.ship import places

COUNT = 5
WITHOUT = ()  # notebooks that may have no quiz yet
SCRIPT = f"<script>\n{Path(__file__).with_name('quiz.js').read_text(encoding='utf-8')}</script>"
SECTION = """<section class="facelm-quiz jp-RenderedHTMLCommon"><h2 id="Quiz">Quiz<a class="anchor-link"
href="#Quiz">¶</a></h2>
<p>Five questions on this notebook. Choose an answer, and read why it is right or wrong.</p>
{questions}
<p role="status" class="facelm-score"></p></section>"""
QUESTION = """<fieldset><legend>{number}. {ask}</legend>
{answers}
<div role="status" class="facelm-verdict"></div></fieldset>"""
ANSWER = """<div class="facelm-answer"{right}><label><input type="radio" name="quiz-{number}">
<span>{say}</span></label>
<details><summary>Right or wrong?</summary><p><strong>{verdict}</strong> {why}</p></details></div>"""


@dataclass(frozen=True)
class Question:
    """One question.

    Parameters
    ----------
    ask : str
        Markdown.
    answers : tuple of (text, why, is it right)
        In the order in which they are shown.
    """

    ask: str
    answers: tuple


def file_of(path):
    """Where the questions of a notebook are, whether or not they are written."""
    return places.NOTEBOOKS / "quiz" / f"{path.stem[:2]}.toml"


def read(file):
    """The questions of one file.

    Parameters
    ----------
    file : Path

    Returns
    -------
    list of Question
        The order of the answers depends on their texts alone.

    Raises
    ------
    ValueError
        If the file is not of the form above.
    """
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file.name} is no TOML: {error}") from None
    asked = found.get("question", [])
    if len(asked) != COUNT or set(found) != {"question"}:
        raise ValueError(f"{file.name} has {len(asked)} questions: wanted {COUNT}, each under [[question]]")
    return [_question(one, f"question {number} of {file.name}") for number, one in enumerate(asked, 1)]


def _question(one, name):
    if set(one) != {"ask", "right", "wrong"} or len(one["wrong"]) < 2:
        raise ValueError(
            f"{name} has {', '.join(one)}: wanted ask, right, and wrong with two answers or more"
        )
    answers = [(one["right"], True), *((wrong, False) for wrong in one["wrong"])]
    for answer, _ in answers:
        if len(answer) != 2 or not all(isinstance(text, str) and text.strip() for text in answer):
            raise ValueError(
                f"{name} has the answer {answer!r}: wanted its text, and why it is right or wrong"
            )
    if len({answer[0] for answer, _ in answers}) != len(answers):
        raise ValueError(f"{name} has the same answer twice")
    shuffled = sorted(answers, key=lambda item: hashlib.sha256(item[0][0].encode()).digest())
    return Question(one["ask"], tuple((*answer, right) for answer, right in shuffled))


def section(path, words):
    """The quiz of a notebook as HTML, with its script; "" where there is none.

    Parameters
    ----------
    path : Path
        Of the notebook.
    words : function
        From Markdown to HTML.
    """
    file = file_of(path)
    if path.parent != places.NOTEBOOKS or not file.is_file():
        return ""

    def line(text):
        return re.sub(r"^<p>|</p>$", "", words(text).strip())

    questions = []
    for number, question in enumerate(read(file), 1):
        answers = [
            ANSWER.format(
                number=number, say=line(say), why=line(why), right=" data-right" if right else "",
                verdict="Right." if right else "Not quite.",
            )
            for say, why, right in question.answers
        ]  # fmt: skip
        questions.append(QUESTION.format(number=number, ask=line(question.ask), answers="\n".join(answers)))
    return SECTION.format(questions="\n".join(questions)) + SCRIPT
