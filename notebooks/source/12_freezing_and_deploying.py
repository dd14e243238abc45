# %% [markdown]
# # Freezing and deploying
#
# **After this notebook you can**
#
# - say what `is_training=False` and `keep_prob = 1.0` change, and show what goes wrong without them;
# - fold a batch normalisation into the convolution before it;
# - freeze a network to one `.pb`, convert it to LiteRT (float and int8) and ONNX, and read all of them back;
# - prove that they give the same answer, and say what 8-bit integers cost;
# - write the program that runs the network from OpenCV: photograph in, 68 points out, no Keras.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute. The exercises take about
# 25 minutes, the questions 10. **Needs:** notebooks [09](09_squeeze_and_excitation.ipynb) and
# [10](10_training_senet.ipynb). Answers are in the SOLUTIONS_LINK.

# %%
import logging
import tempfile
import time
import warnings
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from facelm_helpers.quiet import tensorflow as tf  # isort: skip
import keras
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from facelm_helpers import freezing, methods, metrics, networks, plots, sources, training
from facelm_helpers.checks import freezing_and_deploying as check
from facelm_helpers.detectors import detect
from facelm_helpers.silence import silence

# %%
plots.setup()
logging.disable(logging.WARNING)  # the converters talk a great deal
warnings.simplefilter("ignore", FutureWarning)
tf.config.threading.set_intra_op_parallelism_threads(1)  # one thread for all, to compare times
tf.config.threading.set_inter_op_parallelism_threads(1)
cv2.setNumThreads(1)
folder = Path(tempfile.mkdtemp())

# %% [markdown]
# ## A trained network is not a product yet
#
# In a training program a network carries along what only training needs: variables that can change, dropout,
# statistics of batches, a batch of any size, the library itself. Here is the shipped SENet as Keras holds it,
# and the faces that we try it on: crops of 128 x 128, scaled to 0..1. `answer` is what all others have to
# reproduce.

# %%
aligner = methods.load("senet")
model = aligner.build()
print("input", model.input_shape, "output", model.output_shape)
print(f"{model.count_params():,} parameters in {len(model.layers)} layers")

# %%
FACES = sources.load("synthetic", n=120, seed=990_012)
crops = FACES.crops(size=128, margin=1.5)
X = training.scaled(crops.images)
test, others = X[:60], X[60:]
answer = model.predict(test, verbose=0)

# %% [markdown]
# ## The steps, then and now
#
# The recipe that this course follows was written for TensorFlow 1.12, Python 3.5 and Ubuntu 16.04. Much code
# from those years is still in use. What each step was called:
#
# | step | TensorFlow 1.12 | here |
# |---|---|---|
# | input | `tf.placeholder`; to freeze, its shape's `None` becomes 1 | `tf.TensorSpec((1, 128, 128, 3))` |
# | inference mode | `slim.batch_norm` with `is_training=False` | `model(image, training=False)` |
# | no dropout | feed `keep_prob = 1.0` (`slim.dropout`) | the same `training=False` |
# | weights | `tf.train.Saver().restore(sess, checkpoint)` | `model.load_weights` |
# | freeze | `tf.graph_util.convert_variables_to_constants` | `convert_variables_to_constants_v2` |
# | read back | `tf.import_graph_def`, `sess.run` | `tf.compat.v1.import_graph_def`, `prune` |
# | for phones | `tf.contrib.lite.TFLiteConverter` | `tf.lite.TFLiteConverter` |
#
# Mind two reversals: slim's `keep_prob` is the share that is *kept*, Keras's `Dropout` takes the share that
# is *dropped*; and then the network was built *twice*, once for each mode, where now one object has both.
#
# ## `is_training=False`: batch normalisation
#
# A batch normalisation subtracts a mean $m$, divides by a standard deviation, then scales by $\gamma$ and
# shifts by $\beta$ (each channel has its own; $v$ is the variance, and the small $\epsilon$ keeps the root
# away from 0):
#
# $$y = \gamma\, \frac{x - m}{\sqrt{v + \epsilon}} + \beta$$
#
# In **training** $m$ and $v$ are those of the *batch at hand*, so the output for a face depends on the other
# faces in the batch. In **inference** they are the moving averages kept during training, and each face is
# independent of the others. The first layer's output for the same face, alone and in a batch:

