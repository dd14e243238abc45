"""A set of faces: images, points, boxes, persons, attributes."""

import hashlib

import numpy as np

from facelm_helpers.boxes import check_boxes, tight_boxes
from facelm_helpers.faces._crops import crop
from facelm_helpers.geometry import apply_transform
from facelm_helpers.landmarks import N_POINTS


class FaceSet:
    """N faces: their images, and what is known of them.

    Parameters
    ----------
    images : (N, H, W, 3) uint8 array, or a sequence of (H, W, 3) arrays of any size
        A sequence needs only a length and items; one that reads its files when asked keeps memory small.
    points : (N, 68, 2) array, optional
        NaN, NaN is a hidden point: nobody knows where it is. Metrics leave it out; methods do not learn from
        such faces. (Some data sets write -1, -1 or 0, 0 there; the former is refused.)
    boxes : (N, 4) array, optional
        By default the tight boxes of the points, if there are points.
    persons : (N,) array, optional
        Who it is (names or numbers). By default every image is a person of its own.
    attributes : dict of (N,) or (N, 68) arrays, optional
        What else is known of each face, or of each of its points: head pose, spectacles, occluded points.

    Raises
    ------
    ValueError
        If they are not of one length, or points, boxes or attributes are malformed.

    Examples
    --------
    >>> faces = FaceSet(np.zeros((3, 16, 16, 3), np.uint8), boxes=[[2, 2, 9, 9]] * 3, persons=["a", "b", "a"])
    >>> len(faces), len(faces[:2]), len(faces[faces.persons == "a"])
    (3, 2, 2)
    """

    def __init__(self, images, points=None, boxes=None, persons=None, attributes=None):
        self.images = images
        n = len(images)
        self.points = None if points is None else check_points(points, n)
        if boxes is None and self.points is not None and n > 0:
            boxes = tight_boxes(self.points)
        self.boxes = None if boxes is None else check_boxes(boxes, n)
        self.persons = np.arange(n) if persons is None else np.asarray(persons)
        if self.persons.shape != (n,):
            raise ValueError(f"persons have shape {self.persons.shape} for {n} images: wanted ({n},)")
        self.attributes = {name: np.asarray(values) for name, values in (attributes or {}).items()}
        for name, values in self.attributes.items():
            if values.shape not in ((n,), (n, N_POINTS)):
                raise ValueError(
                    f"attribute {name!r} has shape {values.shape} for {n} images: wanted ({n},) or"
                    f" ({n}, {N_POINTS})"
                )

    def __len__(self):
        return len(self.images)

    def __repr__(self):
        known = [name for name in ("points", "boxes") if getattr(self, name) is not None]
        persons = len(np.unique(self.persons))
        return f"FaceSet of {len(self)} faces, {persons} persons; with {' and '.join(known) or 'images only'}"

    def __getitem__(self, index):
        """One face ``(image, points, box)`` for an int; a `FaceSet` for a slice, integers, or booleans."""
        if isinstance(index, (int, np.integer)):
            if not -len(self) <= index < len(self):
                raise IndexError(f"face {index} of {len(self)}: the last is {len(self) - 1}")
            i = int(index) % len(self)
            points = None if self.points is None else self.points[i]
            return self.images[i], points, None if self.boxes is None else self.boxes[i]
        chosen = np.arange(len(self))[index if isinstance(index, slice) else _as_index(index)]
        if isinstance(self.images, np.ndarray):
            images = self.images[index] if isinstance(index, slice) else self.images[chosen]
        else:
            images = _Chosen(self.images, chosen)
        points = None if self.points is None else self.points[chosen]
        boxes = None if self.boxes is None else self.boxes[chosen]
        attributes = {name: values[chosen] for name, values in self.attributes.items()}
        return FaceSet(images, points, boxes, self.persons[chosen], attributes)

    def fingerprint(self):
        """What tells one set from another: how many faces, and a hash of their points (no image is read).

        Examples
        --------
        >>> FaceSet(np.zeros((2, 8, 8, 3), np.uint8), np.tile([[1.0, 2], [3, 4]], (2, 34, 1))).fingerprint()
        '2 faces, ab8dae9c7079'
        """
        points = np.zeros(0) if self.points is None else self.points.astype(np.float64)
        points = np.nan_to_num(64 * points, nan=2**30)
        digest = hashlib.sha256(np.rint(points).astype("<i4").tobytes())
        return f"{len(self)} faces, {digest.hexdigest()[:12]}"

    def split_by_person(self, share=0.8, seed=0):
        """Two sets, with no person in both; the first holds about `share` of the faces.

        Parameters
        ----------
        share : float
            Between 0 and 1. Persons are drawn in random order; the cut is where the share is met best.
        seed : int

        Returns
        -------
        (FaceSet, FaceSet)

        Raises
        ------
        ValueError
            If one side would be empty.

        Examples
        --------
        >>> faces = FaceSet(np.zeros((10, 8, 8, 3), np.uint8), persons=np.arange(10) // 2)
        >>> train, test = faces.split_by_person(0.8)
        >>> len(train), len(test), set(train.persons) & set(test.persons)
        (8, 2, set())
        """
        if not 0 < share < 1:
            raise ValueError(f"share is {share}: wanted a fraction between 0 and 1, such as 0.8")
        names, member, count = np.unique(self.persons, return_inverse=True, return_counts=True)
        order = np.random.default_rng(seed).permutation(len(names))
        reached = np.concatenate([[0], np.cumsum(count[order])])
        cut = int(np.argmin(np.abs(reached - share * len(self))))
        if cut in (0, len(names)):
            raise ValueError(
                f"{len(self)} faces of {len(names)} person(s) cannot be split {share:g} to {1 - share:g}:"
                f" the {'first' if cut == 0 else 'second'} side would be empty"
            )
        first = np.isin(member, order[:cut])
        return self[first], self[~first]

    def crops(self, size=128, margin=1.5):
        """The same faces, each cropped round its box (see `crop`): images are one (N, size, size, 3) array.

        Returns
        -------
        FaceSet
            Points and boxes in crop pixels.
        """
        if self.boxes is None:
            raise ValueError("these faces have no boxes to crop by: give points or boxes")
        crops = np.empty((len(self), size, size, 3), np.uint8)
        transforms = np.empty((len(self), 2, 3))
        for i in range(len(self)):
            crops[i], transforms[i] = crop(self.images[i], self.boxes[i], size, margin)
        points = None if self.points is None else apply_transform(transforms, self.points).astype(np.float32)
        corners = apply_transform(transforms, self.boxes.reshape(-1, 2, 2))
        boxes = corners.reshape(-1, 4).astype(np.float32)
        return FaceSet(crops, points, boxes, self.persons, self.attributes)


