"""Several processes that train one model together, each on batches of its own: Keras on JAX.

Every worker holds all of the model. A step computes the loss of all workers' batches as if they were one, so
its gradient is the mean over all of them, and batch normalisation takes its statistics over all of them too.
"""

import numpy as np

from facelm_helpers.training._input import scaled


def join(address, count, rank):
    """Make this process one of several workers; call it before a model is built.

    Parameters
    ----------
    address : str
        HOST:PORT at which worker 0 listens and the others find it.
    count : int
        Workers in all.
    rank : int
        Which of them this is, from 0.

    Raises
    ------
    ValueError
        If the rank is none of 0 to count - 1.
    RuntimeError
        If Keras does not run on JAX, or the workers do not find each other.
    """
    import keras

    if not 0 <= rank < count:
        raise ValueError(f"rank is {rank} of {count} workers: wanted 0 to {count - 1}")
    if keras.config.backend() != "jax":
        raise RuntimeError(f"several workers need KERAS_BACKEND=jax, not {keras.config.backend()}")
    keras.distribution.initialize(address, count, rank)
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))


def workers():
    """Which worker this is, and of how many: (0, 1) where there is only one.

    Examples
    --------
    >>> workers()
    (0, 1)
    """
    import keras

    distribution = keras.distribution.distribution()
    if distribution is None:
        return 0, 1
    return distribution.data_shard_id, distribution.num_processes


def alone(model):
    """The forward pass of a model in this process only, whatever the other workers do meanwhile.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    function
        (N, H, W, C) array, float32 in 0..1 or uint8 -> what the model gives, as an array.
    """
    import jax
    from keras import ops

    values = [[ops.convert_to_numpy(variable) for variable in variables]
              for variables in (model.trainable_variables, model.non_trainable_variables)]  # fmt: skip
    forward = jax.jit(lambda learnt, others, x: model.stateless_call(learnt, others, x, training=False)[0])

    def run(images, together=64):
        images = scaled(images) if images.dtype == np.uint8 else images
        parts = [forward(*values, images[i : i + together]) for i in range(0, len(images), together)]
        return np.concatenate([np.asarray(part) for part in parts])

    return run
