"""Training: the same curve after a kill at any step, whole checkpoints, a clear stop on NaN."""

import os
import random
import subprocess
import sys
import threading

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest
from conftest import REPOSITORY

from facelm_helpers import training
from facelm_helpers.arrays import read_arrays
from facelm_helpers.augment import Strength
from facelm_helpers.faces import FaceSet
from facelm_helpers.training import Recipe


def network(seed=0):
    with training.seeded(seed):
        return keras.Sequential([
            keras.Input((12, 12, 3)),
            keras.layers.Conv2D(4, 3, use_bias=False, kernel_regularizer=keras.regularizers.L2(1e-3)),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(6),
        ])  # fmt: skip


FIRST = "import random; from facelm_helpers import training\nwith training.seeded(0): print(random.random())"


@pytest.mark.slow
def test_the_start_does_not_depend_on_whether_keras_was_imported_before():
    command = [sys.executable, "-c", FIRST + "; import keras; print(random.random())"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    wanted = random.Random(0)
    assert [float(line) for line in done.stdout.split()] == [wanted.random(), wanted.random()], done.stderr


def batches(step):
    rng = np.random.default_rng([5, step])
    x = rng.random((8, 12, 12, 3), dtype=np.float32)
    return x, x[:, 3, 3:5].reshape(8, -1).copy()


def faces(n=10):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (n, 60, 60, 3), dtype=np.uint8)
    return FaceSet(images, rng.uniform(10, 50, (n, 68, 2)).astype(np.float32))


class Killed(Exception):
    pass


def killed_at(step):
    def source(number):
        if number == step:
            raise Killed
        return batches(number)

    return source


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_a_killed_run_goes_on_with_the_same_curve(tmp_path, ema):
    recipe = Recipe(steps=14, save_every=4, ema=ema, learning_rate=0.01, decay_steps=5, decay=0.5)
    whole = network()
    expected = training.train(whole, batches, recipe, progress=False)
    for at in (6, 13):
        with pytest.raises(Killed):  # before its checkpoint, and after a resume
            training.train(network(), killed_at(at), recipe, folder=tmp_path, progress=False)
    again = network(seed=99)  # its own start is overwritten by the checkpoint
    history = training.train(again, batches, recipe, folder=tmp_path, progress=False)
    assert len(history) == 14
    np.testing.assert_allclose(history.losses, expected.losses, rtol=1e-5)
    assert history.rates == expected.rates
    for got, wanted in zip(again.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-5)


def test_another_seed_gives_another_curve():
    curves = [
        training.train(network(seed), batches, Recipe(steps=3), progress=False).losses for seed in (0, 0, 1)
    ]
    np.testing.assert_allclose(curves[0], curves[1], rtol=1e-6)
    assert not np.allclose(curves[0], curves[2])


def test_seeding_leaves_the_global_state_alone():
    import random

    random.seed(4)
    expected = random.random()
    random.seed(4)
    network()
    assert random.random() == expected


def test_a_checkpoint_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    recipe = Recipe(steps=2, save_every=2)
    training.train(network(), batches, recipe, folder=tmp_path, progress=False)
    before = (tmp_path / "last.npz").read_bytes()

    def fails(file, **arrays):
        file.write(b"half a file")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fails)
    with pytest.raises(OSError, match="disk full"):
        training.train(network(), batches, Recipe(steps=4, save_every=2), folder=tmp_path, progress=False)
    assert (tmp_path / "last.npz").read_bytes() == before
    assert not list(tmp_path.glob(".*.part"))


def test_the_best_is_kept_beside_the_last(tmp_path):
    scores = iter([3.0, 1.0, 2.0])
    kept = []

    def validate(model):
        kept.append(model.get_weights()[-1].copy())
        return next(scores)

    recipe = Recipe(steps=6, save_every=2)
    model = network()
    history = training.train(model, batches, recipe, folder=tmp_path, validate=validate, progress=False)
    assert history.validated == [2, 4, 6] and history.scores == [3.0, 1.0, 2.0] and history.best == 1.0
    best = read_arrays(tmp_path / "best.npz")
    last_layer = model.layers[-1].name
    np.testing.assert_array_equal(best[f"{last_layer}/bias"], kept[1])
    assert not np.array_equal(kept[1], model.get_weights()[-1])


