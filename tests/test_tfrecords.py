"""TFRecord files: what is written comes back, torn files are said, streams are steady."""

import gc
import gzip
import subprocess
import sys
import weakref

import cv2
import numpy as np
import pytest

from facelm_helpers import paths, tfrecords
from facelm_helpers.faces import FaceSet, crop, normalise, to_vector
from facelm_helpers.landmarks import MIRROR
from facelm_helpers.tfrecords._face_records import FaceRecords


def some_faces(n, seed=0, side=160):
    """Smooth pictures with 68 points, two to a person."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (n, 12, 12, 3), np.uint8)
    images = np.stack(
        [cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC) for picture in coarse]
    )
    points = rng.uniform(40, 120, (n, 68, 2)).astype(np.float32)
    return FaceSet(images, points, persons=np.array([f"person {k // 2}" for k in range(n)]))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """23 faces for training in three files, 10 for the test in one."""
    folder = tmp_path_factory.mktemp("tfrecords")
    train, test = some_faces(23), some_faces(10, seed=1)
    tfrecords.write(train, folder, "train", shard_size=9, progress=False)
    tfrecords.write(test, folder, "test", progress=False)
    return folder, train, test


def test_files_are_named_by_their_number(written):
    folder, _, _ = written
    assert sorted(path.name for path in folder.iterdir()) == [
        "test.tfrecords",
        *[f"train-0000{k}-of-00003.tfrecords" for k in range(3)],
    ]


def test_labels_come_back_bit_for_bit_and_jpeg_bytes_unchanged(written):
    folder, train, _ = written
    crops = train.crops()
    labels = to_vector(normalise(crops.points))
    for i, record in enumerate(FaceRecords(folder, "train").verified()):
        assert record.label.dtype == np.float32 and record.label.tobytes() == labels[i].tobytes()
        jpeg = cv2.imencode(".jpg", crop(*train[i][::2])[0][..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
        assert record.jpeg == jpeg.tobytes()
        assert record.person == train.persons[i]


def test_read_gives_the_crops_in_order(written):
    folder, train, _ = written
    faces, crops = tfrecords.read(folder), train.crops()
    assert len(faces) == 23 and faces.persons.tolist() == train.persons.tolist()
    np.testing.assert_array_equal(faces.points, crops.points)  # 128 is a power of two: no bit is lost
    for i in (0, 8, 9, 22):
        assert faces[i][0].shape == (128, 128, 3) and faces[i][0].dtype == np.uint8
        assert np.abs(faces[i][0].astype(int) - crops.images[i]).mean() < 3
    first, second = faces.split_by_person(0.7)
    assert not set(first.persons) & set(second.persons)
    assert second[0][0].shape == (128, 128, 3)


def test_points_outside_the_crop_are_kept(tmp_path):
    faces = some_faces(2)
    faces = FaceSet(faces.images, faces.points, boxes=[[70, 70, 90, 90]] * 2)
    tfrecords.write(faces, tmp_path, "test", progress=False)
    _, labels = tfrecords.get_one_batch(2, "test", folder=tmp_path)
    assert labels.min() < 0 and labels.max() > 1
    np.testing.assert_array_equal(labels, to_vector(normalise(faces.crops().points)))


def test_one_batch_of_the_test_comes_in_order(written):
    folder, _, test = written
    labels = to_vector(normalise(test.crops().points))
    images, first = tfrecords.get_one_batch(4, "test", folder=folder)
    assert images.shape == (4, 128, 128, 3) and images.dtype == np.float32 and 0.5 < images.max() <= 1
    assert first.shape == (4, 136) and first.dtype == np.float32
    np.testing.assert_array_equal(first, labels[:4])
    np.testing.assert_array_equal(tfrecords.get_one_batch(4, 1, step=2, folder=folder)[1], labels[8:])
    with pytest.raises(ValueError, match="step is 3"):
        tfrecords.get_one_batch(4, "test", step=3, folder=folder)


def test_batches_of_the_training_are_shuffled_passes(written):
    folder, train, _ = written
    known = [row.tobytes() for row in to_vector(normalise(train.crops().points))]
    rows = [tfrecords.get_one_batch(10, "train", step, seed=5, folder=folder)[1] for step in range(5)]
    order = [known.index(row.tobytes()) for row in np.concatenate(rows)]
    one, two = order[:23], order[23:46]
    assert sorted(one) == sorted(two) == list(range(23))
    assert one != two and one != sorted(one)
    again = tfrecords.get_one_batch(10, 0, step=3, seed=5, folder=folder)[1]
    np.testing.assert_array_equal(again, rows[3])


def test_the_stream_of_the_test_is_every_face_in_order_unchanged(written):
    folder, _, test = written
    batches = list(tfrecords.dataset(folder, "test", batch_size=4).as_numpy_iterator())
    assert [len(labels) for _, labels in batches] == [4, 4, 2]
    np.testing.assert_array_equal(
        np.concatenate([b for _, b in batches]), to_vector(normalise(test.crops().points))
    )
    faces = tfrecords.read(folder, "test")
    assert batches[0][0].dtype == np.float32
    assert np.abs(batches[0][0][1] * 255 - faces[1][0]).max() <= 1.01  # TensorFlow and OpenCV decode alike


def test_the_stream_of_the_training_is_steady_for_a_seed_and_new_in_each_pass(written):
    folder, train, _ = written
    stream = tfrecords.dataset(folder, "train", batch_size=8, seed=3)
    one, two = (list(stream.as_numpy_iterator()) for _ in range(2))
    same = list(tfrecords.dataset(folder, "train", batch_size=8, seed=3).as_numpy_iterator())
    other = list(tfrecords.dataset(folder, "train", batch_size=8, seed=4).as_numpy_iterator())
    assert sum(len(labels) for _, labels in one) == 23
    for (images, labels), (images_again, labels_again) in zip(one, same, strict=True):
        np.testing.assert_array_equal(images, images_again)
        np.testing.assert_array_equal(labels, labels_again)
    assert not np.array_equal(one[0][1], two[0][1]) and not np.array_equal(one[0][1], other[0][1])
    images = np.concatenate([images for images, _ in one])
    assert images.shape == (23, 128, 128, 3) and images.min() >= 0 and 0.5 < images.max() <= 1


def test_shuffling_without_augmentation_gives_every_face_once(written):
    folder, train, _ = written
    stream = tfrecords.dataset(folder, "train", batch_size=5, augment=False)
    found = np.concatenate([labels for _, labels in stream.as_numpy_iterator()])
    wanted = to_vector(normalise(train.crops().points))
    assert not np.array_equal(found, wanted)
    np.testing.assert_array_equal(np.sort(found, axis=0), np.sort(wanted, axis=0))
    repeated = tfrecords.dataset(folder, "train", batch_size=10, repeat=True).take(7).as_numpy_iterator()
    assert [len(labels) for _, labels in repeated] == [10] * 7


def test_augmentation_moves_points_and_pixels_together():
    """Dots are drawn at the points: after the augmentation they are found where the labels say."""
    import tensorflow as tf

    from facelm_helpers.augment import augment_batch

    rng = np.random.default_rng(0)
    points = np.full((16, 68, 2), 64, np.float32)
    places = [0, 16, 36, 8]  # jaw ends (mirror partners), an eye corner, the chin
    points[:, places] = rng.uniform(40, 88, (16, 4, 2))
    images = np.zeros((16, 128, 128, 3), np.uint8)
    for image, face in zip(images, points, strict=True):
        x, y = face[0]
        columns, rows = np.meshgrid(np.arange(128), np.arange(128))
        image[..., 1] = 200 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 20)
    moved, labels = augment_batch(
        tf.constant(images), tf.constant(points.reshape(16, 136) / 128), tf.constant([1, 2])
    )
    moved, found = moved.numpy(), labels.numpy().reshape(16, 68, 2) * 128
    flipped = 0
    for image, face, before in zip(moved, found, points, strict=True):
        green = np.clip(image[..., 1] - image[..., 0], 0, None)
        green = cv2.GaussianBlur(green, (0, 0), 2)
        peak = np.unravel_index(green.argmax(), green.shape)[::-1]
        distance = [np.hypot(*(face[place] - peak)) for place in (0, 16)]
        assert min(distance) < 2
        flipped += distance[1] < distance[0]
        # a similarity, or its mirror: all distances between points grow by one factor
        order = MIRROR if distance[1] < distance[0] else np.arange(68)
        pairs = [(0, 16), (0, 36), (16, 8), (36, 8)]
        ratio = [
            np.linalg.norm(face[order[a]] - face[order[b]]) / np.linalg.norm(before[a] - before[b])
            for a, b in pairs
        ]
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-3)
        assert 0.8 < ratio[0] < 1.25
    assert 2 <= flipped <= 14


class Stream:
    """A sequence that makes each picture when asked, and counts how many of them are alive at once."""

    def __init__(self, n):
        self.n, self.alive, self.most = n, weakref.WeakSet(), 0

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        class Picture(np.ndarray):  # a plain array cannot be referred to weakly through a set by identity
            __hash__ = object.__hash__

        picture = np.full((140, 140, 3), i % 250, np.uint8).view(Picture)
        gc.collect(0)
        self.alive.add(picture)
        self.most = max(self.most, len(self.alive))
        return picture


def test_writing_holds_a_few_pictures_at_a_time(tmp_path):
    stream = Stream(60)
    points = np.random.default_rng(0).uniform(20, 120, (60, 68, 2))
    tfrecords.write(FaceSet(stream, points), tmp_path, "train", shard_size=25, progress=False)
    assert stream.most <= 3
    assert len(FaceRecords(tmp_path, "train")) == 60
    assert [len(FaceRecords(tmp_path, "train").paths)] == [3]


class Failing(Stream):
    def __getitem__(self, i):
        if i == 7:
            raise ValueError("picture 7 is cut off")
        return np.zeros((140, 140, 3), np.uint8)


def test_an_error_leaves_what_was_there_and_nothing_else(tmp_path):
    tfrecords.write(some_faces(5), tmp_path, "train", progress=False)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    points = np.random.default_rng(0).uniform(20, 120, (9, 68, 2))
    with pytest.raises(ValueError, match="picture 7"):
        tfrecords.write(FaceSet(Failing(9), points), tmp_path, "train", shard_size=3, progress=False)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_writing_anew_replaces_files_of_another_number(tmp_path):
    tfrecords.write(some_faces(5), tmp_path, "train", shard_size=2, progress=False)
    tfrecords.write(some_faces(4), tmp_path, "test", progress=False)
    tfrecords.write(some_faces(3), tmp_path, "train", progress=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["test.tfrecords", "train.tfrecords"]
    assert len(tfrecords.read(tmp_path, "train")) == 3


def every_way(folder):
    """The three ways to read a test set."""
    yield lambda: tfrecords.read(folder, "test")
    yield lambda: tfrecords.get_one_batch(2, "test", folder=folder)
    yield lambda: tfrecords.dataset(folder, "test")


@pytest.mark.parametrize("cut", [1, 10, 3000])
def test_a_torn_file_is_said_in_one_sentence(tmp_path, cut):
    (path,) = tfrecords.write(some_faces(4), tmp_path, "test", progress=False)
    path.write_bytes(path.read_bytes()[:-cut])
    for way in every_way(tmp_path):
        with pytest.raises(ValueError, match="test.tfrecords is torn: record 3") as error:
            way()
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"this is a text and no record of anything at all"])
def test_what_is_no_tfrecord_file_is_said(tmp_path, content):
    (tmp_path / "test.tfrecords").write_bytes(content)
    for way in every_way(tmp_path):
        with pytest.raises(ValueError, match="test.tfrecords is (torn|empty)"):
            way()


def test_a_changed_byte_is_noticed_by_every_reader(tmp_path):
    (path,) = tfrecords.write(some_faces(3), tmp_path, "test", progress=False)
    good, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(20):
        bad = bytearray(good)
        bad[rng.integers(len(bad))] ^= 1 << rng.integers(8)
        path.write_bytes(bad)
        for way in every_way(tmp_path):
            with pytest.raises(ValueError, match="test.tfrecords") as told:
                way()
            assert "\n" not in str(told.value)
    path.write_bytes(good)
    assert len(tfrecords.read(tmp_path, "test")) == 3


def record(label, jpeg):
    import tensorflow as tf

    features = {
        "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[jpeg])),
        "label": tf.train.Feature(float_list=tf.train.FloatList(value=label)),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def test_records_of_something_else_are_said_by_every_reader(tmp_path):
    import tensorflow as tf

    jpeg = {side: cv2.imencode(".jpg", np.zeros((128, side, 3), np.uint8))[1].tobytes() for side in (128, 64)}
    half = [0.5] * 136
    for content in [
        b"\x99\x99", tf.train.Example().SerializeToString(), record([0.5] * 10, jpeg[128]),
        record([np.nan] * 136, jpeg[128]), record([np.inf, *half[1:]], jpeg[128]),
    ]:  # fmt: skip
        with tf.io.TFRecordWriter(str(tmp_path / "test.tfrecords")) as writer:
            writer.write(content)
        for way in every_way(tmp_path):
            with pytest.raises(ValueError, match="test.tfrecords, record 0"):
                way()
    for second in (b"no picture", jpeg[64], jpeg[128][:20]):
        with tf.io.TFRecordWriter(str(tmp_path / "test.tfrecords")) as writer:
            writer.write(record(half, jpeg[128]))
            writer.write(record(half, second))
        for way in list(every_way(tmp_path))[1:]:  # `read` opens pictures when they are asked for
            with pytest.raises(ValueError, match="test.tfrecords, record 1"):
                way()
    (tmp_path / "test.tfrecords").write_bytes(gzip.compress(b"whatever it holds"))
    for way in every_way(tmp_path):
        with pytest.raises(ValueError, match="test.tfrecords is compressed by gzip"):
            way()


FULL = """
import resource, signal, sys
sys.path.insert(0, "tests")
from test_tfrecords import some_faces
from facelm_helpers import paths, tfrecords
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    tfrecords.write(some_faces(9), sys.argv[1], "train", progress=False)
except OSError as error:
    print(type(error).__name__, str(error).count("\\n"), "train.tfrecords" in str(error))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
