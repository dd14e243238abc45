"""Columns that a cell has printed, as HTML tables, which a screen reader can read and a phone can scroll."""

import html
import re

import nbformat

NUMBER = re.compile(r"[-+]?[\d.]")  # how a number begins
FEWEST = 3  # lines, the head among them
NO_TABLE = re.compile(r"[\[{(]|\w+\(|Traceback")  # arrays and such keep their form


def as_html(cell):
    """Replace what a cell has printed by HTML wherever it is a table.

    Parameters
    ----------
    cell : nbformat cell, changed in place
    """
    for i, output in enumerate(cell.get("outputs", [])):
        if output.output_type == "stream" and output.name == "stdout":
            page = page_of(output.text)
            if "<table" in page:
                cell.outputs[i] = nbformat.v4.new_output("display_data", {"text/html": page})


def page_of(text):
    """Printed text as HTML: tables where blocks of lines are some, the rest as it is.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> page_of("method  NME\\ndlib   5.9%\\nsenet  1.8%\\n").count("<tr>")
    3
    >>> page_of("one line\\n")
    '<pre>one line</pre>'
    """
    parts = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        lines = block.split("\n")
        found = [cells_of(lines[k:]) for k in range(len(lines))]  # sentences may come before the columns
        rows = max(found, key=lambda rows: (_headed(rows), len(rows[0])) if rows else (False, 0))
        before = lines[: len(lines) - len(rows)]
        if before:
            parts.append(f"<pre>{html.escape(chr(10).join(before))}</pre>")
        if rows:
            parts.append(_table(rows))
    return "\n".join(parts)


def cells_of(lines):
    """The cells of lines that are columns, [] of lines that are not.

    Columns are parted where all lines have a blank and one has two before a cell. A table has numbers in a
    column, a name in each line, a head over each column but the first, and at most one empty cell in a line.

    Examples
    --------
    >>> cells_of(["        NME  failures", "dlib   5.9%        2%", "senet  1.8%        0%"])
    [['', 'NME', 'failures'], ['dlib', '5.9%', '2%'], ['senet', '1.8%', '0%']]
    >>> cells_of(["name  YouTube Faces  LFPW", "dlib           6.8%  2.7%", "senet          5.4%  4.0%"])
    [['name', 'YouTube Faces', 'LFPW'], ['dlib', '6.8%', '2.7%'], ['senet', '5.4%', '4.0%']]
    >>> cells_of(["size 1: 2.0 pixels", "size 2: 4.0 pixels", "size 4: 7.9 pixels"])
    []
    """
    if len(lines) < FEWEST or any(NO_TABLE.match(line.lstrip()) for line in lines):
        return []
    width = max(map(len, lines))
    blank = "".join(" " if all(line[k : k + 1] in ("", " ") for line in lines) else "x" for k in range(width))
    gaps = [gap.span() for gap in re.finditer(" +", blank) if gap.start()]
    if not gaps:
        return []
    ends = [start for start, _ in gaps[1:]] + [width]
    wide = [
        end
        for (start, end), far in zip(gaps, ends, strict=True)
        if any("  " in line[start - 1 : end + 1] and line[end:far].strip() for line in lines)
    ]
    rows = _parted(lines, edges := [0, *wide, width])
    heads_only = [k for k, (_, *body) in enumerate(zip(*rows, strict=True)) if k and not any(body)]
    heads_only = [k for k in heads_only if k < len(edges) - 2]  # after the last none follows
    if heads_only:  # a first word of the next head, as in "YouTube Faces"
        rows = _parted(lines, edges := [edge for k, edge in enumerate(edges) if k - 1 not in heads_only])
    columns = list(zip(*rows, strict=True))[1:]
    counted = [all(re.search(r"\d", cell) for cell in column[1:]) for column in columns]
    named = [k for k, head in enumerate(rows[0]) if head]
    heads = "" not in rows[0][named[0] :] and all(
        NUMBER.match(head) or not (_numeric(body) and re.search(r"\d\S* ", head)) for head, *body in columns
    )
    # a sentence that happens to part where the columns do is no head
    first = lines[0][: edges[1] + 1]
    apart = (
        not first.strip()
        or "  " in first.strip(" ")
        or first.endswith("  ")
        or any(
            re.search(r"\d", head) for head, is_count in zip(rows[0][1:], counted, strict=True) if is_count
        )
    )
    full = all(row[0] and row.count("") <= (len(row) > 3) for row in rows[1:])
    return rows if any(counted) and heads and apart and full else []


def _parted(lines, edges):
    return [[line[a:b].strip() for a, b in zip(edges, edges[1:], strict=False)] for line in lines]


def _headed(rows):
    """Whether the first row of cells names the columns: above numbers stands none."""
    heads = [head for head, *body in list(zip(*rows, strict=True))[1:] if _numeric(body)]
    return not all(map(NUMBER.match, heads))


def _numeric(cells):
    return all(NUMBER.match(cell or "0") for cell in cells)


def _table(rows):
    right = [k > 0 and _numeric(column[1:]) for k, column in enumerate(zip(*rows, strict=True))]
    headed = _headed(rows)

    def line(row, kind):
        cells = []
        for k, cell in enumerate(row):
            tag = kind if cell or kind == "td" else "td"  # an empty head is none
            style = ' style="text-align: right;"' if right[k] else ""
            cells.append(f"<{tag}{style}>{html.escape(cell)}</{tag}>")
        return f"<tr>{''.join(cells)}</tr>"

    head = f"<thead>{line(rows[0], 'th')}</thead>" if headed else ""
    body = "".join(line(row, "td") for row in rows[headed:])
    return f'<table class="facelm-printed">{head}<tbody>{body}</tbody></table>'
