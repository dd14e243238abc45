"""Checks of the exercises in notebook 07, and the course's own answers, used until a check passes."""

import numpy as np

from facelm_helpers import heatmaps
from facelm_helpers.checks._judged import judged
from facelm_helpers.checks._ready import by_check
from facelm_helpers.checks._soft_argmax import soft_argmax as _soft_argmax
from facelm_helpers.checks._soft_argmax import wrong_gradients, wrong_places
from facelm_helpers.checks._verdict import FORGOTTEN, UNTRIED, Verdict, kindly, unanswered, untried


def _landmark_heatmap(points, side):
    c = np.arange(side)
    d = np.hypot(c[None, :, None] - points[:, 0], c[:, None, None] - points[:, 1])
    return 1 / (1 + d.min(axis=-1))


@kindly
def landmark_heatmap(answer):
    """Exercise 1: a function of points (L, 2) and a side that gives DAN's landmark heatmap, (side, side).

    >>> landmark_heatmap(_landmark_heatmap)
    ✔ Right. One picture tells the next stage where all points are.
    >>> landmark_heatmap(lambda points, side: _landmark_heatmap(points, side).T).message.split(":")[0]
    'Rows and columns are exchanged'
    """
    rng = np.random.default_rng(0)
    for count, side in ((5, 12), (68, 20)):
        points, c = rng.uniform(0, side - 1, (count, 2)), np.arange(side)
        x, y = c[None, :, None] - points[:, 0], c[:, None, None] - points[:, 1]
        d = np.hypot(x, y)
        right = _landmark_heatmap(points, side)
        mistakes = {
            "Rows and columns are exchanged: a value of the map is H[y, x].": right.T,
            "The maps of the landmarks are added up; DAN takes the largest, that of the nearest point.": (
                (1 / (1 + d)).sum(axis=-1)
            ),
            "That is the mean over the landmarks; only the nearest counts.": (1 / (1 + d)).mean(axis=-1),
            "That is the mean distance; only the nearest landmark counts.": 1 / (1 + d.mean(axis=-1)),
            "That is the farthest landmark; the nearest counts.": 1 / (1 + d.max(axis=-1)),
            "The distance is squared: take its root.": 1 / (1 + (d**2).min(axis=-1)),
            "That adds |dx| and |dy|: the straight distance is wanted.": (
                1 / (1 + (np.abs(x) + np.abs(y)).min(axis=-1))
            ),
            "Those are distances: H is 1 / (1 + d).": d.min(axis=-1),
            "The 1 under the fraction is missing: at a landmark H would be infinite.": 1 / d.min(axis=-1),
            "That is a Gaussian: DAN's heatmap falls as 1 / (1 + d).": np.exp(-(d.min(axis=-1) ** 2) / 2),
            "That is a Gaussian: DAN's heatmap falls as 1 / (1 + d), to be seen from afar.": (
                np.exp(-d.min(axis=-1))
            ),
            "The points are rounded first: d is a distance to their exact places.": (
                _landmark_heatmap(np.rint(points), side)
            ),
            "The points are cut to whole pixels first: d is a distance to their exact places.": (
                _landmark_heatmap(np.floor(points), side)
            ),
        }
        if not (verdict := judged(_quietly(answer, points.copy(), side), right, mistakes, 1e-5)):
            return verdict
    return Verdict("right", "One picture tells the next stage where all points are.")


@kindly
def soft_argmax(answer):
    """Exercise 2: a function of logits m (N, S, S, K) that gives the places p (N, K, 2) and a function from
    dL/dp to dL/dm.

    >>> soft_argmax(_soft_argmax)
    ✔ Right. Places, and their gradient: a network can be trained through it.
    >>> soft_argmax(lambda m: (_soft_argmax(m)[0], lambda g: m)).message.split(":")[0]
    'The places are right, their gradient is not'
    """
    rng = np.random.default_rng(0)
    for n, side, k in ((2, 5, 3), (3, 4, 6)):
        m = rng.normal(0, 1.5, (n, side, side, k))
        value = answer(m.copy())
        if untried(value):
            return unanswered(value)
        if not (isinstance(value, (tuple, list)) and len(value) == 2):
            return Verdict("wrong", "Two things are wanted: the places p, and the function gradient.")
        found, back = value
        p, ours = _soft_argmax(m)
        if not (verdict := judged(found, p, wrong_places(m), 1e-5)):
            return verdict
        if not callable(back):
            told = "gradient itself, not what it gives" if isinstance(back, np.ndarray) else "a function"
            return Verdict(
                "wrong", f"The second thing returned is a {type(back).__name__}: wanted is {told}."
            )
        g = rng.normal(size=p.shape)
        verdict = judged(_quietly(back, g.copy()), ours(g), wrong_gradients(m, g), 1e-5)
        if not verdict:
            if verdict.state == "untried":
                return UNTRIED
            if verdict is FORGOTTEN:
                return Verdict("wrong", "gradient returns None: is there a return in front of the result?")
            return Verdict("wrong", f"The places are right, their gradient is not: {verdict.message}")
        large = _quietly(lambda m: answer(m)[0], 1000 + 300 * m)
        if not np.isfinite(np.asarray(large, float)).all():
            told = "subtract each map's maximum before the exponential: q stays the same"
            return Verdict("wrong", f"Right, but logits near 1,000 overflow; {told}.")
    return Verdict("right", "Places, and their gradient: a network can be trained through it.")


