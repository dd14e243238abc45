"""JupyterHub for a class on one server: system accounts, a home each, one environment that only root writes.

    sudo /srv/course/bin/jupyterhub -f /srv/course/hub/jupyterhub_config.py

See README.md beside this file. The environment that runs this file is the one that the students' servers use.
"""

import importlib.util
import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821 - JupyterHub defines it
HERE = Path(__file__).resolve().parent
IDLE_SERVER = 2 * 60 * 60  # seconds without a request, after which a student's server stops
load_subconfig(str(HERE / "course_config.py"))  # noqa: F821 - JupyterHub defines it

# a reverse proxy with a certificate stands before it
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.cleanup_servers = False  # students work on while the hub itself restarts
c.JupyterHub.concurrent_spawn_limit = 10

# who may log in: the accounts of these two groups, by their passwords
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {"students"}
c.PAMAuthenticator.admin_groups = {"teachers"}

# systemd holds each student to Spawner.mem_limit and hides /tmp of the others; without it nothing is limited
SYSTEMD = importlib.util.find_spec("systemdspawner") is not None and os.path.isdir("/run/systemd/system")
c.JupyterHub.spawner_class = "systemd" if SYSTEMD else "localprocess"
c.SystemdSpawner.isolate_tmp = True
c.SystemdSpawner.disable_user_sudo = True
c.SystemdSpawner.readonly_paths = [sys.prefix]
c.Spawner.cmd = [os.path.join(sys.prefix, "bin", "jupyterhub-singleuser")]
c.Spawner.environment["JUPYTER_CONFIG_PATH"] = str(HERE)  # nbgrader_config.py

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
