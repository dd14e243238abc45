"""The linear model of 68 points in 3D: what `data/face3d.npz` holds, and shapes made from it."""

from functools import lru_cache

import numpy as np

from facelm_helpers.arrays import Array, read_arrays
from facelm_helpers.paths import DATA

FACE3D = DATA / "face3d.npz"
FORMAT = 1
ARRAYS = {  # I identity and E expression modes, V vertices, T triangles, L places on a line
    "format": Array("i8", (), 1, FORMAT),
    "mean": Array("f4", (68, 3), -2, 2),
    "identity": Array("f4", ("I", 68, 3), -1, 1), "identity_variances": Array("f4", ("I",), 0, 1),
    "expression": Array("f4", ("E", 68, 3), -1, 1), "expression_variances": Array("f4", ("E",), 0, 1),
    "noise": Array("f4", (68,), 1e-4, 1),
    "uv": Array("f4", ("V", 2), 0, 1), "triangles": Array("i2", ("T", 3), 0, 2**15),
    "weights": Array("f4", ("V", 68), -10, 10), "lines": Array("f4", (17, "L", 68), -10, 10),
}  # fmt: skip


@lru_cache(maxsize=2)
def load_face3d(path=FACE3D):
    """The shipped 3D point model and mesh.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Face3D

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, or holds something else.

    Examples
    --------
    >>> model = load_face3d()
    >>> model.mean.shape, model.expression.shape
    ((68, 3), (10, 68, 3))
    """
    arrays = read_arrays(path, ARRAYS, "3D face model")
    if arrays["triangles"].max() >= len(arrays["uv"]):
        raise ValueError(f"{path} has a triangle of vertex {arrays['triangles'].max()}, which is not there")
    return Face3D(arrays)


class Face3D:
    r"""A shape is :math:`S = m + \sum_i a_i \sqrt{v_i}\, A_i + \sum_j e_j \sqrt{u_j}\, E_j`.

    With the identity a and the expression e counted in standard deviations. Legend: I identity modes, E
    expression modes, V vertices, T triangles. A face's own frame has x to the right of the picture, y down
    and z towards the camera when it looks ahead; the centre is the mean of the 68 points, and the unit is
    the size of the mean face: the root of width times height of its 68 points, seen from the front.

    Attributes
    ----------
    mean : (68, 3) float64 array
        m, symmetric.
    identity, expression : (I, 68, 3) and (E, 68, 3) float64 arrays
        A and E; the modes of a kind are orthonormal.
    identity_variances, expression_variances : (I,) and (E,) float64 arrays
        v and u.
    noise : (68,) float64 array
        Standard deviation of what the modes do not explain of annotated points, for each point.
    uv : (V, 2) float64 array
        Where the vertices lie on the UV map, 0..1; the first 68 are the points.
    triangles : (T, 3) int array
    weights : (V, 68) float64 array
        The vertices of a shape are ``weights @ S``.
    lines : (17, L, 68) float64 array
        Weights of the places that each jaw point slides on; the first is the point itself.
    modes : (I + E, 68, 3) float64 array
        All modes times their standard deviations.
    basis : (68, 3 (1 + I + E)) float64 array
        Mean and modes of each point, coordinate by coordinate: ``basis.reshape(204, -1) @ (1, a, e)`` is a
        shape.
    """

    def __init__(self, arrays):
        for name, array in arrays.items():
            if name != "format":
                kind = np.int64 if array.dtype.kind == "i" else np.float64
                setattr(self, name, array.astype(kind))
        self.modes = np.concatenate([
            self.identity * np.sqrt(self.identity_variances)[:, None, None],
            self.expression * np.sqrt(self.expression_variances)[:, None, None],
        ])  # fmt: skip
        self.basis = np.concatenate([self.mean[None], self.modes]).transpose(1, 2, 0).reshape(68, -1)

    def shape(self, identity=(), expression=()):
        """Shapes from coefficients in standard deviations; those left out are 0.

        Parameters
        ----------
        identity, expression : (I',) or (N, I') array, (E',) or (N, E') array

        Returns
        -------
        (68, 3) or (N, 68, 3) float64 array
            In the face's own frame.

        Raises
        ------
        ValueError
            If there are more coefficients than modes.

        Examples
        --------
        >>> bool(np.allclose(load_face3d().shape(), load_face3d().mean))
        True
        """
        shape, split = self.mean, len(self.identity)
        for name, values, modes in (
            ("identity", identity, self.modes[:split]), ("expression", expression, self.modes[split:])
        ):  # fmt: skip
            values = np.asarray(values, dtype=np.float64)
            if values.ndim not in (1, 2) or values.shape[-1] > len(modes):
                raise ValueError(f"{name} has shape {values.shape}: wanted at most {len(modes)} coefficients")
            used = modes[: values.shape[-1]].reshape(-1, 204)
            shape = shape + (values @ used).reshape(*values.shape[:-1], 68, 3)
        return shape
