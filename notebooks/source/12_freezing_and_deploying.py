# %% [markdown]
# # Freezing and deploying
#
# **After this notebook you can**
#
# - say what `is_training=False` and `keep_prob = 1.0` change, and show what goes wrong without them;
# - fold a batch normalisation into the convolution before it;
# - freeze a network to one `.pb`, convert it to LiteRT (float and int8) and ONNX, and import each, in a few
#   lines that you have written or read;
# - write the test that tells a sound export from a damaged one, and compare size and speed;
# - run the network from OpenCV: photograph in, 68 points out, no TensorFlow;
# - read a TensorFlow 1.12 program that does the same.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute. The exercises take about
# 30 minutes, the questions 5. **Needs:** notebooks [09](09_squeeze_and_excitation.ipynb) and
# [10](10_training_senet.ipynb); the letters are those of [notebook 00](00_start_here.ipynb). Answers are in
# the SOLUTIONS_LINK.

# %%
import functools
import logging
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import skimage.data
from ai_edge_litert.interpreter import Interpreter

from facelm_helpers.quiet import tensorflow as tf  # isort: skip
import keras
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from facelm_helpers import freezing, methods, metrics, networks, plots, sources, training
from facelm_helpers.checks import freezing_and_deploying as check
from facelm_helpers.detectors import detect
from facelm_helpers.silence import silence

plots.setup()
tf.config.threading.set_intra_op_parallelism_threads(1)  # one thread for all, to compare times
tf.config.threading.set_inter_op_parallelism_threads(1)
cv2.setNumThreads(1)
warnings.simplefilter("ignore")  # converters remark on much that does not matter here
logging.disable(logging.WARNING)

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
# with the kernel $k$ before it, $k * x$, can absorb both. Write $k'$ and $b'$ for the kernel and the bias of
# the one layer that does the work of the two:
#
# $$s = \frac{\gamma}{\sqrt{v + \epsilon}}, \qquad \mathrm{BN}(k * x) = s\,(k * x - m) + \beta = k' * x + b'$$
#
# ### Exercise 1 ★
#
# Write the function that returns $k'$ and $b'$. `k` has the shape (3, 3, channels in, channels out), the
# others (channels out,). What does the layer give where $x$ is 0? That is $b'$.


# %% tags=["exercise"]
def fold(k, gamma, beta, m, v, epsilon):
    """Kernel and bias of one convolution that does what convolution and batch normalisation did."""
    # SOLUTION
    s = gamma / np.sqrt(v + epsilon)
    return s * k, beta - s * m
    # END SOLUTION
    # STUB return ...


# %%
check.folded(fold)

# %% [markdown]
# (`check.ready`, below, takes your function as soon as its check says Right, the course's own until then.)
# `freezing.fold` copies the network without its batch normalisations and dropout, and fixes the batch at
# **1**: on a phone one photograph comes at a time, and a graph whose every size is known is easier to
# optimise and to convert. The weights of the copy come from `fold`:

# %%
fold = check.ready(fold, check.folded)
folded = freezing.fold(model, batch=1)
for norm in [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]:
    name = norm.name.replace("_norm", "_conv")
    k, statistics = model.get_layer(name).get_weights()[0], norm.get_weights()  # gamma, beta, m, v
    folded.get_layer(name).set_weights(fold(k, *statistics, norm.epsilon))

# %%
off = max(np.abs(folded(test[i : i + 1])[0] - answer[i]).max() for i in range(8))
print("the same answer with fewer layers:", off < 1e-4)
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
# (in multiply-adds, MACs; at the course's default widths, the shipped network's may differ):

# %%
x = tf.random.stateless_normal((1, 64, 64, 16), seed=(0, 0))
pool, W = keras.layers.AveragePooling2D(2), keras.layers.Conv2D(64, 1)
print("same answer, pooled late or early:", np.allclose(pool(W(x)), W(pool(x)), atol=1e-5))
print("the shipped network:", aligner.downsample)
for way in ("pool", "pool_early", "stride"):
    work = sum(row["multiply_adds"] for row in networks.cost(methods.create("senet", downsample=way).build()))
    print(f"{way:10} {work / 1e6:5.1f} million multiply-adds")

