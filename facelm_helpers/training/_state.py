"""All that a training run is at one step, as arrays: to continue it elsewhere as if it had never stopped."""

import json
from dataclasses import asdict

import numpy as np

from facelm_helpers.arrays import TEXT, Array

FORMAT = "facelm_helpers training 2"
CHECKPOINT = {"format": TEXT, "about": TEXT, "*/*": Array()}


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


def identity(recipe, about=None):
    """What makes a run the run it is, as a dict of plain values: its recipe, and what else it depends on.

    More steps continue a run, unless its schedule depends on how many there are.
    """
    found = asdict(recipe) | dict(about or {})
    loss = found["loss"]
    found["loss"] = f"{loss.__module__}.{loss.__qualname__}" if callable(loss) else loss
    del found["save_every"]
    if recipe.schedule == "exponential":
        del found["steps"]
    return json.loads(json.dumps(found))  # tuples become lists, as in a file


def check_identity(path, state, mine, steps):
    """Raise a ValueError that names what differs if a checkpoint is that of another run."""
    anew = "choose another folder, or resume=False (on the command line --fresh) to begin anew"
    if str(state["format"]) != FORMAT:
        raise ValueError(f"{path} was written by another version of the course: {anew}")
    theirs = json.loads(str(state["about"]))
    for key in sorted(theirs.keys() | mine.keys()):
        if theirs.get(key) != mine.get(key):
            differs = f"its {key} was {theirs.get(key)!r} and is now {mine.get(key)!r}"
            raise ValueError(f"{path} belongs to another run, {differs}: {anew}")
    done = len(state["history/losses"])
    if done > steps:
        raise ValueError(f"{path} has done {done} steps already, more than the {steps} wanted: {anew}")


def snapshot(model, history, average=None, about=None):
    """The state of a run as a dict of arrays."""
    from keras import ops

    found = {f"variable/{i:04d}": ops.convert_to_numpy(v) for i, v in enumerate(variables(model))}
    mean = {f"average/{i:04d}": array for i, array in enumerate(average.arrays)} if average else {}
    told = {f"history/{name}": values for name, values in history.arrays().items()}
    return {"format": np.array(FORMAT), "about": np.array(json.dumps(about))} | found | mean | told


def restore(model, history, average, state, path):
    """Put a `snapshot` back.

    Raises
    ------
    ValueError
        If it is of another network, or of a run with other settings.
    """
    wanted = variables(model)
    found = [state[key] for key in sorted(state) if key.startswith("variable/")]
    shapes = [tuple(variable.shape) for variable in wanted]
    if [array.shape for array in found] != shapes:
        raise ValueError(
            f"{path} is the checkpoint of another network: choose another folder, or the same settings"
        )
    mean = [state[key] for key in sorted(state) if key.startswith("average/")]
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
