"""The bench: corrected errors, jitter and turns are right; results merge; tables say what was measured."""

import json

import numpy as np
import pytest
from drawn import FRONTAL, centre_of_mass, dot, drawn_faces

from facelm_helpers import detectors, metrics, protocol
from facelm_helpers.boxes import jitter_boxes, tight_boxes
from facelm_helpers.geometry import apply_transform
from facelm_helpers.methods.mean_shape import MeanShape
from facelm_helpers.paths import RESULTS
from tools.data import found_boxes
from tools.measure import accuracy, bench, changes, face_sets, speed, store, tables
from tools.ship import figures


def turned_shapes(n=20, seed=0):
    """Shapes in any place, size and direction."""
    rng = np.random.default_rng(seed)
    angle, scale = rng.uniform(0, 2 * np.pi, n), rng.uniform(20, 90, n)
    matrices = np.empty((n, 2, 3))
    matrices[:, 0, :2] = np.stack([np.cos(angle), -np.sin(angle)], axis=1) * scale[:, None]
    matrices[:, 1, :2] = np.stack([np.sin(angle), np.cos(angle)], axis=1) * scale[:, None]
    matrices[:, :, 2] = rng.uniform(0, 300, (n, 2))
    return apply_transform(matrices, np.repeat(FRONTAL[None], n, axis=0)), matrices[:, :, :2]


def test_a_constant_bias_is_measured_and_taken_out_exactly():
    truth, matrices = turned_shapes()
    bias = np.random.default_rng(1).normal(0, 0.05, (68, 2))
    eyes = np.linalg.norm(FRONTAL[45] - FRONTAL[36])
    predicted = truth + (bias * eyes) @ np.swapaxes(matrices, 1, 2)  # the same bias on every turned face
    measured = protocol.offsets(predicted[:10], truth[:10])
    assert measured == pytest.approx(bias, abs=1e-6)
    assert metrics.nme(predicted[10:], truth[10:]).min() > 0.01
    assert protocol.corrected_nme(predicted[10:], truth[10:], measured).max() < 1e-6


def test_a_few_wild_faces_do_not_change_the_bias():
    truth, _ = turned_shapes()
    predicted = truth.copy()
    predicted[3] += 500
    assert np.abs(protocol.offsets(predicted, truth)).max() < 1e-6


def test_offsets_of_the_wrong_shape_are_refused():
    truth, _ = turned_shapes(2)
    with pytest.raises(ValueError, match=r"offsets have shape \(2,\)"):
        protocol.remove_offsets(truth, truth, [0.1, 0.2])


def test_jitter_stays_within_its_amount_and_fills_it():
    boxes = np.tile([10.0, 20.0, 90.0, 60.0], (2000, 1))
    moved = jitter_boxes(boxes, seed=3, amount=0.1)
    shift = (moved[:, :2] + moved[:, 2:] - boxes[:, :2] - boxes[:, 2:]) / 2 / 80  # of the longer side
    scale = (moved[:, 2] - moved[:, 0]) / 80 - 1
    for drawn in (shift[:, 0], shift[:, 1], scale):
        assert np.abs(drawn).max() <= 0.1 + 1e-6
        assert (drawn.min() < -0.098) and (drawn.max() > 0.098) and abs(drawn.mean()) < 0.005
    assert (moved[:, 3] - moved[:, 1]) / 40 - 1 == pytest.approx(scale, abs=1e-6)
    assert (moved == jitter_boxes(boxes, seed=3)).all()
    assert (jitter_boxes(boxes, seed=3, amount=0) == boxes).all()
    with pytest.raises(ValueError, match="amount is 1"):
        jitter_boxes(boxes, seed=0, amount=1)


@pytest.mark.parametrize("degrees", [30, -30, 90])
def test_a_turned_picture_keeps_its_points_and_the_middle_of_the_box(degrees):
    image, box = dot(130, 60), [80, 50, 120, 90]
    turned, points = protocol.turn(image, [[130, 60], [100, 70]], box, degrees)
    assert turned.shape == image.shape
    assert centre_of_mass(turned) == pytest.approx(points[0], abs=0.1)
    assert points[1] == pytest.approx([100, 70], abs=1e-4)
    middle = np.array([100, 70])
    before, after = np.array([130, 60]) - middle, points[0] - middle
    angle = np.degrees(np.arctan2(before[0] * after[1] - before[1] * after[0], before @ after))
    assert angle == pytest.approx(degrees, abs=1e-3)


