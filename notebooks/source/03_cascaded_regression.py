# %% [markdown]
# # Cascaded regression
#
# **After this notebook you can**
#
# - write a cascade, $S^t = S^{t-1} + r_t(\phi_t(I, S^{t-1}))$, and say why its features are *shape-indexed*;
# - build a fern, and draw what it asks and answers;
# - tell what CPR, ESR, SDM, LBF and ERT each changed, and why that helped, from your own runs;
# - read their published errors with the right normaliser.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute. The exercises take about 30
# minutes, the questions 10. (A class of an hour ends after SDM.)
# **Needs:** [notebook 01](01_measuring_error.ipynb) and, for the similarity of two shapes, [notebook
# 02](02_shape_models.ipynb). Answers are in the SOLUTIONS_LINK.

# %%
import json

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeRegressor

from facelm_helpers import methods, metrics, paths, plots, sources, widgets
from facelm_helpers.boxes import jitter_boxes
from facelm_helpers.checks import cascaded_regression as check
from facelm_helpers.faces import FaceSet
from facelm_helpers.geometry import similarity
from facelm_helpers.methods.sdm import gradient_maps, histograms

plots.setup()

# %% [markdown]
# ## From search to regression
#
# A shape model *searches*: it moves points to where the image fits. A cascade *predicts the correction*: it
# puts the mean shape $\bar S$ into the box, looks at the image there, and moves by a learnt amount, $T$
# times. (The idea is older than its name: the AAM of [1998](https://doi.org/10.1007/BFb0054760) regressed its
# updates too.)
#
# $$S^0 = \bar S, \qquad S^t = S^{t-1} + r_t\big(\phi_t(I, S^{t-1})\big), \qquad t = 1, \dots, T$$
#
# $I$ is the image and $S^t$ the shape after stage $t$: $L = 68$ landmarks, 136 numbers. $\phi_t$ are
# *features* of the image that depend on where the shape is now, and $r_t$ is the stage's *regressor*, trained
# on faces whose true shapes $S^*$ are known. Its target is the *residual* $\Delta S = S^* - S^{t-1}$. (Some
# papers write $S^{t+1} = S^t + r_t$.) What the methods differ in:
#
# | method | year | features $\phi_t$ | regressor $r_t$ | what was new |
# |---|---|---|---|---|
# | CPR | 2010 | pixel differences, *pose-indexed* | one fern | the cascade itself |
# | ESR | 2012 | pixel differences, *shape-indexed* | a sum of ferns | the whole shape; chosen pixels |
# | SDM | 2013 | gradient histograms at the landmarks | a linear map | a learnt Newton step |
# | LBF | 2014 | leaves of small trees, one forest a landmark | a linear map | learnt features, very fast |
# | ERT | 2014 | pixel differences, shape-indexed | boosted trees | trees for ferns; shrinkage |
# | joint cascade | 2014 | as LBF | as LBF, and a score | finds the face too |
#
# We write the first five in a few lines each, on the same faces, so that only the idea differs; the joint
# cascade is in [notebook 04](04_dlib_68_points.ipynb).

# %%
FACES = sources.load("synthetic", n=900, seed=6)
boxes = jitter_boxes(FACES.boxes, seed=0, amount=0.1)  # as another detector might set them
moved = FaceSet(FACES.images, FACES.points, boxes, FACES.persons)
train, test = moved.split_by_person(0.7, seed=0)
crops, unseen = train.crops(), test.crops()
print(len(crops), "training faces,", len(unseen), "test faces")

# %% [markdown]
# Every training face starts five times, from mean shapes moved by a few pixels, so that later stages are
# trained on errors such as they will meet. All shapes are in pixels of the 128 x 128 crops.

# %%
I, I_test = (np.uint8(faces.images.mean(axis=-1)) for faces in (crops, unseen))
N = len(I)
I, truth = np.tile(I, (5, 1, 1)), np.tile(crops.points, (5, 1, 1))
S_bar = crops.points.mean(axis=0)
rng = np.random.default_rng(0)
S_start = S_bar + rng.normal(0, 3, size=(len(I), 1, 2))


# %% [markdown]
# The loop is the same for every method. `learn(S, dS)` trains one stage: it returns a function $r(I, S)$ that
# gives $\Delta S$ for any images and shapes.


# %%
def cascade(learn, T, starts=5):
    """Train T stages; return the test faces' shapes S^0 ... S^T, (T + 1, N, 68, 2)."""
    S, S_test = S_start[: starts * N], np.tile(S_bar, (len(I_test), 1, 1))
    walk = [S_test]
    for _ in range(T):
        r = learn(S, truth[: len(S)] - S)
        S, S_test = S + r(I[: len(S)], S), S_test + r(I_test, S_test)
        walk.append(S_test)
    return np.stack(walk)


