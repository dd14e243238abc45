"""Read a split: whole, a batch at a time, or as a fast stream."""

import numpy as np

from facelm_helpers.augment import augment_batch
from facelm_helpers.faces import FaceSet, denormalise, from_vector
from facelm_helpers.landmarks import N_POINTS
from facelm_helpers.tfrecords._face_records import Crops, FaceRecords
from facelm_helpers.tfrecords._record_files import FOLDER, SPLITS, check_split

PIXEL = np.float32(1 / 255)


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
    check_split(split)
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
    check_split(split)
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

    check_split(split)
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
