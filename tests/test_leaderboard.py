"""The leaderboard: what is measured is right, what is absent stays as recorded, and the page says it."""

import csv
import io
import json

import numpy as np
import pytest
from drawn import drawn_faces

from facelm_helpers import methods, metrics
from facelm_helpers.boxes import tight_boxes
from facelm_helpers.methods.mean_shape import MeanShape
from facelm_helpers.paths import RESULTS
from tools.measure import face_sets, leaderboard, leaderboard_cost, store, tables, tables_leaderboard
from tools.ship import citations, figures
from tools.ship import leaderboard as page

SHIPPED = store.read(RESULTS / "leaderboard.json")
BENCH = store.read(RESULTS / "bench.json")
NOW = "run `python course.py leaderboard`"


@pytest.fixture
def view():
    faces, other = drawn_faces(12, seed=1), drawn_faces(9, seed=2)
    return faces, tight_boxes(faces.points), other, tight_boxes(other.points)


def test_the_errors_are_those_of_the_metrics(view):
    faces, boxes, other, _ = view
    aligner = MeanShape().fit(other)
    found = leaderboard.errors(aligner, view)
    plain = metrics.nme(aligner.predict(faces.images, boxes), faces.points)
    assert found["nme"] == pytest.approx(plain.mean()) and found["low"] <= found["nme"] <= found["high"]
    assert found["ced"][32] == pytest.approx(np.mean(plain <= 0.08), abs=1e-4)
    assert len(found["ced"]) == len(leaderboard.THRESHOLDS) and (np.diff(found["ced"]) >= 0).all()
    assert found["failure_rate"] == pytest.approx(np.mean(plain > 0.08))
    assert found["corrected"]["nme"] > 0


@pytest.fixture
def measured(view, tmp_path, monkeypatch):
    """The command on one small set, where an earlier run recorded another set and another method."""
    faces, boxes, other, other_boxes = view
    small = face_sets.Set("synthetic", faces, other)
    small.detected = {"detector": boxes, "blazeface": boxes}
    small.other_detected = {"detector": other_boxes, "blazeface": other_boxes}
    monkeypatch.setattr(face_sets, "present", lambda: ["synthetic"])
    monkeypatch.setattr(face_sets, "load", lambda name, quick: small)
    monkeypatch.setattr(leaderboard, "CACHE", tmp_path)
    timed = {"mean_shape": {"cpu_ms": 0.02, "cpu_ratio": 0.01, "ms": 0.02, "ratio": 0.01}}
    monkeypatch.setattr(leaderboard.speed, "in_a_process", lambda *_, **options: timed)
    aligner = methods.load("mean_shape")
    monkeypatch.setattr(leaderboard.accuracy, "shipped", lambda chosen: {"mean_shape": aligner})
    error = {"nme": 0.05, "low": 0.04, "high": 0.06}
    old = {"methods": {name: {"title": name, "year": 2000, "kind": "shape", "learnt_from": "x",
                              "errors": {"yt68/val": error}} for name in ("mean_shape", "sdm")}}  # fmt: skip
    store.write(tmp_path / "leaderboard.json", old)
    assert leaderboard.main(["--quick"]) == 0
    return tmp_path


def test_without_the_real_sets_the_other_columns_stay_as_recorded(measured):
    results = store.read(measured / "leaderboard.json")
    mean_shape = results["methods"]["mean_shape"]
    assert mean_shape["errors"]["yt68/val"]["nme"] == 0.05  # as it was
    assert 0 < mean_shape["errors"]["synthetic"]["nme"] < 1 and mean_shape["cost"]["ms"] == 0.02
    assert results["methods"]["sdm"]["errors"].keys() == {"yt68/val"}
    assert results["sets"]["synthetic"]["found"] == 12
    assert results["peers"]["about"] and results["published"]


def test_a_method_of_the_registry_joins_by_itself_and_stands_last_until_it_is_measured(measured):
    results = {"leaderboard": store.read(measured / "leaderboard.json")}
    names = [name for name, _ in tables_leaderboard.ranked(results)]
    assert names[:2] == ["mean_shape", "sdm"]
    assert set(names) == {name for name in methods.names() if methods.of(name).has_weights()}
    head, *rows = tables_leaderboard.ranking(results)
    assert {len(row) for row in rows} == {len(head)} and rows[-1][1] == "-"


