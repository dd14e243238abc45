"""Pictures of errors: the cumulative curve, the leaderboard, errors by region."""

import numpy as np

from facelm_helpers import metrics
from facelm_helpers.landmarks import REGIONS
from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, REGION_COLOURS, canvas

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


def ced_area(errors, threshold, shaded, limit=0.16):
    """Draw error distributions; shade the AUC of one method and mark its failures as a gap.

    Parameters
    ----------
    errors : dict of name -> array (N,)
        Errors as fractions; shown in percent.
    threshold : float
    shaded : str
        Whose area is shaded.
    limit : float
        How far the axis reaches; the threshold may be anywhere below.

    Returns
    -------
    matplotlib.figure.Figure
        Its legend lists the methods, the largest AUC first.

    Examples
    --------
    >>> figure = ced_area({"a": np.array([0.0, 0.1]), "b": np.array([0.02, 0.04])}, 0.08, "b")
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['b  AUC 0.62, failures 0 %', 'a  AUC 0.50, failures 50 %']
    """
    _, ax = canvas(height=0.6 * FULL)
    colours = dict(zip(errors, METHOD_COLOURS, strict=False))
    for name in sorted(errors, key=lambda name: -metrics.auc(errors[name], threshold)):
        x = np.concatenate([[0], np.sort(errors[name]), [2 * limit]])
        rates = metrics.auc(errors[name], threshold), metrics.failure_rate(errors[name], threshold)
        label = f"{name}  AUC {rates[0]:.2f}, failures {100 * rates[1]:.0f} %"
        ax.step(100 * x, 100 * metrics.ced(errors[name], x), where="post", color=colours[name], label=label)
    e = np.sort(errors[shaded])
    x = np.concatenate([[0], e[e < threshold], [threshold]])
    y = metrics.ced(errors[shaded], x)
    ax.fill_between(100 * x, 100 * y, step="post", color=colours[shaded], alpha=0.25, lw=0)
    ax.axvline(100 * threshold, color="#555555", lw=1, ls=":")
    ax.plot([100 * threshold] * 2, [100 * y[-1], 100], color=colours[shaded], lw=4, solid_capstyle="butt")
    ax.set(xlim=(0, 100 * limit), ylim=(0, 104))
    ax.set(xlabel="error per face, % of the normaliser", ylabel="faces at or below it, %")
    ax.legend(loc="lower right")
    return ax.figure


def bands(x, lines, xlabel, ylabel):
    """Draw curves with their intervals against a dotted line at 0.

    Parameters
    ----------
    x : array (M,)
    lines : dict of name -> array (3, M)
        Low, middle, high.
    xlabel, ylabel : str

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = bands([0, 1], {"a": [[-1, 0], [0, 1], [1, 2]]}, "share", "difference")
    >>> len(figure.axes[0].collections)
    1
    """
    figure = curves(x, {name: line[1] for name, line in lines.items()}, xlabel, ylabel, level=0)
    for i, (low, _, high) in enumerate(lines.values()):
        figure.axes[0].fill_between(x, low, high, color=METHOD_COLOURS[i], alpha=0.2, lw=0)
    return figure


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
