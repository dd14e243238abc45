"""A wheel of the course carries its faces and weights, and works from any folder without the checkout."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytestmark = pytest.mark.campaign
SOURCES = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "facelm_helpers", "data", "tools/jupyter")
USE = """
import json
from facelm_helpers import methods, paths, sources
faces = sources.load("synthetic", n=2, seed=0)
shapes = [methods.load(name).predict(faces.images, faces.boxes).shape for name in ("dlib", "senet", "ert")]
print(json.dumps([str(paths.DATA), str(paths.DOWNLOADS), shapes, paths.IS_CHECKOUT]))
"""


def test_a_wheel_works_in_a_clean_environment(repository, tmp_path):
    for name in SOURCES:  # a copy: building leaves folders behind, and an old `build` would be packed again
        source, place = repository / name, tmp_path / "course" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        leave = shutil.ignore_patterns("downloads", "__pycache__")
        shutil.copytree(source, place, ignore=leave) if source.is_dir() else shutil.copy(source, place)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = [*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), "."]
    subprocess.run(build, cwd=tmp_path / "course", check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.stat().st_size < 60e6

    clean = tmp_path / "clean"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(clean)], check=True)
    python = next(path for path in (clean / "bin/python", clean / "Scripts/python.exe") if path.exists())
    install = [*pip, "--python", str(python), "install", "-q", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, check=True)
    where = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    # the other packages are those of the environment that runs the tests
    others = Path(sysconfig.get_path("purelib"))
    (Path(where) / "others.pth").write_text(f"{others}\n")

    home = tmp_path / "home"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"HOME": str(home), "XDG_DATA_HOME": str(home), "LOCALAPPDATA": str(home)}
    told = subprocess.run(
        [python, "-c", USE], cwd=home, env=environment, capture_output=True, text=True, check=True
    )
    data, downloads, shapes, is_checkout = json.loads(told.stdout.splitlines()[-1])
    assert Path(data).is_relative_to(clean.resolve()) or Path(data).is_relative_to(clean)
    assert Path(downloads).is_relative_to(home)
    assert shapes == [[2, 68, 2]] * 3 and not is_checkout
    assert not list(clean.glob("etc/jupyter/**/*.json"))  # a server's settings are left to its owner
    assert len([*clean.glob("share/jupyter/labextensions/facelm-alt/**/*.js*")]) == 2
