# %% [markdown]
# # Start here: find 68 points on a face
#
# **After this notebook you can**
#
# - find a face in a photograph, and 68 points on it, in three lines of Python;
# - say what the 68 points are, which region a number belongs to, and how other annotation schemes relate to
#   them;
# - tell the points of a 2D face from those of a 3D face;
# - measure and paint with facial points, and name what people build on them.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute.
# The exercises take about 20 minutes, the questions 10. **Needs:** a little Python and NumPy. No download:
# faces and models came with the course.
#
# Run a cell with <kbd>Shift</kbd> + <kbd>Enter</kbd>, from top to bottom. The first one loads NumPy and the
# course's own package, `facelm_helpers`; `plots.setup()` sets the look of the pictures. Answers are in the
# SOLUTIONS_LINK.

# %%
import numpy as np
import skimage.data
from scipy.spatial import Delaunay
from skimage.draw import polygon2mask

from facelm_helpers import landmarks, methods, plots, sources
from facelm_helpers.checks import start_here as check
from facelm_helpers.detectors import detect
from facelm_helpers.faces import crop
from facelm_helpers.geometry import apply_transform
from facelm_helpers.sources.synthetic import turning_head

plots.setup()

# %% [markdown]
# ## A photograph
#
# To a computer a photograph is an array of numbers: rows, columns, and three colours from 0 to 255. This
# one shows the astronaut Eileen Collins (NASA, public domain); it comes with scikit-image.

# %%
photograph = skimage.data.astronaut()
photograph.shape, photograph.dtype

# %% [markdown]
# ## First: where is the face?
#
# A **detector** returns a *box* for every face: left, top, right and bottom edge, in pixels, counted from
# the upper left corner of the picture. The detector of *dlib*, a library that the course uses often, slides
# a window over the picture at many scales. (`upsample=1` would enlarge the picture first: that finds
# smaller faces, but here it also reports a false positive.)

# %%
boxes = detect(photograph, upsample=0)
boxes

# %% [markdown]
# ## Then: where are its points?
#
# **Face alignment** starts from the box and finds the *landmarks*: 68 agreed points on the face. One line
# loads an aligner, one line runs it. The result has the shape (faces, points, 2): an $x$ and a $y$ for each
# point.

# %%
aligner = methods.load("dlib")
points = aligner.predict([photograph], boxes)
points.shape

# %% [markdown]
# For a closer look, `crop` cuts out a square round the box and returns it with the *transform*, which maps
# pixels of the photograph to pixels of the crop. On the left the photograph with dlib's box, which leaves
# out the chin (its aligner was trained with such boxes); on the right the crop with the points.

# %%
close_up, transform = crop(photograph, boxes[0], size=400)
x = apply_transform(transform, points[0])
plots.show(plots.faces_grid([photograph, close_up], [None, x], boxes=[boxes[0], None], columns=2))
# ALT Left: an astronaut in an orange suit smiles at us, a white box round her face. Right: her face, large,
# ALT with blue dots along the jaw from ear to ear, orange ones on the eyebrows, green ones on the nose,
# ALT pink ones round the eyes and red ones round the lips.

# %% [markdown]
# The paper behind this aligner is called [*One Millisecond Face
# Alignment*](https://doi.org/10.1109/CVPR.2014.241), and on today's machines it takes a few milliseconds.
#
# ## Another method, the same call
#
# Every aligner in the course is used like this one. dlib's is a cascade of regression trees; **SENet** is a
# convolutional network with [*squeeze-and-excitation*](https://doi.org/10.1109/CVPR.2018.00745) gates, the
# main subject of the course. The same face, the same box:

# %%
senet_points = methods.load("senet").predict([photograph], boxes)
both = {"dlib": x, "SENet": apply_transform(transform, senet_points[0])}
plots.show(plots.compare(close_up, both))
# ALT The close-up twice, with the 68 points of dlib on the left and those of SENet on the right. Both follow
# ALT jaw, brows, nose, eyes and mouth; here and there they differ by a little.

# %% [markdown]
# Which one is better? One face cannot tell us. Notebook 01 shows how to measure it.
#
# ## Every point has a number
#
# The numbers matter: point 30 is the tip of the nose on *every* face, so that two faces can be compared
# point by point. This annotation scheme, or *mark-up*, was made for the photographs of
# [Multi-PIE](https://doi.org/10.1016/j.imavis.2009.08.002) (2010); the [300-W
# challenge](https://doi.org/10.1109/ICCVW.2013.59) (2013) made it the standard. "Left" and "right" are as
# *you* see the picture, and the numbers start at 0.

