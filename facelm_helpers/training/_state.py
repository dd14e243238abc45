"""All that a training run is at one step, as arrays: to continue it elsewhere as if it had never stopped."""

import zipfile
from pathlib import Path

import numpy as np

from facelm_helpers.atomic import whole_file

FORMAT = "facelm_helpers training 1"


def write_arrays(path, arrays):
    """Write a dict of arrays to an ``.npz`` file, all of it or nothing.

    Returns
    -------
    Path
    """
    with whole_file(path) as file:
        np.savez(file, **arrays)
    return Path(path)


def read_arrays(path):
    """A dict of arrays from an ``.npz`` file; nothing in it is executed.

    Raises
    ------
    ValueError
        If it is damaged or something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is not a checkpoint, or it is damaged: {error}") from None


def weights_of(model):
    """The weights of any Keras model as a dict: "LAYER/VARIABLE" -> array.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="points")])
    >>> weights_of(model)["points/kernel"].shape
    (3, 2)
    """
    import keras

    return {f"{layer.name}/{variable.name}": keras.ops.convert_to_numpy(variable)
            for layer in model.layers for variable in layer.weights}  # fmt: skip


def set_weights(model, weights):
    """Put a dict of `weights_of` into a model of the same network; float16 is widened to float32.

    Raises
    ------
    ValueError
        If a weight is missing, left over, or of another shape.
    """
    variables = {
        f"{layer.name}/{variable.name}": variable for layer in model.layers for variable in layer.weights
    }
    missing, spare = sorted(variables.keys() - weights.keys()), sorted(weights.keys() - variables.keys())
    if missing or spare:
        odd = f"no weight {missing[0]!r}" if missing else f"a weight {spare[0]!r} that the network has not"
        raise ValueError(f"the weights do not fit the network: there is {odd}")
    for key, variable in variables.items():
        if tuple(weights[key].shape) != tuple(variable.shape):
            raise ValueError(f"weight {key!r} has shape {weights[key].shape}: wanted {tuple(variable.shape)}")
        variable.assign(weights[key].astype("float32"))


def variables(model):
    """Everything that training changes: weights, moving statistics, dropout's random state, the optimizer."""
    spare = {id(variable) for variable in model.metrics_variables}
    return [variable for variable in model.variables if id(variable) not in spare] + model.optimizer.variables


def snapshot(model, history, average=None):
    """The state of a run as a dict of arrays."""
    from keras import ops

    found = {f"variable/{i:04d}": ops.convert_to_numpy(v) for i, v in enumerate(variables(model))}
    mean = {f"average/{i:04d}": array for i, array in enumerate(average.arrays)} if average else {}
    return (
        {"format": np.array(FORMAT)} | found | mean | {f"history/{k}": v for k, v in history.arrays().items()}
    )


def restore(model, history, average, state, path):
    """Put a `snapshot` back.

    Raises
    ------
    ValueError
        If it is of another network, or of a run with other settings.
    """
    if str(state.get("format")) != FORMAT:
        raise ValueError(f"{path} is no checkpoint of this course")
    wanted = variables(model)
    found = [state[key] for key in sorted(state) if key.startswith("variable/")]
    shapes = [tuple(variable.shape) for variable in wanted]
    if [array.shape for array in found] != shapes:
        raise ValueError(
            f"{path} is the checkpoint of another network: choose another folder, or the same settings"
        )
    mean = [state[key] for key in sorted(state) if key.startswith("average/")]
    if bool(mean) != bool(average):
        raise ValueError(
            f"{path} was written {'with' if mean else 'without'} averaged weights: use the same recipe"
        )
    for variable, array in zip(wanted, found, strict=True):
        variable.assign(array)
    if average:
        average.arrays = mean
    history.take({key.split("/")[1]: state[key] for key in state if key.startswith("history/")})


class Average:
    """Exponential moving average of all weights, the statistics of batch normalisation too.

    a <- m a + (1 - m) w with m = min(momentum, (1 + t) / (10 + t)): the random start is soon forgotten.
    """

    def __init__(self, model, momentum):
        self.momentum = momentum
        self.arrays = _arrays(model)

    def update(self, model, step):
        """Take in the weights after a step."""
        keep = np.float32(min(self.momentum, (1 + step) / (10 + step)))
        for mean, new in zip(self.arrays, _arrays(model), strict=True):
            mean *= keep
            mean += (1 - keep) * new

    def swap(self, model):
        """Exchange the model's weights and the averages; done twice, nothing has changed."""
        own = _arrays(model)
        for variable, mean in zip(model.weights, self.arrays, strict=True):
            variable.assign(mean)
        self.arrays = own


def _arrays(model):
    from keras import ops

    return [np.array(ops.convert_to_numpy(variable), np.float32) for variable in model.weights]
