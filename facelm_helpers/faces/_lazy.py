"""Sequences of images that read an image only when asked for it."""

import numpy as np


class Chosen:
    """Some images of a lazy sequence, still lazy."""

    def __init__(self, images, chosen):
        if isinstance(images, Chosen):  # no tower of wrappers
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
            return Chosen(self, np.arange(len(self))[index])
        return self.images[int(self.chosen[index])]


class Joined:
    """The images of several sequences, one after the other, still lazy."""

    def __init__(self, parts):
        self.parts, self.ends = parts, np.cumsum([len(part) for part in parts])

    def __len__(self):
        return int(self.ends[-1])

    def __getitem__(self, i):
        if not 0 <= i < len(self):
            raise IndexError(f"image {i} of {len(self)}")
        k = int(np.searchsorted(self.ends, i, side="right"))
        return self.parts[k][int(i) - int(self.ends[k]) + len(self.parts[k])]
