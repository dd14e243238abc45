"""Hostile input for every reader and for `predict`: each case gives a sound answer, or one sentence.

    python -m tools.measure.fuzz                    ten thousand cases, some minutes
    python -m tools.measure.fuzz --cases 500 --only pts jpeg

A case damages a sound file (bytes changed, cut, left out, doubled; words of a text replaced) and reads it.
Right are a sound answer, or a ValueError or FileNotFoundError of one line that names the file. A fault is any
other exception, an unsound answer, or more than `SECONDS`. hypothesis chooses the cases and shrinks a fault
to its smallest form; `tests/test_fuzz.py` runs some hundreds, always the same.
"""

import argparse
import faulthandler
import functools
import io
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.io import savemat

from facelm_helpers import methods, sources, tfrecords
from facelm_helpers.faces import FaceSet
from facelm_helpers.images import decode_image, read_image

SECONDS = 20  # of computing, whatever else has the cores
METHODS = ("mean_shape", "dlib", "ert", "sdm", "cpr")
WORDS = (
    "nan",
    "-inf",
    "1e39",
    "-1",
    "0",
    "",
    "1_0",
    "\x00",
    "é",
    "<",
    "{",
    ",",
    "file",
    "../a",
    "99999999999",
)
POINTS = np.stack([10 + np.arange(68) % 17 * 2.5, 12 + np.arange(68) * 0.6], axis=1)
FRAME = np.random.default_rng(0).integers(0, 255, (72, 60, 3), dtype=np.uint8)


def picture(kind, frame=FRAME, **options):
    """A picture file as bytes."""
    held = io.BytesIO()
    Image.fromarray(frame).save(held, kind, **options)
    return held.getvalue()


def _exif_picture():
    block = Image.Exif()
    block[0x0112], block[0x011A], block[0x010F] = 6, 72.0, "maker"
    return picture("JPEG", exif=block)


def _mat():
    held = io.BytesIO()
    savemat(held, {"pts_2d": POINTS})
    return held.getvalue()


def _xml():
    parts = "".join(f"<part name='{k:02d}' x='{int(x)}' y='{int(y)}'/>" for k, (x, y) in enumerate(POINTS))
    box = f"<box top='5' left='6' width='50' height='55'>{parts}</box>"
    return f"<dataset><images><image file='a.jpg'>{box}</image></images></dataset>".encode()


def _pts():
    rows = "\n".join(f"{x} {y}" for x, y in POINTS)
    return f"version: 1\nn_points: 68\n{{\n{rows}\n}}\n".encode()


def _table():
    row = ",".join(str(value) for value in POINTS.ravel())
    return f",{','.join(map(str, range(136)))}\nPerson_A_1.jpg,{row}\nPerson_B_1.jpg,{row}\n".encode()


@functools.cache
def _records():
    with tempfile.TemporaryDirectory() as folder:
        faces = FaceSet([FRAME] * 2, np.stack([POINTS] * 2))
        (path,) = tfrecords.write(faces, folder, "test", size=32, progress=False)
        return path.read_bytes()


@functools.cache
def _weights():
    with tempfile.TemporaryDirectory() as folder:
        faces = FaceSet([FRAME] * 2, np.stack([POINTS] * 2))
        return (
            methods.create("mean_shape").fit(faces, progress=False).save(Path(folder) / "a.npz").read_bytes()
        )


class _OneShape:
    def predict(self, images, boxes):
        return np.stack([POINTS] * len(boxes))


def _label(folder):
    return sources.load(
        "folder", folder, aligner=_OneShape(), detect=lambda _: [[6, 5, 56, 60]], progress=False
    )


def _predict(path):
    return methods.of("mean_shape").load(path).predict([FRAME], [[6, 5, 56, 60]])


FRAMES = {"training/Person_A_1.jpg": picture("JPEG"), "training/Person_B_1.jpg": picture("JPEG")}
PHOTOGRAPH = {"a.jpg": picture("JPEG")}
RENDER = {"AFW/AFW_1_1.jpg": picture("JPEG")}
DEEP = np.uint16(FRAME[..., 0]) * 200
# reader -> the file that is damaged, its sound bytes, what lies beside it, what reads the file or its folder
READERS = {
    **{kind.lower(): (f"a.{kind.lower()}", lambda kind=kind: picture(kind), {}, read_image)
       for kind in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "AVIF")},
    "exif": ("a.jpg", _exif_picture, {}, read_image),
    "deep_png": ("a.png", lambda: picture("PNG", DEEP), {}, read_image),
    "deep_tiff": ("a.tif", lambda: picture("TIFF", DEEP), {}, read_image),
    "upload": ("a.jpg", _exif_picture, {}, lambda path: decode_image(path.read_bytes(), path.name)),
    "pts": ("a.pts", _pts, PHOTOGRAPH, lambda path: sources.load("pts", path.parent)),
    "folder": ("a.jpg", _exif_picture, {}, lambda path: _label(path.parent)),
    "folder_pts": ("a.pts", _pts, PHOTOGRAPH, lambda path: _label(path.parent)),
    "youtube": ("training_frames_keypoints.csv", _table, FRAMES,
                lambda path: sources.load("youtube", path.parent)),
    "300w-lp": ("landmarks/AFW/AFW_1_1_pts.mat", _mat, RENDER,
                lambda path: sources.load("300w-lp", path.parents[2])),
    "imglab": ("a.xml", _xml, PHOTOGRAPH, lambda path: sources.load("imglab", path)),
    "tfrecords": ("test.tfrecords", _records, {}, lambda path: tfrecords.read(path.parent, "test")),
    "weights": ("a.npz", _weights, {}, _predict),
}  # fmt: skip


