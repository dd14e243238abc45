"""The default faces look like real ones, as measured; and those of a former model can be set beside them."""

import json

import numpy as np
import pytest

from facelm_helpers.paths import RESULTS
from tools.data import judge_face_model
from tools.measure import tables_faces


@pytest.fixture(scope="module")
def measured():
    return json.loads((RESULTS / "face_model.json").read_text(encoding="utf-8"))


def test_the_default_faces_look_like_photographs(measured):
    stills = measured[judge_face_model.LIKE_STILLS]
    former, default, real = (stills["sharpness"][which][1] for which in ("former", "default", "real"))
    assert default == pytest.approx(real, rel=0.15) and former < 0.5 * real
    assert min(found["covered"] for found in stills.values()) >= 0.9


def test_they_are_drawn_fast(measured):
    assert measured[tables_faces.DLIB]["faces_per_second_one_core"] >= 300


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(judge_face_model, "FACES", 2)
    judge_face_model.command(["--keep", str(tmp_path / "kept.npz")])
    return tmp_path / "kept.npz"


def test_kept_faces_are_compared_as_former_ones(kept, tmp_path):
    former, now = judge_face_model.former_looks(kept), judge_face_model.compared_faces()
    compared = judge_face_model.compare(now, now, former)
    assert all(found["former"] == found["default"] == found["real"] for found in compared.values())
    # a later run without the option keeps them
    results = tmp_path / "face_model.json"
    results.write_text(json.dumps({judge_face_model.LIKE_STILLS: compared}), encoding="utf-8")
    assert judge_face_model.former_looks(results=results) == former
    assert judge_face_model.former_looks(results=tmp_path / "none.json") == {}
    assert "former" not in judge_face_model.compare(now, now, {})["contrast"]


@pytest.mark.parametrize("size, told", [
    (None, "no faces to compare with at"),
    (0, "holds no sound faces to compare with"),
    (64, "array 'images' is uint8 of shape (2, 64, 64, 3): wanted"),
])  # fmt: skip
def test_bad_former_faces_are_one_sentence(tmp_path, capsys, size, told):
    path = tmp_path / "bad.npz"
    if size:
        np.savez(path, images=np.zeros((2, size, size, 3), np.uint8), points=np.zeros((2, 68, 2)))
    elif size == 0:
        path.write_bytes(b"no archive")
    with pytest.raises(SystemExit):
        judge_face_model.command(["--former", str(path)])
    assert told in capsys.readouterr().err.splitlines()[-1]
