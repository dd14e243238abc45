"""Losses of point regression, and how the learning rate falls. Every loss works on any Keras backend."""


def l1(truth, predicted):
    r"""Mean absolute difference, :math:`\frac{1}{n} \sum |d|` with d = predicted - truth.

    Parameters
    ----------
    truth, predicted : (N, 136) tensors
        In 0..1 of the crop's side.

    Returns
    -------
    (N,) tensor

    Examples
    --------
    >>> import numpy as np
    >>> float(l1(np.zeros((1, 4), "float32"), np.full((1, 4), 0.5, "float32"))[0])
    0.5
    """
    from keras import ops

    return ops.mean(ops.abs(predicted - truth), axis=-1)


def l2(truth, predicted):
    r"""Mean squared difference, :math:`\frac{1}{n} \sum d^2`. Far errors weigh most.

    Parameters and result are those of `l1`.

    Examples
    --------
    >>> import numpy as np
    >>> float(l2(np.zeros((1, 4), "float32"), np.full((1, 4), 0.5, "float32"))[0])
    0.25
    """
    from keras import ops

    return ops.mean(ops.square(predicted - truth), axis=-1)


def smooth_l1(truth, predicted, beta=0.01):
    r"""d^2 / (2 beta) where :math:`|d| < \beta`, else :math:`|d| - \beta / 2`: `l1` without its corner at 0.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(smooth_l1(np.zeros((1, 4), "float32"), np.full((1, 4), 0.5, "float32"))[0]), 3)
    0.495

    References
    ----------
    Girshick, Fast R-CNN, ICCV 2015.
    """
    from keras import ops

    size = ops.abs(predicted - truth)
    return ops.mean(ops.where(size < beta, size * size / (2 * beta), size - beta / 2), axis=-1)


def wing(truth, predicted, w=0.156, epsilon=0.031):
    r""":math:`w \ln(1 + |d| / \epsilon)` where :math:`|d| < w`, else :math:`|d| - C`.

    C joins the two; small errors weigh more than in `l1`. The paper's w = 10 and epsilon = 2 are pixels of a
    crop of 64; divided by 64, they are the defaults here. From a random start it stalls at the mean shape:
    begin with `l1`.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(wing(np.zeros((1, 4), "float32"), np.full((1, 4), 0.031, "float32"))[0]), 4)
    0.1081

    References
    ----------
    Feng et al., Wing loss for robust facial landmark localisation, CVPR 2018.
    """
    import math

    from keras import ops

    size = ops.abs(predicted - truth)
    offset = w - w * math.log(1 + w / epsilon)
    return ops.mean(ops.where(size < w, w * ops.log1p(size / epsilon), size - offset), axis=-1)


def distance(truth, predicted, smooth=0.002):
    r"""Mean distance of the points, :math:`\frac{1}{K} \sum_k \sqrt{\lVert d_k \rVert^2 + s^2}`.

    s keeps the gradient bounded at 0; by default it is a quarter of a pixel of a crop of 128.

    Examples
    --------
    >>> import numpy as np
    >>> found = np.array([[0.3, 0.4, 0, 0]], "float32")
    >>> round(float(distance(np.zeros((1, 4), "float32"), found)[0]), 3)
    0.251
    """
    from keras import ops

    d = ops.reshape(predicted - truth, (-1, predicted.shape[-1] // 2, 2))
    return ops.mean(ops.sqrt(ops.sum(d * d, axis=-1) + smooth**2), axis=-1)


LOSSES = {"l1": l1, "l2": l2, "smooth_l1": smooth_l1, "wing": wing, "distance": distance}


def learning_rate(step, recipe):
    r"""The learning rate of a step.

    Exponential: :math:`\eta_0 \, q^{\lfloor t / k \rfloor}` with q = ``decay`` and k = ``decay_steps``.
    Cosine: :math:`\eta_0 (1 + \cos(\pi t / T)) / 2` with T = ``steps``. Linear: :math:`\eta_0`, and
    :math:`\eta_0 (T - t) / k` in the last k steps. All rise linearly through ``warmup`` steps first.

    Examples
    --------
    >>> from facelm_helpers.training import Recipe
    >>> round(learning_rate(149_999, Recipe()) / 0.001, 4)   # 0.98 ** 149
    0.0493
    """
    import math

    if step < recipe.warmup:
        return recipe.learning_rate * (step + 1) / recipe.warmup
    if recipe.schedule == "cosine":
        return recipe.learning_rate * (1 + math.cos(math.pi * min(step / recipe.steps, 1))) / 2
    if recipe.schedule == "linear":
        return recipe.learning_rate * min(1, (recipe.steps - step) / recipe.decay_steps)
    return recipe.learning_rate * recipe.decay ** (step // recipe.decay_steps)
