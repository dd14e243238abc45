"""What is different in a kernel that builds or tests a notebook: no network, and no progress bars.

Python imports this file at start-up when its folder is on PYTHONPATH. A cell that needs the network then
fails for its author and not for a student on a train; Jupyter itself talks to its kernels over the loopback
address, which stays open. Progress bars are for people who wait: what they write is never the same twice.
"""

import importlib.util
import socket

LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


class NetworkIsOff(OSError):
    """A notebook tried to reach another machine."""


def _refuse(host):
    raise NetworkIsOff(
        f"The network is off while notebooks are built and tested; a cell tried to reach {host!r}."
    )


def _is_outside(address):
    # Unix sockets have a path for an address, and no host
    return isinstance(address, tuple) and address[0] and not str(address[0]).startswith(LOOPBACK)


def _guarded(name):
    original = getattr(socket.socket, name)

    def guarded(self, address, *rest):
        if _is_outside(address):
            _refuse(address[0])
        return original(self, address, *rest)

    return guarded


socket.socket.connect = _guarded("connect")
socket.socket.connect_ex = _guarded("connect_ex")

_getaddrinfo = socket.getaddrinfo


def _local_getaddrinfo(host, *rest, **named):
    name = host.decode() if isinstance(host, bytes) else host
    if name and not str(name).startswith(LOOPBACK) and name != socket.gethostname():
        _refuse(name)
    return _getaddrinfo(host, *rest, **named)


socket.getaddrinfo = _local_getaddrinfo


def _silence_progress():
    from tqdm.std import tqdm

    original = tqdm.__init__

    def silent(self, *given, **named):
        original(self, *given, **{**named, "disable": True})

    tqdm.__init__ = silent


if importlib.util.find_spec("tqdm"):
    _silence_progress()
