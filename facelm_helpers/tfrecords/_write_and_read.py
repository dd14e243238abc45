"""Write a split, read it whole, a batch at a time, or as a fast stream."""

import contextlib
import math
import os
from pathlib import Path

import cv2
import numpy as np
from tqdm.auto import tqdm

from facelm_helpers.atomic import locked, scratch_folder
from facelm_helpers.augment import augment_batch
from facelm_helpers.faces import (
    FaceSet,
    check_annotated,
    crop,
    denormalise,
    from_vector,
    normalise,
    to_vector,
)
from facelm_helpers.geometry import apply_transform
from facelm_helpers.landmarks import N_POINTS
from facelm_helpers.paths import DOWNLOADS
from facelm_helpers.tfrecords._face_records import Crops, FaceRecords
from facelm_helpers.tfrecords._record_files import install, shard_names, waiting

FOLDER = DOWNLOADS / "tfrecords"
SPLITS = ("train", "test")
PIXEL = np.float32(1 / 255)
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
    _check_split(split)
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
                _write_shard(complete / name, faces, chosen, size, margin, quality, bar)
        with locked(folder):
            install(folder, split)  # what a writer that was killed had completed
            os.rename(complete, waiting(folder, split))  # from here on, readers see the new faces
            install(folder, split)
    return [folder / name for name in names]


def _write_shard(path, faces, chosen, size, margin, quality, bar):
    import tensorflow as tf

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
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
            bar.update()


@contextlib.contextmanager
def _disk_errors(path):
    """What TensorFlow says of a full or broken disk, as Python says it."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(f"{path} cannot be written: {str(error.message).splitlines()[0]}") from None


def read(folder=FOLDER, split="train"):
    """The faces of a split; crops stay in their files until they are asked for.

    Returns
    -------
    FaceSet
        Images (S, S, 3) uint8, points in crop pixels, persons as names.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is torn or damaged, or a record is no face.
    """
    _check_split(split)
    records = FaceRecords(folder, split)
    labels, persons = [], []
    for record in records.verified():
        labels.append(record.label)
        persons.append(record.person)
    crops = Crops(records)
    points = denormalise(from_vector(np.stack(labels)), len(crops[0]))
    return FaceSet(crops, points, persons=np.array(persons))


def get_one_batch(batch_size, split="train", step=0, seed=0, folder=FOLDER):
    """The images and labels of one batch, as the training loop asks for them.

    Parameters
    ----------
    batch_size : int
    split : {"train", "test"} or {0, 1}
        ``train`` (0) is shuffled anew in each pass; ``test`` (1) comes in order, its last batch may be
        smaller.
    step : int
        Which batch, counted from 0. Training never ends: epoch follows epoch.
    seed : int
        Of the shuffling.
    folder : str or Path

    Returns
    -------
    images : (B, S, S, 3) float32 array
        Values 0 to 1, as the networks of the course are given them.
    labels : (B, 136) float32 array
        Nominally 0 to 1.

    Raises
    ------
    ValueError
        If the test set has no such batch, or a file is torn or damaged, or holds something else.
    """
    split = SPLITS[split] if split in (0, 1) else split
    _check_split(split)
    records = FaceRecords(folder, split).checked()
    if batch_size < 1 or step < 0:
        raise ValueError(f"batch_size is {batch_size} and step {step}: wanted at least 1 and 0")
    positions = np.arange(step * batch_size, (step + 1) * batch_size)
    if split == "test":
        chosen = positions[positions < len(records)]
        if not len(chosen):
            raise ValueError(
                f"step is {step}, but {len(records)} faces end before it, {batch_size} at a time"
            )
    else:
        turns = positions // len(records)
        orders = {turn: np.random.default_rng((seed, turn)).permutation(len(records)) for turn in set(turns)}
        chosen = [
            orders[turn][position % len(records)] for turn, position in zip(turns, positions, strict=True)
        ]
    batch = [records[i] for i in chosen]
    images = np.stack([record.decode() for record in batch])
    return np.multiply(images, PIXEL, dtype=np.float32), np.stack([record.label for record in batch])


def dataset(folder=FOLDER, split="train", batch_size=64, augment=None, seed=0, shuffle=None, repeat=False):
    """The faces of a split as a ``tf.data`` stream, decoded, shuffled and augmented beside the training.

    Parameters
    ----------
    folder, split, batch_size, seed
        As `get_one_batch`.
    augment, shuffle : bool, optional
        By default True for ``train`` and False for ``test``.
    repeat : bool
        Repeat without end, shuffled and augmented anew in each epoch. Else one epoch; its last batch may be
        smaller.

    Returns
    -------
    tf.data.Dataset
        Of images (B, S, S, 3) float32, values 0 to 1, and labels (B, 136) float32. The same seed gives the
        same stream.

    Raises
    ------
    ValueError
        If a file is torn or damaged, or holds something else: now, and not in the middle of a training.
    """
    import tensorflow as tf

    _check_split(split)
    records = FaceRecords(folder, split).checked()
    paths, count = [str(path) for path in records.paths], len(records)
    augment = split == "train" if augment is None else augment
    shuffle = split == "train" if shuffle is None else shuffle
    stream = tf.data.TFRecordDataset(paths, buffer_size=1 << 20)
    if shuffle and len(paths) > 1:
        stream = tf.data.Dataset.from_tensor_slices(paths).shuffle(len(paths), seed=seed)
        stream = stream.interleave(tf.data.TFRecordDataset, cycle_length=len(paths))
    stream = stream.apply(tf.data.experimental.assert_cardinality(count))
    if shuffle:  # of JPEG bytes, so 16,384 of them are some 100 MB
        stream = stream.shuffle(min(count, 16_384), seed=seed)
    if repeat:
        stream = stream.repeat()
    side = len(records[0].decode())
    stream = stream.map(lambda record: _parse(record, side), num_parallel_calls=tf.data.AUTOTUNE)
    stream = stream.batch(batch_size)
    if augment:
        # a fresh pair of seeds for each batch, and others in each pass
        seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
        stream = tf.data.Dataset.zip(stream, seeds).map(
            lambda batch, seed: augment_batch(*batch, seed), num_parallel_calls=tf.data.AUTOTUNE
        )
    else:
        stream = stream.map(lambda images, labels: (tf.cast(images, tf.float32) * PIXEL, labels))
    return stream.prefetch(tf.data.AUTOTUNE)


def _parse(record, side):
    """The picture, uint8, and the label of a serialised record, inside a TensorFlow graph."""
    import tensorflow as tf

    wanted = {
        "image": tf.io.FixedLenFeature([], tf.string),
        "label": tf.io.FixedLenFeature([2 * N_POINTS], tf.float32),
    }
    found = tf.io.parse_single_example(record, wanted)
    # the accurate transform: the pixels that OpenCV gives too
    image = tf.io.decode_jpeg(found["image"], channels=3, dct_method="INTEGER_ACCURATE")
    return tf.ensure_shape(image, (side, side, 3)), found["label"]


def _check_split(split):
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}: wanted train or test")
