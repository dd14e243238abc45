"""What all tests share: a quiet, small TensorFlow, and the real faces where they are."""

import os
import sys
from pathlib import Path

# before anything imports TensorFlow: no card, few words, and two test processes share the cores
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("MPLBACKEND", "agg")
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
    os.environ.setdefault(_threads, "2")
if "PYTEST_XDIST_WORKER" in os.environ:  # it inherits the lines above: two workers on two cores would wait
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # for each other at every small sum

import pytest  # noqa: E402

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout under test."""
    return REPOSITORY


@pytest.fixture(autouse=True)
def no_verdict_yet(monkeypatch):
    """Each test is a session of its own: a report of its checks names no other test's."""
    report = sys.modules.get("facelm_helpers.checks._report")
    if report is not None:
        monkeypatch.setattr(report, "_states", {})


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real faces beside the checkout; they are no part of it, so the test may be skipped."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real faces are not beside this checkout")
    return folder
