"""Pictures of errors: the cumulative curve and the leaderboard."""

import numpy as np

from facelm_helpers import metrics
from facelm_helpers.plots._canvas import FULL, HALF, METHOD_COLOURS, canvas

LINE_STYLES = ("-", "--", ":")


def ced(errors, threshold=0.08, ax=None):
    """Draw the cumulative error distribution of each method, with the threshold as a line.

    Parameters
    ----------
    errors : dict of name -> array (N,)
        Errors as fractions; shown in percent.
    threshold : float
        Where a failure begins. The axis reaches to twice that.
    ax : matplotlib axes, optional

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = ced({"a": np.array([0.02, 0.05, 0.2])})
    >>> [float(limit) for limit in figure.axes[0].get_xlim()]
    [0.0, 16.0]
    """
    if ax is None:
        _, ax = canvas(width=1.3 * HALF, height=0.95 * HALF)
    thresholds = np.linspace(0, 2 * threshold, 321)
    for i, (name, values) in enumerate(errors.items()):
        style = {
            "color": METHOD_COLOURS[i % len(METHOD_COLOURS)],
            "ls": LINE_STYLES[i // len(METHOD_COLOURS) % 3],
        }
        ax.plot(100 * thresholds, 100 * metrics.ced(values, thresholds), label=name, **style)
    ax.axvline(100 * threshold, color="#888888", lw=1, ls=":")
    ax.set(xlim=(0, 200 * threshold), ylim=(0, 101))
    ax.set(xlabel="error per face, % of the normaliser", ylabel="faces at or below it, %")
    ax.legend(loc="lower right")
    return ax.figure


def leaderboard(rows, ax=None):
    """Draw a leaderboard: a bar for each method's NME, best on top, with its interval.

    Parameters
    ----------
    rows : list of dict
        From `facelm_helpers.metrics.leaderboard`: the keys method, nme, low and high are used.
    ax : matplotlib axes, optional

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> rows = metrics.leaderboard({"a": np.array([0.02, 0.05, 0.2]), "b": np.array([0.1, 0.2, 0.3])})
    >>> [label.get_text() for label in leaderboard(rows).axes[0].get_yticklabels()]
    ['a', 'b']
    """
    if ax is None:
        _, ax = canvas(width=FULL, height=0.5 + 0.3 * len(rows))
    value = 100 * np.array([row["nme"] for row in rows])
    interval = 100 * np.array([[row["nme"] - row["low"], row["high"] - row["nme"]] for row in rows]).T
    ax.barh([row["method"] for row in rows], value, color=METHOD_COLOURS[0], height=0.65, alpha=0.85)
    ax.errorbar(value, range(len(rows)), xerr=interval, fmt="none", ecolor="black", capsize=2, lw=1)
    for y, (end, nme) in enumerate(zip(value + interval[1], value, strict=True)):
        ax.text(end + 0.012 * value.max(), y, f"{nme:.1f}", va="center", fontsize=8)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set(xlabel="NME, % (shorter is better; the whisker holds the mean with 95 % confidence)")
    ax.margins(x=0.08)
    return ax.figure
