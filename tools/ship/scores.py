"""`python course.py scores FOLDER`: the score files of a class as one table.

    python course.py scores handed_in                  prints a table and writes handed_in/scores.csv

Collected are the files that `checks.report("NAME")` wrote, in the folder and below: a row for each learner, a
column for each notebook, "2 of 3" where two of its three exercises are right. Of several files by one learner
for one notebook the best counts.
"""

import argparse
import csv
import io
import json
import sys
from pathlib import Path

from facelm_helpers.atomic import write_text

WANTED = {"notebook": str, "name": str, "right": int, "of": int, "exercises": dict}


def read(path):
    """The content of a score file.

    Raises
    ------
    ValueError
        If it is none.
    """
    try:
        score = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} cannot be read as a score: {error}") from None
    wrong = not isinstance(score, dict) or [
        k for k, kind in WANTED.items() if not isinstance(score.get(k), kind)
    ]
    if wrong or not 0 <= score["right"] <= score["of"] == len(score["exercises"]):
        raise ValueError(f"{path} holds no score: wanted a file that checks.report() wrote")
    return score


def table(scores):
    """Rows of strings, the head first: learners in alphabetical order, notebooks in that of their titles.

    >>> one = {"notebook": "a", "name": "Ada", "right": 2, "of": 3}
    >>> table([one, one | {"right": 1}])
    [['name', 'a', 'right'], ['Ada', '2 of 3', '2']]
    """
    notebooks = sorted({score["notebook"] for score in scores})
    rows = [["name", *notebooks, "right"]]
    for name in sorted({score["name"] for score in scores}, key=str.casefold):
        cells, right = [], 0
        for notebook in notebooks:
            own = [one for one in scores if (one["name"], one["notebook"]) == (name, notebook)]
            best = max(own, key=lambda one: one["right"], default=None)
            cells.append(f"{best['right']} of {best['of']}" if best else "-")
            right += best["right"] if best else 0
        rows.append([name or "(no name)", *cells, str(right)])
    return rows


def main(arguments=None):
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="course.py scores", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="that holds the score files, at any depth")
    options = parser.parse_args(arguments)
    files = sorted(options.folder.glob("**/score_*.json"))
    if not files:
        print(f"No score_*.json in {options.folder}.", file=sys.stderr)
        return 1
    scores = []
    for file in files:
        try:
            scores.append(read(file))
        except ValueError as error:
            print(f"Left out: {error}", file=sys.stderr)
    rows = table(scores)
    text = io.StringIO()
    # a name that a spreadsheet would take for a formula is written as text
    csv.writer(text, lineterminator="\n").writerows(
        [("'" + cell if cell[:1] in "=+@" and cell else cell) for cell in row] for row in rows
    )
    write_text(options.folder / "scores.csv", text.getvalue())
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(f"Written: {options.folder / 'scores.csv'}")
    return 0 if len(scores) == len(files) else 1


if __name__ == "__main__":
    sys.exit(main())
