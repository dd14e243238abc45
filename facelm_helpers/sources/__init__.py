"""Where faces come from: one file a source, each with ``load(root=None, **options) -> FaceSet``.

The files are found by listing this folder: to add a source, add a file.

>>> names()
['300w-lp', 'aflw2000', 'folder', 'imglab', 'pts', 'synthetic', 'youtube']
"""

import inspect
from importlib import import_module
from pathlib import Path

_SPOKEN = {"w300lp": "300w-lp"}  # a module's name cannot begin with a figure


def _modules():
    """Source name -> module name, without importing any."""
    stems = [file.stem for file in Path(__file__).parent.glob("*.py") if not file.stem.startswith("_")]
    return {_SPOKEN.get(stem, stem): stem for stem in sorted(stems)}


def names():
    """The names that ``load`` knows, sorted.

    Returns
    -------
    list of str
    """
    return sorted(_modules())


def load(name, root=None, **options):
    """The faces of the source called ``name``, as a ``FaceSet``.

    Parameters
    ----------
    name : str
        One of ``names()``.
    root : str or Path, optional
        Folder of the data, by default ``data/downloads/NAME``; "synthetic" needs none.
    **options
        For the source's own ``load``; see its docstring.

    Returns
    -------
    FaceSet

    Raises
    ------
    ValueError
        If there is no source of that name, or it has no such option.

    Examples
    --------
    >>> len(load("synthetic", n=2, seed=0, progress=False))
    2
    """
    modules = _modules()
    if name not in modules:
        raise ValueError(f"no source is called {name!r}: there are {', '.join(sorted(modules))}")
    function = import_module(f"{__name__}.{modules[name]}").load
    known = [option for option in inspect.signature(function).parameters if option != "root"]
    for option in options:
        if option not in known:
            raise ValueError(f"source {name!r} has no option {option!r}: there are {', '.join(known)}")
    return function(root=root, **options)
