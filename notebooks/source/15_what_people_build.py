# %% [markdown]
# # What people build
#
# **After this notebook you can**
#
# - find blinks, yawns and signs of drowsiness in a clip from two ratios, with a personal threshold;
# - smooth jittery points, and say what a filter costs: flicker against lag;
# - read head pose, and a smile, from 68 points;
# - put make-up on a face, put one face in another's place, and average faces, without a visible seam;
# - turn a photograph into a head that a slider turns;
# - say for each application where it fails, for whom, and what is not right to build.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute. The exercises take about
# 25 minutes, the questions 10. **Needs:** notebooks [02](02_shape_models.ipynb) (warps),
# [04](04_dlib_68_points.ipynb) (dlib) and, for pose and the turning head, [08](08_three_dimensions.ipynb)
# (the 3D face); the letters are those of [notebook 00](00_start_here.ipynb). Answers are in the
# SOLUTIONS_LINK.

# %%
import json

import cv2
import numpy as np

from facelm_helpers import applications, methods, paths, plots, sources, widgets
from facelm_helpers.boxes import tight_boxes
from facelm_helpers.checks import what_people_build as check
from facelm_helpers.detectors import detect_one

plots.setup()

# %% [markdown]
# ## A clip, and a track
#
# A clip is T pictures, `rate` of them a second. This one is drawn from the face model, so it shows no real
# person, needs no download, and its annotations are exact: a head that turns, blinks, yawns once and nods off
# once. It is *one* made-up face: what works on it may fail on others.

# %%
clip = sources.synthetic.clip(seconds=12, rate=25, seed=0)
rate, time = 25, clip.attributes["time"]
plots.show(plots.faces_grid(clip.images[::25], titles=[f"{t:.0f} s" for t in time[::25]], columns=6))
# ALT Twelve frames of a face that turns a little to both sides, opens its mouth wide from 5 to 7 seconds, and
# ALT has closed eyes at 9 and 10 seconds.

# %% [markdown]
# A **track** is the points of one face in all frames, (T, 68, 2). A detector is needed for the first frame
# only: the box of the next frame is the tight box of the points just found. (A product looks for the face
# anew every second or so, and whenever the box jumps. `python course.py try` does so.)


# %%
def follow(method, images, box):
    """The points of one face in each picture, from its box in the first."""
    track = []
    for image in images:
        points = method.predict([image], box[None])[0]
        track.append(points)
        box = tight_boxes(points[None])[0]
    return np.array(track, dtype=float)


start = detect_one(clip.images[0])
tracks = {
    "annotated": clip.points.astype(float),
    "dlib": follow(methods.load("dlib"), clip.images, start),
    "SENet": follow(methods.load("senet", runtime="litert"), clip.images, start),
}
for name in ("dlib", "SENet"):
    off = np.linalg.norm(tracks[name] - tracks["annotated"], axis=2).mean()
    print(f"{name:6} mean distance from the annotation {off:.0f} px, picture {clip.images.shape[2]} px")

# %% [markdown]
# ## Blinks
#
# A measure of how far an eye is open must not depend on how near the face is, or how it is tilted. The **eye
# aspect ratio** (Soukupová and Čech, 2016) divides the distances between the lids by the width of the eye.
# With $p_0$ and $p_3$ the corners, $p_1, p_2$ on the upper lid and $p_5, p_4$ below them:
#
# $$r = \frac{\lVert p_1 - p_5 \rVert + \lVert p_2 - p_4 \rVert}{2\, \lVert p_0 - p_3 \rVert}$$
#
# ### Exercise 1 ★
#
# Write this ratio for one eye, `p` of shape (6, 2). `np.linalg.norm` gives the length of a vector.


# %% tags=["exercise"]
def eye_ratio(p):
    """The aspect ratio of an eye from its six points, (6, 2)."""
    # SOLUTION
    lids = np.linalg.norm(p[1] - p[5]) + np.linalg.norm(p[2] - p[4])
    return lids / (2 * np.linalg.norm(p[0] - p[3]))
    # END SOLUTION
    # STUB return ...


