"""The trainer of all networks, where PyTorch is installed; Vanilla CNN's clusters anywhere."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from facelm_helpers import methods, paths

TINY = {"size": 32, "convolutions": ((4, 3, 2), (8, 3, 2)), "hidden": 6}


@pytest.mark.slow
def test_a_gate_says_what_the_mixture_says(monkeypatch):
    from tools.train import clusters

    rng = np.random.default_rng(0)
    aligner = methods.create("vanilla_cnn", **TINY)
    aligner._restore({key: np.float16(value) for key, value in _weights(aligner).items()})
    features = np.concatenate([rng.normal(k, 0.4, (200, 6)) for k in range(3)])
    kernel, bias = clusters.gate(_mixture(features))
    found = np.concatenate([features, features**2], axis=1) @ kernel + bias
    assert (found.argmax(axis=1) == _mixture(features).predict(features)).all()
    many = clusters.clustered(aligner, features, 3)
    crops = rng.random((4, 32, 32, 3), dtype=np.float32)
    np.testing.assert_allclose(np.asarray(many.build()(crops)), np.asarray(aligner.build()(crops)), atol=1e-4)


def _mixture(features):
    from sklearn.mixture import GaussianMixture

    return GaussianMixture(3, covariance_type="diag", random_state=0).fit(features)


def _weights(aligner):
    from facelm_helpers import training

    return training.weights_of(aligner.build())


CODE = """
import argparse, json, sys
import numpy as np, torch
from packed import made_up
from facelm_helpers import methods, training
from tools.train import network
from tools.train.torch_graph import Graph

for name, settings in json.loads(sys.argv[2]).items():
    model = methods.create(name, **settings).build()
    rng = np.random.default_rng(0)
    training.set_weights(model, {key: value + np.float32(0.01 * rng.random(value.shape))
                                 for key, value in training.weights_of(model).items()})
    crops = torch.rand(3, *model.input_shape[1:])
    with torch.no_grad():
        theirs, ours = model(crops, training=False), Graph(model).eval()(crops)
    assert torch.allclose(theirs, ours, atol=1e-4), (name, float((theirs - ours).abs().max()))
    sets = {"lfpw68/train": made_up(5), "yt68/val": made_up(3, seed=4)}
    parser = argparse.ArgumentParser()
    network.add_options(parser)
    words = [name, f"{sys.argv[1]}/{name}", "--crops", "8", "--batch", "4", "--every", "1000"]
    words += [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    if name == "tddfa":
        few = network.trained(sets, parser.parse_args([*words, "--after", "flat", "--stored", "8"]))
        assert "after flat, on 8 stored crops" in few.provenance["recipe"]
        for key, value in training.weights_of(methods.create(name, **settings).build(seed=7)).items():
            moved = not np.array_equal(np.float16(value), few.weights_[key])
            assert moved <= key.startswith(("hidden", "parameters")), key
        words[1] += "-whole"
    if name != "tcdcn":
        fitted = network.trained(sets, parser.parse_args(words))
        again = network.trained(sets, parser.parse_args(words))  # it is done: nothing more is learnt
        for key, value in fitted.weights_.items():
            assert np.array_equal(value, again.weights_[key]), key
        words[1] += "-begun"
        words += ["--start", f"{sys.argv[1]}/{name}/{name}.npz", "--freeze", "stem", "conv", "first"]
        network.trained(sets, parser.parse_args(words))
"""


@pytest.mark.slow
def test_every_network_is_trained_saved_and_gone_on_with(tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed: the trainer of all networks is not tested")
    from test_networks import SMALL

    folder = paths.ROOT / "tests"
    environment = os.environ | {"KERAS_BACKEND": "torch", "PYTHONPATH": f"{paths.ROOT}{os.pathsep}{folder}"}
    command = [sys.executable, "-c", CODE, str(tmp_path), json.dumps(SMALL)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads((tmp_path / "dan-begun" / "training.json").read_text(encoding="utf-8"))
    assert told["batches"] == 2 and "from dan" in told["start"]
    assert told["frozen"] == ["stem", "conv", "first"]
