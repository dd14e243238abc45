# %% [markdown]
# # Measuring error
#
# **After this notebook you can**
#
# - compute the normalised mean error (NME) of 68 points, with four different normalisers;
# - show, with numbers, how the choice of the normaliser can reverse a ranking;
# - read a cumulative error distribution, and take the AUC and the failure rate from it;
# - say how certain a figure is, where on the face errors occur, and when a comparison is unfair.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute.
# **Needs:** [notebook 00](00_start_here.ipynb). Answers are in the SOLUTIONS_LINK.

# %%
import numpy as np

from facelm_helpers import landmarks, methods, metrics, plots, sources
from facelm_helpers.checks import measuring_error as check
from facelm_helpers.detectors import detect
from facelm_helpers.faces import to_vector

plots.setup()

# %% [markdown]
# ## Training faces, test faces, and three methods
#
# Two thirds of the faces are the training set, one third is the test set. The *person* of a synthetic face
# is the row of the face model that it started from, a blend of three people; no row is in both sets. Three
# methods are evaluated:
#
# - `mean shape` learns the average face and puts it into the box, whatever the picture shows: the *baseline*
#   that every method has to beat;
# - `ert` is an ensemble of regression trees ([notebook 04](04_dlib_68_points.ipynb)), trained here and now;
#   `small` keeps that to seconds;
# - `dlib` is the same kind of method, trained by its author on thousands of real photographs: on synthetic
#   faces it also has to cross a *domain gap*.

# %%
FACES = sources.load("synthetic", n=1200, seed=1)
train, test = FACES.split_by_person(2 / 3, seed=0)
train, test

# %%
small = {"n_stages": 6, "n_trees": 60}
aligners = {
    "mean shape": methods.create("mean_shape").fit(train, progress=False),
    "ert": methods.create("ert", **small).fit(train, progress=False),
    "dlib": methods.load("dlib"),
}
predicted = {name: a.predict(test.images, test.boxes) for name, a in aligners.items()}

# %% [markdown]
# ## From points to one number
#
# A face with $K$ points is a vector, its *shape* $S = (x_1, y_1, x_2, y_2, \dots, x_K, y_K)$, of length
# $2K$: for 68 points, the 136 numbers that a regression network outputs.
#
# Let $p_k$ be the predicted and $g_k$ the true position of point $k$ (g for *ground truth*). How far apart
# are they? Each point has one distance, $\lVert p_k - g_k \rVert$, in pixels. Dots are $p_k$, crosses
# $g_k$:

# %%
p, g = predicted["ert"][13], test.points[13]
S = to_vector(g[None])[0]  # g[None] is a set of one face
distance = np.linalg.norm(p - g, axis=-1)
print(len(S), "numbers")
plots.show(plots.face(test.images[13], p, truth=g, title=f"mean distance {distance.mean():.1f} pixels"))
# ALT A synthetic face with 68 coloured dots, the prediction, and 68 white crosses, the truth. Short white
# ALT lines join each dot to its cross.

# %% [markdown]
# Pixels are a bad unit: in a picture twice as large the error doubles. So we divide by a length $d$ of the
# same face, the **normaliser**:
#
# $$e = \frac{1}{K} \sum_{k=1}^{K} \frac{\lVert p_k - g_k \rVert_2}{d}$$
#
# The NME of a method is the mean of $e$ over the $N$ faces of a test set. The classic $d$ is the
# *inter-ocular distance*, from one outer eye corner to the other, $\lVert g_{36} - g_{45} \rVert$. It is
# taken from the ground truth: otherwise a method could shrink its error by placing the eyes further apart.


# %%
def nme(p, g, d):
    """Normalised mean error of one face, or of each of N faces."""
    return np.linalg.norm(p - g, axis=-1).mean(axis=-1) / d


d = np.linalg.norm(g[36] - g[45])
for s in (1, 2, 4):  # the same face in pictures of three sizes
    print(f"size {s}: {nme(s * p, s * g, 1):.1f} pixels, NME {nme(s * p, s * g, s * d):.1%}")

