# %% [markdown]
# # Freezing and deploying
#
# **After this notebook you can**
#
# - say what `is_training=False` and `keep_prob = 1.0` change, and show what goes wrong without them;
# - fold a batch normalisation into the convolution before it, by hand;
# - freeze a network to one `.pb`, and export it as SavedModel, LiteRT (float and int8) and ONNX;
# - prove that all of them give the same answer, and compare size and speed;
# - run the network from OpenCV: photograph in, 68 points out, no TensorFlow.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute.
# **Needs:** notebooks [09](09_squeeze_and_excitation.ipynb) and [10](10_training_senet.ipynb).
# Answers are in the SOLUTIONS_LINK.

# %%
import tempfile
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from facelm_helpers.quiet import tensorflow as tf  # isort: skip
import keras

from facelm_helpers import faces, freezing, geometry, methods, metrics, networks, plots, sources, training
from facelm_helpers.checks import freezing_and_deploying as check
from facelm_helpers.detectors import detect

plots.setup()
tf.config.threading.set_intra_op_parallelism_threads(1)  # one thread for all, to compare times
tf.config.threading.set_inter_op_parallelism_threads(1)
cv2.setNumThreads(1)

# %% [markdown]
# ## A trained network is not a product yet
#
# In a training program a network carries along what only training needs: variables that can change, dropout,
# statistics of batches, a batch of any size, the library itself. Here is the shipped SENet as Keras holds it,
# and the faces that we try it on: crops of 128 x 128, scaled to 0..1.

# %%
aligner = methods.load("senet")
model = aligner.build()
print(Counter(type(layer).__name__ for layer in model.layers).most_common(5))
print("input", model.input_shape, "output", model.output_shape)

FACES = sources.load("synthetic", n=120, seed=990_012).crops(size=128)
X = training.scaled(FACES.images)
test, others = X[:60], X[60:]
answer = model.predict(test, verbose=0)

# %% [markdown]
# ## `is_training=False`: batch normalisation
#
# A batch normalisation subtracts a mean, divides by a standard deviation, then scales and shifts:
#
# $$y = \gamma\, \frac{x - m}{\sqrt{v + \epsilon}} + \beta$$
#
# In **training** $m$ and $v$ are those of the *batch at hand*, so the output for a face depends on the other
# faces in the batch. In **inference** they are the moving averages kept during training, and each face is
# independent of the others. The first layer's output for the same face, alone and in a batch:

# %%
x = model.get_layer("stem_conv")(test[:8])
batch = keras.layers.BatchNormalization()
batch.build(x.shape)
batch.set_weights(model.get_layer("stem_norm").get_weights())
for mode in (True, False):
    alone, together = batch(x[:1], training=mode)[0], batch(x, training=mode)[0]
    print(f"training={mode!s:5} largest difference {np.abs(alone - together).max():.1f}")

# %% [markdown]
# And for the whole network, in pixels of the crop. A forgotten `training=True` does more harm than one wrong
# answer: each call also updates the moving averages, so after twenty of them the network has changed.

# %%
keras.utils.set_random_seed(0)
twin = aligner.build()
for words, mode in {"training=True": True, "training=False, after it": False}.items():
    for _ in range(20 if mode else 1):
        off = 128 * np.abs(twin(test[:8], training=mode) - answer[:8]).mean()
    print(f"{words:25} mean difference to inference: {off:.1f} pixels")

# %% [markdown]
# ## `keep_prob = 1.0`: dropout
#
# In training dropout keeps each hidden unit with probability `keep_prob`, and divides what it keeps by
# `keep_prob`, so that the expected value is unchanged. In inference it keeps all, which is `keep_prob = 1.0`:
# it does nothing. The course's default keeps 0.8; weights that keep 1.0 were trained without dropout.

# %%
print("keep_prob of the shipped weights:", aligner.keep_prob)
dropout, ones = keras.layers.Dropout(1 - 0.8, seed=1), np.ones((1, 10), "float32")
for mode in (True, False):
    print(f"training={mode!s:5}", np.round(dropout(ones, training=mode), 2))

