"""What the course asks of any JupyterHub: how a student's server starts, and how much memory it gets.

`jupyterhub_config.py` reads this file. On a server with The Littlest JupyterHub, copy it into
`/opt/tljh/config/jupyterhub_config.d/`. It is plain traitlets configuration. What a student's server is told,
when an idle kernel ends and how large an upload may be, is in `jupyter_server_config.json`.
"""

c = get_config()  # noqa: F821 - JupyterHub defines it

MEMORY = "4G"  # of one student: the server and one kernel of the largest notebook; see the table in README.md

c.Spawner.default_url = "/lab"
c.Spawner.http_timeout = c.Spawner.start_timeout = 120  # seconds: a class logs in at the same minute
c.Spawner.mem_limit = MEMORY  # held by systemd, Docker and Kubernetes; a local process is not limited
c.Spawner.environment = {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "PYTHONNOUSERSITE": "1",  # a package in a student's home does not change the course
    # many kernels share the cores: without this each would keep all of them waiting at every small sum
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
