"""Networks as drawings that are made from the models themselves: their blocks, with shapes and weights."""

from collections import Counter

import numpy as np

from facelm_helpers.plots._architecture_blocks import blocks_of, children, grouped
from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, canvas

COLOURS = {"conv": METHOD_COLOURS[5], "dense": METHOD_COLOURS[4], "plain": "#cccccc"}
POINTS, LETTER = 9, 0.53  # the height of a letter; its width in heights
ROW, GAP, THIN, LEAST = 0.35, 0.13, 0.16, 2.4  # inches


def architecture(model, title=None):
    """Draw a network: a box for each block of layers, with its kind, its output's shape and its weights.

    The coloured part of a box is as wide as the maps' side, on a logarithmic scale. Layers belong to one
    block if their names say so (``blob1_narrow_conv`` and ``blob1_se_gate``); functions without weights
    belong to what they follow. A branch stands beside the others, equal ones are drawn once, and a branch
    without a block is a line.

    Parameters
    ----------
    model : keras.Model
    title : str, optional
        The number of weights is added.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import keras
    >>> net = image = keras.Input((8, 8, 3))
    >>> net = keras.layers.Conv2D(4, 3, strides=2, padding="same", name="stem")(net)
    >>> figure = architecture(keras.Model(image, net))
    >>> [text.get_text() for text in figure.axes[0].texts][-2:]
    ['stem: conv 3×3 /2', '4×4×4 · 112']
    """
    return architectures({title: model})


def architectures(models):
    """Draw several networks in a row, each as `architecture` draws one.

    Parameters
    ----------
    models : dict of title -> keras.Model

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import keras
    >>> image = keras.Input((8, 8, 3))
    >>> one = keras.Model(image, keras.layers.Conv2D(4, 3, name="stem")(image))
    >>> texts = architectures({"a": one, "b": one}).axes[0].texts
    >>> [text.get_text() for text in texts if "weights" in text.get_text()]
    ['a: 112 weights', 'b: 112 weights']
    """
    least = LEAST if len(models) == 1 else 0
    plans = [_plan(model, title, FULL / len(models), least) for title, model in models.items()]
    width, height = (f(plan[side] for plan in plans) for f, side in ((sum, "width"), (max, "height")))
    figure, ax = canvas(width=width, height=height)
    figure.set_layout_engine("none")
    ax.set_position([0, 0, 1, 1])
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.axis("off")
    left = 0
    for plan in plans:
        _draw(ax, plan, left)
        left += plan["width"]
    return figure


def _plan(model, title, most, least):
    """Where everything of one network goes, in inches from its upper left corner."""
    blocks = grouped(blocks_of(model))
    rows, lanes, edges = _places(blocks)
    first = Counter(block.name.split("_")[0] for block in blocks if "_" in block.name)
    groups = {block: name for block in blocks if first[name := block.name.split("_")[0]] > 1}
    texts = {block: block.texts(groups.get(block)) for block in blocks if block.layers}
    told = f"{model.count_params():,} weights"
    told = f"{title}: {told}" if title else told
    letters = POINTS * LETTER / 72
    widths = [THIN] * (1 + max(edges.values()))
    for block, lines in texts.items():
        widths[lanes[block]] = max(widths[lanes[block]], max(map(len, lines)) * letters + 0.2)
    shrink = min(1, (most - 0.1) / sum(widths))
    least = max(least, 1.12 * letters * len(told) + 0.2)  # bold letters are wider
    lefts = shrink * np.cumsum([max(0.05, (least - sum(widths)) / 2), *widths])
    heights = [
        max((ROW if b.layers else 0.2) for b in blocks if rows[b] == row)
        for row in range(max(rows.values()) + 1)
    ]
    tops = np.cumsum([0.35, *(height + GAP for height in heights)])
    return {
        "told": told, "blocks": blocks, "rows": rows, "lanes": lanes, "edges": edges, "groups": groups,
        "texts": texts, "widths": shrink * np.array(widths), "shrink": shrink, "heights": heights,
        "tops": tops, "height": tops[-1], "middles": (lefts[1:] + lefts[:-1]) / 2,
        "width": max(least, lefts[-1] + 0.05),
    }  # fmt: skip