def _place(share, length):
    return min(int(share * length), length - 1)


def damaged(content, changes):
    """The bytes after some changes: (what, where as a share of the length, a byte or a word)."""
    content = bytearray(content)
    for what, share, value in changes:
        if not content:
            break
        at = _place(share, len(content))
        if what == "byte":
            content[at] = value % 256
        elif what == "cut":
            del content[at:]
        elif what == "leave out":
            del content[at : at + 1 + value]
        elif what == "double":
            content[at:at] = content[at : at + 1 + value]
        else:  # the word that stands there becomes another
            stop = at
            while stop < len(content) and chr(content[stop]) not in " \n,'\"<>={}:":
                stop += 1
            content[at:stop] = WORDS[value % len(WORDS)].encode()
    return bytes(content)


CHANGES = st.lists(
    st.tuples(st.sampled_from(["byte", "byte", "word", "word", "cut", "leave out", "double"]),
              st.floats(0, 1, allow_nan=False), st.integers(0, 255)),
    min_size=1, max_size=6,
)  # fmt: skip


def judge(act, names=()):
    """Carry out a case. None if it is in order, or else what is wrong with it."""
    start, wrong = time.process_time(), None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wrong = unsound(act())
    except (ValueError, FileNotFoundError) as error:
        text = str(error)
        if "\n" in text or not text or names and not any(name in text for name in names):
            wrong = f"not one line that names the file: {text!r}"
    except Exception as error:
        wrong = f"raw {type(error).__name__}: {error}"
    took = time.process_time() - start
    return wrong if took < SECONDS else f"took {took:.0f} s; {wrong}"


def unsound(answer):
    """What is wrong with an answer, or None."""
    if isinstance(answer, FaceSet):
        if not len(answer) or not np.isfinite(answer.boxes).all() or np.isinf(answer.points).any():
            return f"unsound faces: {answer.boxes}"
        return None
    if answer.dtype == np.uint8:
        return None if answer.ndim == 3 and answer.shape[2] == 3 and answer.size else f"shape {answer.shape}"
    sound = answer.shape[-2:] == (68, 2) and answer.dtype == np.float32 and np.isfinite(answer).all()
    return None if sound else f"unsound points of shape {answer.shape}"


def try_reader(name, folder, changes):
    """One case of one reader: None, or what is wrong."""
    file, make, beside, read = READERS[name]
    for other, content in {**beside, file: damaged(make(), changes)}.items():
        (folder / other).parent.mkdir(parents=True, exist_ok=True)
        (folder / other).write_bytes(content)
    wrong = judge(lambda: read(folder / file), names=[Path(file).name, str(folder)])
    for made in folder.rglob("*.pts"):  # what the source "folder" wrote
        made.unlink()
    return wrong


numbers = st.one_of(
    st.floats(width=32), st.floats(-100, 200, width=32), st.sampled_from([0, 1e-38, 1e7, 1e20, -1])
)
shapes = st.sampled_from(
    [(60, 72, 3), (60, 72), (1, 1, 3), (1, 900, 3), (60, 72, 4), (0, 9, 3), (9,), (3, 60, 72)]
)
pictures = st.builds(
    lambda shape, kind, value: np.full(shape, value, kind), shapes,
    st.sampled_from(["uint8", "uint8", "uint8", "float32", "uint16", "bool", "object"]), st.integers(0, 255),
)  # fmt: skip
boxes = st.one_of(
    st.builds(lambda x, y, w, h: [x, y, x + w, y + h], *[st.floats(-20, 80)] * 2, *[st.floats(0, 2000)] * 2),
    st.lists(numbers, min_size=4, max_size=4), st.lists(numbers, max_size=5),
)  # fmt: skip
PREDICTIONS = st.tuples(
    st.sampled_from(METHODS), st.lists(pictures, max_size=3), st.lists(boxes, max_size=3), st.booleans()
)


def try_predict(case):
    """One case of `predict`: None, or what is wrong."""
    name, images, given_boxes, stages = case
    aligner = _shipped(name)
    return judge(lambda: aligner.predict(images, given_boxes, stages=stages))


_shipped = functools.cache(methods.load)


def campaign(name, cases, derandomize=False):
    """Run the cases of one reader, or of "predict"; an AssertionError holds the smallest fault found."""
    rules = settings(
        max_examples=cases, derandomize=derandomize, deadline=None, database=None,
        report_multiple_bugs=False, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        strategy = PREDICTIONS if name == "predict" else CHANGES

        @rules
        @given(strategy)
        def run(case):
            wrong = try_predict(case) if name == "predict" else try_reader(name, Path(folder), case)
            assert wrong is None, f"{name}: {wrong}"

        run()


def main(arguments=None):
    """Run campaigns; the exit status counts the readers with a fault."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    command.add_argument("--cases", type=int, default=10_000, help="of all readers together")
    command.add_argument("--only", nargs="+", choices=[*READERS, "predict"], default=[*READERS, "predict"])
    chosen = command.parse_args(arguments)
    faults = 0
    for name in chosen.only:
        faulthandler.dump_traceback_later(1800, exit=True)  # a hang that no signal stops
        start = time.perf_counter()
        try:
            campaign(name, max(1, chosen.cases // len(chosen.only)))
            said = "in order"
        except AssertionError as error:
            said, faults = f"FAULT {error}", faults + 1
        print(f"{name:12} {said}  ({time.perf_counter() - start:.0f} s)", flush=True)
    return faults


if __name__ == "__main__":
    sys.exit(main())
