"""How .venv is made, taken up again, repaired and examined, with a lock of two packages made here."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import REPOSITORY

from tools.setup import checksums, doctor, environment, packages
from tools.setup.one_at_a_time import one_at_a_time

posix = pytest.mark.skipif(os.name == "nt", reason="breaks the environment with POSIX links")


def digest(text):
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def wheel(folder, name, version="1.0"):
    """A package of one module; returns its lines in a lock."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{file},sha256={digest(text)},{len(text)}\n" for file, text in files.items()]
    files[f"{info}/RECORD"] = "".join(rows) + f"{info}/RECORD,,\n"
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
    assert not bad(packages.check_packages(root))
    folder = environment.site_packages(root / ".venv")
    module, info = folder / "facea" / "__init__.py", folder / "faceb-1.0.dist-info"
    whole = module.read_bytes()
    module.unlink()
    info.rename(tmp_path / "aside")
    try:
        found = bad(packages.check_packages(root))
        assert found[0].replace("\\", "/") == "facea: its file facea/__init__.py is missing or was changed."
        assert found[1] == "faceb 1.0 is not installed."
    finally:
        module.write_bytes(whole)
        (tmp_path / "aside").rename(info)
    metadata = info / "METADATA"
    metadata.write_text(metadata.read_text().replace("Version: 1.0", "Version: 0.9"))
    assert bad(packages.check_packages(root)) == ["faceb should be 1.0 and is 0.9."]
    metadata.write_text(metadata.read_text().replace("Version: 0.9", "Version: 1.0"))


def test_the_doctor_notices_a_change_that_keeps_the_size(made):
    root, _ = made
    module = environment.site_packages(root / ".venv") / "facea" / "__init__.py"
    whole = module.read_bytes()
    module.write_bytes(whole.replace(b"1.0", b"6.6"))
    try:
        assert "was changed" in bad(packages.check_packages(root))[0]
    finally:
        module.write_bytes(whole)
    assert not bad(packages.check_packages(root))


@posix
def test_a_python_that_says_nothing_and_a_binary_stamp_are_no_environment(tmp_path):
    lock, venv = tmp_path / "requirements.lock", tmp_path / ".venv"
    lock.write_bytes(b"\xff\x00")
    (venv / "bin").mkdir(parents=True)
    (venv / "ready").write_bytes(b"\xff\xfe\x00")
    assert not environment.is_ready(venv, lock)
    for words in ("", "echo", "printf '\\377\\376\\n'", "echo 3 11"):
        environment.python_in(venv).write_text(f"#!/bin/sh\n{words}\n")
        environment.python_in(venv).chmod(0o755)
        assert environment.site_packages(venv) is None
    assert bad(packages.check_packages(tmp_path)) == ["The Python in .venv does not run."]


def test_of_two_starts_at_once_one_waits(made):
    root, _ = made
    (root / ".venv" / "ready").unlink()
    heard, said, installing, waiting = [], [], threading.Event(), threading.Event()

    def first(line):
        heard.append(line)
        installing.set()
        assert waiting.wait(300)

    def second(line):
        said.append(line)
        waiting.set()

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(environment.ensure, root, first)
        assert installing.wait(300)
        two = pool.submit(environment.ensure, root, second)
        assert one.result() == two.result() == environment.python_in(root / ".venv")
    assert len(said) == 1 and "waiting" in said[0]
    assert any("Installing" in line for line in heard)


def test_a_lock_ends_with_its_process(tmp_path):
    code = "import sys, time; sys.path.insert(0, sys.argv[2])\n"
    code += "from tools.setup.one_at_a_time import one_at_a_time\n"
    code += "with one_at_a_time(sys.argv[1], print): print('held', flush=True); time.sleep(600)"
    command = [sys.executable, "-c", code, str(tmp_path / "lock"), str(REPOSITORY)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    with one_at_a_time(tmp_path / "lock", lambda: None):
        pass


def test_a_folder_that_cannot_be_written_is_one_sentence(made, monkeypatch):
    root, _ = made
    stamp = root / ".venv" / "ready"
    text = stamp.read_text()

    def refuse(path, waiting):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(environment, "one_at_a_time", refuse)
    assert environment.ensure(root)  # a finished one is only read
    stamp.unlink()
    with pytest.raises(environment.SetupError, match="cannot be written: Permission denied"):
        environment.ensure(root)
    stamp.write_text(text)


def test_the_doctor_on_an_unfinished_or_absent_environment(made, tmp_path):
    root, _ = made
    stamp = root / ".venv" / "ready"
    text = stamp.read_text()
    stamp.unlink()
    assert "only partly" in packages.check_packages(root)[0].what
    stamp.write_text(text)
    assert bad(packages.check_packages(tmp_path)) == ["requirements.lock is missing."]
    (tmp_path / "requirements.lock").write_text("")
    assert "not installed yet" in packages.check_packages(tmp_path)[0].what
    (tmp_path / ".venv").mkdir()
    assert bad(packages.check_packages(tmp_path)) == ["The Python in .venv does not run."]


def test_the_doctor_on_imports(made):
    python = environment.python_in(made[0] / ".venv")
    found = bad(packages.check_imports(python, dict(os.environ), ("facea", "no_such_module")))
    assert len(found) == 1 and "No module named 'no_such_module'" in found[0]


def test_the_doctor_names_a_package_that_ends_python_and_goes_on(made, tmp_path):
    (tmp_path / "crashes.py").write_text("import os\nos._exit(7)\n")
    given = os.environ | {"PYTHONPATH": str(tmp_path)}
    python = environment.python_in(made[0] / ".venv")
    found = bad(packages.check_imports(python, given, ("facea", "crashes", "no_such_module", "faceb")))
    assert len(found) == 2 and "`import crashes` ends Python" in found[0] and "no_such_module" in found[1]


def test_the_doctor_ends_with_1_exactly_when_something_is_bad(made, capsys, monkeypatch):
    root, _ = made
    monkeypatch.setattr(doctor, "check_imports", lambda *_: [])
    assert doctor.main(root, "") == 1
    assert "SHA256SUMS is missing" in capsys.readouterr().out
    (root / "data").mkdir()
    (root / "data" / "face_model.npz").write_bytes(b"model")
    (root / "data" / "SHA256SUMS").write_text(checksums.checksums(root / "data"))
    assert doctor.main(root, "") == 0
    assert "Nothing to repair." in capsys.readouterr().out
