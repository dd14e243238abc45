"""Batches to train the shipped network on: faces drawn by set and pose, boxes where detectors set them.

They are cut from their packed crops (`frames`) and changed (`photometric`) where the network is trained.
"""

from dataclasses import dataclass

import numpy as np
import torch

from tools.train.faces import DETECTORS, square
from tools.train.frames import MARGIN, Frames, cut, mirrored, on
from tools.train.photometric import MILD, STRONG, Changes, photometric

SHARES = {  # of a batch; sets that are not there, or have no points yet, leave theirs to the others
    "lfpw68/train": 0.16, "helen68/train": 0.22, "afw68/train": 0.12, "turned": 0.14, "yt68/train": 0.16,
    "default": 0.06, "mtfl": 0.10, "congress": 0.04,
}  # fmt: skip
WEIGHTS = {
    "yt68/train": 0.6,
    "default": 0.5,
    "mtfl": 0.8,
    "congress": 0.6,
    "turned": 0.8,
}  # in the loss; else 1


@dataclass(frozen=True)
class Placement:
    """How the square of a crop lies.

    Attributes
    ----------
    dlib, blazeface : float
        Shares of the boxes that are the face's own of a detector; of a face that it misses, another's.
    other : float
        Share where a detector sets the box of another face, or of its mirror image. The rest is tight.
    shift, scale : float
        Standard deviations of the place, in sides of the tight box, and of the logarithm of the size.
    far, farther : float
        Share of the boxes that are moved so many times as far.
    turn : float
        Standard deviation of the rotation, degrees.
    wide, widest : float
        Share that is turned evenly up to so many degrees.
    """

    dlib: float = 0.25
    blazeface: float = 0.20
    other: float = 0.35
    shift: float = 0.025
    scale: float = 0.05
    far: float = 0.25
    farther: float = 2.5
    turn: float = 10.0
    wide: float = 0.3
    widest: float = 40.0


@dataclass(frozen=True)
class Strength:
    """How strongly the faces are changed."""

    placement: Placement = Placement()
    changes: Changes = STRONG


STRENGTHS = {
    "strong": Strength(),
    "mild": Strength(Placement(0.3, 0.2, 0.3, shift=0.02, scale=0.04, far=0.15, turn=8.0, wide=0.12), MILD),
}


class Batches:
    """Draws batches from sets of faces that lie where the network is trained.

    Parameters
    ----------
    sets : dict of Faces
        Those named in ``shares`` whose points are known are drawn from.
    device : str
    strength : Strength
    shares, weights : dict
    """

    def __init__(self, sets, device="cpu", strength=STRENGTHS["strong"], shares=SHARES, weights=WEIGHTS):
        self.device, self.strength = device, strength
        self.shares = {name: shares[name] for name in shares if name in sets and sets[name].known}
        if not self.shares:
            raise ValueError(f"no set to draw from: wanted one of {', '.join(shares)}, with its 68 points")
        total = sum(self.shares.values())
        self.shares = {name: share / total for name, share in self.shares.items()}
        self.sets = {name: _Drawn(sets[name], device, weights.get(name, 1.0)) for name in self.shares}
        places = torch.cat([one.places[detector] for one in self.sets.values() for detector in one.places])
        self.places = places[places.isfinite().all(1)]
        if not len(self.places):
            raise ValueError("no detector's box is known of any face: pack the faces again")

    def counts(self, size):
        """How many of a batch's faces are of each set; they sum to size."""
        ends = np.rint(np.cumsum([0, *self.shares.values()]) * size).astype(int)
        return dict(zip(self.shares, np.diff(ends).tolist(), strict=True))

    def draw(self, size):
        """Crops (size, 3, 128, 128) in 0..1, points (size, 68, 2) in 0..1, weights (size,)."""
        parts, self.drawn = [], {}  # set -> which of its faces, in the batch's order
        for name, n in self.counts(size).items():
            if n:
                one = self.sets[name]
                self.drawn[name] = index = torch.multinomial(one.odds, n, replacement=True)
                frames = self._frames(one, index)
                crops, points = cut(one.images, index, frames), frames.to_crop(one.points[index])
                parts.append((crops, points, one.weight.expand(n)))
        crops, points, weights = (torch.cat(column) for column in zip(*parts, strict=True))
        self.flipped = flip = torch.rand(len(crops), device=crops.device) < 0.5
        crops = torch.where(flip[:, None, None, None], crops.flip(3), crops)
        points = torch.where(flip[:, None, None], mirrored(points), points)
        crops = photometric(crops, self.strength.changes)
        return crops.contiguous(memory_format=torch.channels_last), points, weights

    def _frames(self, one, index):
        """Where the squares of some faces of a set lie, as `Placement` says."""
        how, n = self.strength.placement, len(index)

        def rand(*shape):
            return torch.rand(*shape, device=self.device)

        def below(share):
            return rand(n, 1) < share

        others = self.places[torch.randint(len(self.places), (n,), device=self.device)]
        others = torch.cat([torch.where(below(0.5), -1.0, 1.0) * others[:, :1], others[:, 1:]], 1)
        place, kind, start = torch.zeros_like(others), rand(n, 1), 0.0
        for detector, share in zip(DETECTORS, (how.dlib, how.blazeface), strict=True):
            own = one.places[detector][index] if detector in one.places else others * torch.nan
            own = torch.where(own.isfinite().all(1, keepdim=True), own, others)
            place = torch.where((kind >= start) & (kind < start + share), own, place)
            start += share
        place = torch.where((kind >= start) & (kind < start + how.other), others, place)
        sd = place.new_tensor([how.shift, how.shift, how.scale]) * torch.where(
            below(how.far), how.farther, 1.0
        )
        place = place + torch.randn(n, 3, device=self.device) * sd
        centre, side = one.centre[index], one.side[index]
        even = (2 * rand(n) - 1) * how.widest
        angle = torch.where(below(how.wide)[:, 0], even, torch.randn(n, device=self.device) * how.turn)
        return Frames(
            centre + place[:, :2] * side[:, None], side * place[:, 2].exp() * MARGIN, angle.deg2rad()
        )


class _Drawn:
    """A set's arrays on the device."""

    def __init__(self, faces, device, weight):
        def moved(array):
            return torch.as_tensor(np.float32(array), device=device)

        centre, side = square(faces.tight)
        self.images = on(device, faces.images)
        self.points, self.odds = moved(faces.points), moved(faces.odds())
        self.centre, self.side, self.weight = moved(centre), moved(side), moved(weight)
        self.places = {name: moved(places) for name, places in faces.places().items()}
