# %% [markdown]
# # Measuring error
#
# **After this notebook you can**
#
# - compute the normalised mean error (NME) of 68 points, with four different normalisers or one of your own;
# - show, with numbers and their intervals, how the choice of the normaliser can reverse a ranking;
# - read a cumulative error distribution, and take the AUC and the failure rate from it;
# - say where on the face errors occur, when a comparison is unfair, and find a wrong cell in a table.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute. The exercises take about
# 25 minutes, the questions 10. **Needs:** [notebook 00](00_start_here.ipynb), which has the
# [notation](00_start_here.ipynb#Notation). Answers are in the SOLUTIONS_LINK.

# %%
import json

import numpy as np

from facelm_helpers import landmarks, methods, metrics, paths, plots, sources, widgets
from facelm_helpers.checks import measuring_error as check
from facelm_helpers.detectors import detect
from facelm_helpers.sources.synthetic import turning_head

plots.setup()

# %% [markdown]
# ## Training faces, test faces, and three methods
#
# A quarter of the faces is the training set, the rest is the test set: this notebook is about measuring.
# The *person* of a synthetic face is the row of the face model that it started from, a blend of three
# people; no row is in both sets. Three methods are evaluated:
#
# - `mean shape` learns the average face and puts it into the box, whatever the picture shows: the *baseline*
#   that every method has to beat;
# - `ert` is an ensemble of regression trees ([notebook 04](04_dlib_68_points.ipynb)), trained here and now;
#   `small` keeps that to seconds;
# - `dlib` is the same kind of method, trained by its author on thousands of real photographs: on synthetic
#   faces it also has to cross a *domain gap*.

# %%
FACES = sources.load("synthetic", n=4000, seed=1)
train, test = FACES.split_by_person(1 / 4, seed=0)
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
# The points of a face are a vector $x = (x_1, y_1, \dots, x_L, y_L)$ of $2L$ numbers: for $L = 68$
# landmarks, the 136 that a regression network outputs. How far are the predicted points $x$ from the true
# ones, $x^*$? Each landmark $l$ has one distance, $\lVert x_l - x^*_l \rVert$, in pixels. Below, dots are
# $x_l$ and crosses $x^*_l$, on a face from the front and on a turned one. How far is a face turned? A
# measure that needs only points: how far the tip of the nose (30) lies from the middle of the box, in
# widths of the box.


# %%
def turn(faces):
    """How far each face is turned to either side: 0 is frontal, from 0.25 on one cheek is occluded."""
    left, _, right, _ = faces.boxes.T
    return np.abs(faces.points[:, 30, 0] - (left + right) / 2) / (right - left)


ahead, aside = np.argmax(turn(test) < 0.05), np.argmax(turn(test) > 0.3)
some = [ahead, aside]
x, truth = predicted["ert"][some], test.points[some]
titles = [f"nose {share:.0%} of the box off its middle" for share in turn(test)[some]]
plots.show(plots.faces_grid(test.images[some], x, truth=truth, titles=titles, columns=2))
# ALT Two synthetic faces, one from the front and one turned aside, with 68 coloured dots, the prediction,
# ALT and 68 white crosses, the truth. Short white lines join each dot to its cross.

# %% [markdown]
# Pixels are a bad unit: in a picture twice as large the error doubles. So we divide by a length $d$ of the
# same face, the **normaliser**:
#
# $$e = \frac{1}{L} \sum_{l=1}^{L} \frac{\lVert x_l - x^*_l \rVert}{d}$$
#
# The NME of a method is the mean of the errors $e_i$ over the $N$ faces $i$ of a test set. The classic $d$
# is the *inter-ocular distance*, from one outer eye corner to the other, $\lVert x^*_{36} - x^*_{45}
# \rVert$. It is taken from the truth: otherwise a method could shrink its error by placing the eyes further
# apart.
#
# ### Exercise 1 ★
#
# Implement the formula for one face: `x` and `truth` are (68, 2), `d` is a number. `np.linalg.norm(v,
# axis=-1)` gives the lengths of many vectors $v$ at once.


# %% tags=["exercise"]
def nme(x, truth, d):
    """Normalised mean error of one face."""
    # SOLUTION
    return np.linalg.norm(x - truth, axis=-1).mean(axis=-1) / d
    # END SOLUTION
    # STUB return ...


# %%
check.nme(nme)

# %% [markdown]
# `check.ready` takes your function as soon as its check says Right, and the course's own until then. The
# same face in pictures of three sizes:

