"""The active shape model: each point looks along its normal, the shape model keeps the points a face."""

from typing import NamedTuple

import numpy as np

from facelm_helpers.arrays import Array
from facelm_helpers.boxes import check_boxes
from facelm_helpers.faces import uncrop
from facelm_helpers.geometry import apply_transform, similarity
from facelm_helpers.landmarks import REGIONS
from facelm_helpers.methods._base import Aligner
from facelm_helpers.methods._grey import grey_crops, training_crops
from facelm_helpers.methods._shape import _shape_model
from facelm_helpers.methods._shape._profiles import normals, profiles, pyramid

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


class ASM(Aligner):
    r"""The active shape model (Cootes and Taylor, 1992), with several views (Cootes et al., 2002).

    A point distribution model :math:`S = \bar{S} + P b` says which shapes are faces. A profile model says
    what the picture looks like along the normal of each point: the mean g and covariance C of normalised
    derivatives. The search moves every point to where its profile fits best,

    .. math:: \min_d \; (g_d - \bar{g})^T C^{-1} (g_d - \bar{g}) + \ln \det C + c \, d^2,

    takes the most probable face (:math:`|b_j| \le 3 \sqrt{\lambda_j}`), and repeats, from a coarse picture
    to the fine one. Eyes and nose are searched first; the mean shape is aligned to them; then come all
    points.

    The profiles beside a jaw seen from the front are not those of a profile. So the training faces are parted
    by how far they are turned; each part, a view, has its own mean shape to start from and its own g and C.
    Every view searches, and the one whose profiles fit best at the end is believed.

    Parameters
    ----------
    variance : float
        Share of the shapes' variance that the model keeps.
    views : int
        1 is the model of 1992.
    levels : int
        Pictures in the pyramid, each half the size of the one before.
    reach : int
        A profile has 2 reach + 1 values.
    search_pixels : int
        Pixels (of the level) that a point may move each way in one iteration.
    iterations : int
        On each level.
    stay : float
        The cost of moving by `search_pixels`, per value of the profile; 0 is the paper's search.
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
    starts_ : (views, 68, 2) array
        The mean shape of each view in a detector's box, crop pixels.
    profiles_ : (views, levels, 68, 2 reach + 1) array
    precisions_ : (views, levels, 68, 2 reach + 1, 2 reach + 1) array
        The inverse covariances.

    Examples
    --------
    >>> from facelm_helpers.sources import load
    >>> faces = load("synthetic", n=20, progress=False)
    >>> asm = ASM(iterations=2).fit(faces)
    >>> asm.predict(faces.images, faces.boxes).shape
    (20, 68, 2)
    """

    name = "asm"
    kind = "shape"
    title = "Active shape model"
    year = 1992
    paper = (
        "Cootes and Taylor, Active shape models - smart snakes, BMVC 1992;"
        " Cootes, Wheeler, Walker and Taylor, View-based active appearance models, 2002"
    )
    cascade = True
    bounds = Aligner.bounds | {"levels": (1, 8), "search_pixels": (1, 100), "iterations": (1, 1000)}
    bounds |= {"noise": (0, 1000), "reach": (1, 100)}

    def __init__(
        self, variance=0.97, views=5, levels=3, reach=4, search_pixels=3, iterations=5, stay=0.4, noise=2.0,
        ridge=0.1, size=128, margin=1.75,
    ):  # fmt: skip
        whole = {
            "views": views,
            "levels": levels,
            "reach": reach,
            "search_pixels": search_pixels,
            "iterations": iterations,
        }
        for key, value in whole.items():
            if int(value) != value or value < 1:
                raise ValueError(f"{key} is {value}: wanted a whole number of at least 1")
        self.variance, self.views, self.levels, self.reach = variance, views, levels, reach
        self.search_pixels, self.iterations = search_pixels, iterations
        self.stay, self.noise, self.ridge = stay, noise, ridge
        self.size, self.margin = size, margin

    def _fit(self, faces, seed, progress):
        rng = np.random.default_rng(seed)
        crops, S = training_crops(faces, self.size, self.margin, sigma=0.5, rng=rng)
        model = _shape_model.fit(S, self.variance)
        self.mean_shape_, self.components_, self.variances_ = (part.astype(np.float32) for part in model)
        view = _shape_model.views(S, self.views)
        self.starts_ = _shape_model.starts(S, view)
        pictures = pyramid(crops, self.levels)
        g = np.stack([profiles(one, S, self.reach, level) for level, one in enumerate(pictures)], axis=1)
        parts = [self._profile_model(g[view == v].astype(np.float64)) for v in range(len(self.starts_))]
        self.profiles_, self.precisions_ = (
            np.stack(part).astype(np.float32) for part in zip(*parts, strict=True)
        )

    def _arrays(self):
        length = 2 * self.reach + 1
        return _shape_model.ARRAYS | {
            "starts_": Array("f4", ("V", 68, 2), -self.size, 2 * self.size),
            "profiles_": Array("f4", ("V", self.levels, 68, length), -1, 1),
            "precisions_": Array("f4", ("V", self.levels, 68, length, length)),
        }

    def _restore(self, state):
        super()._restore(state)
        if np.ptp(self.mean_shape_, axis=0).min() <= 0 or np.linalg.eigvalsh(self.precisions_).min() <= 0:
            raise ValueError("the mean shape has no area, or a precision is not positive definite")

    def _profile_model(self, g):
        """Mean (levels, 68, L) and inverse covariance of profiles (N, levels, 68, L)."""
        mean, length = g.mean(axis=0), g.shape[-1]
        away = g - mean
        C = np.einsum("nlka,nlkb->lkab", away, away, optimize=True) / max(len(g) - 1, 1)
        size = np.trace(C, axis1=2, axis2=3) / length + 1e-4
        return mean, np.linalg.inv(C + self.ridge * size[..., None, None] * np.eye(length))

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
        >>> story = ASM(iterations=2).fit(faces).search(faces.images[0], faces.boxes[0], steps=True)
        >>> [step.name for step in story][:4]
        ['base', 'anchors', 'aligned', 'search']
        """
        if not steps:
            return self.predict([image], check_boxes([box]))[0]
        crops, transforms = grey_crops([image], check_boxes([box]), self.size, self.margin, sigma=0.5)
        story = self.steps(crops)
        return [s._replace(proposed=uncrop(s.proposed, transforms), S=uncrop(s.S, transforms)) for s in story]

    def look(self, image, box, points, k, search=6):
        """What point k of points (68, 2), in image pixels, sees along its normal: first view, finest level.

        Returns
        -------
        along : (2 reach + 2 search + 1, 2) array
            Places on the normal, image pixels.
        seen : (2 reach + 2 search + 1,) array
            The derivatives there, divided as the profile at the best move is.
        wanted : (2 reach + 1,) array
            The mean profile.
        costs : (2 search + 1,) array
            The squared Mahalanobis distance after the moves -search to search.
        """
        crops, transforms = grey_crops([image], check_boxes([box]), self.size, self.margin, sigma=0.5)
        S = apply_transform(transforms, np.asarray(points, dtype=np.float64)[None])
        far = np.arange(-self.reach - search, self.reach + search + 1)[:, None]
        along = uncrop(S[:, k, None] + far * normals(S)[:, k, None], transforms)[0]
        pictures = crops.astype(np.float32)
        g = profiles(pictures, S, self.reach + search, normalised=False)[0, k]
        costs = self.costs(pictures, S, 0, 0, search)[0, k] + np.linalg.slogdet(self.precisions_[0, 0, k])[1]
        best = int(costs.argmin())
        seen = g / (np.abs(g[best : best + 2 * self.reach + 1]).sum() + 1e-3)
        return along, seen, self.profiles_[0, 0, k], costs

    def steps(self, crops):
        """The list of `Step` of the search on grey crops (N, size, size), of the view that fits best."""
        walks, costs = zip(*(self._walk(crops, view) for view in range(len(self.starts_))), strict=True)
        best, each = np.argmin(costs, axis=0), np.arange(len(crops))
        chosen = []
        for same in zip(*walks, strict=True):
            proposed, S = (np.stack([getattr(s, key) for s in same])[best, each] for key in ("proposed", "S"))
            chosen.append(same[0]._replace(proposed=proposed, S=S))
        return chosen

    def _walk(self, crops, view):
        """The steps of one view, and how badly its profiles fit in the end (N,)."""
        model, pictures = self.shape_model, pyramid(crops, self.levels)
        every, top = np.arange(68), self.levels - 1
        start = np.repeat(self.starts_[view][None].astype(np.float64), len(crops), axis=0)
        proposed = self._propose(pictures[top], start, top, view)
        found = np.where(np.isin(every, ANCHORS)[:, None], proposed, start)
        S = apply_transform(similarity(start[:, ANCHORS], found[:, ANCHORS]), start)
        S = _shape_model.bounded(S, start, 1.2)
        steps = [
            Step("base", top, start, start, every[:0]), Step("anchors", top, found, found, ANCHORS),
            Step("aligned", top, found, S, ANCHORS),
        ]  # fmt: skip
        for level in reversed(range(self.levels)):
            for _ in range(self.iterations):
                proposed = self._propose(pictures[level], S, level, view)
                S, _ = model.nearest(proposed, noise=self.noise * 2.0**level)
                S = _shape_model.bounded(S, start)
                steps.append(Step("search", level, proposed, S, every))
        return steps, self.costs(pictures[0], S, 0, view, search=0).mean(axis=(1, 2))

    def costs(self, pictures, S, level, view, search):
        """How badly the profiles fit at every place along the normals: (N, 68, 2 search + 1).

        The squared Mahalanobis distance plus the logarithm of the covariance's determinant, so that views
        can be compared.
        """
        g = profiles(pictures, S, self.reach + search, level, normalised=False)
        windows = np.lib.stride_tricks.sliding_window_view(g, 2 * self.reach + 1, axis=2)
        windows = windows / (np.abs(windows).sum(axis=3, keepdims=True) + 1e-3)
        away = windows - self.profiles_[view, level][:, None]
        precision = self.precisions_[view, level]
        distance = ((away @ precision) * away).sum(axis=3)
        return distance - np.linalg.slogdet(precision)[1][:, None]

    def _propose(self, pictures, S, level, view):
        """Every point moved along its normal to where its profile fits best."""
        m = self.search_pixels
        moves = np.arange(-m, m + 1)
        cost = self.costs(pictures, S, level, view, m)
        cost = cost + self.stay * (2 * self.reach + 1) * (moves / m) ** 2
        d = moves[cost.argmin(axis=2)]
        return S + (d * 2.0**level)[..., None] * normals(S)
