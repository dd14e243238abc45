"""Checks of the exercises in notebook 08, and the course's own answers, used until a check passes."""

import numpy as np

from facelm_helpers import face3d
from facelm_helpers.checks._judged import judged
from facelm_helpers.checks._ready import by_check
from facelm_helpers.checks._verdict import Verdict, kindly, unanswered, untried

TURNS = ((5, -30, 10), (-10, 55, -20), (0, 80, 5))


def _pose(S, x):
    S_0, x_0 = S - S.mean(axis=0), x - x.mean(axis=0)
    A = np.linalg.lstsq(S_0, x_0, rcond=None)[0].T
    U, D, V = np.linalg.svd(A, full_matrices=False)
    R_2, s = U @ V, D.mean()
    R = np.vstack([R_2, np.cross(*R_2)])
    return s, R, x.mean(axis=0) - s * R_2 @ S.mean(axis=0)


@kindly
def pose(answer):
    """Exercise 1: a function of a shape S (L, 3) and its points x (L, 2) that gives s, R (3, 3) and t (2,).

    >>> pose(_pose)
    ✔ Right. Two rows of a scaled rotation are enough: the third is their cross product.
    >>> pose(lambda S, x: (_pose(S, x)[0], -_pose(S, x)[1], _pose(S, x)[2])).message.split(":")[0]
    'R is no rotation'
    """
    model, rng = face3d.load_face3d(), np.random.default_rng(0)
    for turn, s in zip(TURNS, (90.0, 140.0, 60.0), strict=True):
        S = model.shape(rng.normal(0, 0.7, 5)) + rng.normal(0, 0.1, 3)
        R, t = face3d.rotation(turn), rng.uniform(20, 100, 2)
        x = face3d.project(S, R, s, t)
        value = answer(S.copy(), x.copy())
        if untried(value):
            return unanswered(value)
        if not (isinstance(value, (tuple, list)) and len(value) == 3):
            return Verdict("wrong", "Three things are wanted: s, R and t.")
        if not (verdict := _judge_pose(value, (s, R, t), S, x)):
            return verdict
    x = x + rng.normal(0, 3, x.shape)  # without noise the two singular values are equal
    A = np.linalg.lstsq(S - S.mean(axis=0), x - x.mean(axis=0), rcond=None)[0].T
    if np.isclose(answer(S.copy(), x.copy())[0], np.linalg.svd(A)[1], rtol=1e-6).any():
        return Verdict("wrong", "s: with noise the two singular values differ. Take their mean, not one.")
    return Verdict("right", "Two rows of a scaled rotation are enough: the third is their cross product.")


def _judge_pose(value, right, S, x):
    (found_s, found_R, found_t), (s, R, t) = value, right
    if np.shape(found_R) == (2, 3):
        return Verdict("wrong", "R has two rows: append the third, the cross product of the two.")
    if np.shape(found_R) == (3, 3):
        found_R = np.asarray(found_R, float)
        if np.allclose(found_R @ found_R.T, s**2 * np.eye(3), rtol=1e-3):
            return Verdict("wrong", "R is still scaled by s: U @ V has no scale.")
        off = np.abs(found_R @ found_R.T - np.eye(3)).max()
        if off > 1e-3:
            return Verdict("wrong", f"R is no rotation: R R^T is off the identity by {off:.2g}.")
        if np.linalg.det(found_R) < 0:
            return Verdict(
                "wrong", "R is no rotation: it mirrors. Is the third row r_1 x r_2, in this order?"
            )
        uncentred = np.linalg.lstsq(S, x, rcond=None)[0].T
        U, _, V = np.linalg.svd(uncentred, full_matrices=False)
        if np.allclose(found_R[:2], U @ V, atol=1e-4):
            return Verdict("wrong", "Subtract the means of S and of x first: t is not part of A.")
    if not (verdict := judged(found_R, R, {"That is the transposed rotation.": R.T}, 1e-3)):
        return Verdict("wrong", f"R: {verdict.message}")
    scales = {
        "That is the square of the scale.": np.array(s**2),
        "That is 1 / s.": np.array(1 / s),
        "That is twice the scale: the mean of the two singular values, not their sum.": np.array(2 * s),
    }
    if not (verdict := judged(found_s, np.array(s), scales, 1e-3)):
        return Verdict("wrong", f"s: {verdict.message}")
    shifts = {
        "That is the mean of x; what becomes of the mean of S is to be taken off.": x.mean(axis=0),
        "The scale is missing: t = mean of x - s R_2 (mean of S).": x.mean(axis=0) - R[:2] @ S.mean(axis=0),
        "The sign is the other one: x = s R_2 S + t.": x.mean(axis=0) + s * R[:2] @ S.mean(axis=0),
    }
    verdict = judged(found_t, t, shifts, 1e-3)
    return verdict or Verdict("wrong", f"t: {verdict.message}")


def _weights(V, truth, found):
    w, here = np.empty_like(truth), V(truth)
    for i in range(truth.shape[1]):
        mixed = truth.copy()
        mixed[:, i] = found[:, i]
        w[:, i] = np.linalg.norm(V(mixed) - here, axis=(1, 2))
    return w / w.max(axis=1, keepdims=True)


def _points(p):
    """V(p) as in the notebook, but for the whitening of the pose."""
    model = face3d.load_face3d()
    A, t = p[:, :6].reshape(-1, 2, 3), p[:, 6:8]
    S = model.mean + np.tensordot(p[:, 8:], model.modes[: p.shape[1] - 8], 1)
    return S @ np.swapaxes(A, 1, 2) + t[:, None]


