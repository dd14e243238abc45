# %% [markdown]
# # Training SENet
#
# **After this notebook you can**
#
# - build the network that regresses 68 points, and read its dimension table;
# - write a training step, and train by `fit` and by your own loop;
# - say what each line of the published recipe is for, and what the recipe behind the shipped weights does
#   instead;
# - stop and resume a training, and read its curves: overfitting, a rate that falls, a loss that is no number.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute.
# The exercises take about 25 minutes, the questions 10.
# **Needs:** notebooks [01](01_measuring_error.ipynb), [05](05_preparing_data.ipynb) and
# [09](09_squeeze_and_excitation.ipynb). Answers are in the SOLUTIONS_LINK.

# %% [markdown] lang="zh"
# # 训练 SENet
#
# **学完本节，你能够**
#
# - 搭建回归 68 个点的网络，并读懂它的维度表；
# - 写出一个训练步，用 `fit` 和自己的循环训练；
# - 说明公开方案的每一行起什么作用，以及随课程提供的权重所用的方案与之有何不同；
# - 中断并恢复训练，读懂训练曲线：过拟合、衰减的学习率、变为 NaN 的损失。
#
# **时间：** 阅读约 READING_MINUTES 分钟，计算约 COMPUTING_SECONDS 秒。练习约 25 分钟，思考题约 10 分钟。**准
# 备：** notebook [01](01_measuring_error.ipynb)、[05](05_preparing_data.ipynb) 和
# [09](09_squeeze_and_excitation.ipynb)。答案见 SOLUTIONS_LINK。

# %%
import json
import tempfile
from pathlib import Path

import numpy as np

from facelm_helpers.quiet import tensorflow as tf  # isort: skip
import keras
from keras import Input, Model, initializers, layers, regularizers

from facelm_helpers import methods, metrics, networks, paths, plots, se, sources, tfrecords, training
from facelm_helpers.augment import Strength
from facelm_helpers.checks import training_senet as check
from facelm_helpers.layers import convolve

plots.setup()

# %% [markdown]
# ## The task
#
# A crop of 128x128 pixels goes in, 136 numbers come out: $x$ and $y$ of 68 points, divided by the crop's
# side, so nominally from 0 to 1. Learning that from examples is **regression**. The faces: 80 % for
# training and 20 %, of other people, for testing:

# %% [markdown] lang="zh"
# ## 任务
#
# 输入 128x128 像素的裁剪图，输出 136 个数：68 个点的 $x$ 和 $y$，除以裁剪图的边长，因此名义上在 0 到 1 之间。
# 从样本中学习这种映射就是**回归**。人脸：80 % 用于训练，20 % 用于测试，两者没有共同的人：

# %%
FACES = sources.load("synthetic", n=900, seed=5)
train, test = FACES.split_by_person(0.8, seed=0)
train, test

# %% [markdown]
# As in [notebook 05](05_preparing_data.ipynb), the faces become TFRecords, here of 64 x 64 pixels, for a
# small network. `train.tfrecords` is read shuffled and augmented, so that no crop is seen twice;
# `test.tfrecords` in order.

# %% [markdown] lang="zh"
# 与 [notebook 05](05_preparing_data.ipynb) 一样，把人脸写成 TFRecord；网络较小，这里用 64 x 64 像
# 素。`train.tfrecords` 以打乱的顺序读取并做数据增强，因此没有一张裁剪图会重复出现；`test.tfrecords` 按顺序读
# 取。

# %%
FOLDER = Path(tempfile.mkdtemp())
for split, faces in {"train": train, "test": test}.items():
    tfrecords.write(faces, FOLDER, split, size=64, progress=False)
records = tfrecords.dataset(FOLDER, "train", 32, repeat=True)
x, y = (part.numpy() for part in next(iter(records)))
plots.show(plots.faces_grid((255 * x[:8]).astype("uint8"), 64 * y[:8].reshape(-1, 68, 2), columns=4))
# ALT Eight crops from one batch with their 68 points: turned, mirrored, darkened, blurred, some partly
# ALT occluded by a block of colour.

# %% [markdown]
# ## The network
#
# `senet_blob(net, in_dim, on_dim, stride)` is the block of notebook 09: 1x1 to a quarter of `on_dim`, 3x3,
# 1x1 to `on_dim`; the gate; the shortcut added. To halve the side, the published blob pools (`pool2d`); ours
# gives its 3x3 convolution a stride of 2, for a quarter of that convolution's work. The first blob of each
# stage halves the side. The regularisation is part of the model: an L2 penalty on every weight matrix, and
# dropout before the last layer. That layer's weights start near 0 and its bias at the mean shape, so the
# untrained network's output is almost the mean shape.

# %% [markdown] lang="zh"
# ## 网络
#
# `senet_blob(net, in_dim, on_dim, stride)` 是 notebook 09 的模块：1x1 卷积降到 `on_dim` 的四分之一，3x3 卷
# 积，1x1 卷积升到 `on_dim`；门；加上跳连。为使边长减半，公开方案的模块用池化（`pool2d`）；本课程让 3x3 卷积的
# 步长为 2，该卷积的计算量只剩四分之一。每个阶段的第一个模块使边长减半。正则化是模型的一部分：每个权重矩
# 阵都有 L2 惩罚，最后一层之前有 dropout。最后一层的权重初值接近 0，偏置为平均形状，所以未训练的网络输出几乎
# 就是平均形状。