# %%
def nme(walk):
    """Mean NME after each stage. Some faces are in profile, so d is the box's sqrt(w h)."""
    return np.array([metrics.nme(S, unseen.points, norm="box").mean() for S in walk])


# %% [markdown]
# ## Where to look: three ways to index a pixel
#
# 200 places $u_p$ are drawn at random around the mean shape. On a face with another shape, the "same" place
# can mean three things:
#
# - **fixed**: the same pixel of the crop;
# - **pose-indexed** (CPR): moved, rotated and scaled with the *whole* shape, by $A$, the linear part of the
#   similarity that brings $\bar S$ nearest to $S$;
# - **shape-indexed** (ESR): at an offset $\delta_p$ from the *landmark* $a_p$ that is nearest to it in $\bar
#   S$:
#
# $$\text{place}_p = S_{a_p} + A\,\delta_p, \qquad \delta_p = u_p - \bar S_{a_p}$$
#
# ### Exercise 1 ★
#
# Implement the last formula for all faces. `S` is (N, 68, 2), `A` (N, 2, 2), `anchor` (P,) holds the landmark
# of each pixel, `offset` (P, 2) its $\delta_p$. Return the places, (N, P, 2). The notebook goes on with your
# function once it is right, and with the course's until then.


# %% tags=["exercise"]
def shape_indexed(S, A, anchor, offset):
    # SOLUTION
    return S[:, anchor] + offset @ A.transpose(0, 2, 1)
    # END SOLUTION
    # STUB return ...


# %%
check.shape_indexed(shape_indexed)

# %%
places_at = check.ready(shape_indexed, check.shape_indexed)  # yours, once it is right


def frames(S):
    return similarity(S_bar, S)[:, :, :2]  # A of each face, (N, 2, 2)


# %%
def draw_places(P):
    """P random places round the mean shape, and each as its nearest landmark and an offset from it."""
    u = rng.uniform(S_bar.min(axis=0) - 10, S_bar.max(axis=0) + 10, size=(P, 2))
    anchor = np.linalg.norm(u[:, None] - S_bar, axis=2).argmin(axis=1)
    return u, anchor, u - S_bar[anchor]


# %%
u, anchor, offset = draw_places(200)
index = {
    "fixed": lambda S: np.tile(u, (len(S), 1, 1)),
    "pose-indexed": lambda S: S.mean(axis=1)[:, None] + (u - S_bar.mean(axis=0)) @ frames(S).mT,
    "shape-indexed": lambda S: places_at(S, frames(S), anchor, offset),
}

# %% [markdown]
# **Predict first:** the same five places, at the true shapes of two faces. Which of the three keeps to the
# same parts of both faces?

