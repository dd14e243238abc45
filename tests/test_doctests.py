"""The examples in the docstrings do what they say."""

import doctest
import importlib

import pytest

from facelm_helpers import paths

PACKAGE = paths.ROOT / "facelm_helpers"
MODULES = sorted(
    ".".join(file.relative_to(paths.ROOT).with_suffix("").parts).removesuffix(".__init__")
    for file in PACKAGE.rglob("*.py")
)


@pytest.mark.parametrize("module", MODULES)
def test_examples(module):
    failed, _ = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)
    assert failed == 0
