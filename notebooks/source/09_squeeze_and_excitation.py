# %% [markdown]
# # Squeeze and excitation
#
# **After this notebook you can**
#
# - compute a squeeze-and-excitation gate by hand, and recognise it in a layer;
# - say why its bottleneck has two layers, and count what it costs for any reduction $r$;
# - build SE-Inception and SE-ResNet modules, and show why the scale stands *before* the addition;
# - inspect the gates of a trained network, and measure what they contribute.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute.
# **Needs:** [notebook 01](01_measuring_error.ipynb), and a basic understanding of convolutions.
# Answers are in the SOLUTIONS_LINK.

# %%
import numpy as np
from scipy.special import expit as sigmoid
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from facelm_helpers.quiet import tensorflow as tf  # isort: skip
import keras

from facelm_helpers import methods, metrics, networks, plots, se, sources, training
from facelm_helpers.checks import squeeze_and_excitation as check
from facelm_helpers.geometry import yaw
from facelm_helpers.layers import convolve

plots.setup()

# %% [markdown]
# ## What a convolution cannot do
#
# Inside a network a picture becomes a tensor $u$ of shape $(H, W, C)$: $C$ **channels**, each a map of
# where one pattern was found. A convolution mixes them with *fixed* weights. It
# cannot say: "this face is in the dark, so trust soft edges less, *everywhere*."
#
# **Squeeze and excitation** (Hu, Shen and Sun, 2018) adds just that: for each channel a factor between 0 and
# 1, its **gate**, computed from the *whole* image. It is a form of **attention** over channels.
#
# ## Step 1: squeeze
#
# Each channel becomes one number, its mean over all pixels (global average pooling):
#
# $$z_c = \frac{1}{HW} \sum_{i=1}^{H} \sum_{j=1}^{W} u_c(i, j)$$
#
# A tensor small enough to follow by hand: $H = W = 3$, $C = 8$. One channel finds its pattern everywhere, one
# nowhere.

# %%
rng = np.random.default_rng(53)
u = rng.integers(0, 10, size=(3, 3, 8)).astype("float32") / 10
u[..., 2], u[..., 5] = 0.9, 0
z = u.mean(axis=(0, 1))
z.round(2)

# %% [markdown]
# ## Step 2: excite
#
# Two fully connected layers turn the $C$ means into $C$ gates. The first, $W_1$, narrows to $C / r$
# numbers, followed by a ReLU, $\delta(x) = \max(0, x)$; the second, $W_2$, widens to $C$ again, followed by
# a sigmoid, $\sigma(x) = 1 / (1 + e^{-x})$:
#
# $$s = \sigma\big(W_2\, \delta(W_1 z)\big), \qquad
# W_1: \tfrac{C}{r} \times C, \qquad W_2: C \times \tfrac{C}{r}$$
#
# $r$ is the **reduction**: 16 in the paper and in this course, 4 for our eight channels. A network would
# learn $W_1$ and $W_2$; we draw them.

