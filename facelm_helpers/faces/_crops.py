"""The square crop round a box, its exact way back, and points as the networks see them (0 to 1, a vector).

Boxes are left, top, right, bottom in pixels; right and bottom are continuous edges, exclusive. Reach these
names through `facelm_helpers.faces`.
"""

import numpy as np

from facelm_helpers.boxes import check_boxes, check_meets
from facelm_helpers.geometry import apply_transform, invert_transform
from facelm_helpers.images import check_image, warp
from facelm_helpers.landmarks import N_POINTS


def crop_transform(box, size=128, margin=1.5):
    """The transform from image pixels to the pixels of the crop round a box.

    The crop is a square of side s = margin * max(width, height) round the box's centre c, and
    x -> (x - c_x) size / s + (size - 1) / 2; y likewise.

    Returns
    -------
    (2, 3) float64 array

    Examples
    --------
    >>> crop_transform([10, 10, 74, 74], size=129, margin=2.0).tolist()
    [[1.0078125, 0.0, 21.671875], [0.0, 1.0078125, 21.671875]]
    """
    return crop_transforms(check_boxes([box]), size, margin)[0]


def crop_transforms(boxes, size=128, margin=1.5):
    """The same for N boxes that were checked before: (N, 4) float32 -> (N, 2, 3) float64 arrays."""
    if not (1 <= size <= 10_000 and int(size) == size and 0 < margin <= 10):
        raise ValueError(
            f"size is {size} and margin {margin}: wanted a size of 1 to 10000 pixels, a margin of 10 at most"
        )
    middle, found = (size - 1) / 2, []
    for left, top, right, bottom in boxes.tolist():  # plain floats: for a box or two faster than arrays
        scale = size / (margin * max(right - left, bottom - top))
        x, y = (left + right) / 2, (top + bottom) / 2
        found.append([[scale, 0, middle - scale * x], [0, scale, middle - scale * y]])
    return np.array(found)


def crop(image, box, size=128, margin=1.5):
    """A square round a box: the input of every method of this course.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    box : (4,) array
    size : int
        Side of the crop in pixels.
    margin : float
        Side of the square in units of the longer side of the box.

    Returns
    -------
    crop : (size, size, 3) uint8 array
        Without aliasing where it shrinks (see `images.warp`); continued by the mirror image where it leaves
        the image.
    transform : (2, 3) float64 array
        Image pixel -> crop pixel; see `uncrop` for the way back.

    Raises
    ------
    ValueError
        For a bad image, an empty box, or a box that does not meet the image.

    Examples
    --------
    >>> picture, transform = crop(np.zeros((90, 90, 3), np.uint8), [20, 20, 60, 60])
    >>> picture.shape, transform.shape
    ((128, 128, 3), (2, 3))
    """
    image, boxes = check_image(image), check_boxes([box])
    (transform,) = crop_transforms(boxes, size, margin)
    check_meets(image, boxes[0])
    return warp(image, transform, size), transform


def cut(images, transforms, size=128):
    """The crops (N, size, size, 3) of N checked images, given the N transforms from image to crop pixels."""
    if len(images) == 1:
        return warp(images[0], transforms[0], size)[None]
    crops = np.empty((len(images), size, size, 3), np.uint8)
    for i, transform in enumerate(transforms):
        crops[i] = warp(images[i], transform, size)
    return crops


def uncrop(points, transform):
    """Points of a crop, back in the pixels of its image.

    Parameters
    ----------
    points : (K, 2) array; (N, K, 2) with N transforms
    transform : (2, 3) or (N, 2, 3) array
        As `crop` returned it.

    Returns
    -------
    float32 array of the points' shape

    Examples
    --------
    >>> uncrop([[63.5, 63.5]], crop_transform([20, 20, 60, 60])).tolist()
    [[40.0, 40.0]]
    """
    return apply_transform(invert_transform(transform), points).astype(np.float32)


def normalise(points, size=128):
    """Crop pixels / size: nominally 0 to 1, and never clipped.

    Examples
    --------
    >>> normalise([[64, 32]]).tolist(), denormalise([[0.5, 0.25]]).tolist()
    ([[0.5, 0.25]], [[64.0, 32.0]])
    """
    return np.asarray(points, dtype=np.float32) / np.float32(size)


def denormalise(points, size=128):
    """The inverse of `normalise`: times size, in crop pixels."""
    return np.asarray(points, dtype=np.float32) * np.float32(size)


def to_vector(points):
    """(N, 68, 2) -> (N, 136): x0, y0, x1, y1, ...

    Examples
    --------
    >>> to_vector(np.arange(136).reshape(1, 68, 2))[0, :4].tolist()
    [0, 1, 2, 3]
    """
    points = np.asarray(points)
    if points.shape[-2:] != (N_POINTS, 2):
        raise ValueError(f"points have shape {points.shape}: wanted (N, 68, 2)")
    return points.reshape(*points.shape[:-2], 2 * N_POINTS)


def from_vector(vector):
    """(N, 136) -> (N, 68, 2), the inverse of `to_vector`."""
    vector = np.asarray(vector)
    if vector.ndim == 0 or vector.shape[-1] != 2 * N_POINTS:
        raise ValueError(f"vectors have shape {vector.shape}: wanted (N, 136)")
    return vector.reshape(*vector.shape[:-1], N_POINTS, 2)
