"""The page that leads from the lines of the original lesson to the sections of the notebooks.

    python -m tools.notebook.lesson     writes notebooks/from_the_lesson.md

Its text is `notebooks/source/from_the_lesson.md`, where `[[key]]` stands for a link; which section a key
means is in the table beside it. Where a heading of a notebook changes, change it in the table.
"""

import csv
import re
import sys

from facelm_helpers.atomic import write_text
from tools.notebook.derive import ROOT, SOURCES

TEXT, TABLE = SOURCES / "from_the_lesson.md", SOURCES / "from_the_lesson.csv"
PAGE = ROOT / "notebooks" / "from_the_lesson.md"


def table():
    """What each key means: dict of key -> (source of the notebook, heading)."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["key"]: (next(SOURCES.glob(f"{row['notebook']}_*.py")), row["heading"]) for row in rows}


def link(source, heading):
    """A link to a section, as JupyterLab and the book name it.

    >>> link(SOURCES / "05_preparing_data.py", "`get_one_batch`")
    '[05: `get_one_batch`](05_preparing_data.ipynb#get_one_batch)'
    """
    return f"[{source.stem[:2]}: {heading}]({source.stem}.ipynb#{anchor(heading)})"


def anchor(heading):
    """The place of a heading on its page, as JupyterLab and the book name it.

    >>> anchor("Step 2: `excite`")
    'Step-2:-excite'
    """
    return heading.replace("`", "").replace(" ", "-")


def page():
    """The page, its links filled in."""
    sections = table()
    text = TEXT.read_text(encoding="utf-8")
    return re.sub(r"\[\[(\w+)\]\]", lambda key: link(*sections[key[1]]), text)


if __name__ == "__main__":
    write_text(PAGE, page())
    sys.exit(print(PAGE))
