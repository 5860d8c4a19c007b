"""Which names an edge answers to.

A web page that a user of this machine looks at can send requests to loopback: by a form that points there, or by a name of its own
that suddenly resolves there (DNS rebinding). Where there are no keys, that the browser says whom it means (``Host``) and where it
comes from (``Origin``) is all that tells such a page from a caller who may come in.
"""

from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address
from typing import Final

from setu_common.errors import Forbidden

RawHeaders = list[tuple[bytes, bytes]]
ANY: Final = "*"
_LOOPBACK: Final = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class HostNotAllowed(Forbidden):
    """The request means a host that this one is not, or comes from a page of another."""

    code = "host-not-allowed"
    title = "The request is meant for another host, or comes from a page of another"


class AllowedHosts:
    """Tells requests that mean this host from those that a foreign page makes.

    Args:
        names: those that it answers to beside the loopback ones, without a port; ``*``: to any (then a page may still
            change something only if it is of the host it calls, of loopback, or of a host that is named here as well).
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        told = {name.strip().lower().encode() for name in names} - {b""}
        self._any = ANY.encode() in told
        self._names = _LOOPBACK | {host_name(name) for name in told}

    def check(self, method: str, raw_headers: RawHeaders) -> None:
        """Look at a request's Host, and at its Origin if it may change something.

        Raises:
            HostNotAllowed: if it may not come in.
        """
        hosts = [value.lower() for name, value in raw_headers if name == b"host"]
        if not self._any and (len(hosts) != 1 or not self._knows(host_name(hosts[0]))):
            raise HostNotAllowed(
                "Setu answers to loopback names (localhost, 127.0.0.1, [::1]) and to those in SETU_GATEWAY_ALLOWED_HOSTS. "
                "Call it by one of them, or add the name that you call it by there."
            )
        if method in _READING:
            return
        for name, value in raw_headers:
            if name == b"origin" and not self._is_ours(value.lower(), hosts):
                raise HostNotAllowed(
                    "The request comes from a web page of another host. "
                    "Send it from elsewhere, or add that page's host to SETU_GATEWAY_ALLOWED_HOSTS."
                )

    def _is_ours(self, origin: bytes, hosts: list[bytes]) -> bool:
        _, mark, authority = origin.partition(b"://")
        return bool(mark) and (authority in hosts or self._knows(host_name(authority)))

    def _knows(self, name: bytes) -> bool:
        return name in self._names or (name.startswith(b"127.") and _is_address(name))


def host_name(authority: bytes) -> bytes:
    """A host without its port: ``setu.example:80`` is ``setu.example``, ``[::1]:80`` is ``[::1]``."""
    name, colon, port = authority.rpartition(b":")
    return name if colon and port.isdigit() and (b":" not in name or name.endswith(b"]")) else authority


def _is_address(name: bytes) -> bool:
    try:
        IPv4Address(name.decode("latin-1"))
    except AddressValueError:
        return False
    return True
