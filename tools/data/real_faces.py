"""The authors' real faces (`../shared/data`, never in the repository) as FaceSets, to learn and judge by.

What is called validation, val or held-out may choose between trials; nothing that ships may have learnt from
it. The parts are drawn by name: LFPW's held-out photographs are every fifth, validation is every tenth of the
others, of AFW's photographs (of which each may show several faces), and of HELEN's faces, where no other face
is from the same photograph. LFPW has many photographs under several names: those to learn from that show a
held-out or validation photograph again (`AGAIN`, correlation of thumbnails over 0.9, looked at) are left out.
"""

import csv
from pathlib import Path

import cv2
import numpy as np

from facelm_helpers.faces import FaceSet
from facelm_helpers.geometry import apply_transform, similarity
from facelm_helpers.landmarks import MEAN_SHAPE, convert
from facelm_helpers.paths import ROOT

REAL = ROOT.parent / "shared" / "data"
FOLDERS = {"lfpw68": "lfpw68/train", "helen68": "helen68/train", "afw68": "afw68"}
NAMES = (
    "yt68/train", "yt68/val", "lfpw68/train", "lfpw68/validation", "lfpw68/held-out", "helen68/train",
    "helen68/validation", "afw68/train", "afw68/validation", "congress",
)  # fmt: skip
AGAIN = {f"image_{i:04}.jpg" for i in (
    3, 176, 279, 313, 342, 343, 351, 415, 435, 445, 458, 494, 503, 548, 573, 592, 601, 617, 622, 631, 633,
    635, 647, 648, 651, 658, 683, 691, 698, 712, 719, 724, 809, 827,
)} | {"1218567979", "2210601282"}  # fmt: skip
YT68_BIAS = 0.018  # the annotations of yt68 lie this share of the eye distance too far right


class Photographs:
    """JPEG files as a lazy sequence of RGB arrays."""

    def __init__(self, files):
        self.files = list(files)

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        if np.ndim(index) or isinstance(index, slice):
            return Photographs(np.array(self.files, dtype=object)[index])
        image = cv2.imread(str(self.files[index]))
        if image is None:
            raise FileNotFoundError(f"no photograph at {self.files[index]}")
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def load(name, root=REAL):
    """One of `NAMES` as a FaceSet; `congress` (its colour portraits) has boxes and no points.

    Parameters
    ----------
    name : str
    root : Path

    Returns
    -------
    FaceSet
        Images 256x256. `persons` tells people apart; elsewhere than in YouTube Faces a photograph counts as
        a person.
    """
    root = Path(root)
    if name not in NAMES:
        raise ValueError(f"no real faces called {name!r}: wanted one of {', '.join(NAMES)}")
    if name == "congress":
        return _congress(root / name)
    kind, part = name.split("/")
    folder = root / FOLDERS.get(kind, name)
    with np.load(folder / "landmarks.npz", allow_pickle=False) as file:
        names, points = file["names"], file["points"]
        persons = file["person"] if "person" in file.files else names
    if kind == "helen68":  # 12345_1.jpg and 12345_2.jpg are two faces of one photograph
        persons = np.array([str(n).partition("_")[0] for n in names])
    faces = FaceSet(Photographs(folder / n for n in names), points=points, persons=persons)
    if kind == "yt68":
        return faces
    if kind == "helen68":
        parts = np.where(_lone_tenths(names, persons), "validation", "train")
    else:
        parts = _parts(persons, held_out=kind == "lfpw68")
    return faces[(parts == part) & ~((parts == "train") & np.isin(persons, list(AGAIN)))]


def _lone_tenths(names, persons):
    """Every tenth face by name, less those whose photograph shows another face: (N,) bool."""
    photograph, count = np.unique(persons, return_counts=True)
    return np.isin(names, np.sort(names)[::10]) & np.isin(persons, photograph[count == 1])


