# %% [markdown]
# # Training SENet
#
# **After this notebook you can**
#
# - build the network that regresses 68 points, and read its dimension table;
# - say what each line of the training recipe is for, and plot its effect;
# - train, watch the loss fall, stop, and resume where you stopped;
# - see a network overfit, and reduce the overfitting.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute.
# **Needs:** notebooks [01](01_measuring_error.ipynb) and [09](09_squeeze_and_excitation.ipynb).
# Answers are in the SOLUTIONS_LINK.

# %%
import json
import tempfile
import textwrap
from pathlib import Path

import numpy as np

from facelm_helpers.quiet import tensorflow as tf  # isort: skip  # noqa: F401
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
# [Notebook 05](05_preparing_data.ipynb) wrote faces as TFRecords and read them with `get_one_batch`: type 0
# is the training set, shuffled, type 1 the test set, in order.

# %%
FOLDER = Path(tempfile.mkdtemp())
tfrecords.write(train[:200], FOLDER, "train", progress=False)
images, labels = tfrecords.get_one_batch(64, 0, folder=FOLDER)
images.shape, labels.shape

# %% [markdown]
# Here we draw batches from memory, each crop augmented at random, so that none is seen twice:

# %%
batches = training.face_batches(train, batch_size=32, seed=0)
x, y = batches(0)
plots.show(plots.faces_grid((255 * x[:8]).astype("uint8"), 128 * y[:8].reshape(-1, 68, 2), columns=4))
# ALT Eight crops from one batch with their 68 points: turned, mirrored, darkened, blurred, some partly
# ALT occluded by a block of colour.

# %% [markdown]
# ## The network
#
# `senet_blob(net, in_dim, on_dim, stride)` is the block of notebook 09: 1x1 to a quarter of `on_dim`, 3x3,
# 1x1 to `on_dim`; the gate; the shortcut added. Where `stride` is 2 the 3x3 convolution moves by two pixels.
# Four stages of such blobs, each halving the side. The regularisation is part of the model: an L2 penalty on
# every weight matrix, and dropout before the last layer, whose bias starts at the mean shape.


# %%
def senet(stem=16, channels=(32, 128, 256, 256), blobs=(1, 1, 2, 2), head=64, hidden=256,
          keep_prob=0.8, l2=1e-5, mean_shape=0.5, size=128):  # fmt: skip
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
# The dimension table, read from the model:

# %%
parts = {}
for row in networks.cost(senet()):
    name = row["name"].split("_")[0]
    part = parts.setdefault(name, {"part": name, "parameters": 0, "multiply_adds": 0})
    part["shape"] = "x".join(map(str, row["shape"]))
    for key in ("parameters", "multiply_adds"):
        part[key] += row[key]
rows = [part for part in parts.values() if part["parameters"]]
print(f"{'part':7} {'output':>10} {'parameters':>10} {'mult-adds':>8}")
for row in rows:
    print(f"{row['part']:7} {row['shape']:>10} {row['parameters']:>9,} {row['multiply_adds'] / 1e6:6.1f} M")
total = sum(row["parameters"] for row in rows), sum(row["multiply_adds"] for row in rows) / 1e6
print(f"total {total[0]:>22,} {total[1]:6.1f} M")

# %%
plots.show(plots.network_bars(rows))
# ALT Bars for stem, six blobs, head, hidden and points. Most multiply-adds are in blobs 2 to 4, most
# ALT parameters in the hidden layer and in blobs 3 to 6.

# %% [markdown]
# Most of the computation (multiply-adds, also called MACs) is in the middle; most of the parameters are where
# many channels connect to many.
#
# ## The recipe, line by line
#
# - **Variance scaling.** Weights start with variance $2 / n$, $n$ the inputs of a unit, so that signals
#   neither vanish nor explode through the layers.
# - **Batch normalisation** gives each channel mean 0 and variance 1, over the *batch* while training and by
#   running averages afterwards (`is_training` switches), then a learnt scale and shift.
# - **L2, $10^{-5}$** adds $10^{-5} \sum w^2$ to the loss: no weight grows larger than it needs to.
# - **Dropout** keeps each hidden unit with probability `keep_prob` in training, so that none can rely on
#   another.
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
# ### Exercise 1
#
# When the network is frozen for use, which `keep_prob` must it have?