class Biased:
    """Predicts the truth and a constant: a stand-in for a method, so that figures can be worked out."""

    def __init__(self, shift):
        self.shift, self.truth = shift, {}

    def knows(self, *sets):
        for faces in sets:
            self.truth |= {faces.images[i].tobytes(): faces.points[i] for i in range(len(faces))}
        return self

    def predict(self, images, boxes):
        assert len(images) == len(boxes)
        none = np.full((68, 2), np.nan)
        return np.stack([self.truth.get(np.asarray(image).tobytes(), none) for image in images]) + self.shift


@pytest.fixture
def small_set(monkeypatch):
    faces, other = drawn_faces(12, seed=1), drawn_faces(9, seed=2)
    found = face_sets.Set("drawn", faces, other)
    found.detected = {box: tight_boxes(faces.points) for box in face_sets.BOXES}
    found.other_detected = {box: tight_boxes(other.points) for box in face_sets.BOXES}
    found.detected["detector"][4] = np.nan  # dlib's detector misses one
    return found


def test_a_set_is_measured_in_every_box_and_the_missed_face_is_counted(small_set, monkeypatch):
    monkeypatch.setattr(accuracy, "CHANGES", {})
    nearly = Biased((1, 0)).knows(small_set.faces, small_set.other)
    shifted = Biased((3, 0)).knows(small_set.faces, small_set.other)
    result = accuracy.measure_set(small_set, {"shifted": shifted, "dlib": nearly, "again": shifted})
    assert [result[key] for key in ("faces", "missed", "missed_by_blazeface")] == [12, 1, 0]
    assert sum(group["missed"] for name, group in result["groups"].items() if name.startswith("pose")) == 1
    tight = result["methods"]["shifted"]["tight"]
    truth = small_set.faces.points
    assert tight["nme"] == pytest.approx(metrics.nme(truth + (3, 0), truth).mean())
    # the shift is along the picture, the bias along the eyes: most of it is taken out
    assert tight["corrected"]["nme"] < tight["nme"] / 2
    assert result["methods"]["again"]["tight"] == tight
    assert result["methods"]["shifted"]["detector"]["ratio"] == pytest.approx(3)
    assert result["methods"]["shifted"]["blazeface"] == tight  # its boxes are the tight ones here
    only = accuracy.measure_set(small_set, {"dlib": nearly}, ["blazeface"])["methods"]["dlib"]
    assert set(only) == {"seen", "blazeface"}


def test_harder_faces_are_measured_beside_the_baseline(small_set):
    aligners = {"dlib": MeanShape().fit(small_set.other), "other": MeanShape().fit(small_set.faces)}
    record = accuracy.measure_set(small_set, aligners)["methods"]["other"]["detector"]
    changes = record["changes"]
    for change in ("jitter", "turn"):
        assert changes[change]["nme"] > record["nme"]
        assert changes[change]["rise"] == pytest.approx(changes[change]["nme"] / record["nme"] - 1)
    for change in ("occluded", "blurred", "dark"):  # the mean shape does not look at the picture
        assert changes[change]["rise"] == 0


def test_changes_touch_the_picture_and_leave_the_truth():
    faces = drawn_faces(3)
    for name in ("occluded", "blurred", "dark"):
        images, points, boxes = changes.CHANGES[name](faces, faces.boxes)
        assert (points == faces.points).all() and (boxes == faces.boxes).all()
        assert all((new != old).any() for new, old in zip(images, faces.images, strict=True))
    images, _, boxes = changes.occluded(faces, faces.boxes)
    for i, (left, top, right, bottom) in enumerate(np.rint(boxes).astype(int)):
        changed = (images[i] != faces.images[i]).any(axis=2)
        share = changed[top:bottom, left:right].mean()
        assert changed.sum() <= 0.27 * (right - left) * (bottom - top) and share > 0.2
    assert list(changes.TITLES) == list(changes.CHANGES)


def test_equal_methods_stay_equal_on_harder_faces(small_set):
    aligner = MeanShape().fit(small_set.other)
    records = accuracy.measure_set(small_set, {"dlib": aligner, "same": aligner})["methods"]
    assert records["dlib"]["detector"]["changes"] == records["same"]["detector"]["changes"]
    record = records["same"]["detector"]
    assert record["ratio_low"] <= record["ratio"] <= record["ratio_high"]
    assert set(record["regions"]) == {"jaw", "brows", "nose", "eyes", "mouth"}


