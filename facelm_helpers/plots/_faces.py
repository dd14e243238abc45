"""Pictures of faces with points on them."""

import numpy as np

from facelm_helpers.landmarks import N_POINTS, REGIONS
from facelm_helpers.plots._canvas import FULL, REGION_COLOURS, SQUARE, as_picture, canvas, outline

OTHER_MARKUP = "#F0E442"  # points of an annotation scheme whose regions have no colours


def face(image, points=None, truth=None, box=None, ax=None, title=None):
    """Draw one face.

    Parameters
    ----------
    image : array (H, W, 3) uint8
    points : array (K, 2), optional
        Dots, in the colour of their region if K is 68. Pixels, x then y.
    truth : array (K, 2), optional
        White crosses, and a thin line from each to its point.
    box : array (4,), optional
        Left, top, right, bottom.
    ax : matplotlib axes, optional
        Draw here instead of on a new figure.
    title : str, optional

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = face(np.zeros((100, 80, 3), np.uint8), points=np.full((68, 2), 40.0), box=[10, 10, 70, 90])
    >>> [float(limit) for limit in figure.axes[0].get_xlim()]
    [-0.5, 79.5]
    """
    image = as_picture(image)
    height, width = image.shape[:2]
    if ax is None:
        figure, ax = canvas(width=SQUARE, height=SQUARE * min(height / width, 1.5) + 0.3 * bool(title))
    ax.imshow(image, vmin=0, vmax=255, interpolation="bicubic" if width < 256 else "antialiased")
    if box is not None:
        # The box's edges are continuous coordinates in which pixel 0 reaches from -0.5 to 0.5
        ax.plot(*outline(*(float(edge) - 0.5 for edge in box)), color="white", lw=1.2)
    size = _dot_size(ax, width, truth if points is None else points)
    if truth is not None and points is not None:
        for start, end in zip(truth, points, strict=True):
            ax.plot(*np.stack([start, end]).T, color="white", lw=0.2 * size)
    if truth is not None:
        ax.plot(*np.asarray(truth).T, "x", color="white", ms=size, mew=0.3 * size)
    if points is not None:
        dots(ax, points, size)
    ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), title=title or "")
    ax.axis("off")
    return ax.figure


def _dot_size(ax, width, points):
    """The size of a dot in typographic points, in proportion to the drawn face and within limits."""
    if points is None:
        return 3.0
    if len(points) > 200:  # dense points are read as a surface
        return 0.9
    paper = ax.get_position().width * ax.get_figure(root=True).get_figwidth()  # if it lies in a subfigure
    share = np.ptp(np.asarray(points), axis=0).max() / width if len(points) == N_POINTS else 0.6
    return float(np.clip(3.2 * paper * share, 1.2, 3.6))


def dots(ax, points, size=3.0, colour=None):
    """Dots on an axes: one colour per region for 68 points, else `colour`."""
    points = np.asarray(points)
    if len(points) == N_POINTS and colour is None:
        groups = [(points[index], REGION_COLOURS[region], "white") for region, index in REGIONS.items()]
    else:
        groups = [(points, colour or OTHER_MARKUP, "black")]
    for group, paint, edge in groups:
        ax.plot(*group.T, "o", color=paint, ms=size, mec=edge, mew=0.12 * size)


def faces_grid(images, points=None, truth=None, boxes=None, titles=None, columns=8):
    """Draw many faces in rows.

    Parameters
    ----------
    images : sequence of N arrays (H, W, 3)
    points, truth : array (N, K, 2), optional
    boxes : array (N, 4), optional
    titles : sequence of N strings, optional
    columns : int

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = faces_grid(np.zeros((5, 8, 8, 3), np.uint8), columns=3)
    >>> len(figure.axes)
    6
    """
    count = len(images)
    if not count:
        raise ValueError("A grid of faces needs at least one image; got none.")
    columns = min(columns, count)
    rows = -(-count // columns)
    side = FULL / columns
    figure, axes = canvas(rows, columns, FULL, rows * (side + (0.25 if titles else 0)), squeeze=False)
    figure.get_layout_engine().set(w_pad=0.015, h_pad=0.03, wspace=0, hspace=0)
    for i, ax in enumerate(axes.flat):
        if i >= count:
            ax.axis("off")
            continue
        given = {"points": points, "truth": truth, "box": boxes, "title": titles}
        face(images[i], ax=ax, **{name: value[i] for name, value in given.items() if value is not None})
    return figure


def compare(image, points, truth=None, box=None, columns=None):
    """Draw several methods' points on the same face, side by side.

    Parameters
    ----------
    image : array (H, W, 3)
    points : dict of name -> array (K, 2)
    truth : array (K, 2), optional
    box : array (4,), optional
    columns : int, optional
        All in one row unless said otherwise.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> image = np.zeros((64, 64, 3), np.uint8)
    >>> figure = compare(image, {"dlib": np.full((68, 2), 30.0), "mean shape": np.full((68, 2), 34.0)})
    >>> [ax.get_title() for ax in figure.axes]
    ['dlib', 'mean shape']
    """
    count = len(points)
    return faces_grid(
        [image] * count,
        list(points.values()),
        truth=None if truth is None else [truth] * count,
        boxes=None if box is None else [box] * count,
        titles=list(points),
        columns=columns or count,
    )
