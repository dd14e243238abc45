"""Faces as TFRecord files, TensorFlow's container, and back: whole, a batch at a time, or as a fast stream.

A record is one face: ``image``, the JPEG bytes of its crop; ``label``, 136 float32, x0, y0, x1, y1, ... of
the crop divided by its side, nominally 0 to 1 and never clipped; ``person``, who it is.
"""

from facelm_helpers.tfrecords._face_records import FaceRecords
from facelm_helpers.tfrecords._manifest import MANIFEST, file_hash, read_manifest, write_manifest
from facelm_helpers.tfrecords._read import dataset, get_one_batch, read
from facelm_helpers.tfrecords._record_files import FOLDER, SPLITS, shard_names
from facelm_helpers.tfrecords._write import write, write_shard

__all__ = [
    "FOLDER", "FaceRecords", "MANIFEST", "SPLITS", "dataset", "file_hash", "get_one_batch", "read",
    "read_manifest", "shard_names", "write", "write_manifest", "write_shard",
]  # fmt: skip
