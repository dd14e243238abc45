"""A comparison's state as the query of a link, to send to somebody or to come back to."""

import urllib.parse
from dataclasses import asdict

from facelm_helpers.widgets._scene import samples
from facelm_helpers.widgets._view import LIMITS, State


def write(pair, picture, state, stage=None):
    """The state as a query; sliders at rest are left out, and so is a picture of the reader's own.

    Parameters
    ----------
    pair : sequence of two str
        The names of the methods.
    picture : str
        Name of the scene.
    state : State
    stage : int, optional
        Of a cascade.

    Returns
    -------
    str

    Examples
    --------
    >>> write(["dlib", "senet"], "me.jpg", State(rotation=30), stage=2)
    'left=dlib&right=senet&rotation=30&stage=2'
    """
    still = asdict(State())
    moved = {name: f"{value:.4g}" for name, value in asdict(state).items() if value != still[name]}
    fields = {"left": pair[0], "right": pair[1]}
    fields |= ({"picture": picture} if picture in samples() else {}) | moved
    return urllib.parse.urlencode(fields if stage is None else fields | {"stage": stage})


def read(query):
    """The inverse of `write`; fields that it does not know, such as a server's token, are passed over.

    Returns
    -------
    first, second, picture : str or None
    state : State
    stage : int or None

    Raises
    ------
    ValueError
        If a number is none, or beyond its slider's limits.

    Examples
    --------
    >>> read("right=senet&rotation=30&token=1")
    (None, 'senet', None, State(rotation=30.0, light=0.0, blur=0.0, noise=0.0, occlusion=0.0, box_x=0.0, \
box_y=0.0, box_scale=1.0), None)
    """
    fields = dict(urllib.parse.parse_qsl(query.lstrip("?")))
    state = State(**{name: _number(name, fields[name]) for name in LIMITS if name in fields})
    stage = int(_number("stage", fields["stage"])) if "stage" in fields else None
    return fields.get("left"), fields.get("right"), fields.get("picture"), state, stage


def _number(name, text):
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if abs(number) < 1e6:  # not so for what is no number
        return number
    raise ValueError(f"the link's {name} is {text[:20]!r}: wanted a number")
