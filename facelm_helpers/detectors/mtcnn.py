"""MTCNN, the course's own: three small networks, each of which looks closer at what the one before let pass.

A fourth, L-Net, looks at a patch round each of the five points, and corrects them. Their files,
data/detectors/mtcnn_p.tflite, _r, _o and _l, are trained by `tools.train.mtcnn` and `mtcnn_points`. `detect`
and `search` do all at once; the steps between are here one by one, so that a lesson can show them.
"""

import threading

import cv2
import numpy as np

from facelm_helpers.boxes import suppress
from facelm_helpers.images import check_image
from facelm_helpers.paths import DATA
from facelm_helpers.silence import silence

FILES = {part: DATA / "detectors" / f"mtcnn_{part}.tflite" for part in "prol"}
CELL, STRIDE, SHRINK = 12, 2, 0.709  # P-Net's square and its steps in pixels; between levels of the pyramid
# chosen on validation pictures: with the popular code's 0.7, R-Net loses profiles, and O-Net lets more
# windows pass that are no face
THRESHOLDS = 0.6, 0.3, 0.9
# side of the square; how much two boxes may overlap, as a fraction of what: in the last step, as in the
# popular code, a box inside another is dropped too
LATER = {"r": (24, 0.7, "union"), "o": (48, 0.6, "smaller")}
PATCH = 0.36  # side of L-Net's patches, in the longer side of the face's box
PIXEL = np.float32(1 / 255)
_own = threading.local()


def detect(image, thresholds=THRESHOLDS, smallest=24):
    """The faces that MTCNN finds, the surest first.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    thresholds : three floats between 0 and 1
        The probability that a square must reach to pass P-, R- and O-Net.
    smallest : int
        Side in pixels of the smallest face that is looked for, at least 12.

    Returns
    -------
    (M, 4) float32 array

    References
    ----------
    Zhang et al., Joint face detection and alignment using multi-task cascaded convolutional networks, 2016.
    """
    return search(image, thresholds, smallest, shipped("pro"))[0]


def search(image, thresholds=THRESHOLDS, smallest=24, networks=None):
    """Boxes (M, 4), points (M, 5, 2) and scores (M,) of the faces, the surest first.

    Parameters
    ----------
    image, thresholds, smallest
        As in `detect`.
    networks : dict, optional
        "p", "r", "o" -> function of pictures (N, S, S, 3) in 0..1, and "l" -> of patches (N, 5, S, S, 3);
        the shipped ones by default. Without "l" the points stay where O-Net sees them.
    """
    image = check_image(image)
    if len(thresholds) != 3 or not all(0 < threshold < 1 for threshold in thresholds):
        raise ValueError(f"thresholds are {thresholds}: wanted three probabilities between 0 and 1")
    if not CELL <= smallest < 1e4:
        raise ValueError(f"smallest is {smallest}: wanted pixels, at least {CELL}")
    networks = networks or shipped()
    squares, scores = proposals(image, networks["p"], thresholds[0], smallest)
    boxes, points = squares, np.zeros((len(squares), 5, 2), np.float32)
    for (part, (size, most, of)), threshold in zip(LATER.items(), thresholds[1:], strict=True):
        if not len(squares):
            break
        squares = np.rint(squares)  # what is cut, so that the answers belong to it
        answer = np.asarray(networks[part](cut(image, squares, size)))
        scores = probability(answer[:, 0])
        kept = scores >= threshold
        boxes, points = corrected(squares[kept], answer[kept, 1:5]), placed(squares[kept], answer[kept, 5:])
        first = suppress(boxes, scores[kept], most, of)
        boxes, points, scores = boxes[first], points[first], scores[kept][first]
        squares = squared(boxes)
    if "l" in networks and len(boxes):
        points = refined(image, boxes, points, networks["l"])
    return boxes.astype(np.float32), points.astype(np.float32), scores.astype(np.float32)


def proposals(image, network, threshold, smallest, suppress=suppress):
    """The squares that P-Net lets pass, (M, 4), and their scores: from every level of the image pyramid.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    network : function
        (1, H', W', 3) in 0..1 -> (1, H'', W'', 15), as `networks.mtcnn` has it.
    threshold : float
    smallest : int
        As in `detect`.
    suppress : function
        Non-maximum suppression, as `boxes.suppress`: within each level, and then over all of them.
    """
    found = [(np.zeros((0, 4)), np.zeros(0))]
    for level in pyramid(image, smallest):
        answer = np.asarray(network(level[None]))[0]
        cells, scores, offsets = passed(answer, threshold, np.divide(image.shape[1::-1], level.shape[1::-1]))
        first = suppress(cells, scores, 0.5)
        found.append((corrected(cells, offsets)[first], scores[first]))
    boxes, scores = (np.concatenate(column) for column in zip(*found, strict=True))
    first = suppress(boxes, scores, 0.7)
    return squared(boxes[first]), scores[first]


def pyramid(image, smallest):
    """The image at falling sizes, float32 in 0..1: the smallest face has P-Net's 12 pixels in the first.

    Examples
    --------
    >>> [level.shape[:2] for level in pyramid(np.zeros((80, 100, 3), np.uint8), smallest=24)]
    [(40, 50), (28, 35), (20, 25), (14, 18)]
    """
    (height, width), scale, levels = image.shape[:2], CELL / smallest, []
    while min(height, width) * scale >= CELL:
        size = max(CELL, round(width * scale)), max(CELL, round(height * scale))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        levels.append(cv2.resize(image, size, interpolation=method) * PIXEL)
        scale *= SHRINK
    return levels


