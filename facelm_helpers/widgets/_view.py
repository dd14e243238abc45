"""What the sliders do: from a scene and a state to the picture and the box that the methods get."""

import functools
from dataclasses import dataclass, fields, replace

import numpy as np

from facelm_helpers import augment
from facelm_helpers.boxes import move_boxes
from facelm_helpers.geometry import apply_transform, compose, rotation
from facelm_helpers.images import warp
from facelm_helpers.widgets._scene import MARGIN, SIDE, VIEW

# slider -> lowest, highest, step
LIMITS = {
    "rotation": (-90.0, 90.0, 1.0),
    "light": (-3.0, 3.0, 0.1),
    "blur": (0.0, 6.0, 0.1),
    "noise": (0.0, 80.0, 1.0),
    "occlusion": (0.0, 0.8, 0.01),
    "box_x": (-0.25, 0.25, 0.01),
    "box_y": (-0.25, 0.25, 0.01),
    "box_scale": (0.7, 1.4, 0.01),
}
OCCLUDER = (70, 70, 78)  # the colour of what occludes the face
GRAIN_SEED = 0  # the noise stays where it is while other sliders move
PIXEL = 1.5 * VIEW / MARGIN / 128  # a pixel of the 128x128 crop, in pixels of the view


@dataclass(frozen=True)
class State:
    """The sliders' values. At the defaults nothing is changed.

    Parameters
    ----------
    rotation : float
        Degrees, clockwise, round the middle of the face's box. The box keeps its place and stays upright, as
        if a detector had found the turned face.
    light : float
        Stops: each doubles the light, each below 0 halves it.
    blur : float
        Standard deviation in pixels of a 128x128 crop, which is what the networks see.
    noise : float
        Standard deviation in grey levels.
    occlusion : float
        The share of the box that is occluded, from below.
    box_x, box_y : float
        Shift of the box to the right and down, in its longer sides.
    box_scale : float
        Times its size.

    Raises
    ------
    ValueError
        If a value leaves its slider's limits.

    Examples
    --------
    >>> State(rotation=400)
    Traceback (most recent call last):
    ValueError: rotation is 400: wanted a number from -90 to 90
    """

    rotation: float = 0.0
    light: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    occlusion: float = 0.0
    box_x: float = 0.0
    box_y: float = 0.0
    box_scale: float = 1.0

    def __post_init__(self):
        for field in fields(self):
            low, high, _ = LIMITS[field.name]
            value = getattr(self, field.name)
            if not low - 1e-9 <= value <= high + 1e-9:
                raise ValueError(f"{field.name} is {value:g}: wanted a number from {low:g} to {high:g}")


@dataclass(frozen=True, eq=False)
class View:
    """What the methods are given: picture (420, 420, 3), box (4,), and the truth (68, 2) if it is known."""

    image: np.ndarray
    box: np.ndarray
    truth: np.ndarray | None


def view(scene, state=None):
    """The picture, the box and the truth in a state of the sliders.

    The order is that of image formation: something occludes the face, the head turns, the light changes, the
    lens blurs, the sensor adds noise. The box is moved last and does not change the picture.

    Parameters
    ----------
    scene : Scene
    state : State, optional
        By default nothing is changed.

    Returns
    -------
    View

    Examples
    --------
    >>> from facelm_helpers.widgets._scene import scene
    >>> grey = scene("grey", np.full((200, 200, 3), 100, np.uint8), [50, 60, 150, 140])
    >>> view(grey, State(light=1)).image.mean()
    np.float64(200.0)
    """
    state = State() if state is None else state
    image, transform = _picture(scene, replace(state, box_x=0.0, box_y=0.0, box_scale=1.0))
    shift, corner = (state.box_x, state.box_y), np.float32((SIDE - VIEW) / 2)
    box = move_boxes(scene.box - corner, shift, state.box_scale).astype(np.float32)
    truth = scene.truth
    if truth is not None:
        truth = apply_transform(transform, truth).astype(np.float32)
    return View(image, box, truth)


@functools.lru_cache(maxsize=2)  # a slider that moves the box leaves the picture as it is
def _picture(scene, state):
    image = scene.image
    if state.occlusion:
        left, top, right, bottom = scene.box
        low = bottom - state.occlusion * (bottom - top)
        # below the box too, and a little to its sides, so that no edge of the face stays visible
        wider = 0.1 * (right - left)
        image = augment.occlude(image, [left - wider, low, right + wider, bottom + 2 * wider], OCCLUDER)
    offset = (SIDE - VIEW) / 2
    transform = rotation(state.rotation, [(SIDE - 1) / 2] * 2)
    transform = compose([[1, 0, -offset], [0, 1, -offset]], transform)
    image = warp(image, transform, VIEW)
    if state.light:
        image = augment.light(image, gain=2.0**state.light)
    image = augment.blur(image, state.blur * PIXEL)
    if state.noise:
        image = augment.noise(image, state.noise, np.random.default_rng(GRAIN_SEED))
    image.flags.writeable = False  # others get it too
    return image, transform
