"""Notebook 07: its checks tell right answers from nearly right ones; what it draws is what it is given."""

import json
import re
import types

import numpy as np
import pytest
from test_notebooks import ROOT, code_of, definitions, output_of, read, solved

from facelm_helpers import heatmaps, methods, metrics, networks, plots, protocol, sources
from facelm_helpers.checks import heatmaps as check

NOTEBOOK = ROOT / "notebooks" / "07_heatmaps.ipynb"

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


# --- pictures ----------------------------------------------------------------------------------------------


def test_a_map_reaches_over_its_whole_image():
    figure = plots.heatmaps(np.zeros((1, 32, 48, 3), np.uint8), np.eye(4)[None])
    assert list(figure.axes[0].images[-1].get_extent()) == [-0.5, 47.5, 31.5, -0.5]


def test_a_vote_is_drawn_from_its_cell_to_its_place():
    cell, own = np.array([[[0, 0], [1, 0]]]), np.array([[[0.75, 0.5], [1.5, 0.5]]])
    votes = np.array([[[[1.6, 0.4]], [[0.25, 1.0]]]])  # point 1 of the other, 0
    images, table = np.zeros((1, 32, 32, 3), np.uint8), np.array([[1], [0]])
    figure = plots.votes(images, 4, cell, own, votes, table, [0], truth=np.array([[0.5, 0.75]]))
    drawn = [line.get_xydata().tolist() for line in figure.axes[0].lines]
    assert [[3.5, 3.5], [5.5, 3.5]] in drawn and [[11.5, 3.5], [1.5, 7.5]] in drawn
    assert [[3.5, 5.5]] in drawn  # the ring, and the mean of both words, at the same place
    assert drawn.count([[3.5, 5.5]]) == 2


# --- what the notebook claims ------------------------------------------------------------------------------


def numbers(words):
    """The lines of a cell's output as lists of their numbers."""
    return [
        list(map(float, re.findall(r"-?\d+\.?\d*", line))) for line in output_of(NOTEBOOK, words).split("\n")
    ]


def test_the_decoders_of_the_notebook_are_those_of_the_package():
    p = np.array([[[3.3, 4.6]]])
    (gaussian,) = definitions(solved(NOTEBOOK), "gaussian")
    np.testing.assert_allclose(gaussian(p, 9, 1.5), heatmaps.gaussian(p, 9, 1.5), atol=1e-6)
    for name in ("argmax", "quarter"):
        *_, decode = definitions(solved(NOTEBOOK), *dict.fromkeys(("argmax", name)))
        found = decode(gaussian(p, 9)[0, :, :, 0])
        np.testing.assert_allclose(found, heatmaps.DECODERS[name](gaussian(p, 9))[0, 0])


def test_argmax_and_the_quarter_pixel_are_as_wrong_as_the_formula_says():
    rows = [row for row in numbers("exact = ") if row]
    assert [row[0] for row in rows] == [8, 16, 32, 64]
    for row in rows:
        assert row[2] == pytest.approx(row[3], rel=0.06) and row[4] == pytest.approx(row[5], rel=0.03)


def test_fan_s_maps_are_read_best_by_their_mean_and_worse_by_argmax_the_smaller_they_are():
    rows = [row[2:6] for row in numbers("def pooled") if row]
    assert len(rows) == 3 and all(row[3] == min(row) and row[0] == max(row) for row in rows)
    assert rows[0][0] < rows[1][0] < rows[2][0]


def test_the_wider_a_map_the_larger_the_error():
    rows = np.array([row for row in numbers("np.array_split(np.argsort(spread)") if row])
    assert len(rows) == 5 and (np.diff(rows, axis=0) > 0).all() and rows[-1, 1] > 1.5 * rows[0, 1]


def test_dan_s_inside_is_what_the_formulas_say():
    assert output_of(NOTEBOOK, "a is the network's pose").count("True") == 2
    rows = [row for row in numbers("compute_gradient") if row]
    assert len(rows) == 4 and all(one == pytest.approx(other, abs=0.03) for one, other in rows)


def test_neighbours_help_where_the_cell_is_wrong_and_costs_are_equal():
    (_, own_wrong), (_, voted_wrong) = [row for row in numbers("together(own, votes)") if len(row) == 2]
    assert voted_wrong < 0.9 * own_wrong
    work = {line.split()[0]: row[-1] for line, row in zip(
        output_of(NOTEBOOK, "work = ").split("\n"), numbers("work = "), strict=True) if row}  # fmt: skip
    assert work["pipnet"] == pytest.approx(work["senet"], rel=0.05)
    assert work["heatmap_offset"] == pytest.approx(work["senet"], rel=0.05)
    assert work["fan"] > 4 * work["senet"] and work["dan"] > 2 * work["senet"]


