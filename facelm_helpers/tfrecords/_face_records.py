"""The records of a split, one face each: any of them by number, or all with their checksums looked at."""

import io
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from facelm_helpers.landmarks import N_POINTS
from facelm_helpers.tfrecords._manifest import compare
from facelm_helpers.tfrecords._message import features
from facelm_helpers.tfrecords._record_files import find_records, find_shards

_sound = set()  # states of files (path, size, time of change) whose every record was looked at


class FaceRecord(NamedTuple):
    """What one record holds."""

    jpeg: bytes
    label: np.ndarray  # (136,) float32
    person: str
    where: str  # file and number, for messages

    def size(self):
        """Width and height of the picture, which is not decoded."""
        try:
            with Image.open(io.BytesIO(self.jpeg), formats=["JPEG"]) as picture:
                return picture.size
        except Exception:  # Pillow's readers have several of their own
            raise ValueError(f"{self.where} holds no JPEG picture: damaged; write it anew") from None

    def decode(self):
        """The picture, (S, S, 3) uint8 RGB."""
        picture = cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            raise ValueError(f"{self.where} holds no picture: the file is damaged; write it anew")
        return picture[..., ::-1]


class FaceRecords:
    """The records of the files of a split, in order; nothing but their places is in memory."""

    def __init__(self, folder, split):
        self.paths = find_shards(folder, split)
        self.file, self.offset, self.length = find_records(self.paths)

    def __len__(self):
        return len(self.offset)

    def __getitem__(self, i):
        with open(self.paths[self.file[i]], "rb") as file:
            file.seek(self.offset[i])
            return self._parse(i, file.read(self.length[i]))

    def verified(self):
        """All records in order, compared with what they were when they were written.

        By the SHA-256 of the files where a manifest lists these; else each record by its checksum, which
        takes TensorFlow.

        Raises
        ------
        ValueError
            At the first file or record that differs.
        """
        numbers = tqdm(range(len(self)), desc="reading faces", disable=len(self) < 10_000)
        if compare(self.paths):
            yield from (self[i] for i in numbers)
            return
        import tensorflow as tf

        stream = tf.data.TFRecordDataset([str(path) for path in self.paths]).as_numpy_iterator()
        for i in numbers:
            try:
                content = next(stream)
            except tf.errors.DataLossError:
                raise ValueError(
                    f"{self._where(i)} differs from its checksum: damaged; write it anew"
                ) from None
            except (tf.errors.OpError, StopIteration) as error:
                raise ValueError(f"{self._where(i)} cannot be read: {type(error).__name__}") from None
            yield self._parse(i, content)

    def checked(self):
        """Itself, after a look at every record: once for each state of the files, some µs a record.

        Raises
        ------
        ValueError
            If a record differs from its checksum, is no face, or holds a picture of another size.
        """
        state = tuple((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in self.paths)
        if state not in _sound:
            sizes = [record.size() for record in self.verified()]
            odd = next((i for i, size in enumerate(sizes) if size != (sizes[0][0],) * 2), None)
            if odd is not None:
                wanted = "wanted all square and of one size"
                raise ValueError(f"{self._where(odd)} has a picture of {sizes[odd]} pixels: {wanted}")
            _sound.add(state)
        return self

    def _where(self, i):
        return f"{self.paths[self.file[i]]}, record {i - np.searchsorted(self.file, self.file[i])}"

    def _parse(self, i, content):
        try:
            found = features(content)
            (jpeg,), label = found["image"].bytes_list.value, found["label"].float_list.value
            (person,) = found["person"].bytes_list.value or (b"%d" % i,)
        except Exception as error:  # the parser of protocol buffers has several of its own
            raise ValueError(
                f"{self._where(i)} is no face: {type(error).__name__}; wanted image and label"
            ) from None
        if len(label) != 2 * N_POINTS:
            raise ValueError(f"{self._where(i)} has {len(label)} numbers as label; wanted {2 * N_POINTS}")
        label = np.array(label, np.float32)
        if not np.isfinite(label).all():
            raise ValueError(f"{self._where(i)} has a label with NaN or infinity; write it anew")
        return FaceRecord(jpeg, label, person.decode(errors="replace"), self._where(i))


class Crops:
    """The pictures of records as a lazy sequence."""

    def __init__(self, records):
        self.records = records

    def __len__(self):
        return len(self.records)

    def __getitem__(self, i):
        if not -len(self) <= i < len(self):
            raise IndexError(f"picture {i} of {len(self)}")
        return np.ascontiguousarray(self.records[i % len(self)].decode())
