# %% [markdown]
# # The comparison
#
# **After this notebook you can**
#
# - put any number of methods on one leaderboard: same faces, same box, same error;
# - say how certain a ranking is, and in which regions and poses the methods differ;
# - test how robust a method is: to a moved box, blur, an occluded face, a turned head;
# - read a table about real faces with its caveats: whose annotations, which faces were seen, which box;
# - weigh error against time.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute.
# **Needs:** [notebook 01](01_measuring_error.ipynb). Answers are in the SOLUTIONS_LINK.

# %%
import json
import time

import numpy as np

from facelm_helpers import augment, landmarks, methods, metrics, paths, plots, protocol, sources
from facelm_helpers.boxes import jitter_boxes
from facelm_helpers.checks import the_comparison as check
from facelm_helpers.geometry import yaw
from facelm_helpers.sources.synthetic import POSES

plots.setup()
NORM, FAILURE = "box", 0.08  # heads turn here, so the box is the normaliser (notebook 01)

# %% [markdown]
# ## The methods
#
# Every method in `facelm_helpers/methods` that has weights takes part. Put a file of your own there, and its
# weights beside the others, and it appears in every table below: no names are listed on this page.

# %%
aligners = {}
for name in methods.names():
    try:
        aligners[name] = methods.load(name)
        print(f"{name:14} {aligners[name].year}  {aligners[name].title}")
    except FileNotFoundError:
        print(f"{name:14} left out: no weights ship for it")

# %% [markdown]
# ## The faces and the box
#
# The faces come from a seed that no training used. Still, most methods here *were trained on faces of this
# kind*, drawn by the same model, while dlib's never saw one: on this page that favours them. Real faces
# follow further down.
#
# The box matters a great deal (notebook 04). All get the *same* one: placed as dlib's detector places its
# boxes, a tenth of a side higher than the tight box and a little larger, then moved and scaled at random by
# up to 5 %. We do not run the detector itself: it misses faces in profile. (About 30 % of these faces are
# near profile, outside what dlib was made for: its place in the table below says little about frontal faces.)


# %%
def like_a_detector(boxes, lift=0.10, larger=1.04):
    """Square boxes where dlib's detector would have placed them, from tight ones."""
    low, high = boxes[:, :2], boxes[:, 2:]
    side = (high - low).max(axis=1, keepdims=True)
    centre = (low + high) / 2 - side * [0, lift]
    return np.hstack([centre - larger * side / 2, centre + larger * side / 2]).astype(np.float32)


FACES = sources.load("synthetic", n=150, seed=990_011)
boxes = jitter_boxes(like_a_detector(FACES.boxes), seed=0, amount=0.05)
tight = jitter_boxes(FACES.boxes, seed=0, amount=0.05)

# %%
some = slice(0, 8)
plots.show(plots.faces_grid(FACES.images[some], truth=FACES.points[some], boxes=boxes[some], columns=4))
# ALT Eight synthetic faces in different poses and light, each with white crosses at its 68 true points and
# ALT the white box that every method is given; the box extends above the points.

# %% [markdown]
# ## The leaderboard
#
# One loop; everything below uses `predicted`. A *failure* here is an error over 8 % of the box; with the box
# as normaliser the field's usual threshold is 7 %.

# %%
predicted = {name: aligner.predict(FACES.images, boxes) for name, aligner in aligners.items()}
errors = {name: metrics.nme(p, FACES.points, NORM) for name, p in predicted.items()}
table = metrics.leaderboard(errors, FAILURE)
ranked = [row["method"] for row in table]

# %%
print(f"{'':14}  NME   95 % interval  median   AUC  failures")
for row in table:
    print(f"{row['method']:14} {row['nme']:5.1%} {row['low']:5.1%} to {row['high']:5.1%}", end="  ")
    print(f"{row['median']:6.1%}  {row['auc']:5.2f}  {row['failure_rate']:6.0%}")
plots.show(plots.leaderboard(table))
# ALT A bar for each method, best on top: its NME, with its interval.

# %% [markdown]
# ## How certain is the ranking?
#
# Whiskers that overlap do not yet mean a tie: all methods saw the *same* faces, so compare **in pairs**.
# Resample the faces with replacement, the same resample for both methods, and look at the difference of their
# means (paired bootstrap). Where its 95 % interval contains zero, the data do not settle the order. These are
# ten tests at 95 %: with so many comparisons, one of them may well be wrong.


