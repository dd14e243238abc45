"""How a picture leaves a cell, and how pages find it and its alternative text.

A picture is an ``image/png`` or, for photographs, an ``image/jpeg`` output, which every viewer of notebooks
shows. Its alternative text stands in the metadata of its cell; building copies it to the output's, and the
pages that we draw (the book, and JupyterLab by the extension in ``tools``) read it there.
"""

import base64
import html
import io

from facelm_helpers.plots._canvas import FULL

IMAGES = ("image/png", "image/jpeg")
"""The types of output that hold a picture."""

WORD = "[picture]"
"""Stands for a picture in plain text."""

COLUMN = 820
"""CSS pixels: how wide a figure of `FULL` width is shown. Pages that are narrower shrink it."""

WIDGET = "application/vnd.jupyter.widget-view+json"
"""The type of output that only a running kernel can show."""

DENSITY, TALL = 2, 1.25
"""Pixels of the file for each CSS pixel, so that pictures are crisp on fine screens; of tall ones fewer."""

QUALITY, COLOURS = 36, 128
"""Of JPEG, and of a PNG's palette: low, which is invisible at double resolution and halves the size."""

DRAWN = 70
"""Of the JPEG of a picture that was drawn without matplotlib."""


def show(figure):
    """Show a figure in the notebook, as a picture that every viewer understands.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Examples
    --------
    >>> from facelm_helpers.plots import canvas
    >>> show(canvas()[0])
    [picture]
    """
    display(*encode(figure))


def display(content, kind, width):
    """Show the bytes of a picture; outside a notebook, say that there is one.

    Returns
    -------
    IPython.display.DisplayHandle or None
        To replace the picture later: ``update(data, metadata=metadata, raw=True)``.
    """
    from IPython import display, get_ipython  # late: takes a third of a second, and only notebooks need it

    if get_ipython() is None:
        print(WORD)
        return None
    data, metadata = bundle(content, kind, width)
    return display.display(data, metadata=metadata, raw=True, display_id=True)


def encode(figure):
    """A figure as the bytes of a picture: JPEG if it holds a colour photograph, else PNG with a palette.

    Parameters
    ----------
    figure : matplotlib.figure.Figure or (H, W, 3) uint8 array
        A picture that is drawn already is packed as it is: that takes a tenth of the time of a figure.

    Returns
    -------
    content : bytes
    kind : str
        "image/png" or "image/jpeg".
    width : int
        CSS pixels.

    Examples
    --------
    >>> from facelm_helpers.plots import canvas
    >>> encode(canvas()[0])[1:]
    ('image/png', 820)
    """
    from PIL import Image

    stream, packed = io.BytesIO(), io.BytesIO()
    if not hasattr(figure, "savefig"):
        Image.fromarray(figure).save(packed, "jpeg", quality=DRAWN)
        return packed.getvalue(), "image/jpeg", min(COLUMN, figure.shape[1])
    tall = figure.get_figheight() > 1.5 * FULL
    dpi = (TALL if tall else DENSITY) * COLUMN / FULL
    figure.savefig(stream, format="png", dpi=dpi, pil_kwargs={"compress_level": 1})  # packed well below
    photographs = any(picture.get_array().ndim == 3 for ax in figure.axes for picture in ax.images)
    with Image.open(stream) as image:
        if photographs:
            image.convert("RGB").save(packed, "jpeg", quality=QUALITY, optimize=True, progressive=True)
        else:
            palette = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            palette.save(packed, "png", optimize=True)
    width = round(figure.get_figwidth() * COLUMN / FULL)
    return packed.getvalue(), IMAGES[photographs], width


def bundle(content, kind, width, alt=None):
    """The bytes of a picture as an output's data and metadata.

    >>> bundle(b"", "image/png", 820, alt="A line.")
    ({'image/png': '', 'text/plain': '[picture]'}, {'image/png': {'width': 820, 'alt': 'A line.'}})
    """
    told = {"width": width} if alt is None else {"width": width, "alt": alt}
    return {kind: base64.b64encode(content).decode(), "text/plain": WORD}, {kind: told}


def beside(widget, content, kind, width, alt=None):
    """A widget's mimebundle and, for pages where no kernel runs, a still picture in it.

    Parameters
    ----------
    widget : dict, tuple or None
        What the widget's own ``_repr_mimebundle_`` returned.
    """
    data, metadata = bundle(content, kind, width, alt)
    own = widget[0] if isinstance(widget, tuple) else widget or {}
    return own | data, metadata


def element(content, kind, width, alt):
    """The bytes of a picture as HTML, for widgets and pages that take nothing else.

    >>> element(b"", "image/png", 820, alt='A "dot".')[:43]
    '<img alt="A &quot;dot&quot;." width="820" s'
    """
    return _element(base64.b64encode(content).decode(), kind, width, alt)


def _element(text, kind, width, alt):
    told = f'alt="{html.escape(alt)}" width="{width}" style="max-width: 100%; height: auto"'
    return f'<img {told} src="data:{kind};base64,{text}">'


def describe(cell):
    """Give the pictures among a cell's outputs the alternative text of the cell, where they have none.

    Parameters
    ----------
    cell : nbformat cell, changed in place
    """
    for output, kind in pictures(cell):
        if "alt" in cell.metadata:
            output["metadata"].setdefault(kind, {}).setdefault("alt", cell.metadata["alt"])


def as_html(cell):
    """Turn a cell's pictures into HTML, because nbconvert drops the alternative text of any other picture.

    Parameters
    ----------
    cell : nbformat cell, changed in place
    """
    describe(cell)
    for output, kind in pictures(cell):
        width = output["metadata"].get(kind, {}).get("width", COLUMN)
        page = _element(output["data"][kind], kind, width, alt(output, kind))
        output["data"] = {"text/html": page}


def pictures(cell):
    """The pictures among a cell's outputs: a list of (output, its type of picture)."""
    outputs = cell.get("outputs", [])
    return [(output, kind) for output in outputs for kind in IMAGES if kind in output.get("data", {})]


def alt(output, kind):
    """The alternative text of an output's picture, "" where it has none."""
    return output["metadata"].get(kind, {}).get("alt", "")
