# %% [markdown]
# # Start here: find 68 points on a face
#
# **After this notebook you can**
#
# - find a face in a photograph, and 68 points on it, in three lines of Python;
# - say what the 68 points are, which region a number belongs to, and how other annotation schemes relate to
#   them;
# - tell the points of a 2D face from those of a 3D face;
# - name what people build on facial points.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute.
# **Needs:** a little Python and NumPy. No download: faces and models came with the course.
#
# Run a cell with <kbd>Shift</kbd> + <kbd>Enter</kbd>, from top to bottom. The first one loads NumPy and the
# course's own package, `facelm_helpers`; `plots.setup()` sets the look of the pictures. Answers are in the
# SOLUTIONS_LINK.

# %%
import numpy as np
import skimage.data

from facelm_helpers import landmarks, methods, plots, sources
from facelm_helpers.checks import start_here as check
from facelm_helpers.detectors import detect
from facelm_helpers.faces import crop
from facelm_helpers.geometry import apply_transform

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
# A **detector** returns a *box* for every face: left, top, right and bottom edge, in pixels, counted from the
# upper left corner of the picture. The detector of *dlib*, a library that the course uses often, slides a
# window over the picture at many scales. (`upsample=1` would enlarge the picture first: that finds smaller
# faces, but here it also reports a false positive.)

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

# %%
plots.show(plots.face(photograph, points[0], box=boxes[0]))
# ALT An astronaut in an orange suit smiles at us. A white box frames her face; 68 coloured dots trace the
# ALT jaw, the eyebrows, the nose, the eyes and the lips.

# %% [markdown]
# (dlib's box leaves out the chin; its aligner was trained with such boxes.) The paper behind the aligner is
# called *One Millisecond Face Alignment*, and that is about what it takes. For a closer look, `crop` cuts
# out a square round the box and returns it with the *transform*, which maps pixels of the photograph to
# pixels of the crop.

# %%
close_up, transform = crop(photograph, boxes[0], size=400)
close_points = apply_transform(transform, points[0])
plots.show(plots.face(close_up, close_points))
# ALT The same face, close up. Blue dots follow the jaw from ear to ear, orange ones the eyebrows, green ones
# ALT the bridge and base of the nose, pink ones the eyelids, red ones the outer and inner edge of the lips.

# %% [markdown]
# ## Another method, the same call
#
# Every aligner in the course is used like this one. dlib's is a cascade of regression trees; **SENet** is a
# convolutional network with *squeeze-and-excitation* gates, the main subject of the course. The same face,
# the same box:

# %%
senet_points = methods.load("senet").predict([photograph], boxes)
both = {"dlib": close_points, "SENet": apply_transform(transform, senet_points[0])}
plots.show(plots.compare(close_up, both))
# ALT The close-up twice, with the 68 points of dlib on the left and those of SENet on the right. Both follow
# ALT jaw, brows, nose, eyes and mouth; here and there they differ by a little.

# %% [markdown]
# Which one is better? One face cannot tell us. Notebook 01 shows how to measure it.
#
# ## Every point has a number
#
# The numbers matter: point 30 is the tip of the nose on *every* face, so that two faces can be compared
# point by point. This annotation scheme, or *mark-up*, was made for the Multi-PIE photographs (2010); the
# 300-W challenge (2013) made it the standard. "Left" and "right" are as *you* see the picture, and the
# numbers start at 0.

# %%
plots.show(plots.markup(close_points))
# ALT The 68 points without the photograph, numbered. 0 to 16 run along the jaw from left to right, 17 to 26
# ALT along the brows, 27 to 35 down the nose, 36 to 47 round the eyes, 48 to 67 round the lips.

# %% [markdown]
# Throughout the course each region has its own colour:

# %%
for region, index in landmarks.REGIONS.items():
    print(f"{region:6} points {index[0]:2} to {index[-1]}")

# %% [markdown]
# ### Exercise 1
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
# ### Exercise 2
#
# A smile makes the mouth wider. To compare photographs of different sizes, divide the width of the mouth
# (point 48 to point 54) by the distance between the outer eye corners. Point 48 is `p[48]`, and
# `np.linalg.norm(a - b)` is the distance between two points.

# %% tags=["exercise"]
p = points[0]
# SOLUTION
mouth_ratio = np.linalg.norm(p[48] - p[54]) / np.linalg.norm(p[36] - p[45])
# END SOLUTION
# STUB mouth_ratio = ...

# %%
check.mouth_ratio(mouth_ratio, points[0])

# %% [markdown]
# ## How many points?
#
# As many as the application needs, and as the annotators could afford:
#
# | points | where | what for |
# |---|---|---|
# | 5 | CelebA, MTCNN | eyes, nose, mouth corners: enough to straighten a face before recognising it |
# | 20 | BioID | one of the first public sets (2001) |
# | 21 | AFLW | any pose up to full profile; occluded points are not annotated |
# | 29 | LFPW, COFW | real-life photographs; COFW also says which points are occluded |
# | 68 | 300-W, 300W-LP | this course: jaw, brows, nose, eyes and lips |
# | 98 | WFLW | finer jaw, brows and lids than the 68, and the pupils (some lists say 96) |
# | 194 | HELEN | dense contours, annotated by hand (some lists say 192) |
# | 1,000 and 8,000 | Megvii (Face++) | commercial: dense points for make-up and 3D |
#
# Small schemes can mostly be derived from large ones: 51 is 68 without the jaw, and the centre of an eye is
# nearly the mean of its lids. Points that the 68 lack are estimated from their neighbours: the ear lobes of
# the 21, the lower edges of the brows in the 29, and 30 of the 98. Points of schemes other than the 68 are
# yellow.

