"""Two languages from one source: the English side sees no twin, and a twin says what its cell says."""

import os
import re
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from markdown_it import MarkdownIt

from tools.notebook import build, edition, languages
from tools.notebook.derive import ROOT, SOURCES, derive, read_source

TRANSLATED = [source for source in sorted(SOURCES.glob("*.py")) if edition.translated(source, "zh")]
SOURCE = """# %% [markdown]
# # A small notebook
#
# COMPUTING_SECONDS seconds. [Data](../data/README.md), [next](01_next.ipynb#x), [web](https://x.org),
# [other](02_other.ipynb), SOLUTIONS_LINK.

# %% [markdown] lang="zh"
# # 小例子
#
# COMPUTING_SECONDS 秒，
# 见[数据](../data/README.md)、[下一节](01_next.ipynb#x)、[网页](https://x.org)、[另一节](02_other.ipynb)，
# SOLUTIONS_LINK。

# %% tags=["exercise"]
# SOLUTION
answer = 6 * 7
# END SOLUTION
# STUB answer = ...

# %%
print(answer)

# %% [markdown]
# The end.

# %% [markdown] lang="zh"
# 完。


# %%
def last():
    return answer
"""


def without_kernel(notebook, folder):
    """What stands for running a notebook: each cell prints its number."""
    for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), 1):
        cell.outputs, cell.execution_count = [nbformat.v4.new_output("stream", text=f"{number}\n")], number
    return 1.0


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A source in two languages, built in English, beside one that is in English only and one in both."""
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "SOURCES", tmp_path / "notebooks" / "source")
    monkeypatch.setattr(build, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(build, "execute", without_kernel)
    path = tmp_path / "notebooks" / "source" / "00_small.py"
    path.parent.mkdir(parents=True)
    path.write_text(SOURCE, encoding="utf-8")
    path.with_name("02_other.py").write_text(SOURCE, encoding="utf-8")
    path.with_name("03_english.py").write_text(languages.english(SOURCE), encoding="utf-8")
    build.build(path)
    return path


def read(path):
    return nbformat.read(path, as_version=4)


# --- the mechanism ----------------------------------------------------------------------------------------


def test_the_english_side_is_as_if_there_were_no_twins(source):
    twin = source.with_name("03_english.py")
    assert languages.english(twin.read_text(encoding="utf-8")) == twin.read_text(encoding="utf-8")
    for kind in ("exercise", "solution"):
        one, other = (derive(path)[kind] for path in (source, twin))
        texts = ([cell.source.replace("03_english", "00_small") for cell in n.cells] for n in (one, other))
        assert next(texts) == next(texts)
        assert [cell.id for cell in one.cells] == [cell.id for cell in other.cells]
    assert len(read_source(source).cells) == 5


def test_a_changed_twin_makes_no_notebook_stale(source):
    before = build.fingerprint(source)
    source.write_text(SOURCE.replace("完。", "全文完。"), encoding="utf-8")
    assert build.fingerprint(source) == before
    assert build.check(source) == [] and build.build(source) == "unchanged"
    source.write_text(SOURCE.replace("The end.", "An end."), encoding="utf-8")
    assert build.fingerprint(source) != before


def test_the_command_writes_an_edition_with_the_outputs_and_runs_nothing(source, monkeypatch, capsys):
    monkeypatch.setattr(build, "execute", None)
    assert build.main(["--lang", "zh", "--only", "00", "03"]) == 0
    told = capsys.readouterr().out
    assert "notebooks/zh/00_small.ipynb\nnotebooks/zh/solutions/00_small.ipynb\n" in told
    assert "03_english: not translated yet" in told
    exercise, solution = (read(source.parents[1] / place) for place in edition.places(source, "zh").values())
    for notebook in (exercise, solution):
        nbformat.validate(notebook)
        assert notebook.metadata["facelm"] == {"lang": "zh", "reading_minutes": 1, "computing_seconds": 5}
        assert len(notebook.cells) == 5 and notebook.cells[3].source == "完。"
    executed = read(source.parents[1] / "00_small.ipynb")
    assert [cell.get("outputs") for cell in exercise.cells[1:]] == [
        c.get("outputs") for c in executed.cells[1:]
    ]
    assert exercise.cells[1].source == "answer = ..." and solution.cells[1].source == "answer = 6 * 7"
    assert not any(cell.get("outputs") for cell in solution.cells)
    assert exercise.cells[0].source.startswith("# 小例子\n\n*中文版。")
    assert "5 秒，见[数据]" in exercise.cells[0].source, "lines that break in Chinese text are joined"


def test_links_of_an_edition_lead_where_those_of_the_english_notebook_lead(source):
    edition.build(source, source.parents[1], "zh")
    exercise, solution = (read(source.parents[1] / place) for place in edition.places(source, "zh").values())
    assert re.findall(r"\]\((\S+?)\)", exercise.cells[0].source) == [
        "../../data/README.md", "../01_next.ipynb#x", "https://x.org", "02_other.ipynb",
        "solutions/00_small.ipynb",
    ]  # fmt: skip
    assert re.findall(r"\]\((\S+?)\)", solution.cells[0].source) == [
        "../00_small.ipynb", "../../../data/README.md", "../../solutions/01_next.ipynb#x", "https://x.org",
        "02_other.ipynb", "00_small.ipynb",
    ]  # fmt: skip


@pytest.mark.parametrize("old, new, told", [
    ('# %% [markdown] lang="zh"\n# 完。', "", "the 'zh' twin is missing: '# The end."),
    ("# %%\nprint", '# %% [markdown] lang="zh"\n# 多余。\n\n# %%\nprint', "follows no text cell: '# 多余。"),
    ("print(answer)", "print(answer + 1)", "00_small.ipynb is missing or older than its source: build it"),
])  # fmt: skip
def test_what_cannot_be_an_edition_is_one_sentence(source, capsys, old, new, told):
    source.write_text(SOURCE.replace(old, new), encoding="utf-8")
    assert build.main(["--lang", "zh", "--only", "00"]) == 1
    printed = capsys.readouterr().out
    assert told in printed and "00_small" in printed


def test_a_language_that_nobody_wrote_is_refused(source, capsys):
    assert build.main(["--lang", "zh", "--only", "03"]) == 1
    with pytest.raises(SystemExit):
        build.main(["--lang", "fr"])
    assert "invalid choice: 'fr'" in capsys.readouterr().err


# --- what is translated -----------------------------------------------------------------------------------


def pairs():
    """Each English text cell of a translated notebook and its twin."""
    for source in TRANSLATED:
        both = (
            [cell.source for cell in read_source(source, lang).cells if cell.cell_type == "markdown"]
            for lang in ("en", "zh")
        )
        for number, (cell, twin) in enumerate(zip(*both, strict=True)):
            yield pytest.param(cell, twin, id=f"{source.stem[:2]}-{number}")


def readmes():
    """README and its twin, without what names the language."""
    one, other = (ROOT.joinpath(name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md"))
    assert "[中文](README.zh.md)" in one and "[English](README.md)" in other
    return one.replace("README.zh.md", "README.md"), re.sub(r"(<!-- table: .*?); zh -->", r"\1 -->", other)


PAIRS = [*pairs(), pytest.param(*readmes(), id="README")]
LINK = r"\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$"
CODE = r"```.*?```|`[^`]+`"
FORMULA = r"\$\$.+?\$\$|\$[^$]+\$"
NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?(?!D)"  # 3D reconstruction is 三维重建


def parts(text):
    """What must be the same in both languages: code, formulas, links, numbers, marks of structure."""
    found = {}
    for kind, pattern in {"code": CODE, "formulas": FORMULA, "links": LINK}.items():
        taken = [match[0] for match in re.finditer(pattern, text, re.DOTALL | re.MULTILINE)]
        found[kind] = Counter(" ".join(one.split()) for one in taken)
        text = re.sub(pattern, "]" if kind == "links" else " ", text, flags=re.DOTALL | re.MULTILINE)
    found["numbers"] = Counter(re.findall(NUMBER, text))
    found["tags"] = Counter(re.findall(r"</?\w+|<!--.*?-->", text))
    found["structure"] = re.findall(r"^(?:#+ |- |\d+\. |\|)|★+|\[\[\w+\]\]|[A-Z]+_[A-Z]+", text, re.MULTILINE)
    return found


def test_the_first_notebooks_are_translated():
    assert {source.stem[:2] for source in TRANSLATED} >= {"00", "09", "10"}


@pytest.mark.parametrize("cell, twin", PAIRS)
def test_a_twin_has_the_numbers_formulas_names_and_links_of_its_cell(cell, twin):
    one, other = parts(cell), parts(twin)
    for kind, here in one.items():
        assert other[kind] == here, kind


@pytest.mark.parametrize("cell, twin", PAIRS)
def test_a_twin_is_set_as_chinese_is(cell, twin):
    """Full-width punctuation, a space between Chinese and Latin, emphasis that Markdown closes."""
    assert re.search("[\u4e00-\u9fff]", twin)
    text = re.sub(r"\]\([^)]*\)|<[^>]+>", "", twin)
    bare = re.sub(FORMULA, "x", re.sub(CODE, "x", text, flags=re.DOTALL), flags=re.DOTALL)
    bare = re.sub(r"!?\[|[*\]]", "", bare)
    assert re.findall(r"[\u4e00-\u9fff][,;:!?()]|[,;:!?][\u4e00-\u9fff]", bare) == []
    assert re.findall(r"[\u4e00-\u9fff][A-Za-z0-9]+|[A-Za-z0-9]+[\u4e00-\u9fff]", bare) == []
    assert re.findall(r" [，。；：？！、）]|[，。；：？！、（] (?=\S)(?![*[])", text) == []
    shown = MarkdownIt().render(re.sub(FORMULA, "x", twin, flags=re.DOTALL))
    assert "**" not in re.sub(r"<code>.*?</code>", "", shown, flags=re.DOTALL)


@pytest.mark.parametrize("source", TRANSLATED, ids=lambda source: source.stem[:2])
def test_an_edition_of_the_course_is_written_and_its_links_lead_somewhere(source, tmp_path):
    home = ROOT / "notebooks"
    for path in edition.build(source, home, "zh", tmp_path):
        for cell in read(path).cells:
            if cell.cell_type == "markdown":
                for target in re.findall(r"\]\(([^)\s#]+)", re.sub(CODE, "", cell.source)):
                    place = Path(os.path.normpath(home / path.relative_to(tmp_path).parent / target))
                    if place.is_relative_to(home / "zh"):  # made on demand: its original is there
                        place = home / place.relative_to(home / "zh")
                    assert re.match("[a-z]+:", target) or place.exists(), target
