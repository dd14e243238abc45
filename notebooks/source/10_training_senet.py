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

# %%
FACES = sources.load("synthetic", n=900, seed=5)
train, test = FACES.split_by_person(0.8, seed=0)
train, test

# %% [markdown]
# As in [notebook 05](05_preparing_data.ipynb), the faces become TFRecords, here of 64 x 64 pixels, for a
# small network. `train.tfrecords` is read shuffled and augmented, so that no crop is seen twice;
# `test.tfrecords` in order.

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
# moves its 3x3 convolution by two pixels, for a quarter of that convolution's work. The first blob of each
# stage halves the side. The regularisation is part of the model: an L2 penalty on every weight matrix, and
# dropout before the last layer. That layer's weights start near 0 and its bias at the mean shape, so the
# untrained network answers with the mean shape.


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
# The shipped weights fit this network, in their own width and depth. Its dimension table:

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
print(f"{'part':7} {'output':>10} {'parameters':>10} {'mult-adds':>8}")
for row in rows:
    print(f"{row['part']:7} {row['shape']:>10} {row['parameters']:>9,} {row['multiply_adds'] / 1e6:6.1f} M")
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
# larger than those between the starts shows nothing. Whoever tries many settings compares them on a third
# part, the **validation set**, and keeps the test set for one last measurement.
#
# ## Two recipes, and their real curves
#
# The shipped weights come from another recipe than the published one: a **teacher** first, a large network
# that is not shipped, whose answers are averaged with the annotations; then two **students**, the second one
# wider, which goes on from the first (**distillation**: Hinton, Vinyals and Dean, 2015). Side by side:

# %%
log = json.loads((paths.RESULTS / "senet_training.json").read_text(encoding="utf-8"))
path = paths.RESULTS / "published_recipe.json"
published = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
teacher, student, wider = log["phases"]
lines = {
    "optimiser": ["Adam, L2", *(run["optimiser"] for run in (student, wider))],
    "learning rate": ["0.001, x 0.98 every 1,000 steps"]
    + [f"{run['learning_rate']:g}, to 0 over the last {run['falling_in_the_last']:.0%}"
       for run in (student, wider)],
    "dropout": ["keep_prob 0.8", "none", "none"],
    "steps": [f"{recipe.steps:,}, {published.get('batches', 0):,} of them run"]
    + [f"{run['batches']:,}" for run in (student, wider)],
    "crops a step": [published.get("batch_size", 64), student["batch_size"], wider["batch_size"]],
    "weights": ["the last", *[f"averaged, momentum {run['average_of_weights']}" for run in (student, wider)]],
    "labels": ["annotations", *["annotations, and the teacher"] * 2],
    "trained on": ["", student["device"], wider["device"]],
}  # fmt: skip
for name, cells in {"": ["published", student["name"], wider["name"]], **lines}.items():
    print(f"{name:15}" + "".join(f"{cell!s:33}" for cell in cells).rstrip())

# %% [markdown]
# Their curves: the error on validation photographs that none of them learnt from, in the boxes of dlib's
# detector, over all that they have seen. The wider student's begins where the first one's ends.

# %%
runs = {"teacher": (teacher["validation"], 0), "student": (student["validation"], 0)}
runs["wider student"] = wider["validation"], student["crops"]
if published:
    runs["published"] = published["validation"], 0
panels = {}
for title, key in {"LFPW": "lfpw68/held-out", "HELEN": "helen68/validation", "YouTube": "yt68/val"}.items():
    panels[title] = {
        name: ([(row["crops"] + before) / 1e6 for row in rows], [100 * row[key]["dlib"] for row in rows])
        for name, (rows, before) in runs.items() if key in rows[-1]
    }  # fmt: skip
plots.show(plots.run_curves(panels))
# ALT Three panels, LFPW, HELEN and YouTube Faces, of error against crops seen. The teacher's curve is lowest
# ALT everywhere; the student's falls, and the wider student's goes on from its end and falls further, fastest
# ALT where its learning rate falls. If the published recipe has run, its curve is there too.

# %% [markdown]
# What did each phase bring?

# %%
for name in runs:
    ends = "  ".join(f"{title} {panels[title][name][1][-1]:.2f} %" for title in panels)
    print(f"{name:14} ends with  {ends}")

# %% [markdown]
# And the preparation of the faces: short trainings that leave out one step each, against the one with all
# steps. They are of an earlier recipe, one run each, so a difference of a percent or two means nothing.

# %%
ablation = json.loads((paths.RESULTS / "senet_ablation.json").read_text(encoding="utf-8"))["rows"]
for row in ablation:
    more = [row[key]["plain"] / ablation[0][key]["plain"] - 1 for key in ("yt68/val", "lfpw68/held-out")]
    print(f"{row['variant']:52} YouTube {more[0]:+6.1%}   LFPW {more[1]:+6.1%}")

# %% [markdown]
# (The validation sets chose between trials; figures on sets that chose nothing are in
# [11](11_the_comparison.ipynb).) Run the published recipe yourself: `python course.py train senet
# --set l2=5e-6` on the default faces; on two cores it takes about half a day.
#
# ## Can it learn from synthetic faces alone?
#
# The shipped weights were trained on photographs and on synthetic faces. How well does a network do on real
# people if it was trained on the course's synthetic faces *alone*?


# %%
alone = json.loads((paths.RESULTS / "synthetic_only.json").read_text(encoding="utf-8"))
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
# Repeat it: `python course.py train senet --n 30000 --steps 6000`.
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
#   1,000 steps. The shipped weights: a teacher, more varied faces, AdamW, averaged weights.
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
