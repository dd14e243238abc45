# %% [markdown]
# # Cascaded regression
#
# **After this notebook you can**
#
# - write a cascade, $S^{t+1} = S^t + r_t(\phi(I, S^t))$, and say why its features are *shape-indexed*;
# - explain ferns, several initialisations and their median (CPR, ESR), hand-crafted features with a linear
#   map (SDM), and learnt binary features (LBF), and train each;
# - watch $S^t$ approach a face, and read three plots of convergence.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute.
# **Needs:** [notebook 01](01_measuring_error.ipynb). Answers are in the SOLUTIONS_LINK.

# %%
import json
from time import process_time
from timeit import timeit

import numpy as np
from sklearn.linear_model import Ridge

from facelm_helpers import methods, metrics, paths, plots, sources, widgets
from facelm_helpers.boxes import jitter_boxes
from facelm_helpers.checks import cascaded_regression as check
from facelm_helpers.faces import FaceSet
from facelm_helpers.geometry import similarity

plots.setup()

# %% [markdown]
# ## One idea, five methods
#
# From 2010 on, searching for a shape that fits gave way to **regressing the correction** (as the first AAM
# of 1998 did): put a mean shape $S^0$ into the box, compute features of the image $I$ there, predict an
# update, repeat:
#
# $$S^{t+1} = S^t + r_t\big(\phi(I, S^t)\big), \qquad t = 0, \dots, T - 1$$
#
# $\phi$ are the *features*, $r_t$ is the *regressor* of stage $t$, trained on faces with known shapes:
#
# | method | year | features $\phi$ | regressor $r_t$ |
# |---|---|---|---|
# | CPR | 2010 | pixel differences, indexed by the whole shape's pose | one fern |
# | ESR | 2012 | pixel differences, indexed by landmarks | a sum of ferns |
# | SDM | 2013 | gradient histograms round landmarks, hand-crafted | a linear map |
# | LBF | 2014 | leaves of a forest for each landmark, learnt | a linear map |
# | ERT | 2014 | pixel differences, indexed by landmarks | a sum of trees |
#
# **Predict first:** why several stages, and not one large regressor? An SDM of five:

# %%
FACES = sources.load("synthetic", n=450, seed=6)
sdm = methods.load("sdm")
i = 11
walk = sdm.predict(FACES.images[i : i + 1], FACES.boxes[i : i + 1], stages=True)[:, 0]
errors = metrics.nme(walk, FACES.points[[i] * len(walk)])
plots.show(
    plots.faces_grid(
        [FACES.images[i]] * 6, walk, titles=[f"$S^{t}$: {e:.1%}" for t, e in enumerate(errors)], columns=3
    )
)
# ALT The same face six times, with the dots of the shape before the first stage and after each of five; above
# ALT each face stands its error.

# %% [markdown]
# The first step does most, but features sampled off the face are unreliable. The second step sees the eyes
# from nearby, and was trained on exactly the errors that the first one leaves.
#
# ## A cascade in twelve lines
#
# The simplest one: the grey values of 300 pixels, and ridge regression, in boxes that are moved and scaled
# by up to a tenth, as another detector might place them. The pixel positions are of two kinds: *fixed* in
# the crop, or *shape-indexed*, each at an offset from its landmark, wherever that currently is.

# %%
boxes = jitter_boxes(FACES.boxes, seed=0, amount=0.1)
moved = FaceSet(FACES.images, FACES.points, boxes, FACES.persons)
train, test = moved.split_by_person(0.7, seed=0)
crops, unseen = train.crops(), test.crops()
I, I_unseen = (f.images.mean(axis=-1) for f in (crops, unseen))
S0 = crops.points.mean(axis=0)
rng = np.random.default_rng(0)
anchor, offset = rng.integers(68, size=300), rng.normal(0, 8, size=(300, 2))


def read(I, places):
    """Grey values at places (N, P, 2), less each face's mean."""
    x, y = np.clip(np.rint(places), 0, 127).astype(int).transpose(2, 0, 1)
    values = I[np.arange(len(I))[:, None], y, x]
    return values - values.mean(axis=1, keepdims=True)


def fixed(I, S):
    return read(I, np.tile(S0[anchor] + offset, (len(I), 1, 1)))


def indexed(I, S):
    return read(I, S[:, anchor] + offset)


# %% [markdown]
# ### Exercise 1
#
# Write one stage: from `S` (N, 68, 2), its features `phi` (N, P) and the map `W` (P, 136), give the next
# shapes. (`phi @ W` is the correction of each face, as one row of 136 numbers.)


# %% tags=["exercise"]
def next_shape(S, phi, W):
    # SOLUTION
    return S + (phi @ W).reshape(S.shape)
    # END SOLUTION
    # STUB return ...


