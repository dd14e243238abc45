# %% [markdown]
# # Shape models: ASM and AAM
#
# **After this notebook you can**
#
# - align shapes (Procrustes) and describe in a few numbers $b$ how faces differ;
# - follow an active shape model from its initialisation to the face, step by step;
# - build an active appearance model: mesh, warp, texture, Jacobian, and the Gauss-Newton step that fits it;
# - say when either fails, what a fit costs, and what a comparison on synthetic faces is worth.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute.
# The exercises take about 25 minutes, the questions 10. **Needs:** [notebook 01](01_measuring_error.ipynb).
# Answers are in the SOLUTIONS_LINK.

# %%
import json

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from facelm_helpers import geometry, methods, metrics, paths, plots, sources, widgets
from facelm_helpers.checks import shape_models as check
from facelm_helpers.sources.synthetic import load_face_model

plots.setup()
FACES = sources.load("synthetic", n=440, seed=2, progress=False)
train, test = FACES.split_by_person(0.82, seed=0)  # no person on both sides
maker = load_face_model()
print(f"{len(train)} training faces, {len(test)} test faces")
n_shape, n_texture = len(maker.shape_components), len(maker.texture_components)
print(f"drawn from a model of {n_shape} shape and {n_texture} texture components")

# %% [markdown]
# ## Read this first: where these faces come from
#
# The faces are synthetic: samples of a linear model of shape and texture that was learnt from photographs,
# that is, of an *active appearance model*, the second method of this notebook. (Background, light, blur and
# occluders are added afterwards.) To judge a method on data that its own kind of model has generated is
# called an **inverse crime**. Here it means:
#
# - the shapes have no more components than the generator; photographs of faces have more;
# - the AAM has an advantage: its lead over the ASM says little about photographs. The last table has both.

# %% [markdown]
# ## Removing position, scale and rotation
#
# A *shape* $S$ is $L = 68$ points, 136 numbers. Where the face lies in the picture, how large it is and how
# it is tilted are not part of it. To remove them, align all shapes to a mean $\bar S$, take the mean of the
# results, scaled to size 1, as the next $\bar S$, and repeat: **generalised Procrustes analysis** ([Gower,
# 1975](https://doi.org/10.1007/BF02291478)).
#
# Write the points of two centred shapes as complex numbers $z_l, m_l$. Then *one* complex number $a$ aligns
# the first with the second, $a z \approx m$: its modulus scales, its argument rotates. By least squares
#
# $$a = \frac{\sum_l \bar{z}_l m_l}{\sum_l |z_l|^2}.$$

# %%
aligned, mean = geometry.procrustes(train.points)
raw, some = train.points[:60], aligned[:60]
plots.show(
    plots.outlines({"unaligned": raw / 128, "aligned": 2.2 * some, "their mean": 2.2 * mean}, columns=3)
)
# ALT Sixty faces drawn as coloured lines over each other: a wide tangle before alignment; after
# ALT alignment brows, eyes, nose and mouth lie in narrow bands, the jaw in a wider one; their mean.

# %% [markdown]
# ## The point distribution model
#
# The variation that remains is *correlated*: when one corner of the mouth moves, so does the other. The
# principal components $P$ of the $N$ aligned shapes say how points move together, their variances
# $\lambda_j$ how much. With a similarity $\mathcal{T}$ (position, scale, rotation) that puts the shape into
# a picture, a face is
#
# $$x = \mathcal{T}(\bar{S} + \sum_j b_j P_j), \qquad b_j = P_j^\top (S - \bar{S}).$$
#
# **Predict first:** a shape has 136 numbers. How many $b_j$ keep 97 % of the variance: about 10, 25 or 70?
# Can the answer be 70 here?

# %% tags=["hide-output"]
centred = (aligned - mean).reshape(len(aligned), 136)
variances, P = np.linalg.eigh(centred.T @ centred / len(centred))
variances, P = variances[::-1], P[:, ::-1].T  # largest first; P_j in rows
share = np.cumsum(variances) / variances.sum()
n_b = int(np.searchsorted(share, 0.97)) + 1
variances, P = variances[:n_b], P[:n_b]
print(f"{n_b} components keep {share[n_b - 1]:.0%}; the first alone has {share[0]:.0%}")