def test_the_average_lags_behind_and_is_what_is_returned():
    plain, mean = network(), network()
    training.train(plain, batches, Recipe(steps=10, learning_rate=0.05), progress=False)
    training.train(mean, batches, Recipe(steps=10, learning_rate=0.05, ema=0.99), progress=False)
    start = network().get_weights()[0]
    far, near = (np.abs(model.get_weights()[0] - start).mean() for model in (plain, mean))
    assert 0 < near < far


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    training.train(network(), batches, Recipe(steps=2), folder=tmp_path, progress=False)
    other = keras.Sequential([keras.Input((12, 12, 3)), keras.layers.Flatten(), keras.layers.Dense(6)])
    with pytest.raises(ValueError, match="another network"):
        training.train(other, batches, Recipe(steps=4), folder=tmp_path, progress=False)
    (tmp_path / "last.npz").write_bytes(b"PK no")
    with pytest.raises(ValueError, match="last.npz holds no sound checkpoint"):
        training.train(network(), batches, Recipe(steps=4), folder=tmp_path, progress=False)


@pytest.mark.parametrize(("recipe", "about", "differs"), [
    ({"steps": 6, "ema": 0.9}, {}, "its ema was 0.0 and is now 0.9"),
    ({"steps": 6, "loss": "wing"}, {}, "its loss was 'l1' and is now 'wing'"),
    ({"steps": 6, "learning_rate": 0.1}, {}, "its learning_rate"),
    ({"steps": 6, "decay": 0.5}, {}, "its decay"),
    ({"steps": 6}, {"seed": 1}, "its seed was 0 and is now 1"),
    ({"steps": 6}, {"faces": "other"}, "its faces"),
    ({"steps": 2}, {}, "has done 4 steps already"),
])  # fmt: skip
def test_the_checkpoint_of_another_run_is_refused(tmp_path, recipe, about, differs):
    mine = {"seed": 0, "faces": "these"}
    training.train(network(), batches, Recipe(steps=4), folder=tmp_path, progress=False, about=mine)
    before = (tmp_path / "last.npz").read_bytes()
    with pytest.raises(ValueError, match=differs):
        training.train(
            network(), batches, Recipe(**recipe), folder=tmp_path, progress=False, about=mine | about
        )
    assert (tmp_path / "last.npz").read_bytes() == before
    again = {"folder": tmp_path, "progress": False, "about": mine | about}
    assert len(training.train(network(), batches, Recipe(**recipe), resume=False, **again)) == recipe["steps"]


def test_more_steps_go_on_unless_the_schedule_depends_on_them(tmp_path):
    training.train(network(), batches, Recipe(steps=3), folder=tmp_path, progress=False)
    assert len(training.train(network(), batches, Recipe(steps=5), folder=tmp_path, progress=False)) == 5
    cosine = {"schedule": "cosine"}
    training.train(network(), batches, Recipe(3, **cosine), folder=tmp_path / "cosine", progress=False)
    with pytest.raises(ValueError, match="its steps was 3 and is now 5"):
        training.train(network(), batches, Recipe(5, **cosine), folder=tmp_path / "cosine", progress=False)


@pytest.mark.parametrize(("spoil", "words"), [("points", "points hold NaN"), ("images", "images hold NaN")])
def test_nan_stops_at_its_step_and_says_which_batch(tmp_path, spoil, words):
    def source(step):
        x, y = batches(step)
        if step == 3:
            (y if spoil == "points" else x).flat[0] = np.nan
        return x, y

    with pytest.raises(FloatingPointError, match=rf"step 3 \(look at batches\(3\)\).*{words}.*step 2"):
        training.train(network(), source, Recipe(steps=9, save_every=2), folder=tmp_path, progress=False)


def test_reports_and_penalty():
    seen = []
    recipe = Recipe(steps=5)
    training.train(
        network(), batches, recipe, on_report=lambda h: seen.append(len(h)), report_every=2, progress=False
    )
    assert seen == [2, 4, 5]
    model = network()
    kernel = model.layers[0].get_weights()[0]
    history = training.train(model, batches, Recipe(steps=1), progress=False)
    assert history.penalties[0] == pytest.approx(1e-3 * np.square(kernel).sum(), rel=1e-3)


