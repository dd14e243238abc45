# %% [markdown]
# # Compare live: two methods on one face
#
# **After this notebook you can**
#
# - put two methods side by side on any face, your own included, and say what you are looking at;
# - find out how robust a method is to a shifted box, a turned head, a blurred or occluded face;
# - say what an NME hides that the eye sees at once, and what the eye misses that an NME shows;
# - use the *discrepancy* of two methods where the truth is unknown, and say what it does not prove;
# - annotate your own picture, and say whether it decides between the two;
# - run the comparison as an app for others.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute.
# The exercises take about 30 minutes, the questions 10. **Needs:** notebooks [00](00_start_here.ipynb), whose
# letters are used here, and [01](01_measuring_error.ipynb). Optionally, a webcam or a photograph of a face.
#
# Answers are in the SOLUTIONS_LINK.

# %%
import numpy as np

from facelm_helpers import landmarks, metrics, plots, widgets
from facelm_helpers.checks import compare_live as check

plots.setup()

# %% [markdown]
# ## Play first
#
# Run the next cell. Both pictures are the same photograph; each menu above a picture chooses the method
# whose points are drawn on it. The white box is what both methods start from. White crosses, where there
# are any, are the true points: synthetic faces come with them, photographs do not.
#
# **Upload your own** takes a picture from your disk (on a phone, from its camera); **Use the webcam** takes
# one now. It goes to your own notebook and nowhere else.

# %% tags=["nbval-ignore-output"]
page = widgets.compare_live()
page

# %% [markdown]
# Some things to try, and what to watch:
#
# | move | and watch |
# |---|---|
# | *box down* and *box right*, slowly | at which shift do the points leave the face? Do they glide or jump? |
# | *rotation* to 30, 60, 90 | which method turns its points along, which leaves them upright? |
# | *blur* and *noise* | which region fails first? Often the lids and lips, whose edges are thin |
# | *occluded* | where does a method put points that are not visible? |
# | *light* to -3 | do you still see the face? Do the methods? |
# | a picture that is *half turned* | the jaw on the far side |
#
# Below SENet's picture you also see what it *expects*: an estimate of its own NME, made from the crop alone.
# Of all validation faces, the tenth with the largest estimates
# contains <!-- bench: score / methods / senet / held : percent0 -->71 %<!-- end --> of those with an error
# above 8 %. Move the box off the face: does the estimate rise before or after the true error?
#
# Where a menu holds a **cascade**, a player appears: it shows, in slow motion, how the shape walks from the
# mean shape to the face, stage after stage ([notebook 03](03_cascaded_regression.ipynb) tells why).

# %% [markdown]
# ## What the sliders do
#
# A slider is easy to move and hard to report. So let us do the same in code. A *state* holds the positions of
# the sliders, and `view` turns the picture $I$ of a face into $\tilde{I}$, which both methods are given, in
# the order in which a camera would see it happen:
#
# $$\tilde{I} = \text{noise}(\text{blur}(\text{light}(\text{rotate}(\text{occlude}(I)))))$$
#
# The detector ran once, on the untouched photograph; the box only moves where *you* move it.

# %%
face = widgets.sample("synthetic, frontal 1")
states = [
    widgets.State(),
    widgets.State(rotation=25),
    widgets.State(blur=3, noise=25),
    widgets.State(occlusion=0.4),
    widgets.State(light=-1.5, box_x=0.1, box_scale=1.2),
]
views = [widgets.view(face, state) for state in states]

# %%
titles = ["as it is", "turned", "blurred, noisy", "occluded", "dark, box moved"]
boxes = [view.box for view in views]
plots.show(plots.faces_grid([view.image for view in views], boxes=boxes, titles=titles, columns=5))
# ALT One synthetic face five times, with its white box: as it is; turned clockwise; out of focus and grainy;
# ALT with a dark patch over mouth and chin; dark, with a larger box that is moved to the right.

# %% [markdown]
# From here on we compare two methods: the two that the page opens with. The rest of this notebook works with
# any two.

# %%
names, first, second = widgets.choices()
aligners = {widgets.title(name): widgets.get(name) for name in (first, second)}
list(aligners)

# %% [markdown]
# One face proves little. The true points of these seven samples are known, so that each state has a mean NME.
# Seven is few: trust large differences, not small ones.

# %%
faces = [widgets.sample(name) for name in widgets.samples()[1:]]


