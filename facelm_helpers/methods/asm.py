"""The active shape model: each point looks along its normal, the shape model keeps the points a face."""

from typing import NamedTuple

import numpy as np

from facelm_helpers.faces import check_boxes, uncrop
from facelm_helpers.landmarks import REGIONS, apply_transform, similarity
from facelm_helpers.methods import _shape_model
from facelm_helpers.methods._base import Aligner
from facelm_helpers.methods._features import grey_crops, mean_in_box, read_smooth, training_crops

# The lines that the points run along; True: closed.
_CURVES = [
    (range(0, 17), False), (range(17, 22), False), (range(22, 27), False), (range(27, 31), False),
    (range(31, 36), False), (range(36, 42), True), (range(42, 48), True), (range(48, 60), True),
    (range(60, 68), True),
]  # fmt: skip
ANCHORS = np.concatenate([REGIONS["eyes"], REGIONS["nose"]])  # searched first


class Step(NamedTuple):
    """A moment of the search.

    Attributes
    ----------
    name : str
        "base", "anchors", "aligned" or "search".
    level : int
        Of the pyramid, 0 the finest.
    proposed : (N, 68, 2) array
        Where the profiles want the points, crop pixels.
    S : (N, 68, 2) array
        The shape after the step, crop pixels.
    active : index array
        The points that were searched.
    """

    name: str
    level: int
    proposed: np.ndarray
    S: np.ndarray
    active: np.ndarray


class Asm(Aligner):
    r"""The active shape model (Cootes and Taylor, 1992).

    A point distribution model :math:`S = \bar{S} + P b` says which shapes are faces. A profile model says
    what the picture looks like along the normal of each point: the mean g and covariance C of normalised
    derivatives. The search moves every point to where its profile fits best,

    .. math:: \min_d \; (g_d - \bar{g})^T C^{-1} (g_d - \bar{g}) + c \, d^2,

    takes the most probable face (:math:`|b_j| \le 3 \sqrt{\lambda_j}`), and repeats, from a coarse picture
    to the fine one. Eyes and nose are searched first; the mean shape is aligned to them; then come all
    points.

    Parameters
    ----------
    variance : float
        Share of the shapes' variance that the model keeps.
    levels : int
        Pictures in the pyramid, each half the size of the one before.
    reach : int
        A profile has 2 reach + 1 values.
    search : int
        Pixels (of the level) that a point may move each way in one iteration.
    iterations : int
        On each level.
    stay : float
        The cost of moving by `search` pixels, per value of the profile; 0 is the paper's search.
    noise : float
        How many pixels (of the level) the profiles are wrong by: the more, the less b follows them; 0 is the
        paper's projection.
    ridge : float
        Added to the diagonal of each covariance, as a share of its mean: few faces give a singular one.
    size, margin : int, float
        Of the crop; see `faces.crop`.

    Attributes
    ----------
    mean_shape_, components_, variances_ : arrays
        The shape model: (68, 2), (J, 136), (J,).
    base_ : (68, 2) array
        The mean face in its box, crop pixels.
    profiles_ : (levels, 68, 2 reach + 1) array
    precisions_ : (levels, 68, 2 reach + 1, 2 reach + 1) array
        The inverse covariances.

    Examples
    --------
    >>> from facelm_helpers.sources import load
    >>> faces = load("synthetic", n=20, progress=False)
    >>> asm = Asm(iterations=2).fit(faces)
    >>> asm.predict(faces.images, faces.boxes).shape
    (20, 68, 2)
    """

    name = "asm"
    title = "Active shape model"
    year = 1992
    paper = "Cootes and Taylor, Active shape models - smart snakes, BMVC 1992"
    cascade = True
    full = {}

    def __init__(
        self, variance=0.97, levels=3, reach=4, search=3, iterations=8, stay=0.4, noise=2.0, ridge=0.1,
        size=128, margin=1.75,
    ):  # fmt: skip
        whole = {"levels": levels, "reach": reach, "search": search, "iterations": iterations}
        for key, value in whole.items():
            if int(value) != value or value < 1:
                raise ValueError(f"{key} is {value}: wanted a whole number of at least 1")
        self.variance, self.levels, self.reach, self.search_pixels = variance, levels, reach, search
        self.iterations, self.stay, self.noise, self.ridge = iterations, stay, noise, ridge
        self.size, self.margin = size, margin

    def configuration(self):
        return super().configuration() | {"search": self.search_pixels}  # `search` itself is the method

    def _fit(self, faces, seed, progress):
        crops, S = training_crops(faces, self.size, self.margin, sigma=0.5)
        model = _shape_model.fit(S, self.variance)
        self.mean_shape_, self.components_, self.variances_ = (part.astype(np.float32) for part in model)
        self.base_ = mean_in_box(S)
        length = 2 * self.reach + 1
        self.profiles_ = np.empty((self.levels, 68, length), np.float32)
        self.precisions_ = np.empty((self.levels, 68, length, length), np.float32)
        for level, pictures in enumerate(pyramid(crops, self.levels)):
            g = profiles(pictures, S, self.reach, level).astype(np.float64)
            self.profiles_[level] = g.mean(axis=0)
            g -= g.mean(axis=0)
            C = np.einsum("nka,nkb->kab", g, g) / max(len(g) - 1, 1)
            size = np.trace(C, axis1=1, axis2=2) / length + 1e-4
            C += self.ridge * size[:, None, None] * np.eye(length)
            self.precisions_[level] = np.linalg.inv(C)

    @property
    def shape_model(self):
        """The point distribution model, a `_shape_model.ShapeModel`."""
        return _shape_model.ShapeModel(self.mean_shape_, self.components_, self.variances_)

    def _predict(self, images, boxes, stages=False):
        crops, transforms = grey_crops(images, boxes, self.size, self.margin, sigma=0.5)
        walk = [step.S for step in self.steps(crops)]
        walk = np.stack(walk) if stages else walk[-1]
        return uncrop(walk, transforms)

    def search(self, image, box, steps=False):
        """The points of one face; with steps, the list of `Step` that led there (N = 1, image pixels).

        Examples
        --------
        >>> from facelm_helpers.sources import load
        >>> faces = load("synthetic", n=20, progress=False)
        >>> story = Asm(iterations=2).fit(faces).search(faces.images[0], faces.boxes[0], steps=True)
        >>> [step.name for step in story][:4]
        ['base', 'anchors', 'aligned', 'search']
        """
        if not steps:
            return self.predict([image], check_boxes([box]))[0]
        crops, transforms = grey_crops([image], check_boxes([box]), self.size, self.margin, sigma=0.5)
        story = self.steps(crops)
        return [s._replace(proposed=uncrop(s.proposed, transforms), S=uncrop(s.S, transforms)) for s in story]

    def steps(self, crops):
        """Generate the `Step` of the search on grey crops (N, size, size)."""
        model, pictures = self.shape_model, pyramid(crops, self.levels)
        every, top = np.arange(68), self.levels - 1
        S = np.broadcast_to(self.base_, (len(crops), 68, 2)).astype(np.float64)
        yield Step("base", top, S, S, every[:0])
        proposed = self._propose(pictures[top], S, top)
        found = np.where(np.isin(every, ANCHORS)[:, None], proposed, S)
        yield Step("anchors", top, found, found, ANCHORS)
        S = apply_transform(similarity(S[:, ANCHORS], found[:, ANCHORS]), S)
        yield Step("aligned", top, found, S, ANCHORS)
        for level in reversed(range(self.levels)):
            for _ in range(self.iterations):
                proposed = self._propose(pictures[level], S, level)
                S, _ = model.nearest(proposed, noise=self.noise * 2.0**level)
                yield Step("search", level, proposed, S, every)

    def _propose(self, pictures, S, level):
        """Every point moved along its normal to where its profile fits best."""
        m = self.search_pixels
        g = profiles(pictures, S, self.reach + m, level, normalised=False)
        windows = np.lib.stride_tricks.sliding_window_view(g, 2 * self.reach + 1, axis=2)  # (N, 68, 2m+1, L)
        windows = windows / (np.abs(windows).sum(axis=3, keepdims=True) + 1e-3)
        away = windows - self.profiles_[level][:, None]
        distance = np.einsum("nkda,kab,nkdb->nkd", away, self.precisions_[level], away, optimize=True)
        moves = np.arange(-m, m + 1)
        distance = distance + self.stay * (2 * self.reach + 1) * (moves / m) ** 2
        d = moves[distance.argmin(axis=2)]
        return S + (d * 2.0**level)[..., None] * normals(S)


