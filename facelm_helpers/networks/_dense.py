"""A network that says for each place of the picture which spot of the face is there."""

from facelm_helpers.networks._faces3d import enlarged
from facelm_helpers.networks._senet import trunk

BINS = 10


def densereg(
    *, stem=16, channels=(64, 128, 256, 256), blobs=(1, 2, 2, 2), widths=(128, 64, 48, 32), bins=BINS,
    size=128,
):  # fmt: skip
    """Dense correspondence: SENet's trunk, convolutions between doublings of the side, four answers a place.

    With the defaults: SENet's trunk to 4x4x256, 1x1 to 4x4x128; up and 3x3 to 8x8x64, 16x16x48, 32x32x32; 1x1
    to 32x32x44. The paper has a ResNet-101 with dilated convolutions.

    Parameters
    ----------
    stem, channels, blobs
        See `senet`.
    widths : sequence of int
        Channels at each side, from the trunk's on.
    bins : int
        K: into how many parts each of u and v is cut.
    size : int
        Side of the crop.

    Returns
    -------
    keras.Model
        (N, size, size, 3) -> (N, M, M, 4 (K + 1)), with M = size / 4 for the defaults: at each place, K + 1
        numbers each of the scores of u's bins (the first is "no face"), the scores of v's, the residuals of
        u's, the residuals of v's.

    References
    ----------
    Güler et al., DenseReg: fully convolutional dense shape regression in-the-wild, CVPR 2017.

    Examples
    --------
    >>> densereg(stem=8, channels=(16, 32), blobs=(1, 1), widths=(16, 8), size=64).output_shape
    (None, 16, 16, 44)
    """
    import keras
    from keras import layers

    image = keras.Input((size, size, 3), name="image")
    net = enlarged(trunk(image, stem, channels, blobs)[-1], widths)
    answer = layers.Conv2D(4 * (bins + 1), 1, dtype="float32", name="answer")
    return keras.Model(image, answer(net), name="densereg")
