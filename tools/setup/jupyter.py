"""How programs of the course are set up, JupyterLab above all. Standard library only."""

import os
import sys
from pathlib import Path

# bytes: an uploaded photograph travels in one message, and Jupyter drops one of over 10 MiB without a word
LARGEST_MESSAGE = 256 * 2**20

# JupyterLab for a course: no news from the internet, no search for language servers, no second server inside
SETTINGS = {
    "share/jupyter/lab/settings/overrides.json": {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}
    },
    "etc/jupyter/jupyter_server_config.json": {
        "LanguageServerManager": {"autodetect": False},
        "ServerApp": {
            "tornado_settings": {"websocket_max_message_size": LARGEST_MESSAGE},
            "jpserver_extensions": {"voila.server_extension": False},
        },
    },
    "etc/jupyter/labconfig/page_config.json": {
        "disabledExtensions": {"@voila-dashboards/jupyterlab-preview": True}
    },
}


def user_folder() -> Path:
    """Where a program may keep files of this user: what `platformdirs.user_data_path` says."""
    home = Path.home()
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "facelm-lab"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "facelm-lab"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "facelm-lab"


def variables(root: Path) -> dict[str, str]:
    """The environment variables of a program of the course: its own Python first, no file outside.

    Of a checkout that cannot be written, files go into the user's own folder.
    """
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    own = (root if os.access(root, os.W_OK) else user_folder()) / ".jupyter"
    folders = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
               "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
               "IPYTHONDIR": "ipython", "MPLCONFIGDIR": "matplotlib", "KERAS_HOME": "keras"}  # fmt: skip
    kept |= {name: str(own / folder) for name, folder in folders.items()}
    binaries = root / ".venv" / ("Scripts" if os.name == "nt" else "bin")
    kept["PATH"] = os.pathsep.join([str(binaries), kept.get("PATH", "")])
    kept |= {"VIRTUAL_ENV": str(root / ".venv"), "JUPYTER_PREFER_ENV_PATH": "1", "PYTHONNOUSERSITE": "1"}
    kept["PYTHONUTF8"] = "1"
    for name, value in {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}.items():
        kept.setdefault(name, value)
    return kept
