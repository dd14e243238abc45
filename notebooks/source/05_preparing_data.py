# %% [markdown]
# # Preparing data
#
# **After this notebook you can**
#
# - name the field's data sets, and put right what lists say of them;
# - read 300W-LP without falling into its traps;
# - crop a face, normalise its points to 0 to 1, mirror and augment it, with functions of your own;
# - split faces so that no person is in both the training and the test set, and show what a careless split
#   hides;
# - write TFRecords and read them in batches, shuffled and augmented, as fast as a network takes them.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute. The exercises take about
# 35 minutes, the questions 10; in a class of an hour, exercise 3 is homework. **Needs:** [notebook
# 01](01_measuring_error.ipynb); the letters are those of [notebook 00](00_start_here.ipynb). Answers are in
# the SOLUTIONS_LINK.

# %%
import json
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from scipy.interpolate import griddata
from scipy.io import loadmat, savemat
from sklearn.linear_model import Ridge

from facelm_helpers import augment, landmarks, metrics, paths, plots, sources, tfrecords, widgets
from facelm_helpers.boxes import jitter_boxes, move_boxes, tight_boxes
from facelm_helpers.checks import preparing_data as check
from facelm_helpers.faces import FaceSet, crop_transform, denormalise, from_vector, to_vector
from facelm_helpers.geometry import apply_transform
from facelm_helpers.images import warp
from facelm_helpers.sources.synthetic import turning_head

plots.setup()
FOLDER = Path(tempfile.mkdtemp())  # everything that this notebook writes goes here

# %% [markdown]
# ## The field's data sets
#
# | set | faces | points | what it is |
# |---|---:|---|---|
# | [BioID][bioid] (2001) | 1,521 | 20 | grey, frontal, 23 people in offices |
# | [LFPW][lfpw] (2011) | 1,432 | 29 | web addresses; 1,035 were still there for 300-W |
# | [AFLW][aflw] (2011) | 25,993 | up to 21 | Flickr, up to profile; only visible points |
# | [AFW][afw] (2012) | 468 | up to 6 | Flickr; 337 of them with 68 points in 300-W |
# | [HELEN][helen] (2012) | 2,330 | 194 | large portraits |
# | [COFW][cofw] (2013) | 1,852 | 29 | heavily occluded; each point visible or not |
# | [MVFW, OCFW][mvfw] (ICCV 2013) | | 68 | many views; occlusion |
# | [300-W][300-w] (2013) | 3,837 + 600 | 68 | AFW, LFPW, HELEN anew, and IBUG; 600 kept private |
# | [CelebA][celeba] (2015) | 202,599 | 5 | 10,177 celebrities, with 40 attributes |
# | [300W-LP][300w-lp] (2016) | 61,225 | 68 | the 3,837 faces of 300-W, turned by a 3D model |
# | [AFLW2000-3D][aflw2000-3d] (2016) | 2,000 | 68, 3D | the usual test for 300W-LP |
# | [WFLW][wflw] (2018) | 10,000 | 98 | hard faces, sorted by what makes them hard |
#
# [bioid]: https://doi.org/10.1007/3-540-45344-X_14
# [lfpw]: https://doi.org/10.1109/CVPR.2011.5995602
# [aflw]: https://doi.org/10.1109/ICCVW.2011.6130513
# [afw]: https://doi.org/10.1109/CVPR.2012.6248014
# [helen]: https://doi.org/10.1007/978-3-642-33712-3_49
# [cofw]: https://doi.org/10.1109/ICCV.2013.191
# [mvfw]: https://doi.org/10.1109/ICCV.2013.244
# [300-w]: https://doi.org/10.1109/ICCVW.2013.59
# [celeba]: https://doi.org/10.1109/ICCV.2015.425
# [300w-lp]: https://doi.org/10.1109/CVPR.2016.23
# [aflw2000-3d]: https://doi.org/10.1109/CVPR.2016.23
# [wflw]: https://doi.org/10.1109/CVPR.2018.00227
#
# The annotations of 300-W are *semi-automatic*: set by a machine, corrected by hand. Terms, and how to get
# each set: [data/README.md](../data/README.md).
#
# **What lists get wrong.** *HELEN has 29 points*: no, 194 (29 are LFPW's and COFW's); and 68 in 300-W. *OCFW*
# is not a misspelt COFW: it came with MVFW ("ICCV13") and has 68 points, COFW has 29; the two are often
# confused. *AFLW has 21*: at most, since hidden points are missing. *300W-LP is made from XM2VTS too*: XM2VTS
# was annotated for 300-W, but is sold separately, and no render of it is in 300W-LP.
#
# ## 300W-LP on disk
#
# The recipe behind our SENet was written for 300W-LP: 61,225 pictures of 450 x 450 pixels, made from 3,837
# faces by fitting a 3D face to each and *turning* it, some 16 renders of each:
#
# ```
# 300W_LP/HELEN/HELEN_30000_1_0.jpg
# 300W_LP/HELEN/HELEN_30000_1_0.mat
# 300W_LP/landmarks/HELEN/HELEN_30000_1_0_pts.mat
# ```
#
# Beside HELEN stand AFW, IBUG, LFPW, and mirrored copies: `HELEN_Flip` and so on.
#
# Let us build a small data set of the same form from 40 synthetic faces. How points move when a head turns,
# `turning_head` tells (from notebook 00); the picture follows them by a smooth warp.

