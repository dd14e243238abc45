"""Notebooks 00 and 01: what their sliders show, the head that turns, and what their checks say."""

import numpy as np
import pytest

from facelm_helpers import metrics, plots, widgets
from facelm_helpers.checks import measuring_error, start_here
from facelm_helpers.landmarks import MIRROR
from facelm_helpers.plots import picture
from facelm_helpers.sources.synthetic import turning_head

ERRORS = {"a": np.array([0.0, 0.01, 0.03, 0.2]), "b": np.array([0.02, 0.04, 0.05, 0.06])}


# --- the head that turns ----------------------------------------------------------------------------------


def test_the_head_is_symmetric_and_its_nose_is_in_front_of_its_ears():
    x, y, z = turning_head().points.T
    np.testing.assert_allclose(x, -x[MIRROR], atol=1e-6)
    np.testing.assert_allclose(z, z[MIRROR], atol=1e-6)
    assert z[30] > z[27] > z[36] > z[0] and y[8] > y[57] > y[30] > y[27]


def test_seen_and_solid_points_agree_in_front_and_part_at_the_far_jaw():
    head = turning_head()
    assert 30 < head.limit < 90
    height = np.ptp(head(0).solid[:, 1])
    for degrees, most in ((0, 0.04), (30, 0.06)):
        view = head(degrees)
        away = np.linalg.norm(view.visible - view.solid, axis=1) / height
        assert away[17:].max() < most and away[:8].max() < most
    assert away[10:16].max() > 2 * away[:8].max()  # turned to the right, the right jaw is the far one


def test_beyond_its_limit_the_head_has_no_picture_and_beyond_a_profile_no_points():
    view = turning_head()(80)
    assert view.image is None and np.isfinite(view.solid).all()
    with pytest.raises(ValueError, match="91"):
        turning_head()(91)


def test_the_inter_ocular_distance_shrinks_as_the_cosine_and_the_box_hardly():
    head = turning_head()
    kept = {
        norm: metrics.normaliser(np.stack([head.solid(angle) for angle in (0, 60)]), norm)
        for norm in metrics.NORMALISERS
    }
    assert kept["inter_ocular"][1] / kept["inter_ocular"][0] == pytest.approx(0.5, abs=0.01)
    assert kept["box"][1] / kept["box"][0] > 0.9


# --- what the sliders show --------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", [0.015, 0.04, 0.15])
def test_the_shaded_area_is_the_auc_and_the_thick_line_the_failure_rate(threshold):
    figure = plots.ced_area(ERRORS, threshold, "a")
    (area,) = figure.axes[0].collections
    x, y = area.get_paths()[0].vertices.T
    size = abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2
    assert size / (100 * 100 * threshold) == pytest.approx(metrics.auc(ERRORS["a"], threshold))
    (gap,) = [line for line in figure.axes[0].lines if line.get_linewidth() == 4]
    assert np.ptp(gap.get_ydata()) == pytest.approx(100 * metrics.failure_rate(ERRORS["a"], threshold))


def test_the_legend_follows_the_threshold():
    first = [
        plots.ced_area(ERRORS, threshold, "a").axes[0].get_legend().get_texts()[0].get_text()[0]
        for threshold in (0.03, 0.15)
    ]
    assert first == ["a", "b"]


def test_the_turned_head_shows_what_is_left_of_each_normaliser():
    texts = plots.head_turn(turning_head(), 60, own=lambda p: 7.0).axes[1].get_legend().get_texts()
    shown = [text.get_text().split()[0] for text in texts]
    assert shown == [*metrics.NORMALISERS, "yours"] and texts[-1].get_text().endswith("100 %")


def test_a_slider_with_a_range_tells_what_it_shows_also_where_no_widget_runs():
    moved = widgets.Sliders(
        lambda percent: plots.ced_area(ERRORS, percent / 100, "a"),
        {"threshold": (1, 15, 8)},
        told=lambda percent: f"At {percent:.0f} percent.",
    )
    moved.sliders[0].value = 99
    assert moved.sliders[0].value == 15 and "At 15 percent." in moved.picture.value
    data, metadata = moved._repr_mimebundle_()
    assert picture.WIDGET in data and metadata["image/png"]["alt"] == "At 15 percent."


# --- checks -----------------------------------------------------------------------------------------------


def by_loop(x, truth, d):
    total = 0
    for a, b in zip(x, truth, strict=True):
        total += ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5
    return total / len(x) / d


def in_place(x, truth, d):
    x -= truth
    return np.hypot(*x.T).mean() / d


@pytest.mark.parametrize(("answer", "word"), [
    (lambda x, truth, d: np.linalg.norm(x - truth) / d, "axis"),
    (lambda x, truth, d: np.linalg.norm(x - truth, axis=-1) / d, "array"),
    (lambda x, truth, d: np.abs(x - truth).mean() / d, "sqrt"),
    (lambda x, truth, d: 100 * by_loop(x, truth, d), "percent"),
    (lambda x, truth, d: by_loop(x, truth, 1), "divide by d"),
    (lambda x, truth, d: 1.01 * by_loop(x, truth, d), "1 %"),
    (lambda x, truth, d: by_loop(x, truth, 2 * d), "136"),
    (lambda x, truth, d: by_loop(x, truth, np.linalg.norm(truth[36] - truth[45])), "given"),
    (lambda x, truth, d: None, "return"),
])  # fmt: skip
def test_a_wrong_nme_is_told_which_step_is_wrong(answer, word):
    verdict = measuring_error.nme(answer)
    assert verdict.state == "wrong" and word in verdict.message


