# %% [markdown]
# # Convolutional regression
#
# **After this notebook you can**
#
# - read the drawings of five networks that began the field's deep years, and say what each added;
# - show by clusters what the layers of a network respond to, from the picture's light to the face's pose;
# - explain a cascade of networks, and where its patches lose the face;
# - write a loss of several tasks and a rule that stops a task, and measure what the tasks bring;
# - find faces of many sizes by an image pyramid, three networks and your own non-maximum suppression.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute. The exercises take about 35
# minutes, the questions 10. (A class of an hour ends after Face++.) **Needs:** notebooks
# [01](01_measuring_error.ipynb) and [03](03_cascaded_regression.ipynb); the training step is that of
# [10](10_training_senet.ipynb). Answers are in the SOLUTIONS_LINK.

# %%
import json

import cv2
import numpy as np
import skimage.data
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.mixture import GaussianMixture

from facelm_helpers.quiet import tensorflow as tf  # isort: skip
import keras

from facelm_helpers import methods, metrics, networks, paths, plots, protocol, sources, training
from facelm_helpers.boxes import move_boxes, overlap
from facelm_helpers.checks import convolutional_regression as check
from facelm_helpers.detectors import mtcnn
from facelm_helpers.faces import crop
from facelm_helpers.geometry import mouth_aspect_ratio, yaw
from facelm_helpers.landmarks import convert
from facelm_helpers.methods.tcdcn import targets

plots.setup()

# %% [markdown]
# ## Five networks
#
# A cascade of [notebook 03](03_cascaded_regression.ipynb) starts from the mean shape and reads a few pixels
# near it. From 2013 on, convolutional networks read the whole face and answered at once, without a start:
#
# | method | year | idea | input |
# |---|---|---|---|
# | Vanilla CNN | 2015 | one network, all points; then a last layer for each kind of face | the face |
# | DCNN | 2013 | three levels: face, then patches round each point | face, patches |
# | Face++ | 2013 | boxes, points, parts; the contour apart | face, regions, turned parts |
# | TCDCN | 2014 | other tasks learnt along: pose, smile, glasses | the face |
# | MTCNN | 2016 | find the faces, too: three networks, each on fewer windows | the whole picture |
#
# The first is the simplest, so it comes first. All have shipped weights of *teaching size*: 68 points, batch
# normalisation, and colour or grey crops of 64 or 128 pixels. Each drawing below is made from the network
# that it shows.

# %%
FACES = sources.load("synthetic", n=450, seed=6)
train, test = FACES.split_by_person(0.6, seed=0)
aligners = {name: methods.load(name) for name in ("sdm", "vanilla_cnn", "dcnn", "facepp", "tcdcn")}
print(len(train), "training faces,", len(test), "test faces")


# %%
def errors(name, faces, boxes):
    """Some faces turn far, so the normaliser is the box's sqrt(w h)."""
    return metrics.nme(aligners[name].predict(faces.images, boxes), faces.points, norm="box")


# %% [markdown]
# What a method costs: weights, multiply-adds for one face (counted from the network), milliseconds (LiteRT,
# one thread) and the hours of its training on two cores (both measured, read from `data/results`; of DCNN and
# Face++ an earlier phase is not recorded).

# %% tags=["nbval-ignore-output"]
results = {name: json.loads((paths.RESULTS / f"{name}.json").read_text(encoding="utf-8"))
           for name in ("bench", "network_training", "seeds", "levels", "detectors", "peers",
                        "senet_training")}  # fmt: skip


def hours_of(name):
    record = results["network_training"][name]
    return sum(run["hours"] for run in [*record.get("before", []), record])


def cost(name):
    model, timed = aligners[name].build(), results["bench"]["speed"]["one thread"]
    adds = sum(row["multiply_adds"] for row in networks.cost(model)) / 1e6
    ms = timed[f"{name}, litert"]["ms"] if f"{name}, litert" in timed else np.nan
    return f"{name:12} {model.count_params():>9,} {adds:11.0f} M {ms:6.1f} {hours_of(name):6.1f}"


print(f"{'network':12} {'weights':>9} {'multiply-adds':>13} {'ms':>6} {'hours':>6}")
for name in list(aligners)[1:]:
    print(cost(name))

# %% [markdown]
# ## Vanilla CNN: one network, all points at once
#
# **Direct regression**: the network turns the image $I$ into *features* $f$, and one linear layer turns these
# into the shape, 136 numbers ([Wu and others, 2015](https://doi.org/10.48550/arXiv.1511.04031)):
#
# $$S = W f(I) + b$$
#
# It is SENet's task ([notebook 10](10_training_senet.ipynb)) with the simplest of networks. The paper's is
# small: 40 x 40 pixels, five points, and $|\tanh|$ for an activation. Ours has ReLU and batch normalisation.
# (Its released code subtracts a mean image and divides by one of standard deviations; ours, only by 255.)

# %%
vanilla = methods.of("vanilla_cnn")
paper = vanilla(**vanilla.full, points=5).build()
plots.show(plots.architectures({"the paper's, five points": paper, "ours, 68 points": vanilla().build()}))
# ALT Two networks side by side, each four convolutions with pooling and two dense layers: the paper's from
# ALT 40 x 40 pixels to 10 numbers, ours from 64 x 64 pixels to 136 numbers, with nine times as many weights.

# %% [markdown]
# What does it get right that a cascade gets wrong? Move the box by a share of its side in any direction, as a
# poor detector would, or turn the picture round the box's middle:

# %%
few = test[:60]
angle = np.random.default_rng(0).uniform(0, 2 * np.pi, len(few))
ways = np.stack([np.cos(angle), np.sin(angle)], axis=1)


def turned(faces, degrees):
    """The same faces, every second one turned the other way."""
    some = [protocol.turn(*faces[i], degrees * (-1) ** i) for i in range(len(faces))]
    return type(faces)(np.stack([image for image, _ in some]), np.stack([points for _, points in some]),
                       faces.boxes, faces.persons)  # fmt: skip


# %%
shares, degrees = [0, 0.1, 0.2, 0.3], [0, 15, 30, 45]
by_box, by_turn = {}, {}
for name in ("sdm", "vanilla_cnn"):
    by_box[name] = [errors(name, few, move_boxes(few.boxes, share * ways)).mean() for share in shares]
    by_turn[name] = [errors(name, turned(few, angle), few.boxes).mean() for angle in degrees]

# %% [markdown]
# **Predict first:** on upright faces in good boxes SDM is better here (it learnt from faces of this kind, the
# networks from photographs). What happens as box and head turn away?

# %% tags=["hide-output"]
plots.show(plots.run_curves(
    {"box moved, sides": {name: (shares, 100 * np.array(e)) for name, e in by_box.items()},
     "face turned, degrees": {name: (degrees, 100 * np.array(e)) for name, e in by_turn.items()}},
    xlabel="", ylabel="NME, % of the box"))  # fmt: skip
