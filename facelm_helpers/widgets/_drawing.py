"""Points drawn into a picture with OpenCV, and the picture packed for the browser: a few milliseconds.

matplotlib, which the notebooks' other pictures use, takes a hundred and more.
"""

import cv2
import numpy as np

from facelm_helpers.landmarks import REGIONS
from facelm_helpers.plots import REGION_COLOURS

COLOURS = {region: tuple(bytes.fromhex(REGION_COLOURS[region].removeprefix("#"))) for region in REGIONS}
WHITE, DARK = (255, 255, 255), (30, 30, 30)
SHIFT = 4  # OpenCV takes coordinates in sixteenths of a pixel


def draw(image, points=None, box=None, truth=None):
    """A copy of a picture with dots, one colour per region; the box in white, the truth as white crosses.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    points, truth : (68, 2) array, optional
    box : (4,) array, optional

    Returns
    -------
    (H, W, 3) uint8 array

    Examples
    --------
    >>> picture = draw(np.zeros((60, 60, 3), np.uint8), points=np.full((68, 2), 30.0))
    >>> tuple(picture[30, 30].tolist()) == COLOURS["mouth"]       # drawn last, so on top
    True
    """
    picture = image.copy()
    unit = max(1.0, image.shape[1] / 210)
    if box is not None:
        # the box's edges are continuous: pixel 0 reaches from -0.5 to 0.5
        corners = _sixteenths(np.reshape(box, (2, 2)) - 0.5)
        for colour, width in ((DARK, 4), (WHITE, 2)):
            cv2.rectangle(picture, corners[0], corners[1], colour, width, cv2.LINE_AA, SHIFT)
    if truth is not None:
        for x, y in np.asarray(truth, np.float64):
            for colour, width in ((DARK, 3), (WHITE, 1)):
                for slope in (1, -1):
                    arm = 1.6 * unit
                    ends = _sixteenths([[x - arm, y - slope * arm], [x + arm, y + slope * arm]])
                    cv2.line(picture, ends[0], ends[1], colour, width, cv2.LINE_AA, SHIFT)
    if points is not None:
        for region, index in REGIONS.items():
            for centre in _sixteenths(np.asarray(points)[index]):
                for colour, radius in ((WHITE, 1.75 * unit), (COLOURS[region], 1.3 * unit)):
                    cv2.circle(picture, centre, round(radius * 16), colour, cv2.FILLED, cv2.LINE_AA, SHIFT)
    return picture


def write(picture, words):
    """Write words into the lower left corner of a picture, in place, and return it."""
    size = len(picture) / 576
    edge = [(x, y, DARK) for x in (-2, 0, 2) for y in (-2, 0, 2)]  # bold letters would be wider
    for x, y, colour in (*edge, (0, 0, WHITE)):
        place = 8 + x, len(picture) - 10 + y
        cv2.putText(picture, words, place, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)
    return picture


def _sixteenths(coordinates):
    scaled = np.rint(np.asarray(coordinates, np.float64) * 2**SHIFT)
    # far outside is outside: OpenCV counts in 32 bits
    return [(int(x), int(y)) for x, y in np.clip(np.nan_to_num(scaled), -(2**20), 2**20)]


def encode(picture, quality=92):
    """The picture as the bytes of a JPEG file, its colours at full resolution.

    >>> encode(np.zeros((8, 8, 3), np.uint8))[:2].hex()
    'ffd8'
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, quality,
               cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]  # fmt: skip
    _, code = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)
    return code.tobytes()
