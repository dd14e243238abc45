# %% [markdown]
# # Compare live: two methods on one face
#
# **After this notebook you can**
#
# - put two methods side by side on any face, your own included, and say what you are looking at;
# - find out how robust a method is to a shifted box, a turned head, a blurred or occluded face;
# - say what an NME hides that the eye sees at once, and what the eye misses that an NME shows;
# - use the *discrepancy* of two methods where the truth is unknown, and say what it does not prove;
# - run the comparison as an app for others.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute.
# **Needs:** notebooks [00](00_start_here.ipynb) and [01](01_measuring_error.ipynb). Optionally, a webcam.
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
# Where a menu holds a **cascade**, a player appears: it shows, in slow motion, how the shape walks from the
# mean shape to the face, stage after stage ([notebook 03](03_cascaded_regression.ipynb) tells why).

# %% [markdown]
# ## What the sliders do
#
# A slider is easy to move and hard to report. So let us do the same in code. A *state* holds the positions of
# the sliders, and `view` turns the picture $I$ of a face into what both methods are given, in the physical
# order:
#
# $$I' = \text{noise}(\text{blur}(\text{light}(\text{rotate}(\text{occlude}(I)))))$$
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
    print(f"{title}: {error:.1%} of the eye distance")

# %% [markdown]
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
# ### Exercise 1
#
# Call a shift *tolerated* if the mean NME there is at most 1.5 times the one at shift 0. How wide is the
# range of shifts that the **first** method tolerates, from the smallest to the largest?

# %% tags=["exercise"]
errors = by_shift[:, 0]
at_rest = errors[5]  # shifts[5] is 0
# SOLUTION
width = np.ptp(shifts[errors <= 1.5 * at_rest])
# END SOLUTION
# STUB width = ...

# %%
check.tolerated(width, shifts, errors)

# %% [markdown]
# ## Rotation, blur, occlusion
#
# The same for three more sliders. Each starts at 0, where nothing is changed.

# %%
moves = {
    "rotation (degrees)": ("rotation", np.arange(0, 91, 15)),
    "blur (pixels of the crop)": ("blur", np.arange(0, 6.1, 1)),
    "occluded (share of the box)": ("occlusion", np.arange(0, 0.81, 0.1)),
}
sweeps = [
    np.array([mean_nmes(**{name: float(value)}) for value in values]) for name, values in moves.values()
]

# %%
figure, axes = plots.canvas(columns=3, height=2.4)
for ax, label, (_, values), errors in zip(axes, moves, moves.values(), sweeps, strict=True):
    plots.curves(values, dict(zip(aligners, 100 * errors.T, strict=True)), label, "mean NME (%)", ax=ax)
for ax in axes[::2]:
    ax.get_legend().remove()
axes[1].legend(loc="upper left")
plots.show(figure)
# ALT Three plots with a curve for each of the two methods: mean NME against rotation, blur, and the occluded
# ALT share of the box. On the whole it grows with each; that of dlib most with rotation.

# %% [markdown]
# - **Rotation.** A method trained on upright faces starts from an upright mean shape, and beyond some angle
#   never reaches the face. The remedy is to turn the *picture*: straighten the face by its eyes first,
#   or train with rotated faces.
# - **Blur** is a *scale*: fine edges go first, the coarse layout of the face last. Methods survive more of it
#   than one might expect, because they have learnt what faces look like. Beyond the blur that it was trained
#   with, a network can degrade faster than an older method: compare the right ends.
# - **Occlusion.** The points under the patch are inferred from the rest. Let us see how well.

# %%
for title, aligner in aligners.items():
    for words, share in {"free": 0, "occluded": 0.4}.items():
        view = widgets.view(face, widgets.State(occlusion=share))
        points = widgets.answer(aligner, view).points
        errors_by_region = {
            region: metrics.nme(points[None], view.truth[None], points=index)[0]
            for region, index in landmarks.REGIONS.items()
        }
        print(f"{title:17} {words:8}", {region: f"{e:.1%}" for region, e in errors_by_region.items()})

# %% [markdown]
# If only mouth and jaw got worse, the method guesses what it cannot see and leaves the rest alone. If brows
# and eyes did as well, though they are fully visible, the patch has distorted the whole shape. (This is one
# face: try others above.)
#
# ## What a number hides
#
# Two answers can have the *same* NME and look very different. In the first, all 68 points are moved by 4 %
# of the eye distance; in the second, 48 points are perfect and the mouth alone is off.
#
# ### Exercise 2
#
# How far, in eye distances, must all 20 points of the mouth be moved for the NME of the first answer?

# %% tags=["exercise"]
whole_shift = 0.04
# SOLUTION
mouth_shift = whole_shift * 68 / 20
# END SOLUTION
# STUB mouth_shift = ...