# %%
check.eye_ratio(eye_ratio)

# %% [markdown]
# The mean of both eyes over the clip; grey where the eyes really are closed.

# %%
eye_ratio = check.ready(eye_ratio, check.eye_ratio)
ratios = {
    name: np.array([(eye_ratio(points[36:42]) + eye_ratio(points[42:48])) / 2 for points in track])
    for name, track in tracks.items()
}
closed = applications.spans(clip.attributes["closed_eyes"], rate)
plots.show(plots.over_time(time, ratios, closed, ylabel="eye aspect ratio"))
# ALT Three curves over twelve seconds, all flat but for dips where the eyes are closed. The annotated one
# ALT falls furthest, dlib's less, SENet's least.

# %% [markdown]
# Look at how far each curve falls. A network that minimises the mean error learns what is usual, and closed
# eyes are rare in its training photographs: it pulls the lids open. **A low NME does not mean that a blink is
# seen**: the lids are eight points of 68. (How far other methods close the lids: see Go further.)
#
# ## A personal threshold
#
# This ratio differs a lot between people's open eyes. One threshold for all would call some people asleep
# whose eyes are open but narrow, and in some groups of people more often than in others. Hence a
# **calibration**: the first two seconds give the person's open ratio (their 80th percentile, so that a blink
# does no harm), and an eye counts as closed below three quarters of it.

# %%
for name, ratio in ratios.items():
    level = applications.personal_threshold(ratio[: 2 * rate], share=0.75)
    found = applications.spans(ratio < level, rate)
    print(f"{name:9} threshold {level:.2f}: {len(found)} closures; really {len(closed)}")

# %% [markdown]
# All closures are found, but not by the same margin. Lower `share` to 0.65 and run the cell again: SENet's
# curve never falls that low.
#
# `applications.watch` does all this, and sorts the closures: shorter than half a second, it is a blink; from
# half a second on, a *microsleep*. A yawn is an inner mouth more than half as high as wide, for a second or
# longer. *Drowsy* is a microsleep, or eyes that are closed for more than 15 % of the time.

# %%
seen = applications.watch(tracks["dlib"], rate)
print("blinks     ", [f"{start:.1f} s" for start, end in seen.blinks])
print("microsleeps", [f"{start:.1f} to {end:.1f} s" for start, end in seen.microsleeps])
print("yawns      ", [f"{start:.0f} to {end:.0f} s" for start, end in seen.yawns])
print("drowsy     ", seen.drowsy)

# %% [markdown]
# **What goes wrong, and for whom.** Glasses that reflect, a hand at the eye, a laugh, a head that looks down:
# the ratio falls, though the eyes are open. At 5 frames a second a blink of 0.15 s can fall between two
# frames. And a ratio that works on your own face says little about others: measure it on every group of
# people (age, skin, shape of the eyes, glasses) before you rely on it.
#
# **Not right to build:** a safety device from this (a car's own uses infrared light, and is tested); or
# surveillance of people who did not agree, or who cannot refuse, such as workers and pupils, whose wandering
# eyes would be held against them.
#
# ## Steady points
#
# Each frame is aligned on its own, so the points tremble even when nothing moves. **Flicker** measures this:
# how far the residual $e_t = x_t - x_t^{true}$ of a point is from the mean of its two neighbours in time,
# over the size $s_t$ of the face; the mean is over all frames $t$ and points $k$. A constant error is no
# flicker.
#
# $$F = \operatorname{mean}_{t,k} \frac{\lVert e_t - (e_{t-1} + e_{t+1})/2 \rVert}{s_t}$$
#
# The clip is clean, so we add noise to its points, as if from a poor camera.

