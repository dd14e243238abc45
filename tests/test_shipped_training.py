"""How the shipped SENet comes about: batches, the loop, wider networks, the mean of weights."""

import functools
import json

import numpy as np
import pytest
from drawn import drawn_faces
from packed import made_up

from facelm_helpers import methods
from tools.measure import tables
from tools.ship import figures
from tools.train import average, published

SMALL = {"stem": 8, "channels": (16, 32), "blobs": (1, 1), "head": 8, "hidden": 16}


def test_the_table_of_the_ablation():
    figures = {"plain": 0.0612, "corrected": 0.0551, "plain_ratio": 0.9, "corrected_ratio": 1.02}
    rows = [{"variant": "all steps", "yt68/val": figures, "lfpw68/held-out": figures}]
    lines = tables.table({"senet_ablation": {"rows": rows}}, "ablation").splitlines()
    assert lines[-1] == "| all steps | 6.12 % | 0.90 | 5.51 % | 1.02 | 6.12 % | 5.51 % |"
    assert tables.table({}, "ablation") == "*Not measured yet: ablation.*"


def test_so_short_a_training_does_not_show_that_a_teacher_helps():
    runs = {row["variant"]: row["runs"] for row in figures.load()["senet_ablation"]["rows"]}
    for faces in ("lfpw68/held-out", "helen68/validation", "yt68/val"):
        taught, alone = (np.array([run[faces]["plain"] for run in runs[name].values()])
                         for name in ("all steps", "no teacher"))  # fmt: skip
        assert len(taught) == len(alone) == 3
        assert 0 < (alone - taught).mean() < 0.0015
        assert (alone - taught).mean() < max(np.ptp(taught), np.ptp(alone))


def test_the_table_of_the_runs_is_read_from_their_record():
    results = figures.load()
    rows = tables.training(results)
    aligned = [row for row in rows[1:] if not row[0].startswith("`mtcnn_")]  # its parts find faces: no NME
    assert len(aligned) > 2 and all(row[-1].endswith(" %") for row in aligned)
    for run in results["senet_training"]["phases"]:
        steps = [row["batches"] for row in run["validation"]]
        assert steps == sorted(set(steps)) and steps[-1] == run["batches"]
        assert run["crops"] == run["batches"] * run["batch_size"]


def test_the_published_recipe_goes_on_and_its_record_grows(tmp_path, monkeypatch):
    small = functools.partial(methods.create, **SMALL, batch_size=4)
    monkeypatch.setattr(published.methods, "create", small)
    monkeypatch.setattr(published.real_faces, "REAL", tmp_path / "nowhere")
    options = ["--every", "1", "--default", "20", "--out", str(tmp_path / "record.json")]
    for steps in ("1", "2"):
        published.main([str(tmp_path / "run"), "--steps", steps, *options])
    told = json.loads((tmp_path / "record.json").read_text("utf-8"))
    assert (told["batches"], told["of"], told["faces"]) == (2, 150_000, [16, 4])
    assert [row["batches"] for row in told["validation"]] == [1, 2]
    assert 0 < told["validation"][-1]["split by person"]["tight"] < 1


def test_people_of_different_sets_are_different_people():
    faces = published.joined({"one": drawn_faces(2), "other": drawn_faces(2)})
    assert len(set(faces.persons)) == 4 and faces.images[3].shape == faces.images[1].shape


def test_the_mean_of_weights():
    one = methods.load("senet")
    other = methods.create("senet", **one.configuration())
    other._restore({key: (2 * value).astype(np.float32) for key, value in one.weights_.items()})
    between = average.mean([(0.5, one), (0.5, other)])
    key = "points/bias"
    assert between.weights_[key] == pytest.approx(1.5 * one.weights_[key].astype(float), rel=1e-3)
    with pytest.raises(ValueError, match="sum to 0.9"):
        average.mean([(0.4, one), (0.5, other)])


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed: the training with it is not tested")


