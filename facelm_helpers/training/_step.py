"""One step of optimisation on whatever backend Keras has, and how fast steps go."""

import time

from facelm_helpers.training._input import prefetch
from facelm_helpers.training._losses import LOSSES


def compile_for(model, loss, weight_decay=0.0):
    """Give a model its loss and an Adam(W) optimizer with its variables, so that a checkpoint fits."""
    import keras

    loss = loss if callable(loss) else LOSSES[loss]
    jit = keras.config.backend() == "jax"  # XLA compiles for minutes on TensorFlow's CPU, and then is slower
    adamw = keras.optimizers.AdamW
    optimizer = adamw(weight_decay=weight_decay) if weight_decay else keras.optimizers.Adam()
    model.compile(
        optimizer, loss, metrics=[keras.metrics.MeanMetricWrapper(loss, name="data")], jit_compile=jit
    )
    optimizer.build(model.trainable_variables)


def one_step(model, x, y, rate):
    """One batch: (loss of the data, L2 penalties), as floats."""
    model.optimizer.learning_rate = rate
    model.reset_metrics()  # or Keras would give the mean over all steps so far
    logs = model.train_on_batch(x, y, return_dict=True)
    return float(logs["data"]), float(logs["loss"]) - float(logs["data"])


def throughput(model, batches, recipe=None, steps=20):
    """Images a second of the network alone, on one batch held in memory, and of training with its input.

    The two are timed in turns, so that a busy machine is unfair to neither. The rate is 0, but the moving
    statistics of batch normalisation change: measure on a model of its own.

    Parameters
    ----------
    model : keras.Model
    batches : function
        step -> (x, y).
    recipe : Recipe, optional
    steps : int
        To time of each, an even number.

    Returns
    -------
    dict
        ``network``, ``training``: images a second; ``share``: training / network.
    """
    compile_for(model, "l1" if recipe is None else recipe.loss)
    held = batches(0)
    one_step(model, *held, 0.0)  # builds the graph
    source = prefetch(batches, 0, steps + 2)
    next(source)
    seconds = {"network": [], "training": []}
    for _turn in range(2):  # runs, not single steps: the threads work ahead while the other is timed
        for name in ("network", "training"):
            began = time.perf_counter()
            for _ in range(steps // 2):
                one_step(model, *(held if name == "network" else next(source)), 0.0)
            seconds[name].append((time.perf_counter() - began) / (steps // 2))
    source.close()
    speed = {name: len(held[0]) * len(found) / sum(found) for name, found in seconds.items()}
    return speed | {"share": speed["training"] / speed["network"]}