# %% [markdown]
# ## Fold the batch normalisation away
#
# With fixed $m$ and $v$ a batch normalisation is an **affine map**: times $s$, plus a constant. A convolution
# $k * x$ before it can absorb both:
#
# $$s = \frac{\gamma}{\sqrt{v + \epsilon}}, \qquad k' = s\,k, \qquad b' = \beta - s\,m, \qquad
# \mathrm{BN}(k * x) = k' * x + b'$$
#
# ### Exercise 1
#
# Do it for the first layer. `k` has the shape (3, 3, channels in, channels out), the others (channels out,).

# %% tags=["exercise"]
conv, norm = model.get_layer("stem_conv"), model.get_layer("stem_norm")
k = conv.kernel.numpy()
gamma, beta, m, v = (w.numpy() for w in (norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance))
s = gamma / np.sqrt(v + norm.epsilon)
# SOLUTION
k_folded = s * k
b_folded = beta - s * m
# END SOLUTION
# STUB k_folded = ...
# STUB b_folded = ...

# %%
check.folded([k_folded, b_folded], k, s, beta, m)

# %% [markdown]
# `freezing.fold` does so throughout the network, drops the dropout, and fixes the batch at **1**: on a phone
# one photograph comes at a time, and a graph whose every size is known is easier to optimise and to convert.

# %%
folded = freezing.fold(model, batch=1)
two_layers, one_layer = norm(conv(test[:4])), folded.get_layer("stem_conv")(test[:4])
print("one layer gives what two gave:", np.allclose(one_layer, two_layers, atol=1e-4))
print("layers", len(model.layers), "->", len(folded.layers))
print("input", model.input_shape, "->", folded.input_shape)

# %% [markdown]
# ## Operations that commute
#
# A block may end in a 1x1 convolution $W$ and, to halve the picture, a mean over 2 x 2 pixels. One is linear
# over channels, the other over pixels, so their order does not matter:
#
# $$\frac{1}{4} \sum_{i=1}^{4} W x_i = W \Big( \frac{1}{4} \sum_{i=1}^{4} x_i \Big)$$
#
# Pool *first*, and $W$ has a quarter of the pixels to work on. A batch normalisation between them is an
# affine map in inference, and the argument still holds: pooling late (`pool`) and early are *one* function at
# two costs. The course's network goes a step further: its 3x3 convolutions move by two pixels (`stride`), and
# only the shortcut is pooled, early. That is *another* function and must be trained that way; it costs least
# (in multiply-adds, MACs):

# %%
x = tf.random.stateless_normal((1, 64, 64, 16), seed=(0, 0))
pool, W = keras.layers.AveragePooling2D(2), keras.layers.Conv2D(64, 1)
print("same answer, pooled late or early:", np.allclose(pool(W(x)), W(pool(x)), atol=1e-5))
print("the shipped network:", aligner.downsample)
for way in ("pool", "pool_early", "stride"):
    work = sum(row["multiply_adds"] for row in networks.cost(methods.create("senet", downsample=way).build()))
    print(f"{way:10} {work / 1e6:5.1f} million multiply-adds")

# %% [markdown]
# ### Exercise 2
#
# How many multiply-adds does pooling first save in a block whose 1x1 convolution turns 16 channels into 64,
# on a map of 64 x 64 pixels before pooling? (At each pixel it multiplies once for each pair of channels, in
# and out.)

# %% tags=["exercise"]
# SOLUTION
saved = 64 * 64 * 16 * 64 * (1 - 1 / 4)
# END SOLUTION
# STUB saved = ...

# %%
check.saved(saved)

# %% [markdown]
# ## One file: the frozen graph
#
# **Freezing** traces the network in inference mode once, symbolically, and writes out the graph of operations
# with every variable replaced by a *constant*. The result is one `.pb` (protocol buffer) that can be read
# without Python.

# %%
folder = Path(tempfile.mkdtemp())
freezing.freeze(model, folder / "senet.pb")
graph = tf.compat.v1.GraphDef.FromString((folder / "senet.pb").read_bytes())
print(graph.node[0].name, "->", graph.node[-1].name)
print(*sorted({node.op for node in graph.node}), sep=", ")

