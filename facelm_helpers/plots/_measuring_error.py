"""Pictures of errors: what they are divided by, the cumulative curve, the leaderboard, errors by region."""

import numpy as np

from facelm_helpers import metrics
from facelm_helpers.boxes import tight_boxes
from facelm_helpers.landmarks import LEFT_EYE, REGIONS, RIGHT_EYE
from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, REGION_COLOURS, as_picture, canvas

LINE_STYLES = ("-", "--", ":")


def ced(errors, threshold=0.08, ax=None):
    """Draw the cumulative error distribution of each method, with the threshold as a line.

    Parameters
    ----------
    errors : dict of name -> array (N,)
        Errors as fractions; shown in percent.
    threshold : float
        Where a failure begins. The axis reaches to twice that.
    ax : matplotlib axes, optional

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = ced({"a": np.array([0.02, 0.05, 0.2])})
    >>> [float(limit) for limit in figure.axes[0].get_xlim()]
    [0.0, 16.0]
    """
    if ax is None:
        _, ax = canvas(height=0.55 * FULL)
    thresholds = np.linspace(0, 2 * threshold, 321)
    for i, (name, values) in enumerate(errors.items()):
        style = {
            "color": METHOD_COLOURS[i % len(METHOD_COLOURS)],
            "ls": LINE_STYLES[i // len(METHOD_COLOURS) % 3],
        }
        ax.plot(100 * thresholds, 100 * metrics.ced(values, thresholds), label=name, **style)
    ax.axvline(100 * threshold, color="#888888", lw=1, ls=":")
    ax.set(xlim=(0, 200 * threshold), ylim=(0, 101))
    ax.set(xlabel="error per face, % of the normaliser", ylabel="faces at or below it, %")
    ax.legend(loc="lower right")
    return ax.figure


def curves(x, lines, xlabel, ylabel, level=None, band=None, ax=None):
    """Draw several curves over the same x, in the order and the colours of the course.

    Parameters
    ----------
    x : array (N,)
    lines : dict of name -> array (N,)
    xlabel, ylabel : str
    level : float, optional
        A dotted horizontal line here, to read the curves against.
    band : (float, float), optional
        A grey band between these two x.
    ax : matplotlib axes, optional

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = curves([0, 1, 2], {"loss": [3, 2, 1]}, "step", "loss")
    >>> len(figure.axes[0].lines)
    1
    """
    if ax is None:
        _, ax = canvas()
    for i, (name, y) in enumerate(lines.items()):
        style = {"color": METHOD_COLOURS[i % len(METHOD_COLOURS)]}
        ax.plot(x, y, label=name, ls=LINE_STYLES[i // len(METHOD_COLOURS) % 3], **style)
    if band is not None:
        ax.axvspan(*band, color="#bbbbbb", alpha=0.5, lw=0)
    if level is not None:
        ax.axhline(level, color="#888888", lw=1, ls=":")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.margins(x=0)
    ax.legend()
    return ax.figure


def leaderboard(rows, ax=None):
    """Draw a leaderboard: a bar for each method's NME, best on top, with its interval.

    Parameters
    ----------
    rows : list of dict
        From `facelm_helpers.metrics.leaderboard`: the keys method, nme, low and high are used.
    ax : matplotlib axes, optional

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> rows = metrics.leaderboard({"a": np.array([0.02, 0.05, 0.2]), "b": np.array([0.1, 0.2, 0.3])})
    >>> [label.get_text() for label in leaderboard(rows).axes[0].get_yticklabels()]
    ['a', 'b']
    """
    if ax is None:
        _, ax = canvas(width=FULL, height=0.5 + 0.3 * len(rows))
    value = 100 * np.array([row["nme"] for row in rows])
    interval = 100 * np.array([[row["nme"] - row["low"], row["high"] - row["nme"]] for row in rows]).T
    ax.barh([row["method"] for row in rows], value, color=METHOD_COLOURS[0], height=0.65, alpha=0.85)
    ax.errorbar(value, range(len(rows)), xerr=interval, fmt="none", ecolor="black", capsize=2, lw=1)
    for y, (end, nme) in enumerate(zip(value + interval[1], value, strict=True)):
        ax.text(end + 0.012 * value.max(), y, f"{nme:.1f}", va="center", fontsize=8)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set(xlabel="NME, % (shorter is better; whisker: 95 % confidence interval)")
    ax.margins(x=0.08)
    return ax.figure


def regions(errors, ax=None):
    """Draw each method's error by face region, in the colours of the regions.

    Parameters
    ----------
    errors : dict of name -> dict of region -> float
        Fractions; shown in percent.
    ax : matplotlib axes, optional

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = regions({"dlib": {"jaw": 0.06, "eyes": 0.03}, "ert": {"jaw": 0.04, "eyes": 0.04}})
    >>> [label.get_text() for label in figure.axes[0].get_xticklabels()]
    ['dlib', 'ert']
    """
    if ax is None:
        _, ax = canvas()
    names = [region for region in REGIONS if region in next(iter(errors.values()))]
    width = 0.8 / len(names)
    for j, region in enumerate(names):
        places = np.arange(len(errors)) + (j - (len(names) - 1) / 2) * width
        heights = [100 * of_method[region] for of_method in errors.values()]
        ax.bar(places, heights, 0.92 * width, color=REGION_COLOURS[region], label=region)
    ax.set_xticks(range(len(errors)), errors)
    ax.grid(axis="x", visible=False)
    ax.set(ylabel="NME, %")
    ax.figure.legend(loc="outside upper center", ncols=len(names), columnspacing=1, handlelength=1)
    return ax.figure


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
    truth = np.asarray(truth, np.float64)
    left, top, right, bottom = tight_boxes(truth[None])[0]
    side = np.sqrt((right - left) * (bottom - top))
    x, y = (left + right - side) / 2, (top + bottom - side) / 2
    lines = {
        "inter_ocular": truth[[36, 45]],
        "inter_pupil": np.stack([truth[LEFT_EYE].mean(0), truth[RIGHT_EYE].mean(0)]),
        "box": np.array([[x, y + side / 2], [x + side, y + side / 2]]),
        "diagonal": np.array([[left, top], [right, bottom]]),
    }
    figure, axes = canvas(columns=4, width=FULL, height=FULL / 4 + 0.45)
    for ax, (name, line) in zip(axes, lines.items(), strict=True):
        ax.imshow(as_picture(image), alpha=0.75)
        if name in ("box", "diagonal"):
            corners = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
            ax.plot(*np.transpose(corners), color="white", lw=1)
        if name == "box":  # the square of the same area as the box
            square = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
            ax.plot(*np.transpose(square), color=METHOD_COLOURS[0], lw=1, ls="--")
        ax.plot(*line.T, "o-", color=METHOD_COLOURS[1], lw=2, ms=4, mec="white", mew=0.6)
        length = metrics.normaliser(truth[None], name)[0]
        ax.set_title(f"{name}\n{length:.0f} pixels")
        ax.axis("off")
    return figure