def test_batches_hold_every_set_and_the_points_lie_on_the_faces(torch):
    from tools.train.batches import Batches

    torch.manual_seed(0)
    batches = Batches({"lfpw68/train": made_up(), "default": made_up(), "mtfl": made_up(known=False)})
    assert batches.shares == pytest.approx({"lfpw68/train": 0.16 / 0.22, "default": 0.06 / 0.22})
    assert batches.counts(11) == {"lfpw68/train": 8, "default": 3}
    crops, points, weights = batches.draw(11)
    assert crops.shape == (11, 3, 128, 128) and 0 <= crops.min() and crops.max() <= 1
    middles = points.mean(1)
    assert (middles > 0.2).all() and (middles < 0.8).all()
    assert sorted(set(weights.tolist())) == [0.5, 1.0]
    with pytest.raises(ValueError, match="no set to draw from"):
        Batches({"mtfl": made_up(known=False)})


def test_a_square_round_a_face_goes_there_and_back(torch):
    from tools.train.frames import Frames

    centre, side = torch.tensor([[40.0, 60.0]]), torch.tensor([50.0])
    frames, points = Frames(centre, side, torch.tensor([0.4])), torch.rand(1, 68, 2) * 90
    assert torch.allclose(frames.from_crop(frames.to_crop(points)), points, atol=1e-3)
    assert frames.to_crop(centre[:, None])[0, 0].tolist() == pytest.approx([127 / 256] * 2)


def test_a_wider_network_starts_with_the_narrower_ones_answers(torch):
    from tools.train.torch_twin import Network
    from tools.train.widen import widened

    torch.manual_seed(0)
    old = Network(np.full((68, 2), 0.5), **SMALL)
    new = Network(np.full((68, 2), 0.5), **SMALL | {"channels": (24, 32), "blobs": (2, 1)})
    crops = torch.rand(2, 3, 128, 128)
    old(crops), old.eval()
    new.load_state_dict(widened(old.state_dict(), (1, 1), new.state_dict(), (2, 1)))
    assert torch.allclose(new.eval()(crops), old(crops), atol=1e-5)
    with pytest.raises(ValueError, match="wanted"):
        widened(new.state_dict(), (2, 1), old.state_dict(), (1, 1))


def test_a_run_that_was_stopped_goes_on_and_one_of_another_form_is_refused(torch, tmp_path):
    from tools.train.batches import Batches
    from tools.train.loop import Goal, Training
    from tools.train.torch_twin import Network

    draw = Batches({"lfpw68/train": made_up()}).draw
    goal = Goal(crops=24, batch_size=4)
    first = Training(Network(np.full((68, 2), 0.5), **SMALL), goal, tmp_path)
    first.run(draw, piece=0.001)
    assert 0 < first.done < 1
    again = Training(Network(np.full((68, 2), 0.5), **SMALL), goal, tmp_path)
    assert again.step == first.step
    again.run(draw, report=lambda network: {"errors": 1})
    assert again.done >= 1 and (tmp_path / "training.json").is_file()
    with pytest.raises(ValueError, match="another form"):
        Training(Network(np.full((68, 2), 0.5), **SMALL | {"hidden": 8}), goal, tmp_path)


def test_another_seed_draws_other_crops_even_from_the_same_weights(torch, tmp_path):
    from tools.train.loop import Goal, Training
    from tools.train.torch_twin import Network

    network = Network(np.full((68, 2), 0.5), **SMALL)

    def drawn(folder, seed):
        found = []

        def draw(size):
            found.append(torch.rand(size, 3, 128, 128))
            return found[-1], torch.full((size, 68, 2), 0.5), torch.ones(size)

        Training(network, Goal(crops=8, batch_size=4), tmp_path / folder, seed=seed).run(draw)
        return torch.stack(found)

    one = drawn("one", 1)
    assert torch.equal(drawn("again", 1), one) and not torch.equal(drawn("other", 2), one)


