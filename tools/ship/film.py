"""Pictures to try things on: a photograph, a clip, the webcam or a made-up face; and what is made of them."""

import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from tqdm.auto import tqdm

from facelm_helpers.atomic import write_bytes
from facelm_helpers.images import read_image
from facelm_helpers.silence import silence
from facelm_helpers.sources import synthetic

LARGEST = 1280  # pixels; longer side of what is worked on
VIDEOS = {".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v"}
CODECS = {".webm": "VP80", ".mp4": "mp4v"}  # what OpenCV writes without a licence; browsers play the first


class Film(NamedTuple):
    """Pictures to work on: ``images`` a list, ``rate`` frames a second or None for a photograph."""

    images: list
    rate: float | None


def read(name, seconds=10.0):
    """A photograph, a clip, "webcam", or "clip", as a Film.

    Raises
    ------
    ValueError
        With one sentence, if nothing can be read.
    """
    if name == "clip":
        made = synthetic.clip(seconds=max(8.0, seconds), size=256)
        return Film(list(made.images), 25.0)
    if name == "webcam" or Path(name).suffix.lower() in VIDEOS:
        return _video(0 if name == "webcam" else name, seconds if name == "webcam" else np.inf)
    return Film([_fitting(read_image(name))], None)


def _video(source, seconds):
    if source != 0 and not Path(source).is_file():
        raise ValueError(f"there is no file {source}")
    capture = cv2.VideoCapture(source)
    try:
        if not capture.isOpened():
            what = "no webcam answers" if source == 0 else f"{source} cannot be read as a video"
            raise ValueError(f"{what}: wanted one that OpenCV can open")
        rate, images, began = capture.get(cv2.CAP_PROP_FPS) or 25.0, [], time.monotonic()
        with tqdm(desc="reading", unit="frame", disable=None) as bar:
            while time.monotonic() - began < seconds:
                good, frame = capture.read()
                if not good:
                    break
                images.append(_fitting(np.ascontiguousarray(frame[..., ::-1])))
                bar.update()
        if source == 0 and images:  # a webcam gives fewer frames in the dark than it says
            rate = len(images) / (time.monotonic() - began)
    finally:
        capture.release()
    if not images:
        raise ValueError(f"{'the webcam' if source == 0 else source} has no picture that can be read")
    return Film(images, float(rate))


def _fitting(image):
    factor = LARGEST / max(image.shape[:2])
    return (
        image if factor >= 1 else cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    )


def write(pictures, rate, path):
    """A picture as PNG, or several as WebM or MP4 by the file's name; the file is there whole or not at all.

    Raises
    ------
    ValueError
        If the name has another ending.
    """
    endings = list(CODECS) if len(pictures) > 1 else [".png"]
    ending = path.suffix.lower()
    if ending not in endings:
        raise ValueError(f"the output is {path.name}: wanted a name that ends in {' or '.join(endings)}")
    if ending == ".png":
        write_bytes(path, cv2.imencode(".png", pictures[0][..., ::-1])[1].tobytes())
        return
    height, width = (side // 2 * 2 for side in pictures[0].shape[:2])
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / f"film{ending}"
        codec = cv2.VideoWriter_fourcc(*CODECS[ending])
        with silence():  # OpenCV remarks that it writes the codec's tag in another way
            writer = cv2.VideoWriter(str(made), codec, rate or 25.0, (width, height))
        if not writer.isOpened():
            raise ValueError(f"this OpenCV cannot write {ending} files")
        for picture in tqdm(pictures, desc="writing", unit="frame", disable=None):
            writer.write(np.ascontiguousarray(picture[:height, :width, ::-1]))
        writer.release()
        write_bytes(path, made.read_bytes())
