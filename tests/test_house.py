"""The house rules of the repository, held by the machine: floors, sizes, docstrings, examples, style."""

import ast
import doctest
import importlib
import os
import re
import subprocess
import sys

import pytest
from conftest import REPOSITORY

PACKAGE = REPOSITORY / "facelm_helpers"
# ground first; a room imports only from rooms on lower floors
FLOORS = [
    ["paths", "silence", "atomic", "geometry"], ["arrays", "quiet", "images", "landmarks"],
    ["boxes", "heatmaps", "layers"],
    ["se"], ["metrics", "faces", "face3d"], ["detectors"], ["protocol", "augment", "sources"],
    ["tfrecords"], ["networks", "training", "freezing"], ["methods"], ["applications", "plots"],
    ["widgets", "checks"],
]  # fmt: skip
FLOOR = {name: height for height, names in enumerate(FLOORS) for name in names}
FILES = sorted(path for path in PACKAGE.rglob("*.py"))
LONGEST = 280  # lines; what is meant is 250, read in one sitting
SLOW_TO_LOAD = {"tensorflow", "keras"}


def module_name(path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path) -> set[str]:
    """Full names of the modules of the package that a file imports, anywhere in it."""
    here = module_name(path).split(".")
    package = here if path.name == "__init__.py" else here[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                found.add(inner if inner in MODULES else base)
    return {name for name in found if name.split(".")[0] == PACKAGE.name}


MODULES = {module_name(path): path for path in FILES}
GRAPH = {name: imports(path) - {name, PACKAGE.name} for name, path in MODULES.items()}
LIBRARIES = {
    name: {
        word.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom) and not getattr(node, "level", 0)
        for word in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        )
    }
    for name, path in MODULES.items()
}


def room(name: str) -> str:
    """The part of the package that a module belongs to: "sources" for facelm_helpers.sources._warp."""
    return name.split(".")[1] if "." in name else ""


def floor(name: str) -> int:
    """The floor of a module."""
    return FLOOR[room(name)]


def test_every_public_file_has_a_floor():
    assert {room(name) for name in MODULES} - {""} == set(FLOOR)


def test_nothing_imports_its_own_floor_or_a_higher_one():
    wrong = []
    for name, wanted in GRAPH.items():
        for other in wanted:
            if room(name) != room(other) and floor(other) >= floor(name):
                wrong.append(f"{name} (floor {floor(name)}) imports {other} (floor {floor(other)})")
    assert wrong == []


def test_a_room_is_entered_by_its_door():
    """Nobody imports a private file of another room."""
    wrong = [
        f"{name} imports {other}"
        for name, wanted in GRAPH.items()
        for other in wanted
        if room(name) != room(other) != "plots" and any(part.startswith("_") for part in other.split(".")[2:])
    ]
    assert wrong == []


def test_no_tool_changes_the_search_path():
    tools = sorted((REPOSITORY / "tools").rglob("*.py"))
    assert tools and not [path.name for path in tools if "sys.path" in path.read_text(encoding="utf-8")]


def test_siblings_share_private_files_only():
    """A method does not import another method, nor a source another source, but for private files."""
    wrong = [
        f"{name} imports {other}"
        for name, wanted in GRAPH.items()
        for other in wanted
        if room(name) == room(other) in ("sources", "methods")
        and name.count(".") == other.count(".") == 2
        and not other.split(".")[2].startswith("_")
    ]
    assert wrong == []


def test_there_is_no_import_cycle():
    done, doing = set(), []

    def walk(name):
        assert name not in doing, " -> ".join([*doing[doing.index(name) :], name])
        if name in done or name not in GRAPH:
            return
        doing.append(name)
        for other in sorted(GRAPH[name]):
            # a package's own __init__ is loaded before its parts, so a part may not count it as a step
            if not name.startswith(other + "."):
                walk(other)
        doing.pop()
        done.add(name)

    for name in sorted(GRAPH):
        walk(name)
    assert done == set(GRAPH)


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_a_file_is_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_everything_public_says_what_it_is(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    silent = [] if ast.get_docstring(tree) else ["the module"]
    for node in (node for node in tree.body if isinstance(node, kinds)):
        inner = (
            [part for part in node.body if isinstance(part, kinds)] if isinstance(node, ast.ClassDef) else []
        )
        for part in [node, *inner]:
            # a method that takes the place of an inherited one is described where it comes from
            inherits = part is not node and bool(node.bases)
            if not part.name.startswith("_") and not node.name.startswith("_") and not inherits:
                silent += [] if ast.get_docstring(part) else [part.name]
    assert silent == []


def needs_tensorflow(name: str) -> bool:
    """Whether a module, or one of ours that it imports, imports TensorFlow anywhere."""
    seen, waiting = set(), [name]
    while waiting:
        current = waiting.pop()
        if current in seen or current not in MODULES:
            continue
        seen.add(current)
        if LIBRARIES[current] & SLOW_TO_LOAD:
            return True
        waiting += GRAPH[current]
    return False


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=[pytest.mark.slow] * needs_tensorflow(name)) for name in sorted(MODULES)
])  # fmt: skip
def test_the_examples_run(name):
    module = importlib.import_module(name)
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    assert doctest.testmod(module, optionflags=options).failed == 0


LIGHT = [name for name in ("landmarks", "metrics", "faces", "plots") if f"facelm_helpers.{name}" in MODULES]


def test_the_light_part_does_not_load_tensorflow():
    code = f"import sys\nfrom facelm_helpers import {', '.join(LIGHT)}\n"
    code += "print(*sorted({'tensorflow', 'keras', 'torch', 'sklearn'} & set(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert LIGHT and answer.stdout.strip() == ""


def committed() -> list:
    """Paths of the text files under version control (or, in a bare copy, of all that are not made)."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
        )
        paths = [REPOSITORY / name for name in listed.stdout.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    text = {
        ".py",
        ".md",
        ".toml",
        ".yml",
        ".yaml",
        ".lock",
        ".txt",
        ".cfg",
        ".ipynb",
        ".json",
        ".csv",
        ".html",
        "",
    }
    return [path for path in paths if path.suffix in text and path.is_file()]


def test_no_committed_file_names_a_registry_or_a_path_of_one_machine():
    # spelt in pieces, so that this file does not name them itself
    names = ["py" + "pi.org", "files.pythonhosted" + ".org", "registry.npm" + "js", "deb.debian" + ".org"]
    names += ["conda.anaconda" + ".org", "file:" + "///", "/ro" + "ot/", "/wo" + "rk/", "/opt/" + "wheels"]
    names += ["--find" + "-links ", "--index" + "-url", "--extra" + "-index"]
    pattern = re.compile("|".join(map(re.escape, names)))
    found = []
    for path in committed():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if match := pattern.search(line):
                found.append(f"{path.relative_to(REPOSITORY).as_posix()}:{number}: {match[0]}")
    assert found == []


def test_ruff_finds_nothing():
    places = [
        name
        for name in ("course.py", "setup.py", "examples", "facelm_helpers", "tools", "tests")
        + ("notebooks/source",)
        if (REPOSITORY / name).exists()
    ]
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=concise", *places]
    answer = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, env=os.environ | {"NO_COLOR": "1"}
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
