"""Pictures of cascades: their features, the questions of a fern, and how they converge."""

import numpy as np

from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, canvas
from facelm_helpers.plots._faces import face, faces_grid


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


def cells(images, points, frames, side, at=(36, 45, 30, 48, 54), grid=3):
    """Draw squares of cells round some landmarks of each face.

    Parameters
    ----------
    images : sequence of N arrays (H, W, 3)
    points : array (N, 68, 2)
    frames : array (N, 2, 2)
        How the squares are rotated and scaled.
    side : float
        Side of a cell in pixels, before that.
    at : sequence of int
        The landmarks.
    grid : int
        Cells in a row.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> images = np.zeros((2, 64, 64, 3), np.uint8)
    >>> len(cells(images, np.full((2, 68, 2), 30.0), np.tile(np.eye(2), (2, 1, 1)), side=8).axes)
    2
    """
    figure = faces_grid(images, columns=len(images))
    lines = (np.arange(grid + 1) - grid / 2) * side
    ends = np.array([[[x, lines[0]], [x, lines[-1]]] for x in lines])
    for ax, shape, A in zip(figure.axes, points, frames, strict=True):
        centres = np.asarray(shape)[list(at)]
        for line in np.concatenate([ends, ends[..., ::-1]]) @ np.transpose(A):
            for centre in centres:
                ax.plot(*(centre + line).T, color="white", lw=0.9)
        ax.plot(*centres.T, "o", color=METHOD_COLOURS[1], ms=3.5, mec="white", mew=0.5)
    return figure


def bits(rows, edges, xlabel="leaves, tree after tree"):
    """Draw binary features as black cells, one row per face, with a grey line between two trees.

    Parameters
    ----------
    rows : array (N, D) of 0 and 1
    edges : sequence of int
        The columns at which another tree's leaves begin.
    xlabel : str

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = bits(np.eye(4), edges=[2])
    >>> len(figure.axes[0].images)
    1
    """
    rows = np.asarray(rows)
    figure, ax = canvas(width=FULL, height=0.7 + 0.16 * len(rows))
    ax.imshow(1 - rows, cmap="gray", aspect="auto", interpolation="nearest", vmin=0, vmax=1)
    for edge in edges:
        ax.axvline(edge - 0.5, color="#999999", lw=0.8)
    ax.set(xlabel=xlabel, ylabel="faces", yticks=[])
    ax.grid(visible=False)
    return figure


def numbered(images, places, titles=None, columns=3):
    """Draw faces with numbered places on them.

    Parameters
    ----------
    images : sequence of N arrays (H, W, 3)
    places : array (N, M, 2)
        Pixels, x then y.
    titles : sequence of N strings, optional
    columns : int

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = numbered(np.zeros((2, 9, 9, 3), np.uint8), np.ones((2, 3, 2)))
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['1', '2', '3']
    """
    figure = faces_grid(images, titles=titles, columns=columns)
    for ax, spots in zip(figure.axes, places, strict=False):  # empty axes may follow in the last row
        for k, spot in enumerate(spots):
            _number(ax, spot, k + 1, METHOD_COLOURS[k % len(METHOD_COLOURS)])
    return figure


def _number(ax, place, text, colour):
    box = {"boxstyle": "circle,pad=0.15", "fc": colour, "ec": "white", "lw": 0.8}
    ax.text(*place, str(text), color="white", size=7, weight="bold", ha="center", va="center", bbox=box)


def fern(image, pairs, differences, thresholds):
    """Draw the questions of a fern on a face, its answers, and the bin that they give.

    Parameters
    ----------
    image : array (H, W, 3)
    pairs : array (F, 2, 2)
        The two pixels u and v of each question, x then y.
    differences : array (F,)
        I(u) - I(v) on this face.
    thresholds : array (F,)

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = fern(np.zeros((9, 9, 3), np.uint8), np.ones((2, 2, 2)), [5, -1], [0, 0])
    >>> figure.axes[1].texts[-1].get_text()
    'bin = 1 + 0 = 1'
    """
    figure, (picture, table) = canvas(1, 2, FULL, 0.5 * FULL)
    face(image, ax=picture)
    for f, (u, v) in enumerate(np.asarray(pairs, float)):
        colour = METHOD_COLOURS[f % len(METHOD_COLOURS)]
        arrow = {"arrowstyle": "-|>", "color": colour, "lw": 2, "shrinkA": 0, "shrinkB": 0}
        picture.annotate("", v, u, arrowprops=arrow)
        _number(picture, u, f, colour)
    answers = np.asarray(differences) > np.asarray(thresholds)
    counts = [2**f * int(yes) for f, yes in enumerate(answers)]
    head = ("f", "$D_f$", "$\\tau_f$", "$D_f > \\tau_f$?", "counts")
    rows = [
        (str(f), f"{differences[f]:.0f}", f"{thresholds[f]:.0f}", "yes" if yes else "no", str(counts[f]))
        for f, yes in enumerate(answers)
    ]
    for line, row in enumerate([head, *rows]):
        for x, text in zip((0.02, 0.24, 0.46, 0.74, 0.98), row, strict=True):
            colour = METHOD_COLOURS[(line - 1) % len(METHOD_COLOURS)] if line else "black"
            table.text(x, 1 - line, text, color=colour, ha="center", va="center", size=10)
    total = " + ".join(map(str, counts))
    table.text(0.5, -len(rows) - 0.4, f"bin = {total} = {sum(counts)}", ha="center", va="center", size=11)
    table.set(xlim=(-0.05, 1.08), ylim=(-len(rows) - 1, 1.8))
    table.axis("off")
    return figure