@kindly
def wpdc_weights(answer):
    """Exercise 2: a function of V, truth (N, P) and found (N, P) that gives the weights (N, P).

    >>> wpdc_weights(_weights)
    ✔ Right. What moves the points most counts most.
    >>> wpdc_weights(lambda V, truth, found: np.ones_like(truth)).message.split(":")[0]
    'All weights are equal'
    """
    rng = np.random.default_rng(0)
    for n, count in ((3, 14), (5, 11)):
        truth = rng.normal(0, 1, (n, count)) + np.eye(1, count, 0) + np.eye(1, count, 4)
        found = truth + rng.normal(0, 0.3, (n, count))
        value = answer(_points, truth.copy(), found.copy())
        if not untried(value) and np.shape(value) == truth.shape and np.ptp(np.asarray(value, float)) == 0:
            return Verdict("wrong", "All weights are equal: is the number i of found put into truth?")
        right, mistakes = _weights(_points, truth, found), _wrong_weights(truth, found)
        if not (verdict := judged(value, right, mistakes, 1e-4)):
            return verdict
    return Verdict("right", "What moves the points most counts most.")


def _wrong_weights(truth, found):
    """What comes out where one thing is wrong, by what to say of it."""
    moved, other = [], []
    for i in range(truth.shape[1]):
        for kept, put, into in ((truth, found, moved), (found, truth, other)):
            mixed = kept.copy()
            mixed[:, i] = put[:, i]
            into.append(_points(mixed) - _points(kept))
    moved, other = np.stack(moved, axis=1), np.stack(other, axis=1)  # (N, P, L, 2)
    w, back = np.linalg.norm(moved, axis=(2, 3)), np.linalg.norm(other, axis=(2, 3))
    far = np.linalg.norm(moved, axis=3).mean(axis=2)

    def scaled(w):
        return w / w.max(axis=1, keepdims=True)

    return {
        "Divide by the largest weight of each face, so that it becomes 1.": w,
        "The largest weight is that of each face: max(axis=1, keepdims=True).": w / w.max(),
        "The largest weight of each *face* is wanted, not of each number.": w / w.max(axis=0),
        "The weights are divided by their sum; divide by the largest.": w / w.sum(axis=1, keepdims=True),
        "Start from the truth and put in the number i of found, not the other way round.": scaled(back),
        "Those are squares: take the root.": scaled(w**2),
        "That is the mean distance; the norm over all coordinates of all points is wanted.": scaled(far),
        "That is the error of the numbers themselves; how far does each move the points?": (
            scaled(np.abs(found - truth))
        ),
    }


def _decode(scores, residuals):
    K = scores.shape[1] - 1
    k = scores.argmax(axis=1)
    u = (k + residuals[np.arange(len(k)), k] - 1) / K
    return np.where(k > 0, u, np.nan)


@kindly
def decode(answer):
    """Exercise 3: a function of scores and residuals (N, K + 1) that gives coordinates (N,), NaN for 0.

    >>> decode(_decode)
    ✔ Right. A coarse choice, which a classifier makes well, and a fine correction.
    >>> decode(lambda scores, residuals: scores.argmax(axis=1) / 10).message.split(";")[0]
    'The residual is missing'
    """
    rng = np.random.default_rng(0)
    for n, K in ((9, 10), (12, 5)):
        scores, residuals = rng.normal(size=(n, K + 1)), rng.uniform(0, 1, (n, K + 1))
        scores[:, 0] -= 0.5
        scores[[0, 3], 0] = 9
        k, rows = scores.argmax(axis=1), np.arange(n)
        own, face = residuals[rows, k], k > 0

        def only(u, face=face):
            return np.where(face, u, np.nan)

        right, value = _decode(scores, residuals), answer(scores.copy(), residuals.copy())
        if untried(value):
            return unanswered(value)
        value = np.asarray(value, float)
        if value.shape == right.shape and np.isfinite(value).all():
            value, background = only(value), False
        else:
            background = True
        mistakes = {
            "The residual is missing: it says where in the bin.": only((k - 1) / K),
            "The residual is missing; bin 0 is the background, so that bin 1 begins at 0.": only(k / K),
            "Bin 0 is the background, so that bin 1 begins at 0: subtract 1.": only((k + own) / K),
            "The bins are 1 / K wide: divide by K.": only(k + own - 1),
            "K is the number of bins of the face, one less than the channels.": only((k + own - 1) / (K + 1)),
            "Take the residual of the bin that was chosen, not the largest.": (
                only((k + residuals.max(axis=1) - 1) / K)
            ),
            "Take the residual of the bin that was chosen, not the mean of all.": (
                only((k + residuals.mean(axis=1) - 1) / K)
            ),
            "Take the residual of the bin that was chosen: one for each place.": (
                only((k + residuals[0, k] - 1) / K)
            ),
        }
        filled = {message: np.nan_to_num(wrong, nan=-1) for message, wrong in mistakes.items()}
        if not (verdict := judged(np.nan_to_num(value, nan=-1), np.nan_to_num(right, nan=-1), filled, 1e-6)):
            return verdict
        if not background:
            return Verdict("wrong", "Right on the face; where bin 0 is chosen there is none: give NaN.")
    return Verdict("right", "A coarse choice, which a classifier makes well, and a fine correction.")


OURS = {pose: _pose, wpdc_weights: _weights, decode: _decode}
ready = by_check(OURS)