# %%
truth = tracks["annotated"]
shaken = truth + np.random.default_rng(0).normal(0, 0.8, truth.shape)
print(f"SENet's flicker {1000 * applications.flicker(tracks['SENet'], truth):.0f} thousandths of the face")
print(f"shaken          {1000 * applications.flicker(shaken, truth):.0f} thousandths")

# %% [markdown]
# A **moving average** over $w$ frames is calm, but late: by $(w - 1) / 2$ frames, which one sees when the
# head turns. An **exponential filter** keeps one old value instead of $w$:
#
# $$\hat x_t = a\, x_t + (1 - a)\, \hat x_{t-1}, \qquad a = \frac{1}{1 + \text{rate} / (2\pi f_c)}$$
#
# with the rate in frames a second and $f_c$ the cut-off frequency in Hz. The **1€ filter** (Casiez, Roussel
# and Vogel, 2012) makes $f_c$ grow with the speed $v$ of the point, $f_c = f_{min} + \beta\,|v|$: calm at
# rest, quick in motion. The speed is in sizes of the face a second, so that $\beta$ means the same for a near
# and a far face, and it is itself filtered at 1 Hz. In code ($f_{min}$ is `lowest`):


# %%
def share(cutoff, rate):
    """a: how much the new value counts."""
    return 1 / (1 + rate / (2 * np.pi * cutoff))


def one_euro(track, lowest, beta):
    """The track, steadied."""
    found, speed, size = track.copy(), np.zeros((68, 2)), np.ptp(track[0], axis=0).max()
    for t in range(1, len(track)):
        now = (track[t] - track[t - 1]) * rate / size
        speed = speed + share(1.0, rate) * (now - speed)
        cutoff = lowest + beta * np.linalg.norm(speed, axis=1, keepdims=True)
        found[t] = found[t - 1] + share(cutoff, rate) * (track[t] - found[t - 1])
    return found


families = {"moving average, w frames": [], "1€ filter, $f_{min}$ = 1 Hz, by β": []}
for w in (1, 2, 3, 5, 7, 9):
    calm = applications.moving_average(shaken, w)
    families["moving average, w frames"].append(
        (w, applications.lag(calm, truth), applications.flicker(calm, truth))
    )
for beta in (0, 5, 10, 20, 40):
    calm = one_euro(shaken, 1.0, beta)
    families["1€ filter, $f_{min}$ = 1 Hz, by β"].append(
        (beta, applications.lag(calm, truth), applications.flicker(calm, truth))
    )
plots.show(plots.flicker_and_lag(families))
# ALT Flicker against lag. Along both curves less flicker costs more lag; where the lag is short the 1€
# ALT filter's curve lies below the moving average's.

# %% [markdown]
# Each filter moves along its curve; a better filter has a lower curve. Neither of the two looks ahead. A
# filter for recorded clips may look both ways, and then has no lag at all.
#
# ### Exercise 2 ★★★ (open)
#
# Steady a track in any way you like, without looking at later frames. It may be at most one frame late, and
# keep at most a quarter of the flicker that came in. Neither filter above achieves this: both assume that a
# point stays where it is. Which guess of the next place would be better for a head that turns? (The check
# adds noise to the points of a head that first stands still and then swings. It tells you how late your track
# is and how much flicker is left.)


# %% tags=["exercise"]
def steadied(track, rate):
    """A track (T, 68, 2) of pixels at rate frames a second, steadied."""
    # SOLUTION
    found, speed = track.copy(), np.zeros((68, 2))  # speed in pixels a frame
    for t in range(1, len(track)):
        guess = found[t - 1] + speed
        off = track[t] - guess
        found[t], speed = guess + 0.35 * off, speed + 0.06 * off
    return found
    # END SOLUTION
    # STUB return ...


# %%
check.steadied(steadied)

# %% [markdown]
# **What goes wrong.** Whatever is rare and fast is smoothed away: at a low cut-off a blink disappears. Filter
# what you draw, not what you measure.
#
# ## Head pose
#
# The 3D face of notebook 08, fitted to the points, gives three angles: pitch, yaw and roll. Here is the yaw,
# the turn to the left or right.