# %%
nme = check.ready(nme)
d = np.linalg.norm(truth[0][36] - truth[0][45])
for s in (1, 2, 4):
    pixels, error = (nme(s * x[0], s * truth[0], length) for length in (1, s * d))
    print(f"size {s}: {pixels:.1f} pixels, NME {error:.1%}")

# %% [markdown]
# The course stores errors as fractions and prints percentages.
#
# ## Four normalisers
#
# | normaliser | $d$ | used by |
# |---|---|---|
# | `inter_ocular` | distance between the outer eye corners | [300-W], [WFLW] |
# | `inter_pupil` | distance between the eye centres | older 300-W tables, [COFW] |
# | `box` | $\sqrt{w h}$ of the tight box, $w$ wide and $h$ high | [AFLW2000-3D] (AFLW: of its own box) |
# | `diagonal` | $\sqrt{w^2 + h^2}$ of the same box | [Menpo] |
#
# [300-W]: https://doi.org/10.1016/j.imavis.2016.01.002
# [WFLW]: https://doi.org/10.1109/CVPR.2018.00227
# [COFW]: https://doi.org/10.1109/ICCV.2013.191
# [AFLW2000-3D]: https://doi.org/10.1109/CVPR.2016.23
# [Menpo]: https://doi.org/10.1109/CVPRW.2017.263
#
# The same predictions under all four (`metrics.normaliser` gives $d$ for every face of a set):

# %%
for norm in metrics.NORMALISERS:
    d = metrics.normaliser(test.points, norm)
    error = np.mean([nme(*face) for face in zip(predicted["ert"], test.points, d, strict=True)])
    print(f"{norm:13} {error:5.1%}")
plots.show(plots.normalisers(test.images[aside], test.points[aside]))
# ALT A turned face four times, each with one orange line: between the outer eye corners, between the eye
# ALT centres, across a square as large as the box, and along the diagonal of the box. The line between the
# ALT eye centres is the shortest, the diagonal the longest.

# %% [markdown]
# One method, four "NMEs", the largest more than three times the smallest. A figure without its normaliser
# says nothing. `metrics.nme(x, truth, norm)` does all this for a set of faces at once; we use it from here
# on.
#
# ## When a head turns, the normaliser shrinks
#
# Here is the average of the model's heads, and its 68 points in 3D. **Predict first:** if it turns by 60
# degrees, how much of the inter-ocular distance is left in the picture? And of the box? Then unfold the
# output and drag the slider. (Beyond about 45 degrees the face model has too few faces for a picture; the
# points go on.)

# %% tags=["hide-output", "nbval-ignore-output"]
head = turning_head()
widgets.Sliders(
    lambda degrees: plots.head_turn(head, degrees),
    {"turned by, degrees": (0, 85, 25)},
    told=lambda degrees: f"A head turned by {degrees:.0f} degrees, its four normalisers, and their lengths.",
)

# %% [markdown]
# Seen from the side, the eyes are close together in the picture, while the face is as tall as before. So
# the inter-ocular distance shrinks as the cosine of the angle, and the same error in pixels becomes a
# larger $e$, through no fault of the method. Towards full profile $d$ goes to *zero*: a handful of faces
# can decide everything. The box nearly keeps its size: what it loses in front it gains in depth, from the ear
# to the nose.
#
# ## The normaliser picks the winner
#
# Two specialists: one is trained on frontal faces, the other on turned ones; those in between are left out.

# %%
frontal = methods.create("ert", **small).fit(train[turn(train) < 0.12], progress=False)
sideways = methods.create("ert", **small).fit(train[turn(train) > 0.3], progress=False)
easy, hard = test[turn(test) < 0.12], test[turn(test) > 0.3]
print(f"tested on {len(easy)} frontal and {len(hard)} turned faces")

# %% [markdown]
# For every test face: by how much is the error of `frontal` larger than that of `sideways`? Negative numbers
# speak for `frontal`.


# %%
def difference(faces, norm):
    """The error of `frontal` less that of `sideways`, for each face."""
    a, b = (m.predict(faces.images, faces.boxes) for m in (frontal, sideways))
    return metrics.nme(a, faces.points, norm) - metrics.nme(b, faces.points, norm)


D = {norm: (difference(easy, norm), difference(hard, norm)) for norm in ("inter_ocular", "box")}
for norm, (on_easy, on_hard) in D.items():
    print(f"{norm:13} frontal faces {on_easy.mean():+.1%}   turned faces {on_hard.mean():+.1%}")

