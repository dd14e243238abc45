# %% [markdown]
# # The comparison
#
# **After this notebook you can**
#
# - put any number of methods on one leaderboard: same faces, same box, same error, intervals everywhere;
# - say which differences are real when dozens are tested at once (paired bootstrap, Holm);
# - say what each method learnt from, and what that makes of its rank;
# - test how robust a method is: to a moved box, blur, an occluded face, a turned head;
# - subtract an annotation bias, and place a figure among the published ones.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute. The exercises take about
# 30 minutes, the questions 10. **Needs:** [notebook 01](01_measuring_error.ipynb). Answers are in the
# SOLUTIONS_LINK.

# %%
import json
import textwrap

import numpy as np
from scipy import stats

from facelm_helpers import augment, landmarks, methods, metrics, paths, plots, protocol, sources
from facelm_helpers.boxes import jitter_boxes
from facelm_helpers.checks import the_comparison as check
from facelm_helpers.geometry import yaw
from facelm_helpers.sources.synthetic import POSES

plots.setup()
NORM, FAILURE = "box", 0.07  # heads turn here, so the box is the normaliser (notebook 01)

# %% [markdown]
# ## The methods, and what each learnt from
#
# Every method in `facelm_helpers/methods` that has weights takes part; put your own there, and it appears in
# every table below. What the files say of their training:

# %%
aligners, learnt = {}, {}
for name in methods.names():
    try:
        aligners[name] = methods.load(name)
        what = aligners[name].provenance.get("trained_on", "not said")
    except FileNotFoundError:
        what = "left out, no weights ship"
    learnt.setdefault(what, []).append(name)
for what, names in learnt.items():
    print(textwrap.fill(f"{', '.join(names)}: {what}", 100, subsequent_indent="    "))

# %% [markdown]
# A comparison of methods is always one of training sets, too. Mind dlib's parts here:
#
# - its 68-point model *competes*; it learnt from 300-W, so that on LFPW, HELEN, AFW and IBUG its error is a
#   *training* error; and it never saw a synthetic face, while all others saw such faces, and many of them
#   nothing else;
# - its *detector* sets the boxes, here in imitation and on the real faces in person;
# - its *answers* are often taken as labels, and who learns from them learns to agree with it. None of these
#   methods did: most networks had the sets' own annotations, averaged with the answers of a larger network,
#   or that network's alone ([model card](../data/weights/MODEL_CARD.md)).

# %% [markdown]
# ## The faces and the box
#
# The synthetic faces come from a seed that no training used, one face a person. Methods trained on faces of
# the same generator are at home here, which favours them over dlib; real faces follow further down.
#
# All get the *same* box (notebook 04 shows how much it matters): placed as dlib's detector places its boxes,
# a tenth of a side higher than the tight box and a little larger, then moved and scaled at random by up to
# 5 %. The detector itself would miss the profiles. Those are outside what dlib was made for, so its place in
# the first table says little about frontal faces.


# %%
def like_a_detector(boxes, lift=0.10, larger=1.04):
    """Square boxes where dlib's detector would have placed them, from tight ones."""
    low, high = boxes[:, :2], boxes[:, 2:]
    side = (high - low).max(axis=1, keepdims=True)
    centre = (low + high) / 2 - side * [0, lift]
    return np.hstack([centre - larger * side / 2, centre + larger * side / 2]).astype(np.float32)


# %%
FACES = sources.load("synthetic", n=150, seed=990_011)
FACES = FACES[np.sort(np.unique(FACES.persons, return_index=True)[1])]  # one face a person
boxes = jitter_boxes(like_a_detector(FACES.boxes), seed=0, amount=0.05)
turned = np.abs(yaw(FACES.points))  # 0 is frontal, 1 profile
print(f"{len(FACES)} faces, {np.mean(turned >= POSES['profile'][0]):.0%} of them near profile")
plots.show(plots.faces_grid(FACES.images[:8], truth=FACES.points[:8], boxes=boxes[:8], columns=4))
# ALT Eight synthetic faces in different poses and light, each with white crosses at its 68 true points and
# ALT the white box that every method is given; the box extends above the points.

# %% [markdown]
# ## The leaderboard
#
# `E` holds the errors, one row a method, the best mean first. Its columns are *faces*, the same for all: that
# will matter.

