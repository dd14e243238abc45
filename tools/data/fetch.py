"""`python course.py data [NAME]`: what data sets there are, how to get one, and whether yours is whole.

`python course.py data prepare 300w-lp` cuts its faces for the training.
"""

import argparse
import sys
from pathlib import Path

from facelm_helpers.images import ENDINGS
from facelm_helpers.paths import DATA, DOWNLOADS
from facelm_helpers.sources import aflw2000, imglab, pts, w300lp, youtube
from tools.data import prepare

TERMS = "research and education only; the photographs belong to other people"
SETS = {
    "synthetic": (
        "drawn by data/face_model.npz",
        "68, exact",
        "ships with the course; shows no real person",
        "no download",
    ),
    "youtube": ("4,232 frames of video", "68, by a machine", TERMS, "`python course.py data youtube`"),
    "300w-lp": (
        "61,225 renders, 122,450 with flips",
        "68, 3D fit",
        f"{TERMS}; ask its authors",
        "download it yourself, 2.6 GB",
    ),
    "aflw2000": (
        "2,000 photographs",
        "68, 3D fit",
        f"{TERMS}; ask its authors",
        "download it yourself, 83 MB",
    ),
    "pts": (
        "3,837 photographs of 300-W",
        "68, semi-automatic, corrected by hand",
        f"{TERMS}; register with iBUG",
        "download it yourself",
    ),
    "imglab": (
        "a training set of dlib's imglab, an XML file",
        "those of the file",
        "yours",
        "put the XML and its photographs there",
    ),
    "folder": ("your own photographs", "68, by a method you choose", "yours", "put them there"),
}

HOW_300W_LP = """\
300W-LP is distributed by its authors for research. Nobody can agree to their terms for you, so download it
yourself.

  1. Open the page of 3DDFA by Xiangyu Zhu, http://www.cbsr.ia.ac.cn/users/xiangyuzhu/projects/3DDFA/main.htm,
     and read what it says about use.
  2. If you agree, download 300W-LP (2.6 GB packed), and AFLW2000-3D (83 MB) to test on.
  3. Unpack 300W-LP so that {folder} holds
     AFW, HELEN, IBUG, LFPW (and AFW_Flip ... if you want the mirror images) and landmarks.
     Do not leave out landmarks: the points in the other .mat files are wrong for every turned face.
  4. Run `python course.py data {name}` again: it checks that everything is there.
"""
HOW_AFLW2000 = """\
AFLW2000-3D is on the same page as 300W-LP; download it yourself:

  1. Open http://www.cbsr.ia.ac.cn/users/xiangyuzhu/projects/3DDFA/main.htm and read what it says about use.
  2. If you agree, download AFLW2000-3D (83 MB) and unpack it so that {folder}
     holds image00002.jpg, image00002.mat and so on.
  3. Run `python course.py data aflw2000` again: it checks every file.
"""
HOW_PTS = """\
300-W and its parts (LFPW, HELEN, AFW, IBUG) are distributed by the iBUG group for research, on
registration:

  1. Open https://ibug.doc.ic.ac.uk/resources/300-W/ and read the terms.
  2. If you agree, download the photographs with their .pts files and unpack them anywhere below
     {folder}; subfolders are searched.
  3. Run `python course.py data {name}` again: it checks that every .pts has 68 points and its photograph.
"""
HOW_IMGLAB = """\
Put the XML of dlib's imglab, with the photographs that it names, in {folder}.
Then, in a notebook: sources.load("imglab").
"""
HOW_FOLDER = """\
Put photographs ({endings}) in {folder} or below. Then, in a notebook:

  from facelm_helpers import detectors, methods, sources
  faces = sources.load("folder", aligner=methods.load("dlib"), detect=detectors.detect)

Each photograph gets a .pts beside it, which you may correct; the next load keeps your corrections.
"""