# %% [markdown]
# Each wins at home. On a test set in which a share $s$ of the faces is turned, the difference (in percentage
# points) is $(1 - s)$
# times the first number plus $s$ times the second. But other test faces would have given other numbers. How
# different? The **bootstrap** ([Efron, 1979](https://doi.org/10.1214/aos/1176344552)) estimates it from the
# faces at hand: draw as many of them *with replacement*, take the mean, repeat a thousand times. The middle
# 95 % of these means is the **confidence interval**. Faces of one person are no independent evidence, so
# *persons* are drawn, with all their faces. `W` holds the weight of each face in each draw:


# %%
def weights(faces, rng, draws=1000):
    """Each row is one draw: how often each face's person was drawn, as shares. Shape (draws, N)."""
    persons, whose = np.unique(faces.persons, return_inverse=True)
    often = rng.multinomial(len(persons), np.full(len(persons), 1 / len(persons)), size=draws)[:, whose]
    return often / often.sum(axis=1, keepdims=True)


rng = np.random.default_rng(0)
W = weights(easy, rng), weights(hard, rng)
drawn = {norm: (W[0] @ on_easy, W[1] @ on_hard) for norm, (on_easy, on_hard) in D.items()}

# %%
s = np.linspace(0, 0.6, 121)
mixed = {norm: (1 - s) * easy_[:, None] + s * hard_[:, None] for norm, (easy_, hard_) in drawn.items()}
lines = {norm: 100 * np.quantile(m, [0.025, 0.5, 0.975], axis=0) for norm, m in mixed.items()}
plots.show(plots.bands(s, lines, "share of turned faces, s", "difference of NME, points"))
# ALT Two rising lines with their intervals as bands: for the inter-ocular distance, steep, and for the box.
# ALT Both cross the dotted line at 0, where the two methods tie, the inter-ocular one first.

# %% [markdown]
# Where a line crosses 0, the two methods tie. Between the two crossings the normalisers disagree about the
# winner. Is that gap real? It has an interval, too, because every draw has its own pair of crossings:

# %%
tie = {norm: a / (a - b) for norm, (a, b) in drawn.items()}  # s with (1 - s) a + s b = 0
for norm, values in {**tie, "gap": tie["box"] - tie["inter_ocular"]}.items():
    low, middle, high = np.quantile(values, [0.025, 0.5, 0.975])
    print(f"{norm:13} s = {middle:.3f}   95 % in [{low:.3f}, {high:.3f}]")

# %% [markdown]
# And a test set from inside the gap, at the share where both intervals are furthest from 0 (a share chosen
# after looking proves nothing by itself; the interval of the gap above does):

# %%
clear = np.minimum(lines["inter_ocular"][0], -lines["box"][2])
k = clear.argmax()
print(f"share of turned faces: {s[k]:.3f}")
for norm, (low, middle, high) in lines.items():
    best = "sideways" if low[k] > 0 else "frontal" if high[k] < 0 else "undecided"
    print(f"{norm:13} {middle[k]:+.2f} points [{low[k]:+.2f}, {high[k]:+.2f}]   best: {best}")

# %% [markdown]
# Same faces, same predictions: where both intervals exclude 0 on opposite sides, there are *two winners*,
# and no larger test set will reconcile them. Dividing by an eye distance gives every error on a turned face
# more weight; which weight is right is a decision, not a measurement.
#
# ## More than the mean
#
# One failed face can weigh as much as twenty good ones. The **cumulative error distribution** (CED) shows
# them all: for every threshold $\tau$ it gives the share of faces (in some papers: the number of images)
# with an error of at most $\tau$. The further up and to the left, the better. Two numbers summarise it up
# to $\tau$:
#
# - the **failure rate**, the share of faces with $e_i > \tau$: the gap between the curve and 100 % at
#   $\tau$;
# - the **AUC**, the area under the curve from 0 to $\tau$, divided by $\tau$: 1 for a perfect method.
#
# Older code integrates with `scipy.integrate.simps`, now removed. But the curve is a staircase to which each
# face adds a rectangle, $1/N$ high and $\tau - e_i$ wide. So, exactly,
#
# $$\mathrm{AUC}_\tau = \frac{1}{N} \sum_{i=1}^{N} \max\left(0, 1 - \frac{e_i}{\tau}\right)$$
#
# ### Exercise 2 ★★
#
# Implement this formula. `e` is an array of $N$ errors; `np.clip(v, 0, 1)` limits `v` to the range from 0
# to 1.


# %% tags=["exercise"]
def auc(e, tau):
    """Area under the CED up to tau, as a share of the full area."""
    # SOLUTION
    return np.mean(np.clip(1 - e / tau, 0, 1))
    # END SOLUTION
    # STUB return ...


# %%
check.auc(auc)

