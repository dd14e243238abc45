"""The course in an image, in Binder, Codespaces and Colab: what their files say agrees with the course."""

import json
import os
import re
import subprocess
import sys
import tomllib

import nbformat
import pytest
from conftest import REPOSITORY
from nbclient import NotebookClient
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tools.hub import colab, links
from tools.notebook.derive import derive
from tools.notebook.execute import environment
from tools.setup import addresses, pinned, serve

# what a process without TensorFlow is: its packages are not found
HIDE = f"""import sys
from importlib.machinery import PathFinder
_find = PathFinder.find_spec
PathFinder.find_spec = staticmethod(
    lambda name, *rest: None if name.partition(".")[0] in {pinned.HEAVY!r} else _find(name, *rest)
)
"""


def text(name):
    return (REPOSITORY / name).read_text(encoding="utf-8")


def pins(name):
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)$", text(name), re.MULTILINE))


def takes(version):
    return SpecifierSet(pinned.project()["requires-python"]).contains(version)


# --- versions ---------------------------------------------------------------------------------------------


def test_binder_installs_versions_of_the_lock_and_no_tensorflow():
    lock, here = pinned.locked(), pins(".binder/requirements.txt")
    assert len(here) == len(text(".binder/requirements.txt").splitlines()) - 1 > 100
    assert {name: lock[name] for name in here} == here
    assert not here.keys() & set(pinned.HEAVY)
    assert {one.name.replace("_", "-") for one in pinned.light()} <= here.keys()


def test_binder_installs_what_the_course_asks_for_today():
    needed = pinned.needed(pinned.light())
    assert needed.keys() & pinned.locked().keys() <= pins(".binder/requirements.txt").keys()


def test_the_hub_adds_to_the_lock_and_changes_none_of_it():
    added = pins("hub/requirements.txt")
    assert not added.keys() & pinned.locked().keys()
    for line in pinned.project()["optional-dependencies"]["hub"]:
        one = Requirement(line)
        assert one.specifier.contains(added[one.name]), line


def test_no_extra_makes_the_course_heavier():
    lock = pinned.locked()
    assert not {"jupyterhub", "nbgrader", "nbgitpuller", "notebook"} & lock.keys()


def test_every_place_has_a_python_that_the_course_takes():
    container = json.loads(text(".devcontainer/devcontainer.json"))
    pythons = [
        re.search(r"python:(\d+\.\d+)", container["image"])[1],
        re.search(r"^FROM python:(\d+\.\d+)", text("hub/Dockerfile"), re.MULTILINE)[1],
        text(".binder/runtime.txt").strip().removeprefix("python-"),
    ]
    assert all(takes(version) for version in pythons), pythons


# --- files ------------------------------------------------------------------------------------------------


def test_the_container_makes_the_courses_own_environment_and_needs_no_gpu():
    container = json.loads(text(".devcontainer/devcontainer.json"))
    assert "runArgs" not in container and "gpu" not in json.dumps(container).lower()
    assert "environment.ensure" in container["updateContentCommand"]
    for name in container["customizations"]["codespaces"]["openFiles"]:
        assert (REPOSITORY / name).is_file()


def test_binders_script_can_be_run():
    script = REPOSITORY / ".binder" / "postBuild"
    assert script.read_text().startswith("#!/usr/bin/env bash\n")
    assert os.name == "nt" or os.access(script, os.X_OK)


def test_the_image_copies_what_is_there():
    copied = re.findall(r"^COPY (.+) \S+$", text("hub/Dockerfile"), re.MULTILINE)
    assert copied and all((REPOSITORY / name).exists() for line in copied for name in line.split())


def test_an_image_gets_nothing_that_git_ignores():
    lines = [line.strip("\n") for line in text(".gitignore").splitlines() if line and line[0] != "#"]
    # git looks for a name at any depth, Docker only where it is told to
    wanted = {one.strip("/") if "/" in one.rstrip("/") else f"**/{one.rstrip('/')}" for one in lines}
    assert wanted | {".git"} <= set(text(".dockerignore").splitlines())


def test_a_codespaces_own_address_may_open_sockets_and_no_other(monkeypatch):
    monkeypatch.delenv("CODESPACES", raising=False)
    assert not any(
        "allow_origin" in word for word in serve.server("jupyterlab", "python", 8888, "/lab", opens=False)
    )
    for name, value in {"CODESPACES": "true", "CODESPACE_NAME": "blue-fish-7"}.items():
        monkeypatch.setenv(name, value)
    words = serve.server("jupyterlab", "python", 8888, "/lab", opens=False)
    assert "--ServerApp.allow_origin=https://blue-fish-7-8888.app.github.dev" in words


# --- links ------------------------------------------------------------------------------------------------


def test_the_badges_lead_to_this_repository_and_a_notebook():
    between = links.BADGES.search(text("README.md"))[0]
    assert between == f"<!-- badges -->\n{links.badges(addresses.repository())}\n<!-- end of badges -->"
    assert (REPOSITORY / addresses.FIRST).is_file()


