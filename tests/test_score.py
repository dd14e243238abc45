"""How sure a network is: learnt on its own errors, saved with it, the same in every runtime."""

import copy
import json

import numpy as np
import pytest

from facelm_helpers import methods, paths, sources
from facelm_helpers.methods import _runtimes
from facelm_helpers.methods.senet import SENet
from facelm_helpers.widgets._methods import answer
from facelm_helpers.widgets._session import caption
from facelm_helpers.widgets._view import View
from tools.data import no_faces
from tools.train import score


@pytest.fixture(scope="module")
def faces():
    return sources.load("synthetic", n=150, seed=71, progress=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Frozen forms go to a folder of the test, not to the reader's."""
    patch, folder = pytest.MonkeyPatch(), tmp_path_factory.mktemp("score")
    patch.setattr(paths, "DOWNLOADS", folder)
    yield folder
    patch.undo()


@pytest.fixture(scope="module")
def plain(faces):
    """A tiny network without a score."""
    tiny = SENet(stem=8, channels=(16, 32), blobs=(1, 1), head=8, hidden=32, steps=30, batch_size=16)
    return tiny.fit(faces[:64], progress=False)


@pytest.fixture(scope="module")
def tiny(plain, folder):
    """The same with a score, saved and loaded; the score depends on the picture and on nothing else."""
    rng, n = np.random.default_rng(0), 8 * 16 * 16
    head = {"score_hidden/kernel": rng.normal(0, n**-0.5, (n, 4)), "score_hidden/bias": np.ones(4),
            "score/kernel": rng.normal(0, 1, (4, 1)), "score/bias": np.zeros(1)}  # fmt: skip
    aligner = copy.copy(plain)
    aligner._restore(plain.weights_ | {key: value.astype(np.float32) for key, value in head.items()})
    return SENet.load(aligner.halved().save(folder / "tiny.npz"))


@pytest.fixture(scope="module")
def in_keras(tiny, faces):
    return tiny.with_runtime("keras").predict(faces.images[:20], faces.boxes[:20], scores=True)


@pytest.fixture(scope="module")
def sure(faces, folder):
    """The shipped network with a score that was learnt in seconds."""
    aligner = methods.load("senet")
    score.learn(aligner, [faces[:100]], rounds=2, epochs=20)
    return SENet.load(aligner.save(folder / "senet.npz")).with_runtime("keras")


def test_weights_without_a_score_say_so(plain, faces):
    assert not plain.score and plain.build(score=True).output_shape == (None, 136)
    with pytest.raises(ValueError, match="senet does not say how sure it is with these weights"):
        plain.predict(faces.images[:1], faces.boxes[:1], scores=True)


def test_the_points_stay_as_they_were(plain, tiny, faces, in_keras):
    before = plain.halved().predict(faces.images[:20], faces.boxes[:20])
    np.testing.assert_allclose(in_keras[0], before, atol=0.01)
    assert tiny.score and in_keras[1].shape == (20,) and in_keras[1].dtype == np.float32
    assert np.ptp(in_keras[1]) > 0.1 and tiny.weights_.keys() == plain.weights_.keys()
    assert tiny.build().output_shape == (None, 136)
    assert tiny.build(score=True).output_shape == [(None, 136), (None, 1)]


@pytest.mark.parametrize("runtime", ["frozen", "litert", "litert-int8", "onnx", "opencv"])
def test_every_runtime_gives_the_scores_of_keras(tiny, faces, in_keras, runtime):
    points, scores = tiny.with_runtime(runtime).predict(faces.images[:20], faces.boxes[:20], scores=True)
    near = 20 if runtime == "litert-int8" else 1
    np.testing.assert_allclose(points, in_keras[0], atol=0.1 * near)
    np.testing.assert_allclose(scores, in_keras[1], atol=0.02 * near)


def test_pictures_without_a_face_score_low(sure, faces):
    _, real = sure.predict(faces.images[100:], faces.boxes[100:], scores=True)
    crops = no_faces.crops(faces[100:], 60, seed=1, judging=True)
    boxes = np.tile(np.float32([21, 21, 106, 106]), (60, 1))
    _, empty = sure.predict(crops, boxes, scores=True, refine="mirror")
    assert np.mean(empty < np.quantile(real, 0.05)) > 0.8


def test_the_live_comparison_shows_it(sure, faces):
    image, points, box = faces[0]
    shown = answer(sure, View(image, box, points))
    _, scores = sure.predict([image], [box], scores=True)
    assert shown.expected == pytest.approx(np.exp(-scores[0]), rel=1e-3)
    assert f"expects {100 * shown.expected:.1f} %" in caption(shown)
    assert answer(methods.load("mean_shape"), View(image, box, points)).expected is None


def test_the_shipped_scores_are_worth_showing():
    aligner = methods.load("senet")
    if not aligner.score:
        pytest.skip("the shipped weights have no score: see `python -m tools.train.score`")
    content = json.loads((paths.RESULTS / "score.json").read_text(encoding="utf-8"))
    figures = content["methods"]["senet"]
    assert figures["weights"] == _runtimes.fingerprint(aligner._state()), (
        "run `python -m tools.measure.score`"
    )
    assert figures["held"] >= 0.45 and figures["no_face"] >= 0.95