# %% [markdown]
# Now drag the threshold, the dotted line. The shaded area, as a share of the whole rectangle to the left of
# the line, is the AUC of `ert`; the thick piece of the line above the curve is its failure rate. The legend
# lists the methods, the largest AUC first. Do they ever change places? (Usual thresholds: 7 % of the box, 8 %
# of the inter-ocular distance on 300-W, 10 % on WFLW.)

# %% tags=["nbval-ignore-output"]
errors = {name: metrics.nme(q, test.points, norm="box") for name, q in predicted.items()}
auc = check.ready(auc)


def told(percent):
    areas = (f"{name} {auc(e, percent / 100):.2f}" for name, e in errors.items())
    return f"Three rising curves. Up to {percent:.1f} % of the box the AUC is: {', '.join(areas)}."


widgets.Sliders(
    lambda percent: plots.ced_area(errors, percent / 100, "ert"),
    {"threshold, % of the box": (0.5, 15.5, 7)},
    told=told,
)

# %% [markdown]
# A small threshold rewards precision on easy faces, a large one forgives all but disasters: a ranking by AUC
# is a ranking *at that threshold*. So report it, and show the curve.
#
# ## How sure are we?
#
# A leaderboard, ordered by NME, with intervals drawn as whiskers. (Is the AUC's order the same? A method that
# is precise on most faces and fails on some can lead in one and not in the other.) Where whiskers overlap,
# look at the *differences*, face by face, as above: two methods fail on the same hard faces, which cancels.
# [Notebook 11](11_the_comparison.ipynb) does so for all methods.

# %%
table = metrics.leaderboard(errors, threshold=0.07)
for row in table:
    print(f"{row['method']:11} AUC {row['auc']:.2f}   failures {row['failure_rate']:4.0%}")
plots.show(plots.leaderboard(table))
# ALT Three bars with whiskers, one for each method, the shortest on top.

# %% [markdown]
# ## Where on the face?
#
# Point 5 lies on a smooth contour, with no corner to fix it: *along* the jaw even human annotators
# disagree, and 17 of the 68 points are there. Papers that report "51 points" leave the jaw out.
# `metrics.nme(..., points=...)` averages over some points only. (The mean shape does well on the jaw: the
# box was fitted to the true jaw.)

# %%
by_region = {name: {} for name in predicted}
for name, q in predicted.items():
    for region in landmarks.REGIONS:
        by_region[name][region] = metrics.nme(q, test.points, "box", points=region).mean()
plots.show(plots.regions(by_region))
# ALT For each method five bars, one per region, in the colours of the regions.

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
# The box is part of the method: give each method the kind of box that it was trained with, and *say which*.
# Compare on the same faces, and say how many the detector missed: they are harder.
#
# ## Is it fair? The annotation convention
#
# Does the third point of a brow lie on its upper edge, or in its middle? Data sets differ, and a method
# learns the convention of its training set. On another set the difference counts as error. This *annotation
# bias* shows as an *offset* that most faces share, the median of $(x_l - x^*_l) / d$. Here it is estimated
# on one half of the faces and removed on the other:

# %%
guess, truth = aligners["dlib"].predict(seen.images, own_boxes), seen.points
size = metrics.normaliser(truth, "box")[:, None, None]
half = len(truth) // 2
offset = np.median((guess - truth)[:half] / size[:half], axis=0)
for words, q in {"as it is": guess, "offset removed": guess - offset * size}.items():
    print(f"dlib {words:18} {metrics.nme(q[half:], truth[half:], 'box').mean():.1%}")

# %% [markdown]
# On these faces little of dlib's error is a constant offset. On video frames of real people that a machine
# annotated (the leaderboard of the README; here $d$ is the inter-ocular distance) it is a good part:

# %%
bench = json.loads((paths.RESULTS / "bench.json").read_text(encoding="utf-8"))
real = bench["accuracy"]["yt68/val"]["methods"]["dlib"]["detector"]
print(f"dlib as it is {real['nme']:.1%}, offset removed {real['corrected']['nme']:.1%}")

# %% [markdown]
# A fair table shows the corrected figure *beside* the plain one, never instead of it.
#
# ## A story: two wrong cells
#
# Landmarks also give the pose of the head. A [paper of 2021](https://doi.org/10.1109/3DV53792.2021.00055),
# a good one, compares the errors of yaw, pitch and roll on AFLW2000-3D, in degrees, and their mean. Five of
# its rows are below, the mean last. **Predict first:** going by the last column, which of QuatNet and
# TriNet is better? Then compute what the last column should be.

