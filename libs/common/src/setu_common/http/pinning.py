"""Connections to the addresses that a guard has vetted, and to no others."""

from collections.abc import Iterable
from typing import Final, Protocol

from httpcore2 import SOCKET_OPTION, AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError, ConnectTimeout

from setu_common.http.addresses import Address
from setu_common.http.guard import Guard

__all__ = ["AsyncNetworkStream", "ConnectError", "Connector", "PinnedBackend", "TcpConnector"]

# A name may have many addresses; those that don't answer must not take the whole patience one after the other.
_ADDRESSES_TRIED: Final = 3


class Connector(Protocol):
    """Opens connections."""

    async def connect(self, address: Address, port: int, timeout_s: float) -> AsyncNetworkStream:
        """A connection to an address.

        Raises:
            httpcore2.ConnectError, httpcore2.ConnectTimeout: there is none.
        """


class TcpConnector:
    """Opens TCP connections."""

    def __init__(self) -> None:
        self._backend = AnyIOBackend()

    async def connect(self, address: Address, port: int, timeout_s: float) -> AsyncNetworkStream:
        """A connection to an address."""
        return await self._backend.connect_tcp(str(address), port, timeout=timeout_s)


class PinnedBackend(AsyncNetworkBackend):
    """The network as an HTTP connection pool sees it: a name is looked up, vetted and connected to in one step.

    The pool goes on to speak TLS and HTTP with the name, so certificates are checked against it; only the address is ours.

    Args:
        guard: vets.
        connector: connects.
    """

    def __init__(self, guard: Guard, connector: Connector) -> None:
        self._guard = guard
        self._connector = connector

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (the pool's own signature, as below)
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> AsyncNetworkStream:
        """Connect to one of the host's vetted addresses.

        Raises:
            UrlRefused, NameUnresolvable: as the guard says.
            httpcore2.ConnectError, httpcore2.ConnectTimeout: none of them answers.
        """
        failure: ConnectError | ConnectTimeout = ConnectError("the host has no address")
        for address in (await self._guard.addresses(host, port))[:_ADDRESSES_TRIED]:
            try:
                return await self._connector.connect(address, port, timeout or 0.0)
            except (ConnectError, ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002  (as above)
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
        socket_options: Iterable[SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> AsyncNetworkStream:
        """Never: nothing outside is a socket of this machine."""
        raise ConnectError("no sockets of this machine are called")
