"""The networks of notebooks 06 and 07: sizes, costs, the squares that they cut out; and as methods."""

import json
import re

import numpy as np
import pytest

from facelm_helpers import geometry, methods, metrics, networks, paths, sources, training
from facelm_helpers.faces import FaceSet, crop
from facelm_helpers.landmarks import MEAN_SHAPE
from facelm_helpers.methods import _runtimes

SMALL = {
    "fan": {"size": 64, "widths": (8, 8, 8), "features": 8, "depth": 1, "stacks": 2},
    "heatmap_offset": {"stem": 8, "channels": (8, 16), "blobs": (1, 1), "head": 8, "size": 64},
    "pipnet": {"stem": 8, "channels": (8, 16), "blobs": (1, 1), "head": 8, "size": 64},
    "dan": {"stem": 8, "channels": (8, 16), "blobs": (1, 1), "head": 8, "hidden": 16, "size": 32, "side": 8},
    "dcnn": {"size": 32, "side": 16, "convolutions": ((4, 3, 2),), "hidden": 8, "part_hidden": 8, "patch": 8,
             "patch_convolutions": ((4, 3, 2),), "patch_hidden": 8},
    "facepp": {"size": 32, "side": 16, "convolutions": ((4, 3, 2),), "hidden": 8, "region": 16, "patch": 8,
               "region_convolutions": ((4, 3, 2),), "patch_convolutions": ((4, 3, 2),), "patch_hidden": 8},
    "vanilla_cnn": {"size": 32, "convolutions": ((4, 3, 2), (8, 3, 2)), "hidden": 8, "clusters": 3},
    "tcdcn": {"size": 32, "convolutions": ((4, 3, 2), (8, 3, 2)), "hidden": 8},
    "densereg": {"stem": 8, "channels": (8, 16), "blobs": (1, 1), "widths": (8, 8), "bins": 4, "size": 64},
    "prnet": {"stem": 8, "channels": (8, 16), "blobs": (1, 1), "widths": (8, 8), "size": 64},
    "tddfa": {"stem": 8, "channels": (8, 16), "blobs": (1, 1), "head": 8, "hidden": 16, "size": 64},
}  # fmt: skip
CASCADES = [name for name in SMALL if methods.of(name).cascade]


@pytest.fixture(scope="module")
def faces():
    return sources.load("synthetic", n=12, seed=4, progress=False)


# --- what the papers say


def dense(*sizes):
    """Weights and biases of dense layers."""
    return sum(a * b + b for a, b in zip(sizes, sizes[1:], strict=False))


def conv(*layers):
    """The same of convolutions (channels in, channels out, side of the filter)."""
    return sum(a * b * k * k + b for a, b, k in layers)