# %%
check.one_step(next_shape)

# %% [markdown]
# At every stage the features are sampled at the *current* shapes, and the target is $\Delta S = S^* - S^t$,
# where $S^*$ is the true shape.
#
# **Predict first:** how will the curves of fixed and of shape-indexed pixels differ at stage 1? And at
# stage 6?


# %%
def cascade(phi, T=6):
    """NME on the test set after each stage."""
    S, S_unseen = np.tile(S0, (len(I), 1, 1)), np.tile(S0, (len(I_unseen), 1, 1))
    curve = [metrics.nme(S_unseen, unseen.points).mean()]
    for _ in range(T):
        r = Ridge(alpha=1e6).fit(phi(I, S), (crops.points - S).reshape(len(S), -1))
        S = S + r.predict(phi(I, S)).reshape(S.shape)
        S_unseen = S_unseen + r.predict(phi(I_unseen, S_unseen)).reshape(S_unseen.shape)
        curve.append(metrics.nme(S_unseen, unseen.points).mean())
    return 100 * np.array(curve)


# %%
curves = {"fixed pixels": cascade(fixed), "shape-indexed": cascade(indexed)}
plots.show(plots.curves(range(7), curves, "stage", "NME on the test set, %"))
# ALT Two curves of the test error over the stages 0 to 6: for pixels fixed in the picture, and for
# ALT shape-indexed pixels.

# %% [markdown]
# At stage 1 they are equal: all shapes are $S^0$. After that fixed pixels carry no new information, while
# shape-indexed ones lie ever closer to the same part of every face.
#
# ## CPR: ferns, and the pose
#
# In **cascaded pose regression** (Dollár and others, 2010) pixels move, rotate and scale with the *whole*
# shape: *pose-indexed* features. Each stage is one **fern**: $F$ questions "is $I(u) - I(v) > \tau$?".
# Their answers form a number from 0 to $2^F - 1$, the *bin*; its output is the mean residual of its $n$
# training faces, shrunk (as in ESR) where they are few:
#
# $$r_t = \frac{1}{1 + \beta / n} \cdot \frac{1}{n} \sum_{i \in \text{bin}} \Delta S_i$$
#
# ### Exercise 2
#
# Give each face's bin: `answers` is (N, F), True for yes, and question $f = 0, 1, \dots$ counts $2^f$.


# %% tags=["exercise"]
def bin_of(answers):
    # SOLUTION
    return answers @ 2 ** np.arange(answers.shape[1])
    # END SOLUTION
    # STUB return ...


# %%
check.fern_bins(bin_of)

# %% tags=["nbval-ignore-output"]
few = train[:300]


def report(name, **small):
    aligner = methods.create(name, **small)
    seconds = timeit(lambda: aligner.fit(few, progress=False), number=1, timer=process_time)
    walk = aligner.predict(test.images, test.boxes, stages=True)
    nme = [metrics.nme(S, test.points).mean() for S in walk]
    print(f"{name}, {seconds:.0f} s: S^0 {nme[0]:.1%}, S^1 {nme[1]:.1%}, S^{aligner.n_stages} {nme[-1]:.1%}")


report("cpr", n_stages=60, candidates=12, n_starts=3)

# %% [markdown]
# ### Several starts
#
# A cascade may diverge from one initialisation and converge from another: CPR and ESR use several (CPR's
# paper keeps the densest cluster of results, ESR's the median). One face, five starts, given to `refine`:

# %%
cpr = methods.load("cpr")
some = test[:40]
side = (some.boxes[:, 2] - some.boxes[:, 0])[:, None, None]
S_0 = cpr.predict(some.images, some.boxes, stages=True)[0]
starts = [S_0 + side * rng.normal(0, 0.12, (len(some), 1, 2)).astype("float32") for _ in range(5)]
ends = np.stack([cpr.refine(some.images, some.boxes, S) for S in starts])
error = np.stack([metrics.nme(S, some.points) for S in ends])
i = int(np.argmax(error.max(axis=0) - error.min(axis=0)))
plots.show(
    plots.faces_grid([some.images[i]] * 5, ends[:, i], titles=[f"{e:.1%}" for e in error[:, i]], columns=5)
)
# ALT One face five times, with the results from five different initialisations: some lie on the face, at
# ALT least one is far off.

# %% [markdown]
# ### Exercise 3
#
# Combine each face's results, `ends` (L, N, 68, 2), into one shape by their median, which is robust to
# outliers.


# %% tags=["exercise"]
def together(ends):
    # SOLUTION
    return np.median(ends, axis=0)
    # END SOLUTION
    # STUB return ...


