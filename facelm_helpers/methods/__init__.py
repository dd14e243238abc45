"""Every alignment method, a file each, with one interface: `_base.Aligner`.

To add a method, put a file ``NAME.py`` into this folder with one public subclass of `Aligner`; it is found by
itself. No file is imported before its method is asked for.

>>> "dlib" in names()
True
>>> aligner = create("mean_shape")
>>> aligner.title
'Mean shape'
"""

import difflib
import importlib
import inspect
from pathlib import Path

from facelm_helpers.methods._base import Aligner

__all__ = ["Aligner", "COMPARED", "create", "load", "names", "of"]

COMPARED = ("dlib", "senet")  # the field's baseline and the course's own: what is set side by side first


def names():
    """The names of all methods, in alphabetical order: the files of this folder.

    Returns
    -------
    list of str
    """
    return sorted(file.stem for file in Path(__file__).parent.glob("*.py") if not file.stem.startswith("_"))


def of(name):
    """The class of a method.

    Raises
    ------
    ValueError
        For an unknown name; it lists the names and the nearest one.

    Examples
    --------
    >>> of("mean_shape").year
    1992
    >>> of("dlip")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: no method called 'dlip' (did you mean 'dlib'?): wanted one of ...
    """
    if name not in names():
        near = difflib.get_close_matches(str(name), names(), n=1)
        guess = f" (did you mean {near[0]!r}?)" if near else ""
        raise ValueError(f"no method called {name!r}{guess}: wanted one of {', '.join(names())}")
    module = importlib.import_module(f"{__name__}.{name}")
    found = [
        value
        for key, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, Aligner)
        and value.__module__ == module.__name__ and not key.startswith("_")
    ]  # fmt: skip
    if len(found) != 1 or found[0].name != name:
        raise ImportError(f"{module.__file__} must hold exactly one public Aligner, with name = {name!r}")
    return found[0]


def create(name, **configuration):
    """A new aligner of a method, to be fitted.

    Parameters
    ----------
    name : str
        One of `names`.
    **configuration
        Of the method's class; each has its documented defaults.

    Returns
    -------
    Aligner

    Raises
    ------
    ValueError
        For an unknown name, or an unknown setting.
    """
    kind = of(name)
    known = list(inspect.signature(kind).parameters)
    unknown = [key for key in configuration if key not in known]
    if unknown:
        wanted = f"any of {', '.join(known)}" if known else "none at all"
        raise ValueError(f"{name} has no setting {unknown[0]!r}: wanted {wanted}")
    return kind(**configuration)


def load(name, runtime=None):
    """An aligner with the weights that the course ships.

    Parameters
    ----------
    name : str
        One of `names`.
    runtime : str, optional
        What computes it, where a method offers a choice.

    Returns
    -------
    Aligner

    Raises
    ------
    ValueError
        For an unknown name or runtime.
    FileNotFoundError
        If no weights of it are shipped.
    """
    aligner = of(name).shipped()
    return aligner if runtime is None else aligner.with_runtime(runtime)