# %%
x = model.get_layer("stem_conv")(test[:8])
layer = keras.layers.BatchNormalization()
layer.build(x.shape)
layer.set_weights(model.get_layer("stem_norm").get_weights())
for mode in (True, False):
    alone, together = layer(x[:1], training=mode)[0], layer(x, training=mode)[0]
    print(f"training={mode!s:5} largest difference {np.abs(alone - together).max():.1f}")

# %% [markdown]
# And for the whole network, in pixels of the crop. A forgotten `training=True` does more harm than one wrong
# answer: each call also updates the moving averages. **Predict first:** after twenty such calls, is the
# network, called properly, its old self?

# %% tags=["hide-output"]
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
# $$s = \frac{\gamma}{\sqrt{v + \epsilon}}, \qquad \mathrm{BN}(k * x) = s\,(k * x) + (\beta - s\,m)$$
#
# ### Exercise 1 ★
#
# Return the kernel $k'$ and the bias $b'$ of the one convolution that does the work of both. `k` has the
# shape (height, width, channels in, channels out), the others (channels out,).


# %% tags=["exercise"]
def fold(k, gamma, beta, m, v, eps):
    """A convolution and its batch normalisation as one convolution: kernel, bias."""
    # SOLUTION
    s = gamma / np.sqrt(v + eps)
    return s * k, beta - s * m
    # END SOLUTION
    # STUB return ...


# %%
check.fold(fold)

# %% [markdown]
# `freezing.fold` builds the network without batch normalisation and dropout. Here its convolutions get the
# kernels and biases of *your* function (the course's own until the check says Right):

# %%
fold = check.ready(fold)
folded = freezing.fold(model, batch=1)
for layer in folded.layers:
    if layer.name.endswith("_conv"):
        conv, norm = (model.get_layer(layer.name.replace("_conv", end)) for end in ("_conv", "_norm"))
        four = (norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance)
        layer.set_weights(fold(conv.kernel.numpy(), *(w.numpy() for w in four), norm.epsilon))

# %%
print("layers", len(model.layers), "->", len(folded.layers))
print("input", model.input_shape, "->", folded.input_shape)
print("the same answer:", np.allclose(folded(test[:1]), answer[:1], atol=1e-4))

# %% [markdown]
# The batch is fixed at **1**: on a phone one photograph comes at a time, and a graph whose every size is
# known is easier to optimise and to convert.
#
# ## Operations that commute
#
# A block may end in a 1x1 convolution $W$ and, to halve the picture, a mean over 2 x 2 pixels (the recipe's
# `pool2d`). One is linear over channels, the other over pixels, so their order does not matter:
#
# $$\frac{1}{4} \sum_{i=1}^{4} W x_i = W \Big( \frac{1}{4} \sum_{i=1}^{4} x_i \Big)$$
#
# Pool *first*, and $W$ has a quarter of the pixels to work on: *one* function at two costs (`pool` and
# `pool_early` below, in multiply-adds, MACs). In inference this holds with a batch normalisation between
# them, too. The course's network moves its 3x3 convolutions by two pixels instead (`stride`): *another*
# function, which must be trained that way.

# %%
x = tf.random.stateless_normal((1, 64, 64, 16), seed=(0, 0))
pool, W = keras.layers.AveragePooling2D(2), keras.layers.Conv2D(64, 1)
print("same answer, pooled late or early:", np.allclose(pool(W(x)), W(pool(x)), atol=1e-5))

# %%
print("the shipped network:", aligner.downsample)
for way in ("pool", "pool_early", "stride"):
    work = sum(row["multiply_adds"] for row in networks.cost(methods.create("senet", downsample=way).build()))
    print(f"{way:10} {work / 1e6:5.1f} million MACs")

