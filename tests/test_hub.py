"""A class on a JupyterHub of local processes: many minutes, and only where JupyterHub is installed."""

import subprocess
import time

import pytest

from tools.hub import local
from tools.hub.student import Student
from tools.measure import hub as measured


def needed():
    """What is missing here for a hub: a sentence, empty if nothing is."""
    interpreter = local.python()
    if interpreter is None:
        return local.HINT
    return "" if local.proxy(interpreter) else local.PROXY_HINT


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    if words := needed():
        pytest.skip(words)
    with local.running(tmp_path_factory.mktemp("hub")) as running:
        yield running


@pytest.mark.campaign
def test_after_a_killed_server_every_notebook_reopens_and_is_exported(hub):
    found = measured.reopened(hub)
    assert found["notebooks"] > 10 and found["wrong"] == []


@pytest.mark.campaign
def test_an_assignment_comes_back_with_the_right_scores(hub):
    scores = measured.marks(hub)["scores"]
    assert scores.keys() == {"solved", "empty"}
    assert scores["empty"][0] == 0 < scores["solved"][0] == scores["solved"][1] == scores["empty"][1]


@pytest.mark.campaign
def test_four_students_run_two_notebooks_at_once(hub):
    found = measured.lesson_of_four(hub)
    assert found["errors"] == []
    assert sorted(map(len, found["seconds"].values())) == [2, 2]


@pytest.mark.campaign
def test_a_kernel_that_is_idle_is_ended_though_its_page_is_open(tmp_path):
    if words := needed():
        pytest.skip(words)
    # a shorter time; that an open page does not keep a kernel, is said by the hub's own file
    short = [f"--MappingKernelManager.{name}" for name in ("cull_idle_timeout=5", "cull_interval=1")]
    with local.running(tmp_path, short) as hub:
        hub.start("eve")
        eve = Student(hub, "eve")
        kernel = eve.kernel("none.ipynb")
        kernel.run("import time; time.sleep(15)")
        assert len(eve.kernels()) == 1  # a cell that runs goes on
        end = time.monotonic() + 60
        while eve.kernels() and time.monotonic() < end:
            time.sleep(1)
        kernel.socket.close()
        assert eve.kernels() == []


def test_what_is_missing_is_said(monkeypatch, tmp_path):
    failed = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(local.subprocess, "run", lambda *_, **__: failed)
    assert local.python() is None
    with pytest.raises(RuntimeError, match=r"hub/README.md"), local.running(tmp_path):
        pass