# %% tags=["hide-output"]
published = {
    "HopeNet": [6.47, 6.56, 5.44, 6.16],
    "FSA-Net": [4.50, 6.08, 4.64, 5.07],
    "QuatNet": [3.97, 5.62, 3.92, 4.15],
    "TriNet": [4.04, 5.77, 4.20, 3.97],
    "SynergyNet": [3.42, 4.09, 2.55, 3.35],
}
for name, (*angles, printed) in published.items():
    verdict = "fits" if abs(np.mean(angles) - printed) < 0.011 else "does not fit"
    print(f"{name:11} printed {printed:.2f}   recomputed {np.mean(angles):.2f}   {verdict}")

# %% [markdown]
# Two means do not fit their own rows, and they reverse the order of these two methods. Where do they come
# from? 4.15 and 3.97 are the means of the same two methods on *another test set*, BIWI: most likely copied
# from the wrong half of an older table. The paper's own method stays the best in either case. Still,
# whoever copies the column goes on copying the slip.
#
# Tables of landmark errors have slips of the same kind; there it is the normaliser that gets mixed up.
# [DAN](https://doi.org/10.1109/CVPRW.2017.254) on 300-W's challenging part: 5.24 or 7.57? Both are right,
# inter-ocular and inter-pupil; a table that prints one of them beside other methods' other one compares
# nothing. Before you quote a number: recompute what can be recomputed, and look for set, points, normaliser
# and box.
#
# ### Exercise 3 ★★★ (open)
#
# Design a normaliser of your own: a length, from the true points (68, 2), that doubles when the picture
# does, stays when the face moves in the picture, and differs by at most 5 % from its frontal length up to 85
# degrees, which the box does not achieve. There are many. The check also says what a tilt of the head and an
# open mouth do to it.


# %% tags=["exercise"]
def normaliser(truth):
    """A length in pixels that a turn of the head does not shrink."""
    # SOLUTION
    return np.linalg.norm(truth[27] - truth[8])
    # END SOLUTION
    # STUB return ...


# %%
check.normaliser(normaliser)

# %%
plots.show(plots.head_turn(head, 40, own=check.ready(normaliser)))
# ALT The average head turned by 40 degrees with the four normalisers, and five curves over the angle: the
# ALT lengths of the four and, in black, of one more, which stays level.

# %% [markdown]
# ## Questions
#
# 1. A colleague compares methods on heads that turn up to 90 degrees. Which normaliser, and why not yours?
# 2. Two methods have the same AUC at 8 %, and one fails twice as often. What do their curves look like?
# 3. A method reports its NME on the 95 % of faces that its detector finds. What would you ask for?
#
# Answer them yourself, or in pairs, before you unfold:
#
# <details><summary>Answers</summary>
#
# **1.** The box: it nearly keeps its length at every angle, and published tables use it. A normaliser of your
# own may be better, but nobody else's numbers can be compared with it.
#
# **2.** They cross: the one that fails more often is the more precise on its easy faces, so its curve rises
# earlier and ends lower at 8 %.
#
# **3.** The errors of the other methods on the same faces; and all methods on all faces, those that were not
# found counted as failures or given another box.
#
# </details>
#
# ## Common mistakes
#
# - taking $d$ from the prediction; an eye centre for an eye corner; MATLAB's 37 and 46 for Python's 36 and
#   45;
# - a random split when one person has several pictures; tuning on the faces that judge;
# - reading "A is better than B" off two means without an interval of their difference.
#
# ## Key points
#
# - $\mathrm{NME}$: the mean distance between predicted and true points, divided by a length of the true
#   face.
# - Without its **normaliser** it means nothing: four of them give four numbers, and can give two winners.
# - The inter-ocular distance shrinks as a head turns. For large poses use the box.
# - Look at the whole **CED**; besides the mean, report AUC and failure rate, with the threshold.
# - Give an **interval**, say **which box** each method started from, and **whose annotations** were the
#   truth. Recompute what you quote.
#
# ## Go further
#
# - C. Sagonas et al., [*300 Faces In-The-Wild Challenge: Database and
#   Results*](https://doi.org/10.1016/j.imavis.2016.01.002), Image and Vision Computing, 2016: the protocol
#   that most tables follow.
# - X. Zhu et al., [*Face Alignment Across Large Poses: A 3D
#   Solution*](https://doi.org/10.1109/CVPR.2016.23), CVPR 2016: 300W-LP, AFLW2000-3D, and why it divides by
#   the box.
# - B. Efron, [*Bootstrap Methods: Another Look at the Jackknife*](https://doi.org/10.1214/aos/1176344552),
#   The Annals of Statistics, 1979: where the intervals come from.
# - Next: [02, shape models](02_shape_models.ipynb).
