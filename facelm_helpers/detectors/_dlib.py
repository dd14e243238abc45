"""dlib's frontal detector."""

import threading

import cv2
import numpy as np

from facelm_helpers.images import check_image

FACE = 80  # pixels; the side of the detector's window
MOST_PIXELS = 16e6  # searched at a time; some 5 s on one core


def detect(image, upsample=1, threshold=0.0, smallest=None):
    """The faces that dlib's frontal detector finds, the largest first.

    A window slides over a pyramid of histograms of oriented gradients (Dalal and Triggs, 2005; King,
    Max-margin object detection, 2015). It finds upright, more or less frontal faces of at least 80 pixels; of
    40 with one upsampling. A million pixels take about .3 s and 15 MB, each doubling four times as much.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    upsample : int
        How often the image is first doubled. Each doubling finds faces half as large, takes four times as
        long, and may find more that is no face.
    threshold : float
        The score that a window must exceed. About 1 is a clear frontal face; below 0 come guesses.
    smallest : float, optional
        The side in pixels of the smallest face wanted: a larger one lets the image be shrunk before it is
        searched. By default an image that would have more than 16 million pixels when doubled is shrunk to
        them, so that of 48 megapixels faces of 140 pixels or more are found; ``smallest=40`` finds them all,
        in a minute and 2 GB.

    Returns
    -------
    (M, 4) float32 array
        Left, top, right, bottom; right and bottom exclusive. A box may reach out of the image. Shape (0, 4)
        when there is no face.

    Examples
    --------
    >>> import skimage.data
    >>> detect(skimage.data.astronaut(), upsample=0).shape
    (1, 4)
    """
    image = check_image(image)
    if upsample not in range(6):
        raise ValueError(f"upsample is {upsample}: wanted a whole number of doublings, 0 to 5")
    shrink = (MOST_PIXELS / (image.shape[0] * image.shape[1] * 4**upsample)) ** 0.5
    if smallest is not None:
        if not smallest > 0:
            raise ValueError(f"smallest is {smallest}: wanted the side of a face in pixels, such as 40")
        shrink = FACE / (smallest * 2**upsample)
    if shrink < 1:
        size = [max(1, round(side * shrink)) for side in image.shape[1::-1]]
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    found, _, _ = _detector().run(np.ascontiguousarray(image), int(upsample), float(threshold))
    # dlib's right and bottom are inclusive
    boxes = [(box.left(), box.top(), box.right() + 1, box.bottom() + 1) for box in found]
    boxes = np.array(boxes, np.float32).reshape(-1, 4) / np.float32(min(shrink, 1))
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return boxes[np.argsort(-area, kind="stable")]


_own = threading.local()


def _detector():
    """dlib's detector, one for each thread: it keeps the picture it works on in itself."""
    import dlib  # here, so that a lesson that detects nothing need not load it

    if not hasattr(_own, "detector"):
        _own.detector = dlib.get_frontal_face_detector()
    return _own.detector