# %% tags=["hide-output"]
turn = unseen.points[:, 30, 0] - unseen.points[:, [0, 16], 0].mean(axis=1)  # nose against jaw
two = [np.abs(turn).argmin(), np.argsort(turn)[len(turn) // 12]]
five = [np.linalg.norm(u - S_bar[k], axis=1).argmin() for k in (36, 45, 33, 54, 8)]
shown = [places(unseen.points[two])[:, five] for places in index.values()]
pairs = np.stack(shown, axis=1).reshape(6, 5, 2)
images, titles = [unseen.images[i] for i in two for _ in index], [*index, "", "", ""]
plots.show(plots.numbered(images, pairs, titles=titles))
# ALT Two faces, one from the front and one turned, three times each, with five numbered places. Fixed places
# ALT miss the features of the turned face, pose-indexed ones come nearer, shape-indexed ones sit at the same
# ALT features as on the first face.

# %% [markdown]
# Shape-indexed places keep to the parts that they belong to, pose-indexed ones come near. Does it matter? A
# first cascade, as simple as can be: the 200 grey values are the features, ridge regression is the regressor.


# %%
def read(I, places):
    """Grey values at places (N, P, 2)."""
    x, y = np.clip(np.rint(places), 0, 127).astype(int).transpose(2, 0, 1)
    return I[np.arange(len(I))[:, None], y, x].astype(float)


def linear(places):
    def learn(S, dS):
        # a strong penalty: sums of squared grey values are large, and neighbouring pixels nearly equal
        fit = Ridge(alpha=1e6).fit(read(I[: len(S)], places(S)), dS.reshape(len(S), -1))
        return lambda I, S: fit.predict(read(I, places(S))).reshape(S.shape)

    return learn


# %% tags=["hide-output"]
curves = {name: 100 * nme(cascade(linear(places), 5)) for name, places in index.items()}
plots.show(plots.curves(range(6), curves, "stage t", "NME on the test set, %"))
# ALT Three curves of the test error over stages 0 to 5: pixels fixed in the crop, pose-indexed and
# ALT shape-indexed pixels.

# %% [markdown]
# At stage 1 all three are equal, since all shapes are $\bar S$. From then on fixed pixels say nothing new,
# while indexed ones lie ever closer to the same part of every face: the better the shape, the better the
# features, the better the next shape.
#
# ## Ferns
#
# A **fern** ([Özuysal and others, 2010](https://doi.org/10.1109/TPAMI.2009.23)) asks $F$ questions at once:
# is the difference of two pixels $D_f = I(u_f) - I(v_f)$ above a threshold $\tau_f$? Light added to the whole
# face cancels. The answers, read as a binary number, are the face's **bin**:
#
# $$\text{bin} = \sum_{f=0}^{F-1} 2^f\,[D_f > \tau_f] \;\in\; \{0, \dots, 2^F - 1\}$$


# %%
def bins(D, tau):
    return (D > tau) @ 2 ** np.arange(len(tau))


u, v = S_bar[[2, 28, 57]], S_bar[[14, 21, 8]]  # three pairs chosen by hand, on the mean shape
D = read(I, np.tile(u, (len(I), 1, 1))) - read(I, np.tile(v, (len(I), 1, 1)))
tau = np.median(D, axis=0)
b = bins(D, tau)
plots.show(plots.fern(crops.images[0], np.stack([u, v], axis=1), D[0], tau))
# ALT A face with three numbered arrows, each from one pixel of a pair to the other. Beside it a table: for
# ALT each pair the difference of its grey values, the threshold, and yes or no; below, the sum: the bin.

# %% [markdown]
# What does a fern *answer*? For each bin, a shape update $o_k$: the mean residual of the $n_k$ training faces
# in it, shrunk where they are few (the shrinkage is ESR's, with a constant $\beta$):
#
# $$o_k = \frac{1}{1 + \beta / n_k} \cdot \frac{1}{n_k} \sum_{i:\, \text{bin}_i = k} \Delta S_i$$
#
# ### Exercise 2 ★★
#
# Train a fern: from the bins `b` (N,) of the training faces and their residuals `dS` (N, 68, 2), compute the
# output of each of the `count` bins, (count, 68, 2). A bin without faces gives zeros.


# %% tags=["exercise"]
def train_fern(b, dS, count, beta):
    # SOLUTION
    total = np.stack([dS[b == k].sum(axis=0) for k in range(count)])
    n = np.bincount(b, minlength=count)
    return total / (n + beta)[:, None, None]
    # END SOLUTION
    # STUB return ...


# %%
check.train_fern(train_fern)

# %%
fern_outputs = check.ready(train_fern, check.train_fern)
o = fern_outputs(b, truth - S_start, 8, beta=100)
mean_faces = [np.dstack([I[b == k].mean(axis=0)] * 3).astype(np.uint8) for k in range(8)]
titles = [f"bin {k}, n = {(b == k).sum()}" for k in range(8)]
plots.show(plots.faces_grid(mean_faces, S_bar + o, [S_bar] * 8, titles=titles, columns=4))
# ALT Eight blurred mean faces, one for each bin, with its number of faces. White crosses are the mean shape,
# ALT coloured dots show where the bin's output moves it, by a pixel or two.

# %% [markdown]
# Each picture is the mean of the training faces in one bin; crosses are $\bar S$, dots $\bar S + o_k$. Each
# bin moves the shape by a pixel or two. One fern knows little, so many are needed.
#
# ## CPR: a long cascade of ferns
#
# **Cascaded pose regression** ([Dollár and others, 2010](https://doi.org/10.1109/CVPR.2010.5540094)): one
# *random* fern a stage, on pose-indexed pixels. The paper's pose has a few numbers (place, size and angle of
# one or a few parts), and its updates are *composed* with the pose, not added; as in its successor for faces,
# RCPR ([2013](https://doi.org/10.1109/ICCV.2013.191)), we regress all 136 numbers.


# %%
def cpr(S, dS, F=5):
    w = draw_places(2 * F)[0] - S_bar.mean(axis=0)

    def differences(I, S):
        values = read(I, S.mean(axis=1)[:, None] + w @ frames(S).mT)
        return values[:, :F] - values[:, F:]

    D = differences(I, S)
    tau = np.median(D, axis=0)
    o = fern_outputs(bins(D, tau), dS, 2**F, beta=100)
    return lambda I, S: o[bins(differences(I, S), tau)]


# %%
walks = {"CPR": cascade(cpr, 80)}
error = nme(walks["CPR"])
print(*(f"S^{t}: {error[t]:.1%}" for t in (0, 1, 20, 40, 80)), sep=",  ")

# %% [markdown]
# ### Several starts
#
# A cascade may diverge from one initialisation and converge from another. CPR and ESR therefore start several
# times (CPR's paper keeps the densest cluster of results, ESR's the median). One face from five places, with
# the CPR that comes with the course and has many more stages:

# %%
long_cpr = methods.load("cpr")
some = test[:40]
side = np.ptp(some.boxes[:, ::2], axis=1)[:, None, None]
S_0 = long_cpr.predict(some.images, some.boxes, stages=True)[0]
starts = [S_0 + side * rng.normal(0, 0.12, size=(len(some), 1, 2)) for _ in range(5)]
ends = np.stack([long_cpr.refine(some.images, some.boxes, S) for S in starts])
e = np.stack([metrics.nme(S, some.points, norm="box") for S in ends])
i = int(np.argmax(np.ptp(e, axis=0)))
shapes = [*ends[:, i], np.median(ends[:, i], axis=0)]
last = metrics.nme(shapes[-1:], some.points[[i]], norm="box")[0]
titles = [*(f"start {k}: {one:.1%}" for k, one in enumerate(e[:, i], start=1)), f"their median: {last:.1%}"]
plots.show(plots.faces_grid([some.images[i]] * 6, shapes, titles=titles, columns=3))
# ALT One face six times: the results from five initialisations, of which at least one is far off, and their
# ALT median.

# %% [markdown]
# ## ESR: boosted ferns on chosen pixels
#
# **Explicit shape regression** ([Cao and others, 2012](https://doi.org/10.1007/s11263-013-0667-3)) improves
# on CPR in three ways:
#
# 1. **Shape-indexed pixels**, which follow an eye or a mouth rather than the head as a whole.
# 2. **Two levels**: a stage draws its pixels once and then adds $K$ ferns on them, each trained on the
#    residual that the ferns before it leave (*boosting*).
# 3. **Chosen questions**: of all pairs of the stage's $P$ pixels, take those that *tell something about the
#    residual*.
#
# For the third, project the residuals on a random direction, $y_i = \Delta S_i \cdot z$, and take the pair
# whose difference has the highest correlation with $y$. All $P^2$ pairs are scored at once, since
#
# $$\operatorname{corr}(\rho_p - \rho_q,\, y) =
# \frac{\operatorname{cov}(\rho_p, y) - \operatorname{cov}(\rho_q, y)}
# {\sigma_y \sqrt{\operatorname{var} \rho_p + \operatorname{var} \rho_q -
# 2 \operatorname{cov}(\rho_p, \rho_q)}}$$
#
# Every output is a mean of residuals, that is, of differences of training shapes: the result stays a
# combination of faces, although no shape model was written down. That is the *explicit shape* of the title.
#
# ### Exercise 3 ★★★ (open)
#
# Choose $F$ pairs of pixels for a fern: `rho` (N, P) are grey values, `dS` (N, 136) residuals, `rng` a random
# generator; return indices, (F, 2). ESR's rule is one way; any rule will do that beats random pairs clearly.
# The check trains ferns with your pairs, with ESR's and with random ones, and compares what they leave on
# other examples. The cascade below calls your function for each of its 100 ferns: 50 ms a call are
# affordable, half a second is not.


# %% tags=["exercise"]
def choose_pairs(rho, dS, F, rng):
    # SOLUTION
    c = rho - rho.mean(axis=0)
    cov = c.T @ c
    var = np.diag(cov)
    spread = np.sqrt(np.maximum(var[:, None] + var - 2 * cov, 1)) + 1e9 * np.eye(len(var))
    with_y = c.T @ (dS @ rng.normal(size=(dS.shape[1], F)))
    scores = [np.abs(one[:, None] - one) / spread for one in with_y.T]
    return np.array([np.unravel_index(score.argmax(), score.shape) for score in scores])
    # END SOLUTION
    # STUB return ...


# %%
check.choose_pairs(choose_pairs)


# %%
def esr(choose, K=20, F=5, P=100):
    def learn(S, dS):
        _, anchor, offset = draw_places(P)
        rho, left, ferns = read(I, places_at(S, frames(S), anchor, offset)), dS.copy(), []
        for _ in range(K):
            p, q = np.transpose(choose(rho, left.reshape(len(S), -1), F, rng))
            low, high = np.quantile(rho[:, p] - rho[:, q], [0.2, 0.8], axis=0)
            tau = rng.uniform(low, high)
            b = bins(rho[:, p] - rho[:, q], tau)
            ferns.append((p, q, tau, fern_outputs(b, left, 2**F, beta=100)))
            left -= ferns[-1][-1][b]

        def r(I, S):
            rho = read(I, places_at(S, frames(S), anchor, offset))
            return sum(o[bins(rho[:, p] - rho[:, q], tau)] for p, q, tau, o in ferns)

        return r

    return learn


# %% [markdown]
# **Predict first:** which matters more, that a stage has twenty ferns, or that their pixels are chosen?

# %% tags=["hide-output"]
walks["ESR, random pairs"] = cascade(esr(lambda rho, dS, F, rng: rng.integers(rho.shape[1], size=(F, 2))), 5)
walks["ESR"] = cascade(esr(check.ready(choose_pairs, check.choose_pairs)), 5)
for name in ("CPR", "ESR, random pairs", "ESR"):
    print(f"{name:17} {nme(walks[name])[-1]:.1%}")

# %% [markdown]
# The choice: random ferns in two levels are about as good as CPR's; with chosen pairs as many are far better.
#
# ## SDM: learnt descent directions
#
# The **supervised descent method** ([Xiong and De la Torre, 2013](https://doi.org/10.1109/CVPR.2013.75))
# comes from optimisation. Suppose that we knew the features $\phi^*$ of the face at its true shape, and
# minimised $f(S) = \tfrac12 \lVert \phi(I, S) - \phi^* \rVert^2$. **Newton's method** steps by the gradient
# (with the Jacobian $J = \partial\phi / \partial S$) and the inverse of the Hessian $H$, the matrix of second
# derivatives:
#
# $$\Delta S = -H^{-1} J^\top \big(\phi(I, S) - \phi^*\big)$$
#
# On a face that fails three times: histograms of gradients have no useful derivative, $H$ need not be
# positive definite, and $\phi^*$ is unknown. But for given $J$ and $H$ the step is *linear in* $\phi$. So
# learn this map, one $R_t$ and $b_t$ for all faces, from examples: an average *descent direction*.
#
# $$\Delta S = R_t\, \phi(I, S^{t-1}) + b_t, \qquad
# \min_{R_t,\, b_t} \sum_i \lVert \Delta S_i - R_t\, \phi_i - b_t \rVert^2 +
# \alpha \lVert R_t \rVert^2$$
#
# In one dimension: solve $h(x) = x^3 = y$ for 200 values of $y$ at once, from $x = 0.3$. Newton uses $1 /
# h'(x)$ of each; supervised descent one slope $R_t$ for all, fitted on examples.


# %%
def h(x):
    return x**3


goal = rng.uniform(0.2, 2, size=200)
newton, learnt = np.full(200, 0.3), np.full(200, 0.3)
far = {"Newton": [], "supervised descent": []}
for _ in range(9):
    for name, x in zip(far, (newton, learnt), strict=True):
        far[name].append(np.abs(x - goal).mean())
    newton += (h(goal) - h(newton)) / (3 * newton**2)
    d = h(goal) - h(learnt)
    learnt += (d @ (goal - learnt)) / (d @ d) * d
plots.show(plots.curves(range(9), far, "step", "mean distance from the solution"))
# ALT Newton's curve jumps up at the first step and needs several more to come down; that of supervised
# ALT descent falls from the first step on.

# %% [markdown]
# Where $h$ is flat, Newton overshoots; near the solution it is faster. The learnt step cannot increase the
# sum of the squared distances on its training examples: it was fitted to minimise just that.
#
# On faces, $\phi$ are histograms of gradient directions in $3 \times 3$ cells round each landmark, rotated
# and scaled with the shape: [SIFT](https://doi.org/10.1023/B:VISI.0000029664.99615.94) in the paper, close to
# it here ([notebook 04](04_dlib_68_points.ipynb) draws such histograms).


# %%
def hog(I, S, side=9.0):
    """Gradient histograms: 68 landmarks x 9 cells x 8 directions, (N, 4896)."""
    maps = gradient_maps(I, 8, side)
    return histograms(maps, np.arange(len(I)), np.float32(S), np.float32(frames(S)), 3, side)


# %%
pair = unseen[np.array(two)]
plots.show(plots.cells(pair.images, pair.points, frames(pair.points), side=9.0))
# ALT Two faces, a square of nine cells round each of five landmarks, rotated and scaled as the head is.

# %% [markdown]
# One stage of SDM is one linear fit:

# %%
phi = hog(I[:N], S_start[:N])
stage = Ridge(alpha=100).fit(phi, (truth[:N] - S_start[:N]).reshape(N, -1))
print(f"features {phi.shape}, R_1 {stage.coef_.shape}, b_1 {stage.intercept_.shape}")


# %%
S0 = np.tile(S_bar, (len(I_test), 1, 1))
S1 = S0 + stage.predict(hog(I_test, S0)).reshape(S0.shape)
four = np.argsort(metrics.nme(S0, unseen.points, norm="box"))[-40::10]
before, after = (metrics.nme(S, unseen.points, norm="box") for S in (S0, S1))
titles = [f"{before[i]:.1%} to {after[i]:.1%}" for i in four]
plots.show(plots.faces_grid([unseen.images[i] for i in four], S1[four], S0[four], titles=titles, columns=4))
# ALT Four faces on which the mean shape, white crosses, is far off. White lines lead from each cross to a
# ALT coloured dot, the shape after one linear step, which is much nearer to the face.


# %%
def sdm(S, dS):
    fit = Ridge(alpha=100).fit(hog(I[: len(S)], S), dS.reshape(len(S), -1))
    return lambda I, S: fit.predict(hog(I, S)).reshape(S.shape)


# %%
walks["SDM"] = cascade(sdm, 3, starts=1)
print(*(f"S^{t}: {e:.1%}" for t, e in enumerate(nme(walks["SDM"]))), sep=",  ")

# %% [markdown]
# Compared with ESR: three linear maps in place of many ferns, and features that were designed, not learnt:
# good with few faces. The price is their cost, and that one linear map must serve all faces: over a wide
# range of head poses no single descent direction does.
#
# ## LBF: learnt features, one global regression
#
# **Local binary features** ([Ren and others, 2014](https://doi.org/10.1109/CVPR.2014.218)) keep SDM's linear
# map and learn $\phi_t$: for each landmark *alone*, a small forest regresses that landmark's own $\Delta S_l$
# from pixel differences *near* it (the radius shrinks with $t$). Its predictions are then discarded. What is
# kept is *which leaf* a face reached, as a 1 among zeros. One **global** ridge regression maps the bits of
# all trees to the whole shape.


# %%
def near_landmarks(I, S, offset):
    """Differences of pairs of pixels at offsets (68, Q, 2, 2) from each landmark: (68, N, Q)."""
    A = frames(S).mT
    u, v = ([read(I, S[:, l, None] + offset[l, :, end] @ A) for l in range(68)] for end in (0, 1))
    return np.float32(u) - np.float32(v)


# %%
def grow_forests(S, dS, radius, trees=2):
    """A function of (I, S) that gives the leaf each face reaches in each tree, (N, 68 trees)."""
    offset = rng.normal(0, radius, size=(68, 40, 2, 2))
    D, forest = near_landmarks(I[: len(S)], S, offset), []
    for l in np.repeat(range(68), trees):
        tree = DecisionTreeRegressor(max_depth=4, splitter="random", random_state=len(forest))
        forest.append((l, tree.fit(D[l], dS[:, l])))

    def leaves(I, S):
        D = near_landmarks(I, S, offset)
        return np.stack([tree.apply(D[l]) for l, tree in forest], axis=1)

    return leaves


# %%
def lbf(radii):
    radii, stages = iter(radii), []

    def learn(S, dS):
        leaves = grow_forests(S, dS, next(radii))
        bits = OneHotEncoder(handle_unknown="ignore")
        phi = bits.fit_transform(leaves(I[: len(S)], S))
        W = Ridge(alpha=200).fit(phi, dS.reshape(len(S), -1))
        stages.append((leaves, bits, W))
        return lambda I, S: W.predict(bits.transform(leaves(I, S))).reshape(S.shape)

    return learn, stages


# %%
learn, stages = lbf(radii=(16, 10, 7))
walks["LBF"] = cascade(learn, 3, starts=2)
print(*(f"S^{t}: {e:.1%}" for t, e in enumerate(nme(walks["LBF"]))), sep=",  ")

# %% [markdown]
# The bits of the two trees of one eye corner, on 14 test faces, and why the method is fast: a product with
# such a matrix is a **sum of columns** of $W$, one for each tree, with no multiplication.

# %%
leaves, bits, W = stages[0]
phi = bits.transform(leaves(I_test, S0))
first = sum(len(leaf) for leaf in bits.categories_[: 2 * 36])
width = [len(leaf) for leaf in bits.categories_[72:74]]
plots.show(plots.bits(phi[:14, first : first + sum(width)].toarray(), edges=[width[0]]))
print(f"{phi.shape[1]:,} features, {phi[0].sum():.0f} of them 1")
columns = W.coef_[:, phi[0].indices].sum(axis=1) + W.intercept_
print("sum of columns equals the product:", np.allclose(columns, W.predict(phi[:1])[0]))
# ALT A white table of 14 rows with two black cells in each: the leaf of the first and of the second tree that
# ALT each face reached.

# %% [markdown]
# The paper reports 3,000 faces a second for a small model and 300 for its accurate one, in C++ and without
# the detector: always ask what such a figure includes.
#
# ## ERT: boosted trees
#
# dlib's **ensemble of regression trees** ([Kazemi and Sullivan, 2014](https://doi.org/10.1109/CVPR.2014.241))
# is ESR with two changes. A **tree** asks its next question depending on the last answer, where a fern asks
# all faces the same. And each of the $K$ trees $g_k$ is added with a factor $\nu < 1$, the shrinkage of
# *gradient boosting* ([Friedman, 2001](https://doi.org/10.1214/aos/1013203451)), in place of $\beta$:
#
# $$r_t = \nu \sum_{k=1}^{K} g_k, \qquad g_k \text{ trained on } \Delta S - \nu \sum_{j < k} g_j$$
#
# Pairs of pixels are not chosen by correlation but drawn at random, near ones more often ($e^{-\lVert u - v
# \rVert / \lambda}$), and the tree takes the best of some. ([Notebook 04](04_dlib_68_points.ipynb) opens
# dlib's implementation, its parameters and its model.)


# %%
def ert(S, dS, K=40, nu=0.2, P=100):
    u, anchor, offset = draw_places(P)
    near = np.exp(-np.linalg.norm(u[:, None] - u, axis=2) / 10) * (1 - np.eye(P))
    rho, left, trees = read(I, places_at(S, frames(S), anchor, offset)), dS.reshape(len(S), -1).copy(), []
    for k in range(K):
        p, q = np.divmod(rng.choice(P * P, size=80, p=(near / near.sum()).ravel()), P)
        tree = DecisionTreeRegressor(max_depth=4, splitter="random", random_state=k)
        left -= nu * tree.fit(rho[:, p] - rho[:, q], left).predict(rho[:, p] - rho[:, q])
        trees.append((p, q, tree))

    def r(I, S):
        rho = read(I, places_at(S, frames(S), anchor, offset))
        return nu * sum(tree.predict(rho[:, p] - rho[:, q]) for p, q, tree in trees).reshape(S.shape)

    return r


# %%
walks["ERT"] = cascade(ert, 5)
print(*(f"S^{t}: {e:.1%}" for t, e in enumerate(nme(walks["ERT"]))), sep=",  ")

# %% [markdown]
# ## Stage by stage
#
# All that you have trained above, on the same test faces:

# %%
share = np.linspace(0, 1, 81)
curves = {name: np.interp(share, np.linspace(0, 1, len(w)), 100 * nme(w)) for name, w in walks.items()}
plots.show(plots.curves(share, curves, "share of the stages", "NME on the test set, %"))
# ALT Six falling curves of the test error over the share of the stages: the five cascades, and ESR with
# ALT random pairs.

# %% [markdown]
# The first stage of SDM does most of its work; ferns and trees take many small steps. Choose a fully trained
# cascade and a face, and drag the stage slider (it needs a running kernel):

# %% tags=["nbval-ignore-output"]
CASCADES = {name.upper(): methods.load(name) for name in ("sdm", "lbf", "esr", "ert", "cpr")}
turned = sources.load("synthetic", n=4, seed=12, yaw=(0.2, 0.5), occlusion=False, progress=False)
widgets.walks(CASCADES, turned)

# %% [markdown]
# ## How far, and from how many faces
#
# The fully trained cascades on 150 other faces ($d$: inter-ocular). **Predict first:** whose error grows
# fastest when the box is wrong? What happens to the gap between training error (dotted) and test error with
# more faces?

# %% tags=["hide-output"]
found = json.loads((paths.RESULTS / "convergence.json").read_text(encoding="utf-8"))
by_stage = {name.upper(): one["nme"] for name, one in found["stage"].items()}
by_start = found["away"], {name.upper(): errors for name, errors in found["start"].items()}
by_count = found["counts"], {name.upper(): (c["learnt"], c["unseen"]) for name, c in found["count"].items()}
plots.show(plots.convergence(by_stage, by_start, by_count))
# ALT Three panels of error curves, one colour a method: by the share of its stages, by how far the box was
# ALT moved, and by the number of training faces, where dotted curves are the training errors.

# %% [markdown]
# - **By stage**: after a fifth of its stages SDM is nearest.
# - **By start**: all tolerate displacements such as they were trained on, and no more. LBF's error grows
#   fastest: its pixels are the most local, and far from the face they see nothing of it.
# - **By training faces** (small models, trained for this plot): the gap is *overfitting*, and closes with
#   more faces. Where the two curves meet, only a larger model helps.
#
# ## The published numbers
#
# On 300-W, NME in percent with $d$ = **inter-pupil** distance (between the means of the six points of either
# eye), as the papers of these years give it, and as later papers table it ([CFSS,
# 2015](https://doi.org/10.1109/CVPR.2015.7299134)). Outer eye corners are further apart: with $d$ =
# inter-ocular the same errors are about 0.71 times as large. Do not compare a number of one kind with one of
# the other.
#
# | method | common (554) | challenging (135) | full (689) | full, about, inter-ocular |
# |---|---:|---:|---:|---:|
# | CPR (here RCPR) | 6.18 | 17.26 | 8.35 | 6.0 |
# | ESR | 5.28 | 17.00 | 7.58 | 5.4 |
# | SDM | 5.57 | 15.40 | 7.50 | 5.4 |
# | LBF fast | 5.38 | 15.50 | 7.37 | 5.3 |
# | ERT | | | 6.40 | 4.6 |
# | LBF | 4.95 | 11.98 | 6.32 | 4.5 |
#
# (The LBF paper itself has 7.52 for SDM: reimplementations differ.) Does the order hold elsewhere? This
# course's own versions, trained on synthetic faces, on people of YouTube Faces in dlib's boxes, with $d$ =
# inter-ocular: compare the order, not the size.

# %%
bench = json.loads((paths.RESULTS / "bench.json").read_text(encoding="utf-8"))
for name in ("cpr", "esr", "sdm", "ert", "lbf"):
    result = bench["accuracy"]["yt68/val"]["methods"][name]["detector"]
    print(f"{name:4} {result['nme']:5.1%}, 95 % interval {result['low']:.1%} to {result['high']:.1%}")

# %% [markdown]
# CPR is last in both. SDM does better here than in the table; a likely reason is that its features need no
# training, and our faces are few.
#
# ## For discussion
#
# 1. Why several stages, and not one large regressor?
# 2. When does SDM's single descent direction fail, and what could be done?
# 3. You have 200 annotated faces, or 20,000. Which cascade for which?
#
# <details><summary>Answers</summary>
#
# **1.** Features sampled off the face say little about details. A later stage sees them from nearby, and is
# trained on exactly the errors that are left.
#
# **2.** Where images that look alike to $\phi$ need opposite steps, as with heads turned far to either side:
# one map for each kind of pose (the authors' *global* SDM, 2015), or trees, which split.
#
# **3.** SDM for 200: designed features, one regularised map. LBF or ERT for 20,000: learnt features, fast.
#
# </details>
#
# ## Key points
#
# - $S^t = S^{t-1} + r_t(\phi_t(I, S^{t-1}))$: each stage corrects the errors of those before it.
# - Features must be indexed by the pose or, better, by the shape.
# - CPR: single random ferns. ESR: boosted ferns on chosen pixels. SDM: a learnt Newton step. LBF: learnt
#   binary features, one global linear map. ERT: boosted trees.
# - An error without its normaliser says little: 300-W's old tables are inter-pupil.
#
# **Common mistakes:** training every stage from $\bar S$ alone, so that it never meets the errors of use;
# offsets rotated the wrong way; inter-pupil and inter-ocular errors in one table.
#
# ## Go further
#
# - X. Cao, Y. Wei, F. Wen, J. Sun, [*Face alignment by explicit shape
#   regression*](https://doi.org/10.1007/s11263-013-0667-3), IJCV 2014: why the result stays a face.
# - X. Xiong, F. De la Torre, [*Supervised descent method and its applications to face
#   alignment*](https://doi.org/10.1109/CVPR.2013.75), CVPR 2013: the derivation from Newton's method.
# - X. Jin, X. Tan, [*Face alignment in-the-wild: a survey*](https://doi.org/10.1016/j.cviu.2017.08.008), CVIU
#   2017: where cascades stand in the field.
# - Next: [04, dlib's 68 points](04_dlib_68_points.ipynb).
