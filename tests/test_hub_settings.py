"""What the hub's files say: who may log in, what a student's server is told, where things are kept."""

import json
import os
import re

import jupyter_core.paths
import pytest
import yaml
from conftest import REPOSITORY
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets.config.loader import PyFileConfigLoader

from tools.setup import addresses, jupyter, pinned

HUB = REPOSITORY / "hub"


def text(name):
    return (REPOSITORY / name).read_text(encoding="utf-8")


def hub_config(name="jupyterhub_config.py"):
    return PyFileConfigLoader(name, path=str(HUB)).load_config()


def test_the_image_sets_what_the_hub_sets():
    wanted = hub_config("course_config.py").Spawner.environment
    block = text("hub/Dockerfile").replace("\\\n", " ")
    set_here = dict(re.findall(r"([A-Z_]+)=(\S+)", block[block.index("ENV") :].split("\n")[0]))
    assert {name: set_here.get(name) for name in wanted} == wanted


def test_kubernetes_and_one_server_have_the_same_limits():
    values = yaml.safe_load(text("hub/values.yaml"))
    one = hub_config()
    assert values["singleuser"]["memory"]["limit"] == one.Spawner.mem_limit
    assert values["singleuser"]["image"]["tag"] == pinned.project()["version"]
    command = values["singleuser"]["lifecycleHooks"]["postStart"]["exec"]["command"]
    assert command == ["gitpuller", addresses.repository(), "main", addresses.HOME]
    (service,) = one.JupyterHub.services
    assert f"--timeout={values['cull']['timeout']}" in service["command"]


def test_a_server_before_its_kernels_takes_what_a_teacher_is_told_to_plan():
    lesson = json.loads(text("data/results/hub.json"))["lesson"]
    said = {int(number) for number in re.findall(r"(\d+) MB for the (?:server|hub)", text("hub/README.md"))}
    assert len(said) == 1 and lesson["idle"] / (lesson["students"] + 1) < 1e6 * said.pop()


def test_the_hub_lets_in_teachers_and_students_and_gives_the_culler_no_more_than_it_needs():
    config = hub_config()
    # JupyterHub asks who is allowed first, and only then who is an administrator
    assert config.PAMAuthenticator.admin_groups == {"teachers"} < config.PAMAuthenticator.allowed_groups
    assert config.PAMAuthenticator.allowed_groups == {"students", "teachers"}
    (role,) = config.JupyterHub.load_roles
    assert "admin" not in " ".join(role["scopes"])
    assert config.Spawner.environment["PYTHONNOUSERSITE"] == "1"
    assert (HUB / "nbgrader_config.py").is_file()
    assert config.Spawner.environment["JUPYTER_CONFIG_PATH"] == str(HUB)


def server_settings(folder, monkeypatch, cwd):
    """What a student's server knows after it has read its files, the folder being in JUPYTER_CONFIG_PATH."""
    for name, place in (("JUPYTER_CONFIG_PATH", folder), ("JUPYTER_CONFIG_DIR", cwd / "own")):
        monkeypatch.setenv(name, str(place))
    for name in ("ENV_CONFIG_PATH", "SYSTEM_CONFIG_PATH"):  # not what this machine is set to
        monkeypatch.setattr(jupyter_core.paths, name, [])
    monkeypatch.chdir(cwd)
    server = ServerApp()
    server.load_config_file(suppress_errors=False)
    return server


def test_a_students_server_ends_idle_kernels_and_takes_large_uploads(monkeypatch, tmp_path):
    server = server_settings(hub_config().Spawner.environment["JUPYTER_CONFIG_PATH"], monkeypatch, tmp_path)
    kernels = AsyncMappingKernelManager(parent=server)
    assert kernels.cull_idle_timeout == 1800 and kernels.cull_interval == 60
    assert kernels.cull_connected and not kernels.cull_busy  # a page left open is idle; a training is not
    assert server.tornado_settings["websocket_max_message_size"] == jupyter.LARGEST_MESSAGE
    empty = server_settings(tmp_path, monkeypatch, tmp_path)
    assert AsyncMappingKernelManager(parent=empty).cull_idle_timeout == 0 and not empty.tornado_settings


@pytest.mark.skipif(os.name == "nt", reason="the image is a Linux")
def test_the_image_has_the_same_settings_where_a_server_looks_for_them():
    (place,) = re.findall(r"^COPY hub/jupyter_server_config.json (\S+)/$", text("hub/Dockerfile"), re.M)
    assert place in jupyter_core.paths.SYSTEM_CONFIG_PATH


def test_the_hub_keeps_its_state_in_a_folder_of_its_own():
    hub, unit = hub_config(), text("hub/jupyterhub.service")
    state = re.search(r"^WorkingDirectory=(\S+)$", unit, re.MULTILINE)[1]
    proxy = hub.ConfigurableHTTPProxy.pid_file
    paths = hub.JupyterHub.db_url, hub.JupyterHub.cookie_secret_file, proxy
    assert all(path.removeprefix("sqlite:///").startswith(f"{state}/") for path in paths)
    assert "KillMode=process" in unit and hub.JupyterHub.cleanup_servers is False


@pytest.mark.parametrize("made", [True, False])
def test_nbgrader_finds_the_course_in_the_teachers_home_alone(made, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    if made:
        (tmp_path / "face_alignment").mkdir()
    found = hub_config("nbgrader_config.py").CourseDirectory
    assert found.course_id == "face_alignment"
    assert found.get("root") == (str(tmp_path / "face_alignment") if made else None)


def test_binders_two_gigabytes_are_enough_for_its_notebooks():
    measured = json.loads(text("data/results/memory_light.json"))["notebooks"]
    assert {name[:2] for name in measured} == set(addresses.LIGHT)  # the page lists them all
    assert max(one["peak"] for one in measured.values()) + 0.2e9 < 2e9  # with JupyterLab itself
    everything = json.loads(text("data/results/memory.json"))["notebooks"]
    assert everything.keys() == {path.stem for path in (REPOSITORY / "notebooks").glob("[0-9]*.ipynb")}


def test_a_students_memory_is_enough_for_every_notebook():
    measured = json.loads(text("data/results/memory.json"))["notebooks"]
    limit = float(hub_config().Spawner.mem_limit.removesuffix("G")) * 2**30
    server = 0.2e9  # JupyterLab itself
    assert {name for name, one in measured.items() if one["peak"] + server > limit} == set()
    guaranteed = float(yaml.safe_load(text("hub/values.yaml"))["singleuser"]["memory"]["guarantee"][:-1])
    assert max(one["rest"] for one in measured.values()) + server < guaranteed * 2**30 <= limit