# %%
photographs = sources.load("synthetic", n=40, size=225, seed=5, yaw=(0, 0.2), progress=False)
head = turning_head()
views = [head(10 * k) for k in range(4)]  # degrees


def turned_points(x, front, view):
    """The points of a turned face: those on the visible contour, and those of the 3D face."""
    scale = np.ptp(x[:, 1]) / np.ptp(front.visible[:, 1])
    visible, solid = x + scale * (view.visible - front.visible), x + scale * (view.solid - front.solid)
    return visible, np.concatenate([solid[:17], visible[17:]])  # the two differ along the jaw


# %%
def turned_picture(image, x, target):
    """The picture in which the points x lie at their targets; its border stays."""
    size, line = len(image), np.linspace(0, len(image) - 1, 9)
    border = [(a, b) for a in line for b in line if {a, b} & {line[0], line[-1]}]
    flow = np.concatenate([x - target, np.zeros((len(border), 2))])
    grid = np.meshgrid(np.arange(0, size, 4), np.arange(0, size, 4))
    flow = griddata(np.concatenate([target, border]), flow, tuple(grid)).astype(np.float32)
    larger = 4 * np.eye(2, 3, dtype=np.float32)
    flow = cv2.warpAffine(flow, larger, (size, size), borderMode=cv2.BORDER_REPLICATE)
    row, column = np.indices((size, size), np.float32)
    return cv2.remap(image, column + flow[..., 0], row + flow[..., 1], cv2.INTER_LINEAR)


# %%
root = FOLDER / "300W_LP"
for subfolder in (root / "HELEN", root / "landmarks" / "HELEN"):
    subfolder.mkdir(parents=True)
for i, k in np.ndindex(40, 4):
    image, x, _ = photographs[i]
    pts_2d, pts_3d = turned_points(x, views[0], views[k])
    name, pose = f"HELEN_{30000 + i}_1_{k}", [[0, np.radians(10 * k), 0, 0, 0, 0, 1]]  # pitch, yaw, roll, ...
    Image.fromarray(turned_picture(image, x, pts_2d)).save(root / "HELEN" / f"{name}.jpg", quality=95)
    savemat(root / "HELEN" / f"{name}.mat", {"pt2d": x.T, "Pose_Para": pose})
    savemat(root / "landmarks" / "HELEN" / f"{name}_pts.mat", {"pts_2d": pts_2d, "pts_3d": pts_3d})

# %% [markdown]
# ### Trap 1: `pt2d` is wrong for turned faces
#
# What is in the `.mat` beside a picture? **Predict first:** it is made by a program that turns a photograph.
# Which points will it hold?

# %%
fields = loadmat(root / "HELEN" / "HELEN_30000_1_2.mat")
print({name: value.shape for name, value in fields.items() if not name.startswith("__")})

