"""Boxes: left, top, right, bottom in pixels, (N, 4); right and bottom are continuous edges, exclusive.

N boxes (of faces), K points. The tight box of a face spans its 68 points; a detector's box lies elsewhere.
"""

import numpy as np

LARGEST = 16  # shorter sides of an image that a box may be long


def check_boxes(boxes, n=None):
    """Boxes as float32 (N, 4), or a ValueError that says what is wrong: shape, NaN, or no area.

    dlib's rectangles are taken too; their right and bottom are inclusive, so one pixel is added.

    Examples
    --------
    >>> check_boxes([[10, 10, 10, 20]])
    Traceback (most recent call last):
    ValueError: box 0 is [10, 10, 10, 20] and has no area: wanted left < right and top < bottom
    """
    if hasattr(boxes, "__len__") and not isinstance(boxes, (np.ndarray, str)):
        boxes = [_edges(box) for box in boxes]
    boxes = np.asarray(boxes)
    if boxes.size == 0 and n in (None, 0):
        return np.zeros((0, 4), np.float32)
    if boxes.ndim != 2 or boxes.shape[1] != 4 or n not in (None, len(boxes)):
        raise ValueError(f"boxes have shape {boxes.shape}: wanted ({'N' if n is None else n}, 4)")
    if boxes.dtype.kind not in "fiu":
        raise ValueError(f"boxes have type {boxes.dtype}: wanted numbers")
    with np.errstate(over="ignore"):
        boxes = boxes.astype(np.float32)
    bad = ~np.isfinite(boxes).all(axis=1)
    if bad.any():
        raise ValueError(f"box {int(np.argmax(bad))} holds NaN or infinity: wanted left, top, right, bottom")
    bad = (boxes[:, 2] <= boxes[:, 0]) | (boxes[:, 3] <= boxes[:, 1])
    if bad.any():
        i = int(np.argmax(bad))
        box = ", ".join(f"{value:g}" for value in boxes[i])
        raise ValueError(f"box {i} is [{box}] and has no area: wanted left < right and top < bottom")
    return boxes


def _edges(box):
    """The edges of a box; of dlib's rectangle as well."""
    box = getattr(box, "rect", box)  # dlib's other detector wraps its rectangle
    if hasattr(box, "left") and callable(box.left):
        return [box.left(), box.top(), box.right() + 1, box.bottom() + 1]
    return box


def check_meets(image, box, name="box"):
    """Raise a ValueError if a box cannot be that of a face in its image: outside it, far too large, tiny.

    A longer side of `LARGEST` times the image's shorter side is refused: to walk its mirrored border would
    take minutes.
    """
    height, width = image.shape[:2]
    box = np.asarray(box, dtype=np.float64)
    side = max(box[2] - box[0], box[3] - box[1])
    if box[0] >= width or box[1] >= height or box[2] <= 0 or box[3] <= 0:
        wrong = "does not meet"
    elif side > LARGEST * min(width, height):
        wrong = f"is more than {LARGEST} times as large as"
    elif side < 1:
        wrong = "is less than a pixel of"
    else:
        return
    box = ", ".join(f"{value:g}" for value in box)
    raise ValueError(
        f"{name} [{box}] {wrong} its image of {width} x {height} pixels: wanted left, top, right, bottom in"
        " pixels (neither fractions nor x, y, width, height)"
    )


def tight_boxes(points):
    """The smallest boxes round the points: left, top, right, bottom = min x, min y, max x, max y.

    Parameters
    ----------
    points : (N, K, 2) array
        Hidden points, NaN, are left out.

    Returns
    -------
    (N, 4) float32 array

    Raises
    ------
    ValueError
        If the points are of another shape.

    Examples
    --------
    >>> tight_boxes([[[1, 5], [4, 2]]]).tolist()
    [[1.0, 2.0, 4.0, 5.0]]
    """
    points = np.asarray(points)
    if points.ndim != 3 or points.shape[1] == 0 or points.shape[2] != 2:
        raise ValueError(f"points have shape {points.shape}: wanted (N, K, 2)")
    low, high = np.fmin.reduce(points, axis=1), np.fmax.reduce(points, axis=1)  # they pass over NaN
    return np.concatenate([low, high], axis=1).astype(np.float32)


def move_boxes(boxes, shift, scale=1.0):
    """Boxes moved by a share of their longer side, and scaled about their centre.

    Parameters
    ----------
    boxes : (4,) or (N, 4) array
    shift : (2,) or (N, 2) array
        To the right and down, in longer sides of the box.
    scale : float, or (N, 1) array

    Returns
    -------
    (4,) or (N, 4) float64 array

    Examples
    --------
    >>> move_boxes([0, 0, 10, 10], shift=(0.1, 0), scale=2).tolist()
    [-4.0, -5.0, 16.0, 15.0]
    """
    boxes = np.asarray(boxes, np.float64)
    low, high = boxes[..., :2], boxes[..., 2:]
    centre = (low + high) / 2 + np.asarray(shift) * (high - low).max(axis=-1, keepdims=True)
    half = (high - low) / 2 * scale
    return np.concatenate([centre - half, centre + half], axis=-1)