# %%
def senet(stem=16, channels=(32, 128, 256, 256), blobs=(1, 1, 2, 2), head=64, hidden=256,
          keep_prob=0.8, l2=5e-6, mean_shape=0.5, size=128):  # fmt: skip
    penalty, start = regularizers.L2(l2), initializers.VarianceScaling(1e-4)
    net = image = Input((size, size, 3))
    net = convolve(net, stem, 3, stride=2, l2=l2, name="stem")
    for stage, (on_dim, repeats) in enumerate(zip(channels, blobs, strict=True)):
        for repeat in range(repeats):
            name, stride = f"blob{sum(blobs[:stage]) + repeat + 1}", 1 if repeat else 2
            net = se.senet_blob(net, net.shape[-1], on_dim, stride, l2=l2,
                                downsample="stride", name=name)  # fmt: skip
    net = layers.Flatten()(convolve(net, head, 1, l2=l2, name="head"))
    first = {"kernel_initializer": "he_normal", "kernel_regularizer": penalty, "name": "hidden"}
    net = layers.Dropout(1 - keep_prob)(layers.Dense(hidden, "relu", **first)(net))
    points = layers.Dense(136, kernel_initializer=start, kernel_regularizer=penalty, name="points",
                          bias_initializer=initializers.Constant(mean_shape))  # fmt: skip
    return Model(image, points(net))


# %% [markdown]
# The shipped weights fit this network at another width and depth. Their dimension table:

# %% [markdown] lang="zh"
# 随课程提供的权重适用于这个网络，宽度和深度另有设定。它的维度表：

# %%
weights = methods.load("senet")
FORM = {name: getattr(weights, name) for name in ("stem", "channels", "blobs", "head", "hidden")}
parts = {}
for row in networks.cost(senet(**FORM)):
    name = row["name"].split("_")[0]
    part = parts.setdefault(name, {"part": name, "parameters": 0, "multiply_adds": 0})
    part["shape"] = "x".join(map(str, row["shape"]))
    for key in ("parameters", "multiply_adds"):
        part[key] += row[key]

# %%
rows = [part for part in parts.values() if part["parameters"]]
print(f"{'part':7} {'output':>10} {'parameters':>10} {'mult-adds':>9}")
for row in rows:
    print(f"{row['part']:7} {row['shape']:>10} {row['parameters']:>10,} {row['multiply_adds'] / 1e6:7.1f} M")
plots.show(plots.network_bars(rows))
# ALT Bars for stem, blobs, head, hidden and points: shares of the parameters and of the multiply-adds. Most
# ALT multiply-adds are in the early blobs, most parameters in the hidden layer and in the late blobs.

# %% [markdown]
# Most of the computation (multiply-adds, also called MACs) is in the early blobs; most of the parameters are
# where many channels connect to many.
#
# ## The published recipe, line by line
#
# - **Variance scaling.** Weights start with variance $2 / n$, $n$ the inputs of a unit, so that signals
#   neither vanish nor explode through the layers (He and others, 2015).
# - **Batch normalisation** gives each channel mean 0 and variance 1, over the *batch* while training and by
#   running averages afterwards, then a learnt scale and shift (Ioffe and Szegedy, 2015).
# - **L2, $10^{-5}$**, a penalty on all weights $w$: no weight grows larger than it needs to. TF-slim adds
#   $10^{-5} \sum w^2 / 2$, Keras' `L2(l2)` has no half: hence the `l2=5e-6` above. (It is not AdamW's *weight
#   decay*, which shrinks the weights beside Adam's step.)
# - **Dropout** keeps each hidden unit with probability `keep_prob` in training, so that none can rely on
#   another (Srivastava and others, 2014); in a frozen network `keep_prob` is 1.
# - **Adam** (Kingma and Ba, 2015), gradient descent with a step size for each weight: rate 0.001, times 0.98
#   every 1,000 steps; 150,000 steps; 80 % of the people to learn from, 20 % to test on.
#
# It was written for TensorFlow 1.12 on Python 3.5 and Ubuntu 16.04. What its words are called today:
#
# | TensorFlow 1.12 | Keras 3 |
# |---|---|
# | `tf.placeholder(tf.float32, (None, 128, 128, 3))` | `keras.Input((128, 128, 3))` |
# | `slim.conv2d`, `slim.fully_connected` | `layers.Conv2D`, `layers.Dense` |
# | `slim.l2_regularizer(1e-5)` | `regularizers.L2(5e-6)` |
# | `slim.variance_scaling_initializer()` | `initializers.VarianceScaling(2.0)` |
# | `slim.batch_norm`, `is_training` | `layers.BatchNormalization`, `model(x, training=True)` |
# | `update_ops`, run beside each step | done by the layer itself |
# | `keep_prob` | `layers.Dropout(1 - keep_prob)` |
# | `tf.train.exponential_decay(..., staircase=True)` | `schedules.ExponentialDecay(..., staircase=True)` |
# | `tf.train.shuffle_batch`, queues | `dataset.shuffle(...).batch(...)` |
# | `session.run(train_op)` | `model.fit`, or a step with `tf.GradientTape` |
#
# The effect of variance scaling, in thirty layers of 256 units with a ReLU:

# %% [markdown] lang="zh"
# 大部分计算（乘加次数，又称 MAC）在前面的模块；大部分参数在通道多、又与多个通道相连的地方。
#
# ## 逐行看公开方案
#
# - **方差缩放。** 权重的初始方差为 $2 / n$，$n$ 是一个单元的输入个数，使信号经过各层既不消失也不爆炸（He and
#   others, 2015）。
# - **批归一化** 把每个通道变为均值 0、方差 1：训练时在*一批*内统计，之后用滑动平均；再做可学习的缩放和平移
#   （Ioffe and Szegedy, 2015）。
# - **L2，$10^{-5}$**，对所有权重 $w$ 的惩罚：权重只在需要时才变大。TF-slim 加的是
#   $10^{-5} \sum w^2 / 2$，Keras 的 `L2(l2)` 没有二分之一，所以上面写 `l2=5e-6`。（它不同于 AdamW 的*权重衰
#   减*，后者在 Adam 的步之外缩小权重。）
# - **Dropout** 在训练中以概率 `keep_prob` 保留每个隐藏单元，使任何单元都不依赖其他单元（Srivastava and
#   others, 2014）；在固化的网络中 `keep_prob` 为 1。
# - **Adam**（Kingma and Ba, 2015），即每个权重有各自步长的梯度下降：学习率 0.001，每 1,000 步乘以 0.98；
#   共 150,000 步；80 % 的人用于训练，20 % 用于测试。
#
# 这个方案写于 TensorFlow 1.12、Python 3.5 和 Ubuntu 16.04 的环境。其中的名称今天写作：
#
# | TensorFlow 1.12 | Keras 3 |
# |---|---|
# | `tf.placeholder(tf.float32, (None, 128, 128, 3))` | `keras.Input((128, 128, 3))` |
# | `slim.conv2d`, `slim.fully_connected` | `layers.Conv2D`, `layers.Dense` |
# | `slim.l2_regularizer(1e-5)` | `regularizers.L2(5e-6)` |
# | `slim.variance_scaling_initializer()` | `initializers.VarianceScaling(2.0)` |
# | `slim.batch_norm`, `is_training` | `layers.BatchNormalization`, `model(x, training=True)` |
# | `update_ops`，在每步之外运行 | 由层自己完成 |
# | `keep_prob` | `layers.Dropout(1 - keep_prob)` |
# | `tf.train.exponential_decay(..., staircase=True)` | `schedules.ExponentialDecay(..., staircase=True)` |
# | `tf.train.shuffle_batch`，队列 | `dataset.shuffle(...).batch(...)` |
# | `session.run(train_op)` | `model.fit`，或用 `tf.GradientTape` 写的训练步 |
#
# 方差缩放的效果，用三十层、每层 256 个单元、带 ReLU 的网络来看：

# %%
rng = np.random.default_rng(0)
signals = {}
for name, variance in {"1/n": 1, "2/n": 2, "4/n": 4}.items():
    signal, size = rng.normal(size=(256, 64)), []
    for _ in range(30):
        signal = np.maximum(rng.normal(0, np.sqrt(variance / 256), (256, 256)) @ signal, 0)
        size.append(np.log10(signal.std()))
    signals[f"variance {name}"] = size
plots.show(plots.curves(range(1, 31), signals, "layer", "size of the signal, power of 10", level=0))
# ALT Three lines over thirty layers: with variance 1/n the signal shrinks by powers of ten, with 4/n it grows
# ALT by powers of ten, with 2/n it keeps its size.

# %% [markdown]
# ## The learning rate
#
# Large steps first, fine ones last.
#
# ### Exercise 1 ★
#
# Write the recipe's rate as a function of the step, which counts from 0. (`step // 1000` counts whole
# thousands.)

# %% [markdown] lang="zh"
# ## 学习率
#
# 先用大步，最后用小步。
#
# ### 练习 1 ★
#
# 把方案中的学习率写成步数的函数，步数从 0 开始。（`step // 1000` 得到整千数。）


