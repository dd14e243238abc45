"""Refuses every connection that leaves this machine.

Python imports this file at start-up when its folder is on PYTHONPATH; notebooks are built and tested that
way, so that a cell that needs the network fails for its author and not for a student on a train. Jupyter
itself talks to its kernels over the loopback address, which stays open.
"""

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
