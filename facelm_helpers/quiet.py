"""TensorFlow without its start-up messages, which frighten beginners and mean nothing here.

They come from C++, before any setting of TensorFlow's own is looked at. Errors of the import are raised as
ever.

>>> from facelm_helpers.quiet import tensorflow as tf
>>> tf.add(1, 2).numpy()
np.int32(3)
"""

import os

from facelm_helpers.silence import silence

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # later messages: errors only

with silence():
    import tensorflow

__all__ = ["tensorflow"]