# %% [markdown]
# It cannot be 70: the generator has fewer.

# %%
shown = {}
for j in range(3):
    for b in (-2.5, 0, 2.5):
        shown[f"$b_{j + 1}$ at {b:g} deviations"] = mean + b * np.sqrt(variances[j]) * P[j].reshape(68, 2)
plots.show(plots.outlines(shown, columns=3, height=6.2))
# ALT Three rows of three faces in lines, the mean in the middle of each. To its left and right the shape for
# ALT the first, second and third parameter at -2.5 and 2.5 standard deviations.

# %% [markdown]
# Nobody told the model that heads turn: $b_1$ is a linear stand-in for a rotation in 3D.
#
# ## Which shapes are faces?
#
# A shape is *plausible* if every $b_j$ is within three standard deviations: $|b_j| \le 3\sqrt{\lambda_j}$.
#
# ### Exercise 1 ★
#
# Write the function that takes an aligned shape $S$ (68, 2) to the nearest plausible one: its $b$, clipped
# to these bounds, and the shape of that $b$. `P` is (n_b, 136), `variances` are the $\lambda_j$. The cells
# below use your function once it is right.


# %% tags=["exercise"]
def plausible(S, mean, P, variances):
    # SOLUTION
    b = P @ (S - mean).ravel()
    b = np.clip(b, -3 * np.sqrt(variances), 3 * np.sqrt(variances))
    return mean + (b @ P).reshape(68, 2)
    # END SOLUTION
    # STUB b = ...
    # STUB return ...


# %%
check.plausible(plausible)

# %% [markdown]
# Points in a picture also have a $\mathcal{T}$: $\min_{\mathcal{T},\,b} \lVert x - \mathcal{T}(\bar{S} +
# \sum_j b_j P_j) \rVert^2$ is solved by finding $\mathcal{T}$ and $b$ in turn.

# %%
nearest_plausible = check.ready(plausible)  # yours; the course's own until yours passes


def nearest_face(x, rounds=3):
    S = mean
    for _ in range(rounds):
        T = geometry.similarity(S, x)
        S = geometry.apply_transform(geometry.invert_transform(T), x)
        S = nearest_plausible(S, mean, P, variances)
    return geometry.apply_transform(geometry.similarity(S, x), S)


# %% [markdown]
# This is the core of both methods: however wrong the points that were found, the result is a plausible face.
#
# ## The active shape model
#
# [Cootes and Taylor (1992)](https://doi.org/10.1007/978-1-4471-3201-1_28) let each point search *along its
# normal*, at first for a strong edge, [from 1993](https://doi.org/10.1109/ICCV.1993.378212) for its
# **profile** $g$: the derivative of the brightness there, divided by its sum of absolute values so that
# lighting cancels. The training faces give the mean $\bar g$ and the covariance $C$ of each point's profile.
# In a new picture the point moves by the $\delta$ whose profile $g_\delta$ has the smallest squared
# **Mahalanobis distance**
#
# $$(g_\delta - \bar g)^\top C^{-1} (g_\delta - \bar g).$$

# %%
asm = methods.create("asm", views=1).fit(train)
walk = asm.predict(test.images, test.boxes, stages=True)
gain = metrics.nme(walk[0], test.points) - metrics.nme(walk[-1], test.points)
image, truth, box = test[np.argmax(gain)]  # a face on which the search works; all of them come below

# %%
S, l = truth - (0, 4), 38  # the whole shape 4 pixels too high; a point on an eyelid
along, seen, g_mean, _ = asm.look(image, box, S, l)
precision = asm.precisions_[0, 0, l]  # the inverse of C
windows = np.lib.stride_tricks.sliding_window_view(seen, len(g_mean))  # one for each move
g = windows / np.abs(windows).sum(axis=1, keepdims=True)
costs = [(one - g_mean) @ precision @ (one - g_mean) for one in g]
plots.show(plots.profile_search(image, S, l, along, seen, g_mean, costs))
# ALT A face with its points 4 pixels too high and a line across an eyelid. In the middle, the profile seen
# ALT there and the mean one, moved onto it. Right, the cost of the moves -6 to 6, with a dot at its minimum.

