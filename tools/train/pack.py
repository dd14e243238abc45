"""Pack the faces that the shipped network is trained and validated on: `python -m tools.train.pack [FILE]`.

They are cut from the authors' photographs, which stand beside the checkout and never enter it; the file is
written to a folder that git ignores. Each face is a square of twice the longer side of its tight box, with
its points, the boxes that each detector sets on it, and five points or the yaw where only they are known.
No label is made or mended by another aligner: MTFL's and Congress's faces have none.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from tqdm.auto import tqdm

from facelm_helpers import face3d, sources
from facelm_helpers.atomic import whole_file
from facelm_helpers.boxes import tight_boxes
from facelm_helpers.faces import crop
from facelm_helpers.geometry import apply_transform
from facelm_helpers.landmarks import convert
from facelm_helpers.sources import w300lp
from tools.data import real_faces
from tools.data.found_boxes import box_on
from tools.train.faces import DETECTORS, FILE, default_faces

WHOLE, MARGIN = 256, 2.0  # pixels of a crop when a detector looks at it; its side in sides of the tight box
BOXED = 400  # default faces that the detectors are run on
COORDINATES = ("points", "five", "tight", *DETECTORS)
SETS = {  # side of the packed picture, and its quality as WebP
    "lfpw68/train": (192, 84), "lfpw68/validation": (192, 84), "lfpw68/held-out": (192, 84),
    "helen68/train": (192, 84), "helen68/validation": (192, 84), "afw68/train": (192, 84),
    "afw68/validation": (192, 84), "turned": (192, 78), "yt68/train": (160, 78), "yt68/val": (160, 80),
    "aflw2000": (192, 84), "mtfl": (160, 76), "congress": (128, 74),
}  # fmt: skip


def main(path=FILE, root=real_faces.REAL):
    """Pack every set whose photographs are here; the default faces' boxes are always packed."""
    arrays = {}
    for name, (side, quality) in SETS.items():
        if (Path(root) / folder(name)).is_dir():
            for key, values in packed(entries(name, root), side, quality, name).items():
                arrays[f"{name}/{key}"] = values
            print(name, len(arrays[f"{name}/sizes"]), {
                detector: f"{np.isfinite(arrays[f'{name}/{detector}'][:, 0]).mean():.3f} found"
                for detector in DETECTORS
            })  # fmt: skip
    arrays |= {f"default/{key}": values for key, values in of_default_faces(BOXED).items()}
    with whole_file(path) as file:
        np.savez(file, **arrays)
    print(f"{path}: {Path(path).stat().st_size / 1e6:.1f} MB")


def folder(name):
    """The folder of a set, under that of all."""
    return {"turned": "300w_lp_afw"}.get(name) or real_faces.FOLDERS.get(name.partition("/")[0], name)


def entries(name, root):
    """A set's faces one after another, as dicts: picture (256, 256, 3), tight box, and what else is known."""
    special = {"turned": turned, "aflw2000": aflw2000, "mtfl": mtfl}
    return special[name](Path(root)) if name in special else ready(name, root)


def ready(name, root):
    """The faces of `real_faces`, cut already; YouTube Faces to learn from lose their annotations' bias."""
    faces = real_faces.load(name, root)
    points = faces.points
    if name == "yt68/train":
        points = real_faces.unbiased(points)
    for i, tight in enumerate(faces.boxes if points is None else tight_boxes(points)):
        known = {"dlib": tight} if points is None else {"points": points[i]}
        yield {"picture": faces.images[i], "tight": tight} | known


def turned(root):
    """The turned views of 300W-LP's AFW, without those of photographs that validate.

    Up to 30 degrees the jaw points are the visible contour, from 75 degrees those of the 3D face; between,
    the share of the latter rises evenly.
    """
    options = {"root": root / "300w_lp_afw", "subsets": ("AFW",), "progress": False}
    contour, solid = (sources.load("300w-lp", which=which, **options) for which in ("pts_2d", "pts_3d"))
    yaw = np.degrees(w300lp.poses(**options)[:, 1])
    share = face3d.solid_share(yaw)[:, None, None]
    points = (1 - share) * contour.points + share * solid.points - 1  # MATLAB counts from 1
    validation = {
        f"AFW_{photograph}" for photograph in set(real_faces.load("afw68/validation", root).persons)
    }
    for i, path in enumerate(contour.images.paths):
        if not Path(path).stem.endswith("_0") and contour.persons[i] not in validation:
            yield cut(contour.images[i], points[i]) | {"yaw": yaw[i]}


