"""Several workers on this machine: started together, and ended together when one of them dies.

Worker 0 alone writes checkpoints, so whatever ends a run, the same command goes on from the last one.
"""

import os
import socket
import subprocess
import sys
import time

GRACE = 10  # seconds that a worker has to end when it is asked to


def run(command, count):
    """Run a command of this Python as workers of ``--rank`` 0 to count - 1.

    Parameters
    ----------
    command : list of str
        What follows the interpreter; ``--rank`` and ``--coordinator`` are added.
    count : int

    Raises
    ------
    RuntimeError
        If a worker ended with an error or was killed; the others were ended then.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    started = [
        subprocess.Popen(
            [sys.executable, *command, f"--rank={rank}", f"--coordinator={address}"],
            env=os.environ | {"KERAS_BACKEND": "jax"},
        )
        for rank in range(count)
    ]
    try:
        while any(worker.poll() is None for worker in started):
            _complain(started)
            time.sleep(0.1)
        _complain(started)
    finally:
        _end(started)


def _complain(started):
    for rank, worker in enumerate(started):
        if worker.poll():
            how = f"was killed by signal {-worker.returncode}" if worker.returncode < 0 else "failed"
            raise RuntimeError(
                f"worker {rank} of {len(started)} {how}, and the others were ended; the same command goes on"
                " from the last checkpoint"
            )


def _end(started):
    for worker in started:
        if worker.poll() is None:
            worker.terminate()
    for worker in started:
        try:
            worker.wait(GRACE)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
