"""Pictures of what errors are divided by, and of what becomes of it when a head turns."""

import numpy as np

from facelm_helpers import metrics
from facelm_helpers.boxes import tight_boxes
from facelm_helpers.landmarks import LEFT_EYE, RIGHT_EYE
from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, as_picture, canvas, outline

COLOURS = dict(zip(metrics.NORMALISERS, ("#0072B2", "#CC79A7", "#D55E00", "#009E73"), strict=True))
YOURS = "yours"


def normalisers(image, truth):
    """Draw the four lengths by which errors are divided (see `facelm_helpers.metrics.normaliser`).

    Parameters
    ----------
    image : array (H, W, 3)
    truth : array (68, 2)

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> points = np.random.default_rng(0).uniform(9, 60, (68, 2))
    >>> figure = normalisers(np.zeros((64, 64, 3), np.uint8), points)
    >>> [ax.get_title().splitlines()[0] for ax in figure.axes]
    ['inter_ocular', 'inter_pupil', 'box', 'diagonal']
    """
    figure, axes = canvas(columns=4, width=FULL, height=FULL / 4 + 0.45)
    for ax, (name, line) in zip(axes, _lines(truth).items(), strict=True):
        ax.imshow(as_picture(image), alpha=0.75)
        if name in ("box", "diagonal"):
            ax.plot(*outline(*tight_boxes(np.asarray(truth)[None])[0]), color="white", lw=1)
        if name == "box":  # the square of the same area as the box
            (left, y), (right, _) = line
            half = (right - left) / 2
            ax.plot(*outline(left, y - half, right, y + half), color=METHOD_COLOURS[0], lw=1, ls="--")
        ax.plot(*line.T, "o-", color=METHOD_COLOURS[1], lw=2, ms=4, mec="white", mew=0.6)
        length = metrics.normaliser(np.asarray(truth)[None], name)[0]
        ax.set_title(f"{name}\n{length:.0f} pixels")
        ax.axis("off")
    return figure


def head_turn(head, degrees, own=None):
    """Draw a turned head with the four normalisers in it, and how long each is at every angle.

    Parameters
    ----------
    head : TurningHead
        See `facelm_helpers.sources.synthetic.turning_head`.
    degrees : float
        From 0 to 85: at 90 the eye corners fall on one point.
    own : callable, optional
        A fifth normaliser: from points (68, 2) to a length in pixels.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from facelm_helpers.sources.synthetic import turning_head
    >>> [text.get_text() for text in head_turn(turning_head(), 60).axes[1].get_legend().get_texts()][0]
    'inter_ocular  50 %'
    """
    view = head(degrees)
    figure, (left, right) = canvas(columns=2, height=0.56 * FULL)
    left.imshow(np.full((320, 320, 3), 235, np.uint8) if view.image is None else as_picture(view.image))
    left.plot(*view.solid.T, "o", color="white", ms=2.2, mec="#444444", mew=0.4)
    for name, line in _lines(view.solid).items():
        left.plot(*line.T, "o-", color=COLOURS[name], lw=2, ms=3.5, mec="white", mew=0.5)
    left.set(xlim=(0, 320), ylim=(320, 0), title=f"turned by {degrees:.0f} degrees")
    left.axis("off")
    angles = np.linspace(0, 85, 35)
    for name, of in {**{name: _normaliser(name) for name in COLOURS}, YOURS: own}.items():
        if of is None:
            continue
        style = {
            "color": COLOURS.get(name, "black"),
            "ls": "--" if name in ("inter_pupil", "diagonal") else "-",
        }
        front, now = of(head.solid(0)), of(view.solid)
        right.plot(angles, [100 * of(head.solid(angle)) / front for angle in angles], **style)
        right.plot([degrees], [100 * now / front], "o", color=style["color"], ms=5)
        right.plot([], [], label=f"{name}  {now / front:.0%}".replace("%", " %"), **style)
    right.axvline(degrees, color="#888888", lw=1, ls=":")
    right.set(xlim=(0, 85), ylim=(0, 112), xlabel="turned by, degrees", ylabel="length, % of the frontal one")
    right.legend(loc="lower left")
    return figure


def _normaliser(name):
    return lambda points: metrics.normaliser(points[None], name)[0]


def _lines(truth):
    """Each normaliser as a line (2, 2) in the face; that of the box is a side of the square of its area."""
    truth = np.asarray(truth, np.float64)
    left, top, right, bottom = tight_boxes(truth[None])[0]
    side, x, y = np.sqrt((right - left) * (bottom - top)), (left + right) / 2, (top + bottom) / 2
    return {
        "inter_ocular": truth[[36, 45]],
        "inter_pupil": np.stack([truth[LEFT_EYE].mean(0), truth[RIGHT_EYE].mean(0)]),
        "box": np.array([[x - side / 2, y], [x + side / 2, y]]),
        "diagonal": np.array([[left, top], [right, bottom]]),
    }
