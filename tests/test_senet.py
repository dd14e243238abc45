"""The SENet method: its network, its weights, every runtime's answer, and training from the command line."""

import importlib.util
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from facelm_helpers import freezing, methods, metrics, networks, paths, sources, training
from facelm_helpers.arrays import read_arrays, write_arrays
from facelm_helpers.methods import _runtimes
from facelm_helpers.methods.senet import SENet

TINY = {"stem": 8, "channels": (16, 32), "blobs": (1, 1), "head": 8, "hidden": 32, "batch_size": 16}
FLOAT = ("frozen", "litert", "onnx", "opencv")


@pytest.fixture(scope="module")
def faces():
    return sources.load("synthetic", n=200, seed=5, progress=False)


@pytest.fixture(scope="module")
def shipped():
    return methods.load("senet")


@pytest.fixture(scope="module")
def in_keras(shipped, faces):
    return shipped.with_runtime("keras").predict(faces.images, faces.boxes)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Frozen forms go to a folder of the test, not to the reader's."""
    patch, folder = pytest.MonkeyPatch(), tmp_path_factory.mktemp("downloads")
    patch.setattr(paths, "DOWNLOADS", folder)
    yield folder
    patch.undo()


def shares(found, wanted, faces):
    """Distances as shares of the crop's side."""
    side = 1.5 * (faces.boxes[:, 2:] - faces.boxes[:, :2]).max(axis=1)
    return np.abs(found - wanted) / side[:, None, None]


def test_the_published_recipe_is_the_default():
    senet = methods.create("senet")
    recipe = senet.recipe()
    assert (recipe.steps, recipe.learning_rate, recipe.decay, recipe.decay_steps) == (
        150_000,
        1e-3,
        0.98,
        1000,
    )
    assert (senet.l2, senet.reduction, recipe.schedule) == (5e-6, 16, "exponential")
    model = senet.build()
    assert model.input_shape == (None, 128, 128, 3) and model.output_shape == (None, 136)
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    assert [shapes[f"blob{i}_out"] for i in (1, 2, 4, 6)] == [
        (32, 32, 32), (16, 16, 128), (8, 8, 256), (4, 4, 256)]  # fmt: skip
    assert 6e5 < model.count_params() < 7e5
    kinds = {type(layer).__name__ for layer in model.layers}
    assert {"BatchNormalization", "Dropout"} <= kinds and not {"Rescaling"} & kinds
    decayed = [layer.name for layer in model.layers if getattr(layer, "kernel_regularizer", None)]
    assert {"stem_conv", "blob6_se_gate", "hidden", "points"} <= set(decayed)
    assert all(layer.beta_regularizer is None for layer in model.layers if layer.name.endswith("_norm"))


def test_an_untrained_network_answers_near_the_mean_shape():
    mean = np.random.default_rng(0).uniform(0.2, 0.8, (68, 2))
    model = SENet(**TINY).build(mean_shape=mean)
    answer = np.asarray(model(np.random.default_rng(1).random((4, 128, 128, 3), dtype=np.float32)))
    assert np.abs(answer.reshape(-1, 68, 2) - mean).max() < 0.5
    assert np.abs(answer.mean(axis=0).reshape(68, 2) - mean).mean() < 0.1
    np.testing.assert_allclose(training.weights_of(model)["points/bias"], mean.ravel(), rtol=1e-6)


@pytest.mark.parametrize("wrong", [
    {"loss": "l7"}, {"steps": 0}, {"channels": (16,), "blobs": (1, 1)}, {"keep_prob": 0.0}])  # fmt: skip
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValueError, match="wanted"):
        SENet(**TINY | wrong).build()


def test_shipped_weights_find_faces(shipped, faces, in_keras):
    assert metrics.nme(in_keras, faces.points).mean() < 0.08
    moved = faces.boxes + [4, -3, 4, -3]
    assert metrics.nme(shipped.predict(faces.images[:40], moved[:40]), faces.points[:40]).mean() < 0.12


def test_shipped_files_belong_together_and_are_small(shipped):
    files = list(paths.WEIGHTS.glob("senet*"))
    assert sum(file.stat().st_size for file in files) < 6e6
    frozen = _runtimes.file_name("litert", "senet", _runtimes.fingerprint(shipped._state()))
    assert {file.name for file in files} == {"senet.npz", frozen}, (
        "run tools/ship/freeze.py: the weights have changed"
    )
    assert (paths.WEIGHTS / frozen).stat().st_size <= 3e6
    assert {value.dtype for value in shipped.weights_.values()} == {np.dtype(np.float16)}


