"""Who decides whether a URL of a stranger may be gone to, and to which addresses exactly."""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final, Protocol

from setu_common.errors import InvalidRequest
from setu_common.http.addresses import Address, Network, is_never_served, meant, why_not_public
from setu_common.http.outside_urls import OutsideUrl, UrlRefused, parse_url

# Names that never mean a host of the internet. Source: RFC 6761, RFC 6762, RFC 8375, RFC 9476; ICANN's decision on .internal (2024).
_LOCAL_SUFFIXES: Final = (
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "lan",
    "home.arpa",
    "onion",
    "alt",
    "arpa",
)
_RESOLVER_THREADS: Final = 4


class NameUnresolvable(InvalidRequest):
    """A host whose name leads to no address, or not now."""

    code = "name-unresolvable"
    title = "The host's name leads nowhere"
    retryable = True


class Resolver(Protocol):
    """Finds the addresses of names."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """All addresses of a name; empty if it has none.

        Raises:
            OSError: it can't be told.
        """


class SystemResolver:
    """Asks the system, in threads of its own: a name server that does not answer holds up nothing else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="resolver")

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """All addresses of a name."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _getaddrinfo, host, port)
        return tuple(dict.fromkeys(str(each[4][0]) for each in found))

    def close(self) -> None:
        """Let the threads go; what is asked already ends in its own time."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _getaddrinfo(host: str, port: int) -> Sequence[tuple[object, object, object, object, tuple[object, ...]]]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


@dataclass(frozen=True)
class OutsidePolicy:
    """Where calls to the outside may go.

    Args:
        ports: that may be called.
        hosts: names that may lead into private networks.
        networks: addresses that may be called though they are not public.
    """

    ports: frozenset[int] = frozenset({80, 443, 8080, 8443})
    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, ports: str, allowed: str) -> "OutsidePolicy":
        """The policy that settings describe.

        Args:
            ports: with commas between them.
            allowed: names, addresses and networks, with commas between them.

        Raises:
            ValueError: one of them is none.
        """
        hosts: set[str] = set()
        networks: list[Network] = []
        for entry in filter(None, (each.strip().lower() for each in allowed.split(","))):
            try:
                networks.append(ip_network(entry))
            except ValueError:
                if "/" in entry or ":" in entry:
                    raise
                hosts.add(entry)
        return cls(frozenset(int(port) for port in ports.split(",")), frozenset(hosts), tuple(networks))

    def why_not(self, host: str, address: Address) -> str | None:
        """Why an address that ``host`` led to is not called; None if it is."""
        for each in meant(address):
            if any(each.version == network.version and each in network for network in self.networks):
                continue
            if host in self.hosts and not is_never_served(each):
                continue
            if what := why_not_public(each):
                return what
        return None


class Guard:
    """Vets URLs by a policy.

    Args:
        policy: where one may go.
        resolver: finds addresses.
        resolve_s: how long that may take, seconds.
    """

    def __init__(self, policy: OutsidePolicy, resolver: Resolver, resolve_s: float = 5.0) -> None:
        self._policy = policy
        self._resolver = resolver
        self._resolve_s = resolve_s

    def parse(self, text: str) -> OutsideUrl:
        """Read a URL and judge all of it that can be judged without asking anyone.

        Raises:
            UrlRefused: it is not gone to.
        """
        return self.admit(parse_url(text))

    def admit(self, url: OutsideUrl) -> OutsideUrl:
        """Judge a URL that has been read; see ``parse``."""
        if url.address is not None:
            self._demand(url.host, url.address)
        elif url.host not in self._policy.hosts and _is_local(url.host):
            raise UrlRefused("The host's name is not one of the public internet.")
        if url.port not in self._policy.ports:
            ports = ", ".join(map(str, sorted(self._policy.ports)))
            raise UrlRefused(f"Port {url.port} is not called; these are: {ports}.")
        return url

    async def check(self, text: str) -> OutsideUrl:
        """Read a URL and judge it, and every address that its host has now.

        Raises:
            UrlRefused: it is not gone to.
            NameUnresolvable: its host has no address.
        """
        url = self.parse(text)
        if url.address is None:  # one that is written as it is has been judged
            await self.addresses(url.host, url.port)
        return url

    async def addresses(self, host: str, port: int) -> tuple[Address, ...]:
        """The addresses of a host, every one of them vetted: to be connected to as they are, without asking for the name again.

        Raises:
            UrlRefused: one of them is not called, so none is.
            NameUnresolvable: there are none.
        """
        try:
            found: tuple[Address, ...] = (ip_address(host),)
        except ValueError:
            found = await self._resolved(host, port)
        for address in found:
            self._demand(host, address)
        return found

    async def _resolved(self, host: str, port: int) -> tuple[Address, ...]:
        try:
            async with asyncio.timeout(self._resolve_s):
                answers = await self._resolver.resolve(host, port)
        except OSError as error:  # TimeoutError is one
            raise NameUnresolvable("The host's name can't be looked up now; check its spelling, or try again later.") from error
        if not answers:
            raise NameUnresolvable("The host's name has no address; check its spelling.")
        if any("%" in answer for answer in answers):  # with a zone: an address of one link alone
            raise _refusal()
        try:
            return tuple(ip_address(answer) for answer in answers)
        except ValueError as error:
            raise NameUnresolvable("The host's name leads to something that is no address.") from error

    def _demand(self, host: str, address: Address) -> None:
        if self._policy.why_not(host, address) is not None:
            raise _refusal()


def _refusal() -> UrlRefused:
    # Which address it is would tell a stranger what this network looks like.
    return UrlRefused(
        "The URL leads to an address that is not of the public internet. Whoever runs Setu can allow hosts of their own "
        "(SETU_GATEWAY_OUTSIDE_ALLOWED)."
    )


def _is_local(host: str) -> bool:
    return "." not in host or any(host == suffix or host.endswith(f".{suffix}") for suffix in _LOCAL_SUFFIXES)