def _draw(ax, plan, left):
    """One network, its upper left corner at (left, 0)."""
    rows, lanes, texts, tops, heights = (plan[key] for key in ("rows", "lanes", "texts", "tops", "heights"))
    middles, widths, groups = plan["middles"] + left, plan["widths"], plan["groups"]
    ax.text(left + 0.05, 0.14, plan["told"], va="center", fontsize=POINTS, weight="bold")
    for (parent, block), lane in plan["edges"].items():
        _edge(ax, parent, block, middles[lane], middles, lanes, rows, tops, heights)
    largest = max(_side(block.shape) for block in texts)
    for block in plan["blocks"]:
        x, top, lane = middles[lanes[block]], tops[rows[block]], lanes[block]
        middle = top + heights[rows[block]] / 2
        if not block.layers:
            ax.text(x, middle, block.sign, ha="center", va="center", fontsize=POINTS, zorder=4,
                    bbox={"boxstyle": "circle,pad=0.1", "fc": "white", "ec": "#666666"})  # fmt: skip
            continue
        _box(ax, block, x, top, widths[lane] - 0.08, _side(block.shape) / largest)
        for line, y in zip(texts[block], (middle - 0.085, middle + 0.085), strict=True):
            ax.text(x, y, line, ha="center", va="center", fontsize=POINTS * plan["shrink"], zorder=4)
        group = groups.get(block)
        if group and group not in [groups.get(parent) for parent in block.parents]:
            edge = x - widths[lane] / 2 + 0.04
            ax.text(edge, top - 0.01, group, fontsize=7, va="bottom", zorder=4,
                    bbox={"fc": "white", "lw": 0, "pad": 0})  # fmt: skip


def _box(ax, block, x, top, width, share):
    from matplotlib.patches import Rectangle

    kind = block.kind()
    colour = COLOURS["conv" if "conv" in kind or "SE" in kind else "dense" if "dense" in kind else "plain"]
    inner = width * max(share, 0.1)
    ax.add_patch(Rectangle((x - width / 2, top), width, ROW, fc="white", ec="#aaaaaa", lw=0.8, zorder=2))
    ax.add_patch(Rectangle((x - inner / 2, top), inner, ROW, fc=colour, alpha=0.45, lw=0, zorder=3))


def _edge(ax, parent, block, x, middles, lanes, rows, tops, heights):
    """From under a block, along a lane, to above another."""
    start, end = middles[lanes[parent]], middles[lanes[block]]
    above, y1 = tops[rows[parent]], tops[rows[block]]
    y0 = above + heights[rows[parent]]
    y = [above if not parent.layers else y0, y0 + GAP / 3, y0 + GAP / 3, y1 - GAP / 3, y1 - GAP / 3]
    y.append(y1 if block.layers else y1 + heights[rows[block]] / 2)
    ax.plot([start, start, x, x, end, end], y, color="#666666", lw=1, zorder=1)


def _places(blocks):
    """Row and lane of each block, and the lane along which each edge runs: no two things share a place."""
    below, rows, far = children(blocks), {}, {}
    order = []
    while len(order) < len(blocks):
        ready = [b for b in blocks if b not in order and all(p in order for p in b.parents)]
        if not ready:
            raise ValueError("layers of one name, up to its last parts, follow others in a circle")
        order += ready
    for block in order:
        rows[block] = 1 + max((rows[parent] for parent in block.parents), default=-1)
    for block in reversed(order):
        far[block] = 1 + max((far[child] for child in below[block]), default=0)
    lanes, edges, used = {}, {}, []

    def free(first, last):
        clear = [all(last < a or b < first for a, b in taken) for taken in used]
        lane = clear.index(True) if True in clear else len(used)
        if lane == len(used):
            used.append([])
        used[lane].append((first, last))
        return lane

    for start in sorted(order, key=lambda block: (rows[block], -far[block])):
        if start in lanes:
            continue
        chain = [start]  # as far as it goes through blocks that have no lane yet
        while ahead := [b for b in below[chain[-1]] if b not in lanes]:
            chain.append(max(ahead, key=lambda b: (far[b], b.layers != [])))
        above = max((rows[p] for p in start.parents), default=-1) + 1
        after = min((rows[b] for b in below[chain[-1]]), default=rows[chain[-1]] + 1) - 1
        lane = free(min(above, rows[start]), max(after, rows[chain[-1]]))
        for block in chain:
            lanes[block] = lane
        for parent, block in zip(chain, chain[1:], strict=False):
            edges[parent, block] = lane
    for block in order:
        for parent in block.parents:
            if (parent, block) in edges:
                continue
            first, last = rows[parent] + 1, rows[block] - 1
            if first > last or _clear(lanes[block], first, last, lanes, rows, blocks):
                edges[parent, block] = lanes[block]
            elif _clear(lanes[parent], first, last, lanes, rows, blocks):
                edges[parent, block] = lanes[parent]
            else:
                edges[parent, block] = free(first, last)
    return rows, lanes, edges


def _clear(lane, first, last, lanes, rows, blocks):
    return not any(lanes[b] == lane and first <= rows[b] <= last for b in blocks)


def _side(shape):
    """The logarithm of the side of maps; of numbers 0."""
    sides = [side for side in shape[1:-1] if side] if len(shape) == 4 else [1]
    return np.log2(max(sides, default=2)) + 1
