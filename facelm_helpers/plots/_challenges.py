"""Pictures of notebook 14: what a remedy changes, with its interval."""

from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, canvas

MARKS = "osD^v"


def changes(rows, xlabel="change of the error, %"):
    """Draw the change that each remedy makes on some sets of faces, with its interval.

    Parameters
    ----------
    rows : dict of remedy -> dict of set -> (mean, low, high)
        Fractions: -0.1 is an error that is a tenth smaller. A remedy without figures is left out.
    xlabel : str

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = changes({"erasing": {"clean": (0.01, -0.01, 0.03), "occluded": (-0.1, -0.12, -0.08)}})
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['erasing']
    """
    rows = {name: sets for name, sets in rows.items() if sets}
    names = list(dict.fromkeys(name for sets in rows.values() for name in sets))
    step = 0.8 / max(1, len(names))
    figure, ax = canvas(width=FULL, height=0.9 + (0.17 * len(names) + 0.12) * len(rows))
    for k, name in enumerate(names):
        places, means, lows, highs = [], [], [], []
        for place, sets in enumerate(rows.values()):
            if name in sets:
                mean, low, high = (100 * value for value in sets[name])
                places.append(place + (k - (len(names) - 1) / 2) * step)
                means.append(mean)
                lows.append(mean - low)
                highs.append(high - mean)
        mark, colour = MARKS[k % len(MARKS)], METHOD_COLOURS[k % len(METHOD_COLOURS)]
        ax.errorbar(means, places, xerr=[lows, highs], fmt=mark, color=colour, ms=4, lw=1.3, label=name)
    ax.axvline(0, color="#444444", lw=1)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel=xlabel, ylim=(len(rows) - 0.5, -0.5))
    ax.grid(visible=False, axis="y")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=min(len(names), 5))
    return figure


def by_strength(strengths, rows, ylabel="error against the control, %"):
    """Draw the change of the error on several sets against how strong an augmentation is.

    Parameters
    ----------
    strengths : sequence of float
        Drawn side by side; 0 is off.
    rows : dict of set -> sequence of (mean, low, high)
        Fractions, one for each strength.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = by_strength([0, 1], {"clean": [(0, 0, 0), (0.1, 0.05, 0.2)]})
    >>> len(figure.axes[0].lines)
    2
    """
    figure, ax = canvas(width=FULL, height=0.45 * FULL)
    for k, (name, values) in enumerate(rows.items()):
        means = [100 * mean for mean, _, _ in values]
        lows = [100 * low for _, low, _ in values]
        highs = [100 * high for _, _, high in values]
        colour = METHOD_COLOURS[k % len(METHOD_COLOURS)]
        ax.plot(means, MARKS[k % len(MARKS)] + "-", color=colour, label=name, ms=4)
        ax.fill_between(range(len(means)), lows, highs, color=colour, alpha=0.15, lw=0)
    ax.axhline(0, color="#444444", lw=1)
    ax.set_xticks(range(len(strengths)), ["off" if not value else f"{value:g}" for value in strengths])
    ax.set(xlabel="strength of the augmentation", ylabel=ylabel)
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=len(rows))
    return figure
