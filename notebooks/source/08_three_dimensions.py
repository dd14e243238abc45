# %% [markdown]
# # Three dimensions
#
# **After this notebook you can**
#
# - say where 2D points fail on a turned head, and turn a 3D face in front of a camera;
# - fit a 3D point model to 68 points by alternating least squares, and read the head's pose from it;
# - derive the costs of 3DDFA, and train with them;
# - explain PRNet's position map and DenseReg's bins, and say what dense points do and do not measure.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute. The exercises take about 35
# minutes, the questions 10. (A class of an hour ends after head pose.)
# **Needs:** notebooks [01](01_measuring_error.ipynb) and [02](02_shape_models.ipynb), for training also
# [07](07_heatmaps.ipynb). Answers are in the SOLUTIONS_LINK.

# %%
import json

import numpy as np

from facelm_helpers.quiet import tensorflow as tf  # isort: skip

from facelm_helpers import applications, face3d, methods, metrics, paths, plots, sources, training, widgets
from facelm_helpers.checks import three_dimensions as check
from facelm_helpers.methods.prnet import weight_map
from facelm_helpers.sources.synthetic import turning_head

plots.setup()


# %%
def results(name):
    path = paths.RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def trained(name):
    if methods.of(name).has_weights():
        return methods.load(name)
    print(f"The weights of {name} are not part of this copy: the faces are shown alone.")


# %%
FACES = sources.load("synthetic", n=300, seed=8)
crops = FACES.crops(128)
model, fitted = face3d.load_face3d(), face3d.fit(crops.points, jaw="near")  # both are explained below

# %% [markdown]
# ## Where 2D points fail
#
# A *2D* annotation marks what one sees: on a turned head the **contour** of the cheek, which shows other
# spots of the head from every side. A *3D* annotation marks the same spots in every view, seen or hidden:


# %%
front = np.abs(fitted.degrees).sum(axis=1).argsort()[:12]
front = front[np.abs(crops.images[front].mean(axis=(1, 2, 3)) - 120).argmin()]  # in good light
head = applications.reconstruct(crops.images[front], crops.points[front])
yaws, one = [0, 30, 60, 90], (fitted.identity[[front] * 4], fitted.expression[[front] * 4])
R = face3d.rotation([[0, yaw, 0] for yaw in yaws])
turned = face3d.Fitted(R, np.full(4, 159), np.full((4, 2), 128), *one)  # as `view` places it

# %%
solid, visible = (face3d.vertices(turned, jaw=jaw)[..., :2] for jaw in ("solid", "visible"))
images = [head.view(yaw=yaw)[0] for yaw in yaws]
plots.show(plots.contours(images, solid, visible, [f"yaw {yaw} degrees" for yaw in yaws]))
# ALT One head from the front, turned by 30, 60 and 90 degrees. From the front, dots and squares of the jaw
# ALT coincide. The more it is turned, the further apart they are on the far side: the dots follow the
# ALT outline of cheek and nose, the squares lie inside the face, where the hidden jaw is.

# %%
box = metrics.normaliser(solid, "box")
apart = np.linalg.norm(solid - visible, axis=-1)[:, :17].mean(axis=1) / box
for yaw, a in zip(yaws, apart, strict=True):
    print(f"yaw {yaw}: the two jaws are {a:.1%} of the box apart")

# %% [markdown]
# - The jaw's points change their **meaning**. AFLW2000-3D marks fixed (*solid*) spots. On the 17 points of
#   the jaw, a perfect 2D annotation would be off from them by about these figures.
# - Up to half of the points are **hidden**: guessed by the annotator, or left out, as in AFLW.
# - 2D shapes are **not linear** in the turn, so a shape model spends its modes on poses.
#
# A 3D face separates what a person looks like from how the head is turned.
#
# ## A head and a camera
#
# A face has a frame of its own: x to the right, y down, z towards the camera. A shape is $L = 68$ points
# $S_l$, each (3,). Turned by a rotation $R$, scaled by $s$ and moved by $t$, it is seen at
#
# $$x_l = s\, R_2\, S_l + t$$
#
# with $R_2$ the first two rows of $R$: **weak perspective**. A pinhole camera also divides by each point's
# distance, which matters for selfies. Move the sliders (with a running kernel): on the left is the scene, on
# the right the camera's picture, with black squares on the fixed spots of the jaw and a blue line for its
# contour. What does a near camera do to the ears?

# %% tags=["nbval-ignore-output"]
widgets.Sliders(
    lambda pitch, yaw, roll, distance: plots.head_and_camera([pitch, yaw, roll], distance),
    {"pitch": (-40, 40, 0), "yaw": (-90, 90, 35), "roll": (-40, 40, 0), "distance": (1.5, 12, 4)},
    told=lambda *at: "A head at pitch {:.0f}, yaw {:.0f}, roll {:.0f}; the camera {:.1f} away.".format(*at),
)

