"""Pictures of training: the loss as it falls, what a network consists of, how far it overfits."""

import numpy as np

from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, canvas
from facelm_helpers.plots.picture import bundle, display, encode

SMOOTH = 20  # steps in the running mean


def loss_curves(losses, starts=None, ax=None):
    """Draw the loss of every step, pale, and its running mean, on a logarithmic axis.

    Parameters
    ----------
    losses : dict of name -> sequence of float
    starts : dict of name -> int, optional
        The step at which each begins, 0 by default.
    ax : matplotlib axes, optional

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> loss_curves({"a": [3.0, 2.0, 1.0]}).axes[0].get_yscale()
    'log'
    """
    from matplotlib.ticker import LogLocator

    if ax is None:
        _, ax = canvas()
    for i, (name, values) in enumerate(losses.items()):
        values = np.asarray(values, float)
        steps = (starts or {}).get(name, 0) + np.arange(1, len(values) + 1)
        width = max(1, min(SMOOTH, len(values) // 3))
        mean = np.convolve(values, np.ones(width) / width, mode="valid")
        ax.plot(steps, values, color=METHOD_COLOURS[i], lw=0.6, alpha=0.35)
        ax.plot(steps[width - 1 :], mean, color=METHOD_COLOURS[i], label=name)
    ax.set(xlabel="step", ylabel="loss", yscale="log")
    ax.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))  # all nine would lie over each other
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter("{x:g}")
    ax.tick_params(axis="y", which="minor", labelsize=7)
    if len(losses) > 1:
        ax.legend()
    return ax.figure


def live_loss(name="training"):
    """A function that draws the curve of a training run, again and again in the same place of the page.

    Parameters
    ----------
    name : str

    Returns
    -------
    function
        Of a `facelm_helpers.training.History`: give it to `training.train` as ``on_report``.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> report = live_loss()
    >>> report(SimpleNamespace(losses=[2.0, 1.0]))
    [picture]
    """
    handle = None

    def report(history):
        nonlocal handle
        picture = encode(loss_curves({name: history.losses}))
        if handle is None:
            handle = display(*picture)
        else:
            data, metadata = bundle(*picture)
            handle.update(data, metadata=metadata, raw=True)

    return report


def run_curves(panels, xlabel="million crops seen", ylabel="NME, %", sharey=True):
    """Draw runs of different lengths side by side, a panel for each set.

    Parameters
    ----------
    panels : dict of title -> dict of name -> (x, y)
    xlabel, ylabel : str
    sharey : bool
        One scale for all panels, and the names in the first; else each panel its own, the names below.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> len(run_curves({"one": {"run": ([1, 2], [5, 4])}, "two": {}}).axes)
    2
    """
    figure, axes = canvas(columns=len(panels), width=FULL, height=2.9, squeeze=False, sharey=sharey)
    names = list(dict.fromkeys(name for runs in panels.values() for name in runs))
    for ax, (title, runs) in zip(axes[0], panels.items(), strict=True):
        for name, (x, y) in runs.items():
            ax.plot(x, y, "o-", ms=2.5, color=METHOD_COLOURS[names.index(name)], label=name)
        ax.set(title=title, xlabel=xlabel)
    axes[0][0].set_ylabel(ylabel)
    if sharey:
        axes[0][0].legend(fontsize=8)
    else:
        lines = {line.get_label(): line for ax in axes[0] for line in ax.lines}
        figure.legend(lines.values(), lines, loc="outside lower center", ncols=4)
    return figure


def network_bars(rows, keys=("parameters", "multiply_adds")):
    """Draw the parameters and the MACs of each part of a network, as shares of the whole.

    Parameters
    ----------
    rows : list of dict
        ``part``, and a number for each key.
    keys : sequence of str

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = network_bars([{"part": "stem", "parameters": 1, "multiply_adds": 3}])
    >>> len(figure.axes[0].patches)
    2
    """
    figure, ax = canvas(width=FULL, height=2.4)
    places = np.arange(len(rows))
    for i, key in enumerate(keys):
        values = np.array([row[key] for row in rows], float)
        ax.bar(places + 0.4 * (i - 0.5), 100 * values / values.sum(), 0.38, color=METHOD_COLOURS[i],
               label=key.replace("_", "-"))  # fmt: skip
    ax.set_xticks(places, [row["part"] for row in rows])
    ax.set(ylabel="share of the network, %")
    ax.grid(axis="x", visible=False)
    ax.legend()
    return figure


def overfitting(errors):
    """Draw training and test error side by side, for several ways of training.

    Parameters
    ----------
    errors : dict of name -> (float, float)
        Fractions: training error, test error.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> [text.get_text() for text in overfitting({"plain": (0.01, 0.05)}).axes[0].get_xticklabels()]
    ['plain']
    """
    figure, ax = canvas()
    for i, kind in enumerate(("training faces", "other people")):
        values = [100 * pair[i] for pair in errors.values()]
        places = np.arange(len(errors)) + 0.4 * (i - 0.5)
        bars = ax.bar(places, values, 0.38, color=METHOD_COLOURS[i], label=kind)
        ax.bar_label(bars, fmt="%.1f", fontsize=8)
    ax.set_xticks(range(len(errors)), list(errors))
    ax.set(ylabel="NME, %")
    ax.margins(y=0.2)
    ax.grid(axis="x", visible=False)
    ax.legend(ncols=2, loc="upper center")
    return figure
