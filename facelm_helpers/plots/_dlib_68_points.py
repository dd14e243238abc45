"""Pictures of what detectors see and find, of a regression tree's pixels, and of a joint cascade."""

import numpy as np

from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, canvas, outline
from facelm_helpers.plots._faces import faces_grid

BOX_COLOURS = ("#E69F00", "#56B4E9", "#009E73")  # bright, for photographs; in the order of the names
SHARES = (0.9, 0.8, 0.7, 0.6, 0.5)  # of nodes that classify, by stage: Chen et al., ECCV 2014, 1 - 0.1 t


def pixels(images, points, spots, truth=None, titles=None, columns=4):
    """Draw faces as `faces_grid` does, with some pixels as large red dots.

    Parameters
    ----------
    images : sequence of N arrays (H, W, 3)
    points : array (N, 68, 2)
    spots : array (N, M, 2)
        Pixels, x then y; M of them on each face.
    truth : array (N, 68, 2), optional
    titles : sequence of N strings, optional
    columns : int

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = pixels(np.zeros((2, 9, 9, 3), np.uint8), np.ones((2, 68, 2)), np.zeros((2, 3, 2)))
    >>> len(figure.axes[0].lines[-1].get_xdata())
    3
    """
    figure = faces_grid(images, points, truth, titles=titles, columns=columns)
    for ax, pixel in zip(figure.axes, spots, strict=False):  # empty axes may follow in the last row
        ax.plot(*np.asarray(pixel).T, "o", color="red", mec="white", ms=7)
    return figure


def gradients(image, cell=8):
    """The histograms of oriented gradients of an image, as a picture: one star of strokes for each cell.

    Parameters
    ----------
    image : array (H, W, 3) uint8
    cell : int
        Side of a cell in pixels.

    Returns
    -------
    array (H, W) uint8

    Examples
    --------
    >>> gradients(np.eye(64, dtype=np.uint8)[..., None].repeat(3, axis=2)).shape
    (64, 64)
    """
    from skimage.feature import hog  # late: takes a third of a second

    _, strokes = hog(image, orientations=9, pixels_per_cell=(cell, cell), visualize=True, channel_axis=-1)
    brightest = np.quantile(strokes, 0.995) or 1.0
    return np.uint8(255 * np.clip(strokes / brightest, 0, 1))


def boxes(panels, columns=2):
    """Draw pictures with the boxes that one or several detectors report.

    Parameters
    ----------
    panels : dict of title -> (image, dict of name -> boxes (M, 4))
        Each name has its colour, in the order of `METHOD_COLOURS`, and a place in the legend.
    columns : int

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = boxes({"one": (np.zeros((9, 9, 3), np.uint8), {"dlib": [[1, 1, 5, 5]], "other": []})})
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['dlib', 'other']
    """
    titles, pairs = list(panels), list(panels.values())
    figure = faces_grid([image for image, _ in pairs], titles=titles, columns=columns)
    names = list(dict.fromkeys(name for _, found in pairs for name in found))
    lines = {}
    for ax, (_, found) in zip(figure.axes, pairs, strict=False):
        for k, name in enumerate(names):
            style = {"color": BOX_COLOURS[k], "lw": 2.2 - 0.5 * k, "ls": ("-", "--")[k % 2]}
            lines[name] = ax.plot([], [], **style)[0]
            for box in np.reshape(found.get(name, []), (-1, 4)) - 0.5:
                ax.plot(*outline(*box), **style)
    if any(names):
        figure.legend(lines.values(), lines, loc="outside lower center", ncols=len(lines))
    return figure


