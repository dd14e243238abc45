"""The loop: steps, checkpoints, validation, and what is said when the loss is no number."""

import contextlib
import math
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facelm_helpers.arrays import read_arrays, write_arrays
from facelm_helpers.training._input import prefetch
from facelm_helpers.training._log import EventLog, History
from facelm_helpers.training._losses import LOSSES, learning_rate
from facelm_helpers.training._state import (
    CHECKPOINT,
    Average,
    check_identity,
    identity,
    restore,
    snapshot,
    weights_of,
)
from facelm_helpers.training._step import compile_for, one_step
from facelm_helpers.training._workers import workers

SCHEDULES = ("exponential", "cosine", "linear")


@dataclass(frozen=True)
class Recipe:
    """How to optimise. The defaults are the published recipe of the course's SENet.

    Parameters
    ----------
    steps : int
        Batches to learn from.
    learning_rate : float
        At the start; of Adam (with ``weight_decay``, of AdamW).
    schedule : {"exponential", "cosine", "linear"}
        See `learning_rate`.
    decay, decay_steps : float, int
        The exponential schedule multiplies the rate by ``decay`` every ``decay_steps`` steps.
        The linear one lets it fall to 0 in the last ``decay_steps``.
    weight_decay : float
        Decoupled decay (AdamW): each step also multiplies the weights by 1 - rate * weight_decay. A penalty
        in the loss is the network's, and is called ``l2``.
    warmup : int
        Steps in which the rate first rises from 0.
    loss : str or function
        One of `LOSSES` (the published recipe names none), or a function of (truth, predicted).
    ema : float
        Momentum of an average of the weights, validated and returned in their place; 0 for none, 0.999 usual.
    save_every : int
        Steps between checkpoints, and between validations.
    """

    steps: int = 150_000
    learning_rate: float = 0.001
    schedule: str = "exponential"
    decay: float = 0.98
    decay_steps: int = 1000
    warmup: int = 0
    weight_decay: float = 0.0
    loss: str = "l1"
    ema: float = 0.0
    save_every: int = 1000

    def __post_init__(self):
        if self.schedule not in SCHEDULES:
            raise ValueError(f"schedule is {self.schedule!r}: wanted one of {', '.join(SCHEDULES)}")
        if not callable(self.loss) and self.loss not in LOSSES:
            raise ValueError(f"loss is {self.loss!r}: wanted one of {', '.join(LOSSES)}, or a function")
        if not 0 <= self.ema < 1:
            raise ValueError(f"ema is {self.ema}: wanted a momentum, at least 0 and below 1")
        for name in ("steps", "decay_steps", "save_every", "learning_rate", "decay"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}: wanted more than 0")


@contextlib.contextmanager
def seeded(seed):
    """Within it, a network that is built starts from the same weights each time; then all is as before.

    Keras takes the seeds of initialisers and of dropout from Python's ``random``.

    Examples
    --------
    >>> with seeded(3):
    ...     first = random.random()
    >>> with seeded(3):
    ...     print(first == random.random())
    True
    """
    import keras  # noqa: F401 -- to be imported draws numbers too, which then would not be the start's

    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)