# %%
angles = {name: applications.head_pose(track)[:, 1] for name, track in tracks.items()}
plots.show(plots.over_time(time, angles, ylabel="yaw in degrees"))
# ALT Three curves of yaw over time that swing to both sides together; SENet's and dlib's follow the annotated
# ALT one within a few degrees.

# %% [markdown]
# In the pictures the red arrow points to the right as you see it while the head looks ahead, the green one to
# the chin, and the blue one where the nose points (short while the head looks at the camera).

# %%
some = [30, 90, 128, 170, 238, 262]
drawn = [applications.draw_pose(clip.images[t], tracks["SENet"][t]) for t in some]
plots.show(plots.faces_grid(drawn, titles=[f"{time[t]:.1f} s" for t in some], columns=6))
# ALT Six frames with three arrows from the tip of the nose; the arrow ahead leans as the head turns.

# %% [markdown]
# **What goes wrong.** Pitch is harder than yaw and roll (see the table in notebook 08): a long chin and a
# head that looks down move the points alike. **Not right to build:** a measure of "attention" from pose.
# Some people listen with closed eyes, and some look away in order to concentrate.
#
# ## Make-up
#
# Paint is a colour and a soft mask $m$, 0..1. With the strength $\alpha$ the picture becomes
#
# $$I' = (1 - \alpha\,m)\, I + \alpha\,m\, I_{paint}$$
#
# in a colour space that keeps lightness apart from colour (CIELAB), so that the skin keeps its own light and
# shade, and the paint does not look pasted on.
#
# ### Exercise 3 ★★
#
# Write the mixing, that is, $I'$. `image` is $I$, (H, W, 3); `paint` is one colour $I_{paint}$, (3,); `mask`
# is $m$, (H, W); and `strength` is $\alpha$.


# %% tags=["exercise"]
def mixed(image, paint, mask, strength):
    """The painted image, (H, W, 3)."""
    # SOLUTION
    m = mask[..., None]
    return (1 - strength * m) * image + strength * m * paint
    # END SOLUTION
    # STUB return ...


# %%
check.mixed(mixed)

# %% [markdown]
# Your mixing on the lips, in CIELAB and only on its two axes of colour; beside it the masks, and the whole of
# `applications.make_up`.

# %%
mixed = check.ready(mixed, check.mixed)
image, points = clip.images[90], tracks["SENet"][90]
masks = applications.regions(points, image.shape)
lab = cv2.cvtColor(np.float32(image) / 255, cv2.COLOR_RGB2LAB)
paint = cv2.cvtColor(np.float32([[[0.65, 0.1, 0.25]]]), cv2.COLOR_RGB2LAB)[0, 0]
painted = lab.copy()
painted[..., 1:] = mixed(lab, paint, masks["lips"], 0.7)[..., 1:]
yours = np.uint8(255 * np.clip(cv2.cvtColor(painted, cv2.COLOR_LAB2RGB), 0, 1))
where = np.uint8(255 * np.stack([masks["lips"], masks["brows"], masks["blush"]], axis=-1))
made = applications.make_up(image, points, brows=(60, 40, 30), strength=0.7)
titles = ["the frame", "masks", "yours: lips", "lips, brows, blush"]
plots.show(plots.faces_grid([image, where, yours, made], titles=titles, columns=4))
# ALT The same face four times: plain, its masks in three colours, with red lips, and with red lips, darker
# ALT brows and red cheeks.

# %% [markdown]
# In a video the mask follows the steadied points. The open mouth stays free, since the mask leaves out what
# is inside the inner lips:

# %%
calm = applications.one_euro(tracks["SENet"], rate)
worn = [applications.make_up(clip.images[t], calm[t], strength=0.7) for t in some]
plots.show(plots.faces_grid(worn, columns=6))
# ALT Six frames with red lips and blush that follow the turning head and the open mouth; the teeth are not
# ALT painted.

