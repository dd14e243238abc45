"""Reading a point's place from its heatmap."""

import numpy as np
import pytest

from facelm_helpers import heatmaps

PLACES = np.random.default_rng(0).uniform(4, 27, (20, 10, 2))


def error(name, **options):
    found = heatmaps.DECODERS[name](heatmaps.gaussian(PLACES, 32, sigma=1.5), **options)
    assert found.shape == PLACES.shape
    return np.linalg.norm(found - PLACES, axis=-1)


def test_each_decoder_is_better_than_the_one_before_on_clean_maps():
    errors = [error(name).mean() for name in ("argmax", "quarter", "dark")]
    assert errors[0] == pytest.approx(0.38, abs=0.03)  # the mean distance from the middle of a square
    assert errors[1] < 0.6 * errors[0] and errors[2] < 0.02
    assert error("soft-argmax").max() < 0.01


def test_logits_of_any_size_are_read_by_soft_argmax():
    logits = np.log(heatmaps.gaussian(PLACES, 32) + 1e-20) + 500
    np.testing.assert_allclose(heatmaps.soft_argmax(logits, beta=1), PLACES, atol=0.01)


@pytest.mark.parametrize("name", heatmaps.DECODERS)
def test_peaks_at_the_border_and_empty_maps_give_places_on_the_map(name):
    maps = heatmaps.gaussian(np.array([[[-3.0, 0], [8, 8], [0, 8]]]), 9)
    maps = np.concatenate([maps, np.zeros_like(maps)])
    found = heatmaps.DECODERS[name](maps)
    assert np.isfinite(found).all() and found.min() > -1 and found.max() < 9


def test_dark_needs_no_blur_on_a_gaussian_and_uses_one_on_noise():
    assert error("dark", sigma=0).max() < 1e-3
    noise = np.random.default_rng(1).uniform(0, 0.1, (20, 32, 32, 10)).astype("f4")
    maps = heatmaps.gaussian(PLACES, 32, sigma=1.5) + noise
    off = [np.linalg.norm(heatmaps.dark(maps, s) - PLACES, axis=-1).mean() for s in (0, 1)]
    assert off[1] < off[0]
