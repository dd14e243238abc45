# %% [markdown]
# # Shape models: ASM and AAM
#
# **After this notebook you can**
#
# - bring shapes onto each other (Procrustes) and say in a few numbers $b$ how faces differ;
# - follow an active shape model from its base shape to the face, step by step;
# - drive a face by sliders of shape and texture, and fit an active appearance model to a picture;
# - say when either fails, and what is done about it.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute.
# **Needs:** [notebook 01](01_measuring_error.ipynb). Answers are in the SOLUTIONS_LINK.

# %%
from time import process_time

import numpy as np

from facelm_helpers import geometry, methods, metrics, plots, sources, widgets
from facelm_helpers.checks import shape_models as check
from facelm_helpers.sources.synthetic import load_face_model

plots.setup()
FACES = sources.load("synthetic", n=440, seed=2, progress=False)
train, test = FACES[:360], FACES[360:]

# %% [markdown]
# ## What is left of a shape
#
# A *shape* $S$ is 68 points: 136 numbers. Where the face lies in the picture, how large it is and how it is
# tilted are no part of it. To take them out, bring all shapes onto a mean, take the mean of the results, held
# at size 1, as the next, repeat: **generalised Procrustes analysis** (Gower, 1975).
#
# Two centred shapes, points written as complex numbers $x + iy$, are brought together by *one* complex
# number: its size scales, its angle turns. The least-squares answer to $a z \approx m$ is
#
# $$a = \frac{\sum_k \bar{z}_k m_k}{\sum_k |z_k|^2}$$
#
# ### Exercise 1
#
# Write it. `np.vdot(z, m)` is $\sum_k \bar{z}_k m_k$.


# %% tags=["exercise"]
def turn_and_scale(z, m):
    # SOLUTION
    return np.vdot(z, m) / np.vdot(z, z)
    # END SOLUTION
    # STUB return ...


# %%
check.turn_and_scale(turn_and_scale)

# %%
aligned, mean = geometry.procrustes(train.points)
raw, some = train.points[:60], aligned[:60]
plots.show(
    plots.outlines({"as they lie": raw / 128, "aligned": 2.2 * some, "their mean": 2.2 * mean}, columns=3)
)
# ALT Sixty faces drawn as coloured lines over each other: a wide tangle as they lie in their pictures; after
# ALT alignment brows, eyes, nose and mouth lie in narrow bands, the jaw in a wider one; their mean.

# %% [markdown]
# ## The point distribution model
#
# What varies still varies *together*. Principal components $P$ of the
# aligned shapes say how, their variances $\lambda_j$ how much:
#
# $$S = \bar{S} + \sum_j b_j P_j, \qquad b_j = P_j^\top (S - \bar{S})$$
#
# **Predict:** 136 numbers a shape. How many $b_j$ keep 97 % of the variance: about 8, 25 or 70?

# %%
centred = (aligned - mean).reshape(len(aligned), 136)
variances, P = np.linalg.eigh(centred.T @ centred / len(centred))
variances, P = variances[::-1], P[:, ::-1].T
share = np.cumsum(variances) / variances.sum()
J = int(np.searchsorted(share, 0.97)) + 1
variances, P = variances[:J], P[:J]
print(f"{J} components keep {share[J - 1]:.0%}; the first alone has {share[0]:.0%}")
shown = {}
for j in range(3):
    for b in (-2.5, 0, 2.5):
        shown[f"$b_{j + 1}$ at {b:g} deviations"] = mean + b * np.sqrt(variances[j]) * P[j].reshape(68, 2)
plots.show(plots.outlines(shown, columns=3, height=6.2))
# ALT Three rows of three faces in lines, the mean in the middle. First row: turned to one side, and to the
# ALT other. Second: long face, short face. Third: small pointed mouth, wide mouth and wide face.

# %% [markdown]
# Nobody told the model that heads turn. Move the first four yourself, in standard deviations:


# %% tags=["nbval-ignore-output"]
def face_at(*b):
    return plots.outlines({"S": mean + (b * np.sqrt(variances[:4]) @ P[:4]).reshape(68, 2)}, height=3)


widgets.Sliders(face_at, ["b1", "b2", "b3", "b4"])
# ALT The mean face in coloured lines, above four sliders.

