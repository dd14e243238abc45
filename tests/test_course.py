"""course.py: which machines it takes, how it makes and repairs .venv, what it serves; and the doctor."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import platformdirs
import pytest

import course
from tools.setup import checksums, console, doctor, environment, jupyter, serve

posix = pytest.mark.skipif(os.name == "nt", reason="builds its sick environments with POSIX files")


@pytest.mark.parametrize("machine", [
    ((3, 11), "Linux", "x86_64"), ((3, 13), "Linux", "aarch64"), ((3, 12), "Windows", "AMD64"),
    ((3, 13, 2), "Darwin", "arm64", "14.5"), ((3, 11), "Darwin", "arm64", "26.1"),
])  # fmt: skip
def test_takes_the_machines_it_is_made_for(machine):
    assert course.complaint(*machine) == ""


@pytest.mark.parametrize("machine, word", [
    (((3, 10), "Linux", "x86_64"), "this is 3.10"), (((3, 14), "Windows", "AMD64"), "this is 3.14"),
    (((3, 12), "Darwin", "x86_64", "14.0"), "Intel"), (((3, 12), "Darwin", "arm64", "13.6"), "macOS 14"),
    (((3, 12), "Windows", "ARM64"), "ARM64".lower()), (((3, 12), "Linux", "riscv64"), "riscv64"),
    (((3, 12), "FreeBSD", "amd64"), "FreeBSD"), (((3, 12), "", ""), "unknown"),
])  # fmt: skip
def test_says_in_words_where_it_does_not_run(machine, word):
    assert word in course.complaint(*machine)


def test_unknown_verb_and_help(capsys):
    assert course.main(["fly"]) == 2
    assert "does not know `fly`" in capsys.readouterr().err
    assert course.main([]) == 0
    assert "course.py lab" in capsys.readouterr().out


def test_a_tool_or_notebook_that_is_not_there_is_one_sentence(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(course, "ROOT", tmp_path)
    assert course.main(["bench"]) == 1
    assert course.main(["lab", "notebooks/99_nothing.ipynb"]) == 1
    assert [line for line in capsys.readouterr().err.splitlines() if line] == [
        f"`bench` needs {os.path.join('tools', 'measure', 'bench.py')}, which is not in this checkout.",
        f"There is no notebook notebooks/99_nothing.ipynb in {tmp_path}.",
    ]


def test_a_taken_port_is_passed_over():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert serve.free_port(port) > port


def test_no_screen_no_browser(monkeypatch):
    monkeypatch.setattr(serve.platform, "system", lambda: "Linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not serve.can_open_browser()


def test_programs_of_the_course_keep_inside_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    variables = jupyter.variables(tmp_path)
    assert "PYTHONPATH" not in variables
    places = [
        value
        for name, value in variables.items()
        if name.startswith(("JUPYTER_", "JUPYTERLAB_")) and value != "1"
    ]
    places += [variables["KERAS_HOME"], variables["IPYTHONDIR"], variables["MPLCONFIGDIR"]]
    assert len(places) >= 8
    assert all(place.startswith(str(tmp_path)) for place in places)


def test_programs_keep_their_files_in_the_users_folder_where_the_checkout_is_read_only(tmp_path, monkeypatch):
    monkeypatch.setattr(jupyter.os, "access", lambda path, mode: False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "mine"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "mine"))
    folder = jupyter.variables(tmp_path / "checkout")["JUPYTER_RUNTIME_DIR"]
    assert jupyter.user_folder() == platformdirs.user_data_path("facelm-lab", appauthor=False)
    assert folder.startswith(str(jupyter.user_folder()))


def test_the_reader_chooses_the_backend(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert jupyter.variables(tmp_path)["KERAS_BACKEND"] == "jax"


@posix
def test_what_ends_the_course_ends_what_it_started(repository, tmp_path):
    """SIGTERM to course.py reaches the program that it runs."""
    sleeper = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    code = f"import sys; from tools.setup import serve; serve.run([sys.executable, '-c', {sleeper!r}])"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=repository, stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGTERM)
    parent.wait(timeout=300)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_progress_is_one_line_on_a_terminal_and_rare_in_a_log():
    log = io.StringIO()
    progress = console.Progress(log, every=1e6)
    for count in range(5):
        progress.show(f"fetching {count} of 5")
    progress.show("5 packages installed", final=True)
    assert [line.split("  (")[0].strip() for line in log.getvalue().splitlines()] == [
        "fetching 0 of 5",
        "5 packages installed",
    ]


def bad(findings):
    return [finding.what for finding in findings if finding.state == "bad"]


def test_the_doctor_on_python_disk_and_memory():
    assert bad(doctor.check_machine("Needs Python 3.11")) == ["Needs Python 3.11"]
    assert not bad(doctor.check_machine(""))
    assert "1.0 GB of disk are free" in bad(doctor.check_disk(10**9, installed=False))[0]
    assert not bad(doctor.check_disk(10**9, installed=True))
    assert "2.0 GB of memory" in bad(doctor.check_memory(2 * 10**9))[0]
    assert [finding.state for finding in doctor.check_memory(4 * 10**9)] == ["note"]
    assert [finding.state for finding in doctor.check_memory(None)] == ["note"]
    assert doctor.memory() is None or doctor.memory() > 10**8


def test_the_doctor_on_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    assert not bad(doctor.check_writable([tmp_path, tmp_path / "absent"]))

    def refuse(dir):
        raise PermissionError(13, "Permission denied", str(dir))

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)
    assert bad(doctor.check_writable([tmp_path])) == [
        f"Nothing can be written into {tmp_path}: Permission denied."
    ]


def test_the_doctor_on_windows_paths_and_variables(tmp_path):
    assert "long path" in doctor.check_path(tmp_path / ("x" * 90), windows=True)[0].what
    assert doctor.check_path(tmp_path, windows=False) == []
    assert "PYTHONPATH" in doctor.check_variables({"PYTHONPATH": "/x"})[0].what
    assert doctor.check_variables({}) == []


def test_the_doctor_on_face_model_and_weights(tmp_path):
    assert "SHA256SUMS is missing" in bad(doctor.check_data(tmp_path))[0]
    (tmp_path / "weights").mkdir()
    for name in ("face_model.npz", "weights/senet.npz"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "SHA256SUMS").write_text(checksums.checksums(tmp_path))
    assert not bad(doctor.check_data(tmp_path))
    (tmp_path / "weights/senet.npz").write_bytes(b"altered")
    (tmp_path / "face_model.npz").unlink()
    assert bad(doctor.check_data(tmp_path)) == [
        "data/face_model.npz is missing.", "data/weights/senet.npz is not the file that was shipped.",
    ]  # fmt: skip


@pytest.mark.parametrize("content", [
    b"", b"\n\n", b"\xff\xfe\x00binary", b"0123  face_model.npz\n", b"a" * 64, b"a" * 64 + b"  f.npz\nb\n",
])  # fmt: skip
def test_the_doctor_on_a_damaged_list_of_shipped_files(tmp_path, content):
    (tmp_path / "face_model.npz").write_bytes(b"model")
    (tmp_path / "SHA256SUMS").write_bytes(content)
    assert len(bad(doctor.check_data(tmp_path))) == 1


def test_the_doctor_overlooks_a_blank_line_in_the_list(tmp_path):
    (tmp_path / "face_model.npz").write_bytes(b"model")
    (tmp_path / "SHA256SUMS").write_text(checksums.checksums(tmp_path) + "\n\n")
    assert not bad(doctor.check_data(tmp_path))


def test_the_shipped_files_are_those_of_the_list(repository):
    assert (repository / "data" / "SHA256SUMS").read_text() == checksums.checksums(repository / "data"), (
        "run `python -m tools.setup.checksums` after a change of the face model or the weights"
    )


@posix
@pytest.mark.slow
def test_lab_serves_the_first_notebook_and_writes_nothing_outside(repository, tmp_path):
    if not environment.is_ready(repository / ".venv", repository / "requirements.lock"):
        pytest.skip("the course's .venv is not there")
    command = [
        sys.executable,
        "-u",
        "course.py",
        "lab",
        "--no-browser",
        "--port",
        str(serve.free_port(18888)),
    ]
    home = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")} | {
        "HOME": str(tmp_path)
    }
    server = subprocess.Popen(command, cwd=repository, env=home, stdout=subprocess.PIPE, text=True)
    try:
        address = next(line.strip() for line in server.stdout if "http://localhost" in line)
        assert "/lab/tree/notebooks/00_start_here.ipynb?token=" in address
        base, token = address.split("/lab/tree/")[0], address.split("token=")[1]
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def ask(path, **options):
            request = urllib.request.Request(
                base + path, headers={"Authorization": f"token {token}"}, **options
            )
            with opener.open(request, timeout=120) as reply:
                return json.loads(reply.read() or "null")

        assert ask("/api/contents/notebooks/00_start_here.ipynb?content=0")["type"] == "notebook"
        assert ask("/api/kernelspecs")["default"] == "python3"
        kernel = ask("/api/kernels", data=b'{"name": "python3"}', method="POST")["id"]
        ask(f"/api/kernels/{kernel}", method="DELETE")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=120)
    left = {path.name for path in tmp_path.iterdir()} & {
        ".jupyter",
        ".ipython",
        ".local",
        ".keras",
        "Library",
    }
    assert not left
