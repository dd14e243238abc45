"""Two languages in one source: directly after an English text cell stands its twin.

    # %% [markdown]
    # A face has 68 points.

    # %% [markdown] lang="zh"
    # 一张人脸有 68 个关键点。

Code is the same in both. Whoever reads a source sees its English cells, as if there were no others; in an
edition in another language each twin takes the place of its cell (`tools/notebook/edition.py`).
"""

import re

ENGLISH = "en"
WORDS = {  # what the derivation itself writes
    "en": {
        "answers": "solutions",
        "solved": "{title}: solutions",
        "twin": "*The solved twin. Try [the exercises](../{stem}.ipynb) first.*",
    },
    "zh": {
        "answers": "参考答案",
        "solved": "{title}（参考答案）",
        "twin": "*本文件附参考答案，请先完成[练习](../{stem}.ipynb)。*",
        "book": "中文版",
        "edition": "*中文版。代码、输出、图中文字以及练习的检查信息与英文版相同，均为英文。*",
    },
}  # fmt: skip
LANGUAGES = tuple(WORDS)
CELL = re.compile(r"^(?=# %%)", re.MULTILINE)
TAG = re.compile(r'^(# %%.*?) lang="(\w+)"')
# a line that ends and one that begins in Chinese: between them a browser would show a space
WIDE = "[\u2014\u2018-\u201d\u2026\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
BREAK = re.compile(rf"(?<={WIDE})\n *(?={WIDE})")


def english(text):
    """A source without its cells in other languages.

    >>> english('''# %% [markdown]
    ... # Left
    ...
    ... # %% [markdown] lang="zh"
    ... # 左
    ... ''')
    '# %% [markdown]\\n# Left\\n'
    """
    kept = []
    for cell in CELL.split(text):
        if TAG.match(cell):  # the blank lines before the next cell stay
            kept[-1] = kept[-1].rstrip("\n") + cell[len(cell.rstrip("\n")) :]
        else:
            kept.append(cell)
    return "".join(kept)


def has(text, lang):
    """Whether a source holds cells in a language."""
    return lang == ENGLISH or any((tag := TAG.match(cell)) and tag[2] == lang for cell in CELL.split(text))


def edition(text, lang):
    """A source in which each text cell has given way to its twin.

    Raises
    ------
    ValueError
        If a text cell has no twin in this language, or a twin does not follow a text cell.

    Examples
    --------
    >>> edition('''# %% [markdown]
    ... # Left
    ...
    ... # %% [markdown] lang="zh"
    ... # 左
    ... ''', "zh")
    '# %% [markdown]\\n# 左\\n'
    """
    if lang == ENGLISH:
        return english(text)
    cells, waiting = [], False  # for the twin of the cell above
    for cell in CELL.split(text):
        tag = TAG.match(cell)
        if tag and tag[2] != lang:
            continue
        if bool(tag) != waiting:
            what = "follows no text cell" if tag else "is missing"
            raise ValueError(f"the {lang!r} twin {what}: {_begins(cell if tag else cells[-1])!r}")
        if tag:
            cells[-1] = tag[1] + cell[tag.end() :]
        else:
            cells.append(cell)
        waiting = not tag and cell.startswith("# %% [markdown]")
    if waiting:
        raise ValueError(f"the {lang!r} twin is missing: {_begins(cells[-1])!r}")
    return "".join(cells)


def _begins(cell):
    return "\n".join(cell.splitlines()[1:])[:60]


def unwrapped(text):
    """Text whose lines are joined where they break between two Chinese characters.

    >>> unwrapped("人脸\\n对齐，\\n见 `crop`\\n- 点")
    '人脸对齐，见 `crop`\\n- 点'
    """
    return BREAK.sub("", text)
