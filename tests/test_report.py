"""A learner's score: what the checks said, as a file, and the table of a class."""

import importlib
import inspect
import json
import re

import pytest

from facelm_helpers import checks
from facelm_helpers.checks import _report
from facelm_helpers.checks import measuring_error as check
from tools.notebook.derive import SOURCES
from tools.ship import scores


@pytest.fixture(autouse=True)
def afresh(monkeypatch):
    monkeypatch.setattr(_report, "_states", {})


def test_the_last_verdict_of_each_exercise_is_written(tmp_path):
    check.auc(...)
    check.auc(lambda errors, threshold: 0.0)
    check.nme(check._nme) if hasattr(check, "_nme") else None
    score = checks.report("Ada Lovelace", tmp_path / "new")
    written = json.loads(score.file.read_text(encoding="utf-8"))
    assert score.file.name == "score_measuring_error_Ada-Lovelace.json" and written["name"] == "Ada Lovelace"
    assert written["exercises"]["auc"] == "wrong" and written["exercises"]["normaliser"] == "untried"
    assert written["of"] == 3 and written["right"] == score.right
    assert "auc: wrong" in repr(score) and "auc: wrong" in score._repr_html_()


def test_verdicts_of_the_room_itself_are_no_exercises(tmp_path):
    checks.number(1.0, 1.0)
    with pytest.raises(ValueError, match="no exercise was checked yet"):
        checks.report(folder=tmp_path)
    with pytest.raises(ValueError, match="wanted a text"):
        checks.report(3, tmp_path)


def test_several_notebooks_in_one_session_are_several_files(tmp_path):
    from facelm_helpers.checks import start_here

    check.auc(...)
    start_here.paint(...)
    found = checks.report(folder=tmp_path)
    assert [score.file.name for score in found] == ["score_measuring_error.json", "score_start_here.json"]


@pytest.mark.parametrize("source", sorted(SOURCES.glob("[0-9]*.py")), ids=lambda source: source.stem[:2])
def test_the_exercises_of_a_notebook_are_the_checks_of_its_file(source):
    """Otherwise a learner could not reach the full score."""
    module = importlib.import_module(f"facelm_helpers.checks.{source.stem[3:]}")
    used = re.findall(r"^check\.(\w+)\(", source.read_text(encoding="utf-8"), re.MULTILINE)
    assert _report.exercises(source.stem[3:]) == list(dict.fromkeys(used))
    assert all(inspect.isfunction(getattr(module, name)) for name in used)


def test_a_class_becomes_a_table(tmp_path, capsys):
    check.auc(...)
    checks.report("Ada", tmp_path / "a")
    best = checks.report("Ada", tmp_path / "b").file
    best.write_text(best.read_text().replace('"right": 0', '"right": 2'), encoding="utf-8")
    checks.report("=1+1", tmp_path)
    assert scores.main([str(tmp_path)]) == 0
    assert (tmp_path / "scores.csv").read_text(encoding="utf-8").splitlines() == [
        "name,measuring_error,right", "'=1+1,0 of 3,0", "Ada,2 of 3,2",
    ]  # fmt: skip
    (tmp_path / "score_x.json").write_text('{"name": "Eve"}', encoding="utf-8")
    assert scores.main([str(tmp_path)]) == 1
    assert "holds no score: wanted a file that checks.report() wrote" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert scores.main([str(tmp_path / "empty")]) == 1