@pytest.mark.parametrize("answer", [by_loop, in_place])
def test_an_nme_may_be_written_in_other_ways(answer):
    assert measuring_error.nme(answer)


def by_trapezoids(e, tau):
    t = np.linspace(0, tau, 2000)
    return np.trapezoid(metrics.ced(e, t), t) / tau


def test_an_auc_may_be_a_loop_but_no_integral_on_a_grid():
    assert measuring_error.auc(lambda e, tau: sum(max(0, 1 - one / tau) for one in e) / len(e))
    verdict = measuring_error.auc(by_trapezoids)
    assert verdict.state == "wrong" and "Near" in verdict.message and "0.08" in verdict.message
    assert "share of faces" in measuring_error.auc(lambda e, tau: (e <= tau).mean()).message
    assert "failure rate" in measuring_error.auc(lambda e, tau: (e > tau).mean()).message
    assert "limited the mean" in measuring_error.auc(lambda e, tau: max(0, np.mean(1 - e / tau))).message
    assert "percentage" in measuring_error.auc(lambda e, tau: 100 * np.clip(1 - e / tau, 0, 1).mean()).message
    assert measuring_error.auc(lambda e, tau: ...).state == "untried"


@pytest.mark.parametrize(("answer", "state"), [
    (lambda g: np.ptp(g[:, 1]), "right"),
    (lambda g: abs(g[8, 1] - g[19, 1]), "right"),
    (lambda g: 100.0, "wrong"),
    (lambda g: g[8, 1], "wrong"),
    (lambda g: np.ptp(g[:, 0]) * np.ptp(g[:, 1]), "wrong"),
    (lambda g: np.linalg.norm(g[36] - g[45]), "wrong"),
    (lambda g: np.linalg.norm(g[27] - g[30]), "wrong"),
    (lambda g: g[8] - g[27], "wrong"),
    (lambda g: None, "wrong"),
    (lambda g: ..., "untried"),
])  # fmt: skip
def test_a_normaliser_of_ones_own_is_judged_by_what_it_does(answer, state):
    assert measuring_error.normaliser(answer).state == state


@pytest.mark.parametrize(("answer", "state"), [
    ([36, 45], "right"), ((45, 36), "right"), ({36, 45}, "right"), (np.array([36.0, 45.0]), "right"),
    ([36, 45, 36], "wrong"), ([37, 46], "wrong"), ([39, 42], "wrong"), ([36], "wrong"), ("36, 45", "wrong"),
    ([36.7, 45.2], "wrong"), ([..., ...], "untried"),
])  # fmt: skip
def test_the_outer_corners(answer, state):
    assert start_here.outer_corners(answer).state == state


def test_a_mouth_ratio_may_be_rounded_but_not_upside_down():
    ours = start_here._mouth_ratio
    assert start_here.mouth_ratio(lambda p: round(ours(p), 2))
    assert "other way round" in start_here.mouth_ratio(lambda p: 1 / ours(p)).message
    assert (
        "inner"
        in start_here.mouth_ratio(
            lambda p: start_here._distance(p, 48, 54) / np.hypot(*(p[39] - p[42]))
        ).message
    )


@pytest.mark.parametrize(("answer", "word"), [
    (lambda p: start_here._distance(p, 49, 55) / start_here._distance(p, 37, 46), "MATLAB"),
    (lambda p: (p[54, 0] - p[48, 0]) / (p[45, 0] - p[36, 0]), "plane"),
    (lambda p: start_here._mouth_ratio(p) ** 2, "square root"),
    (lambda p: 100 * start_here._mouth_ratio(p), "100 times"),
])  # fmt: skip
def test_a_wrong_mouth_ratio_is_told_which_step_is_wrong(answer, word):
    assert word in start_here.mouth_ratio(answer).message


def test_rows_and_columns_exchanged_are_named():
    assert "rows come first" in start_here.paint(lambda image, p: red_nose(image, p[:, ::-1])).message


def red_nose(image, p):
    x, y = p[30].astype(int)
    image[y - 8 : y + 9, x - 8 : x + 9] = 220, 20, 20  # in place: the check gives copies
    return image


@pytest.mark.parametrize(("answer", "state"), [
    (red_nose, "right"),
    (lambda image, p: red_nose(image, np.full((68, 2), 100.0)), "wrong"),
    (lambda image, p: image, "wrong"),
    (lambda image, p: 255 - image, "wrong"),
    (lambda image, p: image / 2, "wrong"),
    (lambda image, p: red_nose(image, p) and None, "wrong"),
    (lambda image, p: ..., "untried"),
])  # fmt: skip
def test_paint_is_free_as_long_as_it_moves_with_the_face(answer, state):
    assert start_here.paint(answer).state == state


@pytest.mark.parametrize("lesson, names", [
    (measuring_error, ("nme", "auc", "normaliser")), (start_here, ("mouth_ratio", "paint")),
])  # fmt: skip
def test_until_an_answer_is_right_the_course_uses_its_own(lesson, names):
    for name in names:
        right, stub = getattr(lesson, f"_{name}"), lambda *given: ...
        stub.__name__ = right.__name__ = name
        assert lesson.ready(right) is right and lesson.ready(stub) is right
