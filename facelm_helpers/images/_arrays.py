"""A picture in memory: checked, and warped without aliasing."""

import math
from pathlib import Path

import cv2
import numpy as np

from facelm_helpers.geometry import invert_transform


def check_image(image, name="image"):
    """The image as RGB uint8, or a sentence on what is wrong with it.

    Parameters
    ----------
    image : (H, W), (H, W, 1) or (H, W, 3) uint8 array
        Grey is repeated into three channels.
    name : str
        What the message calls it.

    Returns
    -------
    (H, W, 3) uint8 array

    Raises
    ------
    ValueError
        For RGBA, other types than uint8, NaN, emptiness, or a wrong shape.

    Examples
    --------
    >>> check_image(np.zeros((4, 5), np.uint8)).shape
    (4, 5, 3)
    """
    wanted = "wanted RGB uint8 of shape (H, W, 3)"
    if isinstance(image, (str, bytes, Path)):
        raise ValueError(f"{name} is a path, not a picture: read it first with read_image")
    image = np.asarray(image)
    if image.dtype == object or image.ndim not in (2, 3):
        raise ValueError(f"{name} has shape {image.shape} and type {image.dtype}: {wanted}")
    if image.size == 0:
        raise ValueError(f"{name} is empty (shape {image.shape}): {wanted}")
    if image.ndim == 3 and image.shape[2] == 4:
        raise ValueError(f"{name} has four channels (RGBA?): {wanted}; drop the fourth with image[..., :3]")
    if image.ndim == 3 and image.shape[2] not in (1, 3):
        raise ValueError(f"{name} has shape {image.shape}: {wanted}")
    if image.dtype != np.uint8:
        if np.issubdtype(image.dtype, np.floating) and np.isnan(image).any():
            raise ValueError(f"{name} is {image.dtype} and holds NaN: {wanted}")
        raise ValueError(f"{name} is {image.dtype}: {wanted}, values 0 to 255")
    if image.ndim == 2 or image.shape[2] == 1:
        image = np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2)
    return image


def warp(image, transform, size):
    """The image after a transform, without aliasing.

    Where the transform shrinks by a factor f > 2, it is carried out at ceil(f) times the size and then
    averaged in blocks; up to 2, the pixels that bilinear interpolation weighs leave none out. Outside the
    image its mirror image continues (``cv2.BORDER_REFLECT_101``).

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    transform : (2, 3) array
        Image pixel -> pixel of the result.
    size : int or (width, height)
        Of the result, in pixels.

    Returns
    -------
    (height, width, 3) uint8 array

    Examples
    --------
    >>> picture = np.full((8, 8, 3), 7, np.uint8)
    >>> warp(picture, [[0.5, 0, 0], [0, 0.5, 0]], size=4).mean()
    np.float64(7.0)
    """
    width, height = (size, size) if np.isscalar(size) else size
    transform = np.asarray(transform, dtype=np.float64)
    (a, b, _), (c, d, _) = transform.tolist()
    shrink = 1 / math.sqrt(abs(a * d - b * c) or 1)  # one that is 0 has no inverse, and is told so
    if shrink <= 2 + 1e-3:
        return _look_up(image, invert_transform(transform), width, height)
    fine = min(math.ceil(shrink - 1e-3), 32)  # keeps the intermediate picture within memory
    # the centre of pixel x of the result is at (x + 1/2) fine - 1/2 of the fine picture
    transform = transform * fine + [[0, 0, (fine - 1) / 2]]
    picture = _look_up(image, invert_transform(transform), width * fine, height * fine)
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def _look_up(image, back, width, height):
    """The image at the places to which a transform takes the pixels of the result, to 1/32 pixel.

    Not by `cv2.warpAffine`, whose sums are rounded differently from processor to processor.
    """
    columns = np.float32(back[:, :1] * np.arange(width))
    rows = np.float32(back[:, 1:2] * np.arange(height) + back[:, 2:])
    x, y = columns[:1] + rows[:1].T, columns[1:] + rows[1:].T
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