# %% [markdown]
# No variable (each is a `Const`), no batch normalisation, no dropout: convolutions, additions, gates. The
# other forms:
#
# | form | what it is | for |
# |---|---|---|
# | SavedModel | a folder: graph, variables, signatures | TensorFlow's own servers |
# | LiteRT (`.tflite`) | a flat file, formerly called TensorFlow Lite | phones, small computers |
# | LiteRT int8 | the same in 8-bit integers | a quarter of the size; chips that compute in integers |
# | ONNX | an open format of many vendors | ONNX Runtime, OpenCV, browsers |
#
# Rounding to **int8** is called **quantisation**. Each tensor (of a convolution's weights: each output
# channel) needs a scale: $x \approx (q - z)\, \Delta$ with an integer $q$ from -128 to 127, the step
# $\Delta$, and the integer $z$ that stands for 0. The range of the activations is measured on representative
# examples, here sixty crops (of faces that we do not test on): this is **calibration**. First a look at what
# rounding does, with 3, 5 and 8 bits, then the files.

# %%
x = np.linspace(-1, 1, 801)
levels = {bits: 2 ** (bits - 1) for bits in (3, 5, 8)}
steps = {f"{bits} bits": np.clip(np.round(x * n), -n, n - 1) / n for bits, n in levels.items()}
plots.show(plots.curves(x, steps, "a number", "what is kept of it"))
freezing.save_saved_model(model, folder / "senet")
freezing.save_litert(model, folder / "senet.tflite")
freezing.save_litert(model, folder / "senet-int8.tflite", representative=others)
freezing.save_onnx(model, folder / "senet.onnx")
print(f"{model.count_params():,} parameters of 4 bytes are {4 * model.count_params() / 1e6:.1f} MB")
for path in sorted(folder.iterdir()):
    parts = path.rglob("*") if path.is_dir() else [path]
    print(f"{path.name:18} {sum(p.stat().st_size for p in parts if p.is_file()) / 1e6:4.1f} MB")
# ALT Three staircases along the diagonal: with 3 bits the steps are wide, with 5 bits small, and with 8 bits
# ALT the staircase looks like a straight line. They end one step short of 1.

# %% [markdown]
# ## Read them back
#
# TensorFlow imports the `.pb` with `import_graph_def`. **OpenCV**'s `dnn` module can read it as well, and has
# for years, but that reader is being removed in OpenCV 5. So do not trust, *test*: `freezing.opencv_reads`
# tries it in a separate process (a graph that it cannot read may crash the process). ONNX is the format that
# will stay.

# %%
print("OpenCV", cv2.__version__, "has readNetFromTensorflow:", hasattr(cv2.dnn, "readNetFromTensorflow"))
reads = {name: freezing.opencv_reads(folder / name) for name in ("senet.pb", "senet.onnx")}
print(reads)

runs = {
    "Keras": lambda images: model.predict_on_batch(images),
    "frozen .pb": freezing.open_frozen(folder / "senet.pb"),
    "SavedModel": freezing.open_saved_model(folder / "senet"),
    "LiteRT": freezing.open_litert(folder / "senet.tflite"),
    "LiteRT int8": freezing.open_litert(folder / "senet-int8.tflite"),
    "ONNX Runtime": freezing.open_onnx(folder / "senet.onnx"),
}
runs |= {f"OpenCV, {name}": freezing.open_opencv(folder / name) for name, well in reads.items() if well}

# %% [markdown]
# ## The same answer from each
#
# Freezing must not change an answer. The same faces through every form; the differences from Keras as a
# fraction of the crop's side, the mean and the largest over all faces and points:

# %%
answers = {
    name: np.concatenate([run(test[i : i + 1]) for i in range(len(test))]) for name, run in runs.items()
}
print(f"{'':20}    mean  largest  within 0.0001")
for name, found in answers.items():
    off = np.abs(found - answer)
    print(f"{name:20} {off.mean():7.3f}  {off.max():7.2f}  {'yes' if off.max() < 1e-4 else 'no'}")

# %% [markdown]
# All that compute in floats should agree (the last column). Integers round: how much error does quantisation
# add over all faces, and what does the worst one look like? (The normaliser is the inter-ocular distance,
# which is small in the profiles of this set; over the box the same errors are considerably smaller.)

# %%
for name in ("Keras", "LiteRT int8"):
    points = 128 * answers[name].reshape(-1, 68, 2)
    print(f"{name:12} NME {metrics.nme(points, FACES.points[:60]).mean():.1%}")
i = int(np.abs(answers["LiteRT int8"] - answer).mean(axis=1).argmax())
both = {name: 128 * answers[name][i].reshape(68, 2) for name in ("Keras", "LiteRT int8")}
plots.show(plots.compare(FACES.images[i], both, truth=FACES.points[i]))
# ALT The same synthetic face twice, with the points of the network in floats and in 8-bit integers: the face
# ALT where the two differ most. White crosses mark the truth, thin lines join them to their dots.

