"""Networks that give a 3D face: their numbers, the costs of 3DDFA, the jaw, and the face in the picture."""

import json

import numpy as np
import pytest

from facelm_helpers import face3d, methods, paths, sources
from facelm_helpers.methods import _three_d

TINY = {"stem": 8, "channels": (8, 16), "blobs": (1, 1), "head": 8, "hidden": 16, "size": 64}


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(0)
    degrees = rng.uniform([-20, -80, -20], [20, 80, 20], (6, 3))
    model = face3d.load_face3d()
    numbers = [rng.normal(0, 0.6, (6, len(modes))) for modes in (model.identity, model.expression)]
    return face3d.Fitted(
        face3d.rotation(degrees), rng.uniform(0.5, 0.7, 6), rng.uniform(0.45, 0.55, (6, 2)), *numbers
    )


@pytest.fixture(scope="module")
def pair(faces):
    truth = _three_d.parameters(faces)
    return truth, truth + np.random.default_rng(1).normal(0, 0.5, truth.shape).astype(np.float32)


def test_numbers_and_faces_are_each_others_inverse(faces):
    again = _three_d.faces_of(np.float64(_three_d.parameters(faces)), size=64)
    np.testing.assert_allclose(again.R, faces.R, atol=1e-5)
    np.testing.assert_allclose(again.scale, 64 * faces.scale, rtol=1e-5)
    np.testing.assert_allclose(again.shift, 64 * faces.shift, rtol=1e-5)
    np.testing.assert_allclose(again.identity, faces.identity, atol=1e-6)
    assert _three_d.parameters(faces).shape == (6, methods.of("tddfa").network().output_shape[1])


def test_a_matrix_that_is_no_rotation_becomes_the_nearest_one(pair):
    found = _three_d.faces_of(np.float64(pair[1]), size=64)
    np.testing.assert_allclose(found.R @ np.swapaxes(found.R, 1, 2), np.tile(np.eye(3), (6, 1, 1)), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(found.R), 1)


def test_the_points_of_numbers_are_those_of_the_face(faces, pair):
    points = np.asarray(_three_d.points_of(pair[0])).reshape(-1, 68, 2)
    np.testing.assert_allclose(points, face3d.vertices(faces)[..., :2], atol=1e-5)


def test_pdc_is_the_mean_squared_difference(pair):
    np.testing.assert_allclose(_three_d.pdc(*pair), ((pair[1] - pair[0]) ** 2).mean(axis=1), rtol=1e-5)
    assert not np.asarray(_three_d.pdc(pair[0], pair[0])).any()


def test_vdc_is_the_distance_of_the_points(pair):
    tddfa = methods.create("tddfa", cost="vdc", loss="l2", parameter_weight=0.0, **TINY)
    points = [np.asarray(_three_d.points_of(numbers)) for numbers in pair]
    np.testing.assert_allclose(tddfa._loss(*pair), ((points[1] - points[0]) ** 2).mean(axis=1), rtol=1e-4)
    both = methods.create("tddfa", cost="vdc", loss="l2", parameter_weight=2.0, **TINY)
    np.testing.assert_allclose(
        both._loss(*pair), tddfa._loss(*pair) + 2 * np.asarray(_three_d.pdc(*pair)), rtol=1e-4
    )


def test_wpdc_weighs_each_number_by_how_far_it_moves_the_points(pair):
    truth, found = pair
    at = lambda numbers: np.asarray(_three_d.points_of(numbers))  # noqa: E731
    moved = np.zeros(truth.shape)
    for i in range(truth.shape[1]):
        one = truth.copy()
        one[:, i] = found[:, i]
        moved[:, i] = np.linalg.norm(at(one) - at(truth), axis=1)
    weights = np.asarray(_three_d.importance(truth, found))
    np.testing.assert_allclose(weights, moved / moved.max(axis=1, keepdims=True), atol=2e-3)
    wanted = (weights * (found - truth) ** 2).mean(axis=1)
    np.testing.assert_allclose(_three_d.wpdc(truth, found), wanted, rtol=1e-4)


def test_no_gradient_flows_through_the_weights(pair):
    import tensorflow as tf

    truth, found = map(tf.constant, pair)
    with tf.GradientTape() as tape:
        tape.watch(found)
        loss = tf.reduce_sum(_three_d.wpdc(truth, found))
    weights = np.asarray(_three_d.importance(truth, found))
    wanted = 2 * weights * (pair[1] - pair[0]) / truth.shape[1]
    np.testing.assert_allclose(tape.gradient(loss, found).numpy(), wanted, rtol=1e-3, atol=1e-7)


