# %% [markdown]
# # Preparing data
#
# **After this notebook you can**
#
# - name the field's data sets, and read 300W-LP without falling into its traps;
# - crop a face, normalise its points to 0 to 1, and map points back exactly;
# - split faces so that no person is in both the training and the test set, and show what a careless split
#   hides;
# - write TFRecords, read them back bit for bit, and feed a training loop: shuffled, augmented, fast.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute.
# **Needs:** [notebook 01](01_measuring_error.ipynb). Answers are in the SOLUTIONS_LINK.

# %%
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import loadmat, savemat

from facelm_helpers import augment, landmarks, metrics, plots, sources, tfrecords
from facelm_helpers.boxes import move_boxes, tight_boxes
from facelm_helpers.checks import preparing_data as check
from facelm_helpers.faces import crop, crop_transform, denormalise, from_vector, normalise, to_vector, uncrop
from facelm_helpers.geometry import apply_transform
from facelm_helpers.images import warp

plots.setup()
FOLDER = Path(tempfile.mkdtemp())  # everything that this notebook writes goes here

# %% [markdown]
# ## The field's data sets
#
# | set | points | what it is |
# |---|---|---|
# | BioID (2001) | 20 | grey, frontal, in offices; among the first |
# | LFPW (2011) | 29 | faces from the web; only URLs were published, many are dead |
# | AFLW (2011) | up to 21 | Flickr, up to profile; occluded points are not annotated |
# | HELEN (2012) | 194 | large portraits (some lists say 29: a mistake) |
# | COFW (2013) | 29 | heavily occluded; each point is annotated as visible or occluded |
# | MVFW, OCFW (ICCV 2013) | 68 | many views; occlusion |
# | 300-W (2013) | 68 | LFPW, HELEN, AFW, XM2VTS annotated anew (semi-automatic, corrected by hand), IBUG |
# | CelebA (2015) | 5 | 200,000 pictures of celebrities |
# | 300W-LP, AFLW2000-3D (2016) | 68 | 300-W turned to profile by a 3D model; its usual test set |
# | WFLW (2018) | 98 | hard faces, sorted by what makes them hard |
#
# Sizes, terms and how to get them: [data/README.md](../data/README.md).
#
# ## 300W-LP on disk
#
# The recipe behind our SENet was written for 300W-LP: 61,225 pictures of 450 x 450, made from the 3,837 faces
# of 300-W by fitting a 3D face and *turning* it, some 16 renders of each:
#
# ```
# 300W_LP/HELEN/HELEN_30000_1_0.jpg, .mat          and AFW, IBUG, LFPW; HELEN_Flip ...
# 300W_LP/landmarks/HELEN/HELEN_30000_1_0_pts.mat
# ```
#
# Let us build a small data set of the same form from 40 synthetic faces. To "turn" a head, we merely
# squeeze the picture: render $k$ is narrower by $0.15\,k$.


# %%
root = FOLDER / "300W_LP"
for subfolder in (root / "HELEN", root / "landmarks" / "HELEN"):
    subfolder.mkdir(parents=True)
photographs = sources.load("synthetic", n=40, size=225, seed=5, yaw=(0, 0.2), progress=False)
for i, k in np.ndindex(40, 4):
    squeeze = np.array([[1 - 0.15 * k, 0, 0.075 * k * 225], [0, 1, 0]])
    image = warp(photographs.images[i], squeeze, 225)
    points = apply_transform(squeeze, photographs.points[i])
    name, pose = f"HELEN_{30000 + i}_1_{k}", [[0, -0.3 * k, 0, 0, 0, 0, 1]]  # pitch, yaw, roll, shift, scale
    Image.fromarray(image).save(root / "HELEN" / f"{name}.jpg", quality=95)
    savemat(root / "HELEN" / f"{name}.mat", {"pt2d": photographs.points[i].T, "Pose_Para": pose})
    savemat(root / "landmarks" / "HELEN" / f"{name}_pts.mat", {"pts_2d": points, "pts_3d": points})

# %% [markdown]
# ### A trap: which points?
#
# All renders of a photograph carry the *same* `pt2d`: that of the photograph before it was turned. Train on
# `pts_2d` (the visible contour of the jaw) or `pts_3d` (the jaw of the 3D face), in `landmarks/`.
# `sources.load` takes `pts_2d` by default (else `which="pts_3d"`):