class _Chosen:
    """Some images of a lazy sequence, still lazy."""

    def __init__(self, images, chosen):
        if isinstance(images, _Chosen):  # no tower of wrappers
            images, chosen = images.images, images.chosen[chosen]
        self.images, self.chosen = images, chosen

    @property
    def paths(self):
        """Of the chosen images, where they are files."""
        return self.images.paths[self.chosen]

    def __len__(self):
        return len(self.chosen)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return _Chosen(self, np.arange(len(self))[index])
        return self.images[int(self.chosen[index])]


def _as_index(index):
    index = np.asarray(index)
    return index.astype(np.intp) if index.size == 0 and index.dtype != bool else index


def check_points(points, n=None):
    """Points as float32 (N, 68, 2), NaN where hidden, or a ValueError that says what is wrong.

    Examples
    --------
    >>> check_points(np.zeros((2, 67, 2)))
    Traceback (most recent call last):
    ValueError: points have shape (2, 67, 2): wanted (N, 68, 2)
    """
    points = np.asarray(points)
    wanted = f"wanted ({'N' if n is None else n}, {N_POINTS}, 2)"
    if points.ndim != 3 or points.shape[1:] != (N_POINTS, 2) or n not in (None, len(points)):
        raise ValueError(f"points have shape {points.shape}: {wanted}")
    if points.dtype.kind not in "fiu":
        raise ValueError(f"points have type {points.dtype}: wanted numbers")
    with np.errstate(over="ignore"):
        points = points.astype(np.float32)
    bad = np.isinf(points).any(axis=(1, 2))
    if bad.any():
        raise ValueError(f"points of face {int(np.argmax(bad))} hold infinity: wanted pixels")
    bad = (np.isnan(points[..., 0]) != np.isnan(points[..., 1])).any(axis=1)
    if bad.any():
        raise ValueError(f"a point of face {int(np.argmax(bad))} is half NaN: wanted x and y, or NaN twice")
    bad = (points == -1).all(axis=2).any(axis=1)
    if bad.any():
        raise ValueError(
            f"a point of face {int(np.argmax(bad))} is (-1, -1), a sign for hidden in some data sets:"
            " wanted NaN for a hidden point"
        )
    return points


def check_annotated(faces, purpose="learn from"):
    """A ValueError unless there are faces, and all their points are known.

    Examples
    --------
    >>> check_annotated(FaceSet(np.zeros((1, 8, 8, 3), np.uint8)))
    Traceback (most recent call last):
    ValueError: got faces without points to learn from: wanted a FaceSet with points
    """
    if not isinstance(faces, FaceSet):
        raise ValueError(f"got a {type(faces).__name__} to {purpose}: wanted a FaceSet")
    if len(faces) == 0 or faces.points is None:
        missing = "no faces" if len(faces) == 0 else "faces without points"
        raise ValueError(f"got {missing} to {purpose}: wanted a FaceSet with points")
    hidden = np.isnan(faces.points).any(axis=(1, 2))
    if hidden.any():
        raise ValueError(
            f"got {hidden.sum()} faces with hidden points (NaN) to {purpose}, first {int(np.argmax(hidden))}:"
            " wanted those with all points, faces[~np.isnan(faces.points).any(axis=(1, 2))]"
        )