# %% [markdown]
# The course stores errors as fractions and prints percentages.
#
# ## Four normalisers
#
# | normaliser | $d$ | used by |
# |---|---|---|
# | `inter_ocular` | distance between the outer eye corners | 300-W, WFLW |
# | `inter_pupil` | distance between the eye centres | older 300-W tables, COFW |
# | `box` | $\sqrt{w h}$ of the tight box round the points | AFLW2000-3D (AFLW: of its own box) |
# | `diagonal` | $\sqrt{w^2 + h^2}$ of the same box | Menpo |
#
# `metrics.nme` gives the error of each face of a set. The same predictions under four normalisers:

# %%
for norm in metrics.NORMALISERS:
    print(f"{norm:13} {metrics.nme(predicted['ert'], test.points, norm=norm).mean():5.1%}")
plots.show(plots.normalisers(test.images[13], g))
# ALT The same face four times, each with one orange line: between the outer eye corners, between the eye
# ALT centres, across a square as large as the box, and along the diagonal of the box. The line between the
# ALT eye centres is the shortest, the diagonal the longest.

# %% [markdown]
# One method, four "NMEs", the largest more than three times the smallest. A figure without its normaliser
# says nothing, and a table that mixes two of them (published ones do) misleads.
#
# ### Exercise 1
#
# Compute the `box` normaliser of the face `g`: $d = \sqrt{w h}$, where $w$ and $h$ reach from the smallest
# to the largest $x$ and $y$. (`np.ptp(g, axis=0)` is "peak to peak": largest minus smallest.)

# %% tags=["exercise"]
# SOLUTION
width, height = np.ptp(g, axis=0)
box_length = np.sqrt(width * height)
# END SOLUTION
# STUB width, height = ..., ...
# STUB box_length = ...

# %%
check.box_length(box_length, g)

# %% [markdown]
# ## When a head turns, the normaliser shrinks
#
# Seen from the side, the eyes are close together in the picture, while the face is as tall as before. So
# the inter-ocular distance shrinks and the normalised error grows, through no fault of the method. Five
# faces, from frontal to turned, and the inter-ocular distance as a share of the box:

# %%
ratio = metrics.normaliser(test.points, "inter_ocular") / metrics.normaliser(test.points, "box")
some = [int(np.abs(ratio - r).argmin()) for r in (0.62, 0.56, 0.5, 0.44, 0.38)]
plots.show(plots.faces_grid(test.images[some], test.points[some], titles=[f"{r:.2f}" for r in ratio[some]]))
# ALT Five faces, the first seen from the front, the last nearly from the side. The number above each, eye
# ALT distance divided by the size of the box, falls from left to right.

# %% [markdown]
# ## The normaliser picks the winner
#
# How far is a face turned? A measure that needs only points: how far the tip of the nose (30) lies from the
# middle of the box, in widths of the box. We use it to train two specialists, one on frontal faces, the other
# on turned ones. Those in between are left out.


# %%
def turn(faces):
    """How far each face is turned to either side: 0 is frontal, from 0.25 on one cheek is occluded."""
    left, _, right, _ = faces.boxes.T
    return np.abs(faces.points[:, 30, 0] - (left + right) / 2) / (right - left)


frontal = methods.create("ert", **small).fit(train[turn(train) < 0.12], progress=False)
sideways = methods.create("ert", **small).fit(train[turn(train) > 0.25], progress=False)

# %% [markdown]
# Both are tested on sets in which a share $s$ of the faces is turned: the NME is $(1 - s)$ times that over
# frontal faces plus $s$ times that over turned ones. The curves show the error of `frontal` divided by that
# of `sideways`: below 1, `frontal` is the better one.

# %%
easy, hard = test[turn(test) < 0.12], test[turn(test) > 0.25]
s = np.linspace(0, 1, 101)


def mixed(aligner, norm):
    """NME as a function of s: frontal faces have weight 1 - s, turned faces s."""
    e = [metrics.nme(aligner.predict(f.images, f.boxes), f.points, norm).mean() for f in (easy, hard)]
    return (1 - s) * e[0] + s * e[1]


