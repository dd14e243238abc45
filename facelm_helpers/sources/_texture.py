"""How a picture on the canvas is written as one vector, finely in the face and coarsely round it.

The vector holds, end to end: luma of the whole canvas at half its size; the luma detail of the face region
that the half size loses; the two chroma planes at a third; and at a quarter the distance to the outline of
the person (pixels, positive inside), from which the soft mask follows. Averages of distances have a clean
outline where averages of masks have a ghost.
"""

import cv2
import numpy as np

from facelm_helpers.sources._exact import on_grid, resize, to_bytes

REACH = 14.0  # distances are cut off here, in canvas pixels
EDGE = 1.7  # half the width of the soft edge of the mask, in canvas pixels


class Layout:
    """The places of the parts in the texture vector.

    Parameters
    ----------
    size : int
        Side of the canvas; a multiple of 4.
    face : (size, size) array
        Weight 0..1 of the detail: 1 in the face, falling to 0 at its edge.
    """

    def __init__(self, size, face):
        self.size = size
        self.low, self.chroma, self.outline = size // 2, size // 3, size // 4
        self.face = np.asarray(face, dtype=np.float32)
        self.inside = np.flatnonzero(self.face.ravel() > 0.02)
        parts = [self.low**2, len(self.inside), 2 * self.chroma**2, self.outline**2]
        ends = np.cumsum(parts)
        self.slices = [slice(int(end - part), int(end)) for end, part in zip(ends, parts, strict=True)]
        self.length = int(ends[-1])

    def write(self, canvas, distance):
        """The vector of an RGB canvas and its outline distances.

        Parameters
        ----------
        canvas : (size, size, 3) uint8 array
        distance : (size, size) float array

        Returns
        -------
        (length,) float32 array
        """
        ycrcb = cv2.cvtColor(canvas, cv2.COLOR_RGB2YCrCb).astype(np.float32)
        luma = ycrcb[..., 0]
        low = _resize(luma, self.low)
        detail = ((luma - _resize(low, self.size)) * self.face).ravel()[self.inside]
        chroma = _resize(np.ascontiguousarray(ycrcb[..., 1:]), self.chroma)
        outline = _resize(np.clip(distance, -REACH, REACH).astype(np.float32), self.outline)
        return np.concatenate([low.ravel(), detail, chroma.ravel(), outline.ravel()])

    def read(self, vector):
        """The canvas and its mask from a vector; alike on every machine (see `_exact`).

        Parameters
        ----------
        vector : (length,) float32 array

        Returns
        -------
        (size, size, 4) uint8 array
            Red, green, blue and opacity.
        """
        low, detail, chroma, outline = (vector[part] for part in self.slices)
        luma = _enlarge(on_grid(low, 3).reshape(self.low, self.low), self.size)
        luma.ravel()[self.inside] += detail
        red, blue = chroma.reshape(-1, 2).T - 128
        colour = on_grid(np.stack([1.403 * red, -0.714 * red - 0.344 * blue, 1.773 * blue]), 3)
        rgb = resize(colour.reshape(3, self.chroma, self.chroma), self.size) + luma
        distance = _enlarge(on_grid(outline, 6).reshape(self.outline, self.outline), self.size)
        return cv2.merge([*to_bytes(rgb), to_bytes(distance * (127.5 / EDGE) + 127.5)])


def _enlarge(plane, side):
    """Linear interpolation by 2 or 4: its weights are eighths, so OpenCV's sums are exact (see `_exact`)."""
    return cv2.resize(plane, (side, side), interpolation=cv2.INTER_LINEAR)


def _resize(plane, side):
    shrink = plane.shape[0] > side
    return cv2.resize(plane, (side, side), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR)