def test_equal_methods_have_the_ratio_one_with_no_doubt(small_set):
    aligner = MeanShape().fit(small_set.other)
    record = accuracy.measure_set(small_set, {"dlib": aligner, "same": aligner})["methods"]["same"]
    for box in ("tight", *face_sets.BOXES):
        assert [record[box][key] for key in ("ratio", "ratio_low", "ratio_high")] == [1, 1, 1]


def test_of_several_boxes_the_one_on_the_face_is_taken(monkeypatch, tmp_path):
    faces = drawn_faces(2)
    tight = faces.boxes
    answers = {0: [[0, 0, 9, 9]], 1: [[0, 0, 9, 9], tight[0] + 2]}
    monkeypatch.setattr(
        found_boxes, "detect", lambda image, detector, upsample: np.float32(answers[upsample])
    )
    monkeypatch.setattr(found_boxes, "CACHE", tmp_path)
    boxes = found_boxes.detector_boxes(faces[:1])
    assert boxes[0] == pytest.approx(tight[0] + 2)
    monkeypatch.setattr(found_boxes, "detect", lambda image, detector, upsample: np.zeros((0, 4), np.float32))
    assert found_boxes.detector_boxes(faces[:1])[0] == pytest.approx(tight[0] + 2)  # remembered
    assert np.isnan(found_boxes.detector_boxes(faces[1:])).all()
    monkeypatch.setattr(found_boxes, "detect", lambda image, detector: np.float32([tight[0] - 1]))
    other = found_boxes.detector_boxes(faces[:1], detector="blazeface")[0]
    assert other == pytest.approx(tight[0] - 1)  # each detector's are remembered apart


@pytest.mark.parametrize("detector", detectors.names())
def test_every_detector_of_the_course_can_be_asked(detector, monkeypatch):
    tight = np.float32([10, 10, 50, 50])
    monkeypatch.setattr(found_boxes, "detect", lambda image, name, **options: tight[None] + 1)
    assert found_boxes.box_on(np.zeros((60, 60, 3), np.uint8), tight, detector) == pytest.approx(tight + 1)


def test_a_box_on_something_else_is_no_box_of_the_face(monkeypatch, tmp_path):
    faces = drawn_faces(1)
    left, top, right, bottom = faces.boxes[0]
    eye = [left, top, left + (right - left) / 4, top + (bottom - top) / 4]  # wholly inside the tight box
    monkeypatch.setattr(found_boxes, "detect", lambda image, detector, upsample: np.float32([eye]))
    monkeypatch.setattr(found_boxes, "CACHE", tmp_path)
    assert np.isnan(found_boxes.detector_boxes(faces)).all()


