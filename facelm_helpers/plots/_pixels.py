"""What a detector and a regression tree see of a face: gradients in cells, and single pixels."""

import numpy as np

from facelm_helpers.plots._faces import faces_grid


def pixels(images, points, marked, truth=None, titles=None, columns=4):
    """Draw faces as `faces_grid` does, with some pixels as large red dots.

    Parameters
    ----------
    images : sequence of N arrays (H, W, 3)
    points : array (N, 68, 2)
    marked : array (N, M, 2)
        Pixels, x then y; M of them on each face.
    truth : array (N, 68, 2), optional
    titles : sequence of N strings, optional
    columns : int

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = pixels(np.zeros((2, 9, 9, 3), np.uint8), np.ones((2, 68, 2)), np.zeros((2, 3, 2)))
    >>> len(figure.axes[0].lines[-1].get_xdata())
    3
    """
    figure = faces_grid(images, points, truth, titles=titles, columns=columns)
    for ax, spots in zip(figure.axes, marked, strict=False):  # empty axes may follow in the last row
        ax.plot(*np.asarray(spots).T, "o", color="red", mec="white", ms=7)
    return figure


def gradients(image, cell=8):
    """The histograms of oriented gradients of an image, as a picture: one star of strokes for each cell.

    Parameters
    ----------
    image : array (H, W, 3) uint8
    cell : int
        Side of a cell in pixels.

    Returns
    -------
    array (H, W) uint8

    Examples
    --------
    >>> gradients(np.eye(64, dtype=np.uint8)[..., None].repeat(3, axis=2)).shape
    (64, 64)
    """
    from skimage.feature import hog  # late: takes a third of a second

    _, strokes = hog(image, orientations=9, pixels_per_cell=(cell, cell), visualize=True, channel_axis=-1)
    brightest = np.quantile(strokes, 0.995) or 1.0
    return np.uint8(255 * np.clip(strokes / brightest, 0, 1))
