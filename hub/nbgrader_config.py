"""nbgrader on the hub: where assignments are handed out and in. Jupyter finds it by JUPYTER_CONFIG_PATH.

The folder of the exchange is open to all accounts (mode 1777), as nbgrader asks.
"""

import os

c = get_config()  # noqa: F821 - nbgrader defines it
c.CourseDirectory.course_id = "face_alignment"
c.Exchange.root = os.environ.get("FACELM_EXCHANGE", "/srv/nbgrader/exchange")
c.ExecutePreprocessor.timeout = 600  # seconds for one cell: some train a network
