"""The mesh drawn over a picture, and which of its triangles each pixel shows."""

import cv2
import numpy as np

from facelm_helpers.face3d._model import load_face3d
from facelm_helpers.geometry import painted

FINE = 4  # binary digits of a pixel that corners are rounded to


def code_colours():
    """A colour for each vertex by its place on the mean face: x, y and z, each in 0..1, as red, green and
    blue.

    Drawn with them, the mesh is a projected normalised coordinate code (PNCC; Zhu et al., CVPR 2016): the
    same spot of the head has the same colour in every picture.

    Returns
    -------
    (V, 3) uint8 array

    Examples
    --------
    >>> code_colours()[30].tolist() != code_colours()[8].tolist()   # tip of the nose, chin
    True
    """
    model = load_face3d()
    places = model.weights @ model.mean
    low, high = places.min(axis=0), places.max(axis=0)
    return np.uint8(np.rint(255 * (places - low) / (high - low)))


def draw(image, places, colours=None, opacity=1.0, lines=False):
    """The mesh over a picture: its triangles that face the camera, the nearest last.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        It is not changed.
    places : (V, 3) array
        Of all vertices: see `vertices`, with ``dense=True``.
    colours : (V, 3) uint8 array, optional
        Of the vertices; by default grey, lit from the camera.
    opacity : float
        0 (unseen) to 1.
    lines : bool
        Draw the edges of the triangles only.

    Returns
    -------
    (H, W, 3) uint8 array

    Raises
    ------
    ValueError
        If there are not as many places or colours as vertices.

    Examples
    --------
    >>> from facelm_helpers.face3d import fit, vertices
    >>> places = vertices(fit(40 * load_face3d().mean[:, :2] + 50), dense=True)[0]
    >>> drawn = draw(np.zeros((100, 100, 3), np.uint8), places, code_colours())
    >>> drawn[50, 50].any(), drawn[0, 0].any()
    (np.True_, np.False_)
    """
    light = _triangles(places)[1]
    if colours is None:
        shades = np.repeat(60 + 180 * light[:, None].clip(0), 3, axis=1)
    else:
        colours = np.asarray(colours, dtype=np.float64)
        if colours.shape != np.shape(places):
            raise ValueError(
                f"colours have shape {colours.shape}: wanted {np.shape(places)}, one for each vertex"
            )
        shades = colours[load_face3d().triangles].mean(axis=1)
    drawn = image.copy()
    if lines:
        pixels = np.rint(np.float64(places)[load_face3d().triangles, :2] * 2**FINE).astype(np.int32)
        for k in nearest_last(places).tolist():
            cv2.polylines(drawn, [pixels[k]], True, tuple(map(float, shades[k])), 1, cv2.LINE_AA, FINE)
    else:
        owner = owners(places, image.shape[:2])
        drawn[owner >= 0] = np.rint(shades[owner[owner >= 0]]).clip(0, 255)
    return cv2.addWeighted(drawn, opacity, image, 1 - opacity, 0)


def owners(places, shape):
    """Which triangle of the mesh each pixel of a picture shows: the nearest of those that face the camera.

    Parameters
    ----------
    places : (V, 3) array
        Of all vertices: see `vertices`, with ``dense=True``.
    shape : (height, width)
        Of the picture.

    Returns
    -------
    (H, W) int32 array
        A row of ``load_face3d().triangles``; -1 where there is none.

    Raises
    ------
    ValueError
        If there are not as many places as vertices.

    Examples
    --------
    >>> from facelm_helpers.face3d import fit, vertices
    >>> places = vertices(fit(40 * load_face3d().mean[:, :2] + 50), dense=True)[0]
    >>> found = owners(places, (100, 100))
    >>> found[50, 50] >= 0, found[0, 0]
    (np.True_, np.int32(-1))
    """
    order = nearest_last(places)
    found = painted(np.float64(places)[:, :2], load_face3d().triangles[order], shape)
    return np.int32(np.append(order, -1)[found])  # the last, at -1: none


def nearest_last(places):
    """The triangles of the mesh that face the camera, the farthest first: the order to paint them in.

    Parameters
    ----------
    places : (V, 3) array
        Of all vertices: see `vertices`, with ``dense=True``.

    Returns
    -------
    (T',) int array
        Rows of ``load_face3d().triangles``.

    Examples
    --------
    >>> model = load_face3d()
    >>> ahead, behind = (nearest_last(turn * (model.weights @ model.mean)) for turn in (1, [-1, 1, -1]))
    >>> len(ahead) > len(behind)
    True
    """
    corners, light = _triangles(places)
    order = np.argsort(corners[..., 2].mean(axis=1), kind="stable")
    return order[light[order] > 0]


def seen_uv(places, shape):
    """Which spot of the UV map each pixel of a picture shows: what DenseReg regresses (Güler et al., 2017).

    Parameters
    ----------
    places : (V, 3) array
        Of all vertices: see `vertices`, with ``dense=True``.
    shape : (height, width)
        Of the picture.

    Returns
    -------
    (H, W, 2) float64 array
        u and v in 0..1; NaN where there is no face.

    Raises
    ------
    ValueError
        If there are not as many places as vertices.

    Examples
    --------
    >>> from facelm_helpers.face3d import fit, vertices
    >>> places = vertices(fit(40 * load_face3d().mean[:, :2] + 50), dense=True)[0]
    >>> uv = seen_uv(places, (100, 100))
    >>> tip = places[30].round().astype(int)
    >>> bool(np.abs(uv[tip[1], tip[0]] - load_face3d().uv[30]).max() < 0.02), bool(np.isnan(uv[0, 0, 0]))
    (True, True)
    """
    model, owner = load_face3d(), owners(places, shape)
    found = np.full((*shape, 2), np.nan)
    y, x = np.nonzero(owner >= 0)
    corner = model.triangles[owner[y, x]]
    a, b, c = np.moveaxis(np.asarray(places, dtype=np.float64)[corner, :2], 1, 0)
    sides = np.stack([b - a, c - a], axis=-1)  # (P, 2, 2)
    second, third = np.linalg.solve(sides, (np.stack([x, y], axis=1) - a)[..., None])[..., 0].T
    shares = np.stack([1 - second - third, second, third], axis=1).clip(-0.5)  # beside a sliver
    shares /= shares.sum(axis=1, keepdims=True)
    found[y, x] = (shares[..., None] * model.uv[corner]).sum(axis=1)
    return found


def _triangles(places):
    """The corners (T, 3, 3) of the mesh's triangles, and how far each faces the camera, (T,): 1 is fully."""
    model, places = load_face3d(), np.asarray(places, dtype=np.float64)
    if places.shape != (len(model.uv), 3):
        raise ValueError(f"places have shape {places.shape}: wanted ({len(model.uv)}, 3), x, y and depth")
    corners = places[model.triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return corners, normal[:, 2] / np.maximum(np.linalg.norm(normal, axis=1), 1e-12)
