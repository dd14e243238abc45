"""Where the course keeps its files: the one place that knows its folders.

In a checkout they lie beside the package; an installed wheel carries the shipped ones inside the package.
What is written (downloads, runs) goes into the checkout, or into the user's own folder where there is none or
it is read-only. Every name is an absolute path: a notebook finds its data from whatever folder it is run in.

>>> WEIGHTS.relative_to(DATA).as_posix()
'weights'
>>> DOWNLOADS.name, RUNS.name
('downloads', 'runs')
"""

import os
from pathlib import Path

import platformdirs

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent  # of a checkout: the folder with course.py
IS_CHECKOUT = (ROOT / "course.py").is_file() and (ROOT / "data").is_dir()
DATA = ROOT / "data" if IS_CHECKOUT else PACKAGE / "shipped"
WEIGHTS = DATA / "weights"  # NAME.npz, the shipped weights of each method
RESULTS = DATA / "results"  # what `course.py bench` measured

WRITTEN = ROOT
if not (IS_CHECKOUT and os.access(ROOT, os.W_OK)):
    WRITTEN = platformdirs.user_data_path("facelm-lab", appauthor=False)
DOWNLOADS = WRITTEN / "data" / "downloads"  # real data sets that you fetched; ignored by git
RUNS = WRITTEN / "runs"  # checkpoints and logs of `course.py train`; ignored by git