def detectors(found, names):
    """Draw the share of the faces that detectors find: by the turn of the head, and by the size of the face.

    Parameters
    ----------
    found : dict
        ``data/results/detectors.json``.
    names : dict of detector -> legend

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> sets = {f"yaw {low} to {low + 30}": {"faces": 2, "dlib": {"found": 1}} for low in (0, 30)}
    >>> figure = detectors({"faces": sets, "small_faces": {"dlib": {"0.1": 0.5}}}, {"dlib": "dlib"})
    >>> [ax.get_xlabel() for ax in figure.axes]
    ['yaw of the head, degrees', "side of the face, % of the picture's"]
    """
    figure, (left, right) = canvas(1, 2, FULL, 2.6)
    turned = {title.partition("yaw ")[2]: one for title, one in found["faces"].items() if "yaw" in title}
    for k, (name, legend) in enumerate(names.items()):
        style = {"color": METHOD_COLOURS[k], "marker": "os^D"[k], "ls": ("-", "--")[k % 2], "ms": 4}
        shares = [100 * one[name]["found"] / one["faces"] for one in turned.values()]
        left.plot(list(turned), shares, label=legend, **style)
        sizes = found["small_faces"][name]
        right.plot([100 * float(size) for size in sizes], [100 * share for share in sizes.values()], **style)
    left.set(xlabel="yaw of the head, degrees", ylabel="found, % of the faces", ylim=(-4, 104))
    right.set(xlabel="side of the face, % of the picture's", ylim=(-4, 104))
    left.legend(loc="lower left")
    return figure


def joint_cascade():
    """Draw the cascade that detects and aligns at once (Chen et al., ECCV 2014).

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> [text.get_text() for text in joint_cascade().axes[0].texts][:2]
    ['all\\nwindows', 'stage 1']
    """
    figure, (flow, bars) = canvas(2, 1, FULL, 3.3, height_ratios=[1.9, 1])
    places = [0, 1.25, 2.5, 3.75, 5.0]
    titles = ["all\nwindows", "stage 1", "stage 2", "stage 5", "faces and\npoints"]
    for x, text in zip(places, titles, strict=True):
        stage = text.startswith("stage")
        _block(flow, x, text, "" if not stage else "$f > \\theta$ ?  then\n$S \\leftarrow S + r$", stage)
    for k, (x, after) in enumerate(zip(places, places[1:], strict=False)):
        dotted = k == 2
        _arrow(flow, (x + 0.42, 0.5), (after - 0.42, 0.5), 5 - k, ":" if dotted else "-")
        if titles[k].startswith("stage"):
            _arrow(flow, (x, 0.1), (x, -0.32), 4 - k, "-", METHOD_COLOURS[1])
    words = "windows with too low a score"
    flow.text(3.85, -0.2, words, fontsize=8, color=METHOD_COLOURS[1], va="center")
    flow.set(xlim=(-0.5, 5.5), ylim=(-0.4, 1.05))
    flow.axis("off")
    _shares(bars)
    return figure


def _block(ax, x, text, below, filled):
    from matplotlib.patches import FancyBboxPatch

    colour = METHOD_COLOURS[0] if filled else "#666666"
    face = "#e5f0f7" if filled else "white"
    style = "round,pad=0.02,rounding_size=0.06"
    ax.add_patch(FancyBboxPatch((x - 0.38, 0.12), 0.76, 0.76, boxstyle=style, fc=face, ec=colour, lw=1.2))
    ax.text(x, 0.68 if below else 0.5, text, ha="center", va="center", fontsize=9)
    if below:
        ax.text(x, 0.36, below, ha="center", va="center", fontsize=8)


def _arrow(ax, start, end, width, style, colour="#333333"):
    from matplotlib.patches import FancyArrowPatch

    ax.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=11, lw=0.5 + 0.5 * width, ls=style, color=colour
        )
    )


def _shares(ax):
    stages = range(1, len(SHARES) + 1)
    rest = [1 - share for share in SHARES]
    ax.bar(
        stages, SHARES, 0.6, color=METHOD_COLOURS[1], alpha=0.85, label="nodes that tell faces from non-faces"
    )
    ax.bar(stages, rest, 0.6, bottom=SHARES, color=METHOD_COLOURS[0], alpha=0.85, label="nodes that align")
    ax.set(xlabel="stage", yticks=[0, 1], yticklabels=["0", "all"], xlim=(0.4, 10.4), xticks=list(stages))
    ax.grid(visible=False)
    ax.legend(loc="center right")
