"""TFRecord files as files: what they are called, whether they are whole, where in them each record lies.

A record is its length (8 bytes), a checksum of that (4), its bytes, and a checksum of them (4); a file is
record after record, so one that was cut off ends within a record. Finding the records needs no TensorFlow.

A split may be several files, which no system call replaces together. So new ones are first completed in a
folder that is then renamed, in one step, to ``.SPLIT-waiting``: from that moment it is what readers read,
until all its files have taken the place of the old ones.
"""

import os
import re
import shutil
from functools import lru_cache
from pathlib import Path

import numpy as np

from facelm_helpers.paths import DOWNLOADS

FOLDER = DOWNLOADS / "tfrecords"
SPLITS = ("train", "test")
_SHARD = re.compile(r"-(\d{5})-of-(\d{5})\.tfrecords")


def check_split(split):
    """Raise a ValueError if a split is neither of the two."""
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}: wanted train or test")


def shard_names(split, count):
    """What ``count`` files of a split are called: ``train.tfrecords``, or parts with their number.

    Examples
    --------
    >>> shard_names("test", 1), shard_names("train", 2)
    (['test.tfrecords'], ['train-00000-of-00002.tfrecords', 'train-00001-of-00002.tfrecords'])
    """
    if count == 1:
        return [f"{split}.tfrecords"]
    return [f"{split}-{k:05d}-of-{count:05d}.tfrecords" for k in range(count)]


def waiting(folder, split):
    """Where the complete files of a split wait until they replace the old ones."""
    return Path(folder) / f".{split}-waiting"


def install(folder, split):
    """Put the waiting files, if any, where the old ones were. If killed, it can be repeated."""
    folder, new = Path(folder), waiting(folder, split)
    if not new.is_dir():
        return
    names = {path.name for path in new.iterdir()}
    for name in names:
        draft = new.with_name(f".{split}-draft")
        draft.unlink(missing_ok=True)
        try:
            os.link(new / name, draft)  # the waiting set stays whole until all is done
        except OSError:  # a file system without links
            shutil.copyfile(new / name, draft)
        os.replace(draft, folder / name)
    for old in [*folder.glob(f"{split}.tfrecords"), *folder.glob(f"{split}-*-of-*.tfrecords")]:
        if old.name not in names:
            old.unlink()
    done = new.with_name(f".{split}.done.part")  # named so that the next writer removes it if this is killed
    shutil.rmtree(done, ignore_errors=True)
    os.rename(new, done)
    shutil.rmtree(done, ignore_errors=True)


def find_shards(folder, split):
    """The files of a split, in order.

    Raises
    ------
    FileNotFoundError
        If there are none, or some of them are missing.
    """
    folder = Path(folder)
    if waiting(folder, split).is_dir():
        folder = waiting(folder, split)
    whole = folder / f"{split}.tfrecords"
    shards = {
        int(m[1]): m for p in folder.glob(f"{split}-*") if (m := _SHARD.fullmatch(p.name[len(split) :]))
    }
    if whole.is_file() and shards:
        raise ValueError(
            f"{folder} holds both {whole.name} and parts of {split}: wanted one or the other; write it anew"
        )
    if whole.is_file():
        return [whole]
    if not shards:
        raise FileNotFoundError(
            f"no {whole.name} in {folder}, nor parts of it: write it with tfrecords.write"
        )
    count = int(next(iter(shards.values()))[2])
    paths = [folder / name for name in shard_names(split, count)]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} of {count} parts are missing in {folder}, the first is {missing[0]}"
        )
    return paths


def find_records(paths):
    """Where the records of some files lie.

    Returns
    -------
    file, offset, length : (N,) int64 arrays
        Which of ``paths``, where in it the bytes of the record begin, and how many there are.

    Raises
    ------
    ValueError
        If a file is cut off or is none.
    """
    tables = [_find_in_file(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    file = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    offset, length = np.concatenate(tables).T
    return file, offset, length


@lru_cache(maxsize=64)  # by size and time of change too: a file that was written anew is looked at anew
def _find_in_file(path, size, _changed):
    table, at = [], 0
    with open(path, "rb", buffering=1 << 12) as file:
        while at < size:
            file.seek(at)
            length = int.from_bytes(file.read(8), "little")
            end = at + 12 + length + 4
            if at == 0 and length & 0xFFFF == 0x8B1F:
                raise ValueError(f"{path} is compressed by gzip: unpack it, or write it anew")
            if end > size:
                raise ValueError(
                    f"{path} is torn: record {len(table)} needs {end - size} bytes more than the file has,"
                    " or it is no TFRecord file; write it anew"
                )
            table.append((at + 12, length))
            at = end
    if not table:
        raise ValueError(f"{path} is empty: wanted a TFRecord file with faces; write it anew")
    return np.array(table, dtype=np.int64)
