"""Notebook 07: its checks tell right answers from nearly right ones; what it draws is what it is given."""

import numpy as np
import pytest

from facelm_helpers import heatmaps, plots
from facelm_helpers.checks import heatmaps as check

# --- exercise 1: the landmark heatmap ----------------------------------------------------------------------


def in_a_loop(points, side):
    H = np.zeros((side, side))
    for x, y in points:
        for row in range(side):
            for column in range(side):
                H[row, column] = max(H[row, column], 1 / (1 + np.hypot(column - x, row - y)))
    return H


def by_broadcast(points, side, turn=lambda H: H, fold=np.max, fall=lambda d: 1 / (1 + d), move=lambda p: p):
    y, x = np.mgrid[:side, :side]
    d = np.sqrt((x[..., None] - move(points)[:, 0]) ** 2 + (y[..., None] - move(points)[:, 1]) ** 2)
    return turn(fold(fall(d), axis=-1))


def test_a_landmark_heatmap_in_any_way():
    assert check.landmark_heatmap(in_a_loop) and check.landmark_heatmap(by_broadcast)


@pytest.mark.parametrize("options, step", [
    ({"turn": np.transpose}, "Rows and columns"), ({"fold": np.sum}, "added up"), ({"fold": np.mean}, "mean"),
    ({"fold": np.min}, "farthest"), ({"fall": lambda d: 1 / (1 + d**2)}, "root"),
    ({"fall": lambda d: -d, "turn": np.negative}, "1 / (1 + d)"), ({"move": np.rint}, "rounded"),
    ({"move": np.floor}, "cut to whole"), ({"fall": lambda d: np.exp(-(d**2) / 2)}, "Gaussian"),
    ({"turn": lambda H: H[None]}, "shape"), ({"turn": lambda H: None}, "return"),
    ({"turn": lambda H: 1.01 * H}, "expected"),
])  # fmt: skip
def test_a_landmark_heatmap_nearly_right(options, step):
    told = check.landmark_heatmap(lambda points, side: by_broadcast(points, side, **options))
    assert told.state == "wrong" and step in told.message, told


# --- exercise 2: soft-argmax and its gradient --------------------------------------------------------------


def flat(m, shift=True, gradient=None, both=True):
    """Over flattened maps, with the Jacobian of the softmax in the usual form."""
    n, side, _, k = m.shape
    z = m.reshape(n, -1, k)
    e = np.exp(z - z.max(axis=1, keepdims=True) if shift else z)
    q = e / e.sum(axis=1, keepdims=True)
    y, x = np.mgrid[:side, :side].reshape(2, -1)
    p = np.stack([np.einsum("ncx,c->nx", q, x), np.einsum("ncx,c->nx", q, y)], axis=-1)

    def back(g):
        to_q = x[:, None] * g[:, None, :, 0] + y[:, None] * g[:, None, :, 1]
        return (q * (to_q - (q * to_q).sum(axis=1, keepdims=True))).reshape(m.shape)

    return (p, gradient or back) if both else p


def test_soft_argmax_in_another_form_is_right_and_its_gradient_is_the_slope():
    assert check.soft_argmax(flat)
    rng = np.random.default_rng(1)
    m, g = rng.normal(size=(1, 4, 4, 2)), rng.normal(size=(1, 2, 2))
    p, gradient = check.OURS[check.soft_argmax](m)
    for k in rng.choice(m.size, 6, replace=False):
        step = 1e-5 * (np.arange(m.size) == k).reshape(m.shape)
        slope = ((check.OURS[check.soft_argmax](m + step)[0] - p) * g).sum() / 1e-5
        assert gradient(g).ravel()[k] == pytest.approx(slope, abs=1e-4)


@pytest.mark.parametrize("answer, step", [
    (lambda m: flat(m, both=False), "Two things"),
    (lambda m: flat(m, shift=False), "subtract each map's maximum"),
    (lambda m: flat(m, gradient=lambda g: None), "gradient returns None"),
    (lambda m: flat(m, gradient=lambda g: g), "shape"),
    (lambda m: (flat(m)[0], flat(m)[1](np.ones((len(m), m.shape[-1], 2)))), "gradient itself"),
    (lambda m: None, "return"),
])  # fmt: skip
def test_a_soft_argmax_nearly_right(answer, step):
    told = check.soft_argmax(answer)
    assert told.state == "wrong" and step in told.message, told


def test_every_known_mistake_of_soft_argmax_is_told_by_its_name():
    ours = check.OURS[check.soft_argmax]
    m, g = np.random.default_rng(0).normal(size=(2, 5, 5, 3)), np.ones((2, 3, 2))
    for message in check.wrong_places(m):
        told = check.soft_argmax(lambda m, message=message: (check.wrong_places(m)[message], ours(m)[1]))
        assert message in told.message
    for message in check.wrong_gradients(m, g):
        told = check.soft_argmax(
            lambda m, message=message: (ours(m)[0], lambda g: check.wrong_gradients(m, g)[message])
        )
        assert message in told.message


# --- exercise 3: a decoder of one's own --------------------------------------------------------------------


def window_in_a_loop(maps):
    places = heatmaps.argmax(maps).astype(float)
    for i, k in np.ndindex(places.shape[:2]):
        x, y = places[i, k].astype(int)
        part = maps[i, max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3, k] - np.median(maps[i, :, :, k])
        rows, columns = np.mgrid[: part.shape[0], : part.shape[1]]
        weight = np.maximum(part, 0)
        middle = np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()
        places[i, k] = middle + (max(x - 2, 0), max(y - 2, 0))
    return places


def test_a_decoder_of_one_s_own_right_and_nearly_right():
    assert check.decoder(window_in_a_loop)
    for answer, step in {
        heatmaps.dark: "dark itself", heatmaps.soft_argmax: "soft-argmax itself",
        (lambda maps: heatmaps.argmax(maps)[..., ::-1]): "three quarters", (lambda maps: maps): "shape",
        (lambda maps: heatmaps.argmax(maps) * np.nan): "no numbers", (lambda maps: None): "return",
        (lambda maps: heatmaps.soft_argmax(maps**4)): "worst are maps with a second peak",
    }.items():  # fmt: skip
        told = check.decoder(answer)
        assert told.state == "wrong" and step in told.message, told


@pytest.mark.parametrize("exercise", check.OURS, ids=lambda exercise: exercise.__name__)
def test_the_courses_own_answer_stands_in_until_the_check_passes(exercise):
    def stub(*given):
        return ...

    ours = check.OURS[exercise]
    assert exercise(stub).state == "untried"
    assert check.ready(stub, exercise) is ours and check.ready(ours, exercise) is ours and exercise(ours)


# --- pictures ----------------------------------------------------------------------------------------------


def test_a_map_reaches_over_its_whole_image():
    figure = plots.heatmaps(np.zeros((1, 32, 48, 3), np.uint8), np.eye(4)[None])
    assert list(figure.axes[0].images[-1].get_extent()) == [-0.5, 47.5, 31.5, -0.5]


def test_a_vote_is_drawn_from_its_cell_to_its_place():
    cells, own, voted = np.array([[[4, 4], [12, 4]]]), np.array([[6.0, 5]]), np.array([[[7.0, 6]]])
    figure = plots.votes(np.zeros((1, 32, 32, 3), np.uint8), 4, cells, own, voted)
    drawn = [line.get_xydata().tolist() for line in figure.axes[0].lines]
    assert [[4, 4], [6, 5]] in drawn and [[12, 4], [7, 6]] in drawn and [[6.5, 5.5]] in drawn
