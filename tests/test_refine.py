"""A second look: what each way of refining promises, on default faces and on validation photographs."""

import json

import numpy as np
import pytest

from facelm_helpers import landmarks, methods, metrics, paths, protocol, sources
from facelm_helpers.boxes import jitter_boxes
from facelm_helpers.methods import _runtimes

PASSES = {None: 1, "mirror": 2, "rebox": 2, "upright": 2, "all": 3}


@pytest.fixture(scope="module")
def faces():
    return sources.load("synthetic", n=40, seed=61, progress=False)


@pytest.fixture(scope="module")
def senet():
    return methods.load("senet")


@pytest.fixture(scope="module")
def turned(faces):
    """Pictures and points turned by 40 degrees, to either side; their boxes stay."""
    degrees = np.where(np.arange(len(faces)) % 2, -40, 40)
    found = [protocol.turn(*faces[i], degrees[i]) for i in range(len(faces))]
    return [image for image, _ in found], np.array([points for _, points in found])


def error(aligner, images, boxes, points, refine):
    return metrics.nme(aligner.predict(images, boxes, refine=refine), points).mean()


def test_a_mirrored_picture_gets_the_mirrored_points(senet, faces):
    width = faces.images.shape[2]
    left, top, right, bottom = faces.boxes.T
    boxes = np.stack([width - 1 - right, top, width - 1 - left, bottom], axis=1)
    apart = {}
    for how in (None, "mirror"):
        there = senet.predict(faces.images, faces.boxes, refine=how)
        back = landmarks.mirror(senet.predict(faces.images[:, :, ::-1], boxes, refine=how), width)
        apart[how] = metrics.nme(back, there).mean()
    assert apart["mirror"] < 0.001 < 0.005 < apart[None]


@pytest.mark.parametrize("how", ["upright", "all"])
def test_turned_faces_are_found_better_upright(senet, faces, turned, how):
    images, points = turned
    once = error(senet, images, faces.boxes, points, None)
    assert error(senet, images, faces.boxes, points, how) < 0.85 * once


@pytest.mark.parametrize("how", ["rebox", "all"])
def test_a_bad_box_is_mended(senet, faces, how):
    boxes = jitter_boxes(faces.boxes, seed=3, amount=0.25)
    once = error(senet, faces.images, boxes, faces.points, None)
    assert error(senet, faces.images, boxes, faces.points, how) < 0.9 * once


@pytest.mark.parametrize("how", PASSES)
def test_it_costs_what_is_said(faces, how):
    aligner, seen = methods.load("senet"), []
    aligner.predict(faces.images[:1], faces.boxes[:1])
    run = aligner._run
    aligner._run = lambda crops: seen.append(len(crops)) or run(crops)
    assert aligner.predict(faces.images[:3], faces.boxes[:3], refine=how).shape == (3, 68, 2)
    assert sum(seen) == 3 * PASSES[how]
    assert aligner.predict([], [], refine=how).shape == (0, 68, 2)


def test_nonsense_does_not_lead_it_astray(senet):
    noise = np.random.default_rng(0).integers(0, 256, (6, 40, 60, 3), dtype=np.uint8)
    boxes = np.tile(np.float32([-20, -10, 30, 45]), (6, 1))
    assert np.isfinite(senet.predict(noise, boxes, refine="all")).all()


def test_what_cannot_be_refined_is_told(senet, faces):
    with pytest.raises(ValueError, match="senet knows no refine='twice': wanted None, 'mirror'"):
        senet.predict(faces.images, faces.boxes, refine="twice")
    with pytest.raises(ValueError, match="mean_shape knows no refine='mirror': wanted None"):
        methods.load("mean_shape").predict(faces.images, faces.boxes, refine="mirror")


@pytest.fixture(scope="module")
def measured(senet):
    """What `python -m tools.measure.refine` found, of today's weights."""
    record = json.loads((paths.RESULTS / "refine.json").read_text(encoding="utf-8"))
    assert record["weights"]["senet"] == _runtimes.fingerprint(senet._state()), (
        "run `python -m tools.measure.refine senet`"
    )
    return record


@pytest.mark.parametrize("photographs", ["yt68/val", "lfpw68/held-out", "helen68/validation"])
def test_what_it_brings_on_validation_photographs(measured, photographs):
    found = measured["nme"]["senet"][photographs]
    assert all(found["as found"][how] < found["as found"]["none"] for how in ("mirror", "rebox", "all"))
    assert found["as found"]["upright"] < 1.01 * found["as found"]["none"]
    assert all(found["jittered"][how] < 0.95 * found["jittered"]["none"] for how in ("rebox", "all"))
    assert all(found["turned"][how] < 0.9 * found["turned"]["none"] for how in ("upright", "all"))


def test_its_price_is_that_of_its_looks(measured):
    ratios = {how: cost["cpu_ratio"] for how, cost in measured["time"]["senet"].items()}
    for how, passes in PASSES.items():
        assert 0.7 * passes < ratios[how or "none"] < 1.3 * passes