# %%
C, r = 8, 4
W1 = rng.normal(0, 2, size=(C // r, C)).astype("float32")
W2 = rng.normal(0, 1, size=(C, C // r)).astype("float32")
hidden = np.maximum(W1 @ z, 0)
s = sigmoid(W2 @ hidden)
print("after the ReLU:", hidden.round(2))
print("the gates s:   ", s.round(2))

# %% [markdown]
# ## Step 3: scale
#
# All pixels of channel $c$ are multiplied by its gate, shown above each map: $x_c = s_c\, u_c$.

# %%
x = s * u
plots.show(plots.channel_maps({"u": u, "x = s u": x}, {"u": [f"{gate:.2f}" for gate in s]}))
# ALT Eight small maps of nine grey pixels, the channels of u, with their gates from 0 to 1 above them; below
# ALT each the same map multiplied by its gate. Maps with small gates have become dark, those with gates near
# ALT 1 look the same.

# %% [markdown]
# ## The same, as a layer
#
# `se.scale` is what the course's networks use. With our weights it must give our $x$. (Keras multiplies
# from the other side, hence the transposes, and adds biases, here 0.)

# %%
image = keras.Input((3, 3, C))
layer = keras.Model(image, se.scale(image, reduction=r))
layer.set_weights([W1.T, np.zeros(C // r), W2.T, np.zeros(C)])
difference = np.abs(layer(u[None]).numpy()[0] - x).max()
print("equal to 1e-6:", difference < 1e-6)

# %% [markdown]
# ### Exercise 1
#
# Networks work on batches: from `u` of shape (N, H, W, C), compute the gates, of shape (N, C). With a row
# for each image, $W_1 z$ becomes `z @ W1.T`.


# %% tags=["exercise"]
def gates_of(u, W1, W2):
    # SOLUTION
    z = u.mean(axis=(1, 2))
    return sigmoid(np.maximum(z @ W1.T, 0) @ W2.T)
    # END SOLUTION
    # STUB z = ...
    # STUB return ...


# %%
check.gates(gates_of)

# %% [markdown]
# ## Why two layers?
#
# One layer would also turn $C$ numbers into $C$ gates, $s = \sigma(W z)$. The bottleneck has two advantages.
# First, **it can represent what one layer cannot.** With one layer a gate only ever rises, or only ever
# falls, with a channel's mean. Two layers can represent the rule "open where *exactly one* of two channels is
# active", since $|a - b| = \delta(a - b) + \delta(b - a)$; the best single layer, fitted here, cannot:

# %%
Z = np.stack(np.meshgrid(np.linspace(0, 1, 41), np.linspace(0, 1, 41)), axis=-1).reshape(-1, 2)
wanted = np.abs(Z[:, 0] - Z[:, 1]) > 0.4
one = LogisticRegression().fit(Z, wanted).predict_proba(Z)[:, 1]  # sigmoid(W z + b), fitted
two = sigmoid(30 * np.maximum(Z @ [[1, -1], [-1, 1]], 0).sum(axis=1) - 12)
maps = {"the rule": wanted, "one layer": one, "two layers": two}
plots.show(plots.rule_maps(maps, "mean of channel 1", "mean of channel 2"))
# ALT Three squares over the means of two channels. The rule is bright in two opposite corners. One layer
# ALT gives nearly one colour everywhere, two layers the bright corners.

# %% [markdown]
# Second, **it is cheaper.** One layer has $C^2$ weights. And the bottleneck?
#
# ### Exercise 2
#
# Write the number of weights in $W_1$ and $W_2$ together (without biases).


# %% tags=["exercise"]
def weights_of_gate(C, r):
    # SOLUTION
    return 2 * C * C // r
    # END SOLUTION
    # STUB return ...


# %%
check.weights_of_gate(weights_of_gate)

# %% [markdown]
# ## What it costs, in a whole network
#
# The course's network has six gates. `networks.cost` counts the parameters of every layer, and its
# *multiply-adds* (MACs, multiply-accumulate operations: one is two FLOPs), the work for one image. What do
# gates add, for reductions from 2 to 32?


# %%
def totals(reduction):
    rows = networks.cost(methods.create("senet", reduction=reduction).build())
    return np.array([sum(row[key] for row in rows) for key in ("parameters", "multiply_adds")])


plain = totals(None)
reductions = [2, 4, 8, 16, 32]
added = [totals(r) / plain - 1 for r in reductions]
print(f"without gates: {plain[0]:,} parameters, {plain[1] / 1e6:.1f} million multiply-adds")
plots.show(plots.gate_cost(reductions, *np.transpose(added)))
# ALT Two bar charts over the reductions 2, 4, 8, 16 and 32. Added parameters halve with each step, from
# ALT nearly half of the network to a few percent. Added multiply-adds stay at two percent or less.

# %% [markdown]
# The gates' *work* is small at any $r$: squeeze and scale touch each number once, where a convolution sums
# over all channels. Their *parameters* are many at small $r$. The paper found about the same accuracy for 4
# to 16.
#
# ## The modules
#
# A gate can follow anything that outputs channels. In **SE-Inception** it scales the whole output of the
# module. **SE-ResNet** has a **shortcut**, which adds the input to what the convolutions make, the *residual
# branch*; the gate scales that branch only. On the right is what it does *not* do.

# %%
plots.show(plots.se_modules())
# ALT Three diagrams. SE-Inception: four parallel branches are joined; a gate, orange, of global pooling, two
# ALT fully connected layers, ReLU and sigmoid, scales the result. SE-ResNet: the residual branch is scaled by
# ALT its gate, and then the green shortcut is added. Third: the shortcut is added first and the sum is
# ALT scaled.

# %%
image = keras.Input((16, 16, 64))
for module in (se.se_inception, se.se_resnet):
    model = keras.Model(image, module(image, 64))
    rows = networks.cost(model)
    dense = sum(row["parameters"] for row in rows if row["kind"] == "Dense")
    words = f"{model.count_params():6,} parameters, {dense} of them in the gate"
    print(f"{module.__name__:12} {model.output_shape[1:]}  {words}")

# %% [markdown]
# ## Why before the addition?
#
# $F_l$ is the residual branch of block $l$, $s_l$ its gate. Scaled **on the branch**:
#
# $$x_{l+1} = x_l + s_l F_l(x_l), \qquad
# \frac{\partial x_{l+1}}{\partial x_l} = 1 + \dots$$
#
# However many blocks follow, the 1 carries the gradient back. (A `senet_blob` also has a ReLU after the
# addition, which blocks the gradient where its output is 0; the 1 is exact without it.) Scaled **on the main
# path**:
#
# $$x_{l+1} = s_l \big(x_l + F_l(x_l)\big), \qquad
# \frac{\partial x_{l+1}}{\partial x_l} = s_l\,(1 + \dots)$$
#
# (taking $s_l$ as fixed). Now *every* path is multiplied by every gate. A sigmoid starts near 0.5, and
# $0.5^{32}$ is less than a billionth.
#
# ## The experiment
#
# Untrained networks of 4 to 32 `senet_blob`s, the course's SE-ResNet modules, with the gate at either place:
# the input is noise, the target other noise, and we measure the gradient of the first layer, the *stem*. Once
# without
# **batch normalisation**, which brings each channel to mean 0 and variance 1 over the batch (`training=False`
# leaves it out: its averages are still 0 and 1), and once with it.


# %%
def deep(blobs, gate_at):
    net = image = keras.Input((16, 16, 3))
    net = convolve(net, 16, 3, name="stem")
    for _ in range(blobs):
        net = se.senet_blob(net, 16, 16, 1, reduction=4, gate_at=gate_at)
    net = keras.layers.GlobalAveragePooling2D()(net)
    return keras.Model(image, keras.layers.Dense(8)(net))


def stem_gradient(model, training):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(noise, training=training) - target) ** 2)
    return float(tf.norm(tape.gradient(loss, model.get_layer("stem_conv").kernel)))


# %%
noise, target = (rng.normal(size=shape).astype("float32") for shape in [(16, 16, 16, 3), (16, 8)])
found = {}
for place in ("branch", "main"):
    for blobs in (4, 8, 16, 32):
        with training.seeded(0):
            model = deep(blobs, place)
        for norm in (False, True):
            found[norm, place, blobs] = stem_gradient(model, norm)

# %%
panels = {False: "without batch norm", True: "with batch norm"}
plots.show(plots.gradient_by_depth(found, panels))
for norm, title in panels.items():
    for place in ("branch", "main"):
        growth = np.log10(found[norm, place, 32] / found[norm, place, 4])
        print(f"{title:18}  gate_at={place!r:8}  10^{growth:+.0f} from 4 to 32 blobs")
# ALT Gradient of the first layer against the number of blobs, both axes logarithmic. Without batch norm the
# ALT curve of the gate on the main path falls by powers of ten, with it the curve shoots up. The curves of
# ALT the gate on the branch rise far less.

# %% [markdown]
# Without batch norm the result follows the formula: over these 28 blobs the gradients of the two places
# drift apart by seven to eight powers of ten, a factor of about a half per blob; with the gate on the main
# path and 32 blobs, the stem learns next to nothing. With it, a surprise: the gradient **explodes**. Each
# branch's normalisation amplifies the shrunken signal again, in the forward and so in the backward pass.
# With the gate on the branch the gradient changes least with depth: so the scale goes before the addition.
# (The paper's journal version tries several places on ImageNet: only the one after the addition did worse.)
#
# ## The gates of a trained network
#
# A second model, on the shipped SENet's layers, outputs all gates for each face. A box spans the middle half
# of a blob's channels, its whiskers all of them:

# %%
FACES = sources.load("synthetic", n=200, seed=3, progress=False)
crops = FACES.crops(128)
senet = methods.load("senet").build()
gate_layers = [layer for layer in senet.layers if layer.name.endswith("_se_gate")]
inside = keras.Model(senet.input, [layer.output for layer in gate_layers])
images = training.scaled(crops.images)
gates = {str(b): s for b, s in enumerate(inside.predict(images, verbose=0), 1)}
plots.show(plots.gate_spread(gates))
# ALT Two plots with a box for each blob, its orange line at the median. Left, the means of the gates
# ALT over the faces, on a scale from 0 to 1. Right, how much each gate varies from face to face. The
# ALT median means lie between 0.4 and 0.7.

# %% [markdown]
# A gate's *mean* is a constant, which a convolution could learn; only its *variation* needs a gate. What does
# it vary with? In the blob whose gates covary most with the turn of the head, here are the sixty channels
# that covary most, from falling to rising gates; faces are sorted by turn:


# %%
turn = np.abs(yaw(crops.points))
along = {b: (turn - turn.mean()) @ s / len(s) for b, s in gates.items()}  # covariances
blob = max(along, key=lambda b: np.abs(along[b]).mean())
most = np.argsort(-np.abs(along[blob]))[:60]
table = (gates[blob] - gates[blob].mean(axis=0))[np.argsort(turn)][:, most[np.argsort(along[blob][most])]]
ahead, profile = int((turn < 0.2).sum()), int((turn > 0.5).sum())
kinds = {"ahead": ahead, "half": 200 - ahead - profile, "turned": profile}
plots.show(plots.gate_table(table, kinds, f"sixty channels of blob {blob}, sorted"))
# ALT A table of colours, a row for each of 200 faces, a column for each of sixty channels, each less its
# ALT mean. Towards the bottom, where faces are turned, the columns at the left go from red to blue, those at
# ALT the right from blue to red.

# %% [markdown]
# Which gates differ *clearly* between two kinds of faces, by more than 0.8 of their standard deviation within
# the kinds (a large effect by **Cohen's d**)? Frontal and turned, dark and light, and, as a baseline, random
# halves:

# %%
light, number = images.mean(axis=(1, 2, 3)), np.arange(200)
pairs = {
    "frontal or turned": (turn < 0.2, turn > 0.5),
    "dark or light": (light < np.quantile(light, 0.3), light > np.quantile(light, 0.7)),
    "random halves": (number % 2 == 0, number % 2 == 1),
}


def clearly(s, a, b):
    spread = np.sqrt((s[a].var(axis=0) + s[b].var(axis=0)) / 2) + 1e-6
    return np.mean(np.abs(s[a].mean(axis=0) - s[b].mean(axis=0)) / spread > 0.8)


shares = {name: [100 * clearly(s, *pair) for s in gates.values()] for name, pair in pairs.items()}
plots.show(plots.curves(range(1, len(gates) + 1), shares, "blob", "channels that differ clearly, %"))
# ALT The share of channels that differ clearly, blob by blob, in three curves: between frontal and turned
# ALT faces, between dark and light ones, and between random halves, the last near 0.

# %% [markdown]
# Light shows in single pixels, pose only in the whole face: see at which depth the gates respond to each.
#
# ## What do they contribute?
#
# An **ablation**: replace gates by their means over the faces, so that they no longer depend on the image.
# With $W_2 = 0$ a gate is $\sigma(b)$ for any input, so we set $b$ to $\sigma^{-1}$ of the mean. Gates can
# respond to light, so the faces are also tested with a quarter of it. (The normaliser is the box here.)


# %%
def freeze(layer, value):
    kernel = layer.get_weights()[0]
    layer.set_weights([0 * kernel, logit(np.clip(value, 1e-4, 1 - 1e-4))])


def nme(images):
    return metrics.nme(128 * senet.predict(images, verbose=0).reshape(-1, 68, 2), crops.points, "box").mean()


def judge(name):
    print(f"{name:20}  NME {nme(images):.2%}, in the dark {nme(0.25 * images):.2%}")


judge("as trained")
in_the_dark = inside.predict(0.25 * images, verbose=0)
for name, answers in {"means in good light": gates.values(), "means in the dark": in_the_dark}.items():
    for layer, s in zip(gate_layers, answers, strict=True):
        freeze(layer, s.mean(axis=0))
    judge(name)
for layer in gate_layers:
    freeze(layer, np.ones(layer.units))
judge("gates wide open")

# %% [markdown]
# Frozen for good light, it fails in the dark; frozen for the dark, the small difference from the first line
# is what the gates' *dependence on the image* contributes. (What a network without gates can do, only
# training one would show.)
#
# ## Key points
#
# - Squeeze: $z$, each channel's mean. Excite: $s = \sigma(W_2\, \delta(W_1 z))$. Scale: $x_c = s_c u_c$.
# - Two layers can represent rules that one cannot; the bottleneck does so with $2C^2/r$ weights instead of
#   $C^2$.
# - SE-Inception scales the module's output, SE-ResNet the **residual branch, before the addition**.
# - On the main path the gates multiply up: the gradient vanishes, or, with batch norm, explodes.
#
# ## Go further
#
# - J. Hu, L. Shen, G. Sun, *Squeeze-and-Excitation Networks*, CVPR 2018; TPAMI 2020.
# - G. Yang et al., *A Mean Field Theory of Batch Normalization*, ICLR 2019: it makes gradients
#   explode.
# - S. Woo et al., *CBAM: Convolutional Block Attention Module*, ECCV 2018: gates over positions, too.
# - Next: [10, training SENet](10_training_senet.ipynb).