def test_an_unknown_cost_or_jaw_is_refused():
    with pytest.raises(ValueError, match="cost is 'l2': wanted one of pdc, wpdc, vdc"):
        methods.create("tddfa", cost="l2")
    tddfa = methods.create("tddfa", **TINY)
    tddfa.jaw = "square"
    with pytest.raises(ValueError, match="jaw is 'square': wanted one of mixed, visible, solid"):
        tddfa._points(np.zeros((1, 38)))


def test_the_mixed_jaw_is_the_contour_ahead_and_solid_in_profile(faces):
    tddfa, numbers = methods.create("tddfa", **TINY), np.zeros((3, 38))
    for row, yaw in zip(numbers, (10, 50, 85), strict=True):
        turned = faces._replace(R=face3d.rotation([[0, yaw, 0]] * 6))
        row[:8] = _three_d.parameters(turned)[0, :8]
    seen = {}
    for tddfa.jaw in ("mixed", "visible", "solid"):
        seen[tddfa.jaw] = tddfa._points(numbers)
    assert np.array_equal(seen["mixed"][0], seen["visible"][0])
    np.testing.assert_allclose(seen["mixed"][2], seen["solid"][2], atol=1e-3)
    between = (seen["mixed"][1] - seen["visible"][1]) / (seen["solid"][1] - seen["visible"][1] + 1e-9)
    moved = np.abs(seen["solid"][1] - seen["visible"][1]) > 1
    np.testing.assert_allclose(between[moved], (50 - 30) / 45, atol=0.02)


def test_annotated_points_come_back_and_a_hidden_jaw_is_left_out(faces):
    points = face3d.vertices(faces)[..., :2]
    yaw = faces.degrees[:, 1]
    wrong = points.copy()
    for one, angle in zip(wrong, yaw, strict=True):
        if abs(angle) > 60:
            one[slice(0, 8) if angle > 0 else slice(9, 17)] += 0.1
    found = face3d.fit_annotated(wrong)
    off = np.linalg.norm(face3d.vertices(found)[..., :2] - points, axis=-1).mean(axis=1)
    assert (np.abs(yaw) > 60).any() and off[np.abs(yaw) > 60].max() < 0.02


# --- position maps

MAP = {"stem": 8, "channels": (8, 16), "blobs": (1, 1), "widths": (8, 8, 8), "size": 64}


def test_the_true_map_gives_back_the_face(faces):
    prnet = methods.create("prnet", **MAP)
    points = face3d.vertices(faces)[..., :2]
    truth = prnet._truth(np.float32(points).reshape(6, 136))
    assert truth.shape == (6, 64, 64, 3) and truth.dtype == np.float32
    fitted = face3d.fit_annotated(points)
    prnet.jaw = "solid"
    off = np.linalg.norm(prnet._points(truth) - 64 * face3d.vertices(fitted)[..., :2], axis=-1)
    assert off.mean() < 0.01 * 64
    again = prnet._faces(truth)
    turn = np.trace(np.swapaxes(again.R, 1, 2) @ fitted.R, axis1=1, axis2=2)
    assert np.degrees(np.arccos(np.clip((turn - 1) / 2, -1, 1))).max() < 1
    np.testing.assert_allclose(again.scale, 64 * fitted.scale, rtol=0.02)


def test_the_mean_map_is_what_an_untrained_network_answers():
    prnet = methods.create("prnet", **MAP)
    output = np.asarray(prnet.build()(np.zeros((1, 64, 64, 3), np.float32)))
    assert output.shape == (1, 64, 64, 3) and np.abs(output).max() < 0.1
    points = prnet._points(np.zeros((1, 64, 64, 3)))[0]
    assert 25 < points[:, 0].mean() < 39 and points[8, 1] > points[30, 1] > points[27, 1]