def mean_nmes(**sliders):
    """The mean NME over the samples, of each method, with the sliders in this state."""
    views = [widgets.view(face, widgets.State(**sliders)) for face in faces]
    return [np.mean([widgets.answer(a, view).nme for view in views]) for a in aligners.values()]


for title, error in zip(aligners, mean_nmes(), strict=True):
    print(f"{title}: {error:.1%} of the inter-ocular distance")

# %% [markdown]
# (In the boxes of dlib's detector.) The same network has other errors in notebooks 09 to 12: other faces,
# another box, another normaliser. An NME without these three cannot be compared with any other.
#
# ## The box
#
# An aligner sees only the image around its box. Each was trained with boxes of one kind, and with boxes of
# another kind the error can grow, for some methods from a shift of five per cent on. And here? The *box down*
# slider, moved through its whole range:

# %%
shifts = np.linspace(-0.25, 0.25, 11)
by_shift = np.array([mean_nmes(box_y=shift) for shift in shifts])
by_shift.shape

# %%
lines = dict(zip(aligners, 100 * by_shift.T, strict=True))
plots.show(plots.curves(100 * shifts, lines, "box moved down by ... % of its side", "mean NME (%)"))
# ALT A curve for each of the two methods: the mean NME against the shift of the box, from a quarter of its
# ALT side up to a quarter down. Near 0 both are low; that of dlib rises steeply to both sides.

# %% [markdown]
# Look for two things: how *wide* the floor of a curve is (how much a method tolerates), and whether its
# *lowest* point is *clearly* elsewhere than at 0: then the method was trained with boxes that sit there. (On
# a flat floor, the result of training with moved boxes, the lowest point means nothing. dlib's detector
# placed these boxes.)
#
# ### Exercise 1 ★
#
# Call a value of a slider *tolerated* if the mean NME there is at most 1.5 times the one at 0. Write a
# function that returns the smallest and the largest value that are tolerated, from arrays of the values and
# the errors. (0 is among the values, not always in their middle.)


# %% tags=["exercise"]
def tolerated(values, errors):
    """The smallest and the largest tolerated value of a slider."""
    # SOLUTION
    fine = values[errors <= 1.5 * errors[values == 0]]
    return fine.min(), fine.max()
    # END SOLUTION
    # STUB return ...


# %%
check.tolerated(tolerated)

# %% [markdown]
# (`check.ready`, below, takes your function as soon as its check says Right, the course's own until then.)
#
# ## Rotation, blur, occlusion
#
# The same for three more sliders. Each starts at 0, where nothing is changed.

# %%
moves = {
    "rotation (degrees)": ("rotation", np.arange(0, 91, 15.0)),
    "blur (pixels of the crop)": ("blur", np.arange(0, 6.1, 1)),
    "occluded (share of the box)": ("occlusion", np.arange(0, 0.81, 0.1)),
}
sweeps = {
    label: (values, np.array([mean_nmes(**{name: value}) for value in values]))
    for label, (name, values) in moves.items()
}

# %%
figure, axes = plots.canvas(columns=3, height=2.4, sharey=True)
for ax, (label, (values, errors)) in zip(axes, sweeps.items(), strict=True):
    plots.curves(values, dict(zip(aligners, 100 * errors.T, strict=True)), label, "", ax=ax)
for ax in axes[::2]:
    ax.get_legend().remove()
axes[0].set(ylabel="mean NME (%)", ylim=0)
plots.show(figure)
# ALT Three plots on one vertical scale, with a curve for each of the two methods: mean NME against rotation,
# ALT blur, and the occluded share of the box. On the whole it grows with each.

# %% [markdown]
# One scale for all three: so you see at once which slider costs most. And what *your* function says of all
# four:

# %%
tolerated = check.ready(tolerated)
sweeps["box down (sides)"] = shifts, by_shift
print(f"{'tolerated':28}{first:>15}{second:>15}")
for label, (values, errors) in sweeps.items():
    one, other = ("{:.2g}…{:.2g}".format(*tolerated(values, e)) for e in errors.T)
    print(f"{label:28}{one:>15}{other:>15}")

# %% [markdown]
# - **Rotation.** A method trained on upright faces starts from an upright mean shape, and beyond some angle
#   never reaches the face. The remedy is to turn the *picture*: straighten the face by its eyes first,
#   or train with rotated faces.
# - **Blur** is a *scale*: fine edges go first, the coarse layout of the face last. Methods survive more of it
#   than one might expect, because they have learnt what faces look like. Beyond the blur that it was trained
#   with, a network can degrade faster than an older method: compare the right ends.
# - **Occlusion.** The points under the patch are inferred from the rest. Let us see how well.

