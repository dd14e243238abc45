"""The same faces made harder, the same way for every method: name -> function of (faces, boxes).

Each gives images, true points and boxes. The boxes are those of the unchanged picture, but for `jitter`.
"""

import numpy as np

from facelm_helpers import augment, protocol
from facelm_helpers.boxes import jitter_boxes

SEED = 7
JITTER = 0.1  # of the box's side, for its place and its size
DEGREES = 30.0
OCCLUDED = 0.5  # of the box's width and height
BLUR = 0.03  # standard deviation, in sides of the box
DARK = 0.25  # of the light


def jitter(faces, boxes):
    """Boxes as another detector might have set them."""
    return faces.images, faces.points, jitter_boxes(boxes, SEED, JITTER)


def turn(faces, boxes):
    """Each face turned round the centre of its upright box, every other one to the other side."""
    degrees = DEGREES * np.where(np.arange(len(faces)) % 2, -1, 1)
    turned = [
        protocol.turn(faces.images[i], faces.points[i], boxes[i], degrees[i]) for i in range(len(faces))
    ]
    return [image for image, _ in turned], np.array([points for _, points in turned]), boxes


def occluded(faces, boxes):
    """A plain rectangle over a quarter of the box, anywhere inside it."""
    rng = np.random.default_rng(SEED)
    images = []
    for i, (left, top, right, bottom) in enumerate(boxes):
        w, h = (right - left) * OCCLUDED, (bottom - top) * OCCLUDED
        x, y = left + rng.random() * (right - left - w), top + rng.random() * (bottom - top - h)
        images.append(augment.occlude(faces.images[i], [x, y, x + w, y + h], rng.integers(0, 256, 3)))
    return images, faces.points, boxes


def blurred(faces, boxes):
    """Out of focus."""
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    images = [augment.blur(faces.images[i], BLUR * sides[i]) for i in range(len(faces))]
    return images, faces.points, boxes


def dark(faces, boxes):
    """A quarter of the light."""
    return [augment.light(image, gain=DARK) for image in faces.images], faces.points, boxes


CHANGES = {function.__name__: function for function in (jitter, turn, occluded, blurred, dark)}
TITLES = {
    "jitter": "box moved, scaled by up to 10 %", "turn": "turned by 30 degrees",
    "occluded": "a quarter occluded", "blurred": "out of focus", "dark": "a quarter of the light",
}  # fmt: skip