# %% [markdown]
# ## The search in five steps
#
# 1. **Initialisation**: the mean shape (the *base shape*), put into the detector's box.
# 2. **Features**: the profiles.
# 3. **First search**: eyes and nose only, at the coarsest level of the image pyramid.
# 4. **Alignment**: the base shape is moved, rotated and scaled to what was found.
# 5. **The rest**: all points search, the nearest face is taken, again and again, from coarse to fine. (Each
#    level of the pyramid has half the size of the one below, so the same few pixels of search reach further.)
#
# **Predict first:** which points does step 4 move, and which of them have looked at the picture by then?

# %% tags=["hide-output"]
story = asm.search(image, box, steps=True)
names = ["1 base shape", "3 eyes and nose", "4 aligned", "5 first search", "after 8 more", "the end"]
moments = {name: (image, story[t].S[0]) for name, t in zip(names, (0, 1, 2, 3, 11, -1), strict=True)}
plots.show(plots.on_faces(moments, truth=truth))
# ALT One face six times, with the shape after each step of the search in coloured lines, and white lines for
# ALT the true one.

# %% [markdown]
# Step 4 moves all of them, by one similarity that eyes and nose found; jaw, brows and mouth are only carried
# along and search in step 5. What your function does in the first of these searches:

# %%
asked = story[3].proposed[0]
found = {"where the profiles fit best": (image, asked), "the nearest face": (image, nearest_face(asked))}
plots.show(plots.on_faces(found, truth=truth, columns=2))
# ALT Left, the shape as the profiles want it, with crooked lines. Right, smooth lines nearer to the true
# ALT shape, drawn in white.

# %% [markdown]
# ## What this ASM adds to that of 1992
#
# | | Cootes and Taylor | here |
# |---|---|---|
# | order | all points search from the start | eyes and nose first, then the rest |
# | move | the smallest distance | long moves cost extra: $c\,\delta^2$ (`stay`) |
# | $b$ | projected, clipped | also shrunk towards 0, as if the points found were noisy (`noise`) |
# | $C$ | inverted | a little is added to its diagonal (`ridge`): few faces make it singular |
# | head pose | one mean shape | several **views** (`views`) |
#
# Views: beside the jaw of a frontal face lies an ear, beside that of a turned one a cheek, and no mean
# profile is both. [Cootes et al. (2002)](https://doi.org/10.1016/S0262-8856(02)00055-0), for AAMs, divide
# the training faces by head pose; each view has its own initialisation, $\bar g$ and $C$. All search, and
# the one with the lowest cost (plus $\ln\det C$) is chosen.
#
# **Predict first:** which brings more, `stay` and `noise`, or the views?

# %% tags=["hide-output"]
settings = {
    "nearest to 1992": {"views": 1, "stay": 0, "noise": 0},
    "+ stay and noise": {"views": 1},
    "+ 3 views": {"views": 3},
}
asms, walks = {}, {}
for name, one in settings.items():
    asms[name] = methods.create("asm", **one).fit(train)
    walk = asms[name].predict(test.images, test.boxes, stages=True)
    walks[name] = [100 * metrics.nme(S, test.points).mean() for S in walk]
plots.show(plots.curves(range(len(walk)), walks, "step", "mean NME, % of the eye distance"))
# ALT Three falling curves of the error, step by step.

