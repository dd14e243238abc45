"""Libraries that write to the process's error stream themselves, below Python, told to be silent."""

import contextlib
import os


@contextlib.contextmanager
def silence():
    """Close the process's error stream for a while; exceptions are raised as ever.

    Examples
    --------
    >>> with silence():
    ...     _ = os.write(2, b"nobody reads this")
    """
    stream, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(stream, 2)
        os.close(stream)
        os.close(nowhere)