# %%
predicted = {name: aligner.predict(FACES.images, boxes) for name, aligner in aligners.items()}
errors = {name: metrics.nme(x, FACES.points, NORM) for name, x in predicted.items()}
table = metrics.leaderboard(errors, FAILURE)
ranked = [row["method"] for row in table]
E = np.stack([errors[name] for name in ranked])


# %% [markdown]
# Print as many digits as the interval carries: where it reaches 0.1 to either side, hundredths are noise.


# %%
def told(value, low, high):
    """A value with its 95 % interval, to the place of the first digit of the interval's half width."""
    digits = int(np.clip(np.ceil(-np.log10(max(high - low, 1e-3) / 2)), 0, 3))
    value, low, high = (f"{round(v, digits) + 0.0:.{digits}f}" for v in (value, low, high))  # no -0.0
    return f"{value} [{low}, {high}]"


# %% [markdown]
# A *failure* is an error over a threshold, which is nothing without its normaliser: 7 % is usual *with the
# box*, 8 % with the inter-ocular distance on 300-W, 10 % with the inter-ocular distance on WFLW. The interval
# of its share is Wilson's, made for shares: where nobody failed, the bootstrap would claim [0, 0].


# %%
def share(count, n):
    """A share of n faces, in percent, with its interval."""
    low, high = stats.binomtest(int(count), n).proportion_ci(method="wilson")
    return told(100 * count / n, 100 * low, 100 * high)


# %%
print(f"{'% of the box':14}  {'NME':18}  {'median':18}  {'AUC to 7%':20}  over 7%")
for row, e in zip(table, E, strict=True):
    nme = told(*(100 * row[key] for key in ("nme", "low", "high")))
    median = told(100 * row["median"], *(100 * end for end in metrics.bootstrap(e, np.median)))
    area = told(metrics.auc(e, FAILURE), *metrics.bootstrap(e, lambda e: metrics.auc(e, FAILURE)))
    failed = share(np.sum(e > FAILURE), len(e))
    print(f"{row['method']:14}  {nme:18}  {median:18}  {area:20}  {failed}")
plots.show(plots.leaderboard(table))
# ALT A bar for each method, best on top: its NME, with its interval.

# %% [markdown]
# ## One difference: compare in pairs
#
# Whiskers that overlap do not yet mean a tie: what is hard for one method is mostly hard for the other. So
# draw *faces* with replacement, the same for both, and look at the difference of the means; many such draws
# are the **paired bootstrap**.
#
# ### Exercise 1 ★
#
# `a` and `b` are the errors of two methods on the same $N$ faces, `rng` is a NumPy generator. Return as an
# array, for each of `draws` draws of $N$ faces with replacement, mean(b) less mean(a).


# %% tags=["exercise"]
def gaps(a, b, rng, draws=10_000):
    """Differences of the means, mean(b) - mean(a), over draws of the faces."""
    # SOLUTION
    picks = rng.integers(len(a), size=(draws, len(a)))
    return b[picks].mean(axis=1) - a[picks].mean(axis=1)
    # END SOLUTION
    # STUB return ...


# %%
check.gaps(gaps)

# %% [markdown]
# The two best of the table, with your function (the course's own until the check says Right). How much wider
# would the draws spread if each method had faces of its own? And since a mean says nothing about single
# faces: on which share of them does the first beat the second?

# %%
gaps = check.ready(gaps)
drawn = 100 * gaps(E[0], E[1], np.random.default_rng(0))
print(f"{ranked[1]} less {ranked[0]}: {told(drawn.mean(), *np.quantile(drawn, [0.025, 0.975]))} % of the box")
apart = np.hypot(*(e.std() for e in E[:2])) / np.sqrt(len(FACES))
print(f"standard deviation of the draws {drawn.std():.2f}, unpaired {100 * apart:.2f}")
print(f"{ranked[0]} is better on {np.mean(E[0] < E[1]):.0%} of the faces")

# %% [markdown]
# ## Dozens of differences: Holm
#
# A **p-value** says how often chance alone would produce a difference at least as large. From the draws:
# twice the share that lies on the other side of zero. The order of a leaderboard came from the data, so not
# only neighbours are tested but *all pairs*. From $n$ draws no p-value is below $2 / (n + 1)$, so the number
# of draws has to grow with that of pairs:


# %%
def p_value(drawn):
    """Two-sided, from bootstrap draws of a difference; never 0, for the draws are finite."""
    beyond = min(np.sum(drawn <= 0), np.sum(drawn >= 0))
    return min(1.0, 2 * (1 + beyond) / (1 + len(drawn)))


first, second = np.triu_indices(len(ranked), 1)
draws = max(10_000, 100 * len(first))
p = np.array([
    p_value(gaps(E[i], E[j], np.random.default_rng(0), draws)) for i, j in zip(first, second, strict=True)
])  # fmt: skip
print(f"{len(p)} pairs")

# %% [markdown]
# With a limit of $\alpha = 0.05$ for *each* test, one true tie in twenty becomes a "difference". **Holm's
# procedure** ([Holm, 1979](https://doi.org/10.2307/4615733)) keeps the chance of *one or more* false claims
# among all $m$ at $\alpha$: sort the p-values, the smallest first. Compare the first with $\alpha / m$, the
# next with $\alpha / (m - 1)$, and so on, with $\alpha / (m - k)$ after $k$ rejections. Stop at the first
# above its limit: it and all later ones stay undecided.
#
# ### Exercise 2 ★★
#
# Return an array of $m$ booleans, in the order of `p`: True where the procedure rejects "no difference".


# %% tags=["exercise"]
def holm(p, alpha=0.05):
    """Which of many hypotheses are rejected; the chance of any false rejection is at most alpha."""
    # SOLUTION
    order, rejected = np.argsort(p), np.zeros(len(p), dtype=bool)
    for k, i in enumerate(order):
        if p[i] > alpha / (len(p) - k):
            break
        rejected[i] = True
    return rejected
    # END SOLUTION
    # STUB return ...


# %%
check.holm(holm)

# %% [markdown]
# Two hundred leaderboards of as many methods, all *equally good*. **Predict first:** on how many does at
# least one "difference" appear if each test has its own 5 %?

# %% tags=["hide-output"]
holm, rng, false = check.ready(holm), np.random.default_rng(0), {"each at 5 %": 0, "Holm": 0}
for _ in range(200):
    fake = rng.normal(size=E.shape)
    alone = stats.ttest_rel(fake[first], fake[second], axis=1).pvalue
    false["each at 5 %"] += np.any(alone <= 0.05)
    false["Holm"] += np.any(holm(alone))
print({name: f"{count / 200:.0%} of the leaderboards" for name, count in false.items()})

# %% [markdown]
# Now the real one. Behind each method, those that these faces cannot tell from it:

# %%
real = holm(p)
print(f"{np.sum(real)} of {len(p)} differences are real, all claims together at 5 %")
for k, name in enumerate(ranked):
    ties = [ranked[j] for i, j, r in zip(first, second, real, strict=True) if i == k and not r]
    print(f"{k + 1:2} {name:14} {'not distinguishable from ' + ', '.join(ties) if ties else ''}")

# %% [markdown]
# ## The whole distribution
#
# Does a method fail slightly on all faces, or completely on some? The cumulative error distributions of the
# best six, and of dlib:

# %%
shown = ranked[:6] + [name for name in ranked[6:] if name == "dlib"]
figure = plots.ced({name: errors[name] for name in shown}, FAILURE)
figure.axes[0].set(xlabel="error per face, % of the box")
plots.show(figure)
# ALT Rising curves, one for each method shown: the share of faces against the error. The further up and left
# ALT a curve, the better the method; a dotted line at 7 percent shows the failure threshold.

# %% [markdown]
# ## Where on the face?
#
# NME by region, with the reach of its 95 % interval to either side. Jaw and brows lack sharp corners, so that
# neither people nor methods agree there. The nose protrudes, so it moves furthest when a head turns: a method
# that loses turned faces shows it there. Read along a row: where is this method weakest?


# %%
def regions(x):
    """The errors of all faces, region by region."""
    return {part: metrics.nme(x, FACES.points, NORM, points=part) for part in landmarks.REGIONS}


by_region = {name: regions(predicted[name]) for name in ranked}
plots.show(plots.error_map(by_region, "NME, % of the box"))
# ALT A table of methods and the regions jaw, brows, nose, eyes and mouth, each cell the darker the larger its
# ALT error.

