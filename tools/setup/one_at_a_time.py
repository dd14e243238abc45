"""A lock between processes that their end releases, however they end. Standard library only."""

import contextlib
import os
import time


@contextlib.contextmanager
def one_at_a_time(path, waiting):
    """Hold the lock of a file; while another process holds it, wait, and call ``waiting`` once."""
    with open(path, "a+b") as file:
        told = False
        while not _taken(file):
            if not told:
                waiting()
            told = True
            time.sleep(0.2)
        try:
            yield
        finally:
            _release(file)


if os.name == "nt":
    import msvcrt

    def _taken(file):
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _release(file):
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _taken(file):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _release(file):
        fcntl.flock(file, fcntl.LOCK_UN)
