"""Changes of a picture that leave its points in place: light, colour, sharpness, noise, something in front.

Every function takes an RGB ``uint8`` picture (H, W, 3) and returns a new one. Reach these names through
`facelm_helpers.augment`.
"""

import cv2
import numpy as np


def light(image, gain=1.0, gamma=1.0, contrast=1.0, cast=(1.0, 1.0, 1.0)):
    r"""Other light: with values v from 0 to 1 and a gain c for each channel,

    .. math:: v' = \tfrac12 + contrast \cdot ((gain \cdot c \cdot v)^{gamma} - \tfrac12)

    Parameters
    ----------
    gain : float
        Above 1 is brighter.
    gamma : float
        Above 1 darkens the middle tones, below 1 lightens them.
    contrast : float
        Below 1 draws everything towards mid-grey.
    cast : (3,) array
        Gains of red, green, blue: the colour of the light.

    Examples
    --------
    >>> light(np.full((1, 1, 3), 100, np.uint8), gain=1.5).tolist()
    [[[150, 150, 150]]]
    """
    values = np.clip(np.linspace(0, 1, 256)[:, None] * (gain * np.asarray(cast)), 0, None) ** gamma
    table = np.clip(255 * (0.5 + contrast * (values - 0.5)), 0, 255).round().astype(np.uint8)
    return cv2.LUT(image, table[None])


def grey(image):
    """Without colour, still three channels.

    Examples
    --------
    >>> grey(np.array([[[255, 0, 0]]], np.uint8)).tolist()
    [[[76, 76, 76]]]
    """
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def blur(image, sigma):
    """Out of focus: a Gaussian of standard deviation sigma, in pixels; 0 changes nothing.

    Examples
    --------
    >>> edge = np.zeros((9, 9, 3), np.uint8); edge[:, 5:] = 200
    >>> bool(blur(edge, sigma=2.0)[4, 4, 0] > 0)
    True
    """
    return image.copy() if sigma < 0.05 else cv2.GaussianBlur(image, (0, 0), sigmaX=float(sigma))


def noise(image, sd, rng):
    """Grain of the sensor: Gaussian, standard deviation in grey levels, drawn from a NumPy generator.

    Examples
    --------
    >>> picture = np.full((50, 50, 3), 100, np.uint8)
    >>> int(noise(picture, sd=5, rng=np.random.default_rng(0)).std().round())
    5
    """
    grain = rng.standard_normal(image.shape, dtype=np.float32) * np.float32(sd)
    return np.clip(np.rint(image + grain), 0, 255).astype(np.uint8)


def jpeg(image, quality):
    """Once through JPEG, quality 1 to 100: blocks and ringing.

    Examples
    --------
    >>> jpeg(np.full((16, 16, 3), 100, np.uint8), quality=30).shape
    (16, 16, 3)
    """
    quality = int(np.clip(quality, 1, 100))
    _, code = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(cv2.imdecode(code, cv2.IMREAD_COLOR)[:, :, ::-1])


def occlude(image, box, fill=(0, 0, 0)):
    """Something in front of the face: a rectangle of one colour.

    Parameters
    ----------
    box : (4,) array
        Left, top, right, bottom in pixels; what reaches out of the picture is cut off.
    fill : (3,) array
        Red, green, blue.

    Examples
    --------
    >>> occlude(np.full((4, 4, 3), 9, np.uint8), [1, 1, 3, 3])[:, :, 0].tolist()
    [[9, 9, 9, 9], [9, 0, 0, 9], [9, 0, 0, 9], [9, 9, 9, 9]]
    """
    height, width = image.shape[:2]
    left, top, right, bottom = np.clip(np.rint(box).astype(int), 0, (width, height, width, height))
    occluded = image.copy()
    occluded[top:bottom, left:right] = fill
    return occluded
