"""The deep alignment network: every stage sees the whole face, upright as the stage before found it."""

import numpy as np

from facelm_helpers.layers import convolve
from facelm_helpers.networks._plain import MEAN, entry
from facelm_helpers.networks._senet import to_points, trunk


def dan(
    *, stages=2, stem=16, channels=(64, 128, 256, 256), blobs=(1, 2, 2, 2), head=64, hidden=256, side=16,
    keep_prob=1.0, grey=False, size=128, mean_shape=None,
):  # fmt: skip
    """Stages of one network each. Between them: a similarity warp, a landmark image and a feature image.

    The first stage is SENet, layer names and all. A later one is the same on five channels: the crop, warped
    so that the points lie nearest to the mean shape; an image that is bright near them; and ``side`` x
    ``side`` numbers from the last hidden layer, enlarged. It gives what must be added in the warped frame.

    Parameters
    ----------
    stages : int
    stem, channels, blobs, head, hidden
        Of each stage, see `senet`. ``blobs`` of zeros makes the paper's stage of them: two 3x3 convolutions
        and pooling for each of the channels, then the dense layer.
    side : int
        Of the feature image; it must divide ``size``.
    keep_prob : float
    grey : bool
    size : int
        Of the crop, and of every stage's image.
    mean_shape : (68, 2) array, optional
        In 0..1: where the first stage's answer starts.

    Returns
    -------
    keras.Model
        (N, size, size, 3) -> (N, (stages + 1) * 136): the mean shape, then the points after each stage.

    Notes
    -----
    Shapes with the defaults, height x width x channels. The first stage goes from 128x128x3 over 32x32x16,
    16x16x64 and 8x8x128 to 4x4x256, then 4x4x64, 256 numbers and the points. The second sees 128x128x5: three
    channels of the warped crop, one of the points, one of the feature image, enlarged from 16x16x1.

    References
    ----------
    Kowalski, Naruniec and Trzcinski, Deep alignment network, CVPR workshops 2017.

    Examples
    --------
    >>> dan(stem=8, channels=(16, 32), blobs=(1, 1), head=8, hidden=32, size=32, side=8).output_shape
    (None, 408)
    """
    import keras
    from keras import layers, ops

    from facelm_helpers.networks import _warp

    def stage(net, prefix, start):
        if any(blobs):
            net = trunk(net, stem, channels, blobs, prefix=prefix)[-1]
            net = convolve(net, head, 1, name=f"{prefix}head")
        else:
            for number, width in enumerate(channels, start=1):
                net = convolve(net, width, 3, name=f"{prefix}conv{number}a")
                net = convolve(net, width, 3, name=f"{prefix}conv{number}b")
                net = layers.MaxPooling2D(2, name=f"{prefix}pool{number}")(net)
        net = layers.Flatten(name=f"{prefix}flat")(net)
        net = layers.Dropout(1 - keep_prob, name=f"{prefix}dropout")(net)
        net = layers.Dense(hidden, "relu", kernel_initializer="he_normal", name=f"{prefix}hidden")(net)
        return net, to_points(net, start, name=f"{prefix}points")

    middle = (size - 1) / 2 / size
    mean = (MEAN + middle).astype("float32")
    image, looked = entry(size, grey=grey)
    features, flat = stage(looked, "", np.ravel(mean if mean_shape is None else mean_shape))
    shapes = [flat * 0 + np.ravel(mean), flat]
    for number in range(2, stages + 1):
        name, points = f"stage{number}_", ops.reshape(shapes[-1], (-1, 68, 2))
        pose = _warp.similarity(MEAN, points)
        warped = _warp.Warp(size, name=f"{name}warp")(looked, pose)
        inside = _warp.seen(pose, points)
        seen = layers.Dense(side * side, "relu", name=f"{name}feature")(features)
        seen = layers.Reshape((side, side, 1), name=f"{name}feature_image")(seen)
        seen = layers.UpSampling2D(size // side, name=f"{name}feature_large")(seen)
        near = _warp.landmark_image(inside + middle, size // 2)
        near = layers.UpSampling2D(2, name=f"{name}near")(near)
        net = layers.Concatenate(name=f"{name}image")([warped, near, seen])
        features, moved = stage(net, name, np.zeros(136))
        found = _warp.placed(pose, inside + ops.reshape(moved, (-1, 68, 2)))
        shapes.append(ops.reshape(found, (-1, 136)))
    return keras.Model(image, layers.Concatenate(name="stages")(shapes), name="dan")