def test_the_shipped_network_is_small_and_its_record_says_how_small(shipped):
    model = shipped.build()
    assert sum(row["multiply_adds"] for row in networks.cost(model)) <= 60e6
    learnt = sum(int(np.prod(weights.shape)) for weights in model.trainable_weights)
    record = json.loads((paths.RESULTS / "senet_training.json").read_text(encoding="utf-8"))
    assert record["phases"][-1]["weights"] == learnt


def test_the_first_answer_needs_no_tensorflow():
    code = """
        import sys, numpy as np
        from facelm_helpers import methods
        senet = methods.load("senet")
        senet.predict([np.zeros((90, 90, 3), np.uint8)], [[20, 20, 60, 60]])
        print(senet.runtime, sorted({"tensorflow", "keras"} & set(sys.modules)))
    """
    code = "\n".join(line.strip() for line in code.splitlines())
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=paths.ROOT)
    assert done.stdout.strip() == "litert []", done.stderr


@pytest.mark.parametrize("runtime", FLOAT)
def test_every_runtime_gives_the_points_of_keras(shipped, faces, in_keras, cache, runtime):
    aligner = methods.load("senet", runtime=runtime)
    assert aligner.runtime == runtime
    assert shares(aligner.predict(faces.images, faces.boxes), in_keras, faces).max() < 1e-4
    if runtime == "frozen":
        assert len(list((cache / "runtimes").glob("senet-*.pb"))) == 1  # kept for the next time


def test_int8_is_near(faces, in_keras, cache):
    found = methods.load("senet", runtime="litert-int8").predict(faces.images, faces.boxes)
    assert shares(found, in_keras, faces).mean() < 0.005