# %%
plots.show(plots.markup(x))
# ALT The 68 points without the photograph, numbered. 0 to 16 run along the jaw from left to right, 17 to 26
# ALT along the brows, 27 to 35 down the nose, 36 to 47 round the eyes, 48 to 67 round the lips.

# %% [markdown]
# Throughout the course each region has its own colour:

# %%
for region, index in landmarks.REGIONS.items():
    print(f"{region:6} points {index[0]:2} to {index[-1]}")

# %% [markdown]
# ### Exercise 1 ★
#
# The distance between the *outer* corners of the eyes is the classic **normaliser**: the next notebook
# divides errors by it. Which two points are they? Read their numbers off the picture.

# %% tags=["exercise"]
# SOLUTION
outer_corners = [36, 45]
# END SOLUTION
# STUB outer_corners = [..., ...]

# %%
check.outer_corners(outer_corners)

# %% [markdown]
# ### Exercise 2 ★★
#
# A smile makes the mouth wider. To compare photographs of different sizes, divide the width of the mouth
# (point 48 to point 54) by the distance between the outer eye corners. Write the function; `p` is (68, 2),
# point 48 is `p[48]`, and `np.linalg.norm(a - b)` is the distance between two points.


# %% tags=["exercise"]
def mouth_ratio(p):
    """Width of the mouth divided by the distance between the outer eye corners."""
    # SOLUTION
    return np.linalg.norm(p[48] - p[54]) / np.linalg.norm(p[36] - p[45])
    # END SOLUTION
    # STUB return ...


# %%
check.mouth_ratio(mouth_ratio)

# %% [markdown]
# You will use it in a moment. (`check.ready` below takes your function as soon as its check says Right, and
# the course's own until then.)
#
# ## The faces in this course
#
# The faces that you work with are **synthetic**. A statistical model of shape and texture, learnt from
# thousands of photographs, generates a new face whenever you ask: it blends several people's features,
# varies them, and changes light and background. Nobody in these pictures exists; the points are known
# exactly, because the face was rendered from them; and the supply is unlimited. The same `seed` gives
# everybody the same faces. Each comes with its points and with its *tight* box, the smallest one that holds
# them.

# %%
faces = sources.load("synthetic", n=60, seed=0, progress=False)
faces

# %%
plots.show(plots.faces_grid(faces.images[:8], faces.points[:8], boxes=faces.boxes[:8], columns=4))
# ALT Eight synthetic faces with their boxes and with 68 coloured dots on each, also where a face is turned
# ALT away.

# %% [markdown]
# A first measurement: your `mouth_ratio` of all sixty, and the four with the narrowest and with the widest
# mouth. Do all the wide ones smile? Which heads are turned?

# %%
ratio = np.array([check.ready(mouth_ratio)(p) for p in faces.points])
order = np.argsort(ratio)
some = [*order[:4], *order[-4:]]
plots.show(plots.faces_grid(faces.images[some], titles=[f"{r:.2f}" for r in ratio[some]], columns=4))
# ALT Two rows of four faces. The number above each rises from the first row, with narrow mouths, to the
# ALT second, with wide ones.

# %% [markdown]
# A wide mouth is often a smile. But when a head turns, eyes and mouth become narrower in the picture, and
# not by the same factor, so the ratio mixes expression with pose. Notebook 01 is about such traps.
#
# How does dlib, which was trained on photographs, do on these faces? It starts from the tight boxes, not
# from those of its own detector. **Predict first:** on which of the first four faces above will it be
# furthest off, and at which points? In the picture its points are dots; white crosses are the ground truth,
# and a line joins each dot to its cross.

# %% tags=["hide-output"]
guesses = aligner.predict(faces.images[:4], faces.boxes[:4])
plots.show(plots.faces_grid(faces.images[:4], guesses, truth=faces.points[:4], columns=2))
# ALT Four synthetic faces with dlib's dots, each joined by a line to the white cross of its truth: short
# ALT lines where a face looks ahead, longer ones where it is turned away.