@pytest.mark.slow
def test_fan_finds_faces_beside_the_middle_and_dan_those_that_lean():
    faces = sources.load("synthetic", n=24, seed=8, progress=False)

    def error(found, truth):
        return metrics.nme(found, truth, "box").mean()

    beside = faces.boxes + np.float32(0.3) * np.ptp(faces.boxes[:, ::2], axis=1)[:, None]
    errors = {name: error(methods.load(name).predict(faces.images, beside), faces.points)
              for name in ("vanilla_cnn", "senet", "fan")}  # fmt: skip
    assert errors["fan"] < 0.8 * min(errors["senet"], errors["vanilla_cnn"])
    turned = [protocol.turn(*face, 60) for face in zip(faces.images, faces.points, faces.boxes, strict=True)]
    images, points = [image for image, _ in turned], np.stack([points for _, points in turned])
    _, first, second = methods.load("dan").predict(images, faces.boxes, stages=True)
    fan = methods.load("fan").predict(images, faces.boxes)
    assert error(second, points) < 0.8 * error(first, points) < error(first, points) < error(fan, points)


def test_dark_finds_the_middle_of_a_gaussian_and_goes_one_pixel_at_most():
    rng = np.random.default_rng(0)
    p = rng.uniform(4, 11, (3, 8, 2))
    maps = heatmaps.gaussian(p, 16, 1.5)
    np.testing.assert_allclose(heatmaps.dark(maps), p, atol=0.03)
    noisy = maps + rng.uniform(0, 0.3, maps.shape)
    assert np.abs(heatmaps.dark(noisy) - heatmaps.argmax(noisy)).max() <= 1
    (dark,) = definitions(solved(NOTEBOOK), "argmax", "dark")[1:]
    np.testing.assert_allclose(dark(maps[0, :, :, 0]), p[0, 0], atol=1e-5)


MAPS = {"stem": 16, "channels": [64, 128, 256], "blobs": [1, 2, 2], "head": 48, "size": 128}
EQUAL = {"channels": [64, 128, 256, 256], "blobs": [1, 2, 2, 2]}


def families(folder, record, capsys):
    """What the cell that compares the families prints with a made-up record."""
    (folder / "seeds.json").write_text(json.dumps(record), encoding="utf-8")
    (costs,) = definitions(solved(NOTEBOOK), "costs")
    costs.__globals__["networks"] = networks
    space = {"json": json, "paths": types.SimpleNamespace(RESULTS=folder), "protocol": protocol,
             "methods": methods, "costs": costs}  # fmt: skip
    cell = next(cell for cell in code_of(read(NOTEBOOK)) if "def verdict" in cell.source)
    exec(compile(cell.source, "07", "exec"), space)
    return capsys.readouterr().out


def runs(method, settings, *errors):
    return {str(seed): {"method": method, "settings": settings, "crops": 64, "nme": {"lfpw": error}}
            for seed, error in enumerate(errors, start=1)}  # fmt: skip


@pytest.mark.slow
def test_families_are_told_apart_beyond_the_spread_of_their_starts_and_at_equal_cost_only(tmp_path, capsys):
    maps = runs("heatmap_offset", MAPS, 0.050, 0.052, 0.051)
    record = {"equal_heatmap": maps, "equal_senet": runs("senet", EQUAL, 0.060, 0.062, 0.061)}
    told = families(tmp_path, record, capsys)
    assert "-1.00 points" in told and "maps are better" in told and "NOT" not in told
    record["equal_senet"] = runs("senet", EQUAL, 0.040, 0.062, 0.061)
    assert "not to be told apart" in families(tmp_path, record, capsys)
    record["equal_senet"] = runs("senet", {}, 0.040, 0.042, 0.041)  # the default is narrower
    assert "NOT equal" in families(tmp_path, record, capsys)


def test_families_that_were_not_run_are_not_compared(tmp_path, capsys):
    for record in ({}, {"equal_heatmap": runs("heatmap_offset", MAPS, 0.05, 0.06)}):
        assert families(tmp_path, record, capsys).strip() == "Not measured yet."
