"""Pictures of many methods at once: a table of errors as a map, and error against time."""

import numpy as np

from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, canvas


def error_map(errors, title="", ax=None):
    """A table of errors, the larger the darker.

    Parameters
    ----------
    errors : dict of row -> dict of column -> float or (N,) array
        Fractions; shown in percent. Of the errors of N faces, their mean and, below it, how far its 95 %
        interval reaches to either side (1.96 standard errors). All rows have the same columns.
    title : str
    ax : matplotlib axes, optional

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = error_map({"dlib": {"jaw": 0.06, "eyes": 0.031}, "ert": {"jaw": 0.04, "eyes": [0.04, 0.06]}})
    >>> [text.get_text().replace(chr(10), " ") for text in figure.axes[0].texts]
    ['6.0', '3.1', '4.0', '5.0 ±2.0']
    """
    columns = list(next(iter(errors.values())))
    cells = [[100 * np.atleast_1d(row[column]) for column in columns] for row in errors.values()]
    values = np.array([[cell.mean() for cell in row] for row in cells])
    if ax is None:
        width = min(FULL, 1.5 + 0.85 * len(columns))
        _, ax = canvas(width=width, height=0.75 + 0.36 * len(errors))
    low, high = values.min(), max(values.max(), 1.01 * values.min())
    ax.imshow(values, cmap="YlOrBr", norm="log", vmin=low, vmax=high, aspect="auto")
    for i, j in np.ndindex(values.shape):
        dark = np.log(values[i, j] / low) > 0.6 * np.log(high / low)
        text, cell = f"{values[i, j]:.1f}" if values[i, j] < 99.95 else f"{values[i, j]:.0f}", cells[i][j]
        if len(cell) > 1:
            text += f"\n±{1.96 * cell.std(ddof=1) / len(cell) ** 0.5:.1f}"
        ax.text(j, i, text, ha="center", va="center", fontsize=7.5, color="white" if dark else "black")
    ax.set_xticks(range(len(columns)), [column.replace(" ", "\n", 1) for column in columns])
    ax.set_yticks(range(len(errors)), errors)
    ax.tick_params(length=0, labeltop=True, labelbottom=False)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    if title:
        ax.set_xlabel(title)
    return ax.figure


def speed_and_error(points, ax=None):
    """Each method as a dot: milliseconds a face, on a logarithmic axis, against its NME and interval.

    Parameters
    ----------
    points : dict of name -> (milliseconds, error, low, high)
        Errors as fractions; shown in percent.
    ax : matplotlib axes, optional

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = speed_and_error({"dlib": (0.8, 0.05, 0.04, 0.07), "senet": (0.6, 0.04, 0.03, 0.05)})
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['dlib', 'senet']
    """
    if ax is None:
        _, ax = canvas(width=FULL, height=0.6 * FULL)
    for name, (ms, error, low, high) in points.items():
        near = [p for p in points.values() if max(p[0], ms) < 1.7 * min(p[0], ms)]  # names would overlap
        side = 1 if ms == max(near)[0] else -1
        lift = 7 * (sorted(p[1] for p in near).index(error) - (len(near) - 1) / 2)
        reach = [[100 * (error - low)], [100 * (high - error)]]
        ax.errorbar(ms, 100 * error, reach, fmt="o", color=METHOD_COLOURS[0], ms=4, lw=1, capsize=2)
        ax.annotate(
            name, (ms, 100 * error), xytext=(6 * side, lift), textcoords="offset points", va="center",
            ha="left" if side > 0 else "right", fontsize=8,
        )  # fmt: skip
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.margins(0.12)
    ax.set(
        xlabel="milliseconds a face, one thread (further left is faster)", ylabel="NME, % (lower is better)"
    )
    return ax.figure
