"""The generative face model: principal components of shape and of texture, and blends to draw from.

A face is a shape S = mean + sum_i b_i P_i (68 points) and a texture t = mean + sum_j c_j Q_j on the mean
shape; warping the texture onto the shape gives the picture. That is the active appearance model of Cootes,
Edwards and Taylor (IEEE PAMI, 2001). Pose shows in shape and texture alike, so samples start from rows (b,
c) that belong together; each row is a blend of three people, never one person's photograph.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np

from facelm_helpers.arrays import TEXT, Array
from facelm_helpers.arrays import read_arrays as read_file
from facelm_helpers.geometry import apply_transform, invert_transform, similarity
from facelm_helpers.paths import DATA
from facelm_helpers.sources._exact import on_grid
from facelm_helpers.sources._texture import Layout
from facelm_helpers.sources._warp import Warp, look_up

FACE_MODEL = DATA / "face_model.npz"
FORMAT = 1
ARRAYS = {  # B shape and C texture components, L values of a texture, R rows, S pixels a side, T triangles
    "digest": TEXT, "format": Array("i8", (), 1), "size": Array("i8", (), 16, 1024),
    "mean_shape": Array("f4", (68, 2), 0, 1024), "triangles": Array("u1", ("T", 3), 0, 97),
    "face": Array("u1", ("S", "S")), "texture_mean": Array("f2", ("L",), -1000, 1000),
    "texture_components": Array("i1", ("C", "L")), "texture_scales": Array("f4", ("C",), 0, 1000),
    "shape_components": Array("f4", ("B", 136), -1.01, 1.01),
    "shape_standard_deviations": Array("f4", ("B",), 0, 1000),
    "rows_shape": Array("i1", ("R", "B")), "rows_shape_scales": Array("f4", ("B",), 0, 10),
    "rows_texture": Array("i1", ("R", "C")), "rows_texture_scales": Array("f4", ("C",), 0, 10),
}  # fmt: skip
_REMEDY = "fetch it anew with `git checkout -- data/face_model.npz`"


def digest(arrays):
    """SHA-256 over the names, types, shapes and bytes of a dict of arrays."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype.str} {array.shape}".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def read_arrays(path):
    """The arrays of the model file, checked; see `load_face_model` for what is raised."""
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no face model at {path}: {_REMEDY}")
    try:
        arrays = read_file(path, ARRAYS, "face model")
    except ValueError as error:
        raise ValueError(f"{error}; {_REMEDY}") from None
    expected = str(arrays.pop("digest"))
    if digest(arrays) != expected:
        raise ValueError(f"{path} has been altered (its content does not match its hash): {_REMEDY}")
    if int(arrays["format"]) != FORMAT:
        raise ValueError(f"{path} has format {int(arrays['format'])}: this code reads format {FORMAT}")
    return arrays


@lru_cache(maxsize=2)
def load_face_model(path=FACE_MODEL):
    """The shipped generative face model.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    FaceModel

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is cut off, altered, or of another format.

    Examples
    --------
    >>> model = load_face_model()
    >>> model.mean_shape.shape, model.render(model.mean_shape, model.texture()).shape
    ((68, 2), (160, 160, 3))
    """
    return FaceModel(read_arrays(path))


