"""Cascades: they walk to the face, the same way every time, and survive odd input."""

import functools

import dlib
import numpy as np
import pytest

from facelm_helpers import methods, metrics, sources, widgets
from facelm_helpers.boxes import detector_like
from facelm_helpers.faces import FaceSet
from facelm_helpers.geometry import similarity
from facelm_helpers.methods import _cascade, _grey
from facelm_helpers.methods._cascade import _background, _features, _ferns
from facelm_helpers.methods._cascade._small_ert import SmallERT
from facelm_helpers.methods._dlib import _ert_file, _trees

TINY = {
    "cpr": {"n_stages": 40, "candidates": 6, "n_starts": 3},
    "esr": {"n_stages": 4, "n_trees": 15, "n_pixels": 120, "n_starts": 4, "shrinkage": 50.0},
    "sdm": {"n_stages": 2, "n_starts": 2},
    "lbf": {"n_stages": 2, "n_trees": 2, "depth": 3, "n_starts": 3, "candidates": 12},
    "joint_cascade": {"n_stages": 3, "n_trees": 15, "n_pixels": 80, "n_starts": 3, "negatives": 400},
}


@functools.cache
def faces():
    return sources.load("synthetic", n=120, progress=False)


@functools.cache
def fitted(name):
    return methods.create(name, **TINY[name]).fit(faces()[:80], progress=False)


@pytest.mark.parametrize("name", TINY)
def test_beats_the_mean_shape_on_unseen_faces(name):
    test = faces()[80:]
    boxes = detector_like(test.points, np.random.default_rng(0))
    start = methods.create("mean_shape").fit(faces()[:80]).predict(test.images, boxes)
    found = fitted(name).predict(test.images, boxes)
    assert metrics.nme(found, test.points).mean() < 0.85 * metrics.nme(start, test.points).mean()


@pytest.mark.parametrize("name", TINY)
def test_stages_begin_at_the_start_shape_and_end_at_the_prediction(name):
    test = faces()[80:90]
    aligner = fitted(name)
    walk = aligner.predict(test.images, test.boxes, stages=True)
    assert walk.shape == (aligner.n_stages + 1, 10, 68, 2)
    assert np.array_equal(walk[-1], aligner.predict(test.images, test.boxes))
    assert len(aligner.walk_) == aligner.n_stages + 1 and aligner.walk_[-1] < 0.8 * aligner.walk_[0]


@pytest.mark.parametrize("name", TINY)
def test_saving_changes_nothing(name, tmp_path):
    aligner, test = fitted(name), faces()[80:90]
    again = type(aligner).load(aligner.save(tmp_path / "weights.npz"))
    found = [one.predict(test.images, test.boxes) for one in (aligner, again)]
    assert np.abs(found[0] - found[1]).max() < 1e-3
    assert again.configuration() == aligner.configuration()


@pytest.mark.parametrize("name", TINY)
def test_one_seed_one_result(name):
    first = methods.create(name, **TINY[name] | {"n_stages": 2}).fit(faces()[:20], seed=3, progress=False)
    second = methods.create(name, **TINY[name] | {"n_stages": 2}).fit(faces()[:20], seed=3, progress=False)
    for key, value in first._state().items():
        assert np.array_equal(value, second._state()[key]), key


@pytest.mark.parametrize("name", TINY)
def test_one_face_a_constant_picture_and_a_face_cut_by_the_border(name):
    aligner = methods.create(name, **TINY[name] | {"n_stages": 2}).fit(faces()[:1], progress=False)
    flat = np.full((90, 90, 3), 77, np.uint8)
    points = np.random.default_rng(0).uniform(20, 60, (68, 2))
    equal = FaceSet([flat] * 3, [points] * 3)
    grey = methods.create(name, **TINY[name] | {"n_stages": 2}).fit(equal, progress=False)
    for one in (aligner, grey):
        points = one.predict([flat, faces().images[0]], [[20, 20, 60, 60], [90, 80, 150, 140]])
        assert np.isfinite(points).all()


@pytest.mark.parametrize("name", TINY)
def test_predictions_move_and_grow_with_the_picture(name):
    image, _, box = faces()[85]
    padded = np.pad(image, ((40, 40), (40, 40), (0, 0)), mode="reflect")
    here = fitted(name).predict([image], box[None])
    there = fitted(name).predict([padded], box[None] + 40)
    assert np.abs(there - here - 40).max() < 1.0


def test_refine_walks_from_given_shapes():
    test, aligner = faces()[80:100], fitted("sdm")
    near, far = test.points + 2, test.points + 14
    walks = [aligner.refine(test.images, test.boxes, start, stages=True) for start in (near, far)]
    ends = [metrics.nme(walk[-1], test.points).mean() for walk in walks]
    assert np.abs(walks[0][0] - near).max() < 1e-2
    assert ends[0] < ends[1] < metrics.nme(far, test.points).mean()


