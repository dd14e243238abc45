"""Checks of the exercises in notebook 02."""

import numpy as np

from facelm_helpers.checks._judged import judged
from facelm_helpers.checks._ready import by_name
from facelm_helpers.checks._verdict import Verdict, kindly, unanswered, untried


def _plausible(S, mean, P, variances):
    b = P @ (S - mean).ravel()
    b = np.clip(b, -3 * np.sqrt(variances), 3 * np.sqrt(variances))
    return mean + (b @ P).reshape(S.shape)


@kindly
def plausible(answer):
    """Exercise 1: the plausible shape nearest to an aligned one.

    >>> plausible(_plausible)
    ✔ Right. Whatever a search finds, the result is a plausible face.
    >>> plausible(lambda S, mean, P, variances: mean + (P @ (S - mean).ravel() @ P).reshape(S.shape)).message
    'b is not clipped to +-3 sqrt(variances).'
    """
    rng = np.random.default_rng(0)
    mean, P = rng.normal(size=(68, 2)), np.linalg.qr(rng.normal(size=(136, 3)))[0].T
    variances = np.array([4.0, 1.0, 0.25])
    inside, outside = (mean + (b @ P).reshape(68, 2) for b in np.array([[1.0, -2, 0.3], [9.0, -1, -2]]))
    aside = rng.normal(size=136)
    aside = 0.1 * (aside - aside @ P.T @ P).reshape(68, 2)  # what no component explains
    for S in (inside + aside, outside + aside):
        b = P @ (S - mean).ravel()
        shapes = {
            "b is not clipped to +-3 sqrt(variances).": b,
            "b has a lower bound, too: -3 sqrt(variances).": np.minimum(b, 3 * np.sqrt(variances)),
            "The variance is the square of the standard deviation: take its square root.": np.clip(
                b, -3 * variances, 3 * variances
            ),
            "The bounds are three standard deviations, 3 sqrt(variances); yours are one.": np.clip(
                b, -np.sqrt(variances), np.sqrt(variances)
            ),
            "b_j is P_j times (S - mean): subtract the mean shape first.": np.clip(
                P @ S.ravel(), -3 * np.sqrt(variances), 3 * np.sqrt(variances)
            ),
        }
        right = _plausible(S, mean, P, variances)
        mistakes = {message: mean + (b @ P).reshape(68, 2) for message, b in shapes.items()}
        mistakes |= {
            "That is b: turn it back into a shape, mean + sum_j b_j P_j.": P @ (right - mean).ravel(),
            "That is the deviation alone: add the mean shape.": right - mean,
        }
        verdict = judged(answer(S, mean, P, variances), right, mistakes)
        if not verdict:
            return verdict
    return Verdict("right", "Whatever a search finds, the result is a plausible face.")


def _gauss_newton(e, J, A, D):
    J = J - A.T @ (A @ J)
    return np.linalg.solve(J.T @ J + D, J.T @ e)


@kindly
def gauss_newton(answer):
    """Exercise 2: the step (K,) for the residual e (V,), Jacobian J (V, K), textures A (m, V), prior D.

    >>> gauss_newton(_gauss_newton)
    ✔ Right. The texture explains what it can, the step the rest.
    >>> gauss_newton(lambda e, J, A, D: np.linalg.solve(J.T @ J + D, J.T @ e)).message
    'J still holds what the textures explain: subtract A.T @ (A @ J) first.'
    """
    rng = np.random.default_rng(0)
    for V, K, m in ((30, 4, 3), (50, 6, 8)):
        e, J, A = rng.normal(size=V), rng.normal(size=(V, K)), np.linalg.qr(rng.normal(size=(V, m)))[0].T
        D = np.diag(rng.uniform(1, 20, K))
        out = J - A.T @ (A @ J)
        H = out.T @ out
        right = _gauss_newton(e, J, A, D)
        mistakes = {
            "J still holds what the textures explain: subtract A.T @ (A @ J) first.": np.linalg.solve(
                J.T @ J + D, J.T @ e
            ),
            "H uses the projected J; use it on the right-hand side, J.T @ e, too.": np.linalg.solve(
                H + D, J.T @ e
            ),
            "The right-hand side uses the projected J; use it in J.T @ J, too.": np.linalg.solve(
                J.T @ J + D, out.T @ e
            ),
            "The prior is missing: solve with J.T @ J + D.": np.linalg.solve(H, out.T @ e),
            "Neither the projection of J nor the prior D is there.": np.linalg.solve(J.T @ J, J.T @ e),
            "That is J.T @ e, and J is not projected: project it, solve with J.T @ J + D.": J.T @ e,
            "The sign: the step is applied backwards later, so here it has none.": -right,
            "That is the gradient, J.T @ e: Gauss-Newton also solves with J.T @ J + D.": out.T @ e,
            "Multiply by the inverse of J.T @ J + D (np.linalg.solve), not by the matrix.": (H + D)
            @ (out.T @ e),
        }
        verdict = judged(answer(e, J, A, D), right, mistakes)
        if not verdict:
            return verdict
    return Verdict("right", "The texture explains what it can, the step the rest.")


def _learn(E, moves):
    return np.linalg.solve(E.T @ E + E.shape[1] * np.eye(E.shape[1]), E.T @ moves)


def left_over(R, E, moves):
    """The share of the moves' squares that moves predicted as E @ R leave: 0 is perfect, 1 is no move at all.

    >>> left_over(np.zeros((3, 1)), np.ones((2, 3)), np.ones((2, 1)))
    1.0
    """
    return float(((moves - E @ R) ** 2).sum() / (moves**2).sum())


@kindly
def learn(answer, train, validation):
    """Exercise 3: a function that learns R (V, K) from residuals (n, V), moves (n, K), judged on other faces.

    Any way will do that removes at least half of what the course's ridge regression removes.

    Parameters
    ----------
    answer : callable
    train, validation : (E, moves)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> R, E = rng.normal(size=(40, 3)), rng.normal(size=(90, 40))
    >>> moves = E @ R + rng.normal(size=(90, 3))
    >>> learn(_learn, (E[:60], moves[:60]), (E[60:], moves[60:])).state
    'right'
    >>> learn(lambda E, moves: np.zeros((40, 3)), (E[:60], moves[:60]), (E[60:], moves[60:])).state
    'wrong'
    """
    R = answer(*train)
    if untried(R):
        return unanswered(R)
    R, wanted = np.asarray(R, dtype=float), (train[0].shape[1], train[1].shape[1])
    if R.shape != wanted:
        turned = " Transpose it." if R.shape == wanted[::-1] else ""
        return Verdict(
            "wrong", f"R should have shape {wanted}, so that E @ R are moves; got {R.shape}.{turned}"
        )
    if not np.isfinite(R).all():
        return Verdict("wrong", "R has values that are not finite: is E.T @ E singular?")
    seen, unseen, ours = (
        left_over(R, *train),
        left_over(R, *validation),
        left_over(_learn(*train), *validation),
    )
    told = f"Your R leaves {seen:.0%} of the squared moves on the training faces, {unseen:.0%} on others"
    if 1 - unseen >= 0.5 * (1 - ours):
        return Verdict("right", f"{told}; ridge regression leaves {ours:.0%}.")
    if seen > 1:
        return Verdict("wrong", f"{told}: worse than no move. Is E.T @ E singular?")
    if seen < 0.5 * unseen:
        return Verdict("wrong", f"{told}: overfitting. R has more rows than you have faces; regularise.")
    return Verdict("wrong", f"{told}; ridge regression leaves {ours:.0%}.")


ready = by_name({plausible: _plausible, gauss_newton: _gauss_newton, learn: _learn})