def jitter_boxes(boxes, seed, amount=0.1):
    """Boxes as another detector might have set them: shifted and scaled, each uniformly within an amount.

    Parameters
    ----------
    boxes : (N, 4) array
    seed : int or numpy.random.Generator
    amount : float
        The centre moves by up to this share of the longer side, each way in x and in y; the size is
        multiplied by 1 - amount to 1 + amount.

    Returns
    -------
    (N, 4) float32 array

    Examples
    --------
    >>> moved = jitter_boxes([[0, 0, 10, 10]], seed=0)[0]
    >>> bool(abs(moved[:2] + moved[2:] - 10).max() <= 2), bool(9 <= moved[2] - moved[0] <= 11)
    (True, True)
    """
    boxes = np.asarray(boxes, dtype=np.float64)
    if not 0 <= amount < 1:
        raise ValueError(f"amount is {amount}: wanted a share of the box's side from 0 to below 1")
    drawn = np.random.default_rng(seed).uniform(-amount, amount, (len(boxes), 3))
    return move_boxes(boxes, drawn[:, :2], 1 + drawn[:, 2:]).astype(np.float32)


def detector_like(points, rng, shift=0.04, growth=0.08):
    """Boxes as a detector might have set them round known points.

    dlib's detector centres its box on the inner points (brows, eyes, nose, mouth), wherever the jaw is: in a
    frontal face that is a tenth of a side above the middle of the tight box, in a profile also a sixth of a
    side towards the nose. Every box is drawn about one of the two middles, so that what learns in these boxes
    depends on neither convention.

    Parameters
    ----------
    points : (N, 68, 2) array
    rng : numpy.random.Generator
    shift, growth : float
        Standard deviations of the place, in sides of the tight box, and of the logarithm of the size.

    Returns
    -------
    (N, 4) float32 array

    Examples
    --------
    >>> shape = np.random.default_rng(0).uniform(10, 50, (1, 68, 2))
    >>> detector_like(shape, np.random.default_rng(0)).shape
    (1, 4)
    """
    points = np.asarray(points, np.float64)
    tight = tight_boxes(points).astype(np.float64)
    n, side = len(points), (tight[:, 2:] - tight[:, :2]).max(axis=1, keepdims=True)
    inner, whole = points[:, 17:].mean(axis=1), (tight[:, :2] + tight[:, 2:]) / 2
    middle = np.where(rng.random((n, 1)) < 0.5, inner, whole)
    middle = middle + rng.normal(0, shift, (n, 2)) * side
    half = side * np.exp(rng.normal(0.02, growth, (n, 1))) / 2
    return np.concatenate([middle - half, middle + half], axis=1).astype(np.float32)


def overlap(box, boxes, of="union"):
    """Intersection over union: the shared area of two boxes as a fraction of their union.

    Parameters
    ----------
    box : (4,) array
    boxes : (4,) or (N, 4) array
    of : {"union", "smaller"}
        "smaller": as a fraction of the smaller box, which is 1 where one box lies within the other.

    Returns
    -------
    float64 scalar or (N,) array
        0 (apart) to 1 (the same).

    Examples
    --------
    >>> round(float(overlap([0, 0, 10, 10], [5, 0, 15, 10])), 3)
    0.333
    """
    box, boxes = np.asarray(box, np.float64), np.asarray(boxes, np.float64)
    low, high = np.maximum(box[:2], boxes[..., :2]), np.minimum(box[2:], boxes[..., 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    one, areas = (box[2:] - box[:2]).prod(), (boxes[..., 2:] - boxes[..., :2]).prod(axis=-1)
    return shared / (np.minimum(one, areas) if of == "smaller" else one + areas - shared)


def suppress(boxes, scores, most, of="union"):
    """Non-maximum suppression: the indices of the boxes that stay, the surest first.

    The surest box stays; all that overlap it by more than ``most`` go; and so on with what is left.

    Parameters
    ----------
    boxes : (N, 4) array
    scores : (N,) array
    most : float
        See `overlap`.
    of : {"union", "smaller"}
        Of what ``most`` is a fraction.

    Returns
    -------
    (M,) int array

    Examples
    --------
    >>> suppress([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10]], [0.8, 0.9, 0.7], 0.5).tolist()
    [1, 2]
    """
    boxes, left, kept = np.asarray(boxes, np.float64), np.argsort(-np.asarray(scores), kind="stable"), []
    while len(left):
        kept.append(left[0])
        left = left[1:][overlap(boxes[left[0]], boxes[left[1:]], of) <= most]
    return np.array(kept, int)
