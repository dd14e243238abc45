"""How .venv is made, taken up again, mended and examined: from a lock of two packages that are made here."""

import hashlib
import json
import os
import shutil
import subprocess
import zipfile

import pytest

from tools.setup import checksums, doctor, environment

posix = pytest.mark.skipif(os.name == "nt", reason="breaks the environment with POSIX links")


def wheel(folder, name, version="1.0"):
    """A package of one module; returns its lines in a lock."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in files) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return f"{name}==1.0 \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A checkout with a finished .venv of two packages, and what was said while it was made."""
    root, wheels = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("wheels")
    lock = wheel(wheels, "facea") + wheel(wheels, "faceb")
    lock += "facec==1.0 ; sys_platform == 'elsewhere' \\\n    --hash=sha256:" + "0" * 64 + "\n"
    (root / "requirements.lock").write_text(lock)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(wheels))
        said = []
        environment.ensure(root, said.append)
        yield root, said


def says(root, code):
    return subprocess.run(
        [environment.python_in(root / ".venv"), "-c", code], capture_output=True, text=True
    ).stdout.strip()


def test_installs_what_the_lock_says_and_links_the_course(made):
    root, said = made
    assert said[0].startswith("Making .venv")
    assert says(root, "import facea, faceb; print(facea.VERSION, faceb.VERSION)") == "1.0 1.0"
    assert str(root) in says(root, "import sys; print(sys.path)")
    assert environment.is_ready(root / ".venv", root / "requirements.lock")
    assert json.loads((root / ".venv/etc/jupyter/jupyter_server_config.json").read_text())["ServerApp"]


def test_a_second_start_installs_nothing(made, monkeypatch):
    monkeypatch.setattr(environment, "_pip", lambda *_: pytest.fail("pip was called"))
    said = []
    environment.ensure(made[0], said.append)
    assert said == []


def test_an_interrupted_install_is_taken_up_again(made):
    root, _ = made
    packages = environment.site_packages(root / ".venv")
    (root / ".venv" / "ready").unlink()
    # as if killed while facea was being copied: pip's own record of it was not written yet
    record = packages / "facea-1.0.dist-info" / "RECORD"
    record.write_text("facea/__init__.py,,\n")
    (packages / "facea" / "__init__.py").unlink()
    said = []
    environment.ensure(root, said.append)
    assert "  facea-1.0 was only half there: it is installed again" in said
    assert says(root, "import facea; print(facea.VERSION)") == "1.0"
    assert environment.is_ready(root / ".venv", root / "requirements.lock")


def test_a_moved_checkout_links_itself_anew(made):
    root, _ = made
    link = environment.site_packages(root / ".venv") / "facelm-lab.pth"
    link.write_text("/where/it/was\n")
    environment.ensure(root, lambda _: None)
    assert link.read_text() == f"{root}\n"


@posix
def test_an_environment_without_a_working_python_is_made_anew(made):
    root, _ = made
    python = environment.python_in(root / ".venv")
    python.unlink()
    python.symlink_to("/nowhere/python3")
    said = []
    environment.ensure(root, said.append)
    assert "no working Python" in said[0]
    assert says(root, "import faceb; print(faceb.VERSION)") == "1.0"


def test_a_download_that_differs_from_the_lock_is_refused_and_leaves_no_stamp(made):
    root, _ = made
    lock = root / "requirements.lock"
    good = lock.read_text()
    try:
        first = good.index("sha256:") + len("sha256:")
        lock.write_text(good[:first] + "f" * 64 + good[first + 64 :])
        shutil.rmtree(environment.site_packages(root / ".venv") / "facea-1.0.dist-info")
        with pytest.raises(environment.SetupError, match="differs from what the lock expects"):
            environment.ensure(root, lambda _: None)
        assert not (root / ".venv" / "ready").exists()
    finally:
        lock.write_text(good)
        environment.ensure(root, lambda _: None)


def test_a_missing_lock_is_one_sentence(tmp_path):
    with pytest.raises(environment.SetupError, match="requirements.lock is missing"):
        environment.ensure(tmp_path)


@pytest.mark.parametrize("words, remedy", [
    ("OSError: [Errno 28] No space left on device", "disk is full"),
    ("Temporary failure in name resolution\nERROR: No matching distribution found for numpy", "Go online"),
    ("ERROR: No matching distribution found for dlib-bin", "no build"),
    ("something new\nand strange", "and strange"),
])  # fmt: skip
def test_what_pip_says_is_put_into_words(words, remedy, tmp_path):
    assert remedy in environment.explain(words, tmp_path / "install.log")


def bad(findings):
    return [finding.what for finding in findings if finding.state == "bad"]


def test_the_doctor_on_packages(made, tmp_path):
    root, _ = made
    assert not bad(doctor.check_packages(root))
    packages = environment.site_packages(root / ".venv")
    module, info = packages / "facea" / "__init__.py", packages / "faceb-1.0.dist-info"
    whole = module.read_bytes()
    module.unlink()
    info.rename(tmp_path / "aside")
    try:
        found = bad(doctor.check_packages(root))
        assert found[0].replace("\\", "/") == "facea: its file facea/__init__.py is missing or cut short."
        assert found[1] == "faceb 1.0 is not installed."
    finally:
        module.write_bytes(whole)
        (tmp_path / "aside").rename(info)
    metadata = info / "METADATA"
    metadata.write_text(metadata.read_text().replace("Version: 1.0", "Version: 0.9"))
    assert bad(doctor.check_packages(root)) == ["faceb should be 1.0 and is 0.9."]
    metadata.write_text(metadata.read_text().replace("Version: 0.9", "Version: 1.0"))


def test_the_doctor_on_an_unfinished_or_absent_environment(made, tmp_path):
    root, _ = made
    stamp = root / ".venv" / "ready"
    text = stamp.read_text()
    stamp.unlink()
    assert "only partly" in doctor.check_packages(root)[0].what
    stamp.write_text(text)
    assert bad(doctor.check_packages(tmp_path)) == ["requirements.lock is missing."]
    (tmp_path / "requirements.lock").write_text("")
    assert "not installed yet" in doctor.check_packages(tmp_path)[0].what
    (tmp_path / ".venv").mkdir()
    assert bad(doctor.check_packages(tmp_path)) == ["The Python in .venv does not run."]


def test_the_doctor_on_imports(made):
    python = environment.python_in(made[0] / ".venv")
    found = bad(doctor.check_imports(python, dict(os.environ), ("facea", "no_such_module")))
    assert len(found) == 1 and "No module named 'no_such_module'" in found[0]


def test_the_doctor_ends_with_1_exactly_when_something_is_bad(made, capsys, monkeypatch):
    root, _ = made
    monkeypatch.setattr(doctor, "check_imports", lambda *_: [])
    assert doctor.main(root, "") == 1
    assert "SHA256SUMS is missing" in capsys.readouterr().out
    (root / "data").mkdir()
    (root / "data" / "face_model.npz").write_bytes(b"model")
    (root / "data" / "SHA256SUMS").write_text(checksums.checksums(root / "data"))
    assert doctor.main(root, "") == 0
    assert "Nothing to mend." in capsys.readouterr().out
