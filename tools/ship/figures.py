"""Keeps the figures in README, model card and notebooks equal to data/results.

    python -m tools.ship.figures            bring them up to date
    python -m tools.ship.figures --check    say which are not

A figure stands between two comments that Markdown does not show; the first says where the number comes from
and how it is printed (percent, percent0, percent2, mb, or a number of decimals):

    <!-- bench: accuracy / yt68/val / methods / dlib / detector / nme : percent -->6.8 %<!-- end -->

and so does a whole table, by its name in `tools/measure/tables.py` and the words that it is given:

    <!-- table: accuracy; yt68/val; detector -->
    <!-- end -->

on a Chinese page with `; zh` after these.

The first step is a key of bench.json, or the name of another file in data/results.
"""

import argparse
import json
import re
import sys
from pathlib import Path

from facelm_helpers.atomic import write_text
from tools.measure.cells import percent
from tools.measure.tables import table

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "data" / "results"
QUOTED = re.compile(r"<!-- (bench|table): (.+?) -->(.*?)<!-- end -->", re.DOTALL)
MISSING = "not measured yet"


def pages():
    """The pages that quote figures and need no run after a change: README, Markdown under data, the guide."""
    named = ("README.md", "README.zh.md", "hub/README.md", "data/results/dlib_or_senet.md",
             "data/results/leaderboard.md", "data/detectors/README.md", "notebooks/teaching/guide.md",
             "notebooks/reference/full_size.md")  # fmt: skip
    found = [*(ROOT / name for name in named), *sorted((ROOT / "data").glob("*.md"))]
    return [page for page in found if page.is_file()] + cards()


def cards():
    """The model cards beside the weights: every error in them stands between comments."""
    return sorted((ROOT / "data" / "weights").glob("*.md"))


def sources():
    """The notebooks' sources; after a change the notebooks are to be built again."""
    return sorted((ROOT / "notebooks" / "source").glob("*.py"))


def load(folder=RESULTS):
    """All results: the content of bench.json, and each other file under its name."""
    results = {}
    for path in sorted(Path(folder).glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        results |= content if path.stem == "bench" else {path.stem: content}
    return results


def look_up(results, path):
    """The value at a path of keys, or None; into a list, by its number from 0.

    >>> look_up({"speed": {"one thread": {"ms": [0.7, 0.9]}}}, "speed / one thread / ms / 1")
    0.9
    """
    for key in path.split(" / "):
        if isinstance(results, list):
            results = {str(i): value for i, value in enumerate(results)}
        if not isinstance(results, dict) or key.strip() not in results:
            return None
        results = results[key.strip()]
    return results


def printed(value, style):
    """A number in a style: "percent", "percent0", or a number of decimals.

    >>> printed(0.0684, "percent"), printed(0.0684, "percent0"), printed(0.0684, "3"), printed(None, "3")
    ('6.8 %', '7 %', '0.068', 'not measured yet')
    """
    if value is None:
        return MISSING
    if style.startswith("percent"):
        return percent(value, int(style[7:] or 1))
    if style == "mb":
        return f"{value / 1e6:.1f}"
    if style == "text":
        return str(value)
    if style == "score":
        return f"{value[0]:g} of {value[1]:g}"
    if not style.isdigit():
        raise ValueError(f"no style {style!r} for a figure: wanted percent, mb, score or decimals such as 3")
    return f"{value:,.{int(style)}f}"


def updated(text, results, prefix=""):
    """A page with every quoted figure and table as the results have it.

    Parameters
    ----------
    text : str
    results : dict
    prefix : str
        Of each line of a table: "# " in a notebook's source.
    """

    def fill(match):
        kind, wanted, _ = match.groups()
        if kind == "table":
            lines = table(results, *(word.strip() for word in wanted.split(";"))).splitlines()
            inner = "".join(f"\n{prefix}{line}" for line in lines) + f"\n{prefix}"
        else:
            path, colon, style = wanted.rpartition(" : ")
            if not colon:
                raise ValueError(f"{match[0]!r} does not say how to print it: wanted `path : style`")
            inner = printed(look_up(results, path), style.strip())
        return f"<!-- {kind}: {wanted} -->{inner}<!-- end -->"

    return QUOTED.sub(fill, text)


def drifted(path, results):
    """Where a page differs from the results: a list of sentences, empty if nowhere."""
    text = path.read_text(encoding="utf-8")
    new = updated(text, results, "# " if path.suffix == ".py" else "")
    pairs = zip(QUOTED.finditer(text), QUOTED.finditer(new), strict=True)
    return [
        f"{path.name} says {short(old[3])} where the results say {short(now[3])} ({old[2]})"
        for old, now in pairs
        if old[0] != now[0]
    ]


def short(text):
    """A figure as it is; of a table its size."""
    rows = len(re.findall(r"^(?:# )?\|", text, re.MULTILINE)) - 2
    return f"a table of {rows} rows" if rows > 0 else text.strip() or "nothing"


def rewrite(paths, results=None):
    """Bring pages up to date, each written whole or not at all. Returns those that changed."""
    results, changed = load() if results is None else results, []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        new = updated(text, results, "# " if path.suffix == ".py" else "")
        if new != text:
            write_text(path, new)
            changed.append(path)
    return changed


def announce(folder):
    """After a measurement that was written to a folder: if it is the shipped results', bring all pages up to
    date and say which have changed.
    """
    if folder == RESULTS:
        for path in rewrite(pages()):
            print(f"{path.relative_to(ROOT)} quotes the new figures.")


def main(arguments=None):
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say what differs")
    options = parser.parse_args(arguments)
    places = [*pages(), *sources()]
    if options.check:
        differences = [line for path in places for line in drifted(path, load())]
        print("\n".join(differences) or f"{len(places)} pages say what the results say.")
        return bool(differences)
    for path in rewrite(places):
        print(f"{path.relative_to(ROOT)} is up to date again.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