# %% [markdown]
# ## Which shapes are faces?
#
# Any shape can be written as $b$ and what is left over. A shape is *plausible* if no $b_j$ is further out
# than faces are: $|b_j| \le 3\sqrt{\lambda_j}$.
#
# ### Exercise 2
#
# Write the function that holds $b$ within these bounds. (`variances` are the $\lambda_j$.)


# %% tags=["exercise"]
def clipped(b, variances):
    # SOLUTION
    return np.clip(b, -3 * np.sqrt(variances), 3 * np.sqrt(variances))
    # END SOLUTION
    # STUB return ...


# %%
check.clipped(clipped)

# %%
model = methods.create("asm").fit(train[:40]).shape_model
wild = mean + np.random.default_rng(3).normal(0, 0.04, size=(1, 68, 2))
near, b = model.nearest(wild)
plots.show(plots.outlines({"wild points": wild, "the nearest face": near}, columns=2, height=3))
# ALT Left, a face whose lines zigzag because every point is off by chance. Right, the nearest face.

# %% [markdown]
# The heart of both methods: however wrong the points that were found, the answer is a face. `nearest`
# alternates the similarity and $b$.
#
# ## The active shape model
#
# Cootes and Taylor (1992) let each point look *along its normal*, at first for an edge, soon for its
# **profile** $g$: the derivative of the brightness there, divided by its total size so that light drops out.
# From the training faces come the mean $\bar g$ and covariance $C$ of each point's profile. In a new picture
# the point goes where
#
# $$(g_d - \bar g)^\top C^{-1} (g_d - \bar g)$$
#
# is least over the moves $d$: the squared **Mahalanobis distance**.
#
# ### Exercise 3
#
# Write it, with `precision` for $C^{-1}$.


# %% tags=["exercise"]
def mahalanobis(g, mean, precision):
    # SOLUTION
    return (g - mean) @ precision @ (g - mean)
    # END SOLUTION
    # STUB return ...


# %%
check.mahalanobis(mahalanobis)

# %% [markdown]
# $C$ of 9 values from fewer than 10 faces is *singular* and has no inverse: a little is added to its
# diagonal (`ridge`). Our model, with one mean shape to start from as in 1992, learns in a few seconds:

# %% tags=["nbval-ignore-output"]
began = process_time()
asm = methods.create("asm", views=1).fit(train)
print(f"{len(train)} faces, {process_time() - began:.0f} s; profiles of shape {asm.profiles_.shape}")

# %%
image, truth, box = test[26]
S, k = truth - (0, 4), 38  # the whole shape 4 pixels too high; a lid
plots.show(plots.profile_search(image, S, k, *asm.look(image, box, S, k)))
# ALT A face with its points 4 pixels too high and a line across a lid. In the middle, the profile seen there
# ALT and the mean one, moved onto it. Right, the cost of the moves -6 to 6, its least marked at 4.

# %% [markdown]
# ## The story in five steps
#
# 1. **Base shape**: the mean shape, put into the detector's box.
# 2. **Features**: the profiles.
# 3. **First search**: eyes and nose only, in the coarsest picture of the pyramid. Their edges are the surest.
# 4. **Alignment**: the base shape is moved, turned and scaled to what was found.
# 5. **The rest**: all points search, the nearest face is taken, again and again, from coarse to fine.
#
# **Predict:** after which step does the jaw lie right for the first time?

# %%
story = asm.search(image, box, steps=True)
titles = ["1 base shape", "3 eyes and nose", "4 aligned", "5 first search", "after 8 more", "the end"]
shapes = [story[t].S[0] for t in (0, 1, 2, 3, 11, -1)]
plots.show(plots.faces_grid([image] * 6, shapes, [truth] * 6, titles=titles, columns=3))
# ALT One face six times, with the points after each step of the search and white crosses for the truth. The
# ALT points begin as a mean shape, a little off, and end on the crosses.

# %% [markdown]
# The jaw: step 4 carries it along, the searches of step 5 put it right. Each picture of the pyramid is half
# the size of the last: the same few pixels of search reach far at first.
#
# ## Several views
#
# Beside the jaw of a face seen from the front lies an ear, beside that of a profile a cheek. One mean profile
# cannot be both. Cootes et al. (2002), for AAMs, part the training faces by how far they are turned: each
# **view** has its own start, $\bar g$ and $C$. All search; the one with the least cost (plus $\ln\det C$) is
# believed.

