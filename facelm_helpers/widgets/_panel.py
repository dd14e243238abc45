"""What the controls do: they change a `Session`, which holds the logic, and show what it redraws."""

import html

from facelm_helpers.plots.picture import COLUMN, beside
from facelm_helpers.widgets import _link, _methods, _save, _webcam
from facelm_helpers.widgets._controls import Controls
from facelm_helpers.widgets._drawing import encode
from facelm_helpers.widgets._scene import sample, samples
from facelm_helpers.widgets._session import Session, caption, still, summary
from facelm_helpers.widgets._view import State

SAID = (ValueError, FileNotFoundError, RuntimeError, ImportError)  # shown as a sentence, not a traceback


class Comparison(Controls):
    """The live comparison, to be shown as the last line of a cell. Made by `compare_live`.

    Attributes
    ----------
    session : Session
        What is compared at the moment.
    """

    def __init__(self, session):
        self.session = session
        self._scenes, self._quiet = {}, False
        super().__init__(session.names, session.pair)
        for name, slider in self.sliders.items():
            slider.value = getattr(session.state, name)
        self._remember(session.scene)
        self._watch()
        stage = session.stage
        self._fit_stages()
        if stage is not None and session.stage is not None:
            self.play.value = self.stage.value = stage
        self.redraw()

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
        self.save.on_click(self._saved)

    def redraw(self):
        """Show the session as it is now."""
        try:
            redrawn = self.session.redraw()
        except SAID as error:
            return self.say(error, wrong=True)
        self.saved.value = ""  # what was saved is another state by now
        for side in (0, 1):
            self.images[side].value = encode(redrawn.pictures[side])
            self.images[side].tooltip = f"The points of {_methods.title(self.session.pair[side])} on the face"
            said = caption(redrawn.answers[side])
            self.captions[side].value = f'<div style="line-height: 1.4;">{said}</div>'
        self.say_html(summary(redrawn, self.session.pair, self.session.scene.note))

    def say(self, words, wrong=False):
        """Put a sentence between the controls and the pictures."""
        words = html.escape(str(words))
        self.say_html(f'<span style="color: #b35900;">&#9888; {words}</span>' if wrong else words)

    def say_html(self, page):
        """The same as HTML; the caller has escaped any foreign text."""
        self.status.value = f'<div role="status" style="line-height: 1.4;">{page}</div>'

    def _saved(self, _):
        try:
            self.saved.value = _save.links(self.session, self.session.redraw())
        except SAID as error:
            self.say(error, wrong=True)

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
            self._scenes |= {one.name: one for one in (scene, *scene.others)}
        self._quiet = True
        self.photograph.options = [*samples(), *self._scenes]
        self.photograph.value = scene.name
        self._quiet = False


def compare_live(aligners=None, first=None, second=None, link=""):
    """Two methods side by side on one photograph, with sliders, upload and webcam.

    Parameters
    ----------
    aligners : dict of str -> Aligner, optional
        Fitted ones of your own, to compare with the shipped ones.
    first, second : str, optional
        The methods that it opens with: dlib and SENet where nothing else is said.
    link : str
        A state to open with, as *Save or share* writes it. What is wrong with it is said on the page, which
        then opens without it.

    Returns
    -------
    Comparison
        Let it be the last line of a cell. Where widgets cannot run, a picture stands in.

    Examples
    --------
    >>> page = compare_live(first="dlib", second="dlib", link="rotation=20")
    >>> page.sliders["rotation"].value = 30                # what dragging the slider does
    >>> page.session.state.rotation
    30.0
    """
    try:
        left, right, picture, state, stage = _link.read(link)
        photograph = sample(picture) if picture else None
        session = Session(aligners, left or first, right or second, photograph)
        session.state, session.stage = state, stage
    except ValueError as error:
        if not link:
            raise
        page = Comparison(Session(aligners, first, second))
        page.say(error, wrong=True)
        return page
    return Comparison(session)