def test_a_full_disk_is_said_and_leaves_the_old_faces(tmp_path):
    tfrecords.write(some_faces(2), tmp_path, "train", progress=False)
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True,
                          cwd=paths.ROOT)  # fmt: skip
    assert done.stdout.split() == ["OSError", "0", "True"], done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["train.tfrecords"]
    assert len(tfrecords.read(tmp_path)) == 2


def test_a_writer_that_was_killed_is_cleaned_up_and_its_complete_set_is_read(tmp_path):
    tfrecords.write(some_faces(5), tmp_path, "train", shard_size=2, progress=False)
    other = tmp_path / "other"
    (whole,) = tfrecords.write(some_faces(3), other, "train", progress=False)
    (tmp_path / ".train.abandoned.part").mkdir()
    (tmp_path / ".train-waiting").mkdir()  # complete, and killed before it was installed
    (tmp_path / ".train-waiting" / whole.name).write_bytes(whole.read_bytes())
    assert len(tfrecords.read(tmp_path)) == 3
    tfrecords.write(some_faces(4), tmp_path, "train", progress=False)
    assert len(tfrecords.read(tmp_path)) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "train.tfrecords"]


def test_missing_files_and_bad_arguments(written, tmp_path):
    folder, train, _ = written
    for way in every_way(tmp_path):
        with pytest.raises(FileNotFoundError, match="no test.tfrecords in"):
            way()
    for path in folder.glob("train-*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "train-00001-of-00003.tfrecords").unlink()
    with pytest.raises(FileNotFoundError, match="1 of 3 parts are missing"):
        tfrecords.read(tmp_path)
    with pytest.raises(ValueError, match="split is 'val'"):
        tfrecords.write(train, tmp_path, "val")
    with pytest.raises(ValueError, match="split is 'val'"):
        tfrecords.get_one_batch(2, "val", folder=folder)
    with pytest.raises(ValueError, match="batch_size is 0"):
        tfrecords.get_one_batch(0, folder=folder)
    with pytest.raises(ValueError, match="faces without points"):
        tfrecords.write(FaceSet(train.images), tmp_path)
    with pytest.raises(ValueError, match="no faces"):
        tfrecords.write(train[:0], tmp_path)
    with pytest.raises(ValueError, match="quality 101"):
        tfrecords.write(train, tmp_path, quality=101)
