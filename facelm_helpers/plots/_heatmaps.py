"""Pictures of heatmaps: over faces, pixel by pixel, and how exactly a place is read from them."""

import numpy as np

from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, SQUARE, canvas
from facelm_helpers.plots._faces import faces_grid

MARKERS = "ovs^Dp"
LEAST = 0.01  # the smallest error that is drawn, pixels


def heatmaps(images, maps, points=None, truth=None, titles=None, columns=4):
    """Draw faces in grey and maps over them, the brighter the larger the value.

    Parameters
    ----------
    images : sequence of N arrays (H, W, 3)
    maps : array (N, S, S) or (N, S, S, K)
        Each reaches over its whole image; of K maps the largest value is drawn, each divided by its own
        maximum.
    points, truth : array (N, M, 2), optional
        As `plots.face` draws them.
    titles : sequence of N strings, optional
    columns : int

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = heatmaps(np.zeros((2, 32, 32, 3), np.uint8), np.ones((2, 8, 8)))
    >>> [len(ax.images) for ax in figure.axes]
    [2, 2]
    """
    from matplotlib import colormaps

    grey = [
        np.repeat(np.mean(image, axis=-1, keepdims=True), 3, axis=-1).astype(np.uint8) for image in images
    ]
    figure = faces_grid(grey, points, truth, titles=titles, columns=columns)
    for ax, image, one in zip(figure.axes, images, maps, strict=False):
        one = one[..., None] if one.ndim == 2 else one
        shown = (one / np.maximum(one.max(axis=(0, 1)), 1e-9)).max(axis=-1)
        colours = colormaps["inferno"](0.25 + 0.75 * shown)
        colours[..., 3] = np.clip(1.4 * shown, 0, 0.85)
        height, width = image.shape[:2]
        ax.imshow(
            colours, extent=(-0.5, width - 0.5, height - 0.5, -0.5), interpolation="nearest", zorder=1.5
        )
    return figure


def decoded(m, truth, places):
    """Draw one map pixel by pixel, the true place, and where it was read.

    Parameters
    ----------
    m : array (S, S)
    truth : (float, float)
        x, y in the map's pixels.
    places : dict of name -> (float, float)

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = decoded(np.eye(4), (1.2, 1.4), {"argmax": (1, 1)})
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['truth', 'argmax']
    """
    figure, ax = canvas(width=SQUARE, height=0.75 * SQUARE)
    ax.imshow(m, cmap="gray", interpolation="nearest")
    ax.plot(*truth, "P", color="white", mec="black", ms=11, label="truth")
    for i, (name, place) in enumerate(places.items()):
        style = {"color": METHOD_COLOURS[(i + 1) % len(METHOD_COLOURS)], "ms": 7, "mec": "white"}
        ax.plot(*place, MARKERS[i % len(MARKERS)], label=name, **style)
    ax.set(xticks=range(m.shape[1]), yticks=range(m.shape[0]), xlabel="x, map pixels", ylabel="y")
    ax.grid(visible=False)
    figure.legend(*ax.get_legend_handles_labels(), loc="outside right center")
    ax.legend().set_visible(False)
    return figure


def decoding(sides, panels):
    """Draw the error of each decoder against the side of the maps, both axes logarithmic.

    Parameters
    ----------
    sides : sequence of int
    panels : dict of title -> dict of name -> sequence of float
        Mean errors in pixels of the crop; what is below `LEAST` is drawn there.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = decoding([8, 16], {"clean": {"argmax": [6, 3]}, "noisy": {"argmax": [7, 3]}})
    >>> [ax.get_title() for ax in figure.axes]
    ['clean', 'noisy']
    """
    figure, axes = canvas(columns=len(panels), width=FULL, height=2.9, squeeze=False, sharey=True)
    for ax, (title, lines) in zip(axes[0], panels.items(), strict=True):
        for i, (name, errors) in enumerate(lines.items()):
            ax.plot(
                sides,
                np.maximum(errors, LEAST),
                marker=MARKERS[i],
                ms=4,
                color=METHOD_COLOURS[(i + 1) % 8],
                label=name,
            )
        ax.set(title=title, xlabel="side of the map", xscale="log", yscale="log")
        ax.set_xticks(sides, [str(side) for side in sides])
        ax.minorticks_off()
    axes[0][0].set_ylabel("mean error, pixels of the crop")
    axes[0][0].yaxis.set_major_formatter("{x:g}")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def votes(images, side, cell, own, votes, neighbours, points, truth=None):
    """Draw a coarse grid on faces, and what its cells say of one point of each.

    Parameters
    ----------
    images : sequence of N arrays (H, H, 3)
    side : int
        Cells in a row.
    cell : array (N, K, 2)
        The cell of each point, column and row.
    own : array (N, K, 2)
        Where each point's cell says that the point is, in cells from the grid's corner; drawn as a square.
    votes : array (N, K, n, 2)
        Where it says that the point's n neighbours are; drawn as dots. A cross is the mean of all words.
    neighbours : array (K, n) of int
    points : sequence of N ints
        The point to draw on each face.
    truth : array (N, 2), optional
        As ``own``; drawn as a ring.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> image, cell = np.zeros((1, 32, 32, 3), np.uint8), np.array([[[1, 1], [2, 1]]])
    >>> figure = votes(image, 4, cell, cell + 0.5, cell[:, ::-1, None] + 0.4, np.array([[1], [0]]), [0])
    >>> len(figure.axes)
    1
    """
    figure = faces_grid(images, columns=len(images))
    rings = [None] * len(images) if truth is None else truth
    for i, (ax, image, point, ring) in enumerate(zip(figure.axes, images, points, rings, strict=True)):
        pixels = len(image) / side
        for edge in np.arange(1, side) * pixels - 0.5:
            ax.axvline(edge, color="white", lw=0.4, alpha=0.6)
            ax.axhline(edge, color="white", lw=0.4, alpha=0.6)
        voters, which = np.nonzero(neighbours == point)  # who speaks of it, and as which of its neighbours
        said = np.concatenate([own[i, [point]], votes[i, voters, which]]) * pixels - 0.5
        starts = (cell[i, [point, *voters]] + 0.5) * pixels - 0.5
        for start, end in zip(starts[1:], said[1:], strict=True):
            ax.plot(*np.stack([start, end]).T, color=METHOD_COLOURS[5], lw=1)
            ax.plot(*end, "o", color=METHOD_COLOURS[5], ms=4, mec="black", mew=0.4)
        ax.plot(*np.stack([starts[0], said[0]]).T, color=METHOD_COLOURS[4], lw=2)
        ax.plot(*said[0], "s", color=METHOD_COLOURS[4], ms=6, mec="black", mew=0.5)
        if ring is not None:
            ax.plot(*(np.asarray(ring) * pixels - 0.5), "o", mfc="none", mec="#00e676", ms=12, mew=2)
        ax.plot(*said.mean(axis=0), "X", color="white", ms=7, mec="black", mew=0.6)
    return figure