# %%
turned = methods.create("asm", views=3).fit(train)
walks = {}
for name, one in {"1 view": asm, "3 views": turned}.items():
    walk = one.predict(test.images, test.boxes, stages=True)
    walks[name] = [100 * metrics.nme(S, test.points).mean() for S in walk]
plots.show(plots.curves(range(len(walk)), walks, "step", "NME, % of the eye distance"))
# ALT Two falling curves of the error, step by step; that of three views starts lower and ends a third lower.

# %% [markdown]
# ## The active appearance model
#
# The profiles know only lines. Cootes, Edwards and Taylor (1998) modelled *all* pixels: warp each training
# face onto the mean shape, triangle by triangle, and take principal components of what you see there, the
# **texture**: $A = A_0 + \sum_i c_i A_i$. Warp it back onto a shape, and there is a face.
#
# The faces of this course are drawn so. Their model, driven by you (shape $b$, texture $c$):

# %% tags=["nbval-ignore-output"]
maker = load_face_model()


def rendered(b1, b2, c1, c2, c3):
    return plots.face(maker.render(maker.shape([b1, b2]), maker.texture([c1, c2, c3])))


names = ["shape b1", "shape b2", "texture c1", "texture c2", "texture c3"]
widgets.Sliders(rendered, names)
# ALT A blurred mean face on grey, above five sliders of shape and texture.

# %%
grid = [maker.render(maker.shape([b]), maker.texture([c])) for b in (-2, 0, 2) for c in (-2, 0, 2)]
titles = [f"$b_1$ = {b:+d}, $c_1$ = {c:+d}" for b in (-2, 0, 2) for c in (-2, 0, 2)]
plots.show(plots.faces_grid(grid, titles=titles, columns=3))
# ALT Nine blurred faces on grey. Down the rows the shape turns from one side to the other, along the columns
# ALT the texture goes from dark to light.

# %% [markdown]
# $b_1$ turns the head, $c_1$ is mostly light and complexion.
#
# ## Fitting: move until the residual is small
#
# Wanted is the shape under which the picture $I$, warped to the mean shape, can be rebuilt best:
#
# $$\min_{p,\,c} \left\lVert I(W(x; p)) - A_0 - \sum_i c_i A_i \right\rVert^2$$
#
# ($p$: four numbers for place, size and turn, and the $b_j$; $W(x; p)$ is where pixel $x$ of the mean shape
# then lies in the picture.) What the $A_i$ can explain says nothing about $p$, so it is projected out of the
# gradients, $J_\perp$. The **inverse compositional** step (Matthews and Baker, 2004) moves the *model*, whose
# gradients need not look at the picture, and undoes that move in the picture: $\Delta p = (J_\perp^\top
# J_\perp)^{-1} J_\perp^\top (I(W) - A_0)$. Light changes brightness more than the *direction* of its
# gradient: that is what we compare (drawn below: its x part, bright where the picture brightens to the
# right). Ours begins from nine shapes, three views at three heights, and goes on from the best.

# %% tags=["nbval-ignore-output"]
began = process_time()
aam = methods.create("aam", views=3, widths=[20, 40], textures=25).fit(train)
m, V = aam.A_.shape
print(f"{len(train)} faces, {process_time() - began:.0f} s; {m} textures of {V} values")

# %%
walk = aam.predict([image], box[None], stages=True)[:, 0]
moments = {"the best start": walk[0], "coarse, 6 steps": walk[6], "fine, 6 more": walk[12]}
plots.show(plots.rebuilding({name: (image, S, *aam.residual(image, box, S)) for name, S in moments.items()}))
# ALT Three rows: the face with its points, what the model sees under them, what it can rebuild, the residual.
# ALT Down the rows the points come to lie on the face and the residual, red and blue, fades.

# %% [markdown]
# The number is the residual's mean square; the picture itself has about 1. **Predict:** the gradients can be
# those of the *mean* texture, once for all (*project-out*), or of the texture fitted to this very face, anew
# each step (*simultaneous*). Which is faster, which finds faces that are unlike the mean?