# %%
print(f"{'':27}" + "".join(f"{region:>8}" for region in landmarks.REGIONS))
for title, aligner in aligners.items():
    for words, share in {"free": 0, "occluded": 0.4}.items():
        view = widgets.view(face, widgets.State(occlusion=share))
        x, truth = widgets.answer(aligner, view).points[None], view.truth[None]
        by_region = (metrics.nme(x, truth, points=index)[0] for index in landmarks.REGIONS.values())
        print(f"{title + ', ' + words:27}" + "".join(f"{e:>8.1%}" for e in by_region))

# %% [markdown]
# If only mouth and jaw got worse, the method guesses what it cannot see and leaves the rest alone. If brows
# and eyes did as well, though they are fully visible, the patch has distorted the whole shape. (This is one
# face: try others above.)
#
# ## What a number hides
#
# Two answers can have the *same* NME and look very different. In the first, all 68 points are moved by 4 %
# of the eye distance; in the second, 48 points are perfect and the 20 of the mouth are off by 68/20
# times as much.

# %%
plain = widgets.view(face)
d = metrics.normaliser(plain.truth[None])[0]
moved, crooked = plain.truth.copy(), plain.truth.copy()
moved[:, 0] += 0.04 * d
crooked[landmarks.REGIONS["mouth"], 0] += 0.04 * 68 / 20 * d
errors = (metrics.nme(answer[None], plain.truth[None])[0] for answer in (moved, crooked))
print("NME", *(f"{e:.2%}" for e in errors))

# %%
plots.show(plots.compare(plain.image, {"all points, a little": moved, "the mouth alone": crooked}))
# ALT The same face twice. Left, all dots sit a hair to the right of where they belong; one has to look twice.
# ALT Right, eyes, brows, nose and jaw are perfect, and the mouth's dots are plainly beside it.

# %% [markdown]
# An application that adds lipstick needs the first; one that measures blinks, the second. An average over
# points answers neither question: look at the regions, and look at the picture.
#
# Conversely, no eye sees a difference of half a per cent, but over a thousand faces it decides a leaderboard.
#
# ## Where the truth is unknown
#
# On your own photograph there is no NME. What the page shows instead is the **discrepancy** of two answers
# $x$ and $x'$, in units of the eye distance $d$:
#
# $$a = \frac{1}{L} \sum_{l=1}^{L} \frac{\lVert x_l - x'_l \rVert}{d}$$
#
# It is the NME of the one with the other in the place of the truth. (Without a truth, the page takes $d$ from
# the mean of both.)


# %%
def discrepancy(x, x_other, d):
    return np.linalg.norm(x - x_other, axis=-1).mean() / d


answers = {title: widgets.answer(aligner, plain).points for title, aligner in aligners.items()}
print(f"discrepancy {discrepancy(*answers.values(), d):.1%}")

# %% [markdown]
# Does a small $a$ mean that both are right? The synthetic faces, whose truth is known, can tell: in a hundred
# random states, no slider more than half way.

# %%
rng = np.random.default_rng(0)
dots = []
for i in range(100):
    half = {name: np.divide(widgets.LIMITS[name][:2], 2) for name in ("light", "blur", "box_x", "box_y")}
    some = {name: rng.uniform(*limits) for name, limits in half.items()}
    given = widgets.view(faces[i % len(faces)], widgets.State(rotation=rng.uniform(-20, 20), **some))
    one, other = (widgets.answer(aligner, given) for aligner in aligners.values())
    d = metrics.normaliser(given.truth[None])[0]
    dots.append((discrepancy(one.points, other.points, d), one.nme, other.nme))
a, e, e_other = np.array(dots).T

# %% [markdown]
# Each dot is one face in one state. **Predict first:** in how many of the hundred is the larger of the two
# errors beyond $a$?

# %% tags=["hide-output"]
worse = np.maximum(e, e_other)
print(f"for {np.mean(worse > a):.0%} of the dots, the larger of the two errors exceeds a")
figure, ax = plots.canvas(width=plots.SQUARE, height=0.8 * plots.SQUARE)
ax.loglog(100 * a, 100 * worse, "o", ms=4)
ax.loglog([2, 100], [1, 50], ls=":", color="#888888")
for axis in (ax.xaxis, ax.yaxis):
    axis.set_major_formatter("{x:g}")
