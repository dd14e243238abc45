"""Which methods can be compared here, and what one of them predicts for a view."""

import functools
import time
from dataclasses import dataclass

import numpy as np

from facelm_helpers import methods, metrics, sources

QUICK = "ert, trained just now"
LAST_CHOICE = ("mean_shape",)  # looks at no picture, so it makes a dull partner


@dataclass(frozen=True, eq=False)
class Answer:
    """What a method predicts.

    Parameters
    ----------
    points : (68, 2) float32 array
    nme : float or None
        Inter-ocular, a fraction; None where the truth is not known.
    milliseconds : float
        What it took, the crop included.
    stage, stages : int
        Which stage this is, and how many there are; both 0 for a method without stages.
    expected : float or None
        The NME that the method itself expects, of one with a score.
    """

    points: np.ndarray
    nme: float | None
    milliseconds: float
    stage: int = 0
    stages: int = 0
    expected: float | None = None


def answer(aligner, view, stage=None):
    """Ask a method for the points of a view.

    Parameters
    ----------
    aligner : Aligner
    view : View
    stage : int, optional
        Of a cascade: the shape after this many stages; the last by default, or if there are fewer.

    Returns
    -------
    Answer
    """
    staged = aligner.cascade and stage is not None
    start = time.perf_counter()
    points = aligner.predict([view.image], [view.box], stages=staged, scores=aligner.score)
    milliseconds = 1000 * (time.perf_counter() - start)
    points, expected = (points[0], float(np.exp(-points[1][0]))) if aligner.score else (points, None)
    stages = 0
    if staged:
        stages = len(points) - 1
        stage = min(stage, stages)
        points = points[stage]
    points = points[0]
    error = None if view.truth is None else float(metrics.nme(points[None], view.truth[None])[0])
    return Answer(points, error, milliseconds, stage if staged else 0, stages, expected)


def discrepancy(first, second, truth=None):
    r"""How far two methods' points lie apart, in units of the eye distance.

    .. math:: a = \frac{1}{K} \sum_k \frac{\lVert p_k - q_k \rVert}{d}

    with d the distance of the outer eye corners: of the truth where it is known, else of the mean of both.
    0 where both find the same points; they may still both be wrong.

    Parameters
    ----------
    first, second : (68, 2) arrays
    truth : (68, 2) array, optional

    Returns
    -------
    float

    Examples
    --------
    >>> shape = np.zeros((68, 2)); shape[45] = 100, 0
    >>> discrepancy(shape, shape + (3, 4))
    0.05
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    length = metrics.normaliser(((first + second) / 2 if truth is None else truth)[None])[0]
    return float(np.linalg.norm(first - second, axis=-1).mean() / length)


def available():
    """The names of the methods that have weights here, by the registry's order.

    >>> "dlib" in available()
    True
    """
    return [name for name in methods.names() if methods.of(name).has_weights()]


def choices(extra=()):
    """What the two menus offer, and where they stand at first.

    Parameters
    ----------
    extra : iterable of str
        Names of aligners that the reader brings along.

    Returns
    -------
    names : list of str
        The methods with weights and the reader's own; where that is only one, `QUICK` joins it.
    first, second : str
        `methods.COMPARED` where both are there; the reader's own aligner comes before any other second.

    Examples
    --------
    >>> names, first, second = choices(["mine"])
    >>> first != second and {first, second} <= set(names)
    True
    """
    extra = list(extra)
    names = [*extra, *(name for name in available() if name not in extra)]
    if len(names) < 2:
        names.append(QUICK)
    first, rank = methods.COMPARED[0], {name: i for i, name in enumerate(methods.COMPARED)}
    ranked = sorted(
        range(len(names)),
        key=lambda i: (names[i] in LAST_CHOICE, 0 if names[i] == first else 1,
                       names[i] not in extra, rank.get(names[i], 2), i),
    )  # fmt: skip
    return names, names[ranked[0]], names[ranked[1]]


@functools.cache
def get(name):
    """The aligner of a menu's entry: shipped weights, or for `QUICK` a small ERT trained in a few seconds."""
    if name != QUICK:
        return methods.load(name)
    faces = sources.load("synthetic", n=300, seed=5, progress=False)
    quick = methods.create("ert", n_stages=5, n_trees=30, depth=3,
                           n_starts=4, n_pixels=200)  # fmt: skip
    return quick.fit(faces, progress=False)


def title(name):
    """A method's name as a reader sees it.

    >>> title("dlib")
    'dlib, 68 points'
    """
    return methods.of(name).title if name in methods.names() else name
