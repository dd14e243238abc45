"""Libraries that write to the process's error stream themselves, below Python, told to be silent."""

import contextlib
import os
import threading

_lock, _saved = threading.Lock(), []  # the stream that was closed, once for each who wants silence


@contextlib.contextmanager
def silence():
    """Close the process's error stream for a while; exceptions are raised as ever. Threads may overlap.

    Examples
    --------
    >>> with silence():
    ...     _ = os.write(2, b"nobody reads this")
    """
    with _lock:
        if not _saved:
            stream, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 2)
            os.close(nowhere)
        _saved.append(_saved[0] if _saved else stream)
    try:
        yield
    finally:
        with _lock:
            stream = _saved.pop()
            if not _saved:
                os.dup2(stream, 2)
                os.close(stream)
