"""Negative examples for the joint cascade: photographs without people, and parts of faces.

Faces contribute their own background and shifted windows: half a face, a mouth where the eyes belong, a
face much too large for the window. To a detector these are not faces either.
"""

from pathlib import Path

import cv2
import numpy as np
import skimage.data

from facelm_helpers.boxes import overlap, tight_boxes
from facelm_helpers.images import check_image

# Files that come with scikit-image. The astronaut is not among them: she is for trying the detector out.
SCENES = (
    "brick", "chelsea", "clock_motion", "coffee", "coins", "grass", "gravel", "hubble_deep_field", "moon",
    "motorcycle_left", "page", "retina", "rocket", "text",
)  # fmt: skip
OWN = 300  # faces whose background is used
OVERLAP = 0.3  # of a window's box and the face's box, shared part of their union: below it, no face


def pictures(faces):
    """Grey pictures, each with the box of the face that it shows, or None."""
    found = []
    for name in SCENES:
        for path in Path(skimage.data.__file__).parent.glob(f"{name}.*g"):
            picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            if picture is not None:
                found.append((picture, None))
    for i in range(min(len(faces), OWN)):
        image = check_image(faces.images[i], f"image {i}")
        found.append((cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), tight_boxes(faces.points[i : i + 1])[0]))
    return found


def windows(some, count, size, margin, rng):
    """`count` windows without a whole face, at random: (count, size, size) uint8, blurred as all crops are.

    Half of them come from the photographs, half from the faces' backgrounds; mirrored and upside down too.
    """
    scenes = [pair for pair in some if pair[1] is None]
    own = [pair for pair in some if pair[1] is not None]
    found = np.empty((count, size, size), np.uint8)
    filled = tries = 0
    while filled < count:
        group = scenes if scenes and (not own or rng.random() < 0.5) else own
        picture, box = group[rng.integers(len(group))]
        short = min(picture.shape)
        side = int(np.exp(rng.uniform(np.log(min(0.6 * size, 0.5 * short)), np.log(short))))
        y, x = (rng.integers(length - side + 1) for length in picture.shape)
        tries += 1
        if box is not None and overlap(_box_of(x, y, side, margin), box) > OVERLAP and tries < 20 * count:
            continue
        window = cv2.resize(picture[y : y + side, x : x + side], (size, size), interpolation=cv2.INTER_AREA)
        window = cv2.GaussianBlur(window, (0, 0), 1.0)
        if rng.random() < 0.5:
            window = window[:, ::-1]
        found[filled] = window[::-1] if box is None and rng.random() < 0.3 else window
        filled += 1
    return found


def _box_of(x, y, side, margin):
    """The box in the middle of a window whose side is `margin` times its own."""
    middle, half = np.array([x, y]) + (side - 1) / 2, side / margin / 2
    return np.concatenate([middle - half, middle + half])
