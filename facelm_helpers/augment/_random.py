"""Augmentation: the same face, seen otherwise.

`random_crops` draws, for every face of a `FaceSet`, a box as a detector might have set it, a rotation and a
mirroring, carries them out in one warp, and changes light and colour, sharpness and noise of the crop. The
pieces are plain functions of one picture.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from facelm_helpers.augment._photometric import blur, grey, jpeg, light, noise, occlude
from facelm_helpers.augment._turn import turn_at_random
from facelm_helpers.boxes import move_boxes
from facelm_helpers.faces import FaceSet, check_points, crop_transform
from facelm_helpers.geometry import apply_transform, compose, rotation
from facelm_helpers.images import check_image, warp
from facelm_helpers.landmarks import MIRROR
from facelm_helpers.landmarks import mirror as mirror_points

TURN = 1  # of the seed of the turning


@dataclass(frozen=True)
class Strength:
    """How strongly faces are changed: standard deviations (sd), probabilities (p), or ranges.

    Parameters
    ----------
    shift : float
        Sd of the box's centre, in sides of the box, each way.
    scale : float
        Sd of the natural logarithm of its side.
    rotation : float
        Sd of the rotation, degrees.
    mirror : float
        p of mirroring.
    turn : float
        p of turning the head to larger yaw, with its 3D fit: see `augment.turn`. Of a turned face the jaw
        is "mixed". It takes about 12 ms a face.
    turn_degrees : float
        Most that it is turned by; drawn evenly from 0. The yaw ends at 90 degrees.
    gain, gamma, contrast : float
        Sd of the logarithm of each (see `light`).
    cast : float
        Sd of the logarithm of each channel's own gain.
    grey, blur, noise, jpeg, occlude : float
        p of each.
    blur_sigma : float
        Largest sd of the Gaussian blur, pixels of the crop.
    noise_sd : float
        Largest sd of the noise, grey levels.
    jpeg_quality : int
        Lowest JPEG quality.
    occlude_share : float
        Longest side of the occluder, in sides of the crop.
    """

    shift: float = 0.06
    scale: float = 0.08
    rotation: float = 12.0
    mirror: float = 0.5
    turn: float = 0.0
    turn_degrees: float = 60.0
    gain: float = 0.15
    gamma: float = 0.15
    contrast: float = 0.15
    cast: float = 0.05
    grey: float = 0.1
    blur: float = 0.2
    blur_sigma: float = 1.5
    noise: float = 0.2
    noise_sd: float = 10.0
    jpeg: float = 0.1
    jpeg_quality: int = 30
    occlude: float = 0.2
    occlude_share: float = 0.4

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if not value >= 0:
                raise ValueError(f"{field.name} is {value}: wanted 0 or more")
        for name in ("mirror", "turn", "grey", "blur", "noise", "jpeg", "occlude"):
            if getattr(self, name) > 1:
                raise ValueError(f"{name} is {getattr(self, name)}: wanted a probability, 0 to 1")

    @classmethod
    def none(cls):
        """No change at all: the plain crop.

        Examples
        --------
        >>> Strength.none().rotation
        0
        """
        return cls(**{field.name: 0 for field in fields(cls)})

    def times(self, geometry=1.0, photometry=1.0):
        """Stronger or weaker: what moves points times one factor, what changes pixels alone times another.

        Probabilities end at 1; mirroring, turning and the extremes (`blur_sigma`, `noise_sd`,
        `jpeg_quality`, `occlude_share`) stay.

        Examples
        --------
        >>> Strength().times(geometry=2).rotation, Strength().times(photometry=9).blur
        (24.0, 1.0)
        """
        moved = {name: geometry * getattr(self, name) for name in ("shift", "scale", "rotation")}
        lit = {name: photometry * getattr(self, name) for name in ("gain", "gamma", "contrast", "cast")}
        chance = {
            name: min(1.0, photometry * getattr(self, name))
            for name in ("grey", "blur", "noise", "jpeg", "occlude")
        }
        return replace(self, **moved, **lit, **chance)


def random_crops(faces, seed, size=128, margin=1.5, strength=None, **changes):
    """One augmented crop of every face.

    Parameters
    ----------
    faces : FaceSet
        With points and boxes.
    seed : int or numpy.random.Generator
        The same seed gives the same crops; take another for every epoch.
    size : int
        Side of the crops in pixels.
    margin : float
        As in `faces.crop`.
    strength : Strength, optional
        By default ``Strength()``; ``Strength.none()`` gives the plain crops.
    **changes
        Single values of the strength: ``rotation=30``.

    Returns
    -------
    crops : (N, size, size, 3) uint8 array
    points : (N, 68, 2) float32 array
        In crop pixels. They may lie outside the crop.

    Raises
    ------
    ValueError
        If the faces lack points, or for an unknown or impossible strength.

    Examples
    --------
    >>> from facelm_helpers.faces import FaceSet
    >>> rng = np.random.default_rng(0)
    >>> images = rng.integers(0, 255, (2, 99, 99, 3), dtype=np.uint8)
    >>> crops, points = random_crops(FaceSet(images, rng.uniform(20, 80, (2, 68, 2))), seed=0)
    >>> crops.shape, points.shape
    ((2, 128, 128, 3), (2, 68, 2))
    """
    strength = _strength(strength, changes)
    if faces.points is None:
        raise ValueError("these faces have no points to augment with: wanted a FaceSet with points")
    crops = np.empty((len(faces), size, size, 3), np.uint8)
    points = np.empty((len(faces), 68, 2), np.float32)
    # a generator each: a face's draws depend on no other face
    for i, seed_of_face in enumerate(np.random.default_rng(seed).integers(2**63, size=len(faces))):
        rng = np.random.default_rng(seed_of_face)
        image, shape, box = faces[i]
        if strength.turn:  # from a generator of its own: the other draws stay
            more = np.random.default_rng([seed_of_face, TURN])
            image, shape, box = turn_at_random(image, shape, box, more, size, margin, strength)
        transform, mirrored = random_transform(box, rng, size, margin, strength)
        crops[i] = photometric(warp(check_image(image, f"image {i}"), transform, size), rng, strength)
        moved = apply_transform(transform, shape)
        points[i] = moved[MIRROR] if mirrored else moved
    return crops, points


def augment_crops(crops, points, seed, margin=1.5, strength=None, **changes):
    """As `random_crops`, from crops that `faces.crop` has made already, with their points in crop pixels.

    What is moved in from outside a crop is its mirror image.

    Parameters
    ----------
    crops : (N, size, size, 3) uint8 array
    points : (N, 68, 2) array
    margin : float
        That the crops were made with.

    Returns
    -------
    crops, points
        Of the same shapes.
    """
    size = crops.shape[1]
    middle, half = (size - 1) / 2, size / margin / 2  # the box whose plain crop is the crop itself
    boxes = np.tile([middle - half, middle - half, middle + half, middle + half], (len(crops), 1))
    faces = FaceSet(crops, check_points(points, len(crops)), boxes)
    return random_crops(faces, seed, size, margin, strength, **changes)


def random_transform(box, rng, size=128, margin=1.5, strength=None):
    """A random crop transform round a box.

    Returns
    -------
    transform : (2, 3) float64 array
        Image pixel -> crop pixel: shift and scale of the box, rotation and mirroring of the crop.
    mirrored : bool
        If so, left and right points change their numbers too.
    """
    strength = Strength() if strength is None else strength
    shift, scale, angle = rng.normal(size=2) * strength.shift, rng.normal() * strength.scale, rng.normal()
    mirrored = bool(rng.random() < strength.mirror)
    transform = crop_transform(move_boxes(box, shift, np.exp(scale)), size, margin)
    transform = compose(rotation(angle * strength.rotation, [(size - 1) / 2] * 2), transform)
    if mirrored:
        transform = compose([[-1, 0, size - 1], [0, 1, 0]], transform)
    return transform, mirrored


def rotate(image, points, degrees):
    """A picture and its points, turned clockwise round the picture's middle."""
    height, width = image.shape[:2]
    transform = rotation(degrees, ((width - 1) / 2, (height - 1) / 2))
    return warp(image, transform, (width, height)), apply_transform(transform, points).astype(np.float32)