def test_a_fern_gives_shrunk_means():
    where, Y = np.array([0, 0, 1]), np.array([[2.0], [4.0], [8.0]])
    out = _ferns.outputs(where, Y, count=4, shrinkage=2.0)
    assert np.allclose(out[:, 0], [6 / 4, 8 / 3, 0, 0])
    assert np.array_equal(_ferns.bins(np.array([[1, -1], [5, 5]]), np.array([0, 0])), [3, 2])


def test_the_chosen_pair_is_the_informative_one():
    rng = np.random.default_rng(0)
    Y = rng.normal(size=(500, 1))
    rho = rng.normal(0, 10, (6, 500)) + 50
    rho[4] += 40 * Y[:, 0]
    rho[2] -= 40 * Y[:, 0]
    chosen = _ferns.PairChooser(rho)(Y, F=3, rng=rng)
    assert all(set(pair) == {2, 4} for pair in chosen.tolist())


def test_pixels_move_with_the_shape():
    crops = np.random.default_rng(0).integers(0, 255, (1, 64, 64), dtype=np.uint8)
    mean = np.random.default_rng(1).uniform(20, 40, (68, 2)).astype(np.float32)
    places = np.random.default_rng(2).uniform(22, 38, (9, 2))
    anchors, offsets = _features.nearest_landmarks(places, mean)
    rolled = np.roll(crops, (7, 5), axis=(1, 2))
    seen = []
    for pictures, S in ((crops, mean[None]), (rolled, mean[None] + (5, 7))):
        A = _features.frames(S, mean)
        tied = _features.shape_indexed(pictures, [0], S, A, anchors, offsets)
        posed = _features.pose_indexed(pictures, [0], S, A, places, mean)
        assert np.array_equal(tied, posed)
        seen.append(tied)
    assert np.array_equal(*seen)


def test_bytes_keep_a_percent():
    values = np.random.default_rng(0).normal(size=(50, 4))
    whole, scale = _cascade.to_bytes(values, axis=0)
    assert whole.dtype == np.int8 and np.abs(whole * scale - values).max() < 0.01 * np.abs(values).max()


def test_the_joint_cascade_tells_faces_from_background():
    joint = fitted("joint_cascade")
    rng = np.random.default_rng(5)
    some = _background.pictures(faces()[80:])
    none = _background.windows(some, 200, joint.size, joint.margin, rng)
    crops = _grey.grey_crops(faces().images[80:], faces().boxes[80:], joint.size, joint.margin)[0]
    none = _grey.even_light(none, joint.margin)
    taken = [joint._run(part, joint.n_stages)[2].mean() for part in (crops, none)]
    assert taken[0] > 0.7 > 0.4 > taken[1]


def test_the_joint_cascade_finds_a_face_in_a_larger_picture():
    joint = fitted("joint_cascade")
    image, truth, _ = faces()[82]
    scene = np.full((240, 300, 3), 90, np.uint8)
    scene[60:188, 110:238] = image
    found = joint.detect_and_align(scene, smallest=55, threshold=-100)
    assert found.boxes.shape == (len(found.scores), 4) and found.points.shape == (len(found.scores), 68, 2)
    assert np.all(np.diff(found.scores) <= 0)
    away = np.linalg.norm(found.points[:3].mean(axis=1) - (truth.mean(axis=0) + (110, 60)), axis=1)
    assert away.min() < 20
    empty = joint.detect_and_align(np.full((60, 60, 3), 90, np.uint8), threshold=100)
    assert empty.points.shape == (0, 68, 2)
    with pytest.raises(ValueError, match="grow is 1"):
        joint.detect_and_align(scene, grow=1)


def test_the_small_ert_walks_to_unseen_faces():
    ert = SmallERT(n_stages=4, n_trees=12, depth=3, n_starts=3, n_pixels=150).fit(
        faces()[:80], progress=False
    )
    test = faces()[80:]
    walk = [metrics.nme(S, test.points).mean() for S in ert.predict(test.images, test.boxes, stages=True)]
    assert len(walk) == 5 and walk[-1] < 0.8 * walk[0]


def test_boxes_like_a_detectors_lie_about_two_middles():
    points = faces().points
    boxes = detector_like(points, np.random.default_rng(0), shift=0, growth=0)
    middle, side = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2] - boxes[:, 0]
    tight = faces().boxes
    middles = points[:, 17:].mean(axis=1), (tight[:, :2] + tight[:, 2:]) / 2
    away = [np.linalg.norm(middle - m, axis=1) for m in middles]
    assert np.all(np.min(away, axis=0) < 1e-3) and 0.3 < np.mean(away[0] < away[1]) < 0.7
    assert np.allclose(side / (tight[:, 2:] - tight[:, :2]).max(axis=1), np.exp(0.02), atol=1e-4)