def train(
    model,
    batches,
    recipe=None,
    *,
    folder=None,
    resume=True,
    validate=None,
    on_report=None,
    report_every=20,
    progress=True,
    about=None,
):
    """Optimise a model; it is changed in place.

    Parameters
    ----------
    model : keras.Model
        Build it within `seeded` to have the same start again.
    batches : function
        step -> (x, y), the same for the same step; see `face_batches`.
    recipe : Recipe, optional
    folder : path, optional
        Gets ``last.npz`` (all that is needed to resume), ``best.npz`` (the weights that validated best)
        and ``logs`` for TensorBoard.
    resume : bool
        Resume from ``last.npz`` if there is one, which must be of the same run. If False, start afresh and
        overwrite it.
    validate : function, optional
        model -> float, lower is better; called every ``recipe.save_every`` steps and at the end.
    on_report : function, optional
        Called with the `History` every ``report_every`` steps; a notebook draws its loss curve here.
    progress : bool
        Show a bar with loss, learning rate and time left.
    about : dict, optional
        What else the run depends on, such as the seed and the `fingerprint` of the faces: plain values by
        name. A checkpoint keeps them with the recipe.

    Returns
    -------
    History

    Raises
    ------
    FloatingPointError
        If the loss stops being a number; it names the step, whose batch is ``batches(step)``.
    ValueError
        If the folder holds the checkpoint of another run: another network, another recipe, other values in
        ``about``, or more steps than are wanted. It names what differs.

    Examples
    --------
    >>> import keras, numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(32, 4)).astype("float32")
    >>> with seeded(0):
    ...     model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    >>> recipe = Recipe(steps=60, learning_rate=0.1)
    >>> history = train(model, lambda step: (x, x[:, :2]), recipe, progress=False)
    >>> history.losses[-1] < history.losses[0] / 5
    True
    """
    from tqdm.auto import tqdm

    recipe = Recipe() if recipe is None else recipe
    rank, count = workers()
    folder = None if folder is None else Path(folder)
    compile_for(model, recipe.loss, recipe.weight_decay)
    average = Average(model, recipe.ema) if recipe.ema else None
    history = History()
    last = folder and folder / "last.npz"
    about = identity(recipe, (about or {}) | ({"workers": count} if count > 1 else {}))
    if folder and resume and last.is_file():
        state = read_arrays(last, CHECKPOINT, "checkpoint")
        check_identity(last, state, about, recipe.steps)
        restore(model, history, average, state, last)
    start = len(history)
    if rank:  # the first worker alone writes, shows and validates
        folder, validate, progress, on_report = None, None, False, None
    log = EventLog(folder and folder / "logs", start)
    bar = tqdm(total=recipe.steps, initial=min(start, recipe.steps), disable=not progress, unit="step")
    images, began, step = 0, time.perf_counter(), start
    try:
        for x, y in prefetch(batches, start, recipe.steps):
            rate = learning_rate(step, recipe)
            loss, penalty = one_step(model, x, y, rate)
            if not (math.isfinite(loss + penalty) and np.isfinite(np.sum(x))):
                # a ReLU may swallow the NaN of an image: then the loss shows it only one step later
                raise FloatingPointError(_not_a_number(step, x, y, rate, folder, history, recipe))
            history.losses.append(loss)
            history.penalties.append(penalty)
            history.rates.append(rate)
            step, images = step + 1, images + count * len(x)
            if average:
                average.update(model, step)
            log.scalars(step, loss=loss, penalty=penalty, learning_rate=rate)
            bar.update()
            if step % report_every == 0 or step == recipe.steps:
                bar.set_postfix_str(f"loss {history.smooth(report_every)[-1]:.4f}, rate {rate:.2g}")
                if on_report:
                    on_report(history)
            if step % recipe.save_every == 0 or step == recipe.steps:
                _checkpoint(model, history, average, validate, folder, log, step, about)
    finally:
        bar.close()
        log.close()
    history.images_per_second = images / max(time.perf_counter() - began, 1e-9)
    if average:
        average.swap(model)
    return history


def _checkpoint(model, history, average, validate, folder, log, step, about):
    """Validate and save. ``last`` is written last: with it on disk, all before it has happened."""
    exchanged = average and (validate or workers()[1] > 1)  # by every worker, or by none
    if exchanged:
        average.swap(model)
    if validate:
        score = float(validate(model))
        better = history.best is None or score < history.best
        history.validated.append(step)
        history.scores.append(score)
        log.scalars(step, score=score)
        if folder and better:
            write_arrays(folder / "best.npz", weights_of(model))
    if exchanged:
        average.swap(model)
    if folder:
        write_arrays(folder / "last.npz", snapshot(model, history, average, about))
    log.flush()


def _not_a_number(step, x, y, rate, folder, history, recipe):
    """The sentence that says where and perhaps why the loss is no number."""
    odd = [name for name, part in (("images", x), ("points", y)) if not np.isfinite(part).all()]
    why = (
        f"its {odd[0]} hold NaN or infinity"
        if odd
        else f"its input is sound; the learning rate was {rate:.2g}, try less"
    )
    saved = len(history) // recipe.save_every * recipe.save_every
    where = f"; {folder / 'last.npz'} still holds step {saved}" if folder and saved else ""
    return f"the loss is not a number at step {step} (look at batches({step})): {why}{where}"
