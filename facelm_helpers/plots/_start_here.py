"""The 68 points by number, and the jaw of a turned head in 2D and in 3D."""

import numpy as np

from facelm_helpers.landmarks import N_POINTS, REGIONS
from facelm_helpers.plots._canvas import FULL, REGION_COLOURS, as_picture, canvas


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


SOLID = "#D55E00"  # 3D points
AWAY = 5  # pixels between 2D and 3D from which the 3D point is behind the cheek


def jaws(head, degrees=(0, 40)):
    """Draw the jaw of a head in 2D and 3D points, at two angles; below, the same heads seen from above.

    Parameters
    ----------
    head : TurningHead
        See `facelm_helpers.sources.synthetic.turning_head`.
    degrees : (float, float)

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from facelm_helpers.sources.synthetic import turning_head
    >>> [ax.get_title() for ax in jaws(turning_head()).axes[:2]]
    ['looking ahead', 'turned by 40 degrees']
    """
    figure, axes = canvas(2, 2, width=FULL, height=0.98 * FULL, height_ratios=[1, 0.8])
    for (front, above), angle in zip(axes.T, degrees, strict=True):
        view = head(angle)
        visible, solid = view.visible[:17], view.solid[:17]
        hidden = visible[:, 0] - solid[:, 0] > AWAY
        front.imshow(as_picture(view.image))
        front.plot(*np.stack([visible, solid], axis=1)[hidden].T, color="white", lw=1)
        front.plot(*visible.T, "o-", color=REGION_COLOURS["jaw"], ms=6, lw=1, mec="white", label="2D point")
        front.plot(*solid[~hidden].T, "s", color=SOLID, ms=3.5, label="3D point")
        front.plot(*solid[hidden].T, "s", mfc="white", mec=SOLID, ms=4.5, label="3D point, occluded")
        front.set(title=f"turned by {angle} degrees" if angle else "looking ahead")
        front.axis("off")
        _from_above(above, head.points, angle)
    figure.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _from_above(ax, points, degrees):
    """A head as a section at the height of the eyes; the camera is at the foot of the picture."""
    (ear, _, back), (_, _, bridge), (_, _, tip) = points[16], points[27], points[30]
    angles = np.linspace(0, np.pi, 90)
    cos, sin = np.cos(angles), np.sin(angles)
    outline = np.concatenate([
        np.stack([ear * _rounded(cos), back + (bridge - back) * _rounded(sin)], axis=1),
        np.stack([-ear * cos, back - 1.3 * ear * sin], axis=1),
    ])  # fmt: skip
    nose = np.array([[-0.13 * ear, 0.96 * bridge], [0, tip], [0.13 * ear, 0.96 * bridge]])
    a = np.radians(degrees)
    turn = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]).T  # (x, z) as rows
    outline, nose, (right_ear,) = outline @ turn, nose @ turn, np.array([[ear, back]]) @ turn
    edge = outline[outline[:, 0].argmax()]
    camera = 1.8 * tip
    ax.fill(*outline.T, color="#e8d5c8", ec="#555555", lw=1)
    ax.fill(*nose.T, color="#e8d5c8", ec="#555555", lw=1)
    for place, colour in ((right_ear, SOLID), (edge, REGION_COLOURS["jaw"])):
        ax.plot([place[0]] * 2, [place[1], camera], ls=":", color=colour, lw=1.2)
    ax.plot(*edge, "o", color=REGION_COLOURS["jaw"], ms=7, mec="white")
    ax.plot(*right_ear, "s", mfc="white" if degrees else SOLID, mec=SOLID, ms=5)
    ax.plot([-160, 160], [camera] * 2, color="#555555", lw=1.5)
    ax.text(0, camera + 8, "picture", ha="center", va="top", fontsize=8)
    ax.text(*outline.mean(axis=0), "seen\nfrom above", ha="center", va="center", fontsize=8)
    ax.set(xlim=(-160, 160), ylim=(camera + 40, back - 1.4 * ear), aspect="equal")
    ax.axis("off")


def _rounded(values):
    """Sine or cosine of a superellipse: a face is a little fuller than an ellipse."""
    return np.sign(values) * np.abs(values) ** 0.9


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
