"""nbgrader on the hub: where assignments are handed out and in. Jupyter finds it by JUPYTER_CONFIG_PATH.

The folder of the exchange is open to all accounts (mode 1777), as nbgrader asks.
"""

import os
from pathlib import Path

COURSE = Path.home() / "face_alignment"  # the teacher's: what `course.py export --nbgrader` wrote

c = get_config()  # noqa: F821 - nbgrader defines it
c.CourseDirectory.course_id = "face_alignment"
if COURSE.is_dir():  # the pages look for assignments there, and not in the home itself
    c.CourseDirectory.root = str(COURSE)
c.Exchange.root = os.environ.get("FACELM_EXCHANGE", "/srv/nbgrader/exchange")
c.ExecutePreprocessor.timeout = 600  # seconds for one cell: some train a network
