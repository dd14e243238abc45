"""Write a split: all its files at once, or one file of many."""

import contextlib
import math
import os
from pathlib import Path

import cv2
import numpy as np
from tqdm.auto import tqdm

from facelm_helpers.atomic import locked, scratch_folder
from facelm_helpers.faces import check_annotated, crop, normalise, to_vector
from facelm_helpers.geometry import apply_transform
from facelm_helpers.tfrecords._manifest import MANIFEST
from facelm_helpers.tfrecords._record_files import FOLDER, check_split, install, shard_names, waiting

SHARD = 10_000  # faces a file: about 60 MB at 128 x 128


def write(
    faces, folder=FOLDER, split="train", size=128, margin=1.5, shard_size=None, quality=95, progress=True
):
    """Crop faces and write them as TFRecord files, one face at a time.

    Only one picture is in memory, so a lazy set of any length will do. The files appear when all are
    complete; whatever stops it before, even the end of the process, leaves what was there.

    Parameters
    ----------
    faces : FaceSet
        With points and boxes.
    folder : str or Path
    split : {"train", "test"}
    size, margin : int, float
        Of the crop, see `faces.crop`.
    shard_size : int, optional
        The most faces in one file, 10,000 by default. Up to that, the file is ``train.tfrecords``; beyond,
        the files are ``train-00000-of-00007.tfrecords`` and so on.
    quality : int
        Of the JPEG, 1 to 100.
    progress : bool

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    ValueError
        If there is no face, or they have no points, or a point is no number.
    OSError
        If the disk is full, or the folder cannot be written.
    """
    check_split(split)
    check_annotated(faces, "write")
    shard_size = SHARD if shard_size is None else shard_size
    if shard_size < 1 or not 1 <= quality <= 100:
        raise ValueError(f"shard_size is {shard_size} and quality {quality}: wanted 1 or more, and 1 to 100")
    folder = Path(folder)
    names = shard_names(split, math.ceil(len(faces) / shard_size))
    with scratch_folder(folder / split) as scratch:
        complete = scratch / "complete"
        complete.mkdir()
        with tqdm(total=len(faces), desc=f"writing {split}", disable=not progress) as bar:
            for k, name in enumerate(names):
                chosen = range(k * shard_size, min((k + 1) * shard_size, len(faces)))
                _write_records(complete / name, faces, chosen, size, margin, quality, bar.update)
        with locked(folder):
            (folder / MANIFEST).unlink(missing_ok=True)  # of the files that were there
            install(folder, split)  # what a writer that was killed had completed
            os.rename(complete, waiting(folder, split))  # from here on, readers see the new faces
            install(folder, split)
    return [folder / name for name in names]


def write_shard(path, faces, size=128, margin=1.5, quality=95):
    """Crop faces and write them as one TFRecord file, whole or not at all.

    The same faces give the same bytes.

    Parameters
    ----------
    path : str or Path
        Named by `shard_names`.
    faces, size, margin, quality
        As in `write`.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        As `write`.
    OSError
        If the disk is full, or the folder cannot be written.
    """
    path = Path(path)
    check_annotated(faces, "write")
    with scratch_folder(path) as scratch:
        draft = Path(scratch) / path.name
        _write_records(draft, faces, range(len(faces)), size, margin, quality, lambda: None)
        os.replace(draft, path)
    return path


def _write_records(path, faces, chosen, size, margin, quality, done):
    from facelm_helpers.quiet import tensorflow as tf

    with _disk_errors(path), tf.io.TFRecordWriter(str(path)) as writer:
        for i in chosen:
            image, points, box = faces[i]
            if not np.isfinite(points).all():
                raise ValueError(f"points of face {i} hold NaN or infinity: wanted 68 places")
            picture, transform = crop(image, box, size, margin)
            jpeg = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
            label = to_vector(normalise(apply_transform(transform, points), size))
            person = str(faces.persons[i]).encode()
            features = {
                "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[jpeg])),
                "label": tf.train.Feature(float_list=tf.train.FloatList(value=label)),
                "person": tf.train.Feature(bytes_list=tf.train.BytesList(value=[person])),
            }
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString(deterministic=True))
            done()


@contextlib.contextmanager
def _disk_errors(path):
    """What TensorFlow says of a full or broken disk, as Python says it."""
    from facelm_helpers.quiet import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(f"{path} cannot be written: {str(error.message).splitlines()[0]}") from None