# %% [markdown]
# ## In which pose?
#
# `yaw` estimates from the points how far a head is turned, 0 for frontal and 1 for profile. In three groups
# (below 0.2, below 0.5, the rest), the methods in the order of their means, then the map. Where do you find
# dlib in each?

# %%
groups = {pose: (turned >= low) & ((turned < high) | (high == 1)) for pose, (low, high) in POSES.items()}
by_pose = {name: {pose: errors[name][who] for pose, who in groups.items()} for name in ranked}
print({pose: int(who.sum()) for pose, who in groups.items()}, "faces")
for pose in groups:
    print(f"{pose:8}", ", ".join(sorted(by_pose, key=lambda name: by_pose[name][pose].mean())))
plots.show(plots.error_map(by_pose, "NME, % of the box"))
# ALT A table of methods and the poses frontal, half and profile, each cell the darker the larger its error.

# %% [markdown]
# ## How robust is a method?
#
# The same 30 faces, with one thing changed at a time: given in a tight box; the box moved and scaled by up
# to 10 %; the picture out of focus; a quarter of the box occluded; the face turned in the picture by 15, 30
# and 45 degrees while the box stays upright. A method that met no such pictures in *training* can hardly be
# expected to cope with them. **Predict first:** which change hurts most, and which method least?

# %%
N = 30
few, few_boxes, rng = FACES[:N], boxes[:N], np.random.default_rng(0)


def occluded(i):
    """A plain rectangle over a quarter of the box."""
    side = few_boxes[i, 2:] - few_boxes[i, :2]
    start = few_boxes[i, :2] + rng.uniform(0, 0.5, 2) * side
    return augment.occlude(few.images[i], np.concatenate([start, start + side / 2]), rng.integers(0, 256, 3))


def rotated(degrees):
    """All faces turned, every other one the other way: images, points."""
    ways = degrees * np.where(np.arange(N) % 2, -1, 1)
    return zip(*(protocol.turn(*few[i][:2], few_boxes[i], ways[i]) for i in range(N)), strict=True)


# %%
tight, moved = jitter_boxes(few.boxes, seed=0, amount=0.05), jitter_boxes(few_boxes, seed=1, amount=0.10)
hard = {
    "as they are": (few.images, few.points, few_boxes),
    "tight box": (few.images, few.points, tight),
    "box moved": (few.images, few.points, moved),
    "blurred": ([augment.blur(image, 2.5) for image in few.images], few.points, few_boxes),
    "occluded": ([occluded(i) for i in range(N)], few.points, few_boxes),
}
for degrees in (15, 30, 45):
    images, points = rotated(degrees)
    hard[f"turned {degrees}°"] = (images, np.array(points), few_boxes)

pictures, truths, its_boxes = ([one[6] for one in part] for part in zip(*hard.values(), strict=True))
plots.show(plots.faces_grid(pictures, truth=truths, boxes=its_boxes, titles=list(hard), columns=4))
# ALT One synthetic face eight times: as it is, in a tight and in a moved box, out of focus, partly
# ALT occluded by a plain rectangle, and turned by 15, 30 and 45 degrees with its white crosses turning along.

# %%
d = metrics.normaliser(few.points, NORM)  # of the upright face, so that turning alone does not change it
stress = {name: {} for name in shown}
for name in shown:
    for change, (images, truth, given) in hard.items():
        x = aligners[name].predict(images, given)
        stress[name][change] = metrics.nme(x, truth, NORM) * metrics.normaliser(truth, NORM) / d

# %% tags=["hide-output"]
for change in list(hard)[1:]:
    growth = {name: row[change].mean() / row["as they are"].mean() for name, row in stress.items()}
    steady = min(growth, key=growth.get)
    print(f"{change:12} grows least for {steady}, times {growth[steady]:.2f}")
plots.show(plots.error_map(stress, "NME, % of the (upright) box"))
# ALT A table of methods and changes: as they are, tight box, box moved, blurred, occluded, turned by 15, 30
# ALT and 45 degrees. Cells are the darker the larger the error; towards the right most rows grow darker.

# %% [markdown]
# The error that grows least need not be the smallest: robust is not accurate.
#
# ## A gallery of the worst
#
# The worst face of each of the best six methods. What do they have in common?

