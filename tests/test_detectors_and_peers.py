"""What is measured of the detectors and of the peers: figures, tables, installing. No peer is needed."""

import importlib
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest
from drawn import drawn_faces

from facelm_helpers import metrics
from facelm_helpers.landmarks import convert
from tools.data import no_faces
from tools.measure import bench, detectors, packages, peers, peers_points, tables
from tools.setup.checksums import shipped

FACES = drawn_faces(6, seed=1)


def test_found_faces_and_boxes_elsewhere_are_counted(monkeypatch):
    left, top, right, bottom = FACES.boxes[0]
    elsewhere = [right + 50, top, right + 60, top + 10]
    side = max(right - left, bottom - top)

    def find(name, image):
        on = FACES.boxes[0] + side * np.float32([0.1, -0.1, 0.1, -0.1])
        return np.float32([on, elsewhere]) if name == "good" else np.zeros((0, 4), np.float32)

    monkeypatch.setattr(detectors, "find", find)
    good, bad = detectors.on_faces("good", FACES[:1]), detectors.on_faces("bad", FACES[:1])
    assert (good["found"], good["elsewhere"], bad["found"], bad["elsewhere"]) == (1, 1, 0, 0)
    assert [good["side"], good["right"], good["down"]] == pytest.approx([1, 0.1, -0.1], abs=1e-4)
    assert np.isnan(bad["side"])


def test_a_face_in_a_large_picture_has_the_size_that_was_asked_for():
    for image, tight in detectors.in_a_large_picture(FACES, 0.1):
        assert image.shape == (detectors.LARGE, detectors.LARGE, 3)
        assert (tight[2:] - tight[:2]).max() == pytest.approx(0.1 * detectors.LARGE, rel=1e-5)
        assert (tight[:2] >= 0).all() and (tight[2:] <= detectors.LARGE).all()


def test_the_pictures_without_a_face_are_colour_pieces():
    shapes = [image.shape for image in detectors.without_faces()]
    assert len(shapes) == 85 * len(no_faces.scenes(judging=True)) and {shape[2] for shape in shapes} == {3}


def points_of(shift, missed=()):
    points = FACES.points + np.array([shift, 0.0])
    points[list(missed)] = np.nan
    return points


def judged():
    by_peer = {"mesh": points_of(2, [0]), "senet": points_of(1), "dlib": points_of(3, [1]),
               "mtcnn": convert(points_of(4), "5")}  # fmt: skip
    points = {f"points/YouTube Faces/{name}": found for name, found in by_peer.items()}
    return peers.judged(points, {"YouTube Faces": FACES})


def test_errors_are_over_the_faces_found_and_over_those_that_all_found():
    found = judged()["YouTube Faces"]
    assert (found["faces"], found["common"], found["set"]) == (6, 4, "yt68/val")
    mesh, five = found["peers"]["mesh"], found["peers"]["mtcnn"]
    errors = metrics.nme(points_of(2), FACES.points)
    assert mesh["found"] == 5 and mesh["nme"] == pytest.approx(errors[1:].mean())
    assert mesh["common_nme"] == pytest.approx(errors[2:].mean())
    assert mesh["jaw"] == pytest.approx(mesh["without_jaw"]) == pytest.approx(mesh["five"])
    assert "nme" not in five and five["five"] == pytest.approx(2 * errors.mean())


def test_the_tables_say_what_the_peers_are():
    about = {name: peers.known(name) | {"ms": 1.0} for name in peers.ABOUT}
    assert all(facts["date"].split()[-1].isdigit() for facts in about.values())
    results = {"peers": {"about": about, "sets": judged()}}
    lines = tables.table(results, "peers", "YouTube Faces").splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == [
        "| SENet", "| MediaPipe's face mesh (peer)", "| dlib", "| mtcnn (peer), five points",
    ]  # fmt: skip
    assert len({line.count("|") for line in lines}) == 1
    assert len(tables.table(results, "peers_about").splitlines()) == 2 + len(about)
    board = tables.table(results, "leaderboard", "yt68/val").splitlines()
    assert len(board) == 3 and board[2].startswith("| MediaPipe's face mesh (peer) | BlazeFace |")
    for name in (["detectors"], ["small_faces"], ["boxes", "yt68/val"], ["leaderboard", "lfpw68/held-out"]):
        assert tables.table(results, *name).startswith("*Not measured yet")


def test_vertices_are_normalised_for_place_and_size():
    vertices = np.random.default_rng(0).normal(size=(468, 3))
    first, middle, size = peers_points.normalised(vertices)
    second, moved, larger = peers_points.normalised(3 * vertices + [5, 6, 0])
    np.testing.assert_allclose(first, second, atol=1e-9)
    np.testing.assert_allclose(moved, 3 * middle + [5, 6])
    assert larger == pytest.approx(3 * size)


def test_packages_that_cannot_be_fetched_are_one_sentence(monkeypatch, tmp_path):
    asked = []

    def pip(command, **options):
        asked.append(command)
        return SimpleNamespace(returncode=len(asked) == 1, stderr="x\nERROR: no matching distribution")

    monkeypatch.setattr(subprocess, "run", pip)
    with pytest.raises(RuntimeError, match="pip says: ERROR: no matching distribution"):
        packages.install(tmp_path / "peers", say=lambda words: None)
    for _ in range(2):  # at the second of them everything is there
        packages.install(tmp_path / "peers", say=lambda words: None)
    assert len(asked) == 2 and "--no-deps" in asked[0]


def test_the_bench_hands_its_parts_over(monkeypatch, tmp_path):
    called = []
    for part in bench.ALONE:
        monkeypatch.setitem(bench.ALONE, part, lambda part=part: called.append(part) or 0)
    monkeypatch.setattr(bench, "RESULTS", tmp_path)
    monkeypatch.setattr(bench.figures, "pages", list)
    assert bench.main(["--peers"]) == 0 and bench.main(["--only", "detectors"]) == 0
    assert called == ["peers", "detectors"]
    assert "Who learnt from what" in (tmp_path / "bench.md").read_text(encoding="utf-8")


def test_the_detectors_file_is_the_one_whose_origin_is_told(repository):
    folder = repository / "data" / "detectors"
    blazeface = importlib.import_module("facelm_helpers.detectors._blazeface")
    assert blazeface.FILE in shipped(repository / "data")
    (line,) = [
        line for line in (repository / "data" / "SHA256SUMS").read_text().splitlines() if "blazeface" in line
    ]
    assert line.split()[0] in (folder / "README.md").read_text(encoding="utf-8")
    assert "Apache License" in (folder / "LICENSE-Apache-2.0").read_text(encoding="utf-8")