# %% [markdown]
# ## Three angles, and their trap
#
# 300W-LP, AFLW2000-3D and this course write a rotation as pitch $\alpha$ (up and down), yaw $\beta$ (left and
# right) and roll $\gamma$ (towards a shoulder):
#
# $$R = R_x(\alpha)\, R_y(\beta)\, R_z(\gamma)$$
#
# Another order gives other angles: never compare degrees of two conventions. And at $\beta = 90°$ the axes of
# pitch and roll fall on one line, so that only their difference is left (*gimbal lock*): pitch 20, roll 0 is
# the same rotation as pitch 0, roll -20.
#
# Near 90 degrees a tiny rotation changes the angles a lot. Below, heads are turned by another 2 degrees about
# a random axis. **Predict first** how far each angle moves at yaw 85.

# %% tags=["hide-output"]
rng = np.random.default_rng(0)
axes = rng.normal(size=(500, 3))
nudge = face3d.rotation(2 * axes / np.linalg.norm(axes, axis=1, keepdims=True))  # small: in any order
print("yaw      pitch    yaw   roll   moved by, degrees")
for yaw in (0, 45, 70, 85):
    moved = face3d.angles(nudge @ face3d.rotation([0, yaw, 0]))
    print(f"{yaw:3}      ", "  ".join(f"{d:5.1f}" for d in np.abs(moved - [0, yaw, 0]).mean(axis=0)))

# %% [markdown]
# So mean errors of pitch and roll say little on profiles (evaluations on AFLW2000-3D leave out faces with an
# angle over 99 degrees). Regress $R$ or $s R_2$, not angles. An honest error is the angle between the true
# rotation and the found one, $\arccos \frac{1}{2} (\operatorname{tr}(R^\top R') - 1)$.
#
# ## A 3D model from 2D annotations
#
# Scanned heads gave the field its **3D morphable models** ([Blanz and Vetter,
# 2003](https://doi.org/10.1109/TPAMI.2003.1227983)); the licences of the usual ones forbid passing them on.
# The course's own model needed no scan. $N$ centred views of one *rigid* head, stacked, are a product of
# cameras ($2N \times 3$) and one shape ($3 \times L$). That is a matrix of rank 3, whose singular vectors
# *are* the shape, up to a linear map ([Tomasi and Kanade, 1992](https://doi.org/10.1007/BF00129684)). Our
# faces, without the jaw:

# %%
x = crops.points[:, 17:] - crops.points[:, 17:].mean(axis=1, keepdims=True)
W = (x / np.linalg.norm(x, axis=(1, 2), keepdims=True)).transpose(0, 2, 1).reshape(-1, 51)
U, D, V_t = np.linalg.svd(W, full_matrices=False)
print("share of the variance, %:", *(f"{share:.1f}" for share in 100 * D[:6] ** 2 / (D**2).sum()))
inner = model.mean[17:] - model.mean[17:].mean(axis=0)
linear = V_t[:3].T @ np.linalg.lstsq(V_t[:3].T, inner, rcond=None)[0]
same = np.corrcoef(linear[:, 2], inner[:, 2])[0, 1]
print(f"depth in the first three, correlation with the model's: {same:.2f}")

# %% [markdown]
# Height, width, and then *depth*, which nobody annotated. The rest is that people differ and faces move.
# **Non-rigid structure from motion** ([Torresani and others,
# 2008](https://doi.org/10.1109/TPAMI.2007.70752)) estimates a mean, modes and every face's camera together:
#
# $$S = \bar S + \sum_j b_j M_j$$
#
# with $M_j$ a mode and $b_j$ how much of it, in standard deviations. The course ran this on annotations of
# 300-W's training faces and of AFLW, with hidden points masked (`data/face3d.md`). The first modes are
# *identity*, the rest *expression*.


# %%
def picture(S, size=220):
    """The mesh of a shape (68, 3), as a picture."""
    places = model.weights @ S @ face3d.rotation([0, 25, 0]).T * (0.6 * size) + [size / 2, 0.5 * size, 0]
    return face3d.draw(np.full((size, size, 3), 245, np.uint8), places)


shown = [picture(model.shape(**{kind: np.eye(3)[j] * b})) for kind in ("identity", "expression")
         for j in (0, 1) for b in (-2.5, 2.5)]  # fmt: skip
titles = [f"{kind} {j}, {b}" for kind in ("identity", "expression") for j in (1, 2) for b in ("-2.5", "+2.5")]
plots.show(plots.faces_grid(shown, titles=titles, columns=4))
# ALT Eight grey meshes, each mode at minus and plus 2.5 standard deviations. The first identities are long or
# ALT short and wide or narrow faces; the first expressions open and close the mouth and move the brows.

# %% [markdown]
# **Is the depth right?** AFLW2000-3D has depths: those of a scanned model that was fitted to its photographs.
# (The photographs at hand served to choose our model's settings: they are *validation* data.) Our model is
# fitted to their x and y, and compared in z, over the 68 points:

# %%
depth = results("face3d")["depth"]
for title, key in {"fitted": "", "mean face, only turned": "mean face: "}.items():
    pairs = zip(depth[f"{key}correlation"].items(), depth[f"{key}error"].values(), strict=True)
    print(f"{title:22}", "  ".join(f"yaw {yaw}: r {r:.3f}, off {off:.1%}" for (yaw, r), off in pairs))