# %%
rows = [int(np.argmax(errors[name])) for name in ranked[:6]]
titles = [f"{name} {errors[name][i]:.0%}" for name, i in zip(ranked, rows, strict=False)]
x = [predicted[name][i] for name, i in zip(ranked, rows, strict=False)]
plots.show(plots.faces_grid(FACES.images[rows], x, truth=FACES.points[rows], titles=titles, columns=3))
# ALT For each of six methods the face on which it errs most, its dots joined to the white crosses of the
# ALT truth.

# %% [markdown]
# ## Real faces
#
# No photographs of these people ship with the course, but the figures do: `python course.py bench` measured
# them in the boxes of dlib's own detector, **over the inter-ocular distance** (so they do not compare with
# those above, and failures are errors over 8 % of it). Faces that the detector misses are left out for all.
#
# - **Whose annotations?** Those of `yt68` were made by a *machine*, whose conventions are not dlib's. Those
#   of LFPW and HELEN are 300-W's: semi-automatic, corrected by hand.
# - **Which faces had a method seen?** The last column. "None of them" means these frames or photographs; that
#   nobody on them appears in any training set is more than we know. The face model behind the synthetic faces
#   learnt from the same sources; where even from these very photographs, the column says so.
# - **Validation or test?** Between trials of SENet these very sets decided. For it they are *validation*
#   sets, and its figures a little too good.
# - **Plain or corrected?** *Corrected* is bias-corrected: each method's **annotation bias**, its typical
#   offset of every landmark, measured on other faces, is subtracted, so that the ranking does not depend on
#   a convention. It forgives any constant offset, even that of a box: see `mean_shape`.

# %%
bench = json.loads((paths.RESULTS / "bench.json").read_text(encoding="utf-8"))
real = {title: one for title, one in bench["accuracy"].items() if title != "synthetic"}
measured = {
    title: {name: row for name, row in one["methods"].items() if "detector" in row}
    for title, one in real.items()
}


def interval(figures):
    """An error of the bench, in percent, with its interval."""
    return told(*(100 * figures[part] for part in ("nme", "low", "high")))


# %%
for title, rows in measured.items():
    one, n = real[title], real[title]["faces"] - real[title]["missed"]
    print(f"\n{title}: {one['about']}; {n} faces, {one['missed']} more missed; % of inter-ocular\n")
    print(f"{'':14} {'NME':16}  {'corrected':16}  {'over 8%':20}  had seen")
    for name, r in sorted(rows.items(), key=lambda row: row[1]["detector"]["corrected"]["nme"]):
        here = r["detector"]
        plain, fair = interval(here), interval(here["corrected"])
        print(f"{name:14} {plain:16}  {fair:16}  {share(round(n * here['failure_rate']), n):20}  {r['seen']}")

# %% [markdown]
# What do these data support? For each method and set: the corrected error divided by dlib's on the same
# faces. The bench stores the interval of this ratio (persons are drawn, not faces: the errors on one
# person's faces are alike), not the draws. On a logarithmic scale such draws are roughly normal, so the
# interval, 3.92 standard errors wide, gives back a p-value; your `holm` judges all of them together. But
# dlib had seen the photographs of LFPW and HELEN: being behind a *training* error says little.

# %%
claims = [
    (title, name, row["detector"]["corrected"])
    for title, rows in measured.items()
    for name, row in sorted(rows.items(), key=lambda row: row[1]["detector"]["corrected"]["ratio"])
    if name != "dlib"
]
log = np.log([[c[key] for key in ("ratio", "ratio_low", "ratio_high")] for *_, c in claims])
z = log[:, 0] / ((log[:, 2] - log[:, 1]) / 3.92)
settled = holm(2 * stats.norm.sf(np.abs(z)))

# %%
print(f"{'set':18}  {'method':14}  ratio  {'interval':16}  verdict")
for (title, name, c), sure in zip(claims, settled, strict=True):
    words = ("ahead of" if c["ratio"] < 1 else "behind") if sure else "not distinguishable from"
    ends = [c[key] for key in ("ratio_low", "ratio_high")]
    digits = 3 if min(abs(end - 1) for end in ends) < 0.01 else 2  # where it matters on which side of 1
    low, high = (f"{end:.{digits}f}" for end in ends)
    print(f"{title:18}  {name:14}  {c['ratio']:5.2f}  {f'{low} to {high}':16}  {words} dlib")

