"""Faces as TFRecord files, TensorFlow's container, and back: whole, a batch at a time, or as a fast stream.

A record is one face: ``image``, the JPEG bytes of its crop; ``label``, 136 float32, x0, y0, x1, y1, ... of
the crop divided by its side, nominally 0 to 1 and never clipped; ``person``, who it is.
"""

from facelm_helpers.tfrecords._face_records import FaceRecords
from facelm_helpers.tfrecords._write_and_read import FOLDER, SPLITS, dataset, get_one_batch, read, write

__all__ = ["FOLDER", "FaceRecords", "SPLITS", "dataset", "get_one_batch", "read", "write"]
