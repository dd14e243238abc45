"""Freezing: every frozen form gives the points that Keras gives, over 200 faces."""

import os
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import keras
import numpy as np
import pytest
import skimage.data

from facelm_helpers import freezing, networks, paths, sources, training

FACES = 200


@pytest.fixture(scope="module")
def faces():
    return sources.load("synthetic", n=FACES, seed=11, progress=False).crops(128)


@pytest.fixture(scope="module")
def crops(faces):
    return training.scaled(faces.images)


@pytest.fixture(scope="module")
def model(faces, crops):
    """A small SENet as training might leave it: statistics that fit, every weight a 16-bit float."""
    with training.seeded(1):
        model = networks.senet(channels=(16, 32), blobs=(1, 2), stem=8, hidden=64)
    model.compile(keras.optimizers.Adam(0.003), "mae", jit_compile=False)
    wanted = faces.points.reshape(FACES, 136) / 128
    for i in range(40):
        model.train_on_batch(crops[i % 5 * 32 :][:32], wanted[i % 5 * 32 :][:32])
    weights = training.weights_of(model)
    training.set_weights(model, {key: value.astype(np.float16) for key, value in weights.items()})
    return model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("frozen")


@pytest.fixture(scope="module")
def onnx_file(model, folder):
    return freezing.save_onnx(model, folder / "senet.onnx")


@pytest.fixture(scope="module")
def pb_file(model, folder):
    return freezing.freeze(model, folder / "senet.pb")


def test_folded_is_the_same_function(model, crops):
    small = freezing.fold(model)
    kinds = {type(layer).__name__ for layer in small.layers}
    assert not kinds & {"BatchNormalization", "Dropout"}
    assert np.ptp(model.predict(crops, verbose=0), axis=0).mean() > 1e-3  # the outputs do depend on the face
    assert freezing.difference(lambda images: small.predict(images, verbose=0), model, crops)[0] < 1e-5


def test_a_convolution_that_feeds_two_layers_is_not_folded():
    image = keras.Input((6, 6, 3))
    shared = keras.layers.Conv2D(4, 1)(image)
    both = keras.layers.Add()([keras.layers.BatchNormalization()(shared), shared])
    relu = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 1, activation="relu")(both))
    model = keras.Model(image, relu)
    model.set_weights(
        [np.random.default_rng(i).random(w.shape) + 0.1 for i, w in enumerate(model.get_weights())]
    )
    small = freezing.fold(model)
    x = np.random.default_rng(0).random((2, 6, 6, 3), dtype=np.float32)
    np.testing.assert_allclose(small.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5)


def test_pb_in_tensorflow(model, pb_file, crops):
    import tensorflow as tf

    graph = tf.compat.v1.GraphDef.FromString(pb_file.read_bytes())
    kinds = {node.op for node in graph.node}
    assert not {kind for kind in kinds if "Variable" in kind or "BatchNorm" in kind}
    placeholder = next(node for node in graph.node if node.op == "Placeholder")
    assert placeholder.name == "image"
    assert [d.size for d in placeholder.attr["shape"].shape.dim] == [1, 128, 128, 3]
    assert graph.node[-1].name == "points"
    assert freezing.difference(freezing.open_frozen(pb_file), model, crops)[0] < 1e-4


def test_pb_in_opencv_where_it_still_reads_one(model, pb_file, crops):
    if not freezing.opencv_reads(pb_file):
        pytest.skip(
            f"OpenCV {cv2.__version__} reads no TensorFlow graph any more; ONNX stands in (tested below)"
        )
    assert freezing.difference(freezing.open_opencv(pb_file), model, crops)[0] < 1e-4


def test_onnx_in_onnxruntime_and_opencv(model, onnx_file, crops):
    assert freezing.difference(freezing.open_onnx(onnx_file), model, crops)[0] < 1e-4
    assert freezing.opencv_reads(onnx_file)
    assert freezing.difference(freezing.open_opencv(onnx_file), model, crops)[0] < 1e-4


def test_half_onnx_is_half_the_size_and_the_same_answer(model, onnx_file, folder, crops):
    half = freezing.save_onnx(model, folder / "half.onnx", half=True)
    assert half.stat().st_size < 0.6 * onnx_file.stat().st_size
    assert freezing.difference(freezing.open_onnx(half), model, crops)[0] < 1e-5
    if freezing.opencv_reads(half):
        assert freezing.difference(freezing.open_opencv(half), model, crops)[0] < 1e-4