# ALT Two panels. As the box moves, and as the face turns, SDM's error rises steeply, Vanilla CNN's far less.

# %%
some = turned(few[2:4], 45)
shapes = [aligners[name].predict(some.images, some.boxes) for name in ("sdm", "vanilla_cnn")]
titles = ["SDM"] * 2 + ["Vanilla CNN"] * 2
plots.show(plots.faces_grid([*some.images] * 2, np.concatenate(shapes), titles=titles, columns=4))
# ALT Two faces turned by 45 degrees, first with SDM's points, which have slid off, then with Vanilla CNN's,
# ALT which lie on the faces.

# %% [markdown]
# The cascade looks for the mean shape's neighbours and does not find them; the network needs no start. (Part
# of the gain is training: its faces were turned and its boxes moved. SDM's starts were moved a little.)
#
# ## What do the layers respond to?
#
# Wu and others asked what the features $f$ hold. They clustered them: a **Gaussian mixture** (GMM) models the
# faces' features as a sum of $C$ bells with weights $\pi_c$, means $\mu_c$ and variances $\sigma_c^2$; a
# face belongs to cluster $c$ with the probability
#
# $$p_c = \frac{\pi_c\, \mathcal{N}(f;\, \mu_c, \sigma_c^2)}{\sum_k \pi_k\, \mathcal{N}(f;\, \mu_k,
# \sigma_k^2)}$$
#
# We do so for the image itself and for every layer, each reduced to its 20 largest principal components.

# %%
model = aligners["vanilla_cnn"].build()
names = ["conv1_pool", "conv2_pool", "conv3_pool", "conv4_pool", "hidden"]
look = keras.Model(model.input, [model.get_layer(name).output for name in names])
crops = FACES.crops(64)
images = training.scaled(crops.images)
layers = dict(zip(["image", "conv 1", "conv 2", "conv 3", "conv 4", "hidden"],
                  [images, *(f.numpy() for f in look(images, training=False))], strict=True))  # fmt: skip


# %%
def clusters(f, C=16):
    """The cluster of each face, (N,), from features of any shape."""
    flat = f.reshape(len(f), -1)
    short = PCA(20, random_state=0).fit_transform(flat / (flat.std(axis=0) + 0.01 * flat.std()))
    floor = 1e-3 * short.var()  # no variance below it
    mixture = GaussianMixture(C, covariance_type="diag", reg_covar=floor, n_init=2, random_state=0)
    return mixture.fit_predict(short)


found = {name: clusters(f) for name, f in layers.items()}

# %% [markdown]
# Mean faces of the largest clusters, with their numbers of faces: of the image, of a middle layer, and of the
# last:

# %%
rows, titles = [], []
for name in ("image", "conv 3", "hidden"):
    largest = np.argsort(-np.bincount(found[name]))[:8]
    rows += [crops.images[found[name] == c].mean(axis=0).astype("uint8") for c in largest]
    titles += [f"{name}: {np.sum(found[name] == c)}" for c in largest]
plots.show(plots.faces_grid(rows, titles=titles, columns=8))
# ALT Three rows of eight blurred mean faces. Clusters of the image differ in light and background, those of
# ALT the third convolution in the direction of the head, sharp turns among them; those of the last layer in
# ALT direction, tilt and mouth.

# %% [markdown]
# How much of a quantity $v$ (the yaw of the head, say) do the clusters explain? The variance of the clusters'
# means as a share of the whole variance, with $N_c$ faces in cluster $c$:
#
# $$\eta^2 = \frac{\sum_c N_c\, (\bar v_c - \bar v)^2}{\sum_i (v_i - \bar v)^2}$$


# %%
def explained(v, k):
    between = sum(np.sum(k == c) * (v[k == c].mean() - v.mean()) ** 2 for c in np.unique(k))
    return between / ((v - v.mean()) ** 2).sum()


eyes = crops.points[:, 45] - crops.points[:, 36]
quantities = {
    "light": images.mean(axis=(1, 2, 3)),
    "yaw": yaw(crops.points),
    "tilt": np.arctan2(eyes[:, 1], eyes[:, 0]),
    "open mouth": mouth_aspect_ratio(crops.points),
}

# %% [markdown]
# **Predict first:** in which layer does light matter most, in which yaw, in which an open mouth?

# %% tags=["hide-output"]
lines = {told: [explained(v, k) for k in found.values()] for told, v in quantities.items()}
figure = plots.curves(range(6), lines, "", "share explained by 16 clusters")
figure.axes[0].set_xticks(range(6), list(found))
figure.axes[0].legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1))
plots.show(figure)
# ALT Four curves over the image and five layers: light falls to almost nothing, yaw rises to nine tenths by
# ALT the third convolution, tilt rises later, and the open mouth only in the last layer.

# %% [markdown]
# On these faces the network works **from coarse to fine**: light is discarded, yaw comes before tilt, and
# expression last, and weakly. (The shares vary with the faces and with the mixture's random start.)
#
# ### A last layer for each kind of face
#
# If the features know the pose, faces of one pose can have their own last layer. The **tweaked** network
# (TCNN) mixes $C$ of them:
#
# $$S = \sum_c p_c\, (W_c f + b_c)$$
#
# The paper uses 64 clusters, chooses the likeliest one and trains its layer on faces of that pose, augmented
# until there are enough. Ours has 16, mixed by $p_c$. The shipped mixture, fitted to 20,000 crops of training
# photographs and synthetic faces, is a layer of the network, `gate`. And a linear function of the features
# $f$, fitted to the training faces, tells the yaw of the test faces:

# %%
gate = keras.Model(model.input, model.get_layer("gate").output)
p = gate(images, training=False).numpy()
k = p.argmax(axis=1)
told = ", ".join(f"{explained(quantities[name], k):.0%} of {name}" for name in ("light", "yaw", "open mouth"))
print(f"the shipped clusters explain {told}")
parts = [training.scaled(part.crops(64).images) for part in (train, test)]
f, f_test = (look(part, training=False)[-1].numpy() for part in parts)
linear = Ridge(1.0).fit(f, yaw(train.points))
print(f"yaw from the last layer's features by a linear fit: R^2 {linear.score(f_test, yaw(test.points)):.2f}")


# %% [markdown]
# What did the heads bring? The same network before and after, on photographs (NME over the eyes' distance, in
# the boxes of dlib's detector; as recorded in training, on stored crops: the bench below, from the
# photographs, gives slightly other figures):

# %%
after = results["network_training"]["vanilla_cnn"]
before = after["before"][-1]
SETS = {"lfpw68/held-out": "LFPW", "helen68/validation": "HELEN", "yt68/val": "YouTube Faces"}
for title, told in SETS.items():
    pair = [100 * run["validation"][-1][title]["dlib"] for run in (before, after)]
    print(f"{told:14} one last layer {pair[0]:.2f} %, 16 of them {pair[1]:.2f} %")