@pytest.mark.parametrize("mask", ["paper", "file", "even"])
def test_the_mask_weighs_points_most_and_the_paper_gives_the_outside_nothing(mask):
    from facelm_helpers.methods import prnet

    weights = prnet.weight_map(64, mask)
    assert weights.sum() == pytest.approx(1) and np.allclose(weights, weights[:, ::-1])
    uv = face3d.load_face3d().uv[30] * 64 - 0.5
    tip, cheek, outside = weights[int(uv[1]), int(uv[0])], weights[28, 4], weights[0, 0]
    ratio = [value / cheek for value in (tip, outside)]
    assert ratio == pytest.approx({"paper": [16 / 3, 0], "file": [16 / 3, 1], "even": [1, 0]}[mask])


def test_the_loss_of_a_map_is_a_weighted_mean():
    from facelm_helpers.methods import prnet

    rng = np.random.default_rng(0)
    truth, found = rng.random((2, 3, 16, 16, 3), dtype=np.float32)
    weights = prnet.weight_map(16, "paper")
    for loss, d in (
        ("l2", ((truth - found) ** 2).sum(-1)),
        ("distance", np.linalg.norm(truth - found, axis=-1)),
    ):
        method = methods.create("prnet", loss=loss, mask="paper", **MAP)
        np.testing.assert_allclose(method._loss(truth, found), (d * weights).sum((1, 2)), rtol=1e-3)
        flat = truth.reshape(3, -1)  # as the trainer gives it
        np.testing.assert_allclose(method._loss(flat, found), method._loss(truth, found))
    with pytest.raises(ValueError, match="mask is 'none': wanted one of paper, file, even"):
        methods.create("prnet", mask="none")
    with pytest.raises(ValueError, match="loss is 'wing': of a position map, wanted one of distance, l2"):
        methods.create("prnet", loss="wing")


# --- dense correspondence

DENSE = {"stem": 8, "channels": (8, 16), "blobs": (1, 1), "widths": (8, 8, 8), "size": 64}


def answer(densereg, truth):
    """What a perfect network gives."""
    K, M = densereg.bins, densereg.side
    uv = truth.reshape(-1, M, M, 2)
    k = np.where(uv >= 0, np.floor(K * uv.clip(0, 0.9999)) + 1, 0).astype(int)
    scores, residuals = 20 * np.eye(K + 1)[k], np.eye(K + 1)[k] * (K * uv - k + 1)[..., None]
    return np.float32(np.concatenate([*np.moveaxis(scores, 3, 0), *np.moveaxis(residuals, 3, 0)], axis=-1))


def test_a_perfect_correspondence_gives_back_the_face(faces):
    densereg = methods.create("densereg", **DENSE)
    points = face3d.vertices(faces)[..., :2]
    truth = densereg._truth(np.float32(points).reshape(6, 136))
    assert truth.shape == (6, 32 * 32 * 2) and truth.dtype == np.float32 and densereg.side == 32
    shown = (truth.reshape(6, -1, 2)[..., 0] >= 0).mean(axis=1)
    assert (shown > 0.1).all() and (shown < 0.6).all() and truth.min() == -1
    uv, face = densereg.correspondence(answer(densereg, truth))
    np.testing.assert_allclose(uv[face > 0.5], truth.reshape(6, 32, 32, 2)[face > 0.5].clip(0), atol=0.1)
    densereg.jaw = "solid"
    fitted = face3d.fit_annotated(points)
    off = np.linalg.norm(
        densereg._points(answer(densereg, truth)) / 64 - face3d.vertices(fitted)[..., :2], axis=-1
    )
    assert off.mean() < 0.02
    turn = np.trace(
        np.swapaxes(densereg._faces(answer(densereg, truth)).R, 1, 2) @ fitted.R, axis1=1, axis2=2
    )
    assert np.degrees(np.arccos(np.clip((turn - 1) / 2, -1, 1))).mean() < 6


def test_a_hidden_point_is_seen_nowhere():
    from facelm_helpers.methods import densereg

    pose = face3d.rotation([[0, 60, 0]])
    turned = face3d.Fitted(
        pose, np.array([22.0]), np.full((1, 2), 16.0), np.zeros((1, 20)), np.zeros((1, 10))
    )
    places = face3d.vertices(turned, dense=True)[0]
    uv = face3d.seen_uv(places, (32, 32))[None]
    points, seen = densereg.read(np.nan_to_num(uv, nan=-1), np.float64(np.isfinite(uv[..., 0])))
    one, other = slice(0, 8), slice(9, 17)
    near = other if places[one, 2].mean() < places[other, 2].mean() else one
    assert seen[0, near].mean() > 0.7 > 0.3 > seen[0, one if near == other else other].mean()
    assert np.linalg.norm(points - places[:68, :2], axis=-1)[seen].mean() < 0.5