# %% [markdown]
# ## Freeze: from Keras to one file
#
# **Freezing** traces the network in inference mode once, symbolically, for one picture, and turns every
# variable of the graph into a *constant*. Three calls do it:
#
# 1. `tf.function(f, input_signature=[spec])` wraps a function `f` of an image, such as a `lambda`. With
#    `spec = tf.TensorSpec(shape, tf.float32, name="image")` it knows what will come, so that its method
#    `.get_concrete_function()` can trace it: this gives a graph whose variables are read at every call.
# 2. `convert_variables_to_constants_v2(...)` of that gives the same graph with constants.
# 3. `.graph.as_graph_def()` of that gives it as a list of nodes that can be written to a file.
#
# ### Exercise 2 ★★
#
# Freeze a Keras network, for one picture of 128 x 128.


# %% tags=["exercise"]
def freeze(network):
    """The graph of a network in inference mode, every variable a constant."""
    # SOLUTION
    spec = tf.TensorSpec((1, 128, 128, 3), tf.float32, name="image")
    forward = tf.function(lambda image: network(image, training=False), input_signature=[spec])
    constant = convert_variables_to_constants_v2(forward.get_concrete_function())
    return constant.graph.as_graph_def()
    # END SOLUTION
    # STUB return ...


# %%
check.freeze(freeze)

# %%
freeze = check.ready(freeze)
graph = freeze(model)
(folder / "senet.pb").write_bytes(graph.SerializeToString())
print(len(graph.node), "nodes; kinds:", *sorted({node.op for node in graph.node}), sep=" ")

# %% [markdown]
# No variable, no dropout: each weight is a `Const`. Of batch normalisation only arithmetic is left (`Rsqrt`,
# `Sub`, `Mul`), and it computes constants from constants at every call. Folding first, as above, saves that:

# %%
smaller = freeze(folded)
(folder / "folded.pb").write_bytes(smaller.SerializeToString())
print(len(smaller.node), "nodes")

# %% [markdown]
# ## Import: the graph without Keras
#
# The file is a protocol buffer: `FromString` parses it, `import_graph_def` makes operations of its nodes, and
# `prune` picks those between an input and an output. In TensorFlow 1.12 the last two lines were
# `sess.run("Identity:0", {"image:0": image})`.


# %%
def open_pb(path):
    """A function of an image from a frozen graph."""
    graph = tf.compat.v1.GraphDef.FromString(path.read_bytes())
    start = next(node.name for node in graph.node if node.op == "Placeholder")
    end = [node.name for node in graph.node if node.op != "NoOp"][-1]
    imported = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(graph, name=""), [])
    run = imported.prune(f"{start}:0", f"{end}:0")
    return lambda image: run(tf.constant(image)).numpy()


run_pb = open_pb(folder / "senet.pb")
print("the same answer:", np.allclose(run_pb(test[:1]), answer[:1], atol=1e-4))

# %% [markdown]
# ## Convert: LiteRT, ONNX
#
# | form | what it is | for |
# |---|---|---|
# | SavedModel | a folder: graph, variables, signatures | TensorFlow's own servers |
# | LiteRT (`.tflite`) | a flat file, formerly called TensorFlow Lite | phones, small computers |
# | LiteRT int8 | the same in 8-bit integers | a quarter of the size; chips that compute in integers |
# | ONNX | an open format of many vendors | ONNX Runtime, OpenCV, browsers |
#
# Each is a call or two (`silence` closes the error stream, which the converters fill):

# %%
with silence():
    model.export(folder / "senet", format="tf_saved_model", verbose=False)
    folded.export(folder / "senet.onnx", format="onnx", verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder / "senet"))
    (folder / "senet.tflite").write_bytes(converter.convert())

# %% [markdown]
# Rounding to **int8** is called **quantisation**. Each tensor (of a convolution's weights: each output
# channel) needs a scale: $x \approx (q - z)\, \Delta$ with an integer $q$ from -128 to 127, the step
# $\Delta$, and the integer $z$ that stands for 0. The range of the activations is measured on representative
# examples, here sixty crops (of faces that we do not test on): this is **calibration**.

# %%
converter.optimizations = [tf.lite.Optimize.DEFAULT]
converter.representative_dataset = lambda: ([image[None]] for image in others)
converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
with silence():
    (folder / "senet-int8.tflite").write_bytes(converter.convert())

