"""Squeeze and excitation as a diagram: the gate in an Inception module and in a residual one."""

from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, canvas

GATE, PLAIN, SHORTCUT = METHOD_COLOURS[1], "#666666", METHOD_COLOURS[2]


def se_modules():
    """Draw the gate in an Inception module, in a residual module, and where it should not be.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> [ax.get_title() for ax in se_modules().axes]
    ['SE-Inception', 'SE-ResNet: scaled before +', 'scaled after +']
    """
    figure, axes = canvas(columns=3, width=FULL, height=4.3)
    titles = ("SE-Inception", "SE-ResNet: scaled before +", "scaled after +")
    for ax, title in zip(axes, titles, strict=True):
        ax.set(xlim=(-1.25, 1.75), ylim=(-0.5, 9.4))
        ax.set_title(title)
        ax.axis("off")
    _inception(axes[0])
    _residual(axes[1], before=True)
    _residual(axes[2], before=False)
    return figure


def _inception(ax):
    _words(ax, -0.3, 9.15, "$H\\times W\\times C'$")
    for x, text in zip((-0.95, -0.52, -0.08, 0.35), ("1x1", "3x3", "5x5", "pool"), strict=True):
        _box(ax, x, 7.6, text, PLAIN, 0.38)
        _arrow(ax, (-0.3, 8.8), (x, 7.95))
        _arrow(ax, (x, 7.25), (-0.3, 6.75), head=False)
    _gate(ax, 6.75)
    _arrow(ax, (-0.3, 1.05), (-0.3, 0.1))
    _words(ax, -0.3, -0.2, "$H\\times W\\times C$")


def _residual(ax, before):
    _words(ax, -0.3, 9.15, "$H\\times W\\times C$")
    _arrow(ax, (-0.3, 8.8), (-0.3, 8.2))
    top = 6.75 if before else 5.7
    _box(ax, -0.3, 7.85, "residual F", PLAIN, 1.1)
    plus = 0.45 if before else 6.4
    _arrow(ax, (-0.3, 7.5), (-0.3, top), head=False)
    ax.plot([-0.3, -1.1, -1.1], [8.6, 8.6, plus], color=SHORTCUT, lw=2)
    _arrow(ax, (-1.1, plus), (-0.48, plus), colour=SHORTCUT)
    ax.text(-0.3, plus, "+", ha="center", va="center", fontsize=11,
            bbox={"boxstyle": "circle,pad=0.12", "fc": "white", "ec": PLAIN}, zorder=5)  # fmt: skip
    _gate(ax, top, 5.7 if before else 5.3)
    _arrow(ax, (-0.3, plus - 0.35 if before else 1.05), (-0.3, 0.0 if before else 0.1))
    _words(ax, -0.3, -0.25, "$H\\times W\\times C$")


def _gate(ax, top, height=5.7):
    """The main line on the left, the gate on the right, joined in the scale below."""
    steps = ("global pool", "FC, $C/r$", "ReLU", "FC, $C$", "sigmoid")
    sizes = ("$1{\\times}1{\\times}C$", "$C/r$", "$C/r$", "$C$", "$C$")
    bottom = top - height + 0.35
    gap = (top - 0.45 - bottom - 0.35) / len(steps)
    ax.plot([-0.3, -0.3], [top, bottom + 0.3], color=PLAIN, lw=1.2)
    _arrow(ax, (-0.3, top - 0.2), (0.95, top - 0.2), head=False, colour=GATE)
    for i, (text, size) in enumerate(zip(steps, sizes, strict=True)):
        y = top - 0.2 - gap * (i + 0.62)
        _box(ax, 0.95, y, text, GATE, 0.92)
        ax.text(1.02, y - gap / 2, size, fontsize=6.5, color=PLAIN, va="center", ha="left")
        _arrow(ax, (0.95, y + gap - 0.3), (0.95, y + 0.3), colour=GATE)
    _arrow(ax, (0.95, y - 0.3), (0.05, bottom), colour=GATE)
    _box(ax, -0.3, bottom, "scale", GATE, 0.72)


def _box(ax, x, y, text, colour, width):
    from matplotlib.patches import FancyBboxPatch

    style = "round,pad=0.0,rounding_size=0.08"
    corner = (x - width / 2, y - 0.28)
    ax.add_patch(FancyBboxPatch(corner, width, 0.56, boxstyle=style, fc="white", ec=colour, lw=1.2, zorder=3))
    ax.text(x, y, text, ha="center", va="center", fontsize=7, zorder=4)


def _arrow(ax, start, end, head=True, colour=PLAIN):
    from matplotlib.patches import FancyArrowPatch

    style = "-|>" if head else "-"
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle=style, mutation_scale=8, lw=1.2, color=colour,
                                 shrinkA=0, shrinkB=0, zorder=2))  # fmt: skip


def _words(ax, x, y, text):
    ax.text(x, y, text, ha="center", va="center", fontsize=8)
