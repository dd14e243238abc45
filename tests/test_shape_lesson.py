"""Notebook 02: its functions are right, and its checks tell right answers from nearly right ones."""

import ast

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from facelm_helpers import sources
from facelm_helpers.checks import shape_models as check
from facelm_helpers.geometry import Mesh, procrustes
from tools.notebook.derive import SOURCES, derive


@pytest.fixture(scope="module")
def lesson():
    """The functions that the notebook defines, with the names that they use."""
    cells = derive(SOURCES / "02_shape_models.py")["solution"].cells
    parsed = ast.parse("\n".join(cell.source for cell in cells if cell.cell_type == "code"))
    defined = [node for node in parsed.body if isinstance(node, ast.FunctionDef)]
    _, mean = procrustes(sources.load("synthetic", n=20, progress=False).points)
    space = {"np": np, "map_coordinates": map_coordinates, "mesh": Mesh(mean, 40)}
    exec(compile(ast.Module(defined, []), "02", "exec"), space)
    return space


def test_the_warp_is_that_of_the_package(lesson):
    mesh = lesson["mesh"]
    S = mesh.points * 1.7 + np.random.default_rng(0).normal(size=(68, 2))
    np.testing.assert_allclose(lesson["warp"](S), mesh.warp(S[None])[0])


def test_the_jacobian_foretells_how_a_texture_changes(lesson):
    """A texture that is a smooth function of the place: moving the shape by p changes it by J p."""
    mesh, warp = lesson["mesh"], lesson["warp"]
    modes = np.linalg.qr(np.random.default_rng(0).normal(size=(136, 5)))[0].T
    lesson["dW"] = np.array([warp(mode.reshape(68, 2)) for mode in modes])

    def seen(S):
        x, y = warp(S).T
        return np.sin(x / 15) + np.cos(y / 12)

    J = lesson["jacobian"](seen(mesh.points))
    p = np.array([0.3, -0.2, 0.1, 0.2, -0.3])
    change = seen(mesh.points + (p @ modes).reshape(68, 2)) - seen(mesh.points)
    inner = (J != 0).any(axis=1)
    assert inner.mean() > 0.8 and np.corrcoef((J @ p)[inner], change[inner])[0, 1] > 0.98


def test_the_solutions_are_right(lesson):
    assert check.plausible(lesson["plausible"]) and check.gauss_newton(lesson["gauss_newton"])
    assert check.ready(lesson["plausible"]) is lesson["plausible"]


def test_until_an_answer_is_right_the_course_uses_its_own():
    def gauss_newton(e, J, A, D):
        return np.linalg.solve(J.T @ J + D, J.T @ e)

    assert check.ready(gauss_newton) is check._gauss_newton


def spread(variances):
    return np.sqrt(variances)


@pytest.mark.parametrize("b_of, state", [
    (lambda b, v: np.array([min(max(x, -3 * s), 3 * s) for x, s in zip(b, spread(v), strict=True)]), "right"),
    (lambda b, v: b, "wrong"),
    (lambda b, v: np.minimum(b, 3 * spread(v)), "wrong"),
    (lambda b, v: np.clip(b, -3 * v, 3 * v), "wrong"),
    (lambda b, v: np.clip(b, -2 * spread(v), 2 * spread(v)), "wrong"),
    (lambda b, v: b * min(1, (3 * spread(v) / np.abs(b)).min()), "wrong"),
])  # fmt: skip
def test_plausible_shapes(b_of, state):
    def answer(S, mean, P, variances):
        S -= mean  # in place: the check gives copies
        return mean + np.reshape(b_of(P @ S.ravel(), variances) @ P, (68, 2))

    assert check.plausible(answer).state == state


def test_a_step_that_lacks_two_parts_is_told_so():
    for words, step in {
        "Neither": lambda e, J, A, D: np.linalg.lstsq(J, e, rcond=None)[0],
        "not projected": lambda e, J, A, D: J.T @ e,
    }.items():
        assert words in check.gauss_newton(step).message


def test_a_forgotten_return_and_a_stub_are_told_apart():
    assert check.plausible(lambda *given: None).state == "wrong"
    assert check.gauss_newton(lambda *given: None).state == "wrong"
    assert check.plausible(lambda *given: ...).state == "untried"
    assert (
        check.learn(lambda E, moves: ..., (np.eye(3), np.eye(3)), (np.eye(3), np.eye(3))).state == "untried"
    )


def test_a_step_written_in_other_ways_is_right():
    def as_one_system(e, J, A, D):
        J = J - A.T @ A @ J
        stacked = np.vstack([J, np.sqrt(D)])
        return np.linalg.lstsq(stacked, np.concatenate([e, np.zeros(len(D))]), rcond=None)[0]

    def from_the_residual(e, J, A, D):
        J -= A.T @ (A @ J)
        return np.linalg.inv(J.T @ J + D) @ J.T @ (e - A.T @ (A @ e))

    assert check.gauss_newton(as_one_system) and check.gauss_newton(from_the_residual)


def test_a_learnt_step_is_judged_by_what_it_does_on_others():
    rng = np.random.default_rng(0)
    E, R = rng.normal(size=(120, 100)), rng.normal(size=(100, 4))
    moves = E @ R + 10 * rng.normal(size=(120, 4))
    train, others = (E[:95], moves[:95]), (E[95:], moves[95:])
    overfitted = check.learn(lambda E, moves: np.linalg.lstsq(E, moves, rcond=None)[0], train, others)
    assert overfitted.state == "wrong" and "overfitting" in overfitted.message

    worse = check.learn(lambda E, moves: np.full((100, 4), 9.0), train, others)
    assert worse.state == "wrong" and "worse than no move" in worse.message

    def fewer(E, moves):
        _, _, components = np.linalg.svd(E, full_matrices=False)
        few = components[:60].T
        return few @ np.linalg.lstsq(E @ few, moves, rcond=None)[0]

    easy = E @ R + rng.normal(size=(120, 4))
    assert check.learn(check._learn, (E[:95], easy[:95]), (E[95:], easy[95:]))
    assert check.learn(lambda *given: fewer(*given).T, train, others).state == "wrong"