# %% [markdown]
# ### Exercise 3 ★★★ (open)
#
# Remove an annotation bias yourself. `x` are predictions and `truth` the annotations of the faces that
# judge, `x_other` and `truth_other` those of other faces (all $(N, 68, 2)$). Return the errors $(N,)$ of
# `x` over the box (`metrics.nme(x, truth, "box")`; `metrics.normaliser(truth, "box")` gives the $d$ of each
# face), less what is constant. How you estimate that is up to you, but some of the other faces are
# *failures*. What must you not use?


# %% tags=["exercise"]
def corrected(x, truth, x_other, truth_other):
    """Errors over the box, less the annotation bias that other faces show."""
    # SOLUTION
    d, d_other = (metrics.normaliser(g, "box")[:, None, None] for g in (truth, truth_other))
    offset = np.median((x_other - truth_other) / d_other, axis=0)
    return metrics.nme(x - d * offset, truth, "box")
    # END SOLUTION
    # STUB return ...


# %%
check.corrected(corrected)

# %% [markdown]
# Your correction on the synthetic faces: estimated on the first half, judged on the second, with the interval
# of what it saves. Methods trained on faces of this kind should have little bias to lose:

# %%
corrected, half = check.ready(corrected), len(FACES) // 2
print(f"{'% of the box':14}  plain  corrected  saved")
for name in ranked:
    x, g = predicted[name], FACES.points
    plain, fair = errors[name][half:], corrected(x[half:], g[half:], x[:half], g[:half])
    saved = 100 * gaps(fair, plain, np.random.default_rng(0), 2000)
    saved, low, high = np.round([saved.mean(), *np.quantile(saved, [0.025, 0.975])], 1) + 0.0  # no -0.0
    means = f"{100 * plain.mean():5.1f}  {100 * fair.mean():9.1f}"
    print(f"{name:14}  {means}  {saved:.1f} [{low:.1f}, {high:.1f}]")

# %% [markdown]
# ## Where does that stand? Published figures
#
# All of these are over the inter-ocular distance on 300-W, as their authors or their code's pages give them:
# *common* is the test part of LFPW and HELEN (554 photographs), *challenging* is IBUG (135), *full* is both.
# Mostly the box came from the annotation, so that no face was missed, and training was on 300-W's own 3,148
# photographs.

# %%
published = {  # common, challenging, full
    "STAR (CVPR 2023)": (2.52, 4.32, 2.87),
    "AWing (ICCV 2019)": (2.72, 4.52, 3.07),
    "HRNet-W18 (2020)": (2.91, 5.11, 3.34),
    "PIPNet, ResNet-18 (2021)": (None, None, 3.36),
    "DAN (CVPRW 2017)": (3.19, 5.24, 3.59),
    "MobileFaceNet, 112 pixels, more data": (3.30, None, 3.76),
    "PFLD, 112 pixels, more data": (3.49, None, 3.97),
    "a small network with SE gates": (None, None, 4.28),
    "the same without": (None, None, 4.39),
}
print(f"{'300-W, % of inter-ocular':36}  common  challenging  full")
for name, values in published.items():
    common, challenging, full = (f"{v:.2f}" if v else "-" for v in values)
    print(f"{name:36}  {common:>6}  {challenging:>11}  {full}")

# %% [markdown]
# And ours on photographs of the same sources, with the same annotations and normaliser: the five best in the
# tight box, which is the one to compare, and dlib, which was made for its own detector's:

# %%
for title, rows in measured.items():
    if title.startswith(("lfpw", "helen")):
        print(f"\n{title:18}  {'tight box':16}  {'detector box':16}  had seen")
        best = sorted(rows, key=lambda name: rows[name]["tight"]["nme"])
        for name in best[:5] + [name for name in best[5:] if name == "dlib"]:
            r = rows[name]
            print(f"{name:18}  {interval(r['tight']):16}  {interval(r['detector']):16}  {r['seen']}")

# %% [markdown]
# The photographs are not the 554, so this gives the *neighbourhood* of a method, no rank. Some figures that
# must not stand in one column with those above, and why:

# %%
elsewhere = {
    "HRNet-W18, WFLW": (4.60, "inter-ocular"),
    "ERT, 300-W full": (6.40, "inter-pupil"),
    "3DDFA_V2, AFLW2000-3D": (3.51, "box"),
}
for name, (value, norm) in elsewhere.items():
    print(f"{name:24} {value:.2f} % of {norm}")