# %% [markdown]
# ## One file: the frozen graph
#
# **Freezing** traces the network in inference mode once, symbolically, and writes out the graph of operations
# with every variable replaced by a *constant*. Three steps, shown on a function with one variable, $a$:
#
# 1. `tf.function` with a `TensorSpec` says which shape and type goes in;
# 2. `get_concrete_function()` traces it: Python runs once and leaves a graph;
# 3. `convert_variables_to_constants_v2` puts the value of each variable into the graph.

# %%
a = tf.Variable(3.0)


@tf.function(input_signature=[tf.TensorSpec((1, 2), tf.float32, name="x")])
def times(x):
    return a * x


traced = times.get_concrete_function()
constant = convert_variables_to_constants_v2(traced)
a.assign(5.0)
for name, one in {"traced": traced, "frozen": constant}.items():
    print(f"{name}: {len(one.variables)} variables,", tf.nest.flatten(one(tf.ones((1, 2))))[0].numpy())

# %% [markdown]
# The variable was set to 5 after freezing: the traced function follows it, the frozen one keeps 3.
#
# ### Exercise 2 ★★
#
# Now a network. Write `freeze(net)`, which returns the frozen function of any Keras model `net` (an image
# goes in, numbers come out). It must take **one** image, a tensor named `image` of the shape `(1,
# *net.input_shape[1:])`, and answer in **inference mode**.


# %% tags=["exercise"]
def freeze(net):
    """The forward pass of a Keras model for one image, its variables turned into constants."""
    # SOLUTION
    spec = tf.TensorSpec((1, *net.input_shape[1:]), tf.float32, name="image")

    @tf.function(input_signature=[spec], autograph=False)
    def forward(image):
        return net(image, training=False)

    return convert_variables_to_constants_v2(forward.get_concrete_function())
    # END SOLUTION
    # STUB return ...


# %%
check.frozen(freeze)

# %% [markdown]
# The frozen function holds a graph; written out it is one `.pb` (protocol buffer), which can be read without
# Python:

# %%
folder = Path(tempfile.mkdtemp())
frozen = check.ready(freeze, check.frozen)(folded)
(folder / "senet.pb").write_bytes(frozen.graph.as_graph_def().SerializeToString())
print(*sorted({node.op for node in frozen.graph.as_graph_def().node}), sep=", ")

# %% [markdown]
# No variable (each is a `Const`), no batch normalisation, no dropout: convolutions, additions, gates.
#
# ### Import it
#
# `import_graph_def` builds the graph again, from the file alone; `prune` makes a function of a part of it,
# from an input tensor to an output tensor, each called by its name:

# %%
names = frozen.inputs[0].name, frozen.outputs[0].name
graph_def = tf.compat.v1.GraphDef.FromString((folder / "senet.pb").read_bytes())
load = functools.partial(tf.compat.v1.import_graph_def, graph_def, name="")
imported = tf.compat.v1.wrap_function(load, [])
image, points = (imported.graph.as_graph_element(name) for name in names)
run_frozen = imported.prune(image, points)
print(image.shape, "->", points.shape)

# %% [markdown]
# ### What TensorFlow 1.12 called each step
#
# Programs of 2018 (TensorFlow 1.12, Python 3.5, Ubuntu 16.04) built the graph first and ran it in a
# *session*, `sess`. They are still met, and map onto today's line by line:
#
# | step | TensorFlow 1.12 | today |
# |---|---|---|
# | input in training | `tf.placeholder(tf.float32, [None, 128, 128, 3])` | `keras.Input((128, 128, 3))` |
# | queue of batches | `tf.train.shuffle_batch`, `tf.train.batch` | `tf.data`: `shuffle`, `batch` |
# | layers | `slim.conv2d`, `slim.fully_connected` | `keras.layers.Conv2D`, `Dense` |
# | moving averages | run `tf.GraphKeys.UPDATE_OPS` before each step | done by `training=True` |
# | inference | `slim.batch_norm(..., is_training=False)` | `net(image, training=False)` |
# | no dropout | `slim.dropout(net, keep_prob=1.0)` | the same `training=False` |
# | one image | build again with `[1, 128, 128, 3]` | `tf.TensorSpec((1, 128, 128, 3))` |
# | weights | `tf.train.Saver().restore(sess, ...)` | `net.load_weights(...)` |
# | **freeze** | `tf.graph_util.convert_variables_to_constants` | `convert_variables_to_constants_v2` |
# | write | `tf.gfile.GFile(file, "wb")` | `Path(file).write_bytes(...)` |
# | **import** | `tf.import_graph_def(graph_def, name="")` | the same in `tf.compat.v1.wrap_function` |
# | run | `sess.run("points:0", {"image:0": x})` | `imported.prune(image, points)(x)` |
# | **convert** | `tf.contrib.lite.TFLiteConverter` | `tf.lite.TFLiteConverter` |
#
# The course's source program changes three words between training and freezing: `is_training` to `False`,
# `keep_prob` to `1.0`, `None` to `1`. All three are in your `freeze`.
#
# ## Convert it
#
# | form | what it is | for |
# |---|---|---|
# | frozen `.pb` | one file: the graph, variables as constants | TensorFlow, some other readers |
# | SavedModel | a folder: graph, variables, signatures | TensorFlow's own servers |
# | LiteRT (`.tflite`) | a flat file, formerly called TensorFlow Lite | phones, small computers |
# | LiteRT int8 | the same in 8-bit integers | weights a quarter the size; chips that compute in integers |
# | ONNX | an open format of many vendors | ONNX Runtime, OpenCV, browsers |
#
# First **LiteRT**. The converter takes the frozen function; the interpreter of the file works in tensors that
# it owns: set one, invoke, get the other.