def test_saved_model(model, folder, crops):
    path = freezing.save_saved_model(model, folder / "saved")
    assert freezing.difference(freezing.open_saved_model(path), model, crops)[0] < 1e-4


def test_litert_float(model, folder, crops):
    path = freezing.save_litert(model, folder / "senet.tflite")
    assert freezing.difference(freezing.open_litert(path), model, crops)[0] < 1e-4


@pytest.mark.parametrize("bits, allowed", [(16, 1e-3), (8, 0.01)])
def test_litert_with_fewer_bits_a_weight_is_smaller_and_nearly_the_same_answer(
    model, folder, crops, bits, allowed
):
    path = freezing.save_litert(model, folder / f"{bits}.tflite", bits=bits)
    assert path.stat().st_size < (bits / 8 + 1) * model.count_params()
    assert freezing.difference(freezing.open_litert(path), model, crops)[0] < allowed


def test_litert_int8(model, folder, crops):
    path = freezing.save_litert(model, folder / "int8.tflite", representative=crops[:60])
    assert path.stat().st_size < 2 * model.count_params()  # a byte a weight, and what describes the graph
    run = freezing.open_litert(path)
    assert freezing.difference(run, model, crops)[1] < 0.005
    assert np.ptp(run(crops[:9]), axis=0).max() > 1e-3  # not a constant


def test_a_photograph_goes_in_and_a_drawing_comes_out(onnx_file, tmp_path):
    photograph = skimage.data.astronaut()
    file = tmp_path / "photograph.png"
    cv2.imwrite(str(file), photograph[:, :, ::-1])
    run = freezing.open_opencv(onnx_file)
    picture, points = freezing.run_opencv(file, run, out=tmp_path / "drawn.png")
    assert points.shape == (68, 2) and picture.shape == photograph.shape
    changed = (picture != photograph).any(axis=2)
    assert 68 <= changed.sum() < 0.2 * changed.size
    drawn = cv2.imread(str(tmp_path / "drawn.png"))[:, :, ::-1]
    np.testing.assert_array_equal(drawn, picture)
    np.testing.assert_allclose(freezing.run_opencv(photograph, run)[1], points)
    for name in ("p", "p.nonsense"):
        with pytest.raises(ValueError, match=f"{name} cannot be written as a picture"):
            freezing.run_opencv(photograph, run, out=tmp_path / name)


def test_damaged_files_are_named(pb_file, onnx_file, tmp_path):
    openers = {"pb": freezing.open_frozen, "tflite": freezing.open_litert, "onnx": freezing.open_onnx}
    good = {"pb": pb_file, "onnx": onnx_file, "tflite": next(paths.WEIGHTS.glob("*.tflite"))}
    for ending, opened in [*openers.items(), ("onnx", freezing.open_opencv)]:
        content = good[ending].read_bytes()
        for bad in (content[: len(content) // 2], content[len(content) // 2 :], b"", b"no graph at all"):
            path = tmp_path / f"bad.{ending}"
            path.write_bytes(bad)
            with pytest.raises(ValueError, match=f"bad.{ending}") as told:
                opened(path)
            assert "\n" not in str(told.value)
    with pytest.raises(ValueError, match=tmp_path.name):
        freezing.open_saved_model(tmp_path)


def test_bad_photographs_get_a_sentence(tmp_path):
    run = pytest.fail
    with pytest.raises(FileNotFoundError, match="missing.png"):
        freezing.run_opencv(tmp_path / "missing.png", run)
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(ValueError, match="not a picture"):
        freezing.run_opencv(tmp_path / "text.png", run)
    with pytest.raises(ValueError, match="no face found"):
        freezing.run_opencv(np.full((120, 120, 3), 128, np.uint8), run)
    (tmp_path / "broken.onnx").write_bytes(b"no graph")
    with pytest.raises(ValueError, match="broken.onnx"):
        freezing.open_opencv(tmp_path / "broken.onnx")


def test_another_backend_is_told_to_come_back_with_tensorflow(monkeypatch, tmp_path):
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(RuntimeError, match="KERAS_BACKEND=tensorflow"):
        freezing.freeze(None, tmp_path / "x.pb")


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = (
        "import sys, facelm_helpers.freezing, facelm_helpers.training;"
        "print([m for m in ('tensorflow', 'keras', 'onnx', 'onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=paths.ROOT)
    assert done.stdout.strip() == "[]", done.stderr