# %% [markdown]
# **What goes wrong.** The paint is as wrong as the points are. Where a hand covers the mouth, the hand is
# painted. Shades that were tuned on light skin can look grey on dark skin: try them on many people, and let
# each person choose. **Not right to build:** a filter that lightens skin or narrows faces unasked, or does
# not say so.
#
# ## One face in another's place
#
# Each triangle of one face is warped onto the same triangle of the other (notebook 02). Pasting it leaves a
# seam. **Poisson blending** (Pérez, Gangnet and Blake, 2003) keeps the *gradients* of the new face and, on
# the rim, the colours of the old picture. Inside the mask it looks for the picture $I'$ with
#
# $$\Delta I' = \Delta I_{new} \quad \text{inside}, \qquad I' = I \quad \text{on the rim}$$
#
# where $I_{new}$ is the warped face and $\Delta$ the sum of the second derivatives.

# %%
pair = sources.load("synthetic", n=6, seed=5, yaw=(0, 0.3), size=192, occlusion=False, progress=False)
(first, second), (p, q) = pair.images[:2], pair.points[:2]
swapped = applications.swap(first, p, second, q)
back = applications.swap(second, q, first, p)
titles = ["first", "second", "second's face", "first's face"]
plots.show(plots.faces_grid([first, second, swapped, back], titles=titles, columns=4))
# ALT Two made-up people, and each with the inner face of the other: the colours are the old face's, eyes,
# ALT nose and mouth the new one's, and no seam is seen.

# %% [markdown]
# The average of faces is the same warp, onto their mean shape, and a mean of pictures; two faces and a weight
# make a **morph**.

# %%
average, shape = applications.average_face(pair.images, pair.points, size=192)
morph = [applications.average_face(pair.images[:2], pair.points[:2], 192, weights=[1 - a, a])[0]
         for a in (0.0, 0.25, 0.5, 0.75, 1.0)]  # fmt: skip
titles = ["mean of 6", "first", "25 %", "50 %", "75 %", "second"]
plots.show(plots.faces_grid([average, *morph], titles=titles, columns=6))
# ALT The blurred mean of six faces, and five faces that lead from one person to another.

# %% [markdown]
# **What goes wrong.** Light from the other side, glasses, a beard at the rim, a head that is turned much
# further, skin of another tone: each leaves a trace. And an average of faces says as much about who was
# photographed as about faces.
#
# **Not right to build:** a picture with the face of anyone who did not agree to it. That is what the word
# *deepfake* has come to stand for. It is a crime in a growing number of countries, and the harm falls on
# others, not on those who built it. Say of every such picture that it was made. A morph of two people can
# pass for both at a passport gate: never submit one.
#
# ## A smile
#
# Expression from points alone: the 51 inner points are moved, turned and scaled onto the mean shape, and a
# logistic regression tells a smile from none. It was learnt from faces of [MTFL]'s training list, some of
# which its annotators call smiling.
#
# [MTFL]: https://doi.org/10.1007/978-3-319-10599-4_7

# %%
smiling = applications.smile(pair.points)
plots.show(plots.faces_grid(pair.images, titles=[f"{p:.1f}" for p in smiling], columns=6))
# ALT Six made-up faces, each with a number between 0 and 1 above it; the wide mouths have the high ones.

# %% [markdown]
# How often is it right on faces that neither it nor the aligner has learnt from? Measured on faces of MTFL's
# test list, with SENet's points:

# %%
record = json.loads((paths.RESULTS / "smile.json").read_text(encoding="utf-8"))
for name, words in {
    "always_the_same": "always the more frequent answer",
    "width_of_the_mouth": "the mouth's width, one threshold",
    "logistic": "logistic regression on the points",
}.items():
    low, high = (100 * edge for edge in record[name]["interval"])
    print(f"{words:34} {100 * record[name]['accuracy']:.1f} %  ({low:.1f} to {high:.1f})")

