"""A 3D face as the numbers that a network gives, the losses of 3DDFA, and what networks of 3D faces share."""

import numpy as np

from facelm_helpers import face3d
from facelm_helpers.faces import crop_transforms, cut, uncrop
from facelm_helpers.images import check_image
from facelm_helpers.methods._base import check_inputs
from facelm_helpers.methods._keras import KerasAligner

JAWS = ("mixed", "visible", "solid")
POSES = 8  # numbers of a pose: s R_2 row by row, then t, in sides of the crop
MEAN = (0.54, 0, 0, 0, 0.59, 0.04, 0.5, 0.51)  # of drawn training crops, and their standard deviations
SPREAD = (0.13, 0.13, 0.24, 0.13, 0.07, 0.09, 0.09, 0.05)


class ThreeD(KerasAligner):
    """A network that gives a 3D face. An heir writes ``_faces`` and ``_truth``.

    Attributes
    ----------
    jaw : {"mixed", "visible", "solid"}
        What the 17 jaw points of `predict` are: the visible contour, as in most data sets; the same spots of
        the head in every view, as in AFLW2000-3D; or as in the faces that the course's networks learn from,
        the contour up to 30 degrees of yaw, solid from 75 degrees, and between them evenly in between.
    """

    jaw = "mixed"

    def _faces(self, output):
        """A `face3d.Fitted` in crop pixels of what the network gives."""
        raise NotImplementedError

    def _points(self, output):
        if self.jaw not in JAWS:
            raise ValueError(f"jaw is {self.jaw!r}: wanted one of {', '.join(JAWS)}")
        faces = self._faces(output)
        points = self._solid(output, faces)
        if self.jaw != "solid":
            share = face3d.solid_share(faces.degrees[:, 1]) * (self.jaw == "mixed")
            seen = face3d.vertices(faces, jaw="visible")[:, :17, :2]
            points[:, :17] += (1 - share[:, None, None]) * (seen - points[:, :17])
        return np.float32(points)

    def _solid(self, output, faces):
        """The 68 solid points (N, 68, 2) in crop pixels."""
        return face3d.vertices(faces)[..., :2].copy()

    def predict_3d(self, images, boxes):
        """The 3D face in each box.

        Parameters
        ----------
        images, boxes
            As for `predict`.

        Returns
        -------
        face3d.Fitted
            In pixels of each image: ``degrees`` is the pose of the head, `face3d.vertices` gives points and
            mesh.

        Raises
        ------
        ValueError, RuntimeError
            As `predict`.
        """
        if not self.fitted:
            raise RuntimeError(f"{self.name} has learnt nothing yet: fit it, or methods.load({self.name!r})")
        boxes = check_inputs(images, boxes)
        pictures = [check_image(images[i], f"image {i}") for i in range(len(boxes))]
        transforms = crop_transforms(boxes, self.size, self.margin)
        self._open()
        faces = self._faces(self._outputs(cut(pictures, transforms, self.size))[0])
        scale = np.hypot(transforms[:, 0, 0], transforms[:, 1, 0])
        return faces._replace(scale=faces.scale / scale, shift=uncrop(faces.shift[:, None], transforms)[:, 0])


def parameters(faces):
    """Whitened numbers (N, P) of faces in 0..1 of the crop: pose, identity, expression."""
    pose = (faces.scale[:, None, None] * faces.R[:, :2]).reshape(-1, 6)
    pose = (np.concatenate([pose, faces.shift], axis=1) - MEAN) / SPREAD
    return np.float32(np.concatenate([pose, faces.identity, faces.expression], axis=1))


def faces_of(found, size):
    """A `face3d.Fitted` in pixels of a crop of that size: the inverse of `parameters`.

    The matrix of a network is not quite a scaled rotation: the nearest one is taken.
    """
    found = np.asarray(found, np.float64)
    pose = found[:, :POSES] * SPREAD + MEAN
    U, D, V = np.linalg.svd(pose[:, :6].reshape(-1, 2, 3), full_matrices=False)
    R = U @ V
    R = np.concatenate([R, np.cross(R[:, 0], R[:, 1])[:, None]], axis=1)
    split = POSES + len(face3d.load_face3d().identity)
    scale, shift = D.mean(axis=1) * size, pose[:, 6:] * size
    return face3d.Fitted(R, scale, shift, found[:, POSES:split], found[:, split:])


def points_of(found):
    r"""The 68 points (N, 136) of whitened numbers, in 0..1: :math:`V(p) = A (m + \sum_i b_i M_i) + t`."""
    from keras import ops

    A, t = _pose(found)
    return ops.reshape(_shape(found) @ ops.transpose(A, (0, 2, 1)) + t[:, None], (-1, 136))


def pdc(truth, found):
    """Parameter distance cost (N,): the mean squared difference of the whitened numbers."""
    from keras import ops

    return ops.mean(ops.square(found - truth), axis=-1)


def wpdc(truth, found):
    """Weighted parameter distance cost (N,): each number counts by how far its error moves the points."""
    from keras import ops

    weights = ops.stop_gradient(importance(truth, found))
    return ops.mean(weights * ops.square(found - truth), axis=-1)


def importance(truth, found):
    r"""The weights (N, P) of `wpdc`: :math:`w_i = \lVert V(p^i) - V(p^*) \rVert / Z`.

    p* is the truth, p^i has its number i from what was found; V is linear in each number, so that the norm is
    the number's error times the norm of what it moves. Z makes the largest weight of a face 1.
    """
    from keras import ops

    A, _ = _pose(truth)
    coordinates = ops.sqrt(ops.sum(ops.square(_shape(truth)), axis=1))  # (N, 3), of all points
    one = ops.ones_like(truth[:, :2])
    modes = face3d.load_face3d().modes
    inner = ops.convert_to_tensor(np.float32(np.einsum("mkc,mkd->mcd", modes, modes)))
    moved = ops.sqrt(ops.maximum(ops.sum((A[:, None] @ inner[None]) * A[:, None], axis=(2, 3)), 1e-12))
    spread = ops.convert_to_tensor(np.float32(SPREAD))
    pose = ops.concatenate([coordinates, coordinates, np.sqrt(68) * one], axis=1) * spread
    weights = ops.abs(found - truth) * ops.concatenate([pose, moved], axis=1)
    return weights / ops.maximum(ops.max(weights, axis=1, keepdims=True), 1e-12)


def _pose(found):
    """A (N, 2, 3) and t (N, 2) of whitened numbers."""
    from keras import ops

    spread, mean = (ops.convert_to_tensor(np.float32(values)) for values in (SPREAD, MEAN))
    pose = found[:, :POSES] * spread + mean
    return ops.reshape(pose[:, :6], (-1, 2, 3)), pose[:, 6:]


def _shape(found):
    """The shapes (N, 68, 3) of whitened numbers."""
    from keras import ops

    model = face3d.load_face3d()
    modes = ops.convert_to_tensor(np.float32(model.modes.reshape(-1, 204)))
    mean = ops.convert_to_tensor(np.float32(model.mean))
    return mean + ops.reshape(found[:, POSES:] @ modes, (-1, 68, 3))
