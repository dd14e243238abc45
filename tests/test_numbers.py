"""The figures in README, model card and notebooks are those of data/results."""

import re

import pytest

from tools.ship import figures

RESULTS = {"accuracy": {"yt68/val": {"methods": {"dlib": {"nme": 0.0684}}}}, "sizes": {"a.npz": 2_600_000}}
INLINE = "NME <!-- bench: accuracy / yt68/val / methods / dlib / nme : percent -->{}<!-- end -->, faces."
HAND_MADE = re.compile(r"(?<![\w.])0\.0\d\d(?!\w)")  # an error such as 0.061, typed by hand


@pytest.mark.parametrize("path", [*figures.pages(), *figures.sources()], ids=lambda path: path.name)
def test_a_page_says_what_the_results_say(path):
    assert figures.drifted(path, figures.load()) == []


@pytest.mark.parametrize("path", figures.cards(), ids=lambda path: path.name)
def test_no_error_of_a_method_is_typed_by_hand(path):
    rest = figures.QUOTED.sub("", path.read_text(encoding="utf-8"))
    assert HAND_MADE.findall(rest) == []


def test_a_drifted_figure_is_found_and_mended(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(INLINE.format("5.0 %"), encoding="utf-8")
    (told,) = figures.drifted(page, RESULTS)
    assert "page.md says 5.0 % where the results say 6.8 %" in told
    assert figures.rewrite([page], RESULTS) == [page]
    assert page.read_text(encoding="utf-8") == INLINE.format("6.8 %")
    assert figures.drifted(page, RESULTS) == [] and figures.rewrite([page], RESULTS) == []
    assert [file.name for file in tmp_path.iterdir()] == ["page.md"]


def test_what_is_not_measured_is_said_so():
    assert "not measured yet" in figures.updated(INLINE.format("6.8 %"), {})


@pytest.mark.parametrize("name, prefix", [("page.md", ""), ("source.py", "# ")])
def test_a_table_is_written_between_its_marks(tmp_path, name, prefix):
    page = tmp_path / name
    page.write_text(f"{prefix}<!-- table: sizes --><!-- end -->\n", encoding="utf-8")
    assert "nothing where the results say a table" in figures.drifted(page, RESULTS)[0]
    figures.rewrite([page], RESULTS)
    lines = ["<!-- table: sizes -->", "| file | MB |", "|---|---:|", "| a.npz | 2.60 |", "<!-- end -->"]
    assert page.read_text(encoding="utf-8") == "".join(f"{prefix}{line}\n" for line in lines)
    assert figures.drifted(page, RESULTS) == []


@pytest.mark.parametrize("mark, told", [
    ("bench: accuracy", "does not say how to print it"),
    ("bench: sizes / a.npz : loud", "no style 'loud'"),
    ("table: nothing", "no table called 'nothing'"),
])  # fmt: skip
def test_a_mark_that_makes_no_sense_is_one_sentence(mark, told):
    with pytest.raises(ValueError, match=told):
        figures.updated(f"<!-- {mark} -->1<!-- end -->", RESULTS)


def test_a_stray_mark_is_not_overlooked():
    """Each beginning has its end: an unclosed one would swallow text up to the next."""
    for path in [*figures.pages(), *figures.sources()]:
        text = path.read_text(encoding="utf-8")
        opened = len(re.findall(r"<!-- (?:bench|table): ", text))
        assert opened == len(re.findall("<!-- end -->", text)) == len(figures.QUOTED.findall(text)), path.name


def test_no_figure_breaks_its_sentence():
    """A comment at the beginning of a line ends a paragraph in Markdown."""
    for path in [*figures.pages(), *figures.sources()]:
        lines = [re.sub("^# ?", "", line) if path.suffix == ".py" else line
                 for line in path.read_text(encoding="utf-8").splitlines()]  # fmt: skip
        for before, line in zip(lines, lines[1:], strict=False):
            assert not (line.lstrip().startswith("<!-- bench: ") and before.strip()), f"{path.name}: {line}"
