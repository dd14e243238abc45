# %% [markdown]
# # Heatmaps
#
# **After this notebook you can**
#
# - draw points as heatmaps, read them back in four ways, and say how exact each way is at any size of map;
# - derive the gradient of soft-argmax, and train a layer through it;
# - tell what FAN, DAN and PIPNet each changed, from drawings of the networks, their costs and their errors;
# - judge whether heatmaps or coordinates win *at equal cost*, with an interval.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute. The exercises take about 40
# minutes, the questions 10. (A class of an hour ends before FAN.)
# **Needs:** notebooks [01](01_measuring_error.ipynb) and [03](03_cascaded_regression.ipynb), and a basic
# understanding of convolutions. Answers are in the SOLUTIONS_LINK.

# %%
import json

import numpy as np
from scipy.ndimage import gaussian_filter

from facelm_helpers.quiet import tensorflow as tf  # isort: skip
import keras

from facelm_helpers import heatmaps, methods, metrics, networks, paths, plots, protocol, sources, training
from facelm_helpers.checks import heatmaps as check
from facelm_helpers.methods.pipnet import neighbours

plots.setup()

# %% [markdown]
# ## From numbers to maps
#
# A coordinate network ends in dense layers, which turn a small grid of features into 136 numbers. Each cell
# of that grid has weights of its own: what an eye corner looks like *here* says nothing about an eye corner
# *there*. A convolution uses the same weights everywhere: it is **equivariant**, moving what goes in moves
# what comes out, and so its output says *where* something was found. So let the network stay convolutional
# to its end and give, for each of the $L = 68$ points, a **heatmap**: $G \times G$ numbers that are large
# where the point is likely. What it should give for a point at $p_l$ is a Gaussian,
#
# $$M_l(c) = e^{-\lVert c - p_l \rVert^2 / 2\sigma^2}$$
#
# with $c$ the places of the map. A map has fewer pixels than the crop. With pixel centres at whole numbers, a
# crop of 128 pixels reaches from $-\frac12$ to $127\frac12$, and the map lies over all of it:
#
# $$p = (x + \tfrac12)\, \tfrac{G}{128} - \tfrac12$$
#
# (Without the halves, every point is off by $\frac12 (128 / G - 1)$ pixels.)

# %%
FACES = sources.load("synthetic", n=160, seed=8)
crops = FACES.crops(128)


def to_map(x, G):
    return (x + 0.5) * G / 128 - 0.5


def to_crop(p, G):
    return (p + 0.5) * 128 / G - 0.5


# %%
def gaussian(p, G, sigma=1.0):
    """The maps (N, G, G, L) of points (N, L, 2) in map pixels."""
    d = np.arange(G) - p[..., None]  # (N, L, 2, G)
    x, y = np.moveaxis(np.exp(-(d**2) / (2 * sigma**2)), 2, 0)
    return np.einsum("nly,nlx->nyxl", y, x)


# %%
M = gaussian(to_map(crops.points, 32), 32)
four = [2, 5, 11, 17]
titles = ["point 8, chin", "point 30, tip of the nose", "five points", "all, the largest value"]
parts = [M[four[0], ..., [8]], M[four[1], ..., [30]], M[four[2]][..., [8, 30, 36, 45, 57]], M[four[3]]]
shown = [np.moveaxis(part, 0, -1) if part.shape[0] == 1 else part for part in parts]
plots.show(plots.heatmaps(crops.images[four], shown, titles=titles, columns=4))
# ALT Four grey faces with maps of 32 by 32 over them. On the first a bright spot of about three pixels at
# ALT the chin, on the second at the tip of the nose, on the third five spots, on the fourth spots at all
# ALT points.

# %% [markdown]
# ### Exercise 1 ★
#
# Maps can also lead *into* a network. DAN, below, tells its second stage where the first one found the
# points, by one map for all of them, the **landmark heatmap**. It falls with the distance from the *nearest*
# point:
#
# $$H(c) = \max_l \frac{1}{1 + \lVert c - p_l \rVert}$$
#
# Write it: from `points` (L, 2), x before y, in map pixels, to a map (side, side). A value is `H[y, x]`.


# %% tags=["exercise"]
def landmark_heatmap(points, side):
    c = np.arange(side)
    # SOLUTION
    d = np.hypot(c[None, :, None] - points[:, 0], c[:, None, None] - points[:, 1])
    return (1 / (1 + d)).max(axis=-1)
    # END SOLUTION
    # STUB d = ...
    # STUB return ...


# %%
check.landmark_heatmap(landmark_heatmap)

# %%
near = check.ready(landmark_heatmap, check.landmark_heatmap)  # yours, once it passes
H = np.stack([near(points, 128) for points in crops.points[four]])
plots.show(plots.heatmaps(crops.images[four], H, columns=4))
# ALT The same four faces, with bright ridges along jaw, brows, eyes, nose and mouth that fade slowly with
# ALT the distance: the points can be told, and so can the side on which they lie from far away.

# %% [markdown]
# A Gaussian is practically zero a few pixels away. This map fades slowly, so that a filter anywhere on the
# face sees in which direction the points are.
#
# ## Reading a place: the largest value and its neighbours
#
# A network's map is read the other way round, from the map to a place. **Argmax** takes the pixel with the
# largest value. The **quarter pixel** ([Newell and others,
# 2016](https://doi.org/10.1007/978-3-319-46484-8_29)) moves it by $\frac14$ towards the larger neighbour, in
# x and in y. **DARK** ([Zhang and others, 2020](https://doi.org/10.48550/arXiv.1910.06278)) observes that
# the logarithm of a Gaussian is a parabola, and that one Newton step leads from anywhere on a parabola to its
# top:
#
# $$p = c - \big(\nabla^2 \ln m\big)^{-1}\, \nabla \ln m$$
#
# with gradient and second derivatives of the map $m$ at its largest pixel $c$, taken from its neighbours. For
# one map:


# %%
def argmax(m):
    y, x = np.unravel_index(m.argmax(), m.shape)
    return np.array([x, y])