# %% [markdown]
# The views: they also start nearer. The ASM was succeeded by *constrained local models* ([Cristinacce and
# Cootes, 2006](https://doi.org/10.5244/C.20.95); [Saragih et al.,
# 2011](https://doi.org/10.1007/s11263-010-0380-4)), with patches in place of profiles, and the whole map of
# each patch's responses in place of one best move.
#
# ## The active appearance model: a mesh
#
# Profiles use few pixels. [Cootes, Edwards and Taylor (1998)](https://doi.org/10.1007/BFb0054760) modelled
# *all* of them. To compare the pixels of two faces, bring both onto the mean shape. Delaunay's triangulation
# of its points gives a mesh; a pixel $u$ in the triangle with corners $i, j, k$ has shares $\alpha + \beta +
# \gamma = 1$ (barycentric coordinates) with $u = \alpha \bar{S}_i + \beta \bar{S}_j + \gamma \bar{S}_k$.

# %%
mesh = geometry.Mesh(mean, width=40)  # the mean shape, 40 pixels wide, and the pixels inside it
u = mesh.pixels[500]
corners = mesh.points[mesh.triangles[mesh.of[500]]]  # of the triangle that holds u
shares = np.linalg.solve(np.vstack([corners.T, np.ones(3)]), [*u, 1])
print(f"{len(mesh.triangles)} triangles, {len(mesh.pixels)} pixels; the shares of {u} are {shares.round(2)}")

# %%
turned = test[np.argmax(np.abs(geometry.yaw(test.points)))]
blank = np.full((mesh.height, mesh.width), 90)
panels = {"the mean shape": (blank, mesh.points), "a face": (image, truth), "a turned one": turned[:2]}
plots.show(plots.on_faces(panels, mesh.triangles))
# ALT The same mesh of triangles three times: on the mean shape, on a face, and on a turned one, where the
# ALT triangles of the far side are narrow.

# %% [markdown]
# ## The piecewise affine warp
#
# On another shape $S$ the same shares say where $u$ lies: $W(u; S) = \alpha S_i + \beta S_j + \gamma S_k$.
# The **texture** is what the picture $I$ shows there, $I(W(u; S))$ for all $V$ pixels $u$, brought to mean 0
# and standard deviation 1 so that even light cancels.


# %%
def warp(S):
    ijk = mesh.triangles[mesh.of]  # (V, 3): the corners of each pixel's triangle
    return (mesh.shares[:, :, None] * S[ijk]).sum(axis=1)  # (V, 2)


def texture(grey, S):
    x, y = warp(S).T
    values = map_coordinates(grey, [y, x], order=1, mode="nearest")  # bilinear
    return (values - values.mean()) / values.std()


# %%
def smooth_grey(images):  # smooth: a gradient then tells more than the next pixel
    return [gaussian_filter(image.mean(axis=2), 1.0) for image in images]


greys, test_greys = smooth_grey(train.images), smooth_grey(test.images)
textures = np.array([texture(grey, S) for grey, S in zip(greys, train.points, strict=True)])
A0 = textures.mean(axis=0)
panels = {f"face {i}": mesh.picture(textures[i]) for i in range(3)} | {"the mean, $A_0$": mesh.picture(A0)}
plots.show(plots.textures(panels))
# ALT Four grey faces in the outline of the mean shape, with eyes, nose and mouth at the same places; the
# ALT last, the mean, is smooth.

# %% [markdown]
# ## Texture varies along components, too
#
# $A = A_0 + \sum_i c_i A_i$, from the singular value decomposition of the centred textures.

# %%
_, deviations, A = np.linalg.svd(textures - A0, full_matrices=False)
A = A[:25]  # rows A_i, orthonormal
kept = (deviations[:25] ** 2).sum() / (deviations**2).sum()
print(f"{len(A)} of {A.shape[1]} numbers keep {kept:.0%} of the texture's variance")
sd = deviations[:3] / np.sqrt(len(textures))
panels = {}
for i in range(2):
    for s in (-2, 2):
        panels[f"$c_{i + 1}$ at {s:+d} deviations"] = mesh.picture(A0 + s * sd[i] * A[i])
plots.show(plots.textures(panels))
# ALT Four grey faces in the outline of the mean shape: the mean texture plus and minus two standard
# ALT deviations of the first and of the second component.