# %% tags=["hide-output"]
LP = {which: sources.load("300w-lp", root, which=which) for which in ("pt2d", "pts_2d", "pts_3d")}
images, x = list(LP["pts_2d"].images[:4]), {which: faces.points[:4] for which, faces in LP.items()}
e = metrics.nme(x["pt2d"], x["pts_2d"], norm="box")
titles = [f"render {k}: {error:.0%} off" for k, error in enumerate(e)]
plots.show(plots.faces_grid(images, x["pt2d"], x["pts_2d"], titles=titles, columns=2))
# ALT Four renders of one face, each turned further. White crosses follow the face; the coloured dots of pt2d
# ALT stay where the face was in the first, joined to the crosses by ever longer lines.

# %% [markdown]
# All renders carry the points of the photograph *before* it was turned. The right ones are in `landmarks/`.
#
# ### Trap 2: `pts_2d` and `pts_3d` differ along the jaw
#
# `pts_2d` follows the *visible contour*, as a person would annotate; `pts_3d` are always the same spots of
# the head, of which some are hidden when it turns. Train on the kind that your test set has (AFLW2000-3D:
# 3D), and do not mix them. The last render with both; crosses are `pts_2d`:

# %%
plots.show(
    plots.compare(images[3], {which: x[which][3] for which in ("pts_2d", "pts_3d")}, truth=x["pts_2d"][3])
)
# ALT A face turned to the right twice. Left, the jaw's dots run along the visible contour. Right, those of
# ALT the far side lie within the face, joined by lines to the crosses on the contour.

# %% [markdown]
# How large is this in the real files? Measured on the folder AFW (`data/results/`):

# %%
found = json.loads((paths.RESULTS / "w300lp_traps.json").read_text(encoding="utf-8"))
print(f"{found['renders']} renders of {found['photographs']} photographs")
away, offset = found["away"], found["offset"]
middle = np.array(away["yaw"][:-1]) + 7.5
curves = {name: 100 * np.array(away[name]) for name in ("pt2d", "pts_3d, jaw", "pts_3d, other points")}
plots.show(plots.curves(middle, curves, "yaw, degrees", "distance from pts_2d, % of the box"))
# ALT Three curves over the yaw of the head. That of pt2d rises from a few percent to more than a quarter of
# ALT the box, that of the jaw of pts_3d to a fifth; the other points of pts_3d are the same as pts_2d's.

# %% [markdown]
# ### Trap 3: where do the pixels start?
#
# MATLAB and `.pts` files count from 1, NumPy from 0: subtract 1 from a `.pts` file, once
# (`sources.load("pts")` does). In 300W-LP it is worse: compared with the annotations of 300-W, its points
# lie

# %%
for name, (right, down) in offset.items():
    print(f"{name:6} {right:+.1f} pixels to the right, {down:+.1f} down, in pictures of 450 pixels")

# %% [markdown]
# So: **plot** some points on their pictures before you train, large enough to see one pixel.
#
# ### Trap 4: sixteen renders are one person
#
# A split by *picture* puts renders of the same photograph on both sides; in AFW even several faces are of one
# photograph. Flips (`HELEN_Flip`) are the same people mirrored: leave them out, and mirror during training.
# In a `FaceSet`, `persons` names the source photograph. More below.
#
# ### And the rest
#
# - **The test photographs of 300-W are inside**: all 3,837 faces were turned, the "common" and
#   "challenging" test too. A model trained on 300W-LP is tested on AFLW2000-3D (or 300-W's private part, or
#   COFW-68).
# - **Unify before use**: all points as (68, 2), $x$ before $y$. `pt2d` is (2, 68); vertices of the 3D model
#   count $y$ from the bottom ($y \to h - 1 - y$ in a picture of height $h$).
# - **Do not clip**: points may lie outside the picture; they are still correct.
# - **Normalise** errors by the box: the inter-ocular distance shrinks as a head turns.
#
# ## Crop and normalise
#
# A network needs all faces in the same frame. Round the centre $c = (c_x, c_y)$ of a face's box (left, top,
# right, bottom), of width $w$ and height $h$, cut out a square of side $s = 1.5 \cdot \max(w, h)$, and resize
# it to 128 x 128. A point $(x, y)$ of the picture becomes $(x', y')$ in pixels of the crop, and from that the
# network's target $(\hat x, \hat y)$, nominally 0 to 1; $y$ goes as $x$:
#
# $$x' = (x - c_x)\,\frac{128}{s} + \frac{128 - 1}{2}, \qquad \hat x = \frac{x'}{128}$$
#
# (127 / 2 = 63.5 is the middle of the crop, since its pixels count from 0 to 127.)
#
# ### Exercise 1 ★
#
# Implement it, for both coordinates and for the picture: `warp(image, M, 128)` draws the crop, where the two
# rows of `M` (2, 3) give $x'$ and $y'$ from $(x, y, 1)$. All that follows crops with your function, once it
# is right.


