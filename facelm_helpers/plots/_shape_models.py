"""Pictures of shapes as lines and meshes, of a profile search, and of an appearance model's textures."""

import numpy as np

from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, REGION_COLOURS, canvas
from facelm_helpers.plots._faces import face

# The lines through the 68 points: region, first and last point, closed.
LINES = (
    ("jaw", 0, 16, False), ("brows", 17, 21, False), ("brows", 22, 26, False), ("nose", 27, 30, False),
    ("nose", 31, 35, False), ("eyes", 36, 41, True), ("eyes", 42, 47, True), ("mouth", 48, 59, True),
    ("mouth", 60, 67, True),
)  # fmt: skip


def outlines(panels, columns=4, height=None):
    """Draw shapes as lines in the colours of their regions, all panels to one scale.

    Parameters
    ----------
    panels : dict of title -> array (68, 2) or (N, 68, 2)
        Several shapes in a panel are drawn over each other, faintly.
    columns : int
    height : float, optional
        Inches.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = outlines({"one": np.zeros((68, 2)), "many": np.ones((5, 68, 2))})
    >>> [len(ax.lines) for ax in figure.axes]
    [9, 45]
    """
    groups = {title: np.asarray(S, np.float64).reshape(-1, 68, 2) for title, S in panels.items()}
    columns = min(columns, len(groups))
    rows = -(-len(groups) // columns)
    figure, axes = canvas(rows, columns, FULL, height or rows * (FULL / columns + 0.2), squeeze=False)
    middles = {title: (S.min(axis=(0, 1)) + S.max(axis=(0, 1))) / 2 for title, S in groups.items()}
    half = 0.54 * max(np.ptp(S, axis=(0, 1)).max() for S in groups.values()) or 1.0
    for ax, (title, S) in zip(axes.flat, groups.items(), strict=False):
        for shape in S:
            _lines(ax, shape, alpha=1.0 if len(S) == 1 else max(4 / len(S), 0.08))
        x, y = middles[title]
        ax.set(title=title, xlim=(x - half, x + half), ylim=(y + half, y - half), aspect="equal")
    for ax in axes.flat:
        ax.axis("off")
    return figure


def _lines(ax, shape, alpha=1.0, width=1.4, colours=REGION_COLOURS):
    for region, first, last, closed in LINES:
        order = [*range(first, last + 1), *([first] if closed else [])]
        ax.plot(*np.asarray(shape)[order].T, color=colours[region], alpha=alpha, lw=width)


def profile_search(image, points, at, along, seen, wanted, costs):
    """Draw how one point searches: the normal on the face, the profiles, and the cost of every move.

    Parameters
    ----------
    image : array (H, W, 3) or (H, W)
    points : array (68, 2)
    at : int
        Which point.
    along : array (P, 2)
        Places on its normal.
    seen, wanted : array (P,), array (L,)
        The profile along those places, and the training mean, drawn where the cost is smallest.
    costs : array (2m + 1,)
        For the moves -m to m.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> points = np.random.default_rng(0).uniform(5, 25, (68, 2))
    >>> figure = profile_search(np.zeros((30, 30)), points, 8, points[:4], [0, 1], [1, 0], [3, 1, 2])
    >>> [ax.get_title() for ax in figure.axes[1:]]
    ['profile (derivatives)', 'squared distance']
    """
    figure, (left, middle, right) = canvas(1, 3, FULL, 2.3, width_ratios=[1.1, 1, 1])
    face(image, points, ax=left)
    along = np.asarray(along)
    left.plot(*along.T, color="white", lw=2.5)
    left.plot(*along.T, color="black", lw=1)
    left.plot(*points[at], "o", color="white", mec="black", ms=5)
    left.set_title(f"point {at} and its normal")
    moves = np.arange(len(costs)) - len(costs) // 2
    best = int(np.argmin(costs))
    seen_at, wanted_at = (np.arange(len(line)) - (len(line) - 1) / 2 for line in (seen, wanted))
    middle.plot(seen_at, seen, color=METHOD_COLOURS[1], label="seen")
    middle.plot(
        wanted_at + moves[best], wanted, color=METHOD_COLOURS[0], ls="--", label="mean, moved by $\\delta$"
    )
    middle.set(xlabel="place on the normal", title="profile (derivatives)")
    low, high = middle.get_ylim()
    middle.set_ylim(low, high + 0.4 * (high - low))  # room for the legend
    middle.legend(loc="upper left")
    right.plot(moves, costs, "-o", color=METHOD_COLOURS[0], ms=3)
    right.plot(moves[best], costs[best], "o", color=METHOD_COLOURS[1], ms=8)
    right.set(xlabel="move $\\delta$", title="squared distance")
    return figure


def on_faces(panels, triangles=None, truth=None, columns=3):
    """Draw shapes as lines, or as meshes of triangles, on the pictures that they belong to.

    Parameters
    ----------
    panels : dict of title -> (image, points)
        Images as `face` takes them, points (68, 2).
    triangles : (M, 3) int array, optional
        Indices of corners; drawn in the place of the lines.
    truth : (68, 2) array, optional
        Drawn below, as white lines.
    columns : int

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> points = np.random.default_rng(0).uniform(5, 25, (68, 2))
    >>> figure = on_faces({"start": (np.zeros((30, 30)), points)}, truth=points)
    >>> len(figure.axes[0].lines)
    18
    """
    figure, axes = _panels(len(panels), columns)
    for ax, (title, (image, points)) in zip(axes, panels.items(), strict=False):
        face(image, ax=ax, title=title)
        if truth is not None:
            _lines(ax, truth, colours=dict.fromkeys(REGION_COLOURS, "white"), width=1.8)
        if triangles is None:
            _lines(ax, points)
        else:
            ax.triplot(*np.asarray(points).T, triangles, color="white", lw=0.7)
    return figure


def textures(panels, columns=4, signed=False):
    """Draw values on the frame of the mean shape; 0 is mid-grey, or white if they are signed.

    Parameters
    ----------
    panels : dict of title -> (height, width) array
        NaN outside the face.
    columns : int
    signed : bool
        Red below 0, blue above, each panel to its own scale; else grey, one scale for all.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = textures({"one": np.eye(4), "two": -np.eye(4)}, signed=True)
    >>> [ax.get_title() for ax in figure.axes]
    ['one', 'two']
    """
    figure, axes = _panels(len(panels), columns)
    spread = 2.5 * max(np.nanstd(values) for values in panels.values()) or 1.0
    for ax, (title, values) in zip(axes, panels.items(), strict=False):
        most = (np.nanmax(np.abs(values)) or 1.0) if signed else spread
        _texture(ax, values, most, signed, title)
    return figure


def _panels(count, columns):
    columns = min(columns, count)
    rows = -(-count // columns)
    figure, axes = canvas(rows, columns, FULL, rows * (FULL / columns + 0.25), squeeze=False)
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.03, wspace=0, hspace=0)
    for ax in axes.flat[count:]:
        ax.axis("off")
    return figure, axes.flat


def _texture(ax, values, most, signed, title):
    colours = "RdBu" if signed else "gray"
    ax.imshow(values, vmin=-most, vmax=most, cmap=colours, interpolation="nearest")
    ax.set(title=title)
    ax.axis("off")


def rebuilding(rows):
    """Draw, for each iteration of a fit, the warped picture, the model's reconstruction, and the residual.

    Parameters
    ----------
    rows : dict of title -> (face, points, seen, rebuilt, residual)
        Image and points as `face` takes them; the others (height, width) with NaN outside the face.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> one = np.zeros((8, 8))
    >>> figure = rebuilding({"start": (one, np.ones((68, 2)), one, one, one)})
    >>> [ax.get_title() for ax in figure.axes]
    ['start', 'seen', 'reconstructed', 'residual']
    """
    side = FULL / 4
    figure, axes = canvas(len(rows), 4, FULL, len(rows) * (side + 0.1), squeeze=False)
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.03, wspace=0, hspace=0)
    spread = 2.5 * max(np.nanstd(row[2]) for row in rows.values()) or 1.0
    for line, (title, (image, points, *parts)) in zip(axes, rows.items(), strict=True):
        face(image, points, ax=line[0], title=title)
        for ax, name, part in zip(line[1:], ("seen", "reconstructed", "residual"), parts, strict=True):
            signed = name == "residual"
            size = f", {np.nanmean(part**2):.2f}" if signed and np.any(part) else ""
            _texture(ax, part, spread, signed, name + size)
    return figure
