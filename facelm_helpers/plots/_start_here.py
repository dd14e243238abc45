"""The 68 points by number."""

import numpy as np

from facelm_helpers.landmarks import N_POINTS, REGIONS
from facelm_helpers.plots._canvas import FULL, REGION_COLOURS, canvas


def markup(points, numbers=True):
    """Draw the 68 points by region, each with its number (0 to 67, as in code).

    Parameters
    ----------
    points : array (68, 2)
        The shape to draw, for example a mean shape.
    numbers : bool

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = markup(np.random.default_rng(0).normal(size=(68, 2)))
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['jaw', 'brows', 'nose', 'eyes', 'mouth']
    """
    points = np.asarray(points, np.float64)
    if points.shape != (N_POINTS, 2):
        raise ValueError(f"points have shape {points.shape}: wanted (68, 2)")
    extent = np.ptp(points, axis=0)
    figure, (whole, mouth) = canvas(columns=2, width=FULL, height=0.52 * FULL * extent[1] / extent[0] + 0.5)
    for ax, regions in ((whole, REGIONS), (mouth, ("mouth",))):
        for region in regions:
            ax.plot(*points[REGIONS[region]].T, "o", color=REGION_COLOURS[region], ms=4.5, label=region)
            for i in REGIONS[region] if numbers and (region == "mouth") == (ax is mouth) else ():
                x, y = _number_side(points, i)
                place = {"xytext": (8 * x, -8 * y), "textcoords": "offset points"}
                ax.annotate(str(i), points[i], ha="center", va="center", fontsize=7.5, **place)
        ax.set_aspect("equal")
        ax.invert_yaxis()
        ax.margins(0.09)
        ax.axis("off")
    mouth.set_title("the mouth, larger")
    figure.legend(*whole.get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def _number_side(points, i):
    """The direction, of length 1, in which point i's number stands beside it."""
    if i < 17:  # jaw: outside
        away = points[i] - points[:17].mean(axis=0)
    elif i < 27:  # brows: above
        away = np.array([0.0, -1.0])
    elif i < 31:  # bridge of the nose: to the right
        away = np.array([1.0, 0.0])
    elif i < 36:  # base of the nose: below
        away = np.array([0.0, 1.0])
    else:  # an eye, the outer lips, the inner lips: away from their middle, inner lips towards it
        group = next(g for g in (range(36, 42), range(42, 48), range(48, 60), range(60, 68)) if i in g)
        away = points[i] - points[group].mean(axis=0)
        away = away * [0.3, 1.0] * (-1 if i >= 60 else 1)
    return away / (np.linalg.norm(away) or 1.0)