# %% [markdown]
# The correlation is high, but the *mean* face, only turned, is just as good. The points of one picture say
# nearly nothing about a person's own depth. The correlation alone could be sold as "accurate depth"; report
# the baseline, too.
#
# ## Fitting: alternate
#
# For a new face: which pose, and which $b$? With $w_l$ one over the variance of each point, we look for
#
# $$\min_{s, R, t, b} \; \sum_l w_l \lVert s R_2 S_l(b) + t - x_l \rVert^2 / s^2 + \lVert b \rVert^2$$
#
# For a known shape the pose is easy; for a known pose the problem is linear in $b$. So alternate. **The
# pose:** centre $S$ and $x$. Linear least squares, $x_l \approx A S_l$, gives the best *affine* camera $A$,
# (2, 3). Its singular value decomposition $A = U D V^\top$ gives the nearest scaled rotation:
#
# $$R_2 = U V^\top, \qquad s = \tfrac{1}{2} (D_1 + D_2), \qquad t = \bar x - s R_2 \bar S$$
#
# and the third row of $R$ is $r_1 \times r_2$. (With noise this is only near the best rotation;
# `face3d.fit` adds a Gauss-Newton step.)
#
# ### Exercise 1 ★★
#
# Write it: from a shape `S` (L, 3) and points `x` (L, 2), return `s`, `R` (3, 3) and `t` (2,), in this order.
# $S_0$ and $x_0$ are the centred ones. `np.linalg.lstsq(S_0, x_0, rcond=None)[0]` is $A^\top$;
# `np.linalg.svd(A, full_matrices=False)` gives $U$, $D$ and $V^\top$; `np.cross` is the product $\times$.


# %% tags=["exercise"]
def pose(S, x):
    S_0, x_0 = S - S.mean(axis=0), x - x.mean(axis=0)
    # SOLUTION
    A = np.linalg.lstsq(S_0, x_0, rcond=None)[0].T
    U, D, V_t = np.linalg.svd(A, full_matrices=False)
    R_2, s = U @ V_t, D.mean()
    R = np.vstack([R_2, np.cross(*R_2)])
    return s, R, x.mean(axis=0) - s * R_2 @ S.mean(axis=0)
    # END SOLUTION
    # STUB A = ...
    # STUB return ...


# %%
check.pose(pose)

# %% [markdown]
# **The shape:** with what is left, $d_l = (x_l - t) / s - R_2 \bar S_l$, and how each mode moves each point,
# $C_{lj} = R_2 M_{jl}$, it is *ridge regression*: $b = (C^\top w\, C + 1)^{-1} C^\top w\, d$. (The 1 is the
# identity matrix; it comes from $\lVert b \rVert^2$.)


# %%
find_pose = check.ready(pose, check.pose)  # yours, once it passes
w = np.repeat(1 / (model.noise**2 + 0.05**2), 2)  # of x and y of each point


def shape_step(x, s, R, t):
    C = (model.modes @ R[:2].T).reshape(len(model.modes), -1).T  # (2 L, modes)
    d = ((x - t) / s - model.mean @ R[:2].T).ravel()
    b = np.linalg.solve(C.T * w @ C + np.eye(C.shape[1]), C.T @ (w * d))
    return model.mean + np.tensordot(b, model.modes, 1)


# %%
i = np.argsort(np.abs(fitted.degrees[:, 1]))[-40]
x, S = crops.points[i], model.mean
for step in range(4):
    s, R, t = find_pose(S, x)
    off = np.linalg.norm(s * S @ R[:2].T + t - x, axis=1)
    print(f"step {step}: yaw {face3d.angles(R)[1]:.1f} degrees, off by {off.mean():.2f} pixels")
    S = shape_step(x, s, R, t)

# %% [markdown]
# Two rounds are enough here. `face3d.fit` does this for many faces; pitch, yaw and roll of four:

# %%
ms = results("face3d")["milliseconds"]
print(f"{ms['one']:.1f} ms for one face, {ms['batch']:.1f} ms in a batch")
four = np.argsort(fitted.degrees[:, 1])[[4, 90, 210, -5]]
meshes, large = face3d.vertices(fitted, dense=True), FACES[four].crops(384)
fine = face3d.vertices(face3d.fit(large.points, jaw="near"), dense=True)
drawn = [face3d.draw(*face, lines=True, opacity=0.6) for face in zip(large.images, fine, strict=True)]
titles = ["{:.0f}, {:.0f}, {:.0f}".format(*(fitted.degrees[i].round() + 0)) for i in four]
plots.show(plots.faces_grid(drawn, titles=titles, columns=4))
# ALT Four faces, turned to the left, slightly to either side and to the right, each covered by a wire mesh
# ALT that follows brows, eyes, nose, mouth and jaw. Titles tell the angles.

