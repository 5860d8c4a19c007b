"""A server on loopback that speaks HTTP well until it is told to fail, and then fails the way that servers on the internet do.

Which request meets which fault is a ``Plan``, a function of the request's number, so a run can be repeated. The wire knows no dialect: give
``answer`` (and ``refusals``, if error bodies matter) to make it speak one.
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Final, TypeVar

JSON: Final = "application/json"
_MOST_HEAD_BYTES: Final = 65536


class Fault(StrEnum):
    """What can go wrong on the wire."""

    NONE = "none"
    LATENCY = "latency"
    RATE_LIMITED = "rate-limited"
    QUOTA = "quota"
    BAD_REQUEST = "bad-request"
    SERVER_ERROR = "server-error"
    OVERLOADED = "overloaded"
    RESET = "reset"
    DRIP = "drip"
    SILENT = "silent"
    HALF_OPEN = "half-open"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    HTML = "html"


@dataclass(frozen=True)
class Received:
    """A request as it came.

    Args:
        number: how many came before.
        method: GET, POST, …
        path: with its query.
        headers: by name in small letters.
        body: whole.
        at_s: when, by the event loop's clock, seconds.
        fault: what it met.
    """

    number: int
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at_s: float
    fault: Fault


@dataclass(frozen=True)
class Answer:
    """An answer to be sent."""

    body: bytes = b'{"answer": "well"}'
    status: int = 200
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


Plan = Callable[[int], Fault]
Cut = Callable[[bytes], AsyncIterator[bytes]]


def always(fault: Fault) -> Plan:
    """Every request meets it."""
    return lambda _number: fault


async def uncut(body: bytes) -> AsyncIterator[bytes]:
    """All in one piece."""
    yield body


def in_order(*faults: Fault) -> Plan:
    """One after the other, then none any more."""
    return lambda number: faults[number] if number < len(faults) else Fault.NONE


def some(share: float, faults: Sequence[Fault], seed: int) -> Plan:
    """A share of the requests meets one of the faults: the same ones in each run with the same seed.

    Args:
        share: 0 … 1.
        faults: each as likely as the others.
        seed: of the dice.
    """

    def plan(number: int) -> Fault:
        dice = random.Random(f"{seed}/{number}")  # noqa: S311  faults, not secrets
        return dice.choice(faults) if dice.random() < share else Fault.NONE

    return plan


_REFUSALS: Final[Mapping[Fault, Answer]] = {
    Fault.RATE_LIMITED: Answer(b'{"error": {"code": "rate_limit_exceeded"}}', 429),
    Fault.QUOTA: Answer(b'{"error": {"code": "insufficient_quota"}}', 429),
    Fault.BAD_REQUEST: Answer(b'{"error": {"code": "bad_request"}}', 400),
    Fault.SERVER_ERROR: Answer(b'{"error": {"code": "server_error"}}', 500),
    Fault.OVERLOADED: Answer(b'{"error": {"code": "overloaded"}}', 529),
    Fault.EMPTY: Answer(b""),
    Fault.HTML: Answer(b"<!doctype html><h1>Please sign in</h1>", 200, "text/html"),
}


class FaultyWire:
    """The server; see ``faulty_wire``.

    Args:
        plan: which request meets which fault; may be replaced while it runs.
        answer: what is answered where nothing goes wrong, or goes wrong after the head.
        refusals: what is answered instead of the usual bodies, by fault.
        latency_s: how late answers of ``LATENCY`` are, seconds.
        drip_s: the pause between two bytes of ``DRIP``, seconds.
        retry_after: the header of ``RATE_LIMITED``, seconds or a date; None: none.
        cut: the pieces in which a body is written where nothing goes wrong, each when it is its time.

    Attributes:
        url: where it listens.
        received: the requests so far.
    """

    def __init__(
        self,
        plan: Plan = always(Fault.NONE),  # noqa: B008  a function without state
        *,
        answer: Callable[[Received], Answer] = lambda _received: Answer(),
        refusals: Mapping[Fault, Answer] | None = None,
        latency_s: float = 1.0,
        drip_s: float = 1.0,
        retry_after: str | None = None,
        cut: Cut = uncut,
    ) -> None:
        self.plan = plan
        self.url = ""
        self.received: list[Received] = []
        self._answer = answer
        self._refusals = {**_REFUSALS, **(refusals or {})}
        self._latency_s = latency_s
        self._drip_s = drip_s
        self._retry_after = retry_after
        self._cut = cut

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side has enough of it."""
        while (request := await self._read(reader)) is not None:
            self.received.append(request)
            if not await self._behave(request, writer):
                return

    async def _read(self, reader: asyncio.StreamReader) -> Received | None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.rstrip("\r\n").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = await _chunks(reader)
        else:
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        number = len(self.received)
        at_s = asyncio.get_running_loop().time()
        return Received(number, method, path, headers, body, at_s, self.plan(number))

    async def _behave(self, request: Received, writer: asyncio.StreamWriter) -> bool:
        """Answer, or don't; whether the connection goes on."""
        fault = request.fault
        if fault is Fault.SILENT:
            await _for_ever()
        if fault is Fault.LATENCY:
            await asyncio.sleep(self._latency_s)
        answer = self._refusals.get(fault) or self._answer(request)
        if fault is Fault.TRUNCATED:
            answer = Answer(answer.body[: len(answer.body) // 2], answer.status, answer.media_type, answer.headers)
        extra = {"Retry-After": self._retry_after} if fault is Fault.RATE_LIMITED and self._retry_after is not None else {}
        writer.write(_head(answer, extra))
        if fault is Fault.DRIP:
            for byte in answer.body:
                await asyncio.sleep(self._drip_s)
                writer.write(bytes([byte]))
                await writer.drain()
            return True
        if fault in (Fault.RESET, Fault.HALF_OPEN):
            writer.write(answer.body[: len(answer.body) // 2])
            await writer.drain()
            if fault is Fault.RESET:
                _reset(writer)
                return False
            await _for_ever()  # nothing is sent and nothing is read any more, as if nobody were there
        async for piece in self._cut(answer.body):
            writer.write(piece)
            await writer.drain()
        return True


W = TypeVar("W", bound=FaultyWire)


@contextlib.asynccontextmanager
async def faulty_wire(wire: W) -> AsyncIterator[W]:
    """Let a wire listen on a free port of 127.0.0.1; at the end whoever still hangs on it is let go."""
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            connections.add(task)
        try:
            await wire.talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the caller left
        except asyncio.CancelledError:
            if not closing:
                raise
        finally:
            writer.close()

    closing = False
    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=_MOST_HEAD_BYTES)
    wire.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        closing = True
        server.close()
        for task in connections:
            task.cancel()
        if connections:
            await asyncio.wait(connections)


def _head(answer: Answer, extra: Mapping[str, str]) -> bytes:
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Overloaded"
    lines = [
        f"HTTP/1.1 {answer.status} {phrase}",
        f"Content-Type: {answer.media_type}",
        f"Content-Length: {len(answer.body)}",
        *(f"{name}: {value}" for name, value in {**answer.headers, **extra}.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection off so that the other side gets a reset instead of an end."""
    connection: socket.socket | None = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
