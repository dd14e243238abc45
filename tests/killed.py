"""Kill writers, at every step: a path then holds the old content or the new one, and nothing else stays.

``python tests/killed.py WRITER FOLDER`` goes through one of `WRITERS` and prints how often it was killed. A
writer is a function (path, which) that writes content number ``which``, and a function path -> number that
reads it back and raises if it is neither.
"""

import os
import signal
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
EVENTS = ("open", "os.", "shutil.", "tempfile.")


def arrays(path, which):
    from facelm_helpers.arrays import write_arrays

    write_arrays(path, {"which": np.full(50_000, which)})


def read_arrays(path):
    from facelm_helpers.arrays import read_arrays as read

    return int(read(path)["which"][-1])


def weights(path, which):
    from facelm_helpers.methods.mean_shape import MeanShape

    aligner = MeanShape()
    aligner.mean_ = np.full((68, 2), which, np.float32)
    aligner.save(path)


def read_weights(path):
    from facelm_helpers.methods.mean_shape import MeanShape

    return int(MeanShape.load(path).mean_[0, 0])


def points(path, which):
    from facelm_helpers.sources._pts_file import write_pts

    write_pts(path, np.full((68, 2), 10.0 * which))


def read_points(path):
    from facelm_helpers.sources._pts_file import read_pts

    return round(float(read_pts(path)[0, 0]) / 10)


def records(path, which):
    """One file of three faces, or three of one: the names change too."""
    from facelm_helpers import tfrecords
    from facelm_helpers.faces import FaceSet

    images = np.full((3, 64, 64, 3), 60 * which, np.uint8)
    faces = FaceSet(images, np.random.default_rng(which).uniform(10, 50, (3, 68, 2)))
    tfrecords.write(faces, path, "train", size=32, shard_size=3 if which else 1, progress=False)


def read_records(path):
    from facelm_helpers import tfrecords

    faces = tfrecords.read(path)
    assert len(faces) == 3
    return round(float(faces.images[2].mean()) / 60)


def json_file(path, which):
    from tools.measure import store

    store.write(path, {"which": which})


def read_json(path):
    import json

    return json.loads(Path(path).read_text())["which"]


WRITERS = {
    "arrays": (arrays, read_arrays), "weights": (weights, read_weights), "points": (points, read_points),
    "records": (records, read_records), "json": (json_file, read_json),
}  # fmt: skip


def in_a_child(write, path, which, step):
    """Write in a fork that is killed before its file operation number ``step``; whether it was killed."""
    child = os.fork()
    if child == 0:
        done = 0

        def count(event, arguments):
            nonlocal done
            if event.startswith(EVENTS):
                done += 1
                if done == step + 1:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            write(path, which)
        except BaseException:
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or status == 0, "the writer has failed"
    return os.WIFSIGNALED(status)


def campaign(name, folder):
    """Kill a writer before each of its file operations; returns how many there were."""
    write, read = WRITERS[name]
    folder = Path(folder)
    path, step, now = folder / "content", 0, 0
    write(path, 0)
    assert read(path) == 0
    while in_a_child(write, path, 1 - now, step):
        found = read(path)
        assert found in (0, 1), found
        write(path, 1 - found)
        now = read(path)
        assert now == 1 - found
        leavings = [left for left in folder.rglob(".*") if left != folder]
        assert not leavings, (step, leavings)
        step += 1
    assert read(path) == 1 - now
    return step


if __name__ == "__main__":
    print(campaign(*sys.argv[1:]))