# %% [markdown]
# ## The contour slides
#
# Pulling the *fixed* jaw onto a visible contour turns the head. So each jaw point slides along a line across
# the cheek, and in every round sits where that line is outermost in the picture ([Zhu and others,
# 2016](https://doi.org/10.1109/CVPR.2016.23)). Below, both are tried on faces drawn from the model itself,
# whose truth is known (an *inverse crime*: data and fit share one model, which flatters the fit):


# %%
def made(yaw, n=60):
    draw = np.random.default_rng(0).normal(size=(n, len(model.modes)))
    b = np.split(0.8 * draw, [len(model.identity)], axis=1)
    R = np.repeat(face3d.rotation([[0, yaw, 0]]), n, axis=0)
    return face3d.vertices(face3d.Fitted(R, np.full(n, 100), np.zeros((n, 2)), *b), jaw="visible")[..., :2]


# %%
angles, lines = np.arange(0, 91, 15), {}
for jaw, title in {"solid": "fixed jaw", "visible": "sliding jaw"}.items():
    found = [face3d.fit(made(yaw), jaw=jaw).degrees[:, 1] for yaw in angles]
    lines[title] = [np.abs(f - yaw).mean() for f, yaw in zip(found, angles, strict=True)]
plots.show(plots.curves(angles, lines, "yaw, degrees", "mean error of the yaw, degrees"))
# ALT Two curves of the error of the yaw. With a fixed jaw it rises from nearly 0 to many degrees; with a
# ALT sliding jaw it stays low.

# %% [markdown]
# ## Head pose in three ways
#
# 1. **PnP**, perspective-n-point: the mean face and a guessed camera. Whatever differs in a person's face
#    goes into the pose.
# 2. **The fit** above: the shape may differ, too.
# 3. **Regression**: a network finds the pose from the pixels; see below.
#
# Errors on the pictures of AFLW2000-3D at hand (validation data), in degrees, from its own annotation and
# from the points of networks; the last three columns are means by yaw:

# %%
pose_found = results("pose")
keys = ("pitch", "yaw", "roll", "mean", "0-30", "30-60", "60-90")
print(f"{pose_found['faces']} pictures {'':16}", *(f"{key:>6}" for key in keys))
for source, roads in pose_found["degrees"].items():
    for road, e in roads.items():
        print(f"{source:12} {road:16}", *(f"{e[key]:6.1f}" for key in keys))
published = [f"{name} {e}" for name, e in pose_found["published"].items()]
print("published, mean:", ", ".join(published[:4]) + ",\n                ", ", ".join(published[4:]))

# %% [markdown]
# The published figures are of 1,969 pictures, with other boxes and points ([SynergyNet's
# table](https://doi.org/10.1109/3DV53792.2021.00055)): read the order, not the decimals. On the *same* points
# PnP loses to the fit, most where it takes the jaw's contour for fixed spots. Regression is no better than a
# fit to the same network's points, so the error is in what the network sees.
#
# ## 3DDFA: regress the parameters
#
# Why not ask a network for the 3D face itself? **3DDFA** regresses $p = (A, t, b)$, with $A = s R_2$ as six
# numbers (no angles, no trap) and here 30 modes: 38 numbers, each *whitened* (less its mean, over its
# standard deviation; $b$ is in standard deviations already). The points follow: $V(p) = A\, S(b) + t$.


# %%
def numbers(fitted):
    A = (fitted.scale[:, None, None] * fitted.R[:, :2]).reshape(-1, 6)
    pose = np.concatenate([A, fitted.shift], axis=1) / 128
    return pose, np.concatenate([fitted.identity, fitted.expression], axis=1)


middle, spread = (f(numbers(fitted)[0], axis=0) for f in (np.mean, np.std))


def whitened(fitted):
    pose, b = numbers(fitted)
    return np.concatenate([(pose - middle) / spread, b], axis=1)


# %%
def unpacked(p):
    pose = p[:, :8] * spread + middle
    return pose[:, :6].reshape(-1, 2, 3), pose[:, 6:], model.mean + np.tensordot(p[:, 8:], model.modes, 1)


def V(p):
    A, t, S = unpacked(p)
    return S @ A.mT + t[:, None]


p = whitened(fitted)
print(p.shape, "V gives the points back:", np.allclose(128 * V(p), face3d.vertices(fitted)[..., :2]))

# %% [markdown]
# What should be minimised? With $p^*$ the truth, from a fit:
#
# - **PDC**, parameter distance cost: $\lVert p - p^* \rVert^2$. The last identity mode counts as much as
#   the scale.
# - **VDC**, vertex distance cost: $\lVert V(p) - V(p^*) \rVert^2$. This is what is measured in the end.
# - **WPDC**, weighted PDC: $\sum_i w_i (p_i - p^*_i)^2$, where a number counts by how far *its present
#   error* moves the points:
#
# $$w_i = \lVert V(p^{*} \text{ with } p_i \text{ in place of } p^*_i) - V(p^*) \rVert \,/\, Z$$
#
# The norm is over all coordinates of all points, and $Z$ makes the largest weight of each face 1.
#
# ### Exercise 2 ★★★
#
# Write these weights. `V` is the function above, from (N, P) to points (N, L, 2); `truth` ($p^*$) and `found`
# ($p$) are (N, P), and so is the answer.