ax.set(xlabel="discrepancy a (%)", ylabel="NME of the worse one (%)")
plots.show(figure)
# ALT A hundred dots on two logarithmic scales: the farther the two answers lie apart, the larger is the error
# ALT of the worse one. No dot lies below the dotted line at half the distance.

# %% [markdown]
# A large discrepancy is a reliable alarm: if the answers lie $a$ apart, the worse of them is wrong by at
# least $a / 2$ (the dotted line). A small one is weaker evidence. Where the larger error exceeds $a$ itself,
# *both* are wrong, and in part in the same way: methods trained on the same photographs, or one on the
# other's answers, tend to make the same mistakes.
#
# ### Exercise 2 ★★
#
# For one method you know the error $e$; the other's answer lies $a$ from the first one's, over the same $d$.
# What are the smallest and the largest error that the other one can have? Numbers or arrays: either should
# work.


# %% tags=["exercise"]
def bounds(e, a):
    """The smallest and the largest possible error of the second method."""
    # SOLUTION
    return np.abs(e - a), e + a
    # END SOLUTION
    # STUB return ...


# %%
check.bounds(bounds)

# %% [markdown]
# Your function on all hundred dots: a bar from the smallest to the largest possible error of the second
# method, and a dot where its error is.

# %%
bounds = check.ready(bounds)
low, high = bounds(e, a)
print(f"within the bounds: {np.mean((low <= e_other) & (e_other <= high)):.0%}")
figure, ax = plots.canvas()
order = np.argsort(a)
ax.vlines(range(100), 100 * low[order], 100 * high[order], color="#bbbbbb", lw=3)
ax.semilogy(range(100), 100 * e_other[order], "o", ms=3, color=plots.METHOD_COLOURS[1])
ax.yaxis.set_major_formatter("{x:g}")
ax.set(xlabel="the hundred states, by growing discrepancy", ylabel=f"NME of {second} (%)", ylim=0.5)
plots.show(figure)
# ALT A hundred grey bars, from the smallest to the largest possible error, and a dot in each: the true error
# ALT always lies within. The bars move up with the discrepancy, and most are long.

# %% [markdown]
# ## Your own picture: be the judge
#
# Where nobody has annotated, you can. Upload a photograph of a face in the page at the top, move a slider or
# two if you like, then run the next cell (not the page's, which would start anew). It takes the picture
# as the page shows it.

# %%
mine = widgets.view(page.session.scene, page.session.state)
answers = {title: widgets.answer(aligner, mine).points for title, aligner in aligners.items()}
plots.show(plots.compare(mine.image, answers, box=mine.box))
# ALT The photograph twice, in its white box: on the left the points of the first method, on the right those
# ALT of the second.

# %% [markdown]
# Four points are quick: the outer eye corners, 36 and 45, and the corners of the mouth, 48 and 54 (in the
# picture, 36 and 48 are on the left). Here they are, enlarged, with a line every five pixels; the methods'
# points are not drawn, so that they do not lead you.

# %%
CORNERS = [36, 45, 48, 54]
figure, axes = plots.canvas(rows=2, columns=2)
for ax, l, (x, y) in zip(axes.flat, CORNERS, np.mean(list(answers.values()), axis=0)[CORNERS], strict=True):
    ax.imshow(mine.image)
    ax.set(title=f"point {l}", xlim=(x - 25, x + 25), ylim=(y + 25, y - 25))
    ax.set_axisbelow(False)
    ax.locator_params(nbins=12)
    ax.tick_params(axis="x", rotation=90)
plots.show(figure)
# ALT Four enlarged windows of the photograph with a grid of pixels: the two outer eye corners above, the two
# ALT corners of the mouth below.

# %% [markdown]
# ### Exercise 3 ★★★ (open)
#
# Read the four corners off, to half a pixel if you can: `[[x, y], [x, y], [x, y], [x, y]]`. Look away, and do
# it again: two `rounds`, an array (2, 4, 2). The discrepancy of your rounds, over your own eye distance, is
# *your* uncertainty. Then take the mean of your rounds as the truth: which of `answers` is nearer to it at
# these four points? Say so only if their errors differ by more than your rounds do; otherwise say
# `"neither"`. Try a second picture: one that is hard.