# %%
check.of_several_starts(together)

# %%
joint = {"one start": ends[0], "mean": ends.mean(axis=0), "median": np.median(ends, axis=0)}
for name, S in joint.items():
    print(f"{name:9} NME {metrics.nme(S, some.points).mean():.1%}")

# %% [markdown]
# ## ESR: shape-indexed pixels, chosen by correlation
#
# **Explicit shape regression** (Cao and others, 2012): a pixel is indexed by its *nearest landmark*; a
# stage is a *boosted sum of ferns*; and questions are **selected**: project $\Delta S$ on a random
# direction, and take the pair of pixels whose difference correlates with it most.
#
# ## SDM: hand-crafted features, one linear map
#
# The **supervised descent method** (Xiong and De la Torre, 2013): $\phi$ are histograms of gradient
# directions round every landmark (SIFT in the paper, here $3 \times 3$ cells), rotated and scaled with the
# shape:
#
# $$S^{t+1} = S^t + W_t\, \phi(I, S^t) + b_t$$
#
# In place of a Newton step, an *average descent direction* is learnt for each stage.

# %%
image, points, box = test[3]
A = similarity(S0, points)[:, :2]
first, last = (box[2] - box[0]) * np.array(sdm.cell)
plots.show(
    plots.cells(image, points, {"first stage": first, "last stage": last}, np.arctan2(A[1, 0], A[0, 0]))
)
# ALT A face twice, a square of nine cells round each of five landmarks: large in the first stage, half as
# ALT large in the last.

# %% [markdown]
# ## LBF: learnt binary features
#
# **Local binary features** (Ren and others, 2014): for each landmark alone, a few small trees regress its
# displacement from pixels near it. Their outputs are discarded. What remains of a tree is *which leaf* a
# face reached, a 1 among zeros; all trees of all landmarks give $\phi_t$. One **global** ridge regression
# $W_t$ maps it to the whole shape, so that landmarks support each other. Three methods, trained on 300
# faces (ESR's $S^0$, like CPR's, is the median of its starts):

# %% tags=["nbval-ignore-output"]
report("esr", n_stages=6, n_trees=30, n_pixels=250, n_starts=3)
report("sdm", n_stages=3, n_starts=1)
report("lbf", n_stages=3, n_trees=2, depth=4, n_starts=2)

# %%
shipped = methods.load("lbf")
pictures, boxes = test.images[:14], test.boxes[:14]
phi = shipped.binary_features(pictures, boxes)
per_landmark = shipped.n_trees * 2**shipped.depth
plots.show(plots.bits(phi[:, 36 * per_landmark : 37 * per_landmark].toarray(), shipped.n_trees))
print(f"{phi.shape[1]:,} features, {phi[0].sum():.0f} of them 1: one in {2**shipped.depth}")
# ALT A white table of 14 rows with one black cell in each of five columns of 32: which leaf of the five trees
# ALT of one eye corner each face reached.

# %% [markdown]
# ### 3000 frames a second
#
# With binary features, $W_t \phi_t$ is a **sum of as many columns of $W_t$ as there are trees**: no
# multiplication. In C++ the paper measures 3000 faces a second for a small model, 300 for its accurate one.
# Ours, in NumPy:

# %% tags=["nbval-ignore-output"]
many, boxes, points = (part[:256] for part in (FACES.images, FACES.boxes, FACES.points))
one = timeit(lambda: shipped.predict(many[:1], boxes[:1]), number=20, timer=process_time) / 20
whole = timeit(lambda: shipped.predict(many, boxes), number=1, timer=process_time)
crops_only = timeit(lambda: shipped.refine(many, boxes, points, last=0), number=1, timer=process_time)
print(f"one face at a time {1 / one:5.0f} FPS")
print(f"256 at once        {256 / whole:5.0f} FPS, {crops_only / whole:.0%} of the time for their crops")
print(f"the cascade alone  {256 / (whole - crops_only):5.0f} FPS")

# %% [markdown]
# For single faces, Python's overhead dominates: always ask what such a figure includes.
#
# ## ERT: trees in place of ferns
#
# dlib's **ensemble of regression trees** (Kazemi and Sullivan, 2014) is ESR with trees in place of ferns: a
# fern asks every face the same questions, a tree's next question depends on the last answer. See [notebook
# 04](04_dlib_68_points.ipynb).
#
# ## Watch them converge
#
# Choose a cascade and a face, and drag the stage slider.

