"""ONNX Runtime Web is fetched by name with npm, compared with its SHA-256, and never half there."""

import subprocess
import tarfile

import pytest

from facelm_helpers import paths
from tools.ship import in_browser


@pytest.fixture
def downloads(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "DOWNLOADS", tmp_path / "downloads")
    return tmp_path / "downloads"


def npm(monkeypatch, packs):
    """An npm that runs `packs` on the folder in which its package is wanted."""

    def run(command, **options):
        assert command[1:3] == ["pack", in_browser.PACKAGE]
        packs(next(word.partition("=")[2] for word in command if word.startswith("--pack-destination=")))

    monkeypatch.setattr(in_browser.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(in_browser.subprocess, "run", run)


def test_without_npm_or_network_it_is_said_why(downloads, monkeypatch):
    monkeypatch.setattr(in_browser.shutil, "which", lambda name: None)
    assert "npm (of Node.js) is not installed" in in_browser.write(downloads)

    def fail(folder):
        raise subprocess.CalledProcessError(1, "npm")

    npm(monkeypatch, fail)
    assert "npm cannot fetch onnxruntime-web" in in_browser.write(downloads)
    assert list(downloads.iterdir()) == []


def test_a_package_with_other_files_is_refused(downloads, tmp_path, monkeypatch):
    def pack(folder):
        with tarfile.open(f"{folder}/package.tgz", "w:gz") as packed:
            for name in in_browser.RUNTIME:
                (tmp_path / "file").write_text("other")
                packed.add(tmp_path / "file", f"package/dist/{name}")

    npm(monkeypatch, pack)
    with pytest.raises(ValueError, match=r"ort\.wasm\.min\.mjs is not that of onnxruntime-web@"):
        in_browser.runtime()


def test_the_page_has_all_that_its_script_asks_for():
    page = in_browser.page(16e6)
    for name in ("stage", "picture", "status", "save", "film", "sample", "photograph", "webcam", "facts"):
        assert f'id="{name}"' in page
    assert (
        "{" not in page.partition("<main>")[2].partition("<script")[0]
        and "Loading the networks, 16 MB" in page
    )
