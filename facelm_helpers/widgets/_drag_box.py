"""A box that a person drags over a face, and what some methods find in it, at once."""

import ipywidgets
import numpy as np
from ipywidgets import Layout

from facelm_helpers import metrics
from facelm_helpers.boxes import move_boxes
from facelm_helpers.geometry import apply_transform
from facelm_helpers.images import warp
from facelm_helpers.plots.picture import COLUMN, beside
from facelm_helpers.widgets._drawing import draw, encode, write
from facelm_helpers.widgets._picture import Picture
from facelm_helpers.widgets._script import script

SIDE = 400  # pixels of a method's picture
# slider -> lowest, highest, start: shares of the box's longer side, and times its size
RANGES = {"right": (-0.3, 0.3, 0.0), "down": (-0.3, 0.3, 0.0), "size": (0.7, 1.4, 1.0)}
STILL = ({}, {"right": 0.1, "down": 0.15})  # what is shown where no kernel runs

PAGE = """
<style>.IDENTITY img { touch-action: none; cursor: move; }</style>
<script>
(() => {
  let last = 0;
  const over = event => event.target.closest && event.target.closest(".IDENTITY img");
  const moved = event => {
    const picture = over(event);
    if (!picture || !(event.buttons & 1)) return;
    event.preventDefault();
    if (event.type === "pointermove" && Date.now() - last < 60) return;
    last = Date.now();
    const frame = picture.getBoundingClientRect();
    const field = document.querySelector(".IDENTITY textarea");
    field.value = ((event.clientX - frame.left) / frame.width).toFixed(3) + " " +
      ((event.clientY - frame.top) / frame.height).toFixed(3);
    ["input", "change"].forEach(kind => field.dispatchEvent(new Event(kind, {bubbles: true})));
  };
  ["pointerdown", "pointermove"].forEach(kind => document.addEventListener(kind, moved, true));
  document.addEventListener("dragstart", event => over(event) && event.preventDefault(), true);
})();
</script>
"""


def pointed(text, panels):
    """Where the pointer is in its panel, from the page's words, or None if they are none.

    Parameters
    ----------
    text : str
        Two shares of the whole picture, to the right and down.
    panels : int
        How many equal ones lie side by side.

    Examples
    --------
    >>> pointed("0.75 0.25", panels=2)
    (0.5, 0.25)
    """
    try:
        x, y = (float(part) for part in text.split())
    except ValueError:
        return None
    return (x * panels % 1, y) if 0 <= x < 1 and 0 <= y <= 1 else None


def shift_to(box, place):
    """How far a box must move for its centre to lie at a place, within `RANGES`.

    Parameters
    ----------
    box : (4,) array
    place : (2,) array
        Pixels.

    Returns
    -------
    (2,) array
        To the right and down, in longer sides of the box.

    Examples
    --------
    >>> shift_to([0, 0, 10, 10], [6, 4]).tolist()
    [0.1, -0.1]
    """
    box = np.asarray(box, np.float64)
    shift = (np.asarray(place) - (box[:2] + box[2:]) / 2) / (box[2:] - box[:2]).max()
    return np.clip(shift.round(3), *RANGES["right"][:2])


def in_box(aligners, image, box, truth):
    """What each method finds in a box: one picture, side by side, and the errors.

    Parameters
    ----------
    aligners : dict of name -> Aligner
    image : (H, H, 3) uint8 array
    box : (4,) array
    truth : (68, 2) array

    Returns
    -------
    picture : (400, 400 * methods, 3) uint8 array
    errors : dict of name -> float
        NME, of the box normaliser.

    Examples
    --------
    >>> from facelm_helpers import methods, sources
    >>> image, truth, box = sources.load("synthetic", n=1, yaw=(0, 0.2), progress=False)[0]
    >>> picture, errors = in_box({"mean shape": methods.load("mean_shape")}, image, box, truth)
    >>> picture.shape, errors["mean shape"] < 0.2
    ((400, 400, 3), True)
    """
    zoom = SIDE / max(image.shape[:2])
    to_panel = np.array([[zoom, 0, (zoom - 1) / 2], [0, zoom, (zoom - 1) / 2]])
    large = warp(image, to_panel, SIDE)
    panels, errors = [], {}
    for name, aligner in aligners.items():
        points = aligner.predict([image], [box])
        errors[name] = float(metrics.nme(points, truth[None], norm="box")[0])
        shown = apply_transform(to_panel, points[0]), np.asarray(box) * zoom, apply_transform(to_panel, truth)
        panels.append(write(draw(large, *shown), f"{name}  {errors[name]:.1%}"))
    return np.concatenate(panels, axis=1), errors


class DraggableBox(ipywidgets.VBox):
    """A face whose box follows the pointer, and sliders that do the same for the keyboard.

    Parameters
    ----------
    aligners, image, box, truth
        As `in_box` takes them.

    Examples
    --------
    >>> from facelm_helpers import methods, sources
    >>> image, truth, box = sources.load("synthetic", n=1, yaw=(0, 0.2), progress=False)[0]
    >>> dragged = DraggableBox({"mean shape": methods.load("mean_shape")}, image, box, truth)
    >>> before = dragged.errors["mean shape"]
    >>> dragged.sliders["down"].value = 0.2
    >>> dragged.errors["mean shape"] > before
    True
    """

    def __init__(self, aligners, image, box, truth):
        self.aligners, self.image, self.truth = dict(aligners), image, np.asarray(truth)
        self.box = np.asarray(box, np.float64)
        width = f"{SIDE * len(self.aligners)}px"
        self.picture = Picture(format="jpeg", layout=Layout(width="100%", max_width=width))
        self.sliders = {
            name: ipywidgets.FloatSlider(
                value=start, min=low, max=high, step=0.01, description=f"box {name}", readout_format=".0%",
                layout=Layout(width="98%", max_width="420px"),
            )
            for name, (low, high, start) in RANGES.items()
        }  # fmt: skip
        self.field = ipywidgets.Textarea(layout=Layout(display="none"))
        identity = f"facelm-box-{self.picture.model_id}"
        page = script(PAGE.replace("IDENTITY", identity), "[follows the pointer]")
        super().__init__([self.picture, *self.sliders.values(), self.field, page])
        self.add_class(identity)
        for slider in self.sliders.values():
            slider.observe(self._redraw, "value")
        self.field.observe(self._dragged, "value")
        self._redraw()

    def placed(self, right=0.0, down=0.0, size=1.0):
        """The box as the sliders would have it."""
        return move_boxes(self.box, (right, down), size)

    def _redraw(self, change=None):
        box = self.placed(**{name: slider.value for name, slider in self.sliders.items()})
        picture, self.errors = in_box(self.aligners, self.image, box, self.truth)
        self.picture.value = encode(picture)
        told = ", ".join(f"{name} {error:.1%}" for name, error in self.errors.items())
        self.picture.tooltip = f"The face with its box and each method's points; NME {told}"

    def _dragged(self, change=None):
        at = pointed(self.field.value, len(self.aligners))
        if at is not None:
            shift = shift_to(self.box, np.array(at) * max(self.image.shape[:2]))
            self.sliders["right"].value, self.sliders["down"].value = shift.tolist()

    def _repr_mimebundle_(self, **given):
        """The widget, and for pages where no widget can run the box at two places."""
        rows = [in_box(self.aligners, self.image, self.placed(**at), self.truth)[0] for at in STILL]
        content = encode(np.concatenate(rows), quality=60)
        return beside(super()._repr_mimebundle_(**given), content, "image/jpeg", COLUMN)
