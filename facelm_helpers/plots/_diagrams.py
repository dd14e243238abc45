"""Diagrams: how a method is put together, where no photograph can show it."""

from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, canvas

SHARES = (0.9, 0.8, 0.7, 0.6, 0.5)  # of nodes that classify, by stage: Chen et al., ECCV 2014, 1 - 0.1 t


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
    titles = ["all\nwindows", "stage 1", "stage 2", "stage 5", "faces and\ntheir points"]
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
    ax.set(xlabel="stage", yticks=[0, 1], yticklabels=["0", "all"], xlim=(0.4, 8.6), xticks=list(stages))
    ax.grid(visible=False)
    ax.legend(loc="center right")
