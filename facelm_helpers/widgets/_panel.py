"""The controls: ipywidgets round a `Session`, which holds the logic."""

import html

import ipywidgets
from ipywidgets import Layout

from facelm_helpers.plots.picture import COLUMN, beside
from facelm_helpers.widgets import _methods, _webcam
from facelm_helpers.widgets._drawing import encode
from facelm_helpers.widgets._picture import Picture
from facelm_helpers.widgets._scene import VIEW, samples
from facelm_helpers.widgets._session import Session, caption, still, summary
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
SAID = (ValueError, FileNotFoundError, RuntimeError, ImportError)  # shown as a sentence, not a traceback


class Comparison(ipywidgets.VBox):
    """The live comparison, to be shown as the last line of a cell. Made by `compare_live`.

    Attributes
    ----------
    session : Session
        What is compared at the moment.
    """

    def __init__(self, session):
        self.session = session
        self._scenes, self._quiet = {}, False
        self._make_controls()
        super().__init__(self._arranged(), layout=Layout(max_width="940px", padding="4px"))
        self.add_class("facelm-compare")
        self._watch()
        self._fit_stages()
        self.redraw()

    # --- what there is -----------------------------------------------------------------------------------

    def _make_controls(self):
        session = self.session
        self.photograph = ipywidgets.Dropdown(
            options=samples(), description="picture", value=None, layout=Layout(width="300px")
        )
        if session.scene.name in samples():
            self.photograph.value = session.scene.name
        else:
            self._remember(session.scene)
        self.upload = ipywidgets.FileUpload(
            accept="image/*", multiple=False, description="Upload your own", layout=Layout(width="175px")
        )
        titles = [(_methods.title(name), name) for name in session.names]
        self.pair, self.images, self.captions = [], [], []
        for side, name in zip(("left", "right"), session.pair, strict=True):
            self.pair.append(ipywidgets.Dropdown(
                options=titles, value=name, tooltip=f"the method on the {side}", layout=Layout(width="98%")
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
        self.reset = ipywidgets.Button(description="Reset the sliders", layout=Layout(width="150px"))
        self.play = ipywidgets.Play(interval=700, show_repeat=False, tooltip="slow motion of the stages")
        self.stage = ipywidgets.IntSlider(description="stage", layout=Layout(width="65%"))
        ipywidgets.jslink((self.play, "value"), (self.stage, "value"))
        self.status = ipywidgets.HTML(layout=Layout(min_height="44px"))  # two lines: nothing below it jumps
        self.status.add_class("facelm-status")
        self._make_webcam()

    def _make_webcam(self):
        identity = f"facelm-camera-{self.stage.model_id}"
        self.camera_field = ipywidgets.Textarea(layout=Layout(display="none"))
        self.camera_page = ipywidgets.Output(outputs=({
            "output_type": "display_data", "metadata": {},
            "data": {"text/html": _webcam.page(identity), "text/plain": "[the webcam's button]"},
        },))  # fmt: skip
        self.camera = ipywidgets.HBox([self.camera_page, self.camera_field], layout=Layout(width="340px"))
        self.camera.add_class(identity)

    def _arranged(self):
        column = Layout(width="50%", padding="0 4px")
        sides = [ipywidgets.VBox(list(parts), layout=column)
                 for parts in zip(self.pair, self.images, self.captions, strict=True)]  # fmt: skip
        picture, box = list(self.sliders.values())[:5], list(self.sliders.values())[5:]
        self.stages = ipywidgets.HBox([self.play, self.stage], layout=Layout(width="98%"))
        return [
            ipywidgets.HBox([self.photograph, self.upload, self.camera], layout=Layout(flex_flow="row wrap")),
            self.status,
            ipywidgets.HBox(sides),
            ipywidgets.HBox([
                ipywidgets.VBox(picture, layout=column),
                ipywidgets.VBox([*box, self.stages, self.reset], layout=column),
            ]),
        ]  # fmt: skip

    def _repr_mimebundle_(self, **given):
        """The widget, and for pages where no widget can run its two overlays as one picture."""
        overlays, alt = still(self.session.redraw(), self.session.pair)
        content = encode(overlays, quality=85)
        return beside(super()._repr_mimebundle_(**given), content, "image/jpeg", COLUMN, alt)

    # --- what happens ------------------------------------------------------------------------------------

    def _watch(self):
        for slider in self.sliders.values():
            slider.observe(self._moved, "value")
        for side, menu in enumerate(self.pair):
            menu.observe(lambda change, side=side: self._picked(side, change), "value")
        self.photograph.observe(self._chose, "value")
        self.upload.observe(self._uploaded, "value")
        self.camera_field.observe(self._photographed, "value")
        self.stage.observe(self._staged, "value")
        self.reset.on_click(lambda _: self._set_sliders(State()))

    def redraw(self):
        """Show the session as it is now."""
        try:
            redrawn = self.session.redraw()
        except SAID as error:
            return self.say(error, wrong=True)
        for side in (0, 1):
            self.images[side].value = encode(redrawn.pictures[side])
            self.images[side].tooltip = f"The points of {_methods.title(self.session.pair[side])} on the face"
            self.captions[side].value = caption(redrawn.answers[side])
        self.say_html(summary(redrawn, self.session.pair, self.session.scene.note))

    def say(self, words, wrong=False):
        """Put a sentence between the controls and the pictures."""
        words = html.escape(str(words))
        self.say_html(f'<span style="color: #b35900;">&#9888; {words}</span>' if wrong else words)

    def say_html(self, page):
        """The same as HTML; the caller has escaped any foreign text."""
        self.status.value = f'<div role="status" style="line-height: 1.4;">{page}</div>'

    def _moved(self, change):
        if not self._quiet:
            self.session.move(**{name: slider.value for name, slider in self.sliders.items()})
            self.redraw()

    def _set_sliders(self, state):
        self._quiet = True
        for name, slider in self.sliders.items():
            slider.value = getattr(state, name)
        self._quiet = False
        self._moved(None)

    def _picked(self, side, change):
        if self._quiet:
            return
        self.say(f"Loading {_methods.title(change['new'])} ...")
        try:
            self.session.aligner(change["new"])
        except SAID as error:
            self._quiet, self.pair[side].value, self._quiet = True, change["old"], False
            return self.say(error, wrong=True)
        self.session.pair[side] = change["new"]
        self._fit_stages()
        self.redraw()

    def _fit_stages(self):
        """Give the stage's slider as many steps as the two methods have; hide it where they have none."""
        try:
            count = self.session.stages
        except SAID:
            count = 0
        self._quiet = True
        self.play.max = self.stage.max = max(1, count)
        self.play.value = self.stage.value = max(1, count)
        self._quiet = False
        self.stages.layout.display = None if count else "none"
        self.session.stage = count or None

    def _staged(self, change):
        if not self._quiet:
            self.session.stage = change["new"]
            self.redraw()

    def _chose(self, change):
        if self._quiet or change["new"] is None:
            return
        name = change["new"]
        self._take(lambda: self._scenes.get(name) or self.session.choose(name))

    def _uploaded(self, change):
        if not change["new"]:
            return
        file = change["new"][0]
        self.upload.value = ()  # so that the same file can be chosen again
        self.say(f"Looking for a face in {file['name']} ...")
        self._take(lambda: self.session.upload(bytes(file["content"]), file["name"]))

    def _photographed(self, change):
        if not change["new"]:
            return
        self.camera_field.value = ""
        self._take(lambda: self.session.upload(_webcam.decode(change["new"]), "your webcam's picture"))

    def _take(self, action):
        """Carry out a change of photograph; what is wrong with it is said, and the old one stays."""
        try:
            found = action()
        except SAID as error:
            return self.say(error, wrong=True)
        except Exception as error:  # said too: nobody sees a traceback here, and the page would wait for ever
            return self.say(f"this did not work ({type(error).__name__}): {error}", wrong=True)
        if found is not None:
            self.session.scene = found
        self.redraw()
        self._remember(self.session.scene)  # last: whoever sees the menu move sees the new pictures too

    def _remember(self, scene):
        """Make a reader's own photograph a choice of the menu, and stand on it."""
        if scene.name not in samples():
            self._scenes[scene.name] = scene
        self._quiet = True
        self.photograph.options = [*samples(), *self._scenes]
        self.photograph.value = scene.name
        self._quiet = False


def compare_live(aligners=None, first=None, second=None):
    """Two methods side by side on one photograph, with sliders, upload and webcam.

    Parameters
    ----------
    aligners : dict of str -> Aligner, optional
        Fitted ones of your own, to compare with the shipped ones.
    first, second : str, optional
        The methods that it opens with: dlib and SENet where nothing else is said.

    Returns
    -------
    Comparison
        Let it be the last line of a cell. Where widgets cannot run, a picture stands in.

    Examples
    --------
    >>> page = compare_live(first="dlib", second="dlib")
    >>> page.sliders["rotation"].value = 30                # what dragging the slider does
    >>> page.session.state.rotation
    30.0
    """
    return Comparison(Session(aligners, first, second))
