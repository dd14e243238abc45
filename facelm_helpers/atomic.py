"""Files that are written whole or not at all, and what writers that were killed have left.

Whoever writes locks the unfinished piece for as long as it lives; the system takes the lock away when the
process dies, however that happens. So the next writer can tell what is abandoned, and removes it.
"""

import contextlib
import glob
import os
import shutil
import tempfile
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

OLD = 24 * 3600  # seconds: where there are no locks, what has lain for so long is abandoned


@contextlib.contextmanager
def whole_file(path):
    """A binary file to write into, beside the path; it takes the path's place only if nothing went wrong.

    What killed writers of the same path have left is removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)

    def make():
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        os.close(handle)
        return name

    with _own(path, make) as temporary:
        with open(temporary, "wb") as file:
            yield file
        os.chmod(temporary, 0o644)  # mkstemp makes it private
        os.replace(temporary, path)


@contextlib.contextmanager
def scratch_folder(path):
    """A folder to work in, beside the path, that is removed afterwards: at the latest by the next one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    names = {"dir": path.parent, "prefix": f".{path.name}.", "suffix": ".part"}
    with _own(path, lambda: tempfile.mkdtemp(**names)) as made:
        yield made


@contextlib.contextmanager
def locked(path):
    """Wait until nobody else is within this with the same file or folder, where the system has locks."""
    lock = _lock(path, wait=True)
    try:
        yield
    finally:
        _release(lock)


def write_bytes(path, content):
    """Bytes into a file; its Path is returned."""
    with whole_file(path) as file:
        file.write(content)
    return Path(path)


def write_text(path, text):
    """The same with a text, in UTF-8 and with the same line ends on every system."""
    return write_bytes(path, text.encode())


@contextlib.contextmanager
def _own(path, make):
    """What make() creates, locked until it is removed at the end."""
    for leaving in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        _remove_abandoned(leaving)
    while True:
        made, lock = Path(make()), None
        with contextlib.suppress(FileNotFoundError):
            lock = _lock(made, wait=True)
        if made.exists():
            break
        _release(lock)  # another writer took it for abandoned in the moment before the lock
    try:
        yield made
    finally:
        _remove(made)
        _release(lock)


def _remove_abandoned(leaving):
    with contextlib.suppress(OSError):  # in use, gone already, or not ours to remove
        lock = _lock(leaving, wait=False)
        try:
            if lock is not None or time.time() - leaving.stat().st_mtime > OLD:
                _remove(leaving)
        finally:
            _release(lock)


def _remove(path):
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _lock(path, wait):
    """An open handle that locks the path, None where there are no locks; BlockingIOError if it is locked."""
    if fcntl is None:
        return None
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise
    except OSError:  # a file system without locks
        os.close(handle)
        return None
    return handle


def _release(lock):
    if lock is not None:
        os.close(lock)
