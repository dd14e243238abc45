"""Pictures of a detector: its image pyramid, the boxes that it finds, the examples that it learns from."""

import numpy as np

from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, as_picture, canvas, outline
from facelm_helpers.plots._faces import dots, face


def pyramid(levels, maps):
    """Draw an image pyramid, each level in its own size, and below it a map of probabilities.

    Parameters
    ----------
    levels : sequence of arrays (H, W, 3)
        In 0..1; the largest first.
    maps : sequence of arrays (H', W')
        In 0..1; drawn as large as their levels.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> levels = [np.zeros((40, 50, 3)), np.zeros((20, 25, 3))]
    >>> len(pyramid(levels, [np.zeros((15, 20)), np.ones((5, 8))]).axes[0].images)
    4
    """
    gap, left = 4, 0
    high = max(len(level) for level in levels)
    wide = sum(level.shape[1] + gap for level in levels) - gap
    figure, ax = canvas(width=FULL, height=FULL * (2 * high + gap) / wide + 0.1)
    for level, heat in zip(levels, maps, strict=True):
        height, width = level.shape[:2]
        for top, picture in ((0, level), (high + gap, heat)):  # colours are taken as they are, maps of one
            extent = (left, left + width, top + height, top)
            ax.imshow(picture, "magma", vmin=0, vmax=1, extent=extent, interpolation="nearest")
        left += width + gap
    ax.set(xlim=(0, wide), ylim=(2 * high + gap, 0))
    ax.axis("off")
    return figure


def found(panels, columns=2, points=None):
    """Draw pictures with boxes, the surer the brighter.

    Parameters
    ----------
    panels : dict of title -> (image, boxes (M, 4), scores (M,))
    columns : int
    points : dict of title -> array (M, K, 2), optional

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> image = np.zeros((20, 30, 3), np.uint8)
    >>> figure = found({"P-Net": (image, [[1, 1, 9, 9]], [0.9]), "R-Net": (image, [], [])})
    >>> [ax.get_title() for ax in figure.axes]
    ['P-Net', 'R-Net']
    """
    from matplotlib import colormaps

    rows = -(-len(panels) // columns)
    image = as_picture(next(iter(panels.values()))[0])
    height = FULL / columns * image.shape[0] / image.shape[1] + 0.25
    figure, axes = canvas(rows, columns, FULL, rows * height, squeeze=False)
    for ax in axes.flat[len(panels) :]:
        ax.remove()
    for ax, (title, (image, boxes, scores)) in zip(axes.flat, panels.items(), strict=False):
        face(image, ax=ax, title=title)
        order = np.argsort(scores)  # the surest on top
        for k in order:
            colour = colormaps["plasma"](0.35 + 0.65 * float(scores[k]))
            ax.plot(*outline(*(np.asarray(boxes[k], float) - 0.5)), color=colour, lw=1.3)
        for shape in (points or {}).get(title, []):
            dots(ax, shape, 2.0)
    return figure


def mining(losses, share):
    """Draw losses from the hardest example to the easiest, and which of them count.

    Parameters
    ----------
    losses : dict of name -> array (N,)
        By kind of example; the share counts over all of them together.
    share : float
        Of the examples, the hardest, that count.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = mining({"faces": [0.1, 2.0], "no faces": [0.5, 0.01, 0.02]}, 0.4)
    >>> figure.axes[0].get_legend().get_texts()[0].get_text()
    'faces'
    """
    every = np.concatenate([np.asarray(values, float) for values in losses.values()])
    kind = np.repeat(np.arange(len(losses)), [len(values) for values in losses.values()])
    order = np.argsort(-every, kind="stable")
    figure, ax = canvas(height=0.4 * FULL)
    for k, name in enumerate(losses):
        places = np.flatnonzero(kind[order] == k)
        shown = np.maximum(every[order][places], 1e-6)
        ax.plot(places, shown, "|", color=METHOD_COLOURS[k], label=name, ms=7)
    ax.axvspan(share * len(every), len(every), color="#bbbbbb", alpha=0.45, lw=0)
    ax.set(yscale="log", xlabel="examples, the hardest first; those on grey do not count", ylabel="loss")
    ax.margins(x=0.01)
    ax.legend(loc="lower left")
    return figure
