"""Run a program of the course to its end; say where a server answers. Standard library only."""

import os
import platform
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import webbrowser

SECONDS_TO_END = 10  # a server closes its kernels first


def free_port(wanted):
    """The first port from ``wanted`` on that nobody listens on at this machine's own address, or None."""
    for port in range(wanted, min(wanted + 200, 65536)):
        with socket.socket() as probe:
            if os.name != "nt":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    return None


def can_open_browser():
    """Whether a window of a browser can appear here."""
    if platform.system() == "Linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        return bool(webbrowser.get())
    except webbrowser.Error:
        return False


def run(command, started=lambda process: None, **options):
    """Run a program to its end and return its exit status; what ends this process ends it too.

    Ctrl-C reaches it as well: it gets the time to close. ``started`` is called with the process.
    """
    process = subprocess.Popen(command, **options)
    before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        started(process)
        return process.wait()
    except KeyboardInterrupt:
        try:
            process.wait(timeout=SECONDS_TO_END)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            pass
        raise
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
        signal.signal(signal.SIGTERM, before)


def serve(command, port, page, token, opens, **options):
    """Run a Jupyter server to its end, and print its address once it answers."""
    start = time.monotonic()

    def tell(process):
        if _answers(port, token, process):
            seconds = f"{time.monotonic() - start:.0f} s"
            joint = "&" if "?" in page else "?"
            whose = "Your browser opens this:" if opens else "Open this in a browser:"
            print(f"Ready after {seconds}. {whose}\n\n    http://localhost:{port}{page}{joint}token={token}\n\n"
                  "Ctrl-C here ends it.", flush=True)  # fmt: skip

    try:
        return run(command, tell, **options)
    except KeyboardInterrupt:
        print("The server is closed.")
        return 0


def server(module, python, port, page, opens):
    """The command that starts a Jupyter server, for this machine only; its token is in JUPYTER_TOKEN."""
    command = [python, "-W", "ignore", "-m", module, "--log-level=WARN", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--ServerApp.default_url={page}"]
    command += ["--ServerApp.answer_yes=True"] + ["--no-browser"] * (not opens)
    command += [f"--ServerApp.allow_origin={origin}" for origin in [in_codespace(port)] if origin]
    return command + ["--allow-root"] * (hasattr(os, "geteuid") and os.geteuid() == 0)


def in_codespace(port):
    """The address by which a browser reaches a port of this Codespace, or None outside.

    The server sees another host there, and would refuse the sockets of its own pages.
    """
    if os.environ.get("CODESPACES") != "true":
        return None
    domain = os.environ.get("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "app.github.dev")
    return f"https://{os.environ.get('CODESPACE_NAME')}-{port}.{domain}"


def _answers(port, token, process, patience=90):
    """Wait until the server on ``port`` answers; False when its process ends or patience does."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/status", headers={"Authorization": f"token {token}"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < end:
        try:
            with opener.open(request, timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False