# %% tags=["nbval-ignore-output"]
fixed = methods.create("aam", algorithm="project_out", views=3, widths=[20, 40], textures=25).fit(train)
for name, one in {"project-out": fixed, "simultaneous": aam}.items():
    began = process_time()
    e = metrics.nme(one.predict(test.images, test.boxes), test.points)
    ms = 1000 * (process_time() - began) / len(e)
    print(f"{name:13} NME {e.mean():.1%}, median {np.median(e):.1%}, {ms:.0f} ms a face")

# %% [markdown]
# ## How far may the start be off?
#
# A point looks a few pixels along its normal, a gradient step believes the picture is a plane. Move the box:

# %%
few = test[:40]
moves, valleys = np.linspace(-0.3, 0.2, 6), {"ASM, 1 view": [], "ASM, 3 views": [], "AAM": []}
side = np.ptp(few.boxes[:, [1, 3]], axis=1)[:, None] * np.array([0, 1, 0, 1])
for move in moves:
    for name, one in zip(valleys, (asm, turned, aam), strict=True):
        found = one.predict(few.images, few.boxes + move * side)
        valleys[name].append(100 * np.median(metrics.nme(found, few.points)))
plots.show(plots.curves(moves, valleys, "box moved down, in sides", "median NME, %"))
# ALT Three curves over the shift of the box: low between a fifth up and a tenth down, the AAM lowest, steep
# ALT walls on either side.

# %% [markdown]
# The floor reaches further up than down: the starts were learnt in boxes like those of dlib's detector,
# higher than the tight ones that are moved here. From beyond the walls few faces are found. The AAM's three
# heights help it here.
#
# ## Where nothing can be done, and what is done instead
#
# | case | what happens |
# |---|---|
# | a covariance from too few faces is singular | `ridge` on its diagonal: it can be inverted |
# | one training face | with its mirror image one component; it moves, turns and scales |
# | points leave the picture | the pixel at the edge is repeated: no derivative, so the point stays |
# | a constant picture | all costs are equal, the gradients 0: the start is the answer |
# | all points run to one edge | the shape is held between 2/3 and 3/2 of its first size |

# %%
one = methods.create("asm").fit(train[:1])
flat = np.full((128, 128, 3), 90, np.uint8)
walk = asm.predict([flat], [[30, 30, 100, 100]], stages=True)[:, 0]
print(f"one face: J = {len(one.variances_)}, all finite: {np.isfinite(one.precisions_).all()}")
print(f"constant picture: the shape moves by {np.abs(walk[-1] - walk[0]).mean():.1f} pixels in all")

# %% [markdown]
# ## How good are they?
#
# The shipped models, which learnt from 2,000 such faces:

# %%
shipped = ("mean_shape", "asm", "aam")
errors = {n: metrics.nme(methods.load(n).predict(test.images, test.boxes), test.points) for n in shipped}
plots.show(plots.leaderboard(metrics.leaderboard(errors)))
# ALT Three bars of the mean error: that of the mean shape by far the longest, then ASM, then AAM.

# %% [markdown]
# On real faces the order is the same ([notebook 11](11_the_comparison.ipynb)). From near the face both are
# fine, from afar lost: good medians, means that carry the lost ones.
#
# ## Key points
#
# - Procrustes takes out place, size and turn; principal components say how faces vary; $|b_j| \le
#   3\sqrt{\lambda_j}$ says what is a face.
# - ASM: profiles along normals, least Mahalanobis distance, nearest face; eyes, nose first; coarse to fine.
# - AAM: shape and texture of all pixels; what the residual asks of the model is undone in the picture.
# - Both find what is near: several views and starts, and the best fit believed, make them usable.
#
# ## Go further
#
# - T. Cootes, C. Taylor, *Active shape models - smart snakes*, BMVC 1992; with others, *Building and using
#   flexible models incorporating grey-level information*, ICCV 1993: profiles.
# - T. Cootes, G. Edwards, C. Taylor, *Active appearance models*, ECCV 1998; I. Matthews, S. Baker, *Active
#   appearance models revisited*, IJCV 2004; G. Tzimiropoulos, M. Pantic, *Optimization problems for fast AAM
#   fitting in-the-wild*, ICCV 2013.
# - T. Cootes et al., *View-based active appearance models*, Image and Vision Computing 2002.
# - Next: [03, cascaded regression](03_cascaded_regression.ipynb).
