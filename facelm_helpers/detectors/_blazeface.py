"""BlazeFace, MediaPipe's detector for faces near the camera; its file and licence lie in data/detectors."""

import threading

import cv2
import numpy as np

from facelm_helpers.boxes import overlap
from facelm_helpers.images import check_image
from facelm_helpers.paths import DATA
from facelm_helpers.silence import silence

FILE = DATA / "detectors" / "blazeface.tflite"
SIZE = 128  # pixels; the side of the network's input
GRIDS = ((8, 2), (16, 6))  # stride in pixels, anchors on each position of that grid
SAME = 0.3  # intersection over union from which two boxes are one face


def detect(image, threshold=0.5, tiles=1):
    """The faces that BlazeFace finds, the surest first.

    A network sees the whole picture at 128 x 128 pixels and answers once for each of 896 anchors (Bazarevsky
    et al., BlazeFace, 2019): how sure it is of a face, and where its box lies. It finds turned faces that
    dlib misses, in about a millisecond plus the time to shrink the picture, and misses small ones.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    threshold : float
        Between 0 and 1; the score that a face must reach.
    tiles : int
        1 looks at the picture as a whole. 2 or more looks at overlapping squares as well, so many along the
        longer side: smaller faces are found, in proportionally more time, and more that is no face.

    Returns
    -------
    (M, 4) float32 array
        Left, top, right, bottom; right and bottom exclusive. A box may reach out of the image. Shape (0, 4)
        when there is no face.

    Examples
    --------
    >>> import skimage.data
    >>> detect(skimage.data.astronaut()).shape
    (1, 4)
    """
    return search(image, threshold, tiles)[0]


def search(image, threshold=0.5, tiles=1):
    """Boxes, key points and scores of the faces, the surest first.

    Returns
    -------
    boxes : (M, 4) float32 array
    keypoints : (M, 6, 2) float32 array
        Eye on the left and on the right of the picture, nose tip, mouth, ear on the left and on the right.
    scores : (M,) float32 array
    """
    image = check_image(image)
    if not 0 < threshold < 1:
        raise ValueError(f"threshold is {threshold}: wanted a score between 0 and 1, such as 0.5")
    if tiles not in range(1, 17):
        raise ValueError(f"tiles is {tiles}: wanted a whole number of squares along the longer side, 1 to 16")
    found = [_in_square(image, *square, threshold) for square in _squares(*image.shape[:2], int(tiles))]
    return _merged(*(np.concatenate(part) for part in zip(*found, strict=True)))


def _squares(height, width, tiles):
    """Left, top and side of each square to look at: the whole picture, then tiles that overlap by half."""
    longer = max(height, width)
    squares = [((width - longer) // 2, (height - longer) // 2, longer)]  # it reaches out: a letterbox
    if tiles > 1:
        side = -(-2 * longer // (tiles + 1))
        tops, lefts = (
            np.linspace(0, max(length - side, 0), 1 + -(-2 * max(length - side, 0) // side)).astype(int)
            for length in (height, width)
        )
        squares += [(int(left), int(top), side) for top in tops for left in lefts]
    return squares


def _in_square(image, left, top, side, threshold):
    """Boxes (M, 4), key points (M, 6, 2) and scores (M,) in one square, in the image's pixels."""
    height, width = image.shape[:2]
    part = image[max(top, 0) : top + side, max(left, 0) : left + side]
    scale = SIZE / side
    h, w = (max(1, round(length * scale)) for length in part.shape[:2])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    letterbox = np.zeros((SIZE, SIZE, 3), np.uint8)
    y, x = max(0, round(-top * scale)), max(0, round(-left * scale))
    h, w = min(h, SIZE - y), min(w, SIZE - x)
    letterbox[y : y + h, x : x + w] = cv2.resize(part, (w, h), interpolation=method)
    numbers, logits = _network()(letterbox.astype(np.float32)[None] / 127.5 - 1)
    scores = 1 / (1 + np.exp(-np.clip(logits[:, 0], -80, 80)))
    kept = scores >= threshold
    offsets = numbers[kept].reshape(-1, 8, 2) / SIZE  # centre, size, six points
    middle, size = offsets[:, 0] + _ANCHORS[kept], offsets[:, 1]
    keypoints = offsets[:, 2:] + _ANCHORS[kept, None]
    corner = np.float32([left, top])
    first, last = ((middle + sign * size / 2) * side + corner for sign in (-1, 1))
    # what a tile cuts off is whole in its neighbour, or in the picture
    cut = ((first < corner) & (corner > 0)) | ((last > corner + side) & (corner + side < (width, height)))
    whole = ~cut.any(axis=1)
    boxes = np.concatenate([first, last], axis=1)
    return boxes[whole], (keypoints * side + corner)[whole], scores[kept][whole]


def _merged(boxes, keypoints, scores):
    """One face for each cluster of overlapping answers: their mean, weighted by the scores.

    MediaPipe's remedy for boxes that tremble from frame to frame, in place of the suppression of all but the
    best.
    """
    faces, left = [], np.argsort(-scores, kind="stable")
    while len(left):
        near = overlap(boxes[left[0]], boxes[left]) > SAME
        near[0] = True
        cluster = left[near]
        weights = scores[cluster] / scores[cluster].sum()
        faces.append(
            (weights @ boxes[cluster], np.tensordot(weights, keypoints[cluster], 1), scores[cluster].max())
        )
        left = left[~near]
    if not faces:
        return np.zeros((0, 4), np.float32), np.zeros((0, 6, 2), np.float32), np.zeros(0, np.float32)
    return tuple(np.stack(part).astype(np.float32) for part in zip(*faces, strict=True))


def _anchors():
    """The middle of each anchor as a share of the input, (896, 2): row by row, grid by grid."""
    grids = []
    for stride, count in GRIDS:
        middles = (np.arange(SIZE // stride) + 0.5) * stride / SIZE
        x, y = np.meshgrid(middles, middles)
        grids.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), count, axis=0))
    return np.concatenate(grids).astype(np.float32)


_ANCHORS = _anchors()
_own = threading.local()


def _network():
    """The network as a function, one for each thread: an interpreter keeps what it works on in itself."""
    if not hasattr(_own, "run"):
        from ai_edge_litert.interpreter import Interpreter  # here, so that dlib's detector does not need it

        with silence():
            interpreter = Interpreter(model_content=FILE.read_bytes(), num_threads=1)
            interpreter.allocate_tensors()
        (into,), outputs = interpreter.get_input_details(), interpreter.get_output_details()
        boxes, scores = sorted((out for out in outputs), key=lambda out: -out["shape"][-1])

        def run(picture):
            interpreter.set_tensor(into["index"], picture)
            interpreter.invoke()
            return interpreter.get_tensor(boxes["index"])[0], interpreter.get_tensor(scores["index"])[0]

        _own.run = run
    return _own.run
