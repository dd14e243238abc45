"""Photographs brought onto the canvas of the face model, as texture vectors.

The 68 points register the photographs roughly. What stays apart (an iris, a tooth, a fold) blurs every mean;
so each canvas is moved by its optical flow towards its own reconstruction from few principal components, the
collection flow of Kemelmacher-Shlizerman and Seitz (CVPR, 2012).
"""

import cv2
import numpy as np
from sklearn.utils.extmath import randomized_svd
from tqdm.auto import tqdm

from facelm_helpers.geometry import apply_transform, invert_transform, similarity
from facelm_helpers.sources._warp import N_FOREHEAD

ROUNDS = 2
COMPONENTS = 40  # of the reconstruction
FURTHEST = 2.5  # canvas pixels that the flow moves at most
AROUND = 0.4  # weight of what is not the face, in the reconstruction
SHARPEN = 3.0  # the detail's gain: what blends and two warps lose


def vectors(images, segmenter, points, warp, mean, layout):
    """Texture vectors (2 N, L) of the photographs and of their mirror images, details sharpened.

    Parameters
    ----------
    images : sequence of (H, W, 3) uint8 arrays
    segmenter : Path
        See `person_masks`.
    points : (N, 68, 2) array
    warp : Warp
        Of the canvas.
    mean : (68, 2) array
        On the canvas.
    layout : Layout

    Returns
    -------
    (2 N, L) float32 array
    """
    places = Places(points, warp, mean, layout.face)
    for _ in range(ROUNDS):
        places.refine(images)
    masks = person_masks(images, segmenter)
    written = np.empty((2 * len(images), layout.length), np.float32)
    for i, (image, mask) in enumerate(zip(tqdm(images, desc="textures"), masks, strict=True)):
        canvas, distance = cut_out(image, mask, places[i], warp)
        written[i] = layout.write(canvas, distance)
        written[len(images) + i] = layout.write(np.fliplr(canvas).copy(), np.fliplr(distance).copy())
    written[:, layout.slices[1]] *= gain(warp, layout)
    return written


def gain(warp, layout):
    """Of each detail: `SHARPEN` well inside the outline of the points, 1 at the edge, where it would ring."""
    core = np.zeros((layout.size, layout.size), np.uint8)
    cv2.fillConvexPoly(core, cv2.convexHull(np.rint(warp.vertices[: 68 + N_FOREHEAD]).astype(np.int32)), 1)
    core = cv2.GaussianBlur(cv2.erode(core, np.ones((9, 9))).astype(np.float32), (0, 0), 2)
    return 1 + (SHARPEN - 1) * core.ravel()[layout.inside]


class Places:
    """Where each canvas pixel lies in each photograph: item i is (S, S, 2) float32.

    Parameters
    ----------
    points, warp, mean
        As in `vectors`.
    face : (S, S) array
        Weight 0..1 of the face in the reconstruction; hair and clothes count less.
    """

    def __init__(self, points, warp, mean, face):
        self.points, self.warp, self.face = points, warp, np.maximum(face, AROUND).astype(np.float32)
        self.transforms = similarity(points, mean)
        self.moves = np.zeros((len(points), *face.shape, 2), np.float16)
        y, x = np.indices(face.shape, dtype=np.float32)
        self.pixels = np.stack([x, y], axis=-1)

    def __getitem__(self, i):
        flow = self.warp.to_canvas(apply_transform(self.transforms[i], self.points[i]))
        flow = apply_transform(invert_transform(self.transforms[i]), flow).astype(np.float32)
        moved = self.pixels + self.moves[i]
        return cv2.remap(flow, moved, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def refine(self, images):
        """One round of collection flow; a face and its mirror image count both."""
        size, half = len(self.face), len(self.face) // 2
        weight = cv2.resize(self.face, (half, half), interpolation=cv2.INTER_AREA).ravel()
        lumas = [cv2.cvtColor(remap(image, self[i]), cv2.COLOR_RGB2GRAY) for i, image in enumerate(images)]
        small = np.float32([cv2.resize(luma, (half, half), interpolation=cv2.INTER_AREA) for luma in lumas])
        both = np.concatenate([small, small[:, :, ::-1]]).reshape(2 * len(small), -1)
        mean = both.mean(axis=0)
        both = (both - mean) * weight
        _, _, components = randomized_svd(both, COMPONENTS, n_iter=3, random_state=0)
        seeker = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        for i, luma in enumerate(tqdm(lumas, desc="collection flow")):
            again = (both[i] @ components.T) @ components / weight + mean
            again = np.clip(cv2.resize(again.reshape(half, half), (size, size)), 0, 255).astype(np.uint8)
            move = cv2.GaussianBlur(seeker.calc(again, luma, None), (0, 0), 2)
            move = move + remap(self.moves[i].astype(np.float32), self.pixels + move)
            length = np.linalg.norm(move, axis=2, keepdims=True)
            self.moves[i] = move * np.minimum(1, FURTHEST / np.maximum(length, 1e-6))


def remap(picture, flow):
    """The picture at the places of a flow, cubic; mirrored beyond its border."""
    return cv2.remap(picture, flow, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)


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


def cut_out(image, mask, flow, warp):
    """A photograph on the canvas, its background filled from the person, and its outline distances."""
    canvas, soft = remap(image, flow), remap(mask, flow)
    solid = (soft > 127).astype(np.uint8)
    hull = cv2.convexHull(np.rint(warp.vertices[:68]).astype(np.int32))
    cv2.fillConvexPoly(solid, hull, 1)
    _, parts = cv2.connectedComponents(solid)
    solid = (parts == parts[len(solid) // 2, len(solid) // 2]).astype(np.uint8)
    inner, outer = (cv2.distanceTransform(part, cv2.DIST_L2, 5) for part in (solid, 1 - solid))
    return fill(canvas, solid), inner - outer


def fill(canvas, solid):
    """The background replaced by the person's colours, spread outwards."""
    inner = cv2.erode(solid, np.ones((5, 5), np.uint8)).astype(np.float32)
    total, weight = np.zeros(canvas.shape, np.float32), np.zeros(canvas.shape[:2], np.float32)
    colour = canvas * inner[..., None]
    for shrink, sigma, trust in ((1, 2.0, 1.0), (4, 1.5, 1e-2), (8, 2.5, 1e-4), (8, 7.0, 1e-6)):
        side = len(solid) // shrink
        for plane, sum_ in ((colour, total), (inner, weight)):
            small = cv2.GaussianBlur(
                cv2.resize(plane, (side, side), interpolation=cv2.INTER_AREA), (0, 0), sigma
            )
            sum_ += trust * cv2.resize(small, solid.shape[::-1])
    spread = total / (weight[..., None] + 1e-9)
    keep = cv2.GaussianBlur(solid.astype(np.float32), (0, 0), 1.0)[..., None]
    return np.clip(canvas * keep + spread * (1 - keep), 0, 255).astype(np.uint8)
