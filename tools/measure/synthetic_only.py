"""What a network that saw only default faces does on real people.

    python -m tools.measure.synthetic_only RUN

RUN is the folder of `python -m tools.train.shipped RUN --synthetic-only`; the real faces stand beside the
checkout. Writes data/results/synthetic_only.json, which notebook 10 prints.
"""

import sys
from pathlib import Path

from facelm_helpers import methods
from facelm_helpers.paths import RESULTS
from tools.measure import face_sets, store
from tools.measure.accuracy import mean_errors
from tools.train.faces import ALONE

FILE = RESULTS / "synthetic_only.json"
SETS = {"yt68/val": "YouTube Faces, unseen people", "lfpw68/held-out": "LFPW, held-out photographs"}
BOXES = {"detector": "dlib's detector's box", "tight": "tight box"}
WHAT = (
    "SENet in its default width, narrower than the shipped one, trained on {faces:,} default faces and"
    " nothing else ({batches:,} batches of {size}). Inter-ocular NME; corrected: each method's own median"
    " offset per landmark, measured on other faces, taken out. dlib was trained on LFPW. The network before"
    " this one, on the faces before 26 November 2026 (6,000 batches of 64): on YouTube Faces 6.4 %, corrected"
    " 5.8 %, on LFPW 6.3 %, corrected 5.8 %, in the boxes of dlib's detector."
)


def rows(network, dlib):
    """One row a set, box and figure."""
    for name, title in SETS.items():
        views = face_sets.load(name).views
        for box, title_of_box in BOXES.items():
            ours, theirs = mean_errors(network, *views[box]), mean_errors(dlib, *views[box])
            for figure in ours:
                yield {
                    "judged on": title, "box, both": title_of_box, "figure": figure,
                    "the network": f"{ours[figure]:.1%}".replace("%", " %"),
                    "dlib": f"{theirs[figure]:.1%}".replace("%", " %"),
                    "ratio": round(float(ours[figure] / theirs[figure]), 2),
                }  # fmt: skip


def main(run):
    """Judge RUN/senet.npz and write what came."""
    network = methods.of("senet").load(Path(run) / "senet.npz").with_runtime("keras")
    what = WHAT.format(faces=ALONE, batches=network.steps, size=network.batch_size)
    crops = network.steps * network.batch_size
    found = {"what": what, "batches": network.steps, "crops": crops}
    found["rows"] = list(rows(network, methods.load("dlib")))
    store.write(FILE, found)
    for row in found["rows"]:
        print(*row.values(), sep="  ")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.splitlines()[0])
    main(sys.argv[1])
