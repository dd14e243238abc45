"""Pictures without a face, for what has to tell them from faces: parts of photographs, and patchwork."""

from pathlib import Path

import cv2
import numpy as np
import skimage.data
from sklearn.datasets import load_sample_images

from facelm_helpers import augment
from facelm_helpers.boxes import overlap
from facelm_helpers.images import read_image
from facelm_helpers.methods._cascade._background import SCENES

JUDGING = ("chelsea", "coffee", "rocket", "brick", "text")  # of these nothing may be learnt
MARGIN = 1.5  # a window is the crop of the box in its middle
APART = 0.1  # largest intersection over union of that box and a face's
PIECES = (2, 3, 4, 6, 8)  # a side, of a patchwork


def scenes(judging=False):
    """Photographs that come with scikit-image and scikit-learn: those to judge by, or those to learn from."""
    names = JUDGING if judging else [name for name in SCENES if name not in JUDGING]
    folder = Path(skimage.data.__file__).parent
    found = [read_image(path) for name in names for path in sorted(folder.glob(f"{name}.*g"))]
    return [*found, load_sample_images().images[int(judging)]]


def crops(faces, count, seed, size=128, judging=False):
    """A third each of windows of `scenes`, of windows beside the faces, and of faces cut up and shuffled.

    Parameters
    ----------
    faces : FaceSet
        Whose background and patches are used; with points.
    count : int
    seed : int

    Returns
    -------
    (count, size, size, 3) uint8 array
        In random light and colour, some of them noisy.
    """
    rng = np.random.default_rng(seed)
    pictures, third = scenes(judging), count // 3
    found = [_window(pictures, None, size, rng) for _ in range(count - 2 * third)]
    found += [_window(faces.images, faces.boxes, size, rng) for _ in range(third)]
    found += [_patchwork(faces[int(rng.integers(len(faces)))], size, rng) for _ in range(third)]
    return np.stack([augment.photometric(picture, rng) for picture in found])


def _window(pictures, boxes, size, rng):
    """A square of any size, of a picture, away from the box of its face."""
    while True:
        i = int(rng.integers(len(pictures)))
        picture = pictures[i]
        short = min(picture.shape[:2])
        side = int(np.exp(rng.uniform(np.log(min(40, short / 2)), np.log(short))))
        y, x = (int(rng.integers(length - side + 1)) for length in picture.shape[:2])
        middle, half = np.array([x, y]) + (side - 1) / 2, side / MARGIN / 2
        if boxes is None or overlap(np.concatenate([middle - half, middle + half]), boxes[i]) <= APART:
            window = cv2.resize(
                picture[y : y + side, x : x + side], (size, size), interpolation=cv2.INTER_AREA
            )
            return window[:, ::-1].copy() if rng.random() < 0.5 else window


def _patchwork(face, size, rng):
    """A face's square, cut into n x n pieces that change places."""
    image, _, (left, top, right, bottom) = face
    half, n = MARGIN * max(right - left, bottom - top) / 2, int(rng.choice(PIECES))
    x, y, side = (left + right) / 2 - half, (top + bottom) / 2 - half, 2 * half
    square = image[max(0, int(y)) : int(y + side) + 1, max(0, int(x)) : int(x + side) + 1]
    square = cv2.resize(square, (n * (size // n), n * (size // n)), interpolation=cv2.INTER_AREA)
    pieces = (
        square.reshape(n, size // n, n, size // n, 3)
        .transpose(0, 2, 1, 3, 4)
        .reshape(n * n, *2 * [size // n], 3)
    )
    mixed = rng.permutation(pieces).reshape(n, n, size // n, size // n, 3).transpose(0, 2, 1, 3, 4)
    return cv2.resize(mixed.reshape(square.shape), (size, size))