# %%
def gap(a, b):
    """95 % interval of mean(b) - mean(a), the faces drawn in pairs."""
    return metrics.bootstrap(a, lambda a, b: np.mean(b - a), paired=b)


for ahead, behind in zip(ranked, ranked[1:], strict=False):
    low, high = gap(errors[ahead], errors[behind])
    words = "is ahead of" if low > 0 else "cannot be distinguished from"
    print(f"{ahead} {words} {behind}")

# %% [markdown]
# ### Exercise 1
#
# On which *share of the faces* does the leader of the table beat the second? `a` and `b` are their errors.

# %% tags=["exercise"]
a, b = errors[ranked[0]], errors[ranked[1]]
# SOLUTION
share = np.mean(a < b)
# END SOLUTION
# STUB share = ...

# %%
check.share_better(share, a, b)

# %% [markdown]
# ## The whole distribution
#
# Means hide how a method fails: slightly on all faces, or completely on some. The cumulative error
# distributions of the best six, with dlib for comparison:

# %%
shown = ranked[:6] + [name for name in ranked[6:] if name == "dlib"]
plots.show(plots.ced({name: errors[name] for name in shown}, FAILURE))
# ALT Rising curves, one for each method shown: the share of faces against the error. The further up and left
# ALT a curve, the better the method; a dotted line at 8 percent shows the failure threshold.

# %% [markdown]
# ## Where on the face?
#
# NME by region, in percent. Read along a row: where is this method weak? Jaw and brows lack sharp corners, so
# that neither people nor methods agree there; accurate methods err most on the jaw. One that fails on turned
# faces may err most at the nose (dlib here), which protrudes and so moves furthest.

# %%
by_region = {
    name: {
        region: metrics.nme(predicted[name], FACES.points, NORM, points=index).mean()
        for region, index in landmarks.REGIONS.items()
    }
    for name in ranked
}
plots.show(plots.error_map(by_region, "NME, % of the box"))
# ALT A table of methods and the regions jaw, brows, nose, eyes and mouth, each cell the darker the larger its
# ALT error.

# %% [markdown]
# ## In which pose?
#
# `yaw` estimates from the points how far a head is turned, 0 for frontal and 1 for profile. Three groups
# (below 0.2, below 0.5, the rest):

# %%
turned = np.abs(yaw(FACES.points))
groups = {
    pose: (turned >= low) & ((turned < high) | (high == 1))
    for pose, (low, high) in POSES.items()
    if pose != "all"
}
by_pose = {name: {pose: errors[name][who].mean() for pose, who in groups.items()} for name in ranked}
print({pose: int(who.sum()) for pose, who in groups.items()}, "faces")
plots.show(plots.error_map(by_pose, "NME, % of the box"))
# ALT A table of methods and the poses frontal, half and profile, each cell the darker the larger its error.

# %% [markdown]
# ## How robust is a method?
#
# The same 40 faces, with one thing changed at a time: given in a tight box; the box moved and scaled by up to
# 10 %; the picture out of focus; a quarter of the box occluded; the face turned in the picture by 15, 30 and
# 45 degrees while the box stays upright. Every method gets exactly the same pictures, but a method that met
# no such pictures in *training* can hardly be expected to cope with them: SENet's augmentation rotated the
# faces, that of the cascades did not.

# %%
few, few_boxes, rng = FACES[:40], boxes[:40], np.random.default_rng(0)
corners = rng.uniform(0, 0.5, (40, 2))  # of the occluder, in sides of the box
fills = rng.integers(0, 256, (40, 3))


def occluded(i):
    """A plain rectangle over a quarter of the box."""
    low, side = few_boxes[i, :2], few_boxes[i, 2:] - few_boxes[i, :2]
    start = low + corners[i] * side
    return augment.occlude(few.images[i], np.concatenate([start, start + side / 2]), fills[i])


def rotated(degrees):
    """All faces turned, every other one the other way: images, points."""
    ways = degrees * np.where(np.arange(40) % 2, -1, 1)
    return zip(*(protocol.turn(*few[i][:2], few_boxes[i], ways[i]) for i in range(40)), strict=True)