def test_what_is_not_measured_again_stays(tmp_path):
    path = tmp_path / "bench.json"
    assert store.read(path) == {}
    old = {"accuracy": {"yt68/val": {"methods": {"dlib": {"nme": 1}, "asm": {"nme": 2}}}}, "speed": {"x": 1}}
    new = {"accuracy": {"yt68/val": {"methods": {"dlib": {"nme": 3}}}, "synthetic": {}}}
    store.write(path, store.merge(old, new))
    merged = store.read(path)
    assert merged["accuracy"]["yt68/val"]["methods"] == {"dlib": {"nme": 3}, "asm": {"nme": 2}}
    assert "synthetic" in merged["accuracy"] and merged["speed"] == {"x": 1}
    assert old["accuracy"]["yt68/val"]["methods"]["dlib"] == {"nme": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["bench.json"]


@pytest.mark.parametrize("text", ["{torn", "[1, 2]"])
def test_a_damaged_results_file_is_one_sentence_and_stays(tmp_path, text, capsys):
    (tmp_path / "bench.json").write_text(text)
    assert bench.main(["--only", "notebooks", "--output", str(tmp_path)]) == 1
    assert "delete it" in capsys.readouterr().err
    assert (tmp_path / "bench.json").read_text() == text


def test_rounding_gives_plain_numbers():
    mixed = {"a": np.float32(1 / 3), "b": [np.int64(2), np.nan], "c": True, "d": None, "e": "text"}
    assert json.dumps(store.rounded(mixed)) == (
        '{"a": 0.33333, "b": [2, null], "c": true, "d": null, "e": "text"}'
    )


def test_the_machine_is_told_without_names_of_hosts_or_folders():
    import getpass
    import socket

    told = json.dumps(store.machine())
    assert "processor" in told and "numpy" in told
    for private in (socket.gethostname(), str(store.Path.cwd())):
        assert private not in told
    assert f'"{getpass.getuser()}"' not in told


def test_tables_rank_methods_and_print_percents(small_set):
    good, bad = MeanShape().fit(small_set.faces), MeanShape().fit(small_set.other[:1])
    results = {"accuracy": {"drawn": accuracy.measure_set(small_set, {"dlib": bad, "better": good})}}
    lines = tables.table(results, "accuracy", "drawn", "tight").splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| better", "| dlib"]
    nme = results["accuracy"]["drawn"]["methods"]["better"]["tight"]["nme"]
    assert f"| {100 * nme:.1f} % [" in lines[2] and lines[2].endswith("| none of them |")
    for name in ("robustness", "regions", "groups"):
        table = tables.table(results, name, "drawn").splitlines()
        assert len({line.count("|") for line in table}) == 1 and len(table) > 2
    assert tables.table({}, "speed") == "*Not measured yet: speed.*"
    assert tables.table({}, "groups", "drawn") == "*Not measured yet: groups drawn.*"
    with pytest.raises(ValueError, match="no table called 'nothing'"):
        tables.table(results, "nothing")


def test_time_in_turns_calls_every_task_on_every_face():
    calls = {"a": [], "b": []}
    timed = speed.time_in_turns(
        {name: lambda i, seen=seen: seen.append(sum(range(i, 5000)) * 0 + i) for name, seen in calls.items()},
        n=3,
        rounds=2,
        baseline="a",
    )
    assert calls["a"] == calls["b"] == [0, 0, 1, 2, 0, 1, 2]
    assert timed["a"]["ratio"] == 1 and {"ms", "cpu_ms", "ratio"} <= set(timed["b"])


def test_further_weights_are_named_on_the_command_line(tmp_path):
    path = MeanShape().fit(drawn_faces(3)).save(tmp_path / "mine.npz")
    name, aligner = bench.extra(f"mine={path}")
    assert name == "mine" and isinstance(aligner, MeanShape)
    with pytest.raises(ValueError, match="wanted NAME=FILE"):
        bench.extra("mine")
    np.savez(tmp_path / "other.npz", x=1)
    with pytest.raises(ValueError, match="does not say which method"):
        bench.extra(f"x={tmp_path / 'other.npz'}")


def test_the_report_of_nothing_and_of_notebooks(tmp_path, capsys):
    assert bench.main(["--only", "notebooks", "--output", str(tmp_path)]) == 0
    page = (tmp_path / "bench.md").read_text()
    assert "face_model.npz" in page and "Not measured yet: speed" in page
    assert capsys.readouterr().out.startswith("# What was measured")
    results = json.loads((tmp_path / "bench.json").read_text())
    assert results["sizes"]["face_model.npz"] > 1e5 and "processor" in results["measured_on"]["notebooks"]


def test_the_page_of_results_and_the_minutes_of_the_notebooks_are_up_to_date():
    (measured,) = bench.notebooks(None)
    results = figures.load(RESULTS)
    assert results["notebooks"] == measured["notebooks"], "run: python course.py bench --only notebooks"
    page = (RESULTS / "bench.md").read_text(encoding="utf-8")
    assert bench.report(results).strip() == page.strip(), "run: python course.py bench --only notebooks"


def test_a_short_leaderboard_keeps_the_baseline_and_says_what_each_method_had_seen():
    corrected = {"nme": 0.1, "ratio": 1.0, "failure_rate": 0.0}
    ranked = {
        name: {"seen": "", "detector": {"nme": nme, "low": nme, "high": nme, "ratio": 1.0, "auc": 0.5,
                                        "failure_rate": 0.0, "corrected": corrected}}
        for name, nme in (("dlib", 0.09), ("senet", 0.05), ("sdm", 0.06), ("ert", 0.07))
    }  # fmt: skip
    results = {"accuracy": {"yt68/val": {"methods": ranked}}}
    lines = tables.table(results, "accuracy", "yt68/val", "detector", "2").splitlines()[2:]
    assert [line.split(" | ")[0] for line in lines] == ["| senet", "| dlib"]
    assert face_sets.seen("fan", "yt68/val") == face_sets.seen("senet", "yt68/val") != "none of them"
    assert face_sets.seen("sdm", "yt68/val") == face_sets.seen("another", "yt68/val") == "none of them"
    assert face_sets.seen("dlib", "lfpw68/held-out") == "these photographs"
    assert "some of these" in face_sets.seen("senet", "lfpw68/held-out")
