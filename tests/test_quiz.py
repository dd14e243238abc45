"""The quizzes: five questions for each notebook, one right answer, and a reason for every answer."""

import re

import pytest

from tools.notebook.derive import SOURCES
from tools.ship import pages, places, quiz, shelf

FILES = sorted((places.NOTEBOOKS / "quiz").glob("*.toml"))
ONE = '[[question]]\nask = "A?"\nright = ["a", "since"]\nwrong = [["b", "no"], ["c", "no"]]\n'


def test_every_notebook_has_a_quiz():
    numbers = {source.stem[:2] for source in SOURCES.glob("[0-9]*.py")}
    written = {file.stem for file in FILES}
    assert numbers - written <= set(quiz.WITHOUT), "write notebooks/quiz/NN.toml"
    assert not written & set(quiz.WITHOUT), "take it out of quiz.WITHOUT"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_form_of_a_quiz(file):
    questions = quiz.read(file)
    assert len(questions) == 5 and len({question.ask for question in questions}) == 5
    for question in questions:
        assert sum(right for *_, right in question.answers) == 1 and len(question.answers) >= 3
        for say, why, _ in question.answers:
            assert len(why) > 20 and why != say
            assert pages.words(say).startswith("<p>"), f"{say!r} is read as a list or a heading"
            words = re.sub(r"\$[^$]*\$", "", say)
            assert re.search(r"[A-Za-z]{2}", words), f"{say!r}: a formula names no button"
            # what the results may change is not typed by hand
            assert not re.search(r"\d\.\d\d|\bour (?:SENet|network) has \d", f"{say} {why}")


def test_the_right_answer_is_neither_in_one_place_nor_the_longest():
    places_ = [
        [right for *_, right in question.answers].index(True)
        for file in FILES
        for question in quiz.read(file)
    ]
    assert {places_.count(k) > len(places_) / 6 for k in (0, 1, 2)} == {True}
    longest = [
        max(question.answers, key=lambda answer: len(answer[0]))[2]
        for file in FILES
        for question in quiz.read(file)
    ]
    assert sum(longest) < len(longest) / 2


@pytest.mark.parametrize("text, told", [
    (ONE, "has 1 questions: wanted 5"), ("x = ", "is no TOML"),
    (ONE * 4 + ONE.replace(', ["c", "no"]', ""), "with two answers or more"),
    (ONE * 4 + ONE.replace('"since"', '" "'), "and why it is right or wrong"),
    (ONE * 4 + ONE.replace('"b"', '"a"'), "the same answer twice"),
])  # fmt: skip
def test_a_quiz_of_another_form_is_refused(text, told, tmp_path):
    file = tmp_path / "01.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        quiz.read(file)


def test_a_page_ends_with_its_quiz_and_a_solution_has_none():
    path = shelf.notebooks()[0]
    page = pages.page(path)
    section = re.search(r'<section class="facelm-quiz.*?</section>', page, re.DOTALL)[0]
    assert section.count("<fieldset>") == 5 == section.count("data-right")
    assert section.count("<details>") == section.count('type="radio"') >= 15
    assert '<a href="#Quiz">Quiz</a>' in page and page.index("facelm-quiz jp") < page.index("</main>")
    assert quiz.section(shelf.solutions()[0], pages.words) == ""