def test_the_loss_of_a_correspondence_is_least_where_it_is_true(faces):
    points = np.float32(face3d.vertices(faces)[..., :2]).reshape(6, 136)
    for loss in ("distance", "l2"):
        densereg = methods.create("densereg", loss=loss, **DENSE)
        truth = densereg._truth(points)
        true = np.asarray(densereg._loss(truth, answer(densereg, truth)))
        other = np.asarray(densereg._loss(truth, answer(densereg, np.roll(truth, 1, axis=0))))
        assert true.shape == (6,) and true.max() < 0.03 and (other > 20 * true).all()
    with pytest.raises(ValueError, match="loss is 'wing': of residuals, wanted one of distance, l2"):
        methods.create("densereg", loss="wing")


def test_an_answer_without_a_face_is_a_face_all_the_same():
    densereg = methods.create("densereg", **DENSE)
    noise = np.float32(np.random.default_rng(0).normal(0, 9, (2, 32, 32, 44)))
    assert np.isfinite(densereg._points(noise)).all()
    nothing = np.zeros((1, 32, 32, 44), np.float32)
    nothing[..., [0, 11]] = 1000
    points = densereg._points(nothing)[0]
    assert 25 < points[:, 0].mean() < 39 and points[8, 1] > points[30, 1] > points[27, 1]


# --- measured


def test_errors_on_aflw2000_are_by_yaw_and_their_mean_is_that_of_the_ranges(shared_data, monkeypatch):
    from tools.measure import faces3d

    class Perfect:
        jaw = "mixed"

        def predict(self, images, boxes):
            points = {len(known.points): known.points for known in sets}[len(boxes)]
            return points + np.float32([5, 0])

    few = sources.load("synthetic", n=3, seed=1, progress=False)
    monkeypatch.setattr(faces3d.face_sets, "in_memory", lambda name, most: few)
    sets = few, sources.load("aflw2000", shared_data / "aflw2000")
    found = faces3d.of_aligner(Perfect(), shared_data)
    bins = [found["points"][name] for name in ("0-30", "30-60", "60-90")]
    assert found["points"]["mean"] == pytest.approx(np.mean(bins)) and "pose" not in found
    assert all(0.01 < value < 0.1 for value in bins)


def test_the_recorded_errors_are_within_their_bars():
    found = json.loads((paths.RESULTS / "faces3d.json").read_text(encoding="utf-8"))
    points = {name: one["points"] for name, one in found["methods"].items()}
    assert points["densereg"]["0-30"] <= 1.5 * points["senet"]["0-30"]
    assert min(points[name]["mean"] for name in ("tddfa", "prnet")) <= 0.06
    assert set(found["costs"]) == {"pdc", "wpdc", "vdc"}
    assert len({one["crops"] for one in found["costs"].values()}) == 1
    costs = {name: one["points"]["mean"] for name, one in found["costs"].items()}
    assert costs["pdc"] > 1.03 * costs["wpdc"] and abs(costs["wpdc"] - costs["vdc"]) < 0.002


@pytest.mark.slow
@pytest.mark.parametrize("name, settings", [("tddfa", TINY), ("prnet", MAP), ("densereg", DENSE)])
def test_a_3d_face_moves_with_the_picture(name, settings):
    faces = sources.load("synthetic", n=4, seed=1, progress=False)
    tddfa = methods.create(name, steps=3, batch_size=4, **settings)
    with pytest.raises(RuntimeError, match="learnt nothing"):
        tddfa.predict_3d(faces.images, faces.boxes)
    tddfa.fit(faces, progress=False)
    tddfa.jaw = "solid"
    one = tddfa.predict_3d(faces.images, faces.boxes)
    points = tddfa.predict(faces.images, faces.boxes)
    np.testing.assert_allclose(face3d.vertices(one)[..., :2], points, atol=0.01 if name == "tddfa" else 2)
    images = np.pad(faces.images, ((0, 0), (30, 0), (20, 0), (0, 0)), mode="reflect")
    moved = tddfa.predict_3d(images, faces.boxes + np.float32([20, 30, 20, 30]))
    np.testing.assert_allclose(moved.scale, one.scale, rtol=0.05)
    np.testing.assert_allclose(moved.shift - one.shift, np.tile([20, 30], (4, 1)), atol=1.5)