def quarter(m):
    x, y = argmax(m)
    return [x, y] + 0.25 * np.sign([m[y, x + 1] - m[y, x - 1], m[y + 1, x] - m[y - 1, x]])


# %%
def dark(m):
    (x, y), m = argmax(m), np.log(m)
    first = np.array([m[y, x + 1] - m[y, x - 1], m[y + 1, x] - m[y - 1, x]]) / 2
    xx, yy = m[y, x + 1] - 2 * m[y, x] + m[y, x - 1], m[y + 1, x] - 2 * m[y, x] + m[y - 1, x]
    xy = (m[y + 1, x + 1] - m[y + 1, x - 1] - m[y - 1, x + 1] + m[y - 1, x - 1]) / 4
    return [x, y] - np.linalg.solve([[xx, xy], [xy, yy]], first)


# %%
truth = np.array([3.05, 2.55])
m = gaussian(truth[None, None], 7)[0, :, :, 0]
places = {read.__name__: read(m) for read in (argmax, quarter, dark)}
for name, place in places.items():
    print(f"{name:8} ({place[0]:.2f}, {place[1]:.2f}), off by {np.linalg.norm(place - truth):.2f} pixels")
plots.show(plots.decoded(m, truth, places))
# ALT A bright spot on seven by seven pixels. The white cross of the truth is between pixels; argmax sits in
# ALT the middle of the brightest pixel, the quarter pixel between the two, DARK on the truth.

# %% [markdown]
# `heatmaps.DECODERS` holds them for whole batches. DARK's has a blur before the logarithm, since maps of
# networks are not smooth, and stays at $c$ near the border.
#
# ## How exact is the largest pixel?
#
# That can be worked out. The truth is anywhere in the largest pixel, so argmax is off by the mean distance of
# a square's points from its middle; the quarter pixel leaves a square of half the side:
#
# $$\tfrac{1}{6} \big(\sqrt 2 + \ln (1 + \sqrt 2)\big) \approx 0.383 \quad \text{and} \quad 0.191
# \text{ map pixels}$$
#
# One map pixel is $128 / G$ pixels of the crop. On rendered maps of our faces, beside the formula:

# %%
exact = (np.sqrt(2) + np.log(1 + np.sqrt(2))) / 6
print("pixels of the crop   argmax  (formula)   quarter  (formula)   dark")
for G in (8, 16, 32, 64):
    maps = gaussian(to_map(crops.points[:60], G), G)
    away = {name: to_crop(heatmaps.DECODERS[name](maps), G) - crops.points[:60] for name in places}
    off = {name: np.linalg.norm(d, axis=-1).mean() for name, d in away.items()}
    known = 128 / G * exact
    print(f"maps of {G:2} x {G:2}      {off['argmax']:6.2f}   {known:6.2f}   {off['quarter']:10.2f}"
          f"   {known / 2:6.2f}   {off['dark']:6.2f}")  # fmt: skip

# %%
eyes = metrics.normaliser(crops.points).mean()
lost = {
    name: 100 * 128 / 32 * known / eyes for name, known in {"argmax": exact, "quarter": exact / 2}.items()
}
print(*(f"{name} on 32 x 32: {loss:.1f} % of the eye distance" for name, loss in lost.items()), sep="\n")

# %% [markdown]
# That much NME is lost before the network has made any mistake; good methods have three or four percent in
# all. Hence maps of 64 x 64 in the papers, and hence decoding below the pixel. (The released FAN cuts its
# points to whole pixels of the *photograph* in the end.)
#
# ## Soft-argmax
#
# None of these has a useful gradient: the largest pixel does not move when values change a little. So a
# network cannot be trained on the *error of its points* through them, only on the map's. **Soft-argmax**
# makes the map $m$ a distribution, by a softmax over all places, and takes its mean:
#
# $$q_c = \frac{e^{m_c}}{\sum_j e^{m_j}}, \qquad p = \sum_c q_c\, c$$
#
# Its gradient: by the softmax's derivative $\partial q_c / \partial m_j = q_c ([c = j] - q_j)$,
#
# $$\frac{\partial p}{\partial m_j} = \sum_c c\, q_c \big([c = j] - q_j\big) = q_j\, (j - p)$$
#
# and, with $g = \partial \ell / \partial p$ of any loss $\ell$, the chain rule gives
#
# $$\frac{\partial \ell}{\partial m_j} = q_j\, (j - p) \cdot g$$
#
# More weight on a place $j$ pulls $p$ towards $j$, the more the farther $j$ is away.
#
# ### Exercise 2 ★★
#
# Write both: from logits `m` (N, G, G, L), the places `p` (N, L, 2), and a function from `g` (N, L, 2) to
# $\partial \ell / \partial m$, of the shape of `m`. Logits may be large: subtract each map's maximum first.


# %% tags=["exercise"]
def soft_argmax(m):
    c = np.arange(m.shape[1])
    # SOLUTION
    q = np.exp(m - m.max(axis=(1, 2), keepdims=True))
    q = q / q.sum(axis=(1, 2), keepdims=True)
    p = np.stack([np.einsum("nyxl,x->nl", q, c), np.einsum("nyxl,y->nl", q, c)], axis=-1)
    # END SOLUTION
    # STUB q = ...
    # STUB p = ...

    def gradient(g):
        # SOLUTION
        along_x = (c[:, None] - p[:, None, :, 0]) * g[:, None, :, 0]
        along_y = (c[:, None] - p[:, None, :, 1]) * g[:, None, :, 1]
        return q * (along_x[:, None] + along_y[:, :, None])
        # END SOLUTION
        # STUB return ...

    return p, gradient


# %%
check.soft_argmax(soft_argmax)

# %% [markdown]
# Do formula and slope agree? A finite difference is the test for every gradient that you write by hand:

# %%
soft = check.ready(soft_argmax, check.soft_argmax)  # yours, once it passes
rng = np.random.default_rng(0)
m, g, step = rng.normal(size=(1, 5, 5, 1)), rng.normal(size=(1, 1, 2)), np.zeros((1, 5, 5, 1))
step[0, 3, 1] = 1e-5
slope = ((soft(m + step)[0] - soft(m - step)[0]) * g).sum() / 2e-5
print(f"slope {slope:.4f}, gradient {soft(m)[1](g)[0, 3, 1, 0]:.4f}")