# %% tags=["exercise"]
def to_crop(image, points, box):
    """The crop (128, 128, 3), and the points (68, 2) from 0 to 1."""
    left, top, right, bottom = box
    # SOLUTION
    c = np.array([left + right, top + bottom]) / 2
    s = 1.5 * max(right - left, bottom - top)
    shift = 63.5 - c * 128 / s
    M = np.array([[128 / s, 0, shift[0]], [0, 128 / s, shift[1]]])
    x_hat = ((points - c) * 128 / s + 63.5) / 128
    return warp(image, M, 128), x_hat
    # END SOLUTION
    # STUB c = ...
    # STUB s = ...
    # STUB M = ...
    # STUB x_hat = ...
    # STUB return ...


# %%
check.to_crop(to_crop)

# %%
cropped = check.ready(to_crop, check.to_crop)  # yours, once it passes
image, points, box = LP["pts_2d"][2]
face, x_hat = cropped(image, points, box)
tight = tight_boxes(128 * x_hat[None])[0]
plots.show(plots.faces_grid([image, face], [points, 128 * x_hat], boxes=[box, tight], columns=2))
# ALT Left, a picture with a face, its points and the tight box round them. Right, the square crop: the face
# ALT fills it, the points have moved along.

# %% [markdown]
# The output of a network is mapped back by the inverse. How much precision do 136 `float32` numbers lose?

# %%
answer = to_vector(x_hat[None]).astype(np.float32)  # what a network would output
x_crop = denormalise(from_vector(answer)[0])  # times 128
M = crop_transform(box)  # the course's M; below, its inverse
back = (x_crop - M[:, 2]) / M[0, 0]
print(f"largest difference: {np.abs(back - points).max():.5f} pixels")

# %% [markdown]
# ## 80 % training, 20 % test
#
# The careless way is to shuffle the pictures and split them; the careful way is to shuffle the *persons*
# (here: photographs). Does it matter? This "method" only memorises (one-nearest-neighbour): it looks up the
# most similar training crop, at 16 x 16 pixels, and copies its points.


# %%
def crops_of(faces):
    """All crops (N, 128, 128, 3), and their points."""
    both = [cropped(*faces[i]) for i in range(len(faces))]
    return tuple(np.stack(part) for part in zip(*both, strict=True))


def memorise(train, test):
    """NME of copying the points of the most similar training picture."""
    tiny = [np.stack([cv2.resize(face, (16, 16), interpolation=cv2.INTER_AREA) for face in faces]).astype(int)
            for faces, _ in (train, test)]  # fmt: skip
    nearest = [((tiny[0] - one) ** 2).sum(axis=(1, 2, 3)).argmin() for one in tiny[1]]
    return metrics.nme(train[1][nearest], test[1], norm="box").mean()


# %% [markdown]
# **Predict first:** in which of the two splits is copying a decent method?

# %%
everyone = LP["pts_2d"]
order = np.random.default_rng(0).permutation(len(everyone))
splits = {"careless": (everyone[order[:128]], everyone[order[128:]])}
splits["careful"] = everyone.split_by_person(0.8, seed=0)

# %% tags=["hide-output"]
for name, (train, test) in splits.items():
    leaked = np.isin(test.persons, train.persons).sum()
    print(
        f"{name:8} {leaked:2} of {len(test)} test pictures show a person of the training pictures;", end=" "
    )
    print(f"NME {memorise(crops_of(train), crops_of(test)):.1%}")