# %% [markdown]
# What rounding to 4, 6 and 8 bits keeps of a number between -1 and 1 (drawn for 0 to 0.25), and the files:

# %%
x = np.linspace(0, 0.25, 1001)
levels = {f"{bits} bits": 2 ** (bits - 1) for bits in (4, 6, 8)}
plots.show(plots.curves(x, {name: np.round(x * n) / n for name, n in levels.items()}, "a number", "kept"))
# ALT Three staircases along the diagonal: two wide steps with 4 bits, eight with 6, and with 8 bits
# ALT thirty-two steps so small that they nearly form a line.

# %%
print(f"{model.count_params():,} parameters of 4 bytes are {4 * model.count_params() / 1e6:.1f} MB")
for path in sorted(folder.iterdir()):
    parts = path.rglob("*") if path.is_dir() else [path]
    print(f"{path.name:18} {sum(p.stat().st_size for p in parts if p.is_file()) / 1e6:4.1f} MB")

# %% [markdown]
# ## Read them back
#
# The interpreter of LiteRT wants its input put into a tensor and its output taken from one; OpenCV's `dnn`
# module and ONNX Runtime (next cell) are about as short.


# %%
def open_litert(path):
    """A function of an image from a LiteRT file."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    (start,), (end,) = interpreter.get_input_details(), interpreter.get_output_details()

    def run(image):
        interpreter.set_tensor(start["index"], image)
        interpreter.invoke()
        return interpreter.get_tensor(end["index"])

    return run


# %%
def open_opencv(path):
    """A function of an image from an ONNX file, in OpenCV."""
    net = cv2.dnn.readNetFromONNX(str(path))

    def run(image):
        net.setInput(image)
        return net.forward()

    return run


# %% [markdown]
# OpenCV has read a `.pb` for years, with `readNetFromTensorflow`, but that reader [is being
# removed](https://github.com/opencv/opencv/pull/29474), and it knows only some patterns of nodes: of two
# graphs of the same function it may read one and refuse the other, or crash. So do not trust, *test*:
# `freezing.opencv_reads` tries a file in a process of its own. ONNX is the format that will stay.

# %%
freezing.freeze(model, folder / "package.pb")  # as yours, folded, and constants computed beforehand
files = ("senet.pb", "folded.pb", "package.pb", "senet.onnx")
reads = {name: freezing.opencv_reads(folder / name) for name in files}
print("OpenCV", cv2.__version__, reads)

# %%
with silence():
    runs = {
        "Keras": lambda image: model.predict_on_batch(image),
        "frozen .pb": run_pb,
        "SavedModel": freezing.open_saved_model(folder / "senet"),
        "LiteRT": open_litert(folder / "senet.tflite"),
        "LiteRT int8": open_litert(folder / "senet-int8.tflite"),
        "ONNX Runtime": freezing.open_onnx(folder / "senet.onnx"),
        "OpenCV, ONNX": open_opencv(folder / "senet.onnx"),
    }
    if reads["package.pb"]:
        runs["OpenCV, .pb"] = freezing.open_opencv(folder / "package.pb")

# %% [markdown]
# ## The same answer from each
#
# Freezing must not change an answer. The same faces through every form; the differences from Keras as a
# fraction of the crop's side, the mean and the largest over all faces and points:

# %%
answers = {name: np.concatenate([run(image[None]) for image in test]) for name, run in runs.items()}
print(f"{'':20}    mean  largest  within 0.0001")
for name, found in answers.items():
    off = np.abs(found - answer)
    print(f"{name:20} {off.mean():7.3f}  {off.max():7.2f}  {'yes' if off.max() < 1e-4 else 'no'}")

# %% [markdown]
# All that compute in floats should agree (the last column). Integers round: how much error does quantisation
# *add*? The answer depends on the **normaliser** ([notebook 01](01_measuring_error.ipynb)). On these faces,
# some of them in profile, the inter-ocular distance is short; the box is not. With the 95 % interval of the
# mean difference, the faces drawn in pairs:


# %%
def points_of(name):
    """Of one form, in pixels of the crop."""
    return 128 * answers[name].reshape(-1, 68, 2)


truth = crops.points[:60]
for norm in ("inter_ocular", "box"):
    a, b = (metrics.nme(points_of(name), truth, norm) for name in ("Keras", "LiteRT int8"))
    low, high = metrics.bootstrap(a, lambda a, b: np.mean(b - a), paired=b)
    print(f"{norm:12}  floats {a.mean():.1%}  int8 {b.mean():.1%}  int8 adds {low:+.2%} to {high:+.2%}")

# %%
i = int(np.abs(answers["LiteRT int8"] - answer).mean(axis=1).argmax())
both = {name: points_of(name)[i] for name in ("Keras", "LiteRT int8")}
plots.show(plots.compare(crops.images[i], both, truth=crops.points[i]))
# ALT The same synthetic face twice, with the points of the network in floats and in 8-bit integers: the face
# ALT where the two differ most. White crosses mark the truth, thin lines join them to their dots.

# %% [markdown]
# ## From OpenCV: photograph in, points out
#
# A program that does not use Keras. First as it is often written: read the photograph with `cv2`, resize it
# to 128 x 128, make it four-dimensional, run the network, draw a circle for each point. (The original program
# then calls `cv2.imshow`, which needs a window.)

# %%
file = folder / "photograph.png"
cv2.imwrite(str(file), skimage.data.astronaut()[:, :, ::-1])


def script(file, run):
    """The photograph with 68 circles, in OpenCV's order of colours."""
    photograph = cv2.imread(str(file))
    image = np.expand_dims(cv2.resize(photograph, (128, 128)), 0)
    points = run(np.float32(image) / 255).reshape(68, 2)
    for x, y in points * photograph.shape[1::-1]:
        cv2.circle(photograph, (int(x), int(y)), 4, (0, 255, 0), -1)
    return photograph