# %%
hard = {
    "as they are": (few.images, few.points, few_boxes),
    "tight box": (few.images, few.points, tight[:40]),
    "box moved": (few.images, few.points, jitter_boxes(few_boxes, seed=1, amount=0.10)),
    "blurred": ([augment.blur(image, 2.5) for image in few.images], few.points, few_boxes),
    "occluded": ([occluded(i) for i in range(40)], few.points, few_boxes),
}
for degrees in (15, 30, 45):
    images, points = rotated(degrees)
    hard[f"turned {degrees}°"] = (images, np.array(points), few_boxes)
plots.show(
    plots.faces_grid(
        [images[5] for images, _, _ in hard.values()], truth=[points[5] for _, points, _ in hard.values()],
        boxes=[boxes_[5] for _, _, boxes_ in hard.values()], titles=list(hard), columns=4,
    )
)  # fmt: skip
# ALT One synthetic face eight times: as it is, in a tight and in a moved box, out of focus, partly
# ALT occluded by a plain rectangle, and turned by 15, 30 and 45 degrees with its white crosses turning along.

# %%
stress = {name: {} for name in ranked}
for change, (images, truth, given) in hard.items():
    for name in ranked:
        found = predicted[name][:40] if change == "as they are" else aligners[name].predict(images, given)
        # the box of the upright face stays the normaliser, so that turning alone does not change it
        scale = metrics.normaliser(truth, NORM) / metrics.normaliser(few.points, NORM)
        stress[name][change] = np.mean(metrics.nme(found, truth, NORM) * scale)
plots.show(plots.error_map(stress, "NME, % of the box"))
# ALT A table of methods and changes: as they are, tight box, box moved, blurred, occluded, turned by 15, 30
# ALT and 45 degrees. Cells are the darker the larger the error; towards the right most rows grow darker.

# %% [markdown]
# ### Exercise 2
#
# Robust means that the error does not *grow* much. Find the method whose error grows by the smallest factor
# from `before` to `after`.

# %% tags=["exercise"]
before = {name: row["as they are"] for name, row in stress.items()}
after = {name: row["box moved"] for name, row in stress.items()}
# SOLUTION
steadiest = min(before, key=lambda name: after[name] / before[name])
# END SOLUTION
# STUB steadiest = ...

# %%
check.steadiest(steadiest, before, after)

# %% [markdown]
# ## A gallery of the worst
#
# The worst face of each method, best methods first. Look for what they have in common: a profile taken
# for a half-turned face, an occluding object, spectacles.

# %%
worst = [(name, int(np.argmax(errors[name]))) for name in ranked[:8]]
titles = [f"{name} {errors[name][i]:.0%}" for name, i in worst]
found, rows = [predicted[name][i] for name, i in worst], [i for _, i in worst]
plots.show(plots.faces_grid(FACES.images[rows], found, truth=FACES.points[rows], titles=titles, columns=4))
# ALT For each method the face on which it errs most, its dots joined to the white crosses of the truth.

# %% [markdown]
# ## Real faces
#
# No photographs of these people ship with the course, but the figures do: `python course.py bench` measured
# them, in the boxes of dlib's own detector, with the eye distance as normaliser (so they do not compare with
# those above). Faces that the detector misses are left out for all:
#
# - **Whose annotations?** Those of `yt68` were made by a *machine*, whose conventions are not dlib's. Those
#   of LFPW and HELEN are semi-automatic, corrected by hand.
# - **Which faces had it seen?** dlib's model was trained on LFPW and HELEN, *including these photographs*, and on none
#   of the frames of `yt68`. A method trained on *other* faces of a set still knows its annotation convention
#   and its kind of picture. SENet was; none of its labels is dlib's. Indirectly, this holds for all methods
#   trained on synthetic faces: their model was learnt from other people of these sets (and, of HELEN, from
#   most of these faces).
# - **Plain or corrected?** *Corrected* means: each method's **annotation bias**, its median offset of every
#   landmark, measured on other faces, is subtracted, so that the ranking does not depend on a convention. It
#   forgives any constant offset, even that of a box: see `mean_shape`.

