"""The errors, checked against values worked by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelm_helpers import metrics
from facelm_helpers.landmarks import REGIONS

errors_of_faces = st.lists(st.floats(0, 1), min_size=1, max_size=40).map(np.array)
steady = settings(deadline=None, derandomize=True, max_examples=100)


@pytest.fixture
def truth():
    """One face: box 0..200 x 0..50, outer eye corners 60 apart, eye centres 40 apart."""
    face = np.full((68, 2), 100.0)
    face[:, 1] = 25.0
    face[0], face[16] = (0, 0), (200, 50)
    face[36:42] = (80, 25)
    face[42:48] = (120, 25)
    face[36], face[45] = (70, 25), (130, 25)
    face[37], face[44] = (90, 25), (110, 25)  # keeps the eye centres where they are
    return face[None]


@pytest.mark.parametrize(
    "norm, length",
    [("inter_ocular", 60), ("inter_pupil", 40), ("box", 100), ("diagonal", np.hypot(200, 50))],
)
def test_nme_by_hand(truth, norm, length):
    # every point is off by (3, 4): five pixels
    error = metrics.nme(truth + (3, 4), truth, norm=norm)
    assert error.shape == (1,)
    np.testing.assert_allclose(error, 5 / length)


def test_nme_averages_over_the_points(truth):
    predicted = truth.copy()
    predicted[0, 30] += (0, 6.8)  # one point of 68
    np.testing.assert_allclose(metrics.nme(predicted, truth), 6.8 / 68 / 60)


def test_nme_of_some_points_keeps_the_normaliser_of_the_whole_face(truth):
    predicted = truth.copy()
    predicted[0, 30] += (0, 9)
    np.testing.assert_allclose(metrics.nme(predicted, truth, points=REGIONS["nose"]), 9 / 9 / 60)
    assert metrics.nme(predicted, truth, points=REGIONS["mouth"]) == 0


def test_nme_of_two_faces_is_each_by_itself(truth):
    both = np.concatenate([truth, 2 * truth])
    np.testing.assert_allclose(metrics.nme(both + (3, 4), both), [5 / 60, 5 / 120])


def test_invisible_points_do_not_count_and_may_be_nan(truth):
    visible = np.ones((1, 68), bool)
    visible[0, 10] = False
    predicted, hidden = truth + (3, 4), truth.copy()
    predicted[0, 10] += 1000
    hidden[0, 10] = np.nan
    for norm in metrics.NORMALISERS:
        expected = metrics.nme(truth + (3, 4), truth, norm)
        np.testing.assert_allclose(metrics.nme(predicted, hidden, norm, visible=visible), expected)


def test_scaling_the_picture_changes_no_error(truth):
    rng = np.random.default_rng(0)
    predicted = truth + rng.normal(size=truth.shape)
    for norm in metrics.NORMALISERS:
        expected = metrics.nme(predicted, truth, norm)
        np.testing.assert_allclose(metrics.nme(3 * predicted, 3 * truth, norm), expected)


def test_a_normaliser_of_zero_names_the_face(truth):
    flat = np.concatenate([truth, truth])
    flat[1, 45] = flat[1, 36]
    with pytest.raises(ValueError, match="inter_ocular normaliser of face 1 is 0"):
        metrics.nme(flat, flat)


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(norm="eyes"), "no normaliser called 'eyes'"),
        (dict(visible=np.ones((2, 68), bool)), r"visible has shape \(2, 68\): wanted \(1, 68\)"),
        (dict(visible=np.zeros((1, 68), bool)), "face 0 has no visible point"),
    ],
)
def test_nme_refuses_in_words(truth, change, message):
    with pytest.raises(ValueError, match=message):
        metrics.nme(truth, truth, **change)


def test_nme_refuses_nan_and_shapes_that_do_not_fit(truth):
    broken = truth.copy()
    broken[0, 20] = np.nan
    with pytest.raises(ValueError, match="predicted points of face 0 hold NaN"):
        metrics.nme(broken, truth)
    broken[0, 20] = 5, np.nan
    with pytest.raises(ValueError, match="truth points of face 0 hold NaN"):
        metrics.nme(truth, broken)
    broken[0, 36] = np.nan
    with pytest.raises(ValueError, match="normaliser of face 0 is nan.* norm='box'"):
        metrics.nme(truth, broken)
    with pytest.raises(ValueError, match=r"wanted \(N, 68, 2\)"):
        metrics.nme(truth[:, :67], truth[:, :67])
    with pytest.raises(ValueError, match="wanted the same"):
        metrics.nme(np.concatenate([truth, truth]), truth)


@pytest.mark.parametrize("norm", metrics.NORMALISERS)
def test_hidden_points_are_left_out(truth, norm):
    predicted, hidden, visible = truth + (3, 4), truth.copy(), np.ones((1, 68), bool)
    hidden[0, [8, 30, 60]], visible[0, [8, 30, 60]] = np.nan, False
    predicted[0, 30] = 1e6
    wanted = metrics.nme(predicted, truth, norm, visible=visible)
    np.testing.assert_allclose(metrics.nme(predicted, hidden, norm), wanted)


def test_a_region_has_a_name_and_points_are_indices(truth):
    predicted = truth + np.arange(68)[:, None]
    by_name, by_index = (metrics.nme(predicted, truth, points=p) for p in ("mouth", np.arange(48, 68)))
    np.testing.assert_array_equal(by_name, by_index)
    for points in ("lips", [68], [0.5], ["mouth"], [-69]):
        with pytest.raises(ValueError, match="no region is called 'lips'|no indices of 68 points"):
            metrics.nme(predicted, truth, points=points)


def test_percent_is_warned_of():
    for measure in (metrics.auc, metrics.failure_rate, lambda e: metrics.ced(e, [0.1]),
                    lambda e: metrics.leaderboard({"a": e})):  # fmt: skip
        with pytest.warns(UserWarning, match="are they percent"):
            measure([3.2, 4.1, 5.5])


# --- from errors to one number


def test_ced_by_hand():
    assert metrics.ced([0.04, 0.02, 0.06, 0.5], [0, 0.02, 0.05, 1]).tolist() == [0, 0.25, 0.5, 1]


@steady
@given(errors_of_faces)
def test_ced_never_falls_and_ends_at_one(errors):
    curve = metrics.ced(errors, np.linspace(0, 1, 101))
    assert np.all(np.diff(curve) >= 0) and curve[-1] == 1


@steady
@given(errors_of_faces, st.floats(0.01, 1))
def test_auc_is_the_mean_of_clipped_margins(errors, t):
    assert np.isclose(metrics.auc(errors, t), np.mean(np.clip(1 - errors / t, 0, 1)))


@settings(deadline=None, derandomize=True, max_examples=30)
@given(errors_of_faces, st.floats(0.05, 1))
def test_auc_is_the_integral_of_the_ced(errors, t):
    middles = (np.arange(20_000) + 0.5) * t / 20_000
    integral = metrics.ced(errors, middles).mean()  # of a step function, over t
    assert np.isclose(metrics.auc(errors, t), integral, atol=1e-3)


def test_auc_and_failure_rate_at_their_ends():
    assert metrics.auc([0, 0]) == 1 and metrics.failure_rate([0, 0]) == 0
    assert metrics.auc([1, 1]) == 0 and metrics.failure_rate([1, 1]) == 1
    assert metrics.failure_rate([0.08, 0.0801], threshold=0.08) == 0.5  # at the threshold is no failure


@steady
@given(errors_of_faces, st.floats(0.01, 1))
def test_failures_are_what_the_ced_misses(errors, t):
    assert np.isclose(metrics.failure_rate(errors, t), 1 - metrics.ced(errors, [t])[0])


def test_bootstrap_is_deterministic_and_shrinks_with_more_faces():
    errors = np.random.default_rng(0).gamma(4, 0.01, 400)
    low, high = metrics.bootstrap(errors)
    assert (low, high) == metrics.bootstrap(errors)
    assert low < errors.mean() < high
    few_low, few_high = metrics.bootstrap(errors[:25])
    assert high - low < few_high - few_low
    # the textbook's normal interval of a mean
    half = 1.96 * errors.std() / np.sqrt(len(errors))
    np.testing.assert_allclose((low, high), (errors.mean() - half, errors.mean() + half), atol=3e-4)


def test_the_bootstrap_draws_pairs_and_whole_groups():
    rng = np.random.default_rng(0)
    a, people = rng.uniform(0.02, 0.08, 60), np.repeat(np.arange(6), 10)
    assert metrics.bootstrap(a, lambda a, b: np.mean(b - a), paired=a + 0.01) == pytest.approx((0.01, 0.01))
    alike = 0.03 + 0.01 * people  # each person's faces are alike: six pieces of evidence, not sixty
    low, high = metrics.bootstrap(alike)
    wide = metrics.bootstrap(alike, groups=people)
    assert wide[1] - wide[0] > 2 * (high - low)
    with pytest.raises(ValueError, match="60 errors"):
        metrics.bootstrap(a, groups=people[:5])


def test_bootstrap_of_another_statistic():
    errors = np.linspace(0, 0.1, 101)
    low, high = metrics.bootstrap(errors, statistic=np.median)
    assert 0.02 < low < 0.05 < high < 0.08


def test_leaderboard_is_sorted_and_complete():
    rows = metrics.leaderboard({"b": [0.05, 0.15], "a": [0.02, 0.04]}, threshold=0.1)
    assert [row["method"] for row in rows] == ["a", "b"]
    assert list(rows[0]) == ["method", "nme", "low", "high", "median", "auc", "failure_rate", "faces"]
    assert rows[1]["nme"] == pytest.approx(0.1) and rows[1]["failure_rate"] == 0.5 and rows[1]["faces"] == 2
    assert rows[1]["auc"] == pytest.approx(0.25)
    assert rows[0]["low"] <= rows[0]["nme"] <= rows[0]["high"]


@pytest.mark.parametrize("bad", [[], [0.1, np.nan], [-0.1], [[0.1]]])
def test_errors_that_are_none_are_refused(bad):
    for statistic in (metrics.auc, metrics.failure_rate, metrics.bootstrap, lambda e: metrics.ced(e, [0.1])):
        with pytest.raises(ValueError, match="errors"):
            statistic(bad)
    with pytest.raises(ValueError, match="errors of 'mine'"):
        metrics.leaderboard({"mine": bad})


def test_a_threshold_of_zero_is_refused():
    with pytest.raises(ValueError, match="threshold is 0"):
        metrics.auc([0.1], threshold=0)
