"""From a photograph's file to a drawing of its points, by OpenCV and a frozen network alone."""

from pathlib import Path

import cv2
import numpy as np

from facelm_helpers.atomic import write_bytes
from facelm_helpers.detectors import detect as find_faces
from facelm_helpers.faces import crop, uncrop
from facelm_helpers.images import check_image, read_image


def run_opencv(photograph, run, out=None, size=128, margin=1.5):
    """Read a photograph, find the face, crop, resize, forward, draw 68 points: no Keras, no TensorFlow.

    Parameters
    ----------
    photograph : path or (H, W, 3) uint8 RGB array
    run : function
        (1, size, size, 3) float32 in 0..1 -> (1, 136) in 0..1, from `open_opencv` or another opener.
    out : path, optional
        Where to write the drawing.

    Returns
    -------
    picture : (H, W, 3) uint8 array
        RGB, with a dot for every point.
    points : (68, 2) float32 array
        In pixels of the photograph.

    Raises
    ------
    FileNotFoundError
    ValueError
        If the file is no picture, or shows no face.
    """
    image = check_image(photograph) if isinstance(photograph, np.ndarray) else read_image(photograph)
    boxes = find_faces(image)
    if not len(boxes):
        raise ValueError("no face found in the photograph: wanted one that looks at the camera")
    face, transform = crop(image, boxes[0], size, margin)
    found = run(np.float32(face)[None] / 255)
    vector = found[0] if isinstance(found, tuple) else found  # the points come first, a score after them
    points = uncrop(np.reshape(vector, (-1, 2)) * size, transform).astype(np.float32)
    picture = draw_points(image, points)
    if out is not None:
        _write_picture(out, picture)
    return picture, points


def _write_picture(path, picture):
    try:
        written, content = cv2.imencode(Path(path).suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    except cv2.error:  # it knows no such ending
        written = False
    if not written:
        raise ValueError(f"{path} cannot be written as a picture: wanted a name ending in .png or .jpg")
    write_bytes(path, content)


def draw_points(image, points, colour=(0, 255, 0)):
    """A copy of a picture with a dot for every point, drawn by OpenCV."""
    picture = image.copy()
    spread = float(np.ptp(points, axis=0).max())
    radius = max(1, round(spread / 100))
    for x, y in points:
        cv2.circle(picture, (round(float(x)), round(float(y))), radius, colour, -1, cv2.LINE_AA)
    return picture