SUN = conv((1, 20, 4), (20, 40, 3), (40, 60, 3), (60, 80, 2))
PAIRS = [1, 64, 64, 128, 128, 256, 256, 512, 512]
VGG = sum(a * b * 9 + 2 * b for a, b in zip(PAIRS, PAIRS[1:], strict=False))  # scale and shift for a bias
FIVE = {"points": 5}
PAPER = {
    "fan": ({}, 23_820_176, 0.001),  # of 2DFAN-4: about 24 million
    "dcnn": (FIVE, SUN + dense(320, 120, 10) + 2 * (SUN + dense(160, 100, 6))
             + 20 * (conv((1, 20, 4), (20, 40, 3)) + dense(160, 60, 2)), 0),
    "vanilla_cnn": (FIVE, conv((3, 16, 5), (16, 48, 3), (48, 64, 3), (64, 64, 2)) + dense(256, 100, 10), 0),
    "tcdcn": (FIVE, conv((1, 16, 5), (16, 48, 3), (48, 64, 3), (64, 64, 2)) + dense(256, 100, 10 + 11)
              , 0),
    "dan": ({}, 2 * (VGG + dense(25_088, 256, 136)) + 2 * 9 * 64 + dense(256, 3136), 0),
    "pipnet": ({}, 11_176_512 + dense(512, 68 * 23), 0.001),  # ResNet-18 without its last layer
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", PAPER)
def test_the_full_size_has_the_papers_number_of_weights(name):
    extra, wanted, off = PAPER[name]
    model = methods.create(name, **methods.of(name).full | extra).build()
    learnt = sum(int(np.prod(weights.shape)) for weights in model.trainable_weights)
    assert learnt == pytest.approx(wanted, rel=off, abs=0)


@pytest.mark.slow
def test_heatmaps_cost_what_senet_costs():
    trunk = {"stem": 16, "channels": (64, 128, 256), "blobs": (1, 2, 2)}
    senet = networks.senet(stem=16, channels=(64, 128, 256, 256), blobs=(1, 2, 2, 2))
    models = [senet, networks.heatmap_offset(**trunk), networks.pipnet(**trunk)]
    costs = [sum(row["multiply_adds"] for row in networks.cost(model)) for model in models]
    assert costs[1] == pytest.approx(costs[0], rel=0.05) and costs[2] == pytest.approx(costs[0], rel=0.05)
    weights = training.weights_of(senet)
    for model in models[1:]:  # and SENet's trunk begins them
        same = {key for key, value in training.weights_of(model).items()
                if key in weights and weights[key].shape == value.shape}  # fmt: skip
        assert {key for key in weights if key.startswith(("stem", "blob1_", "blob5_"))} <= same


# --- what ships


@pytest.mark.parametrize("name", [name for name in SMALL if methods.of(name).has_weights()])
def test_shipped_weights_are_small_and_their_record_and_frozen_file_are_theirs(name):
    (frozen,) = paths.WEIGHTS.glob(f"{name}-*.tflite")
    aligner = methods.load(name)
    wanted = _runtimes.file_name("litert", name, _runtimes.fingerprint(aligner._state()))
    assert frozen.name == wanted, "run tools/ship/freeze.py: the weights have changed"
    assert frozen.stat().st_size < 3e6 and (paths.WEIGHTS / f"{name}.npz").stat().st_size < 3e6
    record = json.loads((paths.RESULTS / "network_training.json").read_text(encoding="utf-8"))[name]
    assert record["method"] == name and record["batches"] == aligner.steps
    faces = sources.load("synthetic", n=20, seed=4, progress=False)
    assert metrics.nme(aligner.predict(faces.images, faces.boxes), faces.points).mean() < 0.1


# --- squares cut out of images


def pose_of(transform, size, side):
    """The pose of what `crop_transform` cuts out of an image of size pixels."""
    back = geometry.invert_transform(transform)
    x, y = geometry.apply_transform(back, [[(side - 1) / 2] * 2])[0]
    return np.float32([[[back[0, 0] * side, back[1, 0] * side, x, y]]]) / size


def test_a_square_is_the_crop_of_the_same_box():
    from facelm_helpers.networks import _warp

    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    picture, transform = crop(image, [20, 18, 44, 42], size=32, margin=4 / 3)  # a pixel is a pixel
    found = _warp.Warp(32)(np.float32(image)[None], pose_of(transform, 64, 32))
    np.testing.assert_allclose(np.asarray(found)[0], picture, atol=1)


def test_the_gradient_of_a_square_is_the_slope_of_its_pixels():
    import tensorflow as tf

    from facelm_helpers.networks import _warp

    rng = np.random.default_rng(0)
    x, y = np.meshgrid(np.arange(12), np.arange(12))  # smooth: bilinear squares have kinks at whole pixels
    image = np.float32(np.stack([np.sin(x / 6 + y / 9), np.cos(x / 8 - y / 5)], axis=-1))[None]
    warp = _warp.Warp(5)
    pose = np.float32([[[0.31, 0.12, 0.46, 0.41]]])
    weight = rng.random((1, 5, 5, 2), dtype=np.float32)

    def total(image, pose):
        return tf.reduce_sum(warp(image, pose) * weight)

    inputs = [tf.constant(image), tf.constant(pose)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = total(*inputs)
    for part, gradient in enumerate(tape.gradient(value, inputs)):
        gradient = tf.convert_to_tensor(gradient).numpy().ravel()
        for k in rng.choice(gradient.size, 4, replace=False):
            step = np.zeros(gradient.size, np.float32)
            step[k] = 1e-3
            ends = []
            for sign in (1, -1):
                moved = [image, pose]
                moved[part] = moved[part] + sign * step.reshape(moved[part].shape)
                ends.append(float(total(*moved)))
            slope = (ends[0] - ends[1]) / 2e-3
            assert gradient[k] == pytest.approx(slope, abs=0.02, rel=0.02)


def test_a_similarity_is_the_one_of_procrustes_and_has_an_inverse():
    from keras import ops

    from facelm_helpers.networks import _warp

    rng = np.random.default_rng(0)
    points = np.float32(0.5 + 0.6 * MEAN_SHAPE @ [[0.9, 0.3], [-0.3, 0.9]] + rng.normal(0, 0.02, (3, 68, 2)))
    pose = _warp.similarity(MEAN_SHAPE, ops.convert_to_tensor(points))
    a, b, x, y = np.asarray(pose)[:, 0].T
    found = np.stack([np.stack([a, -b, x], -1), np.stack([b, a, y], -1)], axis=1)
    np.testing.assert_allclose(found, geometry.similarity(MEAN_SHAPE, points), atol=1e-5)
    back = _warp.placed(pose, _warp.seen(pose, ops.convert_to_tensor(points)))
    np.testing.assert_allclose(np.asarray(back), points, atol=1e-5)


def test_a_landmark_image_falls_with_the_distance_from_the_nearest_point():
    from keras import ops

    from facelm_helpers.networks import _warp

    points = ops.convert_to_tensor(np.float32([[[2, 2], [6, 2]]]) / 8)
    image = np.asarray(_warp.landmark_image(points, 8))[0, :, :, 0]
    assert image[2, 2] == image[2, 6] == pytest.approx(1, abs=1e-4)
    assert image[2, 4] == pytest.approx(1 / 3, abs=1e-4) and image[7, 2] == pytest.approx(1 / 6, abs=1e-4)


# --- as methods


@pytest.fixture(scope="module")
def fitted(faces):
    """Each method after two steps, by name; made when first asked for."""
    made = {}

    def make(name):
        if name not in made:
            aligner = methods.create(name, **SMALL[name], steps=2, batch_size=4)
            made[name] = aligner.fit(faces, progress=False)
        return made[name]

    return make


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_method_learns_is_saved_and_comes_back(name, fitted, faces, tmp_path):
    aligner = fitted(name)
    assert np.isfinite(aligner.history_.losses).all()
    points = aligner.predict(faces.images, faces.boxes)
    assert points.shape == (12, 68, 2)
    halved = aligner.halved()
    again = type(aligner).load(halved.save(tmp_path / "a.npz")).with_runtime("keras")
    assert again.configuration() == aligner.configuration()
    expected = halved.with_runtime("keras").predict(faces.images, faces.boxes)
    np.testing.assert_allclose(again.predict(faces.images, faces.boxes), expected, atol=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_litert_gives_the_points_of_keras(name, fitted, faces, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "DOWNLOADS", tmp_path)
    aligner = fitted(name)
    found = aligner.with_runtime("litert").predict(faces.images[:3], faces.boxes[:3])
    expected = aligner.with_runtime("keras").predict(faces.images[:3], faces.boxes[:3])
    np.testing.assert_allclose(found, expected, atol=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASCADES)
def test_a_cascade_starts_at_the_mean_shape_and_ends_at_its_answer(name, fitted, faces):
    stages = fitted(name).predict(faces.images, faces.boxes, stages=True)
    assert stages.shape[1:] == (12, 68, 2) and len(stages) == (3 if name == "dan" else 4)
    assert metrics.nme(stages[0], faces.points).mean() < 0.25
    np.testing.assert_allclose(stages[-1], fitted(name).predict(faces.images, faces.boxes), atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dan", "dcnn", "facepp", "vanilla_cnn", "tcdcn"])
def test_an_untrained_network_answers_with_the_mean_shape(name):
    mean = np.float32(MEAN_SHAPE / 1.5 + 0.496)
    aligner = methods.create(name, **SMALL[name])
    crops = np.random.default_rng(0).random((2, aligner.size, aligner.size, 3), dtype=np.float32)
    points = aligner._points(np.asarray(aligner.build(mean)(crops)))
    assert np.abs(points / aligner.size - mean).mean() < 0.05


@pytest.mark.slow
def test_perfect_maps_are_read_as_the_points_and_cost_least():
    from keras import ops

    from facelm_helpers import heatmaps

    rng = np.random.default_rng(0)
    points = np.float32(MEAN_SHAPE / 1.5 + 0.5 + rng.normal(0, 0.01, (3, 68, 2)))
    truth = ops.convert_to_tensor(points.reshape(3, 136))
    aligner = methods.create("fan", size=64)
    logits = np.log(heatmaps.gaussian((points + 0.5 / 64) * 16 - 0.5, 16) + 1e-8)
    for decode, off in (("argmax", 2.9), ("quarter", 2.2), ("dark", 0.7), ("soft-argmax", 0.1)):
        aligner.decode = decode
        assert np.abs(aligner._points(logits) - 64 * points).max() < off
    worse = logits + rng.normal(0, 2, logits.shape)
    losses = [np.asarray(aligner._loss(truth, ops.convert_to_tensor(np.float32(x)))) for x in (logits, worse)]
    assert (losses[0] < losses[1]).all()

    aligner = methods.create("heatmap_offset", size=64)
    grid = np.stack(np.meshgrid(np.arange(8), np.arange(8)), axis=-1)[None, :, :, None]
    place = ((points + 0.5 / 64) * 8 - 0.5)[:, None, None]
    flat = [np.zeros((3, 8, 8, 68)), (place - grid).reshape(3, 8, 8, 136)]
    output = np.float32(np.concatenate(flat, axis=-1))
    np.testing.assert_allclose(aligner._points(output), 64 * points, atol=1e-3)


def test_pixel_in_pixel_reads_what_its_loss_asks_for():
    from keras import ops

    aligner = methods.create("pipnet", size=64, neighbours=4)
    from facelm_helpers.methods.pipnet import neighbours

    points = np.float32(MEAN_SHAPE / 1.5 + 0.5)[None].repeat(2, axis=0)
    place = (points + 0.5 / 64) * 4
    cell = np.clip(np.floor(place), 0, 3).astype(int)
    grid = np.stack(np.meshgrid(np.arange(4), np.arange(4)), axis=-1)[None, :, :, None]
    scores = (cell[:, None, None] == grid).all(axis=-1)
    own = place[:, None, None] - grid
    votes = place[:, neighbours(4)][:, None, None] - grid[..., None, :]
    parts = [scores, own.reshape(2, 4, 4, -1), votes.reshape(2, 4, 4, -1)]
    output = np.concatenate(parts, axis=-1).astype(np.float32)
    np.testing.assert_allclose(aligner._points(output), 64 * points, atol=1e-3)
    loss = aligner._loss(ops.convert_to_tensor(points.reshape(2, 136)), ops.convert_to_tensor(output))
    np.testing.assert_allclose(np.asarray(loss), 0, atol=1e-5)


def test_what_is_not_known_of_a_face_counts_for_nothing():
    from keras import ops

    from facelm_helpers.methods.tcdcn import targets

    aligner = methods.create("tcdcn")
    points = np.float32(MEAN_SHAPE).reshape(1, 136).repeat(3, axis=0)
    truth = targets(points, attributes=np.float32([[2, 1, np.nan, 0], [2, 1, 0, 0], [np.nan] * 4]))
    truth[1, :136] = np.nan  # five points only
    output = np.concatenate([points, np.zeros((3, 8))], axis=1).astype("f4")
    loss = np.asarray(aligner._loss(ops.convert_to_tensor(truth), ops.convert_to_tensor(output)))
    base, task = loss[2], aligner.task_weight
    np.testing.assert_allclose(loss[0] - base, task * (np.log(5) + 2 * np.log(2)), rtol=1e-3)
    np.testing.assert_allclose(loss[1] - base, task * (np.log(5) + 3 * np.log(2)), rtol=1e-3)
    aligner.learning = (False,) * 4
    stopped = np.asarray(aligner._loss(ops.convert_to_tensor(truth), ops.convert_to_tensor(output)))
    np.testing.assert_allclose(stopped, base, rtol=1e-4)


def test_a_batch_of_default_faces_says_pose_and_mouth():
    aligner = methods.create("tcdcn", **SMALL["tcdcn"], batch_size=4)
    images = np.zeros((4, 64, 64, 3), np.uint8)
    shapes = FaceSet(images, np.float32(MEAN_SHAPE * 40 + 32)[None].repeat(4, axis=0))
    crops, wanted = aligner._batches(shapes, seed=0)(0)
    assert crops.shape == (4, 32, 32, 3) and wanted.shape == (4, 150)
    assert (wanted[:, 146] == 2).all() and (wanted[:, 149] == 0).all() and np.isnan(wanted[:, 147:149]).all()


@pytest.mark.parametrize("build", [networks.dcnn, networks.facepp, networks.dan, networks.mtcnn])
def test_the_shapes_that_a_network_s_text_names_are_its_own(build):
    models = [build(part) for part in "rol"] if build is networks.mtcnn else [build()]
    tensors = [layer.output for model in models for layer in model.layers]
    shapes = {one.shape[-3:] for found in tensors for one in (found if isinstance(found, list) else [found])}
    said = re.findall(r"(\d+)x(\d+)x(\d+)", build.__doc__)
    assert len(said) > 4 and {tuple(map(int, one)) for one in said} <= shapes
