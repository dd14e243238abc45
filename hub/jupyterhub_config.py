"""JupyterHub for a class on one server: system accounts, a home each, one environment that only root writes.

jupyterhub.service starts it; see README.md beside this file. The environment that runs this file is the one
that the students' servers use.
"""

import importlib.util
import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821 - JupyterHub defines it
HERE = Path(__file__).resolve().parent
STATE = "/srv/jupyterhub"  # who is logged in and which servers run: for root alone, and kept over a restart
IDLE_SERVER = 2 * 60 * 60  # seconds without a request, after which a student's server stops
load_subconfig(str(HERE / "course_config.py"))  # noqa: F821 - JupyterHub defines it

# a reverse proxy with a certificate stands before it
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.cleanup_servers = False  # kernels run on while the hub itself restarts
c.JupyterHub.db_url = f"sqlite:///{STATE}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = f"{STATE}/cookie_secret"
c.ConfigurableHTTPProxy.pid_file = f"{STATE}/proxy.pid"
c.JupyterHub.concurrent_spawn_limit = 10

# who may log in: the accounts of these two groups, by their passwords; an administrator must be allowed, too
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {"students", "teachers"}
c.PAMAuthenticator.admin_groups = {"teachers"}

# systemd holds each student to Spawner.mem_limit and hides /tmp of the others; without it nothing is limited
SYSTEMD = importlib.util.find_spec("systemdspawner") is not None and os.path.isdir("/run/systemd/system")
c.JupyterHub.spawner_class = "systemd" if SYSTEMD else "localprocess"
c.SystemdSpawner.isolate_tmp = True
c.SystemdSpawner.disable_user_sudo = True
c.SystemdSpawner.readonly_paths = [sys.prefix]
c.Spawner.cmd = [os.path.join(sys.prefix, "bin", "jupyterhub-singleuser")]
c.Spawner.environment["JUPYTER_CONFIG_PATH"] = str(HERE)  # jupyter_server_config.json, nbgrader_config.py

# servers that nobody uses stop; their files stay
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [
            sys.executable,
            "-m",
            "jupyterhub_idle_culler",
            f"--timeout={IDLE_SERVER}",
            "--cull-every=300",
        ],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }
]
