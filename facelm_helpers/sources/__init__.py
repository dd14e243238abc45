"""Where faces come from: one file a source, each with ``load(root=None, **options) -> FaceSet``.

>>> names()
['300w-lp', 'folder', 'pts', 'synthetic', 'youtube']
"""

from importlib import import_module

# the name that a reader types -> the file
_FILES = {
    "synthetic": "synthetic",
    "300w-lp": "w300lp",
    "pts": "pts",
    "youtube": "youtube",
    "folder": "folder",
}


def names():
    """The names that ``load`` knows, sorted."""
    return sorted(_FILES)


def load(name, root=None, **options):
    """The faces of the source called ``name``, as a ``FaceSet``.

    Raises
    ------
    ValueError
        If there is no source of that name.
    """
    if name not in _FILES:
        raise ValueError(f"no source is called {name!r}: there are {', '.join(names())}")
    return import_module(f"{__name__}.{_FILES[name]}").load(root=root, **options)
