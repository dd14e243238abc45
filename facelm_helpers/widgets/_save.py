"""What a reader takes away from a comparison: its picture, its points, its state."""

import base64
import html
import os

import cv2
import numpy as np

from facelm_helpers.widgets import _link
from facelm_helpers.widgets._session import still


def table(redrawn):
    """The points as the text of a CSV file: a row each, x and y of left, right and, if known, true points.

    Parameters
    ----------
    redrawn : Redrawn

    Returns
    -------
    str
        Pixels of one of the two pictures.
    """
    shapes = {"left": redrawn.answers[0].points, "right": redrawn.answers[1].points}
    if redrawn.view.truth is not None:
        shapes["true"] = redrawn.view.truth
    head = ",".join(["point", *(f"{name}_{axis}" for name in shapes for axis in "xy")])
    rows = np.concatenate(list(shapes.values()), axis=1)
    return "\n".join([head, *(f"{k}," + ",".join(f"{v:.2f}" for v in row) for k, row in enumerate(rows)), ""])


def links(session, redrawn):
    """Links to all three as HTML: two files to download, and the state's link.

    Where no Voila serves the page, the state comes as the line of code that opens it.
    """
    picture, _ = still(redrawn, session.pair)
    _, code = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    query = html.escape(_link.write(session.pair, session.scene.name, session.state, session.stage))
    if os.environ.get("SERVER_SOFTWARE", "").startswith("voila"):
        state = f'<a href="?{query}">link to this state</a>'
    else:
        state = f"<code>widgets.compare_live(link=&quot;{query}&quot;)</code>"
    files = [
        _download("compare.png", "image/png", code.tobytes(), "the picture"),
        _download("points.csv", "text/csv", table(redrawn).encode(), "the points"),
    ]
    return " &middot; ".join([*files, state])


def _download(name, kind, content, words):
    content = base64.b64encode(content).decode()
    return f'<a download="{name}" href="data:{kind};base64,{content}">{words} ({name})</a>'
