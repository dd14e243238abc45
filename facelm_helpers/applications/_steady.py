"""Points that do not tremble: two filters that know no future, and what they gain and cost.

Each frame of a video is aligned on its own, so that points tremble by a little even where nothing moves. A
filter takes that away and follows late: flicker against lag.
"""

import numpy as np

from facelm_helpers.applications._track import check_between, check_track, sizes


def moving_average(track, window=5):
    r"""The mean of the last frames: :math:`\hat x_t = \frac{1}{w} \sum_{i=0}^{w-1} x_{t-i}`.

    Parameters
    ----------
    track : (T, 68, 2) array
        Pixels.
    window : int
        w, frames; at the start as many as there are.

    Returns
    -------
    (T, 68, 2) float64 array
        Of what moves evenly it lies (w - 1) / 2 frames behind.

    Raises
    ------
    ValueError
        For points of another shape or a window below 1.

    Examples
    --------
    >>> track = np.arange(4.0)[:, None, None] * np.ones((1, 68, 2))
    >>> moving_average(track, window=3)[:, 0, 0].tolist()
    [0.0, 0.5, 1.0, 2.0]
    """
    track = check_track(track)
    if not isinstance(window, (int, np.integer)) or window < 1:
        raise ValueError(f"window is {window!r}: wanted a number of frames, at least 1")
    total = np.cumsum(np.concatenate([np.zeros((1, 68, 2)), track]), axis=0)
    end = np.arange(1, len(track) + 1)
    start = np.maximum(end - window, 0)
    return (total[end] - total[start]) / (end - start)[:, None, None]


def one_euro(track, rate, min_cutoff=1.0, beta=10.0, d_cutoff=1.0):
    r"""A low-pass filter that opens when a point is fast.

    .. math:: \hat x_t = a\, x_t + (1 - a)\, \hat x_{t-1}, \qquad
        a = \frac{1}{1 + r / (2 \pi f_c)}, \qquad f_c = f_{min} + \beta\, |\hat{\dot x}_t|

    The speed of each point is itself filtered at ``d_cutoff``. At rest the cut-off frequency is low and the
    points are still; in motion it is high and they keep up. (Casiez, Roussel and Vogel, CHI 2012, filter one
    number; here the two coordinates of a point share their speed, in sizes of the face a second, so that
    ``beta`` means the same for a near face and a far one.)

    Parameters
    ----------
    track : (T, 68, 2) array
        Pixels.
    rate : float
        r, frames a second.
    min_cutoff : float
        Of a point at rest, Hz: the lower, the steadier.
    beta : float
        By how many Hz the cut-off rises for each size of the face a second: the higher, the less lag.
    d_cutoff : float
        Of the speed, Hz.

    Returns
    -------
    (T, 68, 2) float64 array

    Raises
    ------
    ValueError
        For points of another shape, or a number that is not positive (``beta`` may be 0).

    Examples
    --------
    >>> still = np.tile(np.random.default_rng(0).uniform(0, 200, (1, 68, 2)), (50, 1, 1))
    >>> shaken = still + np.random.default_rng(1).normal(size=still.shape)
    >>> bool(flicker(one_euro(shaken, rate=25), still) < flicker(shaken, still) / 3)
    True
    """
    track = check_track(track)
    rate = check_between(rate, 0, np.inf, "rate")
    lowest = check_between(min_cutoff, 0, np.inf, "min_cutoff")
    of_speed = share(check_between(d_cutoff, 0, np.inf, "d_cutoff"), rate)
    if not 0 <= beta < np.inf:
        raise ValueError(f"beta is {beta!r}: wanted a number of at least 0")
    found, speed, size = track.copy(), np.zeros((68, 2)), sizes(track)
    for t in range(1, len(track)):
        now = (track[t] - track[t - 1]) * rate / size[t]
        speed += of_speed * (now - speed)
        cutoff = lowest + beta * np.linalg.norm(speed, axis=1, keepdims=True)
        found[t] = found[t - 1] + share(cutoff, rate) * (track[t] - found[t - 1])
    return found


def share(cutoff, rate):
    """a of an exponential filter: how much of the new value counts, at a cut-off and a rate in Hz."""
    return 1 / (1 + rate / (2 * np.pi * cutoff))


def flicker(track, truth=None):
    r"""How much points tremble: the mean distance of a residual from the mean of its two neighbours.

    .. math:: F = \operatorname{mean}_{t, k} \lVert r_t - (r_{t-1} + r_{t+1}) / 2 \rVert / s_t,
        \qquad r_t = x_t - x_t^{true}

    An error that stays is no flicker. The idea is that of the normalised mean flicker (Micaelli, Vahdat,
    Yin, Kautz and Molchanov, CVPR 2023); this formula is the course's own.

    Parameters
    ----------
    track : (T, 68, 2) array
        At least three frames.
    truth : (T, 68, 2) array, optional
        Annotations. Without, the points are taken to stand still or to move evenly.

    Returns
    -------
    float
        A share of the longer side s of the tight box.

    Raises
    ------
    ValueError
        For points of another shape, or fewer than three frames.

    Examples
    --------
    >>> even = np.arange(5.0)[:, None, None] + np.random.default_rng(0).uniform(0, 90, (1, 68, 2))
    >>> round(flicker(even), 9)
    0.0
    """
    track = check_track(track, fewest=3)
    truth = track * 0 if truth is None else check_track(truth, "truth", fewest=3)
    if truth.shape != track.shape:
        raise ValueError(f"truth is of {len(truth)} frames: wanted {len(track)}, as many as points")
    rest = track - truth
    off = np.linalg.norm(rest[1:-1] - (rest[:-2] + rest[2:]) / 2, axis=2)
    return float((off / sizes(track)[1:-1, None]).mean())


def lag(track, truth, most=12):
    """By how many frames points come late: the shift at which they fit the truth best.

    Parameters
    ----------
    track, truth : (T, 68, 2) arrays
        Longer than ``most + 2`` frames, in which something moves.
    most : int
        The largest shift that is tried, frames.

    Returns
    -------
    float
        Frames, to a fraction: the least of a parabola through the three best shifts.

    Raises
    ------
    ValueError
        For points of another shape or too few frames.

    Examples
    --------
    >>> t = np.arange(60)[:, None, None]
    >>> truth = 100 + 30 * np.sin(t / 5) + np.zeros((1, 68, 2))
    >>> round(lag(moving_average(truth, 5), truth), 1)
    2.0
    """
    track, truth = check_track(track, fewest=most + 3), check_track(truth, "truth", fewest=most + 3)
    if track.shape != truth.shape:
        raise ValueError(f"truth is of {len(truth)} frames: wanted {len(track)}, as many as points")
    late = track[most + 1 :]
    costs = [((late - truth[most + 1 - k : len(truth) - k]) ** 2).mean() for k in range(most + 2)]
    k = int(np.argmin(costs))
    if 0 < k < most + 1:
        before, here, after = costs[k - 1 : k + 2]
        bend = before - 2 * here + after
        return float(k + (before - after) / (2 * bend)) if bend > 0 else float(k)
    return float(k)