# %% tags=["exercise"]
def wpdc_weights(V, truth, found):
    w = np.zeros_like(truth)
    # SOLUTION
    for i in range(truth.shape[1]):
        mixed = truth.copy()
        mixed[:, i] = found[:, i]
        w[:, i] = np.linalg.norm(V(mixed) - V(truth), axis=(1, 2))
    return w / w.max(axis=1, keepdims=True)
    # END SOLUTION
    # STUB return ...


# %%
check.wpdc_weights(wpdc_weights)

# %%
weigh = check.ready(wpdc_weights, check.wpdc_weights)  # yours, once it passes
near = p + np.random.default_rng(1).normal(0, 0.1, p.shape)
means = {"at the start, all numbers 0": weigh(V, p, 0 * p).mean(axis=0),
         "later, all numbers off by a tenth": weigh(V, p, near).mean(axis=0)}  # fmt: skip
plots.show(plots.parameter_weights(means, {"A": 6, "t": 2, "identity": 20, "expression": 10}))
# ALT Two rows of 38 bars, means over the faces. In both one number of the shift has a weight near 1, those of
# ALT the pose up to a half, the first modes of identity and expression about a tenth, the last hardly any.

# %% [markdown]
# The pose comes first, then the leading modes. (The weights count as constants: no gradient goes through
# them.)
#
# The network of 2016 is a *cascade* that looks again: besides the crop it is given a drawing of its own last
# answer, the **PNCC** (projected normalised coordinate code). In it each vertex has the colour of its place
# on the *mean* face.

# %%
codes = face3d.code_colours()
drawn = [face3d.draw(*face, codes, 0.85) for face in zip(large.images, fine, strict=True)]
plots.show(plots.faces_grid(drawn, columns=4))
# ALT The four faces under a smooth rainbow: red grows from the left of each face to the right, green from
# ALT forehead to chin, blue with depth. Noses and chins have the same colours in all four.

# %% [markdown]
# ## Train it: three costs, one budget
#
# A 3DDFA in miniature, on the frozen SENet's 256 last features $F$. A cost matters only where the network
# must *choose*. So two linear layers follow: $h = F w$ with only six numbers, and $p = h u$ with all 38,
# which have to share the six. The gradients with respect to $p$, but for a factor of 2: for PDC and WPDC the
# (weighted) difference; for VDC, with $r = V(p) - V(p^*)$, they are $r^\top S$ for $A$, $\sum_l r_l$ for
# $t$, and $\sum_l r_l \cdot A M_{jl}$ for $b_j$.

# %%
senet = methods.load("senet").build()
body = tf.keras.Model(senet.input, senet.get_layer("hidden").output)


def features(images):
    parts = [body(training.scaled(images[i : i + 25]), training=False) for i in range(0, len(images), 25)]
    F = np.concatenate(parts)
    return np.concatenate([F / F.std(), np.ones((len(F), 1))], axis=1)


train, test = (part.crops(128) for part in FACES.split_by_person(0.75, seed=0))

# %%
F, F_test = features(train.images), features(test.images)
truth, truth_test = (whitened(face3d.fit(part.points, jaw="near")) for part in (train, test))
print(F.shape, truth.shape, F_test.shape)


# %%
def pdc(found, truth):
    return found - truth


def wpdc(found, truth):
    return weigh(V, truth, found) * (found - truth)


def vdc(found, truth):
    (A, _, S), r = unpacked(found), V(found) - V(truth)
    to_pose = np.concatenate([(r.mT @ S).reshape(-1, 6), r.sum(axis=1)], axis=1) * spread
    return np.concatenate([to_pose, np.einsum("nlc,jlc->nj", r @ A, model.modes)], axis=1)


# %%
def with_one(h):
    return np.pad(h, [(0, 0), (0, 1)], constant_values=1)


def descend(gradient, steps=300, rate=0.01):
    draw, errors = np.random.default_rng(0), []
    layers = [draw.normal(0, 1 / 16, (F.shape[1], 6)), np.zeros((7, truth.shape[1]))]
    mean, square = [0 * w for w in layers], [0 * w for w in layers]
    for step in range(1, steps + 1):
        some = draw.choice(len(F), 64, replace=False)
        h = with_one(F[some] @ layers[0])
        g = gradient(h @ layers[1], truth[some])
        for k, slope in enumerate((F[some].T @ (g @ layers[1][:6].T), h.T @ g)):
            mean[k] = 0.9 * mean[k] + 0.1 * slope
            square[k] = 0.99 * square[k] + 0.01 * slope**2
            move = mean[k] / (1 - 0.9**step) / (np.sqrt(square[k] / (1 - 0.99**step)) + 1e-9)
            layers[k] = layers[k] - rate * (1 - step / steps) * move  # the rate falls to 0
        if step % 20 == 0:
            p = with_one(F_test @ layers[0]) @ layers[1]
            errors.append(metrics.nme(V(p), V(truth_test), "box").mean())
    return p, errors


