"""`python course.py notebooks`: rebuild the notebooks from their sources (see build_notebooks.py)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.build_notebooks import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
