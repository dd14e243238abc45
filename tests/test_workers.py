"""Two workers on this machine learn what one learns from both their batches; a killed one costs little."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import REPOSITORY

from tools.train import method, together

WORKER = str(Path(__file__).with_name("worker.py"))


@pytest.fixture(autouse=True)
def on_the_processor(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")  # two workers are refused where there is one card


def test_a_worker_that_fails_ends_the_others(tmp_path):
    code = "import sys, time; sys.exit(3) if '--rank=1' in sys.argv else time.sleep(600)"
    with pytest.raises(RuntimeError, match="worker 1 of 2 failed, and the others were ended"):
        together.run(["-c", code], 2)


def test_what_cannot_be_trained_by_workers_is_refused_in_a_sentence():
    with pytest.raises(SystemExit, match="ert is no network: it learns with one worker"):
        method.main(["ert", "--workers", "2"])


@pytest.mark.parametrize("words", ["--workers 0", "--rank 0", "--workers 2 --rank 0", "--coordinator a:1"])
def test_options_of_workers_go_together(words):
    with pytest.raises(SystemExit, match="--workers") as told:
        method.main(["senet", *words.split()])
    assert "\n" not in str(told.value)


def test_each_worker_has_a_card_of_its_own_where_there_are_several(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,3")
    given = [together.card_of(rank, together.cards())["CUDA_VISIBLE_DEVICES"] for rank in range(2)]
    assert given == ["1", "3"]
    with pytest.raises(RuntimeError, match="3 workers need 3 graphics cards, one each; found 2"):
        together.run(["-c", ""], 3)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert together.cards() == []


ORPHANS = """
from tools.train import together
worker = "import time; from tools.train import together; together.end_with_parent();"
together.run(["-c", worker + "print('working', flush=True); time.sleep(120)"], 2)
"""


@pytest.mark.skipif(os.name == "nt", reason="a process keeps its parent's number there")
def test_workers_end_with_the_process_that_started_them():
    command = [sys.executable, "-c", ORPHANS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as parent:
        assert [parent.stdout.readline() for _ in range(2)] == ["working\n"] * 2
        parent.kill()
        began = time.monotonic()
        assert parent.stdout.read() == ""  # which ends when nobody holds the pipe any more
        assert time.monotonic() - began < 60


@pytest.mark.slow
def test_two_workers_learn_what_one_learns_with_twice_the_batch(tmp_path):
    pytest.importorskip("jax", reason="pip install -e .[workers]")
    one, two = tmp_path / "one", tmp_path / "two"
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    subprocess.run([sys.executable, WORKER, str(one), "--workers=1"], check=True, env=environment)
    with pytest.raises(RuntimeError, match="worker . of 2 (was killed|failed)"):
        together.run([WORKER, str(two), "--dies-at=7"], 2)  # made ahead, when step 2 is saved
    assert (two / "last.npz").is_file() and not (two / "losses_0.json").exists()
    together.run([WORKER, str(two)], 2)  # goes on from there
    losses = [json.loads((folder / "losses_0.json").read_text()) for folder in (one, two)]
    assert np.allclose(*losses, rtol=1e-5) and losses[0][-1] < losses[0][0]
    files = one / "weights_0.npz", two / "weights_0.npz", two / "weights_1.npz"
    weights = [np.load(file) for file in files]
    for name in weights[0]:
        assert np.allclose(weights[0][name], weights[1][name], rtol=1e-4, atol=1e-5)
        assert (weights[1][name] == weights[2][name]).all()
