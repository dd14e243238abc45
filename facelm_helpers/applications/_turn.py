"""A textured head from one picture, seen from another side."""

from typing import NamedTuple

import cv2
import numpy as np

from facelm_helpers import face3d
from facelm_helpers.applications._track import check_face
from facelm_helpers.geometry import painted_flow
from facelm_helpers.images import check_image

SIZE = 192  # of the texture
FINE = 4  # binary digits of a pixel that corners are rounded to
DARK = (60.0, 30.0, 30.0)  # of a mouth outside the picture
GROUND = 245  # grey level round the head


class Head(NamedTuple):
    """A face in 3D with its colours. Made by `reconstruct`.

    Only 68 points of the surface were learnt, from 2D annotations; all between them is interpolated and was
    never measured.

    Attributes
    ----------
    shape : (V, 3) float64 array
        The vertices in the face's own frame.
    texture : (192, 192, 3) uint8 array
        On the UV map. What the picture hides is taken from the other half of the face.
    seen : (192, 192) float64 array
        How much of each place the picture shows: 1 where it faces the camera, 0 where it is hidden.
    mouth : (red, green, blue)
        Of the open mouth, where there is no surface.
    """

    shape: np.ndarray
    texture: np.ndarray
    seen: np.ndarray
    mouth: tuple

    def view(self, yaw=0.0, pitch=0.0, roll=0.0, size=256):
        """The head from a side, at most in milliseconds.

        Parameters
        ----------
        yaw, pitch, roll : float
            Degrees, see `face3d.rotation`.
        size : int
            Side of the picture, pixels.

        Returns
        -------
        picture : (size, size, 3) uint8 array
        points : (68, 2) float64 array
            Where the 68 points are: the jaw's as fixed spots of the head.
        """
        model = face3d.load_face3d()
        R = face3d.rotation([pitch, yaw, roll])
        places = self.shape @ R.T * (0.56 * size) + [(size - 1) / 2, 0.5 * size, 0]
        painted = model.triangles[face3d.nearest_last(places)]
        flow, seen = painted_flow(model.uv * SIZE - 0.5, places[:, :2], painted, (size, size))
        flow = np.clip(flow, 0, SIZE - 1)
        picture = np.full((size, size, 3), GROUND, np.uint8)
        lips = np.rint(places[60:68, :2] * 2**FINE).astype(np.int32)
        cv2.fillPoly(picture, [lips], self.mouth, shift=FINE)
        cv2.polylines(picture, [lips], True, self.mouth, 1, shift=FINE)  # no gap to the lips' own triangles
        picture[seen] = cv2.remap(_grown(self.texture), flow, None, cv2.INTER_LINEAR)[seen]
        return picture, places[:68, :2]


def reconstruct(image, points):
    """A textured head from one picture of a face.

    The 3D face is laid on the points (`face3d.fit`), the picture's colours are unwrapped onto the UV map, and
    where the picture does not see the face, those of the mirrored place are taken.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    points : (68, 2) array
        Pixels.

    Returns
    -------
    Head

    Raises
    ------
    ValueError
        For something that is no image, or points of another shape.

    Examples
    --------
    >>> from facelm_helpers import sources
    >>> face = sources.load("synthetic", n=1, seed=1, progress=False)
    >>> head = reconstruct(face.images[0], face.points[0])
    >>> head.view(yaw=30, size=64)[0].shape
    (64, 64, 3)
    """
    image, points = check_image(image), check_face(points)
    fitted = face3d.fit(points)
    model = face3d.load_face3d()
    places = face3d.vertices(fitted, dense=True)[0]
    seen = face3d.position_map(_facing(places, model.triangles)[:, None], SIZE)[..., 0].clip(0, 1) ** 2
    texture = np.float64(face3d.unwrapped(image, places, SIZE))
    mine, mirrored = seen + 1e-3, (seen + 1e-3)[:, ::-1]
    share = np.where(mine >= 0.6 * mirrored, 1.0, mine / (mine + mirrored))[..., None]
    share = cv2.GaussianBlur(share, (0, 0), 3)[..., None]
    texture = share * texture + (1 - share) * texture[:, ::-1]
    inside = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.rint(points[60:68]).astype(np.int32)], 1)
    mouth = tuple(float(level) for level in image[inside > 0].mean(axis=0)) if inside.any() else DARK
    return Head(model.weights @ fitted.shape[0], np.rint(texture).astype(np.uint8), seen, mouth)


def _facing(places, triangles):
    """How far each vertex faces the camera: the depth of its unit normal, (V,); below 0 it is turned away."""
    corners = places[triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.zeros_like(places)
    for corner in range(3):
        np.add.at(total, triangles[:, corner], normal)
    return total[:, 2] / np.maximum(np.linalg.norm(total, axis=1), 1e-12)


def _grown(texture):
    """The texture, spread a little over its black surroundings, which must not be looked up at its edge."""
    mask = np.uint8(texture.any(axis=2))
    wide = cv2.dilate(texture, np.ones((5, 5), np.uint8))
    return np.where(mask[..., None] > 0, texture, wide)
