"""The active appearance model: a face rebuilt from shape and texture until it looks like the picture."""

from functools import lru_cache

import numpy as np
from scipy import ndimage

from facelm_helpers.arrays import Array
from facelm_helpers.faces import uncrop
from facelm_helpers.geometry import Mesh
from facelm_helpers.methods._base import Aligner
from facelm_helpers.methods._grey import grey_crops, read_smooth, training_crops
from facelm_helpers.methods._shape import _shape_model

ALGORITHMS = ("project_out", "simultaneous")
FEATURES = ("grey", "gradient")
CHUNK = 64  # faces whose warped gradients are held at a time
HEIGHTS = (-0.08, 0.0, 0.08)  # of the starts, in box sides: detectors disagree most about the chin


class AAM(Aligner):
    r"""A holistic active appearance model, fitted by inverse composition (Matthews and Baker, 2004).

    Texture is what lies under the mesh of the 68 points, warped piecewise to the mean shape, with mean 0 and
    standard deviation 1. It varies as :math:`A_0 + \sum_i \lambda_i A_i`, the shape as the point distribution
    model. Each iteration linearises the warp of the model, whose gradients are known beforehand,

    .. math:: \Delta p = H^{-1} J_\perp^T (I(W(x; p)) - A_0), \qquad H = J_\perp^T J_\perp,

    with :math:`J_\perp` the gradients times the warp's derivative, less their part in the span of the A_i,
    and composes the inverse of that warp with the present one. p holds four modes of similarity and b.

    Such a fit finds the face only from nearby. So the coarse frame is fitted from many starts, the mean
    shape of each view (how far a face is turned) at three heights, and the fine one from where the smallest
    residual was left.

    ``project_out`` takes the gradient of the mean texture once for all: fast, and weak on faces unlike the
    mean, whose steps it must keep small. ``simultaneous`` takes the gradient of the texture that it has
    fitted to this face, anew in each iteration (the exact simultaneous update, computed as in Tzimiropoulos
    and Pantic, 2013).

    Parameters
    ----------
    algorithm : {"project_out", "simultaneous"}
    features : {"grey", "gradient"}
        What texture is made of: the grey picture, or the two parts of its gradient over the gradient's length
        (which light changes less).
    views : int
        How many mean shapes to start from, at each of three heights.
    widths : sequence of int
        Width of the reference frame in pixels, from the coarse fit to the fine one.
    iterations : int
        For each of them.
    variance, textures : float, int
        Share of the shapes' variance that is kept; number of texture components.
    noise : float
        How many pixels of the crop the points may be wrong by: the more, the less b follows them.
    damping : float
        Keeps steps along unlikely shape modes small; in squared deviations of the texture. ``project_out``
        takes 30 times as much.
    size, margin : int, float
        Of the crop; see `faces.crop`.

    Attributes
    ----------
    mean_shape_, components_, variances_ : arrays
        The shape model: (68, 2), (J, 136), (J,).
    starts_ : (3 views, 68, 2) array
        Crop pixels.
    A0_, A_ : (V,), (m, V) float16 arrays
        Mean and components of texture, of all frames side by side.

    Examples
    --------
    >>> from facelm_helpers.sources import load
    >>> faces = load("synthetic", n=20, progress=False)
    >>> aam = AAM(widths=(24,), iterations=2, textures=5).fit(faces, progress=False)
    >>> aam.predict(faces.images, faces.boxes, stages=True).shape
    (3, 20, 68, 2)
    """

    name = "aam"
    kind = "shape"
    title = "Active appearance model"
    year = 2004
    paper = (
        "Cootes, Edwards and Taylor, Active appearance models, ECCV 1998;"
        " Matthews and Baker, Active appearance models revisited, IJCV 2004"
    )
    cascade = True
    bounds = Aligner.bounds | {"widths": (4, 512), "iterations": (1, 1000), "noise": (0, 1000)}

    def __init__(
        self, algorithm="simultaneous", features="gradient", views=5, widths=(24, 48), iterations=6,
        variance=0.97, textures=30, noise=2.0, damping=0.03, size=128, margin=1.75,
    ):  # fmt: skip
        if algorithm not in ALGORITHMS or features not in FEATURES:
            raise ValueError(
                f"algorithm is {algorithm!r}, features {features!r}:"
                f" wanted one of {', '.join(ALGORITHMS)} and one of {', '.join(FEATURES)}"
            )
        self.algorithm, self.features = algorithm, features
        self.views, self.widths, self.iterations = views, list(widths), iterations
        self.variance, self.textures, self.noise, self.damping = variance, textures, noise, damping
        self.size, self.margin = size, margin

    def _fit(self, faces, seed, progress):
        rng = np.random.default_rng(seed)
        crops, S = training_crops(faces, self.size, self.margin, sigma=0, rng=rng)
        model = _shape_model.fit(S, self.variance)
        self.mean_shape_, self.components_, self.variances_ = (part.astype(np.float32) for part in model)
        self.starts_ = _shape_model.starts(S, _shape_model.views(S, self.views), HEIGHTS)
        means, parts = [], []
        for mesh in self.meshes():
            vectors = np.concatenate([
                self._texture(mesh, self._pictures(crops[i : i + 256], mesh), S[i : i + 256])
                for i in range(0, len(S), 256)
            ])  # fmt: skip
            means.append(vectors.mean(axis=0))
            parts.append(_shape_model.principal(vectors - means[-1], self.textures))
        count = min(len(part) for part in parts)
        self.A0_ = np.concatenate(means).astype(np.float16)
        self.A_ = np.concatenate([part[:count] for part in parts], axis=1).astype(np.float16)

    def _arrays(self):
        texture = {"A0_": Array("f2", ("V",), -100, 100), "A_": Array("f2", ("m", "V"), -1.01, 1.01)}
        starts = Array("f4", ("S", 68, 2), -self.size, 2 * self.size)
        return _shape_model.ARRAYS | texture | {"starts_": starts}

    def _restore(self, state):
        super()._restore(state)
        count = self.channels * sum(len(mesh.pixels) for mesh in self.meshes())
        if len(self.A0_) != count:
            raise ValueError(f"textures have {len(self.A0_)} values: wanted {count}")

    @property
    def shape_model(self):
        """The point distribution model, a `_shape_model.ShapeModel`."""
        return _shape_model.ShapeModel(self.mean_shape_, self.components_, self.variances_)

    def meshes(self):
        """The reference frames, coarse to fine."""
        shape = np.asarray(self.mean_shape_, np.float32).tobytes()
        return [_mesh(shape, width) for width in self.widths]

    def appearance(self, level=-1):
        """Mesh, mean texture A_0 (C P,) and components A_i (m, C P) of a frame, the finest by default."""
        meshes = self.meshes()
        ends = np.cumsum([0] + [self.channels * len(mesh.pixels) for mesh in meshes])
        level = level % len(meshes)
        part = slice(ends[level], ends[level + 1])
        return meshes[level], self.A0_[part].astype(np.float32), self.A_[:, part].astype(np.float32)

    @property
    def channels(self):
        """Values a pixel: 1 for grey, 2 for gradients."""
        return 1 if self.features == "grey" else 2

    def _pictures(self, crops, mesh):
        """The channels of the crops, blurred to what the frame can show: list of (N, H, W)."""
        scale = self.size / self.margin / mesh.width
        grey = ndimage.gaussian_filter(crops.astype(np.float32), (0, 0.5 * scale, 0.5 * scale))
        if self.features == "grey":
            return [grey]
        dy, dx = np.gradient(grey, axis=(1, 2))
        length = np.hypot(dx, dy)
        length += 0.5 * length.mean(axis=(1, 2), keepdims=True) + 1e-3  # noise on flat skin counts little
        return [dx / length, dy / length]

    def _texture(self, mesh, pictures, S):
        """Pictures under the mesh, as vectors (N, C P) of mean 0 and deviation 1."""
        places = mesh.warp(S)
        vectors = np.concatenate([read_smooth(picture, places) for picture in pictures], axis=1)
        vectors -= vectors.mean(axis=1, keepdims=True)
        return vectors / (vectors.std(axis=1, keepdims=True) + 1e-3)

    def _predict(self, images, boxes, stages=False):
        crops, transforms = grey_crops(images, boxes, self.size, self.margin, sigma=0)
        size = max(CHUNK // len(self.starts_), 1)
        parts = [self._walk(crops[i : i + size]) for i in range(0, len(crops), size)]
        walk = np.concatenate(parts, axis=1)
        return uncrop(walk if stages else walk[-1], transforms)

    def _walk(self, crops):
        """The shapes (T + 1, N, 68, 2): the coarse fit from the best start, then the fine ones."""
        count, every = len(self.starts_), np.arange(len(crops))
        S = np.tile(self.starts_.astype(np.float64), (len(crops), 1, 1))
        coarse, residual = self.fit_level(np.repeat(crops, count, axis=0), S, 0)
        best = residual.reshape(-1, count).argmin(axis=1)
        walk = list(coarse[:, every * count + best])
        for level in range(1, len(self.widths)):
            walk.extend(self.fit_level(crops, walk[-1], level)[0][1:])
        return np.stack(walk)

    def fit_level(self, crops, S, level):
        """Fit one frame, from shapes S (N, 68, 2) on grey crops (N, size, size).

        Returns
        -------
        walk : (iterations + 1, N, 68, 2) array
        residual : (N,) array
            The share of the texture's variance that the model cannot rebuild in the end.
        """
        mesh, A0, A = self.appearance(level)
        pictures, start, walk = self._pictures(crops, mesh), S, [S]
        modes, derivative = self._modes(mesh)
        gradients = self._gradients(mesh, np.concatenate([A0[None], A]))
        J = _steepest(gradients[:1] / max(A0.std(), 1e-6), derivative, A)  # a face's texture has deviation 1
        damping = self._damping(mesh) * len(A0)
        for _ in range(self.iterations):
            error = self._texture(mesh, pictures, S) - A0
            if self.algorithm == "simultaneous":
                weights = np.column_stack([np.ones(len(S), np.float32), error @ A.T])
                fitted = (weights @ gradients.reshape(len(gradients), -1)).reshape(len(S), -1, 2)
                J = _steepest(fitted, derivative, A)
            back = J.transpose(0, 2, 1)
            p = np.linalg.solve(back @ J + damping, back @ error[..., None])[..., 0]
            change = (p @ modes).reshape(len(S), 68, 2)
            S, _ = self.shape_model.nearest(mesh.step_back(S, change), noise=self.noise)
            S = _shape_model.bounded(S, start)
            walk.append(S)
        error = self._texture(mesh, pictures, S) - A0
        return np.stack(walk), ((error - error @ A.T @ A) ** 2).mean(axis=1)

    def _modes(self, mesh):
        """Orthonormal modes (4 + J, 136) of the reference, and how they move its pixels (C P, 2, 4 + J)."""
        x, y = (mesh.points - mesh.points.mean(axis=0)).T
        one, none = np.ones(68), np.zeros(68)
        similar = [np.stack(pair, axis=1).ravel() for pair in ((x, y), (-y, x), (one, none), (none, one))]
        modes = np.linalg.qr(np.concatenate([similar, self.components_]).T)[0].T
        moved = mesh.warp(modes.reshape(len(modes), 68, 2)).transpose(1, 2, 0)
        return modes, np.tile(moved, (self.channels, 1, 1)).astype(np.float32)

    def _damping(self, mesh):
        """Added to H for each value of texture: what a step along a mode costs, the unlikelier the more."""
        size = np.linalg.norm(mesh.points - mesh.points.mean(axis=0))
        likely = np.concatenate([np.full(4, 0.02), self.variances_]) * size**2  # squared pixels of the frame
        amount = self.damping * (30 if self.algorithm == "project_out" else 1)
        return np.diag(amount / likely)

    def _gradients(self, mesh, textures):
        """The gradients (M, C P, 2) of texture vectors in the reference frame."""
        parts = np.split(textures, self.channels, axis=1)
        return np.concatenate([mesh.gradient(part) for part in parts], axis=1)


@lru_cache(maxsize=16)
def _mesh(shape, width):
    """A frame of the mean shape (bytes of 68 x 2 float32): triangulated once, not at every face."""
    return Mesh(np.frombuffer(shape, np.float32).reshape(68, 2), width)


def _steepest(gradients, derivative, A):
    """J_perp (N, C P, modes): gradients times the warp's derivative, less their part in the span of A."""
    J = gradients[..., 0, None] * derivative[:, 0] + gradients[..., 1, None] * derivative[:, 1]
    return J - A.T @ (A @ J)