# %%
names = ("5", "21", "29", "51", "68", "98")
shown = {f"{name} points": landmarks.convert(close_points, name) for name in names}
plots.show(plots.compare(close_up, shown, columns=3))
# ALT Six copies of the astronaut's face with 5, 21, 29, 51, 68 and 98 points. With more points the outlines
# ALT of eyes, mouth and jaw become finer.

# %% [markdown]
# ## 2D faces and 3D faces
#
# Turn your head, and part of your jaw disappears behind your cheek. Where are its points then?
#
# - **2D points** stay on what is *visible*: the jaw's points slide along the visible contour of the face.
# - **3D points** stay on the *same spot of the head*, visible or occluded; they can have a depth $z$ as well.
#
# On a frontal face the two nearly agree, in profile they do not. Most of this course is about 2D points;
# notebook 08 (planned) is about 3D, where a whole surface is fitted instead of 68 points.

# %% [markdown]
# ## The faces in this course
#
# The faces that you work with are **synthetic**. A statistical model of shape and texture, learnt from
# thousands of photographs, generates a new face whenever you ask: it blends several people's features,
# varies them, and changes light and background. Nobody in these pictures exists; the points are known
# exactly, because the face was rendered from them; and the supply is unlimited. The same `seed` gives
# everybody the same faces.

# %%
faces = sources.load("synthetic", n=24, seed=0)
faces

# %%
plots.show(plots.faces_grid(faces.images, columns=8))
# ALT Twenty-four synthetic faces in three rows: women and men, several skin colours, some smiling, some
# ALT turned to the side, in different light and before different backgrounds.

# %% [markdown]
# Each comes with its points and with its *tight* box, the smallest one that holds them. Methods are trained
# and evaluated on these. They are 2D points: on the third face, turned away, the jaw's points follow the
# visible contour.

# %%
plots.show(plots.faces_grid(faces.images[:8], faces.points[:8], boxes=faces.boxes[:8], columns=4))
# ALT Eight of the synthetic faces, larger, with their boxes and with 68 coloured dots on each, also where the
# ALT face is turned away.

# %% [markdown]
# How does dlib, which was trained on photographs, do on them? It starts from these boxes, not from those of
# its own detector. Its points are dots; white crosses are the ground truth, and a line joins each dot to its
# cross.

# %%
guesses = aligner.predict(faces.images[:4], faces.boxes[:4])
plots.show(plots.faces_grid(faces.images[:4], guesses, truth=faces.points[:4], columns=4))
# ALT Four synthetic faces with dlib's dots, each joined by a line to the white cross of its truth. On three
# ALT faces the lines are short; on the third, turned away, they are long.

# %% [markdown]
# It is close on frontal faces, and sometimes far off where the head is turned. *How* close, in a number that
# is fair to large and small faces, and whether it was fair to give dlib these boxes, are questions for the
# [next notebook](01_measuring_error.ipynb).

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
from skimage.draw import polygon2mask

y_x = close_points[:, ::-1]  # polygon2mask wants rows (y) before columns (x)
lips = polygon2mask((400, 400), y_x[48:60]) & ~polygon2mask((400, 400), y_x[60:68])
painted = close_up.copy()
painted[lips] = 0.6 * close_up[lips] + 0.4 * np.array([170, 0, 60])

# %%
plots.show(plots.faces_grid([close_up, painted], titles=["before", "after"], columns=2))
# ALT The astronaut's face twice: as photographed, and with lips of a bright pinkish red.

# %% [markdown]
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
# | 06 convolutional regression | Vanilla CNN, DCNN, Face++, TCDCN, MTCNN |
# | 07 heatmaps | FAN and DAN: a map for each point |
# | 08 three dimensions | 3DMM, 3DDFA, PRNet, DenseReg: fit a surface |
# | [09 squeeze and excitation](09_squeeze_and_excitation.ipynb) | what SENet adds to a network, and why |
# | [10 training SENet](10_training_senet.ipynb) | the whole recipe, from data to checkpoint |
# | [11 the comparison](11_the_comparison.ipynb) | every method on one leaderboard |
# | [12 freezing and deploying](12_freezing_and_deploying.ipynb) | one file, same output, in milliseconds |
# | [13 compare live](13_compare_live.ipynb) | dlib beside SENet, on your photograph or webcam |
# | 14 challenges | light, pose, expression, occlusion, density: remedies, tested |
# | 15 what people build | blinks, head pose, make-up, face swap, smoothing |
#
# Each notebook is built like this one: a few lines of text, a few lines of code, a picture. Those without a
# link are planned, not written yet.

# %% [markdown]
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
# - C. Sagonas, G. Tzimiropoulos, S. Zafeiriou, M. Pantic, *300 Faces in-the-Wild Challenge: The First Facial
#   Landmark Localization Challenge*, ICCV workshops 2013: how the 68 points became the standard.
# - V. Kazemi, J. Sullivan, *One Millisecond Face Alignment with an Ensemble of Regression Trees*, CVPR
#   2014: how dlib does it.
# - X. Jin, X. Tan, *Face Alignment In-the-Wild: A Survey*, Computer Vision and Image Understanding, 2017.
# - N. Wang, X. Gao, D. Tao, H. Yang, X. Li, *Facial Feature Point Detection: A Comprehensive Survey*,
#   Neurocomputing, 2018.