# %% tags=["nbval-ignore-output"]
answers, runs = {}, {}
for cost in (pdc, wpdc, vdc):
    name = cost.__name__.upper()
    answers[name], errors = descend(cost)
    runs[name] = 100 * np.array(errors)
plots.show(plots.curves(np.arange(20, 301, 20), runs, "step", "NME of the box on the test set, %"))
# ALT Three falling curves of the test error of the points over 300 steps. VDC begins highest. At the end PDC
# ALT is highest, WPDC lower and VDC lowest.


# %% tags=["nbval-ignore-output"]
for name, p_found in answers.items():
    wrong = np.sqrt(((p_found - truth_test) ** 2).mean())
    print(f"{name:4}  points {runs[name][-1]:.2f} %,  numbers {wrong:.2f} standard deviations")

# %% [markdown]
# PDC spreads the six numbers over all 38 alike and has the worst points. WPDC and VDC spend them on what
# moves points; VDC ends lowest, and lets those numbers drift that no point shows: see the last column. (With
# a single linear layer nothing is shared, and the three are nearly equal.) **Go on (open):** add a cost of
# your own.
#
# Published for a whole network, on AFLW2000-3D: PDC 5.64 %, VDC 5.03 %, WPDC 4.76 %; WPDC, then VDC: 4.25 %.
# The course trained last layers on SENet's trunk with each cost, each for as long. NME of the box by yaw, in
# percent (validation data):


# %%
def by_yaw(kind):
    rows = results("faces3d").get(kind, {})
    for name, one in rows.items():
        print(f"{name:6}", *(f"  {yaw} {100 * e:.1f}" for yaw, e in one["points"].items()))
    if not rows:
        print("Not measured yet.")


by_yaw("costs")

# %% [markdown]
# PDC is worst here, too; WPDC and VDC are close. The course's `tddfa` is SENet with another last layer,
# trained with VDC and a little PDC. On turned faces:

# %%
wide = sources.load("synthetic", n=4, seed=21, yaw=(0.6, 1.0), occlusion=False, progress=False)
tddfa, drawn = trained("tddfa"), []
if tddfa:
    found = face3d.vertices(tddfa.predict_3d(wide.images, wide.boxes), dense=True)
    drawn = [face3d.draw(*face, codes, opacity=0.7) for face in zip(wide.images, found, strict=True)]
plots.show(plots.faces_grid([*wide.images, *drawn], columns=4))
# ALT Four faces turned far to the side; below, where the weights are there, the same under the mesh that the
# ALT network found, coloured by the code of the mean face.

# %% [markdown]
# ## PRNet: a map of places
#
# A model limits what a network can say, here to 30 modes. **PRNet** ([Feng and others,
# 2018](https://doi.org/10.1007/978-3-030-01264-9_33)) lays the face's surface flat, as a **UV map**, and
# regresses a picture whose pixel $u$ holds *where that spot of the face is*, $P(u) = (x, y, z)$, with an
# encoder and a decoder. A face model is used only to make its training data.

# %%
i = four[1]
P = face3d.position_map(meshes[i], 64)
low, high = P[face3d.map_mask()].min(axis=0), P[face3d.map_mask()].max(axis=0)
coloured = np.uint8(255 * np.clip((P - low) / (high - low), 0, 1)) * face3d.map_mask()[..., None]
weights = [np.uint8(255 * w / w.max()).repeat(3).reshape(64, 64, 3) for w in
           (weight_map(64, kind) for kind in ("paper", "file"))]  # fmt: skip
texture = face3d.unwrapped(crops.images[i], meshes[i], 128)
titles = ["crop", "texture", "places: x, y, z", "weights, paper", "weights, file", "the 68 points"]
grid = [crops.images[i], texture, coloured, *weights, texture]
marks = [None] * 5 + [model.uv[:68] * 128 - 0.5]
plots.show(plots.faces_grid(grid, marks, titles=titles, columns=3))
# ALT Six squares: a face; its skin laid flat, with eyes and mouth in the middle; the same shape in smooth
# ALT colours; a weight mask with bright dots at the points, grey round eyes, nose and mouth, darker on the
# ALT cheeks and black outside; the same but grey outside; the flat skin with its 68 points.

# %% [markdown]
# The loss is weighted, $\sum_u w_u \lVert P(u) - P^*(u) \rVert^2$. The paper gives the weights of points,
# inner face, rest and neck as 16 : 4 : 3 : 0. In the file that its authors released, the grey levels are
# 255, 128, 64 and 48, about 16 : 8 : 4 : 3, and next to nothing is masked out. Say which one you use. (The
# course's option `mask=` offers both.)
#
# The 68 points are read off between the map's pixels:

# %%
prnet, found = trained("prnet"), None  # below: NME of the box on AFLW2000-3D (validation data), %, by yaw
if prnet:
    prnet.jaw = "solid"
    found = prnet.predict(wide.images, wide.boxes)
