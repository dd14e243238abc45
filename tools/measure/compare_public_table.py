"""The comparison with public implementations as a page of Markdown, from compare_public.json's content."""

BAR = 1.05  # our NME over theirs that the course allows itself


def rows(results, name):
    """The table of one set of faces: a row a method, text only; the first row is its head.

    Parameters
    ----------
    results : dict
        The content of ``data/results/compare_public.json``.
    name : str
        Of the set: "synthetic" or "yt68/val".

    Returns
    -------
    list of list of str
    """
    table = [["method", "NME, ours", "NME, theirs", "ratio [95 %]", f"at most {BAR}", "ms a face, ours",
              "ms a face, theirs", "training, ours", "training, theirs"]]  # fmt: skip
    for method, record in results.get("methods", {}).items():
        sides = [record.get(side, {}) for side in ("ours", "theirs")]
        figures = [side.get("sets", {}).get(name, {}) for side in sides]
        nme = [f"{100 * f['nme']:.2f} %" if f else "-" for f in figures]
        ms = [f"{f['ms']:.1f}" if f else "-" for f in figures]
        seconds = [f"{s['training_seconds']:.0f} s" if "training_seconds" in s else "-" for s in sides]
        ratio = record.get("ratios", {}).get(name)
        told = f"{ratio['ratio']:.2f} [{ratio['low']:.2f}, {ratio['high']:.2f}]" if ratio else "-"
        kept = ("yes" if ratio["ratio"] <= BAR else "no") if ratio else "-"
        table.append([method, *nme, told, kept, *ms, *seconds])
    return table


def failures(results):
    """What could not be measured: list of (method, side, why)."""
    return [
        (method, side, record[side]["failure"])
        for method, record in results.get("methods", {}).items()
        for side in ("ours", "theirs")
        if "failure" in record.get(side, {})
    ]


def markdown(results):
    """The whole page.

    >>> print(markdown({}).splitlines()[0])
    # The course's methods beside public implementations
    """
    lines = ["# The course's methods beside public implementations", ""]
    lines += [
        "Written by `python -m tools.measure.compare_public`; do not edit. NME by the distance of the outer"
    ]
    lines += ["eye corners; times are the processor's, one thread; learnt from the same default faces in"]
    lines += ["configurations as equal as the parameters allow (they are in `compare_public.json`).", ""]
    for method, record in results.get("methods", {}).items():
        lines.append(f"- `{method}` beside {record['public']}")
    for name, facts in results.get("faces", {}).get("sets", {}).items():
        head, *body = rows(results, name)
        lines += ["", f"## {name}: {facts['faces']} {facts['what']}", "", f"| {' | '.join(head)} |"]
        lines += ["|---" + "|---:" * (len(head) - 1) + "|"]
        lines += [f"| {' | '.join(row)} |" for row in body if set(row[1:]) != {"-"}]
    if broken := failures(results):
        lines += ["", "## What could not be measured", ""]
        lines += [f"- `{method}`, {side}: {why}" for method, side, why in broken]
    return "\n".join(lines) + "\n"
