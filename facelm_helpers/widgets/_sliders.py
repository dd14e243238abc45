"""Sliders under a picture: any function of a few numbers that draws a figure."""

import ipywidgets

from facelm_helpers.plots._canvas import page

WORDS = "The picture shows where the sliders stand at first."


class Sliders(ipywidgets.VBox):
    """A picture with a slider for each number that it depends on.

    Parameters
    ----------
    draw : callable
        Takes as many numbers as there are names; returns a figure.
    names : sequence of str
    alt : str
        What is to be seen, for a reader who cannot see it.
    limit : float
        Each slider runs from -limit to limit and starts at 0.
    start : sequence of float, optional
        Other numbers to start from.

    Examples
    --------
    >>> from facelm_helpers import plots
    >>> moved = Sliders(lambda a: plots.curves([0, 1], {"line": [0, a]}, "x", "y"), ["a"],
    ...                 alt="A line that rises with the slider a.")
    >>> before = moved.picture.value
    >>> moved.sliders[0].value = 2.0
    >>> moved.picture.value == before
    False
    """

    def __init__(self, draw, names, alt, limit=3.0, start=None):
        self.draw, self.alt = draw, alt
        self.picture = ipywidgets.HTML()
        self.sliders = [
            ipywidgets.FloatSlider(
                value=value, min=-limit, max=limit, step=0.1, description=name, readout_format="+.1f",
                continuous_update=False, style={"description_width": "90px"},
            )
            for name, value in zip(names, start or [0.0] * len(names), strict=True)
        ]  # fmt: skip
        super().__init__([self.picture, *self.sliders])
        for slider in self.sliders:
            slider.observe(self.redraw, names="value")
        self.redraw()

    def redraw(self, _=None):
        """Draw again where the sliders stand now."""
        self.picture.value = page(self.draw(*(slider.value for slider in self.sliders)), self.alt)[0]

    def _repr_mimebundle_(self, **options):
        """Beside the widget a still picture, for pages where no kernel runs."""
        bundle = super()._repr_mimebundle_(**options)
        bundle = bundle[0] if isinstance(bundle, tuple) else bundle
        page = f"{self.picture.value}<br><em>{WORDS}</em>"
        return {**(bundle or {}), "text/html": page, "text/plain": f"[picture: {self.alt}]"}