# %%
drawn = script(file, runs["OpenCV, ONNX"])
plots.show(plots.face(drawn[:, :, ::-1]))
# ALT A photograph of an astronaut with green dots in the rough form of a face, spread over her upper body
# ALT and far larger than her face.

# %% [markdown]
# It runs, raises nothing, and misses. In training the network never saw a whole photograph: it saw a *square*
# of 1.5 times the longer side of the face's box, centred on the box, in red, green, blue. What does each
# single slip cost? NME over the box, with its 95 % interval, on the test faces:

# %%
wide = np.stack([cv2.resize(image[:, 32:-32], (128, 128)) for image in crops.images[:60]])
tight = FACES[:60].crops(size=128, margin=1.0)
slips = {
    "as in training": (crops.images[:60], truth),
    "blue, green, red": (crops.images[:60, :, :, ::-1], truth),
    "0 to 255": (255.0 * crops.images[:60], truth),
    "box without margin": (tight.images, tight.points),
    "stretched": (wide, (truth - (32, 0)) * (2, 1)),
}

# %%
for slip, (images, points) in slips.items():
    found = model.predict(np.float32(images) / 255, verbose=0).reshape(-1, 68, 2)
    e = metrics.nme(128 * found, points, "box")
    low, high = metrics.bootstrap(e)
    print(f"{slip:20} {e.mean():6.1%}  [{low:.1%}, {high:.1%}]")

# %% [markdown]
# ### Exercise 3 ★★★ (open)
#
# Mend the program. `photograph` comes from `cv2.imread`, `box` is left, top, right, bottom, and `run` takes
# (1, 128, 128, 3) `float32` from 0 to 1 and gives 136 numbers, $x_0, y_0, x_1, y_1, \dots$ as shares of the
# crop. Return 68 points in pixels of the photograph. The square may leave the photograph. Any way is right:
# `cv2.warpAffine` with a matrix (and its inverse for the way back), or `cv2.copyMakeBorder`, a slice and
# `cv2.resize`.