def normals(S):
    """Unit normals (N, 68, 2) of shapes; at the end of an open line, those of its last piece."""
    along = S[:, _AFTER] - S[:, _BEFORE]
    along = along / np.maximum(np.linalg.norm(along, axis=2, keepdims=True), 1e-9)
    return np.stack([-along[..., 1], along[..., 0]], axis=2)


def profiles(pictures, S, reach, level=0, normalised=True):
    """Derivatives of the picture along the normals: (N, 68, 2 reach + 1), each divided by its sum of sizes.

    S is in pixels of level 0, `pictures` are of `level`; neighbours are one pixel of the level apart.
    """
    steps = (np.arange(2 * reach + 2) - reach - 0.5) * 2.0**level
    places = S[:, :, None] + steps[:, None] * normals(S)[:, :, None]
    values = read_smooth(pictures, (places + 0.5) / 2.0**level - 0.5)
    g = np.diff(values, axis=2)
    return g / (np.abs(g).sum(axis=2, keepdims=True) + 1e-3) if normalised else g


def pyramid(crops, levels):
    """The crops (N, H, W) float32, and `levels` - 1 times halved by the mean of four pixels."""
    pictures = [crops.astype(np.float32)]
    for _ in range(levels - 1):
        last = pictures[-1]
        height, width = last.shape[1] // 2 * 2, last.shape[2] // 2 * 2
        quarters = last[:, :height, :width].reshape(len(last), height // 2, 2, width // 2, 2)
        pictures.append(quarters.mean(axis=(2, 4)))
    return pictures


def _neighbours():
    before, after = np.arange(68), np.arange(68)
    for curve, closed in _CURVES:
        line = np.array(curve)
        before[line], after[line] = np.roll(line, 1), np.roll(line, -1)
        if not closed:
            before[line[0]], after[line[-1]] = line[0], line[-1]
    return before, after


_BEFORE, _AFTER = _neighbours()
