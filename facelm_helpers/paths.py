"""Where the course keeps its files: the one place that knows the folders of the repository.

Every name is an absolute path, so a notebook finds its data from whatever folder it is run in.

>>> DATA.parent == ROOT
True
>>> WEIGHTS.relative_to(ROOT).as_posix()
'data/weights'
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent  # the checkout: the folder with course.py
DATA = ROOT / "data"
WEIGHTS = DATA / "weights"  # NAME.npz, the shipped weights of each method
RESULTS = DATA / "results"  # what `course.py bench` measured
DOWNLOADS = DATA / "downloads"  # real data sets that you fetched; ignored by git
