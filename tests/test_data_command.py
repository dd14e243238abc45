"""`python course.py data`: plain answers, an exit status, and agreement with data/README.md."""

import cv2
import numpy as np
import pytest

from facelm_helpers import paths, sources
from facelm_helpers.sources import imglab, youtube
from facelm_helpers.sources.pts import write_pts
from tools.data import fetch


@pytest.fixture(autouse=True)
def downloads(tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "DOWNLOADS", tmp_path / "downloads")
    return tmp_path / "downloads"


def test_the_listing_has_every_source_and_says_what_is_on_disk(capsys, downloads):
    (downloads / "youtube").mkdir(parents=True)
    (downloads / "youtube" / "training_frames_keypoints.csv").touch()
    assert fetch.main([]) == 0
    text = capsys.readouterr().out
    for name in sources.names():
        assert f"\n{name}" in f"\n{text}"
    there = ("synthetic", "youtube")
    assert f"in {downloads / 'youtube'}" in text
    assert text.count("not on this disk") == len(fetch.SETS) - len(there)


def test_the_readme_names_every_source():
    text = (paths.DATA / "README.md").read_text(encoding="utf-8")
    for name in sources.names():
        assert f"`{name}`" in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("300w-lp", "landmarks"),
        ("aflw2000", "image00002.mat"),
        ("pts", "registration"),
        ("imglab", "XML"),
        ("folder", "sources.load"),
    ],
)
def test_what_is_not_there_is_explained(capsys, downloads, name, said):
    assert fetch.main([name]) == 1
    text = capsys.readouterr().out
    assert said in text and str(downloads / name) in text


def test_what_is_there_is_checked(capsys, tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((50, 50, 3), np.uint8))
    assert fetch.main(["folder", "--root", str(tmp_path)]) == 0
    assert "1 photographs" in capsys.readouterr().out
    write_pts(tmp_path / "a.pts", np.arange(136).reshape(68, 2))
    assert fetch.main(["pts", "--root", str(tmp_path)]) == 0
    assert "1 faces" in capsys.readouterr().out
    imglab.write(tmp_path / "a.xml", sources.load("pts", tmp_path))
    assert fetch.main(["imglab", "--root", str(tmp_path)]) == 0
    assert "1 faces" in capsys.readouterr().out
    (tmp_path / "a.pts").write_text("nonsense")
    assert fetch.main(["pts", "--root", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert "a.pts begins with 'nonsense'" in captured.err and "Traceback" not in captured.err


def test_offline_is_one_sentence(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(
        youtube.fetch, "__defaults__", (None, "http://127.0.0.1:9/a.zip", youtube.ROWS, False)
    )
    assert fetch.main(["youtube", "--root", str(tmp_path)]) == 1
    assert "are you online?" in capsys.readouterr().err


def test_an_unknown_name_is_refused_with_the_known_ones(capsys):
    with pytest.raises(SystemExit) as stopped:
        fetch.main(["celeba"])
    assert stopped.value.code == 2 and "300w-lp" in capsys.readouterr().err
