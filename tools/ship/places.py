"""Where the files of the repository lie on the site of the book, and where their links lead there."""

import os
import re
from pathlib import Path

from tools.notebook.derive import ROOT

NOTEBOOKS = ROOT / "notebooks"
IN_BROWSER = Path("in_the_browser.html")  # the page that runs SENet, where it is built


def place(origin):
    """Where a file of the repository lies on the site.

    Parameters
    ----------
    origin : path

    Returns
    -------
    Path
        Relative to the site.

    Examples
    --------
    >>> place(NOTEBOOKS / "solutions" / "01_measuring_error.ipynb").as_posix()
    'solutions/01_measuring_error.html'
    >>> place(ROOT / "data" / "weights" / "MODEL_CARD.md").as_posix()
    'linked/data/weights/MODEL_CARD.html'
    >>> place(NOTEBOOKS / "reference" / "glossary.md").as_posix()
    'reference/glossary.html'
    """
    origin = Path(origin)
    if origin.suffix == ".ipynb" or origin.is_relative_to(NOTEBOOKS / "reference"):
        return origin.relative_to(NOTEBOOKS).with_suffix(".html")
    inside = Path("linked") / origin.relative_to(ROOT)
    return inside.with_suffix(".html") if origin.suffix == ".md" else inside


def link_for_page(target, origin):
    """Where a link of a notebook or document points on the site.

    Parameters
    ----------
    target : str
        The link as written.
    origin : path
        The file that holds it.

    Returns
    -------
    str
        The link as written on the page.

    Examples
    --------
    >>> link_for_page("01_measuring_error.ipynb#ced", NOTEBOOKS / "00_start_here.ipynb")
    '01_measuring_error.html#ced'
    >>> link_for_page("../../data/README.md", NOTEBOOKS / "solutions" / "05_preparing_data.ipynb")
    '../linked/data/README.html'
    >>> link_for_page("https://doi.org/10.1109/CVPR.2014.241", NOTEBOOKS / "00_start_here.ipynb")
    'https://doi.org/10.1109/CVPR.2014.241'
    """
    linked = file_of(target, origin)
    if linked is None:
        return target
    anchor = "".join(target.partition("#")[1:])
    return Path(os.path.relpath(place(linked), place(origin).parent)).as_posix() + anchor


def file_of(target, origin):
    """The file of the repository that a link means; None for an address or a place on the same page."""
    if re.match(r"[a-z]+:|#", target):
        return None
    file = Path(os.path.normpath(Path(origin).parent / target.partition("#")[0]))
    return file if file.is_relative_to(ROOT) else None