print(f"ERT, as inter-ocular: about 0.713 of it, {0.713 * elsewhere['ERT, 300-W full'][0]:.1f} %")

# %% [markdown]
# - **the set**: HRNet's error is larger on WFLW, with the same normaliser;
# - **the normaliser**: pupils are closer together than outer eye corners, and the box is larger than both;
# - **the box**: ours came from a detector, with its misses left out; theirs mostly from the truth;
# - **the training set**: 300W-LP holds the test photographs of 300-W ([notebook
#   05](05_preparing_data.ipynb)).

# %% [markdown]
# ## Error against time
#
# Milliseconds per face for the points, one face at a time, in one thread, as the bench measured them in the
# runtime that gave the errors above (a method of your own appears once you run the bench). Detection comes on
# top and is the same for all.

# %%
dots, timed = {}, bench["speed"]["one thread"]
for row in table:
    if row["method"] == "mean_shape":  # far off the scale
        continue
    name, runtime = row["method"], getattr(aligners[row["method"]], "runtime", None)
    key = f"{name}, {runtime}" if runtime else name
    if key in timed:
        dots[name] = timed[key]["ms"], row["nme"], row["low"], row["high"]
plots.show(plots.speed_and_error(dots))
# ALT A dot with a name and an interval for each method: time for one face on a logarithmic axis to the right,
# ALT NME upwards. The best trade-offs lie at the lower left.

# %% [markdown]
# ## Questions
#
# 1. A paper's new method is 0.05 points better than the last one on 689 photographs. What would you ask for?
# 2. Holm finds fewer differences than single tests. Are the others refuted?
# 3. Suppose that one of the methods had learnt from dlib's answers. On which of the tables above would that
#    show, and how?
#
# ## Common mistakes
#
# - comparing figures across normalisers, boxes or test sets; a failure rate without its normaliser;
# - reading a rank off whiskers instead of paired differences; testing dozens of pairs at 5 % each;
# - choosing by a test set, or estimating a bias on the faces that judge.
#
# ## Key points
#
# - A comparison needs the same faces, the same box and the same normaliser, and states which they were.
# - Compare methods **in pairs** on the same faces, and correct for the number of comparisons (**Holm**).
# - A mean hides regions, poses and failures. Look at the map, the curve, and the worst faces.
# - Ask what each method had **learnt from**: faces like the test faces, these very faces, another's answers.
# - Plain error mixes mistakes with annotation bias; look at the bias-corrected figure, too.
#
# ## Go further
#
# - C. Sagonas et al., [*300 Faces In-The-Wild Challenge: Database and
#   Results*](https://doi.org/10.1016/j.imavis.2016.01.002), Image and Vision Computing, 2016: how the field
#   compares.
# - S. Holm, [*A Simple Sequentially Rejective Multiple Test Procedure*](https://doi.org/10.2307/4615733),
#   Scandinavian Journal of Statistics, 1979; B. Efron, [*Bootstrap Methods: Another Look at the
#   Jackknife*](https://doi.org/10.1214/aos/1176344552), The Annals of Statistics, 1979.
# - J. Wang et al., [*Deep High-Resolution Representation Learning for Visual
#   Recognition*](https://doi.org/10.1109/TPAMI.2020.2983686), PAMI 2021 (HRNet); H. Jin et al.,
#   [*Pixel-in-Pixel Net*](https://doi.org/10.1007/s11263-021-01521-4), IJCV 2021; M. Kowalski et al., [*Deep
#   Alignment Network*](https://doi.org/10.1109/CVPRW.2017.254), CVPRW 2017; X. Wang et al., [*Adaptive
#   Wing Loss*](https://doi.org/10.1109/ICCV.2019.00707), ICCV 2019 (AWing); Z. Zhou et al., [*STAR
#   Loss*](https://doi.org/10.48550/arXiv.2306.02763), CVPR 2023; the rows from MobileFaceNet on: [a
#   page of small networks](https://github.com/cunjian/pytorch_face_landmark).
# - J. Buolamwini, T. Gebru, *Gender Shades*, FAT* 2018: a mean over all faces can hide whom a system fails.
# - `python course.py bench` measures it on your machine. Next: [12, freezing and
#   deploying](12_freezing_and_deploying.ipynb).