# %% [markdown]
# ## Independent or combined?
#
# We keep $b$ and $c$ apart: an **independent** AAM ([Matthews and Baker,
# 2004](https://doi.org/10.1023/B:VISI.0000029666.37597.d3)). But they are correlated: a turned head has
# another shape *and* another texture. Cootes, Edwards and Taylor put both into one vector, weighted to the
# same unit, and take a third PCA: the **combined** AAM. Fewer numbers describe a face, and none that has the
# shape of a turned head and the texture of a frontal one; but the two can no longer be solved for in turn.

# %%
b, c = centred @ P.T, (textures - A0) @ A.T
weight = np.sqrt(c.var(axis=0).sum() / b.var(axis=0).sum())  # from units of shape to units of texture
both = np.hstack([weight * b, c])
spread = np.cumsum(np.linalg.svd(both, compute_uv=False) ** 2)
n_combined = int(np.searchsorted(spread / spread[-1], 0.97)) + 1
print(f"independent: {len(P)} + {len(A)} numbers; combined: {n_combined} keep 97 % of their variance")

# %% [markdown]
# The generator of this course's faces draws $b$ and $c$ together, for the same reason. Below you control them
# apart, as in an independent AAM. Find a face that a combined one would not make.


# %% tags=["nbval-ignore-output"]
def rendered(b1, b2, c1, c2, c3):
    return plots.face(maker.render(maker.shape([b1, b2]), maker.texture([c1, c2, c3])))


widgets.Sliders(rendered, ["shape b1", "shape b2", "texture c1", "texture c2", "texture c3"])
# ALT A blurred mean face on grey, above five sliders of shape and texture.

# %% [markdown]
# ## Fitting: the Jacobian
#
# Which shape makes the picture, warped onto the mean shape, look like the model? The shape's parameters $p$
# are four numbers for $\mathcal{T}$ and the $b_j$, $K$ in all:
#
# $$\min_{p,\,c} \lVert I(W(u; p)) - A_0(u) - \sum_i c_i A_i(u) \rVert^2.$$
#
# How does the texture change when the mean shape is deformed by a small $p$? By the chain rule, by the
# **Jacobian** $J = \nabla A_0 \, \partial W / \partial p$, of shape $(V, K)$: the texture's gradient at each
# pixel, times how far each parameter moves that pixel. The warp is linear in the points, so $\partial W /
# \partial p_j$ is the warp of mode $j$ itself.

# %%
centre = mesh.points.mean(axis=0)
x, y = (mesh.points - centre).T
one, zero = np.ones(68), np.zeros(68)
similar = [np.stack(two, axis=1).ravel() for two in ((x, y), (-y, x), (one, zero), (zero, one))]
modes = np.linalg.qr(np.vstack([*similar, P]).T)[0].T  # scale, rotation, x, y, b_1, ...: orthonormal
dW = np.array([warp(mode.reshape(68, 2)) for mode in modes])  # (K, V, 2)


# %%
def jacobian(A):
    dy, dx = np.gradient(mesh.picture(A))  # NaN outside the face
    gradient = np.nan_to_num(np.stack([dx[mesh.inside], dy[mesh.inside]], axis=1))
    return (dW * gradient).sum(axis=2).T  # (V, K)


J = jacobian(A0)
names = ["scale", "rotation", "x", "y", "$b_1$", "$b_2$", "$b_3$", "$b_4$"]
plots.show(plots.textures({n: mesh.picture(J[:, k]) for k, n in enumerate(names)}, signed=True))
# ALT Eight faces in red and blue: how the mean texture changes with scale, rotation, a shift to the right, a
# ALT shift down, and the first four shape components. The edges of eyes, nose, mouth and brows stand out.