def test_tensorboard_reads_the_log(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    training.train(network(), batches, Recipe(steps=3, save_every=3), folder=tmp_path, progress=False)
    history = training.train(
        network(), batches, Recipe(steps=5, save_every=3), folder=tmp_path, progress=False
    )
    events = accumulator.EventAccumulator(str(tmp_path / "logs")).Reload()
    values = {event.step: event.value for event in events.Scalars("loss")}
    assert sorted(values) == [1, 2, 3, 4, 5]
    np.testing.assert_allclose([values[step] for step in range(1, 6)], history.losses, rtol=1e-6)


def test_published_rate():
    recipe = Recipe()
    assert (recipe.steps, recipe.learning_rate, recipe.decay, recipe.decay_steps) == (
        150_000,
        0.001,
        0.98,
        1000,
    )
    assert training.learning_rate(999, recipe) == 0.001
    assert training.learning_rate(1000, recipe) == pytest.approx(0.00098)
    assert training.learning_rate(149_999, recipe) == pytest.approx(4.93e-5, rel=1e-2)
    cosine = Recipe(steps=100, schedule="cosine", warmup=10)
    assert [round(training.learning_rate(s, cosine), 6) for s in (0, 50, 100)] == [0.0001, 0.0005, 0.0]


@pytest.mark.parametrize("bad", [{"loss": "l3"}, {"schedule": "step"}, {"ema": 1.0}, {"steps": 0}])
def test_an_impossible_recipe_is_refused(bad):
    with pytest.raises(ValueError, match=f"{next(iter(bad))} is"):
        Recipe(**bad)


def test_losses_by_hand():
    truth, predicted = np.zeros((1, 2), np.float32), np.array([[0.001, 0.5]], np.float32)
    value = {name: float(loss(truth, predicted)[0]) for name, loss in training.LOSSES.items()}
    assert value["l1"] == pytest.approx(0.2505)
    assert value["l2"] == pytest.approx((1e-6 + 0.25) / 2)
    assert value["smooth_l1"] == pytest.approx((1e-6 / 0.02 + 0.495) / 2)
    inside, outside = 0.156 * np.log1p(0.001 / 0.031), 0.5 - 0.156 + 0.156 * np.log1p(0.156 / 0.031)
    assert value["wing"] == pytest.approx((inside + outside) / 2)


def test_every_face_once_an_epoch_whatever_the_order_of_asking():
    images = np.repeat(np.arange(10, dtype=np.uint8)[:, None], 40 * 40 * 3, 1).reshape(10, 40, 40, 3)
    points = np.random.default_rng(0).uniform(5, 35, (10, 68, 2)).astype(np.float32)
    batch = training.face_batches(FaceSet(images, points), 5, seed=3, size=8, strength=Strength.none())
    late = batch(3)[0]
    seen = [sorted(np.rint(np.concatenate([batch(s)[0], batch(s + 1)[0]])[:, 4, 4, 0] * 255)) for s in (0, 2)]
    assert seen == [list(range(10))] * 2
    np.testing.assert_array_equal(batch(3)[0], late)
    assert not np.array_equal(batch(0)[0], batch(2)[0])


def test_batches_hold_crops_and_their_points():
    some = faces()
    batch = training.face_batches(some, 10, size=32, strength=Strength.none())
    x, y = batch(0)
    assert x.dtype == y.dtype == np.float32 and x.shape == (10, 32, 32, 3) and y.shape == (10, 136)
    assert 0 <= x.min() and 0.5 < x.max() <= 1
    crops = some.crops(32)
    wanted = {tuple(np.round(row, 4)) for row in (crops.points / 32).reshape(10, -1)}
    assert {tuple(np.round(row, 4)) for row in y} == wanted
    with pytest.raises(ValueError, match="wanted faces with points"):
        training.face_batches(FaceSet(some.images, boxes=some.boxes))


def test_input_is_made_ahead_in_other_threads():
    makers, release = set(), threading.Event()

    def source(step):
        makers.add(threading.current_thread())
        if step == 0:
            return step
        release.wait(5)
        return step

    ahead = training.prefetch(source, 0, 6, ahead=3)
    assert next(ahead) == 0
    release.set()
    assert list(ahead) == [1, 2, 3, 4, 5]
    assert threading.current_thread() not in makers


def test_throughput_reports_both():
    found = training.throughput(network(), batches, steps=4)
    assert found["share"] == pytest.approx(found["training"] / found["network"])
    assert found["network"] > 0
