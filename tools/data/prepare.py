"""`python course.py data prepare 300w-lp --jobs N`: cut every face once, and write the crops as record files.

The training of a network then reads crops, and several workers read a part of the files each:

    python course.py data prepare 300w-lp --jobs 8
    python course.py train senet --faces records --root data/downloads/300w-lp-records --workers 4

The files (shards) are split into train and test by source photograph, never by render, and shuffled, so that
each holds faces of all subsets. They do not depend on the number of jobs. `manifest.json` has the SHA-256 of
each: what is whole is not made again, so a run that was stopped or killed goes on. A crop is cut wider than
the networks see it (192 pixels, 2.25 sides of the tight box, against their 128 and 1.5 at the same scale), so
that it can be moved and turned in training. The files are TFRecords, which `facelm_helpers.tfrecords` reads
without TensorFlow, so that workers on JAX need none.
"""

import argparse
import hashlib
import math
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm.auto import tqdm

from facelm_helpers import tfrecords
from facelm_helpers.atomic import locked
from facelm_helpers.faces import FaceSet
from facelm_helpers.paths import DOWNLOADS
from facelm_helpers.sources import w300lp


@dataclass(frozen=True)
class Cut:
    """What is cut out of the photographs, and how it is dealt to the files."""

    size: int = 192
    margin: float = 2.25
    quality: int = 95
    points: str = "pts_2d"
    flips: bool = False
    share: float = 0.8
    seed: int = 0
    shard_size: int = 1000

    def __post_init__(self):
        for name in ("size", "margin", "shard_size"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}: wanted more than 0")
        if not 1 <= self.quality <= 100:
            raise ValueError(f"quality is {self.quality}: wanted 1 to 100")


@dataclass(frozen=True)
class Shard:
    """A file to be made: of which pictures."""

    path: Path
    pictures: list
    persons: list
    cut: Cut