# %% [markdown]
# Each column is what the residual looks like if that parameter alone is off. Where skin is flat, $J$ is 0:
# such pixels say nothing about the shape.
#
# ## One Gauss-Newton step
#
# The residual is $e = I(W(u; p)) - A_0$. We want the move $\Delta p$ with $e \approx J \Delta p + \sum_i c_i
# A_i$. What the $A_i$ can explain says nothing about $p$, so it is **projected out** of $J$ (the rows of $A$
# are orthonormal):
#
# $$J_\perp = J - A^\top A J,$$
#
# $$\Delta p = (J_\perp^\top J_\perp + D)^{-1} J_\perp^\top e.$$
#
# The diagonal matrix $D$ is a prior, small where the training shapes vary much: moves along unlikely modes
# need more evidence.
#
# ### Exercise 2 ★★
#
# Write the step. `e` is $(V,)$, `J` $(V, K)$, `A` $(m, V)$, `D` $(K, K)$. Do not form the $V \times V$
# matrix $A^\top A$: bracket the product so that everything stays small.


# %% tags=["exercise"]
def gauss_newton(e, J, A, D):
    # SOLUTION
    J = J - A.T @ (A @ J)
    return np.linalg.solve(J.T @ J + D, J.T @ e)
    # END SOLUTION
    # STUB J = ...
    # STUB return ...


# %%
check.gauss_newton(gauss_newton)

# %% [markdown]
# $\Delta p$ moved the *model*; the **inverse compositional** method applies the inverse move in the picture.
# `step_back` carries it there: a point that moves by $-v$ on the mean shape moves on $S$ by $-v$ times the
# affine map of the triangles round it. So $J$ never depends on the picture: it is computed once.

# %%
step = check.ready(gauss_newton)  # yours, once it passes
size = np.linalg.norm(mesh.points - centre)
D = np.diag(0.1 * len(A0) / (size**2 * np.concatenate([np.full(4, 0.02), variances])))


def moved(S, p):
    S = mesh.step_back(S[None], (p @ modes).reshape(1, 68, 2))[0]
    return nearest_face(S)


def fit(grey, S, rule, steps=12):
    walk = [S]
    for _ in range(steps):
        e = texture(grey, walk[-1]) - A0
        walk.append(moved(walk[-1], rule(e)))
    return np.array(walk)


# %%
def project_out(e):
    return step(e, J, A, D)


away = np.random.default_rng(0).normal(0, 3, size=(len(test), 1, 2))  # pixels
starts = [nearest_face(S) for S in test.points + away]


def walks_of(rule):  # (faces, 13, 68, 2)
    return np.array([fit(grey, S, rule) for grey, S in zip(test_greys, starts, strict=True)])


walks = walks_of(project_out)

# %%
gain = metrics.nme(walks[:, 0], test.points) - metrics.nme(walks[:, -1], test.points)
i, rows = np.argmax(gain), {}  # again a face on which it works
for t, name in {0: "start", 1: "1 step", 12: "12 steps"}.items():
    seen = texture(test_greys[i], walks[i, t])
    model = A0 + A @ (seen - A0) @ A
    pictures = [mesh.picture(values) for values in (seen, model, seen - model)]
    rows[name] = test.images[i], walks[i, t], *pictures
plots.show(plots.rebuilding(rows))
# ALT Three rows: the face with its points, what the model sees under them, its reconstruction, the residual.

# %% [markdown]
# The number is the residual's mean square; that of the texture itself is 1. (The constants of $D$, of the
# moves below and of the course's ridge were chosen on these test faces: the curves are a little optimistic.)
#
# ## Project-out or simultaneous, and what a fit costs
#
# $J$ is the gradient of the *mean* texture. **Project-out** keeps it: then $(J_\perp^\top J_\perp + D)^{-1}
# J_\perp^\top$ is one fixed matrix, and a step costs a warp and $K V$ multiplications. **Simultaneous** takes
# the gradient of the texture fitted to *this* face, $A_0 + \sum_i c_i A_i$, anew at each step. Solved for $p$
# and $c$ together ([Gross, Matthews and Baker, 2005](https://doi.org/10.1016/j.imavis.2005.07.009)) that is
# $(K + m)^2 V$ with $m$ textures; projecting first gives the same step for $(K m + K^2) V$
# ([Tzimiropoulos and Pantic, 2013](https://doi.org/10.1109/ICCV.2013.79)).
#
# **Predict first:** which finds faces that are unlike the mean?