results = {n: (mixed(frontal, n), mixed(sideways, n)) for n in metrics.NORMALISERS}
ratios = {norm: a / b for norm, (a, b) in results.items()}
gap = np.flatnonzero((ratios["inter_ocular"] > 1) & (ratios["box"] < 1))
plots.show(
    plots.curves(
        s[:45], {n: ratios[n][:45] for n in ("inter_ocular", "box")}, level=1,
        xlabel="share of turned faces, s", ylabel="NME of frontal / NME of sideways",
        band=(s[gap[0]], s[gap[-1]]),
    )
)  # fmt: skip
# ALT Two rising curves, that of the inter-ocular distance above that of the box. Each crosses the dotted line
# ALT at 1, where the two methods tie, but not at the same share of turned faces; a grey band marks the gap.

# %% [markdown]
# In the grey gap between the crossings the normalisers contradict each other. A test set from its middle:

# %%
at = gap[len(gap) // 2]
print(f"share {s[at]:.2f}, from {len(easy)} frontal and {len(hard)} turned faces")
for norm, (a, b) in results.items():
    best = "frontal" if a[at] < b[at] else "sideways"
    print(f"{norm:13} frontal {a[at]:5.1%}   sideways {b[at]:5.1%}   best: {best}")

# %% [markdown]
# Same faces, same predictions, and two winners: dividing by an eye distance gives every error on a turned
# face more weight. (Which of the two is really better, so few turned faces cannot tell; see *How sure are
# we?* below.) Towards full profile the eye distance goes to *zero*, so that a handful of faces can decide
# everything.
#
# ### Exercise 2
#
# A colleague compares methods on heads that turn up to 90 degrees. Which normaliser do you recommend:
# `"inter_ocular"`, `"inter_pupil"` or `"box"`?

# %% tags=["exercise"]
# SOLUTION
normaliser = "box"
# END SOLUTION
# STUB normaliser = ...

# %%
check.normaliser(normaliser)

# %% [markdown]
# ## More than the mean
#
# One failed face can weigh as much as twenty good ones. The **cumulative error distribution** (CED) shows
# them all: for every $t$ it gives the share of faces with an error of at most $t$. The further up and to
# the left, the better. Look at `ert` and `dlib`: their curves *cross*. On its best faces dlib is the more
# precise one; on turned ones, in the tight box, it fails.

# %%
errors = {name: metrics.nme(q, test.points, norm="box") for name, q in predicted.items()}
plots.show(plots.ced(errors, threshold=0.08))
# ALT Three rising curves: share of faces against error. That of dlib rises first, is soon crossed by that of
# ALT ert and levels off lower; that of the mean shape comes last. A dotted line marks the threshold at 8
# ALT percent.

# %% [markdown]
# Two numbers summarise the curve for a threshold $t$ (here 8 % of the box; 300-W's 8 % of the eye distance is
# stricter):
#
# - the **failure rate**, the share of faces with $e_i > t$, the gap between the curve and 100 % at $t$;
# - the **AUC**, the area under the curve from 0 to $t$, divided by $t$: 1 for a perfect method.
#
# Older code integrates with `scipy.integrate.simps`, now removed. But the curve is a staircase to which each
# face adds a rectangle, $1/N$ high and $t - e_i$ wide. So, exactly,
#
# $$\mathrm{AUC}_t = \frac{1}{N} \sum_{i=1}^{N} \max\left(0, 1 - \frac{e_i}{t}\right)$$
#
# ### Exercise 3
#
# Implement this formula, in one line. `np.clip(x, 0, 1)` limits `x` to the range from 0 to 1.


# %% tags=["exercise"]
def my_auc(e, t):
    # SOLUTION
    return np.mean(np.clip(1 - e / t, 0, 1))
    # END SOLUTION
    # STUB return ...


# %%
check.auc(my_auc)

# %% [markdown]
# ## How sure are we?
#
# Other test faces would have given another mean. How different? The **bootstrap** estimates this from the
# faces at hand: draw $N$ of them *with replacement*, take the mean, repeat a thousand times. The middle 95
# % of these means is the confidence interval, drawn as a whisker. Where whiskers overlap, [notebook
# 11](11_the_comparison.ipynb) looks at the *differences*.

# %%
rng = np.random.default_rng(0)
e = errors["ert"]
means = [rng.choice(e, size=len(e)).mean() for _ in range(1000)]
low, high = np.quantile(means, [0.025, 0.975])
print(f"ert: NME {e.mean():.1%}, between {low:.1%} and {high:.1%}\n")

table = metrics.leaderboard(errors, threshold=0.08)
for row in table:
    print(f"{row['method']:11} AUC {row['auc']:.2f}   failures {row['failure_rate']:4.0%}")
plots.show(plots.leaderboard(table))
# ALT Three bars with whiskers, the shortest on top: ert, then dlib, then the mean shape.

# %% [markdown]
# ## Where on the face?
#
# Point 5 lies on a smooth contour, with no corner to fix it: *along* the jaw even human annotators
# disagree, and 17 of the 68 points are there. Papers that report "51 points" leave the jaw out.
# `metrics.nme(..., points=...)` averages over some points only. The mean shape is best on the jaw: the box
# was fitted to the true jaw.

# %%
by_region = {name: {} for name in predicted}
for name, q in predicted.items():
    for region, index in landmarks.REGIONS.items():
        by_region[name][region] = metrics.nme(q, test.points, "box", points=index).mean()
plots.show(plots.regions(by_region))
# ALT For each method five bars, one per region, in the colours of the regions. For ert the bar of the jaw is
# ALT the tallest, for the mean shape it is the shortest.

# %% [markdown]
# ## Is it fair? The box
#
# dlib was trained to start from the boxes of its *own* detector. So far it got the tight box of the true
# points, which lies lower. On test faces that the detector finds, the same model in both boxes, and `ert`:

# %%
found = [(i, detect(test.images[i])) for i in range(120)]  # 120 faces are enough
found = [(i, boxes[0]) for i, boxes in found if len(boxes) == 1]
seen, own_boxes = test[np.array([i for i, _ in found])], np.stack([box for _, box in found])
runs = [("dlib", "tight", seen.boxes), ("dlib", "detector's", own_boxes), ("ert", "tight", seen.boxes)]
for name, words, boxes in runs:
    e = metrics.nme(aligners[name].predict(seen.images, boxes), seen.points, "box")
    print(f"{name:4} in the {words:10} box {e.mean():.1%} on {len(e)} of 120 faces")

# %% [markdown]
# In its own box dlib no longer loses to `ert`. The box is part of the method: give each method the kind of
# box that it was trained with, and *say which*. Compare on the same faces, and say how many the detector
# missed: they are harder.
#
# ## Is it fair? The annotation convention
#
# Does the third point of a brow lie on its upper edge, or in its middle? Data sets differ, and a method
# learns the convention of its training set. On another set the difference counts as error. This *annotation
# bias* shows as an *offset* that most faces share, the median of $(p_k - g_k) / d$. Here it is estimated on
# one half of the faces and removed on the other:

# %%
guess, truth = aligners["dlib"].predict(seen.images, own_boxes), seen.points
size = metrics.normaliser(truth, "box")[:, None, None]
half = len(truth) // 2
offset = np.median((guess - truth)[:half] / size[:half], axis=0)
for words, q in {"as it is": guess, "offset removed": guess - offset * size}.items():
    print(f"dlib {words:18} {metrics.nme(q[half:], truth[half:], 'box').mean():.1%}")

# %% [markdown]
# Part of dlib's error here is a constant bias, most likely due to another annotation convention. A fair table
# shows the corrected figure *beside* the plain one, never instead of it.
#
# ## Key points
#
# - $\mathrm{NME}$: the mean distance between predicted and true points, divided by a length of the true face.
# - Without its **normaliser** it means nothing: four of them give four numbers, and can give two winners.
# - The inter-ocular distance shrinks as a head turns. For large poses use the box.
# - Look at the whole **CED**; besides the mean, report AUC and failure rate, with the threshold.
# - Give an **interval**, say **which box** each method started from, and **whose annotations** were the
#   truth.
#
# ## Go further
#
# - C. Sagonas et al., *300 Faces In-The-Wild Challenge: Database and Results*, Image and Vision Computing,
#   2016.
# - X. Zhu et al., *Face Alignment Across Large Poses: A 3D Solution*, CVPR 2016: 300W-LP, AFLW2000-3D, the
#   box.
# - B. Efron, *Bootstrap Methods: Another Look at the Jackknife*, The Annals of Statistics, 1979.
# - Next: [02, shape models](02_shape_models.ipynb).