# %% [markdown]
# *How* close, in a number that is fair to large and small faces, and whether it was fair to give dlib these
# boxes, are questions for the [next notebook](01_measuring_error.ipynb).
#
# ## 2D faces and 3D faces
#
# Turn your head, and part of your jaw disappears behind your cheek. Where are its points then?
#
# - **2D points** stay on what is *visible*: the jaw's points slide along the visible contour of the face.
# - **3D points** stay on the *same spot of the head*, visible or occluded; they have a depth $z$ as well.
#
# Below is the average of the model's faces at two angles. (Its 3D points were computed from the way its 2D
# points move as it turns: *structure from motion*.)

# %%
plots.show(plots.jaws(turning_head()))
# ALT The average face from the front, where 2D and 3D jaw points coincide, and turned by 40 degrees, where
# ALT the 2D points of the far side lie on the outline of the cheek and the 3D points, hollow, well inside
# ALT the face. Below both the head from above: the spot by the far ear is behind the cheek, whose edge the
# ALT camera sees instead.

# %% [markdown]
# From the front the two agree. At 40 degrees the far half of the 2D jaw marks other spots of the head than
# before: a *different* point with the *same* number. Two data sets of the same faces, one with 2D and one
# with 3D points ([300W-LP](https://doi.org/10.1109/CVPR.2016.23) has both), give different errors for the
# same prediction. Most of this course is about 2D points; [notebook 08](08_three_dimensions.ipynb) is about
# 3D, where a whole surface is fitted instead of 68 points.
#
# ## How many points?
#
# As many as the application needs, and as the annotators could afford:
#
# | points | where | what for |
# |---|---|---|
# | 5 | [CelebA], [MTCNN] | eyes, nose, mouth corners: enough to straighten a face before recognising it |
# | 20 | [BioID] | one of the first public sets (2001) |
# | 21 | [AFLW] | any pose up to full profile; occluded points are not annotated |
# | 29 | [LFPW], [COFW] | real-life photographs; COFW also says which points are occluded |
# | 68 | [300-W], [300W-LP] | this course: jaw, brows, nose, eyes and lips |
# | 98 | [WFLW] | finer jaw, brows and lids than the 68, and the pupils (some lists say 96) |
# | 194 | [HELEN] | dense contours, annotated by hand (some lists say 192, or 29) |
# | 1,000 and 8,000 | Megvii (Face++) | commercial: dense points for make-up and 3D |
#
# [CelebA]: https://doi.org/10.1109/ICCV.2015.425
# [MTCNN]: https://doi.org/10.1109/LSP.2016.2603342
# [BioID]: https://doi.org/10.1007/3-540-45344-X_14
# [AFLW]: https://doi.org/10.1109/ICCVW.2011.6130513
# [LFPW]: https://doi.org/10.1109/CVPR.2011.5995602
# [COFW]: https://doi.org/10.1109/ICCV.2013.191
# [300-W]: https://doi.org/10.1109/ICCVW.2013.59
# [300W-LP]: https://doi.org/10.1109/CVPR.2016.23
# [WFLW]: https://doi.org/10.1109/CVPR.2018.00227
# [HELEN]: https://doi.org/10.1007/978-3-642-33712-3_49
#
# Small schemes can mostly be derived from large ones: 51 is 68 without the jaw, and the centre of an eye is
# nearly the mean of its lids. Points that the 68 lack are estimated from their neighbours: the ear lobes of
# the 21, the lower edges of the brows in the 29, and 30 of the 98. Points of schemes other than the 68 are
# yellow.

# %%
names = ("5", "21", "29", "51", "68", "98")
shown = {f"{name} points": landmarks.convert(x, name) for name in names}
plots.show(plots.compare(close_up, shown, columns=3))
# ALT Six copies of the astronaut's face with 5, 21, 29, 51, 68 and 98 points. With more points the outlines
# ALT of eyes, mouth and jaw become finer.

# %% [markdown]
# What would a thousand look like? Join the 68 by triangles, put a point in the middle of every side, and
# again. (Only an impression of the density: these points lie between known ones, while a dense scheme such
# as Megvii's follows the skin's real surface.)


# %%
def denser(p):
    """The points, and the middle of every side of the triangles between them."""
    corners = Delaunay(p).simplices
    sides = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    sides = np.unique(np.sort(sides, axis=1), axis=0)
    return np.concatenate([p, p[sides].mean(axis=1)])


thousand = denser(denser(x))
dense = {f"{len(p):,} points": p for p in (thousand, denser(thousand))}
plots.show(plots.compare(close_up, dense))
# ALT The astronaut's face under about a thousand yellow points, and under nearly four thousand: the second
# ALT is almost a closed surface.

