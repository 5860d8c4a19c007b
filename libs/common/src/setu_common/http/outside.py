"""Calls to addresses that strangers name: vetted, pinned, capped, and without anything of ours in them."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from httpcore2 import (
    URL,
    AsyncConnectionPool,
    NetworkError,
    ProtocolError,
    Response,
    TimeoutException,
)

from setu_common.errors import DeadlineExceeded, DependencyUnavailable, PayloadTooLarge, SetuError
from setu_common.http.authorities import authorities, nobody
from setu_common.http.guard import Guard
from setu_common.http.outside_urls import OutsideUrl, UrlRefused
from setu_common.http.pinning import Connector, PinnedBackend, TcpConnector

_REDIRECTIONS: Final = frozenset({301, 302, 303, 307, 308})
_OK: Final = 200


class OutsideUnavailable(DependencyUnavailable):
    """A host outside does not answer, or breaks off."""

    code = "outside-unavailable"
    title = "The host at this URL does not answer"


class OutsideTooSlow(DeadlineExceeded):
    """A host outside takes longer than it is waited for."""

    code = "outside-too-slow"
    title = "The host at this URL is too slow"


class OutsideTooLarge(PayloadTooLarge):
    """What a host outside sends is larger than what is taken."""

    code = "outside-too-large"
    title = "What lies at this URL is too large"


class OutsideEncoded(SetuError):
    """A host outside sends compressed what it was asked for as it is."""

    code = "outside-encoded"
    title = "What lies at this URL comes compressed"
    status = 502


@dataclass(frozen=True)
class OutsideLimits:
    """What a call may take.

    Args:
        connect_s: to connect, to one address, seconds.
        idle_s: the longest silence, seconds.
        total_s: the whole call, seconds.
        body_bytes: the largest body that is read.
        redirects: how many are followed.
    """

    connect_s: float = 5.0
    idle_s: float = 30.0
    total_s: float = 3600.0
    body_bytes: int = 1 << 32
    redirects: int = 5


@dataclass
class OutsideAnswer:
    """An answer whose body is still to come.

    Args:
        url: where it came from, behind all redirections.
        status: as sent.
        headers: names in small letters; of several with one name the last.
    """

    url: OutsideUrl
    status: int
    headers: Mapping[str, str]
    _stream: AsyncIterable[bytes] = field(repr=False)
    _limits: OutsideLimits = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether it is what was asked for."""
        return self.status == _OK

    @property
    def media_type(self) -> str:
        """Without its parameters, in small letters; empty if none is told."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def length_bytes(self) -> int | None:
        """How long the body says it is."""
        told = self.headers.get("content-length", "")
        return int(told[:18]) if told.isascii() and told.isdecimal() else None

    async def body(self) -> AsyncIterator[bytes]:
        """The body, as it comes.

        Raises:
            OutsideTooLarge, OutsideEncoded, OutsideTooSlow, OutsideUnavailable: it can't be taken, or breaks off.
        """
        limit_bytes = self._limits.body_bytes
        if self.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise OutsideEncoded(
                "The host sends the file compressed although it was asked not to; give a link to the plain file."
            )
        if (self.length_bytes or 0) > limit_bytes:
            raise _too_large(limit_bytes)
        taken_bytes = 0
        with _translated():
            async for chunk in self._stream:
                taken_bytes += len(chunk)
                if taken_bytes > limit_bytes:
                    raise _too_large(limit_bytes)
                yield chunk


class OutsideClient:
    """Makes calls to the outside. Close it, or use it as a context manager.

    Proxies that the environment names are not used: they would resolve names again, by themselves. No cookie, token or
    request id of ours goes out.

    Args:
        guard: vets where calls may go.
        connector: opens connections; TCP by default.
        tls: how certificates are checked; by the system's authorities by default.
    """

    def __init__(self, guard: Guard, connector: Connector | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.guard = guard
        self._connector = connector or TcpConnector()
        self._tls = tls
        self._pools: dict[str, AsyncConnectionPool] = {}

    async def __aenter__(self) -> Self:
        """Itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close what is open."""
        for pool in tuple(self._pools.values()):
            await pool.aclose()

    @asynccontextmanager
    async def get(self, url: str, limits: OutsideLimits) -> AsyncGenerator[OutsideAnswer]:
        """Ask for what lies at a URL, following redirections, each of them vetted as the first was.

        Raises:
            UrlRefused, NameUnresolvable: it, or what it redirects to, is not gone to.
            OutsideUnavailable, OutsideTooSlow: no answer.
            AuthoritiesUnreadable: there are no certificates to believe.
        """
        at = self.guard.parse(url)
        async with _in_time(limits.total_s), AsyncExitStack() as open_answers:
            for _ in range(limits.redirects + 1):
                response = await open_answers.enter_async_context(self._sent("GET", at, limits))
                headers = _headers_of(response)
                if response.status not in _REDIRECTIONS or "location" not in headers:
                    yield OutsideAnswer(at, response.status, headers, response.aiter_stream(), limits)
                    return
                await open_answers.aclose()
                at = self.guard.admit(at.joined(headers["location"]))
            raise UrlRefused(f"The URL redirects more than {limits.redirects} times; give the last of the chain.")

    async def post(self, url: str, content: bytes, headers: Mapping[str, str], limits: OutsideLimits) -> int:
        """Send something, and return the status of the answer. Its body is not read, and redirections are not followed.

        Raises:
            UrlRefused, NameUnresolvable: the URL is not gone to.
            OutsideUnavailable, OutsideTooSlow: no answer.
            AuthoritiesUnreadable: there are no certificates to believe.
        """
        at = self.guard.parse(url)
        async with _in_time(limits.total_s), self._sent("POST", at, limits, content, headers) as response:
            return int(response.status)

    async def _pool(self, scheme: str) -> AsyncConnectionPool:
        # Made for the first call, since many never make one. Each connection is vetted, so none is kept for later.
        if scheme not in self._pools:
            believed = nobody() if scheme == "http" else self._tls or await authorities(of_environment=True)
            pool = AsyncConnectionPool(
                ssl_context=believed,
                max_connections=64,
                max_keepalive_connections=0,
                network_backend=PinnedBackend(self.guard, self._connector),
            )
            self._pools.setdefault(scheme, pool)  # another call may have waited for the authorities as well
        return self._pools[scheme]

    @asynccontextmanager
    async def _sent(
        self,
        method: str,
        url: OutsideUrl,
        limits: OutsideLimits,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[Response]:
        sent = {
            "Host": url.host_header,
            "User-Agent": "setu",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            **(headers or {}),
        }
        timeouts = {"connect": limits.connect_s, "read": limits.idle_s, "write": limits.idle_s, "pool": limits.idle_s}
        target = URL(scheme=url.scheme, host=url.host, port=url.port, target=url.target)
        pool = await self._pool(url.scheme)  # what goes wrong here isn't the host's fault
        with _translated():
            async with pool.stream(
                method, target, headers=list(sent.items()), content=content, extensions={"timeout": timeouts}
            ) as response:
                yield response


def _headers_of(response: Response) -> dict[str, str]:
    return {name.decode("latin-1").lower(): _text(value) for name, value in response.headers}


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


@asynccontextmanager
async def _in_time(total_s: float) -> AsyncGenerator[None]:
    deadline = asyncio.timeout(total_s)
    try:
        async with deadline:
            yield
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise OutsideTooSlow(f"The host took longer than {total_s:g} s in all.") from error


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except TimeoutException as error:
        raise OutsideTooSlow("The host fell silent for too long.") from error
    except (NetworkError, ProtocolError, ssl.SSLError) as error:
        raise OutsideUnavailable(
            "The host does not answer, breaks off, or shows no valid certificate; check the URL, or try again later."
        ) from error


def _too_large(limit_bytes: int) -> OutsideTooLarge:
    return OutsideTooLarge(f"The file is larger than {limit_bytes} bytes, the most that is taken.", limit_bytes=limit_bytes)
