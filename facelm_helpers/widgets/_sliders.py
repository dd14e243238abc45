"""Sliders under a picture: any function of a few numbers that draws a figure."""

import ipywidgets

from facelm_helpers.plots import picture


class Sliders(ipywidgets.VBox):
    """A picture with a slider for each number that it depends on.

    Parameters
    ----------
    draw : callable
        Takes as many numbers as there are names; returns a figure, or a picture (H, W, 3) as uint8.
    names : sequence of str, or dict of name -> (low, high, start)
    limit : float
        A slider whose range is not given runs from -limit to limit and starts at 0.
    start : sequence of float, optional
        Other numbers to start from.
    told : callable, optional
        From the same numbers to a sentence for readers who cannot see the picture.

    Examples
    --------
    >>> from facelm_helpers import plots
    >>> moved = Sliders(lambda a: plots.curves([0, 1], {"line": [0, a]}, "x", "y"), ["a"])
    >>> before = moved.picture.value
    >>> moved.sliders[0].value = 2.0
    >>> moved.picture.value == before
    False
    """

    def __init__(self, draw, names, limit=3.0, start=None, told=None):
        self.draw, self.told = draw, told
        self.picture = ipywidgets.HTML()
        if not isinstance(names, dict):
            start = start or [0.0] * len(names)
            names = {name: (-limit, limit, value) for name, value in zip(names, start, strict=True)}
        self.sliders = [
            ipywidgets.FloatSlider(
                value=value, min=low, max=high, step=0.1 if low < 0 else (high - low) / 100, description=name,
                readout_format="+.1f" if low < 0 else ".1f", continuous_update=low >= 0,
                style={"description_width": "90px" if low < 0 else "initial"},
                layout={"width": "auto", "max_width": "820px"},
            )
            for name, (low, high, value) in names.items()
        ]  # fmt: skip
        super().__init__([self.picture, *self.sliders])
        for slider in self.sliders:
            slider.observe(self.redraw, names="value")
        self.redraw()

    def redraw(self, _=None):
        """Draw again for the sliders' present values."""
        values = [slider.value for slider in self.sliders]
        self._drawn = picture.encode(self.draw(*values))
        self._alt = self.told(*values) if self.told else None  # None: the cell's own will do
        self.picture.value = picture.element(*self._drawn, alt=self._alt or self._stand())

    def _stand(self):
        stand = ", ".join(f"{slider.description} {slider.value:+.1f}" for slider in self.sliders)
        return f"The picture with the sliders at {stand}."

    def _repr_mimebundle_(self, **options):
        """Beside the widget a still picture, for pages where no kernel runs."""
        return picture.beside(super()._repr_mimebundle_(**options), *self._drawn, alt=self._alt)