def _quietly(function, *given):
    """Without NumPy's warnings of overflow: the verdict tells."""
    with np.errstate(all="ignore"):
        return function(*given)


def _window(maps, radius=3):
    """The mean place within a window round the peak, of what is above the map's usual value."""
    n, side, _, k = maps.shape
    peak = heatmaps.argmax(maps)
    away = np.arange(side) - peak[..., None]  # (N, K, 2, S)
    near = np.moveaxis(np.abs(away) <= radius, 2, 0)
    inside = np.einsum("nky,nkx->nyxk", near[1], near[0])
    above = np.maximum(maps - np.median(maps, axis=(1, 2), keepdims=True), 0)
    return heatmaps.soft_argmax(inside * above)


def _hard_maps():
    """Maps of three kinds, and their places: clean, noisy, and with a second, lower peak."""
    rng = np.random.default_rng(0)
    places = rng.uniform(5, 26, (30, 8, 2))
    maps = heatmaps.gaussian(places, 32, 1.5)
    maps[10:20] += rng.uniform(0, 0.12, maps[10:20].shape).astype("f4")
    maps[20:] += 0.7 * heatmaps.gaussian(places[20:] + 6 * rng.choice([-1, 1], (10, 8, 2)), 32, 1.5)
    return maps, places


@kindly
def decoder(answer):
    """Exercise 3: a function of maps (N, S, S, K) that gives places (N, K, 2).

    Any rule is right whose mean error is at most three quarters of the quarter pixel's, except the four.

    >>> decoder(_window).state, decoder(heatmaps.soft_argmax).state, decoder(heatmaps.argmax).state
    ('right', 'wrong', 'wrong')
    """
    maps, places = _hard_maps()
    found = answer(maps.copy())
    if untried(found):
        return unanswered(found)
    found = np.asarray(found, float)
    if found.shape != places.shape:
        return Verdict("wrong", f"The shape should be {places.shape}; yours is {found.shape}.")
    if not np.isfinite(found).all():
        return Verdict("wrong", "Some places are no numbers: does a sum of weights become 0?")
    off = {name: _off(decode(maps), places) for name, decode in heatmaps.DECODERS.items()} | {
        "yours": _off(found, places)
    }
    told = "; ".join(
        f"{name} {clean:.2f}, {noisy:.2f}, {two:.2f}" for name, (clean, noisy, two) in off.items()
    )
    told = f"Mean errors in pixels on clean maps, noisy ones, and ones with a second peak: {told}."
    for name, decode in heatmaps.DECODERS.items():
        if np.abs(found - decode(maps)).max() < 1e-3:
            return Verdict("wrong", f"That is {name} itself: change it. {told}")
    mine, known = np.mean(off["yours"]), np.mean(off["quarter"])
    if mine <= 0.75 * known:
        return Verdict("right", told)
    kind = ("clean maps", "noisy maps", "maps with a second peak")[int(np.argmax(off["yours"]))]
    return Verdict(
        "wrong", f"{told} Wanted is a mean of at most three quarters of quarter's; worst are {kind}."
    )


def _off(found, places):
    """The mean distance on each kind of map."""
    return np.linalg.norm(found - places, axis=-1).reshape(3, -1).mean(axis=1)


OURS = {landmark_heatmap: _landmark_heatmap, soft_argmax: _soft_argmax, decoder: _window}
ready = by_check(OURS)