# %% [markdown]
# ### Any map with the right mean
#
# Gradient descent on a single map, from zeros, first on the squared distance of $p$ from the truth. **Predict
# first:** will a peak grow at the truth?
#
# In the second row a **regulariser** is added: the cross-entropy of $q$ from a Gaussian $\hat q$ that sums to
# 1, $-\lambda \sum_c \hat q_c \ln q_c$, whose gradient is $\lambda (q - \hat q)$.


# %%
def descend(weight, rate=10.0, counts=(0, 5, 20, 100)):
    m, goal, wanted = np.zeros((1, 16, 16, 1)), np.array([11.0, 4.0]), []
    target = gaussian(goal[None, None], 16)
    for step in range(max(counts) + 1):
        p, gradient = soft(m)
        q = np.exp(m) / np.exp(m).sum()
        wanted += [(p[0, 0], q[0, :, :, 0])] if step in counts else []
        m = m - rate * (gradient(2 * (p - goal)) / 100 + weight * (q - target / target.sum()))
    return wanted


# %% tags=["hide-output"]
rows = descend(0.0) + descend(0.5)
blank = np.zeros((8, 128, 128, 3), np.uint8)
marks = np.array([[to_crop(p, 16)] for p, _ in rows])
titles = [f"{'with' if i > 3 else 'no'} regulariser, {n}" for i, n in enumerate((0, 5, 20, 100) * 2)]
goal = np.tile(to_crop(np.array([11.0, 4.0]), 16), (8, 1, 1))
plots.show(plots.heatmaps(blank, [q for _, q in rows], marks, goal, titles=titles, columns=4))
# ALT Two rows of four maps after 0, 5, 20 and 100 steps, with a dot at the mean and a cross at the goal. In
# ALT both the dot comes to the cross. In the upper row the map is brightest in the corner beyond it, in the
# ALT lower row a small peak grows at the cross.

# %% [markdown]
# Only the mean was asked for, and the shortest way there is to tilt the whole map, until its corner is
# bright. Such a map reads wrongly by any other decoder, and says nothing about *how sure* the network is.
# With the regulariser ([DSNT](https://doi.org/10.48550/arXiv.1801.07372) has this idea, with another
# divergence) it becomes a peak. The course's FAN and heatmap with offsets are trained so.
#
# ## Which way reads best?
#
# Four decoders, four sizes, three kinds of maps: clean Gaussians; with noise; with a second, lower peak in
# another place, as where the other eye looks alike. **Predict first:** which decoder suffers most from
# which?


# %%
def spoiled(kind, G, p):
    maps = gaussian(p, G)
    if kind == "noise":
        return maps + np.random.default_rng(1).uniform(0, 0.1, maps.shape)
    return maps + 0.6 * gaussian(p[:, ::-1], G) if kind == "second peak" else maps


sides, panels = [8, 16, 32, 64], {kind: {} for kind in ("clean", "noise", "second peak")}
for kind, lines in panels.items():
    for G in sides:
        maps = spoiled(kind, G, to_map(crops.points[:12], G))
        for name, decode in heatmaps.DECODERS.items():
            off = np.linalg.norm(to_crop(decode(maps), G) - crops.points[:12], axis=-1).mean()
            lines.setdefault(name, []).append(off)

# %% tags=["hide-output"]
plots.show(plots.decoding(sides, panels))
# ALT Three panels of error against the side of the maps, both logarithmic. Clean: argmax and quarter fall
# ALT in parallel straight lines, DARK and soft-argmax lie far below. Noise: soft-argmax is worst by far.
# ALT Second peak: soft-argmax is worst again, the others nearly as in the first panel.

# %% [markdown]
# (Errors under a hundredth of a pixel are drawn there. On 8 x 8 most points are near the border, where DARK
# has no neighbours.) The largest pixel ignores everything else; the mean listens to everything. So
# soft-argmax needs maps that are 0 elsewhere, which a softmax and training give, and argmax needs large
# maps.
#
# ### Exercise 3 ★★★
#
# Invent a decoder: from maps (N, G, G, L) to places (N, L, 2), with `heatmaps.argmax` and its siblings as
# helpers. It is judged on maps of 32 x 32 of these three kinds, against the quarter pixel. What if only the
# neighbourhood of the peak has a say? There are many answers.


# %% tags=["exercise"]
def my_decoder(maps):
    peak, c = heatmaps.argmax(maps), np.arange(maps.shape[1])
    # SOLUTION
    x, y = np.moveaxis(np.abs(c - peak[..., None]) <= 3, 2, 0)  # (N, L, G) each
    window = np.einsum("nly,nlx->nyxl", y, x)
    above = maps - np.median(maps, axis=(1, 2), keepdims=True)
    return heatmaps.soft_argmax(window * np.maximum(above, 0))
    # END SOLUTION
    # STUB window = ...
    # STUB return ...


# %%
check.decoder(my_decoder)

# %% [markdown]
# ## Train through your gradient
#
# The shipped SENet was trained to give coordinates; are there maps in its features? Its trunk stays frozen:
# its grids of 16 x 16 and 8 x 8 (enlarged) are the features, 384 channels and a constant. All that is
# trained is one **head**, a 1x1 convolution $m = F w$, from 0:

# %%
senet = methods.load("senet").build()
trunk = keras.Model(senet.input, [senet.get_layer(f"blob{b}_out").output for b in (3, 5)])


def run(model, images):
    """What a model gives, all images after one another in batches."""
    parts = [model(training.scaled(images[i : i + 20]), training=False) for i in range(0, len(images), 20)]
    return tf.nest.map_structure(lambda *some: np.concatenate(some), *parts)


def features(crops):
    fine, coarse = run(trunk, crops.images)
    return np.concatenate([fine, coarse.repeat(2, axis=1).repeat(2, axis=2)], axis=-1)


