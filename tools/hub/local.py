"""The hub of `hub/jupyterhub_config.py` on this machine, with local processes and made-up students.

It runs in an environment of its own, or in this one, where JupyterHub is installed; `python` says which.
"""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import requests

from tools.setup import serve

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "FACELM_HUB_PYTHON"
HINT = (
    "JupyterHub is not installed here: make an environment of its own for it, as hub/README.md says under "
    f"'Try it on your machine', and name that environment's Python in {VARIABLE}"
)
PROXY_HINT = "configurable-http-proxy is not installed here: `npm install --global configurable-http-proxy@4`"
PATIENCE = 120  # seconds for the hub to answer, on a busy machine
PROBE = "import jupyterhub, jupyterhub_idle_culler, nbgitpuller, nbgrader"
# what differs from a real server: no system accounts, a home below one folder, a token for the one who asks
CONFIG = """c = get_config()
load_subconfig({config!r})
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.cleanup_servers = True
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.db_url = "sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/home/{{username}}"
c.Spawner.poll_interval = 2
c.Spawner.args = {args!r}
c.Spawner.environment |= {environment!r}
c.JupyterHub.services.append({{"name": "teacher", "api_token": {token!r}}})
c.JupyterHub.load_roles.append({{
    "name": "teacher", "services": ["teacher"],
    "scopes": ["admin:users", "admin:servers", "access:servers", "list:users"],
}})
"""


def python():
    """The Python of an environment with JupyterHub, or None."""
    for candidate in filter(None, (os.environ.get(VARIABLE), sys.executable)):
        if subprocess.run([candidate, "-c", PROBE], capture_output=True).returncode == 0:
            return candidate
    return None


def proxy(interpreter):
    """configurable-http-proxy, beside an environment's Python or on the PATH, or None."""
    path = os.pathsep.join([str(Path(interpreter).parent), os.environ.get("PATH", "")])
    return shutil.which("configurable-http-proxy", path=path)


@contextlib.contextmanager
def running(folder, words=()):
    """A hub that runs while the ``with`` block does.

    Parameters
    ----------
    folder : Path
        For its database, its log, the students' homes and nbgrader's exchange.
    words : sequence of str
        More of the command that starts a student's server.

    Yields
    ------
    Hub

    Raises
    ------
    RuntimeError
        If JupyterHub or its proxy is missing, or it does not answer; the message says what to do.
    """
    interpreter = python()
    if interpreter is None:
        raise RuntimeError(HINT)
    binaries = Path(interpreter).parent
    found = proxy(interpreter)
    if found is None:
        raise RuntimeError(PROXY_HINT)
    folder, token, ports = Path(folder), secrets.token_hex(16), []
    for _ in range(3):
        ports.append(serve.free_port(ports[-1] + 1 if ports else 8100))
    for name in ("home", "exchange"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    added = {"PYTHONPATH": str(ROOT), "FACELM_EXCHANGE": str(folder / "exchange")}
    config = folder / "config.py"
    config.write_text(CONFIG.format(
        config=str(ROOT / "hub" / "jupyterhub_config.py"), port=ports[0], hub_port=ports[1],
        proxy_port=ports[2], proxy=found, folder=folder, token=token, environment=added,
        args=[*["--allow-root"] * (os.geteuid() == 0), *words],
    ))  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "PYTHON"))}
    kept["PATH"] = os.pathsep.join([str(binaries), kept.get("PATH", "")])
    with open(folder / "hub.log", "wb") as log:
        process = subprocess.Popen(
            [interpreter, "-m", "jupyterhub", "-f", config], cwd=folder, env=kept, stdout=log, stderr=log,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            hub = Hub(f"http://127.0.0.1:{ports[0]}", token, process.pid, folder)
            hub.wait(process)
            yield hub
        finally:
            process.terminate()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
            _end(folder)


def _end(folder):
    """End what is left of this hub: kernels whose server was killed."""
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if one.environ().get("FACELM_EXCHANGE") == str(folder / "exchange"):
                one.kill()


class Hub:
    """A running hub, asked through its REST API.

    Parameters
    ----------
    url, token : str
    pid : int
    folder : Path
        With ``home/NAME`` of each student.
    """

    def __init__(self, url, token, pid, folder):
        self.url, self.token, self.pid, self.folder = url, token, pid, folder

    def wait(self, process):
        """Until it answers."""
        end = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(requests.RequestException):
                # /users asks the hub itself, through its proxy: both are up then
                if self.ask("get", f"{self.url}/hub/api/users").ok:
                    return
            time.sleep(0.5)
        words = (self.folder / "hub.log").read_text(errors="replace")[-1500:]
        raise RuntimeError(f"the hub does not answer; its last words:\n{words}")

    def ask(self, method, url, **options):
        """One request with the token."""
        headers = {"Authorization": f"token {self.token}"}
        return requests.request(method, url, headers=headers, timeout=PATIENCE, **options)

    def start(self, name):
        """Start a student's server and wait for it; the student is created where the hub knows none."""
        user = f"{self.url}/hub/api/users/{name}"
        if self.ask("get", user).status_code == 404:
            self.ask("post", user).raise_for_status()
        self.ask("post", f"{user}/server")  # a refusal shows in the state below
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            state = self.ask("get", user).json()
            if state.get("server") and self.ask("get", f"{self.url}/user/{name}/api/status").ok:
                return
            time.sleep(0.5)
        raise RuntimeError(f"the server of {name} did not start within {PATIENCE} s")

    def kill(self, name):
        """Kill a student's server as a crash does (SIGKILL), and wait until the hub has noticed."""
        for one in psutil.Process(self.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if one.environ().get("JUPYTERHUB_USER") == name and "singleuser" in " ".join(one.cmdline()):
                    one.kill()
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if not self.ask("get", f"{self.url}/hub/api/users/{name}").json().get("server"):
                return
            time.sleep(0.5)
        raise RuntimeError(f"the hub did not notice within {PATIENCE} s that the server of {name} is gone")
