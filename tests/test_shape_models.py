"""The point distribution model, and the active shape and appearance models on it."""

import functools

import numpy as np
import pytest

from facelm_helpers import methods, metrics, plots, sources, widgets
from facelm_helpers.faces import FaceSet
from facelm_helpers.geometry import Mesh, apply_transform, yaw
from facelm_helpers.methods import asm
from facelm_helpers.methods._shape import _profiles, _shape_model
from facelm_helpers.plots import picture

TINY = {
    "asm": {"iterations": 4, "views": 3},
    "aam": {"widths": [20, 32], "iterations": 4, "textures": 25, "views": 3},
}
TURN = np.array([[0.0, -30.0, 50.0], [30.0, 0.0, 70.0]])


@functools.cache
def faces():
    return sources.load("synthetic", n=150, progress=False)


@functools.cache
def fitted(name):
    return methods.create(name, **TINY[name]).fit(faces()[:110], progress=False)


def test_the_model_keeps_the_asked_share_of_variance():
    model = _shape_model.fit(faces().points, 0.9)
    larger = _shape_model.fit(faces().points, 0.99)
    assert 2 < len(model.variances) < len(larger.variances) < 60
    assert np.allclose(larger.components @ larger.components.T, np.eye(len(larger.components)), atol=1e-9)
    assert np.all(np.diff(larger.variances) <= 0)


def test_the_nearest_face_to_a_face_of_the_model_is_itself():
    model = _shape_model.fit(faces().points, 0.95)
    b = np.random.default_rng(0).normal(size=(5, len(model.variances))) * np.sqrt(model.variances)
    S = apply_transform(TURN, model.shapes(b))
    nearest, found = model.nearest(S, iterations=20)
    assert np.abs(nearest - S).max() < 0.05
    assert np.abs(found - b).max() < 0.15 * np.sqrt(model.variances[0])


def test_b_stays_within_three_standard_deviations():
    model = _shape_model.fit(faces().points, 0.95)
    wild = np.random.default_rng(0).uniform(0, 100, (4, 68, 2))
    _, b = model.nearest(wild)
    assert np.all(np.abs(b) <= 3 * np.sqrt(model.variances) + 1e-9)


def test_one_shape_gives_a_model_without_components():
    model = _shape_model.fit(faces().points[:1])
    assert len(model.variances) == 0
    S, b = model.nearest(faces().points[:1])
    assert np.abs(S - faces().points[:1]).max() < 1e-6 and b.shape == (1, 0)


def test_views_part_the_faces_by_how_far_they_are_turned():
    S = faces().points
    view = _shape_model.views(S, 3)
    assert np.bincount(view).tolist() == [50, 50, 50]
    turned = [yaw(S[view == v]) for v in range(3)]
    assert turned[0].max() <= turned[1].min() and turned[1].max() <= turned[2].min()
    assert len(_shape_model.starts(S, view, (0.0, 0.1))) == 6
    assert set(_shape_model.views(S[:30], 5)) == {0}


def test_a_shape_that_shrinks_to_a_point_is_brought_back():
    S = faces().points[:2].astype(float)
    middle = S.mean(axis=1, keepdims=True)
    small = _shape_model.bounded(middle + 0.01 * (S - middle), S, most=2)
    assert np.allclose(small, middle + (S - middle) / 2)
    assert np.allclose(_shape_model.bounded(S, S), S)


@pytest.mark.parametrize("variance", [0, 1.5, -1])
def test_a_share_that_is_none_is_refused(variance):
    with pytest.raises(ValueError, match="share above 0"):
        _shape_model.fit(faces().points, variance)


def test_normals_are_square_to_the_lines():
    n = _profiles.normals(faces().points[:3].astype(float))
    assert np.allclose(np.linalg.norm(n, axis=2), 1)
    along = faces().points[:3, 9] - faces().points[:3, 7]
    assert np.allclose((n[:, 8] * along).sum(axis=1), 0, atol=1e-4)


def test_a_profile_sees_an_edge_at_its_middle():
    picture = np.zeros((1, 64, 64), np.float32)
    picture[:, :, 32:] = 100
    S = np.full((1, 68, 2), 31.5)
    S[0, :, 1] = np.linspace(5, 60, 68)  # one vertical line, on the edge
    g = _profiles.profiles(picture, S, reach=3)
    assert np.all(np.abs(g[0, 4]).argmax() == 3) and np.isclose(np.abs(g[0, 4]).sum(), 1, atol=1e-3)


@pytest.mark.parametrize("name", TINY)
def test_beats_the_mean_shape_on_unseen_faces(name):
    test = faces()[110:]
    start = methods.create("mean_shape").fit(faces()[:110]).predict(test.images, test.boxes)
    found = fitted(name).predict(test.images, test.boxes)
    assert metrics.nme(found, test.points).mean() < 0.9 * metrics.nme(start, test.points).mean()