# %%
converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
with silence():
    (folder / "senet.tflite").write_bytes(converter.convert())
    litert = Interpreter(str(folder / "senet.tflite"), num_threads=1)
    litert.allocate_tensors()
first, last = litert.get_input_details()[0]["index"], litert.get_output_details()[0]["index"]


def run_litert(image):
    litert.set_tensor(first, image)
    litert.invoke()
    return litert.get_tensor(last)


# %% [markdown]
# Rounding to **int8** is called **quantisation**. Each tensor (of a convolution's weights: each output
# channel) needs a scale: $x \approx (q - z)\, \Delta$ with an integer $q$ from -128 to 127, the step
# $\Delta$, and the integer $z$ that stands for 0. What rounding does, with 3, 4 and 8 bits, close up:

# %%
x = np.linspace(-0.5, 0.5, 801)
levels = {bits: 2 ** (bits - 1) for bits in (3, 4, 8)}
steps = {f"{bits} bits": np.clip(np.round(x * n), -n, n - 1) / n for bits, n in levels.items()}
plots.show(plots.curves(x, steps, "a number", "what is kept of it"))
# ALT Three staircases along the diagonal: with 3 bits the steps are 0.25 wide, with 4 bits half that, and
# ALT with 8 bits so small that the staircase is nearly a straight line.

# %% [markdown]
# The range of the activations is measured on representative examples, here sixty crops (of faces that we do
# not test on): this is **calibration**. Three more lines for the converter:

# %%
converter.optimizations = [tf.lite.Optimize.DEFAULT]
converter.representative_dataset = lambda: ([crop[None]] for crop in others)
converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
with silence():
    (folder / "senet-int8.tflite").write_bytes(converter.convert())

# %% [markdown]
# **ONNX** starts from the Keras model. ONNX Runtime and OpenCV's `dnn` module both read the file:

# %%
onnx = str(folder / "senet.onnx")
with silence():
    model.export(onnx, format="onnx", verbose=False)
session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
into = session.get_inputs()[0].name
net = cv2.dnn.readNetFromONNX(onnx)


def run_opencv(image):
    net.setInput(image)
    return net.forward()


# %% [markdown]
# OpenCV has read frozen `.pb` graphs for years, but that reader is being removed in OpenCV 5, and it knows
# only some operations. So do not trust, *test*: `freezing.opencv_reads` tries a file in a process of its
# own (a graph that it cannot read may crash it). `freezing.freeze` is your function plus one step:
# TensorFlow's graph optimiser, *Grappler*, computes beforehand whatever is constant, which leaves only
# plain operations.

# %%
freezing.freeze(model, folder / "senet-plain.pb")
freezing.save_saved_model(model, folder / "senet")
reads = {file.name: freezing.opencv_reads(file) for file in sorted(folder.glob("*.pb")) + [Path(onnx)]}
print("OpenCV", cv2.__version__, "reads:", reads)

# %%
print(f"{model.count_params():,} parameters of 4 bytes are {4 * model.count_params() / 1e6:.1f} MB")
for path in sorted(folder.iterdir()):
    parts = path.rglob("*") if path.is_dir() else [path]
    print(f"{path.name:18} {sum(p.stat().st_size for p in parts if p.is_file()) / 1e6:4.1f} MB")