def aflw2000(root):
    """AFLW2000-3D's faces: to validate on."""
    options = {"root": root / "aflw2000", "progress": False}
    faces, yaw = sources.load("300w-lp", **options), np.degrees(w300lp.poses(**options)[:, 1])
    for i in range(len(faces)):
        yield cut(faces.images[i], faces.points[i] - 1) | {"yaw": yaw[i]}


def mtfl(root):
    """MTFL's faces: five points; the tight box is that of the mean shape laid on them."""
    faces = [real_faces.load(name, root).points for name in ("lfpw68/train", "helen68/train")]
    shapes = np.concatenate(faces)
    shapes = shapes - convert(shapes, "5").mean(axis=1, keepdims=True)
    shape = (shapes / spread(convert(shapes, "5"))[:, None, None]).mean(axis=0)
    for path, five, _ in real_faces.mtfl(root):
        fitted = five.mean(axis=0) + spread(five) * shape
        entry = cut(real_faces.Photographs([path])[0], fitted, five)
        yield entry | {"five": entry.pop("points")}


def spread(points):
    """Root of the summed squared distances from the mean, of shapes (..., K, 2)."""
    return np.sqrt(((points - points.mean(axis=-2, keepdims=True)) ** 2).sum(axis=(-2, -1)))


def cut(image, shape, points=None):
    """The square round a shape, and points of the picture (the shape's own by default) moved into it."""
    picture, transform = crop(image, tight_boxes(shape[None])[0], WHOLE, MARGIN)
    moved = apply_transform(transform, shape if points is None else points)
    return {
        "picture": picture,
        "points": moved,
        "tight": tight_boxes(apply_transform(transform, shape)[None])[0],
    }


def packed(faces, side, quality, title=""):
    """Arrays of a set: ``images`` (bytes), ``sizes`` (bytes of each), and `COORDINATES`, in packed pixels."""
    rows = {key: [] for key in ("image", "yaw", *COORDINATES)}
    shapes = {"points": (68, 2), "five": (5, 2)}
    for face in tqdm(faces, desc=title, disable=None):
        picture, scale = face["picture"], side / len(face["picture"])
        small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        options = [cv2.IMWRITE_WEBP_QUALITY, quality]
        rows["image"].append(cv2.imencode(".webp", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), options)[1])
        rows["yaw"].append(face.get("yaw", np.nan))
        found = found_boxes(picture, face) | face
        for key in COORDINATES:
            edge = 0.0 if key not in shapes else 0.5  # points are counted from a pixel's middle
            values = np.asarray(found.get(key, np.full(shapes.get(key, 4), np.nan)))
            rows[key].append(np.float32((values + edge) * scale - edge))
    images = rows.pop("image")
    sizes = np.array([len(image) for image in images])
    stacked = {key: np.float32(values) for key, values in rows.items()}
    return {"images": np.concatenate(images).ravel(), "sizes": sizes} | stacked


def found_boxes(picture, face):
    """Detector -> its box on the face, where it is not given and the detector finds it."""
    boxes = {name: box_on(picture, face["tight"], name) for name in DETECTORS if name not in face}
    return {name: box for name, box in boxes.items() if box is not None}


def of_default_faces(n):
    """Points of the first default faces, by which they are known again, and the boxes set on them."""
    faces = default_faces(n)
    rows = {"points": faces.points}
    for name in DETECTORS:
        boxes = [box_on(image, tight, name) for image, tight in zip(faces.images, faces.tight, strict=True)]
        rows[name] = np.float32([np.full(4, np.nan) if box is None else box for box in boxes])
    return rows


if __name__ == "__main__":
    main(*sys.argv[1:2])
