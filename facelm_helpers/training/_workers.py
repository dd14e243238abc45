"""Several processes that train one model together, each on batches of its own: Keras on JAX.

Every worker holds all of the model. A step computes the loss of all workers' batches as if they were one, so
its gradient is the mean over all of them, and batch normalisation takes its statistics over all of them too.
"""


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


def leave():
    """End the common work, when all workers have come here; each may then go on alone, however long it takes.

    Without it, one that ends waits for the others for some minutes only, and they fail when it has gone.
    """
    import jax

    jax.distributed.shutdown()


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

    It is compiled once; each call takes the weights that the model has then, from this process's own device.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    function
        (N, H, W, C) float32 array -> what the model gives.
    """
    import jax

    parts = model.trainable_variables, model.non_trainable_variables
    forward = jax.jit(lambda learnt, others, x: model.stateless_call(learnt, others, x, training=False)[0])

    def run(images):
        return forward(*([variable.value.addressable_data(0) for variable in part] for part in parts), images)

    return run
