"""The 3D view of a head and its camera on a page without a kernel: drawn beforehand, moved by sliders."""

import functools
import html
import io

import cv2
from PIL import Image

from facelm_helpers import plots
from facelm_helpers.plots import picture

CALL = "plots.head_and_camera("  # a cell with sliders that draws this has a view on its page
YAWS, DISTANCES = tuple(range(-90, 91, 15)), (1.5, 2.5, 4.0, 12.0)  # degrees; sizes of the face
START = 30, 4.0
WIDTH, QUALITY = 620, 55  # pixels of a picture, and of its packing

SLIDER = """<label>{name} <input type="range" min="0" max="{last}" value="{start}" data-names="{names}">
</label>"""
VIEW = """<div class="facelm-turned"><div>{pictures}</div>
{yaws}
{distances}
<p>With a running kernel, pitch and roll have sliders too.</p></div>"""


def has_view(cell):
    """Whether a page shows a view in place of the outputs of a cell."""
    return cell.cell_type == "code" and CALL in cell.source and "widgets.Sliders(" in cell.source


@functools.cache
def view():
    """The view as HTML: a picture for each yaw and distance, of which one is shown, and two sliders.

    `turned.js` moves it; without it the first picture stays.
    """
    places = [(yaw, distance) for yaw in YAWS for distance in DISTANCES]
    pictures = "".join(_picture(*place, hidden=place != START) for place in places)
    sliders = [_slider("yaw", YAWS, START[0]), _slider("distance", DISTANCES, START[1])]
    return VIEW.format(pictures=pictures, yaws=sliders[0], distances=sliders[1])


def _slider(name, places, start):
    names = " ".join(map(str, places))
    return SLIDER.format(name=name, last=len(places) - 1, start=places.index(start), names=names)


def _picture(yaw, distance, hidden):
    drawn = plots.head_and_camera([0, yaw, 0], distance)
    size = WIDTH, round(WIDTH * drawn.shape[0] / drawn.shape[1])
    packed = io.BytesIO()
    small = cv2.resize(drawn, size, interpolation=cv2.INTER_AREA)
    Image.fromarray(small).save(packed, "webp", quality=QUALITY)
    told = html.escape(f"A head at yaw {yaw} degrees; the camera {distance} away.")
    element = picture.element(packed.getvalue(), "image/webp", WIDTH, told)
    return element.replace("<img ", "<img hidden ", 1) if hidden else element
