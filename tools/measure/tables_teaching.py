"""The table of the teacher's guide: how long each notebook takes, from the notebooks themselves."""

import re

from tools.notebook.derive import SOURCES, read_source

TOLD = re.compile(r"The exercises take\s+about\s+(\d+)\s+minutes, the\s+questions (\d+)")


def minutes(source):
    """What the first cell of a notebook's source says: minutes for its exercises, and for its questions.

    Raises
    ------
    ValueError
        If it does not say so.
    """
    first = " ".join(read_source(source).cells[0].source.split())
    found = TOLD.search(first)
    if not found:
        raise ValueError(
            f"{source.name} does not say how long it takes: wanted 'The exercises take about 25 minutes, the"
            " questions 10' in its first cell"
        )
    return int(found[1]), int(found[2])


def lessons(results):
    """Minutes of reading, exercises and discussion of each notebook that is built."""
    rows = [["notebook", "reading", "exercises", "discussion", "together", "computing"]]
    total = [0, 0, 0]
    for name, facts in results.get("notebooks", {}).items():
        source = SOURCES / f"{name}.py"
        if source.is_file():
            parts = [facts["reading_minutes"], *minutes(source)]
            total = [a + b for a, b in zip(total, parts, strict=True)]
            title = f"{name[:2]} {name[3:].replace('_', ' ')}"
            rows.append([title, *map(str, parts), str(sum(parts)), f"{facts['computing_seconds'] / 60:.1f}"])
    if len(rows) > 1:
        rows.append(["all", *map(str, total), str(sum(total)), ""])
    return rows


TABLES = {"lessons": lessons}