# %%
file = paths.RESULTS / "bench.json"
bench = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
real = {title: one for title, one in bench.get("accuracy", {}).items() if title != "synthetic"}
for title, one in real.items():
    rows = {name: r for name, r in one["methods"].items() if "detector" in r}
    print(f"\n{title}: {one['about']}; {one['faces'] - one['missed']} faces, {one['missed']} more missed")
    print(f"{'':14}   NME  corrected  had seen")
    for name, r in sorted(rows.items(), key=lambda row: row[1]["detector"]["corrected"]["nme"]):
        here = r["detector"]
        print(f"{name:14} {here['nme']:5.1%}{here['corrected']['nme']:11.1%}  {r['seen']}")
print("" if real else "not measured yet")

# %% [markdown]
# What do these data support? The corrected error divided by dlib's on the same faces, with an interval
# (people are resampled, not faces: the errors on one person's faces are alike). A method is ahead where the
# whole interval lies below 1.


# %%
def sentence(ratio, low, high):
    """What the interval of a ratio to dlib supports."""
    words = "ahead of dlib" if high < 1 else "behind dlib" if low > 1 else "not distinguishable from dlib"
    return f"{ratio:.2f} of dlib's error [{low:.3f}, {high:.3f}]: {words}"


for title, one in real.items():
    print(f"\n{title} (dlib had seen: {one['methods'].get('dlib', {}).get('seen', 'not measured yet')})")
    rows = {name: r for name, r in one["methods"].items() if name != "dlib" and "detector" in r}
    for name, r in sorted(rows.items(), key=lambda row: row[1]["detector"]["corrected"]["ratio"]):
        fair = r["detector"]["corrected"]
        print(f"{name:14} {sentence(fair['ratio'], fair['ratio_low'], fair['ratio_high'])}")
    print("" if rows else "other methods than dlib: not measured yet")

# %% [markdown]
# ### Exercise 3
#
# Subtract dlib's annotation bias yourself, on our synthetic faces (`p` predicted, `g` true):
# `protocol.offsets(p, g)` of the first half, then `protocol.corrected_nme(p, g, bias, norm=NORM)` of the
# second.

# %% tags=["exercise"]
p, g, half = predicted["dlib"], FACES.points, len(FACES) // 2
# SOLUTION
bias = protocol.offsets(p[:half], g[:half])
fair = protocol.corrected_nme(p[half:], g[half:], bias, norm=NORM)
# END SOLUTION
# STUB bias = ...
# STUB fair = ...

# %%
check.fair_errors(fair, p, g)

# %% [markdown]
# ## Error against time
#
# Milliseconds per face for the points, one face at a time, in one thread where the bench measured them (in
# the runtime that gave the errors above); otherwise measured here and now. Detection comes on top and is the
# same for all.

# %% tags=["nbval-ignore-output"]
one_thread = bench.get("speed", {}).get("one thread", {})


def milliseconds(name):
    """From the bench, or else of processor time here."""
    runtime = getattr(aligners[name], "runtime", None)
    timed = one_thread.get(f"{name}, {runtime}" if runtime else name)
    start = time.process_time()
    for i in range(0 if timed else 10):
        aligners[name].predict(FACES.images[i : i + 1], boxes[i : i + 1])
    return timed["ms"] if timed else 100 * (time.process_time() - start)


print("times of the bench" if one_thread else "in the bench: not measured yet; times of this machine, now")
plots.show(plots.speed_and_error({row["method"]: (milliseconds(row["method"]), row["nme"]) for row in table}))
# ALT A dot with a name for each method: time for one face on a logarithmic axis to the right, NME upwards.
# ALT The best trade-offs lie at the lower left.

# %% [markdown]
# ## Key points
#
# - A comparison needs the same faces, the same box and the same normaliser, and states which they were.
# - Compare methods **in pairs** on the same faces; where the interval contains zero there is no ranking.
# - A mean hides regions, poses and failures. Look at the map, the curve, and the worst faces.
# - A method trained on faces like the test faces has an advantage. Ask what each had seen.
# - Plain error mixes mistakes with annotation bias; look at the corrected figure before claiming anything.
#
# ## Go further
#
# - C. Sagonas et al., *300 Faces In-The-Wild Challenge: Database and Results*, Image and Vision Computing,
#   2016: how the field compares.
# - B. Efron, R. Tibshirani, *An Introduction to the Bootstrap*, 1993: intervals, also for pairs.
# - J. Buolamwini, T. Gebru, *Gender Shades*, FAT* 2018: a mean over all faces can hide whom a system fails.
# - `python course.py bench` measures it on your machine.
