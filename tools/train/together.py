"""Several workers on this machine: started together, and ended together when one of them dies.

Worker 0 alone writes checkpoints, so whatever ends a run, the same command goes on from the last one.
"""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

GRACE = 10  # seconds that a worker has to end when it is asked to
PARENT = "FACELM_PARENT"  # variable of a worker's environment: the process that started it


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
        If there are graphics cards, but fewer than workers: JAX takes most of a card's memory. If a worker
        ended with an error or was killed; the others were ended then.
    """
    here = cards()
    if 0 < len(here) < count:
        raise RuntimeError(
            f"{count} workers need {count} graphics cards, one each; found {len(here)}. Start fewer workers,"
            " or set CUDA_VISIBLE_DEVICES=-1 to train on the processor"
        )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    shared = os.environ | {"KERAS_BACKEND": "jax", PARENT: str(os.getpid())}
    started = [
        subprocess.Popen(
            [sys.executable, *command, f"--rank={rank}", f"--coordinator={address}"],
            env=shared | card_of(rank, here),
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


def cards():
    """Numbers of the graphics cards that may be used: of CUDA_VISIBLE_DEVICES, or of all that Linux lists."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return [str(k) for k, _ in enumerate(Path("/proc/driver/nvidia/gpus").glob("*"))]
    return [card for card in named.split(",") if card not in ("", "-1")]


def card_of(rank, cards):
    """What the environment of a worker says of cards: one for each, where there are any.

    >>> card_of(1, ["0", "2"]), card_of(1, [])
    ({'CUDA_VISIBLE_DEVICES': '2'}, {})
    """
    return {"CUDA_VISIBLE_DEVICES": cards[rank]} if cards else {}


def end_with_parent():
    """In a worker that `run` has started: end when the process that started it has ended, even by kill -9.

    Else it would go on, and write checkpoints beside those of the run that takes its place. On Windows, where
    a process keeps its parent's number, this does nothing.
    """
    parent = int(os.environ.get(PARENT, 0))

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    if parent:
        threading.Thread(target=watch, daemon=True).start()


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