plots.show(plots.faces_grid(wide.images, found, columns=4))
by_yaw("methods")
# ALT Four faces turned far to the side, with the 68 points that were read off the network's map where its
# ALT weights are there.

# %% [markdown]
# Published NME of the box on AFLW2000-3D, in percent, for yaw 0-30, 30-60, 60-90 and their mean: ESR 4.60,
# 6.70, 12.67, 7.99; 3DDFA 3.43, 4.24, 7.17, 4.94; PRNet 2.75, 3.51, 4.61, 3.62; SynergyNet 2.65, 3.30, 4.27,
# 3.41. (Here, too, with other pictures and other boxes.)
#
# ## DenseReg and dense face alignment
#
# **DenseReg** ([Güler and others, 2017](https://doi.org/10.1109/CVPR.2017.280)) turns PRNet's map round:
# for each pixel of the *picture* it says which spot $(u, v)$ of the face is there, each of them from 0 to 1.
# Both are *quantised* into $K = 10$ bins: a classification with $K + 1$ classes, where class 0 means "no
# face", and for each class a residual, from 0 to 1, within the bin.
#
# $$u = (k + q_k - 1) / K$$
#
# with $k$ the class that has the highest score, and $q_k$ the residual of that class.
#
# ### Exercise 3 ★
#
# Read such an answer: from `scores` and `residuals`, both (N, K + 1), for N pixels, the coordinate `u`
# (N,), and NaN where there is no face.


# %% tags=["exercise"]
def decode(scores, residuals):
    K = scores.shape[1] - 1
    # SOLUTION
    k = scores.argmax(axis=1)
    u = (k + residuals[np.arange(len(k)), k] - 1) / K
    return np.where(k > 0, u, np.nan)
    # END SOLUTION
    # STUB k = ...
    # STUB return ...


# %%
check.decode(decode)

# %% [markdown]
# The course's `densereg` answers for 32 by 32 places, on PRNet's trunk; read by your function, each pair of
# bins in a colour of its own. Its errors are in the table above.

# %%
read, K = check.ready(decode, check.decode), 10  # yours, once it passes
palette = np.random.default_rng(5).integers(30, 250, (K + 1, K + 1, 3)).astype(np.uint8)


def colour(uv):
    return palette[tuple(np.int64(np.nan_to_num(np.floor(K * uv) + 1).clip(0, K)).T)]


# %%
near = wide.crops(128)
solid = face3d.vertices(face3d.fit(near.points, jaw="near"), dense=True)
views = [face3d.draw(*face, colour(model.uv), 0.8) for face in zip(near.images, solid, strict=True)]

# %%
if densereg := trained("densereg"):
    output = np.reshape(densereg.build()(training.scaled(near.images)), (-1, 4, K + 1))
    u, v = (read(output[:, axis], output[:, axis + 2]) for axis in (0, 1))
    answers = colour(np.stack([u, v], axis=1)).reshape(4, 32, 32, 3)
    views += list(answers.repeat(4, axis=1).repeat(4, axis=2))
plots.show(plots.faces_grid(views, columns=4))
# ALT Four faces turned far to the side under a chequered pattern of about ten by ten patches, each on the
# ALT same part of every face. Below, where the weights are there, the network's answer: the same, coarser.

# %% [markdown]
# To find a landmark, take the pixels whose $(u, v)$ is near its own, and fit places to $(u, v)$ by a linear
# regression. A hidden landmark has no such pixels: a 3D face is fitted to the others.
#
# **Dense face alignment** ([Liu and others, 2017](https://doi.org/10.1109/ICCVW.2017.190)) is 3DDFA with
# more to learn from. To the distance of the *parameters* it adds three constraints:
#
# - **landmarks**: the distance of the points, from data sets with 5, 34 or 68 of them;
# - **contour**: the mesh's contour must lie on edges of the picture, wherever along them;
# - **matching**: spots that look alike in two pictures (*SIFT pairs*) must come from the same vertex.
#
# The last two need no annotated point: the surface between the points gets evidence of its own. Below, each
# row adds one constraint, on 3DDFA's last layers. Two of them are simplified: the contour must lie on the
# annotated *line* of the jaw, not on edges; and instead of matched spots, two renders of one photograph in
# 300W-LP are taken, whose shapes $S(b)$ must agree.

# %%
alignment = results("dense_alignment")
for name, row in alignment.get("rows", {}).items():
    seen = "  ".join(f"{yaw} {100 * e:.2f}" for yaw, e in row["points"].items())
    print(f"{name:10}  {seen}  contour {row['contour']:.2%}  views apart {row['apart']:.2%}")

# %% [markdown]
# First the NME of the box on AFLW2000-3D by yaw (validation data), in percent. The last two columns are of
# renders of photographs that nothing was learnt from, in sizes of the face: how far the contour is from the
# line of the jaw, and how far the shapes found in the views of one photograph are from their mean. Each
# constraint improves the figure that it is about, but only the landmarks improve the points.
#
# ## Turn a photograph
#
# Annotated profiles are rare. 300W-LP *makes* them: fit a 3D face to an annotated photograph, give the
# background a depth, too, and turn it all to a larger yaw; the points turn with it. Here is the face alone;
# what the photograph hides is taken from the mirrored half:

