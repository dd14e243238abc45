"""One field of a MATLAB file, or a sentence on why it cannot be had. Numbers are read; nothing is run."""

import os
from pathlib import Path

import numpy as np
from scipy.io import loadmat, whosmat

from facelm_helpers.sources._files import check_face


def read_field(path, field):
    """The numbers of one field of a ``.mat`` file, float64, in the shape that the file has them.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a MATLAB file of version 4 to 7, is cut off, lacks the field, or the field is not finite
        numbers.
    """
    path = Path(path)
    if not os.path.exists(path):
        raise FileNotFoundError(f"no MATLAB file at {path}")
    if not os.path.isfile(path):
        raise ValueError(f"{path} is no ordinary file: wanted a MATLAB file")
    try:
        found = loadmat(path, variable_names=[field])
        fields = ", ".join(name for name, _, _ in whosmat(path)) if field not in found else field
    except NotImplementedError:
        raise ValueError(f"{path} is a MATLAB 7.3 file: wanted version 4 to 7 (save it with '-v7')") from None
    except Exception as error:  # SciPy raises a dozen types on damaged files
        what = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{path} is not a MATLAB file, or is damaged or cut off: {what}") from None
    if field not in found:
        raise ValueError(f"{path} has no field {field}: it holds {fields or 'nothing'}")
    values = found[field]
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        raise ValueError(f"{path}: field {field} is of another kind: wanted a full matrix of numbers")
    if not np.isfinite(values).all():
        raise ValueError(f"{path}: field {field} holds NaN or infinity: wanted finite numbers")
    return values.astype(np.float64)


def read_points(path, field, n_points):
    """Points (n_points, 2) float32 of a field that holds them as rows or columns; depth is left out.

    Raises
    ------
    ValueError
        As `read_field`, and if the field has another number of points.
    """
    values = read_field(path, field)
    if values.ndim == 2 and values.shape[0] in (2, 3) and values.shape[1] == n_points:
        values = values.T
    if values.ndim != 2 or values.shape[0] != n_points or values.shape[1] not in (2, 3):
        raise ValueError(
            f"{path}: field {field} has shape {values.shape}; wanted {n_points} points in 2D or 3D"
        )
    return check_face(values[:, :2], f"{path}, field {field}")