def test_frames_are_the_similarities_of_the_landmarks_module():
    rng = np.random.default_rng(0)
    mean, S = rng.normal(size=(68, 2)), rng.normal(size=(4, 68, 2))
    assert np.allclose(_features.frames(S, mean), similarity(mean, S)[:, :, :2], atol=1e-5)


def test_a_forest_of_dlib_survives_being_taken_apart():
    ert = methods.create("ert", n_stages=3, n_trees=15, n_starts=3)
    ert.fit(faces()[:60], progress=False)
    parts = ert._state()
    assert parts["leaves_"].shape == (3, 15, 16, _ert_file.RANK) and parts["leaves_"].dtype == np.int8
    twice = _ert_file.unfold(_ert_file.fold(parts))
    for key in ("splits_", "thresholds_", "anchors_", "deltas_"):
        assert np.array_equal(twice[key], parts[key]), key
    values = [p["leaves_"] * p["scales_"][..., None, None] @ p["basis_"] for p in (parts, twice)]
    assert np.abs(values[0] - values[1]).max() < 0.05 * np.abs(values[0]).max()
    test = faces()[80:]
    start = methods.create("mean_shape").fit(faces()[:60]).predict(test.images, test.boxes)
    error = [metrics.nme(p, test.points).mean() for p in (ert.predict(test.images, test.boxes), start)]
    assert error[0] < 0.85 * error[1]


def test_ert_returns_its_stages():
    ert = methods.create("ert", n_stages=3, n_trees=8, detector_boxes=True)
    ert.fit(faces()[:40], progress=False)
    walk = ert.predict(faces().images[80:90], faces().boxes[80:90], stages=True)
    assert walk.shape == (4, 10, 68, 2)
    assert np.array_equal(walk[-1], ert.predict(faces().images[80:90], faces().boxes[80:90]))
    nme = [metrics.nme(S, faces().points[80:90]).mean() for S in walk]
    assert nme[-1] < nme[0] and np.abs(walk[0] - walk[1]).max() > 1


def test_erts_stages_are_those_of_dlib_with_fewer_levels():
    ert = methods.create("ert", n_stages=3, n_trees=8).fit(faces()[:40], progress=False)
    picture, box = np.ascontiguousarray(faces().images[80][..., 1]), dlib.rectangle(30, 40, 95, 105)
    parts = ert._state()
    walk = _trees.walk(parts, picture, (30, 40), (95, 105))
    for t in (1, 2, 3):
        first = {key: part if key in ("start_", "basis_") else part[:t] for key, part in parts.items()}
        found = np.array([(p.x, p.y) for p in _ert_file.fold(first)(picture, box).parts()])
        assert np.quantile(np.abs(walk[t] - found), 0.9) < 0.55  # dlib's points are whole pixels


def test_binary_features_hold_one_leaf_of_each_tree():
    lbf = fitted("lbf")
    phi = lbf.binary_features(faces().images[80:85], faces().boxes[80:85], stage=1)
    by_tree = phi.toarray().reshape(5, 68 * lbf.n_trees, 2**lbf.depth)
    assert set(np.unique(by_tree)) == {0, 1} and np.all(by_tree.sum(axis=2) == 1)


def test_a_walk_can_stop_early():
    test, aligner = faces()[80:84], fitted("sdm")
    start = test.points + 5
    stay = aligner.refine(test.images, test.boxes, start, last=0)
    one = aligner.refine(test.images, test.boxes, start, last=1)
    assert np.abs(stay - start).max() < 1e-2
    assert np.array_equal(one, aligner.refine(test.images, test.boxes, start, stages=True)[1])


def test_the_widget_moves_through_the_stages():
    test = faces()[80:83]
    page = widgets.walks({"esr": fitted("esr"), "sdm": fitted("sdm")}, test)
    seen = {page.picture.value}
    page.stage.value = page.stage.max
    assert page.stage.max == fitted("esr").n_stages and page.picture.value not in seen
    page.cascade.value, page.face.value = "sdm", 2
    assert page.stage.max == fitted("sdm").n_stages and page.walk().shape == (3, 68, 2)
    data, metadata = page._repr_mimebundle_()
    assert "image/jpeg" in data and "sdm at stages 0, 1, 2" in metadata["image/jpeg"]["alt"]
    with pytest.raises(ValueError, match="mean_shape has no stages"):
        widgets.walks({"mean_shape": methods.load("mean_shape")}, test)


def test_a_long_walk_is_shown_in_few_pictures():
    image, walk = faces().images[80], np.linspace(faces().points[81], faces().points[80], 40)
    pictures, stages = widgets.frames(image, walk, faces().points[80])
    assert len(pictures) == len(stages) == 9 and stages[-1] == 39