# %% tags=["exercise"]
# SOLUTION
rounds = np.array([
    [[126.5, 138.0], [301.0, 145.0], [147.5, 242.0], [270.5, 247.5]],
    [[128.0, 137.5], [302.5, 144.5], [148.5, 243.0], [272.0, 246.5]],
])  # fmt: skip
d = np.linalg.norm(rounds[:, 1] - rounds[:, 0], axis=-1).mean()
truth, doubt = rounds.mean(axis=0), discrepancy(*rounds, d)
own = {title: discrepancy(x[CORNERS], truth, d) for title, x in answers.items()}
nearer = min(own, key=own.get) if np.ptp(list(own.values())) > doubt else "neither"
# END SOLUTION
# STUB rounds = ...
# STUB nearer = ...

# %%
check.own_picture([rounds, nearer], answers)

# %% [markdown]
# People who annotate for a living differ too. Where two methods differ from the truth by less than two
# annotators from each other, a test set cannot tell them apart on one face; over many faces it can, unless
# the annotators lean to one side ([notebook 01](01_measuring_error.ipynb)).
#
# ## Your own method in the menus
#
# `compare_live` takes aligners of yours beside the shipped ones. Trained one in
# notebook [03](03_cascaded_regression.ipynb), [04](04_dlib_68_points.ipynb) or elsewhere? Then
#
# ```python
# widgets.compare_live({"mine": my_aligner})
# ```
#
# How smooth a slider feels is a matter of milliseconds. This measures a whole move: change the picture, ask
# both methods, draw, pack two pictures. A response within about 100 ms in all feels immediate; measured here
# is the processor's part of it, without browser and transport. Machines differ, so the cell asks for 150.

# %% tags=["nbval-ignore-output"]
measured = widgets.measure_redraw(rounds=24)
"below 150 ms" if measured["cpu_ms"] < 150 else f"{measured['cpu_ms']} ms: this machine is busy, or slow"

# %% [markdown]
# ## As an app
#
# The page at the top also runs without a notebook around it. In a terminal, in the folder of the course:
#
# ```
# python course.py app
# ```
#
# It is served by Voilà to this machine alone (`127.0.0.1`): whoever opens the page runs your Python, so do
# not expose it to the open internet as it is. `--port` chooses the port, `--no-browser` only prints the
# address. *Save or share* gives the picture and the points as files, and a link to the state of all controls;
# `python course.py app "LINK"` opens that state again, here or on a friend's machine.
#
# ## Questions
#
# 1. On your photograph two methods agree to within 1 %. What have you learnt about either? Which third method
#    would you ask, and why not a fourth that was trained on the same faces?
# 2. A video has no truth, but it has neighbours. What would the discrepancy of *one* method from frame to
#    frame tell you?
# 3. Somebody shows you a demo that works. Which slider would you move first?
#
# ## Key points
#
# - Compare methods on the *same* picture with the *same* box, and say which box it was.
# - Sweep one slider at a time and report the curve; a single setting can be chosen to favour any method.
# - An NME is an average over points: it hides a crooked mouth behind a perfect jaw.
# - The discrepancy of two methods proves an error of at least half its size; a small one proves nothing.
# - A judge has an uncertainty: measure your own before you name a winner.
# - A demo convinces by impression, a leaderboard by numbers: [notebook 11](11_the_comparison.ipynb) has them.
#
# ## Go further
#
# - X. P. Burgos-Artizzu, P. Perona, P. Dollár, [*Robust Face Landmark Estimation under
#   Occlusion*](https://doi.org/10.1109/ICCV.2013.191), ICCV 2013: a method that says which points are
#   occluded.
# - H. Yang, W. Mou, Y. Zhang, I. Patras, H. Gunes, P. Robinson, [*Face Alignment Assisted by Head Pose
#   Estimation*](https://doi.org/10.5244/C.29.130), BMVC 2015: what the first shape in the box does to the
#   last.
# - Y. Wu, Q. Ji, [*Facial Landmark Detection: A Literature
#   Survey*](https://doi.org/10.1007/s11263-018-1097-z), IJCV 2019: how methods differ, and where.
# - D. Hendrycks, T. Dietterich, [*Benchmarking Neural Network Robustness to Common Corruptions and
#   Perturbations*](https://doi.org/10.48550/arXiv.1903.12261), ICLR 2019: the idea of a slider, made a
#   benchmark.
