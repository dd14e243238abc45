"""The square of a picture that a network sees: cut out, with points into it and back, in PyTorch.

Points are in 0..1 of the crop of 128 pixels, as the network gives them. Crops are cut by OpenCV for a
processor, which is faster there, and by PyTorch on a graphics card.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch.nn import functional

from facelm_helpers.landmarks import MIRROR

SIZE, MARGIN = 128, 1.5  # of the network's crop
MIDDLE = (SIZE - 1) / 2 / SIZE  # of the crop, in 0..1


@dataclass
class Frames:
    """Squares of pictures: centres (N, 2), sides (N,), and angles (N,) in radians, as tensors."""

    centre: torch.Tensor
    side: torch.Tensor
    angle: torch.Tensor

    def to_crop(self, points):
        """Points (N, K, 2) of the picture in 0..1 of the crop."""
        return _turned((points - self.centre[:, None]) / self.side[:, None, None], -self.angle) + MIDDLE

    def from_crop(self, points):
        """The way back."""
        return self.centre[:, None] + self.side[:, None, None] * _turned(points - MIDDLE, self.angle)

    def __getitem__(self, index):
        return Frames(self.centre[index], self.side[index], self.angle[index])


def _turned(points, angle):
    cos, sin = angle.cos()[:, None], angle.sin()[:, None]
    x, y = points[..., 0], points[..., 1]
    return torch.stack([cos * x - sin * y, sin * x + cos * y], -1)


def cut(images, index, frames):
    """Crops (N, 3, 128, 128) float32, 0..255: of images in an array by OpenCV, in a tensor by PyTorch."""
    if isinstance(images, np.ndarray):
        return _cut_by_opencv(images, index, frames)
    steps = (torch.arange(SIZE, device=images.device) - (SIZE - 1) / 2) / SIZE
    down, across = torch.meshgrid(steps, steps, indexing="ij")
    places = torch.stack([across, down], -1).reshape(1, -1, 2) + MIDDLE
    grid = (2 * frames.from_crop(places) + 1) / images.shape[1] - 1
    pictures = images[index].permute(0, 3, 1, 2).float()
    grid = grid.reshape(len(index), SIZE, SIZE, 2)
    return functional.grid_sample(pictures, grid, "bilinear", "reflection", align_corners=False)


def _cut_by_opencv(images, index, frames):
    out = np.empty((len(index), SIZE, SIZE, 3), np.uint8)
    scale, angle, middle = frames.side.numpy() / SIZE, frames.angle.numpy(), (SIZE - 1) / 2
    along = np.stack([scale * np.cos(angle), scale * np.sin(angle)], 1)
    options = {"flags": cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, "borderMode": cv2.BORDER_REFLECT_101}
    for i, (face, (c, s), centre) in enumerate(
        zip(index.tolist(), along, frames.centre.numpy(), strict=True)
    ):
        turn = np.array([[c, -s], [s, c]], np.float64)
        matrix = np.column_stack([turn, centre - turn @ [middle, middle]])
        out[i] = cv2.warpAffine(images[face], matrix, (SIZE, SIZE), **options)
    return torch.from_numpy(out).permute(0, 3, 1, 2).float()


def mirrored(points):
    """Points (N, 68, 2) in 0..1 of the mirrored crop."""
    points = points[:, torch.as_tensor(MIRROR, device=points.device)]
    return torch.stack([2 * MIDDLE - points[..., 0], points[..., 1]], -1)


def on(device, images):
    """Pictures where `cut` takes them: an array for the processor, a tensor for a card."""
    return images if str(device) == "cpu" else torch.as_tensor(images, device=device)


@torch.no_grad()
def answers(network, faces, frames, device="cpu", flip=False, together=256):
    """A network's points (N, 68, 2) in pixels of the faces' pictures, seen in given frames.

    Parameters
    ----------
    network : torch.nn.Module
    faces : Faces
    frames : (centres (N, 2), sides (N,), angles (N,)) arrays
        Pixels and radians.
    device : str
    flip : bool
        Look at the mirrored crops.
    """
    found = []
    frames = Frames(*(torch.as_tensor(np.float32(part), device=device) for part in frames))
    for start in range(0, len(faces), together):
        some = slice(start, start + together)
        images = on(device, faces.images[some])
        crops = cut(images, torch.arange(len(images), device=device), frames[some]).round() / 255
        crops = crops.flip(3) if flip else crops
        points = network(crops.contiguous(memory_format=torch.channels_last)).float().view(-1, 68, 2)
        found.append(frames[some].from_crop(mirrored(points) if flip else points).cpu().numpy())
    return np.concatenate(found)