# %% tags=["exercise"]
# SOLUTION
keep_prob = 1.0
# END SOLUTION
# STUB keep_prob = ...

# %%
check.keep_prob(keep_prob)

# %% [markdown]
# ## The learning rate
#
# Adam, gradient descent with a step size for each weight, starts at a rate of 0.001, multiplied by 0.98
# every 1,000 steps, for 150,000 steps: large steps first, fine ones last.
#
# ### Exercise 2
#
# Write it as a function. (`step // 1000` counts whole thousands.)


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
steps = np.arange(0, recipe.steps + 1, 500)
rates = {"learning rate": [training.learning_rate(step, recipe) for step in steps]}
print(f"0.98^150 = {0.98**150:.3f}: after 150,000 steps the rate would be {rates['learning rate'][-1]:.1e}")
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
# where $c$ makes the parts meet; $w$, $\epsilon$ are 20 and 4 pixels. (This L2 is a loss on the outputs, the
# recipe's a penalty on the weights. Losses are in units of the crop's side: compare the form of the curves,
# not their heights.)
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
# A pitfall that we met: from a random initialisation wing stalled at the mean shape. Begin with L1, as all
# runs below do: the published recipe names no loss.
#
# ## Train, for half a minute
#
# A small network on crops of 64 pixels, with little augmentation. It starts near the **mean shape** of the
# training faces, so the first losses are the error of predicting that for every face:

# %%
mild = Strength(shift=0.02, scale=0.03, rotation=4, occlude=0)
mean_shape = np.mean(train.crops(64).points, axis=0).reshape(-1) / 64
with training.seeded(0):
    small = senet(16, (32, 64, 128, 256), (1, 1, 1, 1), 32, 128, mean_shape=mean_shape, size=64)
print(f"{sum(row['multiply_adds'] for row in networks.cost(small)) / 1e6:.1f} million multiply-adds")

# %% tags=["nbval-ignore-output"]
show = plots.live_loss()
batches = training.face_batches(train, 32, size=64, strength=mild)
short = training.Recipe(steps=250)
history = training.train(small, batches, short, on_report=show, report_every=50)
print(f"{history.images_per_second:.0f} images a second")
# ALT The loss falls steeply from the mean shape's error, then ever more slowly.

# %% [markdown]
# **We continue from the shipped weights.** They fit the network that you built, layer by layer, with twice
# the channels and blobs in its first stages. They were trained by another recipe than the one above: AdamW,
# no dropout, no L2, with a larger network as teacher (see the
# [model card](../data/weights/MODEL_CARD.md)). A few more steps show where *their* loss stands:

# %% tags=["nbval-ignore-output"]
shipped = senet(channels=(64, 128, 256, 256), blobs=(1, 2, 2, 2), keep_prob=1.0)
training.set_weights(shipped, methods.load("senet").weights_)
few = training.Recipe(steps=8, learning_rate=1e-5)
batches = training.face_batches(train, 32, strength=mild)
later = training.train(shipped, batches, few)
plots.show(
    plots.loss_curves(
        {"half a minute": history.losses, "shipped weights": later.losses}, {"shipped weights": 250}
    )
)
# ALT The falling loss of the short run, and far below it a few steps of the shipped weights.


# %% tags=["nbval-ignore-output"]
def error_of(model, faces):
    crops = faces.crops(model.input_shape[1])
    vectors = model(training.scaled(crops.images)).numpy()
    return metrics.nme(vectors.reshape(-1, 68, 2) * model.input_shape[1], crops.points, "box").mean()


untrained = senet(8, (16,), (1,), size=64)  # made to predict the mean shape
untrained.get_layer("points").set_weights([np.zeros((256, 136)), mean_shape])
for name, model in {"mean shape": untrained, "half a minute": small, "shipped weights": shipped}.items():
    print(f"{name:16} NME {error_of(model, test):.1%} of the box, on unseen people")

# %% [markdown]
# ## Stop and resume
#
# `folder` holds `last.npz`, all that is needed to resume: weights, the optimizer's state, the state of
# dropout's random generator, the curve so far. A batch depends on its step alone. So a run that is killed and
# started again gives the *same* result. We kill one at step 14; the last checkpoint was at step 10:


# %%
def tiny(**settings):
    with training.seeded(0):
        return senet(8, (16, 32), (1, 1), 16, 64, mean_shape=mean_shape, size=32, **settings)


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
# ## Overfitting: learning by heart
#
# Sixty faces, a tiny network, sixty **epochs** (passes over the training set): it learns *these* faces
# instead of what faces have in common. That is **overfitting**; doing well on unseen faces is
# **generalisation**. **Regularisation** is meant to reduce overfitting. Without any; with L2 (ten times the
# recipe's) and dropout; with augmentation:

# %% tags=["nbval-ignore-output"]
seen, unseen = train[:60], test
ways = {
    "nothing": ({"keep_prob": 1.0, "l2": 0.0}, Strength.none()),
    "L2, dropout": ({"keep_prob": 0.8, "l2": 1e-4}, Strength.none()),
    "augmentation": ({"keep_prob": 1.0, "l2": 0.0}, mild),
}
gaps = {}
for name, (settings, strength) in ways.items():
    model = tiny(**settings)
    crops = training.face_batches(seen, 30, size=32, strength=strength)
    training.train(model, crops, training.Recipe(steps=120, learning_rate=0.003))
    gaps[name] = [error_of(model, faces) for faces in (seen, unseen)]

# %% tags=["nbval-ignore-output"]
plots.show(plots.overfitting(gaps))
# ALT Three pairs of bars, the error on the training faces and on other people. Without regularisation the
# ALT gap is widest; with augmentation it is smallest.

# %% [markdown]
# The gap between the bars is overfitting; what counts is the bar of the *others*. One run with one seed is
# weak evidence: here L2 and dropout change little, augmentation much. Who tries many settings compares them
# on a third part, the **validation set**, and keeps the test set for one last measurement.
#
# ## Can it learn from synthetic faces alone?
#
# The shipped weights were trained on photographs and on synthetic faces. How well does a network do on real
# people if it was trained on the course's synthetic faces *alone*?


# %%
path = paths.RESULTS / "synthetic_only.json"
measured = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
print(textwrap.fill(measured.get("what", f"Not measured yet: data/results has no {path.name}."), 100))
rows = measured.get("rows", [])
for line in [*rows[:1], *(row.values() for row in rows)]:
    words = [f"{x:.2f}" if isinstance(x, float) else x for x in line]
    print("".join(f"{x:<{width}}" for x, width in zip(words, (30, 23, 11, 13, 8, 5), strict=True)))

# %% [markdown]
# Keep in mind:
#
# - **The box.** Only figures in the *same* box are comparable, and dlib was trained for its detector's: in
#   the tight box much of its error is due to the box.
# - **The annotations.** Those of YouTube Faces were made by a machine; those of LFPW are semi-automatic,
#   corrected by hand, and dlib was trained on these very photographs. So bias-corrected figures stand beside
#   the plain ones.
# - **The faces.** The synthetic ones show no real person, but their model was learnt from other photographs
#   of both sets.
#
# Repeat it: `python course.py train senet --n 30000 --steps 6000`.
#
# ## Key points
#
# - 128x128x3 in, 136 out; a stem, six `senet_blob`s, two dense layers.
# - Variance scaling, batch normalisation, L2 $10^{-5}$, dropout; Adam at 0.001, times 0.98 every 1,000
#   steps.
# - A checkpoint holds more than weights: only then does a resumed run equal an uninterrupted one.
# - The gap between the errors on seen and unseen faces measures overfitting.
#
# ## Go further
#
# - K. He et al., *Delving Deep into Rectifiers*, ICCV 2015: variance scaling. S. Ioffe, C. Szegedy, *Batch
#   Normalization*, ICML 2015. N. Srivastava et al., *Dropout*, JMLR 2014.
# - Z. Feng et al., *Wing Loss for Robust Facial Landmark Localisation*, CVPR 2018.
# - E. Wood et al., *Fake It Till You Make It*, ICCV 2021: landmarks learnt from rendered faces alone.
# - Next: [11, the comparison](11_the_comparison.ipynb).