# %% tags=["exercise"]
def find_points(photograph, box, run):
    """68 points (68, 2) on a photograph in OpenCV's order of colours."""
    # SOLUTION
    left, top, right, bottom = box
    side = 1.5 * max(right - left, bottom - top)
    corner = np.array([(left + right) / 2 - side / 2, (top + bottom) / 2 - side / 2])
    scale = 128 / side
    matrix = np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]])
    crop = cv2.warpAffine(photograph, matrix, (128, 128), borderMode=cv2.BORDER_REFLECT)
    image = cv2.cvtColor(crop, cv2.COLOR_BGR2RGB).astype(np.float32) / 255
    return run(image[None]).reshape(68, 2) * side + corner
    # END SOLUTION
    # STUB return ...


# %%
check.find_points(find_points)

# %% [markdown]
# The whole program, then: a detector for the box, your function, OpenCV for the rest.

# %%
find_points = check.ready(find_points)
photograph = cv2.imread(str(file))
box = detect(photograph[:, :, ::-1], upsample=0)[0]
points = find_points(photograph, box, runs["OpenCV, ONNX"])
for x, y in points:
    cv2.circle(photograph, (round(x), round(y)), 2, (0, 255, 0), -1, cv2.LINE_AA)
written = cv2.imwrite(str(folder / "drawn.png"), photograph)

# %%
plots.show(plots.face(photograph[30:230, 120:320, ::-1]))
# ALT The astronaut's face close up with 68 green dots along jaw, brows, nose, eyes and mouth.

# %% [markdown]
# ## Milliseconds
#
# One face at a time, one thread, the crop in memory; the fastest of thirty rounds, since other programs can
# only slow it down. The two rows *photograph to points* include the crop and the way back, and are comparable
# with each other only. Exact figures: `python course.py bench`.


# %%
def fastest(task):
    """The shortest of thirty rounds, in milliseconds."""
    times = []
    for _ in range(30):
        start = time.perf_counter()
        task()
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


# %% tags=["nbval-ignore-output"]
ms = {name: fastest(lambda run=run: run(test[:1])) for name, run in runs.items()}
one, its_box = crops.images[:1], crops.boxes[:1]
for method in (aligner, methods.load("dlib")):
    ms[f"{method.name}, photograph to points"] = fastest(lambda m=method: m.predict(one, its_box))
for name, value in sorted(ms.items(), key=lambda item: item[1]):
    print(f"{name:28} {value:6.1f} ms")

# %% [markdown]
# ## Questions
#
# 1. A frozen network answers differently each time it is called with the same picture. What happened?
# 2. Your table of differences is clean, and yet points are off on the phone. Where do you look first?
# 3. int8 adds little on your test faces. On whose faces could it add more, and how would you find out?
#
# ## Common mistakes
#
# - freezing in training mode, or with `None` where a phone wants a 1;
# - a whole photograph, or a stretched one, where the network learnt square crops; BGR for RGB; 0..255 for
#   0..1; points of the crop drawn on the photograph;
# - calibrating on the faces that judge; quoting what int8 costs without the normaliser.
#
# ## Key points
#
# - In training mode an answer depends on the batch and on chance; `is_training=False` and `keep_prob = 1.0`
#   remove both. Calling a network in training mode also *changes* it.
# - Folded into its convolution, batch normalisation costs nothing: $k' = s\,k$, $b' = \beta - s\,m$.
# - Freezing: inference mode, batch 1, variables to constants, one file.
# - Export, then **prove**: the same faces through each form, differences in a table.
# - int8 is smallest, at the price of quantisation error. OpenCV's reader for `.pb` is being removed: test for
#   it, and keep ONNX as an alternative.
# - Deploying involves more than the network: box, margin, crop, order of colours, scale and the way back must
#   match those of training.
#
# ## Go further
#
# - B. Jacob et al., [*Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
#   Inference*](https://doi.org/10.1109/CVPR.2018.00286), CVPR 2018: the arithmetic behind int8.
# - S. Ioffe, C. Szegedy, *Batch Normalization: Accelerating Deep Network Training by Reducing Internal
#   Covariate Shift*, ICML 2015.
# - `facelm_helpers/freezing`: the same steps for any Keras model, with files that are written whole or not at
#   all, and errors that name the file.
# - Next: [13, compare live](13_compare_live.ipynb).