@pytest.mark.parametrize("address", ["course", "https://example.org/a/b", "https://github.com/ana"])
def test_an_address_that_is_no_repository_is_refused(address, capsys):
    with pytest.raises(SystemExit):
        links.main(["--repository", address])
    assert "wanted https://github.com/OWNER/NAME" in capsys.readouterr().err


def test_a_class_gets_a_link_for_every_notebook(capsys):
    assert links.main(["--hub", "https://hub.example.org", "--repository", "https://github.com/ana/c"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(list((REPOSITORY / "notebooks").glob("[0-9]*.ipynb")))
    # the folder that the link makes is the one that it opens, whatever the repository is called
    assert "targetpath=course&urlpath=lab%2Ftree%2Fcourse%2Fnotebooks%2F00_start_here.ipynb" in lines[0]


def test_a_copy_sets_its_address_everywhere(tmp_path, monkeypatch):
    for name in ("pyproject.toml", "README.md", "README.zh.md", "hub/values.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text(name), encoding="utf-8")
    monkeypatch.setattr(links, "ROOT", tmp_path)
    monkeypatch.setattr(links, "NOTEBOOKS", tmp_path)
    (path,) = (REPOSITORY / "notebooks").glob("01_*.ipynb")
    before = nbformat.read(path, as_version=4)
    (tmp_path / path.name).write_bytes(path.read_bytes())
    address = "https://github.com/ana/course"
    assert links.main(["--repository", address, "--write"]) == 0
    written = tomllib.loads((tmp_path / "pyproject.toml").read_text())
    assert written["project"]["urls"]["Repository"] == address
    assert address in (tmp_path / "hub/values.yaml").read_text()
    for name in ("README.md", "README.zh.md"):
        assert "mybinder.org/v2/gh/ana/course/main" in (tmp_path / name).read_text(encoding="utf-8")
    # the notebook is the one that a build in the copy would make; its outputs stay
    monkeypatch.setattr(addresses, "repository", lambda: address)
    after = nbformat.read(tmp_path / path.name, as_version=4)
    source = REPOSITORY / "notebooks" / "source" / f"{path.stem}.py"
    wanted = derive(source, before.metadata["facelm"])["exercise"].cells[0].source
    assert after.cells[0].source == wanted
    assert f"ana/course/blob/main/notebooks/{path.name}" in wanted
    assert after.cells[1:] == before.cells[1:] and after.metadata == before.metadata


def test_colab_lacks_nothing_that_is_here():
    assert colab.lacking(pinned.project()["dependencies"]) == []
    found = colab.lacking(["tensorflow~=2.21.0; sys_platform != 'linux'", "pooch>=1.8"], set().__contains__)
    assert found == ["tensorflow~=2.21.0", "pooch>=1.8"]


def test_colab_names_what_is_too_old_and_keeps_it(monkeypatch, tmp_path, capsys):
    asked = []
    monkeypatch.setattr(colab, "lacking", lambda requirements: ["pooch>=1.8"])
    monkeypatch.setattr(colab, "there", lambda: {"numpy": "1.26.4", "keras": "3.10.0"})
    monkeypatch.setattr(colab.site, "addsitedir", lambda folder: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        colab.subprocess, "run", lambda command, check: asked.append(open(command[6]).read().split())
    )
    colab.main()
    assert asked == [["numpy==1.26.4", "keras==3.10.0"]]
    told = capsys.readouterr().out
    assert "numpy 1.26.4 (wanted" in told and "keras 3.10.0 (wanted" in told and "scipy" not in told


# --- without TensorFlow -----------------------------------------------------------------------------------

USE = (
    HIDE
    + """
from facelm_helpers import methods, sources, widgets
from facelm_helpers.checks import (
    compare_live, cascaded_regression, dlib_68_points, measuring_error, shape_models, start_here
)
faces = sources.load("synthetic", n=2, seed=0, progress=False)
for name in methods.names():
    aligner = methods.load(name)
    assert aligner.predict(faces.images, faces.boxes).shape == (2, 68, 2), name
    assert aligner.kind != "network" or aligner.runtime == "litert", name
widgets.compare_live()
assert not set(sys.modules) & set(%r)
"""
)


@pytest.mark.slow
def test_every_method_and_the_live_comparison_run_without_tensorflow():
    code = USE % (pinned.HEAVY,)
    answer = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr[-2000:]


@pytest.mark.campaign
@pytest.mark.parametrize("number", addresses.LIGHT)
def test_a_notebook_of_binder_runs_without_tensorflow(number, tmp_path):
    (path,) = (REPOSITORY / "notebooks" / "solutions").glob(f"{number}_*.ipynb")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(HIDE))
    resources = {"metadata": {"path": str(tmp_path)}}
    client = NotebookClient(notebook, timeout=1800, kernel_name="python3", resources=resources)
    with client.setup_kernel(env=environment()):
        for place, cell in enumerate(notebook.cells):
            client.execute_cell(cell, place)