copying = found["copying"]
print(f"300W-LP's AFW, by render {copying['by render']:.1%}, by photograph {copying['by photograph']:.1%}")

# %% [markdown]
# On the careless split, copying looks like a decent method: most test pictures have a near-duplicate among
# the training pictures. It does not **generalise** to new people, and only the careful split shows that. A
# network can memorise (**overfit**) as well. Tuning needs a third part, a **validation set**.
#
# ## TFRecords: one file, read from front to back
#
# 61,225 small files are slow to open. TensorFlow's container stores them one after the other in one file
# (or a few *shards*). A record is an `Example` of named lists: here the JPEG bytes of a crop, its 136
# numbers, and who it is. From here on we use the default faces; with 300W-LP on your disk, change one word.

# %%
from facelm_helpers.quiet import tensorflow as tf  # without its start-up messages

FACES = sources.load("synthetic", n=600, seed=0)
train, test = FACES.split_by_person(0.8, seed=0)


def example(face, x_hat, person):
    jpeg = tf.io.encode_jpeg(face, quality=95).numpy()
    feature = {
        "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[jpeg])),
        "label": tf.train.Feature(float_list=tf.train.FloatList(value=x_hat.ravel())),
        "person": tf.train.Feature(bytes_list=tf.train.BytesList(value=[str(person).encode()])),
    }
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


# %%
for name, faces in {"train": train, "test": test}.items():
    with tf.io.TFRecordWriter(str(FOLDER / f"{name}.tfrecords")) as file:
        for i in range(len(faces)):
            file.write(example(*cropped(*faces[i]), faces.persons[i]))
[path.name for path in sorted(FOLDER.glob("*.tfrecords"))]

# %% [markdown]
# (`tfrecords.write` does the same, in shards, and so that an interrupted run leaves no half file.) Is a face
# read back unchanged? Labels are, *bit for bit*. Pictures nearly: JPEG is lossy, once; from then on its bytes
# are only copied.

# %%
again, (faces, labels) = tfrecords.read(FOLDER, "train"), crops_of(train)
same = np.array_equal(again.points, np.float32(labels) * np.float32(128))
loss = np.abs(np.stack(list(again.images)).astype(int) - faces).mean()
print(f"labels bit for bit: {same}; pictures: {loss:.1f} of 255 grey levels off, on average")

# %% [markdown]
# ## `get_one_batch`
#
# A training loop requests one batch after the other: `type` 0 is the training set, shuffled, without end; 1
# the test set, once, in order. The recipe's TensorFlow 1 built this from *queues*; today `tf.data` does:
#
# | TensorFlow 1.12 | today |
# |---|---|
# | `string_input_producer`, `TFRecordReader` | `tf.data.TFRecordDataset` |
# | `parse_single_example`, `decode_raw`, `reshape` | `map(parse)`, with `decode_jpeg` |
# | `train.shuffle_batch` (training), `train.batch` (test) | `shuffle(...).batch(...)`, `batch(...)` |
# | `start_queue_runners`, `Coordinator` | `prefetch(...)` |


# %%
def parse(record):
    form = {"image": tf.io.FixedLenFeature([], tf.string), "label": tf.io.FixedLenFeature([136], tf.float32)}
    found = tf.io.parse_single_example(record, form)
    image = tf.ensure_shape(tf.io.decode_jpeg(found["image"], channels=3), (128, 128, 3))
    return tf.cast(image, tf.float32) / 255, found["label"]


def stream(type, batch_size):
    records = tf.data.TFRecordDataset(str(FOLDER / ("train.tfrecords", "test.tfrecords")[type]))
    if type == 0:
        records = records.shuffle(1000, seed=0).repeat()
    records = records.map(parse, num_parallel_calls=tf.data.AUTOTUNE).batch(batch_size)
    return iter(records.prefetch(tf.data.AUTOTUNE))


# %%
streams = {type: stream(type, batch_size=32) for type in (0, 1)}


def get_one_batch(type):
    images, labels = next(streams[type])
    return images.numpy(), labels.numpy()