def passed(answer, threshold, scale=(1, 1)):
    """P-Net's squares whose probability of a face reaches a threshold.

    Parameters
    ----------
    answer : (H, W, 15) array
        For every square, the logit of a face, four offsets of its box, five points.
    threshold : float
    scale : (2,) array
        Pixels of the image in one of the level, in x and y.

    Returns
    -------
    squares : (M, 4) array
        In pixels of the image, as they lie on P-Net's grid.
    scores : (M,) array
    offsets : (M, 4) array
        What `corrected` takes.

    Examples
    --------
    >>> answer = np.zeros((3, 3, 15))
    >>> answer[1, 2, 0] = 5
    >>> passed(answer, 0.9, scale=(2, 2))[0].tolist()
    [[8.0, 4.0, 32.0, 28.0]]
    """
    scores = probability(answer[..., 0])
    y, x = np.nonzero(scores >= threshold)
    corner = np.stack([x, y], axis=-1) * STRIDE
    squares = np.concatenate([corner, corner + CELL], axis=1) * np.tile(np.float64(scale), 2)
    return squares, scores[y, x], answer[y, x, 1:5]


def corrected(boxes, offsets):
    """Boxes whose edges are moved by offsets (M, 4) in their own widths and heights.

    >>> corrected(np.array([[10.0, 10, 30, 50]]), np.array([[0.5, 0.25, 0, -0.5]])).tolist()
    [[20.0, 20.0, 30.0, 30.0]]
    """
    return boxes + offsets * np.tile(boxes[:, 2:] - boxes[:, :2], 2)


def placed(boxes, points):
    """Points (M, 2 P), in widths and heights of boxes, in pixels of the picture: (M, P, 2).

    A box counts from the edge of the first pixel, a point from its middle.

    >>> placed(np.array([[10.0, 10, 30, 50]]), np.array([[0.5, 0.25]])).tolist()
    [[[19.5, 19.5]]]
    """
    points = points.reshape(len(boxes), points.shape[1] // 2, 2)
    return boxes[:, None, :2] + points * (boxes[:, None, 2:] - boxes[:, None, :2]) - 0.5


def refined(image, boxes, points, network, looks=4):
    """Five points a face, corrected by L-Net: it looks at a patch round each, and moves them.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    boxes : (M, 4) array
    points : (M, 5, 2) array
    network : function
        (M, 5, 24, 24, 3) in 0..1 -> (M, 10), as `networks.mtcnn` has it.
    looks : int
        How many passes; with each, the patches are better centred.

    Returns
    -------
    (M, 5, 2) array
    """
    half = np.repeat(PATCH * (boxes[:, 2:] - boxes[:, :2]).max(axis=1) / 2, 5)[:, None]
    for _ in range(looks):
        middle = points.reshape(-1, 2) + 0.5  # from the edge of the first pixel, as squares are
        squares = np.rint(np.concatenate([middle - half, middle + half], axis=1))
        patches = cut(image, squares, 24)
        moved = np.asarray(network(patches.reshape(-1, 5, *patches.shape[1:]))).reshape(-1, 2)
        points = placed(squares, moved + 0.5).reshape(-1, 5, 2)
    return points


def squared(boxes):
    """Squares round the middles of boxes, as long as their longer sides.

    >>> squared(np.array([[10.0, 10, 30, 50]])).tolist()
    [[0.0, 10.0, 40.0, 50.0]]
    """
    middle, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).max(axis=1)[:, None] / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def cut(image, squares, size):
    """Squares of a picture at one size, (M, size, size, 3) float32 in 0..1; black outside."""
    found = np.empty((len(squares), size, size, 3), np.uint8)
    for i, (left, top, right, bottom) in enumerate(np.rint(squares).astype(int)):
        part = image[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        border = max(-top, 0), max(bottom - len(image), 0), max(-left, 0), max(right - image.shape[1], 0)
        if part.size:
            part = cv2.copyMakeBorder(part, *border, cv2.BORDER_CONSTANT)
            found[i] = cv2.resize(part, (size, size), interpolation=cv2.INTER_AREA)
        else:
            found[i] = 0
    return found * PIXEL


def probability(logits):
    """Of a logit.

    >>> float(probability(0.0))
    0.5
    """
    return 1 / (1 + np.exp(-np.clip(logits, -80, 80)))


def shipped(parts="prol"):
    """The networks of some parts as functions, each thread's its own: an interpreter keeps its buffers."""
    own = vars(_own)
    for part in parts:
        if part not in own:
            own[part] = _opened(FILES[part])
    return {part: own[part] for part in parts}


def _opened(path):
    from ai_edge_litert.interpreter import Interpreter  # here, so that dlib's detector does not need it

    with silence():
        interpreter = Interpreter(model_content=path.read_bytes(), num_threads=1)
    (into,), (out,) = interpreter.get_input_details(), interpreter.get_output_details()
    shape = []

    def one(picture):
        if shape != list(picture.shape):  # every level of the pyramid has its own
            shape[:] = picture.shape
            interpreter.resize_tensor_input(into["index"], [1, *shape])
            interpreter.allocate_tensors()
        interpreter.set_tensor(into["index"], np.float32(picture[None]))
        interpreter.invoke()
        return interpreter.get_tensor(out["index"])[0]

    return lambda pictures: np.stack([one(picture) for picture in pictures])
