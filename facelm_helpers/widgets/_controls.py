"""The controls of the live comparison and how they are laid out; what they do is in `_panel`."""

import ipywidgets
from ipywidgets import Layout

from facelm_helpers.widgets import _methods, _webcam
from facelm_helpers.widgets._picture import Picture
from facelm_helpers.widgets._scene import VIEW, samples
from facelm_helpers.widgets._script import script
from facelm_helpers.widgets._view import LIMITS, State

# slider -> label, how its number is written, what it does
SLIDERS = {
    "rotation": ("rotation", ".0f", "degrees, clockwise; the box stays upright"),
    "light": ("light", "+.1f", "stops: +1 doubles the light, -1 halves it"),
    "blur": ("blur", ".1f", "standard deviation, pixels of a 128 x 128 crop"),
    "noise": ("noise", ".0f", "standard deviation, grey levels"),
    "occlusion": ("occluded", ".0%", "share of the box that is occluded, from below"),
    "box_x": ("box right", "+.0%", "shift of the box to the right, in its longer sides"),
    "box_y": ("box down", "+.0%", "shift of the box down, in its longer sides"),
    "box_scale": ("box size", ".0%", "times the size of the box"),
}
# ipywidgets names neither a slider's handle and number nor the player's buttons for a screen reader
NAMES = """
<script>
(() => {
  const page = document.getElementById("IDENTITY")?.closest(".facelm-compare");
  if (!page) return;
  const give = (root, parts, words) =>
    root.querySelectorAll(parts).forEach(part => part.setAttribute("aria-label", words));
  const name = () => {
    page.querySelectorAll(".widget-slider").forEach(slider =>
      give(slider, ".noUi-handle, .widget-readout", slider.querySelector(".widget-label").textContent));
    give(page, ".widget-play button:first-of-type", "play or pause the stages");
    give(page, ".widget-play button:nth-of-type(2)", "back to the first stage");
  };
  new MutationObserver(name).observe(page, {childList: true, subtree: true});
  name();
})();
</script>
"""


class Controls(ipywidgets.VBox):
    """All controls of a comparison, at rest.

    Parameters
    ----------
    names, pair : sequences of str
        The methods of both menus, and where the two stand.
    """

    def __init__(self, names, pair):
        self.photograph = ipywidgets.Dropdown(
            options=samples(), description="picture", value=None, layout=_narrow("300px")
        )
        self.upload = ipywidgets.FileUpload(
            accept="image/*", multiple=False, description="Upload your own", layout=_narrow("175px")
        )
        titles = [(_methods.title(name), name) for name in names]
        self.pair, self.images, self.captions = [], [], []
        for side, name in zip(("left", "right"), pair, strict=True):
            self.pair.append(ipywidgets.Dropdown(
                options=titles, value=name, description=side, tooltip=f"the method on the {side}",
                style={"description_width": "initial"}, layout=Layout(width="98%"),
            ))  # fmt: skip
            picture = Picture(format="jpeg", layout=Layout(width="100%", max_width=f"{VIEW}px"))
            picture.add_class(f"facelm-{side}")
            self.images.append(picture)
            self.captions.append(ipywidgets.HTML())
        self.sliders = {}
        for name, (label, written, does) in SLIDERS.items():
            low, high, step = LIMITS[name]
            self.sliders[name] = ipywidgets.FloatSlider(
                value=getattr(State(), name), min=low, max=high, step=step, description=label,
                readout_format=written, tooltip=does, layout=Layout(width="98%"))  # fmt: skip
            self.sliders[name].add_class(f"facelm-{name}")
        self.reset = ipywidgets.Button(description="Reset the sliders", layout=_narrow("150px"))
        self.save = ipywidgets.Button(description="Save or share", layout=_narrow("150px"))
        self.saved = ipywidgets.HTML()
        self.saved.add_class("facelm-saved")
        self.play = ipywidgets.Play(interval=700, show_repeat=False, tooltip="slow motion of the stages")
        self.stage = ipywidgets.IntSlider(description="stage", layout=Layout(flex="1 1 260px"))
        ipywidgets.jslink((self.play, "value"), (self.stage, "value"))
        self.status = ipywidgets.HTML(layout=Layout(min_height="44px"))  # two lines: nothing below it jumps
        self.status.add_class("facelm-status")
        self._make_webcam()
        super().__init__(self._arranged(), layout=Layout(max_width="940px", padding="4px"))
        self.add_class("facelm-compare")

    def _make_webcam(self):
        identity = f"facelm-camera-{self.stage.model_id}"
        self.camera_field = ipywidgets.Textarea(layout=Layout(display="none"))
        page = _webcam.page(identity) + NAMES.replace("IDENTITY", identity)
        self.camera_page = script(page, "[the webcam's button]")
        self.camera = ipywidgets.HBox([self.camera_page, self.camera_field], layout=_narrow("340px"))
        self.camera.add_class(identity)

    def _arranged(self):
        # on a phone the pictures stay side by side, with all their pixels, and the sliders' columns do not
        half = Layout(width="50%", min_width="0", padding="0 4px")
        column = Layout(flex="1 1 320px", min_width="0", padding="0 4px")
        wrapped = Layout(flex_flow="row wrap")
        sides = [ipywidgets.VBox(list(parts), layout=half)
                 for parts in zip(self.pair, self.images, self.captions, strict=True)]  # fmt: skip
        picture, box = list(self.sliders.values())[:5], list(self.sliders.values())[5:]
        self.stages = ipywidgets.HBox([self.play, self.stage], layout=Layout(flex_flow="row wrap"))
        buttons = ipywidgets.HBox([self.reset, self.save], layout=wrapped)
        columns = [
            ipywidgets.VBox(picture, layout=column),
            ipywidgets.VBox([*box, self.stages, buttons, self.saved], layout=column),
        ]
        top = ipywidgets.HBox([self.photograph, self.upload, self.camera], layout=wrapped)
        return [top, self.status, ipywidgets.HBox(sides), ipywidgets.HBox(columns, layout=wrapped)]


def _narrow(width):
    return Layout(width=width, max_width="100%")