# %%
check.mouth_shift(mouth_shift, whole_shift)

# %%
plain = widgets.view(face)
eye_distance = metrics.normaliser(plain.truth[None])[0]
moved, crooked = plain.truth.copy(), plain.truth.copy()
moved[:, 0] += 0.04 * eye_distance
crooked[landmarks.REGIONS["mouth"], 0] += 0.04 * 68 / 20 * eye_distance
for answer in (moved, crooked):
    print(f"{metrics.nme(answer[None], plain.truth[None])[0]:.2%}")

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
# On your own photograph there is no NME. What the page shows instead is the **discrepancy** of the two
# answers $p$ and $q$, in units of the eye distance $d$:
#
# $$a = \frac{1}{K} \sum_{k=1}^{K} \frac{\lVert p_k - q_k \rVert}{d}$$
#
# Does a small $a$ mean that both are right? The synthetic faces, whose truth is known, can tell. Each dot
# below is one face in one of a hundred random states, no slider more than half way. ($d$ is that of the
# truth; on a photograph, the page takes the mean of the two answers'.)

# %%
rng = np.random.default_rng(0)
dots = []
for i in range(100):
    half = {name: np.divide(widgets.LIMITS[name][:2], 2) for name in ("light", "blur", "box_x", "box_y")}
    some = {name: rng.uniform(*limits) for name, limits in half.items()}
    given = widgets.view(faces[i % len(faces)], widgets.State(rotation=rng.uniform(-20, 20), **some))
    p, q = (widgets.answer(aligner, given) for aligner in aligners.values())
    dots.append((widgets.discrepancy(p.points, q.points, given.truth), p.nme, q.nme))
apart, nme_p, nme_q = np.array(dots).T

# %%
larger = np.mean(np.maximum(nme_p, nme_q) > apart)
print(f"for {larger:.0%} of the dots, the larger of the two errors exceeds a")
figure, ax = plots.canvas(width=plots.SQUARE, height=0.8 * plots.SQUARE)
ax.loglog(100 * apart, 100 * np.maximum(nme_p, nme_q), "o", ms=4)
ax.loglog([2, 100], [1, 50], ls=":", color="#888888")
for axis in (ax.xaxis, ax.yaxis):
    axis.set_major_formatter("{x:g}")
ax.set(xlabel="distance of the two answers, a (%)", ylabel="NME of the worse one (%)")
plots.show(figure)
# ALT A hundred dots on two logarithmic scales: the farther the two answers lie apart, the larger is the error
# ALT of the worse one. No dot lies below the dotted line at half the distance.

# %% [markdown]
# A large discrepancy is a reliable alarm: if the answers lie $a$ apart, the worse of them is wrong by at
# least $a / 2$ (the dotted line). A small one is weaker evidence. Where the worse NME is above $a$ itself,
# *both* are wrong, and in part in the same way; methods trained on the same photographs tend to make the same
# mistakes, and SENet learnt partly from dlib's own points.
#
# ### Exercise 3
#
# For one method you know the NME, 3 %; the other lies $a$ = 5 % from it on the same face, both over the same
# $d$. What are the smallest and the largest NME that the other one can have?

# %% tags=["exercise"]
known, a = 0.03, 0.05
# SOLUTION
bounds = [abs(known - a), known + a]
# END SOLUTION
# STUB bounds = [..., ...]

# %%
check.bounds(bounds, known, a)

# %% [markdown]
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
# ## Key points
#
# - Compare methods on the *same* picture with the *same* box, and say which box it was.
# - Sweep one slider at a time and report the curve; a single setting can be chosen to favour any method.
# - An NME is an average over points: it hides a crooked mouth behind a perfect jaw.
# - The discrepancy of two methods proves an error of at least half its size; a small one proves nothing.
# - A demo convinces by impression, a leaderboard by numbers: [notebook 11](11_the_comparison.ipynb) has them.
#
# ## Go further
#
# - X. P. Burgos-Artizzu, P. Perona, P. Dollár, *Robust Face Landmark Estimation under Occlusion*, ICCV 2013:
#   a method that says which points are occluded.
# - H. Yang, W. Mou, Y. Zhang, I. Patras, H. Gunes, P. Robinson, *Face Alignment Assisted by Head Pose
#   Estimation*, BMVC 2015: what the first shape in the box does to the last.
# - Y. Wu, Q. Ji, *Facial Landmark Detection: A Literature Survey*, IJCV 2019.
# - D. Hendrycks, T. Dietterich, *Benchmarking Neural Network Robustness to Common Corruptions and
#   Perturbations*, ICLR 2019: the idea of a slider, made a benchmark.