# %%
turned = [head.view(yaw=yaw) for yaw in (-60, -20, 20, 60)]
plots.show(plots.faces_grid([view for view, _ in turned], [points for _, points in turned], columns=4))
# ALT One face from four sides, with its 68 points. From far to either side the skin is smeared at the nose
# ALT and ends at the ears.

# %% [markdown]
# What turned photographs bring to a small SENet: the NME of the box without the jaw, on AFLW2000-3D by yaw
# and on HELEN (validation data):

# %% tags=["nbval-ignore-output"]
for yaw, e in results("turning").get("inner", {"nothing": None}).items():
    print(f"{yaw}: {e['photographs']:.2%}, with turned ones {e['turned']:.2%}" if e else "Not measured yet.")

# %% [markdown]
# They gain much on turned heads, and cost accuracy where heads look ahead. Turned photographs teach
# artefacts, too: smeared skin, no back of the head. So 300W-LP only turns *away* from the camera, where
# little new comes into sight. And all renders of one photograph show one person: keep them on the same side
# of a split ([notebook 05](05_preparing_data.ipynb)).
#
# ## A thousand points
#
# Apps draw a thousand points on a face. How many of them are *found*? Ours are read off the UV map:

# %%
dense = face3d.position_map(meshes[four[:3]], 40)[:, face3d.map_mask(40), :2]
plots.show(plots.faces_grid(crops.images[four[:3]], dense, columns=3))
print(
    f"{dense.shape[1]} points; {len(model.weights)} vertices of rank {np.linalg.matrix_rank(model.weights)}"
)
# ALT Three faces covered by a fine, even cloud of points from forehead to chin.

# %% [markdown]
# The rank says it: each vertex is a fixed weighted sum of the 68. Everything between them was **interpolated
# and never measured**. Schemes with 98 or 194 points are annotations of their own. When you see a thousand
# points, ask what they were compared with.
#
# ## Which normaliser breaks?
#
# The four lengths of [notebook 01](01_measuring_error.ipynb), on a head turned by 75 degrees:

# %%
plots.show(plots.head_turn(turning_head(), 75))
# ALT The points of a head turned by 75 degrees with four normalisers, and their lengths over the angle.
# ALT Inter-ocular and inter-pupil fall like a cosine to a quarter; box and diagonal stay nearly level.

# %% [markdown]
# The inter-ocular distance goes to zero with $\cos \beta$. Divided by it, one and the same error in pixels
# grows without bound, and a few profiles rule the mean. Hence $\sqrt{w h}$ of the box for 300W-LP and
# AFLW2000-3D, and a mean over *three bins of yaw*: otherwise the many frontal faces decide.
#
# ## Questions
#
# 1. A blink detector reads the eye's six points. Would you give it 2D or 3D points of a head at 60 degrees?
# 2. Your network's points are good and its depth too; a colleague asks for the height of a person's nose.
#    What do you say?
# 3. A pose network has a mean error of 4 degrees on a benchmark. Which three things do you ask?
#
# <details><summary>Answers</summary>
#
# **1.** For the near eye 2D points: they mark what is seen. The far eye is a guess in either case: leave it
# out.
#
# **2.** One picture does not tell it: the mean face had nearly the same depth. It takes several views, or a
# depth camera.
#
# **3.** Which convention of angles, and were faces over 99 degrees left out? Is it one mean, or by yaw? Which
# boxes, and was any part of the test set used to choose?
#
# </details>
#
# ## Key points
#
# - 2D points mark the visible contour, 3D points fixed spots; they part as a head turns.
# - $x = s R_2 S + t$, $S = \bar S + \sum_j b_j M_j$: fit by alternating pose (least squares, SVD) and shape
#   (ridge).
# - Near 90 degrees of yaw, pitch and roll mean nothing one by one. Regress matrices.
# - PDC counts numbers; VDC counts points; WPDC counts numbers, weighted by how far they move the points.
# - Dense points are as good as what they were measured against.
# - Always report the baseline: here the mean face, turned.
#
# **Common mistakes:** solid and visible jaws in one error; angles of different conventions; $R$ with
# determinant -1; test pictures that chose the settings; interpolated points called measured.
#
# ## Go further
#
# - X. Zhu and others, [*Face Alignment Across Large Poses*](https://doi.org/10.1109/CVPR.2016.23), CVPR
#   2016: 3DDFA, its costs, and 300W-LP.
# - Y. Feng and others, [*Joint 3D Face Reconstruction and Dense
#   Alignment*](https://doi.org/10.1007/978-3-030-01264-9_33), ECCV 2018: PRNet.
# - C. Wu, Q. Xu, U. Neumann, [*Synergy between 3DMM and 3D
#   Landmarks*](https://doi.org/10.1109/3DV53792.2021.00055), 3DV 2021: from parameters to points and back,
#   and the tables quoted above.
# - Next: [09, squeeze and excitation](09_squeeze_and_excitation.ipynb).