# %%
fields = loadmat(root / "HELEN" / "HELEN_30000_1_2.mat")
print({name: value.shape for name, value in fields.items() if not name.startswith("__")})
turned = sources.load("300w-lp", root)
wrong = sources.load("300w-lp", root, which="pt2d")
errors = metrics.nme(wrong.points, turned.points, norm="box")[:3]
titles = [f"render {k}: pt2d is {e:.0%} off" for k, e in enumerate(errors)]
plots.show(
    plots.faces_grid(list(turned[:3].images), wrong.points[:3], turned.points[:3], titles=titles, columns=3)
)
# ALT Three renders of one face, each narrower than the last. White crosses follow the face; the coloured dots
# ALT of pt2d stay where the face was in the first, joined to the crosses by ever longer lines.

# %% [markdown]
# ### More traps
#
# - **Unify before use.** Bring all points to one form: (68, 2), $x$ before $y$, counted from 0. `pt2d` is
#   (2, 68); `.pts` files count from 1; 3D vertices count $y$ from the bottom ($y \to h - 1 - y$). Then *plot*
#   some of them.
# - **Do not clip.** Points may lie outside the picture; they are still correct.
# - **Flips** are mirror images of the same people. Leave them out, and mirror during training.
# - **A leak**: 300W-LP was made from *all* of 300-W, its test photographs too. Test on AFLW2000-3D instead.
#   Its points are 3D: then train on `pts_3d`.
# - **Normalise** errors by the box: the inter-ocular distance shrinks as a head turns.
#
# ## Crop and normalise
#
# A network needs all faces in the same frame. Round the centre $c$ of a face's box, cut out a square of
# side $s = 1.5 \cdot \max(w, h)$, and resize it to 128 x 128. A pixel $x$ of the picture becomes
#
# $$x' = (x - c_x)\,\frac{128}{s} + \frac{128 - 1}{2}, \qquad \hat x = \frac{x'}{128}$$
#
# and $y$ likewise. (127 / 2 = 63.5 is the middle of the crop, since its pixels count from 0 to 127.) $x'$
# are pixels of the crop; $\hat x$, nominally 0 to 1, is what the network predicts. Its output is mapped
# back by the inverse. How much precision is lost?

# %%
image, points, box = turned[2]
face, transform = crop(image, box, size=128, margin=1.5)
x_crop = apply_transform(transform, points)
x_hat = normalise(x_crop, size=128)
answer = to_vector(x_hat[None])  # what a network would output: 136 numbers
back = uncrop(denormalise(from_vector(answer)[0], size=128), transform)
print(f"largest difference: {np.abs(back - points).max():.3f} pixels")
tight = tight_boxes(x_crop[None])[0]
plots.show(plots.faces_grid([image, face], [points, x_crop], boxes=[box, tight], columns=2))
# ALT Left, a picture with a face, its points and the tight box round them. Right, the square crop: the face
# ALT fills it, the points have moved along.

# %% [markdown]
# ### Exercise 1
#
# Implement the formulas: from points (K, 2) and a box (left, top, right, bottom) to $\hat x, \hat y$, again
# (K, 2).


# %% tags=["exercise"]
def to_unit(points, box):
    left, top, right, bottom = box
    # SOLUTION
    c = np.array([left + right, top + bottom]) / 2
    s = 1.5 * max(right - left, bottom - top)
    return ((points - c) * 128 / s + 63.5) / 128
    # END SOLUTION
    # STUB c = ...
    # STUB s = ...
    # STUB return ...


# %%
check.to_unit(to_unit)

# %% [markdown]
# ## 80 % training, 20 % test
#
# The careless way is to shuffle the pictures and split them; the careful way is to shuffle the *persons*
# (here: photographs).
#
# ### Exercise 2
#
# Of the test pictures of the careless split, how many show a person who is also in its training pictures?
# `np.isin(a, b)` says for each element of `a` whether it is in `b`.

# %% tags=["exercise"]
order = np.random.default_rng(0).permutation(len(turned))
careless = turned[order[:128]], turned[order[128:]]
careful = turned.split_by_person(0.8, seed=0)
train_persons, test_persons = careless[0].persons, careless[1].persons
# SOLUTION
leaked = np.isin(test_persons, train_persons).sum()
# END SOLUTION
# STUB leaked = ...

# %%
check.leaked(leaked, train_persons, test_persons)

# %% [markdown]
# Does it matter? This "method" only memorises (one-nearest-neighbour): it looks up the most similar training
# crop, at 16 x 16 pixels, and copies its points:


# %%
def memorise(train, test):
    """NME of copying the points of the most similar training picture."""
    known, asked = train.crops(size=16), test.crops(size=16)
    difference = ((asked.images[:, None].astype(int) - known.images[None]) ** 2).sum(axis=(2, 3, 4))
    return metrics.nme(known.points[difference.argmin(axis=1)], asked.points, norm="box").mean()


for name, (train, test) in {"careless": careless, "careful": careful}.items():
    both = len(set(train.persons) & set(test.persons))
    error = memorise(train, test)
    print(f"{name:8} {len(train)} and {len(test)} pictures, {both:2} persons in both; NME {error:.1%}")

# %% [markdown]
# On the careless split, copying looks like a decent method: most test pictures have a near-duplicate among
# the training pictures. It does not **generalise** to new people, and only the careful split shows that. A
# network can memorise (**overfit**) as well. Tuning needs a third part, a **validation set**.
#
# ## TFRecords: one file, read from front to back
#
# 61,225 small files are slow to open. TensorFlow's container stores them one after the other in one file
# (or a few *shards*). `tfrecords.write` crops each face and writes its JPEG bytes and its 136 numbers, one
# face at a time, so that memory use does not grow with the data. From here on we use the default faces;
# with 300W-LP on your disk, change one word.

# %%
from facelm_helpers.quiet import tensorflow as tf  # without its start-up messages

FACES = sources.load("synthetic", n=600, seed=0)
train, test = FACES.split_by_person(0.8, seed=0)
for split, faces in {"train": train, "test": test}.items():
    tfrecords.write(faces, FOLDER, split, progress=False)
[path.name for path in sorted(FOLDER.glob("*.tfrecords"))]

# %% [markdown]
# What is in a record, an `Example` of named lists? And is it read back unchanged? Labels are, *bit for bit*.
# Pictures nearly: JPEG is lossy, once; from then on its bytes are only copied.

# %%
raw = next(iter(tf.data.TFRecordDataset(str(FOLDER / "train.tfrecords")))).numpy()
record = tf.train.Example.FromString(raw).features.feature
jpeg, label = record["image"].bytes_list.value[0], record["label"].float_list.value
print(sorted(record), f"{len(label)} numbers; the JPEG begins with", jpeg[:3].hex(" "))

again, expected = tfrecords.read(FOLDER, "train"), train.crops()
loss = np.abs(np.stack(list(again.images)).astype(int) - expected.images).mean()
print("labels bit for bit:", np.array_equal(again.points, expected.points))
print(f"pictures: {loss:.1f} of 255 grey levels off, on average")

# %% [markdown]
# ## `get_one_batch`
#
# A training loop requests one batch after the other. Split `"train"` (or 0) is shuffled anew in each pass;
# `"test"` (or 1) comes in order.

# %%
images, labels = tfrecords.get_one_batch(32, "train", step=0, folder=FOLDER)  # step: which batch
print(images.shape, labels.shape, f"values from {images.min():.0f} to {images.max():.0f}")
pictures = np.uint8(255 * images[:8])
figure = plots.faces_grid(pictures, denormalise(from_vector(labels[:8])), columns=8)
plots.show(figure)
# ALT Eight different faces of the batch, small, each with its 68 points in place.

# %% [markdown]
# ## Augmentation: the same face in many versions
#
# A network memorises what it sees often: augmentation, which never shows the same picture twice, is
# **regularisation**. What moves the picture moves the *points* too. Jitter the box as well: in use it comes
# from a detector and is not the tight one.

# %%
image, points = expected.images[4], expected.points[4]
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
box = tight_boxes(points[None])[0]
moved = crop_transform(move_boxes(box, (0.1, -0.1), scale=0.85))
gallery["box jittered"] = warp(image, moved, 128), apply_transform(moved, points)
pictures, shapes = zip(*gallery.values(), strict=True)
plots.show(plots.faces_grid(pictures, shapes, titles=list(gallery), columns=6))
# ALT Twelve versions of one face: rotated, mirrored, darker, with more contrast, warmer, grey, blurred,
# ALT noisy, with blocks of JPEG, with a brown bar over it, and moved. On each the dots sit on the face.

# %% [markdown]
# ### Mirroring changes numbers, too
#
# $x \to w - 1 - x$ puts each point on the mirrored face. But point 36 is the outer corner of the eye on the
# *left of the picture*, and then it is on the right. So numbers are exchanged: 36 with 45, 0 with 16, 48 with
# 54; `landmarks.MIRROR[k]` is the number that $k$ is exchanged with. Forget it, and all but the few points on
# the midline are wrong:

# %%
mirrored, right = augment.mirror(image, points)
forgotten = points * [-1, 1] + [len(image[0]) - 1, 0]
plots.show(plots.compare(mirrored, {"renumbered": right, "forgotten": forgotten}, truth=right))
print(f"error of the forgotten numbers: {metrics.nme(forgotten[None], right[None], norm='box')[0]:.0%}")
# ALT The mirrored face twice. Left, dots lie on crosses. Right, lines join them across the face.

# %% [markdown]
# ### Exercise 3
#
# Implement this: from points (68, 2) of a picture that is `width` pixels wide to those of the mirrored
# picture. Mirroring twice must change nothing.


# %% tags=["exercise"]
def my_mirror(points, width):
    # SOLUTION
    flipped = points * [-1, 1] + [width - 1, 0]
    return flipped[landmarks.MIRROR]
    # END SOLUTION
    # STUB flipped = ...
    # STUB return ...


# %%
check.mirror(my_mirror)

# %% [markdown]
# `augment.random_crops` combines all of these at random, in one warp, from a seed. One face, twelve times:

# %%
crops, shapes = augment.random_crops(test[np.full(12, 10)], seed=1)
plots.show(plots.faces_grid(crops, shapes, columns=6))
# ALT Twelve random versions of one face: shifted, turned, some mirrored, in different light and colours, some
# ALT with a block of one colour before them, each with its points in place.

# %% [markdown]
# ## A pipeline that keeps up
#
# Which is the bottleneck, the data or the network? `tf.data` reads, decodes and augments the next batches
# *while* the network processes this one, outside Python. `shuffle` keeps a buffer and takes random elements
# out of it: a small one barely shuffles.


# %%
def parse(record):
    form = {"image": tf.io.FixedLenFeature([], tf.string), "label": tf.io.FixedLenFeature([136], tf.float32)}
    found = tf.io.parse_single_example(record, form)
    return tf.io.decode_jpeg(found["image"]), found["label"]


stream = tf.data.TFRecordDataset(str(FOLDER / "train.tfrecords")).shuffle(1000, seed=0)
stream = stream.map(parse, num_parallel_calls=tf.data.AUTOTUNE).batch(64).prefetch(tf.data.AUTOTUNE)
print("one batch:", *(part.shape for part in next(iter(stream))))
for buffer in (1, 3, 20):
    print(f"buffer {buffer:2}:", *tf.data.Dataset.range(20).shuffle(buffer, seed=0).as_numpy_iterator())

# %% [markdown]
# `tfrecords.dataset` does this, with augmentation of a whole batch at once. The baseline is a plain loop in
# Python that decodes and augments one face after the other. (On two cores either is faster than our SENet;
# a GPU would have to wait.) On your machine:


# %%
def plain(batch_size=64):
    """An endless stream of batches, one face at a time."""
    rng = np.random.default_rng(0)
    while True:
        batch = []
        for i in rng.integers(len(again), size=batch_size):
            batch.append(augment.augment_crops(again.images[i][None], again.points[i][None], rng))
        yield tuple(np.concatenate(part).astype(np.float32) for part in zip(*batch, strict=True))


# %% tags=["nbval-ignore-output"]
speed = {}
fast = iter(tfrecords.dataset(FOLDER, "train", 64, repeat=True))
for name, batches in {"plain": plain(), "tf.data": fast}.items():
    next(batches)  # the first one also sets everything up
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < 2:
        count += len(next(batches)[0])
    speed[name] = count / (time.perf_counter() - start)
    print(f"{name:7} {speed[name]:5.0f} faces a second")
print(f"ratio   {speed['tf.data'] / speed['plain']:.1f}")

# %% [markdown]
# ## Key points
#
# - *Look* at the annotations of a data set before you train on them. In 300W-LP, `pt2d` is not the target.
# - Crop: a square of 1.5 times the box. Labels: crop pixels / 128, never clipped.
# - Split by person, or by source photograph, to measure generalisation.
# - TFRecords keep labels bit for bit.
# - Mirroring moves points *and* exchanges their numbers.
# - Feed a fast network from `tf.data`, or it waits.
#
# ## Go further
#
# - X. Zhu, Z. Lei, X. Liu, H. Shi, S. Li, *Face Alignment Across Large Poses: A 3D Solution*, CVPR 2016:
#   300W-LP.
# - V. Le and others, *Interactive Facial Feature Localization*, ECCV 2012: HELEN, and its 194 points.
# - D. Murray and others, *tf.data: A Machine Learning Data Processing Framework*, VLDB 2021.
# - Next: [09, squeeze and excitation](09_squeeze_and_excitation.ipynb).