train, test = (part.crops(128) for part in FACES.split_by_person(0.75, seed=0))
F, F_test = features(train), features(test)
middle, spread = F.mean(axis=(0, 1, 2)), F.std(axis=(0, 1, 2)) + 1e-3
F, F_test = (
    np.pad((part - middle) / spread, [(0, 0)] * 3 + [(0, 1)], constant_values=1) for part in (F, F_test)
)
F.shape

# %% [markdown]
# Two losses, each at the better of two rates, and each with its gradient $\partial \ell / \partial m$: the
# mean squared difference of the map from the Gaussian, as in the FAN paper, and the distance of the points,
# *through your function*.


# %%
def squares(m, p):
    d = m - gaussian(p, 16)
    return (d**2).mean(), 2 * d / d.size


def distance(m, p):
    found, gradient = soft(m)
    d = found - p
    r = np.sqrt((d**2).sum(axis=-1, keepdims=True) + 1e-6)
    return r.mean(), gradient(d / r / r.size)


# %% [markdown]
# The rest is Adam ([notebook 10](10_training_senet.ipynb)), in NumPy:


# %%
def train_head(loss, rate, steps=120):
    w = mean = square = np.zeros((F.shape[-1], 68), np.float32)
    draw, losses = np.random.default_rng(0), []
    for t in range(1, steps + 1):
        some = draw.choice(len(F), 32, replace=False)
        value, to_m = loss(F[some] @ w, to_map(train.points[some], 16))
        g = np.tensordot(F[some], np.float32(to_m), ([0, 1, 2], [0, 1, 2]))
        mean, square = 0.9 * mean + 0.1 * g, 0.99 * square + 0.01 * g * g
        w = w - rate * (mean / (1 - 0.9**t)) / (np.sqrt(square / (1 - 0.99**t)) + 1e-8)
        losses.append(value)
    return w, losses


# %% tags=["nbval-ignore-output"]
heads, curves = {}, {}
for loss, rate in ((squares, 0.003), (distance, 0.01)):
    heads[loss.__name__], losses = train_head(loss, rate)
    curves[loss.__name__] = losses / np.float64(losses[0])
plots.show(plots.loss_curves(curves))
# ALT The two losses over 120 steps, as shares of their first values, on a logarithmic axis. Squares falls
# ALT by half within the first steps and then hardly at all; distance falls to a tenth.

# %% tags=["nbval-ignore-output"]
heads_maps = {name: F_test @ w for name, w in heads.items()}
read = [("squares", "quarter"), ("squares", "dark"), ("distance", "quarter"), ("distance", "soft-argmax")]
shape = np.tile(train.points.mean(axis=0), (len(test), 1, 1))
print(f"the mean shape of the training faces    NME {metrics.nme(shape, test.points, 'box').mean():6.2%}")
for name, way in read:
    maps = heads_maps[name]
    found = soft(maps)[0] if way == "soft-argmax" else heatmaps.DECODERS[way](np.maximum(maps, 0))
    nme = metrics.nme(to_crop(found, 16), test.points, "box").mean()
    print(f"trained on {name:8}, read by {way:11}  NME {nme:6.2%} of the box")

# %% [markdown]
# Two lessons. *Read a map as it was trained:* the maps of *distance* can be read by the mean only (they
# were trained without the regulariser), those of *squares* need a decoder below the pixel. And nearly all
# of a target map is 0: *squares* is soon small for a head that gives nearly 0 everywhere, and the few
# pixels that matter pull weakly. Hence long trainings, and losses that weigh the peaks up
# ([AWing](https://doi.org/10.1109/ICCV.2019.00707)). *Distance* is what is measured in the end.
#
# ## FAN: the hourglass
#
# The **face alignment network** ([Bulat and Tzimiropoulos, 2017](https://doi.org/10.1109/ICCV.2017.116)) took
# the stacked **hourglass** from human pose to faces. What a point looks like is fine detail; which of the
# similar places is the right one shows only in the whole face. So the network halves its maps until they are
# tiny, and enlarges them again; at each size a branch keeps the detail and is added. (The paper pools by the
# maximum, its PyTorch code by the mean; ours does as the code.)

# %%
fan = methods.load("fan").build()
plots.show(plots.architecture(fan, "FAN, one stack"))
# ALT Boxes from top to bottom: image 128 by 128, four convolution blocks down to 32 by 32 by 64, then
# ALT blocks at 16, 8 and 4 pixels and up again, each sum fed by a branch from the same size above; last two
# ALT 1x1 convolutions to 32 by 32 by 68.

# %% [markdown]
# Its blocks are **hierarchical**: three 3x3 convolutions in a row, of half, a quarter and a quarter of the
# channels, whose outputs are *joined* (not added), so that one block sees 3x3, 5x5 and 7x7 pixels at once; a
# shortcut is added. Batch normalisation and ReLU come *before* each convolution.


