"""Pictures from files and uploads, which may be damaged or hostile: right pixels, or one ValueError.

Pillow would open some forty formats, one of them (EPS) by starting another program; only those of `FORMATS`
are tried.
"""

import io
import os
import warnings
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

FORMATS = {
    "JPEG": (".jpg", ".jpeg"), "PNG": (".png",), "WEBP": (".webp",), "TIFF": (".tif", ".tiff"),
    "BMP": (".bmp",), "GIF": (".gif",), "PPM": (".ppm", ".pgm"), "AVIF": (".avif",),
}  # fmt: skip
ENDINGS = tuple(ending for endings in FORMATS.values() for ending in endings)
_ORIENTATION = 0x0112  # the EXIF tag; 1 is upright
_TURNS = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
          4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270,
          7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90}  # fmt: skip


def read_image(path):
    """A picture file as RGB uint8, turned upright as its EXIF orientation says.

    A file of 16 bits a channel is scaled to 8: v -> 255 v / (2^b - 1). The depth b is 16, or 10, 12 or 14
    where no value needs more bits; a warning states it then. Of several pages or frames the first is read;
    transparency is laid on white.

    Parameters
    ----------
    path : str or Path
        JPEG, PNG, WebP, TIFF, BMP, GIF, PPM or AVIF; no other format is opened.

    Returns
    -------
    (H, W, 3) uint8 array

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no such picture, is cut off or damaged, or has more than 16 bits a channel.

    Warns
    -----
    UserWarning
        If the EXIF orientation cannot be read (the pixels are returned as stored), or not all 16 bits are
        in use.

    Examples
    --------
    >>> read_image("nowhere.jpg")
    Traceback (most recent call last):
    FileNotFoundError: no picture at nowhere.jpg
    """
    path = Path(path)
    with _opened_file(path) as file:
        return _decode(file, path)


def decode_image(content, name="picture", most_pixels=None):
    """A picture that is in memory already, as its file's bytes: an upload, a webcam's JPEG.

    Parameters
    ----------
    content : bytes
        Of a file that `read_image` reads.
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
        If it is no picture, is damaged, is too large, or has more than 16 bits a channel.

    Examples
    --------
    >>> decode_image(b"some words", "notes.txt")
    Traceback (most recent call last):
    ValueError: notes.txt is not a picture that can be read: wanted JPEG, PNG, WEBP, TIFF, BMP, GIF, PPM, AVIF
    """
    return _decode(io.BytesIO(bytes(content)), name, most_pixels)


def image_size(path):
    """Width and height of a picture file as it is stored, without unpacking its pixels.

    Raises
    ------
    FileNotFoundError
    ValueError
        As `read_image`.
    """
    path = Path(path)
    with _opened_file(path) as file:
        return _guarded(lambda: _open(file).size, file, path)


def _opened_file(path):
    if not os.path.exists(path):
        raise FileNotFoundError(f"no picture at {path}")
    if not os.path.isfile(path):  # to open a pipe would wait for ever
        raise ValueError(
            f"{path} is {'a folder' if path.is_dir() else 'no ordinary file'}: wanted a picture file"
        )
    try:
        return open(path, "rb")
    except OSError as error:
        raise ValueError(f"{path} cannot be opened: {error.strerror}") from None


def _decode(file, name, most_pixels=None):
    """RGB uint8 from a binary stream."""
    with warnings.catch_warnings(record=True) as noticed:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        picture = _guarded(lambda: _pixels(file, name, most_pixels), file, name, most_pixels)
    for notice in dict.fromkeys(str(notice.message).splitlines()[0] for notice in noticed):
        warnings.warn(notice if str(name) in notice else f"{name}: {notice}", stacklevel=3)
    return picture