def test_both_ways_of_cutting_give_the_same_crops(torch):
    from tools.train.frames import Frames, cut

    faces, index = made_up(2), torch.tensor([1, 0])
    frames = Frames(torch.full((2, 2), 95.5), torch.tensor([90.0, 60.0]), torch.tensor([0.0, 0.5]))
    gap = cut(faces.images, index, frames) - cut(torch.as_tensor(faces.images), index, frames)
    assert gap.abs().mean() < 1


def test_changes_keep_whole_numbers_and_touch_the_share_that_they_should(torch):
    from tools.train import photometric
    from tools.train.photometric import Changes

    torch.manual_seed(0)
    crops = torch.rand(8, 3, 128, 128) * 255
    for changes in (photometric.STRONG, photometric.MILD):
        found = photometric.photometric(crops.clone(), changes)
        assert ((found * 255).round() / 255 == found).all() and found.min() >= 0 and found.max() <= 1
    none = Changes(*[0.0] * 12)
    still = crops.round() / 255
    assert torch.allclose(photometric.photometric(crops.clone(), none), still, atol=1 / 254)
    noisy = photometric.photometric(crops.clone(), Changes(*[0.0] * 10, noise=0.5, jpeg=0.0))
    assert ((noisy - still).abs().amax((1, 2, 3)) > 0.01).sum() == 4
    flat = torch.full((2, 3, 128, 128), 77.0)
    assert torch.allclose(photometric.blurred(flat, torch.tensor([0.5, 2.0])), flat, atol=1e-3)
    assert (photometric.compressed(flat, torch.ones(2, 1, 1, 1)) - flat).abs().max() < 8


def test_a_teacher_labels_faces_and_leaves_out_what_does_not_fit(torch):
    from tools.train.labels import labelled
    from tools.train.teacher import Teacher

    torch.manual_seed(0)
    network = Teacher(width=0.1, depth=(1, 1, 1, 1)).eval()
    unknown = made_up(known=False)
    unknown.five[:] = 1000.0
    found = labelled(network, {"lfpw68/train": made_up(), "mtfl": unknown}, views=1)
    assert found["lfpw68/train/points"].shape == found["mtfl/points"].shape == (6, 68, 2)
    assert found["lfpw68/train/keep"].all() and not found["mtfl/keep"].any()
    assert np.isfinite(found["mtfl/points"]).all() and (found["lfpw68/train/spread"] >= 0).all()


def test_what_a_run_saves_is_read_by_the_course_and_is_a_start_for_a_wider_one(torch, tmp_path, monkeypatch):
    from tools.train import shipped
    from tools.train.widen import read

    sets = {"lfpw68/train": made_up(), "lfpw68/held-out": made_up(seed=4), "default": made_up()}
    monkeypatch.setattr(shipped, "load", lambda path, default, names: sets)
    options = ["--crops", "8", "--batch", "4", "--stem", "8", "--blobs", "1", "1", "--channels", "16"]
    shipped.main([str(tmp_path / "first"), *options, "32"])
    senet = methods.of("senet").load(tmp_path / "first" / "senet.npz")
    assert (senet.stem, senet.channels, senet.blobs, senet.steps) == (8, (16, 32), (1, 1), 2)
    assert senet.provenance["trained_on"] == "LFPW, 6 default faces of the course"
    assert read(tmp_path / "first" / "senet.npz")["configuration"]["steps"] == 2
    more = ["--start", str(tmp_path / "first" / "senet.npz"), "--mild-after", "0.5"]
    shipped.main([str(tmp_path / "next"), *options, "48", *more])
    told = json.loads((tmp_path / "next" / "training.json").read_text("utf-8"))
    assert told["strength"] == "strong, mild after 50 %"
    assert told["batches"] == 2 and set(told["validation"][-1]["lfpw68/held-out"]) == {"dlib", "blazeface"}
    with pytest.raises(SystemExit):
        shipped.main([str(tmp_path / "other"), "--synthetic-only", "--labels", "labels.npz"])