# %%
def block(net, C):
    parts, part = [], net
    for name, channels in (("half", C // 2), ("quarter", C // 4), ("last", C // 4)):
        part = keras.layers.BatchNormalization(name=f"{name}_norm")(part)
        part = keras.layers.Activation("relu", name=f"{name}_relu")(part)
        part = keras.layers.Conv2D(channels, 3, padding="same", use_bias=False, name=f"{name}_conv")(part)
        parts.append(part)
    return keras.layers.Add()([keras.layers.Concatenate(name="joined")(parts), net])


image = keras.Input((32, 32, 64))
plots.show(plots.architecture(keras.Model(image, block(image, 64)), "a block"))
# ALT A chain of three convolutions with 32, 16 and 16 channels. All three lead to a box that joins them to
# ALT 64 channels, and the input is added to that.

# %% [markdown]
# Several hourglasses can be **stacked**: each gets the features and maps of the one before and corrects them,
# and the maps of *every* stack have a loss (*intermediate supervision*): a cascade again. The paper has four
# stacks of 256 channels on 256 x 256 pixels, about 24 million weights (`methods.of("fan").full` builds them,
# and a test of the course compares their number). At teaching size:


# %%
def costs(model):
    rows = networks.cost(model)
    return [sum(row[key] for row in rows) for key in ("parameters", "multiply_adds")]


for stacks in (1, 2):
    weights, work = costs(networks.hourglass(stacks=stacks))
    print(f"{stacks} stack{'s' * (stacks > 1)}: {weights:7,} weights, {work / 1e6:.0f} million multiply-adds")

# %% [markdown]
# A second stack costs less than the first, which has the convolutions on large maps before it. On faces
# that it has not seen: its maps of some points, and the ways to read them. Sums over 2 x 2 and 4 x 4 pixels
# show what smaller maps would have given.

# %%
logits = run(fan, crops.images[:60])
q = np.exp(logits - logits.max(axis=(1, 2), keepdims=True))
q = q / q.sum(axis=(1, 2), keepdims=True)
shown = [8, 30, 36, 45, 57, 21]
plots.show(plots.heatmaps(crops.images[four], q[four][..., shown], columns=4))
# ALT Four faces with FAN's maps of six points: compact spots on chin, nose, eye corners, lip and brow; that
# ALT of the chin is spread along the jaw.


# %%
def pooled(q, G):
    side = q.shape[1] // G
    return q.reshape(len(q), G, side, G, side, 68).sum(axis=(2, 4))


print("NME of the box    " + "".join(f"{name:>13}" for name in heatmaps.DECODERS))
for G in (32, 16, 8):
    found = [to_crop(decode(pooled(q, G)), G) for decode in heatmaps.DECODERS.values()]
    errors = [metrics.nme(points, crops.points[:60], "box").mean() for points in found]
    print(f"maps of {G:2} x {G:2}   " + "".join(f"{error:13.1%}" for error in errors))

# %% [markdown]
# Here the mean reads best at every size: the network was trained through it, and its maps are clean. Argmax
# loses more with every halving, as computed above.
#
# What does a heatmap know that 136 numbers do not? **How sure it is.** A map's spread is the root of its
# variance, $\sum_c q_c \lVert c - p \rVert^2$. Points by their spread, in five groups, and their errors:

# %%
p, c = heatmaps.soft_argmax(q), np.arange(32)
second = [np.einsum("nyxl,x->nl", q, c**2), np.einsum("nyxl,y->nl", q, c**2)]
spread = np.sqrt(sum(second) - (p**2).sum(axis=-1)).ravel()
off = np.linalg.norm(to_crop(p, 32) - crops.points[:60], axis=-1).ravel()
for group in np.array_split(np.argsort(spread), 5):
    print(f"spread {spread[group].mean():.1f} map pixels: error {off[group].mean():.1f} pixels of the crop")

# %% [markdown]
# **What it gets right.** The same weights at every place: a face that is not in the middle of its crop. Boxes
# moved in random directions, by up to 0.3 of their side:


# %%
def moved(share, faces):
    angle = np.random.default_rng(0).uniform(0, 2 * np.pi, len(faces))
    way = np.stack([np.cos(angle), np.sin(angle)] * 2, axis=1)
    return np.float32(faces.boxes + share * np.ptp(faces.boxes[:, ::2], axis=1)[:, None] * way)


# %% tags=["hide-output"]
some, shares, lines = FACES[:36], [0, 0.1, 0.2, 0.3], {}
for name in ("vanilla_cnn", "senet", "fan"):
    found = [methods.load(name).predict(some.images, moved(share, some)) for share in shares]
    lines[name] = [100 * metrics.nme(points, some.points, "box").mean() for points in found]
plots.show(plots.curves(shares, lines, "box moved by this share of its side", "NME of the box, %"))
# ALT Three curves of the error against how far the box was moved. Those of Vanilla CNN and SENet, which
# ALT give coordinates, rise steeply from 0.2 on, that of FAN hardly rises.

# %% [markdown]
# **What is obsolete in it.** Its cost: four stacks for what one good trunk with a small head does today; the
# squared difference of maps; points cut to whole pixels.
#
# ## DAN: a cascade that sees the whole face
#
# A cascade looks again where it already is ([notebook 03](03_cascaded_regression.ipynb)), but each look was
# at small patches, and a stage whose patches miss the face sees nothing. The **deep alignment network**
# ([Kowalski and others, 2017](https://doi.org/10.1109/CVPRW.2017.254)) shows *the whole face* to every stage,
# and tells it where the stage before had got to. Stage $t + 1$ sees
#
# 1. the crop, **warped** by the similarity that lays the shape $S^t$ nearest to the mean shape: upright;
# 2. the **landmark heatmap** of $S^t$ in that frame, your exercise 1;
# 3. a **feature image**, a dense layer from the last hidden layer of the stage before.
#
# It gives what is to be added in the upright frame, and the sum is carried back:
#
# $$S^{t+1} = T_t^{-1}\big(T_t(S^t) + \Delta S_{t+1}\big)$$
#
# With complex numbers, $z_l$ a point of $S^t$ and $u_l$ one of the centred mean shape, the similarity that is
# best in least squares takes one line. Its inverse, from upright to crop, multiplies by
#
# $$a = \frac{\sum_l \overline{u_l}\, z_l}{\sum_l |u_l|^2}$$
#
# In the course each stage is a SENet, so that only the idea differs:

# %%
dan = methods.load("dan").build()
plots.show(plots.architecture(dan, "DAN, two stages"))
# ALT A chain of SE blocks, head and dense layers to 136 numbers. From there three boxes, the warp, the
# ALT landmark heatmap and the feature image, are joined to five channels for a second such chain, whose 136
# ALT numbers are added to the first ones.

# %% [markdown]
# What the second stage sees of some turned faces, taken from inside the network, and the landmark heatmap
# once more, *from your function*:

# %%
rolled = [protocol.turn(FACES.images[i], FACES.points[i], FACES.boxes[i], 35) for i in four]
images, truth = [image for image, _ in rolled], np.stack([points for _, points in rolled])
tilted = type(FACES)(images, truth, FACES.boxes[four]).crops(128)
warp = dan.get_layer("stage2_warp")
large = ("stage2_near", "stage2_feature_large")
inside = keras.Model(dan.input, [dan.output, *warp.input[1:], warp.output]
                     + [dan.get_layer(name).output for name in large])  # fmt: skip
found, pose, upright, H, feature = run(inside, tilted.images)

# %%
S = found.reshape(len(found), 3, 68, 2)  # of the crop's side: the mean shape, and after each stage
z, u = (points[..., 0] + 1j * points[..., 1] for points in (S[:, 1], S[:, 0] - S[:, 0].mean(axis=1)[:, None]))
a = (u.conj() * z).sum(axis=1) / (np.abs(u) ** 2).sum(axis=1)
print("a is the network's pose:", np.allclose(a, pose[:, 0, 0] + 1j * pose[:, 0, 1], atol=1e-4))
straight = (z - z.mean(axis=1)[:, None]) / a[:, None] + (S[:, 0].mean(axis=1) @ [1, 1j])[:, None]
points = 64 * np.stack([straight.real, straight.imag], axis=-1)
yours = np.stack([near(one, 64) for one in points]).repeat(2, axis=1).repeat(2, axis=2)
print("your heatmap is the network's:", np.allclose(yours, H[..., 0], atol=1e-3))


# %%
def picture(maps):
    return np.uint8(255 * np.clip(maps / maps.max(), 0, 1)).repeat(3, axis=-1)


columns = tilted.images, np.uint8(255 * upright), picture(H), picture(feature)
titles = ["crop", "warped", "landmark heatmap", "feature image"] + [""] * 8
grid = [column[i] for i in range(3) for column in columns]
plots.show(plots.faces_grid(grid, titles=titles, columns=4))
# ALT Three rows of four pictures: a face turned by 35 degrees; the same face upright; bright spots at its
# ALT upright landmarks; coarse grey squares, the feature image, which no one can read.

# %% [markdown]
# The warp must pass a gradient on, or the stages cannot be trained together (ours were; the paper's code
# trains only the newest stage). Where does a pixel of the warped image come from? From four pixels of the
# crop, mixed *bilinearly*; moving the pose changes their shares, and that has a slope. The gradient of a
# weighted sum of the warped image, by the pose, against finite differences:

# %%
soft_image = tf.constant(np.float32([gaussian_filter(tilted.images[0] / 255, (3, 3, 0))]))
weight = np.linspace(-1, 1, 128, dtype="float32")[:, None] * np.linspace(0, 1, 128, dtype="float32")


def total(pose):
    return tf.reduce_mean(warp(soft_image, pose)[0, :, :, 1] * weight)


pose = tf.constant(pose[:1])
with tf.GradientTape() as tape:
    tape.watch(pose)
    value = total(pose)
by_tape = tape.gradient(value, pose).numpy().ravel()
steps = 0.004 * np.eye(4, dtype="float32")[:, None, None]
by_steps = np.array([float(total(pose + step) - total(pose - step)) for step in steps]) / 0.008
for name, one, other in zip("abxy", by_tape, by_steps, strict=True):
    print(f"by {name}: gradient {one:6.2f}, finite difference {other:6.2f}")

# %% [markdown]
# **What it gets right**: heads that lean. All methods learnt from faces turned by some degrees; beyond, only
# the one that straightens the face goes on. **Predict first:** the order at 50 degrees.

# %% tags=["hide-output"]
angles, lines = [0, 20, 40, 60], {}
for degrees in angles:
    turned = [
        protocol.turn(*face, degrees) for face in zip(some.images, some.points, some.boxes, strict=True)
    ]
    images, truth = [image for image, _ in turned], np.stack([points for _, points in turned])
    found = {name: methods.load(name).predict(images, some.boxes) for name in ("senet", "fan")}
    _, found["DAN, stage 1"], found["DAN, stage 2"] = methods.load("dan").predict(
        images, some.boxes, stages=True
    )
    for name, points in found.items():
        lines.setdefault(name, []).append(100 * metrics.nme(points, truth, "box").mean())
plots.show(plots.curves(angles, lines, "head turned in the picture, degrees", "NME of the box, %"))
# ALT Four curves of the error against the angle, equal at first. From 40 degrees on FAN's rises most, then
# ALT those of SENet and of DAN's first stage, and that of DAN's second stage least.

# %% [markdown]
# On photographs that no method has seen, in the boxes of dlib's detector, the error after each stage, over
# the inter-ocular distance, with 95 % intervals:

# %%
levels = json.loads((paths.RESULTS / "levels.json").read_text(encoding="utf-8"))["levels"]["dan"]
for title, one in levels.items():
    cells = [f"S^{t} {e:5.1%} [{low:.1%}, {high:.1%}]" for t, (e, (low, high)) in
             enumerate(zip(one["nme"], one["interval"], strict=True)) if t]  # fmt: skip
    print(f"{title:19}", "   ".join(cells))

# %% [markdown]
# **What is obsolete in it.** Stages are separate networks, and all are paid for. Today's cascades share one
# trunk and let points attend to its features. What stayed: straighten first, if heads may lean.
#
# ## PIPNet: a coarse map, and offsets
#
# FAN's maps are large because argmax is coarse. **Pixel-in-pixel regression** ([Jin and others,
# 2021](https://doi.org/10.1007/s11263-021-01521-4)) drops both: on the last, coarse grid of the trunk (the
# *backbone*) a *score* says which **cell** a point is in, and *two numbers* say where in the cell. No
# enlarging. And each cell also says where the point's $n$ nearest **neighbours** lie; a point's place is
# the mean of its own word and of what its neighbours' cells say about it.

# %%
pipnet = methods.load("pipnet").build()
plots.show(plots.architecture(pipnet, "PIPNet, on SENet's trunk"))
# ALT A single chain: image, stem, SE blocks down to 8 by 8 by 256, a 1x1 convolution to 64 channels and one
# ALT to 8 by 8 by 1020.

# %% [markdown]
# $68 \cdot (1 + 2 + 2 n) = 1020$ numbers a cell, with $n = 6$ (10 in the paper, on a ResNet-18, 256 pixels
# and a stride of 32; ours has a stride of 16). Read by hand:

# %%
out = run(pipnet, crops.images)
N, G, l, n = len(out), out.shape[1], np.arange(68), neighbours(6)  # n: (68, 6) numbers of points
cell = heatmaps.argmax(out[..., :68])  # (N, 68, 2), x before y
x, y = np.moveaxis(cell.astype(int), -1, 0)
said = out[np.arange(N)[:, None], y, x]  # (N, 68, 1020): all that each point's cell says
own = cell + said[..., 68:204].reshape(N, 68, 68, 2)[:, l, l]
votes = cell[:, :, None] + said[..., 204:].reshape(N, 68, 68, 6, 2)[:, l, l]

# %%
total, count = own.copy(), np.ones((68, 1))
np.add.at(total, (slice(None), n), votes)
np.add.at(count, n, 1)
place = {"own word": own, "with the neighbours": total / count}
e = {name: np.linalg.norm(to_crop(p - 0.5, G) - crops.points, axis=-1) for name, p in place.items()}
right = (np.floor(to_map(crops.points, G) + 0.5) == cell).all(axis=-1)
print(f"in the right cell: {right.mean():.0%} of the points")
for name, off in e.items():
    inside, outside = off[right].mean(), off[~right].mean()
    print(f"{name:19} off by {inside:.1f} pixels in the right cell, {outside:.1f} in a wrong one")

# %% [markdown]
# In the right cell the neighbours add nothing. In a wrong one, mostly the next cell, the own word is far
# off, and they outvote it. Three such points: in orange the own cell and its word, in blue the neighbours',
# a white cross at the mean of all, a green ring at the truth.

# %%
gain = np.where(right, 0, e["own word"] - e["with the neighbours"])
faces = np.argsort(gain.max(axis=1))[-9::3]
points, cells, voted = gain[faces].argmax(axis=1), [], []
for i, point in zip(faces, points, strict=True):
    voters, which = np.nonzero(n == point)  # who speaks of the point, and as which of its neighbours
    cells.append(to_crop(cell[i, [point, *voters]], G))
    voted.append(to_crop(votes[i, voters, which] - 0.5, G))
own_word = to_crop(own[faces, points] - 0.5, G)
plots.show(plots.votes(crops.images[faces], G, cells, own_word, voted, crops.points[faces, points]))
# ALT Three faces under a grid of eight by eight cells. In each an orange square, the own word, lies away
# ALT from the green ring of the truth; most blue dots, the neighbours' words, lie in or beside the ring,
# ALT and so the cross of the mean is nearer to it.

# %% [markdown]
# **What it gets right**: cost, and no map larger than needed. **What is obsolete in it**: the loss for
# scores is a squared difference from one hot cell, so it says nothing about how sure it is. Trained as maps
# are above, by a softmax, the scores become probabilities:
#
# ## Heatmap with offsets, at equal cost
#
# Each cell $c$ says how likely the point is there, $q_c$, and where from its middle, $o_c$; *all* have a say
# (after [Papandreou and others, 2017](https://doi.org/10.48550/arXiv.1701.01779)):
#
# $$p = \sum_c q_c\, (c + o_c)$$
#
# Now the question of this notebook can be asked fairly: **heatmaps or coordinates?** On the same trunk,
# SENet's first three stages, the last stage and dense layers (coordinates) are replaced by a map of 16 x 16
# with offsets:

# %%
shipped = {name: methods.load(name) for name in ("senet", "dan", "fan", "pipnet", "heatmap_offset")}
models = {"senet": senet, "dan": dan, "fan": fan, "pipnet": pipnet}
models["heatmap_offset"] = shipped["heatmap_offset"].build()
work = {name: costs(model) for name, model in models.items()}
plots.show(plots.architecture(models["heatmap_offset"], "Heatmap with offsets"))
print(*(f"{name:14} {macs / 1e6:5.1f} million multiply-adds" for name, (_, macs) in work.items()), sep="\n")
# ALT A chain of SE blocks to 8 by 8 by 256. Its end, enlarged, and a branch from 16 by 16 by 128 are added,
# ALT followed by a 3x3 and a 1x1 convolution to 16 by 16 by 204.

# %% [markdown]
# Both families were trained from random weights, on the same crops, from several random starts each. The
# difference of the mean errors, maps less coordinates, on validation photographs in dlib's boxes, with
# Welch's 95 % interval over the starts:


# %%
path = paths.RESULTS / "seeds.json"
runs = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
gains = protocol.over_seeds("equal_heatmap", "equal_senet", runs)


def verdict(difference, low, high, _):
    who = "maps are better" if high < 0 else "coordinates are better" if low > 0 else "not to be told apart"
    return f"{100 * difference:+.2f} points [{100 * low:+.2f}, {100 * high:+.2f}]: {who}"


for way in [way for way in ("equal_heatmap", "equal_senet") if gains]:
    run = next(iter(runs[way].values()))
    macs = costs(methods.create(run["method"], **run["settings"]).build())[1]
    print(f"{way:13} {macs / 1e6:.1f} million multiply-adds, {len(runs[way])} runs of {run['crops']:,} crops")
print(*[f"{title:19} {verdict(*gain)}" for title, gain in gains.items()] or ["Not measured yet."], sep="\n")

# %%
rows = {title: (*(100 * end for end in ends), 100 * pairs) for title, (*ends, pairs) in gains.items()}
plots.show(
    plots.differences(rows or {"not yet": (0, 0, 0, [])}, "NME of maps less that of coordinates, points")
)
# ALT For each set of photographs a diamond at the difference of the means, a line for its interval, grey
# ALT dots for the single pairs of runs, and a dotted line at 0.

# %% [markdown]
# An interval that contains 0 says: *these* runs cannot tell. It covers the luck of the start, not the
# choice of the faces, nor a longer training; and it compares two heads on one trunk, not two families for
# ever. The question counts only at equal cost and with equal training: look at the costs printed above
# first. In published tables the two families end close together: on 300-W, HRNet, with maps, has 3.34 %,
# and SCC, with coordinates and a structure among them, 3.28 %.
#
# ## The recorded trainings
#
# The shipped weights of this notebook's networks, trained by one recipe (as SENet's in [notebook
# 10](10_training_senet.ipynb)). FAN began with random weights; DAN with the shipped SENet in both stages,
# PIPNet and the heatmap with offsets with its trunk: so their curves are not a race.

# %%
record = json.loads((paths.RESULTS / "network_training.json").read_text(encoding="utf-8"))
panels = {}
for title, key in {"LFPW": "lfpw68/held-out", "HELEN": "helen68/validation", "YouTube": "yt68/val"}.items():
    panels[title] = {}
    for name in ("fan", "dan", "pipnet", "heatmap_offset"):
        rows = [row for row in record[name]["validation"] if row[key]["dlib"] < 0.15]
        panels[title][name] = ([row["crops"] / 1e6 for row in rows], [100 * row[key]["dlib"] for row in rows])
plots.show(plots.run_curves(panels))
# ALT Three panels, LFPW, HELEN and YouTube Faces, of the error against the millions of crops seen. DAN
# ALT starts and ends lowest; the other three fall from far above and end close together.

# %% [markdown]
# ## All in one table
#
# Milliseconds are LiteRT's in one thread (a dash: not measured), the error is over the inter-ocular
# distance in dlib's boxes, with its 95 % interval:

# %%
bench = json.loads((paths.RESULTS / "bench.json").read_text(encoding="utf-8"))
print(f"{'':15} weights  mult-adds     ms  hours      LFPW, held out      HELEN, validation")
for name in ("senet", "fan", "dan", "pipnet", "heatmap_offset"):
    weights, macs = work[name]
    ms = bench["speed"]["one thread"].get(f"{name}, litert", {}).get("ms")
    hours = record.get(name, {}).get("hours")
    cells = [f"{weights / 1e6:5.2f} M", f"{macs / 1e6:7.0f} M", f"{ms:5.1f}" if ms else "    -"]
    cells += [f"{hours:5.1f}" if hours else "    -"]
    for key in ("lfpw68/held-out", "helen68/validation"):
        one = bench["accuracy"][key]["methods"][name]["detector"]
        cells.append(f"{one['nme']:.1%} [{one['low']:.1%}, {one['high']:.1%}]")
    print(f"{name:15}", "  ".join(cells))

# %% [markdown]
# SENet was trained far longer, on more faces, and with a teacher on a GPU: that it is ahead of the maps
# here says nothing about the two families; the section before does. Published, on 300-W (*full*,
# inter-ocular): DAN 3.59 %, PIPNet with ResNet-18 3.36 % and with ResNet-101 3.19 %; the best of [notebook
# 11](11_the_comparison.ipynb), which says why these do not stand in one column with ours, is a heatmap
# network.
#
# | method | what the one before got wrong | obsolete today |
# |---|---|---|
# | FAN 2017 | dense layers learn every place anew: moved faces | four stacks; squared maps; whole pixels |
# | DAN 2017 | a stage sees only patches, or a leaning head | a whole network a stage |
# | PIPNet 2021 | large maps cost most of the time | scores that are no probabilities |
# | heatmap with offsets | one cell decides alone | trunks without attention |
#
# ## Questions
#
# 1. A client needs 68 points at 200 faces a second on a telephone, frontal faces, good boxes. Map or
#    coordinates? And for leaning heads in a crowd, boxes from a poor detector?
# 2. Your heatmap network is trained on *squares* and read by soft-argmax over the raw map. Errors are large
#    at the chin and small at the nose. Why?
# 3. A paper says: "with our decoding, the error falls by 12 %". On maps of which size would you ask for it?
#
# <details><summary>Answers</summary>
#
# **1.** Coordinates or a coarse map with offsets: both are cheap, and with good boxes the weakness of dense
# layers does not show. For leaning heads and poor boxes: a map, and a first pass that straightens the face,
# as DAN does.
#
# **2.** The rest of a raw map is small but not 0, and pulls the mean to the middle of the map: the farther a
# point is from it, the more. A softmax with a large factor, or a window round the peak, removes that.
#
# **3.** On the size that one would use. The smaller the map, the more there is to gain: at 64 x 64 DARK has
# half a pixel of the crop to win, at 16 x 16 four times as much.
#
# </details>
#
# ## Key points
#
# - A heatmap gives each place the same weights, a point's place below the pixel, and how sure it is.
# - Argmax loses 0.38 of a map pixel, the quarter pixel half of that, DARK and soft-argmax next to nothing on
#   clean maps. Soft-argmax listens to the whole map, argmax to one pixel.
# - $\partial \ell / \partial m_j = q_j (j - p) \cdot g$: so a network can be trained on the distance of its
#   points.
# - FAN: fine and coarse together. DAN: straighten, and say where you were. PIPNet: coarse cells, offsets,
#   neighbours.
# - Compare families at equal cost, from several starts, with an interval.
#
# **Common mistakes:** the half pixel between map and crop; soft-argmax over a map that is not 0 elsewhere; a
# regulariser left out; networks of unequal cost or unequal training compared as families.
#
# ## Go further
#
# - A. Bulat, G. Tzimiropoulos, [*How Far Are We from Solving the 2D & 3D Face Alignment
#   Problem?*](https://doi.org/10.1109/ICCV.2017.116), ICCV 2017: FAN, and how it was tested by pose and size.
# - M. Kowalski, J. Naruniec, T. Trzcinski, [*Deep Alignment
#   Network*](https://doi.org/10.1109/CVPRW.2017.254), CVPR workshops 2017: section 3 on the connection
#   layers.
# - H. Jin, S. Liao, L. Shao, [*Pixel-in-Pixel Net*](https://doi.org/10.1007/s11263-021-01521-4), IJCV 2021:
#   heads compared on one trunk.
# - A. Nibali and others, [*Numerical Coordinate Regression with Convolutional Neural
#   Networks*](https://doi.org/10.48550/arXiv.1801.07372), 2018: soft-argmax, its regularisers compared.
# - F. Zhang and others, [*Distribution-Aware Coordinate
#   Representation*](https://doi.org/10.48550/arXiv.1910.06278), CVPR 2020: DARK.
# - A. Newell, K. Yang, J. Deng, [*Stacked Hourglass
#   Networks*](https://doi.org/10.1007/978-3-319-46484-8_29), ECCV 2016: where the hourglass comes from.
# - Next: [09, squeeze and excitation](09_squeeze_and_excitation.ipynb).
