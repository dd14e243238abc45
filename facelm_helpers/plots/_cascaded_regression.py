"""Pictures of cascades: their convergence, their features, and error by year of publication."""

import numpy as np

from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, canvas
from facelm_helpers.plots._faces import faces_grid


def convergence(by_stage, by_start, by_count):
    """Draw the error by stage, by the initialisation's displacement, and by the number of training faces.

    Parameters
    ----------
    by_stage : dict of name -> array (T + 1,)
        Errors as fractions, at all stages or at evenly spaced ones; drawn over the share of stages.
    by_start : (array (D,), dict of name -> array (D,))
        How far boxes were moved, in sides; errors.
    by_count : (array (C,), dict of name -> (array (C,), array (C,)))
        Numbers of training faces; training and test errors.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = convergence({"a": [0.2, 0.1]}, ([0, 0.1], {"a": [0.1, 0.2]}), ([9, 99], {}))
    >>> len(figure.axes)
    3
    """
    figure, (stages, starts, counts) = canvas(columns=3, width=FULL, height=0.42 * FULL)
    colour = dict(zip(by_stage, METHOD_COLOURS, strict=False))
    for name, errors in by_stage.items():
        stages.plot(np.linspace(0, 1, len(errors)), 100 * np.asarray(errors), color=colour[name], label=name)
    away, lines = by_start
    for name, errors in lines.items():
        starts.plot(away, 100 * np.asarray(errors), color=colour[name])
    numbers, pairs = by_count
    for name, (train, test) in pairs.items():
        counts.plot(numbers, 100 * np.asarray(test), color=colour[name])
        counts.plot(numbers, 100 * np.asarray(train), color=colour[name], ls=":")
    stages.set(xlabel="share of the stages", ylabel="NME, %", title="by stage")
    starts.set(xlabel="box moved by, in sides", title="by start")
    counts.set(xlabel="dotted: training error", title="by training faces", xscale="log")
    counts.set_xticks(numbers, [f"{n:,}" for n in numbers])
    counts.minorticks_off()
    for ax in figure.axes:
        ax.set_ylim(bottom=0)
    figure.legend(*stages.get_legend_handles_labels(), loc="outside lower center", ncols=len(by_stage))
    return figure


def cells(image, points, sides, angle=0.0, at=(36, 45, 30, 48, 54), grid=3):
    """Draw squares of cells round some landmarks, a picture for each size of cell.

    Parameters
    ----------
    image : array (H, W, 3)
    points : array (68, 2)
    sides : dict of title -> float
        Side of a cell in pixels.
    angle : float
        How the squares are turned, in radians.
    at : sequence of int
        The landmarks.
    grid : int
        Cells in a row.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> len(cells(np.zeros((64, 64, 3), np.uint8), np.full((68, 2), 30.0), {"first": 8, "last": 4}).axes)
    2
    """
    figure = faces_grid([image] * len(sides), titles=list(sides), columns=max(len(sides), 3))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    for ax, side in zip(figure.axes, sides.values(), strict=False):
        lines = (np.arange(grid + 1) - grid / 2) * side
        ends = np.array([[[x, lines[0]], [x, lines[-1]]] for x in lines])
        for line in np.concatenate([ends, ends[..., ::-1]]) @ turn.T:
            for centre in np.asarray(points)[list(at)]:
                ax.plot(*(centre + line).T, color="white", lw=0.9)
        middles = np.asarray(points)[list(at)].T
        ax.plot(*middles, "o", color=METHOD_COLOURS[1], ms=3.5, mec="white", mew=0.5)
    return figure


def bits(rows, trees, xlabel="leaves, tree after tree"):
    """Draw binary features as black cells, one row per face, with a grey line between two trees.

    Parameters
    ----------
    rows : array (N, D) of 0 and 1
    trees : int
        Trees whose leaves lie side by side.
    xlabel : str

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = bits(np.eye(4), trees=2)
    >>> len(figure.axes[0].images)
    1
    """
    rows = np.asarray(rows)
    figure, ax = canvas(width=FULL, height=0.7 + 0.16 * len(rows))
    ax.imshow(1 - rows, cmap="gray", aspect="auto", interpolation="nearest", vmin=0, vmax=1)
    for edge in np.linspace(0, rows.shape[1], trees + 1)[1:-1]:
        ax.axvline(edge - 0.5, color="#999999", lw=0.8)
    ax.set(xlabel=xlabel, ylabel="faces", yticks=[])
    ax.grid(visible=False)
    return figure


def by_year(methods):
    """Draw each method's error over the year of its paper.

    Parameters
    ----------
    methods : dict of title -> (year, error)
        Errors as fractions.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> [label.get_text() for label in by_year({"CPR": (2010, 0.1), "ESR": (2012, 0.08)}).axes[0].texts]
    ['CPR', 'ESR']
    """
    figure, ax = canvas(width=FULL, height=0.5 * FULL)
    heights = sorted((error for _, error in methods.values()), reverse=True)
    apart = 0.07 * max(heights, default=1)
    for i, (title, (year, error)) in enumerate(sorted(methods.items(), key=lambda item: item[1])):
        crowd = [e for y, e in methods.values() if abs(y - year) < 6 and abs(e - error) < apart]
        lift = 9 * (sorted(crowd).index(error) - (len(crowd) - 1) / 2)
        ax.plot(year, 100 * error, "o", color=METHOD_COLOURS[i % len(METHOD_COLOURS)], ms=6)
        ax.annotate(title, (year, 100 * error), xytext=(8, lift), textcoords="offset points", va="center",
                    fontsize=8)  # fmt: skip
    ax.set(xlabel="year of the paper", ylabel="NME, %", xlim=(1990, 2024))
    ax.set_ylim(0, 115 * max(heights, default=1))
    ax.xaxis.set_major_formatter("{x:.0f}")
    return figure
