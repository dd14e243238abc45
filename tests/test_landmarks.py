"""The annotation scheme and the geometry of shapes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facelm_helpers import geometry as geo
from facelm_helpers import landmarks as lm
from facelm_helpers.boxes import tight_boxes

shapes = arrays(np.float64, (68, 2), elements=st.floats(-500, 500, width=32))
angles, scales, shifts = st.floats(-3.1, 3.1), st.floats(0.1, 10), st.floats(-300, 300)
steady = settings(deadline=None, derandomize=True, max_examples=50)


def random_shape(seed, k=68):
    return np.random.default_rng(seed).normal(size=(k, 2)) * 40 + 100


def a_similarity(angle, scale, x, y):
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, -s, x], [s, c, y]])


def test_the_regions_are_the_68_points_each_once():
    assert list(lm.REGIONS) == ["jaw", "brows", "nose", "eyes", "mouth"]
    assert np.concatenate(list(lm.REGIONS.values())).tolist() == list(range(lm.N_POINTS))
    assert np.concatenate([lm.LEFT_EYE, lm.RIGHT_EYE]).tolist() == lm.REGIONS["eyes"].tolist()


def test_mirror_order_is_an_involution_that_keeps_the_regions():
    assert np.array_equal(lm.MIRROR[lm.MIRROR], np.arange(68))
    assert [i for i in range(68) if lm.MIRROR[i] == i] == [8, 27, 28, 29, 30, 33, 51, 57, 62, 66]
    for region in lm.REGIONS.values():
        assert set(lm.MIRROR[region]) == set(region)
    pairs = {0: 16, 17: 26, 21: 22, 31: 35, 36: 45, 37: 44, 39: 42, 41: 46, 48: 54, 49: 53, 59: 55, 67: 65}
    assert all(lm.MIRROR[a] == b for a, b in pairs.items())


@steady
@given(shapes, st.integers(1, 1000))
def test_mirroring_twice_is_the_identity(shape, width):
    twice = lm.mirror(lm.mirror(shape, width), width)
    np.testing.assert_allclose(twice, shape, atol=1e-3)


def test_mirror_moves_the_outermost_pixels_onto_each_other():
    shape = np.zeros((1, 68, 2))
    mirrored = lm.mirror(shape, width=10)
    assert np.all(mirrored[..., 0] == 9) and np.all(mirrored[..., 1] == 0)


# --- other annotation schemes


@pytest.mark.parametrize("scheme", lm.SCHEMES)
def test_every_scheme_has_its_number_of_points_and_weights_that_sum_to_one(scheme):
    matrix = lm.SCHEMES[scheme].matrix
    assert matrix.shape == (int(scheme), 68)
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    converted = lm.convert(np.stack([random_shape(0), random_shape(1)]), scheme)
    assert converted.shape == (2, int(scheme), 2) and converted.dtype == np.float32


@pytest.mark.parametrize("scheme", lm.SCHEMES)
def test_a_scheme_called_exact_only_chooses_points(scheme):
    choice = np.isin(lm.SCHEMES[scheme].matrix, [0, 1]).all()
    assert choice == lm.SCHEMES[scheme].exact


@steady
@given(shapes)
def test_98_points_give_the_68_back(shape):
    np.testing.assert_allclose(lm.convert(lm.convert(shape, "98"), "68"), shape, atol=1e-3)


def test_the_98_lie_between_their_neighbours():
    # jaw on a circle: the interpolated points lie on it too
    shape = random_shape(0)
    angle = np.linspace(0, np.pi, 17)
    shape[:17] = np.stack([100 * np.cos(angle), 100 * np.sin(angle)], axis=1)
    jaw = lm.convert(shape, "98")[:33]
    np.testing.assert_allclose(np.linalg.norm(jaw[2:-2], axis=1), 100, atol=0.01)
    np.testing.assert_allclose(lm.convert(shape, "98")[96], shape[36:42].mean(axis=0), rtol=1e-6)


def test_five_points_by_hand():
    shape = random_shape(3)
    five = lm.convert(shape, "5")
    by_hand = [shape[36:42].mean(axis=0), shape[42:48].mean(axis=0), shape[30], shape[48], shape[54]]
    np.testing.assert_allclose(five, by_hand, rtol=1e-6)


def test_51_drops_the_jaw_and_49_two_mouth_corners_more():
    numbers = np.repeat(np.arange(68.0)[:, None], 2, axis=1)
    assert lm.convert(numbers, "51")[:, 0].tolist() == list(range(17, 68))
    assert lm.convert(numbers, "49")[:, 0].tolist() == [i for i in range(17, 68) if i not in (60, 64)]


def test_points_of_a_scheme_are_found_from_98_as_from_68():
    shape = random_shape(5)
    for scheme in lm.SCHEMES:
        from_98 = lm.convert(lm.convert(shape, "98"), scheme)
        np.testing.assert_allclose(from_98, lm.convert(shape, scheme), atol=1e-3)


@pytest.mark.parametrize("scheme", ["5", "19", "21", "29", "49", "51", "98"])
def test_conversion_of_a_mirrored_face_is_the_mirrored_conversion(scheme):
    # as sets of points: each annotation scheme has a mirror order of its own
    shape = random_shape(7)
    a = lm.convert(lm.mirror(shape, 200), scheme)
    b = lm.convert(shape, scheme)
    b[:, 0] = 199 - b[:, 0]
    order = [np.lexsort(points.round(2).T) for points in (a, b)]
    np.testing.assert_allclose(a[order[0]], b[order[1]], atol=0.02)


def test_tight_boxes_by_hand():
    points = np.array([[[3, 4], [1, 9], [2, 2]], [[0, 0], [-1, 5], [7, 1]]])
    assert tight_boxes(points).tolist() == [[1, 2, 3, 9], [-1, 0, 7, 5]]
    assert tight_boxes(points).dtype == np.float32


# --- transforms


@steady
@given(angles, scales, shifts, shifts)
def test_similarity_finds_the_transform_that_was_applied(angle, scale, x, y):
    shape, transform = random_shape(0), a_similarity(angle, scale, x, y)
    found = geo.similarity(shape, geo.apply_transform(transform, shape))
    np.testing.assert_allclose(found, transform, atol=1e-6)


def test_similarity_agrees_with_the_singular_value_solution():
    source, target = random_shape(0), random_shape(1)
    x, y = source - source.mean(axis=0), target - target.mean(axis=0)
    u, s, vt = np.linalg.svd(y.T @ x)
    sign = np.diag([1, np.linalg.det(u @ vt)])  # no reflection
    expected = u @ sign @ vt * (s * np.diag(sign)).sum() / (x**2).sum()
    np.testing.assert_allclose(geo.similarity(source, target)[:, :2], expected, atol=1e-10)


def test_similarity_never_reflects():
    shape = random_shape(0)
    transform = geo.similarity(shape, shape * [-1, 1])
    assert np.linalg.det(transform[:, :2]) >= 0


def test_many_similarities_at_once_are_the_single_ones():
    sources, target = np.stack([random_shape(i) for i in range(4)]), random_shape(9)
    together = geo.similarity(sources, target)
    assert together.shape == (4, 2, 3)
    for source, transform in zip(sources, together, strict=True):
        np.testing.assert_allclose(geo.similarity(source, target), transform)
    moved = geo.apply_transform(together, sources)
    np.testing.assert_allclose(moved[2], geo.apply_transform(together[2], sources[2]))


@steady
@given(angles, scales, shifts, shifts)
def test_inverse_and_composition(angle, scale, x, y):
    first, second = a_similarity(angle, scale, x, y), np.array([[2.0, 0.5, 3], [0, 1, -4]])
    shape = random_shape(2)
    np.testing.assert_allclose(
        geo.apply_transform(geo.invert_transform(first), geo.apply_transform(first, shape)), shape, atol=1e-6
    )
    np.testing.assert_allclose(
        geo.apply_transform(geo.compose(second, first), shape),
        geo.apply_transform(second, geo.apply_transform(first, shape)),
        atol=1e-6,
    )


# --- Procrustes


def test_procrustes_of_copies_of_one_shape_makes_them_equal():
    shape = random_shape(0)
    copies = [geo.apply_transform(a_similarity(0.3 * i, 1 + i, 10 * i, -i), shape) for i in range(5)]
    aligned, mean = geo.procrustes(np.stack(copies))
    np.testing.assert_allclose(aligned, np.tile(mean, (5, 1, 1)), atol=1e-9)
    np.testing.assert_allclose(mean.mean(axis=0), 0, atol=1e-12)
    assert np.isclose((mean**2).sum(), 1)


@settings(deadline=None, derandomize=True, max_examples=20)
@given(st.lists(st.tuples(st.floats(-0.5, 0.5), scales, shifts, shifts), min_size=6, max_size=6))
def test_procrustes_does_not_care_how_a_shape_was_moved_turned_or_scaled(moves):
    base = random_shape(0)
    shapes = np.stack([base + np.random.default_rng(i).normal(size=(68, 2)) * 3 for i in range(6)])
    moved = np.stack(
        [geo.apply_transform(a_similarity(*move), shape) for move, shape in zip(moves, shapes, strict=True)]
    )
    (a, mean_a), (b, mean_b) = geo.procrustes(shapes), geo.procrustes(moved)
    turn = geo.similarity(mean_b, mean_a)  # the common frame may be turned
    np.testing.assert_allclose(geo.apply_transform(turn, b), a, atol=1e-5)


def test_procrustes_keeps_upright_faces_upright():
    base = random_shape(0)
    bases = [geo.apply_transform(a_similarity(angle, 2, 5, 5), base) for angle in (0.4, -0.2, -0.2)]
    _, mean = geo.procrustes(np.stack(bases))
    turn = geo.similarity(base, mean)
    assert abs(np.arctan2(turn[1, 0], turn[0, 0])) < 0.01
