"""The lesson as one script runs from faces to a drawn photograph."""

import runpy

import cv2
import numpy as np
import pytest
import skimage.data

SCRIPT = "examples/senet_128.py"


@pytest.mark.slow
def test_the_script_prepares_trains_freezes_and_draws(repository, tmp_path):
    main = runpy.run_path(str(repository / SCRIPT))["main"]
    main(["--faces", "20", "--steps", "2", "--batch", "4", "--out", str(tmp_path)])
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {"train.tfrecords", "test.tfrecords", "senet_128.pb", "points.png"}
    picture, photograph = cv2.imread(str(tmp_path / "points.png"))[:, :, ::-1], skimage.data.astronaut()
    assert picture.shape == photograph.shape
    changed = np.any(picture != photograph, axis=2)
    assert 0 < changed.mean() < 0.1  # dots, and the rest as it was


def test_the_script_is_read_in_one_sitting(repository):
    assert len((repository / SCRIPT).read_text(encoding="utf-8").splitlines()) < 150