# %% [markdown]
# ## From OpenCV: photograph in, points out
#
# The steps of a program that does not use Keras: read a photograph, find the face, crop, resize to
# 128 x 128, make it four-dimensional, run the network, map the points back, draw. OpenCV reads colours in the
# order blue, green, red; the network learnt red, green, blue. (OpenCV also
# takes the image of a `.pb` channels first; `open_opencv` turns it.)

# %%
file = folder / "photograph.png"
cv2.imwrite(str(file), skimage.data.astronaut()[:, :, ::-1])


def find_points(file, run):
    """The photograph (RGB), the network's 136 numbers for its largest face, and the crop's transform."""
    photograph = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
    box = detect(photograph, upsample=0)[0]
    face, transform = faces.crop(photograph, box, size=128, margin=1.5)  # the margin of the training
    return photograph, run(np.float32(face)[None] / 255), transform


photograph, vector, transform = find_points(file, runs["OpenCV, senet.onnx"])
vector.shape, transform.round(2).tolist()

# %% [markdown]
# ### Exercise 3
#
# `vector` holds $x_0, y_0, x_1, y_1, \dots$ in 0..1 of the crop. Make it 68 points in pixels of the
# *photograph*: `transform` maps the photograph to the crop, `geometry.invert_transform` inverts
# it, `geometry.apply_transform(transform, points)` applies one.

# %% tags=["exercise"]
# SOLUTION
in_crop = 128 * vector.reshape(68, 2)
points = geometry.apply_transform(geometry.invert_transform(transform), in_crop)
# END SOLUTION
# STUB in_crop = ...
# STUB points = ...

# %%
check.in_photograph(points, vector, transform)

# %% [markdown]
# `freezing.run_opencv` does all of it, from the file to the drawing, with `cv2.circle` for the dots:

# %%
picture, _ = freezing.run_opencv(file, runs["OpenCV, senet.onnx"], out=folder / "drawn.png")
plots.show(
    plots.faces_grid([photograph, picture[30:230, 120:320]], titles=["in", "out, close up"], columns=2)
)
# ALT Left, the photograph of a smiling astronaut. Right, her face close up with 68 green dots, drawn by
# ALT OpenCV, along jaw, brows, nose, eyes and mouth.

# %% [markdown]
# ## Milliseconds
#
# One face at a time, one thread, the crop in memory; the fastest of thirty rounds, since other programs can
# only slow it down. The two rows *photograph to points* include the crop and the way back, and are comparable
# with each other only. Exact figures: `python course.py bench`.

# %% tags=["nbval-ignore-output"]
crop, tight = FACES.images[:1], FACES.boxes[:1]
tasks = {name: lambda run=run: run(test[:1]) for name, run in runs.items()}
for name, one in {"SENet": aligner, "dlib": methods.load("dlib")}.items():
    tasks[f"{name}, photograph to points"] = lambda one=one: one.predict(crop, tight)
fastest = dict.fromkeys(tasks, np.inf)
for name in list(tasks) * 30:
    start = time.perf_counter()
    tasks[name]()
    fastest[name] = min(fastest[name], 1000 * (time.perf_counter() - start))
for name, ms in sorted(fastest.items(), key=lambda item: item[1]):
    print(f"{name:28} {ms:6.1f} ms")

# %% [markdown]
# ## Key points
#
# - In training mode an answer depends on the batch and on chance; `is_training=False` and `keep_prob = 1.0`
#   remove both. Calling a network in training mode also *changes* it.
# - Folded into its convolution, batch normalisation costs nothing: $k' = s\,k$, $b' = \beta - s\,m$.
# - Freezing: inference mode, batch 1, variables to constants, one file.
# - Export, then **prove**: the same faces through each form, differences in a table.
# - int8 is smallest, at the price of quantisation error. OpenCV's reader for `.pb` is being removed: test for
#   it, and keep ONNX as an alternative.
# - Deploying involves more than the network: box, margin, crop, order of colours and axes, scale and the way
#   back must match those of training.
#
# ## Go further
#
# - B. Jacob et al., *Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
#   Inference*, CVPR 2018: the arithmetic behind int8.
# - Next: [13, compare live](13_compare_live.ipynb).
