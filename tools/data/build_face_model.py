"""Learn the generative face model from the authors' real faces and write `data/face_model.npz`.

    python -m tools.data.build_face_model --segmenter selfie_segmentation.tflite

It learns from the training parts of YouTube Faces, LFPW, HELEN and AFW; no annotation is dlib's. The
segmenter is MediaPipe's selfie segmentation (Apache 2.0, in the wheel of mediapipe 0.10); it separates the
person from the background, which the model does not learn.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial import Delaunay
from sklearn.utils.extmath import randomized_svd

from facelm_helpers.arrays import write_arrays
from facelm_helpers.geometry import apply_transform, procrustes, similarity
from facelm_helpers.landmarks import MIRROR
from facelm_helpers.sources import _face_model
from facelm_helpers.sources._texture import Layout
from facelm_helpers.sources._warp import N_FOREHEAD, Warp, mesh_vertices
from tools.data import face_blends, face_canvases, judge_face_model, real_faces

SIZE = 160  # canvas; the mean face's box takes half of it
SHAPE_COMPONENTS = 25
TEXTURE_COMPONENTS = 480
STEP = 0.3  # grey levels: the quantisation of the components at one standard deviation
MOST_CONTRAST = 1.6  # blends get their contrast back up to this factor, of texture
MOST_SHAPE = 1.3  # and of shape


def gather():
    """Photographs, points, persons of everything that may be learnt from, and which are stills."""
    images, points, persons, stills = [], [], [], []
    for name in ("yt68/train", "lfpw68/train", "helen68/train", "afw68/train"):
        faces = real_faces.load(name)
        video = name == "yt68/train"
        images += [faces.images[i] for i in range(len(faces))]
        points.append(real_faces.unbiased(faces.points) if video else faces.points)
        persons += [f"{name} {person}" for person in faces.persons]
        stills += [not video] * len(faces)
    return images, np.concatenate(points).astype(float), np.array(persons), np.array(stills)


def shape_model(points):
    """Aligned canvas shapes, mean, components and standard deviations; the mirror images count too."""
    mirrored = points[:, MIRROR] * [-1, 1]
    aligned, mean = procrustes(np.concatenate([points, mirrored]))
    mean = (mean + mean[MIRROR] * [-1, 1]) / 2
    width, height = np.ptp(mean, axis=0)
    middle = (mean.max(axis=0) + mean.min(axis=0)) / 2
    mean = (mean - middle) * (SIZE / 2 / max(width, height)) + (SIZE - 1) / 2
    both = np.concatenate([points, mirrored])
    aligned = apply_transform(similarity(both, mean), both)
    deviations = (aligned - mean).reshape(len(both), -1)
    _, spread, components = np.linalg.svd(deviations, full_matrices=False)
    spread = spread / np.sqrt(len(both))
    kept = (spread[:SHAPE_COMPONENTS] ** 2).sum() / (spread**2).sum()
    print(f"shape: {SHAPE_COMPONENTS} components keep {kept:.4f} of the variance")
    components, spread = components[:SHAPE_COMPONENTS], spread[:SHAPE_COMPONENTS]
    return mean, components, spread, deviations @ components.T / spread


def part_weights(layout):
    """How much each entry of the texture vector matters to the principal components."""
    face = cv2.resize(layout.face, (layout.low,) * 2, interpolation=cv2.INTER_AREA)
    low, detail, chroma, outline = layout.slices
    weights = np.empty(layout.length, np.float32)
    weights[low] = 2.4 + face.ravel()
    weights[detail] = 1.0
    weights[chroma] = 1.5
    weights[outline] = 8.0
    return weights


def texture_model(vectors, layout, chance):
    """Components scaled to unit coefficients, and every photograph's coefficients; `vectors` lose their mean.

    A photograph counts as much as it is drawn.
    """
    mean = (chance[:, None] * vectors).sum(axis=0)
    weights, often = part_weights(layout), np.sqrt(chance * len(vectors))[:, None].astype(np.float32)
    vectors -= mean
    _, s, components = randomized_svd(vectors * weights * often, TEXTURE_COMPONENTS, n_iter=3, random_state=0)
    sd = s / np.sqrt(len(vectors))
    c = (vectors * weights) @ components.T / sd
    return mean, components * sd[:, None] / weights, c


def quantise(values, axis, levels, step=0.0):
    """Whole numbers of at most `levels` to either side, and the scale of each component, `step` or more."""
    scales = np.maximum(np.abs(values).max(axis=axis) / levels, step)
    shape = [-1, 1] if axis == 1 else [1, -1]
    return np.rint(values / scales.reshape(shape)).astype(np.int8), scales.astype(np.float32)


def layout_for(vertices):
    """Full detail inside the points and the forehead, fading out round them."""
    face = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillConvexPoly(face, cv2.convexHull(np.rint(vertices[: 68 + N_FOREHEAD]).astype(np.int32)), 255)
    face = cv2.GaussianBlur(cv2.dilate(face, np.ones((9, 9), np.uint8)), (0, 0), 3)
    return face, Layout(SIZE, face / 255)


def learn(segmenter):
    """The arrays of the model file."""
    images, points, persons, stills = gather()
    print(f"{len(images)} photographs of {len(set(persons))} persons")
    mean, shape_components, spread, b = shape_model(points)
    vertices = mesh_vertices(mean[None], SIZE)[0]
    triangles = Delaunay(vertices).simplices
    face, layout = layout_for(vertices)
    vectors = face_canvases.vectors(images, segmenter, points, Warp(mean, triangles, SIZE), mean, layout)

    points = np.concatenate([points, points[:, MIRROR] * [-1, 1]])
    persons, stills = np.tile(persons, 2), np.tile(stills, 2)
    sharpness = vectors[:, layout.slices[1]].std(axis=1)
    chance = face_blends.chances(points, stills)
    texture_mean, texture_components, c = texture_model(vectors, layout, chance)
    common = face_blends.features(points, b, c, spread, sharpness)
    rng = np.random.default_rng(0)
    chosen, weights = face_blends.blend(b, c, common, persons, chance, rng)
    rows_b, rows_c = face_blends.mix(b, chosen, weights), face_blends.mix(c, chosen, weights)

    arrays = {"format": np.int64(_face_model.FORMAT), "size": np.int64(SIZE), "face": face}
    arrays["mean_shape"] = mean.astype(np.float32)
    arrays["triangles"] = triangles.astype(np.uint8)
    arrays["shape_components"] = shape_components.astype(np.float32)
    arrays["shape_standard_deviations"] = spread.astype(np.float32)
    arrays["texture_mean"] = texture_mean.astype(np.float16)
    arrays["texture_components"], arrays["texture_scales"] = quantise(texture_components, 1, 127, STEP)
    rows_b = face_blends.restored(rows_b, b, chosen[:, 0], MOST_SHAPE)
    rows_c = face_blends.restored(rows_c, c, chosen[:, 0], MOST_CONTRAST)
    kept = face_blends.likeness(rows_c, c) <= face_blends.LIKEST
    rows_b, rows_c = rows_b[kept], rows_c[kept]
    arrays["rows_shape"], arrays["rows_shape_scales"] = quantise(rows_b, 0, 127)
    arrays["rows_texture"], arrays["rows_texture_scales"] = quantise(rows_c, 0, 25)
    return arrays


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--segmenter", type=Path, required=True, help="selfie_segmentation.tflite")
    parser.add_argument("--out", type=Path, default=_face_model.FACE_MODEL)
    options = parser.parse_args()

    arrays = learn(options.segmenter)
    arrays["digest"] = np.array(_face_model.digest(arrays))
    path = write_arrays(options.out, arrays, compressed=True)
    print(f"{path.stat().st_size / 1e6:.2f} MB")
    if options.out == _face_model.FACE_MODEL:
        judge_face_model.main()


if __name__ == "__main__":
    main()