# %% tags=["nbval-ignore-output"]
CASCADES = {name.upper(): methods.load(name) for name in ("sdm", "lbf", "esr", "ert", "cpr")}
turned = sources.load("synthetic", n=4, seed=12, pose="half", occlusion=False, progress=False)
walk = CASCADES["ESR"].predict(turned.images[:1], turned.boxes[:1], stages=True)[:, 0]
widgets.show_walk(turned.images[0], walk, turned.points[0])
# ALT An animation: the mean shape on a turned face; within a few stages its dots turn and settle on the white
# ALT crosses of the true points.

# %% tags=["nbval-ignore-output"]
widgets.walks(CASCADES, turned)

# %% [markdown]
# ## How cascades converge
#
# On 150 test faces in boxes like a detector's (`tools/measure/convergence.py`). **Predict first:** which
# method is nearest after a fifth of its stages? Whose error grows fastest when the box is wrong?

# %%
found = json.loads((paths.RESULTS / "convergence.json").read_text(encoding="utf-8"))
by_stage = {name.upper(): one["nme"] for name, one in found["stage"].items()}
by_start = found["away"], {name.upper(): errors for name, errors in found["start"].items()}
by_count = found["counts"], {name.upper(): (c["learnt"], c["unseen"]) for name, c in found["count"].items()}
plots.show(plots.convergence(by_stage, by_start, by_count))
# ALT Three panels of error curves, one colour a method: by the share of its stages, by how far the box was
# ALT moved, and by the number of training faces, where dotted curves are the training errors.

# %% [markdown]
# - **By stage**: after a fifth of the stages SDM is nearest; the tree and fern methods take many smaller
#   steps.
# - **By start**: all tolerate the displacements that they were trained on, no more; LBF's error grows
#   fastest.
# - **By training faces**: the gap to the training error (dotted), *overfitting*, closes.
#
# ## On real faces, and in the literature
#
# The papers' order, largest error first: mean shape, ASM and AAM, CPR and ESR, then SDM, LBF, ERT. Ours, on
# people of YouTube Faces, in dlib's boxes:

# %%
bench = json.loads((paths.RESULTS / "bench.json").read_text(encoding="utf-8"))
board = bench["accuracy"]["yt68/val"]["methods"]
names = [n for n in ("mean_shape", "asm", "aam", "cpr", "esr", "sdm", "lbf", "ert") if n in board]
nme = {name: board[name]["detector"]["nme"] for name in names}
print(*(f"{n:11} {e:5.1%}, tight box {board[n]['tight']['nme']:5.1%}" for n, e in nme.items()), sep="\n")
plots.show(plots.by_year({name.upper(): (methods.of(name).year, nme[name]) for name in names[1:]}))
# ALT Dots of methods over the year of their paper: the error falls from the active shape model to the
# ALT cascades of 2013 and 2014; CPR, of 2010, lies above all.

# %% [markdown]
# (Our ASM and AAM contain improvements of 2002 and 2013.)
#
# - **The box decides.** dlib centres it on eyes, nose and mouth, a tenth of a side above the tight one. In
#   tight boxes the papers' order holds, up to SDM.
# - **CPR** estimates 136 numbers here; the paper's pose has a few, and its updates are composed, not added.
# - **SDM** leads, on synthetic faces too: its features need no training, and 2,000 faces are few.
#
# Compared with public code trained on the same faces (`tools/measure/compare_public.py`): the ratio of our
# NME to theirs, and milliseconds:

# %%
compared = json.loads((paths.RESULTS / "compare_public.json").read_text(encoding="utf-8"))
for name, one in compared["methods"].items():
    for of, r in one.get("ratios", {}).items():
        ms = [one[side]["sets"][of]["ms"] for side in ("ours", "theirs")]
        print(f"{name} on {of}: {r['ratio']:.2f} ({ms[0]:.1f}, {ms[1]:.1f} ms); {one['public']}")

# %% [markdown]
# Our AAM fits from 15 starts, menpofit's from one; our ASM's counterpart is a constrained local model.
#
# ## Key points
#
# - $S^{t+1} = S^t + r_t(\phi(I, S^t))$: each stage corrects the errors of those before it.
# - Features must be shape-indexed: they move with the shape.
# - The median of several starts is robust to failed ones. LBF's binary features turn a product into a sum.
#
# ## Go further
#
# - P. Dollár, P. Welinder, P. Perona, *Cascaded Pose Regression*, CVPR 2010.
# - X. Cao and others, *Face Alignment by Explicit Shape Regression*, CVPR 2012.
# - X. Xiong, F. De la Torre, *Supervised Descent Method and Its Applications to Face Alignment*, CVPR 2013.
# - S. Ren and others, *Face Alignment at 3000 FPS via Regressing Local Binary Features*, CVPR 2014.
# - Next: [04, dlib's 68 points](04_dlib_68_points.ipynb).
