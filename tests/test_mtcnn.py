"""MTCNN's steps from picture to boxes, with networks that are made up."""

import json

import numpy as np
import pytest

from facelm_helpers import networks
from facelm_helpers.boxes import suppress
from facelm_helpers.detectors import mtcnn
from facelm_helpers.paths import RESULTS

FACE = np.array([60.0, 40, 108, 88])  # the bright square of the picture


def picture():
    image = np.zeros((140, 180, 3), np.uint8)
    image[40:88, 60:108] = 255
    return image


def made_up(part):
    """A network that is sure of bright squares, and of none else."""

    def run(pictures):
        pictures = np.asarray(pictures)
        if part == "p":
            grey = pictures[..., 0]
            rows, columns = (grey.shape[1] - 10) // 2, (grey.shape[2] - 10) // 2
            windows = np.lib.stride_tricks.sliding_window_view(grey, (12, 12), axis=(1, 2))[:, ::2, ::2]
            bright = windows.mean(axis=(3, 4))[:, :rows, :columns]
        else:
            bright = pictures[..., 0].mean(axis=(1, 2))
        answer = np.zeros((*bright.shape, 15), np.float32)
        answer[..., 0] = 40 * (bright - 0.8)
        answer[..., 5:] = 0.5
        return answer

    return run


def test_the_cascade_finds_the_bright_square():
    found = {part: made_up(part) for part in "pro"}
    boxes, points, scores = mtcnn.search(picture(), smallest=24, networks=found)
    assert len(boxes) == len(scores) > 0 and points.shape == (len(boxes), 5, 2)
    inside = (boxes[:, :2] > FACE[:2] - 6).all() and (boxes[:, 2:] < FACE[2:] + 6).all()
    assert inside and (np.diff(scores) <= 0).all()
    np.testing.assert_allclose(points[:, 0], (boxes[:, :2] + boxes[:, 2:] - 1) / 2, atol=0.01)


def test_patches_bring_points_back():
    def to_the_brightest(patches):
        """A network that finds the one bright pixel of a patch."""
        count, size = patches.shape[0] * 5, patches.shape[2]
        grey = patches[..., 0].reshape(count, -1)
        down, across = np.divmod(grey.argmax(axis=1), size)
        return ((np.stack([across, down], axis=1) + 0.5) / size - 0.5).reshape(-1, 10)

    five = np.array([[70, 50], [95, 52], [82, 64], [74, 78], [92, 77]])
    image = np.zeros((140, 180, 3), np.uint8)
    image[five[:, 1], five[:, 0]] = 255
    rng = np.random.default_rng(0)
    start = five[None] + rng.uniform(-6, 6, (1, 5, 2))
    box = np.array([[55, 35, 110, 90]])
    found = mtcnn.refined(image, box, start, to_the_brightest)
    np.testing.assert_allclose(found[0], five, atol=0.6)
    assert np.abs(start - five).max() > 4


def test_an_empty_picture_has_no_face():
    found = {part: made_up(part) for part in "pro"}
    boxes, points, scores = mtcnn.search(np.zeros((50, 60, 3), np.uint8), networks=found)
    assert boxes.shape == (0, 4) and points.shape == (0, 5, 2) and scores.shape == (0,)


def test_suppression_keeps_the_surest_of_each_heap():
    rng = np.random.default_rng(0)
    corners = np.repeat([[0, 0], [50, 0], [0, 50]], 10, axis=0) + rng.uniform(-2, 2, (30, 2))
    boxes, scores = np.concatenate([corners, corners + 20], axis=1), rng.random(30)
    kept = suppress(boxes, scores, 0.5)
    heaps = scores.reshape(3, 10).argmax(axis=1) + [0, 10, 20]
    assert sorted(kept) == sorted(heaps) and (np.diff(scores[kept]) < 0).all()
    assert len(suppress(boxes, scores, 1.0)) == 30
    nested = [[0, 0, 30, 30], [10, 10, 20, 20], [40, 0, 60, 20]]
    assert suppress(nested, [0.9, 0.8, 0.7], 0.5).tolist() == [0, 1, 2]
    assert suppress(nested, [0.9, 0.8, 0.7], 0.5, "smaller").tolist() == [0, 2]
    assert len(suppress(np.zeros((0, 4)), np.zeros(0), 0.5)) == 0


def test_offsets_and_squares():
    box = np.array([[10.0, 10, 30, 50]])
    np.testing.assert_allclose(mtcnn.corrected(box, np.array([[0.5, 0.25, 0, -0.5]])), [[20, 20, 30, 30]])
    np.testing.assert_allclose(mtcnn.squared(box), [[0, 10, 40, 50]])
    cut = mtcnn.cut(picture(), np.array([[-50.0, -50, -10, -10], [60, 40, 108, 88]]), 24)
    assert cut.mean(axis=(1, 2, 3)) == pytest.approx([0, 1])


@pytest.mark.parametrize("wrong", [{"thresholds": (0.5, 1.0, 0.5)}, {"smallest": 4}])
def test_impossible_options_are_refused(wrong):
    with pytest.raises(ValueError, match="wanted"):
        mtcnn.search(picture(), networks={part: made_up(part) for part in "pro"}, **wrong)


@pytest.mark.slow
def test_p_net_on_a_picture_answers_as_on_each_square():
    model = networks.mtcnn("p")
    image = np.random.default_rng(0).random((1, 31, 26, 3), dtype=np.float32)
    whole = np.asarray(model(image))
    assert whole.shape == (1, 10, 8, 15)
    square = np.asarray(model(image[:, 6:18, 4:16]))
    np.testing.assert_allclose(square[0, 0, 0], whole[0, 3, 2], atol=1e-4)
    sizes = {part: networks.mtcnn(part).count_params() for part in "pro"}
    patches = np.random.default_rng(1).random((3, 5, 24, 24, 3), dtype=np.float32)
    l_net = networks.mtcnn("l")
    alone = np.asarray(l_net(patches[1:2]))
    np.testing.assert_allclose(np.asarray(l_net(patches))[1:2], alone, atol=1e-4)  # no face sees another's
    # the released ones have a second logit for "no face", and P- and R-Net no points
    assert sizes == {"p": 6_632 + 33 * 9, "r": 100_178 + 129 * 9, "o": 389_040 - 257}


def test_the_measured_points_and_faces_keep_to_what_was_asked_for():
    peers = json.loads((RESULTS / "peers.json").read_text(encoding="utf-8"))["sets"]
    errors = {title: {name: one.get("common_five") for name, one in found["peers"].items()}
              for title, found in peers.items()}  # fmt: skip
    assert len(errors) > 3
    for one in errors.values():
        assert max(one["own_mtcnn"], one["dcnn"]) <= 1.2 * one["mtcnn"]
    faces = json.loads((RESULTS / "detectors.json").read_text(encoding="utf-8"))["faces"]["MTFL, testing"]
    assert faces["mtcnn"]["found"] >= faces["dlib"]["found"]