# %%
images, labels = get_one_batch(0)
print(images.shape, labels.shape, f"values from {images.min():.0f} to {images.max():.0f}")
pictures, shapes = np.uint8(255 * images[:8]), denormalise(from_vector(labels[:8]))
plots.show(plots.faces_grid(pictures, shapes, columns=4))
# ALT Eight different faces of the batch, each with its 68 points in place.

# %% [markdown]
# `shuffle` keeps a buffer and takes random elements out of it. **Predict first:** what does a buffer of 1
# do to the numbers 0 to 19? And one of 3?

# %% tags=["hide-output"]
for buffer in (1, 3, 20):
    print(f"buffer {buffer:2}:", *tf.data.Dataset.range(20).shuffle(buffer, seed=0).as_numpy_iterator())

# %% [markdown]
# A small buffer barely shuffles: with records sorted by person, batches would be, too. Take one as large as
# the data, or shuffle before you write.
#
# ## Augmentation: the same face in many versions
#
# A network memorises what it sees often: augmentation, which never shows the same picture twice, is
# **regularisation**. What moves the picture moves the *points* too. Jitter the box as well: in use it comes
# from a detector and is not the tight one.

# %%
image, points = again.images[5], again.points[5]
gallery = {
    "original": (image, points),
    "rotated": augment.rotate(image, points, 20),
    "mirrored": augment.mirror(image, points),
    "darker": (augment.light(image, gain=0.6), points),
    "more contrast": (augment.light(image, contrast=1.5), points),
    "warmer": (augment.light(image, cast=(1.15, 1.0, 0.8)), points),
    "grey": (augment.grey(image), points),
    "blurred": (augment.blur(image, sigma=1.5), points),
    "noise": (augment.noise(image, sd=15, rng=np.random.default_rng(0)), points),
    "JPEG 15": (augment.jpeg(image, quality=15), points),
    "occluded": (augment.occlude(image, [10, 70, 70, 110], fill=(90, 60, 40)), points),
}

# %%
box = tight_boxes(points[None])[0]
moved = crop_transform(move_boxes(box, (0.1, -0.1), scale=0.85))
gallery["box jittered"] = warp(image, moved, 128), apply_transform(moved, points)
pictures, shapes = zip(*gallery.values(), strict=True)
plots.show(plots.faces_grid(pictures, shapes, titles=list(gallery), columns=4))
# ALT Twelve versions of one face: rotated, mirrored, darker, with more contrast, warmer, grey, blurred,
# ALT noisy, with blocks of JPEG, with a brown bar over it, and moved. On each the dots sit on the face.

# %% [markdown]
# ### Mirroring changes numbers, too
#
# $x \to w - 1 - x$ puts each point on the mirrored face, in a picture $w$ pixels wide. But point 36 is
# the outer corner of the eye on the *left of the picture*, and then it is on the right. So numbers are
# exchanged: 36 with 45, 0 with 16, 48 with 54; `landmarks.MIRROR[l]` is the number that $l$ is exchanged
# with.
#
# ### Exercise 2 ★★
#
# Mirror a face: its picture (H, W, 3), and its points (68, 2), moved and renumbered. Mirroring twice must
# change nothing.


# %% tags=["exercise"]
def my_mirror(image, points):
    # SOLUTION
    flipped = points * [-1, 1] + [image.shape[1] - 1, 0]
    return image[:, ::-1], flipped[landmarks.MIRROR]
    # END SOLUTION
    # STUB flipped = ...
    # STUB return ...


# %%
check.mirror(my_mirror)

# %% [markdown]
# What if the numbers are forgotten? All but the few points on the midline are wrong, and the picture looks
# right:

# %%
mirrored = check.ready(my_mirror, check.mirror)  # yours, once it passes
other, right = mirrored(image, points)
forgotten = right[landmarks.MIRROR]  # exchanged once more: the old numbers
plots.show(plots.compare(other, {"renumbered": right, "forgotten": forgotten}, truth=right))
print(f"error of the forgotten numbers: {metrics.nme(forgotten[None], right[None], norm='box')[0]:.0%}")
# ALT The mirrored face twice. Left, dots lie on crosses. Right, lines join them across the face.

# %% [markdown]
# ### How strong?
#
# `augment.random_crops` draws all changes at random, in one warp, from a seed; its `Strength` says how much.
# Drag the sliders: 1 is the course's strength. Where does a face stop being one? Where do points leave the
# crop, so that a network would have to guess them?


