"""Free ports on loopback."""

import secrets
import socket
from collections.abc import Collection
from pathlib import Path

LOOPBACK = "127.0.0.1"
_FIRST = 20000
_LAST = 32767
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port(taken: Collection[int] = ()) -> int:
    """A port on which nothing listens.

    It lies outside the range from which the kernel takes the local ports of outgoing connections. A port inside could be lost to one
    of those while its server restarts; a client that keeps trying could even connect to itself.

    Args:
        taken: ports that are spoken for already.
    """
    last = min(_LAST, _first_outgoing_port() - 1)
    candidates = [port for port in range(_FIRST, last + 1) if port not in taken]
    while candidates:
        port = secrets.choice(candidates)
        if is_free(port):
            return port
        candidates.remove(port)
    with socket.create_server((LOOPBACK, 0)) as server:
        return int(server.getsockname()[1])


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()  # binding alone succeeds beside a listener that set SO_REUSEADDR as well
        except OSError:
            return False
    return True


def _first_outgoing_port() -> int:
    try:
        return int(_RANGE.read_text().split()[0])
    except OSError:
        return _LAST + 1