# %% [markdown]
# ## The same answer from each
#
# Every form as a function from one image (1, 128, 128, 3) to 136 numbers. What was written out above is
# used as it is; for the rest `freezing` has openers of the same kind.

# %%
runs = {
    "Keras": model.predict_on_batch,
    "frozen .pb": lambda image: run_frozen(tf.constant(image)).numpy(),
    "SavedModel": freezing.open_saved_model(folder / "senet"),
    "LiteRT": run_litert,
    "LiteRT int8": freezing.open_litert(folder / "senet-int8.tflite"),
    "ONNX Runtime": lambda image: session.run(None, {into: image})[0],
    "OpenCV, ONNX": run_opencv,
}
if reads["senet-plain.pb"]:
    runs["OpenCV, .pb"] = freezing.open_opencv(folder / "senet-plain.pb")
answers = {
    name: np.concatenate([run(test[i : i + 1]) for i in range(len(test))]) for name, run in runs.items()
}

# %% [markdown]
# Freezing must not change an answer. But what is "the same"? Floats added in another order differ in the last
# digits, and a single damaged face must not hide in a mean.
#
# ### Exercise 3 ★★★ (open)
#
# Write the test: `sound(found, wanted)` says True or False of an export's answers `found` and Keras's
# `wanted`, both (N, 136), as fractions of the crop's side. Choose a measure and a threshold of your own.
# The check tries it on sound and on damaged exports, most of which have been met in practice; think of some
# first.


# %% tags=["exercise"]
def sound(found, wanted):
    """Whether an export answers as Keras does."""
    # SOLUTION
    return bool(np.abs(found - wanted).max() < 1e-4)  # a NaN is not below anything
    # END SOLUTION
    # STUB return ...


# %%
check.sound(sound)

# %% [markdown]
# Your test on all forms, beside the mean and the largest difference (of all faces and numbers; fractions of
# the crop's side):

# %%
sound = check.ready(sound, check.sound)
print(f"{'':14}    mean  largest  sound")
for name, found in answers.items():
    off = np.abs(found - answer)
    print(f"{name:14} {off.mean():7.3f}  {off.max():7.2f}  {'yes' if sound(found, answer) else 'no'}")

# %% [markdown]
# All that compute in floats should be sound. Integers round, which is a decision and not an accident: it
# needs a test of its own, the error against the *true* points. Two normalisers $d$ (notebook
# [01](01_measuring_error.ipynb)): over the inter-ocular distance, which is small in the profiles of this
# set and blows their errors up, and over the side of the box, which turning the head changes little.
# Compare a number with another notebook's only where faces and $d$ are the same.

# %%
for name in ("Keras", "LiteRT int8"):
    points = 128 * answers[name].reshape(-1, 68, 2)
    by = {norm: metrics.nme(points, FACES.points[:60], norm=norm).mean() for norm in ("inter_ocular", "box")}
    print(f"{name:12}", *(f"NME over {norm}: {error:.1%}" for norm, error in by.items()), sep="   ")

# %% [markdown]
# The face on which rounding does the most harm:

# %%
i = int(np.abs(answers["LiteRT int8"] - answer).mean(axis=1).argmax())
both = {name: 128 * answers[name][i].reshape(68, 2) for name in ("Keras", "LiteRT int8")}
plots.show(plots.compare(FACES.images[i], both, truth=FACES.points[i]))
# ALT The same synthetic face twice, with the points of the network in floats and in 8-bit integers: the face
# ALT where the two differ most. White crosses mark the truth, thin lines join them to their dots.

# %% [markdown]
# ## From OpenCV: photograph in, points out
#
# A program for the frozen network uses neither Keras nor TensorFlow. The script that many start from reads a
# photograph with `cv2`, **resizes it to 128 x 128**, makes it four-dimensional, runs the network, and draws:

# %%
file = str(folder / "photograph.png")
cv2.imwrite(file, skimage.data.astronaut()[:, :, ::-1])
picture = cv2.imread(file)
image = np.expand_dims(cv2.resize(picture, (128, 128)), 0)
for x, y in run_opencv(np.float32(image) / 255).reshape(68, 2) * picture.shape[1::-1]:
    cv2.circle(picture, (int(x), int(y)), 4, (0, 255, 0), -1)
plots.show(plots.face(picture[:, :, ::-1]))  # a program would call cv2.imshow, which needs a window
# ALT A photograph of an astronaut, with 68 green dots strewn over her head and upper body: they miss her
# ALT face.