# %% [markdown]
# ## What people build on it
#
# | application | what the points give |
# |---|---|
# | expression recognition | how far the brows rise, the lids close, the mouth corners lift |
# | face editing and swapping | a mesh of triangles, to be warped or exchanged |
# | make-up, "beauty" filters | where lips, lids and brows begin and end |
# | 3D reconstruction | the pose of the head, and a first guess at its shape |
# | recognition | a face turned upright before it is compared |
# | driver monitoring | blinks, yawns, and where the head points |
#
# Lipstick, for example, is a polygon: fill the outline of the lips (points 48 to 59), leave out the gap
# between them (60 to 67), and mix in some colour.


# %%
def inside(image, polygon):
    """The pixels of an image inside a polygon (K, 2); polygon2mask wants rows (y) before columns (x)."""
    return polygon2mask(image.shape[:2], polygon[:, ::-1])


lips = inside(close_up, x[48:60]) & ~inside(close_up, x[60:68])
painted = close_up.copy()
painted[lips] = 0.6 * close_up[lips] + 0.4 * np.array([170, 0, 60])
plots.show(plots.faces_grid([close_up, painted], titles=["before", "after"], columns=2))
# ALT The astronaut's face twice: as photographed, and with lips of a bright pinkish red.

# %% [markdown]
# ### Exercise 3 ★★★ (open)
#
# Invent a filter of your own: darker brows, eye shadow, a red nose, spectacles. Write a function that takes
# an image and its points (68, 2) and returns a painted copy. The check asks only that the picture keeps its
# shape and its type (`uint8`), that something changes, and that your paint moves with the face. Mind the
# order: a pixel is `image[y, x]`, a point is $x$ before $y$.


# %% tags=["exercise"]
def paint(image, p):
    """A copy of the image, painted."""
    # SOLUTION
    painted, thickness = image.copy(), (0, 0.04 * np.ptp(p[:, 0]))
    for brow in (p[17:22], p[22:27]):
        mask = inside(image, np.concatenate([brow, brow[::-1] + thickness]))
        painted[mask] = 0.3 * image[mask] + 0.7 * np.array([40, 20, 10])
    return painted
    # END SOLUTION
    # STUB return ...


# %%
check.paint(paint)

# %%
yours = check.ready(paint)
small = [yours(faces.images[i], faces.points[i]) for i in range(3)]
plots.show(plots.faces_grid([yours(close_up, x), *small], columns=4))
# ALT The astronaut and three synthetic faces, painted by the same function.