def main(arguments=None):
    """Run the command; 0 if what was asked for is there, 1 if not, with the reason printed."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["prepare"]:
        return prepare.main(arguments[1:])
    parser = argparse.ArgumentParser(
        prog="course.py data", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", choices=SETS, help="a data set; without it, all are listed")
    parser.add_argument("--root", type=Path, help="its folder (default: data/downloads/NAME)")
    chosen = parser.parse_args(arguments)
    if chosen.name is None:
        print(listing())
        return 0
    folder = chosen.root or DOWNLOADS / chosen.name
    try:
        return ACTIONS[chosen.name](folder)
    except (ValueError, OSError) as error:  # ConnectionError and FileNotFoundError are OSErrors
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to resume.", file=sys.stderr)
        return 130


def listing():
    """One paragraph a data set: what it is, its annotation, its terms, and whether it is on this disk."""
    lines = []
    for name, (what, annotation, terms, how) in SETS.items():
        there = DATA / "face_model.npz" if name == "synthetic" else DOWNLOADS / name
        on_disk = f"in {there}" if there.exists() and any(_files(there)) else f"not on this disk ({how})"
        lines += [f"{name:10} {what}; points: {annotation}", f"{'':10} {terms}", f"{'':10} {on_disk}", ""]
    lines.append("All data sets of the field, with their pitfalls: data/README.md")
    return "\n".join(lines)


def _files(path):
    return path.iterdir() if path.is_dir() else [path]


def _synthetic(_):
    model = DATA / "face_model.npz"
    if not model.is_file():
        raise FileNotFoundError(
            f"{model} is missing, though it ships with the course: get the repository again"
        )
    print(f'Nothing to fetch: sources.load("synthetic", n=2000, seed=0) draws faces from {model}.')
    return 0


def _youtube(folder):
    folder = youtube.fetch(folder)
    faces = youtube.load(folder, split="all")
    print(f'{len(faces)} frames of {len(set(faces.persons))} persons in {folder}: sources.load("youtube")')
    return 0


def _w300lp(folder):
    if not folder.is_dir() or not any(folder.iterdir()):
        print(HOW_300W_LP.format(folder=folder, name="300w-lp"))
        return 1
    faces = w300lp.load(folder, n=50)  # raises where a file is missing or is damaged, and says which
    for i in range(len(faces)):
        faces.images[i]
    lacking = False
    for subset, wanted in w300lp.COUNTS.items():
        found = sum(1 for root in (folder, folder / "300W_LP") for _ in (root / subset).glob("*.jpg"))
        lacking |= found not in (0, wanted)
        print(f"  {subset:6} {found:6} of {wanted} pictures")
    print(f"{len(faces)} of them were read with their points, without a fault.")
    if lacking:
        print("A subset is not whole: unpack it again, unless you took a part of it on purpose.")
    return int(lacking)


def _aflw2000(folder):
    if not folder.is_dir() or not any(folder.iterdir()):
        print(HOW_AFLW2000.format(folder=folder))
        return 1
    faces = aflw2000.load(folder)
    for i in range(len(faces)):
        faces.images[i]
    print(f'{len(faces)} of {aflw2000.COUNT} photographs in {folder}: sources.load("aflw2000")')
    return int(len(faces) != aflw2000.COUNT)


def _pts(folder):
    if not folder.is_dir() or not any(folder.iterdir()):
        print(HOW_PTS.format(folder=folder, name="pts"))
        return 1
    faces = pts.load(folder)  # raises at the first bad .pts, and says which
    print(f"{len(faces)} faces in {len(set(faces.persons))} photographs below {folder}, all with 68 points.")
    return 0


def _imglab(folder):
    if not folder.is_file() and not any(folder.rglob("*.xml")):
        print(HOW_IMGLAB.format(folder=folder))
        return 1
    faces = imglab.load(folder)  # raises at the first fault, and says where
    print(f"{len(faces)} faces in {len(set(faces.persons))} photographs in {folder}.")
    return 0


def _folder(folder):
    found = [path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS] if folder.is_dir() else []
    labelled = sum(path.with_suffix(".pts").is_file() for path in found)
    if found:
        print(f"{len(found)} photographs in {folder}, {labelled} of them with a .pts.")
        return 0
    print(HOW_FOLDER.format(folder=folder, endings=", ".join(ENDINGS)))
    return 1


ACTIONS = {
    "synthetic": _synthetic,
    "youtube": _youtube,
    "300w-lp": _w300lp,
    "aflw2000": _aflw2000,
    "pts": _pts,
    "imglab": _imglab,
    "folder": _folder,
}

if __name__ == "__main__":
    sys.exit(main())
