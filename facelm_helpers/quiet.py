"""TensorFlow without its start-up messages, which frighten beginners and mean nothing here.

They come from C++, before any setting of TensorFlow's own is looked at, so the process's error stream itself
is closed while TensorFlow is imported. Errors of the import are raised as ever.

>>> from facelm_helpers.quiet import tensorflow as tf
>>> tf.add(1, 2).numpy()
np.int32(3)
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # later messages: errors only

_stream, _nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
os.dup2(_nowhere, 2)
try:
    import tensorflow
finally:
    os.dup2(_stream, 2)
    os.close(_stream)
    os.close(_nowhere)

__all__ = ["tensorflow"]
