"""Blinks, yawns and drowsiness, from two ratios over a clip."""

from typing import NamedTuple

import numpy as np

from facelm_helpers.applications._track import check_between, check_track
from facelm_helpers.geometry import eye_aspect_ratio, mouth_aspect_ratio

YAWN, LONG_YAWN = 0.5, 1.0  # of the mouth's ratio; seconds
LONG_BLINK = 0.5  # seconds: a microsleep, not a blink
DROWSY = 0.15  # share of the time with closed eyes (PERCLOS)


class Watched(NamedTuple):
    """What `watch` saw.

    Attributes
    ----------
    eyes, mouth : (T,) arrays
        The aspect ratios.
    threshold : float
        Below it the eyes are taken to be closed.
    blinks, microsleeps, yawns : lists of (start, end)
        Seconds. A closure of half a second or more is a microsleep.
    closed : float
        Share of the time with closed eyes, after the calibration (PERCLOS).
    drowsy : bool
        A microsleep, or more than 15 % closed.
    """

    eyes: np.ndarray
    mouth: np.ndarray
    threshold: float
    blinks: list
    microsleeps: list
    yawns: list
    closed: float
    drowsy: bool


def personal_threshold(eyes, share=0.75):
    """The eye aspect ratio below which this person's eyes are closed: a share of their open ones.

    Open eyes differ from person to person, so that one fixed threshold calls some people asleep. The
    open ratio is the 80th percentile of a calibration, in which the person may blink. Annotated lids would
    allow a share of 0.6; a network that regresses points closes them less far than the person does.

    Parameters
    ----------
    eyes : (T,) array
        Eye aspect ratios of some seconds in which the person is awake.
    share : float
        Between 0 and 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If there are no ratios, or the share is out of its range.

    Examples
    --------
    >>> round(personal_threshold([0.3, 0.3, 0.1, 0.3, 0.3]), 3)
    0.225
    """
    eyes = np.asarray(eyes, dtype=np.float64)
    if eyes.ndim != 1 or not len(eyes) or not np.isfinite(eyes).all():
        raise ValueError(f"eyes have shape {eyes.shape}: wanted (T,) finite aspect ratios, at least one")
    return check_between(share, 0, 1, "share") * float(np.percentile(eyes, 80))


def spans(active, rate, shortest=0.0):
    """When something goes on: (start, end) of each run of true frames, in seconds.

    Parameters
    ----------
    active : (T,) bool array
    rate : float
        Frames a second.
    shortest : float
        Shorter runs are left out, seconds.

    Returns
    -------
    list of (float, float)

    Examples
    --------
    >>> spans([0, 1, 1, 0, 1], rate=2)
    [(0.5, 1.5), (2.0, 2.5)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(active, bool).astype(int), [0]])))
    found = [(start / rate, end / rate) for start, end in edges.reshape(-1, 2).tolist()]
    return [(start, end) for start, end in found if end - start >= shortest - 1e-9]


def watch(points, rate, calibration=2.0, share=0.75):
    """Blinks, microsleeps and yawns of one face in a clip, and whether it seems drowsy.

    The eye aspect ratio follows Soukupova and Cech (Computer Vision Winter Workshop, 2016). The share of time
    with closed eyes is what the study of drowsy drivers calls PERCLOS, there over a minute or more.

    Parameters
    ----------
    points : (T, 68, 2) array
        Of one face, pixels.
    rate : float
        Frames a second: at 10 a blink of 0.15 s is one frame or two.
    calibration : float
        Seconds at the beginning that give the personal threshold; the person must be awake.
    share : float
        Of `personal_threshold`.

    Returns
    -------
    Watched

    Raises
    ------
    ValueError
        For points of another shape, a rate that is not positive, or a clip that is not longer than the
        calibration.

    Examples
    --------
    >>> from facelm_helpers.landmarks import MEAN_SHAPE
    >>> track = np.tile(100 * MEAN_SHAPE, (100, 1, 1))
    >>> track[60:64, [37, 38, 43, 44]] = track[60:64, [41, 40, 47, 46]]   # the lids meet
    >>> watch(track, rate=20).blinks
    [(3.0, 3.2)]
    """
    points, rate = check_track(points), check_between(rate, 0, np.inf, "rate")
    first = round(check_between(calibration, 0, np.inf, "calibration") * rate)
    if not 0 < first < len(points):
        raise ValueError(
            f"the clip lasts {len(points) / rate:.2f} s: wanted more than the calibration, {calibration:g} s"
        )
    eyes, mouth = eye_aspect_ratio(points), mouth_aspect_ratio(points)
    threshold = personal_threshold(eyes[:first], share)
    closed = eyes < threshold
    closures = spans(closed, rate)
    blinks = [span for span in closures if span[1] - span[0] < LONG_BLINK]
    microsleeps = [span for span in closures if span[1] - span[0] >= LONG_BLINK]
    yawns = spans(mouth > YAWN, rate, LONG_YAWN)
    part = float(closed[first:].mean())
    return Watched(
        eyes, mouth, threshold, blinks, microsleeps, yawns, part, bool(microsleeps) or part > DROWSY
    )