# %%
def versions(geometry, photometry):
    strength = augment.Strength().times(geometry, photometry)
    crops, shapes = augment.random_crops(test[np.full(8, 22)], seed=1, strength=strength)
    outside = ((shapes < 0) | (shapes > 127)).any(axis=-1).mean()
    figure = plots.faces_grid(crops, shapes, columns=4)
    figure.suptitle(f"{outside:.0%} of the points lie outside the crop", fontsize=9)
    return figure


# %% tags=["nbval-ignore-output"]
widgets.Sliders(versions, {"geometry": (0, 4, 1), "photometry": (0, 4, 1)})
# ALT Eight random versions of one face: shifted, turned, some mirrored, in different light and colours, some
# ALT with a block of one colour before them, each with its points in place.

# %% [markdown]
# ### Exercise 3 ★★★ (open)
#
# Write your own: from a crop, its points and a generator `rng` to another version of the same face. At
# least one change of geometry (rotate, shift, mirror) and one of light (`augment.light`, `grey`, `blur`
# ...), all random numbers from `rng`. There is no single answer. (`BOX` is the box whose crop is the whole
# crop: moved by `move_boxes`, it gives a shifted crop, by `crop_transform` and `warp` as above.) The check
# paints dots on the points and looks where they are afterwards.

# %%
BOX = 63.5 + 128 / 3 * np.array([-1, -1, 1, 1])


# %% tags=["exercise"]
def my_augment(image, points, rng):
    # SOLUTION
    if rng.random() < 0.5:
        image, points = augment.mirror(image, points)
    image, points = augment.rotate(image, points, rng.normal(0, 10))
    M = crop_transform(move_boxes(BOX, rng.normal(0, 0.05, 2), np.exp(rng.normal(0, 0.08))))
    image, points = warp(image, M, 128), apply_transform(M, points)
    image = augment.light(image, gain=rng.uniform(0.7, 1.3), contrast=rng.uniform(0.8, 1.2))
    return image, points
    # END SOLUTION
    # STUB ...
    # STUB return ...


# %%
check.augmented(my_augment)

# %% [markdown]
# Does it help? A linear map from 16 x 16 grey values to the points, trained on 150 faces and on more and more
# versions of them. It is judged on new people, in two kinds of boxes: tight ones, as in training, and moved
# ones, as a detector would set them. **Predict first:** where will your versions help more?


# %%
def grey_values(faces):
    """16 x 16 of each crop, standardised: (N, 256)."""
    tiny = np.stack([cv2.resize(face, (16, 16), interpolation=cv2.INTER_AREA) for face in faces])
    grey = tiny.mean(axis=-1).reshape(len(faces), -1)
    return (grey - grey.mean(axis=1, keepdims=True)) / (grey.std(axis=1, keepdims=True) + 1)


# %%
version = check.ready(my_augment, check.augmented)  # yours, once it passes
rng = np.random.default_rng(0)
faces, x_hat = crops_of(train[:150])
pool = list(zip(faces, 128 * x_hat, strict=True))  # points in pixels
pool += [version(face, x, rng) for _ in range(8) for face, x in pool[:150]]
jittered = jitter_boxes(test.boxes, seed=0, amount=0.15)
asked = {"tight boxes": crops_of(test), "moved boxes": crops_of(FaceSet(test.images, test.points, jittered))}

# %% tags=["hide-output"]
for copies in (0, 1, 3, 8):
    faces, x = (np.stack(part) for part in zip(*pool[: 150 * (1 + copies)], strict=True))
    ridge = Ridge(alpha=30).fit(grey_values(faces), x.reshape(-1, 136))
    told = f"{copies} versions beside each face:"
    for name, (others, truth) in asked.items():
        found = ridge.predict(grey_values(others)).reshape(-1, 68, 2)
        told += f"  {name} {metrics.nme(found, 128 * truth, norm='box').mean():.1%}"
    print(told)