def _parts(persons, held_out):
    """The part of each face, (N,): held-out where asked for, validation or train."""
    left = np.unique(persons)
    parts = np.full(len(persons), "train", dtype="<U10")
    for name, every in (("held-out", 5), ("validation", 10))[not held_out :]:
        parts[np.isin(persons, left[::every])] = name
        left = np.delete(left, np.s_[::every])
    return parts


def unbiased(points):
    """The points of yt68 without their bias to the right.

    >>> shape = np.zeros((1, 68, 2)); shape[0, 45, 0] = 100
    >>> float(unbiased(shape)[0, 45, 0])
    98.2
    """
    points = np.array(points, dtype=float)
    eyes = np.linalg.norm(points[:, 45] - points[:, 36], axis=1)
    points[:, :, 0] -= YT68_BIAS * eyes[:, None]
    return points


def shapes(name, root=REAL):
    """Shapes without pictures: "300w" (300-W's training faces) or "merl_rav" (AFLW, turned up to profile).

    MERL-RAV (Kumar et al., CVPR 2020) writes a point that something covers as (-x, -y), and one that the head
    itself hides, of which nobody knows the place, as (-1, -1).

    Returns
    -------
    names : (N,) array of str
    points : (N, 68, 2) float32 array
        NaN, NaN where hidden. Counted from 1, as the files are.
    covered : (N, 68) bool array
        Points whose place was guessed behind something.
    """
    file = {"300w": "shapes_300w_train.npz", "merl_rav": "shapes_merl_rav.npz"}.get(name)
    if file is None:
        raise ValueError(f"no shapes called {name!r}: wanted 300w or merl_rav")
    with np.load(Path(root) / "shapes" / file, allow_pickle=False) as opened:
        names, points = opened["names"], opened["points"].astype(np.float32)
    if name == "300w":
        return names, points, np.zeros(points.shape[:2], bool)
    hidden, covered = (points == -1).all(axis=2), (points < 0).all(axis=2)
    points = np.where(covered[..., None], -points, points)
    points[hidden] = np.nan
    return names, points, covered & ~hidden


def mtfl(root=REAL, part="training"):
    """MTFL's faces whose picture is here, in the order of its list, "training" or "testing".

    Yields
    ------
    path : Path
    five : (5, 2) float64 array
        In the picture's pixels.
    attributes : list of str
        Gender, smile, glasses and pose, as the list has them.
    """
    folder = Path(root) / "mtfl"
    for line in (folder / f"{part}.txt").read_text(encoding="utf-8").splitlines():
        name, *numbers = line.split() or [""]
        path = folder / name.replace("\\", "/")
        if path.is_file():
            yield path, np.float64(numbers[:10]).reshape(2, 5).T - 1, numbers[10:]  # counted from 1


def mtfl_faces(root=REAL, part="testing"):
    """MTFL's faces as a FaceSet, whose 68 points are the mean face's, laid on the five that are known."""
    listed = list(mtfl(root, part))
    shapes = mean_face_on(np.stack([five for _, five, _ in listed]))
    return FaceSet(Photographs(path for path, *_ in listed), points=shapes)


def mean_face_on(five):
    """The mean shape, (N, 68, 2), laid on five points (N, 5, 2)."""
    return apply_transform(similarity(convert(MEAN_SHAPE, "5"), five), np.tile(MEAN_SHAPE, (len(five), 1, 1)))


def _congress(folder):
    with open(folder / "index.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["gray"] == "0"]
    boxes = []
    for row in rows:
        x0, y0, scale = float(row["crop_x0"]), float(row["crop_y0"]), 256 / float(row["crop_side"])
        left, top, right, bottom = (float(row[k]) for k in ("det_l", "det_t", "det_r", "det_b"))
        boxes.append([(left - x0) * scale, (top - y0) * scale, (right - x0) * scale, (bottom - y0) * scale])
    persons = [row["meta"].split("|")[0] for row in rows]
    return FaceSet(
        Photographs(folder / row["file"] for row in rows), boxes=np.float32(boxes), persons=persons
    )