# %% [markdown]
# **What goes wrong.** Points show the corners of the mouth, but not the cheeks and the small folds at the
# eyes, which people read too. The labels are annotators' opinions. And one accuracy for all hides for whom it
# is worse: here it was not measured for different groups of people.
#
# **Not right to build:** the reading of *feelings*. A smile is a movement; what a person feels is not in the
# points. To sort applicants, pupils or customers by it is unfounded (and the European Union forbids it at
# work and in schools, except for medical and safety reasons).
#
# ## A head that turns
#
# The 3D face, fitted to the points, says for each pixel of its UV map (the face's surface laid flat, notebook
# 08) which pixel of the picture it shows. What the picture hides is taken from the other half of the face.

# %%
head = applications.reconstruct(clip.images[90], tracks["SENet"][90])
turned = [head.view(yaw=angle, size=192)[0] for angle in (-60, -30, 0, 30, 60)]
plots.show(plots.faces_grid([clip.images[90], *turned], columns=6))
# ALT The frame, and the face alone, seen from five sides between 60 degrees to the left and to the right.

# %% [markdown]
# Turn it yourself:


# %% tags=["nbval-ignore-output"]
def seen_from(yaw, pitch):
    """The head from a side, as a figure."""
    return plots.face(head.view(yaw=yaw, pitch=pitch, size=256)[0])


widgets.Sliders(seen_from, {"yaw": (-70, 70, 35), "pitch": (-30, 30, 0)})
# ALT The face alone, turned to the left, with two sliders under it.

# %% [markdown]
# **What goes wrong.** The depth is that of an average face, bent to this person's points; ears, hair and the
# back of the head are missing; the mouth has no inside. It is a mask, and not a likeness to recognise a
# person by.
#
# ## On your own photograph
#
# ```
# python course.py try me.jpg --with make-up
# python course.py try clip.mp4 --with eyes
# python course.py try webcam --with steady --seconds 10
# python course.py try me.jpg --with turn
# ```
#
# A picture or clip is written beside yours. Nothing leaves the machine.
#
# Faces are personal data, and so are points and pictures made from them. Before you use somebody else's, ask,
# and say what for. Keep no more than you need, and delete it when you are done.
#
# ## Questions
#
# 1. SENet's error on this clip is small, and yet it closes the lids least. How can both be true? Which
#    measure would have told?
# 2. A colleague filters the points, then counts blinks, and finds fewer with the slower of two cameras. Why?
# 3. A shop wants to count how often customers smile, "anonymously". Which of the numbers above would you show
#    them, and what would you ask?
# 4. Why does Poisson blending change the colours of the whole pasted face, not only at its rim?
#
# ## Key points
#
# - Ratios of distances need no calibration of the camera; thresholds need one of the person.
# - The error averaged over 68 points hides what an application depends on: measure that.
# - Every filter trades flicker for lag. Filter what you draw, not what you measure.
# - Warp, then blend gradients, and no seam shows.
# - Points show movements of a face: not thoughts, not feelings, not intent.
# - Test on every group of people that will use it, ask those whose faces you use, and keep little.
#
# ## Go further
#
# - Which of the course's methods closes the lids furthest? Follow the clip with `lbf`, `dan` and `fan`, and
#   draw their ratios. Do the cascades of notebook 03 do better than the networks? Why could that be?
# - T. Soukupová and J. Čech, [*Real-Time Eye Blink Detection Using Facial
#   Landmarks*](https://vision.fe.uni-lj.si/cvww2016/proceedings/papers/05.pdf), 2016.
# - P. Pérez, M. Gangnet and A. Blake, [*Poisson Image Editing*](https://doi.org/10.1145/882262.882269), 2003.
# - P. Micaelli et al., [*Recurrence without Recurrence: Stable Video Landmark Detection with Deep Equilibrium
#   Models*](https://doi.org/10.48550/arXiv.2304.00600), CVPR 2023: flicker measured, and learnt away.