# %% [markdown]
# Augmentation pays where the test differs from the training faces in just the way that the versions do. In
# tight boxes so small a model gains little, or loses: it spends its few weights on faces that it will not
# meet.
#
# ## A pipeline that keeps up
#
# Which is the bottleneck, the data or the network? `tf.data` reads, decodes and augments the next batches
# *while* the network processes this one, outside Python. `tfrecords.dataset` does this, with augmentation
# of a whole batch at once. The baseline is a loop in Python, one face after the other: with your
# augmentation, and with all of the course's.


# %%
def ours(image, points, rng):
    crops, shapes = augment.augment_crops(image[None], points[None], rng)
    return crops[0], shapes[0]


def in_python(change, batch_size=64):
    """An endless stream of batches, one face at a time."""
    while True:
        chosen = rng.integers(len(again), size=batch_size)
        faces = [change(again.images[i], again.points[i], rng) for i in chosen]
        yield tuple(np.stack(part).astype(np.float32) for part in zip(*faces, strict=True))


# %% tags=["nbval-ignore-output"]
fast = iter(tfrecords.dataset(FOLDER, "train", 64, repeat=True))
ways = {"yours, in Python": in_python(version), "all, in Python": in_python(ours), "all, in tf.data": fast}
for name, batches in ways.items():
    next(batches)  # the first one also sets everything up
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < 1.5:
        count += len(next(batches)[0])
    print(f"{name:17} {count / (time.perf_counter() - start):5.0f} faces a second")

# %% [markdown]
# Compare it with what your network takes: on two cores SENet trains on some hundred faces a second; on a
# GPU on thousands, and then it waits for Python.
#
# ## Questions
#
# 1. A data set comes without names or source photographs. How would you split it?
# 2. A network is trained on `pts_2d` and tested on AFLW2000-3D. Where on the face will its error rise, and on
#    which faces?
# 3. Would you augment the validation set, too?
#
# Answer them yourself, or in pairs, before you unfold:
#
# <details><summary>Answers</summary>
#
# **1.** By what leaks: group near-duplicates (similar pictures, neighbouring frames, a face recogniser's
# descriptors), and split the groups.
#
# **2.** Along the far jaw, on turned faces: AFLW2000-3D has the spots of the 3D head there, `pts_2d` the
# visible contour.
#
# **3.** No: it should tell how the network does on faces as they come, and the same in every epoch. To know
# how it copes with blur or moved boxes, measure on fixed, changed copies beside it.
#
# </details>
#
# ## Key points
#
# - *Look* at the annotations of a data set before you train on them. In 300W-LP, `pt2d` is not the target,
#   and `pts_2d` and `pts_3d` are two kinds of jaw.
# - Crop: a square of 1.5 times the box. Labels: crop pixels / 128, never clipped.
# - Split by person, or by source photograph, to measure generalisation.
# - TFRecords keep labels bit for bit. `type` 0 is shuffled, 1 comes in order.
# - Mirroring moves points *and* exchanges their numbers.
# - Augmentation moves picture and points together; so strong that points leave the crop, nothing can
#   be learnt from them.
#
# **Common mistakes:** OpenCV's BGR taken for RGB; a `.pts` file read without subtracting 1; points clipped
# to the picture; a test set that was augmented; renders of one photograph on both sides of a split.
#
# ## Go further
#
# - X. Zhu, Z. Lei, X. Liu, H. Shi, S. Li, [*Face Alignment Across Large Poses: A 3D
#   Solution*](https://doi.org/10.1109/CVPR.2016.23), CVPR 2016: section 4 says how a photograph is turned.
# - V. Le and others, [*Interactive Facial Feature
#   Localization*](https://doi.org/10.1007/978-3-642-33712-3_49), ECCV 2012: HELEN, and its 194 points.
# - C. Sagonas and others, [*300 Faces in-the-Wild Challenge*](https://doi.org/10.1109/ICCVW.2013.59), ICCV
#   workshops 2013: how semi-automatic annotation works.
# - D. Murray and others, [*tf.data: A Machine Learning Data Processing
#   Framework*](https://doi.org/10.14778/3476311.3476374), VLDB 2021: why input pipelines stall, and what to
#   do.
# - Next: [09, squeeze and excitation](09_squeeze_and_excitation.ipynb).