def test_the_csv_has_a_row_for_each_method_and_the_peers_apart(measured):
    rows = list(csv.DictReader(io.StringIO((measured / "leaderboard.csv").read_text(encoding="utf-8"))))
    groups = [row["group"] for row in rows]
    assert groups == sorted(groups) and {"course", "peer"} == set(groups)
    (row,) = [row for row in rows if row["method"] == "mean_shape"]
    assert row["YouTube Faces: nme"] == "0.05" and row["multiply_adds"] == "" and float(row["bytes"]) > 0


def test_the_cost_of_a_network_and_of_a_cascade():
    senet = leaderboard_cost.cost(methods.load("senet"))
    assert 10e6 < senet["multiply_adds"] < 100e6 and senet["training"]["hours"] > 1
    frozen = leaderboard_cost.runs_from(methods.load("senet"))
    assert frozen.suffix == ".tflite" and senet["bytes"] == frozen.stat().st_size
    assert "multiply_adds" not in leaderboard_cost.cost(methods.load("sdm"))


BEGUN = {"hours": 1.0, "device": "a", "start": "3 of 3 arrays from dan of 2026"}
FIRST = {"hours": 2.0, "device": "a", "start": "random weights"}


@pytest.mark.parametrize("record, wanted", [
    (BEGUN | {"start": "3 of 4 arrays from senet of 2026"},
     {"hours": 1.0, "device": "a", "begun_with": "senet"}),
    (BEGUN, {"hours": 1.0, "device": "a", "at_least": True}),
    (BEGUN | {"before": [FIRST]}, {"hours": 3.0, "device": "a"}),
])  # fmt: skip
def test_hours_of_training_are_read_from_the_records(record, wanted, monkeypatch):
    records = {
        "network_training.json": {"dan": record},
        "senet_training.json": {"hours": 4.0, "phases": [{"device": "a"}, {"device": "b"}]},
    }
    monkeypatch.setattr(leaderboard_cost, "read", lambda path: records[path.name])
    assert leaderboard_cost.training("dan") == wanted and leaderboard_cost.training("sdm") == {}
    assert leaderboard_cost.training("senet") == {"hours": 4.0, "device": "a and b"}


def test_what_ships_is_what_the_bench_measured():
    """Two programs measure the same weights on the same faces: they must agree."""
    for name, record in SHIPPED["methods"].items():
        assert name in methods.names()
        for title, error in record["errors"].items():
            other = BENCH["accuracy"][title]["methods"].get(name, {}).get("detector")
            if other:
                assert error["nme"] == pytest.approx(other["nme"], abs=5e-4), f"{name}, {title}: {NOW}"


def test_the_files_that_ship_say_the_same():
    assert (RESULTS / "leaderboard.csv").read_text(encoding="utf-8") == page.table(SHIPPED), NOW
    assert json.loads(json.dumps(tables_leaderboard.published_rows())) == SHIPPED["published"], NOW
    assert figures.drifted(RESULTS / "leaderboard.md", figures.load()) == []
    assert set(SHIPPED["sets"]) == set(tables_leaderboard.SETS)


def test_the_six_rows_of_the_readme():
    head, *rows = tables.TABLES["top"](figures.load(), "6")
    assert len(rows) == 6 and any(row[0].startswith("dlib") for row in rows)
    assert {len(row) for row in rows} == {len(head)}


def test_a_published_figure_has_its_normaliser_and_its_paper():
    rows = tables_leaderboard.published_rows()
    keys = [(row["method"], row["set"], row["part"], row["normaliser"]) for row in rows]
    assert len(set(keys)) == len(keys) > 20
    for row in rows:
        assert row["normaliser"] in ("inter-ocular", "inter-pupil", "box") and 2 < float(row["nme"]) < 20
        assert row["paper"] in citations.papers() and row["read"]
    assert any(row["normaliser"] == "box" for row in rows)


def test_the_picture_has_a_curve_for_each_method():
    figure = page.curves(SHIPPED)
    for axes in figure.axes:
        assert len([line for line in axes.lines if len(line.get_xdata()) > 2]) == len(SHIPPED["methods"])
