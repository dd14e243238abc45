"""Two networks of networks that look again, nearer by: Sun's three levels and the Face++ cascade."""

import numpy as np

from facelm_helpers.landmarks import MIRROR, convert
from facelm_helpers.networks._plain import MEAN, dense, entry, plain
from facelm_helpers.networks._senet import to_points

UPPER = np.r_[0:3, 14:17, 17:48]  # what the network of the upper part of the face finds, and the lower part's
LOWER = np.r_[3:14, 27:36, 48:68]
PARTS = [np.r_[17:22], np.r_[36:42], np.r_[27:36], np.r_[48:68]]  # left brow and eye stand for the right too
FACE = ((16, 5, 2), (32, 3, 2), (64, 3, 2), (96, 3, 2))
PATCH = ((12, 3, 2), (24, 3, 2), (32, 3, 1))


def dcnn(
    *, size=128, side=64, convolutions=FACE, hidden=128, patch=12, patch_convolutions=PATCH, patch_hidden=48,
    spans=(0.26, 0.20, 0.14, 0.10), grey=True, style="modern", shared=True, points=68, part_hidden=96,
):  # fmt: skip
    """Three levels: the face at once and in two parts, then twice patches round each point.

    Level 1 averages three networks: of the whole, of its upper and of its lower part. Levels 2 and 3 cut two
    squares of different span round each point and add the mean of what two networks say of them. With the
    defaults the networks of one span share their convolutions over all points, and each point has a last
    layer of its own; with ``shared=False`` each point has its own networks, as in the paper.

    Parameters
    ----------
    size, side : int
        Of the crop, and of what level 1 sees.
    convolutions, hidden, part_hidden, patch_convolutions, patch_hidden, style
        See `plain` and `dense`; of level 1 and of the patches.
    patch : int
        Side of a patch in pixels.
    spans : sequence of four floats
        Sides of the patches, in sides of the crop: two of level 2, two of level 3.
    grey, shared : bool
    points : {68, 5}

    Returns
    -------
    keras.Model
        (N, size, size, 3) -> (N, 4 * 2 * points): the mean shape, then the points after each level.

    Notes
    -----
    Shapes with the defaults, height x width x channels. Level 1 sees the face as 64x64x1 and each
    part as 51x64x1; pooled four times, they are 4x4x96 and 3x4x96, then 128 and 96 numbers. A patch is
    12x12x1, then 6x6x12 and 3x3x24, and 3x3x32 before its 48 numbers.

    References
    ----------
    Sun, Wang and Tang, Deep convolutional network cascade for facial point detection, CVPR 2013.

    Examples
    --------
    >>> small = {"convolutions": ((4, 3, 2),), "patch_convolutions": ((4, 3, 2),), "patch": 8}
    >>> dcnn(size=32, side=16, hidden=8, patch_hidden=8, **small).output_shape
    (None, 544)
    """
    import keras
    from keras import layers, ops

    from facelm_helpers.networks import _warp

    image, looked = entry(size, grey=grey)
    whole = layers.AveragePooling2D(size // side, name="shrunk")(looked)
    cut = side - round(side * 31 / 39)  # the paper's parts have 31 of 39 rows
    mean, parts = (MEAN, (UPPER, LOWER)) if points == 68 else (convert(MEAN, "5"), ([0, 1, 2], [2, 3, 4]))
    mean = np.float32(mean + (size - 1) / 2 / size)
    views = {"whole_": whole, "upper_": layers.Cropping2D(((0, cut), (0, 0)), name="upper")(whole)}
    views["lower_"] = layers.Cropping2D(((cut, 0), (0, 0)), name="lower")(whole)
    level, count = 0, np.zeros(points, "float32")
    for (name, net), known in zip(views.items(), (np.arange(points), *parts), strict=True):
        units = hidden if name == "whole_" else part_hidden
        net = dense(plain(net, convolutions, style=style, name=name), units, style=style, name=name)
        found = to_points(net, np.ravel(mean[known]), name=f"{name}points")
        level = level + ops.matmul(found, np.kron(np.eye(points)[known], np.eye(2)).astype("float32"))
        count[known] += 1
    shapes = [level / np.repeat(count, 2)]
    for number, pair in enumerate((spans[:2], spans[2:]), start=2):
        places, moved = ops.reshape(shapes[-1], (-1, points, 2)), 0
        for which, span in zip("ab", pair, strict=True):
            poses, name = _warp.upright(places, span), f"level{number}{which}_"
            for k in [None] if shared else range(points):  # each level learns for itself: no gradient back
                here, some = (name, poses) if k is None else (f"{name}{k}_", poses[:, k : k + 1])
                net = _warp.Warp(patch, name=f"{here}patch")(looked, ops.stop_gradient(some))
                net = dense(plain(net, patch_convolutions, style=style, name=here), patch_hidden,
                            style=style, name=here)  # fmt: skip
                net = ops.reshape(net, (-1, some.shape[1], patch_hidden))
                each = layers.EinsumDense(
                    "nkf,kfo->nko", (some.shape[1], 2), bias_axes="ko", kernel_initializer="zeros",
                    dtype="float32", name=f"{here}points")(net)  # fmt: skip
                moved = moved + span / 2 * (each if k is None else each * np.eye(points)[k][:, None])
        shapes.append(ops.reshape(places + moved, (-1, 2 * points)))
    start = shapes[0] * 0 + np.ravel(mean)
    return keras.Model(image, layers.Concatenate(name="stages")([start, *shapes]), name="dcnn")


def facepp(
    *, size=128, side=64, convolutions=FACE, hidden=128, region=48, region_convolutions=FACE, patch=24,
    patch_convolutions=PATCH, patch_hidden=96, style="modern", grey=False,
):  # fmt: skip
    """Boxes, then points in the boxes, then parts, each turned upright; the contour goes its own way.

    Level 1 finds two squares from the whole face: of the 51 inner points, and of the 17 of the contour; the
    mean shape is laid into them. Level 2 finds the points of each in its square. Level 3 cuts brows, eyes,
    nose and mouth, turned and scaled as the points say, and corrects their points. The networks of a left
    part serve its right twin, which is mirrored for them.

    Parameters
    ----------
    size, side, region, patch : int
        Sides of the crop, and of what levels 1, 2 and 3 see of it.
    convolutions, region_convolutions, patch_convolutions, hidden, patch_hidden, style
        See `plain` and `dense`.
    grey : bool

    Returns
    -------
    keras.Model
        (N, size, size, 3) -> (N, 4 * 136): the mean shape, then the points after each level.

    Notes
    -----
    Shapes with the defaults, height x width x channels. Level 1 sees 64x64x3, down to 4x4x96, then 128
    numbers and 3 for each square: side, x and y. Level 2 sees 48x48x3 of each, down to 3x3x96 and 128
    numbers. Level 3 sees 24x24x3 of six parts, down to 6x6x32 and 96 numbers.

    References
    ----------
    Zhou et al., Extensive facial landmark localization with coarse-to-fine convolutional network cascade,
    ICCV workshops 2013.

    Examples
    --------
    >>> small = {f"{name}convolutions": ((4, 3, 2),) for name in ("", "region_", "patch_")}
    >>> facepp(size=32, side=16, region=16, patch=8, hidden=8, patch_hidden=8, **small).output_shape
    (None, 544)
    """
    import keras
    from keras import layers, ops

    from facelm_helpers.networks import _warp

    image, looked = entry(size, grey=grey)
    middle = (size - 1) / 2 / size
    net = plain(layers.AveragePooling2D(size // side, name="shrunk")(looked), convolutions, style=style)
    boxes, first, second = [], [], []
    net = dense(net, hidden, style=style)
    for name, some in (("contour_", np.r_[0:17]), ("inner_", np.r_[17:68])):
        centre, span = MEAN[some].mean(axis=0), 1.3 * np.ptp(MEAN[some], axis=0).max()
        inside = ((MEAN[some] - centre) / span).astype("float32")
        box = to_points(net, [span, *(centre + middle)], name=f"{name}box")
        pose = ops.concatenate([box[:, :1], box[:, :1] * 0, box[:, 1:]], axis=-1)[:, None]
        first.append(_warp.placed(pose, ops.zeros_like(box[:, :1, None]) + inside))
        pose = ops.stop_gradient(pose)
        see = _warp.Warp(region, name=f"{name}region")(looked, pose)
        see = dense(plain(see, region_convolutions, style=style, name=name), hidden, style=style, name=name)
        found = ops.reshape(to_points(see, np.ravel(inside), name=f"{name}points"), (-1, len(some), 2))
        second.append(_warp.placed(pose, found))
        boxes.append(pose)
    first, second = (ops.concatenate(parts, axis=1) for parts in (first, second))
    third, moved = second, 0
    for number, some in enumerate(PARTS):
        name, twins = f"part{number}_", [some] if number > 1 else [some, MIRROR[some]]
        poses, views = [], []
        for turn, some in enumerate(twins):
            mean = MEAN[some]
            span = 1.6 * np.ptp(mean, axis=0).max()
            here = ops.matmul(np.eye(68)[some].astype("float32"), second)  # a product: every runtime knows it
            pose = _warp.similarity((mean - mean.mean(axis=0)) / span, here)
            pose = ops.stop_gradient(pose)
            view = _warp.Warp(patch, name=f"{name}patch{turn}")(looked, pose)
            poses.append(pose)
            views.append(ops.flip(view, axis=2) if turn else view)
        see = ops.reshape(ops.stack(views, axis=1), (-1, patch, patch, looked.shape[-1]))
        see = plain(see, patch_convolutions, style=style, name=name)
        see = dense(see, patch_hidden, style=style, name=name)
        found = to_points(see, np.zeros(2 * len(twins[0])), name=f"{name}points")
        found = ops.reshape(found, (-1, len(twins), len(twins[0]), 2))
        for turn, some in enumerate(twins):
            step = found[:, turn] * np.float32([-1, 1]) if turn else found[:, turn]
            step = _warp.placed(poses[turn] * np.float32([1, 1, 0, 0]), step)
            moved = moved + ops.matmul(ops.transpose(step, (0, 2, 1)), np.eye(68)[some].astype("float32"))
    third = second + ops.transpose(moved, (0, 2, 1))
    shapes = [ops.reshape(points, (-1, 136)) for points in (first, second, third)]
    start = shapes[0] * 0 + np.ravel(MEAN + middle).astype("float32")
    return keras.Model(image, layers.Concatenate(name="stages")([start, *shapes]), name="facepp")
