"""The paper everything is drawn on: colours, sizes, and `show`, which never forgets the alternative text.

matplotlib is imported by the first figure: it takes most of a second, and who only measures draws none.
"""

import base64
import html
import io

import numpy as np
from PIL import Image

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

HALF = 9 / 2.54
"""Width in inches of a single picture: 9 cm."""

FULL = 17 / 2.54
"""Width in inches of a picture as wide as the text: 17 cm."""

DPI = 144
"""Dots per inch of the files; they are shown at 96, so that they stay crisp on fine screens."""

PNG_LIMIT = 60_000
"""Bytes. A picture that is larger as PNG (photographs are) is written as WebP instead."""

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
        Inches. One column is `HALF` wide and more are `FULL`; the height follows from square-ish axes.
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

    width = width or (HALF if columns == 1 else FULL)
    height = height or (0.7 * width if rows == columns == 1 else rows * width / columns)
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def show(figure, alt):
    """Show a figure in the notebook, with the words that stand for it.

    The picture goes into the page as an ``img`` element with its ``alt`` attribute: JupyterLab and nbconvert
    drop the alternative text of plain ``image/png`` outputs.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What is to be seen, for a reader who cannot see it. One or two sentences.

    Raises
    ------
    ValueError
        If `alt` says next to nothing (fewer than 20 characters).

    Examples
    --------
    >>> figure, axes = canvas()
    >>> show(figure, alt="An empty pair of axes, both from 0 to 1.")
    [picture: An empty pair of axes, both from 0 to 1.]
    """
    element, words = page(figure, alt)
    _display(element, words)


def page(figure, alt):
    """A figure as an ``img`` element, and as words: what `show` displays.

    Returns
    -------
    element, words : str

    Examples
    --------
    >>> page(canvas()[0], alt="An empty pair of axes, both from 0 to 1.")[0][:40]
    '<img alt="An empty pair of axes, both fr'
    """
    if not isinstance(alt, str) or len(alt.strip()) < 20:
        raise ValueError(f"alt={alt!r} does not describe the picture: write one or two sentences.")
    kind, data = _encode(figure)
    width = round(figure.get_figwidth() * 96)
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    style = "padding-top: 8px"  # apart from what the cell has printed
    element = f'<img alt="{html.escape(alt, quote=True)}" width="{width}" style="{style}" src="{source}">'
    return element, f"[picture: {alt}]"


def _display(element, words):
    from IPython import display, get_ipython  # late: takes a third of a second, and only notebooks need it

    if get_ipython() is None:
        print(words)
    else:
        display.display({"text/html": element, "text/plain": words}, raw=True)


def _encode(figure):
    """The figure as ("png" or "webp", bytes)."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    if stream.tell() <= PNG_LIMIT:
        return "png", stream.getvalue()
    with Image.open(stream) as picture:
        smaller = io.BytesIO()
        picture.convert("RGB").save(smaller, format="webp", quality=85, method=4)
    return "webp", smaller.getvalue()


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
