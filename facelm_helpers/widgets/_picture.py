"""The image widget, with words for who cannot see it."""

import ipywidgets
from traitlets import Unicode


class Picture(ipywidgets.Image):
    """An image whose ``tooltip`` a screen reader speaks; `ipywidgets.Image` has no alternative text.

    >>> Picture(format="jpeg", tooltip="A face with 68 points.").tooltip
    'A face with 68 points.'
    """

    description = Unicode("").tag(sync=True)  # the page looks it up before it writes a tooltip
