"""Pictures of notebook 15: what is measured over a clip, and what a filter gains and costs."""

import numpy as np

from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, canvas

SHADE = "#dddddd"


def over_time(time, rows, shaded=(), lines=None, ylabel=""):
    """Draw series over the seconds of a clip.

    Parameters
    ----------
    time : (T,) array
        Seconds.
    rows : dict of name -> (T,) array
    shaded : sequence of (start, end)
        Seconds that are grey: what really happened.
    lines : dict of name -> float, optional
        Level, dashed lines in the colour of the series of that name.
    ylabel : str

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = over_time(np.arange(5), {"eyes": np.ones(5)}, shaded=[(1, 2)], ylabel="ratio")
    >>> len(figure.axes[0].lines)
    1
    """
    figure, ax = canvas(width=FULL, height=0.42 * FULL)
    for start, end in shaded:
        ax.axvspan(start, end, color=SHADE, lw=0)
    for colour, (name, values) in zip(METHOD_COLOURS, rows.items(), strict=False):
        ax.plot(time, values, color=colour, label=name, lw=1.2)
        if lines and name in lines:
            ax.axhline(lines[name], color=colour, ls="--", lw=1)
    ax.set(xlabel="time in seconds", ylabel=ylabel, xlim=(time[0], time[-1]))
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=min(len(rows), 3))
    return figure


def flicker_and_lag(families):
    """Draw filters as dots: how late they are, how much they tremble.

    Parameters
    ----------
    families : dict of name -> list of (setting, lag in frames, flicker)
        Those of a name are joined by a line; flicker is a share of the face's size.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = flicker_and_lag({"mean": [(1, 0.0, 0.01), (3, 1.0, 0.004)]})
    >>> len(figure.axes[0].lines)
    1
    """
    figure, ax = canvas(width=0.8 * FULL, height=0.5 * FULL)
    for colour, (name, dots) in zip(METHOD_COLOURS, families.items(), strict=False):
        setting, lags, flickers = zip(*dots, strict=True)
        ax.plot(lags, 1000 * np.array(flickers), "o-", color=colour, label=name, ms=4)
        for value, x, y in zip(setting, lags, flickers, strict=True):
            ax.annotate(
                f"{value:g}", (x, 1000 * y), (4, 4), textcoords="offset points", fontsize=8, color=colour
            )
    ax.set(xlabel="lag in frames", ylabel="flicker in thousandths of the face", ylim=(0, None))
    ax.legend()
    return figure
