"""Writers that are killed (SIGKILL) lose nothing, and what they leave is removed by the next."""

import subprocess
import sys
import threading

import numpy as np
import pytest
from conftest import REPOSITORY
from killed import WRITERS

from facelm_helpers import atomic

pytestmark = pytest.mark.skipif(not hasattr(atomic.os, "fork"), reason="kills forks of itself")


def goes_through(name, folder):
    command = [sys.executable, str(REPOSITORY / "tests" / "killed.py"), name, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) >= 5


def test_a_writer_killed_at_any_step_loses_nothing(tmp_path):
    goes_through("weights", tmp_path)


@pytest.mark.campaign
@pytest.mark.parametrize("name", sorted(set(WRITERS) - {"weights"}))
def test_every_writer_killed_at_any_step_loses_nothing(name, tmp_path):
    goes_through(name, tmp_path)


def test_a_writer_that_lives_is_left_alone(tmp_path):
    path, other = tmp_path / "a.bin", tmp_path / ".a.bin.dead.part"
    other.write_bytes(b"left by a writer that was killed")
    with atomic.whole_file(path) as file:
        file.write(b"first")
        assert not other.exists()
        atomic.write_bytes(path, b"second")  # another writer of the same path meanwhile
        assert path.read_bytes() == b"second"
    assert path.read_bytes() == b"first" and [found.name for found in tmp_path.iterdir()] == ["a.bin"]


def test_many_writers_of_one_path_at_once(tmp_path):
    path = tmp_path / "a.bin"
    contents = [np.full(100_000, k, np.uint8).tobytes() for k in range(6)]
    errors = []

    def write(content):
        try:
            for _ in range(10):
                atomic.write_bytes(path, content)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=[content]) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and path.read_bytes() in contents and len(list(tmp_path.iterdir())) == 1
