"""`python course.py notebooks`: rebuild the notebooks from their sources (see build_notebooks.py)."""

import sys
from pathlib import Path

if __name__ == "__main__":  # the repository in place of this folder, whose names may hide the library's
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from tools.build_notebooks import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