@pytest.mark.parametrize("name", TINY)
def test_saving_changes_nothing(name, tmp_path):
    aligner, test = fitted(name), faces()[110:115]
    again = type(aligner).load(aligner.save(tmp_path / "weights.npz"))
    assert again.configuration() == aligner.configuration()
    assert np.array_equal(again.predict(test.images, test.boxes), aligner.predict(test.images, test.boxes))


@pytest.mark.parametrize("name", TINY)
def test_the_walk_ends_at_the_prediction(name):
    test = faces()[110:114]
    walk = fitted(name).predict(test.images, test.boxes, stages=True)
    assert walk.shape[1:] == (4, 68, 2) and len(walk) > 4
    assert np.array_equal(walk[-1], fitted(name).predict(test.images, test.boxes))


@pytest.mark.parametrize("name", TINY)
def test_one_face_a_constant_picture_and_a_face_cut_by_the_border(name):
    flat = np.full((90, 90, 3), 77, np.uint8)
    points = np.random.default_rng(0).uniform(20, 60, (68, 2))
    for train in (faces()[:1], FaceSet([flat] * 3, [points] * 3)):
        aligner = methods.create(name, **TINY[name]).fit(train, progress=False)
        found = aligner.predict([flat, faces().images[0]], [[20, 20, 60, 60], [90, 80, 150, 140]])
        assert np.isfinite(found).all()


@pytest.mark.parametrize("name", TINY)
def test_a_box_as_the_detector_sets_it_serves_too(name):
    test = faces()[110:]
    side = (test.boxes[:, 2:] - test.boxes[:, :2]).max(axis=1)
    raised = test.boxes - 0.1 * side[:, None] * np.array([0, 1, 0, 1])
    found = (fitted(name).predict(test.images, boxes) for boxes in (test.boxes, raised))
    tight, moved = (metrics.nme(points, test.points) for points in found)
    assert np.median(moved) < 1.3 * np.median(tight)


def test_the_story_of_the_search_has_its_steps():
    image, _, box = faces()[111]
    story = fitted("asm").search(image, box, steps=True)
    assert [step.name for step in story[:4]] == ["base", "anchors", "aligned", "search"]
    assert {step.level for step in story} == {0, 1, 2}
    moved = np.flatnonzero(np.abs(story[1].S - story[0].S).max(axis=(0, 2)) > 1e-3)
    assert set(moved) <= set(asm.ANCHORS)
    assert np.array_equal(story[-1].S[0], fitted("asm").search(image, box))


def test_the_warp_of_an_affine_move_is_that_move():
    mesh = Mesh(faces().points.mean(axis=0), 24)
    S = apply_transform(TURN, mesh.points)[None]
    assert np.allclose(mesh.warp(S)[0], apply_transform(TURN, mesh.pixels))
    change = np.random.default_rng(0).normal(size=(1, 68, 2))
    assert np.allclose(S - mesh.step_back(S, change), change @ TURN[:, :2].T)


def test_the_gradient_of_a_ramp_is_its_slope():
    mesh = Mesh(faces().points.mean(axis=0), 24)
    slope = mesh.gradient((mesh.pixels @ [2.0, -1.0])[None])[0]
    inner = (slope != 0).any(axis=1)
    assert inner.mean() > 0.7 and np.allclose(slope[inner], [2, -1])


@pytest.mark.parametrize("algorithm", ["project_out", "simultaneous"])
def test_both_algorithms_come_nearer(algorithm):
    aam = methods.create("aam", algorithm=algorithm, **TINY["aam"]).fit(faces()[:110], progress=False)
    test = faces()[111:121]
    walk = aam.predict(test.images, test.boxes, stages=True)
    assert metrics.nme(walk[-1], test.points).mean() < metrics.nme(walk[0], test.points).mean()


def test_an_unknown_algorithm_is_refused():
    with pytest.raises(ValueError, match="project_out, simultaneous"):
        methods.create("aam", algorithm="wiberg")


def test_what_a_point_sees_says_where_it_should_go():
    """Points moved along the normal are called back by the least cost, on most faces."""
    back = []
    for image, points, box in (faces()[i] for i in range(111, 131)):
        along, seen, wanted, costs = fitted("asm").look(image, box, points, k=33, search=4)
        assert (
            along.shape == (17, 2)
            and seen.shape == (17,)
            and wanted.shape == costs.shape == (9,)
            and costs.min() >= 0
        )
        back.append(abs(costs.argmin() - 4) <= 2)
    assert np.mean(back) > 0.6


def test_a_slider_draws_the_picture_anew():
    def draw(b):
        return plots.outlines({f"b = {b}": faces().points[0]})

    moved = widgets.Sliders(draw, ["b"])
    before = moved.picture.value
    moved.sliders[0].value = 2.5
    assert moved.picture.value != before
    assert "b +2.5" in moved.picture.value
    data, _ = moved._repr_mimebundle_()
    assert {picture.WIDGET, "image/png", "text/plain"} <= set(data)