class FaceModel:
    """Shapes and textures of faces as linear models, and the warp that joins them.

    Legend: B shape components, C texture components, L length of the texture vector, R rows (blends).

    Attributes
    ----------
    size : int
        Side of the square canvas in pixels, the frame of `mean_shape`.
    mean_shape : (68, 2) float32 array
        Canvas pixels.
    shape_components : (B, 136) float32 array
        Orthonormal, interleaved x0, y0, x1, ...
    shape_standard_deviations : (B,) float32 array
        Pixels, along each component.
    texture_mean : (L,) float32 array
    texture_components : (C, L) float32 array
        Whole numbers.
    texture_scales : (C,) float32 array
        Grey levels for each unit of a component, along which coefficients have a standard deviation of 1.
    rows_shape, rows_texture : (R, B) and (R, C) float32 arrays
        Coefficients of the blends, in standard deviations.
    warp : Warp
        The mesh, and the piecewise affine maps.
    """

    def __init__(self, arrays):
        self.size = int(arrays["size"])
        self.mean_shape = arrays["mean_shape"].astype(np.float32)
        self.shape_components = on_grid(arrays["shape_components"].astype(np.float32), 20)
        self.shape_standard_deviations = arrays["shape_standard_deviations"].astype(np.float32)
        self.layout = Layout(self.size, arrays["face"].astype(np.float32) / 255)
        self.texture_mean = arrays["texture_mean"].astype(np.float32)
        self.texture_components = arrays["texture_components"].astype(np.float32)
        self.texture_scales = arrays["texture_scales"].astype(np.float32)
        self.rows_shape = arrays["rows_shape"] * arrays["rows_shape_scales"].astype(np.float32)
        self.rows_texture = arrays["rows_texture"] * arrays["rows_texture_scales"].astype(np.float32)
        self.warp = Warp(self.mean_shape, arrays["triangles"], self.size)

    def shape(self, b=()):
        """Shapes from coefficients in standard deviations: S = mean + sum_i b_i sd_i P_i.

        Parameters
        ----------
        b : (B',) or (N, B') array
            The first B' <= B coefficients; the others are 0.

        Returns
        -------
        (68, 2) or (N, 68, 2) float32 array
            Canvas pixels.
        """
        b = _coefficients(b, len(self.shape_components), "shape")
        used = b.shape[-1]
        pixels = on_grid(b * self.shape_standard_deviations[:used], 12)
        offsets = pixels @ self.shape_components[:used].astype(np.float64)  # exact: see `_exact`
        return (self.mean_shape + offsets.reshape(*b.shape[:-1], 68, 2)).astype(np.float32)

    def texture_vectors(self, c=()):
        """Texture vectors (N, L) of coefficients (N, C') in standard deviations."""
        c = _coefficients(c, len(self.texture_components), "texture")
        used = c.shape[-1]
        levels = on_grid(c * self.texture_scales[:used], 10)
        return self.texture_mean + levels.astype(np.float32) @ self.texture_components[:used]  # exact

    def texture(self, c=()):
        """The picture on the mean shape: t = mean + sum_j c_j Q_j.

        Parameters
        ----------
        c : (C',) array
            The first C' <= C coefficients in standard deviations; the others are 0.

        Returns
        -------
        (size, size, 4) uint8 array
            Red, green, blue, and opacity: 255 on the person, 0 on the background.
        """
        return self.layout.read(self.texture_vectors(c))

    def unwarp(self, image, points):
        """A face brought onto the mean shape: what `render` does, backwards.

        Parameters
        ----------
        image : (H, W, 3) uint8 array
        points : (68, 2) array
            In the image's pixels.

        Returns
        -------
        canvas : (size, size, 3) uint8 array
            The face with its landmarks at `mean_shape`.
        shape : (68, 2) float64 array
            The points moved, turned and scaled onto the canvas: `render(shape, canvas)` shows the face.
        """
        to_canvas = similarity(points, self.mean_shape)
        shape = apply_transform(to_canvas, points)
        return look_up(image, apply_transform(invert_transform(to_canvas), self.warp.to_canvas(shape))), shape

    def render(self, shape, texture, size=None, transform=None, background=128):
        """The texture warped onto a shape.

        Parameters
        ----------
        shape : (68, 2) array
            In canvas pixels.
        texture : (size, size, 4) or (size, size, 3) uint8 array
            On the mean shape; see `texture`.
        size : int, optional
            Side of the result; by default the canvas's.
        transform : (2, 3) array, optional
            Canvas -> result. By default the canvas fills the result.
        background : int or (size, size, 3) array
            What shows where the texture is not opaque.

        Returns
        -------
        (size, size, 3) uint8 array
        """
        size = size or self.size
        if transform is None:
            scale = size / self.size
            transform = np.array([[scale, 0, (scale - 1) / 2], [0, scale, (scale - 1) / 2]])
        shape, transform = np.asarray(shape), np.asarray(transform)
        if shape.shape != (68, 2):
            raise ValueError(f"shape has shape {shape.shape}: wanted (68, 2), in canvas pixels")
        flow = next(self.warp.from_canvas(shape[None], transform[None], size))
        picture = look_up(texture, flow)
        if picture.shape[2] == 3:
            return picture
        opacity = picture[..., 3:].astype(np.float32) / 255
        mixed = picture[..., :3] * opacity + np.asarray(background, dtype=np.float32) * (1 - opacity)
        return np.rint(mixed).astype(np.uint8)


def open_lids_and_lips(shapes, gap=0.25):
    """Shapes whose lids and lips do not cross: noise must not turn a closed eye inside out.

    Parameters
    ----------
    shapes : (N, 68, 2) array
    gap : float
        What is left open at least between an upper point and its lower partner, in pixels.

    Returns
    -------
    (N, 68, 2) array

    Examples
    --------
    >>> float(open_lids_and_lips(np.zeros((1, 68, 2)))[0, 66, 1])
    0.125
    """
    upper, lower = [37, 38, 43, 44, 61, 62, 63], [41, 40, 47, 46, 67, 66, 65]
    shapes = np.array(shapes)
    lacking = np.maximum(gap - (shapes[:, lower, 1] - shapes[:, upper, 1]), 0) / 2
    shapes[:, upper, 1] -= lacking
    shapes[:, lower, 1] += lacking
    return shapes


def _coefficients(values, most, name):
    values = np.asarray(values, dtype=np.float64)
    if values.ndim == 0 or values.shape[-1] > most:
        raise ValueError(f"{name} coefficients have shape {values.shape}: wanted at most {most} of them")
    return values
