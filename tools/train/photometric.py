"""Changes of light, colour and sharpness of a batch of crops, in PyTorch: on a processor or a graphics card.

Each is done to a share of the batch of fixed size, drawn anew, so that a card never waits for a count. N
crops (N, 3, S, S) float32 in 0..255.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

GREY = (0.299, 0.587, 0.114)
BLOCK = 8  # of JPEG
RADIUS = 5  # of the blur, pixels


@dataclass(frozen=True)
class Changes:
    """Shares of a batch that are changed, and how far.

    Attributes
    ----------
    erase, erase_again : float
        Shares that a rectangle hides: one colour, noise, or a piece of another crop.
    contrast, light, cast : float
        Largest changes of the factors of contrast, brightness, and brightness of each colour.
    ramp, gamma, colour, grey, blur, noise, jpeg : float
        Shares; of the ones without colour, grey is the share that loses all of it.
    """

    erase: float = 0.35
    erase_again: float = 0.15
    contrast: float = 0.3
    light: float = 0.35
    cast: float = 0.15
    ramp: float = 0.3
    gamma: float = 0.5
    colour: float = 0.3
    grey: float = 0.15
    blur: float = 0.35
    noise: float = 0.4
    jpeg: float = 0.3


STRONG = Changes()
MILD = Changes(
    erase=0.25, erase_again=0.0, contrast=0.25, light=0.3, cast=0.1, ramp=0.25, gamma=0.3, colour=0.15,
    grey=0.1, blur=0.2, noise=0.25, jpeg=0.15,
)  # fmt: skip


def photometric(crops, changes=STRONG):
    """All changes, one after another, in place where that is possible.

    Parameters
    ----------
    crops : (N, 3, S, S) float32 tensor, 0..255

    Returns
    -------
    (N, 3, S, S) float32 tensor
        Whole numbers of 0..255, divided by 255.
    """
    for share in (changes.erase, changes.erase_again):
        some_of(crops, share, erased)
    crops = lit(crops, changes)
    some_of(crops, changes.gamma, lambda x: 255 * (x.clamp(0, 255) / 255 + 1e-4) ** uniform(x, 0.6, 1.6))
    for share, low, high in ((changes.colour, 0.3, 1.5), (changes.grey, 0.0, 0.0)):
        some_of(crops, share, lambda x, low=low, high=high: coloured(x, uniform(x, low, high)))
    some_of(crops, changes.blur, lambda x: blurred(x, uniform(x, 0.3, 2.6)[:, 0, 0, 0]))
    some_of(crops, changes.noise, lambda x: x + torch.randn_like(x) * uniform(x, 0, 13))
    some_of(crops.clamp_(0, 255), changes.jpeg, lambda x: compressed(x, uniform(x, 0.3, 2.6)))
    return crops.clamp(0, 255).round() / 255


def some_of(crops, share, change):
    """Change so many crops, drawn anew, in place."""
    some = torch.randperm(len(crops), device=crops.device)[: round(share * len(crops))]
    if len(some):
        crops[some] = change(crops[some])


def uniform(crops, low=0.0, high=1.0, channels=1):
    """Random numbers (N, channels, 1, 1)."""
    return torch.rand(len(crops), channels, 1, 1, device=crops.device) * (high - low) + low


def erased(crops):
    """The crops with a rectangle of one colour (4 of 10), of noise (2), or of another crop (4)."""
    places = torch.arange(crops.shape[-1], device=crops.device)
    across, down = ((places - uniform(crops, 0, len(places))[..., 0]).abs() for _ in range(2))
    half = [uniform(crops, 8, 46)[..., 0] for _ in range(2)]
    inside = (across < half[0])[:, :, None, :] & (down < half[1])[:, :, :, None]
    kind, other = uniform(crops), torch.roll(crops, (1, 32), (0, 2))
    fill = torch.where(kind < 0.4, uniform(crops, 0, 255, 3), other)
    fill = torch.where((kind >= 0.4) & (kind < 0.6), torch.rand_like(crops) * 255, fill)
    return torch.where(inside, fill, crops)


def lit(crops, changes):
    """The crops with other contrast, brightness and tint, some with a ramp of light across them."""
    places = torch.arange(crops.shape[-1], device=crops.device) / crops.shape[-1] - 0.5
    slope = uniform(crops) * (uniform(crops) < changes.ramp)
    ramp = 1 + slope * (uniform(crops, -1) * places + uniform(crops, -1) * places[:, None])
    mean = crops.mean((1, 2, 3), keepdim=True)
    crops = (crops - mean) * uniform(crops, 1 - changes.contrast, 1 + changes.contrast) + mean
    tint = uniform(crops, 1 - changes.cast, 1 + changes.cast, 3)
    return crops * ramp * uniform(crops, 1 - changes.light, 1 + changes.light) * tint


def coloured(crops, much):
    """The crops with more or less colour: 0 leaves grey, 1 what there is."""
    grey = (crops * crops.new_tensor(GREY)[:, None, None]).sum(1, keepdim=True)
    return grey + (crops - grey) * much


def blurred(crops, sigma):
    """The crops after a Gaussian of its own width (N,) each."""
    n, channels, side, _ = crops.shape
    reach = torch.arange(-RADIUS, RADIUS + 1, device=crops.device)
    weights = torch.exp(-0.5 * (reach / sigma[:, None]) ** 2)
    weights = (weights / weights.sum(1, keepdim=True)).repeat_interleave(channels, 0)
    wide = functional.pad(crops.reshape(1, n * channels, side, side), (RADIUS,) * 4, mode="reflect")
    for kernel in (weights[:, None, None, :], weights[:, None, :, None]):
        wide = functional.conv2d(wide, kernel, groups=n * channels)
    return wide.reshape(crops.shape)


def compressed(crops, coarseness):
    """The crops as JPEG leaves them: the cosine transform of 8x8 blocks, rounded, the higher the coarser."""
    n, channels, side, _ = crops.shape
    k = np.arange(BLOCK)
    cosine = np.sqrt(2 / BLOCK) * np.cos((2 * k + 1) * k[:, None] * np.pi / (2 * BLOCK))
    cosine[0] /= np.sqrt(2)
    cosine, step = crops.new_tensor(cosine), crops.new_tensor(8 + 6.5 * (k[:, None] + k))
    blocks = (crops - 128).reshape(n, channels, side // BLOCK, BLOCK, side // BLOCK, BLOCK).transpose(3, 4)
    step = step * coarseness[:, :, :, :, None, None]
    blocks = torch.round(cosine @ blocks @ cosine.T / step) * step
    return (cosine.T @ blocks @ cosine).transpose(3, 4).reshape(crops.shape) + 128
