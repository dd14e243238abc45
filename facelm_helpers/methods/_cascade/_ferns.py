"""Random ferns: F yes-or-no questions at once, 2^F bins, an output for each bin.

M shapes, P pixels, F questions, R components of the output.
"""

import numpy as np
from scipy import sparse

from facelm_helpers.arrays import Array


def arrays(T, K, F, P, R, size):
    """What T stages of K ferns learn on P pixels each: pixels near landmarks, questions, answers in bytes."""
    return {
        "anchors_": Array("u1", (T, P), 0, 67),
        "offsets_": Array("f2", (T, P, 2), -size, size),
        "pairs_": Array("i2", (T, K, F, 2), 0, P - 1),
        "thresholds_": Array("i2", (T, K, F)),
        "outputs_": Array("i1", (T, K, 2**F, R)),
        "scales_": Array("f4", (T, K), 0, 1000),
    }


def bins(differences, thresholds):
    """The bin (..., M) of each column of differences (..., F, M): question f adds 2^f if above its threshold.

    >>> bins(np.array([[1, -1], [5, 5]]), np.array([0, 0])).tolist()
    [3, 2]
    """
    answers = differences > thresholds[..., None]
    return np.einsum("...fm,f->...m", answers, 1 << np.arange(thresholds.shape[-1]))


def outputs(where, Y, count, shrinkage):
    """The mean of Y (M, R) in each bin, shrunk by 1 / (1 + shrinkage / members): (count, R) float32.

    An empty bin gives 0.
    """
    member = sparse.csr_matrix((np.ones(len(Y), np.float32), where, np.arange(len(Y) + 1)), (len(Y), count))
    sums = np.asarray(member.T @ Y)
    members = np.bincount(where, minlength=count)[:, None]
    return (sums / np.maximum(members + shrinkage, 1e-9)).astype(np.float32)


def middle_thresholds(differences, rng):
    """A threshold (F,) for each row of differences (F, M), drawn from its middle 60 percent."""
    F, m = differences.shape
    low, high = np.percentile(differences[:, rng.integers(m, size=min(m, 256))], [20, 80], axis=1)
    return (low + (high - low) * rng.random(F)).astype(np.float32)


def weights(score, face, alive):
    """Of M examples, for the next fern: exp(-y f), faces and living background half of the sum each."""
    weight = np.exp(np.clip(np.where(face, -score, score), -30, 30)) * (alive | face)
    for part in (face, ~face):
        weight[part] /= max(2 * weight[part].sum(), 1e-12)
    return weight


class PairChooser:
    """Pairs of pixels whose difference goes with the target, by correlation (Cao et al., 2012).

    The covariances of the P pixels are computed once, then each choice costs two matrix products.

    Parameters
    ----------
    rho : (P, M) array
        Pixel values.
    """

    def __init__(self, rho):
        self.centred = rho - rho.mean(axis=1, keepdims=True)
        covariance = self.centred @ self.centred.T / rho.shape[1]
        variance = np.diag(covariance)
        spread = variance[:, None] + variance[None, :] - 2 * covariance
        np.fill_diagonal(spread, np.inf)
        self.weight = 1 / np.sqrt(np.maximum(spread, 1.0))  # grey levels: flat pixels tell nothing

    def __call__(self, Y, F, rng):
        """F pairs (F, 2), each the best for a random projection of Y (M, R)."""
        y = Y @ rng.normal(size=(Y.shape[1], F)).astype(Y.dtype)
        c = self.centred @ (y - y.mean(axis=0)) / len(Y)  # (P, F)
        pairs = np.empty((F, 2), np.int64)
        for f in range(F):
            score = np.abs(c[:, f, None] - c[None, :, f]) * self.weight
            pairs[f] = np.unravel_index(score.argmax(), score.shape)
        return pairs
