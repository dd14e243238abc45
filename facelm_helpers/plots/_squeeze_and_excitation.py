"""Pictures of squeeze and excitation: channels before and after, what gates cost, what trained gates do."""

import numpy as np

from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, canvas


def channel_maps(rows, titles=None, low=0.0, high=None):
    """Draw tensors channel by channel: a row for each tensor, a small map for each channel.

    Parameters
    ----------
    rows : dict of name -> array (H, W, C)
        All with the same C; drawn on one scale of grey.
    titles : dict of name -> sequence of C str, optional
        Above the maps.
    low, high : float
        Black and white; `high` is the largest value by default.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = channel_maps({"u": np.zeros((3, 3, 4)), "x": np.ones((3, 3, 4))})
    >>> len(figure.axes)
    8
    """
    high = max(u.max() for u in rows.values()) if high is None else high
    count = next(iter(rows.values())).shape[2]
    height = (FULL / count + 0.25) * len(rows)
    figure, axes = canvas(len(rows), count, FULL, height, squeeze=False)
    for line, (name, u) in zip(axes, rows.items(), strict=True):
        for c, ax in enumerate(line):
            ax.imshow(u[..., c], vmin=low, vmax=high)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(True)
            ax.grid(visible=False)
            if titles and name in titles:
                ax.set_title(titles[name][c])
        line[0].set_ylabel(name)
    return figure


def rule_maps(maps, xlabel, ylabel):
    """Draw functions of two numbers in 0..1 side by side, black for 0 and white for 1.

    Parameters
    ----------
    maps : dict of title -> array (n, n) or (n * n,)
        Rows run over y, from 0 at the bottom.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> len(rule_maps({"a": np.zeros((5, 5)), "b": np.ones((5, 5))}, "x", "y").axes)
    3
    """
    figure, axes = canvas(columns=len(maps), width=FULL, height=FULL / len(maps) + 0.1, squeeze=False)
    for ax, (title, values) in zip(axes[0], maps.items(), strict=True):
        side = round(np.size(values) ** 0.5)
        square = np.reshape(values, (side, side))
        picture = ax.imshow(square, origin="lower", extent=(0, 1, 0, 1), vmin=0, vmax=1, cmap="cividis")
        ax.set(title=title, xlabel=xlabel, xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
        ax.grid(visible=False)
    axes[0][0].set_ylabel(ylabel)
    figure.colorbar(picture, ax=axes, label="gate", shrink=0.8)
    return figure


def gate_cost(reductions, parameters, multiply_adds):
    """Draw what the gates add to a network, in percent of it, by reduction.

    Parameters
    ----------
    reductions : sequence of int
    parameters, multiply_adds : sequence of float
        What is added, as fractions of the network without gates.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> [ax.get_title() for ax in gate_cost([2, 16], [0.5, 0.1], [0.01, 0.005]).axes]
    ['parameters', 'multiply-adds']
    """
    figure, axes = canvas(columns=2, width=FULL, height=2.2)
    titled = {"parameters": parameters, "multiply-adds": multiply_adds}
    for ax, (title, values) in zip(axes, titled.items(), strict=True):
        bars = ax.bar([str(r) for r in reductions], 100 * np.asarray(values), 0.6, color=METHOD_COLOURS[0])
        ax.bar_label(bars, fmt="%.2g %%", fontsize=8)
        ax.set(title=title, xlabel="reduction r", ylabel="added by the gates, %")
        ax.grid(axis="x", visible=False)
        ax.margins(y=0.15)
    return figure


def gradient_by_depth(gradients, panels):
    """Draw the gradient near the input against the depth of the network, both axes logarithmic.

    Parameters
    ----------
    gradients : dict of (key, place of the gate, number of blobs) -> float
    panels : dict of key -> title
        A panel for each key.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = gradient_by_depth({("a", "main", 4): 1.0, ("a", "main", 8): 0.1}, {"a": "plain"})
    >>> figure.axes[0].get_yscale(), figure.axes[0].get_title()
    ('log', 'plain')
    """
    figure, axes = canvas(columns=len(panels), width=FULL, height=2.7, squeeze=False, sharey=True)
    for ax, (key, title) in zip(axes[0], panels.items(), strict=True):
        for i, place in enumerate(dict.fromkeys(place for k, place, _ in gradients if k == key)):
            of_place = {blobs: g for (k, p, blobs), g in gradients.items() if (k, p) == (key, place)}
            line = {"color": METHOD_COLOURS[i], "label": f"gate_at={place!r}", "ms": 4}
            ax.plot(list(of_place), list(of_place.values()), "o-", **line)
        ax.set(title=title, xlabel="blobs", xscale="log", yscale="log")
        ax.set_xticks(list(of_place), [str(blobs) for blobs in of_place])
        ax.minorticks_off()
    axes[0][0].set_ylabel("gradient of the first layer")
    axes[0][0].legend()
    return figure


def gate_spread(gates):
    """Draw, blob by blob, the mean of each channel's gate over the faces, and how much it varies.

    Parameters
    ----------
    gates : dict of name -> array (N, C)

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> len(gate_spread({"1": rng.random((9, 4)), "2": rng.random((9, 8))}).axes)
    2
    """
    figure, axes = canvas(columns=2, width=FULL, height=2.7)
    words = ("mean of each gate over the faces", "its standard deviation")
    for ax, title, measure in zip(axes, words, (np.mean, np.std), strict=True):
        values = [measure(s, axis=0) for s in gates.values()]
        boxes = ax.boxplot(values, whis=(0, 100), widths=0.6, patch_artist=True)
        for box, median in zip(boxes["boxes"], boxes["medians"], strict=True):
            box.set(facecolor="#cfe3f1", edgecolor=METHOD_COLOURS[0])
            median.set(color=METHOD_COLOURS[1], lw=1.6)
        ax.set_xticks(range(1, len(gates) + 1), list(gates))
        ax.set(title=title, xlabel="blob")
        ax.grid(axis="x", visible=False)
    axes[0].set_ylim(0, 1)
    axes[1].set_ylim(0, None)
    return figure