def prepare(root=None, folder=None, cut=None, jobs=1, fresh=False, progress=True):
    """Write the shards of 300W-LP that are not whole yet.

    Parameters
    ----------
    root : str or Path, optional
        As in ``sources.load("300w-lp")``.
    folder : str or Path, optional
        Where to write; ``data/downloads/300w-lp-records`` by default.
    cut : Cut, optional
    jobs : int
        Processes that make a shard each; the shards are the same for any number.
    fresh : bool
        Remove what `prepare` has written into the folder before.
    progress : bool

    Returns
    -------
    list of str
        Names of the files that were made now.

    Raises
    ------
    FileNotFoundError
        If the data set or one of its files is missing.
    ValueError
        If one of its files is damaged, or the folder holds other records.
    OSError
        If the folder cannot be written.
    """
    cut = Cut() if cut is None else cut
    if jobs < 1:
        raise ValueError(f"jobs is {jobs}: wanted at least 1")
    folder = Path(folder or DOWNLOADS / "300w-lp-records")
    faces = w300lp.pictures(root, cut.flips)
    settings = asdict(cut) | {"source": "300w-lp", "pictures": fingerprint(faces.images.paths)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            return _complete(planned(faces, folder, cut), folder, settings, jobs, fresh, progress)
    except BrokenProcessPool:
        raise ValueError(
            "a process was killed, perhaps for want of memory: the same command goes on; try fewer --jobs"
        ) from None
    except PermissionError as error:
        raise PermissionError(f"{folder} cannot be written: {error.strerror}") from None


def fingerprint(paths):
    """What tells one set of picture files from another: how many, and a hash of their names and sizes."""
    digest = hashlib.sha256()
    for path in map(Path, paths):
        digest.update(f"{path.parent.name}/{path.name} {path.stat().st_size}\n".encode())
    return f"{len(paths)} files, {digest.hexdigest()[:12]}"


def planned(faces, folder, cut):
    """All shards, made or not: the faces of both splits in random order, cut into files."""
    shards = []
    parts = faces.split_by_person(cut.share, cut.seed)
    for split, part in zip(tfrecords.SPLITS, parts, strict=True):
        part = part[np.random.default_rng(cut.seed).permutation(len(part))]
        for k, name in enumerate(tfrecords.shard_names(split, math.ceil(len(part) / cut.shard_size))):
            some = part[k * cut.shard_size : (k + 1) * cut.shard_size]
            shards.append(Shard(folder / name, some.images.paths.tolist(), some.persons.tolist(), cut))
    return shards


def _complete(shards, folder, settings, jobs, fresh, progress):
    if fresh:
        _remove(folder)
    done = _made_before(folder, settings)
    names = {shard.path.name for shard in shards}
    done = {name: facts for name, facts in done.items() if name in names and _whole(folder / name, facts)}
    todo = [shard for shard in shards if shard.path.name not in done]
    tfrecords.write_manifest(folder, settings, done)
    bar = tqdm(total=sum(len(shard.pictures) for shard in shards), unit="face", disable=not progress)
    with bar:
        bar.update(bar.total - sum(len(shard.pictures) for shard in todo))
        for name, facts in _made(todo, jobs):
            done[name] = facts
            tfrecords.write_manifest(folder, settings, done)
            bar.update(facts["faces"])
    return [shard.path.name for shard in todo]


def _remove(folder):
    """The shards of an earlier run, and its manifest."""
    known = tfrecords.read_manifest(folder) or {"shards": {}}
    for name in known["shards"]:
        (folder / name).unlink(missing_ok=True)
    (folder / tfrecords.MANIFEST).unlink(missing_ok=True)


def _made_before(folder, settings):
    """The shards of the folder's manifest, which must be of the same run."""
    known = tfrecords.read_manifest(folder)
    if known is None:
        if any(folder.glob("*.tfrecords")):
            raise ValueError(f"{folder} holds records that were not prepared: choose another with --out")
        return {}
    for key in sorted(settings.keys() | known["settings"].keys()):
        theirs, ours = known["settings"].get(key), settings.get(key)
        if theirs != ours:
            raise ValueError(
                f"{folder} was prepared otherwise, its {key} was {theirs!r} and is now {ours!r}: choose"
                " another folder with --out, or --fresh to begin anew"
            )
    return known["shards"]


def _whole(path, facts):
    if not path.is_file():
        return False
    if tfrecords.file_hash(path) == facts["sha256"]:
        return True
    print(f"{path} is damaged, its SHA-256 is not that of {tfrecords.MANIFEST}: made again", file=sys.stderr)
    return False


def _made(shards, jobs):
    """Make shards, in whatever order they are done: name, and what the manifest says of it."""
    if jobs == 1 or len(shards) < 2:
        yield from map(make, shards)
        return
    context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
    with ProcessPoolExecutor(min(jobs, len(shards)), context, cv2.setNumThreads, (1,)) as pool:
        try:
            for made in as_completed([pool.submit(make, shard) for shard in shards]):
                yield made.result()
        finally:
            pool.shutdown(cancel_futures=True)


def make(shard):
    """Make one shard."""
    faces = FaceSet(w300lp.PictureFiles(shard.pictures), persons=shard.persons)
    faces = w300lp.annotated(faces, shard.cut.points, progress=False)
    path = tfrecords.write_shard(shard.path, faces, shard.cut.size, shard.cut.margin, shard.cut.quality)
    facts = {"sha256": tfrecords.file_hash(path), "bytes": path.stat().st_size, "faces": len(faces)}
    return path.name, facts


def parser():
    """The command's options."""
    command = argparse.ArgumentParser(
        prog="course.py data prepare", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    command.add_argument("name", choices=["300w-lp"], help="the data set")
    command.add_argument("--root", help="its folder (default: data/downloads/300w-lp)")
    command.add_argument("--out", help="where to write (default: data/downloads/300w-lp-records)")
    command.add_argument("--jobs", type=int, default=1, help="processes, each at a file of its own (1)")
    command.add_argument("--fresh", action="store_true", help="begin anew, whatever was prepared there")
    cut = Cut()
    command.add_argument("--size", type=int, default=cut.size, help=f"side of a crop in pixels ({cut.size})")
    command.add_argument(
        "--margin", type=float, default=cut.margin, help=f"the same in sides of the tight box ({cut.margin})"
    )
    command.add_argument("--points", default=cut.points, choices=["pts_2d", "pts_3d"],
                         help="the visible contour, or the projected 3D jaw (pts_2d)")  # fmt: skip
    command.add_argument(
        "--flips", action="store_true", help="the mirror images too; training mirrors anyway"
    )
    command.add_argument("--seed", type=int, default=cut.seed, help="of the split and the order (0)")
    command.add_argument(
        "--shard-size", type=int, default=cut.shard_size, help=f"faces in a file ({cut.shard_size})"
    )
    return command


def main(arguments=None):
    """Run the command. Returns the exit status."""
    asked = vars(parser().parse_args(arguments))
    del asked["name"]
    root, folder, jobs, fresh = (asked.pop(name) for name in ("root", "out", "jobs", "fresh"))
    folder = Path(folder or DOWNLOADS / "300w-lp-records")
    try:
        made = prepare(root, folder, Cut(**asked), jobs, fresh)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130
    shards = tfrecords.read_manifest(folder)["shards"]
    faces, size = (sum(shard[key] for shard in shards.values()) for key in ("faces", "bytes"))
    print(f"{faces} faces, {size / 1e6:.1f} MB, {len(shards)} files, {len(made)} of them made now: {folder}")
    return 0
