"""dlib's regression trees evaluated with NumPy, for what dlib's own predictor does not return: the stages."""

import numpy as np

from facelm_helpers.geometry import similarity


def walk(parts, picture, corner, far):
    r"""The shapes S^0 .. S^T of one face.

    At each level the pixels are placed relative to the present shape, by the similarity that takes the mean
    shape to it; each tree compares pairs of them from its root to a leaf; the leaves' changes are added:
    :math:`S^{t+1} = S^t + \sum_k g_k(I, S^t)` (Kazemi and Sullivan, CVPR 2014).

    Parameters
    ----------
    parts : dict of arrays
        As `_ert_file.unfold` gives them: T levels of K trees.
    picture : (H, W) uint8 array
    corner, far : (x, y)
        The first and the last pixel of the face's box.

    Returns
    -------
    (T + 1, 68, 2) float64 array
        In the picture's pixels.
    """
    mean, side = parts["start_"].reshape(-1, 2).astype(np.float64), np.subtract(far, corner)
    shape, shapes = mean, [mean]
    leaves, trees = parts["leaves_"].shape[2], np.arange(parts["leaves_"].shape[1])
    for t in range(len(parts["leaves_"])):
        turned = similarity(mean, shape)[:, :2]
        offsets = parts["deltas_"][t].astype(np.float64) @ turned.T
        values = _pixels(picture, corner + (shape[parts["anchors_"][t]] + offsets) * side)
        node = np.zeros(len(trees), int)
        while node[0] < leaves - 1:  # all trees are equally deep
            first, second = parts["splits_"][t, trees, node].T
            node = 2 * node + 2 - (values[first] - values[second] > parts["thresholds_"][t, trees, node])
        chosen = parts["leaves_"][t, trees, node - (leaves - 1)] * parts["scales_"][t][:, None]
        shape = shape + (chosen.sum(axis=0) @ parts["basis_"].astype(np.float64)).reshape(-1, 2)
        shapes.append(shape)
    return corner + np.array(shapes) * side


def _pixels(picture, places):
    """Grey values at rounded places; 0 outside the picture, as dlib has it."""
    x, y = np.floor(places + 0.5).astype(int).T
    inside = (x >= 0) & (x < picture.shape[1]) & (y >= 0) & (y < picture.shape[0])
    values = np.zeros(len(x), np.float32)
    values[inside] = picture[y[inside], x[inside]]
    return values