# %% [markdown]
# ## Notation
#
# All notebooks write the same letters for the same things.
#
# | symbol | what it is | in code |
# |---|---|---|
# | $I$ | an image | `image`, (H, W, 3) |
# | $N$, $i$ | how many faces; one of them | `len(faces)` |
# | $L = 68$, $l$ | how many landmarks; one of them | |
# | $x$ | a face's points in a picture, $(x_1, y_1, \dots, x_L, y_L)$: $2L = 136$ numbers | `points` |
# | $S$, $\bar{S}$ | a shape; the mean shape | (68, 2) |
# | $x^*$, $S^*$ | the truth, that is, what was annotated | `truth` |
# | $t = 1 \dots T$ | the stage of a cascade; $S^t$ is the shape after it, $S^0$ the first | `stages=` |
# | $\Delta S$, $r_t$, $\phi$ | the update of a stage; its regressor; the features it sees | |
# | $P$, $b$, $\lambda$ | components of a shape model, coefficients of a shape, eigenvalues (variances) | |
# | $\mathcal{T}$ | a similarity: position, scale, rotation | `transform`, (2, 3) |
# | $d$ | the normaliser: the inter-ocular distance unless said otherwise | `norm=` |
# | $e_i$, $\tau$ | the error of a face, a fraction of $d$; the threshold of a failure | `threshold=` |
#
# ## The way ahead
#
# | notebook | what it is about |
# |---|---|
# | 00 start here | you are here |
# | [01 measuring error](01_measuring_error.ipynb) | how good a method is, and when such a number misleads |
# | [02 shape models](02_shape_models.ipynb) | Procrustes, point distribution models, ASM, AAM; with sliders |
# | [03 cascaded regression](03_cascaded_regression.ipynb) | CPR, ESR, SDM, LBF: to the face in stages |
# | [04 dlib, 68 points](04_dlib_68_points.ipynb) | train regression trees; annotate your own photographs |
# | [05 preparing data](05_preparing_data.ipynb) | data sets; crop, normalise, split by person, TFRecords |
# | [06 convolutional regression](06_convolutional_regression.ipynb) | DCNN, Face++, TCDCN, MTCNN and more |
# | [07 heatmaps](07_heatmaps.ipynb) | FAN, DAN, PIPNet: a map for each point |
# | [08 three dimensions](08_three_dimensions.ipynb) | fit a 3D face: pose, 3DDFA, PRNet, DenseReg |
# | [09 squeeze and excitation](09_squeeze_and_excitation.ipynb) | what SENet adds to a network, and why |
# | [10 training SENet](10_training_senet.ipynb) | the whole recipe, from data to checkpoint |
# | [11 the comparison](11_the_comparison.ipynb) | every method on one leaderboard |
# | [12 freezing and deploying](12_freezing_and_deploying.ipynb) | one file, same output, in milliseconds |
# | [13 compare live](13_compare_live.ipynb) | dlib beside SENet, on your photograph or webcam |
# | 14 challenges | light, pose, expression, occlusion, density: remedies, tested |
# | [15 what people build](15_what_people_build.ipynb) | blinks, head pose, make-up, face swap, smoothing |
#
# Each notebook is built like this one: a few lines of text, a few lines of code, a picture. Those without a
# link are planned, not written yet.
#
# ## Questions
#
# 1. You want to know whether a driver blinks. How many points do you need, and which?
# 2. A make-up filter works in the mirror and fails in profile. Which points mislead it, 2D or 3D ones, and
#    why?
# 3. Two people annotate the same face. At which of the 68 points will they differ most?
#
# Answer them yourself, or in pairs, before you unfold:
#
# <details><summary>Answers</summary>
#
# **1.** The lids: two points above and two below each eye give its height, the two corners its width. The
# height divided by the width does not depend on how near the camera is.
#
# **2.** The 2D points of the far cheek: they follow the visible contour, so the paint slides over the skin as
# the head turns. 3D points stay on their spot, but some are occluded: what lies there must not be painted.
#
# **3.** Along the jaw, which has no corners: its points can slide along the contour. Least at the corners of
# eyes and mouth.
#
# </details>
#
# ## Common mistakes
#
# - rows and columns exchanged: `image[y, x]`, but a point is $x$ before $y$; OpenCV's BGR taken for RGB;
# - MATLAB's 37 and 46 for Python's 36 and 45; the person's left taken for the picture's;
# - points of a crop compared with points of the photograph: map them back by the transform first.
#
# ## Key points
#
# - Detection gives a **box**; alignment starts from the box and gives **points**.
# - An annotation scheme (mark-up) fixes how many points there are and what each number means. This course
#   uses 68, in five regions.
# - Small schemes can mostly be computed from large ones; the other way round one has to estimate.
# - 2D points follow the visible contour; 3D points stay on the same spot of the head.
# - Images are RGB `uint8`; points are `float32` pixels, $x$ before $y$; boxes are left, top, right, bottom.
#
# ## Go further
#
# - C. Sagonas, G. Tzimiropoulos, S. Zafeiriou, M. Pantic, [*300 Faces in-the-Wild Challenge: The First
#   Facial Landmark Localization Challenge*](https://doi.org/10.1109/ICCVW.2013.59), ICCV workshops 2013:
#   read it for how the 68 points became the standard.
# - V. Kazemi, J. Sullivan, [*One Millisecond Face Alignment with an Ensemble of Regression
#   Trees*](https://doi.org/10.1109/CVPR.2014.241), CVPR 2014: how dlib does it.
# - A. Bulat, G. Tzimiropoulos, [*How Far Are We from Solving the 2D & 3D Face Alignment
#   Problem?*](https://doi.org/10.1109/ICCV.2017.116), ICCV 2017: what changes when the same faces get 3D
#   points.
# - X. Jin, X. Tan, [*Face Alignment In-the-Wild: A Survey*](https://doi.org/10.1016/j.cviu.2017.08.008),
#   Computer Vision and Image Understanding, 2017: the methods of notebooks 02 to 07 on one map.
# - N. Wang, X. Gao, D. Tao, H. Yang, X. Li, [*Facial Feature Point Detection: A Comprehensive
#   Survey*](https://doi.org/10.1016/j.neucom.2017.05.013), Neurocomputing, 2018: its tables of data sets.
