"""One comparison without its controls: a scene, a state, two methods, and what they predict."""

import html
from dataclasses import dataclass, replace

import numpy as np

from facelm_helpers.widgets import _methods
from facelm_helpers.widgets._drawing import draw
from facelm_helpers.widgets._scene import from_upload, sample, samples
from facelm_helpers.widgets._view import State, View, view


@dataclass(frozen=True, eq=False)
class Redrawn:
    """What the page shows after a move.

    Parameters
    ----------
    view : View
        What both methods were given.
    answers : (Answer, Answer)
    pictures : (array, array)
        (420, 420, 3) uint8, the points drawn in.
    discrepancy : float
        See `discrepancy`.
    """

    view: View
    answers: tuple
    pictures: tuple
    discrepancy: float


class Session:
    """What the controls change and the page shows; `redraw` turns the one into the other.

    Parameters
    ----------
    aligners : dict of str -> Aligner, optional
        Fitted ones of your own, which join the shipped ones in the menus.
    first, second : str, optional
        Names of the two methods; see `choices` for what they are otherwise.
    photograph : Scene, optional
        The first of `samples` by default.

    Attributes
    ----------
    names : list of str
        What can be compared.
    pair : list of str
        The two names that are compared.
    scene : Scene
    state : State
    stage : int or None
        How many stages of a cascade are shown; None for all of them.

    Raises
    ------
    ValueError
        If `first` or `second` is a method that cannot be compared here.

    Examples
    --------
    >>> session = Session(first="dlib", second="dlib")
    >>> session.redraw().discrepancy
    0.0
    """

    def __init__(self, aligners=None, first=None, second=None, photograph=None):
        self.own = dict(aligners or {})
        self.names, *standard = _methods.choices(self.own)
        self.pair = [first or standard[0], second or standard[1]]
        if self.pair[0] == self.pair[1] and not (first and second):
            self.pair[0 if second else 1] = next(name for name in standard if name not in self.pair)
        for name in self.pair:
            if name not in self.names:
                raise ValueError(f"{name!r} cannot be compared here: wanted one of {', '.join(self.names)}")
        self.scene = photograph if photograph is not None else sample(samples()[0])
        self.state, self.stage, self._warm = State(), None, set()

    def aligner(self, name):
        """The method of that name: the reader's own, or the shipped one; warm, so that its times are true."""
        found = self.own[name] if name in self.own else _methods.get(name)
        if name not in self._warm:
            for stage in (None, 0):  # a network's first call builds its graph, and takes many times longer
                _methods.answer(found, view(self.scene), stage)
            self._warm.add(name)
        return found

    def move(self, **sliders):
        """Set some sliders: ``session.move(rotation=20)``. Raises ValueError beyond their limits."""
        self.state = replace(self.state, **sliders)

    def choose(self, name):
        """Take a sample by its name."""
        self.scene = sample(name)

    def upload(self, content, name="the picture"):
        """Take a picture's file, given as bytes. A ValueError says in one sentence why not."""
        self.scene = from_upload(content, name)

    @property
    def stages(self):
        """How many stages the longer of the two cascades has; 0 where neither is one."""
        cascades = [name for name in self.pair if self.aligner(name).cascade]
        if not cascades:
            return 0
        given = view(self.scene, self.state)
        return max(_methods.answer(self.aligner(name), given, stage=0).stages for name in cascades)

    def redraw(self):
        """The picture in the present state, the answers of both methods, and their discrepancy.

        Returns
        -------
        Redrawn
        """
        given = view(self.scene, self.state)
        answers = tuple(_methods.answer(self.aligner(name), given, self.stage) for name in self.pair)
        pictures = tuple(draw(given.image, answer.points, given.box, given.truth) for answer in answers)
        apart = _methods.discrepancy(*(answer.points for answer in answers), given.truth)
        return Redrawn(given, answers, pictures, apart)


def caption(answer):
    """What stands under an overlay, as HTML.

    >>> caption(_methods.Answer(np.zeros((68, 2)), 0.0312, 1.26))
    '<b>NME 3.1 %</b> of the eye distance &middot; 1.3&nbsp;ms'
    """
    known = answer.nme is not None
    parts = [f"<b>NME {_percent(answer.nme)}</b> of the eye distance" if known else "truth not known"]
    if answer.expected is not None:
        parts.append(f"expects {_percent(answer.expected)}")
    if answer.stages:
        parts.append(f"stage {answer.stage} of {answer.stages}")
    return " &middot; ".join([*parts, f"{answer.milliseconds:.1f}&nbsp;ms"])


def summary(redrawn, names, note=""):
    """The sentence below both overlays, as HTML.

    Parameters
    ----------
    redrawn : Redrawn
    names : sequence of two str
    note : str
        Of the scene.
    """
    first, second = (html.escape(_methods.title(name)) for name in names)
    apart = f"<b>{_percent(redrawn.discrepancy)}</b> of the eye distance"
    said = f"Discrepancy of {first} and {second}: {apart}, the mean over the points."
    nmes = [answer.nme for answer in redrawn.answers]
    if None not in nmes and nmes[0] != nmes[1]:
        said += f" Nearer to the truth: <b>{first if nmes[0] < nmes[1] else second}</b>."
    elif None in nmes:
        said += " The truth is not known here: even where it is small, both may be wrong."
    return f"{said} {html.escape(note)}".strip()


def _percent(fraction):
    return f"{100 * fraction:.1f} %"


def still(redrawn, names):
    """A picture for pages where widgets cannot run: both overlays in one array, and its alternative text.

    Parameters
    ----------
    redrawn : Redrawn
    names : sequence of two str

    Returns
    -------
    picture : (420, 852, 3) uint8 array
    alt : str
    """
    gap = np.full((len(redrawn.pictures[0]), 12, 3), 255, np.uint8)
    first, second = (_methods.title(name) for name in names)
    alt = (
        f"The same face twice, with its white box: on the left the coloured points of {first}, on the right"
        f" those of {second}. Their discrepancy is {_percent(redrawn.discrepancy)} of the eye distance."
    )
    return np.hstack([redrawn.pictures[0], gap, redrawn.pictures[1]]), alt
