"""Sliders under a picture: any function of a few numbers that draws a figure."""

import ipywidgets

from facelm_helpers.plots import picture


class Sliders(ipywidgets.VBox):
    """A picture with a slider for each number that it depends on.

    Parameters
    ----------
    draw : callable
        Takes as many numbers as there are names; returns a figure.
    names : sequence of str
    limit : float
        Each slider runs from -limit to limit and starts at 0.
    start : sequence of float, optional
        Other numbers to start from.

    Examples
    --------
    >>> from facelm_helpers import plots
    >>> moved = Sliders(lambda a: plots.curves([0, 1], {"line": [0, a]}, "x", "y"), ["a"])
    >>> before = moved.picture.value
    >>> moved.sliders[0].value = 2.0
    >>> moved.picture.value == before
    False
    """

    def __init__(self, draw, names, limit=3.0, start=None):
        self.draw = draw
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
        """Draw again for the sliders' present values."""
        self._drawn = picture.encode(self.draw(*(slider.value for slider in self.sliders)))
        stand = ", ".join(f"{slider.description} {slider.value:+.1f}" for slider in self.sliders)
        self.picture.value = picture.element(*self._drawn, alt=f"The picture with the sliders at {stand}.")

    def _repr_mimebundle_(self, **options):
        """Beside the widget a still picture, for pages where no kernel runs."""
        return picture.beside(super()._repr_mimebundle_(**options), *self._drawn)