# %% [markdown]
# It raises nothing, and misses. That network never saw a whole photograph: it learnt a *square* of 1.5 times
# the longer side of the face's box. And OpenCV reads blue, green, red, where it learnt red, green, blue. So
# cut out the face first, and map the points back afterwards:

# %%
photograph = cv2.cvtColor(cv2.imread(file), cv2.COLOR_BGR2RGB)
box = detect(photograph, upsample=0)[0]
side = round(1.5 * max(box[2:] - box[:2]))
left, top = np.round((box[:2] + box[2:] - side) / 2).astype(int)

# %%
square = photograph[top : top + side, left : left + side]
face = cv2.resize(square, (128, 128), interpolation=cv2.INTER_AREA)
net.setInput(np.float32(face)[None] / 255)
vector = net.forward()
square.shape, face.shape, vector.shape

# %% [markdown]
# `vector` holds $x_0, y_0, x_1, y_1, \dots$ in 0..1 of the crop. On the way back, mind the half pixel: the
# centre of the first pixel is at 0, its edge at -0.5, and `cv2.resize` maps edges to edges. Then dots:

# %%
in_crop = 128 * vector.reshape(68, 2)
points = (in_crop + 0.5) * side / 128 - 0.5 + (left, top)
picture = photograph.copy()
for x, y in points:
    cv2.circle(picture, (round(x), round(y)), 2, (0, 255, 0), -1, cv2.LINE_AA)
plots.show(plots.faces_grid([square, picture[30:230, 120:320]], titles=["in", "out, close up"], columns=2))
# ALT Left, the square cut from the photograph around an astronaut's smiling face. Right, her face close up
# ALT with 68 green dots, drawn by OpenCV, along jaw, brows, nose, eyes and mouth.

# %% [markdown]
# `freezing.run_opencv` is this program as a function. It also mirrors the picture where the square leaves it,
# and does not round the square to whole pixels. Do the two agree?

# %%
_, theirs = freezing.run_opencv(file, run_opencv)
print("within 2 pixels of each other:", np.abs(points - theirs).max() < 2)

# %% [markdown]
# **Predict first:** none of these slips raises an error. Which costs most? NME over the box with its 95 %
# interval, on the test faces:

# %% tags=["hide-output"]
squeezed = np.stack([cv2.resize(crop[:, 32:-32], (128, 128)) for crop in FACES.images[:60]])
truth, tight = FACES.points[:60], FACES[:60].crops(size=128, margin=1.0)
slips = {
    "as in training": (test, truth),
    "blue, green, red": (test[..., ::-1], truth),
    "0 to 255": (255 * test, truth),
    "no margin": (training.scaled(tight.images), tight.points),
    "squeezed": (training.scaled(squeezed), (truth - (32, 0)) * (2, 1)),
}
for slip, (images, points) in slips.items():
    found = 128 * model.predict(images, verbose=0).reshape(-1, 68, 2)
    e = metrics.nme(found, points, "box")
    low, high = metrics.bootstrap(e)
    print(f"{slip:16}  {e.mean():6.1%}  {low:.1%} to {high:.1%}")

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
# ## Questions
#
# 1. A frozen file passes your test, and the app that uses it misses every face. Where do you look first?
# 2. Why does Exercise 3 take the largest difference, and the test of int8 a mean error?
# 3. You learn a new SENet. Which of this notebook's steps must be done again, and what would you check?
#
# ## Key points
#
# - In training mode an answer depends on the batch and on chance; `is_training=False` and `keep_prob = 1.0`
#   remove both. Calling a network in training mode also *changes* it.
# - Folded into its convolution, batch normalisation costs nothing.
# - Freezing: inference mode, batch 1, variables to constants, one file.
# - Export, then **prove**: the same faces through each form, differences in a table.
# - int8 is smallest, at the price of quantisation error. OpenCV's reader for `.pb` is being removed: test for
#   it, and keep ONNX as an alternative.
# - Deploying involves more than the network: box, margin, crop, order of colours and axes, scale and the way
#   back must match those of training.
#
# ## Go further
#
# - B. Jacob et al., [*Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
#   Inference*](https://doi.org/10.1109/CVPR.2018.00286), CVPR 2018: the arithmetic behind int8.
# - Next: [13, compare live](13_compare_live.ipynb).
