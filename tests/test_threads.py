"""Right answers from any thread, and aligners that travel to other processes."""

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
import skimage.data

from facelm_helpers import detectors, methods, paths, sources

RUNTIMES = [("senet", runtime) for runtime in ("keras", "frozen", "litert", "litert-int8", "onnx", "opencv")]
SHIPPED = [name for name in methods.names() if methods.of(name).has_weights()]
EVERY = [(name, None) for name in SHIPPED if name != "senet"] + RUNTIMES


@pytest.fixture(scope="module")
def faces():
    return sources.load("synthetic", n=6, seed=3, progress=False)


@pytest.fixture(scope="module", autouse=True)
def downloads(tmp_path_factory):
    """Frozen forms go to a folder of the test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "DOWNLOADS", tmp_path_factory.mktemp("downloads"))
        yield


def one(aligner, faces, i):
    return aligner.predict([faces.images[i]], faces.boxes[i : i + 1])[0]


@pytest.mark.parametrize(("name", "runtime"), EVERY)
def test_every_method_and_runtime_answers_right_from_eight_threads(name, runtime, faces):
    aligner = methods.load(name, runtime)
    order = [i % len(faces) for i in range(24)]
    with ThreadPoolExecutor(8) as pool:  # the first call too, which opens the runtime
        found = list(pool.map(lambda i: one(aligner, faces, i), order))
    wanted = [one(methods.load(name, runtime), faces, i) for i in range(len(faces))]
    for i, points in zip(order, found, strict=True):
        np.testing.assert_allclose(points, wanted[i], atol=0.01)


@pytest.mark.parametrize(
    ("detector", "options"), [("dlib", {"upsample": 0}), ("blazeface", {"threshold": 0.3})]
)
def test_the_detector_answers_right_from_eight_threads(detector, options):
    picture = skimage.data.astronaut()[:260]
    pictures = [picture, picture[:, ::-1], picture[:, 100:330], np.zeros((90, 90, 3), np.uint8)]
    wanted = [detectors.detect(some, detector, **options) for some in pictures]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda some: detectors.detect(some, detector, **options), pictures * 8))
    assert [len(boxes) for boxes in wanted] == [1, 1, 1, 0]
    for i, boxes in enumerate(found):
        np.testing.assert_array_equal(boxes, wanted[i % len(pictures)])


def test_the_default_faces_are_the_same_from_any_thread():
    with ThreadPoolExecutor(4) as pool:
        many = list(pool.map(lambda n: sources.load("synthetic", n=5, seed=n % 2, progress=False), range(8)))
    for n, some in enumerate(many):
        np.testing.assert_array_equal(np.stack(list(some.images)), np.stack(list(many[n % 2].images)))


@pytest.mark.parametrize(("name", "runtime"), [one for one in EVERY if one[1] in (None, "litert", "keras")])
def test_every_method_pickles_before_and_after_it_has_answered(name, runtime, faces):
    aligner = methods.load(name, runtime)
    fresh = pickle.loads(pickle.dumps(aligner))
    wanted = one(aligner, faces, 0)
    for copy in (fresh, pickle.loads(pickle.dumps(aligner))):
        np.testing.assert_allclose(one(copy, faces, 0), wanted, atol=1e-3)
    unfitted = pickle.loads(pickle.dumps(methods.create(name)))
    assert unfitted.configuration() == methods.create(name).configuration()


def test_aligners_answer_in_processes_that_were_spawned(faces):
    aligners = [methods.load(name) for name in ("senet", "ert", "lbf")]
    wanted = [one(aligner, faces, 1) for aligner in aligners]
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        found = list(pool.map(one, aligners, [faces[:2]] * 3, [1] * 3))
    np.testing.assert_allclose(found, wanted, atol=1e-3)


@pytest.mark.parametrize("name", [name for name in SHIPPED if methods.of(name).cascade])
def test_no_faces_have_as_many_stages_as_one(name, faces):
    aligner = methods.load(name)
    some = aligner.predict([faces.images[0]], faces.boxes[:1], stages=True)
    none = aligner.predict([], np.zeros((0, 4)), stages=True)
    assert none.shape == (len(some), 0, 68, 2) and none.dtype == np.float32