def test_a_damaged_frozen_form_is_made_again(shipped, faces, cache):
    wanted = methods.load("senet", runtime="onnx").predict(faces.images[:2], faces.boxes[:2])
    (path,) = (cache / "runtimes").glob("*.onnx")
    good = path.read_bytes()
    for bad in (good[: len(good) // 2], good[:300_000] + bytes(20_000) + good[320_000:], b""):
        path.write_bytes(bad)
        found = methods.load("senet", runtime="onnx").predict(faces.images[:2], faces.boxes[:2])
        np.testing.assert_allclose(found, wanted, atol=1e-3)
    assert not [left for left in path.parent.iterdir() if left.suffix == ".part"]


def test_unknown_or_missing_runtimes_get_a_sentence(shipped, monkeypatch):
    with pytest.raises(ValueError, match="no runtime called 'tpu': wanted one of keras, frozen"):
        shipped.with_runtime("tpu")
    monkeypatch.setattr(freezing, "installed", lambda name: name == "keras")
    with pytest.raises(ValueError, match="'onnx' is not installed"):
        shipped.with_runtime("onnx")
    assert shipped.with_runtime(None).runtime == "keras"


def test_fit_lowers_the_error_and_resumes(faces, tmp_path):
    settings = TINY | {"steps": 6, "learning_rate": 0.003}
    seen = []
    first = SENet(**settings).fit(
        faces[:40], progress=False, on_report=lambda h: seen.append(len(h)), report_every=2
    )
    assert seen == [2, 4, 6] and first.runtime == "keras" and len(first.history_) == 6
    halfway = SENet(**settings | {"steps": 3})
    halfway.fit(faces[:40], progress=False, folder=tmp_path, save_every=3, validation=faces[40:50])
    assert (tmp_path / "best.npz").is_file() and len(halfway.history_.scores) == 1
    rest = SENet(**settings).fit(faces[:40], progress=False, folder=tmp_path, save_every=3)
    np.testing.assert_allclose(rest.history_.losses, first.history_.losses, rtol=1e-4)
    for other, seed, differs in ((faces[60:100], 0, "faces"), (faces[:40], 1, "seed")):
        with pytest.raises(ValueError, match=f"another run, its {differs}"):
            SENet(**settings).fit(other, seed, progress=False, folder=tmp_path)
    with pytest.raises(ValueError, match="another run, its jitter"):
        SENet(**settings | {"jitter": 0.2}).fit(faces[:40], progress=False, folder=tmp_path)
    points = rest.predict(faces.images[:3], faces.boxes[:3])
    assert points.shape == (3, 68, 2) and np.isfinite(points).all()
    rest.halved().save(tmp_path / "tiny.npz")
    again = SENet.load(tmp_path / "tiny.npz").with_runtime("keras")
    assert again.configuration() == rest.configuration()
    assert shares(again.predict(faces.images[:3], faces.boxes[:3]), points, faces[:3]).max() < 2e-3


def test_weights_of_another_network_are_refused(shipped):
    other = SENet(**TINY)
    with pytest.raises(ValueError, match="the weights do not fit the network"):
        training.set_weights(other.build(), shipped.weights_)
    weights = training.weights_of(other.build()) | {"points/bias": np.zeros(10)}
    with pytest.raises(ValueError, match=r"'points/bias' has shape \(10,\): wanted \(136,\)"):
        training.set_weights(other.build(), weights)


ACROSS = """
import sys, numpy as np, keras
from facelm_helpers import networks, training
from facelm_helpers.arrays import read_arrays, write_arrays
folder = sys.argv[1]
model = networks.senet(stem=8, channels=(16,), blobs=(1,), head=8, hidden=32)
training.set_weights(model, read_arrays(folder + "/there.npz"))
x = np.load(folder + "/x.npy")
write_arrays(folder + "/back.npz", training.weights_of(model))
np.save(folder + "/y.npy", model.predict(x, verbose=0))
y = np.zeros((4, 136), np.float32)
history = training.train(model, lambda step: (x, y), training.Recipe(steps=2), progress=False)
print(keras.config.backend(), history.losses)
"""


def test_weights_of_one_backend_load_in_the_other_bit_for_bit(tmp_path):
    if importlib.util.find_spec("jax") is None:
        pytest.skip("JAX is not installed: `pip install jax`, and this compares both backends")
    rng = np.random.default_rng(0)
    with training.seeded(0):
        model = networks.senet(stem=8, channels=(16,), blobs=(1,), head=8, hidden=32)
    weights = {key: value + rng.uniform(0, 0.02, value.shape).astype(np.float32)
               for key, value in training.weights_of(model).items()}  # fmt: skip
    training.set_weights(model, weights)
    x = rng.random((4, 128, 128, 3), dtype=np.float32)
    np.save(tmp_path / "x.npy", x)
    write_arrays(tmp_path / "there.npz", weights)
    environment = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", ACROSS, str(tmp_path)], capture_output=True, text=True,
                          cwd=paths.ROOT, env=environment)  # fmt: skip
    assert done.stdout.startswith("jax"), done.stderr
    back = read_arrays(tmp_path / "back.npz")
    assert back.keys() == weights.keys()
    for key, value in weights.items():
        np.testing.assert_array_equal(back[key], value)
    here, there = model.predict(x, verbose=0), np.load(tmp_path / "y.npy")
    assert np.ptp(here) > 0.1 and np.abs(there - here).max() < 1e-4


def test_training_from_the_command_line(tmp_path):
    command = [sys.executable, "-m", "tools.train.method", "senet", "--n", "40", "--steps", "2"]
    for key, value in TINY.items():
        command += ["--set", f"{key}={value}"]
    done = subprocess.run(
        [*command, "--folder", str(tmp_path)], capture_output=True, text=True, cwd=paths.ROOT
    )
    assert done.returncode == 0, done.stderr
    assert "mean error" in done.stdout and (tmp_path / "last.npz").is_file()
    assert len(json.loads((tmp_path / "history.json").read_text())["losses"]) == 2
    assert SENet.load(tmp_path / "senet.npz").steps == 2


@pytest.mark.parametrize(("words", "says"), [
    (["senot"], "did you mean"), (["senet", "--set", "colour=red"], "no setting 'colour'"),
    (["senet", "--set", "loss"], "wanted KEY=VALUE"),
    (["mean_shape", "--faces", "pts", "--root", "/nowhere"], "nowhere"),
])  # fmt: skip
def test_bad_commands_get_one_sentence(words, says):
    command = [sys.executable, "-m", "tools.train.method", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=paths.ROOT)
    assert done.returncode == 1 and says in done.stderr and "Traceback" not in done.stderr
