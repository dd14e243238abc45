"""What everything is drawn on: colours, sizes, a figure and its axes.

matplotlib is imported by the first figure: it takes most of a second, and code that only measures draws none.
"""

import numpy as np

REGION_COLOURS = {
    "jaw": "#0072B2",
    "brows": "#E69F00",
    "nose": "#009E73",
    "eyes": "#CC79A7",
    "mouth": "#D55E00",
}
"""One colour per face region (Okabe and Ito's palette, 2008, made for colour-blind readers)."""

METHOD_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#666666", "#000000")
"""Colours for curves of methods, used in this order; line styles change once the colours run out."""

FULL = 15 / 2.54
"""Width in inches of a figure as wide as the text. Small, so that its letters can be read on a phone."""

SQUARE = 0.7 * FULL
"""Width in inches of a single picture that is about as tall as wide."""

STYLE = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "image.cmap": "gray",
    "axes.prop_cycle": f"cycler(color={list(METHOD_COLOURS)})",
    "savefig.facecolor": "white",
}


def setup():
    """Give matplotlib the style of the course. Call it once, in the first cell of a notebook.

    >>> import matplotlib
    >>> setup()
    >>> matplotlib.rcParams["legend.frameon"]
    False
    """
    import matplotlib

    matplotlib.rcParams.update(STYLE)


def canvas(rows=1, columns=1, width=None, height=None, **options):
    """A new figure and its axes, in the course's sizes.

    Parameters
    ----------
    rows, columns : int
        How many axes.
    width, height : float, optional
        Inches, `FULL` by default; the height is half of it for one axes, else it makes them square.
    **options
        Passed on to `matplotlib.figure.Figure.subplots`.

    Returns
    -------
    figure : matplotlib.figure.Figure
        Not known to pyplot, so a notebook does not show it twice.
    axes : matplotlib.axes.Axes or array of them

    Examples
    --------
    >>> figure, axes = canvas(columns=2)
    >>> len(axes)
    2
    """
    from matplotlib.figure import Figure

    width = width or FULL
    height = height or (0.5 * width if rows == columns == 1 else rows * width / columns)
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def as_picture(image):
    """An image to draw: an array of shape (H, W) or (H, W, 3).

    Raises
    ------
    ValueError
        If the shape is anything else.
    """
    image = np.asarray(image)
    if image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3):
        return image
    raise ValueError(f"An image to draw has shape (H, W) or (H, W, 3); got {image.shape}.")


def outline(left, top, right, bottom):
    """The edges of a rectangle as a closed line, x and y.

    >>> outline(0, 1, 4, 3)
    ([0, 4, 4, 0, 0], [1, 1, 3, 3, 1])
    """
    return [left, right, right, left, left], [top, top, bottom, bottom, top]