# %% tags=["exercise"]
def rate(step):
    # SOLUTION
    return 0.001 * 0.98 ** (step // 1000)
    # END SOLUTION
    # STUB return ...


# %%
check.rate(rate)

# %%
recipe = training.Recipe()  # the published one
steps = np.arange(0, recipe.steps, 500)
schedule = check.ready(rate, check.rate)  # yours, once it passes
rates = {"learning rate": [schedule(step) for step in steps]}
print(f"the last step has 0.001 x 0.98^149 = {schedule(149_999):.2e}")
plots.show(plots.curves(steps / 1000, rates, "thousand steps", "learning rate"))
# ALT The learning rate falls from 0.001, fast at first and then ever more slowly, to a twentieth of it.

# %% [markdown]
# ## The loss
#
# How far are 136 numbers from the truth? With $d$ the difference of one of them:
#
# $$\text{L2} = d^2, \qquad \text{L1} = |d|, \qquad
# \text{wing} = w \ln(1 + |d| / \epsilon) \ \text{ for } |d| < w, \text{ else } |d| - c$$
#
# where $c$ makes the parts meet; the width $w$ and $\epsilon$ are 20 and 4 pixels. (This L2 is a loss on the
# outputs, the recipe's a penalty on the weights. Losses are in units of the crop's side: compare the form of
# the curves, not their heights.)
#
# A step follows the *slope*. L2's grows with the error, so large errors dominate it; L1's is the same
# everywhere; wing's is steepest near 0, to refine what is nearly right. Slopes of each, over $d$ in pixels of
# a crop of 128:

# %% [markdown] lang="zh"
# ## 损失
#
# 136 个数离真值有多远？设 $d$ 为其中一个数的差：
#
# $$\text{L2} = d^2, \qquad \text{L1} = |d|, \qquad
# \text{wing} = w \ln(1 + |d| / \epsilon) \ \text{ for } |d| < w, \text{ else } |d| - c$$
#
# 其中 $c$ 使两段相接；宽度 $w$ 和 $\epsilon$ 为 20 和 4 像素。（这里的 L2 是输出上的损失，方案中的则是权重上
# 的惩罚。损失以裁剪图的边长为单位：比较曲线的形状，不要比较高度。）
#
# 训练步按损失的*斜率*（梯度）更新。L2 的斜率随误差增大，因此大误差占主导；L1 的斜率处处相同；wing 的斜率在 0
# 附近最大，用来细化已大致正确的点。下面是各损失的斜率，横轴为 $d$，单位是 128 像素裁剪图的像素：

# %%
d = np.linspace(0, 40, 401)[:, None]
slopes = {}
for name in ("l2", "l1", "wing"):
    loss = training.LOSSES[name](np.zeros_like(d), d / 128)
    slopes[name] = np.diff(loss) * 1280
plots.show(plots.curves(d[1:, 0], slopes, "error d, pixels", "slope of the loss"))
# ALT Slopes against the error. That of l2 rises from 0 in a straight line, that of l1 is 1 throughout, that
# ALT of wing falls from near 5 to a little below 1, and is 1 beyond 20 pixels.

# %% [markdown]
# The published recipe names no loss; we take L1.
#
# ## Train by `fit`
#
# A small network starts at the **mean shape** of the training faces, so the first losses are the error of
# predicting that for every face. In Keras, training takes two lines: `compile` says how, `fit` does it. An
# **epoch** is one pass over the training set, here as many batches as its faces fill.

# %% [markdown] lang="zh"
# 公开方案没有说明损失；这里取 L1。
#
# ## 用 `fit` 训练
#
# 小网络从训练人脸的**平均形状**开始，因此最初的损失就是对每张脸都预测平均形状的误差。在 Keras 中，训练只需两
# 行：`compile` 说明怎样训练，`fit` 执行。一个**轮次**（epoch）是遍历训练集一次，这里的批数由人脸数决定。

# %%
mean_shape = np.mean(train.crops(64).points, axis=0).reshape(-1) / 64
with training.seeded(0):
    small = senet(16, (32, 64, 128), (1, 1, 1), 32, 128, mean_shape=mean_shape, size=64)
falling = keras.optimizers.schedules.ExponentialDecay(0.001, 1000, 0.98, staircase=True)
small.compile(keras.optimizers.Adam(falling), loss="mae")  # mean absolute error: L1

# %% tags=["nbval-ignore-output"]
batches = len(train) // 32
run = small.fit(records, epochs=6, steps_per_epoch=batches, shuffle=False, verbose=0)  # shuffled already
epochs = range(1, 7)
curve = {"data and penalty": run.history["loss"]}
plots.show(plots.curves(epochs, curve, "epoch", "mean loss of the epoch"))
# ALT The loss falls, steeply in the first epochs and then more slowly.

# %% [markdown]
# ## Train by your own step
#
# What does `fit` do in each step? **Forward:** the network's answer, with `training=True`, so that batch
# normalisation uses the batch and dropout drops. **Loss:** how far from the truth, plus the penalties.
# **Backward:** the gradient $g$ of the loss with respect to every weight, which the *tape* works out from
# what it has recorded. **Step:** the optimizer moves the weights against it; plain gradient descent by
# $w \leftarrow w - \eta\, g$ with the rate $\eta$; Adam takes a running mean of $g$, divided by the usual
# size of $g$.
#
# ### Exercise 2 ★★
#
# Write it: one step on the batch `x`, `y`, which returns the loss: the mean absolute error, and the
# penalties. `model.losses` are these, one for each matrix; `optimizer.apply_gradients` takes pairs of
# gradient and variable.

# %% [markdown] lang="zh"
# ## 用自己的训练步
#
# `fit` 在每一步做什么？**前向：** 网络的输出，用 `training=True`，使批归一化采用批内统计量，dropout 起作
# 用。**损失：** 与真值的差距，加上惩罚项。**反向：** 损失对每个权重的梯度 $g$，由 *tape* 根据记录的运算算
# 出。**更新：** 优化器逆着梯度移动权重；普通的梯度下降为 $w \leftarrow w - \eta\, g$，学习率为 $\eta$；Adam
# 取 $g$ 的滑动平均，再除以 $g$ 通常的大小。
#
# ### 练习 2 ★★
#
# 写出它：在一批 `x`, `y` 上走一步，返回损失，即平均绝对误差加惩罚项。`model.losses` 就是惩罚项，每个矩阵一
# 个；`optimizer.apply_gradients` 接收由梯度和变量组成的对。


# %% tags=["exercise"]
def train_step(model, optimizer, x, y):
    # SOLUTION
    with tf.GradientTape() as tape:
        predicted = model(x, training=True)
        loss = tf.reduce_mean(tf.abs(predicted - y)) + sum(model.losses)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return loss
    # END SOLUTION
    # STUB with tf.GradientTape() as tape:
    # STUB     predicted = ...
    # STUB     loss = ...
    # STUB gradients = ...
    # STUB ...
    # STUB return ...


# %%
check.train_step(train_step)

# %% [markdown]
# The loop around it is two lines. `tf.function` turns the step into a graph, which runs faster. We go on from
# what `fit` reached, with your step once it is right:

# %% [markdown] lang="zh"
# 外面的循环只有两行。`tf.function` 把训练步变成计算图，运行更快。接着 `fit` 的结果继续训练，你的训练步正确之
# 后就用它：

# %% tags=["nbval-ignore-output"]
one_step = tf.function(check.ready(train_step, check.train_step))
optimizer = keras.optimizers.Adam(0.0005)
optimizer.build(small.trainable_variables)
history, show = training.History(), plots.live_loss()
for step, (x, y) in enumerate(records.take(120), 1):
    history.losses.append(float(one_step(small, optimizer, x, y)))
    if step % 40 == 0:
        show(history)
# ALT The loss of each step, jumping from batch to batch, and its running mean, which falls slowly.


# %% [markdown]
# How good is it, on unseen people? Beside it, the shipped weights, in the network that you built:

# %% [markdown] lang="zh"
# 对没见过的人，它有多好？旁边是随课程提供的权重，装在你搭建的网络里：


# %% tags=["nbval-ignore-output"]
def error_of(model, faces):
    size = model.input_shape[1]
    crops = faces.crops(size)
    vectors = model(training.scaled(crops.images), training=False).numpy()
    return metrics.nme(size * vectors.reshape(-1, 68, 2), crops.points, "box").mean()


shipped = senet(**FORM, keep_prob=1.0)
training.set_weights(shipped, weights.weights_)
baseline = metrics.nme(
    64 * np.tile(mean_shape, (len(test), 1)).reshape(-1, 68, 2), test.crops(64).points, "box"
)
print(f"mean shape       NME {baseline.mean():.1%} of the box")
for name, model in {"trained here": small, "shipped weights": shipped}.items():
    print(f"{name:16} NME {error_of(model, test):.1%} of the box")

# %% [markdown]
# ### Exercise 3 ★★★
#
# Write a loss of your own: from `truth` and `predicted`, tensors (N, 136), to one number a face, or one in
# all; with TensorFlow's functions. What should count: coordinates, or distances of points? Should large
# errors count more, or less; some points more than others (but none not at all)? Its slope must exist
# everywhere, also where an error is 0. There is no single answer.

# %% [markdown] lang="zh"
# ### 练习 3 ★★★
#
# 写一个自己的损失：由张量 `truth` 和 `predicted`（形状 (N, 136)）得到每张脸一个数，或者总共一个数；使用
# TensorFlow 的函数。应该计算什么：坐标，还是点的距离？大误差应占更大还是更小的比重？某些点是否应比其他点更重
# 要（但没有哪个点可以忽略）？它的斜率必须处处存在，误差为 0 处也不例外。答案不唯一。


# %% tags=["exercise"]
def my_loss(truth, predicted):
    # SOLUTION
    d = tf.reshape(predicted - truth, (-1, 68, 2))
    return tf.reduce_mean(tf.sqrt(tf.reduce_sum(d * d, axis=-1) + 0.002**2), axis=-1)
    # END SOLUTION
    # STUB d = ...
    # STUB return ...


# %%
check.my_loss(my_loss)

# %% [markdown]
# Beside L2 and L1, in short trainings of a tiny network, from three random starts each: one run would be
# weak evidence. Look at how far the three lie apart. (For each start the same graph is used again, with new
# weights and the optimizer as it was: what takes longest here is to build the graph.)

# %% [markdown] lang="zh"
# 与 L2 和 L1 比较：短暂训练一个很小的网络，各用三个随机起点，因为只运行一次说明不了什么。留意三次结果之间相差
# 多少。（每个起点都使用同一个计算图，换上新的权重，优化器恢复原状：这里最费时的是构建计算图。）


# %%
def tiny(seed=0, **settings):
    with training.seeded(seed):
        return senet(8, (16, 32), (1, 1), 16, 64, mean_shape=mean_shape, size=32, **settings)


def three_starts(x, y, loss, judged, **settings):
    model = tiny(**settings)
    model.compile(keras.optimizers.Adam(0.003), loss)
    model.optimizer.build(model.trainable_variables)
    fresh, errors = [variable.numpy() for variable in model.optimizer.variables], []
    for seed in range(3):
        model.set_weights(tiny(seed, **settings).get_weights())
        for variable, value in zip(model.optimizer.variables, fresh, strict=True):
            variable.assign(value)
        model.fit(x, y, batch_size=32, shuffle=False, verbose=0)
        errors.append([error_of(model, faces) for faces in judged])
    return np.array(errors)


def many_crops(faces, strength, steps):
    batches = training.face_batches(faces, 32, size=32, strength=strength)
    return map(np.concatenate, zip(*(batches(step) for step in range(steps)), strict=True))


# %% tags=["nbval-ignore-output"]
mild = Strength(shift=0.02, scale=0.03, rotation=4, occlude=0)
x, y = many_crops(train, mild, 80)
yours = check.ready(my_loss, check.my_loss)
for name, loss in {"L2": "mse", "L1": "mae", "yours": yours}.items():
    print(f"{name:6}", "  ".join(f"{error:.2%}" for (error,) in three_starts(x, y, loss, [test])))

# %% [markdown]
# ## Stop and resume
#
# `folder` holds `last.npz`, all that is needed to resume: weights, the optimizer's state, the state of
# dropout's random generator, the curve so far. A batch depends on its step alone. So a run that is killed and
# started again gives the *same* result. We kill one at step 14; the last checkpoint was at step 10:

# %% [markdown] lang="zh"
# ## 中断与恢复
#
# `folder` 中的 `last.npz` 包含恢复训练所需的全部内容：权重、优化器状态、dropout 的随机数生成器状态，以及到目
# 前为止的曲线。一批数据只取决于它的步数。所以训练被终止后重新开始，结果*相同*。我们在第 14 步终止一次训练；最
# 后一个检查点在第 10 步：


# %%
def killer(history):
    if len(history) == 14:
        raise KeyboardInterrupt


few = training.Recipe(steps=20, save_every=10)
little = training.face_batches(train[:64], 16, size=32)
whole = training.train(tiny(), little, few)
try:
    training.train(tiny(), little, few, folder=FOLDER / "run", on_report=killer, report_every=1)
except KeyboardInterrupt:
    print("killed")
resumed = training.train(tiny(), little, few, folder=FOLDER / "run")
print("the same losses:", np.allclose(resumed.losses, whole.losses, atol=1e-6))
sorted(path.name for path in (FOLDER / "run").iterdir())

# %% [markdown]
# `logs` is for **TensorBoard**: `tensorboard --logdir` with the path in `FOLDER`, typed in a terminal, shows
# loss, penalty and learning rate in a browser.
#
# When the loss is not a number, training stops and reports where. Here points are missing at step 3:

# %% [markdown] lang="zh"
# `logs` 供 **TensorBoard** 使用：在终端输入 `tensorboard --logdir` 和 `FOLDER` 中的路径，即可在浏览器中查看损
# 失、惩罚项和学习率。
#
# 损失变为 NaN 时，训练停止并报告位置。下面的数据在第 3 步缺少关键点：


# %%
def corrupted(step):
    x, y = little(step)
    return x, (y * np.nan if step == 3 else y)


try:
    training.train(tiny(), corrupted, few)
except FloatingPointError as error:
    print(error)

# %% [markdown]
# ## Overfitting
#
# Sixty-four faces and many epochs: a network learns *these* faces by heart, instead of what faces have in
# common. That is **overfitting**; doing well on unseen faces is **generalisation**; what is meant to help is
# called **regularisation**. Without any; with L2 (twenty times the recipe's) and dropout; with augmentation;
# again from three random starts. **Predict first:** which gap between seen and unseen faces will be smallest?

# %% [markdown] lang="zh"
# ## 过拟合
#
# 六十四张脸、许多轮次：网络会记住*这些*脸，而不是学习人脸的共同之处。这就是**过拟合**；在没见过的人脸上同样表
# 现良好称为**泛化**；用来改善泛化的手段称为**正则化**。不用任何手段；用 L2（方案的二十倍）和 dropout；用数据
# 增强；仍是三个随机起点。**先预测：** 见过的人脸与没见过的人脸之间，哪一种差距最小？

# %% tags=["nbval-ignore-output", "hide-output"]
seen, unseen = train[:64], test
ways = {
    "nothing": ({"keep_prob": 1.0, "l2": 0.0}, Strength.none()),
    "L2, dropout": ({"keep_prob": 0.8, "l2": 1e-4}, Strength.none()),
    "augmentation": ({"keep_prob": 1.0, "l2": 0.0}, mild),
}
gaps = {}
print("unseen people  start 1  start 2  start 3")
for name, (settings, strength) in ways.items():
    found = three_starts(*many_crops(seen, strength, 100), "mae", [seen, unseen], **settings)
    gaps[name] = found.mean(axis=0)
    print(f"{name:13}", *(f"{error:8.1%}" for error in found[:, 1]))
plots.show(plots.overfitting(gaps))
# ALT Three pairs of bars, the error on the training faces and on other people. Without regularisation the
# ALT gap is widest; with augmentation it is smallest.

# %% [markdown]
# The gap between the bars is overfitting; what counts is the bar of the *others*. A difference that is no
# larger than those between the starts shows nothing: here L2 and dropout narrow the gap only by raising the
# error on the seen faces. Whoever tries many settings compares them on a third
# part, the **validation set**, and keeps the test set for one last measurement.
#
# ## Two recipes, and their real curves
#
# The shipped weights come from another recipe than the published one: a **teacher** first, a large network
# that is not shipped, whose answers are averaged with the annotations; then two **students**, the second one
# wider, which goes on from the first (**distillation**: Hinton, Vinyals and Dean, 2015). The wider one was
# then trained for two more phases, with a second teacher's answers. All of it ran on a graphics card but the
# wider student's first phase. Side by side, the first student and the last phase of the wider one:

# %% [markdown] lang="zh"
# 两个柱之间的差距就是过拟合；真正重要的是*其他人*的那个柱。差异若不大于不同起点之间的差异，就说明不了什么：这
# 里 L2 和 dropout 只是提高了在见过的人脸上的误差，才使差距变小。尝试多种设置时，应在第三部分数据，即**验证
# 集**上比较，测试集只留给最后一次测量。
#
# ## 两种方案及其真实曲线
#
# 随课程提供的权重不是用公开方案训练的：先训练一个**教师网络**，它较大，不随课程提供，其输出与标注取平均；再训
# 练两个**学生网络**，第二个更宽，由第一个继续训练（**知识蒸馏**：Hinton, Vinyals and Dean, 2015）。后来，较
# 宽的学生网络又用第二个教师网络的输出继续训练了两个阶段。除较宽学生网络的第一阶段外，全部在显卡上训练。并列
# 比较第一个学生网络与较宽学生网络的最后阶段：

# %%
log = json.loads((paths.RESULTS / "senet_training.json").read_text(encoding="utf-8"))
path = paths.RESULTS / "published_recipe.json"
published = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
phases = {phase["name"]: phase for phase in log["phases"]}
students = [phase for name, phase in phases.items() if "student" in name]
student, last = students[0], students[-1]
lines = {
    "loss": ["not named; L1 here", *["mean distance of the points"] * 2],
    "optimiser": ["Adam, L2", *(run["optimiser"] for run in (student, last))],
    "learning rate": ["0.001, x 0.98 every 1,000 steps"]
    + [f"{run['learning_rate']:g}, to 0 over the last {run['falling_in_the_last']:.0%}"
       for run in (student, last)],
    "dropout": ["keep_prob 0.8", "none", "none"],
    "steps": [f"{recipe.steps:,}, {published.get('batches', 0):,} of them run"]
    + [f"{run['batches']:,}" for run in (student, last)],
    "crops per step": [published.get("batch_size", 64), student["batch_size"], last["batch_size"]],
    "weights": ["the last", *[f"averaged, momentum {run['average_of_weights']}" for run in (student, last)]],
    "labels": ["annotations", "annotations, and the teacher", "annotations, second teacher"],
    "trained on": ["processor, two cores", student["device"], last["device"]],
}  # fmt: skip
for name, cells in {"": ["published", student["name"], last["name"]], **lines}.items():
    print(f"{name:15}" + "".join(f"{cell!s:33}" for cell in cells).rstrip())

# %% [markdown]
# Their curves: the error on validation photographs, in the boxes of dlib's detector, over all crops that they
# have seen. (LFPW holds some photographs under two names, so SENet and its teachers learnt from some of
# these; without them its error hardly changes.) The wider student's curve begins where the first one's ends
# and covers all its phases: it rises a little where the learning rate was raised again. On the graphics card
# the error was measured only a few times per phase. The published recipe has run only for the number of steps
# in the table; one measurement is not drawn as a curve.

# %% [markdown] lang="zh"
# 它们的曲线：在验证照片上、用 dlib 检测器的框得到的误差，横轴为已看过的全部裁剪图。（LFPW 中有些照片以两个名
# 字出现，所以 SENet 和它的教师网络学过其中几张；去掉它们，误差几乎不变。）较宽学生网络的曲线从第一个学生网络
# 的终点开始，包含它的所有阶段：学习率被重新调高之处，曲线略有上升。在显卡上，每个阶段只记录了几次误差。公开方
# 案只运行了表中所写的步数，没有运行到底；只有一个点时不画出来。

# %%
seen, goes_on = student["crops"], []
for phase in students[1:]:
    goes_on += [row | {"crops": seen + row["crops"]} for row in phase["validation"]]
    seen += phase["crops"]
runs = {name: phases[name]["validation"] for name in ("teacher", "second teacher", "student")}
runs["wider student"] = goes_on
if len(published.get("validation", [])) > 1:  # one point is no curve
    runs["published"] = published["validation"]
panels = {}
sets = {"LFPW": "lfpw68/held-out", "HELEN": "helen68/validation", "YouTube": "yt68/val"}
for title, key in sets.items():
    panels[title] = {
        name: ([row["crops"] / 1e6 for row in rows], [100 * row[key]["dlib"] for row in rows])
        for name, rows in runs.items() if key in rows[-1]
    }  # fmt: skip
plots.show(plots.run_curves(panels))
# ALT Three panels, LFPW, HELEN and YouTube Faces, of error against crops seen. The curves of the teachers are
# ALT lowest; the student's falls, and the wider student's goes on from its end: it rises a little where a new
# ALT phase begins, and ends lower each time. If the published recipe has run for long enough, its curve is
# ALT there.

# %% [markdown]
# The error at the end of each phase, and the size of the network. Each phase is also more training, so the
# gain is not only that of what it changed.

# %% [markdown] lang="zh"
# 每个阶段结束时误差是多少，网络有多大？每个阶段同时也是更多的训练，所以进步不能只归功于它的那一项改变。

# %%
for phase in [*log["phases"], *([published | {"name": "published, so far"}] if published else [])]:
    row = phase["validation"][-1]
    ends = "  ".join(f"{title} {row[key]['dlib']:.2%}" for title, key in sets.items())
    size = f"{phase['weights'] / 1e6:4.1f} M weights" if "weights" in phase else ""
    hours = f"{phase['hours']:5.2f} h" if "hours" in phase else ""
    print(f"{phase['name']:28}{size:15}{row['crops'] / 1e6:5.2f} M crops {hours:10}{ends}")

# %% [markdown]
# What is the teacher worth? The same short training from the same weights, with the teacher's answers and
# without them (then faces without annotations are left out), on equally many crops, so for equally many
# hours. Three runs each; the two runs in a column have the same seed:

# %% [markdown] lang="zh"
# 教师网络值多少？从同样的权重出发做同样的短训练，用教师网络的输出，以及不用（此时没有人标注过的人脸被去掉）：
# 裁剪图数量相同，因此时间相同。各运行三次；每一对的两次运行用相同的种子：

# %%
ablation = json.loads((paths.RESULTS / "senet_ablation.json").read_text(encoding="utf-8"))
print(f"{ablation['crops']:,.0f} crops, from {ablation['start']}")
runs = {row["variant"]: row["runs"] for row in ablation["rows"]}
for title, key in sets.items():
    errors = {name: np.array([run[key]["plain"] for run in found.values()]) for name, found in runs.items()}
    for name, found in errors.items():
        print(f"{title:8} {name:12}", *(f"{error:7.2%}" for error in found), f"   mean {found.mean():.2%}")
    gain = errors["no teacher"] - errors["all steps"]
    print(f"{title:8} {'difference':12}", *(f"{one:+7.2%}" for one in gain), f"   mean {gain.mean():+.2%}")

# %% [markdown]
# The mean gain is about a tenth of a percentage point, no more than runs of one kind differ among themselves:
# so short a training does not show that a teacher helps. The shipped student saw far more crops; it was never
# trained for that long without a teacher.
#
# (These sets chose between trials, so the errors are a little too good; [11](11_the_comparison.ipynb) has the
# same sets, with intervals.) Run the published recipe yourself: `python course.py train senet` on the default
# faces; on two cores it takes half a day to a day.
#
# ## Can it learn from synthetic faces alone?
#
# The shipped weights were trained on photographs and on synthetic faces. How well does a network do on real
# people if it was trained on the course's synthetic faces *alone*? The aim was 5.0 % on LFPW, corrected, in
# dlib's detector's box.

# %% [markdown] lang="zh"
# 平均进步约为十分之一个百分点，不超过同类运行之间的差异：这么短的训练不能说明教师网络有用。随课程提供的学生网
# 络看过的裁剪图多得多；没有人不用教师网络把它训练同样长的时间。
#
# （各次试验的取舍由这些数据集决定，所以误差略偏乐观；[11](11_the_comparison.ipynb) 用同样的数据集，并给出置信
# 区间。）自己运行公开方案：`python course.py train senet`，使用默认人脸；在两个核上需半天到一天。
#
# ## 只用合成人脸能学会吗？
#
# 随课程提供的权重用照片和合成人脸训练。如果*只*用课程的合成人脸训练，网络在真人照片上表现如何？目标是
# 在 LFPW 上、dlib 检测器的框中、校正后达到 5.0 %。


# %%
alone = json.loads((paths.RESULTS / "synthetic_only.json").read_text(encoding="utf-8"))
print(f"learnt from {alone['crops']:,} crops of default faces")
widths = {"judged on": 32, "box, both": 22, "figure": 12, "the network": 13, "dlib": 6}
for row in [dict(zip(widths, widths, strict=True)), *alone["rows"]]:
    print("".join(f"{row[name]:{width}}" for name, width in widths.items()).rstrip())

# %% [markdown]
# Keep in mind:
#
# - **The box.** Only figures in the *same* box are comparable, and dlib was trained for its detector's: in
#   the tight box much of its error is due to the box.
# - **The annotations.** Those of YouTube Faces were made by a machine; those of LFPW are semi-automatic,
#   corrected by hand, and dlib was trained on these very photographs. So figures less each method's
#   *annotation bias* stand beside the plain ones.
# - **The faces.** The synthetic ones show no real person, but their model was learnt from other photographs
#   of both sets.
#
# Try it with the published recipe, cut short: `python course.py train senet --n 30000 --steps 6000`.
#
# ## Questions
#
# 1. From random weights, a loss falls for 200 steps and then stays at the error of the mean shape. Name two
#    possible causes, and what you would look at for each.
# 2. The loss on the training faces still falls, that on the validation faces has been rising for a while.
#    What is happening, and which weights would you keep?
# 3. The student has a worse error than its teacher. Why ship the student?
#
# ## Key points
#
# - 128x128x3 in, 136 out; a stem, stages of `senet_blob`s, two dense layers.
# - A step: forward, loss and penalties, backward, update. `fit` repeats it.
# - The published recipe: variance scaling, batch normalisation, L2, dropout; Adam at 0.001, times 0.98 every
#   1,000 steps. The shipped weights: a teacher's answers, no dropout, AdamW, averaged weights.
# - A checkpoint holds more than weights: only then does a resumed run equal an uninterrupted one.
# - The gap between the errors on seen and unseen faces measures overfitting.
#
# **Common mistakes:** a step without `training=True`; penalties that never reach the loss; L2 and weight
# decay taken for the same; a test set that chose the settings; one run with one seed taken for evidence.
#
# ## Go further
#
# - K. He and others, [*Delving Deep into Rectifiers*](https://doi.org/10.1109/ICCV.2015.123), ICCV 2015:
#   variance scaling.
# - S. Ioffe, C. Szegedy, [*Batch Normalization*](https://doi.org/10.48550/arXiv.1502.03167), ICML 2015.
# - N. Srivastava and others, [*Dropout*](https://jmlr.org/papers/v15/srivastava14a.html), JMLR 2014 (it has
#   no DOI).
# - D. Kingma, J. Ba, [*Adam*](https://doi.org/10.48550/arXiv.1412.6980), ICLR 2015; I. Loshchilov, F. Hutter,
#   [*Decoupled Weight Decay Regularization*](https://doi.org/10.48550/arXiv.1711.05101), ICLR 2019: AdamW.
# - Z. Feng and others, [*Wing Loss*](https://doi.org/10.1109/CVPR.2018.00238), CVPR 2018: the loss for small
#   errors.
# - G. Hinton, O. Vinyals, J. Dean, [*Distilling the Knowledge in a Neural
#   Network*](https://doi.org/10.48550/arXiv.1503.02531), 2015; T. Chen, I. Goodfellow, J. Shlens,
#   [*Net2Net*](https://doi.org/10.48550/arXiv.1511.05641), ICLR 2016: a wider network that begins with a
#   narrower one's answers.
# - E. Wood and others, [*Fake It Till You Make It*](https://doi.org/10.1109/ICCV48922.2021.00366), ICCV 2021:
#   landmarks learnt from rendered faces alone.
# - Next: [11, the comparison](11_the_comparison.ipynb).

# %% [markdown] lang="zh"
# 请注意：
#
# - **人脸框。** 只有*同一种*框中的数值才能比较，而 dlib 是用它的检测器的框训练的：在紧致框中，它的误差有很大
#   一部分来自框。
# - **标注。** YouTube Faces 的标注由机器完成；LFPW 的标注是半自动的，经人工修正，而且 dlib 正是用这些照片训练
#   的。因此，除原始数值外，还给出减去各方法*标注偏差*之后的数值。
# - **人脸。** 合成人脸不对应任何真人，但它们的模型学自这两个数据集的其他照片。
#
# 用缩短的公开方案试一试：`python course.py train senet --n 30000 --steps 6000`。
#
# ## 思考题
#
# 1. 从随机权重开始，损失下降 200 步，然后停在平均形状的误差上。说出两种可能的原因，以及各应检查什么。
# 2. 训练人脸上的损失仍在下降，验证人脸上的损失已经上升了一段时间。发生了什么？应保留哪一份权重？
# 3. 学生网络的误差比教师网络大。为什么仍然提供学生网络？
#
# ## 要点
#
# - 输入 128x128x3，输出 136；stem、由 `senet_blob` 组成的各阶段、两个全连接层。
# - 一步：前向、损失和惩罚项、反向、更新。`fit` 重复这一步。
# - 公开方案：方差缩放、批归一化、L2、dropout；Adam，学习率 0.001，每 1,000 步乘以 0.98。随课程提供的权重：教
#   师网络的输出、不用 dropout、AdamW、平均权重。
# - 检查点不只包含权重：这样恢复的训练才与不间断的训练相同。
# - 见过与没见过的人脸上的误差之差，衡量过拟合的程度。
#
# **常见错误：** 训练步没有 `training=True`；惩罚项没有加进损失；把 L2 与权重衰减混为一谈；用测试集选择设置；
# 把一个种子的一次运行当作证据。
#
# ## 延伸阅读
#
# - K. He and others, [*Delving Deep into Rectifiers*](https://doi.org/10.1109/ICCV.2015.123), ICCV 2015：方差
#   缩放。
# - S. Ioffe, C. Szegedy, [*Batch Normalization*](https://doi.org/10.48550/arXiv.1502.03167), ICML 2015.
# - N. Srivastava and others, [*Dropout*](https://jmlr.org/papers/v15/srivastava14a.html), JMLR 2014（没有
#   DOI）。
# - D. Kingma, J. Ba, [*Adam*](https://doi.org/10.48550/arXiv.1412.6980), ICLR 2015; I. Loshchilov, F.
#   Hutter, [*Decoupled Weight Decay Regularization*](https://doi.org/10.48550/arXiv.1711.05101),
#   ICLR 2019：AdamW。
# - Z. Feng and others, [*Wing Loss*](https://doi.org/10.1109/CVPR.2018.00238), CVPR 2018：针对小误差的损失。
# - G. Hinton, O. Vinyals, J. Dean, [*Distilling the Knowledge in a Neural
#   Network*](https://doi.org/10.48550/arXiv.1503.02531), 2015; T. Chen, I. Goodfellow, J. Shlens,
#   [*Net2Net*](https://doi.org/10.48550/arXiv.1511.05641), ICLR 2016：以较窄网络的输出为起点的较宽网络。
# - E. Wood and others, [*Fake It Till You Make It*](https://doi.org/10.1109/ICCV48922.2021.00366),
#   ICCV 2021：只从渲染的人脸学习关键点。
# - 下一节：[11，方法比较](11_the_comparison.ipynb)。
