"""`python course.py try FILE`: what people build on 68 points, on a photograph, a clip or the webcam.

    python course.py try me.jpg                          the points, drawn
    python course.py try me.jpg --with make-up           writes me_make-up.png beside it
    python course.py try clip.mp4 --with eyes            a clip with ratios drawn, and a report in words
    python course.py try me.jpg --with swap --other you.jpg
    python course.py try webcam --with pose --seconds 10
    python course.py try clip --with steady              `clip` is a made-up face: nothing is needed

Everything stays on this machine. The largest face counts; frames without a face stay as they are.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from facelm_helpers import methods
from tools.ship.film import Film, read, write
from tools.ship.tries import TRIES, follow


def applied(film, options):
    """What is written, and what is said: pictures, words."""
    points = follow(film.images, options.aligner)
    known = np.isfinite(points).all(axis=(1, 2))
    if not known.any():
        raise ValueError(f"no face found in {options.file}: wanted one that is larger, or more frontal")
    there = [image for image, good in zip(film.images, known, strict=True) if good]
    pictures, words = TRIES[options.what](Film(there, film.rate), points[known], options)
    missing = int((~known).sum())
    if missing and len(pictures) == len(there):  # a frame for a frame: the others stay in the film
        done = iter(pictures)
        pictures = [next(done) if good else image for image, good in zip(film.images, known, strict=True)]
    if missing:
        words = f"{words} {missing} of {len(known)} frames show no face.".strip()
    return pictures, words


def main(arguments):
    """Read, align, apply, write."""
    parser = argparse.ArgumentParser(
        prog="course.py try", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", help="a picture, a video, `webcam`, or `clip`")
    parser.add_argument("--with", choices=TRIES, default="points", dest="what", help="what to do (points)")
    parser.add_argument("--other", help="for swap: a picture of the other face")
    parser.add_argument("--method", help="who finds the points (senet; dlib for eyes)")
    parser.add_argument("--seconds", type=float, default=10.0, help="of the webcam or the made-up clip (10)")
    parser.add_argument("--output", type=Path, help="a .png, or for films a .webm or .mp4 (beside the file)")
    options = parser.parse_args(arguments)
    try:
        # of the shipped methods, dlib's follows closing lids best: see notebook 15
        options.aligner = methods.load(options.method or ("dlib" if options.what == "eyes" else "senet"))
        film = read(options.file, options.seconds)
        pictures, words = applied(film, options)
        stem = Path(options.file) if Path(options.file).is_file() else Path.cwd() / options.file
        ending = ".png" if len(pictures) == 1 else ".webm"
        path = options.output or stem.with_name(f"{stem.stem}_{options.what}{ending}")
        write(pictures, film.rate, path)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{words} Written: {path}".strip())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
