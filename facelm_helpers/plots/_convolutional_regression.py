"""Pictures of cascades of networks: what each looks at, what each level brings, how tasks and clusters do."""

import numpy as np

from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, canvas
from facelm_helpers.plots._faces import face


def views(image, squares, pictures, titles, points=None, columns=4, kinds=None):
    """Draw a face with the squares that networks cut out of it, and beside it what the networks see.

    Parameters
    ----------
    image : array (H, W, 3)
    squares : array (M, 4, 2)
        Corners in pixels, one after the other; a square may be rotated.
    pictures : sequence of M arrays
        (S, S, 3), (S, S, 1) or (S, S), whole numbers from 0 to 255 or fractions.
    titles : sequence of M strings
    points : array (K, 2), optional
        On the face.
    columns : int
        Of the pictures beside the face.
    kinds : sequence of M ints, optional
        Squares of one kind have one colour; by default each its own, of six.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> square = [[1, 1], [5, 1], [5, 5], [1, 5]]
    >>> figure = views(np.zeros((9, 9, 3), np.uint8), [square], [np.zeros((4, 4, 1))], ["an eye"])
    >>> [ax.get_title() for ax in figure.axes]
    ['', 'an eye']
    >>> figure = views(np.zeros((9, 9, 3), np.uint8), [square], [np.zeros((4, 4))], ["an eye"], [[3, 3]])
    """
    rows, kinds = -(-len(pictures) // columns), range(len(pictures)) if kinds is None else kinds
    figure, _ = canvas(width=FULL, height=max(0.36 * FULL, rows * (0.58 * FULL / columns + 0.25)))
    figure.clear()
    left, right = figure.subfigures(1, 2, width_ratios=[0.4, 0.6])
    face(image, points, ax=(ax := left.subplots()))
    for k, corners in enumerate(np.asarray(squares, float)):
        ax.plot(*np.concatenate([corners, corners[:1]]).T, color=_colour(kinds[k]), lw=1.6)
    panels = np.atleast_1d(right.subplots(rows, columns)).ravel()
    for ax in panels:
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
        ax.spines[:].set_visible(False)
    for k, (ax, picture, title) in enumerate(zip(panels, pictures, titles, strict=False)):
        seen = np.asarray(picture)
        seen = seen[..., 0] if seen.ndim == 3 and seen.shape[2] == 1 else seen
        ax.imshow(seen, vmin=0, vmax=255 if seen.max() > 1 else 1, cmap="gray", interpolation="nearest")
        ax.spines[:].set(visible=True, color=_colour(kinds[k]), linewidth=2.5)
        ax.set_title(title, fontsize=8)
    for ax in panels[len(pictures) :]:
        ax.remove()
    return figure


def _colour(k):
    return METHOD_COLOURS[:6][k % 6]


def levels(panels):
    """Draw the error after each level of cascades of networks.

    Parameters
    ----------
    panels : dict of title -> dict of name -> array (T + 1,)
        Errors as fractions, the start first. The start, which is far above, is left out.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = levels({"inner points": {"dcnn": [0.2, 0.06, 0.05, 0.04]}})
    >>> figure.axes[0].lines[0].get_ydata().tolist()
    [6.0, 5.0, 4.0]
    """
    figure, axes = canvas(1, len(panels), FULL, 0.42 * FULL, sharey=True, squeeze=False)
    for ax, (title, lines) in zip(axes[0], panels.items(), strict=True):
        for k, (name, errors) in enumerate(lines.items()):
            y = np.round(100 * np.asarray(errors)[1:], 9)
            ax.plot(range(1, len(y) + 1), y, "os^D"[k % 4], ls="-", ms=5, color=_colour(k), label=name)
            ax.set_xticks(range(1, len(y) + 1))
        ax.set(title=title, xlabel="level", xlim=(0.7, 3.3))
    axes[0][0].set(ylabel="NME, %", ylim=(0, None))  # once all is drawn: the panels share it
    axes[0][-1].legend(loc="lower left")
    return figure


def task_curves(tasks):
    """Draw each task's loss on training and on held-out faces, and when it was stopped.

    Parameters
    ----------
    tasks : dict of title -> (steps (R,), training losses (R,), held-out losses (R,), step or None)
        The last is when the task was stopped.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = task_curves({"pose": ([1, 2], [2, 1], [2, 1.5], None), "mouth": ([1, 2], [1, 0], [1, 2], 2)})
    >>> [len(ax.lines) for ax in figure.axes]
    [2, 3]
    """
    figure, axes = canvas(1, len(tasks), FULL, 0.4 * FULL, squeeze=False)
    for ax, (title, (steps, train, held_out, stopped)) in zip(axes[0], tasks.items(), strict=True):
        ax.plot(steps, train, ":", color=METHOD_COLOURS[0], label="training faces")
        ax.plot(steps, held_out, color=METHOD_COLOURS[0], label="held-out faces")
        if stopped is not None:
            ax.axvline(stopped, color=METHOD_COLOURS[1], lw=1.2, label="stopped")
        ax.set(title=title, xlabel="step", ylim=(0, None))
    shown = {line.get_label(): line for ax in axes[0] for line in ax.lines}
    axes[0][0].set_ylabel("loss")
    figure.legend(shown.values(), shown, loc="outside lower center", ncols=3)
    return figure


def differences(rows, xlabel):
    """Draw differences with their intervals, and the single values that they come from, against 0.

    Parameters
    ----------
    rows : dict of name -> (middle, low, high, sequence of single values)
        Where there are none, the picture says so.
    xlabel : str

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = differences({"LFPW": (-0.1, -0.3, 0.1, [-0.2, 0.0])}, "difference")
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['LFPW']
    """
    figure, ax = canvas(width=FULL, height=0.75 + 0.42 * max(len(rows), 1))
    if not rows:
        ax.text(0.5, 0.5, "not measured yet", ha="center", va="center", transform=ax.transAxes)
    ax.axvline(0, color="#888888", lw=1, ls=":")
    for y, (middle, low, high, single) in enumerate(rows.values()):
        ax.plot([low, high], [y, y], color=METHOD_COLOURS[0], lw=2)
        ax.plot(single, [y - 0.22] * len(single), "o", color="#888888", ms=3.5)
        ax.plot(middle, y, "D", color=METHOD_COLOURS[0], ms=6)
    ax.set(xlabel=xlabel, ylim=(max(len(rows), 1) - 0.5, -0.6))
    ax.set_yticks(range(len(rows)), rows)
    ax.grid(visible=False, axis="y")
    return figure