# %% [markdown]
# Next to nothing. The paper's gain, on five points, came with a smaller network and pose-specific
# augmentation; features from which one linear layer reads the pose leave the heads little to do.
#
# **Obsolete today:** $|\tanh|$, training without normalisation, clusters that are fitted once and frozen.
# What stayed: experts chosen by a gate, which is now trained with them (*mixture of experts*).
#
# ## DCNN: three levels
#
# One answer from the whole face is coarse: pooling has blurred where exactly an edge was. **DCNN** ([Sun,
# Wang and Tang, 2013](https://doi.org/10.1109/CVPR.2013.446)) is a cascade whose regressors are networks.
# Level 1 averages three, of the face, its upper and its lower part. Levels 2 and 3 look at two small patches
# round each point $l$, with sides $a_{t1}$ and $a_{t2}$, and add the mean of what two networks $r$ answer:
#
# $$S^t_l = S^{t-1}_l + \frac12 \sum_{j=1}^{2} a_{tj}\; r_{tlj}\big(I[S^{t-1}_l,\, a_{tj}]\big), \qquad
# t = 2, 3$$
#
# Two patches a point, five points, two levels, and three networks for level 1: 23 networks. The drawing has
# the paper's sizes. (Its filters share their weights only within regions of a map; ours are ordinary
# convolutions, and the sides $a$ are the course's. A public Caffe copy departs farther: a third convolution
# of 5 x 5, pooling in steps of 1, ReLU.)

# %%
dcnn = methods.of("dcnn")
paper = dcnn(**dcnn.full, points=5).build()
plots.show(plots.architecture(paper, "DCNN, 23 networks"))
# ALT Three networks of level 1 from the face, its upper and its lower part; below them 10 networks on
# ALT patches for level 2, and 10 for level 3, each with two convolutions and two dense layers.

# %% [markdown]
# What the twenty of levels 2 and 3 see on a test face, round the five points that the level before has found
# (here by the shipped DCNN; the published one is untrained):

# %%
face = test.crops(156).images[np.abs(yaw(test.points)).argmin()]
walk = aligners["dcnn"].predict([face], np.float32([[26, 26, 130, 130]]), stages=True)[:, 0]
squares, titles = [], []
for t, sides in ((2, (0.26, 0.20)), (3, (0.14, 0.10))):
    for half in 156 * np.array(sides) / 2:
        corners = half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        squares += list(convert(walk[[t - 1]], "5")[0][:, None] + corners)
        titles += [f"level {t}"] * 5

# %%
patches = [crop(face, [*one[0], *one[2]], size=15, margin=1)[0].mean(axis=-1) for one in squares]
plots.show(plots.views(face, squares, patches, titles, columns=5, kinds=[*range(5)] * 4))
# ALT A face with nested squares round eyes, nose and corners of the mouth, one colour a point. Beside it four
# ALT rows of five grey patches of 15 x 15 pixels: from row to row they show less of the face, enlarged.

# %% [markdown]
# A network of level 3 sees little more than a corner of the eye, and moves its point by at most half a patch.
# That is what makes it exact, and what limits it. The shipped DCNN does so for all 68 points; the networks of
# one level and size of patch share their convolutions, and each point has its own last layer. Its levels on a
# face:

# %%
i = np.argsort(errors("dcnn", few, few.boxes))[len(few) // 2]
walk = aligners["dcnn"].predict(few.images[i : i + 1], few.boxes[i : i + 1], stages=True)[:, 0]
e = metrics.nme(walk, np.tile(few.points[i], (4, 1, 1)), norm="box")
titles = [f"S^{t}: {one:.1%}" for t, one in enumerate(e)]
plots.show(plots.faces_grid([few.images[i]] * 4, walk, [few.points[i]] * 4, titles=titles, columns=4))
# ALT One face four times with the mean shape and the points after levels 1, 2 and 3. White crosses are the
# ALT truth; lines from them to the dots are long at first, short after level 1, and shorter still at the end.

# %% [markdown]
# **What it gets right:** *how exactly* each point lies. And what does it get wrong, where one network had
# been safer? Compare medians and means as the box moves:

# %%
print("box moved by     " + "".join(f"{share:12.0%}" for share in shares))
for name in ("vanilla_cnn", "dcnn"):
    e = [errors(name, few, move_boxes(few.boxes, share * ways)) for share in shares]
    told = [f"{100 * np.median(one):.1f} / {100 * one.mean():.1f}" for one in e]
    print(f"{name:12} NME %" + "".join(f"{one:>12}" for one in told) + "   (median / mean)")

# %% [markdown]
# While level 1 is near, the patches hold what they need, and the median falls. Where level 1 errs by more
# than half a patch, levels 2 and 3 refine a wrong place: the mean rises above that of the single network.
#
# **Obsolete today:** patches without context, one network a point. What stayed: coarse to fine.
# [Notebook 07](07_heatmaps.ipynb) shows DAN, which lets every stage see the whole face.
#
# ## Face++: boxes, points, parts
#
# One of the two winners of 300-W's first contest, that from industry ([Zhou and others,
# 2013](https://doi.org/10.1109/ICCVW.2013.58)), scales the idea to 68 points. (Its abstract tells of four
# levels; in the last, parts are turned by an angle that a network predicts. Ours joins levels, and takes the
# angle from the points.) **Level 1** finds *boxes*: one round the 51 inner points, one round the 17 of the
# contour. **Level 2** finds the points of each in its box. **Level 3** cuts brows, eyes, nose and mouth, each
# *turned upright* and scaled by a similarity $\mathcal{T}$ of its points, and corrects them there:
#
# $$S^3 = S^2 + \mathcal{T}^{-1} r\big(I \circ \mathcal{T}^{-1}\big)$$
#
# (only the linear part of $\mathcal{T}^{-1}$ acts on a correction). The contour ends at level 2: a cheek has
# no corner that a patch could show. Our part networks serve left and right alike: the right eye is mirrored.

# %%
plots.show(plots.architecture(aligners["facepp"].build(), "Face++, teaching size"))
# ALT A network of level 1 gives two boxes; two networks see the regions in them; below, four networks see
# ALT brows, eyes, nose and mouth, the first two of them twice.

# %% [markdown]
# What its networks see, on a face turned by 25 degrees; again the cuts are layers of the network
# (the right brow and eye are mirrored, and seen by the networks of the left ones):


# %%
def squares_of(poses):
    """Corners (M, 4, 2) of squares from their poses (a, b, x, y): edge a + ib, middle x + iy."""
    a, b, x, y = np.reshape(poses, (-1, 4)).T[:, :, None]
    u, v = np.array([[-1, 1, 1, -1], [-1, -1, 1, 1]]) / 2
    return np.stack([x + a * u - b * v, y + b * u + a * v], axis=-1)


# %%
model = aligners["facepp"].build()
cuts = [layer for layer in model.layers if "region" in layer.name or "patch" in layer.name]
tilted = turned(few[i : i + 1], 25).crops(128).images
outputs = [[one.input[1], one.output] for one in cuts]  # where it cuts, and what it sees
found = keras.Model(model.input, outputs)(training.scaled(tilted))
poses, seen = zip(*([part.numpy() for part in pair] for pair in found), strict=True)
titles = ["contour", "inner points", "right brow", "left brow", "right eye", "left eye", "nose", "mouth"]
plots.show(plots.views(tilted[0], 128 * squares_of(poses), [one[0] for one in seen], titles))
# ALT A tilted face with upright squares round all of it and turned ones round brows, eyes, nose and mouth.
# ALT Beside it what the networks see: the regions tilted as the face is, the parts upright.

# %% [markdown]
# Does turning the parts upright help where DCNN's upright patches do not?

# %%
names = ("vanilla_cnn", "dcnn", "facepp")
by_turn = {name: [errors(name, turned(few, angle), few.boxes).mean() for angle in degrees] for name in names}
plots.show(plots.curves(degrees, {name: 100 * np.array(e) for name, e in by_turn.items()},
                        "face turned, degrees", "mean NME, % of the box"))  # fmt: skip
# ALT Three curves of the error by the angle: up to 15 degrees DCNN and Face++ are level; at 30 Face++ is
# ALT lowest; at 45 it is worst and the single network best.

# %% [markdown]
# At 30 degrees it does. At 45, levels 1 and 2, which see the face as it lies, fail first.
#
# The error after each level, on LFPW's photographs, by inner points and contour (read from
# `data/results/levels.json`):

# %%
levels = results["levels"]["levels"]
panels = {told: {name: levels[name]["lfpw68/held-out"][part] for name in ("dcnn", "facepp")}
          for part, told in (("inner", "51 inner points"), ("contour", "17 of the contour"))}  # fmt: skip
plots.show(plots.levels(panels))
# ALT Two panels. On inner points both fall from level to level, Face++ from a far worse level 1 to the same
# ALT end. On the contour Face++ stops at level 2, and both end more than twice as high.

# %% [markdown]
# Face++'s level 1 is only two boxes with the mean shape in them: it has to be roughly right, no more. The
# contour stays twice as hard: along a cheek one place looks like the next.
#
# **Obsolete today:** a dozen networks trained in turn. What stayed: normalising a part before looking at it,
# and judging the contour apart (51 or 49 points in many tables, see [notebook 01](01_measuring_error.ipynb)).
#
# ## TCDCN: many tasks
#
# Glasses, a smile and the pose of the head all say something on where points are. **TCDCN** ([Zhang and
# others, 2014](https://doi.org/10.1007/978-3-319-10599-4_7)) learns such *facial attributes* with the points,
# from the same features. The trunk is of the kind that Vanilla CNN took up a year later; new are the outputs:

# %%
tcdcn = methods.of("tcdcn")
plots.show(plots.architecture(tcdcn().build(), "TCDCN"))
# ALT Four convolutions with pooling and a dense layer, then the points and, beside them, the tasks.

# %% [markdown]
# The shipped network learnt the pose in five classes, smile and glasses from the hand-made lists of MTFL
# (which the paper uses too, along with gender), and the open mouth from the points. What it says of synthetic
# faces (below one half the answer is no):

# %%
model = aligners["tcdcn"].build()
logits = model(training.scaled(test.crops(64).images), training=False).numpy()[:, 136:]
poses, answers = logits[:, :5].argmax(axis=1), dict(zip(networks.TASKS[1:], logits[:, 5:].T, strict=True))
order = [int(np.flatnonzero(poses == c)[0]) for c in range(5) if (poses == c).any()]
order += [int(z.argmax()) for z in answers.values()]
titles = [f"pose {poses[k]}" for k in order[:-3]]
titles += [f"{name.split()[-1]}\n{1 / (1 + np.exp(-z.max())):.0%}" for name, z in answers.items()]
plots.show(plots.faces_grid(test.crops(96).images[order], titles=titles, columns=8))
# ALT Eight faces: five of the classes of pose, from left to right, and those for which the network is surest
# ALT of a smile, of glasses, of an open mouth.

# %% [markdown]
# The loss is a weighted sum. With the logits $z$ of the pose and $y$ its true class, the logit $u$ of the
# mouth and $o \in \{0, 1\}$ its truth:
#
# $$E = E_{\text{points}} + \lambda_1 E_{\text{pose}} + \lambda_2 E_{\text{mouth}}, \qquad
# E_{\text{points}} = \frac{1}{136} \sum_k |S_k - S^*_k|$$
#
# $$E_{\text{pose}} = -\ln \frac{e^{z_y}}{\sum_c e^{z_c}}, \qquad
# E_{\text{mouth}} = -o \ln \sigma(u) - (1 - o) \ln \big(1 - \sigma(u)\big)$$
#
# (the paper squares the errors of the points). The two cross-entropies are
# `tf.nn.sparse_softmax_cross_entropy_with_logits(classes, z)` and
# `tf.nn.sigmoid_cross_entropy_with_logits(o, u)`: they take *logits*, and work out the exponentials safely.
#
# ### Exercise 1 ★★
#
# Implement $E$ for a batch. `truth` is (N, 138): 136 coordinates, the class (as a float; `tf.cast(...,
# tf.int32)`), the mouth. `output` is (N, 142): 136 coordinates, five logits, one logit. `weights` holds
# $\lambda_1, \lambda_2$. Return one loss a face, (N,). The training below runs your function.


# %% tags=["exercise"]
def multi_task_loss(truth, output, weights):
    # SOLUTION
    points = tf.reduce_mean(tf.abs(output[:, :136] - truth[:, :136]), axis=1)
    classes = tf.cast(truth[:, 136], tf.int32)
    pose = tf.nn.sparse_softmax_cross_entropy_with_logits(classes, output[:, 136:141])
    mouth = tf.nn.sigmoid_cross_entropy_with_logits(truth[:, 137], output[:, 141])
    return points + weights[0] * pose + weights[1] * mouth
    # END SOLUTION
    # STUB points = ...
    # STUB pose = ...
    # STUB mouth = ...
    # STUB return ...


# %%
check.multi_task_loss(multi_task_loss)

# %% [markdown]
# ### When has a task taught all it can?
#
# Some tasks overfit sooner than others; from then on they pull the shared features the wrong way. **Task-wise
# early stopping** sets such a task's $\lambda$ to 0. The paper multiplies two signs, over the last $k$
# reports: that the training loss hardly falls any more, and that the loss on held-out faces is far above it.
# Simpler rules do, too, such as: stop when the task was best on held-out faces some reports ago.
#
# ### Exercise 2 ★★ (open)
#
# Write a rule. `train` and `held_out` are a task's losses so far, lists of floats, the latest last. Return
# True if the task goes on. The check tries it on three tasks: one still learns, one learns with noise, and
# one overfits after its seventh report.


# %% tags=["exercise"]
def goes_on(train, held_out):
    # SOLUTION
    return len(held_out) - int(np.argmin(held_out)) <= 4  # was it best within the last four reports?
    # END SOLUTION
    # STUB return ...


# %%
check.goes_on(goes_on)

# %% [markdown]
# ### Train it
#
# A small TCDCN on crops of 48 x 48 pixels of a few hundred faces, without augmentation, so that it overfits
# soon. Pose and mouth are seen from the points (`targets`). Each report measures the losses on training and
# on held-out faces:


# %%
def examples(faces):
    """Crops, and the truth (N, 138)."""
    crops = faces.crops(48)
    known = targets(crops.points.reshape(-1, 136) / 48)  # 136, 10, and the four tasks
    truth = np.concatenate([known[:, :136], known[:, [146, 149]]], axis=1)
    return tf.constant(training.scaled(crops.images)), tf.constant(truth)


(x, y), (x_test, y_test) = examples(train), examples(test)


# %%
def small():
    with training.seeded(0):
        return networks.tcdcn(size=48, convolutions=((12, 3, 2), (24, 3, 2), (48, 3, 2)), hidden=96, units=6,
                              mean_shape=np.mean(y[:, :136], axis=0))  # fmt: skip


def losses_of(net, x, y):
    """The mean loss of the points, of the pose, of the mouth: E with one weight after the other at 1."""
    output = net(x, training=False)
    alone = [float(tf.reduce_mean(loss(y, output, tf.constant(w)))) for w in ([0.0, 0.0], [1.0, 0], [0, 1.0])]
    return [alone[0], alone[1] - alone[0], alone[2] - alone[0]]


# %%
loss, rule = check.ready(multi_task_loss, check.multi_task_loss), check.ready(goes_on, check.goes_on)
TASKS = ("points", "pose", "open mouth")


def train_tasks(weights, reports=20, steps=20):
    """Train with a weight for each task, 0 once its rule stops it: the network, losses, and stops."""
    net, optimizer, weights = small(), keras.optimizers.Adam(0.001), tf.Variable(weights)
    optimizer.build(net.trainable_variables)

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            mean = tf.reduce_mean(loss(y, net(x, training=True), weights))
        gradients = tape.gradient(mean, net.trainable_variables)
        optimizer.apply_gradients(zip(gradients, net.trainable_variables, strict=True))

    past, stops, rng = [], {}, np.random.default_rng(0)
    for report in range(1, reports + 1):
        for _ in range(steps):
            some = rng.choice(len(x), 32, replace=False)
            step(tf.gather(x, some), tf.gather(y, some))
        past.append([losses_of(net, x, y), losses_of(net, x_test, y_test)])
        for k in (1, 2):
            seen = [[row[part][k] for row in past] for part in (0, 1)]
            if TASKS[k] not in stops and not rule(*seen):
                stops[TASKS[k]] = report * steps
                weights[k - 1].assign(0)
    return net, np.array(past), stops


# %% tags=["nbval-ignore-output"]
with_tasks, past, stops = train_tasks([0.01, 0.01])
at = 20 * np.arange(1, 1 + len(past))
plots.show(plots.task_curves({told: (at, past[:, 0, k], past[:, 1, k], stops.get(told))
                              for k, told in enumerate(TASKS)}))  # fmt: skip
print("stopped:", ", ".join(f"{task} after {step} steps" for task, step in stops.items()) or "no task")
# ALT Three panels, points, pose and open mouth: dotted curves of the training loss fall throughout; on
# ALT held-out faces those of points and pose fall too, the mouth's hardly moves. A vertical line marks
# ALT where a task was stopped.

# %% [markdown]
# The training losses fall on and on. On held-out faces pose is learnt, the mouth hardly: three hundred faces
# are too few, and all that the network can do is to memorise. Your rule stops it. Did the tasks help the
# points? The same training without them:

# %% tags=["nbval-ignore-output"]
alone, *_ = train_tasks([0.0, 0.0])
truth = np.reshape(y_test[:, :136], (-1, 68, 2))
for told, net in {"with tasks": with_tasks, "points alone": alone}.items():
    shape = net(x_test, training=False).numpy()[:, :136].reshape(-1, 68, 2)
    print(f"{told:13} NME {metrics.nme(shape, truth, norm='box').mean():.1%} of the box on held-out faces")

# %% [markdown]
# One run each says little. So the method was trained from several random starts on photographs, with the
# tasks and without; the interval is over the starts (Welch's $t$ interval, `protocol.over_seeds`):

# %%
ALL = {"lfpw68/held-out": "LFPW held out", "lfpw68/validation": "LFPW validation", "afw68/validation": "AFW"}
gain = protocol.over_seeds("tcdcn_tasks", "tcdcn_plain", results["seeds"])
shown = {(SETS | ALL)[title]: [100 * np.array(part) for part in row] for title, row in gain.items()}
plots.show(plots.differences(shown, "NME with the tasks minus NME without, percentage points"))
# ALT For each of five sets of photographs the mean difference, its interval and the differences of single
# ALT runs. Only the interval of LFPW's held-out photographs leaves out 0.

# %%
for title, (middle, low, high, _) in shown.items():
    told = "the tasks help" if high < 0 else "the tasks harm" if low > 0 else "not to be told apart"
    print(f"{title:16} {middle:+.2f} [{low:+.2f}, {high:+.2f}]: {told}")
runs = results["seeds"]["tcdcn_tasks"].values()
print(f"{len(runs)} runs each of {max(run['crops'] for run in runs):,} crops")

# %% [markdown]
# That is weak evidence: the runs are short, one interval of five excludes 0, and the other set of LFPW points
# the other way. (The paper reports a gain, on five points; the pose and the open mouth can be read off 68.
# Tables mix two versions of the paper: the first, its network of five points fine-tuned for 68, has the
# larger error on iBUG.)
#
# The tasks' own losses on held-out faces of MTFL while the network learnt. A task was
# stopped when its best report was three reports old:

# %%
record = results["network_training"]["tcdcn"]
reports = (record.get("before") or [record])[0]["validation"]
print("million crops " + "".join(f"{row['crops'] / 1e6:6.2f}" for row in reports))
for task in reports[0]["tasks"]:
    losses = [row["tasks"][task] for row in reports]
    ends = [n for n in range(1, len(losses) + 1) if n - int(np.argmin(losses[:n])) > 3]
    told = f"stopped at {reports[ends[0] - 1]['crops'] / 1e6:.2f}" if ends else "went on"
    print(f"{task:14}" + "".join(f"{loss:6.2f}" for loss in losses) + f"   {told}")

# %% [markdown]
# **What it gets right:** more answers from the same pass for hardly any weights, and no set on which they
# harm the points beyond chance. **Obsolete today:** weights set by hand (they are learnt, or gradients
# balanced). What stayed: several tasks from one trunk, as in every face detector since.
#
# ## MTCNN: find the faces, too
#
# All methods so far need a box. **MTCNN** ([Zhang and others,
# 2016](https://doi.org/10.1109/LSP.2016.2603342)) finds it, with five points, in three steps, each of which
# sees fewer windows, larger. L-Net corrects the points; it is not in the paper, but in the authors' second
# release:

# %%
models = {f"{part.upper()}-Net": networks.mtcnn(part) for part in "prol"}
window = keras.Input((12, 12, 3))  # P-Net takes pictures of any size; here, one window
models["P-Net"] = keras.models.clone_model(models["P-Net"], input_tensors=window)
plots.show(plots.architectures(models))
# ALT Four networks side by side: P-Net of four convolutions on 12 x 12 pixels; R-Net on 24 x 24 and O-Net on
# ALT 48 x 48 pixels, each of convolutions and two dense layers; L-Net on five patches of 24 x 24. It ends in
# ALT 10 numbers, the others in 15.

# %% [markdown]
# The first three answer 15 numbers a window: the logit of a face, four offsets of the box's edges, five
# points. What one window costs (P-Net's is 12 x 12), and for L-Net one face:

# %%
print(f"{'network':8} {'weights':>8} {'multiply-adds':>14} {'hours':>6}")
hours = {told: hours_of(f"mtcnn_{told[0].lower()}") for told in models}
for told, model in models.items():
    adds = sum(row["multiply_adds"] for row in networks.cost(model)) / 1e6
    print(f"{told}    {model.count_params():8,} {adds:12.2f} M {hours[told]:6.1f}")
print(f"hours of training in all: {sum(hours.values()):.1f}")

# %% [markdown]
# That is more than the two hours or so of each other method: P-, R- and O-Net learnt in several phases, the
# later ones from harder windows.
#
# A picture with faces of many sizes, pasted on a photograph (`rocket`, scikit-image):


# %%
def scene(faces, sides=(40, 56, 80, 112, 144, 184)):
    """Faces of given sides, in pixels, in a row on a picture, and how many they are."""
    picture, x = cv2.resize(skimage.data.rocket(), (900, 600))[:220].copy(), 30
    for side, image in zip(sides, faces.images, strict=False):
        y = (220 - side) // 2
        picture[y : y + side, x : x + side] = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        x += side + 40
    return picture, len(sides)


frontal = test[np.argsort(np.abs(yaw(test.points)))[:24]]
picture, count = scene(frontal)

# %% [markdown]
# ### The pyramid and P-Net
#
# P-Net has no dense layer, so it takes a picture of *any* size: one call answers for all windows of 12 x 12
# pixels, two pixels apart. To find faces of all sizes, the picture is shrunk again and again, by the factor
# 0.709: an **image pyramid**, as in [notebook 04](04_dlib_68_points.ipynb).

# %%
nets = mtcnn.shipped()
levels = mtcnn.pyramid(picture, smallest=36)
answers = [np.asarray(nets["p"](level[None]))[0] for level in levels]
plots.show(plots.pyramid(levels, [mtcnn.probability(answer[..., 0]) for answer in answers]))
# ALT Above, the picture in falling sizes. Below, P-Net's probability of a face: bright spots, at small faces
# ALT in the large pictures and at large faces in the small ones, and some at parts of faces.

# %% [markdown]
# Bright spots are windows that hold a face of about their own size, or pass for one. Round each face many
# pass:

# %%
squares, scores = [], []
for level, answer in zip(levels, answers, strict=True):
    scale = np.divide(picture.shape[1::-1], level.shape[1::-1])
    cells, sure, offsets = mtcnn.passed(answer, 0.6, scale)
    squares.append(mtcnn.corrected(cells, offsets))
    scores.append(sure)
squares, scores = np.concatenate(squares), np.concatenate(scores)
print(len(squares), "windows pass P-Net, for", count, "faces")

# %% [markdown]
# ### Non-maximum suppression
#
# The surest box stays; all that overlap it by more than a share go; then the surest of what is left, and so
# on. The overlap of boxes $A$ and $B$ is *intersection over union*, `overlap(box, boxes)`:
#
# $$\operatorname{IoU}(A, B) = \frac{|A \cap B|}{|A \cup B|}$$
#
# ### Exercise 3 ★★
#
# Write it: from `boxes` (N, 4) and `scores` (N,) to the indices of the boxes that stay, the surest first.


# %% tags=["exercise"]
def nms(boxes, scores, most):
    # SOLUTION
    left, kept = np.argsort(-scores), []
    while len(left):
        kept.append(left[0])
        left = left[1:][overlap(boxes[left[0]], boxes[left[1:]]) <= most]
    return np.array(kept, int)
    # END SOLUTION
    # STUB return ...


# %%
check.nms(nms)

# %% [markdown]
# The cascade, with your function: P-Net's windows, suppressed within each level and over all; R-Net on what
# is left, cut out at 24 x 24; O-Net on what passes that, at 48 x 48. After each, boxes are corrected by the
# offsets and suppressed again. (`mtcnn.search` differs. It looks for faces from 24 pixels on, cuts windows at
# whole pixels, and lets L-Net, below, move the points. R-Net's threshold is 0.3, since a higher one loses
# profiles, and O-Net's 0.9, since a lower one lets more pass that is no face. The last suppression allows
# 0.6, and divides by the area of the smaller box, as the popular code does, so that a box inside another is
# dropped too.)

# %%
suppress = check.ready(nms, check.nms)
steps = {f"P-Net: {len(squares)} windows": (squares, scores)}
squares, scores = mtcnn.proposals(picture, nets["p"], 0.6, 36, suppress)
steps[f"suppressed: {len(squares)}"] = squares, scores
for part, size, most in (("r", 24, 0.7), ("o", 48, 0.5)):
    answer = np.asarray(nets[part](mtcnn.cut(picture, squares, size)))
    scores = mtcnn.probability(answer[:, 0])
    passes = scores >= 0.7
    squares, scores = mtcnn.corrected(squares[passes], answer[passes, 1:5]), scores[passes]
    first = suppress(squares, scores, most)
    squares, scores = mtcnn.squared(squares[first]), scores[first]
    steps[f"{part.upper()}-Net: {len(squares)}"] = squares, scores

# %%
plots.show(plots.found({told: (picture, *pair) for told, pair in steps.items()}))
# ALT The picture four times with boxes: hundreds that pass P-Net, in heaps round the faces and scattered
# ALT elsewhere; fewer after suppression; fewer after R-Net; and after O-Net about one a face.

# %% [markdown]
# ### L-Net: look again at each point
#
# O-Net sees a whole face in 48 pixels, and much of its loss is about whether there is a face, so its points
# are coarse. **L-Net** does what DCNN's levels do, with all five patches at once. Around each point $x_k$ it
# sees a patch $I_k$ of side $a$, and moves the point:
#
# $$x_k \leftarrow x_k + a\,\ell_k(I_1, \dots, I_5)$$
#
# The errors on faces whose points are known:

# %%
looks = {"O-Net": [], "L-Net, one look": [], "two looks": [], "four looks": []}
for image, truth in zip(test.images[:60], convert(test.points[:60], "5"), strict=True):
    boxes, five, _ = mtcnn.search(image, networks=mtcnn.shipped("pro"))
    for name, times in zip(looks if len(boxes) else (), (0, 1, 2, 4), strict=False):
        found = mtcnn.refined(image, boxes[:1], five[:1], nets["l"], times)
        away = np.linalg.norm(found[0] - truth, axis=1).mean()
        looks[name].append(away / (boxes[0, 2] - boxes[0, 0]))
for name, found in looks.items():
    print(f"{name:16} {100 * np.mean(found):.0f}% of the box's width, {len(found)} faces")

# %% [markdown]
# `mtcnn.search` does all of this; `detect(image, "mtcnn")` gives the boxes, which serve every method of the
# course:

# %%
found, five, sure = mtcnn.search(picture, smallest=36)
points = methods.load("senet").predict([picture] * len(found), found)
panels = {told: (picture, found, sure) for told in ("MTCNN: boxes and five points", "SENet: 68 points")}
plots.show(plots.found(panels, 2, dict(zip(panels, (five, points), strict=True))))
# ALT The picture twice, a box on each face: with five points, and with 68.

# %% [markdown]
# ### What it learns from
#
# Windows that overlap a face's box by more than 0.65 are *positive*, from 0.4 *parts*, below 0.3 *negative*.
# The logit learns from positives and negatives, the box from positives and parts, the points from annotated
# faces. With a cross-entropy and two squared errors (the factors are P- and R-Net's; O-Net has 1, 0.5 and 1):
#
# $$E = E_{\text{face}} + \tfrac12 E_{\text{box}} + \tfrac12 E_{\text{points}}$$
#
# Most windows of a picture are easy: sky, wall, the middle of a cheek. **Hard example mining** lets only the
# 70 % of a batch with the largest $E_{\text{face}}$ count, so that the easy ones do not outvote the rest.
# (It is done for the logit alone, as in the popular code. A batch there holds positives, parts, annotated
# faces and negatives as 1 : 1 : 1 : 3; a third of ours are windows of pictures without a face. R-Net learns
# from what P-Net lets pass, and O-Net from what both do: the hardest negatives of all. L-Net is trained
# separately, on points displaced at random.)

# %% [markdown]
# P-Net's losses on windows at faces and at random places:

# %%
rng = np.random.default_rng(0)
scenes = [skimage.data.coffee(), skimage.data.chelsea(), skimage.data.rocket()]
pairs = zip(test.images[:60], test.boxes[:60], strict=True)
windows = {"faces": [mtcnn.cut(image, mtcnn.squared(box[None]), 12) for image, box in pairs], "no faces": []}
for _ in range(180):
    image = scenes[rng.integers(3)]
    side = rng.integers(24, 200)
    x, y = (rng.integers(0, limit - side) for limit in image.shape[1::-1])
    windows["no faces"].append(mtcnn.cut(image, np.array([[x, y, x + side, y + side]]), 12))

# %%
E_face = {}
for told, sign in (("faces", 1), ("no faces", -1)):
    logits = np.asarray(nets["p"](np.concatenate(windows[told])))[:, 0, 0, 0]
    E_face[told] = -np.log(mtcnn.probability(sign * logits) + 1e-7)
plots.show(plots.mining(E_face, 0.7))
# ALT Losses of 240 windows from the hardest to the easiest, on a logarithmic scale, over several powers of
# ALT ten. The last three tenths, shaded, do not count.

# %% [markdown]
# How good is it? Faces found on photographs and, after the plus, boxes elsewhere on them, part of which are
# on people who are not annotated. Then pictures without a face in which something was found, and the time for
# 512 x 512 pixels (measured, `data/results/detectors.json`):

# %% tags=["nbval-ignore-output"]
table, names = results["detectors"], ["dlib", "blazeface", "mtcnn", "mtcnn package"]
groups = {title.replace(",", ""): [title] for title in table["faces"]}
groups["hard faces: AFLW2000-3D yaw beyond 30"] = ["AFLW2000-3D, yaw 30 to 60", "AFLW2000-3D, yaw 60 to 90"]
print(f"{'':38}" + "".join(f"{name:>15}" for name in names))
for told, titles in groups.items():
    rows, cells = [table["faces"][title] for title in titles], []
    for name in names:
        found, elsewhere = (sum(row[name][key] for row in rows) for key in ("found", "elsewhere"))
        cells.append(f"{found / sum(row['faces'] for row in rows):.1%} +{elsewhere}")
    print(f"{told:38}" + "".join(f"{cell:>15}" for cell in cells))
alarms = [f"{one['alarmed']} of {one['pictures']}" for one in map(table["without_faces"].get, names)]
print(f"{'without a face':38}" + "".join(f"{alarm:>15}" for alarm in alarms))
print(f"{'milliseconds':38}" + "".join(f"{table['ms']['512'][name]['cpu_ms']:15.0f}" for name in names))

# %% [markdown]
# Profiles, from 60 degrees on, are found least, by all. MTCNN finds far more of the hard faces than dlib's
# detector, at the price of the most boxes elsewhere. The aim was no more false alarms than the package's: it
# is met on pictures without a face, and missed on photographs with faces.

# %% [markdown]
# And its five points, beside those of the package `mtcnn` (the popular code, which learnt from far more
# faces), of DCNN and of SENet behind dlib's detector; NME over the eyes' distance on faces that all found:

# %%
groups = [title for title, one in results["peers"]["sets"].items() if one["norm"] == "inter_ocular"]
print(f"{'five points':32}" + "".join(f"{title:>14}" for title in groups))
for name in ("mtcnn", "own_mtcnn", "dcnn", "senet"):
    rows = [results["peers"]["sets"][title]["peers"][name] for title in groups]
    told = results["peers"]["about"][name]["title"].replace(", five points", "")
    print(f"{told:32}" + "".join(f"{row['common_five']:14.1%}" for row in rows))

# %% [markdown]
# **What it gets right:** faces of every size with one set of small networks, and points that any later step
# can use. **Obsolete today:** the pyramid, and three networks with loops over boxes between them; a network
# that looks once (BlazeFace in [notebook 04](04_dlib_68_points.ipynb), RetinaFace, YuNet) is faster. What
# stayed: an answer for every place at once, offsets, suppression, hard negatives.
#
# ## Side by side
#
# NME over the eyes' distance, on validation photographs, in the boxes of dlib's detector, with 95 % intervals
# (from `data/results/bench.json`); SENet for comparison (it and the networks' teacher saw some of these LFPW
# photographs under other names). The aim was 5.0 % on LFPW and HELEN after two hours or so on two cores; the
# last line shows what longer training brings. Between them the error of the inner points and of the jaw:

# %% tags=["nbval-ignore-output"]
accuracy, INNER = results["bench"]["accuracy"], {"brows": 10, "nose": 9, "eyes": 12, "mouth": 20}
print(f"{'method':12}" + "".join(f"{told:<24}" for told in SETS.values()) + "aim: 5.0 %")
for name in ("vanilla_cnn", "dcnn", "facepp", "tcdcn", "senet"):
    rows = [accuracy[title]["methods"][name]["detector"] for title in SETS]
    told = [f"{100 * row['nme']:.1f} % [{100 * row['low']:.1f}, {100 * row['high']:.1f}]" for row in rows]
    over = 100 * max(row["nme"] for row in rows[:2]) - 5
    told.append(f"over by {over:.1f}" if over > 0 else "met")
    print(f"{name:12}" + "".join(f"{one:<24}" for one in told))
print(f"\n{'inner / jaw':12}" + "".join(f"{told:<24}" for told in SETS.values()))
for name in ("dcnn", "facepp", "senet"):
    parts = [accuracy[title]["methods"][name]["detector"]["regions"] for title in SETS]
    inner = [np.average([part[key] for key in INNER], weights=list(INNER.values())) for part in parts]
    told = [f"{100 * one:.1f} % / {100 * part['jaw']:.1f} %" for one, part in zip(inner, parts, strict=True)]
    print(f"{name:12}" + "".join(f"{one:<24}" for one in told))

(student,) = [phase for phase in results["senet_training"]["phases"] if phase["name"] == "student"]
steps = [(row["lfpw68/held-out"]["dlib"], row["crops"] / 1e6) for row in student["validation"]]
print("\nSENet's first phase, on LFPW:", ", ".join(f"{e:.1%} after {M:.1f} M crops" for e, M in steps))

# %% [markdown]
# Recorded while they trained: the errors on validation photographs of LFPW (L-Net's of five points), the
# faces that P-, R- and O-Net find, and the windows without a face that they let pass. A jump is a new phase,
# with harder windows:


# %%
def curve(name, value):
    """What all phases of a training have recorded, in %, over the millions of crops seen."""
    last, seen, rows = results["network_training"][name], 0, []
    for run in [*last.get("before", []), last]:
        rows += [((seen + row["crops"]) / 1e6, 100 * value(row)) for row in run["validation"]]
        seen += run["batches"] * run["batch_size"]
    return np.transpose(rows)


# %%
names = ("vanilla_cnn", "dcnn", "facepp", "tcdcn")
nme = {name: curve(name, lambda row: row["lfpw68/validation"]["dlib"]) for name in names}
nme["L-Net"] = curve("mtcnn_l", lambda row: row["five"]["lfpw68/validation"])
parts = {f"{part.upper()}-Net": f"mtcnn_{part}" for part in "pro"}
found = {told: curve(name, lambda row: row["found"]) for told, name in parts.items()}
passed = {told: curve(name, lambda row: row["passed"]) for told, name in parts.items()}
panels = {"NME on LFPW, %": nme, "faces found, %": found, "no face, let pass, %": passed}
plots.show(plots.run_curves(panels, ylabel="", sharey=False))
# ALT Three panels over the crops seen. The errors of Vanilla CNN, DCNN, Face++, TCDCN and L-Net fall; DCNN
# ALT and Face++ go on from earlier runs. P-Net finds most faces, R- and O-Net more. Windows without a face
# ALT that pass are a few percent, more where a phase with harder ones begins.

# %% [markdown]
# On LFPW and HELEN the cascades of networks lead the single ones; on YouTube Faces they are not to be told
# apart, and DCNN is last. SENet, one deeper network, leads them all on 68 points, most by the jaw and on
# YouTube Faces. On the inner points of LFPW and HELEN Face++ comes close to it, and of the five points DCNN's
# are level with its own on LFPW, HELEN and AFW: looking closer still pays where there is a corner to look at.
# (All have batch normalisation, but SENet learnt from many times as many crops.)
#
# ## Questions
#
# 1. The last layer's features separate open from shut mouths, the third convolution's do not. Which layer
#    would you give to a classifier of expressions, and which to one of head pose?
# 2. In boxes moved by 0.3, DCNN's median is better than Vanilla CNN's while its mean is worse. Which would
#    you choose behind a poor detector? Could a score of the first level help?
# 3. Why must `nms` run once within each level of the pyramid and once over all?
# 4. What would happen to O-Net if it learnt from random windows, as P-Net does?
#
# ## Key points
#
# - Direct regression needs no start: it survives boxes and turns that lose a cascade.
# - A network works from coarse to fine, from light and pose to expression; clusters and $\eta^2$ show it.
# - A cascade of networks is more exact, and as lost as its first level.
# - Parts are seen best upright; a contour has no corners to hold to.
# - Other tasks are added to the loss in weights, and stopped when they overfit; whether they help is to be
#   measured over several random starts.
# - A network without dense layers answers for all windows at once; a pyramid brings all sizes; suppression
#   leaves one box a face; hard examples count.
#
# **Common mistakes:** a softmax before a cross-entropy that takes logits; a cascade judged by its median
# alone; patches whose gradient flows back into the points that placed them; non-maximum suppression in which
# suppressed boxes suppress; boxes of one level compared with another's before they are scaled back.
#
# ## Go further
#
# - Y. Wu and others, [*Facial Landmark Detection with Tweaked Convolutional Neural
#   Networks*](https://doi.org/10.48550/arXiv.1511.04031), TPAMI 2018 (online 2015): the clusters.
# - Y. Sun, X. Wang, X. Tang, [*Deep Convolutional Network Cascade for Facial Point
#   Detection*](https://doi.org/10.1109/CVPR.2013.446), CVPR 2013: where deep alignment began.
# - E. Zhou and others, [*Extensive Facial Landmark Localization with Coarse-to-Fine Convolutional Network
#   Cascade*](https://doi.org/10.1109/ICCVW.2013.58), ICCV workshops 2013: 68 points.
# - Z. Zhang and others, [*Facial Landmark Detection by Deep Multi-task
#   Learning*](https://doi.org/10.1007/978-3-319-10599-4_7), ECCV 2014: which task helps which face.
# - K. Zhang and others, [*Joint Face Detection and Alignment Using Multitask Cascaded Convolutional
#   Networks*](https://doi.org/10.1109/LSP.2016.2603342), SPL 2016: the detector of a decade.
# - Next: [07, heatmaps](07_heatmaps.ipynb).