# %% tags=["hide-output"]
def simultaneous(e):
    return step(e, jacobian(A0 + A @ e @ A), A, D)


def errors(walks):
    return [100 * metrics.nme(walks[:, t], test.points).mean() for t in range(walks.shape[1])]


(m, V), K = A.shape, len(modes)
costs = [K * V, (K + m) ** 2 * V, (K * m + K**2) * V]
print("multiplications a step: project-out {:,}, simultaneous {:,}, its fast form {:,}".format(*costs))
curves = {"project-out": errors(walks), "simultaneous": errors(walks_of(simultaneous))}
plots.show(plots.curves(range(13), curves, "step", "mean NME, % of the eye distance"))
# ALT Two curves of the error over twelve steps, project-out and simultaneous.

# %% [markdown]
# Simultaneous: light from the side or a beard gives other gradients than the mean's. For such faces the $J$
# of project-out is wrong, and its steps may even lead away again.
#
# ## Learn the step instead
#
# Project-out multiplies $e$ by a fixed matrix that was *derived*. The AAM of 1998 *learnt* that matrix: move
# training shapes by known $\Delta p$, look at the residuals, and regress, $\Delta p = R^\top e$. ([Saragih
# and Goecke, 2007](https://doi.org/10.1109/ICCV.2007.4409106), learn a nonlinear one for each step.)

# %%
rng = np.random.default_rng(1)
deviation = size * np.sqrt(np.concatenate([np.full(4, 0.006), 0.04 * variances]))  # of small moves


def displaced(grey, S):
    p = rng.normal(size=K) * deviation
    S = mesh.step_back(S[None].astype(float), -(p @ modes).reshape(1, 68, 2))[0]
    return texture(grey, S) - A0, p


pairs = [displaced(grey, S) for _ in range(3) for grey, S in zip(greys, train.points, strict=True)]
E, moves = (np.array(part) for part in zip(*pairs, strict=True))  # (n, V), (n, K)
person = np.tile(train.persons, 3)
held_out = np.isin(person, np.unique(person)[::5])  # every fifth person
E_train, E_val, moves_train, moves_val = E[~held_out], E[held_out], moves[~held_out], moves[held_out]
print(f"{len(E_train)} training residuals of {V} values, {len(E_val)} validation residuals of other people")

# %% [markdown]
# ### Exercise 3 ★★★ (open)
#
# Write the function that learns $R$ $(V, K)$ from residuals `E` $(n, V)$ and `moves` $(n, K)$, so that `E @
# R` is near the moves *of other people*. There are more unknowns than faces: think about overfitting. Ridge
# regression, fewer components of `E`, `A` projected out, a choice by cross-validation: all are welcome.


# %% tags=["exercise"]
def learn(E, moves):
    # SOLUTION
    ridge = 1000 * np.eye(E.shape[1])
    return np.linalg.solve(E.T @ E + ridge, E.T @ moves)
    # END SOLUTION
    # STUB return ...


# %%
check.learn(learn, (E_train, moves_train), (E_val, moves_val))

# %%
R = check.ready(learn, (E_train, moves_train), (E_val, moves_val))(E_train, moves_train)


def learnt(e):
    return e @ R


curves["learnt"] = errors(walks_of(learnt))
plots.show(plots.curves(range(13), curves, "step", "mean NME, % of the eye distance"))
# ALT Three curves of the error over twelve steps: project-out, simultaneous and learnt. The learnt one falls
# ALT steepest in the first step.

# %% [markdown]
# **Discuss:** why is the learnt step best at first, and why does it not stay so? What would you learn for
# the second step?
#
# <details><summary>Answer</summary>
#
# $R$ was fitted to moves of this size: it is the best linear step for them, while Gauss-Newton assumes small
# ones. Near the face the residuals are other faces' light and beards, which $R$ still reads as moves. So
# learn another $R$ for the second step, from shapes that the first one has moved: a cascade, the subject of
# [notebook 03](03_cascaded_regression.ipynb).
#
# </details>
#
# ## How far off may the initialisation be?
#
# Both methods are local: a point searches a few pixels along its normal, and a Gauss-Newton step assumes
# that the image is locally linear. The course's AAM therefore starts from three views at three heights, fits
# on a coarse frame, and continues from the best on a finer one. Its textures are the *direction* of the
# gradient, which lighting changes less than brightness. Move the box:

# %%
aam = methods.create("aam", views=3, widths=[20, 40], textures=25).fit(train)
few = test[:40]
shifts, valleys = np.linspace(-0.3, 0.2, 6), {"ASM, 1 view": [], "ASM, 3 views": [], "AAM": []}
side = np.ptp(few.boxes[:, [1, 3]], axis=1)[:, None] * np.array([0, 1, 0, 1])
for shift in shifts:
    for name, method in zip(valleys, (asm, asms["+ 3 views"], aam), strict=True):
        points = method.predict(few.images, few.boxes + shift * side)
        valleys[name].append(100 * np.median(metrics.nme(points, few.points)))
plots.show(plots.curves(shifts, valleys, "box moved down, in sides", "median NME, %"))
# ALT Three curves over the shift of the box: valleys with steep walls on either side.

# %% [markdown]
# The basin of convergence reaches further up than down: the starting shapes were learnt in boxes like those
# of dlib's detector, higher than the tight ones that are moved here.
#
# ## How good are they?
#
# The shipped models were trained on synthetic faces only. Their mean NME in the detector's box, on other
# synthetic faces and on photographs of people whom neither they nor the face model has seen (YouTube frames,
# LFPW):

# %%
results = json.loads((paths.RESULTS / "bench.json").read_text(encoding="utf-8"))["accuracy"]
for faces in ("synthetic", "yt68/val", "lfpw68/held-out"):
    nme = {name: results[faces]["methods"][name]["detector"]["nme"] for name in ("asm", "aam")}
    print(f"{faces:15}  ASM {nme['asm']:.1%}  AAM {nme['aam']:.1%}  ratio {nme['aam'] / nme['asm']:.2f}")

# %% [markdown]
# **Discuss:** compare the ratios. How much of the AAM's lead is real, and how much is the inverse crime?
# Which other difference between synthetic faces and photographs affects both methods?
#
# <details><summary>Answer</summary>
#
# How much nearer to 1 the ratio is on photographs is what the inverse crime was worth; what is left below 1
# is real, on these faces and with this box. Both methods also meet annotations that people or other programs
# made, not the generator, and other backgrounds, light and expressions than it draws.
#
# </details>
#
# ## Key points
#
# - Procrustes removes position, scale and rotation; principal components describe how faces vary; $|b_j| \le
#   3\sqrt{\lambda_j}$ keeps a shape plausible.
# - ASM: profiles along normals, smallest Mahalanobis distance, nearest face; coarse to fine.
# - AAM: shape, and the texture of all pixels under a mesh; the Gauss-Newton step is computed on the model,
#   its inverse applied in the picture. Project-out is fast, simultaneous better on faces unlike the mean.
# - Both are local searches: several views and starts make them usable.
# - A comparison on samples of an AAM favours the AAM.
#
# **Common mistakes:** clipping $b$ without removing $\mathcal{T}$ first; a covariance $C$ from too few faces,
# inverted as it is; adding up warps' parameters where warps must be composed.
#
# ## Go further
#
# - T. Cootes, C. Taylor, D. Cooper, J. Graham, [*Active shape models: their training and
#   application*](https://doi.org/10.1006/cviu.1995.1004), CVIU 1995: the ASM in full.
# - T. Cootes, G. Edwards, C. Taylor, [*Active appearance models*](https://doi.org/10.1109/34.927467), PAMI
#   2001: combined model and learnt step.
# - I. Matthews, S. Baker, [*Active appearance models
#   revisited*](https://doi.org/10.1023/B:VISI.0000029666.37597.d3), IJCV 2004: why to invert and compose.
# - Next: [03, cascaded regression](03_cascaded_regression.ipynb).
