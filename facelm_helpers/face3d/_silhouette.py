"""Where the jaw's contour is seen: each of its 17 points slides on a line across the cheek."""

from functools import lru_cache

import numpy as np

from facelm_helpers.face3d._model import load_face3d
from facelm_helpers.face3d._rotation import angles

JAWS = ("visible", "solid", "mixed")
CONTOUR, SOLID = 30, 75  # degrees of yaw: the mixed jaw is the contour up to one, solid from the other on


def known_jaw(jaw, jaws=JAWS):
    """Raise ValueError unless jaw is one of these."""
    if jaw not in jaws:
        raise ValueError(f"jaw is {jaw!r}: wanted one of {', '.join(jaws)}")


def solid_share(yaw):
    """How much of the mixed jaw is the solid one: 0 up to 30 degrees of yaw, 1 from 75, even between them.

    Annotations of photographs follow the visible contour of the jaw; those of turned views, as 300W-LP has
    them, are fixed spots of the head. What the course's networks learn from goes from one to the other.

    Parameters
    ----------
    yaw : float or (N,) array
        Degrees.

    Examples
    --------
    >>> solid_share([-90, 0, 30, 52.5]).tolist()
    [1.0, 0.0, 0.0, 0.5]
    """
    return np.clip((np.abs(yaw) - CONTOUR) / (SOLID - CONTOUR), 0, 1)


def jaw_at(S, R, jaw):
    """Shapes (N, 68, 3), their jaw where one wants it: "solid", "visible" or "mixed"."""
    known_jaw(jaw)
    if jaw == "solid":
        return S
    share = solid_share(angles(R)[:, 1])[:, None, None] if jaw == "mixed" else 0
    return share * S + (1 - share) * slid(S, R)


def slid_rows(b, R):
    """The model's basis (N, 68, 3 (1 + M)) for coefficients (N, M), its jaw at the visible contour."""
    model, n = load_face3d(), len(b)
    lines = _lines()
    one = np.concatenate([np.ones((n, 1)), b], axis=1)
    places = (one @ lines.reshape(-1, one.shape[1]).T).reshape(n, 17, lines.shape[1], 3)
    rows = np.repeat(model.basis[None], n, axis=0)
    rows[:, :17] = lines[np.arange(17), outermost(places, R)]
    return rows


def slid(S, R):
    """Shapes whose 17 jaw points lie where the contour is seen.

    Parameters
    ----------
    S : (N, 68, 3) array
        In the face's own frame.
    R : (N, 3, 3) array
        Rotations of the heads.

    Returns
    -------
    (N, 68, 3) float64 array
        In the face's own frame, not turned.

    Examples
    --------
    >>> from facelm_helpers.face3d import rotation
    >>> mean = load_face3d().mean[None]
    >>> moved = np.abs(slid(mean, rotation([[0, 40, 0]])) - mean).max(axis=(0, 2))
    >>> bool(moved[:17].max() > 0.1), float(moved[17:].max())
    (True, 0.0)
    """
    places = np.moveaxis(np.tensordot(load_face3d().lines, S, (2, 1)), 2, 0)
    places = np.take_along_axis(places, outermost(places, R)[..., None, None], axis=2)[:, :, 0]
    return np.concatenate([places, S[:, 17:]], axis=1)


def outermost(places, R):
    """Which of the places (N, 17, L, 3) of each jaw point is outermost, (N, 17).

    Outermost is along the jaw's normal, turned as the head is about the camera's axis. On the side that is
    turned away this is the cheek; elsewhere it is the jaw point itself.
    """
    roll, normals = np.arctan2(R[:, 1, 0] - R[:, 0, 1], R[:, 0, 0] + R[:, 1, 1]), _normals()
    cos, sin = np.cos(roll)[:, None], np.sin(roll)[:, None]
    outward = np.stack([
        cos * normals[:, 0] - sin * normals[:, 1], sin * normals[:, 0] + cos * normals[:, 1]
    ], axis=2)  # fmt: skip
    return (places @ (outward @ R[:, :2])[..., None])[..., 0].argmax(axis=2)


@lru_cache(maxsize=1)
def _lines():
    """Mean and modes of the places on the lines, (17, L, 3 (1 + M))."""
    return load_face3d().lines @ load_face3d().basis


@lru_cache(maxsize=1)
def _normals():
    """Unit vectors (17, 2) that point out of the jaw line of the mean face."""
    along = np.gradient(load_face3d().mean[:17, :2], axis=0)
    normals = np.stack([-along[:, 1], along[:, 0]], axis=1)  # from the left ear by the chin: outwards
    return normals / np.linalg.norm(normals, axis=1)[:, None]
