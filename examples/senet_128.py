"""The lesson as one script: prepare crops, train SENet, freeze it, find 68 points on a photograph, draw them.

    python examples/senet_128.py                                  # some minutes on two cores
    python examples/senet_128.py --steps 20000 --faces 20000      # hours, and a smaller error
    python examples/senet_128.py --photograph me.jpg --out me     # on a photograph of your own

Notebooks 05, 09, 10 and 12 explain each part. The shipped weights (`methods.load("senet")`) were trained for
longer and on more; this script shows every step from faces to a frozen file.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from facelm_helpers.quiet import tensorflow as tf  # isort: skip  # noqa: F401 - TensorFlow without its messages
import keras
from keras import layers

from facelm_helpers import freezing, metrics, sources, tfrecords
from facelm_helpers.detectors import detect
from facelm_helpers.faces import crop, uncrop
from facelm_helpers.images import read_image

SIZE = 128  # side of a crop, pixels
L2 = keras.regularizers.L2(1e-5)


# --- prepare: faces -> crops of 128 x 128, values and points in 0..1 ---------------------------------------


def prepare(n, seed, folder):
    """Draw faces, keep people apart, write both splits as TFRecords; the mean shape, (136,), is returned."""
    faces = sources.load("synthetic", n=n, seed=seed)  # "300w-lp", root: the same lines on real photographs
    train, test = faces.split_by_person(0.8, seed=seed)
    tfrecords.write(train, folder, "train", SIZE)
    tfrecords.write(test, folder, "test", SIZE)
    return np.mean(train.crops(SIZE).points, axis=0).reshape(-1) / SIZE


# --- the network: a residual network whose branches pass a squeeze-and-excitation gate ---------------------


def convolve(net, channels, kernel, stride=1):
    """Convolution, batch normalisation, ReLU."""
    start = keras.initializers.VarianceScaling(2.0)
    net = layers.Conv2D(channels, kernel, stride, "same", use_bias=False, kernel_initializer=start,
                        kernel_regularizer=L2)(net)  # fmt: skip
    return layers.ReLU()(layers.BatchNormalization()(net))


def gate(net, reduction=16):
    """Squeeze: the mean of each channel. Excite: two dense layers give each channel a weight in 0..1."""
    channels = net.shape[-1]
    squeezed = layers.GlobalAveragePooling2D(keepdims=True)(net)
    narrow = layers.Dense(max(1, channels // reduction), "relu", kernel_regularizer=L2)(squeezed)
    return layers.Multiply()([net, layers.Dense(channels, "sigmoid", kernel_regularizer=L2)(narrow)])


def senet_blob(net, channels, stride):
    """Bottleneck, gate, then the addition: the shortcut carries the gradient past the gate."""
    branch = convolve(net, channels // 4, 1)
    branch = convolve(branch, channels // 4, 3, stride)
    branch = gate(convolve(branch, channels, 1))
    if stride > 1 or net.shape[-1] != channels:
        net = convolve(net, channels, 1, stride)
    return layers.Add()([net, branch])


def senet(mean_shape, channels=(32, 64, 128, 256), keep_prob=0.8):
    """Crop (128, 128, 3) in 0..1 -> 136 numbers, x0, y0, x1, y1, ... in 0..1; it starts at the mean shape."""
    net = image = keras.Input((SIZE, SIZE, 3), name="image")
    net = convolve(net, 16, 3, stride=2)
    for on_dim in channels:  # 64 -> 32 -> 16 -> 8 -> 4 pixels a side
        net = senet_blob(net, on_dim, stride=2)
    net = layers.Flatten()(convolve(net, 64, 1))
    net = layers.Dropout(1 - keep_prob)(layers.Dense(256, "relu", kernel_regularizer=L2)(net))
    points = layers.Dense(
        136, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(mean_shape)
    )
    return keras.Model(image, points(net))


# --- train: mean absolute error, Adam, a rate of 0.001 that decays by 0.98 every 1,000 steps ---------------


def train(model, folder, steps, batch_size, seed):
    """Optimise on batches that are augmented (turned, scaled, mirrored, darkened, blurred) as they stream."""
    rate = keras.optimizers.schedules.ExponentialDecay(1e-3, 1000, 0.98, staircase=True)
    model.compile(keras.optimizers.Adam(rate), "mean_absolute_error")
    model.fit(tfrecords.dataset(folder, "train", batch_size, seed=seed, repeat=True), epochs=1,
              steps_per_epoch=steps, shuffle=False, verbose=2)  # fmt: skip


def error(run, folder):
    """Mean error on people that the network has not seen, over the distance of the outer eye corners."""
    test = tfrecords.read(folder, "test")
    crops = np.stack([test.images[i] for i in range(len(test))])
    found = np.reshape(run(np.float32(crops) / 255), (-1, 68, 2)) * SIZE
    return metrics.nme(found, test.points).mean()


# --- use it: a photograph in, the photograph with 68 points out --------------------------------------------


def find(run, photograph):
    """Find the faces of an RGB picture and the points of each, (N, 68, 2), in its own pixels."""
    found = []
    for box in detect(photograph):
        face, transform = crop(photograph, box, SIZE)
        vector = run(np.float32(face)[None] / 255)
        found.append(uncrop(np.reshape(vector, (-1, 2)) * SIZE, transform))
    return np.array(found).reshape(-1, 68, 2)


def main(arguments=None):
    """All of it, in order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=int, default=2000, help="how many to draw; a fifth is the test set")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--photograph", type=Path, help="scikit-image's portrait of an astronaut by default")
    parser.add_argument("--out", type=Path, default=Path("runs/senet_128"), help="folder of all that is made")
    options = parser.parse_args(arguments)
    keras.utils.set_random_seed(options.seed)

    mean_shape = prepare(options.faces, options.seed, options.out)
    model = senet(mean_shape)
    train(model, options.out, options.steps, options.batch, options.seed)

    file = freezing.freeze(model, options.out / "senet_128.pb")  # no dropout, batch 1
    run = freezing.open_frozen(file)
    print(f"mean error of the frozen network on unseen people: {error(run, options.out):.1%}")

    photograph = read_image(options.photograph) if options.photograph else skimage.data.astronaut()
    for points in find(run, photograph):
        photograph = freezing.draw_points(photograph, points)
    cv2.imwrite(str(options.out / "points.png"), photograph[:, :, ::-1])  # OpenCV writes BGR
    print(f"points drawn in {options.out / 'points.png'}")


if __name__ == "__main__":
    main()
