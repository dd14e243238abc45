"""A picture as the course wants it: read from a file, checked, and warped without aliasing.

Images are RGB ``uint8`` arrays of shape (H, W, 3); pixel centres are at integers.
"""

import io
import warnings
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError


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


def read_image(path):
    """A picture file as RGB uint8, turned upright as its EXIF tag says.

    Parameters
    ----------
    path : str or Path
        JPEG, PNG or any other format that Pillow reads. Transparency is laid on white.

    Returns
    -------
    (H, W, 3) uint8 array

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no image, is cut off or damaged, or has more than 8 bits a channel.

    Examples
    --------
    >>> read_image("nowhere.jpg")
    Traceback (most recent call last):
    FileNotFoundError: no picture at nowhere.jpg
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no picture at {path}")
    if path.is_dir():
        raise ValueError(f"{path} is a folder: wanted a picture file")
    return _decode(path, path)


def decode_image(content, name="picture", most_pixels=None):
    """A picture that is in memory already, as its file's bytes: an upload, a webcam's JPEG.

    Parameters
    ----------
    content : bytes
        Of a JPEG, PNG or any other file that Pillow reads.
    name : str
        What messages call it.
    most_pixels : int, optional
        A picture of this many pixels or more is refused before any of them is unpacked.

    Returns
    -------
    (H, W, 3) uint8 array
        As from `read_image`.

    Raises
    ------
    ValueError
        If it is no image, is damaged, is too large, or has more than 8 bits a channel.

    Examples
    --------
    >>> decode_image(b"some words", "notes.txt")
    Traceback (most recent call last):
    ValueError: notes.txt is not a picture that can be read: wanted a JPEG or PNG file, for example
    """
    return _decode(io.BytesIO(bytes(content)), name, most_pixels)


def _decode(file, name, most_pixels=None):
    """RGB uint8 from a path or a binary stream."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file) as opened:
                if most_pixels and opened.width * opened.height >= most_pixels:
                    raise _TooLarge(
                        f"{name} has {opened.width} x {opened.height} pixels,"
                        f" {opened.width * opened.height / 1e6:.1f} million:"
                        f" wanted fewer than {most_pixels / 1e6:.0f} million"
                    )
                opened.load()  # Pillow refuses a cut-off file here; OpenCV would fill the rest with grey
                picture = ImageOps.exif_transpose(opened)
    except _TooLarge:
        raise
    except UnidentifiedImageError as error:
        # Pillow's message names a stream by its address in memory
        reason = _first_line(error) if isinstance(file, Path) else "wanted a JPEG or PNG file, for example"
        raise ValueError(f"{name} is not a picture that can be read: {reason}") from None
    except Image.DecompressionBombError as error:
        wanted = f"; wanted fewer than {most_pixels / 1e6:.0f} million pixels" if most_pixels else ""
        raise ValueError(f"{name} is not a picture that can be read: {_first_line(error)}{wanted}") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ValueError(f"{name} is damaged or cut off: {_first_line(error)}") from None
    if picture.mode in ("I", "F") or picture.mode.startswith("I;"):
        raise ValueError(f"{name} has more than 8 bits a channel (mode {picture.mode}): wanted 8 bits")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.array(picture.convert("RGB"))


class _TooLarge(ValueError):
    pass


def _first_line(error):
    return (str(error).splitlines() or [type(error).__name__])[0]


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
    transform = np.array(transform, dtype=np.float64)
    shrink = 1 / np.sqrt(abs(np.linalg.det(transform[:, :2])))
    # 32 keeps the intermediate picture within memory
    fine = int(min(np.ceil(shrink - 1e-3), 32)) if shrink > 2 + 1e-3 else 1
    if fine == 1:
        return cv2.warpAffine(
            image, transform, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
    # the centre of pixel x of the result is at (x + 1/2) fine - 1/2 of the fine picture
    transform = transform * fine
    transform[:, 2] += (fine - 1) / 2
    picture = cv2.warpAffine(
        image, transform, (width * fine, height * fine),
        flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101,
    )  # fmt: skip
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