def mirror(image, points):
    """A picture and its points, mirrored left to right.

    Examples
    --------
    >>> picture, points = np.arange(12, dtype=np.uint8).reshape(2, 2, 3), np.ones((68, 2), np.float32)
    >>> again, same = mirror(*mirror(picture, points))
    >>> bool((again == picture).all() and (same == points).all())
    True
    """
    return np.ascontiguousarray(image[:, ::-1]), mirror_points(points, image.shape[1])


def photometric(image, rng, strength=None):
    """A picture in random light and colour, with an occluder, blur, noise, compression; its points stay.

    All numbers are drawn first, whether they are used or not: so one strength does not change the luck of the
    others.
    """
    strength = Strength() if strength is None else strength
    gain, gamma, contrast = np.exp(rng.normal(size=3) * (strength.gain, strength.gamma, strength.contrast))
    cast = np.exp(rng.normal(size=3) * strength.cast)
    chance, amount = rng.random(5), rng.random(5)
    middle, sides, colour = rng.random(2), rng.random(2), rng.integers(0, 256, size=3)
    if strength.gain or strength.gamma or strength.contrast or strength.cast:
        image = light(image, gain, gamma, contrast, cast)
    if chance[0] < strength.grey:
        image = grey(image)
    if chance[1] < strength.occlude:
        size = np.array(image.shape[1::-1])
        half = (0.25 + 0.75 * sides) * strength.occlude_share * size / 2
        image = occlude(image, np.concatenate([middle * size - half, middle * size + half]), colour)
    if chance[2] < strength.blur:
        image = blur(image, amount[2] * strength.blur_sigma)
    if chance[3] < strength.noise:
        image = noise(image, amount[3] * strength.noise_sd, rng)
    if chance[4] < strength.jpeg:
        image = jpeg(image, round(strength.jpeg_quality + amount[4] * (95 - strength.jpeg_quality)))
    return image


def _strength(strength, changes):
    known = [field.name for field in fields(Strength)]
    unknown = [name for name in changes if name not in known]
    if unknown:
        raise ValueError(f"no strength called {unknown[0]!r}: wanted any of {', '.join(known)}")
    return replace(Strength() if strength is None else strength, **changes)
