"""Where the face to compare on comes from: a sample, an upload, a picture of the webcam.

A `Scene` is what the sliders then work on: one square of fixed size round the face, its box, and the truth
where it is known. The detector runs here, once a photograph, and never when a slider moves.
"""

import functools
from dataclasses import dataclass, replace

import numpy as np

from facelm_helpers import sources
from facelm_helpers.detectors import detect
from facelm_helpers.faces import crop
from facelm_helpers.geometry import apply_transform
from facelm_helpers.images import check_image, decode_image
from facelm_helpers.sources.synthetic import POSES

VIEW = 420  # pixels: side of the picture that is shown and that the methods see
MARGIN = 1.7  # side of that picture in longer sides of the face's box
SIDE = 600  # pixels: side of a scene, so large that a turned view still finds picture in its corners
MOST_PIXELS = 50_000_000  # an upload of this size or more is refused
# upsample and threshold of the detector, until one finds a face: sure ones first, since the largest box is
# taken and a shadow on a sleeve may be larger than the face; doubling finds small faces and takes longer
TRIES = ((0, 0.5), (0, 0.0), (1, 0.5), (1, 0.0))
MOST_FACES = 9  # of one photograph
FACE = 80  # pixels that dlib's detector needs
FOR_DETECTION = 1280  # pixels: a longer photograph is made smaller before a face is looked for

# name -> (pose, number of the face); the faces are drawn with one seed
SEED = 21
SYNTHETIC = {
    "synthetic, frontal 1": ("frontal", 11),
    "synthetic, frontal 2": ("frontal", 6),
    "synthetic, frontal 3": ("frontal", 5),
    "synthetic, half turned 1": ("half", 2),
    "synthetic, half turned 2": ("half", 8),
    "synthetic, turned away 1": ("profile", 3),
    "synthetic, turned away 2": ("profile", 8),
}
ASTRONAUT = "astronaut (photograph)"


@dataclass(frozen=True, eq=False)
class Scene:
    """A face, cropped with a wide margin.

    Parameters
    ----------
    name : str
    image : (600, 600, 3) uint8 array
        The square round the box; continued by its mirror image where it leaves the photograph.
    box : (4,) float32 array
        Where the face is, in the scene's pixels: always in its middle.
    truth : (68, 2) float32 array, optional
        The labels, where they are known.
    note : str
        What a person should know about how the face was found.
    others : tuple of Scene
        The photograph's other faces, by size.
    """

    name: str
    image: np.ndarray
    box: np.ndarray
    truth: np.ndarray | None = None
    note: str = ""
    others: tuple = ()


def scene(name, image, box, truth=None, note=""):
    """Cut a scene out of a photograph.

    Examples
    --------
    >>> cut = scene("grey", np.full((200, 200, 3), 9, np.uint8), [50, 60, 150, 140])
    >>> cut.image.shape, cut.box.round().tolist()
    ((600, 600, 3), [176.0, 201.0, 423.0, 398.0])
    """
    image, transform = crop(image, box, SIDE, MARGIN * SIDE / VIEW)
    box = apply_transform(transform, np.reshape(box, (2, 2))).ravel().astype(np.float32)
    if truth is not None:
        truth = apply_transform(transform, truth).astype(np.float32)
    return Scene(name, image, box, truth, note)


def from_image(image, name="photograph", truth=None):
    """Find the largest face of a photograph.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    name : str
        What messages call it.
    truth : (68, 2) array, optional

    Returns
    -------
    Scene

    Raises
    ------
    ValueError
        If there is no face in it.

    Examples
    --------
    >>> from_image(np.zeros((90, 90, 3), np.uint8), "a black square")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: a black square shows no face that dlib's detector finds: wanted a frontal one, ...
    """
    image = check_image(image, name)
    boxes = _boxes(image)
    if len(boxes) == 0:
        raise ValueError(
            f"{name} shows no face that dlib's detector finds: wanted a frontal one, at least 40 pixels wide"
        )
    if len(boxes) == 1:
        return scene(name, image, boxes[0], truth)
    others = enumerate(boxes[1:MOST_FACES], start=2)
    others = tuple(scene(f"{name}, face {i}", image, box) for i, box in others)
    note = f"{len(boxes)} faces were found; this is the largest. The menu of pictures offers the others."
    return replace(scene(name, image, boxes[0], truth, note), others=others)


def _boxes(image):
    smallest = FACE * max(1.0, max(image.shape[:2]) / FOR_DETECTION)
    for upsample, threshold in TRIES:
        boxes = detect(image, upsample=upsample, threshold=threshold, smallest=smallest / 2**upsample)
        if len(boxes):
            break
    return boxes


def from_upload(content, name="the picture"):
    """A scene from the bytes of a picture's file.

    Parameters
    ----------
    content : bytes
    name : str

    Returns
    -------
    Scene

    Raises
    ------
    ValueError
        One sentence for a person: no picture, 50 megapixels or more, no face.
    """
    return from_image(decode_image(content, name, MOST_PIXELS), name)


def samples():
    """The names that `sample` knows.

    >>> samples()[0]
    'astronaut (photograph)'
    """
    return [ASTRONAUT, *SYNTHETIC]


@functools.lru_cache(maxsize=len(SYNTHETIC) + 1)
def sample(name):
    """A face that comes with the course.

    Parameters
    ----------
    name : str
        One of `samples`.

    Returns
    -------
    Scene

    Raises
    ------
    ValueError
        For an unknown name.

    Examples
    --------
    >>> sample("synthetic, frontal 1").truth.shape
    (68, 2)
    """
    if name == ASTRONAUT:
        import skimage.data

        return from_image(skimage.data.astronaut(), name)
    if name not in SYNTHETIC:
        raise ValueError(f"no sample called {name!r}: wanted one of {', '.join(samples())}")
    pose, number = SYNTHETIC[name]
    faces = sources.load(
        "synthetic", n=number + 1, seed=SEED, size=320, yaw=POSES[pose],
        occlusion=False, disturb=False, progress=False,
    )  # fmt: skip
    image, truth, tight = faces[number]
    try:
        return from_image(image, name, truth)
    except ValueError:
        note = "The detector misses this face: the box is the tight box of its true points."
        return scene(name, image, tight, truth, note)
