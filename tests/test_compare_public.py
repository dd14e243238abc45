"""The comparison with public implementations: its settings, figures and page. menpofit is not needed."""

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from facelm_helpers import sources
from tools.measure import compare_public, compare_public_ours, compare_public_table

TRUTH = sources.load("synthetic", n=6, progress=False).points
SHORT = {"n_stages": 2, "n_trees": 4, "n_starts": 1, "n_pixels": 40}


def side(offset, seconds=0.6):
    return {"training_seconds": 2.0, "points-yt68_val": TRUTH + offset, "seconds-yt68_val": seconds}


def results():
    ours, first = compare_public.judge(side(1.0), {"yt68/val": TRUTH})
    theirs, second = compare_public.judge(side(2.0, 1.2), {"yt68/val": TRUTH})
    record = {"public": "theirs", "ours": ours, "theirs": theirs}
    record["ratios"] = compare_public.ratios(first, second)
    broken = {"public": "a large one", "theirs": {"failure": "it crashed: MemoryError"}}
    sets = {"yt68/val": {"what": "real faces", "faces": 6}}
    return {"faces": {"sets": sets}, "methods": {"sdm": record, "sdm_large": broken}}


def test_every_method_of_ours_takes_its_settings():
    for name, settings in compare_public.METHODS.items():
        if "ours" in settings:
            aligner = compare_public_ours.create(f"ours-{name}", settings["ours"])
            kept = compare_public_ours.defaults(aligner)
            assert {key: kept[key] for key in settings["ours"]} == settings["ours"]
            assert json.dumps(kept)


def test_the_figures_are_errors_and_times_of_a_face():
    figures, errors = compare_public.judge(side(1.0), {"yt68/val": TRUTH})
    eyes = np.linalg.norm(TRUTH[:, 36] - TRUTH[:, 45], axis=1)
    assert errors["yt68/val"] == pytest.approx(np.sqrt(2) / eyes, rel=1e-5)
    assert figures["sets"]["yt68/val"]["ms"] == pytest.approx(100)


def test_a_ratio_compares_the_same_faces():
    ratio = results()["methods"]["sdm"]["ratios"]["yt68/val"]
    assert ratio["ratio"] == pytest.approx(0.5) and ratio["low"] <= 0.5 <= ratio["high"]


def test_the_page_says_ratio_bar_and_failure():
    page = compare_public_table.markdown(results())
    row = next(line for line in page.splitlines() if line.startswith("| sdm |"))
    assert "| 0.50 [0.50, 0.50] | yes | 100.0 | 200.0 | 2 s | 2 s |" in row
    assert "`sdm_large`, theirs: it crashed: MemoryError" in page and "| sdm_large |" not in page


def test_the_bar_is_kept_or_it_says_no():
    found = results()
    found["methods"]["sdm"]["ratios"]["yt68/val"]["ratio"] = 1.06
    assert compare_public_table.rows(found, "yt68/val")[1][4] == "no"


def test_a_side_in_a_process_of_its_own(tmp_path):
    faces = sources.load("synthetic", n=6, progress=False)
    np.savez(tmp_path / "train.npz", images=faces.images, points=faces.points)
    np.savez(tmp_path / "test-synthetic.npz", images=faces.images, boxes=faces.boxes)
    (tmp_path / "settings.json").write_text(json.dumps({"ours-ert": SHORT}))
    found = compare_public.run(sys.executable, "compare_public_ours", tmp_path, "ours-ert")
    assert found["points-synthetic"].shape == (6, 68, 2) and found["seconds-synthetic"] > 0
    with pytest.raises(RuntimeError, match="it crashed: KeyError"):
        compare_public.run(sys.executable, "compare_public_ours", tmp_path, "ours-sdm")


def test_a_crash_of_one_side_is_written_down(tmp_path, monkeypatch):
    def crash(python, script, folder, name):
        if name.startswith("theirs"):
            raise RuntimeError("it crashed: MemoryError")
        return side(1.0) | {"configuration": "{}"}

    monkeypatch.setattr(compare_public, "run", crash)
    monkeypatch.setattr(compare_public, "build", lambda say: sys.executable)
    record = compare_public.measure("sdm", tmp_path, {"yt68/val": TRUTH}, say=lambda words: None)
    assert record["theirs"]["failure"] == "it crashed: MemoryError"
    assert "ratios" not in record and record["ours"]["sets"]


def test_a_build_that_fails_says_why(tmp_path, monkeypatch):
    def fail(command, **options):
        return SimpleNamespace(returncode=1, stderr="ERROR: no matching distribution for menpo==0.11.1")

    monkeypatch.setattr(subprocess, "run", fail)
    monkeypatch.setattr(sys, "version_info", (3, 11, 0))
    with pytest.raises(RuntimeError, match="pip says: ERROR: no matching distribution"):
        compare_public.build(tmp_path / "venv", say=lambda words: None)
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    with pytest.raises(RuntimeError, match="Python 3.13 has no build of"):
        compare_public.build(tmp_path / "venv", say=lambda words: None)


def test_the_last_words_name_no_folder():
    told = "  File '/home/me/x.py', line 3\nValueError: bad file /home/me/a.npz here\n"
    words = compare_public.reason(told)
    assert words == "ValueError: bad file here"