def _guarded(read, file, name, most_pixels=None):
    """What `read` returns; whatever goes wrong in it becomes a ValueError of one line with the name."""
    try:
        return read()
    except _Refused as error:
        raise ValueError(str(error)) from None
    except UnidentifiedImageError:
        raise ValueError(f"{name} is not a picture that can be read: {_wanted(file)}") from None
    except Image.DecompressionBombError as error:
        wanted = f"wanted fewer than {(most_pixels or 2 * Image.MAX_IMAGE_PIXELS) / 1e6:.0f} million pixels"
        raise ValueError(f"{name} is not opened: {_first_line(error)}; {wanted}") from None
    except Exception as error:  # Pillow raises a dozen types on damaged files
        raise ValueError(f"{name} is damaged or cut off: {_first_line(error)}") from None


def _wanted(file):
    file.seek(0)
    if file.read(12)[4:] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypheim"):
        return "it is HEIC, a telephone's format; save it as JPEG"
    return f"wanted {', '.join(FORMATS)}"


def _open(file):
    Image.init()  # makes its readers known
    return Image.open(file, formats=[kind for kind in FORMATS if kind in Image.OPEN])


def _pixels(file, name, most_pixels):
    opened = _open(file)
    if most_pixels and opened.width * opened.height >= most_pixels:
        raise _Refused(
            f"{name} has {opened.width} x {opened.height} pixels,"
            f" {opened.width * opened.height / 1e6:.1f} million:"
            f" wanted fewer than {most_pixels / 1e6:.0f} million"
        )
    depth = _depth(opened)
    opened.load()  # Pillow refuses a cut-off file here; OpenCV would fill the rest with grey
    picture = opened if depth == 8 else _shallow(file, opened, depth, name)
    picture = _upright(picture, opened, name)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.array(picture.convert("RGB"))


def _depth(opened):
    """Bits a channel of an opened picture: 8 (or fewer), 16, or more."""
    if opened.format == "TIFF":
        bits = opened.tag_v2.get(258, 1)
        return max(8, *(bits if isinstance(bits, tuple) else (bits,)))
    layout = str(opened.tile[0].args) if opened.tile else ""
    if opened.mode == "F":
        return 32
    return 16 if opened.mode.startswith("I") or ";16" in layout or "65535" in layout else 8


def _shallow(file, opened, depth, name):
    """A picture of more than 8 bits a channel as one of 8."""
    if opened.mode.startswith("I"):
        values = np.asarray(opened)
    else:  # Pillow keeps no more than 8 bits of a colour
        file.seek(0)
        values = cv2.imdecode(
            np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
        )
        if values is not None and values.ndim == 3:
            values = values[..., [2, 1, 0, 3][: values.shape[2]]]
    sound = values is not None and values.dtype.kind in "iu" and values.shape[:2] == opened.size[::-1]
    if depth > 16 or not sound or values.min() < 0 or values.max() > 65535 or "transparency" in opened.info:
        raise _Refused(
            f"{name} has {depth} bits a channel (mode {opened.mode}) in a form that is not read: wanted 8"
        )
    if depth == 16:
        highest = int(values.max())
        depth = next(bits for bits in (10, 12, 14, 16) if highest < 2**bits) if highest else 16
        if depth < 16:
            warnings.warn(
                f"{name} uses {depth} of its 16 bits a channel: its values are divided by {2**depth - 1}",
                stacklevel=2,
            )
    scaled = np.rint(values * (255 / (2**depth - 1))).astype(np.uint8)
    return Image.fromarray(scaled)


def _upright(picture, opened, name):
    """The picture turned as the EXIF orientation of the opened file says."""
    try:
        orientation = opened.getexif().get(_ORIENTATION, 1)
        known = orientation in (0, 1, *_TURNS)  # some cameras write 0 for "not known"
    except Exception:  # Pillow raises a dozen types on damaged blocks
        known = False
    if not known:
        warnings.warn(
            f"{name}: its EXIF orientation cannot be read; the picture is returned as stored", stacklevel=2
        )
        return picture
    return picture.transpose(_TURNS[orientation]) if orientation in _TURNS else picture


class _Refused(Exception):
    pass


def _first_line(error):
    return (str(error).splitlines() or [type(error).__name__])[0]
